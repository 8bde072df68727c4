"""Plans and the shapes of what is shown of them in, response values out: level by level, one statement for each relation."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from gqlcrud.catalog import Column, Relation
from gqlcrud.execution import PageRows, Reader
from gqlcrud.plan import Fold, PagePlan, RecordPlan, View, folds_of, placed
from gqlcrud.rendering.pages import render_pages
from gqlcrud.rendering.rows import Table, render_records
from gqlcrud.rendering.shapes import ConnectionShape, EdgesShape, ManyShape, NodesShape, OneShape, RecordShape

Key = tuple[Any, ...]
T = TypeVar("T")
Folded = Mapping[int, tuple[Fold, int]]
"""What stands in the rows of a level, by its origin, and where."""
_NOTHING: Folded = {}
_ALONE: Mapping[str, Sequence[Any]] = {}
"""What the relations of a record lead to that has none."""


@dataclass(frozen=True, slots=True)
class Renderer:
    """Reads for one operation, and gives what the response shows. alone: whether nothing else of the operation reads, so
    that selections that do not fork need not wait for others that might ask for the same. folds: whether records that others
    lead to are read with these, since nothing beside them asks for the same.

    Each method raises NotRendered where the response has an error in it, which is graphql-core's to tell.
    """

    reader: Reader
    alone: bool = False
    folds: bool = False

    async def page(self, plan: PagePlan, shape: ConnectionShape, key: str) -> dict[str, Any]:
        """One page. key: that of the selection that was planned."""
        renderer = type(self)(self.reader, self.alone and not shape.forks, self.alone)
        async with self.reader.connection.reading():
            pages = await renderer._pages(plan, [()], {key: shape})
        return pages[key][0]

    async def records(
        self, plan: RecordPlan, shape: RecordShape, key: str, values: Sequence[Key]
    ) -> list[dict[str, Any] | None]:
        """The record of each key, None where there is none."""
        renderer = type(self)(self.reader, self.alone and not shape.forks, self.alone)
        folds = folds_of(plan, short=len(values) > 1) if self.alone else ()
        async with self.reader.connection.reading():
            rows = await self.reader.record_rows(plan, values, alone=self.alone, folds=folds)
            records = await renderer._recorded(plan, rows, {key: shape}, folds)
        return records[key]

    async def known(self, plan: RecordPlan, shape: RecordShape, key: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """A record whose columns need not be read, by attribute, with what its relations lead to."""
        renderer = type(self)(self.reader, self.alone and not shape.forks, self.alone)
        row = (0, *(values[column.key] for column in plan.columns))
        async with self.reader.connection.reading():
            (record,) = (await renderer._recorded(plan, [row], {key: shape}))[key]
        assert record is not None, "it is there"
        return record

    # ---------- one level ----------

    async def _pages(
        self, plan: PagePlan, keys: Sequence[Key], shapes: Mapping[str, ConnectionShape]
    ) -> dict[str, list[dict[str, Any]]]:
        """A page for each key, by response key: equal requests under several keys share their rows."""
        folds = folds_of(plan, short=True) if self.folds else ()
        fetched: PageRows = await self.reader.page_rows(plan, keys, alone=self.alone, folds=folds)
        views = {view.path: view for view in plan.views}
        start = 0 if plan.relation is None else 1
        table = _table(plan.columns, fetched.shown, start)
        folded = placed(folds, fetched.folds_at(plan)) if folds else _NOTHING
        found: dict[str, list[dict[str, Any]]] = {}
        for key, shape in shapes.items():
            records: dict[tuple[str, ...], list[dict[str, Any]]] = {}
            for path, record in _record_shapes(key, shape):
                records[path] = await self._view(plan, views[path], table, record, folded)
            found[key] = self._pages_of(plan, key, shape, fetched, records)
        return found

    async def _records(
        self, plan: RecordPlan, keys: Sequence[Key], shapes: Mapping[str, RecordShape]
    ) -> dict[str, list[dict[str, Any] | None]]:
        """The record of each key, None where there is none, by response key."""
        folds = folds_of(plan, short=True) if self.folds else ()
        rows = await self.reader.record_rows(plan, keys, alone=self.alone, folds=folds)
        return await self._recorded(plan, rows, shapes, folds)

    async def _recorded(
        self, plan: RecordPlan, rows: Sequence[Any], shapes: Mapping[str, RecordShape], folds: Sequence[Fold] = ()
    ) -> dict[str, list[dict[str, Any] | None]]:
        """What is shown of the record in each row; None of no row."""
        table = _table(plan.columns, [row for row in rows if row is not None], 1)
        found = await self._shown(plan, table, shapes, placed(folds, 1 + len(plan.columns)))
        if len(table.rows) == len(rows):
            return found
        there = [row is not None for row in rows]
        return {key: _spaced(there, records) for key, records in found.items()}

    async def _shown(
        self, plan: RecordPlan, table: Table, shapes: Mapping[str, RecordShape], folded: Folded
    ) -> dict[str, list[Any]]:
        """The records of single ones, by response key."""
        views = {view.path: view for view in plan.views}
        return {key: await self._view(plan, views[(key,)], table, shape, folded) for key, shape in shapes.items()}

    async def _view(
        self,
        plan: PagePlan | RecordPlan,
        view: View,
        table: Table,
        shape: RecordShape,
        folded: Folded = _NOTHING,
    ) -> list[dict[str, Any]]:
        """The records of one view, their relations loaded. folded: those that stand in the rows, and where."""
        if not table.rows:
            return []
        if not view.children:
            return self._records_of(plan, shape, table, _ALONE)
        shapes = {part.key: part for part in shape.parts if isinstance(part, OneShape | ManyShape)}
        together: dict[int, tuple[PagePlan | RecordPlan, Relation, list[str]]] = {}
        for key, child in view.children:  # aliases of one request have one plan
            together.setdefault(id(child.plan), (child.plan, child.relation, []))[2].append(key)
        work = []
        for below, relation, names in together.values():
            parts = {name: shapes[name] for name in names}
            if id(below) in folded and isinstance(below, RecordPlan):
                work.append(self._folded(below, *folded[id(below)], table, parts))
            else:
                work.append(self._related(below, relation, table, parts))
        if len(work) == 1:
            loaded = [await work[0]]
        else:  # at once, so that equal requests below two relations share a statement
            loaded = await asyncio.gather(*work)
        related = {name: values for each in loaded for name, values in each.items()}
        return self._records_of(plan, shape, table, related)

    def _pages_of(
        self,
        plan: PagePlan,
        key: str,
        shape: ConnectionShape,
        fetched: PageRows,
        records: Mapping[tuple[str, ...], list[dict[str, Any]]],
    ) -> list[dict[str, Any]]:
        return render_pages(plan, key, shape, fetched, records)

    def _records_of(
        self, plan: PagePlan | RecordPlan, shape: RecordShape, table: Table, related: Mapping[str, Sequence[Any]]
    ) -> list[dict[str, Any]]:
        return render_records(shape, table, related, keys=plan.model.primary_key)

    async def _folded(
        self, plan: RecordPlan, fold: Fold, start: int, table: Table, shapes: Mapping[str, OneShape | ManyShape]
    ) -> dict[str, Sequence[Any]]:
        """The same for records that stand in the rows, from the cell `start` on; one that several rows hold is made once."""
        records = {name: shape.record for name, shape in shapes.items() if isinstance(shape, OneShape)}
        keys, there = _keys(fold.relation, table), table.cell(start)
        rows = {key: row for key, row, is_there in zip(keys, table.rows, there, strict=True) if is_there}
        part = _table(plan.columns, list(rows.values()), start + 1, table)
        found = await self._shown(plan, part, records, placed(fold.below, start + 1 + len(plan.columns)))
        if len(rows) == len(keys):
            return dict(found)
        known = {name: dict(zip(rows, values, strict=True)) for name, values in found.items()}
        if fold.short and False in there:  # a text of theirs is too long to stand here
            long = [key for key, is_there in zip(keys, there, strict=True) if is_there is not None and not is_there]
            wanted = list(dict.fromkeys(long))
            for name, values in (await self._records(plan, wanted, records)).items():
                known[name] |= zip(wanted, values, strict=True)
        return {name: [by_key.get(key) for key in keys] for name, by_key in known.items()}

    async def _related(
        self,
        plan: PagePlan | RecordPlan,
        relation: Relation,
        table: Table,
        shapes: Mapping[str, OneShape | ManyShape],
    ) -> dict[str, Sequence[Any]]:
        """What a relation leads to from each row, by response key."""
        keys = _keys(relation, table)
        known = list(dict.fromkeys(key for key in keys if None not in key))
        if isinstance(plan, PagePlan):
            connections = {name: shape.connection for name, shape in shapes.items() if isinstance(shape, ManyShape)}
            pages = await self._pages(plan, known, connections) if known else {name: [] for name in shapes}
            empty = render_empty(plan, connections) if len(known) < len(set(keys)) else {}
            return {name: _spread(keys, known, pages[name], empty.get(name)) for name in shapes}
        records = {name: shape.record for name, shape in shapes.items() if isinstance(shape, OneShape)}
        found = await self._records(plan, known, records) if known else {name: [] for name in shapes}
        return {name: _spread(keys, known, found[name], None) for name in shapes}


def render_empty(plan: PagePlan, shapes: Mapping[str, ConnectionShape]) -> dict[str, dict[str, Any]]:
    """The page of a list without records."""
    nothing = PageRows.empty(plan)
    return {
        key: render_pages(plan, key, shape, nothing, {path: [] for path, _ in _record_shapes(key, shape)})[0]
        for key, shape in shapes.items()
    }


def _record_shapes(key: str, shape: ConnectionShape) -> list[tuple[tuple[str, ...], RecordShape]]:
    """What a connection shows of records, by the path of the view that they have."""
    found: list[tuple[tuple[str, ...], RecordShape]] = []
    for part in shape.parts:
        if isinstance(part, NodesShape):
            found.append(((key, part.key), part.record))
        elif isinstance(part, EdgesShape):
            found += [((key, part.key, each.key), each.record) for each in part.parts if isinstance(each, NodesShape)]
    return found


def _table(columns: Sequence[Column], rows: Sequence[Any], start: int, whole: Table | None = None) -> Table:
    """whole: what the rows are of, and maybe all of."""
    places = {column.key: place for place, column in enumerate(columns, start)}
    return Table(rows, places) if whole is None or len(rows) < len(whole.rows) else replace(whole, places=places)


def _spaced(there: Sequence[bool], values: Sequence[T]) -> list[T | None]:
    """The values where there are any, in their order."""
    following = iter(values)
    return [next(following) if is_there else None for is_there in there]


def _keys(relation: Relation, table: Table) -> list[Key]:
    """The key of each row for a relation."""
    return list(zip(*(table.column(column.key) for column in relation.local), strict=True))


def _spread(keys: Sequence[Key], known: Sequence[Key], values: Sequence[T], missing: T | None) -> list[T | None]:
    """The value of each key; `missing` of one with a NULL in it."""
    by_key = dict(zip(known, values, strict=True))
    return [by_key.get(key, missing) for key in keys]
