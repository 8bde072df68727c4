"""The values that a request gives its variables in, what graphql-core would make of them out, by functions made once.

graphql-core asks of each value anew what its type is: for a list of a thousand inputs that is half of the request. Here the
items of a list are coerced field by field, all values of a field at once.

Source: GraphQL specification, section 6.1.2 "Coercing Variable Values".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from math import isfinite
from operator import is_, itemgetter
from typing import Any, TypeAlias

from graphql import (
    GraphQLBoolean,
    GraphQLError,
    GraphQLFloat,
    GraphQLID,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLString,
    OperationDefinitionNode,
    Undefined,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource
from graphql.utilities.coerce_input_value import coerce_default_value

Coerce: TypeAlias = Callable[[Any], Any]
Row: TypeAlias = Mapping[str, Any]


class NotCoercedError(Exception):
    """A value that does not fit its type, which graphql-core tells."""


@dataclass(frozen=True, slots=True)
class VariableReader:
    """Reads the variables of one operation. variables: the signature of each, whether it has to be given, and what coerces
    it. None of them has a default."""

    variables: Sequence[tuple[GraphQLVariableSignature, bool, Coercer]]

    def read(self, given: Mapping[str, Any]) -> VariableValues | None:
        """None where graphql-core has an error to tell."""
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for signature, required, coercer in self.variables:
            name = signature.name
            if name not in given:
                if required:
                    return None
                sources[name] = VariableValueSource(signature)
                continue
            value = given[name]
            try:
                coerced[name] = coercer.one(value)
            except Exception:
                return None
            sources[name] = VariableValueSource(signature, value)
        return VariableValues(sources, coerced)


def variable_reader(
    schema: GraphQLSchema, operation: OperationDefinitionNode, coercers: Coercers
) -> VariableReader | None:
    """None for an operation whose variables have defaults, or other types than inputs."""
    found: list[tuple[GraphQLVariableSignature, bool, Coercer]] = []
    for node in operation.variable_definitions or ():
        signature = get_variable_signature(schema, node)
        if isinstance(signature, GraphQLError) or node.default_value is not None:
            return None
        found.append((signature, isinstance(signature.type, GraphQLNonNull), coercers.of(signature.type)))
    return VariableReader(found)


@dataclass(frozen=True, slots=True)
class Coercer:
    """Gives the coerced value of one, or of many in their order. Both raise NotCoercedError, or anything else, where a value
    does not fit."""

    one: Coerce
    many: Callable[[list[Any]], list[Any]]


@dataclass(frozen=True, slots=True)
class Coercers:
    """What coerces the values of each input type of a schema, made when it is first needed."""

    _known: dict[GraphQLInputType, Coercer] = field(default_factory=dict)

    def of(self, input_type: GraphQLInputType) -> Coercer:
        known = self._known.get(input_type)
        if known is None:
            known = self._known[input_type] = self._make(input_type)
        return known

    def _make(self, input_type: GraphQLInputType) -> Coercer:
        match input_type:
            case GraphQLNonNull(of_type=inner):
                return _required(self.of(inner))
            case GraphQLList(of_type=item):
                return _listed(self.of(item))
            case GraphQLInputObjectType():
                inputs = _InputObject(input_type, self)
                return Coercer(inputs.coerce, inputs.coerce_all)
            case _:
                return _leaf(input_type)


def _required(inner: Coercer) -> Coercer:
    def coerce(value: Any) -> Any:
        if value is None:
            raise NotCoercedError
        return inner.one(value)

    def coerce_all(values: list[Any]) -> list[Any]:
        if any(value is None for value in values):
            raise NotCoercedError
        return inner.many(values)

    return Coercer(coerce, coerce_all)


def _listed(item: Coercer) -> Coercer:
    def coerce(value: Any) -> Any:
        if value is None:
            return None
        if type(value) is list:
            return item.many(value) if len(value) > 1 else [item.one(each) for each in value]
        if isinstance(value, str | int | float | dict):
            return [item.one(value)]  # one value is a list of it
        raise NotCoercedError

    return Coercer(coerce, lambda values: list(map(coerce, values)))


def _leaf(leaf_type: GraphQLLeafType) -> Coercer:
    """Texts, finite numbers and truth values are what they are."""
    slowly = leaf_type.coerce_input_value
    plain = _PLAIN.get(leaf_type.name) if leaf_type in _STANDARD else None
    exact = None if plain is float else plain

    def coerce(value: Any) -> Any:
        kind = type(value)
        if value is None or (kind is exact and (kind is not int or _MIN_INT <= value <= _MAX_INT)):
            return value
        found = slowly(value)
        if found is Undefined:
            raise NotCoercedError
        return found

    def coerce_all(values: list[Any]) -> list[Any]:
        if set(map(type, values)) == {plain} and (plain not in _BOUNDED or _are_bounded(values)):
            return values
        if any(value is None for value in values):
            return list(map(coerce, values))
        found = list(map(slowly, values))
        if any(each is Undefined for each in found):
            raise NotCoercedError
        return found

    return Coercer(coerce, coerce_all)


def _are_bounded(values: list[Any]) -> bool:
    """Whether numbers, all of one type, are whole ones of 32 bits, or finite: the largest of them, or their sum, tells."""
    if type(values[0]) is float:
        return isfinite(sum(values))
    return bool(min(values) >= _MIN_INT and max(values) <= _MAX_INT)


_STANDARD = (GraphQLString, GraphQLBoolean, GraphQLInt, GraphQLFloat, GraphQLID)
_PLAIN: Mapping[str, type] = {"String": str, "Boolean": bool, "Int": int, "Float": float, "ID": str}
_BOUNDED = (int, float)
_MAX_INT, _MIN_INT = 2**31 - 1, -(2**31)
_FEW = 16
"""Sets of fields that the items of a list may have, so that those with the same ones are coerced together."""


@dataclass(slots=True)
class _InputObject:
    """Coerces the values of an input object type; its fields are looked at when the first value comes, since types may
    contain themselves."""

    input_type: GraphQLInputObjectType
    coercers: Coercers
    _fields: Mapping[str, tuple[int, str, Coercer]] | None = None
    _required: tuple[str, ...] = ()
    _defaulted: tuple[tuple[str, GraphQLInputField], ...] = ()
    _one_of: bool = field(init=False)
    _as_it_is: bool = field(init=False)

    def __post_init__(self) -> None:
        # Strawberry keeps its definition there, and looks itself whether one field is given: so it is looked at here
        definitions = self.input_type.extensions.values()
        self._one_of = self.input_type.is_one_of or any(getattr(each, "is_one_of", False) for each in definitions)
        self._as_it_is = self._one_of or self.input_type.out_type is GraphQLInputObjectType.out_type

    def coerce(self, value: Any) -> Any:
        if value is None:
            return None
        if type(value) is not dict:
            raise NotCoercedError
        fields = self._fields if self._fields is not None else self._read()
        for name in self._required:
            if name not in value:
                raise NotCoercedError
        names = value if len(value) < 2 else sorted(value, key=lambda name: fields[name][0])
        found = {fields[name][1]: fields[name][2].one(value[name]) for name in names}
        if self._defaulted:
            found = self._with_defaults(value, found)
        if self._one_of and (len(value) != 1 or None in found.values()):
            raise NotCoercedError
        return found if self._as_it_is else self.input_type.out_type(found)

    def coerce_all(self, values: list[Any]) -> list[Any]:
        """The values with the same fields together."""
        if set(map(type, values)) != {dict}:
            return list(map(self.coerce, values))
        kinds = set(map(tuple, values))
        if len(kinds) == 1:
            return self._coerce_alike(kinds.pop(), values)
        if len(kinds) > _FEW:
            return list(map(self.coerce, values))
        places: dict[tuple[str, ...], list[int]] = {}
        for place, value in enumerate(values):
            places.setdefault(tuple(value), []).append(place)
        found: list[Any] = [None] * len(values)
        for names, group in places.items():
            for place, each in zip(group, self._coerce_alike(names, [values[each] for each in group]), strict=True):
                found[place] = each
        return found

    def _coerce_alike(self, names: tuple[str, ...], values: list[Row]) -> list[Any]:
        """Values that have the fields of these names; they themselves, where nothing of them is to be another."""
        fields = self._fields if self._fields is not None else self._read()
        if not all(name in names for name, _ in self._defaulted):
            return list(map(self.coerce, values))
        if not set(self._required) <= set(names) or (self._one_of and len(names) != 1):
            raise NotCoercedError
        chosen = [(name, *fields[name]) for name in sorted(names, key=lambda name: fields[name][0])]
        given = [list(map(itemgetter(name), values)) for name, _, _, _ in chosen]
        columns = [coercer.many(each) for each, (_, _, _, coercer) in zip(given, chosen, strict=True)]
        if self._one_of and any(each is None for each in columns[0]):
            raise NotCoercedError
        outs = tuple(out for _, _, out, _ in chosen)
        found: list[Any] = values
        if outs != names or not all(map(is_, columns, given)):
            # a loop over the rows takes half as long again
            found = list(map(dict, map(zip, repeat(outs), zip(*columns, strict=True))))
        return found if self._as_it_is else list(map(self.input_type.out_type, found))

    def _read(self) -> Mapping[str, tuple[int, str, Coercer]]:
        fields = self.input_type.fields
        self._defaulted = tuple((name, each) for name, each in fields.items() if _has_default(each))
        self._required = tuple(
            name for name, each in fields.items() if isinstance(each.type, GraphQLNonNull) and not _has_default(each)
        )
        self._fields = {
            name: (place, each.out_name or name, self.coercers.of(each.type))
            for place, (name, each) in enumerate(fields.items())
        }
        return self._fields

    def _with_defaults(self, value: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
        assert self._fields is not None, "a value has come"
        defaults = {
            each.out_name or name: coerce_default_value(each) for name, each in self._defaulted if name not in value
        }
        every = {**found, **{name: default for name, default in defaults.items() if default is not Undefined}}
        return {out: every[out] for _, out, _ in self._fields.values() if out in every}


def _has_default(each: GraphQLInputField) -> bool:
    return each.default is not None or each.default_value is not Undefined
