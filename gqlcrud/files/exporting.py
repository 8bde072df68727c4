"""Records in, a file of rows out: a page at a time, in the order of the primary key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from os import PathLike, fspath
from typing import Any

from gqlcrud.catalog import Catalog, Column, Model
from gqlcrud.crud import Crud
from gqlcrud.crud.conditions import Where
from gqlcrud.crud.members import member_of
from gqlcrud.crud.scope import Session
from gqlcrud.errors import RequestError
from gqlcrud.files.batches import BATCH, checked_size
from gqlcrud.files.documents import json_text
from gqlcrud.files.failures import FileError
from gqlcrud.files.fields import is_given
from gqlcrud.files.separated import separated_line
from gqlcrud.files.streams import Format, format_of, open_output
from gqlcrud.files.summaries import ExportSummary
from gqlcrud.files.texts import json_writer, text_writer
from gqlcrud.progress import ProgressOption, progress_reporter


async def export_file(
    crud: Crud[Any],
    session: Session,
    path: str | PathLike[str],
    *,
    where: Where = None,
    fields: Sequence[str] | None = None,
    format: Format | None = None,
    batch_size: int = BATCH,
    null: str | None = None,
    progress: ProgressOption = None,
) -> ExportSummary:
    """Write the records that meet `where` to a file, `-` being standard output. `docs/files.md` explains formats.

    fields: dotted names; by default every column that `import_file` takes. null: the text of NULL in CSV; None is an
    empty cell. The file gets its name when it is whole. Raises FileError for a file or a field that cannot be, CrudError
    for what cannot be read.
    """
    model = crud.scope.model
    name = fspath(path)
    form = format_of(name, format)
    chosen = default_fields(model) if fields is None else list(fields)
    columns = [exported_column(name, model, crud.scope.catalog) for name in chosen]
    size = checked_size(batch_size)
    total = await crud.count(session, where) if progress else None
    rows = 0
    with progress_reporter(progress, total) as reporter, open_output(name) as file:
        writer = _writer(form, columns, null)
        file.write(writer.begin)
        async for record in crud.stream(session, where, select=chosen, batch_size=size):
            file.write(writer.row(record) if not rows else writer.between + writer.row(record))
            rows += 1
            if rows % size == 0:
                reporter.tell(rows)
        file.write(writer.end if rows else writer.nothing)
        reporter.tell(rows)
        return ExportSummary(model.name, rows, reporter.seconds)


def default_fields(model: Model) -> list[str]:
    """The columns that an import takes."""
    return [column.key for column in model.columns if is_given(column)]


# ---------- columns ----------


@dataclass(frozen=True, slots=True)
class ExportedColumn:
    """A column by its dotted name, and for each step but the last whether it leads to many records."""

    name: str
    column: Column
    many: tuple[bool, ...]

    @property
    def steps(self) -> list[str]:
        return self.name.split(".")


def exported_column(name: str, model: Model, catalog: Catalog) -> ExportedColumn:
    """Raises FileError for a name that leads to no column."""
    many: list[bool] = []
    *before, last = name.split(".")
    try:
        for step in before:
            member = member_of(model, step)
            if isinstance(member, Column):
                raise RequestError(f"{step} is a column and leads to nothing else.")
            many.append(member.many)
            model = catalog.model(member.target)
        found = member_of(model, last)
        if not isinstance(found, Column):
            columns = ", ".join(f"{name}.{column.key}" for column in catalog.model(found.target).columns)
            raise RequestError(f"It leads to other records; name a column of them: {columns}.")
    except RequestError as error:
        raise FileError(f"{name} cannot be exported: {error}") from error
    return ExportedColumn(name, found, tuple(many))


# ---------- rows ----------


@dataclass(frozen=True, slots=True)
class _Writer:
    """What stands at the beginning of a file, around its rows, and at its end. nothing: the end of a file without rows."""

    begin: str
    row: Callable[[dict[str, Any]], str]
    between: str
    end: str
    nothing: str


def _writer(form: Format, columns: Sequence[ExportedColumn], null: str | None) -> _Writer:
    if form == "csv":
        cells = [(each.name, _cell(each, null)) for each in columns]
        header = separated_line([each.name for each in columns])
        return _Writer(header, lambda row: separated_line([cell(row) for _, cell in cells]), "", "", "")
    build = _object(columns)
    if form == "jsonl":
        return _Writer("", lambda row: json_text(build(row)) + "\n", "", "", "")
    return _Writer("[\n", lambda row: json_text(build(row)), ",\n", "\n]\n", "]\n")


def _cell(exported: ExportedColumn, null: str | None) -> Callable[[dict[str, Any]], str | None]:
    """The text of one cell. What many records have is an array of JSON."""
    steps, last = exported.steps[:-1], exported.steps[-1]
    write = text_writer(exported.column.scalar)
    if any(exported.many):
        item = json_writer(exported.column.scalar)
        return lambda row: json_text(_at(row, steps, last, item))

    def text(row: dict[str, Any]) -> str | None:
        record: dict[str, Any] | None = row
        for step in steps:
            record = None if record is None else record[step]
        found = None if record is None else write(record[last])
        if null is None:
            return found
        if found == null:
            raise FileError(f"A value of {exported.name} is {null!r}, which stands for NULL: choose another --null.")
        return null if found is None else found

    return text


def _at(found: Any, steps: Sequence[str], last: str, write: Callable[[Any], Any]) -> Any:
    if found is None:
        return None
    if isinstance(found, list):
        return [_at(each, steps, last, write) for each in found]
    return _at(found[steps[0]], steps[1:], last, write) if steps else write(found[last])


def _object(columns: Sequence[ExportedColumn]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The record as an object of JSON, nested as the names are."""
    tree: dict[str, Any] = {}
    for each in columns:
        *before, last = each.steps
        branch = tree
        for step in before:
            branch = branch.setdefault(step, {})
        branch[last] = json_writer(each.column.scalar)
    return lambda row: _built(row, tree)


def _built(row: dict[str, Any], tree: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _branch(row[name], each) if isinstance(each, dict) else each(row[name]) for name, each in tree.items()
    }


def _branch(found: Any, tree: dict[str, Any]) -> Any:
    if found is None:
        return None
    return [_built(each, tree) for each in found] if isinstance(found, list) else _built(found, tree)
