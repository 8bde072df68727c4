"""SELECTs for many rows at once, and the values that rows hold in the end: few statements, however many rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement, Null

from gqlcrud.diagnosis.written_rows import StoredColumn, WrittenRow, key_columns

Values: TypeAlias = tuple[Any, ...]
"""One value for each of some columns."""

_UNKNOWN = object()
_CHUNK = 100
"""SELECTs in one statement: SQLite takes up to 500, PostgreSQL up to 32767 parameters."""


def select_each(connection: sa.Connection, selects: Sequence[sa.Select[Any]]) -> list[list[Values]]:
    """What each of some SELECTs finds; they have columns of the same types."""
    found: list[list[Values]] = [[] for _ in selects]
    for start in range(0, len(selects), _CHUNK):
        numbered = [
            select.add_columns(sa.literal_column(str(start + number), sa.Integer).label("number_of_select"))
            for number, select in enumerate(selects[start : start + _CHUNK])
        ]
        statement = sa.union_all(*numbered) if len(numbered) > 1 else numbered[0]
        for *values, number in connection.execute(statement):
            found[number].append(tuple(values))
    return found


def equal(columns: Sequence[ColumnElement[Any]], values: Sequence[object]) -> ColumnElement[bool]:
    """All columns have the values, none of which is None, as the database compares them."""
    return sa.and_(*(column == bound(column, value) for column, value in zip(columns, values, strict=True)))


def bound(column: ColumnElement[Any], value: object) -> ColumnElement[Any]:
    """A value as a parameter of the column's type; SQL as it is."""
    return value if isinstance(value, ColumnElement) else sa.literal(value, column.type)


def final_values(
    connection: sa.Connection, rows: Sequence[WrittenRow], columns: Sequence[StoredColumn]
) -> list[Values | None]:
    """What each row would hold in the columns of one table after the write; None where that cannot be known."""
    given = [[_given(row, column) for column in columns] for row in rows]
    partial = [
        (number, row)
        for number, row in enumerate(rows)
        if row.key is not None and any(_is_open(value) for value in given[number])
    ]
    table = columns[0].table
    assert isinstance(table, sa.Table), "constraints stand in tables"
    selects = []
    for number, row in partial:
        expressions = [
            column if value is _UNKNOWN else bound(column, value)
            for column, value in zip(columns, given[number], strict=True)
        ]
        identity = row.identity(table)
        assert identity is not None, "a row with a key has one in each of its tables"
        found = sa.select(*(each.label(f"value_{place}") for place, each in enumerate(expressions)))
        selects.append(found.select_from(table).where(equal(key_columns(row.model, table), identity)))
    for (number, _), stored in zip(partial, select_each(connection, selects), strict=True):
        given[number] = list(stored[0]) if stored else [_UNKNOWN]
    return [None if any(map(_is_open, values)) else tuple(values) for values in given]


def stored_values(
    connection: sa.Connection, rows: Iterable[WrittenRow], columns: Sequence[StoredColumn]
) -> list[Values | None]:
    """What each row, which is in the database, holds there in the columns of one table; None if it is gone."""
    return final_values(connection, [replace(row, values={}) for row in rows], columns)


def known_values(connection: sa.Connection, row: WrittenRow, columns: Sequence[StoredColumn]) -> Values:
    """What a row would hold in the columns of one table, None where that is not known."""
    (found,) = final_values(connection, [row], columns) if row.key is not None else [None]
    if found is not None:
        return found
    given = [_given(row, column) for column in columns]
    return tuple(None if _is_open(value) else value for value in given)


def _given(row: WrittenRow, column: StoredColumn) -> object:
    """What the write sets a column to, SQL included; what a new row has without it."""
    attribute = row.attribute(column) or ""
    value = row.values.get(attribute, _UNKNOWN)
    if isinstance(value, Null):
        return None
    # SQLAlchemy leaves a None out of an INSERT: the default of the column takes its place.
    if value is not _UNKNOWN and (value is not None or row.key is not None):
        return value
    if attribute in row.key_values:
        return row.key_values[attribute]
    if row.key is not None or column.server_default is not None or column.primary_key or column.computed is not None:
        return _UNKNOWN
    if column.default is None:
        return None
    return column.default.arg if isinstance(column.default, sa.ColumnDefault) and column.default.is_scalar else _UNKNOWN


def _is_open(value: object) -> bool:
    return value is _UNKNOWN or isinstance(value, sa.ClauseElement)
