"""A column in, what a cursor holds of it out: the stored value, which is what the database sorts and compares."""

from __future__ import annotations

import functools
import math
import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

from gqlcrud.catalog.column import Column, Source
from gqlcrud.scalars import DECIMAL, FLOAT, INT, JsonScalar, Scalar, has_scalar, scalar_for, wrapped_type
from gqlcrud.values import check_stored_date, check_stored_datetime, check_stored_offset_time, check_stored_time

_NON_FINITE = frozenset({"NaN", "Infinity", "-Infinity"})
_BEFORE_THE_POINT, _AFTER_THE_POINT = 131_072, 16_383
"""The digits that a NUMERIC of PostgreSQL has at most."""
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")
"""The texts that SQLite makes a number of, in a column of numbers."""
_NUMERIC = (sa.Integer, sa.Boolean, sa.Numeric, sa.Float, sa.Date, sa.Time, sa.DateTime, sa.Interval)
"""The types whose columns SQLite gives the affinity of numbers."""
_DIALECTS: dict[str, Dialect] = {
    # that of another driver would make a NUMERIC of a FLOAT
    "postgresql": asyncpg.dialect(),  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it out
    "sqlite": sqlite.dialect(),
}


def stored_type(column: Column, dialect_name: str) -> TypeEngine[Any]:
    """The SQL type that a database knows: that of `with_variant`, without the `TypeDecorator`s and domains around it."""
    sql_type = column.sql_type.dialect_impl(_DIALECTS[dialect_name])
    while not has_scalar(sql_type):
        wrapped = wrapped_type(sql_type)
        if wrapped is None:
            return sql_type
        sql_type = wrapped
    return sql_type


def labels_by_place(column: Column, dialect_name: str) -> list[str]:
    """The labels of an Enum that is kept as text, as they are declared, which is how they are to be sorted."""
    sql_type = stored_type(column, dialect_name)
    native = dialect_name == "postgresql"
    return list(sql_type.enums) if isinstance(sql_type, sa.Enum) and not (native and sql_type.native_enum) else []


@functools.lru_cache(maxsize=4096)
def position_scalar(column: Column) -> Scalar:
    """How stored values of a column stand in cursors, exactly, where the database is strict about types.

    The scalar that clients see may round, or show something else than what is stored; that of the stored type does not.
    Its `decode` takes the one form in which `encode` writes a value, and so no cursor that the API does not make.
    """
    sql_type = stored_type(column, "postgresql")
    if labels_by_place(column, "postgresql"):
        return PLACE
    if isinstance(sql_type, sa.Enum):
        return column.scalar
    if isinstance(sql_type, sa.Float):
        return _FLOAT
    if isinstance(sql_type, sa.Numeric):
        return _DECIMAL
    for kind, scalar in _MOMENTS:
        if isinstance(sql_type, kind):
            return _TIME_TZ if scalar is _TIME and getattr(sql_type, "timezone", False) else scalar
    found = scalar_for(sql_type, {})
    if found is None or found.name == "JSON" or found.item is not None:
        return _FLOAT if column.scalar is FLOAT else column.scalar
    return _exact(found)


def is_stored_value(column: Column, value: JsonScalar) -> bool:
    """Whether SQLite can have `value` in a column.

    A column of texts makes a text of each number. One of numbers, of which those of dates are, makes a number of each
    text that is one, and keeps any other: an empty text, as an import of CSV leaves it, a date, a word. The type of an
    expression does not bind what it gives.

    Source: https://www.sqlite.org/datatype3.html, section 3 "Type Affinity".
    """
    sql_type = stored_type(column, "sqlite")
    if column.source is Source.EXPRESSION:
        return type(value) in (int, float, str)
    if labels_by_place(column, "sqlite"):
        return type(value) is int
    if isinstance(sql_type, _NUMERIC):
        return type(value) in (int, float) or (isinstance(value, str) and _NUMBER.fullmatch(value) is None)
    if has_scalar(sql_type):
        return type(value) is str
    return type(value) in (int, float, str)


def _exact(scalar: Scalar) -> Scalar:
    """The scalar, of whose values `decode` takes the form that `encode` gives them and no other."""

    def decode(value: Any) -> Any:
        found = scalar.decode(value)
        encoded = scalar.encode(found)
        if type(encoded) is not type(value) or encoded != value:
            raise ValueError("not as it is written")
        return found

    return replace(scalar, decode=decode)


def _encode_float(value: float) -> float | str:
    """A number, or the name of one that JSON does not have."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _decode_float(value: Any) -> float:
    return float(value) if value in _NON_FINITE else FLOAT.decode(value)


def _decode_decimal(value: Any) -> Decimal:
    """What PostgreSQL holds, which is more than a client may ask for."""
    if not isinstance(value, str):
        raise ValueError("not a decimal")
    number = Decimal(value)
    if value not in _NON_FINITE:
        exponent = number.as_tuple().exponent
        if isinstance(exponent, str) or number.adjusted() >= _BEFORE_THE_POINT or exponent < -_AFTER_THE_POINT:
            raise ValueError("not a decimal of PostgreSQL")
    return number


PLACE = _exact(INT)
"""A count, or the place of a label."""

_FLOAT = _exact(replace(FLOAT, encode=_encode_float, decode=_decode_float))
RANK = _FLOAT
"""How well a record matches a search, where the database says so."""

_DECIMAL = _exact(replace(DECIMAL, decode=_decode_decimal))
_DATE = Scalar("Date", str, decode=check_stored_date)
_TIME = Scalar("Time", str, decode=check_stored_time)
_TIME_TZ = Scalar("Time", str, decode=check_stored_offset_time)
_DATETIME = Scalar("DateTime", str, decode=check_stored_datetime)
_MOMENTS: tuple[tuple[type[TypeEngine[Any]], Scalar], ...] = (
    (sa.Date, _DATE),
    (sa.Time, _TIME),
    (sa.DateTime, _DATETIME),
)
"""As PostgreSQL writes them in JSON, a time with an offset in UTC: it has dates that Python has not, and infinity."""
