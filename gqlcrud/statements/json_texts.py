"""A JSON text that a database gave in, its value in Python out: by orjson where that reads the same."""

from __future__ import annotations

import json
import re
from typing import Any

try:
    import orjson
except ImportError:  # it is an extra
    orjson = None  # type: ignore[assignment]

_LONG_NUMBER = re.compile(r"\d{19}")
"""orjson makes a float of an integer of more than 64 bits."""


def read_json(text: str) -> Any:
    """As `json.loads`. Raises ValueError for what is no JSON."""
    if orjson is None or _LONG_NUMBER.search(text):
        return json.loads(text)
    try:
        return orjson.loads(text)
    except ValueError:  # what Python reads beyond JSON, as NaN and lone surrogates
        return json.loads(text)
