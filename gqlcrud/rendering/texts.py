"""Values of one type of Python in, the texts that GraphQL has for them out: all at once, by orjson where it is installed."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from operator import attrgetter
from typing import Any, TypeAlias

from strawberry.scalars import JSON
from strawberry.schema.types.scalar import DEFAULT_SCALAR_REGISTRY

try:
    import orjson
except ImportError:  # it is an extra
    orjson = None  # type: ignore[assignment]

Values: TypeAlias = Sequence[Any]
Way: TypeAlias = Callable[[Values], Values]


def ways_of(coerce: Callable[[Any], Any]) -> Mapping[type, Way]:
    """By the very type of the values, what makes of a column of them what `coerce` makes of each. None of them raises."""
    return {kind: way for known, kind, way in _KNOWN if known is coerce}


def is_unchanged(coerce: Callable[[Any], Any]) -> bool:
    """Whether it is the scalar JSON's, which shows values as they are."""
    return coerce is _function_of(JSON)


def _texts(values: Values) -> Values:
    return list(map(str, values))


def _written(values: Values) -> Values:
    """As orjson writes them, which is what `isoformat` and `str` give in an eighth of the time; no text has a comma."""
    return orjson.dumps(values)[2:-2].decode().split('","')


def _dates(values: Values) -> Values:
    return list(map(dt.date.isoformat, values)) if orjson is None else _written(values)


def _datetimes(values: Values) -> Values:
    """orjson writes an offset to the minute, `isoformat` to the second."""
    if orjson is None or not _WRITTEN_ZONES.issuperset(map(_zone, values)):
        return list(map(dt.datetime.isoformat, values))
    return _written(values)


def _times(values: Values) -> Values:
    return list(map(dt.time.isoformat, values))


def _uuids(values: Values) -> Values:
    return _texts(values) if orjson is None else _written(values)


_zone = attrgetter("tzinfo")
_WRITTEN_ZONES = {None, dt.UTC}


def _function_of(kind: object) -> Any:
    return DEFAULT_SCALAR_REGISTRY[kind].serialize


_KNOWN: Sequence[tuple[Any, type, Way]] = [
    (str, Decimal, _texts),
    (str, int, _texts),
    (str, uuid.UUID, _uuids),
    (_function_of(dt.date), dt.date, _dates),
    (_function_of(dt.datetime), dt.datetime, _datetimes),
    (_function_of(dt.time), dt.time, _times),
]
"""The functions of Strawberry's scalars: one of the application's own may have the same name, and another function."""
