"""A condition of the application's own over a mapped class in, the same over an alias of it out."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapper
from sqlalchemy.sql import visitors
from sqlalchemy.sql.selectable import SelectBase
from sqlalchemy.sql.util import ClauseAdapter

from gqlcrud.plan import Opaque, Parameter, Stated


def given_predicate(clause: sa.ColumnElement[bool], source: Any) -> sa.ColumnElement[bool]:
    """`clause`, written over the class that `source` is an alias of, for the rows of `source`.

    A condition on columns of the class's own table is moved to the alias, so that indexes and limits serve as ever. Any
    other one, with subqueries or further tables, is asked of the record by its primary key.
    """
    seen = sa.inspect(source)
    mapper: Mapper[Any] = seen.mapper
    if not seen.is_aliased_class:
        return clause
    if _is_plain(clause, mapper):
        return ClauseAdapter(seen.selectable).traverse(clause)
    same = [getattr(mapper.class_, key) == getattr(source, key) for key in _key(mapper)]
    return sa.select(sa.literal_column("1")).select_from(mapper.class_).where(clause, *same).correlate(source).exists()


def stated_clause(stated: Stated) -> sa.ColumnElement[bool]:
    """The condition over the class, its values bound, or parameters in their place."""

    def make(place: int, bind: sa.BindParameter[Any]) -> sa.BindParameter[Any]:
        operand = stated.operands[place]
        if isinstance(operand, Parameter):
            return sa.bindparam(operand.name, type_=bind.type, expanding=bind.expanding)
        value = operand.value if isinstance(operand, Opaque) else operand
        return sa.bindparam(None, value, type_=bind.type, unique=True, expanding=bind.expanding)

    return stated.clause.with_parameters(make)


def _key(mapper: Mapper[Any]) -> list[str]:
    return [mapper.get_property_by_column(column).key for column in mapper.primary_key]


def _is_plain(clause: sa.ColumnElement[bool], mapper: Mapper[Any]) -> bool:
    """Whether nothing but columns of the one table of a class stands in it."""
    if not isinstance(mapper.persist_selectable, sa.Table):
        return False
    tables = {each.table for each in visitors.iterate(clause) if isinstance(each, sa.Column)}
    queries = any(isinstance(each, SelectBase) for each in visitors.iterate(clause))
    return not queries and tables <= {mapper.persist_selectable}
