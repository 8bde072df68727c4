"""The errors that gqlcrud raises, and the closed set of codes that clients see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any


class ErrorCode(StrEnum):
    """What went wrong, as `extensions.code` of a GraphQL error, or as `code` in the payload of a mutation.

    `docs/errors.md` explains each.
    """

    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    OPERATION_RESOLUTION_FAILURE = "OPERATION_RESOLUTION_FAILURE"
    INTROSPECTION_DISABLED = "INTROSPECTION_DISABLED"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    PERSISTED_QUERY_NOT_SUPPORTED = "PERSISTED_QUERY_NOT_SUPPORTED"
    DOCUMENT_NOT_TRUSTED = "DOCUMENT_NOT_TRUSTED"
    MUTATION_REFUSED = "MUTATION_REFUSED"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    BAD_REQUEST = "BAD_REQUEST"
    VALIDATION = "VALIDATION"
    LIMIT = "LIMIT"
    NOT_FOUND = "NOT_FOUND"
    UNIQUE = "UNIQUE"
    FOREIGN_KEY = "FOREIGN_KEY"
    CHECK = "CHECK"
    REQUIRED_RELATION = "REQUIRED_RELATION"
    CONFLICTING_OPERATIONS = "CONFLICTING_OPERATIONS"
    STALE = "STALE"
    FORBIDDEN = "FORBIDDEN"
    ROLLED_BACK = "ROLLED_BACK"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
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


@dataclass(frozen=True, slots=True)
class UserError:
    """An expected failure of a write, as a payload tells it.

    path: from the mutation field to the place in its arguments: `("input", "data", "isbn")`. fields: the GraphQL fields
    that the failure is about, such as those that are to be unique together. current: the record as it is, for STALE.
    """

    code: ErrorCode
    message: str
    path: tuple[str | int, ...] = ()
    fields: tuple[str, ...] = ()
    current: Any = None

    def below(self, *prefix: str | int) -> UserError:
        """The same error, its path seen from `prefix` further up."""
        return replace(self, path=(*prefix, *self.path))


PAYLOAD_CODES = frozenset(
    {
        *(ErrorCode.VALIDATION, ErrorCode.LIMIT, ErrorCode.NOT_FOUND, ErrorCode.UNIQUE, ErrorCode.FOREIGN_KEY),
        *(ErrorCode.CHECK, ErrorCode.REQUIRED_RELATION, ErrorCode.CONFLICTING_OPERATIONS, ErrorCode.STALE),
        *(ErrorCode.FORBIDDEN, ErrorCode.ROLLED_BACK),
    }
)
"""The codes of errors in the payload of a mutation."""


class WriteError(GqlcrudError):
    """A write that was refused, or that failed in a way to be expected: nothing of it is in the database."""

    def __init__(self, errors: Sequence[UserError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = tuple(errors)

    def below(self, *prefix: str | int) -> WriteError:
        """The same errors, their paths seen from `prefix` further up."""
        return WriteError([error.below(*prefix) for error in self.errors])


class WriteRefused(WriteError):
    """Raised by a hook: the client is told so in the payload, and nothing is written.

    path: from the record into its values, by attribute or GraphQL field: `("price",)`; () is the record itself.
    Raises ConfigurationError for a code that payloads do not have.
    """

    def __init__(self, message: str, code: ErrorCode = ErrorCode.FORBIDDEN, path: tuple[str | int, ...] = ()) -> None:
        if code not in PAYLOAD_CODES:
            raise ConfigurationError(f"WriteRefused(code=...) takes a code of payloads, such as FORBIDDEN, not {code}.")
        super().__init__([UserError(code, message, path)])
        self.path = path
