"""The values of one column in, as the response has them out: all rows at once, each kind of value by the cheapest way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLError,
    GraphQLFloat,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLOutputType,
    GraphQLString,
    Undefined,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)

from gqlcrud.errors import RequestError
from gqlcrud.statements.unreadable import Unreadable

Values = Sequence[Any]
_NONE = type(None)
_CERTAIN = {"Decimal", "Date", "DateTime", "Time", "UUID", "Base64", "BigInt", "Duration", "JSON", "ID"}
"""Scalars that make something of every value that is there."""
_MAX_INT, _MIN_INT = 2**31 - 1, -(2**31)


class NotRendered(Exception):
    """A value that the schema forbids, or that cannot be shown: graphql-core tells of it, in its own way."""


class OpenSelection(NotRendered):
    """A field that has to be resolved: graphql-core walks what is selected."""


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """How the values of a field become those of the response. nullable: whether one may be null."""

    convert: Callable[[Values], Values]
    nullable: bool

    def values(self, values: Values) -> Values:
        """Raises NotRendered where graphql-core would tell of an error."""
        try:
            found = self.convert(values)
        except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, GraphQLError, RequestError) as error:
            raise NotRendered from error
        if not self.nullable and None in found:
            raise NotRendered
        return found


def leaf(output_type: GraphQLOutputType) -> Leaf:
    """The conversion that gives what graphql-core gives for each value of a type: of a leaf, or of a list of leaves."""
    nullable = not is_non_null_type(output_type)
    inner = output_type if nullable else output_type.of_type  # type: ignore[union-attr]  # it is non-null
    if is_list_type(inner):
        return Leaf(_lists(leaf(inner.of_type)), nullable)
    assert is_leaf_type(inner), "every other field has records"
    return _leaf(inner, nullable=nullable)


def _leaf(leaf_type: GraphQLLeafType, *, nullable: bool) -> Leaf:
    if leaf_type is GraphQLString:
        return Leaf(_checked(leaf_type, {str, _NONE}), nullable)
    if leaf_type is GraphQLBoolean:
        return Leaf(_checked(leaf_type, {bool, _NONE}), nullable)
    if leaf_type is GraphQLInt:
        return Leaf(_integers(leaf_type), nullable)
    if leaf_type is GraphQLFloat:
        return Leaf(_floats(leaf_type), nullable)
    if isinstance(leaf_type, GraphQLEnumType):
        return Leaf(_labels(leaf_type), nullable)
    return Leaf(_each(leaf_type), nullable)


def _each(leaf_type: GraphQLLeafType) -> Callable[[Values], Values]:
    """Value by value, as graphql-core does it. A scalar of the user's own may make nothing of a value."""
    coerce = leaf_type.coerce_output_value
    certain = leaf_type.name in _CERTAIN

    def convert(values: Values) -> Values:
        kinds = set(map(type, values))
        if Unreadable in kinds:
            raise NotRendered
        found = [None if value is None else coerce(value) for value in values]
        if not certain and any(made is None or made is Undefined for made in _made(values, found)):
            raise NotRendered
        return found

    return convert


def _made(values: Values, found: Values) -> Iterator[Any]:
    """What became of the values that are there."""
    return (made for value, made in zip(values, found, strict=True) if value is not None)


def _lists(item: Leaf) -> Callable[[Values], Values]:
    """JSON that stands for a list may be anything else in SQLite: a text is no list of its characters."""

    def convert(values: Values) -> Values:
        if not {list, tuple, _NONE}.issuperset(map(type, values)):
            raise NotRendered
        return [None if value is None else list(item.values(value)) for value in values]

    return convert


def _checked(leaf_type: GraphQLLeafType, kinds: set[type]) -> Callable[[Values], Values]:
    """Values of these kinds are what they are."""
    slowly = _each(leaf_type)
    return lambda values: values if kinds.issuperset(map(type, values)) else slowly(values)


def _integers(leaf_type: GraphQLLeafType) -> Callable[[Values], Values]:
    slowly = _each(leaf_type)
    with_null = {int, _NONE}

    def convert(values: Values) -> Values:
        kinds = set(map(type, values))
        if kinds <= with_null:
            numbers = values if _NONE not in kinds else [value for value in values if value is not None]
            if not numbers or (max(numbers) <= _MAX_INT and min(numbers) >= _MIN_INT):
                return values
        return slowly(values)

    return convert


def _floats(leaf_type: GraphQLLeafType) -> Callable[[Values], Values]:
    slowly = _each(leaf_type)

    def convert(values: Values) -> Values:
        plain = all(type(value) is float and isfinite(value) for value in values if value is not None)
        return values if plain else slowly(values)

    return convert


def _labels(leaf_type: GraphQLEnumType) -> Callable[[Values], Values]:
    """The name of each member is looked up once."""
    coerce = leaf_type.coerce_output_value
    known: dict[Any, Any] = {None: None}

    def convert(values: Values) -> Values:
        for value in {*values} - known.keys():
            known[value] = coerce(value)
        return [known[value] for value in values]

    return convert
