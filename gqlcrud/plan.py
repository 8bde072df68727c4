"""What is to be read, as frozen, comparable values: they know neither GraphQL nor SQL.

Planning makes them, statements and execution obey them. Two equal plans are one request to the database, whoever asks.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeAlias

from gqlcrud.catalog import Column, Model, Relation, SoftDeletion
from gqlcrud.scalars import JsonScalar, Operator


@dataclass(frozen=True, slots=True)
class JsonValue:
    """A JSON operand as canonical text (sorted keys, no spaces), so that equal values are equal plans."""

    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Opaque:
    """An operand that is not hashable, such as a list that a scalar of the user's own parses to: equal to itself alone."""

    value: Any


# ---------- conditions: what `where` means ----------


@dataclass(frozen=True, slots=True)
class Always:
    """True or false whatever the record: `{}`, `and: []` and `or: []`."""

    value: bool


@dataclass(frozen=True, slots=True)
class Compare:
    """One operator on one column. `operand` is a bound value, a tuple of them for list operators, a bool for isNull."""

    column: Column
    operator: Operator
    operand: Hashable


@dataclass(frozen=True, slots=True)
class KeyIn:
    """The columns together equal one of `values` (rows of values, one for each column)."""

    columns: tuple[Column, ...]
    values: tuple[tuple[Hashable, ...], ...]


@dataclass(frozen=True, slots=True)
class JsonAt:
    """What stands in a JSON column at `path`: whether anything does, and comparisons of it as one kind of scalar.

    `tests` hold for a value of their kind only: a number is never equal to a text.
    """

    column: Column
    path: tuple[str, ...]
    exists: bool | None
    tests: tuple[JsonTest, ...]


class JsonKind(Enum):
    """The kind of JSON scalar that a test compares."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True)
class JsonTest:
    kind: JsonKind
    operator: Operator
    operand: Hashable


@dataclass(frozen=True, slots=True)
class And:
    terms: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    terms: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Two-valued: true where `term` is false or NULL."""

    term: Condition


class Quantifier(Enum):
    """SOME and EVERY and NONE of a to-many relation; a to-one relation uses SOME."""

    SOME = "some"
    EVERY = "every"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Related:
    """Records of a relation for which `term` holds. EVERY is two-valued: a NULL counts as false.

    among: what holds for the records that count as there at all.
    """

    relation: Relation
    quantifier: Quantifier
    term: Condition
    among: Condition = Always(True)


@dataclass(frozen=True, slots=True)
class RelatedCount:
    """How many records a relation has, of those that `among` holds for."""

    relation: Relation
    operator: Operator
    operand: int
    among: Condition = Always(True)


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """A condition that the application's own code gives as SQLAlchemy has it, over the class of the model: what stands
    in it only statements know. Equal to itself alone."""

    clause: Any


Condition: TypeAlias = Always | Compare | KeyIn | JsonAt | And | Or | Not | Related | RelatedCount | Expression


def is_there(deletion: SoftDeletion) -> Condition:
    """A record is not marked as deleted; a flag that is NULL marks nothing."""
    column = deletion.column
    if not deletion.is_flag:
        return Compare(column, Operator.IS_NULL, True)
    return Not(is_deleted(deletion)) if column.nullable else Compare(column, Operator.EQ, deletion.alive)


def is_deleted(deletion: SoftDeletion) -> Condition:
    if deletion.is_flag:
        return Compare(deletion.column, Operator.EQ, not deletion.alive)
    return Compare(deletion.column, Operator.IS_NULL, False)


# ---------- order ----------


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
    """A to-one relation that an order follows, to a record for which `among` holds; any other is as if missing."""

    relation: Relation
    among: Condition = Always(True)


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
    among: Condition = Always(True)


OrderKey: TypeAlias = ColumnKey | CountKey


@dataclass(frozen=True, slots=True)
class OrderTerm:
    """One term of an order. `nullable` tells whether the key can be NULL at all."""

    key: OrderKey
    descending: bool
    nulls_first: bool
    nullable: bool


# ---------- pages and records ----------


@dataclass(frozen=True, slots=True)
class Window:
    """The slice of an ordered list that one page shows.

    The rows strictly between `after` and `before`, less the first `offset`; of those the first `first`;
    of those the last `last`. None is no bound. At least one of first and last is set.
    `after` and `before` hold one value for each term of the order, in the form that cursors have.
    """

    first: int | None = None
    last: int | None = None
    offset: int = 0
    after: tuple[JsonScalar, ...] | None = None
    before: tuple[JsonScalar, ...] | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """What the selection shows of a page besides records: each costs something, so each is asked for."""

    records: bool = False
    cursors: bool = False
    next_page: bool = False
    previous_page: bool = False
    total_count: bool = False


@dataclass(frozen=True, slots=True)
class Child:
    """A relation of the records in a view: the plan that loads it."""

    relation: Relation
    plan: PagePlan | RecordPlan


@dataclass(frozen=True, slots=True)
class View:
    """One selection set over the records of a plan.

    path: the response keys that lead to it from the field that was planned: `("books", "nodes")`.
    children: by response key. Two views of one plan share its rows, not their children: under different aliases
    the same response key can mean different things.
    """

    path: tuple[str, ...]
    children: tuple[tuple[str, Child], ...] = ()


@dataclass(frozen=True, slots=True)
class PagePlan:
    """A list of records: all of a model, or those that a relation leads to.

    where: what is asked for, and what holds for the records that there are. columns: of the record; edge_columns: of the
    link. order ends in a unique key. fingerprint: what a cursor of this list carries to show where it belongs.
    """

    model: Model
    relation: Relation | None
    where: Condition
    order: tuple[OrderTerm, ...]
    window: Window
    fingerprint: str
    need: Need = field(default_factory=Need)
    columns: tuple[Column, ...] = ()
    edge_columns: tuple[Column, ...] = ()
    views: tuple[View, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordPlan:
    """Single records, each found by a key: the target of a to-one relation, or a model's records by `key` columns.

    where: what holds for the records that there are.
    """

    model: Model
    relation: Relation | None
    key: tuple[Column, ...]
    where: Condition = field(default_factory=lambda: Always(True))
    columns: tuple[Column, ...] = ()
    views: tuple[View, ...] = ()


@dataclass(frozen=True, slots=True)
class PayloadPlan:
    """What the payload of a mutation shows of the records that it wrote, by response key: records, and their edges.

    Records are found by primary key; which ones is known only when they are written.
    """

    model: Model
    records: tuple[tuple[str, RecordPlan], ...] = ()
    edges: tuple[tuple[str, PagePlan], ...] = ()
