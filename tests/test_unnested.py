"""INSERTs whose parameters are arrays: which columns take one, and what the text is then."""

import enum
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from gqlcrud.catalog import CatalogSettings, Model, mapped_classes, read_catalog
from gqlcrud.unit_of_work.lone_steps import Borrowed, NewRow, SessionNeededError
from gqlcrud.unit_of_work.unnested import links_statement, rows_statement
from gqlcrud.write_plan import Save


class Color(enum.Enum):
    RED = "red"


class Short(TypeDecorator[str]):
    impl = sa.String(3)
    cache_ok = True


class Open(TypeDecorator[str]):
    impl = sa.String
    cache_ok = True


class Lowered(sa.String):
    def bind_expression(self, bindvalue: Any) -> Any:
        return sa.func.lower(bindvalue)


class Base(DeclarativeBase):
    pass


class Numbered(Base):
    __tablename__ = "numbered"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(sa.String(3))
    padded: Mapped[str] = mapped_column(sa.CHAR(3))
    number: Mapped[Any] = mapped_column(sa.Numeric(5, 2))
    color: Mapped[Color]
    length: Mapped[Any] = mapped_column(sa.Interval)
    value: Mapped[Any] = mapped_column(postgresql.JSONB)
    open: Mapped[str] = mapped_column(Open)
    short: Mapped[str] = mapped_column(Short)
    lowered: Mapped[str] = mapped_column(Lowered)
    several: Mapped[list[int]] = mapped_column(sa.ARRAY(sa.Integer))
    bits: Mapped[str] = mapped_column(postgresql.BIT(3))
    moment: Mapped[Any] = mapped_column(sa.DateTime, default=sa.func.now())


class Downwards(Base):
    __tablename__ = "downwards"

    id: Mapped[int] = mapped_column(sa.Identity(start=-1, increment=-1), primary_key=True)
    text: Mapped[str]


class Named(Base):
    __tablename__ = "named"

    id: Mapped[int] = mapped_column(primary_key=True, server_default=sa.text("nextval('a')"))
    text: Mapped[str]


class Marked(Base):
    """Links to it hold more than keys, or keys that an array would change."""

    __tablename__ = "marked"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(Short, unique=True)
    dated: Mapped[list["Named"]] = relationship(secondary="marked_dated")
    rated: Mapped[list["Named"]] = relationship(secondary="marked_rated")
    mapped: Mapped[list["Named"]] = relationship(secondary="marked_mapped", viewonly=True)
    coded: Mapped[list["Named"]] = relationship(
        secondary="marked_coded", primaryjoin="Marked.code == marked_coded.c.marked_code"
    )
    noted: Mapped[list["Named"]] = relationship(secondary="marked_noted")


def _link(name: str, *columns: Any, key: Any = None) -> sa.Table:
    ends = (key if key is not None else sa.Column("marked_id", sa.ForeignKey("marked.id"), primary_key=True),)
    other = sa.Column("named_id", sa.ForeignKey("named.id"), primary_key=True)
    return sa.Table(f"marked_{name}", Base.metadata, *ends, other, *columns)


_link("dated", sa.Column("made", sa.DateTime, default=sa.func.now()))
_link("rated", sa.Column("rank", sa.Integer, nullable=False))
_link("coded", key=sa.Column("marked_code", Short, sa.ForeignKey("marked.code"), primary_key=True))
_link("noted", sa.Column("note", sa.String))


class MappedLink(Base):
    __table__ = _link("mapped")


@pytest.fixture(scope="module")
def models() -> dict[str, Model]:
    return {
        model.name: model for model in read_catalog(mapped_classes(Base), CatalogSettings(skip_unknown=True)).models
    }


def test_lengths_and_scales_are_left_to_the_columns(models: dict[str, Model]) -> None:
    """A default of SQL is that of the table."""
    given = ("text", "padded", "number", "color", "length", "value", "open")
    statement = rows_statement(models["Numbered"], given, ("id", "text"))

    assert statement is not None
    assert " ".join(str(statement.statement.compile(dialect=asyncpg.dialect())).split()) == (
        "INSERT INTO numbered (text, padded, number, color, length, value, open, moment) SELECT anon_1.rows0, anon_1.rows1, "
        "anon_1.rows2, anon_1.rows3, anon_1.rows4, anon_1.rows5, anon_1.rows6, now() AS now_1 FROM unnest($1::VARCHAR[], "
        "$2::BPCHAR[], $3::NUMERIC[], $4::color[], $5::INTERVAL[], $6::JSONB[], $7::VARCHAR[]) WITH ORDINALITY AS "
        "anon_1(rows0, rows1, rows2, rows3, rows4, rows5, rows6, place) ORDER BY anon_1.place "
        "RETURNING numbered.id, numbered.text"
    )
    assert statement.names == ("rows0", "rows1", "rows2", "rows3", "rows4", "rows5", "rows6")


@pytest.mark.parametrize("column", ["short", "lowered", "several", "bits"])
def test_what_an_array_would_change_takes_none(models: dict[str, Model], column: str) -> None:
    assert rows_statement(models["Numbered"], ("text", column), ()) is None


@pytest.mark.parametrize("name", ["Downwards", "Named"])
def test_numbers_that_do_not_grow_tell_nothing(models: dict[str, Model], name: str) -> None:
    assert rows_statement(models[name], ("text",), ("id",)) is None
    assert rows_statement(models[name], ("id", "text"), ()) is not None


def test_links_that_hold_more_than_keys_are_no_rows_of_them(models: dict[str, Model]) -> None:
    found = {each.key: each.link and links_statement(each.link) for each in models["Marked"].relations}

    assert {key: bool(each) for key, each in found.items()} == {
        **{"dated": False, "rated": False, "mapped": False, "coded": False},
        "noted": True,
    }


def test_row_borrows_what_agrees(models: dict[str, Model]) -> None:
    """A value that another row gives is not known, so that it agrees with nothing."""
    save = Save(models["Named"], ())
    parent, child = NewRow(save, {"id": None}), NewRow(save, {"id": 1})
    child.lend("id", 1)
    for value in (2, Borrowed(parent, "id")):
        with pytest.raises(SessionNeededError):
            child.lend("id", value)
    child.lend("text", Borrowed(parent, "id"))
    with pytest.raises(SessionNeededError):
        child.settle()
    parent.values["id"] = 7
    child.settle()

    assert child.values == {"id": 1, "text": 7}
