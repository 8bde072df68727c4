"""Global ids and cursors: values in, opaque text out, and back. A text that cannot be read is a RequestError."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
from collections.abc import Sequence
from typing import Any

from gqlcrud.catalog import Catalog, Column, Model
from gqlcrud.errors import RequestError
from gqlcrud.scalars import INT, JsonScalar

_MAX_ID_LENGTH = 8192


def encode_id(type_name: str, columns: Sequence[Column], values: Sequence[Any]) -> str:
    """The global id of a record: base64url of `Book:1`, or of `OrderItem:[1001,2]` for several key columns.

    A single key that is neither an integer nor a text is written as a list too, and so is a text that looks like one.
    """
    encoded = [column.scalar.encode(value) for column, value in zip(columns, values, strict=True)]
    return _to_base64(f"{type_name}:{encoded[0] if _is_plain(columns, encoded) else _dump(encoded)}")


def _is_plain(columns: Sequence[Column], encoded: Sequence[JsonScalar]) -> bool:
    (first, *rest) = encoded
    return not rest and (not first.startswith("[") if isinstance(first, str) else columns[0].scalar is INT)


def decode_id(text: str, model: Model) -> tuple[Any, ...]:
    """The primary key in a global id of `model`, one value a column. A wrong type or a damaged id is VALIDATION."""
    type_name, rest = _split_id(text)
    if type_name != model.name:
        raise RequestError(f"This is a global id of {type_name[:60]}, not of {model.name}.")
    values = _key_values(rest, model)
    if values is None:
        raise RequestError(f"This is not a valid global id of {model.name}.")
    return values


def decode_node_id(text: str, catalog: Catalog) -> tuple[Model, tuple[Any, ...]] | None:
    """The model and primary key of any global id; None for a text that is none."""
    try:
        type_name, rest = _split_id(text)
    except RequestError:
        return None
    model = catalog.by_name.get(type_name)
    values = _key_values(rest, model) if model is not None else None
    return None if model is None or values is None else (model, values)


def encode_cursor(fingerprint: str, values: Sequence[JsonScalar]) -> str:
    """A cursor: the order it belongs to and the values of its terms."""
    return _to_base64(_dump([fingerprint, *values]))


def decode_cursor(text: str, fingerprint: str, count: int) -> tuple[JsonScalar, ...]:
    """The `count` values of a cursor made for this list and order. Any other text is VALIDATION.

    What the values may be, only their columns can tell; no database has the texts and numbers that are refused here.
    """
    try:
        values = json.loads(_from_base64(text))
    except (ValueError, RecursionError):
        raise RequestError("This is not a cursor.") from None
    if not isinstance(values, list) or not values or not isinstance(values[0], str):
        raise RequestError("This is not a cursor.")
    if values[0] != fingerprint or len(values) != count + 1:
        raise RequestError("This cursor belongs to another list, or to another order of it.")
    try:
        return tuple(_checked(value) for value in values[1:])
    except ValueError:
        raise RequestError("This is not a cursor.") from None


def _checked(value: Any) -> Any:
    match value:
        case str():
            value.encode()  # a lone surrogate is a UnicodeEncodeError
        case float() if math.isnan(value):
            raise ValueError("not a number")
        case dict() | list():
            raise ValueError("not a scalar")
    return value


def fingerprint(text: str) -> str:
    """A short mark of the list and order that a cursor is bound to. Not a secret: a cursor carries values only."""
    return hashlib.blake2s(text.encode(), digest_size=4).hexdigest()


def _split_id(text: str) -> tuple[str, str]:
    try:
        if len(text) > _MAX_ID_LENGTH:
            raise ValueError("no key is so long")
        type_name, separator, rest = _from_base64(text).partition(":")
    except ValueError:
        raise RequestError("This is not a global id.") from None
    if not separator:
        raise RequestError("This is not a global id.")
    return type_name, rest


def _key_values(text: str, model: Model) -> tuple[Any, ...] | None:
    """One value for each key column; None for a text that holds none, whatever a scalar of the user's own makes of it."""
    columns = model.primary_key
    try:
        raw = json.loads(text) if len(columns) > 1 or text.startswith("[") else [text]
        if not isinstance(raw, list) or len(raw) != len(columns):
            return None
        return tuple(column.scalar.decode(each) for column, each in zip(columns, raw, strict=True))
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError):
        return None


def _dump(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _to_base64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _from_base64(text: str) -> str:
    """Raises ValueError for what is no base64url of UTF-8."""
    if not text.isascii():
        raise ValueError("not base64url")
    try:
        return base64.b64decode(
            text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars="-_", validate=True
        ).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError("not base64url") from error
