"""The extensions of a request in, what it asks to be told of its operation out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gqlcrud.errors import ErrorCode, RequestError

KEY = "gqlcrud"
"""Where requests and answers have their extensions."""


@dataclass(frozen=True, slots=True)
class Asked:
    """cost: what the operation counts for, beside the limits. explain: how the database runs its statements."""

    cost: bool = False
    explain: bool = False


def read_asked(extensions: Mapping[str, Any]) -> Asked:
    """Keys that are not known are left alone. Raises RequestError for values that mean nothing."""
    given = extensions.get(KEY) if extensions else None
    if given is None:
        return Asked()
    if not isinstance(given, Mapping):
        raise RequestError("extensions.gqlcrud is an object, or null.", ErrorCode.BAD_REQUEST)
    return Asked(_switch(given, "cost"), _switch(given, "explain"))


def _switch(given: Mapping[str, Any], name: str) -> bool:
    value = given.get(name)
    if not isinstance(value, bool | None):
        raise RequestError(f"extensions.gqlcrud.{name} is true or false.", ErrorCode.BAD_REQUEST)
    return bool(value)
