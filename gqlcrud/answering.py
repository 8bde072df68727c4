"""What is answered otherwise than by execution: mutations that are repeated, operations that are not to be run."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from graphql import ExecutionResult, GraphQLError, SourceLocation
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionContext
from strawberry.types import ExecutionResult as StrawberryResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from gqlcrud.errors import ErrorCode, RequestError, WriteError
from gqlcrud.faults import client_errors, fault, fault_error
from gqlcrud.mutations import Once


@dataclass(frozen=True, slots=True)
class Asked:
    """One operation that is to be run. query: its text; None where `document_id` or `extensions` name it. context:
    `info.context` in resolvers. mutations: whether it may be one."""

    query: str | None
    variables: Mapping[str, Any]
    context: Any
    operation_name: str | None
    mutations: bool
    document_id: str | None
    extensions: Mapping[str, Any]


@asynccontextmanager
async def answered_once(context: ExecutionContext, once: Once) -> AsyncIterator[None]:
    """Gives the operation the answer that is kept, or keeps the one that is made in the block."""
    try:
        await once.begin()
    except RequestError as error:
        context.result = _refusal(error)
        yield
        return
    if once.stored is not None:
        context.result = _read(once.stored)
        yield
        return
    once.operation.outcomes = once.outcomes
    try:
        yield
    except BaseException:
        await once.abandon()
        raise
    assert isinstance(context.result, ExecutionResult), "a mutation gives one result"
    await _finish(context.result, once)


async def _finish(result: ExecutionResult, once: Once) -> None:
    """A fault is not kept, and undoes what is written: the request can be repeated."""
    result.errors = client_errors(result.errors or (), executed=True) or None
    try:
        response = json.dumps({"data": result.data, "errors": [each.formatted for each in result.errors or ()]})
    except (TypeError, ValueError, RecursionError) as error:
        await once.abandon()
        result.data, result.errors = None, [fault_error(fault(error, "the result, which is no JSON"))]
        return
    if any((each.extensions or {}).get("code") in _FAULTS for each in result.errors or ()):
        await once.abandon()
        result.data = None
        return
    try:
        kept = _read(await once.finish(response))
    except WriteError as error:
        kept = _refusal(RequestError(error.errors[0].message, error.errors[0].code, error.errors[0].path))
    except Exception as error:
        kept = _refusal(error)
    result.data, result.errors = kept.data, kept.errors


_FAULTS = {ErrorCode.INTERNAL_ERROR.value, ErrorCode.UNAVAILABLE.value, ErrorCode.TIMEOUT.value}


def _refusal(error: Exception) -> ExecutionResult:
    return ExecutionResult(None, client_errors([GraphQLError(str(error), original_error=error)], executed=False))


def _read(response: str) -> ExecutionResult:
    """A response as it was kept."""
    document = json.loads(response)
    errors = [_read_error(each) for each in document["errors"]]
    return ExecutionResult(document["data"], errors or None)


def _read_error(formatted: Mapping[str, Any]) -> GraphQLError:
    error = GraphQLError(formatted["message"], path=formatted.get("path"), extensions=formatted.get("extensions"))
    if "locations" in formatted:
        error.locations = [SourceLocation(**each) for each in formatted["locations"]]
    return error


def not_to_be_run(error: Exception) -> StrawberryResult:
    """What is told of a document that has no operation, or none that may be run."""
    match error:
        case CannotGetOperationTypeError(operation_name=None):
            return _not_run("The document has no operation.", ErrorCode.OPERATION_RESOLUTION_FAILURE)
        case CannotGetOperationTypeError(operation_name=name):
            return _not_run(f"Unknown operation named {name!r}.", ErrorCode.OPERATION_RESOLUTION_FAILURE)
        case InvalidOperationTypeError(operation_type=OperationType.SUBSCRIPTION):
            return _not_run("This API has no subscriptions.", ErrorCode.OPERATION_RESOLUTION_FAILURE)
        case InvalidOperationTypeError():
            return _not_run("A mutation is sent with POST.", ErrorCode.MUTATION_REFUSED)
        case _:
            return _not_run("Syntax Error: Unexpected <EOF>.", ErrorCode.GRAPHQL_PARSE_FAILED)


def timed_out(seconds: float | None) -> StrawberryResult:
    """What is told of an operation that is ended as a whole."""
    return _not_run(f"The operation took longer than {seconds:g} seconds.", ErrorCode.TIMEOUT)


def refused(error: RequestError) -> StrawberryResult:
    """What is told of an operation whose document is not to be had."""
    return _not_run(error.message, error.code)


def _not_run(message: str, code: ErrorCode) -> StrawberryResult:
    return PreExecutionError(data=None, errors=[GraphQLError(message, extensions={"code": code.value})])
