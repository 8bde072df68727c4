"""Operations of to-one relations in, the owners' foreign keys out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from gqlcrud.catalog import Model, Orphan, Relation
from gqlcrud.errors import WriteError
from gqlcrud.unit_of_work.finding import Instance, assumed, is_assured, values_of
from gqlcrud.unit_of_work.saver import New, RecordSaver, connected, contradiction, nothing_there, required
from gqlcrud.write_plan import (
    Connect,
    ConnectOrCreate,
    Create,
    DeleteTarget,
    Named,
    Path,
    ToOne,
    UpdateTarget,
    UpsertTarget,
)


@dataclass(frozen=True, slots=True)
class Owner:
    """The record that a relation starts from, None before it is made, and the attributes that it is to have.

    assumes: whether foreign keys of it may tell of targets that are not there; assumed: those that are to.
    """

    instance: Instance | None
    values: dict[str, Any]
    assumes: bool = False
    assumed: list[Named] = field(default_factory=list)


Placed: TypeAlias = tuple[ToOne, Owner]
Doomed: TypeAlias = tuple[Instance, Model, Path]
"""A record that is to be deleted once nothing refers to it, and where an error of it is told."""


@dataclass(frozen=True, slots=True)
class Targets:
    """Applies the operations of to-one relations whose foreign key the owner has, those of one kind together."""

    saver: RecordSaver

    def set(self, relation: Relation, items: Sequence[Placed]) -> list[Doomed]:
        """Give each owner the foreign key of its target. What is given back goes when the owners are written."""
        doomed = self._doomed(relation, items)
        targets = self._targets(relation, items)
        for place, (one, owner) in enumerate(items):
            target = targets.get(place)
            if target is None:
                if not self._keeps_key(one):
                    self._clear(one, owner)
            else:
                self._point(one, owner, values_of(target, relation.remote))
        kept = {id(target) for target in targets.values()}
        return [each for each in doomed if id(each[0]) not in kept]

    def _point(self, one: ToOne, owner: Owner, keys: tuple[Any, ...]) -> None:
        """A column may be part of several foreign keys, which have to agree."""
        for column, key in zip(one.relation.local, keys, strict=True):
            if owner.values.setdefault(column.key, key) != key:
                message = f"{one.relation.name} leads to another {column.name} than the rest of this record has."
                raise contradiction(message, one.path)

    def _doomed(self, relation: Relation, items: Sequence[Placed]) -> list[Doomed]:
        """The targets to be deleted, and those that may not be without their owner and lose it."""
        going = [
            (one, owner)
            for one, owner in items
            if owner.instance is not None and (relation.orphan is Orphan.DELETE or _deletes(one))
        ]
        model = self.saver.catalog.model(relation.target)
        doomed: list[Doomed] = []
        for (one, _), target in zip(going, self._current(relation, going), strict=True):
            if target is not None:
                doomed.append((target, model, one.path))
            elif _deletes(one):
                raise WriteError([nothing_there(relation, one.path)])
        return doomed

    def _targets(self, relation: Relation, items: Sequence[Placed]) -> dict[int, Instance]:
        """The target of each owner, by the owner's place; none where it is taken away."""
        operations = [(place, one.operation) for place, (one, _) in enumerate(items)]
        wanted = [(place, each.target) for place, each in operations if isinstance(each, Connect)]
        known = {place for place, named in wanted if items[place][1].assumes and is_assured(relation, named)}
        connects = [(place, named) for place, named in wanted if place not in known]
        creates = [(place, New(each.save)) for place, each in operations if isinstance(each, Create)]
        either = [
            (place, (each.target, New(each.save))) for place, each in operations if isinstance(each, ConnectOrCreate)
        ]
        found: dict[int, Instance] = {}
        for place, named in wanted:
            if place in known:
                items[place][1].assumed.append(named)
                found[place] = assumed(named)
        if connects:
            targets = connected(self.saver.finder, [named for _, named in connects])
            found |= zip((place for place, _ in connects), targets, strict=True)
        if creates:
            found |= zip((place for place, _ in creates), self.saver.create([new for _, new in creates]), strict=True)
        if either:
            made = self.saver.create_unless_there([each for _, each in either])
            found |= zip((place for place, _ in either), made, strict=True)
        return found | self._changed(relation, items)

    def _changed(self, relation: Relation, items: Sequence[Placed]) -> dict[int, Instance]:
        """The targets that owners have already, changed as `update` and `upsert` say."""
        places = [
            place for place, (one, _) in enumerate(items) if isinstance(one.operation, UpdateTarget | UpsertTarget)
        ]
        current = self._current(relation, [items[place] for place in places])
        found: dict[int, Instance] = {}
        updates, creates = [], []
        for place, target in zip(places, current, strict=True):
            operation = items[place][0].operation
            if target is not None:
                found[place] = target
                assert isinstance(operation, UpdateTarget | UpsertTarget), "no other was looked for"
                updates.append((target, operation.save if isinstance(operation, UpdateTarget) else operation.update))
            elif isinstance(operation, UpsertTarget):
                creates.append((place, New(operation.create)))
            else:
                raise WriteError([nothing_there(relation, items[place][0].path)])
        if updates:
            self.saver.update(updates)
        made = self.saver.create([new for _, new in creates]) if creates else []
        return found | dict(zip((place for place, _ in creates), made, strict=True))

    def _current(self, relation: Relation, items: Sequence[Placed]) -> list[Instance | None]:
        if not items:
            return []
        children = self.saver.finder.children(relation, [owner.instance for _, owner in items], items[0][0].among)
        return [each[0] if each else None for each in children]

    def _keeps_key(self, one: ToOne) -> bool:
        """Whether the target goes and the foreign key stays: it leads to the record again that is restored."""
        target = self.saver.catalog.model(one.relation.target)
        return isinstance(one.operation, DeleteTarget) and target.soft_deletion is not None

    def _clear(self, one: ToOne, owner: Owner) -> None:
        """Take the foreign key away: those of its columns that can be NULL."""
        cleared = [column for column in one.relation.local if column.nullable]
        if not cleared:
            raise WriteError([required(self.saver.catalog.model(one.relation.owner), one.relation, one.path)])
        for column in cleared:
            if owner.values.setdefault(column.key, None) is not None:
                message = f"{one.relation.name} is to be empty, and {column.name} is given."
                raise contradiction(message, one.path)


def _deletes(one: ToOne) -> bool:
    return isinstance(one.operation, DeleteTarget)
