"""Batches of new records in, what inserts them out: as rows where they are nothing else, else by the unit of work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gqlcrud.bulk_plan import CreateMany, PlainRows
from gqlcrud.catalog import Model
from gqlcrud.crud.bulk_rows import RowReader
from gqlcrud.crud.bulk_running import Batch
from gqlcrud.crud.planning import Planning
from gqlcrud.crud.summary import Counts
from gqlcrud.errors import UserError
from gqlcrud.planning import Planner
from gqlcrud.unit_of_work import Saver, apply_many, defaulted, insert_rows, takes_rows
from gqlcrud.write_plan import Save
from gqlcrud.write_planning import GuardedKey, Presets, guarded_keys


@dataclass(slots=True)
class NewRecords:
    """Plans new records: rows of values, or saves."""

    planner: Planner
    presets: Presets
    model: Model
    reader: RowReader
    guarded: Sequence[GuardedKey]

    @classmethod
    def of(cls, planner: Planner, presets: Presets, model: Model) -> NewRecords:
        """Raises WriteError if a preset has none of its value."""
        planning = Planning.of(planner, presets)
        own = planning.checked(planning.saves.own(model, "create", ()))
        reader = RowReader(planner, model, creating=True, own=own)
        return cls(planner, presets, model, reader, guarded_keys(planner, model))

    def read(self, batch: Batch) -> tuple[list[PlainRows] | list[Save], Sequence[UserError]]:
        """Those of the records that have no mistakes, and the mistakes of the others."""
        planning = Planning.of(self.planner, self.presets)
        batch = self.reader.mappings(batch, planning.problems)
        plain = self.reader.plain(batch, planning.problems) if self.model.create_schema is None else None
        if plain is not None:
            return plain, planning.problems.found
        return self._saves(batch, planning), planning.problems.found

    def _saves(self, batch: Batch, planning: Planning) -> list[Save]:
        saves = []
        absent = defaulted(self.model)
        for place, item in zip(batch.places, batch.items, strict=True):
            before = len(planning.problems.found)
            values = planning.inputs.create(item, self.model, (place,))
            save = (
                planning.saves.create(values, self.model, (place,)) if len(planning.problems.found) == before else None
            )
            if save is not None and len(planning.problems.found) == before:
                kept = (each for each in save.assignments if each.value is not None or each.column.key not in absent)
                saves.append(replace(save, assignments=tuple(kept)))
        return saves

    def saves_of(self, rows: PlainRows) -> list[Save]:
        """Rows as the unit of work takes them."""
        return Planning.of(self.planner, self.presets).saves.referring(rows.saves())

    def is_guarded(self, rows: PlainRows) -> bool:
        """Whether a foreign key is given that may not lead to every record."""
        given = {column.key for column in rows.columns}
        return any(column.key in given for key in self.guarded for column in key.local)


@dataclass(slots=True)
class InsertJob:
    """Inserts batches. copy: by COPY where that can be."""

    records: NewRecords
    copy: bool = False

    def plan(self, batch: Batch) -> tuple[Callable[[Saver], Counts], Sequence[UserError]]:
        planned, errors = self.records.read(batch)

        def write(saver: Saver) -> Counts:
            saves = [each for each in planned if isinstance(each, Save)]
            count = len(saves)
            for each in planned:
                if isinstance(each, PlainRows):
                    count += len(each.places)
                    watched = saver.permissions.watches(each.model, "create")
                    if not watched and takes_rows(saver.session, each) and not self.records.is_guarded(each):
                        insert_rows(saver, each, copy=self.copy)
                    else:
                        saves += self.records.saves_of(each)
            if saves:
                in_order = sorted(saves, key=lambda save: save.path)
                apply_many(saver, CreateMany(self.records.model, tuple(in_order)))
            return Counts(inserted=count)

        return write, errors
