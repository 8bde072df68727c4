"""What clients may filter a list by in, the query parameters for it out: one for each operator of a column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from pydantic import Field

from gqlcrud.errors import ConfigurationError
from gqlcrud.naming import snake_name
from gqlcrud.rest.offered import Attribute, Offered, Path
from gqlcrud.rest.texts import annotation
from gqlcrud.scalars import BOOLEAN, STRING, Operator

Filters: TypeAlias = Sequence[Attribute] | Mapping[Attribute, Sequence[str]] | None
"""Attributes, each with the usual operators; or with those that are named: `{"price": ["gte", "lte"]}`. None: every
column of the model."""

MAX_OPERANDS = 1000
"""Of a parameter that may be repeated."""
RESERVED = frozenset({"limit", "offset", "after", "before", "sort", "search", "search_fields", "facet", "total"})
"""A column that is called like one of these is filtered by `total__eq`, also where a list does not have the parameter: so
it stays when the list gets it."""

_PHRASES = {
    Operator.EQ: "Equal to this.",
    Operator.NE: "Not equal to this.",
    Operator.GT: "Greater than this.",
    Operator.GTE: "This or greater.",
    Operator.LT: "Less than this.",
    Operator.LTE: "This or less.",
    Operator.IN: "One of these; repeat the parameter.",
    Operator.NOT_IN: "None of these; repeat the parameter.",
    Operator.IS_NULL: "true: without a value; false: with one.",
    Operator.CONTAINS: "Contains this text.",
    Operator.STARTS_WITH: "Starts with this text.",
    Operator.ENDS_WITH: "Ends with this text.",
    Operator.I_EQ: "Equal to this, in capital letters or small ones.",
    Operator.I_CONTAINS: "Contains this text, in capital letters or small ones.",
    Operator.I_STARTS_WITH: "Starts with this text, in capital letters or small ones.",
    Operator.I_ENDS_WITH: "Ends with this text, in capital letters or small ones.",
    Operator.LIKE: "Matches this pattern, in which % stands for any text and _ for a character.",
    Operator.I_LIKE: "Matches this pattern, in capital letters or small ones.",
    Operator.REGEX: "Matches this regular expression.",
    Operator.I_REGEX: "Matches this regular expression, in capital letters or small ones.",
    Operator.SEARCH: "Has these words.",
    Operator.HAS_KEY: "Has this key.",
    Operator.HAS: "Has this item.",
    Operator.HAS_ANY: "Has one of these items; repeat the parameter.",
    Operator.HAS_ALL: "Has all of these items; repeat the parameter.",
    Operator.IS_EMPTY: "true: has no items; false: has some.",
}
_NAMES = {snake_name(each.value): each for each in _PHRASES}
_LISTS = {Operator.IN, Operator.NOT_IN, Operator.HAS_ANY, Operator.HAS_ALL}
_FLAGS = {Operator.IS_NULL, Operator.IS_EMPTY}
_TEXTS = {Operator.HAS_KEY, Operator.REGEX, Operator.I_REGEX, Operator.SEARCH}
_USUAL = {
    *(Operator.EQ, Operator.GT, Operator.GTE, Operator.LT, Operator.LTE, Operator.IN, Operator.IS_NULL),
    *(Operator.I_CONTAINS, Operator.HAS),
}
_COMPARISONS = {Operator.GT, Operator.GTE, Operator.LT, Operator.LTE}
_UNUSUAL = {
    **dict.fromkeys(("String", "UUID"), _COMPARISONS),
    "Base64": {*_USUAL},
    "JSON": {Operator.EQ},
}


@dataclass(frozen=True, slots=True)
class FilterParameter:
    """A query parameter. place: where its operand stands in a condition of `Crud`. kind: the annotation that FastAPI reads
    it by."""

    name: str
    place: tuple[str, ...]
    kind: Any
    description: str


def filter_parameters(filters: Filters, offered: Offered) -> tuple[FilterParameter, ...]:
    """Raises ConfigurationError for attributes and operators that there are not, or not for clients."""
    if filters is None:
        chosen = [(path, _usual(path)) for path in offered.own() if offered.filterable(path)]
    else:
        named = filters if isinstance(filters, Mapping) else dict.fromkeys(filters)
        chosen = [_chosen(attribute, operators, offered) for attribute, operators in named.items()]
    found = [_parameter(path, operator) for path, operators in chosen for operator in operators]
    names = [each.name for each in found]
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(
                f"Two filters are called {name!r}. Name one of the attributes once, or leave it out: filters=[...]."
            )
    return tuple(found)


def _chosen(attribute: Attribute, operators: Sequence[str] | None, offered: Offered) -> tuple[Path, Sequence[Operator]]:
    path = offered.path(attribute)
    if not offered.filterable(path):
        raise ConfigurationError(f"{path.name!r} cannot be filtered by; leave it out of filters=[...].")
    return path, _usual(path) if operators is None else [_operator(each, path) for each in operators]


def _usual(path: Path) -> Sequence[Operator]:
    """The operators that most lists want, of those that the column has: no greater and less of what is just a name."""
    assert path.column is not None, "it can be filtered by"
    column = path.column
    less = _UNUSUAL.get(column.scalar.name, {Operator.EQ} if column.scalar.item is not None else set())
    known = [each for each in column.operators if each in _USUAL - less - (_COMPARISONS if path.names else set())]
    return [each for each in known if each is not Operator.IS_NULL or column.nullable]


def _operator(name: str, path: Path) -> Operator:
    assert path.column is not None, "it can be filtered by"
    known = {name: each for name, each in _NAMES.items() if each in path.column.operators}
    if _is_json(path):
        known.pop("eq", None)
    if name not in known:
        raise ConfigurationError(f"{path.name!r} has no operator {name!r} here. It has: {', '.join(known)}.")
    return known[name]


def _is_json(path: Path) -> bool:
    return path.column is not None and path.column.scalar.name == "JSON"


def _parameter(path: Path, operator: Operator) -> FilterParameter:
    assert path.column is not None, "it can be filtered by"
    key = snake_name(operator.value)
    name = path.name if operator is Operator.EQ and path.name not in RESERVED else f"{path.name}__{key}"
    steps = [step for each in path.relations for step in (each.key, "some" if each.many else "is")]
    description = f"{path.column.description} {_PHRASES[operator]}"
    return FilterParameter(name, (*steps, path.column.key, key), _kind(path, operator), description)


def _kind(path: Path, operator: Operator) -> Any:
    assert path.column is not None, "it can be filtered by"
    scalar = path.column.scalar
    if operator in _FLAGS:
        return annotation(BOOLEAN)
    if operator in _TEXTS:
        return annotation(STRING)
    item: Any = annotation(scalar.item or scalar)
    if operator in _LISTS or (scalar.item is not None and operator is not Operator.HAS):
        return Annotated[tuple[item, ...], Field(max_length=MAX_OPERANDS)]
    return item
