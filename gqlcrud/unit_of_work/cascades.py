"""Instances that are to be deleted in, everything that hangs on them made ready for it: a statement for each level.

SQLAlchemy's unit of work would load it record by record, and cannot empty a part of a foreign key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, RelationshipDirection, RelationshipProperty, Session, selectinload
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.collections import collection_adapter

from gqlcrud.catalog import Catalog
from gqlcrud.errors import ErrorCode, UserError, WriteError
from gqlcrud.unit_of_work.finding import Instance
from gqlcrud.write_plan import Path


@dataclass(slots=True)
class Deletion:
    """Records that go together. doomed: each with the place in the input that it goes for."""

    session: Session
    catalog: Catalog
    doomed: dict[int, tuple[Instance, Path]] = field(default_factory=dict)
    _kept: list[tuple[Instance, RelationshipProperty[Any]]] = field(default_factory=list)

    def prepare(self, items: Iterable[tuple[Instance, Path]]) -> None:
        """Load what the mapper deletes or releases along with the records, and release what it cannot.

        Raises WriteError for records that may not be without those that go.
        """
        level = list(items)
        while level:
            self.doomed |= {id(instance): (instance, path) for instance, path in level}
            following = [each for mapper, group in _by_mapper(level) for each in self._dependants(mapper, group)]
            level = [(instance, path) for instance, path in following if id(instance) not in self.doomed]
        self._release()

    def _dependants(self, mapper: Mapper[Any], group: Sequence[tuple[Instance, Path]]) -> Iterator[tuple[Any, Path]]:
        """What is deleted with records of one class."""
        for prop in mapper.relationships:
            if not _is_looked_at(prop):
                continue
            _load(self.session, mapper, prop, [instance for instance, _ in group])
            if prop.cascade.delete:
                yield from ((child, path) for instance, path in group for child in _children(instance, prop))
            elif prop.direction is RelationshipDirection.ONETOMANY and not _all_nullable(prop):
                self._kept += [(instance, prop) for instance, _ in group]

    def _release(self) -> None:
        """Empty what may be NULL of foreign keys that are NOT NULL, or part of a primary key, in part."""
        errors: list[UserError] = []
        for instance, prop in self._kept:
            children = [each for each in _children(instance, prop) if id(each) not in self.doomed]
            nullable = [column for column in _foreign_key(prop) if _is_nullable(column)]
            if children and not nullable and not _left_to_database(prop):
                errors.append(self._needed(instance, prop))
            for child, column in product(children, nullable):
                setattr(child, prop.mapper.get_property_by_column(column).key, None)
        if errors:
            raise WriteError(list(dict.fromkeys(errors)))
        self.session.flush()
        for instance, prop in self._kept:
            # What the mapper does not see, it does not touch.
            set_committed_value(instance, prop.key, [] if prop.uselist else None)

    def _needed(self, instance: Instance, prop: RelationshipProperty[Any]) -> UserError:
        names = [
            self.catalog.by_entity[entity].name if entity in self.catalog.by_entity else entity.__name__
            for entity in (prop.mapper.class_, type(instance))
        ]
        child = self.catalog.by_entity.get(prop.mapper.class_)
        if child is not None and child.policy is not None:
            names[0] = "Other"  # the caller may not know of them
        message = f"{names[0]} records cannot be without this {names[1]}."
        return UserError(ErrorCode.REQUIRED_RELATION, message, self.doomed[id(instance)][1])


def _by_mapper(
    items: Sequence[tuple[Instance, Path]],
) -> Iterator[tuple[Mapper[Any], list[tuple[Instance, Path]]]]:
    groups: dict[Mapper[Any], list[tuple[Instance, Path]]] = {}
    for instance, path in items:
        groups.setdefault(sa.inspect(instance).mapper, []).append((instance, path))
    yield from groups.items()


def _is_looked_at(prop: RelationshipProperty[Any]) -> bool:
    """Lists that are only ever written or queried are left to the database or to SQLAlchemy."""
    if prop.viewonly or prop.lazy in ("write_only", "dynamic") or prop.passive_deletes == "all":
        return False
    if prop.direction is RelationshipDirection.MANYTOONE:
        return bool(prop.cascade.delete)
    return not prop.passive_deletes


def _load(session: Session, mapper: Mapper[Any], prop: RelationshipProperty[Any], group: Sequence[Instance]) -> None:
    missing = [each for each in group if prop.key in sa.inspect(each).unloaded]
    if not missing:
        return
    columns = mapper.primary_key
    keys = [sa.inspect(each).identity for each in missing]
    among = sa.tuple_(*columns).in_(keys) if len(columns) > 1 else columns[0].in_([key for (key,) in keys])
    select = sa.select(mapper.entity).where(among).options(selectinload(getattr(mapper.entity, prop.key)))
    session.scalars(select).unique().all()


def _children(instance: Instance, prop: RelationshipProperty[Any]) -> list[Instance]:
    value = getattr(instance, prop.key)
    if prop.uselist:
        return list(collection_adapter(value))
    return [] if value is None else [value]


def _foreign_key(prop: RelationshipProperty[Any]) -> list[sa.Column[Any]]:
    return [column for _, column in prop.synchronize_pairs if isinstance(column, sa.Column)]


def _is_nullable(column: sa.Column[Any]) -> bool:
    return bool(column.nullable) and not column.primary_key


def _all_nullable(prop: RelationshipProperty[Any]) -> bool:
    return all(map(_is_nullable, _foreign_key(prop)))


def _left_to_database(prop: RelationshipProperty[Any]) -> bool:
    """Whether the foreign key says that the database deletes what refers to the record."""
    keys = [each for column in _foreign_key(prop) for each in column.foreign_keys]
    return any(each.constraint is not None and each.constraint.ondelete == "CASCADE" for each in keys)
