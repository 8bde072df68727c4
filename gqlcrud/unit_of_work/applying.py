"""A write plan in, the primary keys of the records that it wrote out; what is expected to go wrong is a `WriteError`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy.exc import IntegrityError

from gqlcrud.catalog import Column, Model
from gqlcrud.diagnosis.assumptions import not_found
from gqlcrud.errors import WriteError
from gqlcrud.plan import Always
from gqlcrud.unit_of_work.finding import Instance, StandIn, identity
from gqlcrud.unit_of_work.lists import stale
from gqlcrud.unit_of_work.saver import New
from gqlcrud.unit_of_work.saving import Saver
from gqlcrud.write_plan import CreateOne, DeleteOne, Guard, Named, Path, RestoreOne, UpdateOne, UpsertOne, WriteOne

RecordKey: TypeAlias = tuple[Any, ...]


def apply_one(saver: Saver, plan: WriteOne) -> RecordKey:
    """Write one record with all that is nested in it, and give its primary key."""
    match plan:
        case CreateOne(save):
            (made,) = saver.create([New(save)])
            return saver.key_of(made, save.model)
        case UpdateOne(target, save, guard):
            # of a versioned record the UPDATE finds nothing if somebody else has just changed it
            instance = _found(saver, target, guard, lock=save.model.version is not None)
            if not save.is_empty:
                saver.update([(instance, save)])
            return saver.key_of(instance, save.model)
        case UpsertOne():
            return saver.key_of(_upserted(saver, plan), plan.create.model)
        case DeleteOne(target, guard, hard):
            instance = _found(saver, target, guard)
            key = saver.key_of(instance, target.model)
            saver.delete([(instance, target.path)], target.model, hard=hard)
            return key
        case RestoreOne(target):
            instance = _found(saver, target, Guard(), lock=True)
            saver.restore([(instance, target.path)], target.model)
            return saver.key_of(instance, target.model)


def create_shown(saver: Saver, plan: CreateOne, shown: Sequence[Column]) -> tuple[RecordKey, Mapping[str, Any] | None]:
    """The primary key of the record that is made, and the attributes of `shown` as the database has stored them; None if
    only reading tells."""
    (made,) = saver.create([New(plan.save)], shown=shown)
    key = saver.key_of(made, plan.save.model)
    return key, {each.key: getattr(made, each.key) for each in shown} if shown and isinstance(made, StandIn) else None


def locate(saver: Saver, plan: DeleteOne) -> RecordKey:
    """The primary key of a record that is to be deleted, which is locked until it is."""
    instance = _found(saver, plan.target, plan.guard, lock=True)
    return saver.key_of(instance, plan.target.model)


def _found(saver: Saver, target: Named, guard: Guard, *, lock: bool = False) -> Instance:
    """The record to be written, which nobody else changes until it is, if it has to be as the guard says."""
    instance = saver.finder.named([target], lock=lock or not guard.is_open).get(identity(target))
    if instance is None:
        raise WriteError([not_found(target)])
    check_guard(saver, instance, target.model, guard, target.path)
    return instance


def check_guard(saver: Saver, instance: Instance, model: Model, guard: Guard, path: Path) -> None:
    """Raises WriteError STALE for a record that is not as the guard says."""
    version = model.version
    same = guard.version is None or version is None or getattr(instance, version.key) == guard.version
    asked = guard.condition != Always(True)
    if not same or (asked and not saver.finder.meets(instance, model, guard.condition)):
        raise WriteError([stale(model, saver.key_of(instance, model), path)])


def _upserted(saver: Saver, plan: UpsertOne) -> Instance:
    """The record is locked before it is changed. Who makes it at the same time is first, and it is changed then."""
    instance = saver.finder.named([plan.target], lock=True).get(identity(plan.target))
    if instance is None:
        try:
            with saver.savepoint():
                (made,) = saver.create([New(plan.create)])
            return made
        except IntegrityError as error:
            instance = saver.finder.named([plan.target], lock=True).get(identity(plan.target))
            if instance is None:  # something else was in the way, which the rows that are being written tell
                saver.refuse(error)
            saver.writing.clear()
    check_guard(saver, instance, plan.create.model, plan.guard, plan.target.path)
    if not plan.update.is_empty:
        saver.update([(instance, plan.update)])
    return instance
