"""The extension of a Strawberry schema that gives every operation its state on an `Api`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Protocol

from graphql import (
    ExecutionResult,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    get_operation_ast,
)
from graphql.execution.values import VariableValues, get_variable_values
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types import ExecutionContext

from gqlcrud.context import Operation, begin_operation, end_operation
from gqlcrud.errors import ErrorCode
from gqlcrud.faults import client_errors
from gqlcrud.mutations import Mutation, WriteField, prepare_document, run_document
from gqlcrud.selection import Selection, read_root_selections

Writes = Mapping[str, tuple[Mutation, Selection]]


class ExtendedApi(Protocol):
    """What the extension needs of an `Api`."""

    def new_operation(self) -> Operation: ...


def extension_of(api: ExtendedApi) -> type[SchemaExtension]:
    """The extension that gives every operation of a schema its state on `api`."""

    class GqlcrudExtension(SchemaExtension):
        async def on_operation(self) -> AsyncIterator[None]:
            self.operation = api.new_operation()
            token = begin_operation(api, self.operation)
            try:
                yield
            finally:
                end_operation(token)
                await self.operation.connection.close()
            result = self.execution_context.result
            if isinstance(result, ExecutionResult) and result.errors:
                result.errors = client_errors(result.errors, executed=True)

        def on_parse(self) -> Iterator[None]:
            yield
            # Strawberry would run the first. Source: GraphQL specification, section 6.1, "GetOperation"
            document = self.execution_context.graphql_document
            definitions = document.definitions if document is not None else ()
            operations = sum(isinstance(each, OperationDefinitionNode) for each in definitions)
            if operations > 1 and self.execution_context._provided_operation_name is None:
                raise GraphQLError(
                    "The document has several operations: say in operationName which one to run.",
                    extensions={"code": ErrorCode.OPERATION_RESOLUTION_FAILURE.value},
                )

        async def on_execute(self) -> AsyncIterator[None]:
            """A mutation that is written as a whole is, before any of its fields is resolved."""
            context = self.execution_context
            if is_atomic(context):
                try:
                    writes = root_writes(context, api)
                except GraphQLError as error:
                    context.result = ExecutionResult(None, [error])
                else:
                    if writes is not None:
                        document = prepare_document(self.operation, writes)
                        self.operation.outcomes = await run_document(self.operation, document)
            yield

    return GqlcrudExtension


def is_atomic(context: ExecutionContext) -> bool:
    operation = _mutation(context)
    return operation is not None and any(each.name.value == "atomic" for each in operation.directives or ())


def root_writes(context: ExecutionContext, api: ExtendedApi) -> Writes | None:
    """The root fields of a mutation that `api` writes; None if the variables cannot be coerced, which execution tells.

    Raises GraphQLError for a field of the user's own, which cannot take part in a transaction.
    """
    operation, document = _mutation(context), context.graphql_document
    assert operation is not None and document is not None, "a mutation is executed"
    schema = context.schema._schema
    root = schema.mutation_type
    assert root is not None, "the document is valid"
    variables: Any = get_variable_values(schema, operation.variable_definitions or (), context.variables or {})
    if not isinstance(variables, VariableValues):
        return None
    writes: dict[str, tuple[Mutation, Selection]] = {}
    for key, selection in read_root_selections(schema, document, operation, variables).items():
        if selection.name == "__typename":
            continue
        definition = root.fields[selection.name].extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
        if not isinstance(definition, WriteField) or definition.api is not api:
            raise GraphQLError(
                f"{selection.name} cannot be undone, so it cannot stand in a mutation that is written as a whole.",
                extensions={"code": ErrorCode.VALIDATION.value},
            )
        writes[key] = definition.mutation, selection
    return writes


def _mutation(context: ExecutionContext) -> OperationDefinitionNode | None:
    """The operation that is executed, if it is a mutation."""
    assert context.graphql_document is not None, "a document is executed"
    operation = get_operation_ast(context.graphql_document, context._provided_operation_name)
    return operation if operation is not None and operation.operation is OperationType.MUTATION else None
