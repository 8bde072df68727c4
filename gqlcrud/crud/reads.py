"""Reads of one model: single records, lists by offset, pages by cursor, streams, counts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar, TypeAlias, TypeVar, overload

import sqlalchemy as sa
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from gqlcrud.crud.conditions import Where
from gqlcrud.crud.counts import Counts, M
from gqlcrud.crud.failures import NotFound, invalid, told_in_python
from gqlcrud.crud.members import named_key
from gqlcrud.crud.orders import OrderBy
from gqlcrud.crud.pages import Page, Rows
from gqlcrud.crud.queries import (
    GOING_ON,
    PLACE,
    TOTAL,
    Deleted,
    Facets,
    Query,
    asked_facets,
    read_page,
    shown_facets,
    statement,
)
from gqlcrud.crud.scope import Session
from gqlcrud.crud.shapes import NODES, Shape, shape_of
from gqlcrud.errors import ErrorCode, RequestError, UserError
from gqlcrud.execution import prepare_sqlite
from gqlcrud.selection import RESOLVED, Selection

S = TypeVar("S", bound=BaseModel)
Names: TypeAlias = Sequence[str]
"""Dotted names of attributes: `["title", "author.last_name"]`."""
Key: TypeAlias = Any
"""A record: the value of its primary key, a tuple of them, or a mapping of a unique key's attributes to their values."""

STREAMED = 500


class Reads(Counts[M]):
    """What is read of one model. `select` says what comes back: a Pydantic model with nested ones, of which instances are
    made; dotted names, which give dicts; None gives typed records with every column.

    Each relation that is shown costs one statement, whatever the number of records. Raises CrudError for what cannot be
    read: `Invalid` with the path of a mistake, `Unavailable` without a database.

    default_order: of lists, where a call gives none. default_page: records of `paginate`.
    """

    default_order: ClassVar[OrderBy] = None
    default_page: ClassVar[int] = 50

    # ---------- one record ----------

    @overload
    async def get(self, session: Session, key: Key, *, select: type[S], deleted: Deleted = ...) -> S: ...
    @overload
    async def get(self, session: Session, key: Key, *, select: Names, deleted: Deleted = ...) -> dict[str, Any]: ...
    @overload
    async def get(self, session: Session, key: Key, *, select: None = None, deleted: Deleted = ...) -> M: ...
    async def get(self, session: Session, key: Key, *, select: Any = None, deleted: Deleted = "exclude") -> Any:
        """The record of a key. Raises NotFound if there is none."""
        found = await self._by_key(session, key, select, deleted)
        if found is None:
            raise NotFound([UserError(ErrorCode.NOT_FOUND, f"There is no such {self.name}.")])
        return found

    @overload
    async def get_or_none(self, session: Session, key: Key, *, select: type[S], deleted: Deleted = ...) -> S | None: ...
    @overload
    async def get_or_none(
        self, session: Session, key: Key, *, select: Names, deleted: Deleted = ...
    ) -> dict[str, Any] | None: ...
    @overload
    async def get_or_none(
        self, session: Session, key: Key, *, select: None = None, deleted: Deleted = ...
    ) -> M | None: ...
    async def get_or_none(self, session: Session, key: Key, *, select: Any = None, deleted: Deleted = "exclude") -> Any:
        """The record of a key, or None."""
        return await self._by_key(session, key, select, deleted)

    @overload
    async def first(
        self, session: Session, where: Where = ..., *, select: type[S], order_by: OrderBy = ..., deleted: Deleted = ...,
        **equal: Any,
    ) -> S | None: ...  # fmt: skip
    @overload
    async def first(
        self, session: Session, where: Where = ..., *, select: Names, order_by: OrderBy = ..., deleted: Deleted = ...,
        **equal: Any,
    ) -> dict[str, Any] | None: ...  # fmt: skip
    @overload
    async def first(
        self, session: Session, where: Where = ..., *, select: None = None, order_by: OrderBy = ..., deleted: Deleted = ...,
        **equal: Any,
    ) -> M | None: ...  # fmt: skip
    async def first(
        self, session: Session, where: Where = None, *, select: Any = None, order_by: OrderBy = None,
        deleted: Deleted = "exclude", **equal: Any,
    ) -> Any:  # fmt: skip
        """The first record, in the order given, that meets the conditions; None if there is none."""
        query = Query(where, equal, order_by=order_by, first=1, deleted=deleted)
        page = await self._page(session, query, select)
        return page.items[0] if page.items else None

    # ---------- many ----------

    @overload
    async def get_multi(
        self, session: Session, where: Where = ..., *, select: type[S], order_by: OrderBy = ..., offset: int = ...,
        limit: int | None = ..., total: bool = ..., search: str | None = ..., search_fields: Names | None = ...,
        deleted: Deleted = ..., **equal: Any,
    ) -> Rows[S]: ...  # fmt: skip
    @overload
    async def get_multi(
        self, session: Session, where: Where = ..., *, select: Names, order_by: OrderBy = ..., offset: int = ...,
        limit: int | None = ..., total: bool = ..., search: str | None = ..., search_fields: Names | None = ...,
        deleted: Deleted = ..., **equal: Any,
    ) -> Rows[dict[str, Any]]: ...  # fmt: skip
    @overload
    async def get_multi(
        self, session: Session, where: Where = ..., *, select: None = None, order_by: OrderBy = ..., offset: int = ...,
        limit: int | None = ..., total: bool = ..., search: str | None = ..., search_fields: Names | None = ...,
        deleted: Deleted = ..., **equal: Any,
    ) -> Rows[M]: ...  # fmt: skip
    async def get_multi(
        self, session: Session, where: Where = None, *, select: Any = None, order_by: OrderBy = None, offset: int = 0,
        limit: int | None = 100, total: bool = False, search: str | None = None,
        search_fields: Names | None = None, deleted: Deleted = "exclude", **equal: Any,
    ) -> Any:  # fmt: skip
        """The records that meet the conditions, after the first `offset`, at most `limit`; None is no limit.

        total: count them all too, which is a statement of its own.
        """
        if limit is not None and limit < 0:
            raise invalid("limit cannot be negative.", ("limit",))
        query = Query(where, equal, search, search_fields, order_by, limit, offset=offset, deleted=deleted)
        page = await self._page(session, query, select, total=total)
        return Rows(page.items, page.total)

    @overload
    async def paginate(
        self, session: Session, where: Where = ..., *, select: type[S], order_by: OrderBy = ..., first: int | None = ...,
        after: str | None = ..., last: int | None = ..., before: str | None = ..., total: bool = ...,
        search: str | None = ..., search_fields: Names | None = ..., facets: Facets = ..., facet_limit: int | None = ...,
        deleted: Deleted = ..., **equal: Any,
    ) -> Page[S]: ...  # fmt: skip
    @overload
    async def paginate(
        self, session: Session, where: Where = ..., *, select: Names, order_by: OrderBy = ..., first: int | None = ...,
        after: str | None = ..., last: int | None = ..., before: str | None = ..., total: bool = ...,
        search: str | None = ..., search_fields: Names | None = ..., facets: Facets = ..., facet_limit: int | None = ...,
        deleted: Deleted = ..., **equal: Any,
    ) -> Page[dict[str, Any]]: ...  # fmt: skip
    @overload
    async def paginate(
        self, session: Session, where: Where = ..., *, select: None = None, order_by: OrderBy = ..., first: int | None = ...,
        after: str | None = ..., last: int | None = ..., before: str | None = ..., total: bool = ...,
        search: str | None = ..., search_fields: Names | None = ..., facets: Facets = ..., facet_limit: int | None = ...,
        deleted: Deleted = ..., **equal: Any,
    ) -> Page[M]: ...  # fmt: skip
    async def paginate(
        self, session: Session, where: Where = None, *, select: Any = None, order_by: OrderBy = None,
        first: int | None = None, after: str | None = None, last: int | None = None, before: str | None = None,
        total: bool = False, search: str | None = None, search_fields: Names | None = None, facets: Facets = (),
        facet_limit: int | None = None, deleted: Deleted = "exclude", **equal: Any,
    ) -> Any:  # fmt: skip
        """One page between cursors, as a connection of the API gives it: `default_page` records if neither `first` nor
        `last` is given.

        facets: attributes, or paths to them, whose values are counted along, `facet_limit` of each; see `facets`.
        Its cursors are those of the API's connections in the same order, and the other way round.
        """
        if first is None and last is None:
            first = self.default_page
        query = Query(where, equal, search, search_fields, order_by, first, after, last, before, deleted=deleted)
        asked = [PLACE, *asked_facets(facets, facet_limit)]
        return await self._page(session, query, select, total=total, further=asked)

    @overload
    def stream(
        self, session: Session, where: Where = ..., *, select: type[S], order_by: OrderBy = ..., batch_size: int = ...,
        deleted: Deleted = ..., **equal: Any,
    ) -> AsyncIterator[S]: ...  # fmt: skip
    @overload
    def stream(
        self, session: Session, where: Where = ..., *, select: Names, order_by: OrderBy = ..., batch_size: int = ...,
        deleted: Deleted = ..., **equal: Any,
    ) -> AsyncIterator[dict[str, Any]]: ...  # fmt: skip
    @overload
    def stream(
        self, session: Session, where: Where = ..., *, select: None = None, order_by: OrderBy = ..., batch_size: int = ...,
        deleted: Deleted = ..., **equal: Any,
    ) -> AsyncIterator[M]: ...  # fmt: skip
    async def stream(
        self, session: Session, where: Where = None, *, select: Any = None, order_by: OrderBy = None,
        batch_size: int = STREAMED, deleted: Deleted = "exclude", **equal: Any,
    ) -> AsyncIterator[Any]:  # fmt: skip
        """All records that meet the conditions, one after the other, `batch_size` of them in memory.

        A batch begins where the last one ended, by its order and not by counting, so that none is slower than the first.
        """
        if batch_size < 1:
            raise invalid(f"batch_size is 1 at least, not {batch_size}.", ("batch_size",))
        after: str | None = None
        while True:
            query = Query(where, equal, order_by=order_by, first=batch_size, after=after, deleted=deleted)
            page = await self._page(session, query, select, further=[GOING_ON])
            for item in page.items:
                yield item
            if not page.has_next_page:
                return
            after = page.end_cursor

    # ---------- statements ----------

    def select(
        self,
        session: Session,
        where: Where = None,
        *,
        order_by: OrderBy = None,
        deleted: Deleted = "exclude",
        **equal: Any,
    ) -> sa.Select[M]:
        """SQLAlchemy's statement for the mapped instances, for those who go on from there. It is run by the caller.

        session: whose database the statement is for. On SQLite it needs `prepare` before, where conditions ignore case or
        look into JSON.
        """
        order_by = self.default_order if order_by is None else order_by
        with told_in_python():
            return statement(self.scope, session, Query(where, equal, order_by=order_by, deleted=deleted))

    async def prepare(self, session: AsyncSession) -> None:
        """Give the connection of a session what statements of `select` use on SQLite; nothing to do on PostgreSQL."""
        if session.get_bind().dialect.name == "sqlite":
            connection = await session.connection()
            await prepare_sqlite(await connection.get_raw_connection(), connection.engine.sync_engine)

    # ---------- parts ----------

    def _shape(self, select: Any) -> Shape[Any]:
        """Raises ConfigurationError for a Pydantic model that does not fit, CrudError for a name that leads to nothing."""
        with told_in_python():
            try:
                return shape_of(self.scope.model, self.scope.catalog, select)
            except RequestError as error:
                raise error.below("select") from None

    async def _by_key(self, session: Session, key: Key, select: Any, deleted: Deleted) -> Any:
        model = self.scope.model
        shape = self._shape(select)
        with told_in_python():
            found, values = named_key(model, key)
            async with self.scope.reading(session) as (planner, reader):
                arguments = Query(deleted=deleted).deleted_argument()
                plan = planner.record(Selection(RESOLVED, model.one, arguments, shape.selections), model, found.columns)
                (views,) = await reader.records(plan, [values])
            return None if views is None else shape.build([views[RESOLVED]])[0]

    def _is_ranked(self, query: Query) -> bool:
        """Whether what is searched for orders the list."""
        search = self.scope.model.search
        return bool(query.search) and search is not None and search.text is not None

    async def _page(
        self, session: Session, query: Query, select: Any, *, total: bool = False, further: Sequence[Selection] = ()
    ) -> Page[Any]:
        """further: what is asked of the list and of the page's place in it, which may cost statements of their own."""
        shape = self._shape(select)
        if query.order_by is None and not self._is_ranked(query):
            query = replace(query, order_by=self.default_order)
        asked = (Selection(NODES, NODES, {}, shape.selections), *further, *((TOTAL,) if total else ()))
        with told_in_python():
            async with self.scope.reading(session) as (planner, reader):
                page = await read_page(planner, reader, self.scope.model, query, asked)
            items = shape.build(page.records[(RESOLVED, NODES)])
            facets = shown_facets(page)
        count = page.total_count if total else None
        return Page(items, page.cursors, page.has_next_page, page.has_previous_page, count, facets)
