"""What is wrong with a file or with one of its rows, as exceptions and values for the person who gave the file."""

from __future__ import annotations

from dataclasses import dataclass

from gqlcrud.errors import ErrorCode, GqlcrudError
from gqlcrud.files.rows import SourceRow


class FileError(GqlcrudError):
    """A file that cannot be read, or not be understood as a whole: its format, its header, its compression.

    line: where, if it is a place of the file; None of a mistake that is found before any row is read.
    """

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


class RowError(GqlcrudError):
    """One row that cannot be meant. path: from the row to the value, by names of the file."""

    def __init__(self, message: str, path: tuple[str | int, ...] = (), code: ErrorCode = ErrorCode.VALIDATION) -> None:
        super().__init__(message)
        self.path = path
        self.code = code


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was not written, and why. path: from the row to the value that is the reason, () for the row itself."""

    row: SourceRow
    code: ErrorCode
    reason: str
    path: tuple[str | int, ...] = ()

    @property
    def line(self) -> int:
        return self.row.line

    @property
    def place(self) -> str:
        """The path with dots: `author.email`; empty for the row itself."""
        return ".".join(map(str, self.path))

    def __str__(self) -> str:
        place = f"{self.place}: " if self.path else ""
        return f"{self.row.unit} {self.line}: {place}{self.reason} ({self.code.value})"
