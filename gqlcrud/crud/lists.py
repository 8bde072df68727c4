"""What a client asks of a list in, the read that answers it and its page as a response out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from gqlcrud.crud.conditions import Where
from gqlcrud.crud.failures import CrudError
from gqlcrud.crud.pages import Page
from gqlcrud.crud.queries import GOING_ON, PLACE, Deleted, Query, asked_facets
from gqlcrud.execution import FacetCount
from gqlcrud.rest import FacetValue, ListParams, PageResponse
from gqlcrud.selection import Selection


def list_query(params: ListParams, where: Where, equal: Mapping[str, Any], deleted: Deleted) -> Query:
    """What the client asks for, of the records that the endpoint shows."""
    own: list[Any] = list(where) if isinstance(where, list | tuple) else [] if where is None else [where]
    among = [*own, equal] if equal else own
    return Query(
        params.where,
        {},
        params.search,
        params.search_fields or None,
        params.order_by,
        deleted=deleted,
        among=among,
        **params.arguments(),
    )


def asked_of(params: ListParams) -> list[Selection]:
    """What is asked besides records. Without a cursor the offset tells whether there is a page before."""
    return [PLACE if params.after or params.before else GOING_ON, *asked_facets(params.facets, None)]


@contextmanager
def asked_by(params: ListParams) -> Iterator[None]:
    """Errors of the block are told at the query parameters that they come from."""
    try:
        yield
    except CrudError as error:
        raise type(error)([replace(each, path=params.parameter(each.path)) for each in error.errors]) from error


def page_response(page: Page[Any], params: ListParams, select: Any) -> PageResponse[Any]:
    shape = select if isinstance(select, type) else dict[str, Any]
    response: type[PageResponse[Any]] = PageResponse[shape]  # type: ignore[valid-type]  # a type that is known when it runs
    has_previous = page.has_previous_page or params.offset > 0
    return response(
        items=list(page.items),
        total=page.total,
        facets={name: [_facet_value(each) for each in counts] for name, counts in page.facets.items()},
        limit=params.limit,
        offset=params.shown_offset,
        has_next=page.has_next_page,
        has_previous=has_previous,
        next_cursor=page.end_cursor if params.has_cursors and page.has_next_page else None,
        previous_cursor=page.start_cursor if params.has_cursors and has_previous else None,
    )


def _facet_value(each: FacetCount) -> FacetValue:
    return FacetValue(value=each.value, count=each.count)
