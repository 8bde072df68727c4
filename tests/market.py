"""A market with every kind of order key, filled with rows that tie and lack values; and what each key is in Python.

Regions have stalls, stalls have goods; goods have deals (one-to-many), labels (many-to-many, the link has columns),
and a seal (one-to-one that no constraint holds to one).
"""

import enum
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, DateTime, Enum, ForeignKey, Integer, Numeric, String, Table, func, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Climate(enum.Enum):
    """Declared in another order than that of the alphabet."""

    MILD = "m"
    COLD = "c"
    HOT = "h"


class Region(Base):
    __tablename__ = "region"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(20))
    climate: Mapped[Climate | None] = mapped_column(Enum(Climate, name="market_climate"))
    stalls: Mapped[list["Stall"]] = relationship(back_populates="region")


class Stall(Base):
    __tablename__ = "stall"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str | None] = mapped_column(String(20))
    region_id: Mapped[int | None] = mapped_column(ForeignKey("region.id"), index=True)
    region: Mapped["Region | None"] = relationship(back_populates="stalls")
    goods: Mapped[list["Good"]] = relationship(back_populates="stall")
    cheap_goods: Mapped[list["Good"]] = relationship(
        primaryjoin="and_(Stall.id == foreign(Good.stall_id), Good.price < 2)", viewonly=True
    )


good_label = Table(
    "good_label",
    Base.metadata,
    Column("good_id", ForeignKey("good.id"), primary_key=True),
    Column("label_id", ForeignKey("label.id"), primary_key=True, index=True),
    Column("weight", Integer),
    Column("note", String(10)),
)


class Deal(Base):
    """The two columns of its key are the position in a list of its good."""

    __tablename__ = "deal"

    good_id: Mapped[int] = mapped_column(ForeignKey("good.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    amount: Mapped[int | None]
    good: Mapped["Good"] = relationship(back_populates="deals")


class Good(Base):
    __tablename__ = "good"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    serial: Mapped[str | None] = mapped_column(String(20), unique=True)
    name: Mapped[str | None] = mapped_column(String(20))
    code: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))
    price: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    weight: Mapped[float | None]
    fresh: Mapped[bool | None]
    sold_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    keeps: Mapped[timedelta | None]
    stall_id: Mapped[int | None] = mapped_column(ForeignKey("stall.id"), index=True)
    shout: Mapped[str | None] = column_property(func.upper(name) + "!")
    deal_total: Mapped[int | None] = column_property(
        select(func.sum(Deal.amount)).where(Deal.good_id == id).correlate_except(Deal).scalar_subquery()
    )

    stall: Mapped["Stall | None"] = relationship(back_populates="goods")
    deals: Mapped[list["Deal"]] = relationship(back_populates="good")
    labels: Mapped[list["Label"]] = relationship(secondary=good_label, back_populates="goods")
    seal: Mapped["Seal | None"] = relationship(back_populates="good")

    @hybrid_property
    def is_heavy(self) -> bool | None:
        return self.weight >= 2 if self.weight is not None else None

    @is_heavy.inplace.expression
    @classmethod
    def _is_heavy_expression(cls) -> Any:
        return cls.weight >= 2


class Label(Base):
    __tablename__ = "label"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str | None] = mapped_column(String(10))
    weight: Mapped[int | None]
    """Named like a column of the link."""
    goods: Mapped[list["Good"]] = relationship(secondary=good_label, back_populates="labels")


class Seal(Base):
    """Several seals may name one good; the first by primary key is its seal."""

    __tablename__ = "seal"

    id: Mapped[int] = mapped_column(primary_key=True)
    colour: Mapped[str | None] = mapped_column(String(10))
    good_id: Mapped[int | None] = mapped_column(ForeignKey("good.id"), index=True)
    good: Mapped["Good | None"] = relationship(back_populates="seal")


# ---------- rows ----------

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of each table, by its name."""

    tables: Mapping[str, tuple[Row, ...]] = field(repr=False)

    def of(self, table: str, **equal: Any) -> list[Row]:
        return [row for row in self.tables[table] if all(row[name] == value for name, value in equal.items())]

    def one(self, table: str, **equal: Any) -> Row | None:
        """The first such row by primary key."""
        return next(iter(self.of(table, **equal)), None)


def market_rows() -> Rows:
    """The same rows at every call."""
    choose = random.Random(2).choice
    regions = [
        {"id": i, "name": choose([None, "east", "West", "ö"]), "climate": choose([None, *Climate])} for i in range(1, 5)
    ]
    stalls = [{"id": i, "title": choose([None, "a", "B"]), "region_id": choose([None, 1, 2, 3])} for i in range(1, 6)]
    times = [None, *(datetime(2024, 3, 31, 1, 59, 59, us, UTC) for us in (0, 1, 999_999))]
    goods = [
        {
            "id": i,
            "number": i * 7 % 17,
            "serial": choose([None, f"s{i % 10}x{i}"]),
            "name": choose([None, "", "pear", "Pear", "öl", "\U0001f350", "a'b\\%_"]),
            "code": choose([1, 2, 2**31 - 1]),
            "kind": choose(["fruit", "herb"]),
            "price": choose([None, Decimal("0.10"), Decimal("0.30"), Decimal("2.00"), Decimal("-1.50")]),
            "weight": choose([None, 0.1 + 0.2, 0.3, 2.0, -1e300, 5e-324]),
            "fresh": choose([None, True, False]),
            "sold_at": choose(times),
            "keeps": choose([None, timedelta(0), timedelta(days=-1, microseconds=1), timedelta(days=400, hours=1)]),
            "stall_id": choose([None, 1, 2, 3, 4]),
        }
        for i in range(1, 15)
    ]
    labels = [{"id": i, "text": choose([None, "x", "y"]), "weight": choose([None, 1, 2])} for i in range(1, 7)]
    links = [
        {"good_id": good, "label_id": label, "weight": choose([None, 1, 2]), "note": choose([None, "n", "m"])}
        for good in range(1, 11)
        for label in range(1, 7)
        if choose([True, True, False])
    ]
    deals = [
        {"good_id": good, "number": number, "amount": choose([None, 1, 2])}
        for good in range(1, 15)
        for number in range(choose([0, 0, 1, 2, 4]))
    ]
    seals = [
        {"id": i, "colour": choose([None, "red", "blue"]), "good_id": choose([None, 1, 2, 3, 4])} for i in range(9)
    ]
    names = ("region", "stall", "good", "label", "good_label", "deal", "seal")
    tables: tuple[Sequence[Row], ...] = (regions, stalls, goods, labels, links, deals, seals)
    return Rows({name: tuple(table) for name, table in zip(names, tables, strict=True)})


async def fill_market(engine: AsyncEngine, rows: Rows) -> None:
    async with engine.begin() as connection:
        for name, table in rows.tables.items():
            await connection.execute(insert(Base.metadata.tables[name]), list(table))


# ---------- order keys ----------

Key = Callable[[Row], Any]
Keys = Mapping[tuple[str, ...], Key]
"""What can be ordered by, as the names that lead to it in `orderBy`, and its value for a row. None is NULL."""


def region_keys(rows: Rows) -> Keys:
    return {
        ("rowId",): lambda row: row["id"],
        ("name",): lambda row: row["name"],
        ("climate",): lambda row: row["climate"] and list(Climate).index(row["climate"]),
        ("stalls", "count"): lambda row: len(rows.of("stall", region_id=row["id"])),
    }


def stall_keys(rows: Rows) -> Keys:
    return {
        ("rowId",): lambda row: row["id"],
        ("title",): lambda row: row["title"],
        ("goods", "count"): lambda row: len(rows.of("good", stall_id=row["id"])),
        ("cheapGoods", "count"): lambda row: len(cheap_goods(rows, row)),
        **_through("region", region_keys(rows), lambda row: rows.one("region", id=row["region_id"])),
    }


def seal_keys(rows: Rows) -> Keys:
    return {("rowId",): lambda row: row["id"], ("colour",): lambda row: row["colour"]}


def good_keys(rows: Rows) -> Keys:
    stored = ("number", "serial", "name", "code", "kind", "price", "weight", "fresh", "keeps")
    return {
        ("rowId",): lambda row: row["id"],
        **{(name,): _value(name) for name in stored},
        ("soldAt",): lambda row: row["sold_at"],
        ("shout",): lambda row: None if row["name"] is None else _ascii_upper(row["name"]) + "!",
        ("isHeavy",): lambda row: None if row["weight"] is None else row["weight"] >= 2,
        ("dealTotal",): lambda row: _sum(deal["amount"] for deal in rows.of("deal", good_id=row["id"])),
        ("deals", "count"): lambda row: len(rows.of("deal", good_id=row["id"])),
        ("labels", "count"): lambda row: len(rows.of("good_label", good_id=row["id"])),
        **_through("stall", stall_keys(rows), lambda row: rows.one("stall", id=row["stall_id"])),
        **_through("seal", seal_keys(rows), lambda row: rows.one("seal", good_id=row["id"])),
    }


def label_keys(rows: Rows) -> Keys:
    """Of a good's labels: each row is that of the label, with that of the link as `link`."""
    return {
        ("weight",): lambda row: row["link"]["weight"],
        ("note",): lambda row: row["link"]["note"],
        ("node", "rowId"): lambda row: row["id"],
        ("node", "text"): lambda row: row["text"],
        ("node", "weight"): lambda row: row["weight"],
        ("node", "goods", "count"): lambda row: len(rows.of("good_label", label_id=row["id"])),
    }


def deal_keys(rows: Rows) -> Keys:
    return {
        ("number",): lambda row: row["number"],
        ("amount",): lambda row: row["amount"],
        ("good", "name"): lambda row: next(each["name"] for each in rows.of("good", id=row["good_id"])),
    }


def cheap_goods(rows: Rows, stall: Row) -> list[Row]:
    return [row for row in rows.of("good", stall_id=stall["id"]) if row["price"] is not None and row["price"] < 2]


def labels_of(rows: Rows, good: Row) -> list[Row]:
    links = {row["label_id"]: row for row in rows.of("good_label", good_id=good["id"])}
    return [{**row, "link": links[row["id"]]} for row in rows.of("label") if row["id"] in links]


def _through(name: str, keys: Keys, target: Callable[[Row], Row | None]) -> Keys:
    def keyed(key: Key) -> Key:
        return lambda row: None if (found := target(row)) is None else key(found)

    return {(name, *path): keyed(key) for path, key in keys.items()}


def _value(name: str) -> Key:
    return lambda row: row[name]


def _sum(values: Any) -> int | None:
    present = [value for value in values if value is not None]
    return sum(present) if present else None


def _ascii_upper(text: str) -> str:
    """As SQLite and PostgreSQL's C locale change the case."""
    return "".join(each.upper() if each.isascii() else each for each in text)
