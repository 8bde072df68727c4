"""CSV: lines in, a header and rows with their line numbers out; and cells in, lines out."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gqlcrud.files.failures import FileError
from gqlcrud.files.rows import SourceRow
from gqlcrud.files.streams import Input

_MAX_FIELD = 1 << 26
"""Characters of one cell. More is a quote that is never closed, which would take the whole file for one cell."""
_DELIMITERS = (",", ";", "\t")
_NAMED = {"tab": "\t", "\\t": "\t"}
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_EMPTY = '""'


@dataclass(frozen=True, slots=True)
class Separated:
    """An open file of CSV. header: the names of its columns, as they stand there without the space around them."""

    header: tuple[str, ...]
    rows: Iterator[SourceRow]


def read_separated(source: Input, delimiter: str | None = None) -> Separated:
    """The header and the rows of a file of CSV, with any of the usual delimiters unless one is given.

    An empty cell is None, and a quoted empty cell is an empty text, as in PostgreSQL's COPY. Blank lines are no rows. A
    row with more or fewer cells than the header, a quote in a wrong place and bytes that are no text are problems of
    their rows. Raises FileError for a file without a header.
    """
    if csv.field_size_limit() < _MAX_FIELD:
        csv.field_size_limit(_MAX_FIELD)
    lines = _Lines(source)
    first = next(lines, None)
    if first is None:
        raise FileError("The file is empty: there is no header.")
    lines.give_back(first)
    reader = csv.reader(lines, delimiter=_delimiter(delimiter, first), strict=True)
    try:
        header = next(reader)
    except csv.Error as error:
        raise FileError(f"The header cannot be read: {error}.", 1) from error
    broken = source.broken_between(1, lines.number)
    if broken is not None:
        raise FileError(broken, 1)
    return Separated(tuple(each.strip() for each in header), _rows(reader, lines, source, len(header)))


class _Lines:
    """The lines of a file, of which those of the row that is being read are kept."""

    def __init__(self, source: Input) -> None:
        self._lines = source.lines()
        self._back: list[str] = []
        self.number = 0
        self.kept: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._back.pop() if self._back else next(self._lines)
        self.number += 1
        self.kept.append(line)
        return line

    def give_back(self, line: str) -> None:
        self._back.append(line)
        self.number -= 1
        self.kept.clear()


def _rows(reader: Iterator[list[str]], lines: _Lines, source: Input, width: int) -> Iterator[SourceRow]:
    delimiter: str = reader.dialect.delimiter  # type: ignore[attr-defined]  # an iterator of csv's own class
    while True:
        lines.kept.clear()
        line = lines.number + 1
        try:
            cells: list[str | None] = list(next(reader))
        except StopIteration:
            return
        except csv.Error as error:
            yield SourceRow(line, cells=(), problem=f"The row is no CSV: {error}.", text="".join(lines.kept))
            continue
        if not cells:
            continue
        if "" in cells:
            cells = _with_absent(cells, lines.kept, delimiter)
        row = SourceRow(line, cells=tuple(cells))
        if len(cells) != width:
            row = replace(row, problem=f"The row has {len(cells)} cells, the header has {width}.")
        broken = source.broken_between(line, lines.number)
        yield row if broken is None else replace(row, problem=broken)


def _with_absent(cells: list[str | None], lines: list[str], delimiter: str) -> list[str | None]:
    """The cells of a row, None for those that are empty without quotes, which the csv module does not tell."""
    quoted: Sequence[bool] = ()
    if any(_EMPTY in line for line in lines):
        quoted = _quoted_cells("".join(lines), delimiter)
    if len(quoted) != len(cells):
        quoted = [False] * len(cells)
    return [cell if cell != "" or is_quoted else None for cell, is_quoted in zip(cells, quoted, strict=True)]


def _quoted_cells(text: str, delimiter: str) -> list[bool]:
    """For each cell of a row whether it is in quotes."""
    found, place = [], 0
    text = text.rstrip("\r\n")
    while True:
        match = _QUOTED.match(text, place)
        found.append(match is not None)
        end = text.find(delimiter, match.end() if match else place)
        if end < 0:
            return found
        place = end + 1


def _delimiter(given: str | None, header: str) -> str:
    """The delimiter that is given, or the one that stands most often in the header outside of quotes."""
    if given is None:
        plain = _QUOTED.sub("", header)
        return max(_DELIMITERS, key=plain.count)
    delimiter = _NAMED.get(given, given)
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise FileError(f"A delimiter is one character, or 'tab', not {given!r}.")
    return delimiter


# ---------- writing ----------

_SPECIAL = re.compile(r'[",\r\n]|^\s|\s$')


def separated_line(cells: Sequence[str | None]) -> str:
    """One line of CSV: None is an empty cell, an empty text is a quoted one."""
    return ",".join(["" if cell is None else _quoted(cell) for cell in cells]) + "\n"


def _quoted(cell: str) -> str:
    if cell and _SPECIAL.search(cell) is None:
        return cell
    return '"' + cell.replace('"', '""') + '"'
