"""What a connection shows, worked out in Python: the order of rows and the slice that the page arguments cut."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from typing import Any

from tests.market import Key, Row

SORTS = ("ASC", "DESC", "ASC_NULLS_FIRST", "ASC_NULLS_LAST", "DESC_NULLS_FIRST", "DESC_NULLS_LAST")


@dataclass(frozen=True, slots=True)
class Term:
    """One item of `orderBy`: the names that lead to the key, its value for a row, and how it is sorted."""

    path: tuple[str, ...]
    key: Key
    sort: str = "ASC"

    @property
    def item(self) -> Any:
        """As the GraphQL input has it."""
        value: Any = self.sort
        for name in reversed(self.path):
            value = {name: value}
        return value

    def compare(self, one: Any, other: Any) -> int:
        if one == other:
            return 0
        if one is None or other is None:
            nulls_first = self.sort.endswith("NULLS_FIRST") or self.sort == "DESC"
            return -1 if (one is None) == nulls_first else 1
        return -1 if (one < other) != self.sort.startswith("DESC") else 1


@dataclass(frozen=True, slots=True)
class Order:
    """The terms of an order, and the unique key with which the API ends it."""

    terms: tuple[Term, ...]
    end: tuple[Term, ...]

    @property
    def items(self) -> list[Any]:
        """The value of `orderBy`."""
        return [term.item for term in self.terms]

    def compare(self, one: Row, other: Row) -> int:
        found = (term.compare(term.key(one), term.key(other)) for term in self.terms + self.end)
        return next((each for each in found if each), 0)

    def sorted(self, rows: Sequence[Row]) -> list[Row]:
        return sorted(rows, key=cmp_to_key(self.compare))


@dataclass(frozen=True, slots=True)
class Window:
    """The arguments that cut a page out of a list; `after` and `before` stand for the cursors of these rows."""

    first: int | None = None
    last: int | None = None
    after: Row | None = None
    before: Row | None = None
    offset: int | None = None

    def cut(self, listed: Sequence[Row], order: Order, page_size: int = 50) -> "Slice":
        """The page of `listed`, which is in `order`. `after` and `before` are positions: their rows may be missing.

        A page lies between two places of the list: a row before the first makes hasPreviousPage true, a row behind
        the second hasNextPage.
        """
        start = 0 if self.after is None else sum(order.compare(row, self.after) <= 0 for row in listed)
        end = len(listed) if self.before is None else sum(order.compare(row, self.before) < 0 for row in listed)
        start = min(start + (self.offset or 0), len(listed))
        if start <= end:
            first = page_size if self.first is None and self.last is None else self.first
            end = end if first is None else min(end, start + first)
            start = start if self.last is None else max(start, end - self.last)
        return Slice(list(listed[start:end]), end < len(listed), start > 0, len(listed))


@dataclass(frozen=True, slots=True)
class Slice:
    rows: list[Row]
    has_next_page: bool
    has_previous_page: bool
    total_count: int
