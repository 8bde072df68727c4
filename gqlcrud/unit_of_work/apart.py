"""Items of one write in, what becomes of each out: one that fails leaves the others alone.

While nothing fails, they are written together, in one savepoint.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm.exc import StaleDataError

from gqlcrud.diagnosis.diagnose import diagnose
from gqlcrud.diagnosis.misfits import uncomputable
from gqlcrud.diagnosis.permitted import denied
from gqlcrud.diagnosis.violations import is_computation, is_denied, read_violation
from gqlcrud.diagnosis.written_rows import WrittenRow, each_row
from gqlcrud.errors import ErrorCode, UserError, WriteError
from gqlcrud.unit_of_work.saving import Saver

T = TypeVar("T")
M = TypeVar("M")

Placed: TypeAlias = tuple[int, T]
"""An item with its place in the list of the input."""

_PLACE = 2
"""Where the place stands in the path of an error: ("input", "data", 3)."""


def write_apart(
    saver: Saver, items: Sequence[Placed[T]], write: Callable[[Sequence[T]], Sequence[M]]
) -> tuple[dict[int, M], list[UserError]]:
    """What `write` makes of the items, by their places, and the errors of those that fail, in the order of the items.

    Those that an error names are taken out and the others tried again; if it names none, the items are halved. Raises
    what no client is to blame for.
    """
    made: dict[int, M] = {}
    errors: list[UserError] = []
    pending = [list(items)]
    while pending:
        batch = pending.pop()
        if not batch:
            continue
        found, failures = _attempt(saver, batch, write)
        made |= found
        accused = {error.path[_PLACE] for error in failures if len(error.path) > _PLACE}
        named = accused & {place for place, _ in batch}
        if named:
            errors += [error for error in failures if len(error.path) > _PLACE]
            pending.append([item for item in batch if item[0] not in named])
        elif failures and len(batch) > 1:
            half = len(batch) // 2
            pending += [batch[half:], batch[:half]]
        elif failures:
            errors += failures
    return made, sorted(errors, key=place_of)


def _attempt(
    saver: Saver, batch: Sequence[Placed[T]], write: Callable[[Sequence[T]], Sequence[M]]
) -> tuple[dict[int, M], tuple[UserError, ...]]:
    """What is written, all of it or nothing, and why not."""
    try:
        made = write_wholly(saver, lambda: write([item for _, item in batch]))
    except WriteError as error:
        return {}, error.errors
    return {place: each for (place, _), each in zip(batch, made, strict=True)}, ()


def write_wholly(saver: Saver, write: Callable[[], M]) -> M:
    """What `write` gives, in a savepoint. Raises WriteError for what is expected to fail, once that is undone; what the
    transaction has written before is there still, so that a conflict with it is told as any other."""
    before = len(saver.written)
    rows: Sequence[WrittenRow] = ()
    try:
        with saver.savepoint():
            try:
                made = write()
                saver.check_written()
                return made
            finally:
                # what a hook writes is none of the client's rows: those written before it are to blame then
                rows = each_row(saver.writing or saver.written[before:])
    except (WriteError, SQLAlchemyError, OverflowError, UnicodeEncodeError) as error:
        failures = failures_of(saver, error, rows)
        saver.writing.clear()
        if not failures:
            raise
        raise WriteError(failures) from error


def failures_of(saver: Saver, error: Exception, rows: Sequence[WrittenRow]) -> tuple[UserError, ...]:
    """What a client is told of a failure, once it is rolled back to its savepoint; () for what nobody could expect."""
    if isinstance(error, WriteError):
        return error.errors
    if isinstance(error, StaleDataError) and rows:
        message = "The record has been changed or deleted in the meantime."
        return (UserError(ErrorCode.STALE, message, rows[0].path),)
    violation = read_violation(error)
    if violation is not None:
        return diagnose(saver.session, violation, rows, saver.catalog, rules=saver.rules)
    if is_denied(error):
        return (denied(rows),)
    return (uncomputable(rows),) if is_computation(error) else ()


def place_of(error: UserError) -> int:
    """The place of the item that an error is of; 0 where it names none."""
    place = error.path[_PLACE] if len(error.path) > _PLACE else 0
    return place if isinstance(place, int) else 0
