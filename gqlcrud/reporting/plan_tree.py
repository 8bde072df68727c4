"""The plans of an operation in, a tree of them for a developer out, with the statements that read for each field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gqlcrud.observing import Observation, Path
from gqlcrud.plan import Always, ColumnKey, CountKey, OrderTerm, PagePlan, RankKey, RecordPlan
from gqlcrud.planning import planned_rows


@dataclass(slots=True)
class PlanNode:
    """One field that reads, or a root field that writes: then without a plan. statements: by their places."""

    path: Path
    plan: PagePlan | RecordPlan | None
    relation: str | None
    rows: int
    statements: list[int] = field(default_factory=list)
    children: list[PlanNode] = field(default_factory=list)

    def all(self) -> Iterator[PlanNode]:
        """It and all below it."""
        yield self
        for child in self.children:
            yield from child.all()


def plan_tree(observation: Observation) -> list[PlanNode]:
    """The root fields. Equal plans have one statement, which stands at each of them."""
    written = [each for each in observation.statements if each.purpose is not None and each.purpose.part == "write"]
    writing = {each.purpose.path[0]: None for each in written if each.purpose is not None and each.purpose.path}
    roots = {key: PlanNode((key,), None, None, 0) for key in writing}
    others: list[PlanNode] = []
    for seen in observation.plans.values():
        node = _node(seen.path, seen.plan, None, seen.rows)
        above = roots.get(seen.path[0]) if seen.path else None
        (above.children if above is not None else others).append(node)
    tree = [*roots.values(), *others]
    _place_statements(observation, tree)
    return tree


def paths_of(tree: list[PlanNode], index: int) -> list[list[str]]:
    """Where the fields stand in the answer that a statement reads for, or that it writes."""
    return [list(node.path) for root in tree for node in root.all() if index in node.statements]


def shown_tree(tree: list[PlanNode]) -> list[dict[str, Any]]:
    """As JSON; docs/observability.md says what each key means."""
    return [_shown(node) for node in tree]


def _node(path: Path, plan: PagePlan | RecordPlan, relation: str | None, rows: int) -> PlanNode:
    node = PlanNode(path, plan, relation, rows)
    for view in plan.views:
        for key, child in view.children:
            below = (*path, *view.path[1:], key)
            node.children.append(_node(below, child.plan, child.relation.name, planned_rows(child.plan)))
    return node


def _place_statements(observation: Observation, tree: list[PlanNode]) -> None:
    by_plan: dict[Any, list[PlanNode]] = {}
    for root in tree:
        for node in root.all():
            by_plan.setdefault(node.plan, []).append(node)
    writing = {root.path: root for root in tree}
    for index, statement in enumerate(observation.statements):
        purpose = statement.purpose
        if purpose is None:
            continue
        found = by_plan.get(purpose.plan, []) if purpose.plan is not None else []
        if not found and purpose.path[:1] in writing:
            found = [writing[purpose.path[:1]]]
        for node in found:
            node.statements.append(index)


def _shown(node: PlanNode) -> dict[str, Any]:
    plan = node.plan
    return {
        "path": list(node.path),
        "kind": "write" if plan is None else "page" if isinstance(plan, PagePlan) else "record",
        "model": plan.model.name if plan is not None else None,
        "relation": node.relation,
        "columns": [column.name for column in plan.columns] if plan is not None else [],
        "filtered": plan is not None and plan.where != Always(True),
        "order": _order(plan) if isinstance(plan, PagePlan) else [],
        "limit": _limit(plan) if isinstance(plan, PagePlan) else None,
        "rows": node.rows,
        "statements": node.statements,
        "children": [_shown(child) for child in node.children],
    }


def _order(plan: PagePlan) -> list[str]:
    return [_term(each) for each in plan.order]


def _term(term: OrderTerm) -> str:
    """`author.lastName DESC`"""
    match term.key:
        case ColumnKey(column=column):
            last = column.name
        case CountKey(relation=relation):
            last = f"{relation.name}.count"
        case RankKey():
            last = "rank"
    path = ".".join([*(hop.relation.name for hop in term.key.path), last])
    return f"{path} DESC" if term.descending else path


def _limit(plan: PagePlan) -> int:
    return min(each for each in (plan.window.first, plan.window.last) if each is not None)
