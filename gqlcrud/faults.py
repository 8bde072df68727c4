"""What an error becomes for the client: a code for a mistake of its own, an id and nothing else for a fault of ours."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence

from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.exceptions import StrawberryInputCoercionError

from gqlcrud.errors import ErrorCode, RequestError

logger = logging.getLogger("gqlcrud")


def client_errors(errors: Sequence[GraphQLError], *, executed: bool) -> list[GraphQLError]:
    """The errors of a response as a client may see them, each with `extensions.code`.

    `executed` tells errors of execution from those of validation. An unexpected exception is logged with its
    traceback under an id, and the client is shown that id alone.
    """
    return [_client_error(error, executed=executed) for error in errors]


def _client_error(error: GraphQLError, *, executed: bool) -> GraphQLError:
    origin = error.original_error
    while isinstance(origin, GraphQLError) and origin.original_error is not None:
        origin = origin.original_error
    if (
        error.path
        and origin is not None
        and not isinstance(origin, GraphQLError | RequestError | StrawberryInputCoercionError)
    ):
        return _masked(error, origin)
    if error.extensions is None or "code" not in error.extensions:
        error.extensions = {**(error.extensions or {}), "code": _code(error, executed=executed).value}
    return error


def _code(error: GraphQLError, *, executed: bool) -> ErrorCode:
    if isinstance(error, GraphQLSyntaxError):
        return ErrorCode.GRAPHQL_PARSE_FAILED
    if not executed:
        return ErrorCode.GRAPHQL_VALIDATION_FAILED
    return ErrorCode.VALIDATION if error.path else ErrorCode.BAD_USER_INPUT


def _masked(error: GraphQLError, origin: BaseException) -> GraphQLError:
    fault = uuid.uuid4().hex
    logger.error("Fault %s at %s", fault, ".".join(map(str, error.path or ())), exc_info=origin)
    return GraphQLError(
        "An internal error occurred.",
        nodes=error.nodes,
        path=error.path,
        extensions={"code": ErrorCode.INTERNAL_ERROR.value, "id": fault},
    )
