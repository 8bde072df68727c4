"""Plans in, records and pages out, level by level: one statement for each relation field, whatever the number of parents."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from gqlcrud.catalog import Column
from gqlcrud.execution.connection import OperationConnection, Rows, UnreadableError
from gqlcrud.execution.loader import Loader
from gqlcrud.execution.records import FacetCount, Page, Record, record_class, related_of
from gqlcrud.keys import encode_cursor
from gqlcrud.plan import Always, Child, FacetPlan, PagePlan, RecordPlan, View
from gqlcrud.statements import (
    Database,
    PageStatement,
    facet_statement,
    fetch_limit,
    is_backward,
    key_parameters,
    page_statement,
    record_statement,
    summary_statement,
)
from gqlcrud.statements.unreadable import readable, with_texts

Key = tuple[Any, ...]
Facets = Mapping[str, Sequence[FacetCount]]


@dataclass(frozen=True, slots=True)
class _PageRows:
    """What the statements of a page gave, by place of the key in the batch."""

    statement: PageStatement
    rows: Mapping[int, Rows]
    summaries: Mapping[int, Sequence[Any]]
    facets: Mapping[int, Facets]


@dataclass(slots=True)
class Reader:
    """Reads for one operation."""

    connection: OperationConnection
    _loaders: dict[PagePlan | RecordPlan, Loader[Key, Any, Any]] = field(default_factory=dict)

    @property
    def _database(self) -> Database:
        return self.connection.source.database

    async def page(self, plan: PagePlan, key: Key = ()) -> Page:
        """One page, with all that its views show of the relations below."""
        async with self.connection.reading():
            page: Page = await self._page_loader(plan).load(key)
            return page

    async def related_page(self, plan: PagePlan, key: Key) -> Page:
        """One page of a relation; a key with a NULL in it has no records."""
        return empty_page(plan) if None in key else await self.page(plan, key)

    async def records(self, plan: RecordPlan, keys: Sequence[Key]) -> list[Mapping[str, Record] | None]:
        """The record of each key as each view shows it, by response key; None where there is none."""
        async with self.connection.reading():
            return await self._record_loader(plan).load_many(keys)

    # ---------- loaders ----------

    def _page_loader(self, plan: PagePlan) -> Loader[Key, _PageRows, Page]:
        async def fetch(keys: Sequence[Key]) -> _PageRows:
            return await self._fetch_pages(plan, keys)

        async def build(keys: Sequence[Key], rows: _PageRows) -> list[Page]:
            return await self._build_pages(plan, len(keys), rows)

        return self._loaders.setdefault(plan, Loader(self.connection, fetch, build))

    def _record_loader(self, plan: RecordPlan) -> Loader[Key, Rows, Mapping[str, Record] | None]:
        columns = plan.relation.local if plan.relation is not None else plan.key

        async def fetch(keys: Sequence[Key]) -> Rows:
            return await self._execute(record_statement(plan, self._database), columns, keys)

        async def build(keys: Sequence[Key], rows: Rows) -> list[Mapping[str, Record] | None]:
            return await self._build_records(plan, len(keys), rows)

        return self._loaders.setdefault(plan, Loader(self.connection, fetch, build))

    async def _execute(self, statement: sa.Select[Any], columns: Sequence[Column], keys: Sequence[Key]) -> Rows:
        """The rows, read once more where one holds a value that fails the others."""
        parameters = key_parameters(columns, keys, self._database)
        try:
            return await self.connection.execute(statement, parameters)
        except UnreadableError:
            return await self.connection.execute(with_texts(statement, self._database), parameters)

    # ---------- pages ----------

    async def _fetch_pages(self, plan: PagePlan, keys: Sequence[Key]) -> _PageRows:
        local = plan.relation.local if plan.relation is not None else ()
        statement = page_statement(plan, self._database)
        empty = plan.where == Always(False)
        rows: Rows = []
        if _reads_rows(plan) and not empty:
            rows = await self._execute(statement.select, local, keys)
        summaries: Rows = []
        if _asks_summary(plan) and not empty:
            summaries = await self._execute(summary_statement(plan, self._database), local, keys)
        first = _first_place(self._database)
        facets: dict[int, dict[str, Sequence[FacetCount]]] = {}
        for facet in plan.facets:
            for place, counts in (await self._fetch_facet(plan, facet, keys)).items():
                facets.setdefault(place, {})[facet.name] = counts
        if plan.relation is None:
            return _PageRows(statement, {0: rows}, {0: summaries[0]} if summaries else {}, facets)
        return _PageRows(statement, _by_place(rows, first), {row[0] - first: row[1:] for row in summaries}, facets)

    async def _fetch_facet(self, plan: PagePlan, facet: FacetPlan, keys: Sequence[Key]) -> dict[int, list[FacetCount]]:
        """By place of the key in the batch."""
        if facet.where == Always(False) or facet.limit == 0:
            return {}
        local = plan.relation.local if plan.relation is not None else ()
        rows = await self._execute(facet_statement(plan, facet, self._database), local, keys)
        if plan.relation is None:
            return {0: [FacetCount(*row) for row in rows]}
        first = _first_place(self._database)
        return {place: [FacetCount(*row[1:]) for row in each] for place, each in _by_place(rows, first).items()}

    async def _build_pages(self, plan: PagePlan, count: int, fetched: _PageRows) -> list[Page]:
        start = 0 if plan.relation is None else 1
        cuts = [_cut(plan, fetched.rows.get(place, []), fetched.summaries.get(place)) for place in range(count)]
        rows = [row for cut in cuts for row in cut.rows]
        views = {view.path: await self._view(plan, view, rows, start) for view in plan.views}
        pages: list[Page] = []
        position = 0
        for cut in cuts:
            end = position + len(cut.rows)
            records = {path: view[position:end] for path, view in views.items()}
            page = _page(plan, cut, records, fetched.statement, start)
            facets = _all_facets(plan, fetched.facets.get(len(pages), {}))
            pages.append(replace(page, facets=facets) if facets else page)
            position = end
        return pages

    # ---------- records ----------

    async def _build_records(self, plan: RecordPlan, count: int, rows: Rows) -> list[Mapping[str, Record] | None]:
        first = _first_place(self._database)
        found: dict[int, Any] = {}
        for row in rows:
            found.setdefault(row[0] - first, row)
        places = list(found)
        views = {view.path: await self._view(plan, view, list(found.values()), 1) for view in plan.views}
        values: list[Mapping[str, Record] | None] = [None] * count
        for index, place in enumerate(places):
            values[place] = {path[0]: records[index] for path, records in views.items()}
        return values

    async def _view(self, plan: PagePlan | RecordPlan, view: View, rows: Rows, start: int) -> list[Record]:
        """The records of one view, their relations loaded: all parents of a level at once, sibling relations together."""
        make = record_class(plan.model, plan.columns)
        end = start + len(plan.columns)
        records = [make((*row[start:end], {})) for row in rows]
        if records and view.children:
            await asyncio.gather(*(self._children(plan, key, child, records) for key, child in view.children))
        return records

    async def _children(self, plan: PagePlan | RecordPlan, key: str, child: Child, records: Sequence[Record]) -> None:
        keys = _relation_keys(plan, child, records)
        if isinstance(child.plan, PagePlan):
            for record, page in zip(records, await self._pages(child.plan, keys), strict=True):
                related_of(record)[key] = page
        else:
            for record, found in zip(records, await self._related(child.plan, keys), strict=True):
                related_of(record)[key] = found[key] if found is not None else None

    async def _pages(self, plan: PagePlan, keys: Sequence[Key | None]) -> list[Page]:
        """A page for each key; a key with a NULL in it has no records."""
        loaded = await self._page_loader(plan).load_many([key for key in keys if key is not None])
        pages = iter(loaded)
        return [next(pages) if key is not None else empty_page(plan) for key in keys]

    async def _related(self, plan: RecordPlan, keys: Sequence[Key | None]) -> list[Mapping[str, Record] | None]:
        loaded = iter(await self._record_loader(plan).load_many([key for key in keys if key is not None]))
        return [next(loaded) if key is not None else None for key in keys]


def empty_page(plan: PagePlan) -> Page:
    """The page of a list without records."""
    nothing = _cut(plan, [], (0, False, False))
    page = _page(plan, nothing, {view.path: [] for view in plan.views}, PageStatement(sa.select(), ()), 0)
    return replace(page, facets=_all_facets(plan, {}))


def _all_facets(plan: PagePlan, facets: Facets) -> Facets:
    """Every facet of the plan, those of a list without records among them."""
    return {each.name: facets.get(each.name, ()) for each in plan.facets}


@dataclass(frozen=True, slots=True)
class _Cut:
    """The rows that a page shows, in the list's order, and what is known of the list around them."""

    rows: Rows
    has_next: bool
    has_previous: bool
    total: int | None


def _cut(plan: PagePlan, rows: Rows, summary: Sequence[Any] | None) -> _Cut:
    """Take the page out of the rows that were fetched: one more than it shows tells that the list goes on.

    Without a summary nothing stands around them, or nobody asks.
    """
    total, preceding, following = summary if summary is not None else (0, False, False)
    window = plan.window
    more = len(rows) == fetch_limit(window)
    if is_backward(window):
        shown = rows[: window.last][::-1]
        return _Cut(shown, bool(following), more or bool(preceding), total)
    shown = rows[: window.first]
    cut = shown if window.last is None else shown[max(0, len(shown) - window.last) :]
    return _Cut(cut, more or bool(following), len(cut) < len(shown) or bool(preceding), total)


def _page(
    plan: PagePlan, cut: _Cut, records: Mapping[tuple[str, ...], Sequence[Record]], statement: PageStatement, start: int
) -> Page:
    edges_at = start + len(plan.columns)
    order_at = edges_at + len(plan.edge_columns)
    encoders = [key.encode for key in statement.sort_keys]
    cursors = [
        encode_cursor(
            plan.fingerprint,
            [
                None if value is None else encode(readable(value))
                for encode, value in zip(encoders, row[order_at:], strict=True)
            ],
        )
        for row in (cut.rows if plan.need.cursors else ())
    ]
    names = [column.key for column in plan.edge_columns]
    edges = [dict(zip(names, row[edges_at:order_at], strict=True)) for row in cut.rows] if names else ()
    return Page(records, len(cut.rows), cursors, edges, cut.has_next, cut.has_previous, cut.total)


def _reads_rows(plan: PagePlan) -> bool:
    """Whether the rows of the page themselves are needed. They tell what a page shows, and whether the list goes on at
    the end to which it was cut; the summary tells the rest."""
    need, window = plan.need, plan.window
    shown = (need.records or need.cursors) and 0 not in (window.first, window.last)
    return shown or (need.next_page and window.first is not None) or (need.previous_page and window.last is not None)


def _asks_summary(plan: PagePlan) -> bool:
    window = plan.window
    preceding = plan.need.previous_page and (window.after is not None or window.offset > 0)
    following = plan.need.next_page and window.before is not None
    return plan.need.total_count or preceding or following


def _first_place(database: Database) -> int:
    """What the first key of a batch is numbered: WITH ORDINALITY counts from 1, json_each from 0."""
    return 1 if database is Database.POSTGRESQL else 0


def _by_place(rows: Rows, first: int) -> dict[int, Rows]:
    grouped: dict[int, Rows] = {}
    for row in rows:
        grouped.setdefault(row[0] - first, []).append(row)
    return grouped


def _relation_keys(plan: PagePlan | RecordPlan, child: Child, records: Sequence[Record]) -> list[Key | None]:
    """The key of each record for a relation, None where a part of it is NULL."""
    names = [column.key for column in plan.columns]
    places = [names.index(column.key) for column in child.relation.local]
    if len(places) == 1:
        place = places[0]
        return [None if record[place] is None else (record[place],) for record in records]
    get = itemgetter(*places)
    return [None if None in (key := get(record)) else key for record in records]
