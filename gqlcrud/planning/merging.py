"""Plans of aliases in, one plan for all that ask for the same out: it shows what all of them show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gqlcrud.catalog import Column
from gqlcrud.plan import Child, Need, PagePlan, RecordPlan
from gqlcrud.planning.facets import merge_facets


def merge_children(children: Iterable[tuple[str, Child]]) -> tuple[tuple[str, Child], ...]:
    """One plan for all aliases of one request: those that differ only in what they show of it."""
    merged: dict[Child, PagePlan | RecordPlan] = {}
    requests = [(key, Child(child.relation, _request(child.plan)), child.plan) for key, child in children]
    for _, request, plan in requests:
        known = merged.get(request)
        if isinstance(known, PagePlan) and isinstance(plan, PagePlan):
            merged[request] = merge_pages(known, plan)
        elif isinstance(known, RecordPlan) and isinstance(plan, RecordPlan):
            merged[request] = replace(
                known,
                columns=distinct((*known.columns, *plan.columns)),
                views=(*known.views, *plan.views),
                lasting=False,
            )
        else:
            merged[request] = plan
    return tuple((key, Child(request.relation, merged[request])) for key, request, _ in requests)


def merge_pages(one: PagePlan, other: PagePlan) -> PagePlan:
    """A plan that shows what both show. They ask for the same page."""
    need = Need(
        records=one.need.records or other.need.records,
        cursors=one.need.cursors or other.need.cursors,
        next_page=one.need.next_page or other.need.next_page,
        previous_page=one.need.previous_page or other.need.previous_page,
        total_count=one.need.total_count or other.need.total_count,
    )
    views = one.views + tuple(view for view in other.views if view not in one.views)
    return replace(
        one,
        need=need,
        columns=distinct((*one.columns, *other.columns)),
        edge_columns=distinct((*one.edge_columns, *other.edge_columns)),
        views=views,
        facets=merge_facets(one.facets, other.facets),
        lasting=False,
    )


def _request(plan: PagePlan | RecordPlan) -> PagePlan | RecordPlan:
    """The plan without what it shows: which rows, in which order."""
    if isinstance(plan, PagePlan):
        return replace(plan, need=Need(), columns=(), edge_columns=(), views=(), facets=())
    return replace(plan, columns=(), views=())


def distinct(columns: Iterable[Column]) -> tuple[Column, ...]:
    """Each column once, in one order whatever the order of the selection, so that equal requests are equal plans."""
    by_key = {column.key: column for column in columns}
    return tuple(by_key[key] for key in sorted(by_key))
