"""The result of a mutation with an idempotency key in, the same result whenever it is repeated out."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from graphql import ExecutionResult, GraphQLError, SourceLocation
from strawberry.types import ExecutionContext

from gqlcrud.errors import ErrorCode, RequestError, WriteError
from gqlcrud.faults import client_errors, fault, fault_error
from gqlcrud.mutations import Once


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
