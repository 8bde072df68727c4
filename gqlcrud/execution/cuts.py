"""The rows of a statement of pages in, what each page shows of them out: one row more than it shows was fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import sqlalchemy as sa

from gqlcrud.catalog import Column
from gqlcrud.execution.records import FacetCount
from gqlcrud.keys import encode_cursor
from gqlcrud.plan import PagePlan
from gqlcrud.statements import PageStatement, fetch_limit, is_backward
from gqlcrud.statements.unreadable import readable

Rows: TypeAlias = list[Any]
Facets: TypeAlias = Mapping[str, Sequence[FacetCount]]
_NO_FACETS: Facets = {}


class Cut(NamedTuple):
    """The rows that a page shows, in the list's order, and what is known of the list around them, its facets by name."""

    rows: Rows
    has_next: bool
    has_previous: bool
    total: int | None
    facets: Facets


@dataclass(frozen=True, slots=True)
class PageRows:
    """What the statements of a batch of pages gave: a cut for each page.

    A row is as `statements.pages` says, without the place of its key where the pages have no relation.
    """

    statement: PageStatement
    cuts: Sequence[Cut]

    @property
    def shown(self) -> Rows:
        """The rows of all pages, one after the other."""
        return self.cuts[0].rows if len(self.cuts) == 1 else [row for cut in self.cuts for row in cut.rows]

    @classmethod
    def of(
        cls,
        plan: PagePlan,
        statement: PageStatement,
        pages: Sequence[Rows],
        summaries: Sequence[Any],
        facets: Sequence[Facets],
    ) -> PageRows:
        """pages: the rows that were fetched for each page. summaries: what is known of the list of each, None if nothing.
        facets: of each list, those that have any values."""
        window = plan.window
        if window.last is None and not plan.facets and not any(summaries):
            shown, limit = window.first, fetch_limit(window)
            return cls(statement, [Cut(rows[:shown], len(rows) == limit, False, 0, _NO_FACETS) for rows in pages])
        return cls(statement, [_cut(plan, *each) for each in zip(pages, summaries, facets, strict=True)])

    @classmethod
    def empty(cls, plan: PagePlan) -> PageRows:
        """The page of a list without records."""
        return cls.of(plan, PageStatement(sa.select(), ()), [[]], [(0, False, False)], [{}])

    def cursors(self, plan: PagePlan) -> list[str]:
        """One for each row that is shown."""
        begin = _start(plan) + len(plan.columns) + len(plan.edge_columns)
        end = self.folds_at(plan)
        encoders = [key.encode for key in self.statement.sort_keys]
        mark = plan.fingerprint
        return [
            encode_cursor(
                mark,
                [
                    None if value is None else encode(readable(value))
                    for encode, value in zip(encoders, row[begin:end], strict=True)
                ],
            )
            for row in self.shown
        ]

    def folds_at(self, plan: PagePlan) -> int:
        """Where in a row begins what is read with its record."""
        return _start(plan) + len(plan.columns) + len(plan.edge_columns) + len(self.statement.sort_keys)

    def edge_values(self, plan: PagePlan, column: Column) -> list[Any]:
        """The values of a column of the link, one for each row that is shown."""
        place = _start(plan) + len(plan.columns) + plan.edge_columns.index(column)
        return [row[place] for row in self.shown]

    def edges(self, plan: PagePlan) -> Sequence[Mapping[str, Any]]:
        """The values of the link's columns for each row that is shown; () if none are asked for."""
        names = [column.key for column in plan.edge_columns]
        begin = _start(plan) + len(plan.columns)
        end = begin + len(names)
        return [dict(zip(names, row[begin:end], strict=True)) for row in self.shown] if names else ()


def _start(plan: PagePlan) -> int:
    """Where the columns of the record begin in a row."""
    return 0 if plan.relation is None else 1


def _cut(plan: PagePlan, rows: Rows, summary: Sequence[Any] | None, facets: Facets) -> Cut:
    """Take the page out of the rows that were fetched: one more than it shows tells that the list goes on.

    Without a summary nothing stands around them, or nobody asks.
    """
    total, preceding, following = summary if summary is not None else (0, False, False)
    window = plan.window
    facets = {each.name: facets.get(each.name, ()) for each in plan.facets}
    more = len(rows) == fetch_limit(window)
    if is_backward(window):
        shown = rows[: window.last][::-1]
        return Cut(shown, bool(following), more or bool(preceding), total, facets)
    shown = rows[: window.first]
    cut = shown if window.last is None else shown[max(0, len(shown) - window.last) :]
    return Cut(cut, more or bool(following), len(cut) < len(shown) or bool(preceding), total, facets)


def reads_rows(plan: PagePlan) -> bool:
    """Whether the rows of the page themselves are needed. They tell what a page shows, and whether the list goes on at
    the end to which it was cut; the summary tells the rest."""
    need, window = plan.need, plan.window
    shown = (need.records or need.cursors) and 0 not in (window.first, window.last)
    return shown or (need.next_page and window.first is not None) or (need.previous_page and window.last is not None)


def asks_summary(plan: PagePlan) -> bool:
    """Whether anything is asked about the list around the page that its rows do not tell."""
    window = plan.window
    preceding = plan.need.previous_page and (window.after is not None or window.offset > 0)
    following = plan.need.next_page and window.before is not None
    return plan.need.total_count or preceding or following
