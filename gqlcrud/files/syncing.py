"""A file of all the rows there should be in, the records of a model made equal to it: created, changed, deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike, fspath
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from gqlcrud.catalog import Column
from gqlcrud.crud import Crud, CrudError
from gqlcrud.crud.scope import Session
from gqlcrud.errors import ErrorCode
from gqlcrud.files.batches import BATCH, Batch, Batches, checked_size
from gqlcrud.files.comparing import changes, key_text
from gqlcrud.files.failures import FileError, Rejected
from gqlcrud.files.importing import INTERRUPTED, OnError, Undone, checked_key, opened, told
from gqlcrud.files.references import resolve
from gqlcrud.files.rejects import Rejects
from gqlcrud.files.seen import SeenKeys, seen_keys
from gqlcrud.files.sources import Reading, check_given
from gqlcrud.files.stopping import Stopped, Stopping
from gqlcrud.files.streams import Format
from gqlcrud.files.summaries import ImportAborted, SyncSummary
from gqlcrud.files.values import FileRecord
from gqlcrud.files.writing import LOST, failed_rows
from gqlcrud.progress import ProgressOption, ProgressReporter


async def sync_file(
    crud: Crud[Any],
    session: Session,
    path: str | PathLike[str],
    *,
    key: Sequence[str],
    delete_missing: bool = False,
    allow_empty: bool = False,
    format: Format | None = None,
    columns: Mapping[str, str] | None = None,
    batch_size: int = BATCH,
    on_error: OnError = "abort",
    dry_run: bool = False,
    rejects: str | None = None,
    delimiter: str | None = None,
    encoding: str = "utf-8",
    null: str | None = None,
    ignore_unknown: bool = False,
    progress: ProgressOption = None,
    on_rejected: Callable[[Rejected], None] | None = None,
    stopping: Stopping | None = None,
) -> SyncSummary:
    """Make records that are not there, change those with other values, leave alone those with the same.

    key: attributes of a unique key, by which rows and records are told to be the same. delete_missing: delete the
    records whose key the file does not have, or mark them as deleted where the model says so; no row may be rejected
    then, and a file without rows is refused unless `allow_empty`. All of it is one transaction. `import_file` explains
    the rest.

    Raises FileError for a file that cannot be read or not be understood, ImportAborted if nothing was written.
    """
    names = checked_key(crud, key)
    if not names:
        raise FileError("A sync needs a key by which rows and records are told to be the same.")
    reading = Reading(format, delimiter, encoding, null, columns or {}, ignore_unknown)
    with (
        opened(crud, fspath(path), reading, rejects, on_rejected, progress) as (source, kept, reporter),
        seen_keys() as seen,
    ):
        check_given(names, source, "rows and records are told to be the same")
        batches = Batches(source, crud.scope.model, checked_size(batch_size), stopping or Stopping())
        key_columns = tuple(crud.scope.model.stored[name] for name in names)
        work = _Sync(crud, key_columns, batches, kept, reporter, seen, strict=on_error == "abort")
        return await work.run(session, delete_missing=delete_missing, allow_empty=allow_empty, keep=not dry_run)


@dataclass(slots=True)
class _Sync:
    """One sync that is running. strict: a row that is rejected ends it. same: how many are unchanged."""

    crud: Crud[Any]
    key: tuple[Column, ...]
    batches: Batches
    rejects: Rejects
    reporter: ProgressReporter
    seen: SeenKeys
    strict: bool
    same: int = 0
    summary: SyncSummary = field(init=False)

    def __post_init__(self) -> None:
        self.summary = SyncSummary(self.crud.scope.model.name)

    @property
    def names(self) -> list[str]:
        return [column.key for column in self.key]

    async def run(self, session: Session, *, delete_missing: bool, allow_empty: bool, keep: bool) -> SyncSummary:
        """Raises ImportAborted, FileError."""
        strict = self.strict or delete_missing
        try:
            async with self.crud.scope.writes(session).begin() as own:
                await self._rows(own, strict=strict)
                if strict and self.rejects.count:
                    raise Undone
                if delete_missing:
                    if not self.summary.rows and not allow_empty:
                        raise FileError(
                            "The file has no rows; that all records are to be deleted is said by --allow-empty."
                        )
                    await self._delete_missing(own)
                if not keep:
                    raise Undone
        except Undone:
            pass
        except Stopped:
            raise ImportAborted(INTERRUPTED, self._nothing(), interrupted=True) from None
        except (*LOST, CrudError) as error:
            raise ImportAborted(f"{told(error)} Nothing was written.", self._nothing()) from error
        if strict and self.rejects.count:
            raise ImportAborted("Rows were rejected. Nothing was written.", self._nothing())
        return replace(self._done(), dry_run=not keep)

    async def _rows(self, own: AsyncSession, *, strict: bool) -> None:
        while (batch := self.batches.next()).rows:
            for each in sorted(await self._write(own, batch), key=lambda each: each.line):
                self.rejects.add(each)
            self.summary = replace(self.summary, rows=self.summary.rows + batch.rows, rejected=self.rejects.count)
            part = self.batches.source.input.part_read()
            self.reporter.total = round(self.summary.rows / part) if part else None
            self.reporter.tell(self.summary.rows, self.summary.rejected)
            if strict and self.rejects.count:
                return

    async def _write(self, own: AsyncSession, batch: Batch) -> list[Rejected]:
        """Write a batch, and give the rows that were not written."""
        rejected = list(batch.rejected)
        records = []
        for record in batch.records:
            refusal = self._seen(record)
            if refusal is None:
                records.append(record)
            else:
                rejected.append(refusal)
        missing = await resolve(self.crud, own, records)
        gone = {each.line for each in missing}
        records = [record for record in records if record.row.line not in gone]
        known = await self._known(own, records)
        created, changed = [], []
        for record in records:
            stored = known.get(record.key)
            if stored is None:
                created.append(record)
            elif await self._differs(own, record, stored):
                changed.append(record)
        rejected += [*missing, *await self._create(own, created), *await self._change(own, changed)]
        return rejected

    def _seen(self, record: FileRecord) -> Rejected | None:
        """Why the row cannot be told from others, None if it can."""
        for column in self.key:
            if record.values.get(column.key) is None:
                return Rejected(record.row, ErrorCode.VALIDATION, "The key needs a value.", (column.key,))
        for name in record.values:
            if name not in self.crud.scope.model.stored:
                reason = "A sync compares columns; what is nested cannot be compared."
                return Rejected(record.row, ErrorCode.VALIDATION, reason, (name,))
        record.key = self._text(record.values)
        before = self.seen.add(record.key, record.row.line)
        if before is None:
            return None
        return Rejected(
            record.row, ErrorCode.UNIQUE, f"The key stands in {record.row.unit} {before} already.", (self.key[0].key,)
        )

    def _text(self, values: Mapping[str, Any]) -> str:
        return key_text(self.key, [values[name] for name in self.names])

    async def _known(self, own: AsyncSession, records: Sequence[FileRecord]) -> dict[str, dict[str, Any]]:
        """The records of the database by their keys, those that are marked as deleted too."""
        if not records:
            return {}
        model = self.crud.scope.model
        mark = () if model.soft_deletion is None else (model.soft_deletion.column.key,)
        wanted = dict.fromkeys(name for record in records for name in record.values)
        select = list(dict.fromkeys([*self.names, *(c.key for c in model.primary_key), *mark, *wanted]))
        if len(self.key) == 1:
            where: dict[str, Any] = {self.names[0]: {"in": [record.values[self.names[0]] for record in records]}}
        else:
            where = {"or": [{name: record.values[name] for name in self.names} for record in records]}
        rows = await self.crud.get_multi(own, where, select=select, limit=None, deleted="include")
        return {self._text(row): row for row in rows}

    async def _differs(self, own: AsyncSession, record: FileRecord, stored: dict[str, Any]) -> bool:
        """Whether the record has other values; then `record` is left with those that it changes. One that is marked as
        deleted comes back."""
        model = self.crud.scope.model
        found = changes(model, record.values, stored)
        deletion = model.soft_deletion
        back = deletion is not None and stored[deletion.column.key] not in (
            None,
            deletion.alive if deletion.is_flag else None,
        )
        if back:
            await self.crud.restore(own, tuple(stored[column.key] for column in model.primary_key))
            self.summary = replace(self.summary, restored=self.summary.restored + 1)
        if found:
            record.values = {**{name: stored[name] for name in self.names}, **found}
        elif not back:
            self.same += 1
        return bool(found)

    async def _create(self, own: AsyncSession, records: list[FileRecord]) -> list[Rejected]:
        if not records:
            return []
        rows = [record.values for record in records]
        size = len(rows)
        done = await self.crud.insert_multi(own, rows, on_error="continue", batch_size=size, keep_failures=size)
        self.summary = replace(self.summary, created=self.summary.created + done.inserted)
        return failed_rows(records, done.failed_items, self.batches.source.headings)

    async def _change(self, own: AsyncSession, records: list[FileRecord]) -> list[Rejected]:
        if not records:
            return []
        rows = [record.values for record in records]
        size = len(rows)
        done = await self.crud.update_multi(
            own, rows, by=self.names, on_missing="error", on_error="continue", batch_size=size, keep_failures=size
        )
        self.summary = replace(
            self.summary,
            updated=self.summary.updated + done.updated,
        )
        self.same += done.unchanged
        return failed_rows(records, done.failed_items, self.batches.source.headings)

    async def _delete_missing(self, own: AsyncSession) -> None:
        """Delete, page by page, what the file does not have. The next page begins after the last record of this one, by
        its key, so that it does not matter what of the page is there no more."""
        primary = [column.key for column in self.crud.scope.model.primary_key]
        select = list(dict.fromkeys([*self.names, *primary]))
        page: dict[str, Any] = {}
        async for row in self.crud.stream(own, select=select, batch_size=self.batches.size):
            page[self._text(row)] = row[primary[0]] if len(primary) == 1 else tuple(row[name] for name in primary)
            if len(page) >= self.batches.size:
                await self._delete(own, page)
                page = {}
        await self._delete(own, page)

    async def _delete(self, own: AsyncSession, page: Mapping[str, Any]) -> None:
        missing = self.seen.missing(list(page))
        if missing:
            keys = [key for text, key in page.items() if text in missing]
            done = await self.crud.delete_multi(own, keys=keys, batch_size=len(keys))
            deleted = done.soft_deleted + done.hard_deleted
            self.summary = replace(self.summary, deleted=self.summary.deleted + deleted)

    def _done(self) -> SyncSummary:
        return replace(
            self.summary,
            unchanged=self.same,
            seconds=self.reporter.seconds,
            left_out=tuple(self.batches.source.left),
            first_rejected=tuple(self.rejects.first),
        )

    def _nothing(self) -> SyncSummary:
        return replace(self._done(), created=0, updated=0, unchanged=0, restored=0, deleted=0)
