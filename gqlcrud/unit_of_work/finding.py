"""Keys and conditions in, mapped instances out: what a write needs to know of the records that are there already."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import Session

from gqlcrud.catalog import Column, Key, Model, Relation
from gqlcrud.plan import EVERY, Condition
from gqlcrud.statements import Database, FindStatement, children_statement, key_parameters, named_statement
from gqlcrud.statements.columns import Columns
from gqlcrud.statements.joins import new_alias
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
        statement, given = named_statement(model, tuple(columns), among, self.database, lock=lock)
        rows = self._rows(statement, given, columns, values)
        return [rows.get(place, [None])[0] for place in range(len(values))]

    def children(self, relation: Relation, parents: Sequence[Instance], where: Condition) -> list[list[Instance]]:
        """The records that a relation of each parent leads to, and for which `where` holds."""
        if not parents:
            return []
        values = [values_of(parent, relation.local) for parent in parents]
        places = [place for place, value in enumerate(values) if None not in value]
        statement, given = children_statement(relation, where, self.database)
        rows = self._rows(statement, given, relation.local, [values[place] for place in places])
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
        self,
        statement: FindStatement,
        given: Mapping[str, Any],
        columns: Sequence[Column],
        values: Sequence[tuple[Any, ...]],
    ) -> Mapping[int, list[Instance]]:
        """Instances by the place of their key, counted from 0. given: the statement's values beside the keys.

        A record that holds a value which its column does not have, as it may in SQLite, is found by its keys alone, so
        that it can be deleted, or given another value.
        """
        parameters = {**key_parameters(columns, values, self.database), **given}
        first = 1 if self.database is Database.POSTGRESQL else 0
        try:
            found = self.session.execute(statement.whole, parameters).unique().all()
        except (LookupError, ValueError, TypeError, OverflowError):
            found = self.session.execute(statement.keys_alone, parameters).unique().all()
        rows: dict[int, list[Instance]] = {}
        for place, instance in found:
            rows.setdefault(place - first, []).append(instance)
        return rows


def identity(named: Named) -> Hashable:
    """What is equal for equal names of one record."""
    return (named.key, named.values)


def values_of(instance: Instance, columns: Sequence[Column]) -> tuple[Any, ...]:
    return tuple(getattr(instance, column.key) for column in columns)


class StandIn(SimpleNamespace):
    """What stands for a record that has no instance: some of its attributes, its keys among them."""


def assumed(named: Named) -> StandIn:
    """Stands for a record that a foreign key is to tell of if it is not there."""
    return StandIn(**dict(zip((column.key for column in named.key.columns), named.values, strict=True)))


def is_assured(relation: Relation, named: Named) -> bool:
    """Whether a new key of the relation tells by itself that the named record is there."""
    return relation.assured and named.key.columns == relation.remote and named.among == EVERY


def is_gone(instance: Instance) -> bool:
    """Whether the record has been deleted in this transaction."""
    if isinstance(instance, StandIn):
        return False
    state = sa.inspect(instance)
    return bool(state.deleted or state.detached)
