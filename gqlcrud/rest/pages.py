"""Pages of a list as responses: Pydantic models, which FastAPI documents and writes as JSON."""

from __future__ import annotations

from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")


class FacetValue(BaseModel):
    """A value of a facet, and how many records have it. Null counts those without one."""

    model_config = ConfigDict(frozen=True)

    value: Any
    count: int


class PageResponse(BaseModel, Generic[T]):
    """One page of a list."""

    model_config = ConfigDict(frozen=True)

    items: list[T]
    total: int | None = Field(None, description="How many records there are on all pages, if it was asked for.")
    facets: dict[str, list[FacetValue]] = Field({}, description="The facets that were asked for, by name.")
    limit: int = Field(description="How many records a page has at most.")
    offset: int | None = Field(None, description="How many records stand before this page, where pages are counted.")
    has_next: bool = Field(description="Whether a page comes after this one.")
    has_previous: bool = Field(description="Whether a page comes before this one.")
    next_cursor: str | None = Field(None, description="For `after`: the next page begins there.")
    previous_cursor: str | None = Field(None, description="For `before`: the previous page ends there.")

    def link_header(self, url: str) -> str:
        """The value of a `Link` header (RFC 8288) that leads from the page at `url` to the first one, the previous one and
        the next one."""
        links = {"first": _changed(url, {})}
        if self.has_previous:
            links["prev"] = _changed(url, self._previous())
        if self.has_next:
            links["next"] = _changed(url, self._next())
        return ", ".join(f'<{target}>; rel="{relation}"' for relation, target in links.items())

    def _next(self) -> dict[str, str]:
        if self.next_cursor is not None:
            return {"after": self.next_cursor}
        return {"offset": str((self.offset or 0) + self.limit)}

    def _previous(self) -> dict[str, str]:
        if self.previous_cursor is not None:
            return {"before": self.previous_cursor}
        return {"offset": str(max((self.offset or 0) - self.limit, 0))}


def _changed(url: str, place: dict[str, str]) -> str:
    """The address of another page: the same but for its place."""
    parts = urlsplit(url)
    kept = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name not in ("after", "before", "offset")
    ]
    return urlunsplit(parts._replace(query=urlencode([*kept, *place.items()])))
