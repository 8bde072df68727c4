"""What the torture tests share: small models with a column of each kind, the rows in them, and how answers are judged."""

import datetime as dt
import enum
import json
import os
import re
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from graphql import GraphQLError
from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Column,
    DateTime,
    Double,
    Enum,
    ForeignKey,
    Integer,
    Numeric,
    SmallInteger,
    String,
    Table,
    Text,
    Time,
    Uuid,
    insert,
)
from sqlalchemy.dialects.postgresql import JSONB, REAL
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from gqlcrud import ErrorCode, ModelOptions

FACTOR = int(os.environ.get("GQLCRUD_TORTURE", "1"))
"""How many times as many cases are tried as the suite takes time for."""


class Base(DeclarativeBase):
    pass


class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"


class Crate(Base):
    __tablename__ = "crate"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str | None] = mapped_column(Text, unique=True)
    short: Mapped[str | None] = mapped_column(String(5))
    integer: Mapped[int | None] = mapped_column(Integer)
    small: Mapped[int | None] = mapped_column(SmallInteger)
    big: Mapped[int | None] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"))
    price: Mapped[Decimal | None] = mapped_column(Numeric(12, 3))
    free: Mapped[Decimal | None] = mapped_column(Numeric)
    double: Mapped[float | None] = mapped_column(Double)
    single: Mapped[float | None] = mapped_column(Double().with_variant(REAL(), "postgresql"))
    flag: Mapped[bool | None]
    day: Mapped[dt.date | None]
    clock: Mapped[dt.time | None]
    zoned_clock: Mapped[dt.time | None] = mapped_column(Time(timezone=True))
    moment: Mapped[dt.datetime | None]
    zoned_moment: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    span: Mapped[dt.timedelta | None]
    token: Mapped[uuid.UUID | None]
    token_text: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    content: Mapped[bytes | None]
    colour: Mapped[Colour | None] = mapped_column(Enum(Colour, name="torture_colour"))
    document: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    indexed: Mapped[Any | None] = mapped_column(
        JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
    )
    numbers: Mapped[list[int | None] | None] = mapped_column(
        ARRAY(Integer).with_variant(JSON(none_as_null=True), "sqlite")
    )
    texts: Mapped[list[str | None] | None] = mapped_column(ARRAY(Text).with_variant(JSON(none_as_null=True), "sqlite"))
    version: Mapped[int] = mapped_column(default=1)

    stamps: Mapped[list["Stamp"]] = relationship(back_populates="crate")
    labels: Mapped[list["Label"]] = relationship(secondary="crate_label", back_populates="crates")

    __mapper_args__: ClassVar[Mapping[str, Any]] = {"version_id_col": version}


class Stamp(Base):
    """Named by two columns."""

    __tablename__ = "stamp"

    country: Mapped[str] = mapped_column(String(3), primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    crate_id: Mapped[int | None] = mapped_column(ForeignKey("crate.id"))
    crate: Mapped[Crate | None] = relationship(back_populates="stamps")


class Label(Base):
    __tablename__ = "label"

    word: Mapped[str] = mapped_column(Text, primary_key=True)
    crates: Mapped[list[Crate]] = relationship(secondary="crate_label", back_populates="labels")


crate_label = Table(
    "crate_label",
    Base.metadata,
    Column("crate_id", ForeignKey("crate.id"), primary_key=True),
    Column("word", ForeignKey("label.word"), primary_key=True),
)

OPTIONS = {
    Crate: ModelOptions(
        operators={"text": ["like", "regex", "search"]}, searchable=["text", "labels.word"], facets=["colour", "text"]
    )
}


_ROWS: Sequence[tuple[Any, Sequence[Mapping[str, Any]]]] = [
    (Label, [{"word": "a"}]),
    (
        Crate,
        [
            *({"id": number, "text": text, "version": 1} for number, text in [(2, "a" * 40 + "!"), (3, "Ünï")]),
            {"id": 1, "text": "a", "version": 1, "colour": Colour.RED, "price": Decimal("1.5"), "document": {"a": 1}}
            | {"indexed": {"a": [1, "x"]}, "numbers": [1, 2], "texts": ["a"], "integer": 7},
        ],
    ),
    (Stamp, [{"country": "a", "number": 1, "crate_id": 1}]),
    (crate_label, [{"crate_id": 1, "word": "a"}]),
]


async def fill(engine: AsyncEngine) -> None:
    """The rows that the tests begin with, in place of all that there are."""
    async with engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            await connection.execute(table.delete())
        for model, rows in _ROWS:
            for row in rows:
                await connection.execute(insert(model).values(row))
        if engine.dialect.name == "postgresql":
            await connection.exec_driver_sql("SELECT setval('crate_id_seq', 100)")


# ---------- answers ----------

_FAULTS = {ErrorCode.INTERNAL_ERROR, ErrorCode.TIMEOUT, ErrorCode.UNAVAILABLE, ErrorCode.UNREADABLE}
CLIENT_CODES = frozenset(set(ErrorCode) - _FAULTS)
"""The codes of errors that the client is to blame for. A statement that takes too long is not."""

LEAK = re.compile(
    r"INSERT INTO|SELECT |UPDATE \w+ SET|DELETE FROM|asyncpg|aiosqlite|sqlalchemy|sqlite3|Traceback|DETAIL|violates"
    r"|constraint failed|object at 0x|<class|<string>|\.py\b|int\(\)|set_int_max|codec can't|ordinal not|decimal\."
    r"|recursion depth|Padding|JSONDecodeError",
    re.IGNORECASE,
)
"""Words of SQL, drivers and Python that no client is told."""
LONGEST = 1000
"""Characters of a message, however long the request is."""


def told(result: Any) -> str:
    """All that a client is told: errors in any order, since those of two fields come as the database answers."""
    return json.dumps([result.data, sorted(map(_told, result.errors or ()), key=str)])


def _told(error: GraphQLError) -> Any:
    return [error.message, error.path, [list(place) for place in error.locations or ()], dict(error.extensions or {})]


def problems_of(result: Any) -> list[str]:
    """What is wrong with an answer, other than what it tells of the request."""
    return problems_of_document({"data": result.data, "errors": [each.formatted for each in result.errors or ()]})


def problems_of_document(document: Any) -> list[str]:
    """The same of an answer as it goes to clients, and of the errors in payloads so much as is asked for."""
    errors = document.get("errors") or ()
    payloads = [each for each in (document.get("data") or {}).values() if isinstance(each, dict)]
    in_payloads = [error for each in payloads for error in each.get("errors") or ()]
    codes = [each["extensions"]["code"] for each in errors] + [each["code"] for each in in_payloads if "code" in each]
    messages = [each["message"] for each in [*errors, *in_payloads] if "message" in each]
    problems = [f"code {each}" for each in codes if each not in CLIENT_CODES]
    problems += [f"tells {each}" for each in LEAK.findall(json.dumps(messages))]
    return problems + [f"tells {len(each)} characters" for each in messages if len(each) > LONGEST]
