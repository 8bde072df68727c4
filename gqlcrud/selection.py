"""graphql-core's view of a request in, a frozen tree of what was selected out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLIncludeDirective,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLSkipDirective,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_directive_values,
    get_named_type,
    is_abstract_type,
)
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource, get_argument_values

RESOLVED = ""
"""The key of the field that is being resolved, whatever its alias: so equal requests become equal plans."""

UNASKED = "+"
"""What the keys of fields begin with that no client asks for, but code of the application's own."""


@dataclass(frozen=True, slots=True)
class Selection:
    """One selected field, fragments merged and directives applied.

    key: the name in the response, or RESOLVED; arguments: coerced, by GraphQL names, absent where the client gave none;
    children: what is selected of the field's object; empty for scalars and for interfaces, whose type is not known yet.
    """

    key: str
    name: str
    arguments: Mapping[str, Any]
    children: tuple[Selection, ...] = ()


def read_selection(info: GraphQLResolveInfo[Any], type_name: str | None = None) -> Selection:
    """The selection of the field that is being resolved.

    `type_name` says which object type an interface field gives; by default it is the field's own type.
    """
    reader = _Reader(info.schema, info.fragments, _variable_values(info))
    named = info.schema.type_map[type_name] if type_name else get_named_type(info.return_type)
    field = info.parent_type.fields[info.field_name]
    node = info.field_nodes[0]
    return Selection(
        key=RESOLVED,
        name=info.field_name,
        arguments=get_argument_values(field, node, reader.variables),
        children=reader.children(info.field_nodes, named) if isinstance(named, GraphQLObjectType) else (),
    )


def read_arguments(info: GraphQLResolveInfo[Any]) -> Mapping[str, Any]:
    """The arguments of the field that is being resolved. Raises GraphQLError for one that cannot be coerced."""
    field = info.parent_type.fields[info.field_name]
    return get_argument_values(field, info.field_nodes[0], _variable_values(info))


def read_root_selections(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, variables: VariableValues
) -> dict[str, Selection]:
    """All root fields of an operation that will be resolved, by response key and in order; each as `read_selection`
    gives it. Raises GraphQLError for an argument that cannot be coerced."""
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    root = schema.get_root_type(operation.operation)
    assert root is not None, "the document is valid"
    fields = _Reader(schema, fragments, variables).children([operation], root)
    return {field.key: replace(field, key=RESOLVED) for field in fields}


def _variable_values(info: GraphQLResolveInfo[Any]) -> VariableValues:
    """The variables as graphql-core's coercion wants them; Strawberry's `info` carries their coerced values alone."""
    values: Any = info.variable_values
    if isinstance(values, VariableValues):
        return values
    sources = {}
    for node in info.operation.variable_definitions or ():
        signature = get_variable_signature(info.schema, node)
        if not isinstance(signature, GraphQLError) and signature.name in values:
            sources[signature.name] = VariableValueSource(signature, values[signature.name])
    return VariableValues(sources, values)


@dataclass(frozen=True, slots=True)
class _Reader:
    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: VariableValues

    def children(
        self, nodes: Sequence[FieldNode | OperationDefinitionNode], parent: GraphQLObjectType
    ) -> tuple[Selection, ...]:
        """The fields selected of `parent`, those with one response key merged.

        Source: GraphQL specification, section 6.3.2 "Field Collection".
        """
        grouped: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        for node in nodes:
            if node.selection_set is not None:
                for each in self._collect(node.selection_set, parent, seen):
                    grouped.setdefault(each.alias.value if each.alias else each.name.value, []).append(each)
        return tuple(self._selection(key, group, parent) for key, group in grouped.items())

    def _selection(self, key: str, nodes: Sequence[FieldNode], parent: GraphQLObjectType) -> Selection:
        name = nodes[0].name.value
        field = parent.fields.get(name)
        if field is None:  # __typename, the one meta field that an object type has
            return Selection(key, name, {})
        named = get_named_type(field.type)
        children = self.children(nodes, named) if isinstance(named, GraphQLObjectType) else ()
        return Selection(key, name, get_argument_values(field, nodes[0], self.variables), children)

    def _collect(self, selections: SelectionSetNode, parent: GraphQLObjectType, seen: set[str]) -> Iterator[FieldNode]:
        for node in selections.selections:
            if not self._included(node):
                continue
            match node:
                case FieldNode():
                    yield node
                case InlineFragmentNode():
                    condition = node.type_condition
                    if condition is None or self._applies(condition.name.value, parent):
                        yield from self._collect(node.selection_set, parent, seen)
                case FragmentSpreadNode() if node.name.value not in seen:
                    seen.add(node.name.value)
                    fragment = self.fragments[node.name.value]
                    if self._applies(fragment.type_condition.name.value, parent):
                        yield from self._collect(fragment.selection_set, parent, seen)

    def _applies(self, condition: str, parent: GraphQLObjectType) -> bool:
        named = self.schema.type_map[condition]
        return named is parent or (is_abstract_type(named) and self.schema.is_sub_type(named, parent))

    def _included(self, node: Any) -> bool:
        if not node.directives:
            return True
        skip = get_directive_values(GraphQLSkipDirective, node, self.variables)
        include = get_directive_values(GraphQLIncludeDirective, node, self.variables)
        return not (skip and skip["if"]) and (include is None or bool(include["if"]))
