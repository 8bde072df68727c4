"""What options say of deletion in, how each class tells deleted records out, and what that makes of the relations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapper

from gqlcrud.catalog.column import Column
from gqlcrud.catalog.column_reader import ColumnReader
from gqlcrud.catalog.columns import hidden_column
from gqlcrud.catalog.model import LinkDeletion, Relation, SoftDeletion
from gqlcrud.catalog.relations import RelationReader
from gqlcrud.errors import ConfigurationError
from gqlcrud.scalars import BOOLEAN, DATE, DATETIME, DATETIME_TZ

_MARKS = (DATETIME, DATETIME_TZ, DATE, BOOLEAN)


@dataclass(frozen=True, slots=True)
class DeletionReader:
    """`columns` are those of the models, when all is known of them."""

    mappers: Mapping[type, Mapper[Any]]
    readers: Mapping[type, ColumnReader]
    columns: Mapping[type, Sequence[Column]]

    def read(self) -> dict[type, SoftDeletion]:
        """The classes whose records are marked. Raises ConfigurationError for a column that cannot hold a mark."""
        found = {entity: self._mark(entity) for entity, reader in self.readers.items() if reader.options.soft_delete}
        for entity in found:
            self._check_bases(entity, found)
        return {entity: replace(each, cascades=self._cascades(entity, found)) for entity, each in found.items()}

    def relation(self, relation: Relation, deletions: Mapping[type, SoftDeletion]) -> Relation:
        """The relation as it is among records that are marked as deleted.

        It may lead to one, and so to none. A link that can be deleted is written as the record that it is: a list of
        the linked records has no room for its mark, nor for what the API sets of it.
        """
        if not relation.many and relation.target in deletions:
            relation = replace(relation, nullable=True)
        link = relation.link
        if link is None or link.entity is None:
            return relation
        deletion = deletions.get(link.entity)
        if deletion is not None:
            column = self.mappers[link.entity].column_attrs[deletion.column.key].columns[0]
            mark = LinkDeletion(str(column.key), deletion.alive if deletion.is_flag else None)
            relation = replace(relation, link=replace(link, deletion=mark))
        given = deletion is not None or bool(self.readers[link.entity].options.presets)
        return replace(relation, writable=relation.writable and not given)

    def check_custom(self, relation: Relation, deletions: Mapping[type, SoftDeletion]) -> None:
        """A join of the user's own is SQLAlchemy's, which does not know of deleted links."""
        if not relation.custom:
            return
        table = self.mappers[relation.owner].relationships[relation.key].secondary
        linking = [entity for entity in deletions if self.mappers[entity].local_table is table]
        if linking:
            raise ConfigurationError(
                f"{relation.owner.__name__}.{relation.key} goes through {linking[0].__name__} by a condition of its own, "
                f"so that links which are marked as deleted cannot be left out. Leave it out: ModelOptions(exclude="
                f"{{{relation.key!r}}})."
            )

    def _mark(self, entity: type) -> SoftDeletion:
        options = self.readers[entity].options.soft_delete
        assert options is not None, "asked for where there is one"
        column = self._column(entity, options.column)
        flag = column.scalar is BOOLEAN
        said = f"ModelOptions(soft_delete=SoftDelete({options.column!r})) of {entity.__name__}"
        if not flag and not column.nullable:
            raise ConfigurationError(
                f"{said} names a column that cannot be NULL, as it is of a record that is not deleted. Make it nullable."
            )
        if not flag and options.alive:
            raise ConfigurationError(
                f"{said} says alive=True, which is for flags; {options.column} is a {column.scalar.name}."
            )
        return SoftDeletion(column, options.alive, options.show_deleted, options.hard_delete)

    def _column(self, entity: type, key: str) -> Column:
        mapper = self.mappers[entity]
        stored = is_stored(mapper, key)
        known = next((each for each in self.columns[entity] if each.key == key), None)
        column = (known or hidden_column(mapper, key, self.readers[entity])) if stored else None
        if column is None or column.scalar not in _MARKS or mapper.column_attrs[key].columns[0].primary_key:
            raise ConfigurationError(
                f"ModelOptions(soft_delete=SoftDelete({key!r})) of {entity.__name__} names what cannot hold a mark. It "
                "takes a column of the table that is a DateTime, a Date or a Boolean and no part of the primary key."
            )
        return column

    def _check_bases(self, entity: type, found: Mapping[type, SoftDeletion]) -> None:
        """The records of a class are those of its base class as well, so that one mark must serve for both."""
        key = found[entity].column.key
        for base in self.mappers[entity].iterate_to_root():
            known = found.get(base.class_)
            if base.class_ in self.mappers and (known is None or known.column.key != key):
                raise ConfigurationError(
                    f"Records of {entity.__name__} are records of {base.class_.__name__} too, which does not mark them by "
                    f"{key!r}. Say it of the base class, for which all of its subclasses have it: "
                    f"models={{{base.class_.__name__}: ModelOptions(soft_delete=SoftDelete({key!r}))}}."
                )

    def _cascades(self, entity: type, found: Mapping[type, SoftDeletion]) -> tuple[Relation, ...]:
        """The relations by which SQLAlchemy would delete records along, to classes whose records are marked as well."""
        by_key = {cls: {column.key: column for column in each} for cls, each in self.columns.items()}
        reader = RelationReader(self.mappers[entity], self.readers, by_key, True)
        props = self.mappers[entity].relationships
        return tuple(
            reader.read(prop)
            for prop in props
            if prop.cascade.delete and not prop.viewonly and prop.mapper.class_ in found
        )


def is_stored(mapper: Mapper[Any], key: str) -> bool:
    """Whether an attribute is a column of a table."""
    prop = mapper.column_attrs.get(key)
    return prop is not None and isinstance(prop.columns[0], sa.Column)
