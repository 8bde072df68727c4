"""A column in, what a cursor holds of it out: the stored value, which is what the database sorts and compares."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

from gqlcrud.catalog.model import Column, Source
from gqlcrud.scalars import DECIMAL, FLOAT, INT, TIME, JsonScalar, Scalar, has_scalar, scalar_for, wrapped_type

_NON_FINITE = frozenset({"NaN", "Infinity", "-Infinity"})
_DIALECTS: dict[str, Dialect] = {
    "postgresql": postgresql.dialect(),  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it out
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


def position_scalar(column: Column) -> Scalar:
    """How stored values of a column stand in cursors, exactly, where the database is strict about types.

    The scalar that clients see may round, or show something else than what is stored; that of the stored type does not.
    """
    sql_type = stored_type(column, "postgresql")
    if labels_by_place(column, "postgresql"):
        return INT
    if isinstance(sql_type, sa.Enum):
        return column.scalar
    if isinstance(sql_type, sa.Float):
        return _FLOAT
    if isinstance(sql_type, sa.Numeric):
        return _DECIMAL
    if isinstance(sql_type, sa.Time) and sql_type.timezone:
        return _OFFSET_TIME
    found = scalar_for(sql_type, {})
    if found is None or found.name == "JSON" or found.item is not None:
        return _FLOAT if column.scalar is FLOAT else column.scalar
    return found


def is_stored_value(column: Column, value: JsonScalar) -> bool:
    """Whether SQLite can have `value` in a column: it keeps numbers and texts, and numbers of any kind in NUMERIC.

    The type of an expression does not bind what it gives.
    """
    sql_type = stored_type(column, "sqlite")
    if column.source is Source.EXPRESSION:
        return type(value) in (int, float, str)
    if labels_by_place(column, "sqlite") or isinstance(sql_type, sa.Integer | sa.Boolean):
        return type(value) is int
    if isinstance(sql_type, sa.Numeric | sa.Float):
        return type(value) in (int, float) or value in _NON_FINITE
    if has_scalar(sql_type):
        return type(value) is str
    return type(value) in (int, float, str)


def encode_number(value: Any) -> Any:
    """A number, or the name of one that JSON does not have."""
    if not isinstance(value, float) or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def decode_number(value: Any) -> Any:
    """The inverse of `encode_number`."""
    return float(value) if value in _NON_FINITE else value


def _decode_float(value: Any) -> float:
    return float(value) if value in _NON_FINITE else FLOAT.decode(value)


def _decode_decimal(value: Any) -> Decimal:
    return Decimal(value) if value in _NON_FINITE else DECIMAL.decode(value)


def _decode_offset_time(value: Any) -> dt.time:
    time = dt.time.fromisoformat(value)
    if time.tzinfo is None:
        raise ValueError("not a time with an offset")
    return time


_FLOAT = replace(FLOAT, encode=encode_number, decode=_decode_float)
_DECIMAL = replace(DECIMAL, decode=_decode_decimal)
_OFFSET_TIME = replace(TIME, decode=_decode_offset_time)
