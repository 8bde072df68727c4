"""Keys and conditions in, mapped instances out: what a write needs to know of the records that are there already."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import Session, lazyload, load_only

from gqlcrud.catalog import Column, Key, Model, Relation
from gqlcrud.plan import Condition
from gqlcrud.statements import Database, key_parameters, keys_of
from gqlcrud.statements.columns import Columns
from gqlcrud.statements.joins import join_after, join_keys, new_alias
from gqlcrud.statements.predicates import Predicates
from gqlcrud.write_plan import Named

Instance: TypeAlias = Any
"""An instance of a mapped class."""


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds records in one transaction; one statement for all that are alike."""

    session: Session
    database: Database

    def named(self, wanted: Iterable[Named], *, lock: bool = False) -> dict[Hashable, Instance]:
        """The records that are there, by `identity` of what names them. `lock`: nobody else changes them meanwhile."""
        groups: dict[tuple[Model, Key, Condition], dict[Hashable, Named]] = {}
        for each in wanted:
            groups.setdefault((each.model, each.key, each.among), {})[identity(each)] = each
        found: dict[Hashable, Instance] = {}
        for (model, key, among), members in groups.items():
            values = [each.values for each in members.values()]
            instances = self.by_key(model, key.columns, values, among, lock=lock)
            found |= {name: each for name, each in zip(members, instances, strict=True) if each is not None}
        return found

    def by_key(
        self,
        model: Model,
        columns: Sequence[Column],
        values: Sequence[tuple[Any, ...]],
        among: Condition,
        *,
        lock: bool = False,
    ) -> list[Instance | None]:
        """The record of each key for which `among` holds, None where there is none."""
        expressions = Columns(self.database)
        keys = keys_of(columns, self.database)
        entity = new_alias(model.entity)
        same = [expressions.raw(column, entity) == key for column, key in zip(columns, keys.columns, strict=True)]
        select = sa.select(keys.place, entity).select_from(sa.join(keys.table, entity, sa.and_(*same)))
        select = select.where(*Predicates(expressions).given(among, entity))
        if lock:
            # NO KEY: who only refers to the record, by a foreign key, need not wait
            select = select.with_for_update(of=entity, key_share=True).execution_options(populate_existing=True)
        rows = self._rows(select, entity, columns, values)
        return [rows.get(place, [None])[0] for place in range(len(values))]

    def children(self, relation: Relation, parents: Sequence[Instance], where: Condition) -> list[list[Instance]]:
        """The records that a relation of each parent leads to, and for which `where` holds."""
        if not parents:
            return []
        values = [values_of(parent, relation.local) for parent in parents]
        places = [place for place, value in enumerate(values) if None not in value]
        keys = keys_of(relation.local, self.database)
        target = join_keys(relation, keys)
        select = sa.select(keys.place, target.entity).select_from(join_after(keys.table, target))
        select = select.where(*Predicates(Columns(self.database)).given(where, target.entity))
        rows = self._rows(select, target.entity, relation.local, [values[place] for place in places])
        found: list[list[Instance]] = [[] for _ in parents]
        for index, place in enumerate(places):
            found[place] = rows.get(index, [])
        return found

    def meets(self, instance: Instance, model: Model, condition: Condition) -> bool:
        """Whether a condition holds for a record as it is in the database."""
        entity = new_alias(model.entity)
        same = [getattr(entity, column.key) == getattr(instance, column.key) for column in model.primary_key]
        holds = Predicates(Columns(self.database)).build(condition, entity)
        # The record itself is selected, so that the tables of a class that inherits are joined.
        select = sa.select(sa.literal(1)).select_from(entity).where(*same, holds)
        return self.session.execute(select).first() is not None

    def _rows(
        self, select: sa.Select[Any], entity: Any, columns: Sequence[Column], values: Sequence[tuple[Any, ...]]
    ) -> Mapping[int, list[Instance]]:
        """Instances by the place of their key, counted from 0. What the mapper would load beside them is left out.

        A record that holds a value which its column does not have, as it may in SQLite, is found by its keys alone, so
        that it can be deleted, or given another value.
        """
        parameters = key_parameters(columns, values, self.database)
        first = 1 if self.database is Database.POSTGRESQL else 0
        select = select.options(lazyload("*"))
        try:
            found = self.session.execute(select, parameters).unique().all()
        except (LookupError, ValueError, TypeError, OverflowError):
            found = self.session.execute(select.options(_keys_alone(entity)), parameters).unique().all()
        rows: dict[int, list[Instance]] = {}
        for place, instance in found:
            rows.setdefault(place - first, []).append(instance)
        return rows


def _keys_alone(entity: Any) -> Any:
    """Load the columns of an alias that writes need: its keys, foreign keys, version and class."""
    mapper = sa.inspect(entity).mapper
    managed = (mapper.version_id_col, mapper.polymorphic_on)
    needed = [
        prop.key
        for prop in mapper.column_attrs
        for column in prop.columns
        if getattr(column, "primary_key", False) or column.foreign_keys or any(column is each for each in managed)
    ]
    return load_only(*(getattr(entity, key) for key in needed))


def identity(named: Named) -> Hashable:
    """What is equal for equal names of one record."""
    return (named.key, named.values)


def values_of(instance: Instance, columns: Sequence[Column]) -> tuple[Any, ...]:
    return tuple(getattr(instance, column.key) for column in columns)


def is_gone(instance: Instance) -> bool:
    """Whether the record has been deleted in this transaction."""
    state = sa.inspect(instance)
    return bool(state.deleted or state.detached)
