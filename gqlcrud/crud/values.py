"""A value of Python in, the value out that planning takes for the same in a request; one of another kind is a ValueError.

Values of the column's own type are taken as they are, and the JSON form that the API gives them as well: what comes from
a client by way of JSON can be handed on.
"""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from reprlib import repr as short
from typing import Any

from strawberry.types.enum import StrawberryEnumDefinition

from gqlcrud.scalars import Scalar

_KINDS: dict[str, tuple[type, ...]] = {
    "Int": (int,),
    "BigInt": (int,),
    "Float": (float, int),
    "String": (str,),
    "Boolean": (bool,),
    "Decimal": (Decimal, int),
    "Date": (dt.date,),
    "Time": (dt.time,),
    "DateTime": (dt.datetime,),
    "Duration": (dt.timedelta,),
    "UUID": (uuid.UUID,),
    "Base64": (bytes,),
}
_NOUNS = {
    "Int": "an integer",
    "BigInt": "an integer",
    "Float": "a number",
    "String": "a text",
    "Boolean": "True or False",
    "Decimal": "a decimal",
    "Date": "a date",
    "Time": "a time of day",
    "DateTime": "a date and time",
    "Duration": "a length of time",
    "UUID": "a UUID",
    "Base64": "bytes",
}
_NO_TEXT = {"Int", "Float", "String", "Boolean"}
"""Scalars whose JSON form is not a text, or is the value itself."""
_NUMBERS = {"Int", "BigInt", "Float", "Decimal"}


def given_value(scalar: Scalar, value: Any) -> Any:
    """A value for a column; None is NULL. Raises ValueError with a sentence for the caller."""
    if value is None or scalar.name == "JSON":
        return value
    if scalar.item is not None:
        return [given_value(scalar.item, each) for each in given_list(value)]
    if isinstance(scalar.annotation, StrawberryEnumDefinition):
        return _enum_value(scalar, scalar.annotation, value)
    kinds = _KINDS.get(scalar.name)
    if kinds is None:
        return value
    if scalar.name == "Int" and type(value) is int and not -(2**31) <= value < 2**31:
        raise ValueError("An integer of 32 bits is needed.")
    if isinstance(value, kinds) and _is_of_kind(scalar.name, value):
        return Decimal(value) if scalar.name == "Decimal" and isinstance(value, int) else value
    if scalar.name == "Decimal" and type(value) is float:
        return Decimal(str(value))
    if isinstance(value, str) and scalar.name not in _NO_TEXT:
        return _decoded(scalar, value)
    raise _no_value(scalar.name, value)


def given_list(value: Any) -> list[Any]:
    """The items of a list, a tuple, a set or another iterable that is no text and no mapping. Raises ValueError."""
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, str | bytes | Mapping):
        return list(value)
    raise ValueError(f"A list is needed, not {short(value)}.")


def _is_of_kind(name: str, value: Any) -> bool:
    """A bool is an int to Python, and a datetime a date."""
    if name in _NUMBERS:
        return not isinstance(value, bool)
    return not (name == "Date" and isinstance(value, dt.datetime))


def _decoded(scalar: Scalar, text: str) -> Any:
    try:
        return scalar.decode(text)
    except (ValueError, TypeError, ArithmeticError):
        raise _no_value(scalar.name, text) from None


def _enum_value(scalar: Scalar, definition: StrawberryEnumDefinition, value: Any) -> Any:
    """The member, given as itself, by its value, its name, or its name in the API."""
    members: Any = definition.wrapped_cls
    if isinstance(value, members):
        return value
    if isinstance(value, enum.Enum):
        value = value.value
    labels = {each.name: members(each.value) for each in definition.values}
    by_value = {each.value: each for each in members}
    try:
        found = by_value.get(value, labels.get(value))
    except TypeError:  # no value of an enum is unhashable
        found = None
    found = found or (members.__members__.get(value) if isinstance(value, str) else None)
    if found is None:
        known = ", ".join(repr(each.value) for each in members)
        raise ValueError(f"{short(value)} is none of {known}.")
    return found


def _no_value(name: str, value: Any) -> ValueError:
    return ValueError(f"{_capital(_NOUNS[name])} is needed, not {short(value)}.")


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
