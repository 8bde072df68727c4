"""The columns of link tables in, those of edges out: what a link holds beyond its two ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapper

from gqlcrud.catalog.column import Column, Source
from gqlcrud.catalog.column_reader import ColumnReader
from gqlcrud.catalog.foreign_keys import KeyTargets
from gqlcrud.catalog.model import Link, Relation
from gqlcrud.naming import Names, link_type_name, pascal_name, singular
from gqlcrud.options import ModelOptions


@dataclass(frozen=True, slots=True)
class EdgeReader:
    """`columns` are those of the models. A table that is mapped to a model too is read as the model is: with its
    options. The columns of a table are read once, for the links in both directions."""

    readers: Mapping[type, ColumnReader]
    columns: Mapping[type, Sequence[Column]]
    targets: KeyTargets
    read_tables: dict[sa.FromClause, tuple[Column, ...]] = field(default_factory=dict)

    def with_edges(self, relation: Relation) -> Relation:
        """The relation with the columns of its edges. A pair of records that can be linked twice has none.

        Raises ConfigurationError if two fields of the edge have one name.
        """
        link = relation.link
        if link is None or not link.unique or not isinstance(link.table, sa.Table):
            return relation
        if link.table not in self.read_tables:
            self.read_tables[link.table] = tuple(self._read(link.table))
        ends = {*link.local, *link.remote}
        columns = tuple(each for each in self.read_tables[link.table] if each.key not in ends)
        if not columns:
            return relation
        if not self.readers[relation.owner].python_names:
            self._check_names(relation, link.table, columns)
        owner = self.readers[relation.owner].owner
        name = link_type_name(owner, relation.name, {reader.owner for reader in self.readers.values()})
        return replace(relation, link=replace(link, columns=columns), link_name=name)

    def _read(self, table: sa.Table) -> list[Column]:
        """The columns of a link table but its primary key, in its order; LINK columns have the table's keys."""
        mapper = self._mapper(table)
        rest = [column for column in table.columns if column not in set(table.primary_key)]
        if mapper is not None:
            by_key = {column.key: column for column in self.columns[mapper.class_]}
            mapped = [column for column in rest if mapper.columns.contains_column(column)]
            attributes = [(column, mapper.get_property_by_column(column).key) for column in mapped]
            found = [(column, by_key[key]) for column, key in attributes if key in by_key]
            return [replace(each, key=column.key, source=Source.LINK) for column, each in found]
        owner = pascal_name(singular(table.name))
        first = next(iter(self.readers.values()))
        reader = replace(first, owner=owner, model=table.name, options=ModelOptions())
        columns = [self._unmapped(column, reader) for column in rest if reader.offers(column.key)]
        return [each for each in columns if each is not None]

    def _unmapped(self, column: sa.Column[Any], reader: ColumnReader) -> Column | None:
        words = column.key.replace("_", " ")
        comment = column.comment or column.doc
        text = f"The {words} of the link{'; may be null' if column.nullable else ''}."
        found = reader.stored(column.key, column, comment or text, source=Source.LINK)
        target = None if reader.python_names else self.targets.of(column)
        return found if found is None or target is None else self.targets.global_id(found, target, comment)

    def _mapper(self, table: sa.Table) -> Mapper[Any] | None:
        """The mapper of the model that is mapped to the table, if there is one."""
        mappers = self.targets.mappers.values()
        return next((each for each in mappers if each.local_table is table and not each.inherits), None)

    def _check_names(self, relation: Relation, table: sa.Table, columns: Sequence[Column]) -> None:
        names = Names(f"the edges of {relation.owner.__name__}.{relation.key}")
        names.take("node", "the record of the edge", "")
        names.take("cursor", "the cursor of the edge", "")
        mapper = self._mapper(table)
        for column in columns:
            if mapper is not None:
                key = mapper.get_property_by_column(table.c[column.key]).key
                model = mapper.class_.__name__
                remedy = f"Rename it: models={{{model}: ModelOptions(rename={{{key!r}: 'anotherName'}})}}."
            else:
                name = table.c[column.key].name
                remedy = f"Give the column another key: Column({name!r}, ..., key='another_name')."
            names.take(column.name, f"the column {table.name}.{column.key}", remedy)


def is_same_link(one: Link | None, other: Link | None) -> bool:
    """Whether two relations go through one table in one direction."""
    return one is not None and other is not None and one.table is other.table and one.local == other.local
