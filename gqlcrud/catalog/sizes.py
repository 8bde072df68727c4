"""A column in, how much room its values take out: what is small may stand in a row that is not its own."""

from __future__ import annotations

import functools

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from gqlcrud.catalog.column import Column, Source
from gqlcrud.scalars import has_scalar, wrapped_type

_SMALL = (
    *(sa.Boolean, sa.Integer, sa.Numeric, sa.Date, sa.Time, sa.DateTime, sa.Interval, postgresql.INTERVAL),
    *(sa.Uuid, sa.Enum),
)
_ASKED = 4096
"""Columns of which it is known, since each request asks."""


@functools.lru_cache(maxsize=_ASKED)
def is_small(column: Column) -> bool:
    """Whether no value takes more than some bytes."""
    return isinstance(_stored(column), _SMALL)


@functools.lru_cache(maxsize=_ASKED)
def is_text(column: Column) -> bool:
    """Whether its values are texts of any length."""
    return isinstance(_stored(column), sa.String) and not is_small(column)


def _stored(column: Column) -> object:
    """The type that the table has; None of what is computed."""
    sql_type = column.sql_type if column.source is Source.STORED else None
    while sql_type is not None and not has_scalar(sql_type):
        sql_type = wrapped_type(sql_type)
    return sql_type
