"""Association objects: a model whose primary key is exactly two foreign keys also links its two ends many-to-many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapper

from gqlcrud.catalog.column import Column
from gqlcrud.catalog.column_reader import ColumnReader
from gqlcrud.catalog.model import Orphan, Relation
from gqlcrud.catalog.relations import read_link
from gqlcrud.naming import plural


def derived_relations(
    mapper: Mapper[Any],
    relations: Sequence[Relation],
    readers: Mapping[type, ColumnReader],
    primary_key: Sequence[Column],
) -> list[Relation]:
    """The two relations that skip over the association object `mapper`, or none if it is not one."""
    table = mapper.local_table
    ends = [each for each in relations if not each.many and each.remote and not each.custom and not each.link]
    ends = [
        each for each in ends if each.unique and {column.key for column in each.local} <= {c.key for c in primary_key}
    ]
    if len(ends) != 2 or not isinstance(table, sa.Table) or any(end.target not in readers for end in ends):
        return []
    covered = [column.key for end in ends for column in end.local]
    if len(covered) != len(set(covered)) or set(covered) != {column.key for column in primary_key}:
        return []
    one, other = ends
    return [
        _relation(mapper, table, one, other, readers),
        _relation(mapper, table, other, one, readers),
    ]


def _relation(
    mapper: Mapper[Any], table: sa.Table, here: Relation, there: Relation, readers: Mapping[type, ColumnReader]
) -> Relation:
    key = plural(there.key)
    owner, target, association = (readers[each].owner for each in (here.target, there.target, mapper.class_))
    options = readers[here.target].options
    return Relation(
        key=key,
        name=readers[here.target].relation_name(key),
        owner=here.target,
        target=there.target,
        many=True,
        nullable=True,
        description=f"The {target} records linked to this {owner} through {association}.",
        local=here.remote,
        remote=there.remote,
        link=read_link(table, _table_keys(mapper, here.local), _table_keys(mapper, there.local), entity=mapper.class_),
        filterable=key not in options.hide_from_where,
        sortable=key not in options.hide_from_order,
        writable=not options.forbids_writes(key) and readers[mapper.class_].options.read_only is not True,
        orphan=Orphan.NULLIFY,
    )


def _table_keys(mapper: Mapper[Any], columns: Sequence[Column]) -> list[str]:
    return [mapper.column_attrs[column.key].columns[0].key for column in columns]
