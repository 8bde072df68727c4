"""Columns of a table in, the INSERT of any number of rows at once out: the values of a column are one parameter, an array.

Its text is the same for two rows and for two thousand, so that PostgreSQL, which alone has it, prepares it once.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator, TypeEngine

from gqlcrud.catalog import Link, Model
from gqlcrud.diagnosis.written_rows import mapper_of
from gqlcrud.statements import Database
from gqlcrud.statements.binding import unbounded
from gqlcrud.unit_of_work.inserts import read_table


@dataclass(frozen=True, slots=True, eq=False)
class RowsStatement:
    """An INSERT of rows. names: of its parameters, lists of the values of one column each."""

    statement: sa.Insert
    names: tuple[str, ...]


@functools.lru_cache(maxsize=1024)
def rows_statement(model: Model, given: tuple[str, ...], returned: tuple[str, ...]) -> RowsStatement | None:
    """None where a column takes no array, or where nothing tells which row is whose. returned: attributes that it gives; the
    first is a primary key that grows in the order of the rows."""
    table = read_table(model)
    assert table is not None, "asked for before"
    local: Any = mapper_of(model).local_table
    if returned and not (returned[0] not in given and _is_numbered(local, table.columns[returned[0]])):
        return None
    insert: sa.Insert | None = _insert(local, [table.columns[key] for key in given])
    if insert is None:
        return None
    if returned:
        insert = insert.returning(*(table.columns[key] for key in returned))
    return RowsStatement(insert, _names(len(given)))


@functools.lru_cache(maxsize=1024)
def links_statement(link: Link) -> RowsStatement | None:
    """Links two records each, whose keys are the values: first those of `link.local`, then those of `link.remote`. One that is
    there is left as it is. None where a link holds more than the keys."""
    table = link.table
    keys = (*link.local, *link.remote)
    if link.entity is not None or not isinstance(table, sa.Table):
        return None
    others = [column for column in table.columns if column.key not in keys]
    needed = any(column.required and column.writable for column in link.columns)
    if needed or any(column.default is not None for column in others):
        return None
    ends = [table.c[key] for key in keys]
    insert = _insert(table, ends)
    if insert is None:
        return None
    if link.exact:
        insert = insert.on_conflict_do_nothing(index_elements=ends)
    return RowsStatement(insert, _names(len(keys)))


def _names(count: int) -> tuple[str, ...]:
    return tuple(f"rows{place}" for place in range(count))


def _insert(table: sa.Table, columns: Sequence[sa.Column[Any]]) -> postgresql.Insert | None:
    """The database numbers rows as they come, so they come in order."""
    types = [_array_item(column.type) for column in columns]
    names = _names(len(columns))
    arrays = [
        sa.bindparam(name, type_=sa.ARRAY(each, dimensions=1))
        for name, each in zip(names, types, strict=True)
        if each is not None
    ]
    if not columns or len(arrays) < len(columns):
        return None
    rows = sa.func.unnest(*arrays).table_valued(*names, with_ordinality="place", name="rows").render_derived()
    select = sa.select(*(rows.c[name] for name in names)).order_by(rows.c.place)
    return postgresql.insert(table).from_select(columns, select)


def _array_item(sql_type: TypeEngine[Any]) -> TypeEngine[Any] | None:
    """The type of what stands in an array for values of a column; None where an array of them is something else, or would
    cut them, as PostgreSQL does with what is cast to VARCHAR(3)."""
    if sql_type._has_bind_expression:
        return None
    if isinstance(sql_type, TypeDecorator) and not isinstance(sql_type, sa.Interval):
        wrapped = sql_type.type_engine(_POSTGRESQL)
        return sql_type if isinstance(wrapped, _BOUNDLESS) and not getattr(wrapped, "length", None) else None
    return unbounded(sql_type, Database.POSTGRESQL) if isinstance(sql_type, _CELLS) else None


_BOUNDLESS = (sa.Integer, sa.String, sa.Boolean, sa.Date, sa.LargeBinary, sa.Uuid, sa.JSON)
_CELLS = (*_BOUNDLESS, sa.Float, sa.Numeric, sa.DateTime, sa.Time, sa.Interval)
_POSTGRESQL: sa.Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's


def _is_numbered(table: sa.Table, column: sa.Column[Any]) -> bool:
    """Whether the database numbers rows upwards by this column alone."""
    by_database = column.server_default is None and column.default is None
    identity = column.identity
    upwards = identity is None or identity.increment is None or identity.increment > 0
    is_own = table.autoincrement_column is column and len(table.primary_key) == 1
    return is_own and upwards and (by_database or identity is not None)
