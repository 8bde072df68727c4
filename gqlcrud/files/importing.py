"""A file of rows in, records in the database out: a batch at a time, all or nothing, or whatever can be written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Literal, TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from gqlcrud.crud import Crud, CrudError
from gqlcrud.crud.scope import Session
from gqlcrud.files.batches import BATCH, Batch, Batches, checked_size
from gqlcrud.files.failures import FileError, Rejected
from gqlcrud.files.fields import named_by
from gqlcrud.files.rejects import Rejects, open_rejects
from gqlcrud.files.sources import Reading, Source, check_given, open_source
from gqlcrud.files.stopping import Stopped, Stopping
from gqlcrud.files.streams import STANDARD, Format
from gqlcrud.files.summaries import Cause, ImportAborted, ImportSummary, StoppedAt
from gqlcrud.files.writing import LOST, BatchWriter
from gqlcrud.progress import ProgressOption, ProgressReporter, progress_reporter

OnError: TypeAlias = Literal["abort", "continue"]
"""Whether a row that cannot be written undoes everything, or is left out."""
INTERRUPTED = "Interrupted. Nothing was written."


class Undone(Exception):
    """Raised within a transaction of which nothing is to be kept."""


async def import_file(
    crud: Crud[Any],
    session: Session,
    path: str | PathLike[str],
    *,
    format: Format | None = None,
    upsert_on: Sequence[str] = (),
    columns: Mapping[str, str] | None = None,
    batch_size: int = BATCH,
    on_error: OnError = "abort",
    dry_run: bool = False,
    rejects: str | None = None,
    start_at: int = 1,
    delimiter: str | None = None,
    encoding: str = "utf-8",
    null: str | None = None,
    ignore_unknown: bool = False,
    progress: ProgressOption = None,
    on_rejected: Callable[[Rejected], None] | None = None,
    stopping: Stopping | None = None,
) -> ImportSummary:
    """Write the rows of a file as records of `crud`'s model. `docs/files.md` explains formats and options.

    session: an engine, an `async_sessionmaker`, or None for the database of the Api. on_error="abort" writes all rows in
    one transaction, or none; "continue" commits each batch, and leaves out the rows that cannot be written. An
    AsyncSession is joined in its transaction, which the caller ends.

    upsert_on: attributes of a unique key; a record that is there takes the values of the row. columns: name in the file
    -> attribute. rejects: a file for the rows that were not written; on_rejected is called with the first 20 of them.
    start_at: the line, or the item of an array of JSON, to go on from. null: the text that stands for NULL.

    Raises FileError for a file that cannot be read or not be understood, ImportAborted if nothing was written.
    """
    key = checked_key(crud, upsert_on)
    reading = Reading(format, delimiter, encoding, null, columns or {}, ignore_unknown, start_at)
    with opened(crud, fspath(path), reading, rejects, on_rejected, progress) as (source, kept, reporter):
        check_given(key, source, "records are found")
        batches = Batches(source, crud.scope.model, checked_size(batch_size), stopping or Stopping())
        work = _Import(crud, session, batches, BatchWriter(crud, key, source.headings), kept, reporter, start_at)
        if on_error == "abort" or dry_run:
            return await work.whole(keep=not dry_run, abort=on_error == "abort")
        return await work.by_batches()


@contextmanager
def opened(
    crud: Crud[Any],
    path: str,
    reading: Reading,
    rejects: str | None,
    on_rejected: Callable[[Rejected], None] | None,
    progress: ProgressOption,
) -> Iterator[tuple[Source, Rejects, ProgressReporter]]:
    """A file to read, one for what is rejected, and whom progress is told. Raises FileError."""
    if rejects is not None and path != STANDARD and Path(rejects).resolve() == Path(path).resolve():
        raise FileError(f"{rejects} is read and cannot be written at the same time; give --rejects another name.")
    with (
        open_source(path, crud.scope.model, crud.scope.catalog, reading) as source,
        open_rejects(rejects, source, goes_on=reading.start_at > 1, told=on_rejected) as kept,
        progress_reporter(progress, None) as reporter,
    ):
        yield source, kept, reporter


def checked_key(crud: Crud[Any], names: Sequence[str]) -> tuple[str, ...]:
    """Raises FileError for what is no unique key."""
    model = crud.scope.model
    if names and named_by(model, names) is None:
        known = "; ".join(",".join(column.key for column in key.columns) for key in model.keys)
        raise FileError(f"{', '.join(names)} is no unique key of {model.name}. It has: {known}.")
    return tuple(names)


@dataclass(slots=True)
class _Import:
    """One import that is running. next_row: the place of the first row that is not written yet."""

    crud: Crud[Any]
    session: Session
    batches: Batches
    writer: BatchWriter
    rejects: Rejects
    reporter: ProgressReporter
    next_row: int
    summary: ImportSummary = field(init=False)

    def __post_init__(self) -> None:
        self.summary = ImportSummary(self.crud.scope.model.name)

    @property
    def source(self) -> Source:
        return self.batches.source

    async def whole(self, *, keep: bool, abort: bool) -> ImportSummary:
        """All rows in one transaction. Raises ImportAborted if it is rolled back for what is wrong, FileError."""
        try:
            async with self.crud.scope.writes(self.session).begin() as own:
                await self._all(own, abort=abort)
                if not keep or (abort and self.rejects.count):
                    raise Undone
        except Undone:
            pass
        except Stopped:
            raise ImportAborted(INTERRUPTED, self._nothing(), interrupted=True) from None
        except (*LOST, CrudError) as error:
            raise ImportAborted(f"{told(error)} Nothing was written.", self._nothing()) from error
        if abort and self.rejects.count:
            raise ImportAborted("Rows were rejected. Nothing was written.", self._nothing())
        return replace(self._done(), dry_run=not keep)

    async def _all(self, own: AsyncSession, *, abort: bool) -> None:
        while (batch := self.batches.next()).rows:
            await self._write(own, batch)
            if abort and self.rejects.count:
                return

    async def by_batches(self) -> ImportSummary:
        """Each batch in a transaction of its own; what was committed stays. Raises FileError."""
        try:
            while (batch := self.batches.next()).rows:
                self.next_row = batch.begins or self.next_row
                async with self.crud.scope.writes(self.session).begin() as own:
                    written = await self.writer.write(own, batch)
                self._count(batch, written)
        except Stopped:
            return self._ended("interrupted", "Interrupted.")
        except FileError as error:
            if not self.summary.rows:
                raise
            return self._ended("file", str(error))
        except (*LOST, CrudError) as error:
            return self._ended("database", told(error))
        return self._done()

    async def _write(self, own: AsyncSession, batch: Batch) -> None:
        self.next_row = batch.begins or self.next_row
        self._count(batch, await self.writer.write(own, batch))

    def _count(self, batch: Batch, written: Any) -> None:
        for each in written.rejected:
            self.rejects.add(each)
        self.rejects.flush()
        self.next_row = (batch.ends or 0) + 1
        self.summary = replace(
            self.summary,
            rows=self.summary.rows + batch.rows,
            inserted=self.summary.inserted + written.inserted,
            updated=self.summary.updated + written.updated,
            unchanged=self.summary.unchanged + written.unchanged,
            rejected=self.rejects.count,
        )
        part = self.source.input.part_read()
        # how many rows there will be, as far as the file has been read
        self.reporter.total = round(self.summary.rows / part) if part else None
        self.reporter.tell(self.summary.rows, self.summary.rejected)

    def _done(self) -> ImportSummary:
        return replace(
            self.summary,
            seconds=self.reporter.seconds,
            left_out=tuple(self.source.left),
            first_rejected=tuple(self.rejects.first),
        )

    def _nothing(self) -> ImportSummary:
        return replace(self._done(), inserted=0, updated=0, unchanged=0)

    def _ended(self, cause: Cause, reason: str) -> ImportSummary:
        return replace(self._done(), stopped=StoppedAt(self.next_row, self.source.unit, cause, reason))


def told(error: BaseException) -> str:
    """What happened, without SQL and without what a driver says."""
    if isinstance(error, CrudError):
        return str(error)
    return f"The database does not answer, or has broken off ({type(error).__name__})."
