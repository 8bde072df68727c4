"""An `orderBy` argument in, the terms of a total order out: a unique key always ends it."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gqlcrud.catalog import Catalog, Column, Model, OrderedBy, Relation, Source
from gqlcrud.errors import ErrorCode, RequestError
from gqlcrud.keys import fingerprint
from gqlcrud.options import Limits
from gqlcrud.plan import ColumnKey, CountKey, Hop, OrderKey, OrderTerm, RankKey, Sort, TextMatch
from gqlcrud.planning.visibility import Visibility


@dataclass(frozen=True, slots=True)
class OrderPlanner:
    """Plans the orders of one request."""

    catalog: Catalog
    limits: Limits
    visibility: Visibility

    def plan(
        self,
        order_by: Sequence[Mapping[str, Any]] | None,
        model: Model,
        relation: Relation | None,
        match: TextMatch | None = None,
    ) -> tuple[OrderTerm, ...]:
        """The terms of `orderBy` up to where they are unique; else the primary key ends them. Null and [] stand for the
        best matches first, if there is a full text search, or the relation's own order."""
        if not order_by and match is None:
            usual = _usual_order(model, relation, self._hidden(relation, model))
            self._check_size(usual)
            return usual
        terms: list[OrderTerm] = []
        if not order_by and match is not None:
            terms = [OrderTerm(RankKey(match), descending=True, nulls_first=False, nullable=False)]
        for place, item in enumerate(order_by or ()):
            try:
                term = self._term(item, model, relation)
            except RequestError as error:
                raise error.below("orderBy", place) from None
            if all(term.key != each.key for each in terms) and not _are_unique(terms, model):
                terms.append(term)
        self._check_size(terms)
        return _made_total(terms, model)

    def _hidden(self, relation: Relation | None, model: Model) -> tuple[OrderedBy, ...]:
        """The terms of a relation's own order that the caller may not order by."""
        own = () if relation is None else relation.order
        return tuple(each for each in own if relation and not self._may_order(each.column, relation, model))

    def _may_order(self, column: Column, relation: Relation, model: Model) -> bool:
        try:
            if column.source is Source.LINK:
                self.visibility.check_edges("order", relation, [column], self.catalog)
            else:
                self.visibility.check("order", [column], model)
        except RequestError:
            return False
        return True

    def check_cursors(self, order: Sequence[OrderTerm], model: Model, relation: Relation | None) -> None:
        """A cursor holds the values that its list is ordered by.

        Raises RequestError FORBIDDEN for one that would tell the caller a value that may not be read.
        """
        for term in order:
            if isinstance(term.key, ColumnKey):
                column, path = term.key.column, term.key.path
                if column.source is Source.LINK and relation is not None:
                    self.visibility.check_edges("read", relation, [column], self.catalog)
                else:
                    holder = self.catalog.model(path[-1].relation.target) if path else model
                    self.visibility.check("read", [column], holder)

    def _check_size(self, terms: Sequence[OrderTerm]) -> None:
        """Each relation is a join, of which SQLite has at most 64."""
        followed = {term.key.path[:length] for term in terms for length in range(1, len(term.key.path) + 1)}
        size = len(terms) + len(followed)
        if size > self.limits.max_order_terms:
            raise RequestError(
                f"orderBy has at most {self.limits.max_order_terms} items, the relations that they follow counted too; "
                f"this one has {size}.",
                ErrorCode.LIMIT,
                ("orderBy",),
            )

    def _term(self, item: Mapping[str, Any], model: Model, relation: Relation | None) -> OrderTerm:
        """One `@oneOf` item. In a connection whose edges have columns, `node` leads to those of the record."""
        if relation is not None and relation.link_name is not None and relation.link is not None:
            ((name, value),) = item.items()
            if name == "node":
                return self._nested(value, model, (), nullable=False)
            column = next(each for each in relation.link.columns if each.name == name)
            self.visibility.check_edges("order", relation, [column], self.catalog)
            return _order_term(ColumnKey((), column), value, column.nullable)
        return self._nested(item, model, (), nullable=False)

    def _nested(self, item: Mapping[str, Any], model: Model, path: tuple[Hop, ...], *, nullable: bool) -> OrderTerm:
        if len(path) > self.limits.max_depth:
            raise RequestError(f"An order follows at most {self.limits.max_depth} relations.", ErrorCode.LIMIT)
        ((name, value),) = item.items()
        member = model.members[name]
        if isinstance(member, Column):
            self.visibility.check("order", [member], model)
            # what an expression is annotated with does not keep it from being NULL
            computed = member.source is Source.EXPRESSION
            return _order_term(ColumnKey(path, member), value, nullable or member.nullable or computed)
        assert isinstance(member, Relation)
        target = self.catalog.model(member.target)
        self.visibility.check_relation("order", member, model, target)
        among = self.visibility.condition(target)
        if member.many:
            return _order_term(CountKey(path, member, among), value["count"], nullable)
        return self._nested(value, target, (*path, Hop(member, among)), nullable=nullable or member.nullable)


@functools.lru_cache(maxsize=1024)
def _usual_order(model: Model, relation: Relation | None, hidden: tuple[OrderedBy, ...]) -> tuple[OrderTerm, ...]:
    """The order of a list for which none is asked. hidden: the terms that the caller may not order by."""
    return _made_total([] if relation is None else _own_order(relation, model, hidden), model)


def _made_total(terms: Sequence[OrderTerm], model: Model) -> tuple[OrderTerm, ...]:
    """The primary key ends terms that are not unique."""
    if _are_unique(terms, model):
        return tuple(terms)
    plain = _plain_columns(terms)
    return (*terms, *(_ascending(column) for column in model.primary_key if column.key not in plain))


def _own_order(relation: Relation, model: Model, hidden: tuple[OrderedBy, ...]) -> list[OrderTerm]:
    terms: list[OrderTerm] = []
    for each in relation.order:
        if each not in hidden and not _are_unique(terms, model):
            key = ColumnKey((), each.column)
            terms.append(OrderTerm(key, each.descending, each.nulls_first, each.column.nullable))
    return terms


@functools.lru_cache(maxsize=1024)
def order_fingerprint(model: Model, relation: Relation | None, order: tuple[OrderTerm, ...]) -> str:
    """What a cursor of this list and order carries, so that it is not taken for one of another.

    Attributes are called as in the mapped classes: the names that clients know them by do not matter to a list.
    """
    parts = [model.name if relation is None else f"{relation.owner.__name__}.{relation.key}"]
    for term in order:
        names = [hop.relation.key for hop in term.key.path]
        match term.key:
            case CountKey(_, counted, _):
                names.append(f"{counted.key}#")
            case RankKey(match):
                names.append(f"?{json.dumps([match.query, *(each.key for each in match.columns)])}")
            case ColumnKey(_, column):
                names.append(f"{column.key}@" if column.source is Source.LINK else column.key)
        parts.append(f"{'.'.join(names)} {term.descending} {term.nulls_first}")
    return fingerprint("|".join(parts))


def _are_unique(terms: Sequence[OrderTerm], model: Model) -> bool:
    """Whether no two records are equal by the terms: a unique key without NULLs stands among them."""
    plain = _plain_columns(terms)
    return any(plain >= key for key in _keys_without_nulls(model))


@functools.lru_cache(maxsize=1024)
def _keys_without_nulls(model: Model) -> tuple[frozenset[str], ...]:
    keys = [key.columns for key in model.keys if not any(column.nullable for column in key.columns)]
    return tuple(frozenset(column.key for column in columns) for columns in keys)


def _plain_columns(terms: Sequence[OrderTerm]) -> set[str]:
    """The columns of the record itself that are ordered by."""
    keys = [term.key for term in terms if isinstance(term.key, ColumnKey) and not term.key.path]
    return {key.column.key for key in keys if key.column.source is Source.STORED}


def _ascending(column: Column) -> OrderTerm:
    return OrderTerm(ColumnKey((), column), descending=False, nulls_first=False, nullable=column.nullable)


def _order_term(key: OrderKey, sort: Sort, nullable: bool) -> OrderTerm:
    return OrderTerm(key, sort.descending, sort.nulls_first, nullable)
