"""Columns of PostgreSQL that are read as texts in, the texts that GraphQL has for their values out, a column at once.

The driver takes 1.3 us for a moment and 0.9 for a decimal, of which a text is made in the end; the text of the database, 0.1.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Dialect
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator

from gqlcrud.catalog import Column, Source
from gqlcrud.scalars import DATETIME, DATETIME_TZ, DECIMAL
from gqlcrud.statements.unreadable import Unreadable

_MOMENTS = (sa.DateTime, sa.DATETIME, sa.TIMESTAMP, postgresql.TIMESTAMP)
_DECIMALS = (sa.Numeric, sa.NUMERIC, sa.DECIMAL)
_UTC: sa.ColumnElement[str] = sa.literal_column("'UTC'")
_ASKED = 4096
"""Columns of which it is known, since each request asks."""


@functools.lru_cache(maxsize=_ASKED)
def is_written(column: Column) -> bool:
    """Whether the values of a column may be read as texts: moments, and decimals that have a scale."""
    if column.source is not Source.STORED:
        return False
    sql_type: Any = column.sql_type
    if type(sql_type) in _MOMENTS:
        return column.scalar is (DATETIME_TZ if sql_type.timezone else DATETIME)
    return type(sql_type) in _DECIMALS and column.scalar is DECIMAL and bool(sql_type.scale)


def written(cell: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """A cell that is read as a text."""
    sql_type: Any = cell.type
    if not isinstance(sql_type, sa.DateTime):
        return sa.type_coerce(sa.cast(cell, sa.Text()), WrittenText("decimal"))
    if not sql_type.timezone:
        return sa.type_coerce(sa.cast(cell, sa.Text()), WrittenText("moment"))
    return sa.type_coerce(sa.cast(sa.func.timezone(_UTC, cell), sa.Text()), WrittenText("moment in UTC"))


class WrittenText(TypeDecorator[Any]):
    """A text of the database that becomes that of GraphQL. kind: of `READERS`."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        read = READERS[self.kind]
        return lambda text: read((text,))[0]


def _decimals(texts: Sequence[str | None]) -> Sequence[Any]:
    """A decimal is written as it is stored, where it has digits behind the point and is not too small for that."""
    whole = ",".join(_there(texts))
    if whole.count(".") == len(texts) and "0.000000" not in whole:
        return texts
    return [None if text is None else _decimal(text) for text in texts]


def _decimal(text: str) -> str:
    """As the driver reads it, which keeps no groups of four zeros at the end of a whole number."""
    digits, zeros = text, 0
    while "." not in text and digits.endswith("0000"):
        digits, zeros = digits[:-4], zeros + 4
    return str(Decimal(f"{digits}E+{zeros}" if zeros else digits))


def _moments(offset: str) -> Callable[[Sequence[str | None]], Sequence[Any]]:
    between = f"{offset},"

    def read(texts: Sequence[str | None]) -> Sequence[Any]:
        there = _there(texts)
        shapes = set(",".join(there).encode().translate(_DIGITS).split(b","))
        if not there or not shapes <= _SHAPES:
            return [None if text is None else _moment(text, offset) for text in texts]
        if not shapes <= _FULL:  # the database leaves out zeros at the end
            there = [text if len(text) in _FULL_LENGTHS else text.ljust(_LONGEST, "0") for text in there]
        found = (",".join(there).replace(" ", "T").replace(",", between) + offset).split(",")
        if len(found) == len(texts):
            return found
        following = iter(found)
        return [None if text is None else next(following) for text in texts]

    return read


def _moment(text: str, offset: str) -> Any:
    """What Python has no moment for, and what is written in another style, is left to the driver."""
    if text.encode().translate(_DIGITS) in _SHAPES:
        padded = text if len(text) in _FULL_LENGTHS else text.ljust(_LONGEST, "0")
        return padded.replace(" ", "T") + offset
    return _INFINITE.get(text) or Unreadable(text)


def _there(texts: Sequence[str | None]) -> Sequence[str]:
    return [text for text in texts if text is not None]


_DIGITS = bytes(ord("0") if chr(each).isdecimal() and each < 128 else each for each in range(256))
_SECONDS = b"0000-00-00 00:00:00"
_SHAPES = {_SECONDS, *(_SECONDS + b"." + b"0" * digits for digits in range(1, 7))}
"""A moment as PostgreSQL writes it in the style of ISO 8601, with a nought for each digit."""
_LONGEST = max(map(len, _SHAPES))
_FULL_LENGTHS = {len(_SECONDS), _LONGEST}
_FULL = {shape for shape in _SHAPES if len(shape) in _FULL_LENGTHS}
_INFINITE = {"infinity": dt.datetime.max.isoformat(), "-infinity": dt.datetime.min.isoformat()}
READERS: dict[str, Callable[[Sequence[str | None]], Sequence[Any]]] = {
    "decimal": _decimals,
    "moment": _moments(""),
    "moment in UTC": _moments("+00:00"),
}
