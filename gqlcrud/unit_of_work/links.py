"""Parents and children in, rows of the table that links them written: plain rows, or instances of its class."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapper

from gqlcrud.catalog import Link, Model, Orphan, Relation
from gqlcrud.diagnosis.written_rows import WrittenRow
from gqlcrud.errors import ErrorCode, UserError, WriteError
from gqlcrud.statements import Database
from gqlcrud.unit_of_work.finding import Instance, values_of
from gqlcrud.unit_of_work.instances import stored_value
from gqlcrud.unit_of_work.saver import New, RecordSaver
from gqlcrud.unit_of_work.ties import KeyTies, Pair, Ties
from gqlcrud.write_plan import Assignment, Path, Save

_MANY = 1000
"""Children up to which links are looked for by both of their ends; a statement takes 32,766 parameters in SQLite."""


@dataclass(frozen=True, slots=True)
class LinkTies:
    """Both ends are columns of a link. What the two kinds of links share."""

    saver: RecordSaver
    relation: Relation
    link: Link

    def given(self, parent: Instance, path: Path) -> Mapping[str, Any]:
        return {}

    def key(self, pair: Pair) -> tuple[Any, ...]:
        """The values of a link's two foreign keys."""
        return (*values_of(pair.parent, self.relation.local), *values_of(pair.child, self.relation.remote))

    def values(self, pair: Pair) -> dict[str, Any]:
        """What a new link holds, by the keys of the table's columns."""
        keys = (*self.link.local, *self.link.remote)
        return {**dict(zip(keys, self.key(pair), strict=True)), **self.edge(pair)}

    def place(self, pair: Pair) -> Path:
        """Where an error of the link is told: at its edge, which stands beside what names the child."""
        return (*pair.path[:-1], "edge") if pair.edge else pair.path

    def edge(self, pair: Pair) -> dict[str, Any]:
        return {each.column.key: stored_value(each.column, each.value, self.saver.database) for each in pair.edge}

    def among(self, pairs: Sequence[Pair]) -> sa.ColumnElement[bool]:
        """A condition that holds for the links of the pairs, and for few others."""
        parents = [values_of(pair.parent, self.relation.local) for pair in pairs]
        children = [values_of(pair.child, self.relation.remote) for pair in pairs]
        found = self._in(self.link.local, parents)
        return sa.and_(found, self._in(self.link.remote, children)) if len(children) <= _MANY else found

    def _in(self, keys: Sequence[str], values: Iterable[tuple[Any, ...]]) -> sa.ColumnElement[bool]:
        columns = [self.link.table.c[key] for key in keys]
        distinct = list(dict.fromkeys(values))
        return sa.tuple_(*columns).in_(distinct) if len(columns) > 1 else columns[0].in_([key for (key,) in distinct])

    def check_new(self, pairs: Iterable[Pair]) -> None:
        """Raises WriteError for new links without a value that every link has."""
        needed = [column for column in self.link.columns if column.required and column.writable]
        errors = [
            UserError(ErrorCode.VALIDATION, f"{column.name} is required.", (*pair.path[:-1], "edge", column.name))
            for pair in pairs
            for column in needed
            if all(each.column is not column for each in pair.edge)
        ]
        if errors:
            raise WriteError(errors)

    def delete_orphans(self, pairs: Sequence[Pair]) -> None:
        if self.relation.orphan is Orphan.DELETE:
            model = self.saver.catalog.model(self.relation.target)
            self.saver.delete([(pair.child, pair.path) for pair in pairs], model)


@dataclass(frozen=True, slots=True)
class TableTies(LinkTies):
    """Rows of a table that nothing else is mapped to."""

    def tied(self, pairs: Sequence[Pair]) -> list[bool]:
        present = self._present(pairs)
        return [self.key(pair) in present for pair in pairs]

    def tie(self, pairs: Sequence[Pair], *, fresh: bool) -> None:
        present = set() if fresh else self._present(pairs)
        new = [pair for pair in pairs if self.key(pair) not in present]
        self.check_new(new)
        for group in _alike(new, self.values):
            values = [self.values(pair) for pair in group]
            if any(isinstance(each, sa.ClauseElement) for row in values for each in row.values()):
                self.saver.execute(self._insert().values(values), self._rows(group))
            else:  # rows as parameters: one statement, compiled once, whatever their number
                self.saver.execute(self._insert(), self._rows(group), values)
        known = [pair for pair in pairs if pair.edge and self.key(pair) in present]
        for group in _alike(known, self.edge):
            update = sa.update(self.table).where(*self._same())
            news_of = {key: sa.bindparam(f"new_{key}", type_=self.table.c[key].type) for key in self.edge(group[0])}
            news = [{f"new_{key}": value for key, value in self.edge(pair).items()} for pair in group]
            each = [{**self._parameters(pair), **new} for pair, new in zip(group, news, strict=True)]
            self.saver.execute(update.values(news_of), self._rows(group), each)

    def untie(self, pairs: Sequence[Pair]) -> None:
        self.cut(pairs)
        self.delete_orphans(pairs)

    def cut(self, pairs: Sequence[Pair]) -> None:
        if pairs:
            delete = sa.delete(self.table).where(*self._same())
            self.saver.execute(delete, self._rows(pairs), [self._parameters(pair) for pair in pairs])

    @property
    def table(self) -> sa.Table:
        assert isinstance(self.link.table, sa.Table), "relations through anything else are not writable"
        return self.link.table

    def _present(self, pairs: Sequence[Pair]) -> set[tuple[Any, ...]]:
        if not pairs:
            return set()
        keys = [self.table.c[key] for key in (*self.link.local, *self.link.remote)]
        return {tuple(row) for row in self.saver.session.execute(sa.select(*keys).where(self.among(pairs)))}

    def _insert(self) -> Any:
        """A link that somebody else makes at the same time is as good as ours; any other conflict is an error."""
        insert = postgresql.insert if self.saver.database is Database.POSTGRESQL else sqlite.insert
        ends = [self.table.c[key] for key in (*self.link.local, *self.link.remote)]
        statement = insert(self.table)
        return statement.on_conflict_do_nothing(index_elements=ends) if self.link.exact else statement

    def _same(self) -> list[sa.ColumnElement[bool]]:
        """The link of a pair, whose ends are parameters: one statement serves for all pairs."""
        keys = (*self.link.local, *self.link.remote)
        return [self.table.c[key] == sa.bindparam(f"end_{key}", type_=self.table.c[key].type) for key in keys]

    def _parameters(self, pair: Pair) -> dict[str, Any]:
        keys = (*self.link.local, *self.link.remote)
        return dict(zip((f"end_{key}" for key in keys), self.key(pair), strict=True))

    def _rows(self, pairs: Iterable[Pair]) -> list[WrittenRow]:
        model = self.saver.catalog.model(self.relation.owner)
        return [
            WrittenRow(
                model,
                {},
                self.saver.key_of(pair.parent, model),
                pair.path,
                assumed=() if pair.assumed is None else (pair.assumed,),
            )
            for pair in pairs
        ]


@dataclass(frozen=True, slots=True)
class ObjectTies(LinkTies):
    """Association objects: the class's validators, events and cascades apply."""

    entity: type

    def tied(self, pairs: Sequence[Pair]) -> list[bool]:
        present = self._present(pairs)
        return [self.key(pair) in present for pair in pairs]

    def tie(self, pairs: Sequence[Pair], *, fresh: bool) -> None:
        present = {} if fresh else self._present(pairs)
        new = [pair for pair in pairs if self.key(pair) not in present]
        self.check_new(new)
        if new:
            made = [(Save(self._model, self.place(pair)), self._attributes(self.values(pair))) for pair in new]
            self.saver.create([New(save, values) for save, values in made])
        known = [(present[self.key(pair)], pair) for pair in pairs if pair.edge and self.key(pair) in present]
        if known:
            self.saver.update([(link, self._changes(pair)) for link, pair in known])

    def _changes(self, pair: Pair) -> Save:
        stored = self._model.stored
        values = self._attributes(self.edge(pair))
        return Save(
            self._model, self.place(pair), tuple(Assignment(stored[key], value) for key, value in values.items())
        )

    def untie(self, pairs: Sequence[Pair]) -> None:
        self.cut(pairs)
        self.delete_orphans(pairs)

    def cut(self, pairs: Sequence[Pair]) -> None:
        present = self._present(pairs)
        found = [(present.get(self.key(pair)), pair.path) for pair in pairs]
        self.saver.delete([(link, path) for link, path in found if link is not None], self._model)

    @property
    def _model(self) -> Model:
        return self.saver.catalog.model(self.entity)

    @property
    def _mapper(self) -> Mapper[Any]:
        mapper: Mapper[Any] = sa.inspect(self.entity)
        return mapper

    def _attributes(self, values: Mapping[str, Any]) -> dict[str, Any]:
        columns = self.link.table.c
        return {self._mapper.get_property_by_column(columns[key]).key: value for key, value in values.items()}

    def _present(self, pairs: Sequence[Pair]) -> dict[Hashable, Instance]:
        if not pairs:
            return {}
        ends = [self.link.table.c[key] for key in (*self.link.local, *self.link.remote)]
        keys = [self._mapper.get_property_by_column(column).key for column in ends]
        select: sa.Select[Any] = sa.select(self.entity).where(self.among(pairs))
        links = self.saver.session.scalars(select).unique()
        return {tuple(getattr(link, key) for key in keys): link for link in links}


def ties_of(saver: RecordSaver, relation: Relation) -> Ties:
    if relation.link is None:
        return KeyTies(saver, relation)
    if relation.link.entity is None:
        return TableTies(saver, relation, relation.link)
    return ObjectTies(saver, relation, relation.link, relation.link.entity)


def _alike(pairs: Sequence[Pair], values: Any) -> list[list[Pair]]:
    """The pairs in groups that give the same columns values."""

    def columns(pair: Pair) -> list[str]:
        return sorted(values(pair))

    return [list(group) for _, group in groupby(sorted(pairs, key=columns), key=columns)]
