"""A `PagePlan` in, a SELECT of mapped instances out, over the class itself: for callers who add to it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from gqlcrud.plan import PagePlan
from gqlcrud.statements.columns import Columns
from gqlcrud.statements.dialect import Database
from gqlcrud.statements.order import OrderBuilder
from gqlcrud.statements.predicates import Predicates


def entity_statement(plan: PagePlan, database: Database) -> sa.Select[Any]:
    """The list of a plan without its window: conditions and order."""
    predicates = Predicates(Columns(database))
    entity = plan.model.entity
    ordering = OrderBuilder(predicates, entity, None).build(plan.order)
    select: sa.Select[Any] = sa.select(entity).select_from(entity)
    for joined, condition in ordering.joins:
        select = select.outerjoin_from(entity, joined, condition)
    return select.where(*predicates.given(plan.where, entity)).order_by(*ordering.clauses(backward=False))
