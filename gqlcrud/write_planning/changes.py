"""An `ops` input in, `Change`s out. Every operand is checked here: what passes can be bound as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from gqlcrud.catalog import Column, Model
from gqlcrud.errors import ErrorCode
from gqlcrud.planning.where import canonical_json
from gqlcrud.scalars import BIG_INT, INT, Scalar
from gqlcrud.values import check_text
from gqlcrud.write_plan import Change, ChangeOperator, Path
from gqlcrud.write_planning.problems import Problems

T = TypeVar("T")
MAX_CHANGES = 32
"""Operators of one column; each is a part of one expression."""
MAX_STEPS = 16
"""Steps of one path; each is a level of that expression, which SQLAlchemy compiles by recursion."""
_BITS = {INT: 32, BIG_INT: 64}
_ITEMS = {ChangeOperator.APPEND, ChangeOperator.PREPEND}


def plan_changes(ops: Mapping[str, Any] | None, model: Model, path: Path) -> tuple[Change, ...]:
    """The meaning of an `ops` input of `model` at `path`; null is the same as none.

    Raises WriteError with all that is wrong, each at its place.
    """
    checks = _Checks()
    found: list[Change] = []
    for name, value in (ops or {}).items():
        column = model.members[name]
        assert isinstance(column, Column) and column.changeable, "the schema offers no other"
        found += _column_changes(column, value, (*path, name), checks)
    checks.problems.check()
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Checks:
    """Checks of operands, which go on after what is wrong."""

    problems: Problems = field(default_factory=Problems)

    def run(self, path: Path, check: Callable[..., T], *arguments: Any) -> T | None:
        """What `check` gives; None if it raises ValueError, whose text is told at `path`."""
        try:
            return check(*arguments)
        except ValueError as error:
            self.problems.add(str(error), path)
            return None

    def holds(self, path: Path, value: Any, name: str) -> bool:
        """Whether an operand is there: null is refused."""
        if value is None:
            self.problems.add(f"{name} cannot be null; leave it out.", path)
        return value is not None

    def fits(self, path: Path, items: Sequence[Any], limit: int, words: str) -> bool:
        if len(items) > limit:
            message = f"{words} has at most {limit} items; this one has {len(items)}."
            self.problems.add(message, path, ErrorCode.LIMIT)
        return len(items) <= limit


def _column_changes(column: Column, value: Any, path: Path, checks: _Checks) -> list[Change]:
    """The changes of one column; they mean nothing if `checks` has errors."""
    if not checks.holds(path, value, column.name):
        return []
    if isinstance(value, Mapping):
        return _changes(column, value, path, checks)
    if not checks.fits(path, value, MAX_CHANGES, "A list of operators"):
        return []
    return [change for place, each in enumerate(value) for change in _changes(column, each, (*path, place), checks)]


def _changes(column: Column, operators: Mapping[str, Any], path: Path, checks: _Checks) -> list[Change]:
    """Of the input with exactly one field."""
    found: list[Change] = []
    for name, operand in operators.items():
        if checks.holds((*path, name), operand, name):
            plan = _array_change if column.scalar.item is not None else _PLANS.get(column.scalar.name, _number_change)
            found.append(plan(column, ChangeOperator(name), operand, (*path, name), checks))
    return found


def _number_change(column: Column, operator: ChangeOperator, operand: Any, path: Path, checks: _Checks) -> Change:
    return Change(column, operator, checks.run(path, _checked_number, column.scalar, operator, operand))


def _checked_number(scalar: Scalar, operator: ChangeOperator, operand: Any) -> Any:
    bits = _BITS.get(scalar)
    if bits is not None and not -(2 ** (bits - 1)) <= operand < 2 ** (bits - 1):
        raise ValueError(f"An integer of {bits} bits is needed.")
    number = scalar.check(operand)
    if operator is ChangeOperator.DIVIDE and number == 0:
        raise ValueError("A number cannot be divided by zero.")
    return number


def _json_change(column: Column, operator: ChangeOperator, operand: Any, path: Path, checks: _Checks) -> Change:
    match operator:
        case ChangeOperator.MERGE:
            checks.run(path, _check_object, operand)
            return Change(column, operator, operand)
        case ChangeOperator.DELETE:
            if not operand:
                checks.problems.add("The path is empty; to take the whole value away, set the field to null.", path)
            return Change(column, operator, None, _steps(operand, path, checks))
        case _:
            if "value" in operand:
                checks.run((*path, "value"), canonical_json, operand["value"])
            else:
                checks.problems.add("value is missing; null stands for the JSON value null.", (*path, "value"))
            return Change(column, operator, operand.get("value"), _steps(operand["path"], (*path, "path"), checks))


def _check_object(value: Any) -> None:
    if not isinstance(value, Mapping):
        raise ValueError("Only an object can be merged.")
    canonical_json(value)


def _steps(steps: Sequence[str], path: Path, checks: _Checks) -> tuple[str, ...]:
    if checks.fits(path, steps, MAX_STEPS, "A path"):
        for place, step in enumerate(steps):
            checks.run((*path, place), check_text, step)
    return tuple(steps)


def _array_change(column: Column, operator: ChangeOperator, operand: Any, path: Path, checks: _Checks) -> Change:
    item = column.scalar.item
    assert item is not None
    if operator not in _ITEMS:
        return Change(column, operator, checks.run(path, item.check, operand))
    return Change(
        column, operator, tuple(checks.run((*path, place), item.check, each) for place, each in enumerate(operand))
    )


_PLANS = {"JSON": _json_change}
