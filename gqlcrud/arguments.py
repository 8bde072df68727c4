"""Arguments in which variables stand in, their values for each request out, by functions made once for a document.

graphql-core reads the literal and its types anew for each request.

Source: GraphQL specification, section 6.4.1 "Coercing Field Arguments".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    ListValueNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    is_required_argument,
)
from graphql.execution.values import VariableValues, get_argument_values
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_literal

_Read: TypeAlias = Callable[[Mapping[str, Any]], Any]
"""The value of a literal, of the coerced values of variables."""


class _UnsureError(Exception):
    """Something that graphql-core has to look at: a value that is missing, or an error."""


@dataclass(frozen=True, slots=True, eq=False)
class VariableArguments:
    """Arguments of a field in which variables stand. field, node: with these alone. readers: by the names that values have,
    and the variable that an argument may be left out with, if it is one."""

    field: GraphQLField
    node: FieldNode
    readers: Sequence[tuple[str, str | None, _Read]]

    def read(self, variables: VariableValues) -> dict[str, Any]:
        """Raises GraphQLError for an argument that cannot be coerced."""
        given = variables.coerced
        try:
            return {name: read(given) for name, optional, read in self.readers if optional is None or optional in given}
        except _UnsureError:
            return get_argument_values(self.field, self.node, variables)


def variable_arguments(field: GraphQLField, node: FieldNode) -> VariableArguments:
    """field, node: with those arguments alone in which variables stand."""
    readers: list[tuple[str, str | None, _Read]] = []
    for each in node.arguments or ():
        argument = field.args[each.name.value]
        optional: str | None = None
        read = _reader(each.value, argument.type)
        if isinstance(each.value, VariableNode) and not is_required_argument(argument):
            optional = each.value.name.value if coerce_default_value(argument) is Undefined else None
        readers.append((argument.out_name or each.name.value, optional, read))
    return VariableArguments(field, node, readers)


def _reader(node: ValueNode, input_type: GraphQLInputType) -> _Read:
    if isinstance(node, VariableNode):
        return _variable(node.name.value, required=isinstance(input_type, GraphQLNonNull))
    if isinstance(input_type, GraphQLNonNull):
        return _reader(node, input_type.of_type)
    if not has_variable(node):
        return _constant(coerce_input_literal(node, input_type))
    if isinstance(input_type, GraphQLList):
        nodes = node.values if isinstance(node, ListValueNode) else (node,)
        items = [_reader(each, input_type.of_type) for each in nodes]
        return lambda given: [read(given) for read in items]
    if isinstance(input_type, GraphQLInputObjectType) and isinstance(node, ObjectValueNode):
        return _object(node, input_type)
    return _constant(Undefined)  # a scalar with variables in it


def has_variable(value: Any) -> bool:
    """Whether a variable stands in the value of an argument."""
    if isinstance(value, VariableNode):
        return True
    inner = [*(getattr(value, "values", None) or ()), *(each.value for each in getattr(value, "fields", None) or ())]
    return any(map(has_variable, inner))


def _constant(value: Any) -> _Read:
    def read(_: Mapping[str, Any]) -> Any:
        if value is Undefined:
            raise _UnsureError
        return value

    return read


def _variable(name: str, *, required: bool) -> _Read:
    def read(given: Mapping[str, Any]) -> Any:
        value = given.get(name, Undefined)
        if value is Undefined or (required and value is None):
            raise _UnsureError
        return value

    return read


def _object(node: ObjectValueNode, input_type: GraphQLInputObjectType) -> _Read:
    """The fields in the order of the type, defaults among them."""
    given = {each.name.value: each.value for each in node.fields}
    readers: list[tuple[str, _Read]] = []
    for name, field in input_type.fields.items():
        out_name = field.out_name or name
        default = coerce_default_value(field)
        if name in given:
            readers.append((out_name, _reader(given[name], field.type)))
        elif default is not Undefined:
            readers.append((out_name, _constant(default)))
    one_of, make = input_type.is_one_of, input_type.out_type

    def read(variables: Mapping[str, Any]) -> Any:
        found = {name: read(variables) for name, read in readers}
        if one_of and (len(found) != 1 or None in found.values()):
            raise _UnsureError
        return make(found)

    return read
