"""How many records of one model meet conditions: all together, or by the values that they have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from gqlcrud.crud.conditions import Where
from gqlcrud.crud.failures import told_in_python
from gqlcrud.crud.queries import (
    TOTAL,
    Deleted,
    Facets,
    Query,
    asked_facets,
    connection_field,
    read_page,
    shown_facets,
)
from gqlcrud.crud.scope import Scope, Session
from gqlcrud.execution import FacetCount, Page
from gqlcrud.selection import Selection

M = TypeVar("M")


class Counts(Generic[M]):
    """What is counted of one model."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    @property
    def scope(self) -> Scope:
        """The catalog, the model and the database that the calls have in common."""
        return self._scope

    @property
    def name(self) -> str:
        return self.scope.model.name

    async def exists(
        self, session: Session, where: Where = None, *, deleted: Deleted = "exclude", **equal: Any
    ) -> bool:
        """Whether any record meets the conditions."""
        page = await self._asked(session, Query(where, equal, first=0, deleted=deleted), [_NEXT])
        return page.has_next_page

    async def count(self, session: Session, where: Where = None, *, deleted: Deleted = "exclude", **equal: Any) -> int:
        """How many records meet the conditions."""
        page = await self._asked(session, Query(where, equal, first=0, deleted=deleted), [TOTAL])
        return page.total_count or 0

    async def facets(
        self,
        session: Session,
        facets: Facets,
        where: Where = None,
        *,
        limit: int | None = None,
        search: str | None = None,
        search_fields: Sequence[str] | None = None,
        deleted: Deleted = "exclude",
        **equal: Any,
    ) -> dict[str, list[FacetCount]]:
        """The distinct values of attributes, or of paths to them, with the number of records that have each: by the name of
        the facet, those first that most records have. One statement for each.

        Each facet leaves out what `where` says of its own attribute at the top, so that other choices can be offered.
        limit: values of each facet.
        """
        query = Query(where, equal, search, search_fields, first=0, deleted=deleted)
        page = await self._asked(session, query, asked_facets(facets, limit))
        with told_in_python():
            return shown_facets(page)

    async def _asked(self, session: Session, query: Query, asked: Sequence[Selection]) -> Page:
        with told_in_python():
            async with self.scope.reading(session) as (planner, reader):
                return await read_page(planner, reader, self.scope.model, query, tuple(asked))


_NEXT = connection_field("pageInfo", "hasNextPage")
