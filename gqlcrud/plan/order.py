"""Orders of records, as frozen, comparable values: what `orderBy` means."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from gqlcrud.catalog import Column, Relation
from gqlcrud.plan.conditions import Always, Condition, TextMatch


class Sort(Enum):
    """The direction of an order term and where its NULLs stand; without a word NULL counts as the largest value."""

    ASC = "ASC"
    DESC = "DESC"
    ASC_NULLS_FIRST = "ASC_NULLS_FIRST"
    ASC_NULLS_LAST = "ASC_NULLS_LAST"
    DESC_NULLS_FIRST = "DESC_NULLS_FIRST"
    DESC_NULLS_LAST = "DESC_NULLS_LAST"

    @property
    def descending(self) -> bool:
        return self.value.startswith("DESC")

    @property
    def nulls_first(self) -> bool:
        return self.value.endswith("NULLS_FIRST") or self is Sort.DESC


@dataclass(frozen=True, slots=True)
class Hop:
    """A relation that an order or a facet follows, to a record for which `among` holds; any other is as if missing. That of
    an order leads to one."""

    relation: Relation
    among: Condition = field(default_factory=lambda: Always(True))


@dataclass(frozen=True, slots=True)
class ColumnKey:
    """Order by a column of the record that `path` leads to; of the link, if the column is one."""

    path: tuple[Hop, ...]
    column: Column


@dataclass(frozen=True, slots=True)
class CountKey:
    """Order by the number of records of a to-many relation of the record that `path` leads to: of those for which
    `among` holds."""

    path: tuple[Hop, ...]
    relation: Relation
    among: Condition = field(default_factory=lambda: Always(True))


@dataclass(frozen=True, slots=True)
class RankKey:
    """Order by how well the record matches a full text search. `path` is empty: it is the record of the list itself."""

    match: TextMatch
    path: tuple[Hop, ...] = ()


OrderKey: TypeAlias = ColumnKey | CountKey | RankKey


@dataclass(frozen=True, slots=True)
class OrderTerm:
    """One term of an order. `nullable` tells whether the key can be NULL at all."""

    key: OrderKey
    descending: bool
    nulls_first: bool
    nullable: bool
