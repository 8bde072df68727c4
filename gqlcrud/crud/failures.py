"""What a write or a read refuses in, the exception out that Python callers catch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar

from gqlcrud.errors import ErrorCode, GqlcrudError, RequestError, UserError, WriteError
from gqlcrud.naming import snake_name
from gqlcrud.scalars import Operator


class CrudError(GqlcrudError):
    """A call that was refused, or failed in a way to be expected: nothing of it is in the database.

    errors: what went wrong, each with its code, message and path, by attribute names from what the call was given:
    `("author", "connect")`, an index in front in lists. status: of an HTTP response that tells it.
    """

    status: ClassVar[int] = 500

    def __init__(self, errors: Sequence[UserError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = tuple(errors)


class NotFound(CrudError):
    """There is no such record, or it is marked as deleted."""

    status = 404


class Conflict(CrudError):
    """It contradicts what is in the database: a unique key is taken, the record has changed meanwhile, others refer to it."""

    status = 409


class Invalid(CrudError):
    """What was given cannot be meant: unknown names, values that no column takes, references to nothing."""

    status = 422


class Forbidden(CrudError):
    """A permission, or a hook, refuses it."""

    status = 403


class Unavailable(CrudError):
    """The database does not answer, or takes too long."""

    status = 503


_KINDS: dict[ErrorCode, type[CrudError]] = {
    ErrorCode.UNIQUE: Conflict,
    ErrorCode.STALE: Conflict,
    ErrorCode.FORBIDDEN: Forbidden,
    ErrorCode.UNAVAILABLE: Unavailable,
    ErrorCode.TIMEOUT: Unavailable,
    ErrorCode.UNREADABLE: CrudError,
    ErrorCode.INTERNAL_ERROR: CrudError,
}
_OF_THE_RECORD: dict[ErrorCode, type[CrudError]] = {
    ErrorCode.NOT_FOUND: NotFound,
    ErrorCode.FOREIGN_KEY: Conflict,
    ErrorCode.REQUIRED_RELATION: Conflict,
}
"""Told of the record itself, and not of something that was given for it."""
_NAMES = {each.value: snake_name(each.value) for each in Operator} | {
    each: snake_name(each)
    for each in ("isNot", "connectOrCreate", "deleteWhere", "updateWhere", "orderBy", "searchFields")
}


def crud_error(errors: Sequence[UserError], record: int = 0) -> CrudError:
    """The exception for `errors`, whose paths are told in Python's names. The first of them says of which kind it is.

    record: how many steps of a path lead to the record itself.
    """
    first = errors[0]
    kind = None if len(first.path) > record else _OF_THE_RECORD.get(first.code)
    return (kind or _KINDS.get(first.code, Invalid))([python_error(each) for each in errors])


def python_error(error: UserError) -> UserError:
    """The same error, operators and operations in its path called as in Python."""
    path = tuple(_NAMES.get(step, step) if isinstance(step, str) else step for step in error.path)
    return UserError(error.code, error.message, path, error.fields, error.current)


@contextmanager
def told_in_python(record: int = 0) -> Iterator[None]:
    """What the block raises for a mistake or an expected failure is raised as a `CrudError`. record: as in `crud_error`."""
    try:
        yield
    except WriteError as error:
        raise crud_error(error.errors, record) from error
    except RequestError as error:
        raise crud_error([UserError(error.code, error.message, error.path)]) from error


def invalid(message: str, path: tuple[str | int, ...] = (), code: ErrorCode = ErrorCode.VALIDATION) -> Invalid:
    """One mistake of a call."""
    return Invalid([UserError(code, message, path)])
