"""Foreign key columns as clients see them: the global id of the record that they point at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapper

from gqlcrud.catalog.column import Column
from gqlcrud.catalog.column_reader import ColumnReader
from gqlcrud.catalog.columns import hidden_column
from gqlcrud.catalog.model import Relation
from gqlcrud.naming import camel_name
from gqlcrud.scalars import ID


@dataclass(frozen=True, slots=True)
class KeyTargets:
    """The classes that foreign keys can point at. Of the classes of one table, the base class is meant."""

    mappers: Mapping[type, Mapper[Any]]
    names: Mapping[type, str]

    def of(self, column: Any) -> type | None:
        """The class whose whole primary key a column of a table refers to, if there is one."""
        for foreign_key in getattr(column, "foreign_keys", ()):
            for entity, mapper in self.mappers.items():
                if _is_base(mapper) and mapper.local_table is foreign_key.column.table:
                    return entity if _is_whole_key(mapper, foreign_key) else None
        return None

    def global_id(self, column: Column, target: type, comment: str | None) -> Column:
        """The column as the global id of the record it points at. Nothing is known of the order of ids."""
        operators = ID.operators if column.operators else ()
        text = f"The global id of the {self.names[target]}, taken from the foreign key without a query."
        description = comment or text
        return replace(
            column,
            references=target,
            operators=operators,
            sortable=False,
            description=description,
            changeable=False,
        )


def primary_key(mapper: Mapper[Any], columns: Mapping[str, Column], reader: ColumnReader) -> tuple[Column, ...]:
    """The primary key of a class; a part of it that the API does not offer is a hidden column."""
    return tuple(columns.get(key) or hidden_column(mapper, key, reader) for key in _key_attributes(mapper))


def with_global_ids(
    mapper: Mapper[Any], columns: Sequence[Column], relations: Sequence[Relation], targets: KeyTargets
) -> list[Column]:
    """The columns, those of single-column foreign keys to another model's primary key made into global ids.

    A relation says which model is meant where several are mapped to one table. A column called `id` stays what it is.
    """
    found = _declared_targets(mapper, targets)
    for relation in relations:
        if _leads_to_key(relation, targets.mappers[relation.target]):
            (column,) = relation.local
            if column.key in found or not _is_primary(mapper, column):
                found[column.key] = relation.target
    columns_out: list[Column] = []
    for column in columns:
        target = found.get(_attribute(mapper, column.key))
        plain = target is None or camel_name(column.key) == "id"
        columns_out.append(column if plain or target is None else _global_id(mapper, column, target, targets))
    return columns_out


def with_known_columns(relations: Sequence[Relation], columns: Mapping[type, Sequence[Column]]) -> list[Relation]:
    """The relations, their columns replaced by those that `with_global_ids` made anew: one column, one object."""

    def known(entity: type, each: tuple[Column, ...]) -> tuple[Column, ...]:
        by_key = {column.key: column for column in columns[entity]}
        return tuple(by_key.get(column.key, column) if column.offered else column for column in each)

    return [
        replace(each, local=known(each.owner, each.local), remote=known(each.target, each.remote)) for each in relations
    ]


def _global_id(mapper: Mapper[Any], column: Column, target: type, targets: KeyTargets) -> Column:
    stored = mapper.column_attrs[_attribute(mapper, column.key)].columns[0]
    comment = stored.comment or stored.doc if isinstance(stored, sa.Column) else None
    if column.key in mapper.synonyms:
        comment = column.description
    return targets.global_id(column, target, comment)


def _declared_targets(mapper: Mapper[Any], targets: KeyTargets) -> dict[str, type]:
    """Attribute -> class, for the foreign keys that the tables declare."""
    found = {prop.key: targets.of(prop.columns[0]) for prop in mapper.column_attrs}
    return {
        key: target for key, target in found.items() if target is not None and not mapper.isa(targets.mappers[target])
    }


def _attribute(mapper: Mapper[Any], key: str) -> str:
    """The mapped attribute that a synonym stands for, or the attribute itself."""
    return str(mapper.synonyms[key].name) if key in mapper.synonyms else key


def _leads_to_key(relation: Relation, target: Mapper[Any]) -> bool:
    """Whether the relation is one column of the owner that equals the target's whole primary key."""
    if relation.many or relation.custom or relation.link is not None or len(relation.local) != 1:
        return False
    return [column.key for column in relation.remote] == _key_attributes(target)


def _key_attributes(mapper: Mapper[Any]) -> list[str]:
    return [mapper.get_property_by_column(column).key for column in mapper.primary_key]


def _is_base(mapper: Mapper[Any]) -> bool:
    return mapper.inherits is None or mapper.local_table is not mapper.inherits.local_table


def _is_primary(mapper: Mapper[Any], column: Column) -> bool:
    return bool(getattr(mapper.column_attrs[column.key].columns[0], "primary_key", False))


def _is_whole_key(target: Mapper[Any], foreign_key: sa.ForeignKey) -> bool:
    constraint = foreign_key.constraint
    return list(target.primary_key) == [foreign_key.column] and (constraint is None or len(constraint.elements) == 1)
