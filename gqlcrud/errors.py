"""The errors that gqlcrud raises, and the closed set of codes that clients see."""

from __future__ import annotations

from enum import StrEnum


class ErrorCode(StrEnum):
    """What went wrong, as `extensions.code` of a GraphQL error. `docs/errors.md` explains each."""

    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    OPERATION_RESOLUTION_FAILURE = "OPERATION_RESOLUTION_FAILURE"
    MUTATION_REFUSED = "MUTATION_REFUSED"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    BAD_REQUEST = "BAD_REQUEST"
    VALIDATION = "VALIDATION"
    LIMIT = "LIMIT"
    UNREADABLE = "UNREADABLE"
    TIMEOUT = "TIMEOUT"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL_ERROR = "INTERNAL_ERROR"


class GqlcrudError(Exception):
    """Root of every error that gqlcrud raises on purpose."""


class ConfigurationError(GqlcrudError):
    """A mistake in models, options or a command line; read by the developer, raised before any request."""


class RequestError(GqlcrudError):
    """A mistake in a request; its message is shown to the client as it is.

    `path` leads from the root field into the document and its arguments, by response keys and argument names:
    `("nodes", "books", "after")`. An integer is an index into a list operand.
    """

    def __init__(self, message: str, code: ErrorCode = ErrorCode.VALIDATION, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.path = path

    @property
    def extensions(self) -> dict[str, object]:
        """What graphql-core puts beside the message."""
        return {"code": self.code.value, "inputPath": list(self.path)} if self.path else {"code": self.code.value}

    def below(self, *prefix: str | int) -> RequestError:
        """The same error, its path seen from `prefix` further up."""
        return RequestError(self.message, self.code, (*prefix, *self.path))
