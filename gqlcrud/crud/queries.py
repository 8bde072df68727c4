"""What is asked of a list of records, as a value, planned and read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from gqlcrud.catalog import Model
from gqlcrud.crud.conditions import Where, plan_equal, plan_where
from gqlcrud.crud.failures import invalid
from gqlcrud.crud.orders import OrderBy, order_input
from gqlcrud.crud.scope import Scope, Session
from gqlcrud.errors import RequestError
from gqlcrud.execution import Page, Reader
from gqlcrud.planning import DeletedRecords, Planner, conjunction
from gqlcrud.selection import RESOLVED, Selection
from gqlcrud.statements import entity_statement


@dataclass(frozen=True, slots=True)
class Query:
    """Which records, in which order, and what part of the list; as the methods of `Reads` explain it."""

    where: Where = None
    equal: Mapping[str, Any] = field(default_factory=dict)
    search: str | None = None
    search_fields: Sequence[str] | None = None
    order_by: OrderBy = None
    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None
    offset: int = 0
    deleted: str = "exclude"

    def deleted_argument(self) -> dict[str, Any]:
        try:
            return {"deleted": DeletedRecords[self.deleted.upper()]}
        except (KeyError, AttributeError):
            raise invalid(f"deleted is 'exclude', 'include' or 'only', not {self.deleted!r}.", ("deleted",)) from None


async def read_page(planner: Planner, reader: Reader, model: Model, query: Query, asked: tuple[Selection, ...]) -> Page:
    """The page, with what is asked of it: fields of a connection. Raises RequestError."""
    selection = Selection(RESOLVED, model.many, page_arguments(planner, model, query), asked)
    return await reader.page(planner.page(selection, model))


def page_arguments(planner: Planner, model: Model, query: Query) -> dict[str, Any]:
    """The arguments of a connection field."""
    try:
        where = plan_where(planner, model, query.where)
    except RequestError as error:
        raise error.below("where") from None
    where = conjunction([where, plan_equal(planner, model, query.equal)])
    order = order_input(query.order_by, model, planner.catalog)
    sizes = {"first": query.first, "last": query.last, "offset": query.offset or None}
    cursors = {"after": query.after, "before": query.before}
    found = {"where": where, "orderBy": order, "search": query.search, **sizes, **cursors, **query.deleted_argument()}
    return {name: value for name, value in found.items() if value is not None}


def statement(scope: Scope, session: Session, query: Query) -> sa.Select[Any]:
    """The SELECT of mapped instances, as the database of the session has it. Raises RequestError."""
    database = scope.dialect(session)
    planner = scope.planner(database)
    plan = planner.page(Selection(RESOLVED, scope.model.many, page_arguments(planner, scope.model, query)), scope.model)
    return entity_statement(plan, database)
