"""The values of one column in, as the response has them out: all rows at once, each kind of value by the cheapest way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from math import isfinite
from typing import Any, TypeAlias

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
from gqlcrud.rendering.texts import Values, is_unchanged, ways_of
from gqlcrud.statements.unreadable import Unreadable

Kinds: TypeAlias = Set[type]
Convert: TypeAlias = Callable[[Values, Kinds], Values]
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
    """How the values of a field become those of the response. convert is given the types of the values, too. nullable:
    whether one may be null."""

    convert: Convert
    nullable: bool

    def values(self, values: Values) -> Values:
        """Raises NotRendered where graphql-core would tell of an error."""
        kinds = set(map(type, values))
        if Unreadable in kinds or (_NONE in kinds and not self.nullable):
            raise NotRendered
        try:
            return self.convert(values, kinds)
        except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, GraphQLError, RequestError) as error:
            raise NotRendered from error


def leaf(output_type: GraphQLOutputType) -> Leaf:
    """The conversion that gives what graphql-core gives for each value of a type: of a leaf, or of a list of leaves."""
    nullable = not is_non_null_type(output_type)
    inner = output_type if nullable else output_type.of_type  # type: ignore[union-attr]  # it is non-null
    if is_list_type(inner):
        return Leaf(_lists(leaf(inner.of_type)), nullable)
    assert is_leaf_type(inner), "every other field has records"
    return Leaf(_leaf(inner), nullable)


def _leaf(leaf_type: GraphQLLeafType) -> Convert:
    """A null stays what it is: whether there may be one has been looked at."""
    if leaf_type is GraphQLString:
        return _checked(leaf_type, {str, _NONE})
    if leaf_type is GraphQLBoolean:
        return _checked(leaf_type, {bool, _NONE})
    if leaf_type is GraphQLInt:
        return _integers(leaf_type)
    if leaf_type is GraphQLFloat:
        return _floats(leaf_type)
    if isinstance(leaf_type, GraphQLEnumType):
        return _labels(leaf_type)
    if is_unchanged(leaf_type.coerce_output_value):
        return lambda values, _: values
    return _texts(leaf_type)


def _each(leaf_type: GraphQLLeafType) -> Convert:
    """Value by value, as graphql-core does it. A scalar of the user's own may make nothing of a value."""
    coerce = leaf_type.coerce_output_value
    certain = leaf_type.name in _CERTAIN

    def convert(values: Values, _: Kinds) -> Values:
        found = [None if value is None else coerce(value) for value in values]
        if not certain and any(made is None or made is Undefined for made in _made(values, found)):
            raise NotRendered
        return found

    return convert


def _made(values: Values, found: Values) -> Iterator[Any]:
    """What became of the values that are there."""
    return (made for value, made in zip(values, found, strict=True) if value is not None)


def _texts(leaf_type: GraphQLLeafType) -> Convert:
    """All at once where they are of one type, and it is known what becomes of it."""
    slowly = _each(leaf_type)
    ways = ways_of(leaf_type.coerce_output_value)

    def convert(values: Values, kinds: Kinds) -> Values:
        there = kinds - {_NONE}
        way = ways.get(next(iter(there))) if len(there) == 1 else None
        if way is None:
            return slowly(values, kinds)
        if len(kinds) == 1:
            return way(values)
        made = iter(way([value for value in values if value is not None]))
        return [None if value is None else next(made) for value in values]

    return convert


def _lists(item: Leaf) -> Convert:
    """JSON that stands for a list may be anything else in SQLite: a text is no list of its characters."""

    def convert(values: Values, kinds: Kinds) -> Values:
        if not kinds <= {list, tuple, _NONE}:
            raise NotRendered
        return [None if value is None else list(item.values(value)) for value in values]

    return convert


def _checked(leaf_type: GraphQLLeafType, plain: Kinds) -> Convert:
    """Values of these kinds are what they are."""
    slowly = _each(leaf_type)
    return lambda values, kinds: values if kinds <= plain else slowly(values, kinds)


def _integers(leaf_type: GraphQLLeafType) -> Convert:
    slowly = _each(leaf_type)

    def convert(values: Values, kinds: Kinds) -> Values:
        if kinds <= {int, _NONE}:
            numbers = _there(values, kinds)
            if not numbers or (max(numbers) <= _MAX_INT and min(numbers) >= _MIN_INT):
                return values
        return slowly(values, kinds)

    return convert


def _floats(leaf_type: GraphQLLeafType) -> Convert:
    slowly = _each(leaf_type)

    def convert(values: Values, kinds: Kinds) -> Values:
        plain = kinds <= {float, _NONE} and all(map(isfinite, _there(values, kinds)))
        return values if plain else slowly(values, kinds)

    return convert


def _there(values: Values, kinds: Kinds) -> Values:
    return [value for value in values if value is not None] if _NONE in kinds else values


def _labels(leaf_type: GraphQLEnumType) -> Convert:
    """The name of each member is looked up once."""
    coerce = leaf_type.coerce_output_value
    known: dict[Any, Any] = {None: None}

    def convert(values: Values, _: Kinds) -> Values:
        for value in {*values} - known.keys():
            known[value] = coerce(value)
        return [known[value] for value in values]

    return convert
