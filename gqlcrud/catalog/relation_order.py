"""The `order_by` of a mapped relation in, the order of its list out: what a request gets that asks for no other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapper
from sqlalchemy.sql import operators

from gqlcrud.catalog.column import Column, Source
from gqlcrud.catalog.model import OrderedBy, Relation


def own_order(relation: Relation, mapper: Mapper[Any], columns: Sequence[Column]) -> tuple[OrderedBy, ...]:
    """The columns of the target, or of the link, that the relation is ordered by; none if it is ordered by anything
    else, or by a column that clients may not order by: a cursor would tell its values."""
    prop = mapper.relationships.get(relation.key)
    if prop is None or not relation.many or not prop.order_by:
        return ()
    terms = [_term(clause, relation, prop.mapper, columns) for clause in prop.order_by]
    return tuple(each for each in terms if each is not None) if None not in terms else ()


def _term(clause: Any, relation: Relation, target: Mapper[Any], columns: Sequence[Column]) -> OrderedBy | None:
    descending, nulls_first = False, None
    while isinstance(clause, sa.UnaryExpression) and clause.modifier in _MODIFIERS:
        if clause.modifier in (operators.nulls_first_op, operators.nulls_last_op):
            nulls_first = clause.modifier is operators.nulls_first_op
        else:
            descending = clause.modifier is operators.desc_op
        clause = clause.element
    column = _column(clause, relation, target, columns) if isinstance(clause, sa.Column) else None
    if column is None or not column.sortable or not column.offered:
        return None
    return OrderedBy(column, descending, descending if nulls_first is None else nulls_first)


_MODIFIERS = (operators.asc_op, operators.desc_op, operators.nulls_first_op, operators.nulls_last_op)


def _column(
    clause: sa.Column[Any], relation: Relation, target: Mapper[Any], columns: Sequence[Column]
) -> Column | None:
    if relation.link is not None and clause.table is relation.link.table:
        return next((each for each in relation.link.columns if each.key == clause.key), None)
    if not target.columns.contains_column(clause):
        return None
    key = target.get_property_by_column(clause).key
    return next((each for each in columns if each.key == key and each.source is Source.STORED), None)
