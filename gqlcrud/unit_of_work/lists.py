"""The operations of to-many relations in, applied in fixed phases, each for all parents together.

The order of fields in an input carries no meaning in GraphQL, so the phases do not depend on it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from sqlalchemy.exc import IntegrityError

from gqlcrud.catalog import Model, Relation
from gqlcrud.diagnosis.assumptions import not_found
from gqlcrud.errors import ErrorCode, UserError, WriteError
from gqlcrud.plan import Condition
from gqlcrud.unit_of_work.claims import check_claims
from gqlcrud.unit_of_work.finding import Instance, StandIn, assumed, identity, is_assured, is_gone
from gqlcrud.unit_of_work.given_keys import check_referred
from gqlcrud.unit_of_work.links import ties_of
from gqlcrud.unit_of_work.marks import is_marked
from gqlcrud.unit_of_work.saver import New, RecordSaver
from gqlcrud.unit_of_work.ties import Pair, Ties
from gqlcrud.write_plan import Assignment, Named, Path, Save, ToMany, UpsertChild

T = TypeVar("T")

Parent: TypeAlias = tuple[Instance, ToMany]


@dataclass(frozen=True, slots=True)
class Lists:
    """Applies the operations of to-many relations."""

    saver: RecordSaver

    def apply(self, relation: Relation, parents: Sequence[Parent], *, fresh: bool) -> None:
        """fresh: the parents are new, so that nothing belongs to them yet."""
        model = self.saver.catalog.model(relation.target)
        changing = relation.link is None or any(many.update or many.upsert for _, many in parents)
        lock = changing and model.version is not None
        if fresh and self._is_assured(relation, parents):
            found: dict[Hashable, Instance] = {
                identity(named): assumed(named) for _, many in parents for named in many.named
            }
        else:
            found = self.saver.finder.named((named for _, many in parents for named in many.named), lock=lock)
        check_claims([many for _, many in parents], found, shared=relation.link is not None)
        check_referred(self.saver.finder, [named for _, many in parents for named in many.referred])
        phases = _Phases(self.saver, relation, model, ties_of(self.saver, relation), parents, found, fresh)
        if not fresh:
            phases.delete()
            phases.delete_where()
            phases.disconnect()
            phases.update_where()
            phases.update()
        phases.upsert()
        phases.connect()
        phases.connect_or_create()
        phases.create()

    def _is_assured(self, relation: Relation, parents: Sequence[Parent]) -> bool:
        """Whether the rows that link new parents tell by themselves that the records are there which these name."""
        return (
            self.saver.holds_keys
            and relation.link is not None
            and relation.link.entity is None
            and all(is_assured(relation, named) for _, many in parents for named in many.named)
            and all(len(many.named) == len(many.connect) for _, many in parents)
        )


@dataclass(slots=True)
class _Phases:
    """One relation of several parents. found: the records that are named, by `identity`."""

    saver: RecordSaver
    relation: Relation
    model: Model
    ties: Ties
    parents: Sequence[Parent]
    found: Mapping[Hashable, Instance]
    fresh: bool

    @property
    def among(self) -> Condition:
        """What holds for the children that there are: the same for every parent."""
        return self.parents[0][1].among

    def delete(self) -> None:
        pairs = self._pairs([(parent, named, ()) for parent, many in self.parents for named in many.delete])
        self._check_children(pairs)
        self._delete(pairs)

    def delete_where(self) -> None:
        chosen = [(parent, many, many.delete_where) for parent, many in self.parents if many.delete_where is not None]
        for group, children in self._meeting(chosen, lambda each: each[2], lambda each: each[0]):
            pairs = [
                Pair(parent, child, (*many.path, "deleteWhere"))
                for (parent, many, _), own in zip(group, children, strict=True)
                for child in own
            ]
            self._delete(pairs)

    def disconnect(self) -> None:
        """Those that are named, and those that `set` does not name; whatever is none of the parent's is left alone."""
        named = [(parent, each, ()) for parent, many in self.parents for each in many.disconnect if self._has(each)]
        pairs = self._pairs(named)
        tied = self.ties.tied(pairs) if pairs else []
        out = [pair for pair, is_tied in zip(pairs, tied, strict=True) if is_tied]
        setting = [(parent, many) for parent, many in self.parents if many.members is not None]
        current = self.saver.finder.children(self.relation, [parent for parent, _ in setting], self.among)
        for (parent, many), children in zip(setting, current, strict=True):
            kept = {id(self.found[identity(each.target)]) for each in many.members or ()}
            out += [Pair(parent, child, (*many.path, "set")) for child in children if id(child) not in kept]
        if out:
            self.ties.untie(out)

    def update_where(self) -> None:
        """Several of one parent follow one another: each finds what those before it have left."""
        rounds = max((len(many.update_where) for _, many in self.parents), default=0)
        for place in range(rounds):
            chosen = [
                (parent, many.update_where[place]) for parent, many in self.parents if len(many.update_where) > place
            ]
            for group, children in self._meeting(chosen, lambda each: each[1].where, lambda each: each[0]):
                self._update(
                    [(child, each.save) for (_, each), own in zip(group, children, strict=True) for child in own]
                )

    def update(self) -> None:
        items = [(parent, each) for parent, many in self.parents for each in many.update]
        pairs = self._pairs([(parent, each.target, each.edge) for parent, each in items])
        self._check_children(pairs)
        for pair, (_, each) in zip(pairs, items, strict=True):
            if each.version is not None and self.model.version is not None:
                self._check_version(pair.child, each.version, pair.path)
        self._update([(pair.child, each.save) for pair, (_, each) in zip(pairs, items, strict=True)])
        self._set_edges(pairs)

    def upsert(self) -> None:
        """A child of the parent is changed; where it has none of this key, one is made.

        Somebody else may make it at the same time, for this parent: then it is changed after all.
        """
        items = [(parent, each) for parent, many in self.parents for each in many.upsert]
        missing = items if self.fresh else self._update_own(items, self.found)
        creates = [(parent, each.create, each.edge) for parent, each in missing]
        if self.fresh or not missing:
            self._create(creates)
            return
        try:
            with self.saver.session.begin_nested():
                self._create(creates)
        except IntegrityError:
            found = self.saver.finder.named([each.target for _, each in missing])
            rest = self._update_own(missing, found)
            if len(rest) == len(missing):
                raise
            self._create([(parent, each.create, each.edge) for parent, each in rest])

    def connect(self) -> None:
        """Those that are named to be connected, and those that `set` names."""
        items = [
            (parent, each.target, each.edge)
            for parent, many in self.parents
            for each in (*(many.members or ()), *many.connect)
        ]
        self._tie(self._pairs(items))

    def connect_or_create(self) -> None:
        items = [(parent, each) for parent, many in self.parents for each in many.connect_or_create]
        if not items:
            return
        wanted = [(each.target, New(each.save, self.ties.given(parent, each.save.path))) for parent, each in items]
        lock = self.relation.link is None and self.model.version is not None
        made = self.saver.create_unless_there(wanted, lock=lock)
        self._tie(
            [Pair(parent, one, each.target.path, each.edge) for (parent, each), one in zip(items, made, strict=True)]
        )

    def create(self) -> None:
        self._create([(parent, each.save, each.edge) for parent, many in self.parents for each in many.create])

    # ---------- parts ----------

    def _has(self, named: Named) -> bool:
        """Whether the record was there, and no phase has deleted it."""
        return self._is_there(self.found.get(identity(named)))

    def _is_there(self, instance: Instance | None) -> bool:
        return not (instance is None or is_gone(instance) or is_marked(instance, self.model))

    def _pairs(self, items: Sequence[tuple[Instance, Named, tuple[Assignment, ...]]]) -> list[Pair]:
        """Raises WriteError for records that are missing, or that an earlier phase has deleted."""
        missing = [not_found(named) for _, named, _ in items if not self._has(named)]
        if missing:
            raise WriteError(missing)
        found = [(parent, self.found[identity(named)], named, edge) for parent, named, edge in items]
        return [
            Pair(parent, child, named.path, edge, named if isinstance(child, StandIn) else None)
            for parent, child, named, edge in found
        ]

    def _meeting(
        self, items: Sequence[T], where: Callable[[T], Condition], parent: Callable[[T], Instance]
    ) -> Iterable[tuple[list[T], list[list[Instance]]]]:
        """The items in groups of one condition, each with the children that meet it: a statement for each group."""
        groups: dict[Condition, list[T]] = {}
        for each in items:
            groups.setdefault(where(each), []).append(each)
        for condition, group in groups.items():
            yield group, self.saver.finder.children(self.relation, [parent(each) for each in group], condition)

    def _update_own(
        self, items: Sequence[tuple[Instance, UpsertChild]], found: Mapping[Hashable, Instance]
    ) -> list[tuple[Instance, UpsertChild]]:
        """Change those that are children of their parents, and give the others back."""
        there = {
            place: Pair(parent, instance, each.target.path, each.edge)
            for place, (parent, each) in enumerate(items)
            if self._is_there(instance := found.get(identity(each.target)))
        }
        tied = self.ties.tied(list(there.values())) if there else []
        own = {place: pair for (place, pair), is_tied in zip(there.items(), tied, strict=True) if is_tied}
        self._update([(pair.child, items[place][1].update) for place, pair in own.items()])
        self._set_edges(list(own.values()))
        return [item for place, item in enumerate(items) if place not in own]

    def _tie(self, pairs: Sequence[Pair]) -> None:
        if pairs:
            self.ties.tie(pairs, fresh=self.fresh)

    def _set_edges(self, pairs: Sequence[Pair]) -> None:
        edges = [pair for pair in pairs if pair.edge]
        if edges:
            self.ties.tie(edges, fresh=False)

    def _create(self, items: Sequence[tuple[Instance, Save, tuple[Assignment, ...]]]) -> None:
        if not items:
            return
        made = self.saver.create([New(save, self.ties.given(parent, save.path)) for parent, save, _ in items])
        if self.relation.link is not None:
            pairs = [Pair(parent, one, save.path, edge) for (parent, save, edge), one in zip(items, made, strict=True)]
            self.ties.tie(pairs, fresh=True)

    def _update(self, items: Sequence[tuple[Instance, Save]]) -> None:
        changed = [(child, save) for child, save in items if not save.is_empty]
        if changed:
            self.saver.update(changed)

    def _delete(self, pairs: Sequence[Pair]) -> None:
        """Links to what is marked as deleted stay, for the record that is restored."""
        if not pairs:
            return
        if self.model.soft_deletion is None:
            self.ties.cut(pairs)
        self.saver.delete([(pair.child, pair.path) for pair in pairs], self.model)

    def _check_children(self, pairs: Sequence[Pair]) -> None:
        """Operations address the children of this parent; any other record is not there for them."""
        tied = self.ties.tied(pairs) if pairs else []
        missing = [pair.path for pair, is_tied in zip(pairs, tied, strict=True) if not is_tied]
        if missing:
            message = f"There is no {self.model.name} with this key in {self.relation.name}."
            raise WriteError([UserError(ErrorCode.NOT_FOUND, message, path) for path in missing])

    def _check_version(self, child: Instance, version: int, path: Path) -> None:
        assert self.model.version is not None, "asked for where there is one"
        if getattr(child, self.model.version.key) != version:
            raise WriteError([stale(self.model, self.saver.key_of(child, self.model), path)])


def stale(model: Model, key: tuple[Any, ...], path: Path) -> UserError:
    """A record that is not as the client has seen it; `current` names it until it is read."""
    message = f"This {model.name} has been changed since it was read."
    return UserError(ErrorCode.STALE, message, path, current=(model, key))
