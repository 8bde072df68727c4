"""What differs between the databases before any statement is built: their names, and the functions SQLite lacks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from gqlcrud.errors import ConfigurationError


class Database(StrEnum):
    """The databases that statements are written for, by SQLAlchemy's dialect names."""

    POSTGRESQL = "postgresql"
    SQLITE = "sqlite"


def database_of(dialect_name: str) -> Database:
    """The database of a SQLAlchemy dialect. Raises ConfigurationError for one that gqlcrud has no statements for."""
    try:
        return Database(dialect_name)
    except ValueError:
        raise ConfigurationError(
            f"gqlcrud works with PostgreSQL (postgresql+asyncpg) and SQLite (sqlite+aiosqlite), not with {dialect_name!r}."
        ) from None


def lower(text: str | None) -> str | None:
    """Lower case beyond ASCII, which SQLite's own `lower` leaves alone."""
    return None if text is None else text.lower()


def search(text: str | None, query: str) -> bool | None:
    """Whether every word of `query` is a word of `text`, in any case; a query without words finds nothing.

    The meaning of PostgreSQL's `to_tsvector('simple', text) @@ plainto_tsquery('simple', query)`.
    """
    if text is None:
        return None
    wanted = set(re.findall(r"\w+", query.lower()))
    return bool(wanted) and wanted <= set(re.findall(r"\w+", text.lower()))


def json_equal(left: str | None, right: str) -> bool | None:
    """Equality of JSON values: key order does not matter, `1` equals `1.0`, `true` does not equal `1`."""
    return None if left is None else _distinct(json.loads(left)) == _distinct(json.loads(right))


def json_exists(text: str | None, path: str) -> bool:
    """Whether anything, JSON null included, stands at `path` (a JSON list of keys and indices as texts)."""
    return text is not None and _at(json.loads(text), json.loads(path)) is not _NOTHING


def json_scalar(text: str | None, path: str, kind: str) -> str | int | float | None:
    """The scalar at `path` if it is of `kind` (string, number or boolean), else NULL."""
    if text is None:
        return None
    value = _at(json.loads(text), json.loads(path))
    if isinstance(value, bool):
        return int(value) if kind == "boolean" else None
    if isinstance(value, int | float):
        return value if kind == "number" else None
    return value if isinstance(value, str) and kind == "string" else None


def from_hex(text: str | None) -> bytes | None:
    """The bytes that a JSON text holds as hexadecimal digits."""
    return None if text is None else bytes.fromhex(text)


SQLITE_FUNCTIONS: tuple[tuple[str, int, Callable[..., Any]], ...] = (
    ("gqlcrud_bytes", 1, from_hex),
    ("gqlcrud_lower", 1, lower),
    ("gqlcrud_search", 2, search),
    ("gqlcrud_json_equal", 2, json_equal),
    ("gqlcrud_json_exists", 2, json_exists),
    ("gqlcrud_json_scalar", 3, json_scalar),
)
"""Functions that each SQLite connection is given before its first statement: (name, arguments, function)."""

_NOTHING = object()


def _at(value: Any, path: list[str]) -> Any:
    """The value at a path, as PostgreSQL's `#>` finds it: a number counts in arrays, from the end if negative."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step, _NOTHING)
        elif isinstance(value, list) and re.fullmatch(r"-?\d{1,9}", step) and -len(value) <= int(step) < len(value):
            value = value[int(step)]
        else:
            return _NOTHING
    return value


def value_at(value: Any, path: list[str]) -> Any:
    """The JSON value at `path`, None where nothing stands there."""
    found = _at(value, path)
    return None if found is _NOTHING else found


def _distinct(value: Any) -> Any:
    """The value with booleans told from numbers, which Python holds to be equal."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, dict):
        return {key: _distinct(each) for key, each in value.items()}
    return [_distinct(each) for each in value] if isinstance(value, list) else value
