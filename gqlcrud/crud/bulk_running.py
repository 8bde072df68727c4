"""Rows, one after the other, and a job for batches of them in; each batch written, and a summary of all out.

It knows what is written together and what becomes of a batch that fails, but not what a row means.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Iterator, Sequence, Sized
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol, TypeAlias

from gqlcrud.catalog import Catalog
from gqlcrud.crud.failures import python_error
from gqlcrud.crud.summary import Counts, FailedItem, Summary, Tally
from gqlcrud.errors import RequestError, UserError, WriteError
from gqlcrud.execution import Transaction, Writer
from gqlcrud.progress import ProgressOption, ProgressReporter, progress_reporter
from gqlcrud.unit_of_work import Saver, is_deferrable, write_wholly

Rows: TypeAlias = Iterable[Any] | AsyncIterable[Any]
"""Mappings, Pydantic models or dataclasses, one for each record. They are asked for as they are written: never is more
than a batch of them in memory."""
OnError: TypeAlias = Literal["abort", "continue"]
OnFailure: TypeAlias = Callable[[FailedItem], Any]
"""Is told of every item that fails; a coroutine function is awaited."""

BATCH = 5000
"""Rows of one batch: beyond it neither database gets any faster."""
KEPT_FAILURES = 1000


@dataclass(frozen=True, slots=True)
class Options:
    """How a bulk write runs, whatever it writes; see `BulkWrites`."""

    batch_size: int | None = None
    on_error: OnError = "abort"
    progress: ProgressOption = None
    on_failure: OnFailure | None = None
    keep_failures: int = KEPT_FAILURES

    def check(self) -> None:
        """Raises RequestError."""
        if self.batch_size is not None and self.batch_size < 1:
            raise RequestError("batch_size is a number from 1.", path=("batch_size",))
        if self.on_error not in ("abort", "continue"):
            raise RequestError(f'on_error is "abort" or "continue", not {self.on_error!r}.', path=("on_error",))


@dataclass(frozen=True, slots=True)
class Batch:
    """Some of the items, each with its number among all."""

    places: Sequence[int]
    items: Sequence[Any]

    def where(self, holds: Callable[[int], bool]) -> Batch:
        kept = [(place, item) for place, item in zip(self.places, self.items, strict=True) if holds(place)]
        return Batch([place for place, _ in kept], [item for _, item in kept])


class Job(Protocol):
    """Writes batches of one sort of items. Every error begins with the number of its item."""

    def plan(self, batch: Batch) -> tuple[Callable[[Saver], Counts], Sequence[UserError]]:
        """What writes those items that have no mistakes, and the mistakes of the others. No statement is run."""


Source: TypeAlias = Callable[[Transaction | None], AsyncGenerator[Batch, None]]
"""Gives the batches, one when the one before is written; of records of the database, within a transaction if there is one."""


def batches_of(rows: Rows, size: int) -> Source:
    """The rows in batches. Raises RequestError for what cannot be gone through."""
    if not isinstance(rows, Iterable | AsyncIterable) or isinstance(rows, str | bytes):
        raise RequestError(f"The rows are an iterable or an async iterable of records, not {type(rows).__name__}.")

    async def batches(_: Transaction | None) -> AsyncGenerator[Batch, None]:
        start = 0
        items: list[Any] = []
        async with aclosing(_each(rows)) as found:
            async for row in found:
                items.append(row)
                if len(items) == size:
                    yield Batch(range(start, start + size), items)
                    start += size
                    items = []
        if items:
            yield Batch(range(start, start + len(items)), items)

    return batches


async def _each(rows: Rows) -> AsyncGenerator[Any, None]:
    with _of_the_caller():
        if isinstance(rows, AsyncIterable):
            async for row in rows:
                yield row
        else:
            for row in rows:
                yield row


class _CallerFailedError(Exception):
    """Carries what the caller's own code raised past those who take it for a failure of the database."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


@contextmanager
def _of_the_caller() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise _CallerFailedError(error) from error


def total_of(rows: object) -> int | None:
    """How many rows there are, if that is known before they are read."""
    return len(rows) if isinstance(rows, Sized) else None


@dataclass(slots=True)
class BulkRun:
    """One bulk write."""

    writer: Writer
    job: Job
    options: Options
    tally: Tally
    total: int | None = None
    _deferrable: bool = field(init=False)

    def __post_init__(self) -> None:
        self._deferrable = _any_deferrable(self.writer.catalog)

    async def run(self, source: Source) -> Summary:
        """Raises WriteError for what fails in a run that aborts, and RequestError for what no item is to blame for."""
        try:
            return await self._run(source)
        except _CallerFailedError as failed:
            raise failed.error from None

    async def _run(self, source: Source) -> Summary:
        with progress_reporter(self.options.progress, self.total) as reporter:
            if self.options.on_error == "abort":
                # what has been read of an iterator cannot be read again
                once = replace(self.writer, attempts=1)
                await once.run(lambda transaction: self._together(source, transaction, reporter))
            else:
                await self._one_by_one(source, reporter)
            return self.tally.summary(reporter.seconds)

    # ---------- all of it, or nothing ----------

    async def _together(self, source: Source, transaction: Transaction, reporter: ProgressReporter) -> None:
        async with aclosing(source(transaction)) as batches:
            async for batch in batches:
                self.tally.requested += len(batch.items)
                write, errors = self.job.plan(batch)
                if errors:
                    raise WriteError(sorted(errors, key=_place_of))
                self.tally.add(await transaction.apply(_wholly(write)))
                if not self._deferrable:
                    transaction.rows.written.clear()  # no COMMIT refuses them, and there may be millions
                with _of_the_caller():
                    reporter.tell(self.tally.requested)

    # ---------- what can be written ----------

    async def _one_by_one(self, source: Source, reporter: ProgressReporter) -> None:
        async with aclosing(source(None)) as batches:
            async for batch in batches:
                self.tally.requested += len(batch.items)
                await self._apart(batch)
                reporter.tell(self.tally.requested, self.tally.failed)

    async def _apart(self, batch: Batch) -> None:
        """Those that an error names are taken out, and the others tried again; if it names none, they are halved."""
        pending = [batch]
        while pending:
            each = pending.pop()
            write, mistakes = self.job.plan(each)
            if mistakes:
                each = await self._without_failed(each, mistakes)
            errors = await self._attempt(write) if each.items else ()
            if not errors:
                continue
            if len(each.items) == 1 or any(error.path and error.path[0] in each.places for error in errors):
                pending.append(await self._without_failed(each, errors))
            else:
                middle = each.places[len(each.places) // 2]
                pending += [each.where(lambda place: place >= middle), each.where(lambda place: place < middle)]  # noqa: B023  # at once

    async def _attempt(self, write: Callable[[Saver], Counts]) -> Sequence[UserError]:
        """What is wrong with a batch; of one that is written, nothing."""
        try:
            counts = await self.writer.run(lambda transaction: transaction.apply(_wholly(write)))
        except WriteError as error:
            return error.errors
        self.tally.add(counts)
        return ()

    async def _without_failed(self, batch: Batch, errors: Sequence[UserError]) -> Batch:
        """The batch without the items that failed, which are told. An error that names no item is of the only one."""
        places = set(batch.places)
        told: dict[object, list[UserError]] = {}
        for error in errors:
            named = error.path[0] if error.path else None
            told.setdefault(named if named in places else batch.places[0], []).append(python_error(error))
        failed = [
            FailedItem(place, item, tuple(told[place]))
            for place, item in zip(batch.places, batch.items, strict=True)
            if place in told
        ]
        self.tally.fail(failed)
        if self.options.on_failure is not None:
            for each in failed:
                result = self.options.on_failure(each)
                if inspect.isawaitable(result):
                    await result
        return batch.where(lambda place: place not in told)


def _place_of(error: UserError) -> int:
    return int(error.path[0])


def _wholly(write: Callable[[Saver], Counts]) -> Callable[[Saver], Counts]:
    return lambda saver: write_wholly(saver, lambda: write(saver))


def _any_deferrable(catalog: Catalog) -> bool:
    return any(map(is_deferrable, catalog.models))
