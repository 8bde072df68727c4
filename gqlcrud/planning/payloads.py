"""The selection of a payload in, the plan of what it shows of the written records out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from gqlcrud.catalog import Model
from gqlcrud.errors import RequestError
from gqlcrud.plan import PagePlan, PayloadPlan, RecordPlan
from gqlcrud.planning.tree import Planner
from gqlcrud.planning.visibility import DeletedRecords
from gqlcrud.selection import Selection


def plan_payload(planner: Planner, selection: Selection, model: Model, shown: Collection[str]) -> PayloadPlan:
    """`shown`: the fields of the payload that hold records; its field for their edges is called `<one>Edge`.

    What is written was found by the write, and is shown even if it is marked as deleted.
    Raises RequestError with the path from the mutation field.
    """
    records: list[tuple[str, RecordPlan]] = []
    edges: list[tuple[str, PagePlan]] = []
    for field in selection.children:
        try:
            if field.name in shown:
                plan = planner.record(field, model, model.primary_key)
                records.append((field.key, replace(plan, where=planner.visible(model, DeletedRecords.INCLUDE))))
            elif field.name == f"{model.one}Edge":
                edges.append((field.key, _edge(planner, field, model)))
        except RequestError as error:
            raise error.below(field.key) from None
    return PayloadPlan(model, tuple(records), tuple(edges))


def _edge(planner: Planner, field: Selection, model: Model) -> PagePlan:
    """The record as the only one of a list in the order that its cursor is for."""
    edges = Selection(field.key, "edges", {}, field.children)
    page = replace(field, arguments={**field.arguments, "first": 1}, children=(edges,))
    return planner.page(page, model)
