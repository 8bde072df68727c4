"""What the state of an operation is made of in, an `Operation` out that tells what it plans and how long it renders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from gqlcrud.catalog import Model, Relation
from gqlcrud.context import Operation, Plan
from gqlcrud.execution import PageRows
from gqlcrud.observing import PURPOSE, RUNNING, Observation, Path, SeenPlan, timed
from gqlcrud.plan import PagePlan, RecordPlan
from gqlcrud.planning import KnownPlans, Planner, planned_rows
from gqlcrud.rendering import ConnectionShape, RecordShape, Renderer, Table
from gqlcrud.selection import FieldInfo, FieldRequest, Selection


class ObservedOperation(Operation):
    """The state of an operation that is observed. What an earlier one of the same operation has planned does not count: its
    answer was given up."""

    def __post_init__(self) -> None:
        Operation.__post_init__(self)
        given = {each.name: getattr(self.planner, each.name) for each in fields(self.planner)}
        self.planner = ObservedPlanner(**{**given, "known": ObservedPlans(self.planner.known._known)})
        observation = _observation()
        observation.plans.clear()
        observation.source = self.connection.source

    @property
    def renderer(self) -> Renderer:
        return ObservedRenderer(self.reader, self.alone)

    def bounded(self, identity: object, plan: Plan, records: int = 1, *, at: FieldInfo | str = "") -> Plan:
        seen = SeenPlan(_path(at), plan, records * planned_rows(plan))
        _observation().plans[identity] = seen
        return Operation.bounded(self, identity, plan, records)


class ObservedPlans(KnownPlans):
    """Kept plans, which tells whether they were there."""

    def find(self, selection: Selection) -> Any:
        found = KnownPlans.find(self, selection)
        observation = _observation()
        observation.plans_found += found is not None
        observation.plans_made += found is None
        return found


class ObservedPlanner(Planner):
    """A planner that tells how long it takes."""

    @timed("plan")
    def page(self, selection: Selection, model: Model, relation: Relation | None = None, depth: int = 1) -> PagePlan:
        return Planner.page(self, selection, model, relation, depth)

    @timed("plan")
    def record(
        self,
        selection: Selection,
        model: Model,
        key: tuple[Any, ...],
        relation: Relation | None = None,
        depth: int = 1,
    ) -> RecordPlan:
        return Planner.record(self, selection, model, key, relation, depth)


class ObservedRenderer(Renderer):
    """A renderer that tells how long it takes to make values of rows."""

    @timed("render")
    def _pages_of(
        self,
        plan: PagePlan,
        key: str,
        shape: ConnectionShape,
        fetched: PageRows,
        records: Mapping[tuple[str, ...], list[dict[str, Any]]],
    ) -> list[dict[str, Any]]:
        return Renderer._pages_of(self, plan, key, shape, fetched, records)

    @timed("render")
    def _records_of(
        self, plan: PagePlan | RecordPlan, shape: RecordShape, table: Table, related: Mapping[str, Sequence[Any]]
    ) -> list[dict[str, Any]]:
        return Renderer._records_of(self, plan, shape, table, related)


def _observation() -> Observation:
    """Not that of whoever is running when it is asked for in vain: `run` of an `Observer` makes operations of these kinds."""
    return RUNNING.get() or Observation()


def _path(at: FieldInfo | str) -> Path:
    """Where a plan stands in the answer: below the field that writes, where it is told by name."""
    if isinstance(at, str):
        outer = PURPOSE.get()
        return (*(outer.path if outer is not None else ()), at)
    if isinstance(at, FieldRequest):
        node = at.field_nodes[0]
        return ((node.alias or node.name).value,)
    return tuple(each for each in at.path.as_list() if isinstance(each, str))
