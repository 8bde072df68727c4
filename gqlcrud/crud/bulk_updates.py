"""Batches of keys with changes in, what changes the records out: by one statement where that does all, else one by one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from gqlcrud.bulk_plan import PlainRows, UpdateItem
from gqlcrud.catalog import Key, Model
from gqlcrud.crud.bulk_rows import RowReader
from gqlcrud.crud.bulk_running import Batch
from gqlcrud.crud.members import named_key
from gqlcrud.crud.planning import Planning
from gqlcrud.crud.summary import Counts
from gqlcrud.errors import ErrorCode, UserError, WriteError
from gqlcrud.planning import Planner
from gqlcrud.unit_of_work import Saver
from gqlcrud.unit_of_work.bulk_changes import update_all
from gqlcrud.unit_of_work.differences import changed_rows, changes
from gqlcrud.unit_of_work.finding import identity
from gqlcrud.unit_of_work.row_changes import changes_rows, hold, update_rows, version_of
from gqlcrud.write_plan import Named
from gqlcrud.write_planning import GuardedKey, Presets, Problems, guarded_keys


@dataclass(frozen=True, slots=True)
class KeyedRows:
    """Rows of changes, and the key of the record that each of them changes."""

    rows: PlainRows
    keys: Sequence[tuple[Any, ...]]


def keyed(groups: Sequence[PlainRows], key: Key, problems: Problems, seen: dict[Hashable, int]) -> list[KeyedRows]:
    """The rows with their keys, without those that `problems` tells: a key lacks a value, or stands in the batch twice."""
    found = [(rows, _keys_of(rows, key)) for rows in groups]
    in_order = sorted(
        (place, group, number) for group, (rows, _) in enumerate(found) for number, place in enumerate(rows.places)
    )
    kept: list[list[int]] = [[] for _ in found]
    for place, group, number in in_order:  # of two rows of one key the later one is refused, whatever they give
        rows, keys = found[group]
        if check_key(keys[number], key, place, problems, seen, rows.model):
            kept[group].append(number)
    return [
        KeyedRows(rows, keys)
        if len(numbers) == len(keys)
        else KeyedRows(rows.only(numbers), [keys[number] for number in numbers])
        for numbers, (rows, keys) in zip(kept, found, strict=True)
    ]


def _keys_of(rows: PlainRows, key: Key) -> Sequence[tuple[Any, ...]]:
    """The values for the key of each row; none where it is not given."""
    given = {column.key for column in rows.columns}
    if not all(column.key in given for column in key.columns):
        return [()] * len(rows.places)
    return list(zip(*(rows.value_of(column.key) for column in key.columns), strict=True))


def check_key(
    values: tuple[Any, ...], key: Key, place: int, problems: Problems, seen: dict[Hashable, int], model: Model
) -> bool:
    """Whether the values name a record that no other row of the batch names; `problems` tells why not."""
    missing = [column.key for number, column in enumerate(key.columns) if values[number : number + 1] in ((), (None,))]
    for name in missing:
        problems.add(f"{name} is part of the key, so it needs a value.", (place, name))
    first = place if missing else seen.setdefault(values, place)
    if first != place:
        message = f"The same {model.name} is named by item {first} already."
        problems.add(message, (place,), ErrorCode.CONFLICTING_OPERATIONS)
    return not missing and first == place


@dataclass(slots=True)
class UpdateJob:
    """Changes batches. key: by which rows name records. refuse_missing: a record that is not there is a failure."""

    planner: Planner
    presets: Presets
    model: Model
    key: Key
    refuse_missing: bool
    reader: RowReader
    guarded: Sequence[GuardedKey]
    own: frozenset[str]

    @classmethod
    def of(cls, planner: Planner, presets: Presets, model: Model, key: Key, *, refuse_missing: bool) -> UpdateJob:
        """Raises WriteError if a preset has none of its value."""
        planning = Planning.of(planner, presets)
        own = planning.checked(planning.saves.own(model, "update", ()))
        reader = RowReader(planner, model, creating=False, own=own)
        names = frozenset(each.column.key for each in own)
        return cls(planner, presets, model, key, refuse_missing, reader, guarded_keys(planner, model), names)

    def plan(self, batch: Batch) -> tuple[Callable[[Saver], Counts], Sequence[UserError]]:
        planning = Planning.of(self.planner, self.presets)
        problems, seen = planning.problems, dict[Hashable, int]()
        batch = self.reader.mappings(batch, problems)
        plain = self.reader.plain(batch, problems) if self._is_plain else None
        if plain is not None:
            rows = keyed(plain, self.key, problems, seen)
            return (lambda saver: total(self._update_rows(saver, each) for each in rows)), problems.found
        items = [item for place, row in zip(batch.places, batch.items, strict=True)
                 for item in self._item(planning, place, row, seen)]  # fmt: skip
        return (lambda saver: self._update_items(saver, items)), problems.found

    @property
    def _is_plain(self) -> bool:
        return self.model.update_schema is None

    # ---------- rows ----------

    def _update_rows(self, saver: Saver, keyed_rows: KeyedRows) -> Counts:
        rows = keyed_rows.rows.without([column.key for column in self.key.columns])
        if not rows.places:
            return Counts()
        compared = [column.key for column in rows.columns if column.key not in self.own]
        watched = saver.permissions.watches(self.model, "update", "update_check")
        if watched or not changes_rows(saver.session, rows) or self._is_guarded(compared):
            return self._update_items(saver, self._items_of(rows if compared else rows.without(self.own), keyed_rows))
        among = self.planner.visible(self.model)
        attributes = dict.fromkeys((*compared, *version_of(self.model)))
        held = hold(saver, self.model, self.key, keyed_rows.keys, list(attributes), among)
        self._check_missing([place for number, place in enumerate(rows.places) if number not in held])
        changed = changed_rows(rows, held, compared) if compared else []
        if changed:
            update_rows(saver, rows.only(changed), [held[number] for number in changed])
        return Counts(updated=len(changed), unchanged=len(held) - len(changed), not_found=len(rows.places) - len(held))

    def _is_guarded(self, given: Sequence[str]) -> bool:
        return any(column.key in given for key in self.guarded for column in key.local)

    def _items_of(self, rows: PlainRows, keyed_rows: KeyedRows) -> list[UpdateItem]:
        among = self.planner.visible(self.model)
        planning = Planning.of(self.planner, self.presets)
        saves = planning.saves.referring(rows.saves())
        return [
            UpdateItem(Named(self.model, self.key, values, save.path, among), save)
            for values, save in zip(keyed_rows.keys, saves, strict=True)
        ]

    # ---------- one by one ----------

    def _item(self, planning: Planning, place: int, row: Any, seen: dict[Hashable, int]) -> list[UpdateItem]:
        """The change of one row, if nothing is wrong with it."""
        names = {column.key for column in self.key.columns}
        before = len(planning.problems.found)
        values: tuple[Any, ...] = tuple(row.get(column.key) for column in self.key.columns)
        with planning.problems.at(place):
            if None not in values:
                _, values = named_key(self.model, {column.key: row[column.key] for column in self.key.columns})
        check_key(values, self.key, place, planning.problems, seen, self.model)
        changed = {name: value for name, value in row.items() if name not in names}
        inputs = planning.inputs.patch(changed, self.model, (place,))
        if len(planning.problems.found) > before:
            return []
        save = planning.saves.update(inputs, self.model, (place,))
        if len(planning.problems.found) > before:
            return []
        return [UpdateItem(Named(self.model, self.key, values, (place,), self.planner.visible(self.model)), save)]

    def _update_items(self, saver: Saver, items: Sequence[UpdateItem]) -> Counts:
        found = saver.finder.named([item.target for item in items], lock=True)
        there = [item for item in items if identity(item.target) in found]
        self._check_missing([int(item.target.path[0]) for item in items if identity(item.target) not in found])
        changed = [item for item in there if changes(item.save, found[identity(item.target)], self.own)]
        if changed:
            update_all(saver, self.model, changed)
        return Counts(updated=len(changed), unchanged=len(there) - len(changed), not_found=len(items) - len(there))

    def _check_missing(self, places: Sequence[int]) -> None:
        if places and self.refuse_missing:
            message = f"There is no {self.model.name} with this key."
            raise WriteError([UserError(ErrorCode.NOT_FOUND, message, (place,)) for place in places])


def total(counts: Any) -> Counts:
    """The sum of several counts."""
    found = list(counts)
    return Counts(*(sum(getattr(each, name) for each in found) for name in Counts.__slots__))
