"""What a client asks of a list, as a value: filters, order, search, and which part of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Paging: TypeAlias = Literal["cursor", "offset", "both"]

_ARGUMENTS = {
    "order_by": "sort",
    "first": "limit",
    "last": "limit",
    "offset": "offset",
    "after": "after",
    "before": "before",
    "search": "search",
    "search_fields": "search_fields",
    "facets": "facet",
}
"""Arguments of a read -> the query parameters that they come from."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter. parameter: of the query string. place: where its operand stands in a condition of `Crud`, as in
    `("author", "is", "last_name", "i_contains")`. operand: as that condition takes it; a tuple where it takes a list."""

    parameter: str
    place: tuple[str, ...]
    operand: Any


@dataclass(frozen=True, slots=True)
class ListParams:
    """What `Crud.params()` reads from a query string, and `Crud.list` answers.

    filters: all of them hold. order_by: most important first, as `order_by=` takes it. search_fields: the
    fields that are searched; () is all. facets: the paths whose values are counted. limit: records of a page.
    after, before: the cursor that the page begins after, or ends before; one of them at most. offset: records that are
    passed over, without a cursor. paging: which of them clients may use. total: whether all records are counted.
    """

    filters: tuple[Filter, ...] = ()
    order_by: tuple[str, ...] = ()
    search: str | None = None
    search_fields: tuple[str, ...] = ()
    facets: tuple[str, ...] = ()
    limit: int = 20
    after: str | None = None
    before: str | None = None
    offset: int = 0
    paging: Paging = "cursor"
    total: bool = False

    @property
    def where(self) -> dict[str, Any]:
        """The filters as a condition: what they say of one related record stands together."""
        found: dict[str, Any] = {}
        for each in self.filters:
            *steps, operator = each.place
            inner = found
            for step in steps:
                inner = inner.setdefault(step, {})
            inner[operator] = list(each.operand) if isinstance(each.operand, tuple) else each.operand
        return found

    @property
    def has_cursors(self) -> bool:
        """Whether the page tells its cursors."""
        return self.paging != "offset"

    @property
    def shown_offset(self) -> int | None:
        """How many records stand before the page, where that is known."""
        counted = self.paging != "cursor" and self.after is None and self.before is None
        return self.offset if counted else None

    def parameter(self, path: tuple[str | int, ...]) -> tuple[str | int, ...]:
        """The query parameter that a path into the arguments of a read comes from: `("where", "price", "lt")` is
        `("query", "price__lt")`. What is wrong with a column or a relation is told of the first parameter for it. A path that
        comes from none stays as it is."""
        if path and path[0] == "where":
            for each in self.filters:
                if path[1 : len(each.place) + 1] == each.place:
                    return ("query", each.parameter, *path[len(each.place) + 1 :])
            for each in self.filters if len(path) > 1 else ():
                if each.place[: len(path) - 1] == path[1:]:
                    return ("query", each.parameter)
        elif path and path[0] in _ARGUMENTS:
            return ("query", _ARGUMENTS[str(path[0])], *path[1:])
        return path

    def arguments(self) -> Mapping[str, Any]:
        """The part of the list, as `paginate` takes it."""
        if self.before is not None:
            return {"last": self.limit, "before": self.before}
        return {"first": self.limit, "after": self.after, "offset": self.offset}
