"""What is selected of facets in, their plans out: each counts the values of a column, without the conditions on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gqlcrud.catalog import Catalog, Column, ColumnPath, Model, Relation
from gqlcrud.catalog.searching import is_countable
from gqlcrud.errors import ErrorCode, RequestError
from gqlcrud.options import Limits
from gqlcrud.plan import Condition, FacetPlan, Hop
from gqlcrud.planning.own_conditions import Where, without_own
from gqlcrud.planning.visibility import Use, Visibility
from gqlcrud.selection import Selection

USES: tuple[Use, ...] = ("filter", "read")
"""What a facet does with its column: it counts records by the values, and shows them."""
PlanWhere = Callable[[Where], Condition]
"""What holds for the records of a list, by its argument `where`."""


@dataclass(frozen=True, slots=True)
class FacetPlanner:
    """Plans the facets of one request."""

    catalog: Catalog
    limits: Limits
    visibility: Visibility

    def plan(self, selection: Selection, model: Model, where: Where, plan_where: PlanWhere) -> tuple[FacetPlan, ...]:
        """`selection` is the field `facets` of a connection: its fields are called like facets of the model, or like any
        column of it or path to one (`author.country`). Raises RequestError with the path from the connection."""
        plans: tuple[FacetPlan, ...] = ()
        for field in selection.children:
            if field.name.startswith("__"):
                continue
            try:
                path = self._path(field.name, model)
                models = [model, *(self.catalog.model(each.target) for each in path.relations)]
                for use in USES:
                    self.visibility.check_path(use, path, models)
                limit = self._limit(field.arguments)
            except RequestError as error:
                raise error.below(selection.key, field.key) from None
            hops = tuple(
                Hop(each, self.visibility.condition(self.catalog.model(each.target))) for each in path.relations
            )
            own = plan_where(without_own(where, path))
            plans = merge_facets(plans, (FacetPlan(field.name, hops, path.column, own, limit),))
        return plans

    def _limit(self, arguments: Mapping[str, Any]) -> int:
        limit: int | None = arguments.get("limit")
        maximum = self.limits.max_facet_values
        if limit is not None and limit < 0:
            raise RequestError("limit cannot be negative.", path=("limit",))
        if limit is not None and limit > maximum:
            message = f"limit is {limit}; a facet has at most {maximum} values."
            raise RequestError(message, ErrorCode.LIMIT, ("limit",))
        return self.limits.facet_limit(limit)

    def _path(self, name: str, model: Model) -> ColumnPath:
        declared = {each.field: each for each in model.facets}
        if name in declared:
            return declared[name]
        *steps, last = name.split(".")
        relations: list[Relation] = []
        for step in steps:
            relation = model.members.get(step)
            if not isinstance(relation, Relation):
                raise _unknown(step, model, [each.name for each in model.relations], "relation")
            relations.append(relation)
            model = self.catalog.model(relation.target)
        column = model.members.get(last)
        if not isinstance(column, Column) or not column.offered or not is_countable(column):
            countable = [each.name for each in model.columns if each.offered and is_countable(each)]
            raise _unknown(last, model, countable, "column whose values can be counted")
        return ColumnPath(tuple(relations), column)


def merge_facets(one: Sequence[FacetPlan], other: Sequence[FacetPlan]) -> tuple[FacetPlan, ...]:
    """Each facet once, with as many values as anybody asks for; in one order, so that equal requests are equal plans."""
    merged: dict[str, FacetPlan] = {}
    for each in (*one, *other):
        known = merged.get(each.name, each)
        merged[each.name] = replace(each, limit=max(each.limit, known.limit))
    return tuple(merged[name] for name in sorted(merged))


def _unknown(name: str, model: Model, known: Sequence[str], kind: str) -> RequestError:
    facets = [each.field for each in model.facets]
    declared = f" Its facets are: {', '.join(facets)}." if facets else ""
    return RequestError(
        f"{name!r} is no {kind} of {model.entity.__name__}; there are: {', '.join(sorted(known))}.{declared}"
    )
