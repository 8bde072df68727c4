"""A stored value and an operator in, the value that SQLite stores then out: what PostgreSQL computes with SQL.

What PostgreSQL refuses with an error of class 22 (a number out of range, a JSON value of the wrong kind) is a ValueError
here, which SQLite tells as "user-defined function raised exception"; of an OverflowError it says that a text is too big.
"""

from __future__ import annotations

import math
import operator as op
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from gqlcrud.statements.documents import NOTHING, Stored, distinct, element_at, index_of, read_document, write_document
from gqlcrud.write_plan import ChangeOperator

# ---------- numbers ----------

_ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    ChangeOperator.INCREMENT.value: op.add,
    ChangeOperator.DECREMENT.value: op.sub,
    ChangeOperator.MULTIPLY.value: op.mul,
    ChangeOperator.DIVIDE.value: op.truediv,
}


def integer_changed(value: int | None, operator: str, operand: int, bits: int) -> int | None:
    """A division rounds toward zero. SQLite itself would go on with a double beyond 64 bits."""
    if value is None:
        return None
    result = int(_ARITHMETIC[operator](Fraction(value), operand))
    if not -(2 ** (bits - 1)) <= result < 2 ** (bits - 1):
        raise ValueError(f"not an integer of {bits} bits")
    return result


def float_changed(value: float | None, operator: str, operand: float) -> float | None:
    """Neither infinity nor zero is made of a number for which there is no double."""
    if value is None:
        return None
    result = float(_ARITHMETIC[operator](float(value), operand))
    lost = result == 0 and value != 0 and operand != 0 and operator in ("multiply", "divide")
    if lost or (math.isinf(result) and not math.isinf(value)):
        raise ValueError("not a double")
    return result


def decimal_changed(
    value: float | None, operator: str, operand: str, precision: int | None, scale: int
) -> int | float | None:
    """Exact, then rounded half away from zero to the scale of NUMERIC(precision, scale). A double stands for the shortest
    decimal that is read as it. NUMERIC without a precision has no bounds."""
    if value is None:
        return None
    if not math.isfinite(value):
        raise ValueError("not a finite number")
    result: Fraction = _ARITHMETIC[operator](Fraction(Decimal(repr(value))), Fraction(Decimal(operand)))
    if precision is not None:
        unit = Fraction(10) ** -scale
        units = math.floor(abs(result) / unit + Fraction(1, 2))
        if units >= 10**precision:
            raise ValueError(f"more than {precision} digits")
        result = units * unit * (-1 if result < 0 else 1)
    if result.denominator == 1 and -(2**63) <= result < 2**63:
        return int(result)
    if abs(result) > sys.float_info.max:
        raise ValueError("not a double")
    return float(result)


# ---------- JSON ----------


def json_changed(stored: Stored, changes: str) -> str | None:
    """A document after `changes`, a JSON list of [operator, path, operand]; NULL where nothing came to be."""
    value = NOTHING if stored is None else read_document(stored)
    for operator, steps, operand in read_document(changes):
        value = _JSON_CHANGES[operator](value, steps, operand)
    return None if value is NOTHING else write_document(value)


def _merged(value: Any, _: list[str], operand: Mapping[str, Any]) -> Any:
    return {**_filled(value, {}), **operand}


def _set(value: Any, steps: list[str], operand: Any) -> Any:
    return _replaced(value, steps, lambda _: operand)


def _appended(value: Any, steps: list[str], operand: Any) -> Any:
    return _replaced(value, steps, lambda found: [*_filled(found, []), operand])


def _prepended(value: Any, steps: list[str], operand: Any) -> Any:
    return _replaced(value, steps, lambda found: [operand, *_filled(found, [])])


def _deleted(value: Any, steps: list[str], _: None) -> Any:
    if element_at(value, steps) is NOTHING:
        return value
    *parents, last = steps

    def without(parent: Any) -> Any:
        if isinstance(parent, dict):
            return {key: each for key, each in parent.items() if key != last}
        rest = list(parent)
        del rest[int(last)]
        return rest

    return _replaced(value, parents, without)


def _replaced(value: Any, steps: list[str], make: Callable[[Any], Any]) -> Any:
    """`value` with what `make` gives for what stands at a path. Missing parents become objects; an index beyond an end of
    an array adds an item at that end, as PostgreSQL's `jsonb_set` does."""
    if not steps:
        return make(value)
    step, rest = steps[0], steps[1:]
    parent = {} if _is_missing(value) else value
    if isinstance(parent, dict):
        return {**parent, step: _replaced(parent.get(step, NOTHING), rest, make)}
    if not isinstance(parent, list):
        raise ValueError("no object and no array")
    index = index_of(step)
    if index is None:
        raise ValueError("no index of an array")
    item = _replaced(element_at(parent, [step]), rest, make)
    if -len(parent) <= index < len(parent):
        index %= len(parent)
        return [*parent[:index], item, *parent[index + 1 :]]
    return [*parent, item] if index >= 0 else [item, *parent]


def _filled(value: Any, empty: Any) -> Any:
    """The value, or `empty` for null; a value of another kind is refused."""
    if _is_missing(value):
        return empty
    if not isinstance(value, type(empty)):
        raise ValueError("a JSON value of another kind")
    return value


def _is_missing(value: Any) -> bool:
    return value is NOTHING or value is None


_JSON_CHANGES: Mapping[str, Callable[[Any, list[str], Any], Any]] = {
    ChangeOperator.MERGE.value: _merged,
    ChangeOperator.SET.value: _set,
    ChangeOperator.DELETE.value: _deleted,
    ChangeOperator.APPEND.value: _appended,
    ChangeOperator.PREPEND.value: _prepended,
}


# ---------- arrays ----------


def list_changed(stored: Stored, changes: str) -> str | None:
    """A list that is kept as JSON after `changes`, a JSON list of [operator, operand]; JSON null counts as NULL."""
    value = NOTHING if stored is None else read_document(stored)
    for operator, operand in read_document(changes):
        value = _LIST_CHANGES[operator](value, operand)
    return None if value is NOTHING else write_document(value)


def _removed(value: Any, operand: Any) -> Any:
    if _is_missing(value):
        return value
    return [each for each in _filled(value, []) if distinct(each) != distinct(operand)]


_LIST_CHANGES: Mapping[str, Callable[[Any, Any], Any]] = {
    ChangeOperator.APPEND.value: lambda value, operand: [*_filled(value, []), *operand],
    ChangeOperator.PREPEND.value: lambda value, operand: [*operand, *_filled(value, [])],
    ChangeOperator.REMOVE.value: _removed,
}

CHANGE_FUNCTIONS: tuple[tuple[str, int, Callable[..., Any]], ...] = (
    ("gqlcrud_decimal_changed", 5, decimal_changed),
    ("gqlcrud_float_changed", 3, float_changed),
    ("gqlcrud_integer_changed", 4, integer_changed),
    ("gqlcrud_json_changed", 2, json_changed),
    ("gqlcrud_list_changed", 2, list_changed),
)
"""Functions of SQLite: (name, arguments, function)."""
