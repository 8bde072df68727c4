"""Conditions of Python callers in, a `Condition` out: SQLAlchemy's expressions, nested dicts, equality by keywords."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import sqlalchemy as sa

from gqlcrud.catalog import Column, Model, Relation
from gqlcrud.crud.members import member_of
from gqlcrud.crud.values import given_list, given_value
from gqlcrud.errors import RequestError
from gqlcrud.naming import snake_name
from gqlcrud.plan import Condition, Expression
from gqlcrud.planning import Planner, conjunction
from gqlcrud.scalars import Operator, Scalar

Where: TypeAlias = (
    sa.ColumnElement[bool] | Mapping[str, Any] | Sequence[sa.ColumnElement[bool] | Mapping[str, Any]] | None
)
"""An expression over the mapped class, a mapping in the shape of the API's `where`, a list of those (all hold), or none.

In a mapping attributes and operators are called as in Python: `{"price": {"lt": 20}, "author": {"is": {"country": "FR"}}}`.
A value in the place of operators is what the attribute is equal to, a list holds the values it may have, None is NULL.
"""

_OPERATORS = {snake_name(each.value): each for each in Operator}
_LISTS = {Operator.IN, Operator.NOT_IN, Operator.HAS_ANY, Operator.HAS_ALL}
_FLAGS = {Operator.IS_NULL, Operator.IS_EMPTY}
_TO_ONE = {"is": "is", "is_not": "isNot", "is_null": "isNull"}
_TO_MANY = {"some": "some", "every": "every", "none": "none", "count": "count"}


def plan_where(planner: Planner, model: Model, where: Where, equal: Mapping[str, Any] | None = None) -> Condition:
    """The meaning of `where` together with the equality conditions `equal`. Raises RequestError with the path."""
    parts: list[Any] = list(where) if isinstance(where, list | tuple) else [] if where is None else [where]
    terms = [_part(planner, model, each) for each in parts]
    if equal:
        terms.append(planner.condition(where_input(equal, model, planner), model))
    return conjunction(terms)


def _part(planner: Planner, model: Model, where: Any) -> Condition:
    if isinstance(where, Mapping):
        return planner.condition(where_input(where, model, planner), model)
    return expression(where)


def expression(where: Any) -> Expression:
    """Raises RequestError for what is no expression of SQLAlchemy's."""
    clause = where.__clause_element__() if hasattr(where, "__clause_element__") else where
    if not isinstance(clause, sa.ColumnElement):
        raise RequestError(f"A condition is an expression such as Book.price < 20, or a mapping, not {where!r}.")
    return Expression(clause)


def where_input(where: Mapping[str, Any], model: Model, planner: Planner) -> dict[str, Any]:
    """The mapping as planning takes it: its operators called as in GraphQL, its values checked for their kinds."""
    return {name: _at(name, _field, name, value, model, planner) for name, value in where.items()}


def _field(name: str, value: Any, model: Model, planner: Planner) -> Any:
    if name in ("and", "or"):
        return [_at(place, _nested, each, model, planner) for place, each in enumerate(_items(value))]
    if name == "not":
        return _nested(value, model, planner)
    member = member_of(model, name)
    if isinstance(member, Relation):
        return _relation(member, value, planner)
    return _column(member, value)


def _nested(where: Any, model: Model, planner: Planner) -> Any:
    return where_input(where, model, planner) if isinstance(where, Mapping) else plan_where(planner, model, where)


# ---------- columns ----------


def _column(column: Column, value: Any) -> dict[str, Any]:
    if not column.operators:
        raise RequestError(f"{column.key} cannot be filtered by.")
    if isinstance(value, Mapping):
        return {
            _operator(column, each).value: _at(each, _operand, column, each, operand) for each, operand in value.items()
        }
    if value is None:
        return {"isNull": True}
    if isinstance(value, list | tuple | set | frozenset) and column.scalar.item is None:
        return {"in": _operand(column, "in", value)}
    return {"eq": _operand(column, "eq", value)}


def _operator(column: Column, name: str) -> Operator:
    operator = _OPERATORS.get(name)
    if operator not in column.operators:
        known = ", ".join(snake_name(each.value) for each in column.operators)
        raise RequestError(f"{column.key} has no operator {name!r}. It has: {known}.")
    assert operator is not None
    return operator


def _operand(column: Column, name: str, value: Any) -> Any:
    operator, scalar = _OPERATORS[name], column.scalar
    if value is None:
        raise RequestError(f"{name} cannot be None; leave it out, or use is_null.")
    if operator in _FLAGS:
        return _flag(value, name)
    if operator is Operator.AT:
        return [_at(place, _json_at, each) for place, each in enumerate(_items(value))]
    if operator in _LISTS:
        item = scalar.item or scalar
        return [_at(place, _value, item, each) for place, each in enumerate(_items(value))]
    if operator is Operator.HAS and scalar.item is not None:
        return _value(scalar.item, value)
    return _value(scalar, value)


def _value(scalar: Scalar, value: Any) -> Any:
    try:
        return given_value(scalar, value)
    except ValueError as error:
        raise RequestError(str(error)) from None


def _flag(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise RequestError(f"{name} takes True or False, not {value!r}.")
    return value


def _json_at(test: Any) -> dict[str, Any]:
    """`{"path": [...], "exists": True, "string": {...}}`: what stands at a path of a JSON value."""
    if not isinstance(test, Mapping) or "path" not in test:
        raise RequestError(
            "A test of a JSON value is a mapping with a path, such as {'path': ['a'], 'number': {'gt': 1}}."
        )
    found: dict[str, Any] = {}
    for name, operand in test.items():
        if name == "path":
            found[name] = [str(step) for step in _items(operand)]
        elif name == "exists":
            found[name] = _flag(operand, name)
        elif name in ("string", "number", "boolean") and isinstance(operand, Mapping):
            found[name] = {_OPERATORS[each].value if each in _OPERATORS else each: one for each, one in operand.items()}
        else:
            raise RequestError(f"There is no {name!r} here; there are: path, exists, string, number, boolean.")
    return found


# ---------- relations ----------


def _relation(relation: Relation, value: Any, planner: Planner) -> dict[str, Any]:
    names = _TO_MANY if relation.many else _TO_ONE
    if not isinstance(value, Mapping) or not value.keys() <= names.keys():
        example: dict[str, Any] = {relation.key: {next(iter(names)): {}}}
        raise RequestError(f"{relation.key} leads to other records and takes {', '.join(names)}, as in {example}.")
    target = planner.catalog.model(relation.target)
    return {names[name]: _at(name, _relation_test, name, operand, target, planner) for name, operand in value.items()}


def _relation_test(name: str, operand: Any, target: Model, planner: Planner) -> Any:
    if name == "is_null":
        return _flag(operand, name)
    if name != "count":
        return _nested(operand, target, planner)
    counts = {"eq", "ne", "gt", "gte", "lt", "lte"}
    tests = operand if isinstance(operand, Mapping) else {"eq": operand}
    for each, number in tests.items():
        if each not in counts or not isinstance(number, int) or isinstance(number, bool):
            raise RequestError(f"count takes a number, or {', '.join(sorted(counts))} with a number.")
    return tests


def _items(value: Any) -> list[Any]:
    try:
        return given_list(value)
    except ValueError as error:
        raise RequestError(str(error)) from None


def _at(place: str | int, read: Any, *arguments: Any) -> Any:
    try:
        return read(*arguments)
    except RequestError as error:
        raise error.below(place) from None
