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
from gqlcrud.plan import Condition, Expression, conjunction
from gqlcrud.planning import Planner
from gqlcrud.scalars import BOOLEAN, DECIMAL, STRING, Operator, Scalar

Where: TypeAlias = (
    sa.SQLColumnExpression[bool]
    | bool
    | Mapping[str, Any]
    | Sequence[sa.SQLColumnExpression[bool] | bool | Mapping[str, Any]]
    | None
)
"""An expression over the mapped class, a mapping in the shape of the API's `where`, a list of those (all hold), or none.

In a mapping attributes and operators are called as in Python: `{"price": {"lt": 20}, "author": {"is": {"country": "FR"}}}`.
A value in the place of operators is what the attribute is equal to, a list holds the values it may have, None is NULL.
bool is what a type checker takes a comparison of SQLModel's attributes for; True and False themselves are refused.
"""

_OPERATORS = {snake_name(each.value): each for each in Operator}
_LISTS = {Operator.IN, Operator.NOT_IN, Operator.HAS_ANY, Operator.HAS_ALL}
_FLAGS = {Operator.IS_NULL, Operator.IS_EMPTY}
_JSON_KINDS = {"string": STRING, "number": DECIMAL, "boolean": BOOLEAN}
_TO_ONE = {"is": "is", "is_not": "isNot", "is_null": "isNull"}
_TO_MANY = {"some": "some", "every": "every", "none": "none", "count": "count"}


def plan_where(planner: Planner, model: Model, where: Where) -> Condition:
    """The meaning of `where`. Raises RequestError with the path from it."""
    if isinstance(where, list | tuple):
        return conjunction([_at(place, _part, planner, model, each) for place, each in enumerate(where)])
    return conjunction([] if where is None else [_part(planner, model, where)])


def plan_condition(planner: Planner, model: Model, where: Where) -> Condition:
    """The same where a condition has to be there: none at all would hold for every record."""
    return expression(where) if where is None else plan_where(planner, model, where)


def plan_equal(planner: Planner, model: Model, equal: Mapping[str, Any]) -> Condition:
    """All of the equality conditions. Raises RequestError with the name of the one that cannot be."""
    return planner.condition(where_input(equal, model, planner), model)


def where_parts(planner: Planner, model: Model, where: Where) -> list[Any]:
    """The parts of `where` as planning takes them: mappings with their names and values, and conditions."""
    parts: list[Any] = list(where) if isinstance(where, list | tuple) else [] if where is None else [where]
    return [where_input(each, model, planner) if isinstance(each, Mapping) else expression(each) for each in parts]


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
    return where_input(where, model, planner) if isinstance(where, Mapping) else plan_condition(planner, model, where)


# ---------- columns ----------


def _column(column: Column, value: Any) -> dict[str, Any]:
    scalar, known = column.scalar, column.operators
    if not known:
        raise RequestError(f"{column.key} cannot be filtered by.")
    if isinstance(value, Mapping):
        return _tests(column.key, scalar, known, value)
    if value is None:
        return {"isNull": True}
    name = "in" if isinstance(value, list | tuple | set | frozenset) and scalar.item is None else "eq"
    return {_operator(column.key, known, name).value: _operand(scalar, name, value)}


def _tests(of: str, scalar: Scalar, known: Sequence[Operator], tests: Mapping[str, Any]) -> dict[str, Any]:
    """Operators with their operands. of: what they compare, as errors name it."""
    return {
        _operator(of, known, name).value: _at(name, _operand, scalar, name, operand) for name, operand in tests.items()
    }


def _operator(of: str, known: Sequence[Operator], name: str) -> Operator:
    operator = _OPERATORS.get(name)
    if operator is None or operator not in known:
        raise RequestError(
            f"{of} has no operator {name!r}. It has: {', '.join(snake_name(each.value) for each in known)}."
        )
    return operator


def _operand(scalar: Scalar, name: str, value: Any) -> Any:
    operator = _OPERATORS[name]
    if value is None:
        raise RequestError(f"{name} cannot be None; leave it out, or use is_null.")
    if operator in _FLAGS:
        return _flag(value, name)
    if operator is Operator.AT:
        return [_at(place, _json_at, each) for place, each in enumerate(_items(value))]
    if operator in _LISTS:
        read = _present if scalar.item is None else _value
        return [_at(place, read, scalar.item or scalar, each) for place, each in enumerate(_items(value))]
    if operator is Operator.HAS and scalar.item is not None:
        return _value(scalar.item, value)
    return _value(STRING if operator is Operator.HAS_KEY else scalar, value)


def _value(scalar: Scalar, value: Any) -> Any:
    try:
        return given_value(scalar, value)
    except ValueError as error:
        raise RequestError(str(error)) from None


def _present(scalar: Scalar, value: Any) -> Any:
    if value is None:
        raise RequestError("NULL is equal to nothing; use is_null.")
    return _value(scalar, value)


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
    return {name: _at(name, _json_test, name, operand) for name, operand in test.items()}


def _json_test(name: str, operand: Any) -> Any:
    if name == "path":
        return [str(step) for step in _items(operand)]
    if name == "exists":
        return _flag(operand, name)
    kind = _JSON_KINDS.get(name)
    if kind is None:
        raise RequestError(f"There is no {name!r} here; there are: path, exists, {', '.join(_JSON_KINDS)}.")
    if not isinstance(operand, Mapping):
        raise RequestError(f"{name} takes operators, as in {{{name!r}: {{'eq': ...}}}}.")
    return _tests(name, kind, kind.operators, operand)


# ---------- relations ----------


def _relation(relation: Relation, value: Any, planner: Planner) -> dict[str, Any]:
    names = _TO_MANY if relation.many else _TO_ONE
    if not relation.filterable:
        raise RequestError(f"{relation.key} cannot be filtered by.")
    if value is None and not relation.many:
        return {"isNull": True}
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
