"""Batches of records with a unique key in, what makes those that are not there and changes the others out."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gqlcrud.bulk_plan import CreateMany, OnConflict, PlainRows
from gqlcrud.catalog import Column, Key
from gqlcrud.crud.bulk_inserts import NewRecords
from gqlcrud.crud.bulk_running import Batch
from gqlcrud.crud.bulk_updates import KeyedRows, check_key, keyed, total
from gqlcrud.crud.planning import Planning
from gqlcrud.crud.summary import Counts
from gqlcrud.errors import UserError
from gqlcrud.unit_of_work import Saver, apply_many
from gqlcrud.unit_of_work.differences import changes
from gqlcrud.unit_of_work.finding import identity
from gqlcrud.unit_of_work.row_upserts import upsert_rows, upserts_rows
from gqlcrud.write_plan import Named, Save
from gqlcrud.write_planning import Problems


@dataclass(slots=True)
class UpsertJob:
    """Makes or changes batches of records."""

    records: NewRecords
    conflict: OnConflict

    @classmethod
    def of(cls, records: NewRecords, key: Key, update: tuple[Column, ...] | None) -> UpsertJob:
        """update: the columns that a record which is there takes; None for all that are given. Raises WriteError if a
        preset has none of its value."""
        planning = Planning.of(records.planner, records.presets)
        presets = planning.checked(planning.saves.own(records.model, "update", ())) if update != () else ()
        among = records.planner.visible(records.model)
        return cls(records, OnConflict(key, update, among=among, presets=presets))

    def plan(self, batch: Batch) -> tuple[Callable[[Saver], Counts], Sequence[UserError]]:
        planned, errors = self.records.read(batch)
        problems, seen = Problems(list(errors)), dict[Hashable, int]()
        rows = keyed([each for each in planned if isinstance(each, PlainRows)], self.conflict.key, problems, seen)
        saves = [
            each for each in planned if isinstance(each, Save) and check_key(
                self._key_of(each), self.conflict.key, int(each.path[0]), problems, seen, self.records.model
            )
        ]  # fmt: skip

        def write(saver: Saver) -> Counts:
            return total([*(self._upsert(saver, each) for each in rows), self._upsert_saves(saver, saves)])

        return write, problems.found

    def _key_of(self, save: Save) -> tuple[Any, ...]:
        """The values for the key; fewer of them if one is not given."""
        known = {each.column.key: each.value for each in save.assignments}
        return tuple(known.get(column.key) for column in self.conflict.key.columns)

    def _upsert(self, saver: Saver, keyed_rows: KeyedRows) -> Counts:
        rows = keyed_rows.rows
        if not rows.places:
            return Counts()
        watched = saver.permissions.watches(rows.model, "create", "update", "update_check")
        if watched or self.records.is_guarded(rows) or not upserts_rows(saver.session, rows, self.conflict):
            return self._upsert_saves(saver, self.records.saves_of(rows))
        done = upsert_rows(saver, rows, keyed_rows.keys, self.conflict)
        return Counts(done.inserted, done.updated, done.unchanged)

    def _upsert_saves(self, saver: Saver, saves: Sequence[Save]) -> Counts:
        """The records that are there are looked at first, so that those that would stay as they are do."""
        model, key, among = self.records.model, self.conflict.key, self.conflict.among
        names = [Named(model, key, self._key_of(save), save.path, among) for save in saves]
        there = saver.finder.named(names, lock=True) if names else {}
        written: list[Save] = []
        updated = 0
        for save, name in zip(saves, names, strict=True):
            instance = there.get(identity(name))
            if instance is None:
                written.append(save)
            elif changes(self._only_taken(save), instance):
                written.append(save)
                updated += 1
        if written:
            apply_many(saver, CreateMany(model, tuple(written), self.conflict))
        return Counts(len(written) - updated, updated, len(saves) - len(written))

    def _only_taken(self, save: Save) -> Save:
        """What a record that is there would take."""
        taken = self.conflict.taken(save)
        to_one = tuple(
            each
            for each in save.to_one
            if each.relation.owns_key and all(column.key in taken for column in each.relation.local)
        )
        assignments = tuple(each for each in save.assignments if each.column.key in taken)
        return replace(save, assignments=assignments, to_one=to_one, to_many=())
