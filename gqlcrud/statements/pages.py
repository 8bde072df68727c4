"""A `PagePlan` in, its statements out: the rows of the page, and what is asked about the list around it.

A row is: the place of the parent's key in the batch (with a relation), the columns of the record, those of the edge,
the values of the order (with cursors), what is read with the record. Every page fetches one row more than it shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gqlcrud.plan import EVERY, Fold, PagePlan, Window
from gqlcrud.statements.columns import Columns, SortKey
from gqlcrud.statements.dialect import Database
from gqlcrud.statements.joined import join_folds
from gqlcrud.statements.joins import Keys, Target, join_after, join_keys, keys_of, new_alias, one_key
from gqlcrud.statements.json_texts import JsonText, is_json
from gqlcrud.statements.order import OrderBuilder, Ordering, order_clause
from gqlcrud.statements.predicates import Predicates


@dataclass(frozen=True, slots=True)
class PageStatement:
    """The statement that reads pages. `sort_keys` encode the order's values, which stand last in a row, if any."""

    select: sa.Select[Any]
    sort_keys: tuple[SortKey, ...]


@dataclass(frozen=True, slots=True)
class Around:
    """What is done with the rows of a page once they are cut, and not with those that the database sorts or passes over.

    folds: what is joined to them, in the last cells of a row. texts: whether JSON of PostgreSQL is made texts.
    """

    folds: tuple[Fold, ...] = ()
    texts: bool = False

    def changes(self, cell: sa.ColumnElement[Any]) -> bool:
        return self.texts and is_json(cell.type)

    def shown(self, cell: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        return sa.type_coerce(sa.cast(cell, sa.Text()), JsonText()) if self.changes(cell) else cell


CUT_ALONE = Around()


LIMIT, OFFSET = "page_limit", "page_offset"
"""The parameters that hold how many rows to fetch, and how many to pass over."""


def page_statement(
    plan: PagePlan, database: Database, *, single: bool = False, around: Around = CUT_ALONE
) -> PageStatement:
    """The rows of one page, or of one page for each key of a batch; single: of a batch of one."""
    source = list_source(plan, database, _keys(plan, database, single=single))
    columns = source.columns()
    values = [key.value.label(f"order_{i}") for i, key in enumerate(source.ordering.keys)] if plan.need.cursors else []
    place = [] if source.keys is None else [source.keys.place]
    if source.keys is not None and not single:
        cut = _lateral if database is Database.POSTGRESQL else _ranked
        select = cut(plan, source, source.keys, columns + values, around)
    elif around.folds or any(map(around.changes, columns)):
        select = _around(plan, source, place, columns + values, around)
    else:
        shown = [*place, *columns, *(value.element for value in values)] or [sa.literal_column("1")]
        select = _limited(source.filtered(sa.select(*shown)), plan, source)
    return PageStatement(select, source.ordering.keys if plan.need.cursors else ())


def summary_statement(plan: PagePlan, database: Database, *, single: bool = False) -> sa.Select[Any]:
    """What is asked about the whole list, one row for each key of a batch: (place, total, preceding, following).

    total: how many records there are, whatever the window. preceding, following: whether any record stands before
    the window's start, or after its `before`. What is not asked for is NULL. `place` is left out without a relation.
    """
    keys = _keys(plan, database, single=single)
    answers = _answers(plan, database, keys)
    if keys is None:
        return sa.select(*answers)
    statement = sa.select(keys.place, *answers)
    return statement if single else statement.select_from(keys.table)


SUMMARY = 3
"""How many cells of a row a summary takes."""


def summarized_page_statement(plan: PagePlan, database: Database, *, around: Around = CUT_ALONE) -> PageStatement:
    """The rows of a page without a relation, and behind the cells of each what is asked about the list around it, which the
    database finds out once."""
    page = page_statement(plan, database, around=around)
    return PageStatement(page.select.add_columns(*_answers(plan, database, None)), page.sort_keys)


def _answers(plan: PagePlan, database: Database, keys: Keys | None) -> list[sa.ColumnElement[Any]]:
    window = plan.window
    total = _count if plan.need.total_count else None
    preceding = _preceding if plan.need.previous_page and (window.after is not None or window.offset) else None
    following = _following if plan.need.next_page and window.before is not None else None
    names = ("total", "preceding", "following")
    return [
        sa.null().label(name) if build is None else build(plan, database, keys).label(name)
        for name, build in zip(names, (total, preceding, following), strict=True)
    ]


def _keys(plan: PagePlan, database: Database, *, single: bool) -> Keys | None:
    if plan.relation is None:
        return None
    return one_key(plan.relation.local, database) if single else keys_of(plan.relation.local, database)


def ordered_by(plan: PagePlan, database: Database) -> tuple[SortKey, ...]:
    """The sort keys of a plan's order, which decode the values of cursors."""
    return list_source(plan, database).ordering.keys


# ---------- the list that a page is cut from ----------


@dataclass(frozen=True, slots=True)
class ListSource:
    """The records of a plan before the window: aliases, conditions and order."""

    plan: PagePlan
    predicates: Predicates
    entity: Any
    target: Target | None
    keys: Keys | None
    ordering: Ordering

    def columns(self) -> list[Any]:
        read = self.predicates.columns.read
        link = self.target.link if self.target is not None else None
        return [read(column, self.entity).label(column.key) for column in self.plan.columns] + [
            read(column, link).label(f"edge_{column.key}") for column in self.plan.edge_columns
        ]

    def filtered(self, select: sa.Select[Any], *more: sa.ColumnElement[bool], keyed: bool = False) -> sa.Select[Any]:
        """`select` from the list: its FROM and WHERE, and the joins of its order; `keyed`: from the keys joined to it."""
        where: list[sa.ColumnElement[bool]] = []
        if self.target is None:
            select = select.select_from(self.entity)
        elif keyed and self.keys is not None:
            select = select.select_from(join_after(self.keys.table, self.target))
        else:
            select = select.select_from(self.target.source)
            where.append(self.target.condition)
        for joined, condition in self.ordering.joins:
            select = select.outerjoin_from(self.entity, joined, condition)
        if self.plan.where != EVERY:
            where.append(self.predicates.build(self.plan.where, self.entity))
        return select.where(*where, *more)

    def window(self) -> list[sa.ColumnElement[bool]]:
        """The keyset predicates of `after` and `before`."""
        window = self.plan.window
        bounds = [] if window.after is None else [self.ordering.after(window.after)]
        return bounds if window.before is None else [*bounds, self.ordering.after(window.before, backward=True)]


def list_source(plan: PagePlan, database: Database, keys: Keys | None = None) -> ListSource:
    predicates = Predicates(Columns(database))
    if plan.relation is None:
        entity = new_alias(plan.model.entity)
        return ListSource(
            plan, predicates, entity, None, None, OrderBuilder(predicates, entity, None).build(plan.order)
        )
    keys = keys or keys_of(plan.relation.local, database)
    target = join_keys(plan.relation, keys)
    ordering = OrderBuilder(predicates, target.entity, target.link).build(plan.order)
    return ListSource(plan, predicates, target.entity, target, keys, ordering)


def is_backward(window: Window) -> bool:
    """Whether the page is read from the end of the list."""
    return window.first is None


def fetch_limit(window: Window) -> int:
    """How many rows to fetch: one more than the page shows of the end it is read from."""
    shown = window.last if window.first is None else window.first
    assert shown is not None, "a window has first or last"
    return shown + 1


# ---------- three ways to cut it ----------


def _limited(select: sa.Select[Any], plan: PagePlan, source: ListSource) -> sa.Select[Any]:
    window = plan.window
    select = select.where(*source.window()).order_by(*source.ordering.clauses(backward=is_backward(window)))
    select = select.limit(sa.bindparam(LIMIT, fetch_limit(window), sa.BigInteger()))
    return select.offset(sa.bindparam(OFFSET, window.offset, sa.BigInteger())) if window.offset else select


def _page(plan: PagePlan, source: ListSource, cells: Sequence[Any]) -> tuple[sa.Select[Any], int]:
    """The page as a table to select from: its cells, and those that it is sorted by, which are the last; and how many these
    are."""
    sorts = [key.sort.label(f"sort_{i}") for i, key in enumerate(source.ordering.keys)]
    return _limited(source.filtered(sa.select(*cells, *sorts)), plan, source), len(sorts)


def _around(
    plan: PagePlan, source: ListSource, place: Sequence[Any], cells: Sequence[Any], around: Around
) -> sa.Select[Any]:
    """One page, cut before anything is joined to it."""
    inner, sorts = _page(plan, source, cells)
    page = inner.subquery("page")
    found, further = _joined(plan, source, page, list(page.c), around.folds)
    shown = map(around.shown, list(page.c)[: len(cells)])
    return sa.select(*place, *shown, *further).select_from(found).order_by(*_sorted_by(plan, list(page.c)[-sorts:]))


def _lateral(plan: PagePlan, source: ListSource, keys: Keys, cells: Sequence[Any], around: Around) -> sa.Select[Any]:
    """PostgreSQL: a LATERAL subquery per key, which stops at its limit. The rows are sorted again outside, since
    nothing says that a join keeps an order."""
    inner, sorts = _page(plan, source, cells)
    page = inner.correlate(keys.table).lateral("page")
    found, further = _joined(plan, source, keys.table.join(page, sa.true()), list(page.c), around.folds)
    shown = map(around.shown, list(page.c)[: len(cells)])
    select = sa.select(keys.place, *shown, *further).select_from(found)
    return select.order_by(keys.place, *_sorted_by(plan, list(page.c)[-sorts:]))


def _sorted_by(plan: PagePlan, cells: Sequence[Any]) -> list[Any]:
    backward = is_backward(plan.window)
    return [order_clause(cell, term, backward=backward) for cell, term in zip(cells, plan.order, strict=True)]


def _joined(
    plan: PagePlan, source: ListSource, page: Any, cells: Sequence[Any], folds: Sequence[Fold]
) -> tuple[Any, list[Any]]:
    """The page joined to what is read with its records, whose columns are its first cells, and the cells of that."""
    places = {column: place for place, column in enumerate(plan.columns)}
    return join_folds(folds, source.predicates.columns, page, lambda column: cells[places[column]])


def _ranked(plan: PagePlan, source: ListSource, keys: Keys, columns: Sequence[Any], around: Around) -> sa.Select[Any]:
    """SQLite: the rows of each key are numbered, and the first of them kept."""
    window = plan.window
    rank = sa.func.row_number().over(
        partition_by=keys.place, order_by=source.ordering.clauses(backward=is_backward(window))
    )
    inner = source.filtered(
        sa.select(
            keys.place.label("place"), rank.label("rank"), *(each.label(f"c{i}") for i, each in enumerate(columns))
        ),
        *source.window(),
        keyed=True,
    )
    page = inner.subquery("page")
    limit = sa.bindparam(LIMIT, fetch_limit(window), sa.BigInteger())
    place: sa.ColumnElement[int] = page.c.rank
    if window.offset:
        place = place - sa.bindparam(OFFSET, window.offset, sa.BigInteger())
    cells = list(page.c)[2:]
    found, further = _joined(plan, source, page, cells, around.folds)
    kept = sa.select(page.c.place, *cells, *further).select_from(found).where(place <= limit)
    if window.offset:
        kept = kept.where(place > sa.literal_column("0"))
    return kept.order_by(page.c.place, page.c.rank)


# ---------- questions about the list ----------


def _count(plan: PagePlan, database: Database, keys: Keys | None) -> sa.ColumnElement[Any]:
    source = list_source(_unordered(plan), database, keys)
    return source.filtered(sa.select(sa.func.count())).scalar_subquery()


def _preceding(plan: PagePlan, database: Database, keys: Keys | None) -> sa.ColumnElement[Any]:
    source = list_source(plan, database, keys)
    return source.filtered(sa.select(sa.literal_column("1")), *_before_start(source)).exists()


def _following(plan: PagePlan, database: Database, keys: Keys | None) -> sa.ColumnElement[Any]:
    source = list_source(plan, database, keys)
    return source.filtered(sa.select(sa.literal_column("1")), _from_before(source)).exists()


def _unordered(plan: PagePlan) -> PagePlan:
    """The plan without an order, whose joins a count has no use for."""
    return PagePlan(plan.model, plan.relation, plan.where, (), plan.window, plan.fingerprint)


def _before_start(source: ListSource) -> list[sa.ColumnElement[bool]]:
    """Records that stand before the window's first: up to `after`; any at all, where `offset` passes some over."""
    window = source.plan.window
    return [] if window.offset or window.after is None else [source.ordering.until(window.after)]


def _from_before(source: ListSource) -> sa.ColumnElement[bool]:
    """Records from `before` on."""
    before = source.plan.window.before
    assert before is not None, "asked for only where there is a bound"
    return source.ordering.until(before, backward=True)
