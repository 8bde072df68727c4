"""What a driver cannot read in, a form that holds it out, and Python's values where there is one.

Python has no date before the year 1 or after 9999, no 24:00:00, no interval of a million years and no text that is no
UTF-8; for one of them the driver fails the whole statement.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Dialect
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine

from gqlcrud.errors import ErrorCode, RequestError
from gqlcrud.scalars import has_scalar, wrapped_type
from gqlcrud.statements.dialect import Database

_UTC: sa.ColumnElement[str] = sa.literal_column("'UTC'")
_INTERVAL_PARTS = ("year", "month", "day", "hour", "minute", "second")
_SPECIAL = {"infinity": dt.date.max, "-infinity": dt.date.min}


class Unreadable:
    """In place of a stored value that is none of its column's type, or that Python does not have."""

    def __init__(self, value: object) -> None:
        self.value = value


def readable(value: Any) -> Any:
    """The value. Raises RequestError in the place of one that cannot be shown."""
    if type(value) is Unreadable:
        raise RequestError("The database holds a value here that this type does not have.", ErrorCode.UNREADABLE)
    return value


def moment_text(expression: sa.ColumnElement[Any], sql_type: TypeEngine[Any]) -> sa.ColumnElement[str]:
    """A date or a time as JSON has it, in one form whatever the DateStyle; one with a time zone in UTC."""
    plain = sa.func.timezone(_UTC, expression) if is_zoned(sql_type) else expression
    return sa.func.to_json(plain).op("#>>", return_type=sa.String())(sa.literal_column("'{}'"))


def moment_of(text: sa.ColumnElement[str], sql_type: TypeEngine[Any]) -> sa.ColumnElement[Any]:
    """The inverse of `moment_text`."""
    return sa.func.timezone(_UTC, sa.cast(text, sa.DateTime())) if is_zoned(sql_type) else sa.cast(text, sql_type)


def is_zoned(sql_type: TypeEngine[Any]) -> bool:
    """Whether values are moments of all the world."""
    return isinstance(sql_type, sa.DateTime) and sql_type.timezone


def with_texts(statement: sa.Select[Any], database: Database) -> sa.Select[Any]:
    """The statement, of which no value fails another: what Python does not have is `Unreadable`.

    In SQLite this is text that is no UTF-8.
    """
    read = _as_text if database is Database.POSTGRESQL else _as_bytes
    return statement.with_only_columns(*map(read, statement.selected_columns), maintain_column_froms=True)


def _as_bytes(column: Any) -> Any:
    if not isinstance(column.type, sa.String | NullType):
        return column
    return sa.type_coerce(
        sa.case((sa.func.typeof(column) == "text", sa.cast(column, sa.LargeBinary)), else_=column),
        FromBytes(column.type),
    )


def _as_text(column: Any) -> Any:
    sql_type = column.type
    while not has_scalar(sql_type):
        inner = wrapped_type(sql_type)
        if inner is None:
            return column
        sql_type = inner
    if isinstance(sql_type, sa.Interval | postgresql.INTERVAL):
        parts = [sa.extract(part, column) for part in _INTERVAL_PARTS]
        text: sa.ColumnElement[Any] = sa.cast(sa.case((column.is_not(None), sa.func.json_build_array(*parts))), sa.Text)
    elif isinstance(sql_type, sa.Date | sa.Time | sa.DateTime):
        text = moment_text(column, sql_type)
    else:
        return column
    return sa.type_coerce(text, FromText(column.type, sql_type))


class FromText(TypeDecorator[Any]):
    """What `with_texts` reads, as `declared` reads what is `stored`."""

    impl = sa.String
    cache_ok = True

    def __init__(self, declared: TypeEngine[Any], stored: TypeEngine[Any]) -> None:
        super().__init__()
        self.declared = declared
        self.stored = stored

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        process = self.declared.dialect_impl(dialect).result_processor(dialect, coltype)

        def read(text: str | None) -> Any:
            try:
                value = None if text is None else _value_of(text, self.stored)
            except (ValueError, TypeError, OverflowError):
                return Unreadable(text)
            return value if process is None else process(value)

        return read


class FromBytes(TypeDecorator[Any]):
    """A text of SQLite that is read as the bytes it consists of; any other value as it is."""

    impl = NullType
    cache_ok = True

    def __init__(self, declared: TypeEngine[Any]) -> None:
        super().__init__()
        self.declared = declared

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        process = self.declared.dialect_impl(dialect).result_processor(dialect, coltype)

        def read(value: Any) -> Any:
            try:
                text = value.decode() if isinstance(value, bytes) else value
            except UnicodeDecodeError:
                return Unreadable(value)
            return text if process is None else process(text)

        return read


def _value_of(text: str, stored: TypeEngine[Any]) -> Any:
    """As the driver reads it: infinity is the last day, a year has 365 days. Raises ValueError for what it cannot read."""
    if isinstance(stored, sa.Interval | postgresql.INTERVAL):
        years, months, days, hours, minutes, seconds = (float(each) for each in json.loads(text))
        whole = days + 30 * months + 365 * years
        return dt.timedelta(days=whole, hours=hours, minutes=minutes, microseconds=round(seconds * 1_000_000))
    if isinstance(stored, sa.Time):
        if text.startswith("24"):
            raise ValueError("Python's days end before 24:00")
        return dt.time.fromisoformat(text)
    if isinstance(stored, sa.Date):
        return _SPECIAL.get(text) or dt.date.fromisoformat(text)
    special = {"infinity": dt.datetime.max, "-infinity": dt.datetime.min}.get(text)
    moment = special or dt.datetime.fromisoformat(text)
    return moment.replace(tzinfo=dt.UTC) if is_zoned(stored) else moment
