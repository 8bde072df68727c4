"""A full text match in, PostgreSQL's predicate and rank for it out."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from gqlcrud.catalog.positions import RANK
from gqlcrud.plan import TextMatch
from gqlcrud.statements.columns import Columns, SortKey

_EMPTY: sa.ColumnElement[str] = sa.literal_column("''", sa.Text())
_SPACE: sa.ColumnElement[str] = sa.literal_column("' '", sa.Text())


def matches(match: TextMatch, columns: Columns, source: Any) -> sa.ColumnElement[bool]:
    """Whether a record of `source` is found."""
    return _vector(match, columns, source).bool_op("@@")(_query(match))


def rank_key(match: TextMatch, columns: Columns, source: Any) -> SortKey:
    """How well a record of `source` matches; the more, the greater. A REAL, which a DOUBLE PRECISION holds exactly."""
    rank: sa.ColumnElement[float] = sa.cast(
        sa.func.ts_rank(_vector(match, columns, source), _query(match)), sa.Double()
    )
    return SortKey(rank, rank, RANK.encode, RANK.decode, sa.Double())


def _vector(match: TextMatch, columns: Columns, source: Any) -> sa.ColumnElement[Any]:
    """The column; or `to_tsvector('english', coalesce(title, '') || ' ' || coalesce(subtitle, ''))`, written so that an
    index on that expression serves: nothing in it is a parameter."""
    if match.search.vector is not None:
        return columns.raw(match.search.vector, source)
    first, *rest = (
        sa.func.coalesce(sa.type_coerce(columns.raw(each, source), sa.Text()), _EMPTY) for each in match.columns
    )
    text: sa.ColumnElement[str] = first
    for each in rest:
        text = text + _SPACE + each
    return sa.func.to_tsvector(_language(match), text)


def _query(match: TextMatch) -> sa.ColumnElement[Any]:
    return sa.func.websearch_to_tsquery(_language(match), sa.literal(match.query, sa.Text()))


def _language(match: TextMatch) -> sa.ColumnElement[str]:
    # a name that the catalog has checked: letters, digits, one point at most
    return sa.literal_column(f"'{match.search.language}'", sa.Text())
