"""Batches of records in, rows in the database out; what is refused is told of the rows it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from gqlcrud.crud import Crud, Unavailable
from gqlcrud.errors import UserError
from gqlcrud.files.batches import Batch
from gqlcrud.files.failures import Rejected
from gqlcrud.files.references import resolve
from gqlcrud.files.values import FileRecord

LOST = (Unavailable, SQLAlchemyError, OSError)
"""What is raised where the database does not answer."""


@dataclass(slots=True)
class Written:
    """What became of a batch."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[Rejected] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class BatchWriter:
    """Inserts records; with `on`, the attributes of a unique key, it changes those that are there. headings: attribute ->
    its name in the file."""

    crud: Crud[Any]
    on: tuple[str, ...]
    headings: Mapping[str, str]

    async def write(self, session: AsyncSession, batch: Batch) -> Written:
        """Write what can be written. Raises CrudError for what is wrong with the call as a whole."""
        missing = await resolve(self.crud, session, batch.records)
        gone = {each.line for each in missing}
        records = [each for each in batch.records if each.row.line not in gone]
        written = Written(rejected=[*batch.rejected, *missing])
        if records:
            rows = [each.values for each in records]
            size = len(rows)
            if self.on:
                done = await self.crud.upsert_multi(
                    session, rows, on=self.on, on_error="continue", batch_size=size, keep_failures=size
                )
            else:
                done = await self.crud.insert_multi(
                    session, rows, on_error="continue", batch_size=size, keep_failures=size
                )
            written.inserted, written.updated, written.unchanged = done.inserted, done.updated, done.unchanged
            written.rejected += failed_rows(records, done.failed_items, self.headings)
        written.rejected.sort(key=lambda each: each.line)
        return written


def failed_rows(records: Sequence[FileRecord], failed: Sequence[Any], headings: Mapping[str, str]) -> list[Rejected]:
    """The rows of items that a bulk write did not take. failed: with the index of the record and its errors."""
    return [_failed(records[each.index], each.index, each.errors, headings) for each in failed]


def _failed(record: FileRecord, index: int, errors: Sequence[UserError], headings: Mapping[str, str]) -> Rejected:
    first = errors[0]
    path = first.path[1:] if first.path[:1] == (index,) else first.path
    if path and isinstance(path[0], str):
        path = (headings.get(path[0], path[0]), *path[1:])
    return Rejected(record.row, first.code, " ".join(dict.fromkeys(each.message for each in errors)), path)
