"""A query that is known and what a request gives for it in, its result out, without graphql-core's executor.

It serves where all root fields are generated and nothing below them has to be resolved. graphql-core answers all else: what
is asked for the first time, mutations, fields of the application's own, and whatever it alone can tell of.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_operation_ast,
    is_non_null_type,
    located_error,
    specified_rules,
)
from graphql.execution.values import VariableValues, get_variable_values
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types import ExecutionResult

from gqlcrud.context import ApiKey, Operation
from gqlcrud.faults import client_errors
from gqlcrud.fields import ReadField
from gqlcrud.prepared import PreparedDocuments, Rules
from gqlcrud.rendering import NotRendered, OpenSelection
from gqlcrud.selection import FieldRequest

_RULES: Rules = tuple(specified_rules)


@dataclass(frozen=True, slots=True)
class DirectAnswers:
    """Answers the queries of one API that are known."""

    api: ApiKey
    schema: GraphQLSchema
    documents: PreparedDocuments

    async def answer(
        self, text: str, given: Mapping[str, Any], operation_name: str | None, begin: Callable[[], Operation]
    ) -> ExecutionResult | None:
        """The result of a query; None if graphql-core has to answer. begin: gives the state of the operation."""
        known = self.documents.find(self.schema, text) if text else None
        if known is None or known.rules != _RULES:
            return None
        query: DirectQuery | None = known.made_of(
            operation_name, lambda: direct_query(self.schema, known.document, operation_name, self.api)
        )
        variables = query.variables(given) if query is not None else None
        if query is None or variables is None:
            return None
        operation = begin()
        operation.renders = True
        try:
            result = await query.result(operation, variables)
        except OpenSelection:
            known.made[operation_name] = None
            return None
        except NotRendered:
            return None
        finally:
            await operation.end()
        if result.errors:
            result.errors = client_errors(result.errors, executed=True)
        return result


@dataclass(frozen=True, slots=True)
class RootField:
    """A root field of a query. field: what reads it; None of `__typename`, which is `value`."""

    key: str
    field: ReadField | None
    nodes: list[FieldNode]
    output: GraphQLOutputType
    value: str = ""


@dataclass(frozen=True, slots=True)
class DirectQuery:
    """A query whose root fields all are generated, no variable deciding which of them are selected."""

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    fields: Sequence[RootField]

    def variables(self, given: Mapping[str, Any]) -> VariableValues | None:
        """The values of the variables; None if any cannot be coerced, which graphql-core tells."""
        try:
            found = get_variable_values(self.schema, self.operation.variable_definitions or (), dict(given))
        except ValueError:  # an integer of so many digits that Python does not tell it
            return None
        return found if isinstance(found, VariableValues) else None

    async def result(self, operation: Operation, variables: VariableValues) -> ExecutionResult:
        """Raises NotRendered where graphql-core has to answer."""
        if len(self.fields) == 1:
            operation.alone = True
            answers = [await self._answer(operation, self.fields[0], variables)]
        else:
            answers = await self._together(operation, variables)
        data: dict[str, Any] | None = {}
        errors: list[GraphQLError] = []
        for root, answer in zip(self.fields, answers, strict=True):
            if isinstance(answer, GraphQLError):
                errors.append(answer)
                data = None if data is None or is_non_null_type(root.output) else {**data, root.key: None}
            elif data is not None:
                data[root.key] = answer
        return ExecutionResult(data=data, errors=errors or None, extensions={})

    async def _together(self, operation: Operation, variables: VariableValues) -> list[Any]:
        """All at once, so that equal requests share a statement. Raises NotRendered if a field fails that may not be null:
        which of its siblings fail too is then graphql-core's to tell."""
        work = (self._answer(operation, root, variables) for root in self.fields)
        answers: list[Any] = await asyncio.gather(*work, return_exceptions=True)
        for root, answer in zip(self.fields, answers, strict=True):
            if isinstance(answer, GraphQLError) and is_non_null_type(root.output):
                raise NotRendered
            if isinstance(answer, BaseException) and not isinstance(answer, GraphQLError):
                raise answer
        return answers

    async def _answer(self, operation: Operation, root: RootField, variables: VariableValues) -> Any:
        """What the response shows of a field, or the error that stands in its place."""
        if root.field is None:
            return root.value
        parent = self.schema.query_type
        assert parent is not None, "the document is valid"
        name = root.nodes[0].name.value
        request = FieldRequest(
            *(self.schema, self.fragments, self.operation, variables, parent, name, root.nodes, root.output)
        )
        try:
            return (await root.field.render(operation, request)).value
        except NotRendered:
            raise
        except Exception as error:
            return located_error(error, root.nodes, [root.key])


def direct_query(
    schema: GraphQLSchema, document: DocumentNode, operation_name: str | None, api: ApiKey
) -> DirectQuery | None:
    """The operation of a valid document that a request names, if it can be answered by its root fields alone."""
    operation = get_operation_ast(document, operation_name)
    if operation is None or operation.operation is not OperationType.QUERY or operation.directives:
        return None
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    grouped: dict[str, list[FieldNode]] = {}
    if not _collect(operation.selection_set, fragments, grouped, set()):
        return None
    fields = [_root_field(schema, key, nodes, api) for key, nodes in grouped.items()]
    found = [each for each in fields if each is not None]
    return DirectQuery(schema, operation, fragments, found) if len(found) == len(fields) else None


def _collect(
    selections: SelectionSetNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    grouped: dict[str, list[FieldNode]],
    seen: set[str],
) -> bool:
    """Put the fields into `grouped` by response key. False if a directive stands among them.

    Source: GraphQL specification, section 6.3.2 "Field Collection".
    """
    for node in selections.selections:
        if node.directives:
            return False
        if isinstance(node, FieldNode):
            grouped.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
        elif isinstance(node, InlineFragmentNode):
            if not _collect(node.selection_set, fragments, grouped, seen):
                return False
        elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
            seen.add(node.name.value)
            if not _collect(fragments[node.name.value].selection_set, fragments, grouped, seen):
                return False
    return True


def _root_field(schema: GraphQLSchema, key: str, nodes: list[FieldNode], api: ApiKey) -> RootField | None:
    root = schema.query_type
    assert root is not None, "a schema has queries"
    if nodes[0].name.value == "__typename":
        return RootField(key, None, nodes, root, root.name)
    found = root.fields.get(nodes[0].name.value)
    if found is None:  # __schema and __type
        return None
    definition: Any = (found.extensions or {}).get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if not isinstance(definition, ReadField) or definition.api is not api or definition.extensions:
        return None
    return RootField(key, definition, nodes, found.type)
