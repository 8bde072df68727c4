"""What differs between the databases before any statement is built: their names, and the functions SQLite lacks."""

from __future__ import annotations

import json
import operator as op
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

from gqlcrud.errors import ConfigurationError
from gqlcrud.scalars import Operator
from gqlcrud.statements.computing import CHANGE_FUNCTIONS
from gqlcrud.statements.documents import NOTHING, Stored, distinct, element_at, read_document
from gqlcrud.statements.folding import fold
from gqlcrud.statements.matching import matches


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


def search(text: str | None, query: str) -> bool | None:
    """Whether every word of `query` is a word of `text`, in any case; a query without words finds nothing.

    The meaning of PostgreSQL's `to_tsvector('simple', text) @@ plainto_tsquery('simple', query)`.
    """
    if text is None:
        return None
    wanted = set(re.findall(r"\w+", fold(query)))
    return bool(wanted) and wanted <= set(re.findall(r"\w+", fold(text)))


def json_equal(stored: Stored, value: str) -> bool | None:
    """Equality of JSON values: key order does not matter, `1` equals `1.0`, `true` does not equal `1`."""
    return None if stored is None else distinct(read_document(stored)) == distinct(read_document(value))


def json_exists(stored: Stored, path: str) -> bool:
    """Whether anything, JSON null included, stands at `path` (a JSON list of keys and indices as texts)."""
    return stored is not None and element_at(read_document(stored), json.loads(path)) is not NOTHING


def json_scalar(stored: Stored, path: str, kind: str) -> str | int | None:
    """The scalar at `path` if it is of `kind` (string or boolean), else NULL."""
    value = NOTHING if stored is None else element_at(read_document(stored), json.loads(path))
    if isinstance(value, bool):
        return int(value) if kind == "boolean" else None
    return value if isinstance(value, str) and kind == "string" else None


def json_number(stored: Stored, path: str, operator: str, operands: str) -> bool | None:
    """Whether the number at `path` compares with `operands` (a JSON list of decimals as texts) as `operator` says;
    NULL where no number stands. Exact, as PostgreSQL's NUMERIC is."""
    value = NOTHING if stored is None else element_at(read_document(stored), json.loads(path))
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not Decimal(value).is_finite():
        return None
    return _NUMBER_TESTS[operator](value, [Decimal(each) for each in json.loads(operands)])


def json_list(stored: Stored, operator: str, operand: str) -> bool | None:
    """An operator of arrays on a list that is kept as JSON; NULL for JSON null too."""
    value = None if stored is None else read_document(stored)
    if not isinstance(value, list):
        return None
    return _LIST_TESTS[operator]([distinct(each) for each in value], distinct(read_document(operand)))


def from_hex(text: str | None) -> bytes | None:
    """The bytes that a JSON text holds as hexadecimal digits."""
    return None if text is None else bytes.fromhex(text)


def _fold(text: str | None) -> str | None:
    return None if text is None else fold(text)


SQLITE_FUNCTIONS: tuple[tuple[str, int, Callable[..., Any]], ...] = (
    ("gqlcrud_bytes", 1, from_hex),
    ("gqlcrud_fold", 1, _fold),
    ("gqlcrud_regex", 3, matches),
    ("gqlcrud_search", 2, search),
    ("gqlcrud_json_equal", 2, json_equal),
    ("gqlcrud_json_exists", 2, json_exists),
    ("gqlcrud_json_list", 3, json_list),
    ("gqlcrud_json_number", 4, json_number),
    ("gqlcrud_json_scalar", 3, json_scalar),
    *CHANGE_FUNCTIONS,
)
"""Functions that each SQLite connection is given before its first statement: (name, arguments, function)."""

_NUMBER_TESTS: Mapping[str, Callable[[Any, list[Decimal]], bool]] = {
    Operator.EQ: lambda value, others: bool(value == others[0]),
    Operator.NE: lambda value, others: bool(value != others[0]),
    Operator.GT: lambda value, others: bool(value > others[0]),
    Operator.GTE: lambda value, others: bool(value >= others[0]),
    Operator.LT: lambda value, others: bool(value < others[0]),
    Operator.LTE: lambda value, others: bool(value <= others[0]),
    Operator.IN: lambda value, others: value in others,
    Operator.NOT_IN: lambda value, others: value not in others,
}
_LIST_TESTS: Mapping[str, Callable[[list[Any], Any], bool]] = {
    Operator.EQ: op.eq,
    Operator.NE: op.ne,
    Operator.HAS: lambda items, item: item in items,
    Operator.HAS_ANY: lambda items, wanted: any(each in items for each in wanted),
    Operator.HAS_ALL: lambda items, wanted: all(each in items for each in wanted),
    Operator.IS_EMPTY: lambda items, empty: bool(distinct(not items) == empty),
}
