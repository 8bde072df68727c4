"""graphql-core's view of a request in, a frozen tree of what was selected out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLIncludeDirective,
    GraphQLObjectType,
    GraphQLOutputType,
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

from gqlcrud.arguments import VariableArguments, has_variable, variable_arguments

RESOLVED = ""
"""The key of the field that is being resolved, whatever its alias: so equal requests become equal plans."""

UNASKED = "+"
"""What the keys of fields begin with that no client asks for, but code of the application's own."""


@dataclass(frozen=True, slots=True)
class Selection:
    """One selected field, fragments merged and directives applied.

    key: the name in the response, or RESOLVED; arguments: coerced, by GraphQL names, absent where the client gave none;
    children: what is selected of the field's object; empty for scalars and for interfaces, whose type is not known yet.
    lasting: whether these very children come again with other requests: what is made of them may be kept.
    """

    key: str
    name: str
    arguments: Mapping[str, Any]
    children: tuple[Selection, ...] = ()
    lasting: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class SelectionTree:
    """One selected field as it stands in a document, directives applied.

    arguments: those that no variable can change. variable: what the others are read by; None if there are none. below: the
    selections of the children, if no variable changes anything of them. constant: the selection, if none changes anything
    of it or below it.
    """

    key: str
    name: str
    arguments: Mapping[str, Any]
    variable: VariableArguments | None
    children: tuple[SelectionTree, ...] = ()
    below: tuple[Selection, ...] | None = None
    constant: Selection | None = None
    lasting: bool = False

    def bind(self, variables: VariableValues) -> Selection:
        """The selection of a request. Raises GraphQLError for an argument that cannot be coerced."""
        if self.constant is not None:
            return self.constant
        arguments = self.arguments
        if self.variable is not None:
            arguments = {**arguments, **self.variable.read(variables)}
        if self.below is not None:
            return Selection(self.key, self.name, arguments, self.below, self.lasting)
        return Selection(self.key, self.name, arguments, tuple(each.bind(variables) for each in self.children))

    def varies_by(self, names: Collection[str]) -> bool:
        """Whether a variable stands in one of the arguments of these names, here or below."""
        varies = self.variable is not None and not self.variable.field.args.keys().isdisjoint(names)
        return varies or any(each.varies_by(names) for each in self.children)


@dataclass(frozen=True, slots=True)
class FieldRequest:
    """A field of a document that is resolved: what graphql-core's info says of it, for whoever resolves it otherwise."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    operation: OperationDefinitionNode
    variable_values: VariableValues
    parent_type: GraphQLObjectType
    field_name: str
    field_nodes: list[FieldNode]
    return_type: GraphQLOutputType


FieldInfo: TypeAlias = "GraphQLResolveInfo[Any] | FieldRequest"


def read_selection(info: FieldInfo, type_name: str | None = None) -> Selection:
    """The selection of the field that is being resolved.

    `type_name` says which object type an interface field gives; by default it is the field's own type.
    """
    return read_tree(info, type_name, lasting=False).bind(variable_values(info))


def read_tree(info: FieldInfo, type_name: str | None = None, *, lasting: bool = True) -> SelectionTree:
    """The same for any variables that have these values where directives use them. lasting: whether it is kept."""
    reader = _Reader(info.schema, info.fragments, variable_values(info), lasting)
    named = info.schema.type_map[type_name] if type_name else get_named_type(info.return_type)
    field = info.parent_type.fields[info.field_name]
    children = reader.children(info.field_nodes, named) if isinstance(named, GraphQLObjectType) else ()
    return reader.tree(RESOLVED, field, info.field_nodes[0], children)


def read_root_selections(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, variables: VariableValues
) -> dict[str, Selection]:
    """All root fields of an operation that will be resolved, by response key and in order; each as `read_selection`
    gives it. Raises GraphQLError for an argument that cannot be coerced."""
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    root = schema.get_root_type(operation.operation)
    assert root is not None, "the document is valid"
    fields = _Reader(schema, fragments, variables, lasting=False).children([operation], root)
    return {field.key: replace(field.bind(variables), key=RESOLVED) for field in fields}


def variable_values(info: FieldInfo) -> VariableValues:
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
    lasting: bool

    def children(
        self, nodes: Sequence[FieldNode | OperationDefinitionNode], parent: GraphQLObjectType
    ) -> tuple[SelectionTree, ...]:
        """The fields selected of `parent`, those with one response key merged.

        Source: GraphQL specification, section 6.3.2 "Field Collection".
        """
        grouped: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        for node in nodes:
            if node.selection_set is not None:
                for each in self._collect(node.selection_set, parent, seen):
                    grouped.setdefault(each.alias.value if each.alias else each.name.value, []).append(each)
        return tuple(self._child(key, group, parent) for key, group in grouped.items())

    def _child(self, key: str, nodes: Sequence[FieldNode], parent: GraphQLObjectType) -> SelectionTree:
        field = parent.fields.get(nodes[0].name.value)
        if field is None:  # __typename, the one meta field that an object type has
            return self.tree(key, None, nodes[0], ())
        named = get_named_type(field.type)
        children = self.children(nodes, named) if isinstance(named, GraphQLObjectType) else ()
        return self.tree(key, field, nodes[0], children)

    def tree(
        self, key: str, field: GraphQLField | None, node: FieldNode, children: tuple[SelectionTree, ...]
    ) -> SelectionTree:
        name = node.name.value
        arguments, variable = self._arguments(field, node) if field is not None else ({}, None)
        constants = tuple(each.constant for each in children if each.constant is not None)
        below = constants if len(constants) == len(children) else None
        constant = None
        if variable is None and below is not None:
            constant = Selection(key, name, arguments, below, self.lasting)
        return SelectionTree(key, name, arguments, variable, children, below, constant, self.lasting)

    def _arguments(self, field: GraphQLField, node: FieldNode) -> tuple[Mapping[str, Any], VariableArguments | None]:
        """The arguments that are the same for all variables, and how to read the others."""
        given = node.arguments or ()
        names = {each.name.value for each in given if has_variable(each.value)}
        if not names:
            return get_argument_values(field, node, self.variables), None
        fixed = get_argument_values(*_restricted(field, node, field.args.keys() - names), self.variables)
        return fixed, variable_arguments(*_restricted(field, node, names))

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


def _restricted(field: GraphQLField, node: FieldNode, names: Collection[str]) -> tuple[GraphQLField, FieldNode]:
    """A field, and a node of it, with some of the arguments alone."""
    arguments = tuple(each for each in node.arguments or () if each.name.value in names)
    kept = {name: argument for name, argument in field.args.items() if name in names}
    return GraphQLField(field.type, args=kept), FieldNode(name=node.name, arguments=arguments, loc=node.loc)
