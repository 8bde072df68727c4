"""A facet of a `PagePlan` in, the statement out that counts the records of the list by the values of a column.

A row is: the place of the parent's key in the batch (with a relation), the value, the number of records.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from gqlcrud.plan import FacetPlan, Hop, PagePlan
from gqlcrud.statements.dialect import Database
from gqlcrud.statements.joins import join_owner, new_alias, primary_key
from gqlcrud.statements.pages import ListSource, list_source
from gqlcrud.statements.predicates import Predicates


def facet_statement(plan: PagePlan, facet: FacetPlan, database: Database) -> sa.Select[Any]:
    """The values that most records have, then the smaller ones first and NULL last; for each key of a batch.

    NULL stands for records without a value, and for those without a record at the end of the path.
    """
    source = list_source(replace(plan, where=facet.where, order=()), database)
    values = _values(facet, source)
    keyed = [] if source.keys is None else [values.c.place]
    count = sa.func.count()
    counted = (
        sa.select(*keyed, values.c.value, values.c.sort, count.label("count"))
        .group_by(*keyed, values.c.value, values.c.sort)
        .subquery("counted")
    )
    order = [counted.c.count.desc(), counted.c.sort.asc().nulls_last()]
    if source.keys is None:
        return sa.select(counted.c.value, counted.c.count).order_by(*order).limit(facet.limit)
    rank = sa.func.row_number().over(partition_by=counted.c.place, order_by=order)
    ranked = sa.select(counted.c.place, counted.c.value, counted.c.count, rank.label("rank")).subquery("ranked")
    shown = sa.select(ranked.c.place, ranked.c.value, ranked.c.count)
    return shown.where(ranked.c.rank <= facet.limit).order_by(ranked.c.place, ranked.c.rank)


def _values(facet: FacetPlan, source: ListSource) -> sa.Subquery:
    """One row for each record of the list and each value that it has: `place`, `value`, and what values are sorted by."""
    entity = source.entity
    joins: list[tuple[Any, sa.ColumnElement[bool]]] = []
    for hop in facet.path:
        entity, joined, condition = _join(hop, entity, source.predicates)
        joins.append((joined, condition))
    columns = source.predicates.columns
    cells = [
        columns.read(facet.column, entity).label("value"),
        columns.sort_key(facet.column, entity).sort.label("sort"),
    ]
    if source.keys is not None:
        cells.append(source.keys.place.label("place"))
    many = any(hop.relation.many for hop in facet.path)
    identity = [each.label(f"key_{i}") for i, each in enumerate(primary_key(source.entity))] if many else []
    select = source.filtered(sa.select(*cells, *identity), keyed=True)
    for joined, condition in joins:
        select = select.outerjoin_from(source.entity, joined, condition)
    return (select.distinct() if many else select).subquery("listed")


def _join(hop: Hop, owner: Any, predicates: Predicates) -> tuple[Any, Any, sa.ColumnElement[bool]]:
    """The alias that a relation leads to, what is joined for it, and on which condition.

    A to-one relation that no constraint holds to one record leads to the first by primary key, as when it is read.
    """
    target = join_owner(hop.relation, owner)
    where = [target.condition, *predicates.given(hop.among, target.entity)]
    if hop.relation.many or (hop.relation.unique and not hop.relation.custom):
        return target.entity, target.source, sa.and_(*where)
    key = primary_key(target.entity)
    first = sa.select(*key).select_from(target.source).where(*where).order_by(*key).limit(1)
    found = new_alias(hop.relation.target)
    here = primary_key(found)
    one = here[0] == first.scalar_subquery() if len(here) == 1 else sa.tuple_(*here).in_(first)
    return found, found, one
