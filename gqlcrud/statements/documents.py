"""A JSON document as SQLite stores it in, its value in Python out, and what stands at a path; and back to text."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, TypeAlias

Stored: TypeAlias = str | bytes | int | float | None
"""A JSON document in SQLite. A column of type JSON has the affinity of numbers, which makes a number of the text `5`."""

NOTHING = object()
"""What stands where nothing does: JSON null is something."""


def read_document(stored: str | bytes | int | float) -> Any:
    """The value of a document; a number with a fraction is a Decimal, and so keeps its digits."""
    if isinstance(stored, float):
        return Decimal(repr(stored))
    return stored if isinstance(stored, int) else json.loads(stored, parse_float=Decimal)


def write_document(value: Any) -> str:
    """The inverse of `read_document`."""
    if isinstance(value, dict):
        return "{" + ",".join([f"{json.dumps(key)}:{write_document(each)}" for key, each in value.items()]) + "}"
    if isinstance(value, list):
        return "[" + ",".join([write_document(each) for each in value]) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value)


def index_of(step: str) -> int | None:
    """The index that a step of a path is in an array, None if it is none: what PostgreSQL's `strtoint` takes."""
    index = int(step) if _INDEX.fullmatch(step) else 2**31
    return index if -(2**31) <= index < 2**31 else None


_INDEX = re.compile(r"[ \t-\r]*[+-]?0*[0-9]{1,10}")


def element_at(value: Any, path: list[str]) -> Any:
    """The value at a path, as PostgreSQL's `#>` finds it: a number counts in arrays, from the end if negative."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step, NOTHING)
        elif isinstance(value, list) and (index := index_of(step)) is not None and -len(value) <= index < len(value):
            value = value[index]
        else:
            return NOTHING
    return value


def value_at(value: Any, path: list[str]) -> Any:
    """The JSON value at `path`, None where nothing stands there."""
    found = element_at(value, path)
    return None if found is NOTHING else found


def distinct(value: Any) -> Any:
    """The value with booleans told from numbers, which Python holds to be equal."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, dict):
        return {key: distinct(each) for key, each in value.items()}
    return [distinct(each) for each in value] if isinstance(value, list) else value
