"""Parents and children in, what ties them to each other written: a foreign key of the child, or a row of a link table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapper

from gqlcrud.catalog import Link, Orphan, Relation
from gqlcrud.errors import ErrorCode, UserError, WriteError
from gqlcrud.statements import Database
from gqlcrud.unit_of_work.finding import Instance, values_of
from gqlcrud.unit_of_work.instances import new_instance, stored_value
from gqlcrud.unit_of_work.saver import New, RecordSaver
from gqlcrud.unit_of_work.written_rows import WrittenRow
from gqlcrud.write_plan import Assignment, Path, Save


@dataclass(frozen=True, slots=True)
class Pair:
    """A parent and a child of one relation, and the place in the input that names the child."""

    parent: Instance
    child: Instance
    path: Path
    edge: tuple[Assignment, ...] = ()


class Ties(Protocol):
    """How the records of one relation are tied."""

    def given(self, parent: Instance) -> Mapping[str, Any]:
        """The attributes that tie a new child to its parent."""

    def tied(self, pairs: Sequence[Pair]) -> list[bool]:
        """Which of the pairs are tied."""

    def tie(self, pairs: Sequence[Pair], *, fresh: bool) -> None:
        """Tie pairs, or give those that are tied the values of their edge. fresh: the parents are new."""

    def untie(self, pairs: Sequence[Pair]) -> None:
        """Take children from parents that they are tied to."""


@dataclass(frozen=True, slots=True)
class KeyTies:
    """The child has a foreign key. Taken away, it loses the key or is deleted, as the mapping says."""

    saver: RecordSaver
    relation: Relation

    def given(self, parent: Instance) -> Mapping[str, Any]:
        keys = values_of(parent, self.relation.local)
        return dict(zip((column.key for column in self.relation.remote), keys, strict=True))

    def tied(self, pairs: Sequence[Pair]) -> list[bool]:
        local, remote = self.relation.local, self.relation.remote
        return [values_of(pair.child, remote) == values_of(pair.parent, local) for pair in pairs]

    def tie(self, pairs: Sequence[Pair], *, fresh: bool) -> None:
        self._set([(pair, self.given(pair.parent)) for pair in pairs])

    def untie(self, pairs: Sequence[Pair]) -> None:
        model = self.saver.catalog.model(self.relation.target)
        match self.relation.orphan:
            case Orphan.DELETE:
                self.saver.delete([(pair.child, pair.path) for pair in pairs], model)
            case Orphan.NULLIFY:
                cleared = {column.key: None for column in self.relation.remote if column.nullable}
                self._set([(pair, cleared) for pair in pairs])
            case _ if pairs:
                owner = self.saver.catalog.model(self.relation.owner).name
                message = f"{model.name} cannot be without its {owner}: delete it, or give it to another one."
                raise WriteError([UserError(ErrorCode.REQUIRED_RELATION, message, pair.path) for pair in pairs])

    def _set(self, items: Sequence[tuple[Pair, Mapping[str, Any]]]) -> None:
        """Update the children whose keys change."""
        model = self.saver.catalog.model(self.relation.target)
        saves = [
            (
                pair.child,
                Save(model, pair.path, tuple(Assignment(model.stored[key], each) for key, each in values.items())),
            )
            for pair, values in items
            if any(getattr(pair.child, key) != value for key, value in values.items())
        ]
        if saves:
            self.saver.update(saves)


@dataclass(frozen=True, slots=True)
class LinkTies:
    """A row of a link table ties them; of an association object, if the table is mapped."""

    saver: RecordSaver
    relation: Relation
    link: Link

    def given(self, parent: Instance) -> Mapping[str, Any]:
        return {}

    def tied(self, pairs: Sequence[Pair]) -> list[bool]:
        present = self._present(pairs)
        return [self._key(pair) in present for pair in pairs]

    def tie(self, pairs: Sequence[Pair], *, fresh: bool) -> None:
        present = set() if fresh else self._present(pairs)
        new = [pair for pair in pairs if self._key(pair) not in present]
        if self.link.entity is not None:
            self._add(self.link.entity, new)
        elif new:
            self._insert(new)
        for pair in pairs:
            if pair.edge and self._key(pair) in present:
                self._write(sa.update(self.link.table).values(self._edge(pair)), pair)  # type: ignore[arg-type]  # a table

    def untie(self, pairs: Sequence[Pair]) -> None:
        for pair in pairs:
            self._write(sa.delete(self.link.table), pair)  # type: ignore[arg-type]  # a table
        if self.relation.orphan is Orphan.DELETE:
            model = self.saver.catalog.model(self.relation.target)
            self.saver.delete([(pair.child, pair.path) for pair in pairs], model)

    # ---------- rows of the link ----------

    def _key(self, pair: Pair) -> tuple[Any, ...]:
        """The values of a link's two foreign keys."""
        return (*values_of(pair.parent, self.relation.local), *values_of(pair.child, self.relation.remote))

    def _present(self, pairs: Sequence[Pair]) -> set[tuple[Any, ...]]:
        """The links of the parents that there are, as `_key` gives them."""
        if not pairs:
            return set()
        here = [self.link.table.c[key] for key in self.link.local]
        there = [self.link.table.c[key] for key in self.link.remote]
        parents = list({values_of(pair.parent, self.relation.local): None for pair in pairs})
        among = sa.tuple_(*here).in_(parents) if len(here) > 1 else here[0].in_([key for (key,) in parents])
        return {tuple(row) for row in self.saver.session.execute(sa.select(*here, *there).where(among))}

    def _values(self, pair: Pair) -> dict[str, Any]:
        keys = (*self.link.local, *self.link.remote)
        return {**dict(zip(keys, self._key(pair), strict=True)), **self._edge(pair)}

    def _edge(self, pair: Pair) -> dict[str, Any]:
        return {each.column.key: stored_value(each.column, each.value, self.saver.database) for each in pair.edge}

    def _rows(self, pairs: Iterable[Pair]) -> list[WrittenRow]:
        model = self.saver.catalog.model(self.relation.owner)
        return [WrittenRow(model, {}, self.saver.key_of(pair.parent, model), pair.path) for pair in pairs]

    def _add(self, entity: type, pairs: Sequence[Pair]) -> None:
        """Make association objects: records of a model, if the API offers them."""
        mapper: Mapper[Any] = sa.inspect(entity)
        table = self.link.table
        made = [
            {mapper.get_property_by_column(table.c[key]).key: value for key, value in self._values(pair).items()}
            for pair in pairs
        ]
        model = self.saver.catalog.by_entity.get(entity)
        if model is not None and pairs:
            self.saver.create([New(Save(model, pair.path), values) for pair, values in zip(pairs, made, strict=True)])
        elif pairs:
            self.saver.session.add_all([new_instance(entity, values) for values in made])
            self.saver.flush(self._rows(pairs))

    def _insert(self, pairs: Sequence[Pair]) -> None:
        """A link that somebody else makes at the same time is as good as ours."""
        insert = postgresql.insert if self.saver.database is Database.POSTGRESQL else sqlite.insert
        alike: dict[frozenset[str], list[Pair]] = {}
        for pair in pairs:
            alike.setdefault(frozenset(self._values(pair)), []).append(pair)
        for group in alike.values():
            statement = insert(self.link.table).values([self._values(pair) for pair in group])  # type: ignore[arg-type]
            self.saver.execute(statement.on_conflict_do_nothing() if self.link.unique else statement, self._rows(group))

    def _write(self, statement: Any, pair: Pair) -> None:
        keys = (*self.link.local, *self.link.remote)
        same = [self.link.table.c[key] == value for key, value in zip(keys, self._key(pair), strict=True)]
        self.saver.execute(statement.where(*same), self._rows([pair]))


def ties_of(saver: RecordSaver, relation: Relation) -> Ties:
    return KeyTies(saver, relation) if relation.link is None else LinkTies(saver, relation, relation.link)
