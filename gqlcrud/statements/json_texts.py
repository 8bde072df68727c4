"""JSON texts that a database gave in, their values in Python out: by orjson where that reads the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Dialect
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.types import TypeDecorator, TypeEngine

try:
    import orjson
except ImportError:  # it is an extra
    orjson = None  # type: ignore[assignment]

_DIGITS = bytes(ord("0") if ord("0") <= each <= ord("9") else ord(" ") for each in range(256))
_LONG_NUMBER = b"0" * 19
"""orjson makes a float of an integer of more than 64 bits. Digits are made one, and looked for, in a tenth of the time that a
regular expression takes."""


def read_json(text: str) -> Any:
    """As `json.loads`. Raises ValueError for what is no JSON, TypeError for what is no text."""
    if orjson is None or not isinstance(text, str):  # SQLite keeps anything in any column
        return json.loads(text)
    encoded = text.encode("utf-8", "surrogatepass")
    if _LONG_NUMBER in encoded.translate(_DIGITS):
        return json.loads(text)
    try:
        return orjson.loads(encoded)
    except ValueError:  # what Python reads beyond JSON, as NaN and lone surrogates
        return json.loads(text)


def read_jsons(texts: Sequence[str | None]) -> list[Any]:
    """The same for texts that are JSON, which are read as one: a NULL is the null of JSON."""
    whole = f"[{','.join(['null' if text is None else text for text in texts])}]"
    found: list[Any] = read_json(whole)
    return found


class JsonText(TypeDecorator[Any]):
    """JSON of PostgreSQL that is read as a text, so that it is not decoded value by value."""

    impl = sa.Text
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        return lambda text: None if text is None else read_json(text)


def is_json(sql_type: TypeEngine[Any]) -> bool:
    """Whether PostgreSQL keeps its values as JSON, and nothing else is made of them."""
    return type(sql_type.dialect_impl(_POSTGRESQL)) in (postgresql.JSON, postgresql.JSONB)


_POSTGRESQL = PGDialect()  # type: ignore[no-untyped-call]
