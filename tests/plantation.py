"""Models of which new records are rows and nothing else, with relations of every kind between them; what tests share."""

import datetime as dt
import enum
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import JSON, Column, ForeignKey, Integer, Numeric, String, Table, UniqueConstraint, insert, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import DateTime, TypeDecorator

from gqlcrud.execution import LoneWriter
from tests.databases import Backend


class Base(DeclarativeBase):
    pass


class Kind(enum.Enum):
    OAK = "oak"
    ELM = "elm"


class Shouted(TypeDecorator[str]):
    """Stored in capitals."""

    impl = String(20)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return value.upper() if value is not None else None


class Memo(TypeDecorator[Any]):
    """JSON, of which SQL's NULL is no value."""

    impl = JSON
    cache_ok = True


tree_tag = Table(
    "tree_tag",
    Base.metadata,
    Column("tree_id", ForeignKey("tree.id"), primary_key=True),
    Column("tag_id", ForeignKey("tag.id"), primary_key=True),
)
"""Nothing but two keys."""

tree_pest = Table(
    "tree_pest",
    Base.metadata,
    Column("tree_id", ForeignKey("tree.id"), primary_key=True),
    Column("pest_id", ForeignKey("pest.id"), primary_key=True),
    Column("found_in", String(10), nullable=True),
)
"""Links with a value of their own."""


tree_mark = Table(
    "tree_mark",
    Base.metadata,
    Column("tree_id", ForeignKey("tree.id"), primary_key=True),
    Column("tag_id", ForeignKey("tag.id"), primary_key=True),
    Column("weight", Integer, default=1),
)
"""Links with a value that Python gives."""


class Owner(Base):
    __tablename__ = "owner"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(10), unique=True)
    groves: Mapped[list["Grove"]] = relationship(back_populates="owner")


class Grove(Base):
    __tablename__ = "grove"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(10), unique=True)
    code: Mapped[int] = mapped_column(server_default="5", unique=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("owner.id"))
    owner: Mapped[Owner | None] = relationship(back_populates="groves")
    trees: Mapped[list["Tree"]] = relationship(back_populates="grove")
    fence: Mapped["Fence | None"] = relationship(back_populates="grove")
    signs: Mapped[list["Sign"]] = relationship(back_populates="grove")
    paths: Mapped[list["Path"]] = relationship(back_populates="grove")
    stones: Mapped[list["Stone"]] = relationship(back_populates="grove")


class Fence(Base):
    """One of a grove."""

    __tablename__ = "fence"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    height: Mapped[float]
    grove_id: Mapped[int] = mapped_column(ForeignKey("grove.id"), unique=True)
    grove: Mapped[Grove] = relationship(back_populates="fence")
    posts: Mapped[list["Post"]] = relationship(back_populates="fence")


class Post(Base):
    """Its key is in part that of its fence."""

    __tablename__ = "post"

    fence_id: Mapped[UUID] = mapped_column(ForeignKey("fence.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    fence: Mapped[Fence] = relationship(back_populates="posts")


class Tree(Base):
    __tablename__ = "tree"
    __table_args__ = (UniqueConstraint("grove_id", "label"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    grove_id: Mapped[int] = mapped_column(ForeignKey("grove.id"))
    label: Mapped[str] = mapped_column(String(10))
    badge: Mapped[int | None] = mapped_column(unique=True)
    kind: Mapped[Kind] = mapped_column(default=Kind.OAK)
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2), default=lambda: Decimal("1.5"))
    height: Mapped[float | None]
    planted: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    leaves: Mapped[int] = mapped_column(server_default="7")
    extra: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    memo: Mapped[dict[str, Any] | None] = mapped_column(Memo)
    origin: Mapped[int | None] = mapped_column(ForeignKey("owner.id", deferrable=True, initially="DEFERRED"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("tree.id"))
    grove: Mapped[Grove] = relationship(back_populates="trees")
    parent: Mapped["Tree | None"] = relationship(back_populates="seedlings", remote_side=[id])
    seedlings: Mapped[list["Tree"]] = relationship(back_populates="parent")
    tags: Mapped[list["Tag"]] = relationship(secondary=tree_tag, back_populates="trees")
    pests: Mapped[list["Pest"]] = relationship(secondary=tree_pest, back_populates="trees")
    marks: Mapped[list["Tag"]] = relationship(secondary=tree_mark)
    nests: Mapped[list["Nest"]] = relationship(back_populates="tree")


class Tag(Base):
    __tablename__ = "tag"

    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(String(10), unique=True)
    trees: Mapped[list[Tree]] = relationship(secondary=tree_tag, back_populates="tags")


class Pest(Base):
    __tablename__ = "pest"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(10), unique=True)
    trees: Mapped[list[Tree]] = relationship(secondary=tree_pest, back_populates="pests")


class Sign(Base):
    """An array of its texts would be one of texts that are cut."""

    __tablename__ = "sign"

    id: Mapped[int] = mapped_column(primary_key=True)
    motto: Mapped[str] = mapped_column(Shouted())
    grove_id: Mapped[int] = mapped_column(ForeignKey("grove.id"))
    grove: Mapped[Grove] = relationship(back_populates="signs")


class Path(Base):
    """Its foreign key is a number of the grove that the database gives, and that is not its key."""

    __tablename__ = "path"

    id: Mapped[int] = mapped_column(primary_key=True)
    grove_code: Mapped[int] = mapped_column(ForeignKey("grove.code"))
    grove: Mapped[Grove] = relationship(back_populates="paths")


class Stone(Base):
    """The database says by an expression what its key is."""

    __tablename__ = "stone"

    id: Mapped[int] = mapped_column(primary_key=True, server_default=text("7"), autoincrement=False)
    grove_id: Mapped[int] = mapped_column(ForeignKey("grove.id"))
    grove: Mapped[Grove] = relationship(back_populates="stones")


class Nest(Base):
    """It belongs to a tree that has a badge."""

    __tablename__ = "nest"

    id: Mapped[int] = mapped_column(primary_key=True)
    tree_badge: Mapped[int] = mapped_column(ForeignKey("tree.badge"))
    tree: Mapped[Tree] = relationship(back_populates="nests")


# ---------- what tests share ----------

CREATE = """mutation($data: GroveCreate!) { createGrove(input: {data: $data}) { grove { rowId name code owner { rowId name }
  fence { height posts(orderBy: [{number: ASC}]) { nodes { number } } }
  trees(orderBy: [{rowId: ASC}]) { nodes { rowId label badge kind price height planted leaves extra origin
    tags(orderBy: [{label: ASC}]) { nodes { rowId label } } pests { edges { foundIn node { name } } }
    seedlings(orderBy: [{rowId: ASC}]) { nodes { rowId label grove { name } } } } }
  signs { nodes { motto } } } errors { code message path } } }"""
FOREIGN = "T3duZXI6OQ=="
"""The id of an owner that there is not."""

KEPT: dict[str, list[dict[str, Any]]] = {
    "owner": [{"name": "Ann"}],
    "grove": [{"name": "Old", "code": 1}],
    "tag": [{"label": "a"}, {"label": "b"}],
    "pest": [{"name": "Moth"}],
}
"""What is there before: 1, 1, 1 and 2, 1."""


async def refill(engine: AsyncEngine, backend: Backend) -> None:
    """What is there before, and nothing else; numbers begin with 1."""
    tables = Base.metadata.sorted_tables
    async with engine.begin() as connection:
        if backend.name == "postgresql":
            names = ", ".join(table.name for table in tables)
            await connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))
        else:
            for table in reversed(tables):
                await connection.execute(table.delete())
        for name, rows in KEPT.items():
            await connection.execute(insert(Base.metadata.tables[name]), rows)


async def stored(engine: AsyncEngine) -> dict[str, list[tuple[Any, ...]]]:
    """All rows, without keys that nobody foresees."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    async with engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            columns = [
                column
                for column in table.columns
                if (table.name, column.name) not in {("fence", "id"), ("post", "fence_id")}
            ]
            rows = await connection.execute(table.select().with_only_columns(*columns))
            found[table.name] = sorted((tuple(row) for row in rows), key=repr)
    return found


@contextmanager
def watched() -> Iterator[list[bool]]:
    """Whether each record that was tried to be written without a session was."""
    found: list[bool] = []
    run_alone = LoneWriter.run

    async def recorded(*given: Any) -> Any:
        result = await run_alone(*given)
        found.append(result is not None)
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LoneWriter, "run", recorded)
        yield found


def tried(backend: Backend, *expected: bool) -> list[bool]:
    """SQLite has a session for every write."""
    return list(expected) if backend.name == "postgresql" else []
