"""The items of a bulk create in, rows of values out, planned column by column, where that is all that they are.

One item of those that give the same fields is planned as any record, and so are its rights and what is missing; the values
of the others are looked at together. Whatever is not plain, or wrong, is left to planning each record, which tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from gqlcrud.bulk_plan import Connected, CreateRows, NewRows, PlainRows
from gqlcrud.catalog import Column, Key, Model, Relation
from gqlcrud.errors import RequestError
from gqlcrud.keys import decode_id
from gqlcrud.planning import Planner
from gqlcrud.write_plan import Assignment, Connect, Path, Save, ToOne
from gqlcrud.write_planning.alike import inputs_passed, pass_at_once
from gqlcrud.write_planning.presets import Presets
from gqlcrud.write_planning.problems import Problems
from gqlcrud.write_planning.saves import SavePlanner
from gqlcrud.write_planning.values import checked_assignment, input_value

Item = Mapping[str, Any]

_MANY = 10
"""Items from which on it pays to look at columns."""
_FEW = 16
"""Sets of fields that items may have for it to pay."""


class _NotPlainError(Exception):
    """Each record has to be planned by itself."""


@dataclass(frozen=True, slots=True)
class RowPlanner:
    """Plans new records of one model that stand in the list at `path`."""

    planner: Planner
    presets: Presets
    model: Model
    path: Path

    def plan(self, items: Sequence[Item], *, apart: bool) -> CreateRows | None:
        """None where each record has to be planned by itself."""
        most = self.planner.limits.max_affected
        told = self.model.create_schema is not None or self.model.hooks  # what these make of a record only it tells
        if told or not _MANY <= len(items) <= most:
            return None
        kinds = set(map(tuple, items))
        if len(kinds) > _FEW:
            return None
        places: dict[tuple[str, ...], list[int]] = {}
        for place, item in enumerate(items if len(kinds) > 1 else ()):
            places.setdefault(tuple(item), []).append(place)
        try:
            groups = [self._group(items, group) for group in places.values() or [range(len(items))]]
        except (_NotPlainError, RequestError, ValueError):
            return None
        named = sum(len(each.rows.places) * len(each.connected) for each in groups)
        if named > self.planner.limits.max_write_items:
            return None
        return CreateRows(self.model, tuple(groups), len(items), apart)

    def _group(self, items: Sequence[Item], places: Sequence[int]) -> NewRows:
        """Items that give the same fields."""
        members = items if len(places) == len(items) else [items[place] for place in places]
        saves = SavePlanner(self.planner, Problems(), self.presets)
        first = saves.create(members[0], self.model, (*self.path, places[0]))
        if saves.problems.found or first.references or first.to_many:
            raise _NotPlainError
        own = {each.column.key: each for each in saves.own(self.model, "create", self.path)}
        rows = self._rows(first, own, members, places)
        connected = tuple(self._connected(one, members) for one in first.to_one)
        local = [column.key for each in connected for column in each.relation.local]
        if len({*local, *(column.key for column in rows.columns)}) < len(local) + len(rows.columns):
            raise _NotPlainError  # columns of which two things are said have to agree
        return NewRows(rows, connected, self.path)

    # ---------- columns ----------

    def _rows(
        self, first: Save, own: Mapping[str, Assignment], items: Sequence[Item], places: Sequence[int]
    ) -> PlainRows:
        given: dict[str, Sequence[Any]] = {}
        for name in items[0]:
            column = self.model.members.get(name)
            if isinstance(column, Column):  # what is set without the client may be given in vain, and has to be valid
                given[column.key] = self._values(column, list(map(itemgetter(name), items)))
        columns = tuple(each.column for each in first.assignments)
        values = [
            [own[column.key].value] * len(places) if column.key in own else given[column.key] for column in columns
        ]
        return PlainRows(self.model, places, columns, values)

    def _values(self, column: Column, values: list[Any]) -> Sequence[Any]:
        """The values of a column as attributes take them: one by one, where that is not seen of all at once. Raises ValueError
        or RequestError for what the column cannot hold."""
        catalog = self.planner.catalog
        stored = inputs_passed(column, values, catalog)
        if stored is None:
            return [checked_assignment(column, input_value(column, value, catalog)).value for value in values]
        return values if stored == "as they are" else [stored[value] for value in values]

    # ---------- relations ----------

    def _connected(self, one: ToOne, items: Sequence[Item]) -> Connected:
        relation, operation = one.relation, one.operation
        if not isinstance(operation, Connect) or not relation.owns_key or relation.late:
            raise _NotPlainError
        key, target = operation.target.key, operation.target.model
        operands = [item[relation.name] for item in items]
        selectors = _only(operands, "connect")
        name = next(iter(selectors[0]))
        given = _only(selectors, name)
        values = (
            _decoded(given, target) if name == "id" and target.global_id else self._key_values(key, given, relation)
        )
        return Connected(relation, target, key, values, operation.target.among)

    def _key_values(self, key: Key, given: Sequence[Any], relation: Relation) -> list[Sequence[Any]]:
        """A list for each column of a key."""
        single = len(key.columns) == 1
        columns = [given if single else [each[column.name] for each in given] for column in key.columns]
        return [self._keys(column, values) for column, values in zip(key.columns, columns, strict=True)]

    def _keys(self, column: Column, values: Sequence[Any]) -> Sequence[Any]:
        if any(value is None for value in values):
            raise _NotPlainError
        if column.references is not None:
            return self._values(column, list(values))
        return values if pass_at_once(column, values) else list(map(column.scalar.check, values))


def _only(values: Sequence[Any], name: str) -> list[Any]:
    """What mappings have that all have this name alone."""
    if set(map(type, values)) != {dict} or set(map(tuple, values)) != {(name,)}:
        raise _NotPlainError
    return [value[name] for value in values]


def _decoded(ids: Sequence[str], target: Model) -> list[Sequence[Any]]:
    """The key columns of records that are named by global ids, each of which is read once."""
    known = {each: decode_id(each, target) for each in set(ids)}
    return list(zip(*(known[each] for each in ids), strict=True))
