"""Values of columns as files hold them: a cell of CSV or a value of JSON in, what `Crud` takes out; and the other way."""

from __future__ import annotations

import enum
import json
import math
import re
from collections.abc import Callable
from decimal import Decimal
from reprlib import repr as short
from typing import Any

from strawberry.types.enum import StrawberryEnumDefinition

from gqlcrud.crud.values import given_list, given_value
from gqlcrud.files.documents import json_text, plain
from gqlcrud.scalars import Scalar

_INTEGER = re.compile(r"[+-]?\d{1,40}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_KNOWN = {"Date", "Time", "DateTime", "Duration", "UUID", "Base64"}
"""Scalars whose text in the API is their text in a file."""


# ---------- reading ----------


def text_reader(scalar: Scalar) -> Callable[[str], Any]:
    """Reads the cells of one column. It raises ValueError with a sentence for the person who gave the file."""
    match scalar.name:
        case _ if isinstance(scalar.annotation, StrawberryEnumDefinition):
            return lambda text: _enum(scalar, text)
        case "String":
            return str
        case "Int" | "BigInt":
            return lambda text: _integer(scalar, text)
        case "Float":
            return lambda text: float(_matched(_NUMBER, text, "A number"))
        case "Decimal":
            return lambda text: Decimal(_matched(_NUMBER, text, "A decimal"))
        case "Boolean":
            return _boolean
        case "JSON":
            return lambda text: _loaded(text, float)
        case name if scalar.item is not None or name not in _KNOWN:
            return lambda text: _other(scalar, text)
        case _:
            return lambda text: given_value(scalar, text.strip())


def read_text(scalar: Scalar, text: str) -> Any:
    """One cell: see `text_reader`."""
    return text_reader(scalar)(text)


def read_json(scalar: Scalar, value: Any) -> Any:
    """A value of JSON, whose decimals were read with all their digits; None is NULL. Raises ValueError."""
    if value is None:
        return None
    if scalar.item is not None:
        return [read_json(scalar.item, each) for each in given_list(value)]
    if scalar.name == "Decimal" and isinstance(value, Decimal):
        return value
    value = plain(value)
    if scalar.name == "JSON" or isinstance(scalar.annotation, StrawberryEnumDefinition) or scalar.name in _NATIVE:
        return given_value(scalar, value)
    return _decoded(scalar, value)


_NATIVE = {*_KNOWN, "Int", "BigInt", "Float", "String", "Boolean", "Decimal"}


def _matched(pattern: re.Pattern[str], text: str, noun: str) -> str:
    text = text.strip()
    if pattern.fullmatch(text) is None:
        raise ValueError(f"{noun} is needed, not {short(text)}.")
    return text


def _integer(scalar: Scalar, text: str) -> int:
    number = int(_matched(_INTEGER, text, "An integer"))
    if -(2**31) <= number < 2**31:
        return number
    found: int = given_value(scalar, number)
    return found


def _boolean(text: str) -> bool:
    found = _BOOLEANS.get(text.strip().lower())
    if found is None:
        raise ValueError(f"true or false (1 or 0, yes or no) is needed, not {short(text)}.")
    return found


def _enum(scalar: Scalar, text: str) -> Any:
    """A member by its value, also one that is no text, or by its name."""
    text = text.strip()
    members: Any = scalar.annotation.wrapped_cls
    by_text = {str(each.value): each for each in members if not isinstance(each.value, str)}
    return by_text[text] if text in by_text else given_value(scalar, text)


def _loaded(text: str, parse_float: Callable[[str], Any]) -> Any:
    try:
        return json.loads(text, parse_float=parse_float)
    except (ValueError, RecursionError):
        raise ValueError(f"A value in JSON is needed, not {short(text)}.") from None


def _other(scalar: Scalar, text: str) -> Any:
    """A list, which is an array of JSON, or a value of a scalar of the application's own."""
    if scalar.item is not None:
        return read_json(scalar, _loaded(text, Decimal))
    try:
        return _decoded(scalar, text)
    except ValueError as refusal:
        try:
            return _decoded(scalar, json.loads(text))
        except ValueError:
            raise refusal from None


def _decoded(scalar: Scalar, value: Any) -> Any:
    try:
        return scalar.decode(value)
    except (ValueError, TypeError, ArithmeticError, LookupError) as error:
        reason = str(error).rstrip(".")
        raise ValueError(f"{scalar.name} cannot be {short(value)}{f': {reason}' if reason else ''}.") from None


# ---------- writing ----------

_WRITTEN: dict[str, Callable[[Any], str]] = {
    "Int": str,
    "BigInt": str,
    "Float": repr,
    "String": str,
    "Decimal": str,
    "Boolean": lambda value: "true" if value else "false",
}
"""Those whose texts need no JSON."""


def text_writer(scalar: Scalar) -> Callable[[Any], str | None]:
    """Writes the cells of one column, so that `text_reader` reads the same values; None for NULL."""
    if scalar.name in _WRITTEN and scalar.item is None:
        plain_text = _WRITTEN[scalar.name]
        return lambda value: None if value is None else plain_text(value)
    write = json_writer(scalar)

    def written(value: Any) -> str | None:
        if value is None:
            return None
        found = write(value)
        return found if isinstance(found, str) and scalar.name != "JSON" else json_text(found)

    return written


def json_writer(scalar: Scalar) -> Callable[[Any], Any]:
    """Makes values of JSON, so that `read_json` reads the same values; NULL is null."""
    if scalar.item is not None:
        item = json_writer(scalar.item)
        return lambda value: None if value is None else [item(each) for each in value]
    if isinstance(scalar.annotation, StrawberryEnumDefinition):
        return _enum_text
    match scalar.name:
        case "Float":
            return _float
        case "Int" | "BigInt" | "String" | "Boolean" | "JSON":
            return lambda value: value
        case _:
            return lambda value: None if value is None else scalar.encode(value)


def _float(value: Any) -> Any:
    """JSON has no number that is not finite."""
    return value if value is None or math.isfinite(value) else str(value)


def _enum_text(value: Any) -> Any:
    """The value of a member if it is a text, else its name."""
    if not isinstance(value, enum.Enum):
        return value
    return value.value if isinstance(value.value, str) else value.name
