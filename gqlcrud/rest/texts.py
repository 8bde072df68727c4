"""A scalar in, how its values are written in a query string out: read from a text, and described in OpenAPI."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError
from strawberry.types.enum import StrawberryEnumDefinition

from gqlcrud.scalars import Scalar
from gqlcrud.values import check_float, check_text

_INT32, _INT64 = 2**31, 2**63
_SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "Int": {"type": "integer", "format": "int32", "minimum": -_INT32, "maximum": _INT32 - 1},
    "BigInt": {"type": "integer", "format": "int64", "minimum": -_INT64, "maximum": _INT64 - 1},
    "Float": {"type": "number"},
    "Decimal": {"type": "number"},
    "String": {"type": "string"},
    "Boolean": {"type": "boolean"},
    "Date": {"type": "string", "format": "date"},
    "Time": {"type": "string", "format": "time"},
    "DateTime": {"type": "string", "format": "date-time"},
    "Duration": {"type": "string", "format": "duration"},
    "UUID": {"type": "string", "format": "uuid"},
    "Base64": {"type": "string", "format": "byte"},
}
_NOUNS = {
    "Int": "an integer of 32 bits",
    "BigInt": "an integer of 64 bits",
    "Float": "a number",
    "Decimal": "a number",
    "String": "a text",
    "Boolean": "true or false",
    "Date": "a date such as 2024-02-29",
    "Time": "a time of day such as 14:30:00",
    "DateTime": "a date and time such as 2024-02-29T14:30:00Z",
    "Duration": "a length of time such as P1DT2H",
    "UUID": "a UUID",
    "Base64": "bytes in Base64",
}
_INTEGER = re.compile(r"-?[0-9]{1,20}")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,4})?")
_FLAGS = {"true": True, "false": False}


def read_text(scalar: Scalar, text: str) -> Any:
    """The value that a text of a query string stands for. Raises ValueError with a sentence for the client."""
    try:
        return _read(scalar, text)
    except (ValueError, TypeError, ArithmeticError, LookupError):
        raise ValueError(_need(scalar)) from None


def text_schema(scalar: Scalar) -> dict[str, Any]:
    """The JSON schema of the values, for OpenAPI."""
    values = choices(scalar)
    return {"type": "string", "enum": list(values)} if values else dict(_SCHEMAS.get(scalar.name, {"type": "string"}))


def annotation(scalar: Scalar) -> Any:
    """What FastAPI takes for a parameter with one value: its text is read by the rules of the column."""

    def read(text: str) -> Any:
        try:
            return read_text(scalar, text)
        except ValueError as error:
            raise PydanticCustomError("value", "{reason}", {"reason": str(error)}) from None

    return Annotated[str, AfterValidator(read), WithJsonSchema(text_schema(scalar))]


def choices(scalar: Scalar) -> dict[str, enum.Enum]:
    """The values of an enum by the texts that JSON has for them; none for another scalar."""
    if not isinstance(scalar.annotation, StrawberryEnumDefinition):
        return {}
    members: Any = scalar.annotation.wrapped_cls
    return {str(each.value): each for each in members}


def _read(scalar: Scalar, text: str) -> Any:
    values = choices(scalar)
    if values:
        return values[text]
    match scalar.name:
        case "Int" | "BigInt":
            return _integer(text, _INT32 if scalar.name == "Int" else _INT64)
        case "Float":
            return check_float(float(_matched(_NUMBER, text)))
        case "Decimal":
            return scalar.decode(_matched(_NUMBER, text))
        case "Boolean":
            return _FLAGS[text.lower()]
        case _:
            return scalar.decode(check_text(text))


def _integer(text: str, bound: int) -> int:
    number = int(_matched(_INTEGER, text))
    if not -bound <= number < bound:
        raise ValueError("out of range")
    return number


def _matched(pattern: re.Pattern[str], text: str) -> str:
    if pattern.fullmatch(text) is None:
        raise ValueError("another form is needed")
    return text


def _need(scalar: Scalar) -> str:
    values = choices(scalar)
    if values:
        return f"The value is one of: {', '.join(values)}."
    noun = _NOUNS.get(scalar.name)
    return f"The value is {noun}." if noun else f"The value is no valid {scalar.name}."
