"""Conditions on records, as frozen, comparable values: what `where` means."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from gqlcrud.catalog import Clause, Column, Relation, SoftDeletion, TextSearch
from gqlcrud.scalars import Operator


@dataclass(frozen=True, slots=True)
class JsonValue:
    """A JSON operand as canonical text (sorted keys, no spaces), so that equal values are equal plans."""

    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Opaque:
    """An operand that is not hashable, such as a list that a scalar of the user's own parses to: equal to itself alone."""

    value: Any


@dataclass(frozen=True, slots=True)
class Parameter:
    """In place of an operand whose value is given when the statement runs: plans that differ in nothing else share one.

    form: what is bound of the operand, where that is not the operand itself; `statements.preparing` knows the forms.
    """

    name: str
    form: str = ""


@dataclass(frozen=True, slots=True)
class Always:
    """True or false whatever the record: `{}`, `and: []` and `or: []`."""

    value: bool


EVERY = Always(True)
"""What holds for every record. Conditions that are the same object compare at once."""
NONE = Always(False)


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
    among: Condition = EVERY


@dataclass(frozen=True, slots=True)
class RelatedCount:
    """How many records a relation has, of those that `among` holds for."""

    relation: Relation
    operator: Operator
    operand: int
    among: Condition = EVERY


@dataclass(frozen=True, slots=True)
class TextMatch:
    """A full text search for `query`, in the language that PostgreSQL's `websearch_to_tsquery` reads.

    columns: the texts that are searched, where `search` has no vector of them. words: what is looked for where the
    database has no full text: all of them, each by one of its conditions at least.
    """

    search: TextSearch
    query: str
    columns: tuple[Column, ...]
    words: tuple[tuple[Condition, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """A condition that the application's own code gives as SQLAlchemy has it, over the class of the model: what stands
    in it only statements know. Equal to itself alone."""

    clause: Any


@dataclass(frozen=True, slots=True)
class Stated:
    """A condition that a policy states as SQLAlchemy has it, over the class of the model, by its form and its values: those
    of two callers have one form."""

    clause: Clause
    operands: tuple[Hashable, ...]


Condition: TypeAlias = (
    Always | Compare | KeyIn | JsonAt | And | Or | Not | Related | RelatedCount | TextMatch | Expression | Stated
)


def conjunction(terms: Sequence[Condition]) -> Condition:
    """All of `terms`; no term at all is true."""
    kept = [term for term in terms if term is not EVERY and not (isinstance(term, Always) and term.value)]
    if not kept:
        return EVERY
    for term in kept:
        if isinstance(term, Always):
            return NONE
    return kept[0] if len(kept) == 1 else And(tuple(kept))


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
