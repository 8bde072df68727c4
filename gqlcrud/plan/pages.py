"""Pages and single records that are to be read, as frozen, comparable values.

Two equal plans are one request to the database, whoever asks.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gqlcrud.catalog import Column, Model, Relation
from gqlcrud.plan.conditions import Always, Condition, Parameter
from gqlcrud.plan.order import Hop, OrderTerm
from gqlcrud.scalars import JsonScalar


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
    after: tuple[JsonScalar | Parameter, ...] | None = None
    before: tuple[JsonScalar | Parameter, ...] | None = None


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
class FacetPlan:
    """How many records of a list, whatever its page, have each value of a column: their own, or of the records that `path`
    leads to.

    name: what the answer is found by. where: that of the list, without its conditions on this very column. limit: of the
    values, those that most records have.
    """

    name: str
    path: tuple[Hop, ...]
    column: Column
    where: Condition
    limit: int


@dataclass(frozen=True, slots=True)
class PagePlan:
    """A list of records: all of a model, or those that a relation leads to.

    where: what is asked for, and what holds for the records that there are. columns: of the record; edge_columns: of the
    link. order ends in a unique key. fingerprint: what a cursor of this list carries to show where it belongs. facets: one
    of each name. lasting: whether these very columns, views and this order come again, so that what is made
    of them may be kept.
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
    facets: tuple[FacetPlan, ...] = ()
    lasting: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class RecordPlan:
    """Single records, each found by a key: the target of a to-one relation, or a model's records by `key` columns.

    where: what holds for the records that there are. lasting: whether this very plan comes again, so that what is made of it
    may be kept.
    """

    model: Model
    relation: Relation | None
    key: tuple[Column, ...]
    where: Condition = field(default_factory=lambda: Always(True))
    columns: tuple[Column, ...] = ()
    views: tuple[View, ...] = ()
    lasting: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class PayloadPlan:
    """What the payload of a mutation shows of the records that it wrote, by response key: records, and their edges.

    Records are found by primary key; which ones is known only when they are written.
    """

    model: Model
    records: tuple[tuple[str, RecordPlan], ...] = ()
    edges: tuple[tuple[str, PagePlan], ...] = ()
