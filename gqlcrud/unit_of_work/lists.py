"""The operations of to-many relations in, applied in fixed phases, each for all parents together.

The order of fields in an input carries no meaning in GraphQL, so the phases do not depend on it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from gqlcrud.catalog import Model, Relation
from gqlcrud.errors import ErrorCode, UserError, WriteError
from gqlcrud.plan import Condition
from gqlcrud.unit_of_work.finding import Instance, identity
from gqlcrud.unit_of_work.given_keys import check_referred
from gqlcrud.unit_of_work.saver import New, RecordSaver, not_found
from gqlcrud.unit_of_work.ties import Pair, Ties, ties_of
from gqlcrud.write_plan import Connect, Named, Path, Save, ToMany

Parent: TypeAlias = tuple[Instance, ToMany]


@dataclass(frozen=True, slots=True)
class Lists:
    """Applies the operations of to-many relations."""

    saver: RecordSaver

    def apply(self, relation: Relation, parents: Sequence[Parent], *, fresh: bool) -> None:
        """fresh: the parents are new, so that nothing belongs to them yet."""
        found = self.saver.finder.named(named for _, many in parents for named in many.named)
        _check(parents, found)
        check_referred(self.saver.finder, [named for _, many in parents for named in many.referred])
        model = self.saver.catalog.model(relation.target)
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
        pairs = [self._pair(parent, named) for parent, many in self.parents for named in many.delete]
        self._check_children(pairs)
        self._delete(pairs)

    def delete_where(self) -> None:
        chosen = [(parent, many) for parent, many in self.parents if many.delete_where is not None]
        for parent, many in chosen:
            assert many.delete_where is not None, "chosen for it"
            (children,) = self.saver.finder.children(self.relation, [parent], many.delete_where)
            self._delete([Pair(parent, child, (*many.path, "deleteWhere")) for child in children])

    def disconnect(self) -> None:
        """Those that are named, and those that `set` does not name; whatever is none of the parent's is left alone."""
        pairs = [
            Pair(parent, self.found[identity(named)], named.path)
            for parent, many in self.parents
            for named in many.disconnect
            if identity(named) in self.found
        ]
        if pairs:
            self.ties.untie([pair for pair, tied in zip(pairs, self.ties.tied(pairs), strict=True) if tied])
        setting = [(parent, many) for parent, many in self.parents if many.members is not None]
        current = self.saver.finder.children(self.relation, [parent for parent, _ in setting], self.among)
        out: list[Pair] = []
        for (parent, many), children in zip(setting, current, strict=True):
            kept = [self.found[identity(each.target)] for each in many.members or ()]
            out += [Pair(parent, child, (*many.path, "set")) for child in children if not _is_in(child, kept)]
        if out:
            self.ties.untie(out)

    def update_where(self) -> None:
        for parent, many in self.parents:
            for each in many.update_where:
                (children,) = self.saver.finder.children(self.relation, [parent], each.where)
                self._update([(child, each.save) for child in children])

    def update(self) -> None:
        items = [
            (self._pair(parent, each.target, each.edge), each) for parent, many in self.parents for each in many.update
        ]
        pairs = [pair for pair, _ in items]
        self._check_children(pairs)
        for pair, each in items:
            if each.version is not None and self.model.version is not None:
                self._check_version(pair.child, each.version, pair.path)
        self._update([(pair.child, each.save) for pair, each in items])
        self._set_edges(pairs)

    def upsert(self) -> None:
        """A child of the parent is changed; where it has none of this key, one is made."""
        items = [(parent, each) for parent, many in self.parents for each in many.upsert]
        there = [(parent, each) for parent, each in items if identity(each.target) in self.found and not self.fresh]
        pairs = [self._pair(parent, each.target, each.edge) for parent, each in there]
        tied = self.ties.tied(pairs) if pairs else []
        known = {id(each) for (_, each), is_tied in zip(there, tied, strict=True) if is_tied}
        own = [(pair, each) for pair, (_, each) in zip(pairs, there, strict=True) if id(each) in known]
        self._update([(pair.child, each.update) for pair, each in own])
        self._set_edges([pair for pair, _ in own])
        self._create([(parent, each.create, each.edge) for parent, each in items if id(each) not in known])

    def connect(self) -> None:
        """Those that are named to be connected, and those that `set` names."""
        pairs = [
            self._pair(parent, each.target, each.edge)
            for parent, many in self.parents
            for each in (*(many.members or ()), *many.connect)
        ]
        self._tie(pairs)

    def connect_or_create(self) -> None:
        items = [(parent, each) for parent, many in self.parents for each in many.connect_or_create]
        if not items:
            return
        wanted = [(each.target, New(each.save, self.ties.given(parent))) for parent, each in items]
        made = self.saver.create_unless_there(wanted)
        self._tie(
            [Pair(parent, one, each.target.path, each.edge) for (parent, each), one in zip(items, made, strict=True)]
        )

    def create(self) -> None:
        self._create([(parent, each.save, each.edge) for parent, many in self.parents for each in many.create])

    # ---------- parts ----------

    def _pair(self, parent: Instance, named: Named, edge: Any = ()) -> Pair:
        return Pair(parent, self.found[identity(named)], named.path, edge)

    def _tie(self, pairs: Sequence[Pair]) -> None:
        if pairs:
            self.ties.tie(pairs, fresh=self.fresh)

    def _set_edges(self, pairs: Sequence[Pair]) -> None:
        edges = [pair for pair in pairs if pair.edge]
        if edges:
            self.ties.tie(edges, fresh=False)

    def _create(self, items: Sequence[tuple[Instance, Save, Any]]) -> None:
        if not items:
            return
        made = self.saver.create([New(save, self.ties.given(parent)) for parent, save, _ in items])
        if self.relation.link is not None:
            pairs = [Pair(parent, one, save.path, edge) for (parent, save, edge), one in zip(items, made, strict=True)]
            self.ties.tie(pairs, fresh=True)

    def _update(self, items: Sequence[tuple[Instance, Save]]) -> None:
        changed = [(child, save) for child, save in items if not save.is_empty]
        if changed:
            self.saver.update(changed)

    def _delete(self, pairs: Sequence[Pair]) -> None:
        if not pairs:
            return
        if self.relation.link is not None and self.model.soft_deletion is None:
            self.ties.untie(pairs)
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


def _check(parents: Sequence[Parent], found: Mapping[Hashable, Instance]) -> None:
    """Every record that has to be there is, and none is named twice for one parent, be it by different keys."""
    errors: list[UserError] = []
    for _, many in parents:
        errors += [not_found(named) for named in _needed(many) if identity(named) not in found]
        seen: dict[int, Named] = {}
        for named in many.named:
            instance = found.get(identity(named))
            if instance is not None and seen.setdefault(id(instance), named) is not named:
                message = f"The same {named.model.name} is named twice in one relation."
                errors.append(UserError(ErrorCode.CONFLICTING_OPERATIONS, message, named.path))
    if errors:
        raise WriteError(errors)


def _needed(many: ToMany) -> Iterator[Named]:
    """The records without which the operations of a relation cannot be done."""
    yield from many.delete
    targets: Iterable[Connect] = (*(many.members or ()), *many.connect)
    yield from (each.target for each in targets)
    yield from (each.target for each in many.update)


def _is_in(instance: Instance, instances: Sequence[Instance]) -> bool:
    return any(instance is each for each in instances)
