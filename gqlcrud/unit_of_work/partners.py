"""The operations of the side of a one-to-one relation that has no foreign key in, the partner's foreign key out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

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
    Path,
    ToOne,
    UpdateTarget,
    UpsertTarget,
)


@dataclass(frozen=True, slots=True)
class Partners:
    """Applies the operations of one-to-one relations. The partner that a record has goes before another one comes."""

    saver: RecordSaver

    def set(self, relation: Relation, items: Sequence[tuple[Instance, ToOne]], *, fresh: bool) -> None:
        """fresh: the owners are new, and so without a partner."""
        parents = [parent for parent, _ in items]
        current: list[list[Instance]] = [[] for _ in items]
        if not fresh:
            current = self.saver.finder.children(relation, parents, items[0][1].among)
        creates: list[tuple[Instance, Create]] = []
        for (parent, one), partners in zip(items, current, strict=True):
            if isinstance(one.operation, Create):
                self._release(relation, parent, partners, one.path)
                creates.append((parent, one.operation))
            else:
                self._one(relation, parent, one, partners)
        if creates:
            ties = KeyTies(self.saver, relation)
            self.saver.create([New(each.save, ties.given(parent)) for parent, each in creates])

    def _one(self, relation: Relation, parent: Instance, one: ToOne, partners: Sequence[Instance]) -> None:
        ties = KeyTies(self.saver, relation)
        operation = one.operation
        match operation:
            case Connect(target):
                (partner,) = connected(self.saver.finder, [target])
                self._release(relation, parent, [each for each in partners if each is not partner], one.path)
                ties.tie([Pair(parent, partner, target.path)], fresh=False)
            case ConnectOrCreate(target, save):
                partner = self.saver.finder.named([target]).get(identity(target))
                self._release(relation, parent, [each for each in partners if each is not partner], one.path)
                (partner,) = self.saver.create_unless_there([(target, New(save, ties.given(parent)))])
                ties.tie([Pair(parent, partner, target.path)], fresh=False)
            case UpsertTarget(create) if not partners:
                self.saver.create([New(create, ties.given(parent))])
            case UpsertTarget(_, save) | UpdateTarget(save):
                self._check(relation, partners, one.path)
                self.saver.update([(partner, save) for partner in partners])
            case Disconnect():
                self._release(relation, parent, partners, one.path)
            case DeleteTarget():
                self._check(relation, partners, one.path)
                model = self.saver.catalog.model(relation.target)
                self.saver.delete([(partner, one.path) for partner in partners], model)
            case Create():
                raise AssertionError("created together")
            case _:
                assert_never(operation)

    def _release(self, relation: Relation, parent: Instance, partners: Sequence[Instance], path: Path) -> None:
        if partners:
            KeyTies(self.saver, relation).untie([Pair(parent, partner, path) for partner in partners])

    def _check(self, relation: Relation, partners: Sequence[Instance], path: Path) -> None:
        if not partners:
            raise WriteError([nothing_there(relation, path)])
