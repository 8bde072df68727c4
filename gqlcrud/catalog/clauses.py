"""An expression of SQLAlchemy's in, its form and its values out: expressions that differ in values alone have one form.

So what is built of a form serves for all callers, and holds the values of none.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import BindParameter

FORMS = 512
"""Forms that are kept."""


@dataclass(frozen=True, slots=True, eq=False)
class Clause:
    """The form of an expression: a parameter `clause_0`, `clause_1` ... stands in it for each value. Equal to itself alone:
    there is one for all expressions of a form. shared: whether others may come that have it too."""

    expression: sa.ColumnElement[bool]
    shared: bool = True

    def with_parameters(self, make: Callable[[int, BindParameter[Any]], BindParameter[Any]]) -> sa.ColumnElement[bool]:
        """The expression with what `make` gives, for the place of each value, in place of its parameter."""

        def place(bind: BindParameter[Any]) -> BindParameter[Any]:
            return make(int(bind.key.removeprefix(_NAME)), bind) if bind.key.startswith(_NAME) else bind

        return _replaced(self.expression, place)


def read_clause(expression: sa.ColumnElement[bool]) -> tuple[Clause, tuple[Any, ...]]:
    """The form of an expression and its values, in their order. One that SQLAlchemy cannot compare with others has a form of
    its own."""
    keyed = expression._generate_cache_key()
    if keyed is None:
        return Clause(expression, shared=False), ()
    values = tuple(each.effective_value for each in keyed.bindparams)
    return _clause(_Keyed(keyed.key, expression, [each.key for each in keyed.bindparams])), values


@dataclass(slots=True)
class _Keyed:
    """An expression that is equal to those of its form."""

    key: Any
    expression: sa.ColumnElement[bool]
    names: Sequence[str]

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Keyed) and bool(self.key == other.key)


@functools.lru_cache(maxsize=FORMS)
def _clause(keyed: _Keyed) -> Clause:
    places = {name: place for place, name in enumerate(keyed.names)}

    def make(bind: BindParameter[Any]) -> BindParameter[Any]:
        return sa.bindparam(f"{_NAME}{places[bind.key]}", type_=bind.type, expanding=bind.expanding)

    form = Clause(_replaced(keyed.expression, make))
    keyed.expression = form.expression  # the key is kept, and with it no value of whoever came first
    return form


def _replaced(
    expression: sa.ColumnElement[bool], make: Callable[[BindParameter[Any]], BindParameter[Any]]
) -> sa.ColumnElement[bool]:
    """A copy with other parameters. Those below `has` and `any` of relations cannot be replaced, so each copy becomes what
    it is to be."""

    def become(bind: BindParameter[Any]) -> None:
        other = make(bind)
        # a parameter without a name is called after its place in memory, which nothing else may take while it is in use
        found = {**other.__dict__, "stands_for": other}
        bind.__dict__.clear()
        bind.__dict__.update(found)

    return visitors.cloned_traverse(expression, {"maintain_key": True}, {"bindparam": become})


_NAME = "clause_"
