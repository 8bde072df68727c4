"""Records that are to be written, or that are, in; a `WriteError` out for those with which the caller may not do so.

What a record is before it is changed or deleted is looked at before, what it is then when all of a piece of work is done:
one statement for all records of a model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from gqlcrud.catalog import Model
from gqlcrud.diagnosis.permitted import forbidden
from gqlcrud.diagnosis.written_rows import WrittenBatch, WrittenRow
from gqlcrud.errors import WriteError
from gqlcrud.plan import Always, Condition, Not, WriteAction, WriteRules
from gqlcrud.statements import Database, key_parameters, keys_of
from gqlcrud.statements.columns import Columns
from gqlcrud.statements.joins import new_alias
from gqlcrud.statements.predicates import Predicates
from gqlcrud.write_plan import Path

RecordKey = tuple[Any, ...]


@dataclass(slots=True)
class Permissions:
    """What the caller may write in one transaction. checked: how many of the rows that were written have been looked at."""

    session: Session
    database: Database
    rules: WriteRules
    checked: int = 0
    _known: dict[tuple[Model, WriteAction], Condition] = field(default_factory=dict)

    def watches(self, model: Model, *actions: WriteAction) -> bool:
        """Whether some records of a model are not to be written so."""
        return any(self._rule(model, action) != Always(True) for action in actions)

    def check_before(self, model: Model, action: WriteAction, items: Iterable[tuple[RecordKey, Path]]) -> None:
        """Raises WriteError for records that may not be changed, or deleted."""
        self._check(model, action, items)

    def check_written(self, rows: Sequence[WrittenRow | WrittenBatch]) -> None:
        """The records as they are, of all that the work has written; those that have been looked at before are not again.

        Raises WriteError for those that may not be so.
        """
        made: dict[Model, dict[RecordKey, Path]] = {}
        changed: dict[Model, dict[RecordKey, Path]] = {}
        gone: dict[Model, dict[RecordKey, Path]] = {}
        for row in rows[self.checked :]:
            if isinstance(row, WrittenBatch) or row.marked:
                continue  # a batch is of records that nothing forbids
            if row.deleted:
                assert row.key is not None, "it was there"
                gone.setdefault(row.model, {}).setdefault(row.key, row.path)
            elif row.key is not None:
                changed.setdefault(row.model, {}).setdefault(row.key, row.path)
            elif self.watches(row.model, "create"):
                key = tuple(row.values.get(column.key) for column in row.model.primary_key)
                assert None not in key, "the keys of new records are known where they are looked at"
                made.setdefault(row.model, {}).setdefault(key, row.path)
        self.checked = len(rows)
        self._check_gone(gone)
        for model, items in made.items():
            self._check(model, "create", items.items())
        for model, items in changed.items():
            new = made.get(model, {})
            self._check(model, "update_check", [(key, path) for key, path in items.items() if key not in new])

    def undone(self, count: int) -> None:
        """Only so many of the rows are written after all."""
        self.checked = min(self.checked, count)

    def _check_gone(self, gone: Mapping[Model, Mapping[RecordKey, Path]]) -> None:
        """A policy of the database lets a DELETE pass records over, and says nothing."""
        for model, items in gone.items() if self.rules.secured else ():
            left = self._breaking(model, Always(False), list(items))
            if left:
                raise WriteError([forbidden(model, "delete", items[key]) for key in left])

    def _check(self, model: Model, action: WriteAction, items: Iterable[tuple[RecordKey, Path]]) -> None:
        rule = self._rule(model, action)
        if rule == Always(True):
            return
        places = dict(items)
        refused = list(places) if rule == Always(False) else self._breaking(model, rule, list(places))
        if refused:
            raise WriteError([forbidden(model, action, places[key]) for key in refused])

    def _breaking(self, model: Model, rule: Condition, keys: Sequence[RecordKey]) -> list[RecordKey]:
        """The keys of those records that are there, and for which the rule does not hold."""
        if not keys:
            return []
        columns, wanted = Columns(self.database), keys_of(model.primary_key, self.database)
        entity = new_alias(model.entity)
        same = [
            columns.raw(column, entity) == key for column, key in zip(model.primary_key, wanted.columns, strict=True)
        ]
        breaks = Predicates(columns).build(Not(rule), entity)
        select = sa.select(wanted.place).select_from(sa.join(wanted.table, entity, sa.and_(*same))).where(breaks)
        first = 1 if self.database is Database.POSTGRESQL else 0
        found = self.session.execute(select, key_parameters(model.primary_key, keys, self.database)).scalars()
        return [keys[place - first] for place in sorted(found)]

    def _rule(self, model: Model, action: WriteAction) -> Condition:
        if (model, action) not in self._known:
            self._known[model, action] = self.rules.rule(model, action)
        return self._known[model, action]
