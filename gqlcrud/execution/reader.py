"""Plans in, records and pages out, level by level: one statement for each relation field, whatever the number of parents."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, TypeAlias

import sqlalchemy as sa

from gqlcrud.catalog import Column
from gqlcrud.execution.connection import OperationConnection, UnreadableError
from gqlcrud.execution.cuts import Cut, PageRows, asks_summary, reads_rows
from gqlcrud.execution.driver import Rows
from gqlcrud.execution.loader import Loader
from gqlcrud.execution.places import by_key, by_place, first_place, first_rows
from gqlcrud.execution.records import FacetCount, Page, Record, record_class, related_of
from gqlcrud.observing import PURPOSE, RUNNING, Part, Purpose, running_for
from gqlcrud.plan import NONE, Child, FacetPlan, Fold, PagePlan, RecordPlan, View
from gqlcrud.statements import (
    SUMMARY,
    Around,
    Database,
    PageStatement,
    can_be_one,
    facet_statement,
    key_parameters,
    prepared_page,
    prepared_records,
)
from gqlcrud.statements.unreadable import with_texts

Key = tuple[Any, ...]
Folds: TypeAlias = tuple[Fold, ...]


@dataclass(slots=True)
class Reader:
    """Reads for one operation."""

    connection: OperationConnection
    _loaders: dict[PagePlan | RecordPlan, Loader[Key, Any, Any]] = field(default_factory=dict)
    _cuts: dict[tuple[PagePlan, Folds], Loader[Key, PageRows, tuple[PageStatement, Cut]]] = field(default_factory=dict)
    _rows: dict[tuple[RecordPlan, Folds], Loader[Key, Rows, Any]] = field(default_factory=dict)

    @property
    def _database(self) -> Database:
        return self.connection.source.database

    def forget(self) -> None:
        """Let go of what has been read: loaders refer to their reader, so it would stay until garbage is collected."""
        self._loaders.clear()
        self._cuts.clear()
        self._rows.clear()

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

    def _page_loader(self, plan: PagePlan) -> Loader[Key, PageRows, Page]:
        async def fetch(keys: Sequence[Key]) -> PageRows:
            return await self._fetch_pages(plan, keys)

        async def build(keys: Sequence[Key], rows: PageRows) -> list[Page]:
            return await self._build_pages(plan, rows)

        return self._loaders.setdefault(plan, Loader(self.connection, fetch, build))

    def _record_loader(self, plan: RecordPlan) -> Loader[Key, Rows, Mapping[str, Record] | None]:
        columns = plan.relation.local if plan.relation is not None else plan.key

        async def fetch(keys: Sequence[Key]) -> Rows:
            return await self._fetch_records(plan, columns, keys)

        async def build(keys: Sequence[Key], rows: Rows) -> list[Mapping[str, Record] | None]:
            return await self._build_records(plan, len(keys), rows)

        return self._loaders.setdefault(plan, Loader(self.connection, fetch, build))

    def _execute(
        self,
        plan: PagePlan | RecordPlan,
        part: Part,
        statement: sa.Select[Any],
        parameters: Mapping[str, Any],
        *,
        lasting: bool = False,
    ) -> Awaitable[Rows]:
        """The rows of what is asked of a plan. lasting: whether the statement comes again."""
        if RUNNING.get() is None:
            return self._read(statement, parameters, lasting=lasting)
        return self._read_observed(Purpose(part, plan=plan), statement, parameters, lasting=lasting)

    async def _read(self, statement: sa.Select[Any], parameters: Mapping[str, Any], *, lasting: bool) -> Rows:
        """The rows, read once more where one holds a value that fails the others."""
        try:
            return await self.connection.execute(statement, parameters, lasting=lasting)
        except UnreadableError:
            return await self.connection.execute(with_texts(statement, self._database), parameters)

    async def _read_observed(
        self, purpose: Purpose, statement: sa.Select[Any], parameters: Mapping[str, Any], *, lasting: bool
    ) -> Rows:
        outer = PURPOSE.get()
        purpose.path = outer.path if outer is not None else ()
        with running_for(purpose):
            rows = await self._read(statement, parameters, lasting=lasting)
            purpose.rows = len(rows)
        return rows

    async def _fetch_records(
        self, plan: RecordPlan, columns: Sequence[Column], keys: Sequence[Key], folds: Folds = ()
    ) -> Rows:
        single = len(keys) == 1 and can_be_one(columns, plan.relation)
        prepared = prepared_records(plan, self._database, single=single, folds=folds)
        parameters = {**key_parameters(columns, keys, self._database, single=single), **prepared.values}
        return await self._execute(plan, "rows", prepared.select, parameters, lasting=prepared.lasting)

    # ---------- pages ----------

    async def _fetch_pages(
        self, plan: PagePlan, keys: Sequence[Key], folds: Folds = (), *, alone: bool = False
    ) -> PageRows:
        """folds: what is read with each record. alone: whether nothing else asks for these rows."""
        local = plan.relation.local if plan.relation is not None else ()
        single = len(keys) == 1 and can_be_one(local, plan.relation)
        together = alone and plan.relation is None and reads_rows(plan)
        how = {"summarized": asks_summary(plan), "single": single, "together": together}
        around = Around(folds, self.connection.source.reads_json)
        prepared = prepared_page(plan, self._database, **how, around=around)
        statement = prepared.page
        parameters = {**key_parameters(local, keys, self._database, single=single), **prepared.values}
        empty = plan.where == NONE
        rows: Rows = []
        if reads_rows(plan) and not empty:
            rows = await self._execute(plan, "rows", statement.select, parameters, lasting=prepared.lasting)
        summaries: Rows = []
        if prepared.together and rows:
            summaries, rows = [rows[0][-SUMMARY:]], [row[:-SUMMARY] for row in rows]
        elif prepared.summary is not None and not empty:
            summaries = await self._execute(plan, "count", prepared.summary, parameters, lasting=prepared.lasting)
        first = first_place(self._database)
        facets: dict[int, dict[str, Sequence[FacetCount]]] = {}
        for facet in plan.facets:
            for place, counts in (await self._fetch_facet(plan, facet, keys)).items():
                facets.setdefault(place, {})[facet.name] = counts
        if plan.relation is None:
            return PageRows.of(plan, statement, [rows], [summaries[0] if summaries else None], [facets.get(0, {})])
        known = {row[0] - first: row[1:] for row in summaries}
        places = range(len(keys))
        return PageRows.of(
            plan,
            statement,
            by_place(rows, first, len(keys)),
            [known.get(each) for each in places],
            [facets.get(each, {}) for each in places],
        )

    async def _fetch_facet(self, plan: PagePlan, facet: FacetPlan, keys: Sequence[Key]) -> dict[int, list[FacetCount]]:
        """By place of the key in the batch."""
        if facet.where == NONE or facet.limit == 0:
            return {}
        local = plan.relation.local if plan.relation is not None else ()
        parameters = key_parameters(local, keys, self._database)
        rows = await self._execute(plan, "facet", facet_statement(plan, facet, self._database), parameters)
        if plan.relation is None:
            return {0: [FacetCount(*row) for row in rows]}
        first = first_place(self._database)
        places = enumerate(by_place(rows, first, len(keys)))
        return {place: [FacetCount(*row[1:]) for row in each] for place, each in places if each}

    async def _build_pages(self, plan: PagePlan, fetched: PageRows) -> list[Page]:
        start = 0 if plan.relation is None else 1
        views = {view.path: await self._view(plan, view, fetched.shown, start) for view in plan.views}
        cursors = fetched.cursors(plan) if plan.need.cursors else ()
        edges = fetched.edges(plan)
        pages: list[Page] = []
        begin = 0
        for cut in fetched.cuts:
            end = begin + len(cut.rows)
            records = {path: view[begin:end] for path, view in views.items()}
            pages.append(_page(cut, records, cursors[begin:end], edges[begin:end]))
            begin = end
        return pages

    # ---------- rows, for who makes something of them itself ----------

    async def page_rows(
        self, plan: PagePlan, keys: Sequence[Key], *, alone: bool = False, folds: Folds = ()
    ) -> PageRows:
        """The rows of one page, or of one for each key of a relation. alone: whether nothing else in the document can ask
        for the same, so that nobody is waited for. folds: what is read with each record."""
        if alone:
            async with self.connection.lock:
                return await self._fetch_pages(plan, keys, folds, alone=True)
        loader = self._cuts.get((plan, folds))
        if loader is None:

            async def fetch(wanted: Sequence[Key]) -> PageRows:
                return await self._fetch_pages(plan, wanted, folds)

            async def build(_: Sequence[Key], fetched: PageRows) -> Sequence[tuple[PageStatement, Cut]]:
                return [(fetched.statement, cut) for cut in fetched.cuts]

            loader = self._cuts[plan, folds] = Loader(self.connection, fetch, build)
        found = await loader.load_many(keys)
        return PageRows(found[0][0], [cut for _, cut in found])

    async def record_rows(
        self, plan: RecordPlan, keys: Sequence[Key], *, alone: bool = False, folds: Folds = ()
    ) -> list[Any]:
        """The row of each key, None of one that has no record. alone, folds: as for pages."""
        columns = plan.relation.local if plan.relation is not None else plan.key
        first = first_place(self._database)
        if alone:
            async with self.connection.lock:
                rows = await self._fetch_records(plan, columns, keys, folds)
            return [rows[0] if rows else None] if len(keys) == 1 else by_key(rows, first, len(keys))
        loader = self._rows.get((plan, folds))
        if loader is None:

            async def fetch(wanted: Sequence[Key]) -> Rows:
                return await self._fetch_records(plan, columns, wanted, folds)

            async def build(wanted: Sequence[Key], rows: Rows) -> Sequence[Any]:
                return by_key(rows, first, len(wanted))

            loader = self._rows[plan, folds] = Loader(self.connection, fetch, build)
        return await loader.load_many(keys)

    # ---------- records ----------

    async def _build_records(self, plan: RecordPlan, count: int, rows: Rows) -> list[Mapping[str, Record] | None]:
        found = first_rows(rows, first_place(self._database))
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
    (cut,) = PageRows.empty(plan).cuts
    return _page(cut, {view.path: [] for view in plan.views}, (), ())


def _page(
    cut: Cut,
    records: Mapping[tuple[str, ...], Sequence[Record]],
    cursors: Sequence[str],
    edges: Sequence[Mapping[str, Any]],
) -> Page:
    return Page(records, len(cut.rows), cursors, edges, cut.has_next, cut.has_previous, cut.total, cut.facets)


def _relation_keys(plan: PagePlan | RecordPlan, child: Child, records: Sequence[Record]) -> list[Key | None]:
    """The key of each record for a relation, None where a part of it is NULL."""
    names = [column.key for column in plan.columns]
    places = [names.index(column.key) for column in child.relation.local]
    if len(places) == 1:
        place = places[0]
        return [None if record[place] is None else (record[place],) for record in records]
    get = itemgetter(*places)
    return [None if None in (key := get(record)) else key for record in records]
