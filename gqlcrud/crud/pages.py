"""What reads of many records give: rows by offset, pages by cursor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar, overload

from gqlcrud.execution import FacetCount

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rows(Sequence[T], Generic[T]):
    """Records in their order. total: how many there are without offset and limit; None unless it was asked for."""

    items: Sequence[T]
    total: int | None = None

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        return self.items[index]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Records between two cursors, in the order of the list.

    cursors: one for each item. total: how many records meet the conditions, whatever the page; None unless asked for.
    facets: by name, the values that most of the records have, each with their number.
    """

    items: Sequence[T]
    cursors: Sequence[str] = ()
    has_next_page: bool = False
    has_previous_page: bool = False
    total: int | None = None
    facets: Mapping[str, Sequence[FacetCount]] = field(default_factory=dict)

    @property
    def start_cursor(self) -> str | None:
        return self.cursors[0] if self.cursors else None

    @property
    def end_cursor(self) -> str | None:
        return self.cursors[-1] if self.cursors else None
