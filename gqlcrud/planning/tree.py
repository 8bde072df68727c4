"""A selection in, the plan of the whole tree below it out: defaults, caps and tie-breaks are decided, nothing is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gqlcrud.catalog import Catalog, Column, Key, Member, Model, OwnField, Relation, Source
from gqlcrud.errors import ErrorCode, RequestError
from gqlcrud.keys import decode_id
from gqlcrud.options import Limits
from gqlcrud.plan import EVERY, Child, Condition, FacetPlan, Need, PagePlan, RecordPlan, TextMatch, View, conjunction
from gqlcrud.planning.facets import FacetPlanner, merge_facets
from gqlcrud.planning.known_plans import KnownPlans
from gqlcrud.planning.merging import distinct, merge_children, merge_pages
from gqlcrud.planning.order import OrderPlanner, order_fingerprint
from gqlcrud.planning.search import SearchPlanner
from gqlcrud.planning.visibility import DeletedRecords, Visibility
from gqlcrud.planning.where import WherePlanner
from gqlcrud.planning.window import CheckPosition, plan_window
from gqlcrud.selection import UNASKED, Selection


@dataclass(frozen=True, slots=True)
class _Shown:
    """What one selection set asks of a record."""

    columns: tuple[Column, ...]
    children: tuple[tuple[str, Child], ...]


@dataclass(frozen=True, slots=True)
class _KnownPage:
    """A page that was planned for others. order_by: what its order was made of."""

    order_by: object
    plan: PagePlan


_OF_THIS_REQUEST = object()
"""In place of what an order was made of, where another request may have another one for it."""


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans the reads of one request. `check_position` says which cursor values the database can compare. known: what was
    planned for others."""

    catalog: Catalog
    limits: Limits
    check_position: CheckPosition
    visibility: Visibility
    known: KnownPlans = field(default_factory=KnownPlans)

    def page(self, selection: Selection, model: Model, relation: Relation | None = None, depth: int = 1) -> PagePlan:
        """The plan of a connection field. Raises RequestError with the path from that field."""
        self._check_depth(depth)
        search = SearchPlanner(self.catalog, self.limits, self.visibility).plan(selection.arguments, model)
        match = search if isinstance(search, TextMatch) else None
        orders = OrderPlanner(self.catalog, self.limits, self.visibility)
        order_by = selection.arguments.get("orderBy")
        known: _KnownPage | None = self.known.find(selection)
        asked = self.visibility.asked_policies
        if known is not None and known.order_by is order_by and match is None:
            order, mark = known.plan.order, known.plan.fingerprint
        else:
            order = orders.plan(order_by, model, relation, match)
            mark = order_fingerprint(model, relation, order)
        if match is not None or self.visibility.asked_policies > asked:
            order_by = _OF_THIS_REQUEST
        where = conjunction([self._where(selection.arguments, model), search])
        window = plan_window(selection.arguments, model, order, mark, self.check_position)
        if known is not None:
            if known.plan.need.cursors:
                orders.check_cursors(order, model, relation)
            shown = (known.plan.need, known.plan.columns, known.plan.edge_columns, known.plan.views)
            return PagePlan(model, relation, where, order, window, mark, *shown, lasting=order is known.plan.order)
        plan = PagePlan(model, relation, where, order, window, mark)
        before = self.visibility.asked_policies
        for child in selection.children:
            if child.name == "facets":
                plan = replace(
                    plan, facets=merge_facets(plan.facets, self._facets(selection.arguments, child, model, search))
                )
            else:
                plan = merge_pages(plan, self._connection_field(plan, selection.key, child, depth))
        if plan.need.cursors:
            orders.check_cursors(order, model, relation)
        if not plan.facets and self.visibility.asked_policies == before:
            plan = replace(plan, lasting=self.known.keep(selection, _KnownPage(order_by, plan)))
        return plan

    def record(
        self,
        selection: Selection,
        model: Model,
        key: tuple[Column, ...],
        relation: Relation | None = None,
        depth: int = 1,
    ) -> RecordPlan:
        """The plan of a field that gives one record, found by `key`: the very same for all requests that ask for the same,
        whoever they are from."""
        self._check_depth(depth)
        before = self.visibility.asked_policies
        where = self.visibility.asked(model, selection.arguments)
        known: RecordPlan | None = self.known.find(selection)
        if known is not None:
            if known.lasting and known.where == where and known.key == key:
                return known
            return RecordPlan(model, relation, key, where, known.columns, known.views)
        lasting, before = self.visibility.asked_policies == before, self.visibility.asked_policies
        shown = self._shown(selection.children, model, depth)
        view = View((selection.key,), shown.children)
        plan = RecordPlan(model, relation, key, where, shown.columns, (view,))
        if self.visibility.asked_policies == before:
            kept = replace(plan, lasting=True) if lasting else replace(plan, where=EVERY)
            if self.known.keep(selection, kept) and lasting:
                return kept
        return plan

    def visible(self, model: Model, deleted: DeletedRecords = DeletedRecords.EXCLUDE) -> Condition:
        """What holds for the records of a model that there are for the request."""
        return self.visibility.condition(model, deleted)

    def selector(self, by: Mapping[str, Any], model: Model) -> tuple[Key, tuple[Any, ...]]:
        """The key that a unique selector (`BookBy`, exactly one field) names, and its values, one for each column.

        Raises RequestError with the path from the selector.
        """
        ((name, value),) = by.items()
        try:
            if name == "id" and model.global_id:
                return model.keys[0], decode_id(value, model)
            key = next(each for each in model.keys if each.name == name)
            self.visibility.check("filter", key.columns, model)
            if len(key.columns) == 1:
                return key, (self._key_value(key.columns[0], value),)
            return key, tuple(self._key_value(column, value[column.name], column.name) for column in key.columns)
        except RequestError as error:
            raise error.below(name) from None

    def _key_value(self, column: Column, value: Any, *path: str) -> Any:
        """The value of one column of a key; `path` leads to it from the key."""
        try:
            if column.references is not None:
                return decode_id(value, self.catalog.model(column.references))[0]
            return column.scalar.check(value)
        except RequestError as error:
            raise error.below(*path) from None
        except ValueError as error:
            raise RequestError(str(error), path=path) from None

    def condition(self, where: Mapping[str, Any] | Condition | None, model: Model) -> Condition:
        """The meaning of a `where` input; a condition is what it is. Raises RequestError with the path from it."""
        return WherePlanner(self.catalog, self.limits, self.visibility).plan(where, model)

    def _where(self, arguments: Mapping[str, Any], model: Model) -> Condition:
        """What is asked for of the records that there are."""
        there = self.visibility.asked(model, arguments)
        try:
            return conjunction([there, self.condition(arguments.get("where"), model)])
        except RequestError as error:
            raise error.below("where") from None

    def _facets(
        self, arguments: Mapping[str, Any], facets: Selection, model: Model, search: Condition
    ) -> tuple[FacetPlan, ...]:
        def plan_where(where: Mapping[str, Any] | Condition | None) -> Condition:
            return conjunction([self._where({**arguments, "where": where}, model), search])

        planner = FacetPlanner(self.catalog, self.limits, self.visibility)
        return planner.plan(facets, model, arguments.get("where"), plan_where)

    # ---------- what a connection shows ----------

    def _connection_field(self, plan: PagePlan, key: str, field: Selection, depth: int) -> PagePlan:
        """What one field of a connection adds to its plan."""
        match field.name:
            case "nodes":
                return self._records(plan, (key, field.key), field, depth)
            case "edges":
                return self._edges(plan, key, field, depth)
            case "pageInfo":
                return replace(plan, need=_page_info_need(field))
            case "totalCount":
                return replace(plan, need=Need(total_count=True))
            case _:
                return plan

    def _edges(self, plan: PagePlan, key: str, edges: Selection, depth: int) -> PagePlan:
        found = replace(plan, need=Need(records=True))
        columns = (
            {each.name: each for each in plan.relation.link.columns} if plan.relation and plan.relation.link else {}
        )
        for part in edges.children:
            if part.name == "cursor":
                found = merge_pages(found, replace(plan, need=Need(cursors=True)))
            elif part.name == "node":
                found = merge_pages(found, self._records(plan, (key, edges.key, part.key), part, depth, (edges.key,)))
            elif part.name in columns:
                self._check_edge(part, columns[part.name], plan)
                found = merge_pages(found, replace(plan, edge_columns=(columns[part.name],)))
        return found

    def _check_edge(self, field: Selection, column: Column, plan: PagePlan) -> None:
        assert plan.relation is not None, "its edges have columns"
        try:
            self.visibility.check_edges("read", plan.relation, [column], self.catalog)
        except RequestError as error:
            raise error.below(field.key) from None

    def _records(
        self, plan: PagePlan, path: tuple[str, ...], field: Selection, depth: int, above: tuple[str, ...] = ()
    ) -> PagePlan:
        try:
            shown = self._shown(field.children, plan.model, depth)
        except RequestError as error:
            raise error.below(*above, field.key) from None
        return replace(plan, need=Need(records=True), columns=shown.columns, views=(View(path, shown.children),))

    # ---------- what a record shows ----------

    def _shown(self, fields: Iterable[Selection], model: Model, depth: int) -> _Shown:
        columns: list[Column] = []
        children: list[tuple[str, Child]] = []
        for selected in fields:
            member = model.members.get(selected.name)
            if selected.name == "id" and model.global_id:
                columns += model.primary_key
                continue
            if not selected.key.startswith(UNASKED):
                self._check_read(selected, member, model)
            if isinstance(member, Relation):
                columns += member.local
                children.append((selected.key, self._child(selected, member, depth)))
            elif member is not None:
                columns += _columns_of(member, model)
        return _Shown(distinct(columns), merge_children(children))

    def _check_read(self, field: Selection, member: Member | None, model: Model) -> None:
        """A field of the user's own shows what its resolver makes of it."""
        try:
            if isinstance(member, Relation):
                self.visibility.check_relation("read", member, model, self.catalog.model(member.target))
            elif isinstance(member, Column):
                self.visibility.check("read", [member], model)
        except RequestError as error:
            raise error.below(field.key) from None

    def _child(self, field: Selection, relation: Relation, depth: int) -> Child:
        target = self.catalog.model(relation.target)
        try:
            if relation.many:
                return Child(relation, self.page(field, target, relation, depth + 1))
            return Child(relation, self.record(field, target, relation.remote, relation, depth + 1))
        except RequestError as error:
            raise error.below(field.key) from None

    def _check_depth(self, depth: int) -> None:
        if depth > self.limits.max_depth:
            raise RequestError(
                f"A document nests relations at most {self.limits.max_depth} levels deep.", ErrorCode.LIMIT
            )


def _columns_of(member: Column | OwnField, model: Model) -> tuple[Column, ...]:
    """The columns to fetch for a field: a Python-only hybrid may read any column that is not deferred."""
    if isinstance(member, OwnField):
        required = (each.local if isinstance(each, Relation) else _columns_of(each, model) for each in member.requires)
        return tuple(column for columns in required for column in columns)
    if member.source is Source.PYTHON:
        stored = (each for each in model.columns if each.source is Source.STORED and not each.deferred)
        return (*model.primary_key, *stored)
    return (member,)


def _page_info_need(page_info: Selection) -> Need:
    names = {field.name for field in page_info.children}
    cursors = bool(names & {"startCursor", "endCursor"})
    return Need(
        records=cursors, cursors=cursors, next_page="hasNextPage" in names, previous_page="hasPreviousPage" in names
    )
