"""A batch of rows as callers give them in, `PlainRows` out where they are nothing but values; else what planning takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from gqlcrud.bulk_plan import PlainRows
from gqlcrud.catalog import Column, Model, Source
from gqlcrud.crud.bulk_running import Batch
from gqlcrud.crud.bulk_values import checked_values
from gqlcrud.crud.inputs import given_mapping
from gqlcrud.errors import RequestError
from gqlcrud.planning import Planner
from gqlcrud.unit_of_work import defaulted
from gqlcrud.write_plan import Assignment
from gqlcrud.write_planning import Problems

_NO_NAMES = ("",)
"""What no column is called."""


@dataclass(slots=True)
class RowReader:
    """Reads the batches of one bulk write.

    creating: the rows are new records. own: what is set without the caller, whatever a row says.
    """

    planner: Planner
    model: Model
    creating: bool
    own: tuple[Assignment, ...] = ()
    _columns: dict[tuple[str, ...], tuple[Column, ...] | None] = field(default_factory=dict)
    _defaulted: frozenset[str] = frozenset()
    _in_order: bool = False

    def __post_init__(self) -> None:
        if self.creating:
            self._defaulted = defaulted(self.model)
            # a row may refer to one before it
            self._in_order = any(each.target is self.model.entity for each in self.model.relations if each.owns_key)

    def mappings(self, batch: Batch, problems: Problems) -> Batch:
        """The rows as mappings, without those that are none, which `problems` tells."""
        if all(type(item) is dict for item in batch.items):
            return batch
        found: list[tuple[int, Mapping[str, Any]]] = []
        for place, item in zip(batch.places, batch.items, strict=True):
            try:
                found.append((place, given_mapping(item, self.model)))
            except RequestError as error:
                problems.keep(error, (place,))
        return Batch([place for place, _ in found], [item for _, item in found])

    def plain(self, batch: Batch, problems: Problems) -> list[PlainRows] | None:
        """The rows of a batch of mappings, grouped by the columns that they give, without those that `problems` tells;
        None if some row gives anything but columns, or lacks one."""
        groups = []
        for names, members in self._groups(batch):
            columns = self._columns_of(names)
            if columns is None:
                return None
            groups.append((columns, members))
        return [each for columns, members in groups for each in self._checked(columns, members, problems)]

    # ---------- which columns ----------

    def _groups(self, batch: Batch) -> Iterable[tuple[tuple[str, ...], Batch]]:
        given = set(map(tuple, batch.items))
        if len(given) == 1:
            return [(given.pop(), batch)]
        names_given = {name for names in given for name in names}
        if not all(isinstance(name, str) for name in names_given):
            return [(_NO_NAMES, batch)]
        left_out = self._may_be_left_out(names_given)
        wider = {names: tuple(sorted({*names, *left_out})) for names in given}
        rows = [(wider[tuple(item)], place, item) for place, item in zip(batch.places, batch.items, strict=True)]
        if self._in_order:
            return [_group(names, list(members)) for names, members in groupby(rows, key=lambda row: row[0])]
        alike: dict[tuple[str, ...], list[tuple[tuple[str, ...], int, Mapping[str, Any]]]] = {}
        for row in rows:
            alike.setdefault(row[0], []).append(row)
        return [_group(names, members) for names, members in alike.items()]

    def _may_be_left_out(self, names: set[str]) -> set[str]:
        """Those to which None is the same as nothing in a new record."""
        if not self.creating:
            return set()
        found = (self.model.stored.get(name) for name in names)
        return {
            each.key
            for each in found
            if each is not None and each.nullable and each.key not in self._defaulted and not each.generated
        }

    def _columns_of(self, names: tuple[str, ...]) -> tuple[Column, ...] | None:
        """The columns that rows of these names give; None if that is not all."""
        if names not in self._columns:
            self._columns[names] = self._read_columns(names)
        return self._columns[names]

    def _read_columns(self, names: tuple[str, ...]) -> tuple[Column, ...] | None:
        members = [self.model.members.get(name) for name in names]
        columns = [each for each in members if isinstance(each, Column)]
        if not all(self.planner.visibility.may("write", each, self.model) for each in columns):
            return None
        if len(columns) < len(names) or any(each.source is not Source.STORED or each.read_only for each in columns):
            return None
        known = {*names, *(each.column.key for each in self.own)}
        if self.creating and any(each.required and each.key not in known for each in self.model.columns):
            return None
        return tuple(columns)

    # ---------- which values ----------

    def _checked(self, columns: tuple[Column, ...], batch: Batch, problems: Problems) -> list[PlainRows]:
        before = len(problems.found)
        fixed = {each.column.key for each in self.own}
        values = [
            checked_values(
                column, [item[column.key] for item in batch.items], batch.places, self.planner.catalog, problems
            )
            for column in columns
            if column.key not in fixed
        ]
        kept = tuple(column for column in columns if column.key not in fixed)
        rows = PlainRows(self.model, batch.places, kept, values)
        refused = {error.path[0] for error in problems.found[before:]}
        if refused:
            rows = rows.only([number for number, place in enumerate(rows.places) if place not in refused])
        rows = PlainRows(
            self.model,
            rows.places,
            (*rows.columns, *(each.column for each in self.own)),
            [*rows.values, *([each.value] * len(rows.places) for each in self.own)],
        )
        return self._without_nulls(rows)

    def _without_nulls(self, rows: PlainRows) -> list[PlainRows]:
        """None stands for the default of its column, where it has one, as it does for SQLAlchemy."""
        emptied = [
            column.key
            for column, values in zip(rows.columns, rows.values, strict=True)
            if column.key in self._defaulted and None in values
        ]
        if not emptied:
            return [rows] if rows.places else []
        by_names: dict[tuple[str, ...], list[int]] = {}
        columns = [rows.value_of(name) for name in emptied]
        for number, values in enumerate(zip(*columns, strict=True)):
            names = tuple(name for name, value in zip(emptied, values, strict=True) if value is None)
            by_names.setdefault(names, []).append(number)
        return [rows.only(numbers).without(names) for names, numbers in by_names.items()]


def _group(
    names: tuple[str, ...], members: Sequence[tuple[tuple[str, ...], int, Mapping[str, Any]]]
) -> tuple[tuple[str, ...], Batch]:
    items = [{name: item.get(name) for name in names} for _, _, item in members]
    return names, Batch([place for _, place, _ in members], items)
