"""Rows of a file in, the values of records out, with the keys of related records that are still to be looked up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from gqlcrud.catalog import Catalog, Column, Key, Model, Relation
from gqlcrud.errors import ErrorCode
from gqlcrud.files.documents import plain
from gqlcrud.files.failures import Rejected, RowError
from gqlcrud.files.fields import ColumnField, Header, KeyField, LeftField, NestedField, field_of, known_names, named_by
from gqlcrud.files.rows import SourceRow
from gqlcrud.files.texts import read_json, text_reader


@dataclass(frozen=True, slots=True)
class Reference:
    """A record that a row leads to, by the values of a unique key. path: where they stand in the file."""

    relation: Relation
    key: Key
    values: tuple[Any, ...]
    path: tuple[str, ...]


@dataclass(slots=True)
class FileRecord:
    """The values of one row, as `Crud` takes them; those of `references` are put in when they are found. key: the text of
    the key that a sync knows the row by."""

    row: SourceRow
    values: dict[str, Any]
    references: list[Reference] = field(default_factory=list)
    key: str = ""


class ReadRow(Protocol):
    def __call__(self, row: SourceRow) -> FileRecord | Rejected: ...


def rejected(row: SourceRow, error: Exception, path: tuple[str | int, ...] = ()) -> Rejected:
    """The row with what is wrong with it."""
    if isinstance(error, RowError):
        return Rejected(row, error.code, str(error), error.path or path)
    return Rejected(row, ErrorCode.VALIDATION, str(error), path)


# ---------- CSV ----------


@dataclass(frozen=True, slots=True)
class _Cell:
    """How the cells of one column are read. empty: what a cell without a value means; `_OMITTED` leaves it out. blank: what
    an empty text means: one where the column takes it, else no value."""

    name: str
    place: int
    header: str
    read: Callable[[str], Any]
    empty: Any
    blank: Any


_OMITTED = object()


def cell_reader(header: Header, null: str | None) -> ReadRow:
    """Reads rows of CSV. null: the text that stands for NULL; None for cells that are empty and not in quotes."""
    cells = [
        _cell(each.column, place, header.names[place], null)
        for place, each in enumerate(header.fields)
        if isinstance(each, ColumnField)
    ]
    keys = [
        (relation, key, [(place, text_reader(c.scalar)) for place, c in zip(places, key.columns, strict=True)])
        for relation, key, places in header.keys
    ]

    def read(row: SourceRow) -> FileRecord | Rejected:
        assert row.cells is not None, "rows of CSV have cells"
        if row.problem is not None:
            return Rejected(row, ErrorCode.VALIDATION, row.problem)
        record = FileRecord(row, {})
        name: str = ""
        try:
            for cell in cells:
                name, text = cell.header, row.cells[cell.place]
                if text is None if null is None else text == null or (text is None and null == ""):
                    value = cell.empty
                elif text:
                    value = cell.read(text)
                else:
                    value = cell.blank
                if value is not _OMITTED:
                    record.values[cell.name] = value
            for relation, key, parts in keys:
                names = tuple(header.names[place] for place, _ in parts)
                name = names[0]
                texts = [(row.cells[place], reader) for place, reader in parts]
                values = tuple(reader(text) if text and text != null else None for text, reader in texts)
                _refer(record, relation, key, values, names)
        except (ValueError, RowError) as error:
            return rejected(row, error, (name,))
        return record

    return read


def _cell(column: Column, place: int, header: str, null: str | None) -> _Cell:
    read, empty = text_reader(column.scalar), _empty(column, null)
    try:
        blank = read("")
    except ValueError:
        blank = empty
    return _Cell(column.key, place, header, read, empty, blank)


def _empty(column: Column, null: str | None) -> Any:
    """NULL; where that is not allowed what the column has by default. A cell that is empty, and does not say that it is
    NULL, is an empty text in a column of texts."""
    if column.nullable:
        return None
    if not null and column.scalar.name == "String":
        return ""
    return None if column.required else _OMITTED


def _refer(record: FileRecord, relation: Relation, key: Key, values: tuple[Any, ...], path: tuple[str, ...]) -> None:
    if all(value is None for value in values):
        if not relation.nullable:
            raise RowError(f"A {relation.key} is needed.", path[:1])
        if relation.owns_key:
            record.values.update({column.key: None for column in relation.local})
        return
    missing = [name for name, value in zip(path, values, strict=True) if value is None]
    if missing:
        raise RowError("The other columns of the key have values, so this one needs one.", (missing[0],))
    record.references.append(Reference(relation, key, values, path))


# ---------- JSON ----------


class ObjectReader:
    """Reads rows of JSON, whose names may differ from row to row. left: the names that were not taken."""

    def __init__(
        self, model: Model, catalog: Catalog, renamed: Mapping[str, str] | None, *, ignore_unknown: bool
    ) -> None:
        self._model, self._catalog = model, catalog
        self._renamed = renamed or {}
        self._ignore = ignore_unknown
        self._fields: dict[str, Any] = {}
        self.left: dict[str, None] = {}

    def __call__(self, row: SourceRow) -> FileRecord | Rejected:
        if row.problem is not None or row.fields is None:
            return Rejected(row, ErrorCode.VALIDATION, row.problem or "The row has no values.")
        record = FileRecord(row, {})
        dotted: dict[Relation, dict[str, Any]] = {}
        for given, value in row.fields.items():
            name = self._renamed.get(given, given)
            try:
                self._read(record, name, value, dotted)
            except (ValueError, RowError) as error:
                return rejected(row, error, (given,))
        for relation, values in dotted.items():
            path = tuple(f"{relation.key}.{name}" for name in values)
            try:
                self._refer(record, relation, values, path)
            except (ValueError, RowError) as error:
                return rejected(row, error, path[:1])
        return record

    def _read(self, record: FileRecord, name: str, value: Any, dotted: dict[Relation, dict[str, Any]]) -> None:
        found = self._fields.get(name)
        if found is None:
            found = self._fields[name] = field_of(name, self._model, self._catalog)
        match found:
            case ColumnField(column):
                record.values[name] = read_json(column.scalar, value)
            case KeyField(relation, column):
                dotted.setdefault(relation, {})[column.key] = value
            case NestedField(relation):
                self._nested(record, relation, name, value)
            case LeftField(known):
                if not known and not self._ignore:
                    names = ", ".join(known_names(self._model, self._catalog, nested=True))
                    raise RowError(
                        f"{self._model.name} has nothing of this name to be read from a file. It has: {names}."
                    )
                self.left.setdefault(name)

    def _nested(self, record: FileRecord, relation: Relation, name: str, value: Any) -> None:
        """Operations as they are; the values of a unique key, or null, say which record it leads to."""
        if name == relation.key and not relation.many and (value is None or self._is_key(relation, value)):
            values = value or dict.fromkeys(column.key for column in self._catalog.model(relation.target).primary_key)
            self._refer(record, relation, values, tuple(f"{relation.key}.{each}" for each in values))
        else:
            record.values[name] = plain(value)

    def _is_key(self, relation: Relation, value: Any) -> bool:
        return isinstance(value, Mapping) and named_by(self._catalog.model(relation.target), value) is not None

    def _refer(self, record: FileRecord, relation: Relation, given: Mapping[str, Any], path: tuple[str, ...]) -> None:
        key = named_by(self._catalog.model(relation.target), given)
        if key is None:
            raise RowError(f"{', '.join(path)} is no unique key of {self._catalog.model(relation.target).name}.")
        values = tuple(read_json(column.scalar, given[column.key]) for column in key.columns)
        _refer(record, relation, key, values, path)
