"""What an import, a sync or an export did, as values and as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from gqlcrud.errors import GqlcrudError
from gqlcrud.files.failures import Rejected
from gqlcrud.files.rows import Unit

Cause: TypeAlias = Literal["interrupted", "database", "file"]
"""Why work ends early: somebody wants it to, the database does not answer, the file cannot be read on."""


@dataclass(frozen=True, slots=True)
class StoppedAt:
    """Where a piece of work ended before its file did. line: the first row that was not written, by `unit`."""

    line: int
    unit: Unit
    cause: Cause
    reason: str


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What became of the rows of a file.

    model: its name. rows: how many were read. rejected: how many were not written; first_rejected: the first 20 of them.
    unchanged: rows whose record had these values already. left_out: names of the file whose values were not taken.
    stopped: where the import ended early, None if it came to the end. dry_run: nothing was kept.
    """

    model: str
    rows: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    seconds: float = 0.0
    dry_run: bool = False
    left_out: tuple[str, ...] = ()
    first_rejected: tuple[Rejected, ...] = ()
    stopped: StoppedAt | None = None

    def __str__(self) -> str:
        counts = {"inserted": self.inserted, "updated": self.updated, "unchanged": self.unchanged}
        return _sentence(self.model, self.rows, counts, self.rejected, self.seconds, dry_run=self.dry_run)


@dataclass(frozen=True, slots=True)
class SyncSummary:
    """What became of the records of a model.

    created: records that were not there. updated: those with other values; unchanged: those with the same. restored:
    those that were marked as deleted. deleted: those whose key the file does not have. See `ImportSummary` for the rest.
    """

    model: str
    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    restored: int = 0
    deleted: int = 0
    rejected: int = 0
    seconds: float = 0.0
    dry_run: bool = False
    left_out: tuple[str, ...] = ()
    first_rejected: tuple[Rejected, ...] = ()

    def __str__(self) -> str:
        counts = {"created": self.created, "updated": self.updated, "unchanged": self.unchanged}
        counts |= {"restored": self.restored} if self.restored else {}
        counts |= {"deleted": self.deleted}
        return _sentence(self.model, self.rows, counts, self.rejected, self.seconds, dry_run=self.dry_run)


@dataclass(frozen=True, slots=True)
class ExportSummary:
    """model: its name. rows: how many records were written. seconds: how long it took."""

    model: str
    rows: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        return f"{self.model}: {self.rows:,} rows written in {self.seconds:.1f} s."


class ImportAborted(GqlcrudError):
    """An import or a sync of which nothing was written. summary: with the rows that are the reason, if rows are.

    interrupted: somebody wanted it to end.
    """

    def __init__(self, message: str, summary: ImportSummary | SyncSummary, *, interrupted: bool = False) -> None:
        super().__init__(message)
        self.summary = summary
        self.interrupted = interrupted


def _sentence(model: str, rows: int, counts: Mapping[str, int], rejected: int, seconds: float, *, dry_run: bool) -> str:
    """`Book: 1,000 rows in 0.4 s: 990 inserted, 0 updated, 0 unchanged, 10 rejected.`"""
    parts = [f"{count:,} {name}" for name, count in {**counts, "rejected": rejected}.items()]
    end = " Dry run: nothing was kept." if dry_run else ""
    return f"{model}: {rows:,} rows in {seconds:.1f} s: {', '.join(parts)}.{end}"
