"""Rejected rows in, a file of CSV out from which they can be corrected and imported again; and the first of them, kept."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO, cast

from gqlcrud.files.failures import FileError, Rejected
from gqlcrud.files.separated import separated_line
from gqlcrud.files.sources import REJECT_COLUMNS, REJECTED_OBJECT, Source

KEPT = 20
"""How many rejected rows a summary holds; the file holds all."""


@dataclass(slots=True)
class Rejects:
    """Collects rejected rows. first: the first of them. told: is called with each of those."""

    source: Source
    file: TextIO | None
    told: Callable[[Rejected], None] | None = None
    count: int = 0
    first: list[Rejected] = field(default_factory=list)

    def add(self, rejected: Rejected) -> None:
        self.count += 1
        if len(self.first) < KEPT:
            self.first.append(rejected)
            if self.told is not None:
                self.told(rejected)
        if self.file is not None:
            self.file.write(separated_line(self._cells(rejected)))

    def flush(self) -> None:
        """Let the file hold what was added."""
        if self.file is not None:
            self.file.flush()

    def _cells(self, rejected: Rejected) -> list[str | None]:
        row = rejected.row
        reason: list[str | None] = [str(row.line), rejected.code.value, rejected.place or None, rejected.reason]
        if row.cells:
            return [*reason, *row.cells[self.source.skipped :]]
        return [*reason, row.text]


@contextmanager
def open_rejects(
    path: str | None, source: Source, *, goes_on: bool, told: Callable[[Rejected], None] | None = None
) -> Iterator[Rejects]:
    """A collector that writes to a file, if there is one. goes_on: add to what is in the file. Raises FileError."""
    if path is None:
        yield Rejects(source, None, told)
        return
    begun = goes_on and Path(path).exists() and Path(path).stat().st_size > 0
    with _open(path, "at" if begun else "wt") as file:
        if not begun:
            names = (REJECTED_OBJECT,) if source.header is None else source.header[source.skipped :]
            file.write(separated_line([*REJECT_COLUMNS, *names]))
        yield Rejects(source, file, told)


def _open(path: str, mode: str) -> TextIO:
    # bytes that were no text are written as they were
    options = {"encoding": "utf-8", "errors": "surrogateescape", "newline": ""}
    try:
        if path.endswith(".gz"):
            return cast(TextIO, gzip.open(path, mode, **options))  # type: ignore[call-overload]  # the mode is not literal
        return cast(TextIO, Path(path).open(mode, **options))  # type: ignore[call-overload]  # nor here
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror}.") from error
