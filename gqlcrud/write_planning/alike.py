"""The values of one column in many records in, whether all of them pass as they are out.

A batch is looked at column by column: the types of all values, the largest and the smallest, the texts joined. What passes
at once, passes one by one too, and is stored as it is; of a column that does not, nothing is known.
"""

from __future__ import annotations

import datetime as dt
import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, TypeAlias

from gqlcrud.catalog import Bounds, Catalog, Column, Comparison, Model
from gqlcrud.errors import RequestError
from gqlcrud.keys import decode_id
from gqlcrud.planning import canonical_json
from gqlcrud.scalars import (
    BIG_INT,
    BOOLEAN,
    BYTES,
    DATE,
    DATETIME,
    DATETIME_TZ,
    DECIMAL,
    DURATION,
    FLOAT,
    INT,
    STRING,
    TIME,
    UUID,
    Scalar,
)
from gqlcrud.write_planning.rules import check_rules
from gqlcrud.write_planning.values import check_bounds

_NONE = type(None)
_MOST_DIGITS = 1000


def pass_at_once(column: Column, values: Sequence[Any]) -> bool:
    """Whether every value is one of the column's own, within its bounds; False if that is not seen at once."""
    types = set(map(type, values))
    if _NONE in types:
        if not column.nullable:
            return False
        types.discard(_NONE)
        values = [value for value in values if value is not None]
    if not types:
        return True
    members = _members_of(column)
    if members is not None:
        # members of an own class are stored as they are; of a list of texts there are none
        return types == {members} and not column.rules and _is_stored_as_it_is(column, members)
    native = next((each for each in _NATIVES if each.scalar is column.scalar), None)
    if native is None or not types <= native.types:
        return False
    try:
        return native.holds(values) and _is_within(column, values)
    except (ValueError, ArithmeticError, RequestError):
        return False


Passed: TypeAlias = Mapping[Any, Any] | Literal["as they are"]
"""How the values of a field that are all valid are stored: by what each of them stands for, or as they are."""


def inputs_passed(column: Column, values: Sequence[Any], catalog: Catalog) -> Passed | None:
    """The same of values that an input has; None for those that do not pass. Values of JSON pass together, and global ids
    are read once each."""
    if column.references is not None:
        return _keys_of_ids(column, values, catalog.model(column.references))
    if column.scalar.name != "JSON":
        return "as they are" if pass_at_once(column, values) else None
    try:
        canonical_json(values)
    except ValueError:
        return None
    return "as they are" if not column.rules and column.bounds == Bounds() else None


def _keys_of_ids(column: Column, values: Sequence[Any], target: Model) -> Mapping[Any, Any] | None:
    distinct = set(values)
    if None in distinct and not column.nullable:
        return None
    try:
        return {value: None if value is None else decode_id(value, target)[0] for value in distinct}
    except (RequestError, ValueError):
        return None


def _members_of(column: Column) -> type[Enum] | None:
    """The class of an enum, as Strawberry defines it."""
    return getattr(column.scalar.annotation, "wrapped_cls", None)


def _is_stored_as_it_is(column: Column, members: type[Enum]) -> bool:
    member = next(iter(members), None)
    return member is not None and column.scalar.check(member) is member


# ---------- what each scalar asks of its values ----------


def _anything(_: Sequence[Any]) -> bool:
    return True


def _texts(values: Sequence[str]) -> bool:
    joined = "".join(values)
    if "\x00" in joined:
        return False
    if not joined.isascii():
        # lone surrogates, each in a value of its own, would be a pair once they are joined by nothing: UTF-8 refuses both
        joined.encode()
    return True


def _small(values: Sequence[int]) -> bool:
    return min(values) >= -(2**31) and max(values) < 2**31


def _big(values: Sequence[int]) -> bool:
    return min(values) >= -(2**63) and max(values) < 2**63


def _finite(values: Sequence[float]) -> bool:
    return math.isfinite(sum(values))


def _decimals(values: Sequence[Decimal]) -> bool:
    """Values that compare are no NaN; the extremes are looked at below."""
    exponents = list(map(Decimal.adjusted, values))
    longest = max(map(len, map(str, values)))
    finite = min(values).is_finite() and max(values).is_finite()
    return finite and min(exponents) >= -_MOST_DIGITS and max(exponents) <= _MOST_DIGITS and longest <= _MOST_DIGITS


def _naive(values: Sequence[Any]) -> bool:
    return all(value.tzinfo is None for value in values)


def _utc(values: Sequence[dt.datetime]) -> bool:
    return all(value.tzinfo is dt.UTC for value in values)  # there are time zones that have no hash


@dataclass(frozen=True, slots=True)
class _Native:
    """Values of these very types, for which `holds`, are stored as they are."""

    scalar: Scalar
    types: frozenset[type]
    holds: Callable[[Any], bool] = _anything


_NATIVES = (
    _Native(STRING, frozenset({str}), _texts),
    _Native(INT, frozenset({int}), _small),
    _Native(BIG_INT, frozenset({int}), _big),
    _Native(BOOLEAN, frozenset({bool})),
    _Native(FLOAT, frozenset({float, int}), _finite),
    _Native(DECIMAL, frozenset({Decimal}), _decimals),
    _Native(DATE, frozenset({dt.date})),
    _Native(TIME, frozenset({dt.time}), _naive),
    _Native(DATETIME, frozenset({dt.datetime}), _naive),
    _Native(DATETIME_TZ, frozenset({dt.datetime}), _utc),
    _Native(DURATION, frozenset({dt.timedelta})),
    _Native(UUID, frozenset({uuid.UUID})),
    _Native(BYTES, frozenset({bytes})),
)


# ---------- bounds and rules ----------

_ORDERED = {Comparison.GT, Comparison.GTE, Comparison.LT, Comparison.LTE}


def _is_within(column: Column, values: Sequence[Any]) -> bool:
    """Whether the values are within the bounds of the column, and keep its rules. Raises what a value raises that does not.

    Of texts the longest and the shortest, of numbers the largest and the smallest speak for all.
    """
    bounds, rules = column.bounds, column.rules
    if not rules and bounds.length is None and bounds.precision is None:
        return True
    if isinstance(values[0], str):
        lengths = list(map(len, values))
        extremes = [values[lengths.index(max(lengths))], values[lengths.index(min(lengths))]]
    else:
        extremes = [max(values), min(values)]
    for value in extremes:
        check_bounds(value, bounds, column.name)
    if not all(rule.comparison in _ORDERED for rule in rules):
        extremes = list(set(values))
    for value in extremes if rules else ():
        check_rules(value, column)
    return True
