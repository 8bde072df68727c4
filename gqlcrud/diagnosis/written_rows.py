"""Rows that a write was about to store: which columns of which tables they fill, and where clients see them.

It knows mappers and the catalog, but no database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import Mapper
from sqlalchemy.orm.exc import UnmappedColumnError

from gqlcrud.catalog import Catalog, Column, Model
from gqlcrud.write_plan import Named, Path

StoredColumn: TypeAlias = "sa.Column[Any]"


@dataclass(frozen=True, slots=True)
class WrittenRow:
    """One record that was to be inserted, updated or deleted.

    values: attribute -> what it is set to; for an update those that change, for a delete none. A value may be SQL over
    the row as it is. None in a row that is not there yet stands for the default of the column, if it has one: so does
    SQLAlchemy. key: the primary key that the record has in the database; None if it is not there yet.
    path: where the record stands in the input. marked: whether the mark of deleted records is all that is set or taken.
    assumed: records that are taken to be there, as a foreign key of the row would tell otherwise.
    """

    model: Model
    values: Mapping[str, Any] = field(default_factory=dict)
    key: tuple[Any, ...] | None = None
    path: Path = ()
    deleted: bool = False
    marked: bool = False
    assumed: tuple[Named, ...] = ()

    @property
    def mapper(self) -> Mapper[Any]:
        return mapper_of(self.model)

    @property
    def tables(self) -> list[sa.Table]:
        return tables_of(self.model)

    @property
    def key_values(self) -> dict[str, Any]:
        """The primary key that the record has, by attribute; nothing if it is not there yet."""
        if self.key is None:
            return {}
        attributes = [self.mapper.get_property_by_column(column).key for column in self.mapper.primary_key]
        return dict(zip(attributes, self.key, strict=True))

    def below(self, *prefix: str) -> WrittenRow:
        """The same row, its path seen from `prefix` further up."""
        if not prefix:
            return self
        assumed = tuple(replace(named, path=(*prefix, *named.path)) for named in self.assumed)
        return replace(self, path=(*prefix, *self.path), assumed=assumed)

    def keyed(self, key: Sequence[Any]) -> WrittenRow:
        """The row of a new record, with the primary key that the database has given it among its values."""
        return replace(self, values={**self.values, **replace(self, key=tuple(key)).key_values})

    def attribute(self, column: sa.ColumnElement[Any]) -> str | None:
        """The attribute that a column of a table is mapped to, if it is."""
        return attribute_of(self.model, column)

    def sets(self, columns: Iterable[StoredColumn]) -> bool:
        """Whether the write gives any of these columns a value. That of a row that is not there yet fills all."""
        if self.deleted:
            return False
        return self.key is None or any(self.attribute(column) in self.values for column in columns)

    def identity(self, table: sa.Table) -> tuple[Any, ...] | None:
        """The primary key that the record has in one of its tables, in the order of `key_columns`."""
        if self.key is None:
            return None
        values = self.key_values
        return tuple(values.get(self.attribute(column) or "") for column in key_columns(self.model, table))


@dataclass(frozen=True, slots=True)
class WrittenBatch:
    """Rows that many records were, and that mostly nobody asks for. prefix: put before their paths."""

    make: Callable[[], Sequence[WrittenRow]]
    prefix: tuple[str, ...] = ()

    def below(self, *prefix: str) -> WrittenBatch:
        return replace(self, prefix=(*prefix, *self.prefix))

    def rows(self) -> list[WrittenRow]:
        return [row.below(*self.prefix) for row in self.make()]


def each_row(written: Iterable[WrittenRow | WrittenBatch]) -> list[WrittenRow]:
    """The rows, in their order."""
    found: list[WrittenRow] = []
    for each in written:
        found += [each] if isinstance(each, WrittenRow) else each.rows()
    return found


def mapper_of(model: Model) -> Mapper[Any]:
    mapper: Mapper[Any] = sa.inspect(model.entity)
    return mapper


def tables_of(model: Model) -> list[sa.Table]:
    """The tables of a class, those that it inherits among them."""
    return [table for table in mapper_of(model).tables if isinstance(table, sa.Table)]


def attribute_of(model: Model, column: sa.ColumnElement[Any]) -> str | None:
    try:
        return mapper_of(model).get_property_by_column(column).key
    except UnmappedColumnError:
        return None


def key_columns(model: Model, table: sa.Table) -> tuple[StoredColumn, ...]:
    """The primary key of a table; what the mapper calls so, if the table declares none."""
    keys = mapper_of(model).primary_key
    return tuple(table.primary_key) or tuple(
        each for each in keys if isinstance(each, sa.Column) and each.table is table
    )


def offered_column(model: Model, column: StoredColumn) -> Column | None:
    """The column as the API offers it, if it does."""
    key = attribute_of(model, column)
    return next((each for each in model.columns if each.key == key and each.offered), None)


def field_names(model: Model, columns: Iterable[StoredColumn]) -> tuple[str, ...]:
    """The GraphQL names of those columns that the API offers."""
    found = (offered_column(model, column) for column in columns)
    return tuple(each.name for each in found if each is not None)


def rows_of(rows: Iterable[WrittenRow], table: sa.Table) -> list[WrittenRow]:
    """The rows that have a part in a table."""
    return [row for row in rows if table in row.tables]


def model_of(catalog: Catalog, table: sa.Table) -> Model | None:
    """What the API calls the records of a table; of the classes of one table, the base class is meant."""
    found = [model for model in catalog.models if mapper_of(model).local_table is table]
    return min(found, key=lambda model: len(list(mapper_of(model).iterate_to_root())), default=None)


def common_path(rows: Sequence[WrittenRow]) -> Path:
    """The place in the input that holds all of the rows."""
    shared = []
    for steps in zip(*(row.path for row in rows), strict=False):
        if len(set(steps)) > 1:
            break
        shared.append(steps[0])
    return tuple(shared)


def place(rows: Sequence[WrittenRow], fields: Sequence[str]) -> Path:
    """Where an error of the rows is told that cannot be pinned on one: at the field, if there is only one row."""
    path = common_path(rows)
    return (*path, fields[0]) if len(rows) == 1 and fields else path


def comparable(value: object) -> object:
    """Equal for equal values, and hashable: arrays and JSON values are neither among themselves."""
    if isinstance(value, list | tuple):
        return tuple(map(comparable, value))
    if isinstance(value, dict):
        return frozenset((key, comparable(each)) for key, each in value.items())
    return value
