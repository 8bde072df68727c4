"""The rows of a source in, batches of records out that can be written at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gqlcrud.catalog import Model
from gqlcrud.files.failures import FileError, Rejected
from gqlcrud.files.rows import SourceRow
from gqlcrud.files.sources import Source
from gqlcrud.files.stopping import Stopping
from gqlcrud.files.values import FileRecord

BATCH = 2000
"""Rows that are written together unless the caller says otherwise."""


def checked_size(size: int) -> int:
    """Raises FileError."""
    if size < 1:
        raise FileError(f"A batch has at least one row, not {size}.")
    return size


@dataclass(slots=True)
class Batch:
    """Rows that follow one another in the file. begins: the place of the first of them, None if there is none."""

    records: list[FileRecord] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    rows: int = 0
    begins: int | None = None
    ends: int | None = None


@dataclass(slots=True)
class Batches:
    """Takes batches off a source. A row that refers to a record of an earlier row of the same file begins a new batch, so
    that the record is there by then."""

    source: Source
    model: Model
    size: int
    stopping: Stopping
    _held: SourceRow | None = None

    def next(self) -> Batch:
        """The next batch, empty at the end. Raises FileError, and Stopped when it is interrupted."""
        batch = Batch()
        made: dict[tuple[str, ...], set[Any]] = {}
        with self.stopping.reading():
            while batch.rows < self.size:
                row = self._held or next(self.source.rows, None)
                self._held = None
                if row is None:
                    break
                found = self.source.read(row)
                if isinstance(found, FileRecord) and self._waits(found, batch, made):
                    self._held = row
                    break
                batch.rows += 1
                batch.begins = row.line if batch.begins is None else batch.begins
                batch.ends = row.line
                if isinstance(found, Rejected):
                    batch.rejected.append(found)
                else:
                    batch.records.append(found)
        return batch

    def _waits(self, record: FileRecord, batch: Batch, made: dict[tuple[str, ...], set[Any]]) -> bool:
        """Whether the record refers to one of the batch."""
        own = [each for each in record.references if each.relation.target is self.model.entity]
        if not own:
            return False
        for reference in own:
            names = tuple(column.key for column in reference.key.columns)
            known = made.get(names)
            if known is None or len(known) < len(batch.records):
                known = made[names] = {_values(each, names) for each in batch.records}
            if reference.values in known:
                return True
        return False


def _values(record: FileRecord, names: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(record.values.get(name) for name in names)
