"""An operand in, what is bound for it out: uncut by lengths and precisions, and never rounded unawares."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

from gqlcrud.plan import Parameter
from gqlcrud.scalars import wrapped_type
from gqlcrud.statements.dialect import Database


def utc_datetime(value: dt.datetime) -> dt.datetime:
    """As SQLite keeps it: in UTC, and without saying so."""
    return value if value.tzinfo is None else value.astimezone(dt.UTC).replace(tzinfo=None)


def utc_time(value: dt.time) -> dt.time:
    """As SQLite keeps it: in UTC, and without saying so."""
    return value if value.tzinfo is None else dt.datetime.combine(_ANY_DAY, value).astimezone(dt.UTC).time()


_ANY_DAY = dt.date(2000, 1, 2)


class UtcDateTime(TypeDecorator[dt.datetime]):
    """An aware time in SQLite, which keeps no offset: stored and read as UTC."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:
        return None if value is None else utc_datetime(value)

    def process_result_value(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:
        return None if value is None else value.replace(tzinfo=dt.UTC)


class UtcTime(TypeDecorator[dt.time]):
    """A time of day with an offset in SQLite, which keeps none: stored and read as UTC."""

    impl = sa.Time
    cache_ok = True

    def process_bind_param(self, value: dt.time | None, dialect: Any) -> dt.time | None:
        return None if value is None else utc_time(value)

    def process_result_value(self, value: dt.time | None, dialect: Any) -> dt.time | None:
        return None if value is None else value.replace(tzinfo=dt.UTC)


class BlankPadded(UserDefinedType[str]):
    """PostgreSQL's CHAR of any length: blanks at the end do not count, as they do not in a column of this type."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "BPCHAR"


class CastText(TypeDecorator[str]):
    """A text of which the database makes a value of `sql_type`."""

    impl = sa.String
    cache_ok = True

    def __init__(self, sql_type: TypeEngine[Any]) -> None:
        super().__init__()
        self.sql_type = sql_type

    def bind_expression(self, bindparam: Any) -> sa.ColumnElement[Any]:
        return sa.cast(bindparam, self.sql_type)


def unbounded(sql_type: TypeEngine[Any], database: Database) -> TypeEngine[Any]:
    """The type to bind values with that are compared with a column of `sql_type`.

    PostgreSQL casts what is bound: to VARCHAR(3) or NUMERIC(10, 2) it would cut or round, to INTEGER it would refuse.
    """
    if isinstance(sql_type, sa.Interval):
        return sa.Interval()
    wrapped = wrapped_type(sql_type)
    if isinstance(sql_type, TypeDecorator) or wrapped is not None:
        return sql_type if wrapped is None or isinstance(sql_type, TypeDecorator) else unbounded(wrapped, database)
    if database is Database.SQLITE:
        return in_utc(sql_type)
    return _without_bounds(sql_type)


def in_utc(sql_type: TypeEngine[Any]) -> TypeEngine[Any]:
    """The type by which SQLite keeps times with offsets; any other type is itself."""
    match sql_type:
        case sa.DateTime(timezone=True):
            return UtcDateTime()
        case sa.Time(timezone=True):
            return UtcTime()
        case _:
            return sql_type


def _without_bounds(sql_type: TypeEngine[Any]) -> TypeEngine[Any]:
    match sql_type:
        case sa.Integer():
            return sa.BigInteger()
        case sa.Float() | sa.Numeric():
            return sa.Numeric() if sql_type.asdecimal else sa.Double()
        case sa.CHAR():
            return BlankPadded()
        case sa.Enum() | postgresql.CITEXT():
            return sql_type
        case sa.String():
            return sa.String()
        case sa.DateTime():
            return sa.DateTime(timezone=sql_type.timezone)
        case sa.Time():
            return sa.Time(timezone=sql_type.timezone)
        case postgresql.INTERVAL():
            return sa.Interval()
        case sa.ARRAY():
            return sa.ARRAY(_item_type(sql_type.item_type))
        case _:
            return sql_type


def _item_type(sql_type: TypeEngine[Any]) -> TypeEngine[Any]:
    """The type of an array's items without a length; it stays the same type, since arrays of two types do not compare."""
    match sql_type:
        case sa.Text():
            return sa.Text()
        case sa.Integer() | sa.Float():
            return sql_type
        case _:
            return unbounded(sql_type, Database.POSTGRESQL)


def bound(value: Any, sql_type: TypeEngine[Any]) -> sa.ColumnElement[Any]:
    """A value in a statement, or the place of one that is given when the statement runs."""
    if isinstance(value, Parameter):
        return sa.bindparam(value.name, type_=sql_type)
    return sa.literal(value, sql_type)


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest value to an operand that a database can hold.

    side: 0 if it is the operand itself; 1 if the operand is greater, and -1 if it is smaller, with no other value that
    the database can hold between the two.
    beyond: 1 if the operand stands for all greater values too, since they are read as it; -1 if for all smaller ones.
    """

    value: Any
    sql_type: TypeEngine[Any]
    side: int = 0
    beyond: int = 0


def nearest(value: Any, sql_type: TypeEngine[Any], database: Database) -> Nearest:
    """SQLite keeps a decimal as a 64-bit integer or a double, and a length of time as a date. The driver of PostgreSQL
    takes the first and the last day that Python has for infinity."""
    if database is Database.SQLITE and isinstance(value, Decimal) and not isinstance(sql_type, TypeDecorator):
        return _nearest_number(value)
    if database is Database.SQLITE and isinstance(sql_type, sa.Interval) and isinstance(value, dt.timedelta):
        kept = min(max(value, _SHORTEST), _LONGEST)
        return Nearest(kept, sql_type, (value > kept) - (value < kept))
    if database is Database.POSTGRESQL and isinstance(sql_type, sa.Date | sa.DateTime) and (end := _end(value)):
        return Nearest(value.isoformat(), CastText(sql_type), beyond=end)
    return Nearest(value, sql_type)


def _end(value: Any) -> int:
    """1 for the last moment that Python has, -1 for the first, in UTC if it is one of a time zone."""
    if isinstance(value, dt.datetime):
        value = utc_datetime(value)
        return int(value == dt.datetime.max) - int(value == dt.datetime.min)
    return int(value == dt.date.max) - int(value == dt.date.min)


_EPOCH = dt.datetime(1970, 1, 1)
_SHORTEST = dt.datetime.min - _EPOCH
_LONGEST = dt.datetime.max - _EPOCH


def _nearest_number(value: Decimal) -> Nearest:
    """A double stands for the shortest decimal that is read as it, which is how it is shown."""
    if value == value.to_integral_value() and -(2**63) <= value < 2**63:
        return Nearest(int(value), sa.BigInteger())
    number = min(max(float(value), -sys.float_info.max), sys.float_info.max)
    shown = Decimal(repr(number))
    return Nearest(number, sa.Double(), (value > shown) - (value < shown))


def holds_bytes(sql_type: TypeEngine[Any]) -> bool:
    """Whether bytes are what is stored, whatever a `TypeDecorator` makes of them."""
    wrapped = wrapped_type(sql_type)
    return isinstance(sql_type, sa.LargeBinary) if wrapped is None else holds_bytes(wrapped)


def json_encoder(sql_type: TypeEngine[Any]) -> Callable[[Any], Any]:
    """How a value stands in a JSON parameter of SQLite: as it is stored, bytes in hexadecimal digits.

    A value that SQLite cannot hold is null, which equals nothing.
    """
    processor = sql_type.dialect_impl(_SQLITE).bind_processor(_SQLITE)

    def encode(value: Any) -> Any:
        found = nearest(value, sql_type, Database.SQLITE)
        if found.side:
            return None
        stored = processor(value) if processor is not None and found.sql_type is sql_type else found.value
        return stored.hex() if isinstance(stored, bytes) else stored

    return encode


_SQLITE = sqlite.dialect()
