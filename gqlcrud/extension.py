"""The extension of a Strawberry schema that gives every operation its state on an `Api`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    get_operation_ast,
    validate,
)
from graphql.execution.values import VariableValues, get_variable_values
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule
from strawberry.types import ExecutionContext

from gqlcrud.answering import answered_once
from gqlcrud.context import Operation, begin_operation, end_operation
from gqlcrud.document_limits import check_document, parse_within
from gqlcrud.errors import ErrorCode
from gqlcrud.execution import Answers
from gqlcrud.faults import client_errors
from gqlcrud.idempotency import AnswerKey, Idempotency, fingerprint
from gqlcrud.mutations import Mutation, Once, WriteField, prepare_document, run_document
from gqlcrud.observing import tell_document, timed
from gqlcrud.options import Limits, Permission, permits
from gqlcrud.prepared import PreparedDocument, PreparedDocuments, introspects
from gqlcrud.rendering import RenderingExecutor
from gqlcrud.selection import Selection, read_root_selections

Writes = Mapping[str, tuple[Mutation, Selection]]


class ExtendedApi(Protocol):
    """What the extension needs of an `Api`."""

    idempotency: Idempotency | None
    limits: Limits
    introspection: Permission
    suggestions: Permission

    @property
    def idempotency_key(self) -> str | None: ...

    def new_operation(self, context: Any) -> Operation: ...


def extension_of(api: ExtendedApi, documents: PreparedDocuments) -> type[SchemaExtension]:
    """The extension that gives every operation of a schema its state on `api`. documents: those that are known."""

    class GqlcrudExtension(SchemaExtension):
        async def on_operation(self) -> AsyncIterator[None]:
            self.operation = api.new_operation(self.execution_context.context)
            self.operation.renders = _renders(self.execution_context)
            token = begin_operation(api, self.operation)
            try:
                yield
            finally:
                end_operation(token)
                await self.operation.end()
            result = self.execution_context.result
            if isinstance(result, ExecutionResult) and result.errors:
                suggestions = permits(api.suggestions, self.execution_context.context)
                result.errors = client_errors(result.errors, executed=True, suggestions=suggestions)

        def on_parse(self) -> Iterator[None]:
            self.prepared = prepared_document(documents, self.execution_context, api.limits)
            yield
            check_operation(self.execution_context)

        def on_validate(self) -> Iterator[None]:
            context = self.execution_context
            if self.prepared is not None and self.prepared.rules == context.validation_rules:
                context.pre_execution_errors = []
            elif context.pre_execution_errors is None and context.validation_rules:
                context.pre_execution_errors = validation_errors(context, api)
            if not context.pre_execution_errors and not permits(api.introspection, context.context):
                context.pre_execution_errors = introspection_errors(self.prepared, context)
            yield
            if self.prepared is None and not context.pre_execution_errors:
                remember_document(documents, context)

        async def on_execute(self) -> AsyncIterator[None]:
            async with written_as_whole(self.execution_context, api, self.operation):
                yield

    return GqlcrudExtension


def _renders(context: ExecutionContext) -> bool:
    """Whether the schema's executor passes on what is rendered."""
    executor = getattr(context.schema, "execution_context_class", None)
    return isinstance(executor, type) and issubclass(executor, RenderingExecutor)


def prepared_document(
    documents: PreparedDocuments, context: ExecutionContext, limits: Limits
) -> PreparedDocument | None:
    """What is known of the document of a request, which is parsed if that is nothing. Raises what `read_document` does."""
    known = known_document(documents, context)
    if known is not None:
        context.graphql_document = known.document
    else:
        read_document(context, limits)
    tell_document(context.query or "", context.graphql_document, known=known is not None)
    return known


def known_document(documents: PreparedDocuments, context: ExecutionContext) -> PreparedDocument | None:
    """What is known of the text of a request; nothing where the caller has parsed it already."""
    if not context.query or context.graphql_document is not None:
        return None
    return documents.find(context.schema._schema, context.query)


@timed("parse")
def read_document(context: ExecutionContext, limits: Limits) -> None:
    """Parse the text of a request. Raises GraphQLError for a syntax error, and with the code LIMIT.

    A document that the caller has parsed is as large as the caller wants, and has its shape looked at. Without any text
    it is Strawberry that tells.
    """
    if context.graphql_document is not None:
        check_document(context.graphql_document, limits)
    elif context.query:
        context.graphql_document = parse_within(context.query, limits, context.parse_options)


@timed("validate")
def validation_errors(context: ExecutionContext, api: ExtendedApi) -> list[GraphQLError]:
    """What does not fit the schema, by the rules that Strawberry has, up to so many errors."""
    assert context.graphql_document is not None, "the document is parsed"
    return validate(
        context.schema._schema,
        context.graphql_document,
        (*context.validation_rules, MaybeNullValidationRule, OneOfInputValidationRule),
        max_errors=api.limits.max_errors,
        hide_suggestions=not permits(api.suggestions, context.context),
    )


def introspection_errors(known: PreparedDocument | None, context: ExecutionContext) -> list[GraphQLError]:
    """What is told of a document that asks for the schema, to whom it is not shown."""
    assert context.graphql_document is not None, "the document is parsed"
    if not (known.introspects if known is not None else introspects(context.graphql_document)):
        return []
    return [
        GraphQLError(
            "The schema is not shown: introspection is disabled.",
            extensions={"code": ErrorCode.INTROSPECTION_DISABLED.value},
        )
    ]


def remember_document(documents: PreparedDocuments, context: ExecutionContext) -> None:
    """Keep a document that has been found valid."""
    if context.query and context.graphql_document is not None:
        documents.keep(context.schema._schema, context.query, context.graphql_document, context.validation_rules)


def check_operation(context: ExecutionContext) -> None:
    """Raises GraphQLError where it is not said which operation to run. Strawberry would run the first.

    Source: GraphQL specification, section 6.1, "GetOperation".
    """
    definitions = context.graphql_document.definitions if context.graphql_document is not None else ()
    operations = sum(isinstance(each, OperationDefinitionNode) for each in definitions)
    if operations > 1 and context._provided_operation_name is None:
        raise GraphQLError(
            "The document has several operations: say in operationName which one to run.",
            extensions={"code": ErrorCode.OPERATION_RESOLUTION_FAILURE.value},
        )


@asynccontextmanager
async def written_as_whole(context: ExecutionContext, api: ExtendedApi, operation: Operation) -> AsyncIterator[None]:
    """A mutation that is written as a whole is, before any of its fields is resolved; all others are left alone."""
    request = None
    try:
        request = whole_mutation(context, api)
    except GraphQLError as error:
        context.result = ExecutionResult(None, [error])
    if request is None:
        yield
        return
    document = await prepare_document(operation, request.writes)
    if request.key is None or api.idempotency is None:
        operation.outcomes = await run_document(operation, document)
        yield
        return
    async with answered_once(context, Once(operation, document, Answers(api.idempotency), request.key)):
        yield


@dataclass(frozen=True, slots=True)
class WholeMutation:
    """A mutation whose root fields are written together, and its idempotency key if it has one."""

    writes: Writes
    key: AnswerKey | None


def whole_mutation(context: ExecutionContext, api: ExtendedApi) -> WholeMutation | None:
    """The mutation that is executed, if it is marked @atomic or has an idempotency key.

    None also if the variables cannot be coerced, which execution tells. Raises GraphQLError for a field of the user's
    own, which cannot take part in a transaction.
    """
    assert context.graphql_document is not None, "a document is executed"
    operation = get_operation_ast(context.graphql_document, context._provided_operation_name)
    if operation is None or operation.operation is not OperationType.MUTATION:
        return None
    atomic = any(each.name.value == "atomic" for each in operation.directives or ())
    by_client = api.idempotency is not None and api.idempotency.client_mutation_id
    if not atomic and not by_client and api.idempotency_key is None:
        return None
    schema = context.schema._schema
    variables = get_variable_values(schema, operation.variable_definitions or (), context.variables or {})
    if not isinstance(variables, VariableValues):
        return None
    selections = read_root_selections(schema, context.graphql_document, operation, variables)
    key = api.idempotency_key or (_client_key(selections.values()) if by_client else None)
    if not atomic and key is None:
        return None
    answer_key = None
    if key is not None and api.idempotency is not None:
        caller = api.idempotency.caller(context.context)
        known = fingerprint(context.query or "", context._provided_operation_name, context.variables or {})
        answer_key = AnswerKey(caller, key, known)
    return WholeMutation(_writes(schema, selections, api), answer_key)


def _client_key(selections: Iterable[Selection]) -> str | None:
    """The `clientMutationId` of every root field, since one answer holds them all; None if any has none."""
    inputs = [each.arguments.get("input") for each in selections if each.name != "__typename"]
    found = [each.get("clientMutationId") if isinstance(each, dict) else None for each in inputs]
    if not found or not all(found):
        return None
    digest = hashlib.sha256(json.dumps(found).encode()).hexdigest()
    return f"clientMutationId:{digest}"


def _writes(schema: GraphQLSchema, selections: Mapping[str, Selection], api: ExtendedApi) -> Writes:
    assert schema.mutation_type is not None, "the document is valid"
    fields = schema.mutation_type.fields
    writes: dict[str, tuple[Mutation, Selection]] = {}
    for key, selection in selections.items():
        if selection.name == "__typename":
            continue
        definition = fields[selection.name].extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
        if not isinstance(definition, WriteField) or definition.api is not api:
            raise GraphQLError(
                f"{selection.name} cannot be undone, so it cannot stand in a mutation that is written as a whole.",
                extensions={"code": ErrorCode.VALIDATION.value},
            )
        writes[key] = definition.mutation, selection
    return writes
