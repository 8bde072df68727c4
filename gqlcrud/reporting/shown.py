"""Values that a statement was given and exceptions in, what a developer is shown of them out, as JSON has it."""

from __future__ import annotations

import traceback
from collections.abc import Collection, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from math import isfinite
from typing import Any
from uuid import UUID

from sqlalchemy.exc import StatementError

from gqlcrud.observing import SeenStatement

LONGEST = 200
"""Characters of a text that are shown, and items of a list."""
HIDDEN = "(hidden)"
"""In place of what policies compare with, and of what the database is told of the caller."""
_EXACT = 2**53
_TELLING = 8
"""Characters."""


def shown_parameters(statement: SeenStatement, hidden: Collection[str]) -> list[Any]:
    """The values of one set of parameters, by position."""
    given = statement.parameters
    values = list(given.values()) if isinstance(given, Mapping) else list(given or ())
    if statement.purpose is not None and statement.purpose.part == "session":
        return [HIDDEN for _ in values[:LONGEST]]
    shown: list[Any] = shown_value(values, hidden)
    return shown


def shown_value(value: Any, hidden: Collection[str] = ()) -> Any:
    """Long texts and lists are cut, numbers that JavaScript would round are texts."""
    match value:
        case None | bool():
            return value
        case int():
            return value if -_EXACT < value < _EXACT else str(value)
        case float():
            return value if isfinite(value) else str(value)
        case str():
            return _text(value, hidden)
        case Decimal() | UUID():
            return str(value)
        case datetime() | date() | time():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            return f"({len(value)} bytes)"
        case list() | tuple():
            cut = [shown_value(each, hidden) for each in value[:LONGEST]]
            return cut if len(value) <= LONGEST else [*cut, f"... {len(value)} items"]
        case _:
            return _text(str(value), hidden)


def without(text: str, hidden: Collection[str]) -> str:
    """A text without the values that nobody is to be shown. Short ones may be parts of any word: they are taken out where they
    stand in quotation marks, as the database and Python have them."""
    for each in sorted(hidden, key=len, reverse=True):
        text = text.replace(each, HIDDEN) if len(each) >= _TELLING else text.replace(f"'{each}'", HIDDEN)
    return text


def shown_exception(error: BaseException, hidden: Collection[str]) -> dict[str, Any]:
    """What an exception says of itself. What SQLAlchemy adds to the driver's words are the values of parameters."""
    said = error.orig if isinstance(error, StatementError) and error.orig is not None else error
    lines = [line.rstrip("\n") for line in traceback.format_tb(error.__traceback__)]
    return {
        "exception": f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins."),
        "message": without(_cut(str(said)), hidden),
        "traceback": lines,
    }


def _text(value: str, hidden: Collection[str]) -> str:
    return HIDDEN if value in hidden else _cut(without(value, hidden))


def _cut(text: str) -> str:
    safe = text.encode("utf-8", "replace").decode()
    return safe if len(safe) <= LONGEST else f"{safe[:LONGEST]}... {len(safe)} characters"
