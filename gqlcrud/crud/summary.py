"""What became of the batches of a bulk write in, a `Summary` of all of them out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from gqlcrud.catalog import Model
from gqlcrud.errors import ErrorCode, UserError


@dataclass(frozen=True, slots=True)
class FailedItem:
    """A row that is not written. index: its number among the rows, from 0; item: the row as it was given, or the key of a
    record that was to be deleted; errors: why, their paths beginning with the index."""

    index: int
    item: Any
    errors: tuple[UserError, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """What one batch did, in records."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    not_found: int = 0
    soft_deleted: int = 0
    hard_deleted: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """What a bulk write did.

    requested: the rows that were given, each of which is counted once in what follows, down to `failed`. unchanged: the
    records that were as their rows say. duplicates: the failed rows whose unique key is taken, or that name a record that
    another row of the batch names. violations: how many failed rows broke a constraint, by the name of the constraint;
    of one without a name, by that which PostgreSQL gives it. duration: in seconds. failed_items: in the order of the
    rows, the first `keep_failures` of them.
    """

    requested: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    not_found: int = 0
    soft_deleted: int = 0
    hard_deleted: int = 0
    failed: int = 0
    duplicates: int = 0
    violations: Mapping[str, int] = field(default_factory=dict)
    duration: float = 0.0
    failed_items: tuple[FailedItem, ...] = ()

    @property
    def items_per_second(self) -> float:
        return self.requested / self.duration if self.duration > 0 else 0.0

    @property
    def success_rate(self) -> float:
        """The part of the rows that did not fail, from 0 to 1; 1 of no rows."""
        return (self.requested - self.failed) / self.requested if self.requested else 1.0


@dataclass(slots=True)
class Tally:
    """Adds up what the batches of one bulk write do. keep: how many failed items are remembered."""

    model: Model
    keep: int
    requested: int = 0
    failed: int = 0
    duplicates: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    violations: dict[str, int] = field(default_factory=dict)
    failed_items: list[FailedItem] = field(default_factory=list)

    def add(self, counts: Counts) -> None:
        for name in Counts.__slots__:
            self.counts[name] = self.counts.get(name, 0) + getattr(counts, name)

    def fail(self, items: Iterable[FailedItem]) -> None:
        for item in items:
            self.failed += 1
            codes = {error.code for error in item.errors}
            self.duplicates += bool(codes & {ErrorCode.UNIQUE, ErrorCode.CONFLICTING_OPERATIONS})
            names = {name for error in item.errors if (name := constraint_of(self.model, error)) is not None}
            for name in sorted(names):
                self.violations[name] = self.violations.get(name, 0) + 1
            if len(self.failed_items) < self.keep:
                self.failed_items.append(item)

    def summary(self, seconds: float) -> Summary:
        return Summary(
            self.requested,
            **self.counts,
            failed=self.failed,
            duplicates=self.duplicates,
            violations=dict(self.violations),
            duration=seconds,
            failed_items=tuple(sorted(self.failed_items, key=lambda each: each.index)),
        )


# ---------- names of constraints ----------


def constraint_of(model: Model, error: UserError) -> str | None:
    """The name of the constraint that an error is of; None if it is of none, or of one that is not known."""
    mapper: Any = sa.inspect(model.entity)
    known = [each for each in error.fields if each in mapper.column_attrs]
    if not known and error.path[1:2] and error.path[1] in mapper.column_attrs:
        known = [str(error.path[1])]
    columns = [mapper.column_attrs[each].columns[0] for each in known]
    if not columns or error.code not in _SUFFIXES:
        return None
    names = {str(column.name) for column in columns}
    tables = [table for table in mapper.tables if isinstance(table, sa.Table)]
    for table in tables:
        for name, kind, over in _constraints(table):
            if kind is error.code and over == names and name is not None:
                return name
    own = [str(column.name) for column in columns]
    table = columns[0].table
    if error.code is ErrorCode.UNIQUE and names == {str(column.name) for column in table.primary_key}:
        return str(table.primary_key.name or f"{table.name}_pkey")
    return "_".join([table.name, *own, _SUFFIXES[error.code]])


_SUFFIXES = {ErrorCode.UNIQUE: "key", ErrorCode.FOREIGN_KEY: "fkey", ErrorCode.CHECK: "check"}


def _constraints(table: sa.Table) -> Sequence[tuple[str | None, ErrorCode, set[str]]]:
    """Those of a table that have a name: the name, what breaking it is called, and the columns."""
    found: list[tuple[Any, ErrorCode, set[str]]] = []
    for each in table.constraints:
        if isinstance(each, sa.UniqueConstraint | ExcludeConstraint):
            found.append((each.name, ErrorCode.UNIQUE, {str(column.name) for column in each.columns}))
        elif isinstance(each, sa.ForeignKeyConstraint):
            found.append((each.name, ErrorCode.FOREIGN_KEY, {str(column.name) for column in each.columns}))
        elif isinstance(each, sa.CheckConstraint):
            words = set(str(each.sqltext).replace("(", " ").replace(")", " ").replace(".", " ").split())
            found.append((each.name, ErrorCode.CHECK, {str(column.name) for column in table.columns} & words))
    for index in table.indexes:
        if index.unique:
            found.append((index.name, ErrorCode.UNIQUE, {str(column.name) for column in index.columns}))
    return found
