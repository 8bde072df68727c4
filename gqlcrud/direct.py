"""An operation that is known and what a request gives for it in, its result out, without graphql-core's executor.

It serves queries whose root fields are all generated, and mutations of one such field, where nothing below them has to be
resolved. graphql-core answers all else: what is asked for the first time, fields of the application's own, and whatever it
alone can tell of.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLObjectType,
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

from gqlcrud.context import ApiKey, Operation, begin_operation, end_operation
from gqlcrud.faults import client_errors
from gqlcrud.fields import ReadField
from gqlcrud.mutations import Payload, WriteField
from gqlcrud.prepared import PreparedDocuments, Rules
from gqlcrud.rendering import NotRendered, OpenSelection
from gqlcrud.selection import FieldRequest
from gqlcrud.variables import Coercers, VariableReader, variable_reader

_RULES: Rules = tuple(specified_rules)


@dataclass(frozen=True, slots=True)
class DirectAnswers:
    """Answers the operations of one API that are known."""

    api: ApiKey
    schema: GraphQLSchema
    documents: PreparedDocuments
    coercers: Coercers = field(default_factory=Coercers)

    async def answer(
        self,
        text: str,
        given: Mapping[str, Any],
        operation_name: str | None,
        begin: Callable[[], Operation],
        *,
        mutations: bool,
    ) -> ExecutionResult | Outcomes | None:
        """The result of an operation; None if graphql-core has to answer. Where something is written already, and graphql-core
        has to tell of it, it is given what was. begin: gives the state of the operation. mutations: whether they are
        answered."""
        known = self.documents.find(self.schema, text) if text else None
        if known is None or known.rules != _RULES:
            return None
        direct: DirectQuery | DirectMutation | None = known.made_of(
            operation_name, lambda: self._read(known.document, operation_name)
        )
        if direct is None or (not mutations and isinstance(direct, DirectMutation)):
            return None
        variables = direct.variables(given)
        if variables is None:
            return None
        operation = begin()
        operation.renders = True
        token = begin_operation(self.api, operation)
        try:
            result = await direct.result(operation, variables)
        except OpenSelection:
            known.made[operation_name] = None
            return None
        except NotRendered:
            return None
        finally:
            end_operation(token)
            await operation.end()
        if not isinstance(result, ExecutionResult):
            return result
        if result.errors:
            result.errors = client_errors(result.errors, executed=True)
        return result

    def _read(self, document: DocumentNode, operation_name: str | None) -> DirectQuery | DirectMutation | None:
        return direct_operation(self.schema, document, operation_name, self.api, self.coercers)


Outcomes: TypeAlias = Mapping[str, Payload]
"""What root fields of a mutation gave, by response key."""


@dataclass(frozen=True, slots=True)
class Given:
    """What is given to the running operation. key: of idempotency. outcomes: what its root fields have given already."""

    key: str | None = None
    outcomes: Outcomes | None = None


NOTHING_GIVEN = Given()


@dataclass(frozen=True, slots=True)
class RootField:
    """A root field. field: what resolves it; None of `__typename`, which is `value`."""

    key: str
    field: ReadField | WriteField | None
    nodes: list[FieldNode]
    output: GraphQLOutputType
    value: str = ""


@dataclass(frozen=True, slots=True)
class _Known:
    """An operation, no variable deciding which of its root fields are selected. parent: the type of these. reader: of the
    variables; None where graphql-core reads them."""

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    parent: GraphQLObjectType
    reader: VariableReader | None

    def variables(self, given: Mapping[str, Any]) -> VariableValues | None:
        """The values of the variables; None if any cannot be coerced, which graphql-core tells."""
        if self.reader is not None:
            return self.reader.read(given)
        try:
            found = get_variable_values(self.schema, self.operation.variable_definitions or (), dict(given))
        except ValueError:  # an integer of so many digits that Python does not tell it
            return None
        return found if isinstance(found, VariableValues) else None

    def request(self, root: RootField, variables: VariableValues) -> FieldRequest:
        """A root field as what resolves it knows it."""
        name = root.nodes[0].name.value
        return FieldRequest(
            *(self.schema, self.fragments, self.operation, variables, self.parent, name, root.nodes, root.output)
        )


@dataclass(frozen=True, slots=True)
class DirectMutation(_Known):
    """A mutation of one root field, which is generated."""

    key: str
    field: WriteField
    root: RootField

    async def result(self, operation: Operation, variables: VariableValues) -> ExecutionResult | Outcomes:
        """What was written, for graphql-core to tell, if that is errors. Raises NotRendered where graphql-core has to answer:
        nothing is written then."""
        try:
            written = await self.field.render(operation, self.request(self.root, variables))
        except NotRendered:
            raise
        except Exception as error:
            errors = [located_error(error, self.root.nodes, [self.key])]
            return ExecutionResult(None if is_non_null_type(self.root.output) else {self.key: None}, errors, {})
        if isinstance(written, Payload):
            return {self.key: written}
        return ExecutionResult({self.key: written.value}, None, {})


@dataclass(frozen=True, slots=True)
class DirectQuery(_Known):
    """A query whose root fields all are generated."""

    fields: Sequence[RootField]

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
        assert isinstance(root.field, ReadField), "a query reads"
        try:
            return (await root.field.render(operation, self.request(root, variables))).value
        except NotRendered:
            raise
        except Exception as error:
            return located_error(error, root.nodes, [root.key])


def direct_operation(
    schema: GraphQLSchema, document: DocumentNode, operation_name: str | None, api: ApiKey, coercers: Coercers
) -> DirectQuery | DirectMutation | None:
    """The operation of a valid document that a request names, if it can be answered by its root fields alone."""
    operation = get_operation_ast(document, operation_name)
    if operation is None or operation.directives:
        return None
    parent = schema.get_root_type(operation.operation)
    assert parent is not None, "the document is valid"
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    grouped: dict[str, list[FieldNode]] = {}
    if not _collect(operation.selection_set, fragments, grouped, set()):
        return None
    fields = [_root_field(parent, key, nodes, api) for key, nodes in grouped.items()]
    found = [each for each in fields if each is not None]
    if len(found) < len(fields):
        return None
    reader = variable_reader(schema, operation, coercers)
    if operation.operation is OperationType.QUERY:
        return DirectQuery(schema, operation, fragments, parent, reader, found)
    if len(found) > 1 or not isinstance(found[0].field, WriteField):
        return None
    return DirectMutation(schema, operation, fragments, parent, reader, found[0].key, found[0].field, found[0])


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


def _root_field(parent: GraphQLObjectType, key: str, nodes: list[FieldNode], api: ApiKey) -> RootField | None:
    if nodes[0].name.value == "__typename":
        return RootField(key, None, nodes, parent, parent.name)
    found = parent.fields.get(nodes[0].name.value)
    if found is None:  # __schema and __type
        return None
    definition: Any = (found.extensions or {}).get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if not isinstance(definition, ReadField | WriteField) or definition.api is not api or definition.extensions:
        return None
    return RootField(key, definition, nodes, found.type)
