"""A plan in, the statement for it and for all that differ from it in values alone out, and the values.

Building a statement takes SQLAlchemy ten times as long as looking for one. What is kept depends on plans alone, never on
who asks: of a condition that holds for one caller the form is a part of the plan, and the values are bound as any others.
A plan that is equal to itself alone, since the application's own code gave a part of it, is built and forgotten.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from gqlcrud.identity import ByIdentity
from gqlcrud.plan import (
    EVERY,
    Condition,
    Fold,
    PagePlan,
    Parameter,
    RecordPlan,
    Window,
)
from gqlcrud.scalars import JsonScalar
from gqlcrud.statements.columns import Columns, SortKey
from gqlcrud.statements.dialect import Database
from gqlcrud.statements.pages import (
    CUT_ALONE,
    LIMIT,
    OFFSET,
    Around,
    PageStatement,
    fetch_limit,
    ordered_by,
    page_statement,
    summarized_page_statement,
    summary_statement,
)
from gqlcrud.statements.records import record_statement
from gqlcrud.statements.splitting import Splitter

KEPT = 256
"""Statements of each kind that are kept; one takes some 100 kB with what SQLAlchemy compiles of it."""

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PreparedPage:
    """The statements of a page and the values for this one; see `page_statement` and `summary_statement`.

    together: whether the rows of the page hold the summary too. lasting: whether the statements are kept, to serve again.
    """

    page: PageStatement
    summary: sa.Select[Any] | None
    values: Values
    lasting: bool
    together: bool = False


@dataclass(frozen=True, slots=True)
class PreparedRecords:
    """The statement of single records, and its values beside the keys."""

    select: sa.Select[Any]
    values: Values
    lasting: bool


def prepared_page(
    plan: PagePlan,
    database: Database,
    *,
    summarized: bool,
    single: bool = False,
    together: bool = False,
    around: Around = CUT_ALONE,
) -> PreparedPage:
    """summarized: whether anything is asked about the list around the page; together: whether this is to be read with the
    rows, if it can be had by a statement that is kept. single: whether it is for one key."""
    how = _How(database, summarized, single, together, around)
    form = _form(plan.window) if plan.lasting and plan.where is EVERY else None
    if form is None:
        made = _made_page(plan, how)
    else:
        shown = plan.model, plan.relation, plan.need, plan.columns, plan.edge_columns, plan.order
        asked = database, summarized, single, together, around.folds, around.texts
        made = _known_pages.made_of((*shown, *asked, *form), lambda: _made_page(plan, how))
    values = {**made.values, **_window_values(plan.window, made.sort_keys)}
    return PreparedPage(made.page, made.summary, values, made.lasting, made.together)


@dataclass(frozen=True, slots=True)
class _How:
    """What is asked for of a page; see `prepared_page`."""

    database: Database
    summarized: bool
    single: bool
    together: bool
    around: Around


@dataclass(frozen=True, slots=True)
class _MadePage:
    """What is the same for pages that differ in their windows' values alone. values: those of conditions. sort_keys: where
    the window has a position."""

    page: PageStatement
    summary: sa.Select[Any] | None
    values: Values
    lasting: bool
    together: bool
    sort_keys: tuple[SortKey, ...]


_known_pages: ByIdentity[_MadePage] = ByIdentity(maximum=KEPT)


def _form(window: Window) -> tuple[bool, ...] | None:
    """What the statement of a page depends on of its window; None where more than usual does: a position with NULL in it."""
    if None in (window.after or ()) or None in (window.before or ()):
        return None
    return (
        *(window.first is None, window.last is None, bool(window.offset)),
        *(window.after is None, window.before is None),
    )


def _made_page(plan: PagePlan, how: _How) -> _MadePage:
    database, single = how.database, how.single
    template, splitter = _page_template(plan, database)
    around = replace(how.around, folds=tuple(map(splitter.fold, how.around.folds)))
    page, summary, sort_keys = (_page, _summary, _sort_keys) if splitter.lasting else _PASSING
    positioned = plan.window.after is not None or plan.window.before is not None
    keys = sort_keys(template, database) if positioned else ()
    asked = summary(template, database, single=single) if how.summarized else None
    if asked is not None and how.together and splitter.lasting:
        together = _summarized_page(template, database, around=around)
        return _MadePage(together, asked, splitter.values, True, True, keys)
    alone = page(template, database, single=single, around=around)
    return _MadePage(alone, asked, splitter.values, splitter.lasting, False, keys)


def _window_values(window: Window, keys: Sequence[SortKey]) -> dict[str, Any]:
    values: dict[str, Any] = {LIMIT: fetch_limit(window)}
    if window.offset:
        values[OFFSET] = window.offset
    for name, position in (("after", window.after), ("before", window.before)):
        if position is not None:
            values |= _position_values(name, position, keys)
    return values


def prepared_records(
    plan: RecordPlan, database: Database, *, single: bool = False, folds: tuple[Fold, ...] = ()
) -> PreparedRecords:
    """single: whether it is for one key. folds: what is read with each record; for a lasting plan the very same each time."""
    if plan.lasting:
        made_of = plan, database, single, folds
        return _known_records.made_of(made_of, lambda: _prepared_records(plan, database, single=single, folds=folds))
    return _prepared_records(plan, database, single=single, folds=folds)


_known_records: ByIdentity[PreparedRecords] = ByIdentity(maximum=KEPT)


def _prepared_records(
    plan: RecordPlan, database: Database, *, single: bool, folds: tuple[Fold, ...]
) -> PreparedRecords:
    splitter = Splitter(Columns(database))
    template = replace(plan, where=splitter.condition(plan.where), views=())
    joined = tuple(map(splitter.fold, folds))
    statement = _records if splitter.lasting else record_statement
    select = statement(template, database, single=single, folds=joined)
    return PreparedRecords(select, splitter.values, splitter.lasting)


def prepared_condition(condition: Condition, database: Database) -> tuple[Condition, Values, bool]:
    """A condition with parameters for its values, the values, and whether equal conditions may come again."""
    splitter = Splitter(Columns(database))
    return splitter.condition(condition), splitter.values, splitter.lasting


_page = functools.lru_cache(maxsize=KEPT)(page_statement)
_summarized_page = functools.lru_cache(maxsize=KEPT)(summarized_page_statement)
_summary = functools.lru_cache(maxsize=KEPT)(summary_statement)
_records = functools.lru_cache(maxsize=KEPT)(record_statement)
_sort_keys = functools.lru_cache(maxsize=KEPT)(ordered_by)
_PASSING = (page_statement, summary_statement, ordered_by)


def _page_template(plan: PagePlan, database: Database) -> tuple[PagePlan, Splitter]:
    """The plan with parameters for its values, and without what the statement does not show; and what took them out."""
    splitter = Splitter(Columns(database))
    where = splitter.condition(plan.where)
    order = tuple(map(splitter.order, plan.order))
    window = plan.window
    template = Window(
        first=None if window.first is None else 0,
        last=None if window.last is None else 0,
        offset=1 if window.offset else 0,
        after=_places("after", window.after),
        before=_places("before", window.before),
    )
    return replace(plan, where=where, order=order, window=template, views=(), facets=()), splitter


def _places(name: str, position: Sequence[Any] | None) -> tuple[Any, ...] | None:
    """Parameters for a position; a NULL makes another statement.

    `after0`, not `after_0`: SQLAlchemy calls literals like that where a column is called `after`.
    """
    if position is None:
        return None
    return tuple(None if value is None else Parameter(f"{name}{place}") for place, value in enumerate(position))


def _position_values(name: str, position: Sequence[JsonScalar | Parameter], keys: Sequence[SortKey]) -> dict[str, Any]:
    return {
        f"{name}{place}": key.decode(value)
        for place, (value, key) in enumerate(zip(position, keys, strict=True))
        if value is not None
    }
