"""A column of a table in, what writes have to know of it out: who gives its values, and which ones it takes."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator, TypeEngine

from gqlcrud.catalog.column import Bounds
from gqlcrud.scalars import BIG_INT, DECIMAL, FLOAT, INT, JSON, Scalar, scalar_for, wrapped_type


def is_nullable(column: Any) -> bool:
    """A primary key is not null, though SQLite, and so a table read from it, may not say so."""
    return bool(getattr(column, "nullable", True)) and not getattr(column, "primary_key", False)


def is_computed(column: sa.Column[Any]) -> bool:
    """Whether the database alone gives the value, and refuses another."""
    return column.computed is not None or (column.identity is not None and bool(column.identity.always))


def is_generated(column: sa.Column[Any]) -> bool:
    """Whether the database numbers the records by this column."""
    table = column.table
    numbered = isinstance(table, sa.Table) and table.autoincrement_column is column
    return numbered or column.identity is not None


def needs_value(column: sa.Column[Any]) -> bool:
    """Whether a new row has to be given a value. A key that a subclass shares with its base class has one already."""
    given = column.default is not None or column.server_default is not None or is_generated(column)
    return not is_nullable(column) and not given and not is_computed(column)


def bounds_of(sql_type: TypeEngine[Any]) -> Bounds:
    """What the type says of the size of values; what a `TypeDecorator` makes of them is not known."""
    if isinstance(sql_type, TypeDecorator):
        return Bounds()
    if isinstance(sql_type, sa.Numeric) and not isinstance(sql_type, sa.Float):
        return Bounds(precision=sql_type.precision, scale=sql_type.scale)
    if isinstance(sql_type, sa.String) and not isinstance(sql_type, sa.Enum):
        return Bounds(length=sql_type.length)
    inner = wrapped_type(sql_type)
    return Bounds() if inner is None else bounds_of(inner)


def is_computable(sql_type: TypeEngine[Any], scalar: Scalar) -> bool:
    """Whether values of the type are numbers, JSON or arrays in the database itself; only a `TypeDecorator` knows what it
    stores, and a scalar of the user's own what clients see."""
    if isinstance(sql_type, TypeDecorator):
        return False
    if scalar.item is not None:
        return isinstance(sql_type, sa.ARRAY) and not isinstance(sql_type.item_type, TypeDecorator | sa.JSON)
    wrapped = wrapped_type(sql_type)
    if wrapped is not None:
        return is_computable(wrapped, scalar)
    return scalar in (INT, BIG_INT, FLOAT, DECIMAL, JSON) and scalar_for(sql_type, {}) is scalar
