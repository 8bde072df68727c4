"""What a write or a read refuses in, the exception out that Python callers catch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import ClassVar, TypeAlias

from gqlcrud.errors import ErrorCode, GqlcrudError, RequestError, UserError, WriteError
from gqlcrud.naming import snake_name
from gqlcrud.scalars import Operator
from gqlcrud.write_plan import Path


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


Places: TypeAlias = Mapping[Path, Path]
"""Where something stands that planning has at another place, such as an item of `tag_ids` that it connects."""


def crud_error(errors: Sequence[UserError], record: int = 0, places: Places = MappingProxyType({})) -> CrudError:
    """The exception for `errors`, whose paths are told as the caller wrote them. The first says of which kind it is.

    record: how many steps of a path lead to the record itself.
    """
    first = errors[0]
    kind = None if len(first.path) > record else _OF_THE_RECORD.get(first.code)
    return (kind or _KINDS.get(first.code, Invalid))([python_error(each, places) for each in errors])


def python_error(error: UserError, places: Places = MappingProxyType({})) -> UserError:
    """The same error, its path in the names of Python and through what was given."""
    path: Path = ()
    for step in error.path:
        path = (*path, _NAMES.get(step, step) if isinstance(step, str) else step)
        path = places.get(path, path)
    return replace(error, path=path)


@contextmanager
def told_in_python(record: int = 0, places: Places = MappingProxyType({})) -> Iterator[None]:
    """What the block raises for a mistake or an expected failure is raised as a `CrudError`. record, places: as in
    `crud_error`."""
    try:
        yield
    except WriteError as error:
        raise crud_error(error.errors, record, places) from error
    except RequestError as error:
        raise crud_error([UserError(error.code, error.message, error.path)], record, places) from error


def invalid(message: str, path: tuple[str | int, ...] = (), code: ErrorCode = ErrorCode.VALIDATION) -> Invalid:
    """One mistake of a call."""
    return Invalid([UserError(code, message, path)])
