"""A file of any format in, its rows out, with the reader that makes records of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from gqlcrud.catalog import Catalog, Model
from gqlcrud.files.documents import read_array, read_lines, read_object
from gqlcrud.files.failures import FileError
from gqlcrud.files.fields import ColumnField, read_header
from gqlcrud.files.rows import SourceRow, Unit
from gqlcrud.files.separated import Separated, read_separated
from gqlcrud.files.streams import Format, Input, format_of, open_input
from gqlcrud.files.values import ObjectReader, ReadRow, cell_reader

REJECT_COLUMNS = ("line", "code", "path", "reason")
"""What a file of rejected rows begins each row with."""
REJECTED_OBJECT = "row"
"""The column that holds a rejected row of JSON."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is read, as the options of `import_file` say it."""

    format: Format | None = None
    delimiter: str | None = None
    encoding: str = "utf-8"
    null: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    ignore_unknown: bool = False
    start_at: int = 1


@dataclass(frozen=True, slots=True)
class Source:
    """A file that is being read. header: the names of its columns, None of JSON. skipped: how many of them stand before
    those given: the attributes that it has columns for. headings: attribute -> the name in the file that gives it.
    left: names whose values are not taken, as far as they are known."""

    input: Input
    rows: Iterator[SourceRow]
    read: ReadRow
    unit: Unit
    header: tuple[str, ...] | None = None
    skipped: int = 0
    given: frozenset[str] = frozenset()
    headings: Mapping[str, str] = field(default_factory=dict)
    left: Mapping[str, Any] = field(default_factory=dict)


@contextmanager
def open_source(path: str, model: Model, catalog: Catalog, reading: Reading) -> Iterator[Source]:
    """The rows from `start_at` on. Raises FileError for a file whose header or beginning cannot be meant."""
    form = format_of(path, reading.format)
    with open_input(path, reading.encoding) as opened:
        if form == "csv":
            source = _separated(opened, model, catalog, reading)
        else:
            objects = ObjectReader(model, catalog, reading.columns, ignore_unknown=reading.ignore_unknown)
            rows = read_lines(opened) if form == "jsonl" else read_array(opened)
            unit: Unit = "line" if form == "jsonl" else "item"
            headings = {attribute: name for name, attribute in reading.columns.items()}
            source = Source(opened, rows, objects, unit, headings=headings, left=objects.left)
        start = reading.start_at
        yield source if start <= 1 else replace(source, rows=(row for row in source.rows if row.line >= start))


def _separated(opened: Input, model: Model, catalog: Catalog, reading: Reading) -> Source:
    file = read_separated(opened, reading.delimiter)
    skipped = len(REJECT_COLUMNS) if file.header[: len(REJECT_COLUMNS)] == REJECT_COLUMNS else 0
    if skipped and file.header[skipped:] == (REJECTED_OBJECT,):
        objects = ObjectReader(model, catalog, reading.columns, ignore_unknown=reading.ignore_unknown)
        return Source(opened, _objects(file, skipped), objects, "line", left=objects.left)
    header = read_header(
        file.header,
        model,
        catalog,
        renamed=reading.columns,
        skipped=skipped,
        ignore_unknown=reading.ignore_unknown,
    )
    given = frozenset(each.column.key for each in header.fields if isinstance(each, ColumnField))
    headings = {
        column.key: header.names[places[0]] for relation, _, places in header.keys for column in relation.local
    } | {
        each.column.key: name
        for name, each in zip(header.names, header.fields, strict=True)
        if isinstance(each, ColumnField)
    }
    read = cell_reader(header, reading.null)
    left = dict.fromkeys(header.left)
    return Source(opened, file.rows, read, "line", file.header, skipped, given, headings, left)


def _objects(file: Separated, place: int) -> Iterator[SourceRow]:
    """The rows of a file of rejected rows of JSON."""
    for row in file.rows:
        text = "" if row.problem is not None or row.cells is None else row.cells[place] or ""
        yield replace(row, cells=None) if row.problem is not None else read_object(text, row.line)


def check_given(names: Iterable[str], source: Source, purpose: str) -> None:
    """Raises FileError if a file of CSV lacks a column that its rows are told apart by."""
    if source.header is None:
        return
    missing = [name for name in names if name not in source.given]
    if missing:
        raise FileError(f"The file has no column {missing[0]!r}, by which {purpose}.", 1)
