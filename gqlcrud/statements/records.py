"""A `RecordPlan` in, the statement for a batch of its keys out. A row is: the place of its key, then the columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from gqlcrud.plan import Always, Fold, RecordPlan
from gqlcrud.statements.columns import Columns
from gqlcrud.statements.dialect import Database
from gqlcrud.statements.joined import join_folds
from gqlcrud.statements.joins import Target, join_keys, keys_of, new_alias, one_key
from gqlcrud.statements.predicates import Predicates


def record_statement(
    plan: RecordPlan, database: Database, *, single: bool = False, folds: Sequence[Fold] = ()
) -> sa.Select[Any]:
    """The records of a batch of keys; single: of one. Where nothing says that a key has one record, they come by primary
    key. folds: what is read with each record, behind its columns: whether there is a record, then its columns."""
    columns = Columns(database)
    given = plan.relation.local if plan.relation is not None else plan.key
    keys = one_key(given, database) if single else keys_of(given, database)
    if plan.relation is not None:
        target = join_keys(plan.relation, keys)
    else:
        entity = new_alias(plan.model.entity)
        same = [columns.raw(column, entity) == key for column, key in zip(plan.key, keys.columns, strict=True)]
        target = Target(entity, None, entity, sa.and_(*same))
    read: list[Any] = [columns.read(column, target.entity).label(column.key) for column in plan.columns]
    source, cells = join_folds(folds, columns, target.source, lambda column: columns.raw(column, target.entity))
    read += cells
    statement = sa.select(keys.place, *read)
    if single:
        statement = statement.select_from(source).where(target.condition)
    else:
        statement = statement.select_from(sa.join(keys.table, source, target.condition))
    if plan.where != Always(True):
        statement = statement.where(Predicates(columns).build(plan.where, target.entity))
    if plan.relation is None or plan.relation.unique:
        return statement
    return statement.order_by(keys.place, *(columns.raw(column, target.entity) for column in plan.model.primary_key))
