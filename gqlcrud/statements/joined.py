"""Records that are read with others in, what to select from and the cells that they take in each row out.

Of each record: whether there is one, its columns, then the same of those that are read with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from gqlcrud.catalog import Column, is_text
from gqlcrud.plan import Fold
from gqlcrud.statements.columns import Columns
from gqlcrud.statements.dialect import Database
from gqlcrud.statements.joins import new_alias
from gqlcrud.statements.predicates import Predicates

_LONGEST: sa.ColumnElement[int] = sa.literal_column("256")
"""Bytes of a text that may stand in the rows of all records that lead to its own; characters in SQLite."""


def join_folds(
    folds: Sequence[Fold], columns: Columns, source: Any, owned: Callable[[Column], sa.ColumnElement[Any]]
) -> tuple[Any, list[Any]]:
    """`source` joined to what is read with it, and the cells of that. owned: a column of the owner, which is in `source`."""
    cells: list[Any] = []
    for fold in folds:
        entity = new_alias(fold.relation.target)
        pairs = zip(fold.relation.local, fold.relation.remote, strict=True)
        same = [columns.raw(remote, entity) == owned(local) for local, remote in pairs]
        same += Predicates(columns).given(
            fold.plan.where, entity
        )  # a record for which it does not hold is as if missing
        source = sa.outerjoin(source, entity, sa.and_(*same))
        cells += _short(fold, columns, entity) if fold.short else _whole(fold, columns, entity)
        source, further = join_folds(fold.below, columns, source, _columns_of(columns, entity))
        cells += further
    return source, cells


def _columns_of(columns: Columns, entity: Any) -> Callable[[Column], sa.ColumnElement[Any]]:
    return lambda column: columns.raw(column, entity)


def _whole(fold: Fold, columns: Columns, entity: Any) -> list[Any]:
    """The first cell is true, or false where there is no record."""
    there = columns.raw(fold.relation.remote[0], entity).is_not(None)
    return [there.label(None), *(columns.read(column, entity).label(None) for column in fold.plan.columns)]


def _short(fold: Fold, columns: Columns, entity: Any) -> list[Any]:
    """The first cell is true; false where a text of the record is too long; NULL where there is no record. A text that is too
    long is left out. Its length is known without reading it."""
    texts = {column: columns.raw(column, entity) for column in fold.plan.columns if is_text(column)}
    fits = {column: _size(text, columns.database) <= _LONGEST for column, text in texts.items()}
    there = columns.raw(fold.relation.remote[0], entity).is_not(None)
    whole = [sa.or_(texts[column].is_(None), each) if column.nullable else each for column, each in fits.items()]
    cells = [sa.case((there, sa.and_(sa.true(), *whole))).label(None)]
    for column in fold.plan.columns:
        cell = columns.read(column, entity)
        cells.append((sa.case((fits[column], cell)) if column in fits else cell).label(None))
    return cells


def _size(text: sa.ColumnElement[Any], database: Database) -> sa.ColumnElement[int]:
    """The column may be anything that is read as a text, such as an enum."""
    if database is Database.SQLITE:
        return sa.func.length(text)
    return sa.func.octet_length(sa.cast(text, sa.Text()))
