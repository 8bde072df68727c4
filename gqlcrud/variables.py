"""The values that a request gives its variables in, what graphql-core would make of them out, by functions made once.

graphql-core asks of each value anew what its type is: for a list of a thousand inputs that is half of the request.

Source: GraphQL specification, section 6.1.2 "Coercing Variable Values".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from graphql import (
    GraphQLBoolean,
    GraphQLError,
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


class NotCoercedError(Exception):
    """A value that does not fit its type, which graphql-core tells."""


@dataclass(frozen=True, slots=True)
class VariableReader:
    """Reads the variables of one operation. variables: the signature of each, whether it has to be given, and what coerces
    it. None of them has a default."""

    variables: Sequence[tuple[GraphQLVariableSignature, bool, Coerce]]

    def read(self, given: Mapping[str, Any]) -> VariableValues | None:
        """None where graphql-core has an error to tell."""
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for signature, required, coerce in self.variables:
            name = signature.name
            if name not in given:
                if required:
                    return None
                sources[name] = VariableValueSource(signature)
                continue
            value = given[name]
            try:
                coerced[name] = coerce(value)
            except Exception:
                return None
            sources[name] = VariableValueSource(signature, value)
        return VariableValues(sources, coerced)


def variable_reader(
    schema: GraphQLSchema, operation: OperationDefinitionNode, coercers: Coercers
) -> VariableReader | None:
    """None for an operation whose variables have defaults, or other types than inputs."""
    found: list[tuple[GraphQLVariableSignature, bool, Coerce]] = []
    for node in operation.variable_definitions or ():
        signature = get_variable_signature(schema, node)
        if isinstance(signature, GraphQLError) or node.default_value is not None:
            return None
        found.append((signature, isinstance(signature.type, GraphQLNonNull), coercers.of(signature.type)))
    return VariableReader(found)


@dataclass(frozen=True, slots=True)
class Coercers:
    """What coerces the values of each input type of a schema, made when it is first needed."""

    _known: dict[GraphQLInputType, Coerce] = field(default_factory=dict)

    def of(self, input_type: GraphQLInputType) -> Coerce:
        """A function that gives the coerced value. It raises NotCoercedError, or anything else, for one that does not fit."""
        known = self._known.get(input_type)
        if known is None:
            known = self._known[input_type] = self._make(input_type)
        return known

    def _make(self, input_type: GraphQLInputType) -> Coerce:
        match input_type:
            case GraphQLNonNull(of_type=inner):
                return _required(self.of(inner))
            case GraphQLList(of_type=item):
                return _listed(self.of(item))
            case GraphQLInputObjectType():
                return _InputObject(input_type, self).coerce
            case _:
                return _leaf(input_type)


def _required(inner: Coerce) -> Coerce:
    def coerce(value: Any) -> Any:
        if value is None:
            raise NotCoercedError
        return inner(value)

    return coerce


def _listed(item: Coerce) -> Coerce:
    def coerce(value: Any) -> Any:
        if value is None:
            return None
        if type(value) is list:
            return [item(each) for each in value]
        if isinstance(value, str | int | float | dict):
            return [item(value)]  # one value is a list of it
        raise NotCoercedError

    return coerce


def _leaf(leaf_type: GraphQLLeafType) -> Coerce:
    """Texts, whole numbers and truth values are what they are."""
    slowly = leaf_type.coerce_input_value
    plain = _PLAIN.get(leaf_type.name) if leaf_type in (GraphQLString, GraphQLBoolean, GraphQLInt) else None

    def coerce(value: Any) -> Any:
        kind = type(value)
        if value is None or (kind is plain and (kind is not int or _MIN_INT <= value <= _MAX_INT)):
            return value
        found = slowly(value)
        if found is Undefined:
            raise NotCoercedError
        return found

    return coerce


_PLAIN: Mapping[str, type] = {"String": str, "Boolean": bool, "Int": int}
_MAX_INT, _MIN_INT = 2**31 - 1, -(2**31)


@dataclass(slots=True)
class _InputObject:
    """Coerces the values of an input object type; its fields are looked at when the first value comes, since types may
    contain themselves."""

    input_type: GraphQLInputObjectType
    coercers: Coercers
    _fields: Mapping[str, tuple[int, str, Coerce]] | None = None
    _required: tuple[str, ...] = ()
    _defaulted: tuple[tuple[str, GraphQLInputField], ...] = ()

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
        found = {fields[name][1]: fields[name][2](value[name]) for name in names}
        if self._defaulted:
            found = self._with_defaults(value, found)
        if self.input_type.is_one_of and (len(value) != 1 or None in found.values()):
            raise NotCoercedError
        return self.input_type.out_type(found)

    def _read(self) -> Mapping[str, tuple[int, str, Coerce]]:
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
