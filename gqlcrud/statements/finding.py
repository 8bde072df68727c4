"""Keys, or a relation, and a condition in, the statement that finds the records as instances out.

Statements that differ in values alone are one, which is built once; see `statements.preparing`.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import lazyload, load_only

from gqlcrud.catalog import Column, Model, Relation
from gqlcrud.plan import Condition
from gqlcrud.statements.columns import Columns
from gqlcrud.statements.dialect import Database
from gqlcrud.statements.joins import join_after, join_keys, keys_of, new_alias
from gqlcrud.statements.predicates import Predicates
from gqlcrud.statements.preparing import KEPT, prepared_condition


@dataclass(frozen=True, slots=True)
class FindStatement:
    """A row of `whole` is the place of a key, and the record that the mapper loads, without what it would load beside.

    keys_alone: the same with the columns of a record that writes need: its keys, foreign keys, version and class.
    """

    whole: sa.Select[Any]
    keys_alone: sa.Select[Any]


def named_statement(
    model: Model, columns: tuple[Column, ...], among: Condition, database: Database, *, lock: bool
) -> tuple[FindStatement, Mapping[str, Any]]:
    """The records of a batch of keys for which `among` holds, and the values beside the keys. `lock`: nobody else changes
    them until the transaction ends."""
    template, values, lasting = prepared_condition(among, database)
    build = _kept_named if lasting else _named
    return build(model, columns, template, database, lock), values


def children_statement(
    relation: Relation, where: Condition, database: Database
) -> tuple[FindStatement, Mapping[str, Any]]:
    """The records that a relation leads to from a batch of keys and for which `where` holds, and the values beside the
    keys."""
    template, values, lasting = prepared_condition(where, database)
    return (_kept_children if lasting else _children)(relation, template, database), values


def _named(
    model: Model, columns: tuple[Column, ...], among: Condition, database: Database, lock: bool
) -> FindStatement:
    expressions = Columns(database)
    keys = keys_of(columns, database)
    entity = new_alias(model.entity)
    same = [expressions.raw(column, entity) == key for column, key in zip(columns, keys.columns, strict=True)]
    select = sa.select(keys.place, entity).select_from(sa.join(keys.table, entity, sa.and_(*same)))
    select = select.where(*Predicates(expressions).given(among, entity))
    if lock:
        # NO KEY: who only refers to the record, by a foreign key, need not wait
        select = select.with_for_update(of=entity, key_share=True).execution_options(populate_existing=True)
    return _found(select, entity)


def _children(relation: Relation, where: Condition, database: Database) -> FindStatement:
    keys = keys_of(relation.local, database)
    target = join_keys(relation, keys)
    select = sa.select(keys.place, target.entity).select_from(join_after(keys.table, target))
    return _found(select.where(*Predicates(Columns(database)).given(where, target.entity)), target.entity)


_kept_named = functools.lru_cache(maxsize=KEPT)(_named)
_kept_children = functools.lru_cache(maxsize=KEPT)(_children)


def _found(select: sa.Select[Any], entity: Any) -> FindStatement:
    select = select.options(lazyload("*"))
    mapper = sa.inspect(entity).mapper
    managed = (mapper.version_id_col, mapper.polymorphic_on)
    needed = [
        prop.key
        for prop in mapper.column_attrs
        for column in prop.columns
        if getattr(column, "primary_key", False) or column.foreign_keys or any(column is each for each in managed)
    ]
    return FindStatement(select, select.options(load_only(*(getattr(entity, key) for key in needed))))
