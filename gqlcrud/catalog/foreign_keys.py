"""Foreign key columns as clients see them: the global id of the record that they point at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapper

from gqlcrud.catalog.columns import as_global_id, hidden_column
from gqlcrud.catalog.model import Column, Relation


def primary_key(mapper: Mapper[Any], columns: Mapping[str, Column]) -> tuple[Column, ...]:
    """The primary key of a class; a part of it that the API does not offer is a hidden column."""
    keys = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
    return tuple(columns.get(key) or hidden_column(mapper, key) for key in keys)


def with_global_ids(
    mapper: Mapper[Any],
    columns: Sequence[Column],
    relations: Sequence[Relation],
    mappers: Mapping[type, Mapper[Any]],
    names: Mapping[type, str],
) -> list[Column]:
    """The columns, those of single-column foreign keys to another model's primary key made into global ids.

    A relation says which model is meant where several are mapped to one table. A column called `id` stays what it is.
    """
    targets = _declared_targets(mapper, columns, mappers)
    for relation in relations:
        if _leads_to_key(relation, mappers[relation.target]) and (
            relation.local[0].key in targets or not _is_primary(mapper, relation.local[0])
        ):
            targets[relation.local[0].key] = relation.target
    return [
        as_global_id(each, targets[each.key], names[targets[each.key]], _comment(mapper, each))
        if each.key in targets and each.key != "id"
        else each
        for each in columns
    ]


def with_known_columns(relations: Sequence[Relation], columns: Mapping[type, Sequence[Column]]) -> list[Relation]:
    """The relations, their columns replaced by those that `with_global_ids` made anew: one column, one object."""

    def known(entity: type, each: tuple[Column, ...]) -> tuple[Column, ...]:
        by_key = {column.key: column for column in reversed(columns[entity])}
        return tuple(by_key.get(column.key, column) if column.offered else column for column in each)

    return [
        replace(each, local=known(each.owner, each.local), remote=known(each.target, each.remote)) for each in relations
    ]


def _comment(mapper: Mapper[Any], column: Column) -> str | None:
    """What the table says of a foreign key, if anything."""
    stored = mapper.column_attrs.get(column.key)
    found = stored.columns[0] if stored is not None else None
    return found.comment or found.doc if isinstance(found, sa.Column) else None


def _declared_targets(
    mapper: Mapper[Any], columns: Sequence[Column], mappers: Mapping[type, Mapper[Any]]
) -> dict[str, type]:
    """Attribute -> class, for the foreign keys that the tables declare; of the classes of one table the base class."""
    by_table: dict[Any, type] = {}
    for entity, each in mappers.items():
        if each.inherits is None or each.local_table is not each.inherits.local_table:
            by_table.setdefault(each.local_table, entity)
    targets: dict[str, type] = {}
    for column in columns:
        stored = mapper.column_attrs.get(column.key)
        for foreign_key in getattr(stored.columns[0], "foreign_keys", ()) if stored is not None else ():
            target = by_table.get(foreign_key.column.table)
            if target is not None and _is_whole_key(mappers[target], foreign_key) and not mapper.isa(mappers[target]):
                targets[column.key] = target
    return targets


def _leads_to_key(relation: Relation, target: Mapper[Any]) -> bool:
    """Whether the relation is one column of the owner that equals the target's whole primary key."""
    if relation.many or relation.custom or relation.link is not None or len(relation.local) != 1:
        return False
    return [column.key for column in relation.remote] == [column.key for column in primary_key(target, {})]


def _is_primary(mapper: Mapper[Any], column: Column) -> bool:
    return bool(getattr(mapper.column_attrs[column.key].columns[0], "primary_key", False))


def _is_whole_key(target: Mapper[Any], foreign_key: sa.ForeignKey) -> bool:
    constraint = foreign_key.constraint
    return list(target.primary_key) == [foreign_key.column] and (constraint is None or len(constraint.elements) == 1)
