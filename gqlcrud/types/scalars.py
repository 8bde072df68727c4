"""Strawberry's own scalars as the schema describes them; the configuration of a schema takes them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from strawberry.scalars import JSON, Base64
from strawberry.schema.types.scalar import DEFAULT_SCALAR_REGISTRY
from strawberry.types.scalar import ScalarDefinition

from gqlcrud.values import parse_bytes

_DESCRIPTIONS: Mapping[object, str] = {
    dt.date: "A date in ISO 8601, such as `2025-03-01`.",
    dt.datetime: (
        "A date and time in ISO 8601, such as `2025-03-01T12:00:00+00:00`; without an offset where the column has no time zone."
    ),
    dt.time: "A time of day in ISO 8601, such as `12:30:00`.",
    Decimal: "A decimal number, as a string, so that it stays exact. A number is accepted too.",
    uuid.UUID: "A UUID in hexadecimal digits, such as `f81d4fae-7dec-11d0-a765-00a0c91e6bf6`.",
    JSON: "Any JSON value: an object, a list, a string, a number, a boolean or null.",
}

SCALARS: Mapping[object, ScalarDefinition] = {
    **{kind: replace(DEFAULT_SCALAR_REGISTRY[kind], description=text) for kind, text in _DESCRIPTIONS.items()},
    Base64: replace(
        DEFAULT_SCALAR_REGISTRY[Base64],
        description="Bytes, as a string in standard base64, such as `iVBORw0KGgo=`.",
        parse_value=parse_bytes,
    ),
}
"""By the Python type or the Strawberry scalar that annotations name."""
