"""Mapped relationships in, `Relation`s out: which columns join, through which table, whether the other end can be missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, RelationshipDirection, RelationshipProperty
from sqlalchemy.orm.exc import UnmappedColumnError
from sqlalchemy.sql import operators
from sqlalchemy.types import TypeDecorator

from gqlcrud.catalog.column import Column, Source
from gqlcrud.catalog.column_reader import ColumnReader
from gqlcrud.catalog.columns import hidden_column
from gqlcrud.catalog.model import Link, Orphan, Relation

_EXACT = {"Int", "BigInt", "UUID"}

Pair: TypeAlias = tuple[sa.Column[Any], sa.Column[Any]]


@dataclass(frozen=True, slots=True)
class RelationReader:
    """Reads the relations of one class. `columns` maps each class to its columns by attribute; `enforced` says
    whether the database holds foreign keys to be true, so that NOT NULL means that the other record exists."""

    mapper: Mapper[Any]
    readers: Mapping[type, ColumnReader]
    columns: Mapping[type, Mapping[str, Column]]
    enforced: bool

    @property
    def reader(self) -> ColumnReader:
        return self.readers[self.mapper.class_]

    def read(self, prop: RelationshipProperty[Any]) -> Relation:
        """One relation; `custom` where the join is more than equal columns, or a column of it is not mapped."""
        if prop.secondary is not None:
            return self._through_secondary(prop, prop.secondary)
        pairs = _plain_pairs(prop)
        local = self._mapped(self.mapper, [here for here, _ in pairs or ()])
        remote = self._mapped(prop.mapper, [there for _, there in pairs or ()])
        if not local or not remote:
            return self._custom(prop)
        to_one = prop.direction is RelationshipDirection.MANYTOONE
        held = to_one and self.enforced and _is_constraint(pairs or (), prop.mapper)
        return self._relation(
            prop,
            local,
            remote,
            nullable=not held or any(column.nullable for column in local),
            unique=_is_unique([there for _, there in pairs or ()]),
            assured=to_one and self._is_assured(pairs or (), remote, prop.mapper),
        )

    def _through_secondary(self, prop: RelationshipProperty[Any], table: sa.FromClause) -> Relation:
        here = [_ordered(pair, table) for pair in _equal_columns(prop.primaryjoin) or ()]
        there = [_ordered(pair, table) for pair in _equal_columns(prop.secondaryjoin) or ()]
        local = self._mapped(self.mapper, [column for column, _ in here])
        remote = self._mapped(prop.mapper, [column for column, _ in there])
        if not local or not remote or not isinstance(table, sa.Table):
            return self._custom(prop)
        keys = [column.key for _, column in here], [column.key for _, column in there]
        link = read_link(table, *keys, entity=self._mapped_to(table))
        assured = self._is_assured([(own, target) for target, own in there], remote, prop.mapper)
        return self._relation(prop, local, remote, link=link, assured=assured)

    def _is_assured(self, pairs: Sequence[Pair], remote: Sequence[Column], target: Mapper[Any]) -> bool:
        """Whether the pairs are a foreign key that is checked at once, to whole numbers or UUIDs, which are stored as they
        are given. A row that refers to its own table may refer to itself."""
        table = pairs[0][0].table
        return (
            self.enforced
            and _is_constraint(pairs, target, at_once=True)
            and table is not target.local_table
            and target.inherits is None
            and all(
                column.scalar.name in _EXACT and not isinstance(column.sql_type, TypeDecorator) for column in remote
            )
        )

    def _mapped_to(self, table: sa.Table) -> type | None:
        """The class that a link table is mapped to, among those of the API."""
        found = (entity for entity in self.readers if sa.inspect(entity).local_table is table)
        return next(found, None)

    def _custom(self, prop: RelationshipProperty[Any]) -> Relation:
        local = self._mapped(self.mapper, self.mapper.primary_key)
        return self._relation(prop, local, (), custom=True)

    def _mapped(self, mapper: Mapper[Any], columns: Iterable[sa.ColumnElement[Any]]) -> tuple[Column, ...]:
        """The columns of the catalog for those of the table; none at all if one of them is not mapped."""
        found: list[Column] = []
        for column in columns:
            try:
                key = mapper.get_property_by_column(column).key
            except UnmappedColumnError:
                return ()
            known = self.columns[mapper.class_].get(key)
            stored = known is not None and known.source is Source.STORED
            found.append(known if known and stored else hidden_column(mapper, key, self.readers[mapper.class_]))
        return tuple(found)

    def _relation(
        self,
        prop: RelationshipProperty[Any],
        local: tuple[Column, ...],
        remote: tuple[Column, ...],
        *,
        nullable: bool = True,
        unique: bool = False,
        link: Link | None = None,
        custom: bool = False,
        assured: bool = False,
    ) -> Relation:
        options = self.reader.options
        target = self.readers[prop.mapper.class_].owner
        owns_key = prop.direction is RelationshipDirection.MANYTOONE
        kind = (
            f"The {target} records that belong to this {self.reader.owner}."
            if prop.uselist
            else f"The {target} of this {self.reader.owner}."
        )
        return Relation(
            key=prop.key,
            name=self.reader.relation_name(prop.key),
            owner=self.mapper.class_,
            target=prop.mapper.class_,
            many=bool(prop.uselist),
            nullable=nullable,
            description=prop.doc or kind,
            local=local,
            remote=remote,
            link=link,
            custom=custom,
            unique=unique,
            filterable=prop.key not in options.hide_from_where,
            sortable=prop.key not in options.hide_from_order,
            writable=not options.forbids_writes(prop.key) and _is_writable(prop, local if owns_key else remote, custom),
            owns_key=owns_key,
            late=prop.post_update,
            orphan=_orphan(prop, local if owns_key else remote),
            assured=assured,
        )


def _is_writable(prop: RelationshipProperty[Any], foreign_key: Sequence[Column], custom: bool) -> bool:
    """Whether it says by equal columns what leads where, and nothing forbids to set them, from either end."""
    linked = prop.secondary is not None
    fixed = not linked and any(column.read_only for column in foreign_key)
    return not (prop.viewonly or custom or (linked and not prop.uselist) or fixed)


def _orphan(prop: RelationshipProperty[Any], foreign_key: Sequence[Column]) -> Orphan:
    """What becomes of a record that the relation does not hold any more."""
    if prop.cascade.delete_orphan:
        return Orphan.DELETE
    linked = prop.secondary is not None
    return Orphan.NULLIFY if linked or any(column.nullable for column in foreign_key) else Orphan.REFUSE


def read_link(table: sa.Table, local: Sequence[str], remote: Sequence[str], entity: type | None = None) -> Link:
    """A link table, and the class that it is mapped to. What else it holds is read when all columns are known."""
    unique = _is_unique([table.c[key] for key in (*local, *remote)])
    exact = any(sorted(each) == sorted((*local, *remote)) for each in unique_column_sets(table))
    return Link(table, tuple(local), tuple(remote), unique, exact, entity=entity)


def _plain_pairs(prop: RelationshipProperty[Any]) -> list[Pair] | None:
    """The (local, remote) columns of a join that only says that they are equal, or None."""
    equal = _equal_columns(prop.primaryjoin)
    pairs = [
        (here, there)
        for here, there in prop.local_remote_pairs
        if isinstance(here, sa.Column) and isinstance(there, sa.Column)
    ]
    if equal is None or len(equal) != len(pairs):
        return None
    return pairs if {frozenset(pair) for pair in equal} == {frozenset(pair) for pair in pairs} else None


def _equal_columns(clause: sa.ColumnElement[Any] | None) -> list[Pair] | None:
    """`a = b AND c = d` as [(a, b), (c, d)]; None for any other condition."""
    if isinstance(clause, sa.BooleanClauseList):
        parts = [_equal_columns(part) for part in clause.clauses] if clause.operator is operators.and_ else [None]
        return None if None in parts else [pair for part in parts if part for pair in part]
    if not isinstance(clause, sa.BinaryExpression) or clause.operator is not operators.eq:
        return None
    left, right = clause.left, clause.right
    return [(left, right)] if isinstance(left, sa.Column) and isinstance(right, sa.Column) else None


def _ordered(pair: Pair, table: sa.FromClause) -> Pair:
    """The pair with the link table's column last."""
    return pair if table.c.contains_column(pair[1]) else (pair[1], pair[0])


def _is_constraint(pairs: Sequence[Pair], target: Mapper[Any], *, at_once: bool = False) -> bool:
    """Whether the pairs are the columns of a declared foreign key to a record of exactly this class: a key to the
    table of its base class may lead to a record of another subclass. at_once: one that is never deferred."""
    table = pairs[0][0].table
    if not isinstance(table, sa.Table) or target.single or pairs[0][1].table is not target.local_table:
        return False
    wanted = {(here.key, there.table, there.key) for here, there in pairs}
    return any(
        {(element.parent.key, element.column.table, element.column.key) for element in constraint.elements} == wanted
        for constraint in table.foreign_key_constraints
        if not (at_once and (constraint.deferrable or constraint.initially))
    )


def _is_unique(columns: Sequence[sa.Column[Any]]) -> bool:
    """Whether a constraint allows each combination of values once."""
    table = columns[0].table if columns else None
    if not isinstance(table, sa.Table):
        return False
    names = {column.key for column in columns}
    return any(set(unique) <= names for unique in unique_column_sets(table))


def unique_column_sets(table: sa.Table) -> list[list[str]]:
    """The column keys of the primary key, each unique constraint, and each unique index that covers every row."""
    sets = [[column.key for column in table.primary_key]] if len(table.primary_key) else []
    uniques = [each for each in table.constraints if isinstance(each, sa.UniqueConstraint)]
    sets += [[column.key for column in each.columns] for each in sorted(uniques, key=_order_of(table))]
    sets += [
        [column.key for column in index.columns]
        for index in sorted(table.indexes, key=_order_of(table))
        if _is_full(index)
    ]
    return sets


def _order_of(table: sa.Table) -> Any:
    """Constraints and indexes are kept in sets; this gives them the order of the table's columns."""
    position = {column.key: place for place, column in enumerate(table.columns)}
    return lambda part: [position.get(column.key, -1) for column in part.columns]


def _is_full(index: sa.Index) -> bool:
    partial = any(index.dialect_options[name].get("where") is not None for name in ("postgresql", "sqlite"))
    plain = all(isinstance(expression, sa.Column) for expression in index.expressions)
    return bool(index.unique) and not partial and plain
