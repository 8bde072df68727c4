"""What an error becomes for the client: a code for a mistake of its own, an id and nothing else for a fault of ours."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Sequence

from graphql import GraphQLError, GraphQLSyntaxError

from gqlcrud.errors import ErrorCode, RequestError
from gqlcrud.observing import REQUEST_ID, tell_fault

logger = logging.getLogger("gqlcrud")


def client_errors(errors: Sequence[GraphQLError], *, executed: bool, suggestions: bool = True) -> list[GraphQLError]:
    """The errors of a response as a client may see them, each with `extensions.code`.

    `executed` tells errors of execution from those of validation. An unexpected exception is logged with its
    traceback under an id, once however many fields it fails, and the client is shown that id alone.
    suggestions: whether an error of the request as a whole may tell names of the schema that are like the given one.
    """
    known: dict[int, str] = {}
    told = [_client_error(error, known, executed=executed) for error in errors]
    for error in told:
        if not error.path:
            message = error.message if suggestions else _SUGGESTION.sub("", error.message)
            error.message = message if len(message) <= _LONGEST else f"{message[: _LONGEST - 3]}..."
    return told


_LONGEST = 1000
"""Characters of a message about the request as a whole, in which graphql-core repeats the values that it refuses."""
_SUGGESTION = re.compile(r" Did you mean [^?]*\?")


def fault(origin: BaseException, place: str) -> str:
    """The id under which an unexpected exception is logged, beside that of the request."""
    identity = uuid.uuid4().hex
    told = {"fault_id": identity, "request_id": REQUEST_ID.get()}
    logger.error("Fault %s at %s", identity, place, exc_info=origin, extra=told)
    tell_fault(identity, origin)
    return identity


def fault_error(identity: str, error: GraphQLError | None = None) -> GraphQLError:
    """What the client is shown of a fault, in the place of `error`."""
    return GraphQLError(
        "An internal error occurred.",
        nodes=error.nodes if error is not None else None,
        path=error.path if error is not None else None,
        extensions={"code": ErrorCode.INTERNAL_ERROR.value, "id": identity},
    )


def _client_error(error: GraphQLError, known: dict[int, str], *, executed: bool) -> GraphQLError:
    origin = error.original_error
    while isinstance(origin, GraphQLError) and origin.original_error is not None:
        origin = origin.original_error
    if isinstance(origin, RecursionError) and not executed:
        code = ErrorCode.GRAPHQL_PARSE_FAILED
        return GraphQLError("The document nests too deeply.", extensions={"code": code.value})
    if isinstance(origin, ValueError) and "set_int_max_str_digits" in str(origin):  # advice for who runs Python
        error = GraphQLError("A number has too many digits.", error.nodes, path=error.path)
        executed = executed or not error.nodes  # that of a variable has no place in the document
    elif _is_fault(error, origin):
        assert origin is not None, "a fault has a cause"
        if id(origin) not in known:
            known[id(origin)] = fault(origin, ".".join(map(str, error.path or ())) or "the operation as a whole")
        return fault_error(known[id(origin)], error)
    if error.extensions is None or "code" not in error.extensions:
        error.extensions = {**(error.extensions or {}), "code": _code(error, executed=executed).value}
    return error


def _is_fault(error: GraphQLError, origin: Exception | None) -> bool:
    """Whether an exception is unexpected. One that a scalar raised for the value of a variable is not: it comes with
    the place of the variable, and without a path."""
    foreign = origin is not None and not isinstance(origin, GraphQLError | RequestError)
    return foreign and (bool(error.path) or not error.nodes)


def _code(error: GraphQLError, *, executed: bool) -> ErrorCode:
    if isinstance(error, GraphQLSyntaxError):
        return ErrorCode.GRAPHQL_PARSE_FAILED
    if not executed:
        return ErrorCode.GRAPHQL_VALIDATION_FAILED
    return ErrorCode.VALIDATION if error.path else ErrorCode.BAD_USER_INPUT
