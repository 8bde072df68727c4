"""The operations of the side of a one-to-one relation that has no foreign key in, the partner's foreign key out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gqlcrud.catalog import Relation
from gqlcrud.errors import WriteError
from gqlcrud.unit_of_work.finding import Instance, identity
from gqlcrud.unit_of_work.saver import New, RecordSaver, connected, nothing_there
from gqlcrud.unit_of_work.ties import KeyTies, Pair
from gqlcrud.write_plan import (
    Connect,
    ConnectOrCreate,
    Create,
    DeleteTarget,
    Disconnect,
    Save,
    ToOne,
    UpdateTarget,
    UpsertTarget,
)


@dataclass(frozen=True, slots=True)
class _Place:
    """One owner, what is done to its partner, and the partners that it has: one at most, if the database sees to it."""

    parent: Instance
    one: ToOne
    current: Sequence[Instance]


@dataclass(frozen=True, slots=True)
class Partners:
    """Applies the operations of one-to-one relations, those of one kind together.

    The partner that a record has goes before another one comes.
    """

    saver: RecordSaver

    def set(self, relation: Relation, items: Sequence[tuple[Instance, ToOne]], *, fresh: bool) -> None:
        """fresh: the owners are new, and so without a partner."""
        parents = [parent for parent, _ in items]
        current: list[list[Instance]] = [[] for _ in items]
        if not fresh:
            current = self.saver.finder.children(relation, parents, items[0][1].among)
        places = [_Place(parent, one, found) for (parent, one), found in zip(items, current, strict=True)]
        wanted = self._wanted(places)
        self._delete(relation, places)
        self._release(relation, places, wanted)
        self._update(relation, places)
        self._tie(relation, places, wanted)
        self._create(relation, places)

    def _wanted(self, places: Sequence[_Place]) -> Mapping[int, Instance]:
        """The partners that are to be connected and are there, by the identity of what is done."""
        connects = [(place.one, op.target) for place in places if isinstance(op := place.one.operation, Connect)]
        either = [(place.one, op.target) for place in places if isinstance(op := place.one.operation, ConnectOrCreate)]
        targets = connected(self.saver.finder, [target for _, target in connects])
        there = self.saver.finder.named(target for _, target in either)
        found = {id(one): there[identity(target)] for one, target in either if identity(target) in there}
        return found | {id(one): target for (one, _), target in zip(connects, targets, strict=True)}

    def _delete(self, relation: Relation, places: Sequence[_Place]) -> None:
        chosen = [place for place in places if isinstance(place.one.operation, DeleteTarget)]
        _check_there(relation, chosen)
        model = self.saver.catalog.model(relation.target)
        self.saver.delete([(each, place.one.path) for place in chosen for each in place.current], model)

    def _release(self, relation: Relation, places: Sequence[_Place], wanted: Mapping[int, Instance]) -> None:
        taking = Connect | ConnectOrCreate | Create | Disconnect
        pairs = [
            Pair(place.parent, each, place.one.path)
            for place in places
            if isinstance(place.one.operation, taking)
            for each in place.current
            if each is not wanted.get(id(place.one))
        ]
        if pairs:
            KeyTies(self.saver, relation).untie(pairs)

    def _update(self, relation: Relation, places: Sequence[_Place]) -> None:
        chosen: list[tuple[_Place, Save]] = []
        for place in places:
            match place.one.operation:
                case UpdateTarget(save):
                    _check_there(relation, [place])
                    chosen.append((place, save))
                case UpsertTarget(_, save) if place.current:
                    chosen.append((place, save))
                case _:
                    pass
        changed = [(each, save) for place, save in chosen for each in place.current if not save.is_empty]
        if changed:
            self.saver.update(changed)

    def _tie(self, relation: Relation, places: Sequence[_Place], wanted: Mapping[int, Instance]) -> None:
        ties = KeyTies(self.saver, relation)
        either = [
            (place, op.target, New(op.save, ties.given(place.parent, place.one.path)))
            for place in places
            if isinstance(op := place.one.operation, ConnectOrCreate) and id(place.one) not in wanted
        ]
        made = self.saver.create_unless_there([(target, new) for _, target, new in either]) if either else []
        pairs = [Pair(place.parent, one, place.one.path) for (place, _, _), one in zip(either, made, strict=True)]
        pairs += [
            Pair(place.parent, wanted[id(place.one)], place.one.path) for place in places if id(place.one) in wanted
        ]
        if pairs:
            ties.tie(pairs, fresh=False)

    def _create(self, relation: Relation, places: Sequence[_Place]) -> None:
        ties = KeyTies(self.saver, relation)
        items: list[New] = []
        for place in places:
            match place.one.operation:
                case Create(save):
                    items.append(New(save, ties.given(place.parent, place.one.path)))
                case UpsertTarget(save) if not place.current:
                    items.append(New(save, ties.given(place.parent, place.one.path)))
                case _:
                    pass
        if items:
            self.saver.create(items)


def _check_there(relation: Relation, places: Sequence[_Place]) -> None:
    missing = [nothing_there(relation, place.one.path) for place in places if not place.current]
    if missing:
        raise WriteError(missing)
