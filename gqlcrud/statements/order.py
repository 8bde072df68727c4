"""The terms of an order in, sort keys and the joins they need out; and the keyset predicate."""

from __future__ import annotations

import operator as op
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from gqlcrud.catalog import Source
from gqlcrud.plan import ColumnKey, CountKey, Hop, OrderKey, OrderTerm, Parameter, TextMatch
from gqlcrud.scalars import JsonScalar
from gqlcrud.statements.columns import SortKey, integer_key
from gqlcrud.statements.dialect import Database
from gqlcrud.statements.full_text import rank_key
from gqlcrud.statements.joins import Target, join_owner, primary_key
from gqlcrud.statements.predicates import Predicates


@dataclass(frozen=True, slots=True)
class Ordering:
    """The sort keys of one statement. `joins` are LEFT JOINs, each to at most one row."""

    terms: tuple[OrderTerm, ...]
    keys: tuple[SortKey, ...]
    joins: tuple[tuple[Any, sa.ColumnElement[bool]], ...]

    def clauses(self, *, backward: bool = False) -> list[sa.ColumnElement[Any]]:
        """ORDER BY; where NULLs stand is said wherever there can be any."""
        return [
            order_clause(key.sort, term, backward=backward) for term, key in zip(self.terms, self.keys, strict=True)
        ]

    def after(self, position: Sequence[JsonScalar | Parameter], *, backward: bool = False) -> sa.ColumnElement[bool]:
        """Rows strictly after `position`; strictly before it if `backward`."""
        return keyset_predicate(self.terms, self.keys, position, backward=backward)

    def until(self, position: Sequence[JsonScalar | Parameter], *, backward: bool = False) -> sa.ColumnElement[bool]:
        """Rows up to and at `position`; from it on if `backward`."""
        return keyset_predicate(self.terms, self.keys, position, backward=not backward, inclusive=True)


def order_clause(expression: Any, term: OrderTerm, *, backward: bool) -> sa.ColumnElement[Any]:
    descending = term.descending != backward
    clause: sa.ColumnElement[Any] = expression.desc() if descending else expression.asc()
    if not term.nullable:
        return clause
    return clause.nulls_first() if term.nulls_first != backward else clause.nulls_last()


@dataclass(slots=True)
class OrderBuilder:
    """Builds the sort keys over `source`; `link` is the link table's alias, for terms by its columns."""

    predicates: Predicates
    source: Any
    link: Any
    joins: dict[tuple[Hop, ...], tuple[Any, sa.ColumnElement[bool]]] = field(default_factory=dict)

    def build(self, terms: tuple[OrderTerm, ...]) -> Ordering:
        keys = tuple(self._key(term.key) for term in terms)
        return Ordering(terms, keys, tuple(self.joins.values()))

    def _key(self, key: OrderKey) -> SortKey:
        source = self.source
        for length, hop in enumerate(key.path, 1):
            if not hop.relation.unique or hop.relation.custom:
                return self._subquery_key(key, source, key.path[length - 1 :])
            source = self._joined(key.path[:length], hop, source)
        return self._leaf(key, source)

    def _joined(self, path: tuple[Hop, ...], hop: Hop, source: Any) -> Any:
        if path not in self.joins:
            target = join_owner(hop.relation, source)
            among = self.predicates.given(hop.among, target.entity)
            self.joins[path] = (target.entity, sa.and_(target.condition, *among))
        return self.joins[path][0]

    def _leaf(self, key: OrderKey, source: Any) -> SortKey:
        if isinstance(key, ColumnKey):
            found = self.predicates.columns.sort_key(
                key.column, self.link if key.column.source is Source.LINK else source
            )
            computed = key.column.source is Source.EXPRESSION
        elif isinstance(key, CountKey):
            found = integer_key(self.predicates.related_count(key.relation, source, key.among))
            computed = True
        else:
            return self._rank(key.match, source)
        # what is computed of a record that is missing may be a value; the key is NULL then
        return _unless_missing(found, source) if computed and any(hop.relation.nullable for hop in key.path) else found

    def _rank(self, match: TextMatch, source: Any) -> SortKey:
        """Without full text: in how many of the fields how many of the words stand."""
        columns = self.predicates.columns
        if columns.database is Database.POSTGRESQL:
            return rank_key(match, columns, source)
        found = [self.predicates.build(each, source) for word in match.words for each in word]
        return integer_key(
            _sum([sa.case((each, sa.literal_column("1")), else_=sa.literal_column("0")) for each in found])
        )

    def _subquery_key(self, key: OrderKey, source: Any, path: tuple[Hop, ...]) -> SortKey:
        """A to-one relation that no constraint holds to one record: the first by primary key counts, as when it is read."""
        target = join_owner(path[0].relation, source)
        inner = OrderBuilder(self.predicates, target.entity, None)
        rest: OrderKey = replace(key, path=path[1:])
        leaf = inner._key(rest)
        where = [target.condition, *self.predicates.given(path[0].among, target.entity)]
        sort, value = (_first(target, where, inner, each) for each in (leaf.sort, leaf.value))
        return replace(leaf, sort=sort, value=value)


def _first(target: Target, where: Sequence[sa.ColumnElement[bool]], inner: OrderBuilder, expression: Any) -> Any:
    statement = sa.select(expression).select_from(target.source).where(*where)
    for joined, condition in inner.joins.values():
        statement = statement.outerjoin_from(target.source, joined, condition)
    return statement.order_by(*primary_key(target.entity)).limit(1).scalar_subquery()


def _sum(terms: Sequence[sa.ColumnElement[int]]) -> sa.ColumnElement[int]:
    """Halves and halves again, since SQLite bounds how deep an expression is."""
    if len(terms) == 1:
        return terms[0]
    middle = len(terms) // 2
    return _sum(terms[:middle]) + sa.type_coerce(_sum(terms[middle:]), sa.Integer()).self_group()


def _unless_missing(key: SortKey, source: Any) -> SortKey:
    """The key where a LEFT JOIN found a record of `source`, else NULL."""
    found = primary_key(source)[0].is_not(None)
    sort = sa.case((found, key.sort))
    return replace(key, sort=sort, value=sort if key.value is key.sort else sa.case((found, key.value)))


def keyset_predicate(
    terms: Sequence[OrderTerm],
    keys: Sequence[SortKey],
    position: Sequence[JsonScalar | Parameter],
    *,
    backward: bool = False,
    inclusive: bool = False,
) -> sa.ColumnElement[bool]:
    """Rows strictly after `position`, in the order given by `terms`, or strictly before it; `inclusive`: or at it.

    `position` has one value per term. NULLs compare as the order places them, so a page break inside a run of NULLs
    neither repeats nor drops rows. `terms` end in a unique key. Terms that cannot be NULL and run in one direction
    are compared as rows, `(a, b) > (x, y)`, for which an index serves; else the first term is also compared alone, so
    that an index on it serves.

    Source: Relay cursor connections, section 4.4 "Pagination algorithm".
    """
    places = [
        _Place(key.sort, None if value is None else key.bind(value), term, backward)
        for term, key, value in zip(terms, keys, position, strict=True)
    ]
    predicate = _beyond(places, inclusive)
    from_here = places[0].from_here() if len(places) > 1 and not _are_comparable_as_rows(places) else None
    return predicate if from_here is None else sa.and_(from_here, predicate)


@dataclass(frozen=True, slots=True)
class _Place:
    """A value of one term, in the direction in which rows are looked for. None is NULL."""

    sort: sa.ColumnElement[Any]
    value: sa.ColumnElement[Any] | None
    term: OrderTerm
    backward: bool

    @property
    def descending(self) -> bool:
        return self.term.descending != self.backward

    @property
    def nulls_follow(self) -> bool:
        return self.term.nullable and self.term.nulls_first == self.backward

    def same(self) -> sa.ColumnElement[bool]:
        return self.sort.is_(None) if self.value is None else self.sort == self.value

    def later(self) -> sa.ColumnElement[bool] | None:
        """Later values of the term; None where there can be none."""
        if self.value is None:
            return None if self.nulls_follow else self.sort.is_not(None)
        later = _compared(self.sort, self.value, self.descending)
        return sa.or_(later, self.sort.is_(None)) if self.nulls_follow else later

    def from_here(self) -> sa.ColumnElement[bool] | None:
        """This value and later ones, if they are one range of an index."""
        if self.value is None or self.nulls_follow:
            return None
        return _compared(self.sort, self.value, self.descending, inclusive=True)


def _beyond(places: Sequence[_Place], inclusive: bool) -> sa.ColumnElement[bool]:
    """Later by the first term, or equal by it and later by the rest."""
    if _are_comparable_as_rows(places):
        left = sa.tuple_(*(place.sort for place in places))
        right = sa.tuple_(*(place.value for place in places))
        return _compared(left, right, places[0].descending, inclusive)
    first, *rest = places
    if not rest and inclusive and (from_here := first.from_here()) is not None:
        return from_here
    later = first.later()
    tied = sa.and_(first.same(), _beyond(rest, inclusive)) if rest else first.same() if inclusive else None
    found = [each for each in (later, tied) if each is not None]
    return sa.or_(*found) if found else sa.false()


def _compared(left: Any, right: Any, descending: bool, inclusive: bool = False) -> sa.ColumnElement[bool]:
    """Whether `left` is later than `right`."""
    compare = (op.le if inclusive else op.lt) if descending else (op.ge if inclusive else op.gt)
    result: sa.ColumnElement[bool] = compare(left, right)
    return result


def _are_comparable_as_rows(places: Sequence[_Place]) -> bool:
    certain = not any(place.term.nullable or place.value is None for place in places)
    return len(places) > 1 and certain and len({place.descending for place in places}) == 1
