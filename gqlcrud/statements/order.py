"""The terms of an order in, sort keys and the joins they need out; and the keyset predicate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from gqlcrud.catalog import Relation, Source
from gqlcrud.plan import ColumnKey, OrderKey, OrderTerm
from gqlcrud.scalars import JsonScalar
from gqlcrud.statements.columns import SortKey, stored_key
from gqlcrud.statements.joins import join_owner
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

    def after(self, position: Sequence[JsonScalar], *, backward: bool = False) -> sa.ColumnElement[bool]:
        """Rows strictly after `position`; strictly before it if `backward`."""
        return keyset_predicate(self.terms, self.keys, position, backward=backward)

    def until(self, position: Sequence[JsonScalar], *, backward: bool = False) -> sa.ColumnElement[bool]:
        """Rows up to and at `position`; from it on if `backward`."""
        same = sa.and_(*(_same(key, value) for key, value in zip(self.keys, position, strict=True)))
        return sa.or_(same, self.after(position, backward=not backward))


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
    joins: dict[tuple[Relation, ...], tuple[Any, sa.ColumnElement[bool]]] = field(default_factory=dict)

    def build(self, terms: tuple[OrderTerm, ...]) -> Ordering:
        keys = tuple(self._key(term.key) for term in terms)
        return Ordering(terms, keys, tuple(self.joins.values()))

    def _key(self, key: OrderKey) -> SortKey:
        source = self.source
        for length, relation in enumerate(key.path, 1):
            if not relation.unique or relation.custom:
                return self._subquery_key(key, source, key.path[length - 1 :])
            source = self._joined(key.path[:length], relation, source)
        return self._leaf(key, source)

    def _joined(self, path: tuple[Relation, ...], relation: Relation, source: Any) -> Any:
        if path not in self.joins:
            target = join_owner(relation, source)
            self.joins[path] = (target.entity, target.condition)
        return self.joins[path][0]

    def _leaf(self, key: OrderKey, source: Any) -> SortKey:
        if isinstance(key, ColumnKey):
            return self.predicates.columns.sort_key(
                key.column, self.link if key.column.source is Source.LINK else source
            )
        return stored_key(self.predicates.related_count(key.relation, source))

    def _subquery_key(self, key: OrderKey, source: Any, path: tuple[Relation, ...]) -> SortKey:
        """A to-one relation that no constraint holds to one record: the first by primary key counts, as when it is read."""
        target = join_owner(path[0], source)
        inner = OrderBuilder(self.predicates, target.entity, None)
        rest = ColumnKey(path[1:], key.column) if isinstance(key, ColumnKey) else type(key)(path[1:], key.relation)
        leaf = inner._key(rest)
        sort, value = (_first(target, inner, each) for each in (leaf.sort, leaf.value))
        return SortKey(sort, value, leaf.encode, leaf.bind)


def _first(target: Any, inner: OrderBuilder, expression: Any) -> Any:
    statement = sa.select(expression).select_from(target.source).where(target.condition)
    for joined, condition in inner.joins.values():
        statement = statement.outerjoin_from(target.source, joined, condition)
    key = [
        sa.inspect(target.entity).mapper.get_property_by_column(column).key
        for column in sa.inspect(target.entity).mapper.primary_key
    ]
    return statement.order_by(*(getattr(target.entity, each) for each in key)).limit(1).scalar_subquery()


def keyset_predicate(
    terms: Sequence[OrderTerm], keys: Sequence[SortKey], position: Sequence[JsonScalar], *, backward: bool = False
) -> sa.ColumnElement[bool]:
    """Rows strictly after `position`, in the order given by `terms`, or strictly before it.

    `position` has one value per term. NULLs compare as the order places them, so a page break inside a run of NULLs
    neither repeats nor drops rows. `terms` end in a unique key. Terms that cannot be NULL and run in one direction
    are compared as rows, `(a, b) > (x, y)`, for which an index serves.

    Source: Relay cursor connections, section 4.4 "Pagination algorithm".
    """
    descending = {term.descending for term in terms}
    if len(terms) > 1 and len(descending) == 1 and not any(term.nullable for term in terms) and None not in position:
        left = sa.tuple_(*(key.sort for key in keys))
        right = sa.tuple_(*(key.bind(value) for key, value in zip(keys, position, strict=True)))
        return left < right if descending.pop() != backward else left > right
    branches: list[sa.ColumnElement[bool]] = []
    prefix: list[sa.ColumnElement[bool]] = []
    for term, key, value in zip(terms, keys, position, strict=True):
        beyond = _beyond(term, key, value, backward=backward)
        if beyond is not None:
            branches.append(sa.and_(*prefix, beyond))
        prefix.append(_same(key, value))
    return sa.or_(*branches) if branches else sa.false()


def _beyond(term: OrderTerm, key: SortKey, value: JsonScalar, *, backward: bool) -> sa.ColumnElement[bool] | None:
    """Later values of one term; None where there can be none."""
    nulls_first = term.nulls_first != backward
    if value is None:
        return key.sort.is_not(None) if nulls_first else None
    bound = key.bind(value)
    later = key.sort < bound if term.descending != backward else key.sort > bound
    return later if nulls_first or not term.nullable else sa.or_(later, key.sort.is_(None))


def _same(key: SortKey, value: JsonScalar) -> sa.ColumnElement[bool]:
    return key.sort.is_(None) if value is None else key.sort == key.bind(value)
