"""`Save`s in, flushed instances out: to-one targets first, then the records themselves, then what belongs to them.

Records that are alike are written together: a level of a nested input costs as many statements for 200 records as for 2,
save that SQLAlchemy inserts rows one by one whose keys SQLite numbers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

import sqlalchemy as sa
from sqlalchemy.exc import CircularDependencyError, IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from gqlcrud.catalog import Catalog, Column, Model, Relation
from gqlcrud.diagnosis.violations import UnseenRecordError, ViolationKind, read_violation
from gqlcrud.diagnosis.written_rows import WrittenBatch, WrittenRow
from gqlcrud.hooks import WriteKind
from gqlcrud.plan import Unruled, WriteAction, WriteRules
from gqlcrud.statements import Database
from gqlcrud.statements.changes import changed
from gqlcrud.statements.columns import Columns
from gqlcrud.unit_of_work.cascades import Deletion
from gqlcrud.unit_of_work.finding import Finder, Instance, identity, is_gone, values_of
from gqlcrud.unit_of_work.given_keys import check_references
from gqlcrud.unit_of_work.lists import Lists
from gqlcrud.unit_of_work.making import assigned, initial, make_records, stored_values, subjects_of
from gqlcrud.unit_of_work.marks import Marks, is_marked, unmarked
from gqlcrud.unit_of_work.partners import Partners
from gqlcrud.unit_of_work.permissions import Permissions
from gqlcrud.unit_of_work.record_hooks import RecordHooks, Subject
from gqlcrud.unit_of_work.refusals import in_circle, set_values
from gqlcrud.unit_of_work.saver import New
from gqlcrud.unit_of_work.targets import Doomed, Owner, Targets
from gqlcrud.write_plan import Change, Named, Path, Save, ToMany, ToOne

ATTEMPTS = 5
"""How often a record is looked for again that others make and delete in the meantime."""


@dataclass(slots=True)
class Saver:
    """Writes records within one transaction.

    writing: the rows of the flush that is under way, or that has failed. written: those of the flushes before it, with
    the keys that new records have got; a deferred constraint may refuse them yet. holds_keys: whether the database holds
    declared foreign keys to be true.
    """

    session: Session
    catalog: Catalog
    database: Database
    hooks: RecordHooks
    writing: list[WrittenRow] = field(default_factory=list)
    written: list[WrittenRow | WrittenBatch] = field(default_factory=list)
    holds_keys: bool = False
    rules: WriteRules = field(default_factory=Unruled)
    permissions: Permissions = field(init=False)
    finder: Finder = field(init=False)
    targets: Targets = field(init=False)
    partners: Partners = field(init=False)
    lists: Lists = field(init=False)

    def __post_init__(self) -> None:
        self.permissions = Permissions(self.session, self.database, self.rules)
        self.finder = Finder(self.session, self.database)
        self.targets = Targets(self)
        self.partners = Partners(self)
        self.lists = Lists(self)

    # ---------- records ----------

    def create(self, items: Sequence[New], *, bulk: bool = False, shown: Sequence[Column] = ()) -> list[Instance]:
        """New records, all of one model, in the order of `items`. bulk, shown: as of `make_records`."""
        saves = [each.save for each in items]
        assumes = self.holds_keys and not saves[0].model.hooks
        owners = [Owner(None, initial(each), assumes) for each in items]
        check_references(self.finder, [(save, None, owner.values) for save, owner in zip(saves, owners, strict=True)])
        self._to_one(list(zip(saves, owners, strict=True)), late=False)
        made = make_records(self, saves, owners, bulk=bulk, shown=shown)
        self._belongings(list(zip(saves, made.instances, strict=True)), fresh=True)
        if not made.plain:
            self.hooks.after(WriteKind.CREATE, subjects_of(saves, made.values, made.instances))
        return list(made.instances)

    def update(self, items: Sequence[tuple[Instance, Save]]) -> None:
        """Changes of records that are there, all of one model."""
        instances, saves = [instance for instance, _ in items], [save for _, save in items]
        self._permit("update", items)
        owners = [Owner(instance, assigned(save)) for instance, save in items]
        check_references(self.finder, [(save, instance, assigned(save)) for instance, save in items])
        doomed = self._to_one(list(zip(saves, owners, strict=True)), late=False)
        wanted = subjects_of(saves, [owner.values for owner in owners], instances)
        values = self._stored(saves, self.hooks.before(WriteKind.UPDATE, wanted))
        rows: list[WrittenRow] = []
        with self.session.no_autoflush:
            set_values(zip(instances, saves, values, strict=True))
            for instance, save, value in zip(instances, saves, values, strict=True):
                for key, change in self.changes_of(save).items():
                    if key in value:
                        continue  # a hook sets it
                    # not by setattr, which a type for mutable values refuses
                    sa.inspect(instance).dict[key] = change
                    flag_modified(instance, key)
                if value or save.changes:
                    path = save.path if value else save.ops_path
                    rows.append(WrittenRow(save.model, value, self.key_of(instance, save.model), path))
        if rows:
            self.flush(rows)
        self._delete_all(doomed)
        self._belongings([(save, instance) for instance, save in items], fresh=False)
        self.hooks.after(WriteKind.UPDATE, subjects_of(saves, values, instances))

    def delete(self, items: Iterable[tuple[Instance, Path]], model: Model, *, hard: bool = False) -> None:
        """Delete records, with what the mapper deletes or releases along with them.

        Where that is how the model's records are deleted they are marked, unless it is `hard`.
        """
        marks = model.soft_deletion is not None and not hard
        there = [each for each in items if not (is_gone(each[0]) or (marks and is_marked(each[0], model)))]
        going = list({id(instance): (instance, path) for instance, path in there}.values())
        self.permissions.check_before(model, "delete", ((self.key_of(each, model), path) for each, path in going))
        doomed = [Subject(model, path, {}, instance) for instance, path in going]
        self.hooks.before(WriteKind.DELETE, doomed)
        if marks:
            Marks(self).delete(going, model, dt.datetime.now(dt.UTC))
        else:
            self._take_out(going, model)
        self.hooks.after(WriteKind.DELETE, doomed)

    def restore(self, items: Iterable[tuple[Instance, Path]], model: Model) -> None:
        """Take the marks from records, and from those that were marked along: a change of each, as hooks are told."""
        marks, placed = Marks(self), list(items)
        for along, target in marks.along(placed, model):
            marks.restore(along, target)
        self.update([(instance, Save(model, path, (unmarked(model),))) for instance, path in placed])

    def _take_out(self, going: Sequence[tuple[Instance, Path]], model: Model) -> None:
        Deletion(self.session, self.catalog).prepare(going)
        rows = [WrittenRow(model, {}, self.key_of(instance, model), path, deleted=True) for instance, path in going]
        for instance, _ in going:
            self.session.delete(instance)
        if rows:
            self.flush(rows)

    def create_unless_there(self, items: Sequence[tuple[Named, New]], *, lock: bool = False) -> list[Instance]:
        """The record of each key, made if it is not there; others may make it at the same time.

        lock: nobody else changes the records that are there until the transaction ends.

        A unique key that somebody else has just given makes the savepoint fail; then their record is the one.
        """
        wanted = {identity(named): (named, new) for named, new in reversed(items)}
        found = self.finder.named((named for named, _ in items), lock=lock)
        for attempt in range(ATTEMPTS):
            missing = [item for name, item in wanted.items() if name not in found]
            if not missing:
                break
            try:
                with self.savepoint():
                    made = self.create([new for _, new in missing])
                found |= {identity(named): one for (named, _), one in zip(missing, made, strict=True)}
            except IntegrityError as error:
                before = len(found)
                found |= self.finder.named((named for named, _ in missing), lock=lock)
                if len(found) == before or attempt == ATTEMPTS - 1:
                    self.refuse(error)
                self.writing.clear()
        return [found[identity(named)] for named, _ in items]

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of the transaction that is undone by itself if it fails; `writing` has the rows of the failure, and hooks
        are told of nothing of it."""
        before = len(self.written)
        try:
            with self.hooks.savepoint(), self.session.begin_nested():
                yield
        except BaseException:
            del self.written[before:]
            self.permissions.undone(before)
            raise

    def refuse(self, error: IntegrityError) -> NoReturn:
        """Raise the failure of a record that was to be made if it was not there, and which is still not there.

        Another unique key is in the way, or the record came after the snapshot of this transaction was taken, which a
        later one sees: UnseenRecordError.
        """
        violation = read_violation(error)
        lacks_target = violation is not None and violation.kind is ViolationKind.FOREIGN_KEY
        if self.database is Database.POSTGRESQL and not lacks_target:
            level = self.session.connection().get_isolation_level()
            if level in ("REPEATABLE READ", "SERIALIZABLE"):
                raise UnseenRecordError from error
        raise error

    # ---------- parts ----------

    def flush(self, rows: Iterable[WrittenRow]) -> None:
        """Write what is pending; `rows` say what, should it fail."""
        self.writing[:] = rows
        try:
            self.session.flush()
        except CircularDependencyError as error:
            raise in_circle(self.writing) from error
        self.done()

    def execute(
        self, statement: sa.Executable, rows: Iterable[WrittenRow], parameters: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        """Run a statement that writes `rows`, once for each of the parameters if there are any."""
        self.writing[:] = rows
        self.session.execute(statement, list(parameters) or None)
        self.done()

    def done(self) -> None:
        """What is being written is: the next statement may come."""
        self.written += self.writing
        self.writing.clear()

    def check_written(self) -> None:
        """Raises WriteError for records that the caller may not leave as they are."""
        self.permissions.check_written(self.written)

    def _permit(self, action: WriteAction, items: Sequence[tuple[Instance, Save]]) -> None:
        for model in {save.model: None for _, save in items}:
            placed = ((self.key_of(one, model), save.place) for one, save in items)
            self.permissions.check_before(model, action, placed)

    def key_of(self, instance: Instance, model: Model) -> tuple[Any, ...]:
        return values_of(instance, model.primary_key)

    def values_of(self, save: Save) -> dict[str, Any]:
        """What the assignments of a record set, by attribute."""
        return self._stored([save], [assigned(save)])[0]

    def _stored(self, saves: Sequence[Save], values: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return stored_values(saves, values, self.database)

    def changes_of(self, save: Save) -> dict[str, sa.ColumnElement[Any]]:
        """What the operators of a record set, by attribute, as SQL over its columns."""
        by_column: dict[str, list[Change]] = {}
        for each in save.changes:
            by_column.setdefault(each.column.key, []).append(each)
        columns = Columns(self.database)
        return {key: changed(group, getattr(save.model.entity, key), columns) for key, group in by_column.items()}

    def _to_one(self, items: Sequence[tuple[Save, Owner]], *, late: bool) -> list[Doomed]:
        """Set the foreign keys of the relations that own one; what is given is to be deleted when they are written."""
        grouped: dict[Relation, list[tuple[ToOne, Owner]]] = {}
        for save, owner in items:
            for each in save.to_one:
                if each.relation.owns_key and each.relation.late is late:
                    grouped.setdefault(each.relation, []).append((each, owner))
        return [doomed for relation, group in grouped.items() for doomed in self.targets.set(relation, group)]

    def _delete_all(self, doomed: Sequence[Doomed]) -> None:
        models = {model: None for _, model, _ in doomed}
        for model in models:
            self.delete([(target, path) for target, each, path in doomed if each is model], model)

    def _belongings(self, items: Sequence[tuple[Save, Instance]], *, fresh: bool) -> None:
        """What refers to the records: the other side of one-to-one, lists, and keys that are set last."""
        if not any(save.to_one or save.to_many for save, _ in items):
            return
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
            self._set_late(owners)

    def _set_late(self, owners: Sequence[tuple[Save, Owner]]) -> None:
        doomed = self._to_one(owners, late=True)
        rows: list[WrittenRow] = []
        for save, owner in owners:
            if owner.values:
                rows.append(WrittenRow(save.model, owner.values, self.key_of(owner.instance, save.model), save.path))
        with self.session.no_autoflush:
            set_values((owner.instance, save, owner.values) for save, owner in owners)
        self.flush(rows)
        self._delete_all(doomed)
