"""The values of a row and those of a record in, what the row changes out; and keys as texts that are equal when they are."""

from __future__ import annotations

import datetime as dt
import enum
import json
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from gqlcrud.catalog import Column, Model
from gqlcrud.files.documents import json_text
from gqlcrud.files.texts import json_writer


def changes(model: Model, given: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    """The given values that the record does not have. stored: has at least the names of `given`."""
    return {
        name: value
        for name, value in given.items()
        if (column := _column(model, name)) is None or not is_same(column, value, stored[name])
    }


def _column(model: Model, name: str) -> Column | None:
    return model.stored.get(name)


def is_same(column: Column, given: Any, stored: Any) -> bool:
    """Whether writing `given` would leave the column as it is."""
    if given is None or stored is None:
        return given is stored
    if column.scalar.name == "JSON":
        # true is 1 to Python, and another value to JSON
        return json.dumps(given, sort_keys=True) == json.dumps(stored, sort_keys=True)
    return (type(given) is type(stored) and bool(given == stored)) or bool(
        normal(column, given) == normal(column, stored)
    )


def normal(column: Column, value: Any) -> Any:
    """One form for values that the column does not tell apart."""
    match value:
        case enum.Enum():
            return value.name if column.scalar.check(value) is value else value.value
        case Decimal() if column.bounds.scale is not None and value.is_finite():
            unit = Decimal(1).scaleb(-column.bounds.scale)
            return value.quantize(unit, ROUND_HALF_EVEN, Context(prec=2000))
        case dt.datetime() | dt.time() if column.scalar.name in ("DateTime", "Time"):
            return column.scalar.check(value)
        case list() | tuple():
            return list(value)
        case _:
            return value


def key_text(columns: Sequence[Column], values: Sequence[Any]) -> str:
    """The key as a text, equal for values that the columns do not tell apart."""
    return json_text([_text(column, value) for column, value in zip(columns, values, strict=True)])


def _text(column: Column, value: Any) -> Any:
    found = normal(column, value)
    if isinstance(found, Decimal):
        return str(found.normalize(Context(prec=2000)))
    return found if isinstance(value, enum.Enum) else json_writer(column.scalar)(found)
