"""A value and the rules of its column in, the refusal of a value out that a CHECK of the database would refuse."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, assert_never

from gqlcrud.catalog import Column, Comparison, Rule
from gqlcrud.errors import ErrorCode, RequestError

_VALUE_TEXTS = {
    Comparison.GT: "must be greater than {}",
    Comparison.GTE: "must be at least {}",
    Comparison.LT: "must be less than {}",
    Comparison.LTE: "must be at most {}",
    Comparison.EQ: "must be {}",
    Comparison.NE: "cannot be {}",
    Comparison.IN: "must be one of {}",
    Comparison.NOT_IN: "cannot be any of {}",
}
_LENGTH_TEXTS = {
    Comparison.GT: "has more than {} characters",
    Comparison.GTE: "has at least {} characters",
    Comparison.LT: "has fewer than {} characters",
    Comparison.LTE: "has at most {} characters",
    Comparison.EQ: "has exactly {} characters",
    Comparison.NE: "cannot have {} characters",
    Comparison.IN: "has one of these numbers of characters: {}",
    Comparison.NOT_IN: "cannot have any of these numbers of characters: {}",
}


def check_rules(value: Any, column: Column) -> None:
    """Raises RequestError CHECK for a value that breaks a rule, however the database would round it."""
    for rule in column.rules:
        if not any(_holds(rule, each) for each in _stored(value, column)):
            operands = ", ".join(f"{each:f}" if isinstance(each, Decimal) else f"'{each}'" for each in rule.operands)
            texts = _LENGTH_TEXTS if rule.of_length else _VALUE_TEXTS
            raise RequestError(f"{column.name} {texts[rule.comparison].format(operands)}.", ErrorCode.CHECK)


def _stored(value: Any, column: Column) -> tuple[Any, ...]:
    """What the database may hold of a value: PostgreSQL rounds decimals, SQLite does not."""
    if isinstance(value, Decimal) and column.bounds.precision is not None:
        return value, round(value, column.bounds.scale or 0)
    return (value,)


def _holds(rule: Rule, value: Any) -> bool:
    if rule.of_length:
        value = len(value)
    operands = [float(each) if isinstance(value, float) else each for each in rule.operands]
    first: Any = operands[0]
    match rule.comparison:
        case Comparison.GT:
            return bool(value > first)
        case Comparison.GTE:
            return bool(value >= first)
        case Comparison.LT:
            return bool(value < first)
        case Comparison.LTE:
            return bool(value <= first)
        case Comparison.EQ | Comparison.IN:
            return value in operands
        case Comparison.NE | Comparison.NOT_IN:
            return value not in operands
        case _:
            assert_never(rule.comparison)
