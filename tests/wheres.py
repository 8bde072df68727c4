"""What a `where` means, worked out in Python: filters, each with the predicate that it stands for."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from gqlcrud import Api
from tests.running import run

Predicate = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter as the GraphQL input has it, and whether it holds for a record. Only the input is shown."""

    where: Mapping[str, Any]
    holds: Predicate

    def __repr__(self) -> str:
        return f"Filter({self.where!r})"


COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "in": lambda value, operands: value in operands,
    "notIn": lambda value, operands: value not in operands,
}


def compares(name: str, value: Any, operand: Any) -> bool:
    """A comparison of SQL, two-valued: nothing is known of NULL but `isNull`."""
    if name == "isNull":
        return (value is None) is operand
    return value is not None and COMPARISONS[name](value, operand)


def negation(term: Filter) -> Filter:
    return Filter({"not": term.where}, lambda record: not term.holds(record))


def all_of(terms: Sequence[Filter]) -> Filter:
    return Filter({"and": [each.where for each in terms]}, lambda record: all(each.holds(record) for each in terms))


def any_of(terms: Sequence[Filter]) -> Filter:
    return Filter({"or": [each.where for each in terms]}, lambda record: any(each.holds(record) for each in terms))


def side_by_side(terms: Sequence[Filter]) -> Filter:
    """Terms as fields of one input; of two with the same field the first counts."""
    where: dict[str, Any] = {}
    kept: list[Filter] = []
    for each in terms:
        if not where.keys() & each.where.keys():
            where |= each.where
            kept.append(each)
    return Filter(where, lambda record: all(each.holds(record) for each in kept))


def trees(leaves: st.SearchStrategy[Filter], size: int = 6) -> st.SearchStrategy[Filter]:
    """Leaves joined by `and`, `or`, `not` and as fields of one input; `{}`, `and: []` and `or: []` among them."""

    def branches(inner: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
        several = st.lists(inner, max_size=3)
        return st.one_of(inner.map(negation), several.map(all_of), several.map(any_of), several.map(side_by_side))

    return st.recursive(leaves, branches, max_leaves=size)


async def matches(api: Api, model: str, terms: Sequence[Filter], *, at_once: int = 40) -> list[list[str]]:
    """The global ids of the records of a model that meet each filter, in the order of the primary key.

    `at_once` filters share a document.
    """
    many = api.catalog.by_name[model].many
    found: list[list[str]] = []
    for start in range(0, len(terms), at_once):
        variables = {f"w{i}": each.where for i, each in enumerate(terms[start : start + at_once])}
        declared = ", ".join(f"${name}: {model}Where" for name in variables)
        fields = " ".join(f"{name}: {many}(where: ${name}, first: 500) {{ nodes {{ id }} }}" for name in variables)
        data = await run(api, f"query ({declared}) {{ {fields} }}", **variables)
        found += [[node["id"] for node in data[name]["nodes"]] for name in variables]
    return found
