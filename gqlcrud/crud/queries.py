"""What is asked of a list of records, as a value, planned and read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import sqlalchemy as sa

from gqlcrud.catalog import Model
from gqlcrud.crud.conditions import Where, plan_equal, plan_where, where_input, where_parts
from gqlcrud.crud.failures import invalid, told_in_python
from gqlcrud.crud.members import attribute_name
from gqlcrud.crud.orders import OrderBy, order_input
from gqlcrud.crud.scope import Scope, Session
from gqlcrud.errors import RequestError
from gqlcrud.execution import FacetCount, Page, Reader
from gqlcrud.plan import conjunction
from gqlcrud.planning import DeletedRecords, Planner
from gqlcrud.selection import RESOLVED, Selection
from gqlcrud.statements import entity_statement
from gqlcrud.statements.unreadable import readable

Deleted: TypeAlias = Literal["exclude", "include", "only"]
"""Whether records that are marked as deleted are left out, are among the others, or are all there is."""
Facets: TypeAlias = Sequence[Any]
"""Attributes, or paths to them: `Book.genre`, `(Book.author, Author.country)`, `"author.country"`."""


@dataclass(frozen=True, slots=True)
class Query:
    """Which records, in which order, and what part of the list; as the methods of `Reads` explain it.

    among: holds as `where` does, for every facet as well: a facet of a column counts without the conditions of `where` on it.
    """

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
    among: Where = None

    def deleted_argument(self) -> dict[str, Any]:
        try:
            return {"deleted": DeletedRecords[self.deleted.upper()]}
        except (KeyError, AttributeError):
            raise invalid(f"deleted is 'exclude', 'include' or 'only', not {self.deleted!r}.", ("deleted",)) from None


async def read_page(planner: Planner, reader: Reader, model: Model, query: Query, asked: tuple[Selection, ...]) -> Page:
    """The page, with what is asked of it: fields of a connection. Raises RequestError."""
    counted = any(each.name == FACETS for each in asked)
    selection = Selection(RESOLVED, model.many, page_arguments(planner, model, query, counted=counted), asked)
    return await reader.page(planner.page(selection, model))


def page_arguments(planner: Planner, model: Model, query: Query, *, counted: bool = False) -> dict[str, Any]:
    """The arguments of a connection field. counted: whether facets are, each of which leaves out conditions of its own: these
    are given as they were written then, once they are known to be right."""
    _check_kinds(query)
    try:
        where: Any = plan_where(planner, model, query.where)
        among = plan_where(planner, model, query.among)
    except RequestError as error:
        raise error.below("where") from None
    where = conjunction([where, plan_equal(planner, model, query.equal), among])
    if counted:
        where = {"and": [*where_parts(planner, model, query.where), where_input(query.equal, model, planner), among]}
    found = {
        "where": where,
        "orderBy": order_input(query.order_by, model, planner.catalog),
        "search": query.search,
        "searchFields": query.search_fields,
        "first": query.first,
        "last": query.last,
        "offset": query.offset or None,
        "after": query.after,
        "before": query.before,
    }
    return {name: value for name, value in found.items() if value is not None} | query.deleted_argument()


def _check_kinds(query: Query) -> None:
    """Raises RequestError for numbers and texts that are none."""
    for name in ("first", "last", "offset"):
        value = getattr(query, name)
        if value is not None and type(value) is not int:
            raise RequestError(f"{name} is a number, not {value!r}.", path=(name,))
    for name in ("after", "before", "search"):
        value = getattr(query, name)
        if value is not None and not isinstance(value, str):
            raise RequestError(f"{name} is a text, not {value!r}.", path=(name,))


# ---------- what is asked besides records ----------


def connection_field(name: str, *children: str) -> Selection:
    return Selection(name, name, {}, tuple(Selection(each, each, {}) for each in children))


TOTAL = connection_field("totalCount")
GOING_ON = connection_field("pageInfo", "hasNextPage", "startCursor")
PLACE = connection_field("pageInfo", "hasNextPage", "hasPreviousPage", "startCursor")
FACETS = "facets"


def asked_facets(facets: Facets, limit: int | None) -> list[Selection]:
    """The field that counts values; none if there is nothing to count. Raises CrudError for what is no attribute."""
    if not facets:
        return []
    arguments = {} if limit is None else {"limit": limit}
    with told_in_python():
        names = [facet_name(each) for each in facets]
    return [Selection(FACETS, FACETS, {}, tuple(Selection(name, name, arguments) for name in names))]


def facet_name(facet: Any) -> str:
    """The dotted name of an attribute, or of a path to one. Raises RequestError."""
    return ".".join(map(attribute_name, facet)) if isinstance(facet, tuple) else attribute_name(facet)


def shown_facets(page: Page) -> dict[str, list[FacetCount]]:
    """The values of each facet. Raises RequestError in the place of a value that cannot be shown."""
    return {
        name: [FacetCount(readable(each.value), each.count) for each in counts] for name, counts in page.facets.items()
    }


def statement(scope: Scope, session: Session, query: Query) -> sa.Select[Any]:
    """The SELECT of mapped instances, as the database of the session has it. Raises RequestError, FORBIDDEN for a caller who
    may not read all of the columns: an instance has them all."""
    database = scope.dialect(session)
    planner = scope.planner(database)
    planner.visibility.check("read", tuple(scope.model.stored.values()), scope.model)
    plan = planner.page(Selection(RESOLVED, scope.model.many, page_arguments(planner, scope.model, query)), scope.model)
    return entity_statement(plan, database)
