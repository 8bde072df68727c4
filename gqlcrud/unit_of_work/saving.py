"""`Save`s in, flushed instances out: to-one targets first, then the records themselves, then what belongs to them.

Records that are alike are written together: a level of a nested input costs as many statements for 200 records as for 2.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from gqlcrud.catalog import Catalog, Column, Model, Relation
from gqlcrud.errors import ErrorCode, UserError, WriteError
from gqlcrud.statements import Database
from gqlcrud.statements.changes import changed
from gqlcrud.statements.columns import Columns
from gqlcrud.unit_of_work.finding import Finder, Instance, identity, values_of
from gqlcrud.unit_of_work.given_keys import check_references
from gqlcrud.unit_of_work.instances import new_instance, stored_value
from gqlcrud.unit_of_work.lists import Lists
from gqlcrud.unit_of_work.marks import Marks
from gqlcrud.unit_of_work.partners import Partners
from gqlcrud.unit_of_work.saver import New
from gqlcrud.unit_of_work.targets import Owner, Targets
from gqlcrud.unit_of_work.written_rows import WrittenRow
from gqlcrud.write_plan import Assignment, Change, Named, Path, Save, ToMany, ToOne

_ATTEMPTS = 5
"""How often a record is looked for again that others make and delete in the meantime."""


@dataclass(slots=True)
class Saver:
    """Writes records within one transaction. `writing`: the rows of the flush that is under way."""

    session: Session
    catalog: Catalog
    database: Database
    writing: list[WrittenRow] = field(default_factory=list)
    finder: Finder = field(init=False)
    targets: Targets = field(init=False)
    partners: Partners = field(init=False)
    lists: Lists = field(init=False)

    def __post_init__(self) -> None:
        self.finder = Finder(self.session, self.database)
        self.targets = Targets(self)
        self.partners = Partners(self)
        self.lists = Lists(self)

    # ---------- records ----------

    def create(self, items: Sequence[New]) -> list[Instance]:
        """New records, all of one model, in the order of `items`."""
        values = [{**each.given, **self._assigned(each.save.assignments)} for each in items]
        check_references(self.finder, ((each.save, None, value) for each, value in zip(items, values, strict=True)))
        owners = [Owner(None, value) for value in values]
        self._to_one([(each.save, owner) for each, owner in zip(items, owners, strict=True)], late=False)
        made: list[Instance] = []
        with self.session.no_autoflush:
            for item, value in zip(items, values, strict=True):
                made.append(self._refusing(item.save.path, new_instance, item.save.model.entity, value))
        self.session.add_all(made)
        self.flush(
            WrittenRow(each.save.model, value, None, each.save.path) for each, value in zip(items, values, strict=True)
        )
        self._belongings([(each.save, one) for each, one in zip(items, made, strict=True)], fresh=True)
        return made

    def update(self, items: Sequence[tuple[Instance, Save]]) -> None:
        """Changes of records that are there, all of one model."""
        values = [self._assigned(save.assignments) for _, save in items]
        check_references(
            self.finder, ((save, instance, value) for (instance, save), value in zip(items, values, strict=True))
        )
        owners = [Owner(instance, value) for (instance, _), value in zip(items, values, strict=True)]
        self._to_one([(save, owner) for (_, save), owner in zip(items, owners, strict=True)], late=False)
        rows: list[WrittenRow] = []
        with self.session.no_autoflush:
            for (instance, save), value in zip(items, values, strict=True):
                for key, each in value.items():
                    self._refusing((*save.path, *_field(key, save.model)), setattr, instance, key, each)
                self._change(instance, save.changes, save.model)
                if value or save.changes:
                    rows.append(WrittenRow(save.model, value, self.key_of(instance, save.model), save.path))
        if rows:
            self.flush(rows)
        self._belongings([(save, instance) for instance, save in items], fresh=False)

    def delete(self, items: Iterable[tuple[Instance, Path]], model: Model, *, hard: bool = False) -> None:
        """Delete records, with what the mapper deletes or releases along with them.

        Where that is how the model's records are deleted they are marked, unless it is `hard`.
        """
        if model.soft_deletion is not None and not hard:
            Marks(self).delete(list(items), model, dt.datetime.now(dt.UTC))
            return
        rows: list[WrittenRow] = []
        for instance, path in items:
            rows.append(WrittenRow(model, {}, self.key_of(instance, model), path, deleted=True))
            self.session.delete(instance)
        if rows:
            self.flush(rows)

    def restore(self, items: Iterable[tuple[Instance, Path]], model: Model) -> None:
        """Take the marks from records that are marked as deleted."""
        Marks(self).restore(list(items), model)

    def create_unless_there(self, items: Sequence[tuple[Named, New]]) -> list[Instance]:
        """The record of each key, made if it is not there; others may make it at the same time.

        A unique key that somebody else has just given makes the savepoint fail; then their record is the one.
        """
        wanted = {identity(named): (named, new) for named, new in reversed(items)}
        found = self.finder.named(named for named, _ in items)
        for attempt in range(_ATTEMPTS):
            missing = [item for name, item in wanted.items() if name not in found]
            if not missing:
                break
            try:
                with self.session.begin_nested():
                    made = self.create([new for _, new in missing])
                found |= {identity(named): one for (named, _), one in zip(missing, made, strict=True)}
            except IntegrityError:
                before = len(found)
                found |= self.finder.named(named for named, _ in missing)
                if len(found) == before or attempt == _ATTEMPTS - 1:
                    raise
                self.writing.clear()
        return [found[identity(named)] for named, _ in items]

    # ---------- parts ----------

    def flush(self, rows: Iterable[WrittenRow]) -> None:
        """Write what is pending; `rows` say what, should it fail."""
        self.writing[:] = rows
        self.session.flush()
        self.writing.clear()

    def execute(self, statement: sa.Executable, rows: Iterable[WrittenRow]) -> None:
        """Run a statement that writes `rows`."""
        self.writing[:] = rows
        self.session.execute(statement)
        self.writing.clear()

    def key_of(self, instance: Instance, model: Model) -> tuple[Any, ...]:
        return values_of(instance, model.primary_key)

    def _assigned(self, assignments: Iterable[Assignment]) -> dict[str, Any]:
        return {each.column.key: stored_value(each.column, each.value, self.database) for each in assignments}

    def _change(self, instance: Instance, changes: Sequence[Change], model: Model) -> None:
        by_column: dict[str, list[Change]] = {}
        for each in changes:
            by_column.setdefault(each.column.key, []).append(each)
        columns = Columns(self.database)
        for key, group in by_column.items():
            current: sa.ColumnElement[Any] = getattr(model.entity, key)
            setattr(instance, key, changed(group, current, columns))

    def _to_one(self, items: Sequence[tuple[Save, Owner]], *, late: bool) -> None:
        """Set the foreign keys of the relations that own one."""
        grouped: dict[Relation, list[tuple[ToOne, Owner]]] = {}
        for save, owner in items:
            for each in save.to_one:
                if each.relation.owns_key and each.relation.late is late:
                    grouped.setdefault(each.relation, []).append((each, owner))
        for relation, group in grouped.items():
            self.targets.set(relation, group)

    def _belongings(self, items: Sequence[tuple[Save, Instance]], *, fresh: bool) -> None:
        """What refers to the records: the other side of one-to-one, lists, and keys that are set last."""
        single: dict[Relation, list[tuple[Instance, ToOne]]] = {}
        lists: dict[Relation, list[tuple[Instance, ToMany]]] = {}
        for save, instance in items:
            for one in save.to_one:
                if not one.relation.owns_key:
                    single.setdefault(one.relation, []).append((instance, one))
            for many in save.to_many:
                lists.setdefault(many.relation, []).append((instance, many))
        for relation, ones in single.items():
            self.partners.set(relation, ones, fresh=fresh)
        for relation, manies in lists.items():
            self.lists.apply(relation, manies, fresh=fresh)
        owners = [(save, Owner(instance, {})) for save, instance in items]
        if any(each.relation.late for save, _ in owners for each in save.to_one):
            self._to_one(owners, late=True)
            self._set_late(owners)

    def _set_late(self, owners: Sequence[tuple[Save, Owner]]) -> None:
        rows: list[WrittenRow] = []
        for save, owner in owners:
            for key, value in owner.values.items():
                setattr(owner.instance, key, value)
            if owner.values:
                rows.append(WrittenRow(save.model, owner.values, self.key_of(owner.instance, save.model), save.path))
        self.flush(rows)

    def _refusing(self, path: Path, call: Callable[..., Any], *arguments: Any) -> Any:
        """What `call` gives; a validator of the mapped class that raises ValueError refuses the record."""
        try:
            return call(*arguments)
        except ValueError as error:
            raise WriteError([UserError(ErrorCode.VALIDATION, str(error), path)]) from error


def _field(key: str, model: Model) -> Path:
    """The GraphQL field of an attribute, where it has one."""
    columns: Iterable[Column] = (column for column in model.columns if column.key == key)
    return tuple(column.name for column in columns)
