"""A plan in, how many records it reads at most out: the sizes of its pages multiplied down the tree."""

from __future__ import annotations

from collections.abc import Iterable

from gqlcrud.identity import ByIdentity
from gqlcrud.plan import PagePlan, RecordPlan, View


def planned_rows(plan: PagePlan | RecordPlan) -> int:
    """For one parent. What aliases share counts once; of a page whose records nobody sees, the page itself counts."""
    if isinstance(plan, RecordPlan):
        return _known.made_of((plan,), lambda: 1 + _below(plan.views)) if plan.lasting else 1 + _below(plan.views)
    window, facets = plan.window, sum(each.limit for each in plan.facets)
    if not plan.need.records and not plan.need.cursors:
        return 1 + facets
    size = min(each for each in (window.first, window.last) if each is not None)
    return size * (1 + _below(plan.views)) + facets


_known: ByIdentity[int] = ByIdentity(maximum=1024)


def _below(views: Iterable[View]) -> int:
    """For one record."""
    children = {id(child.plan): child.plan for view in views for _, child in view.children}
    return sum(map(planned_rows, children.values()))
