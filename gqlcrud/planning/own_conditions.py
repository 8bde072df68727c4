"""The `where` of a list and the path of a facet in, what is left of `where` without the facet's own conditions out.

Its own are those on its column alone: at the top, in `and`, and below the relations of the path. What stands in `or` and
`not` stays, and so does what is said of a related record besides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from gqlcrud.catalog import Column, ColumnPath, Relation
from gqlcrud.plan import Always, And, Compare, Condition, KeyIn, Quantifier, Related, conjunction

Where: TypeAlias = Mapping[str, Any] | Condition | None
"""As clients give it; or planned, as callers in Python do."""


def without_own(where: Where, path: ColumnPath) -> Where:
    """A planned condition that nothing can meet, as `in: []` is, does not tell what it is about, and stays."""
    if where is None:
        return None
    if isinstance(where, Mapping):
        return _stripped_input(where, [*(each.name for each in path.relations), path.column.name])
    return _stripped(where, path.relations, path.column)


# ---------- as clients give it ----------


def _stripped_input(where: Mapping[str, Any], names: Sequence[str]) -> Mapping[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in where.items():
        if name == "and" and isinstance(value, Sequence):
            kept[name] = [_stripped_input(each, names) if isinstance(each, Mapping) else each for each in value]
        elif name != names[0]:
            kept[name] = value
        elif len(names) > 1 and (rest := _stripped_relation(value, names[1:])):
            kept[name] = rest
    return kept


def _stripped_relation(value: Mapping[str, Any], names: Sequence[str]) -> Mapping[str, Any]:
    """The conditions on a relation; those that are about nothing but the column are gone wholly, so that records without
    any related one are counted too."""
    kept: dict[str, Any] = {}
    for name, operand in value.items():
        if name not in ("is", "some") or not operand:
            kept[name] = operand
        elif rest := _stripped_input(operand, names):
            kept[name] = rest
    return kept


# ---------- planned ----------


def _stripped(condition: Condition, relations: Sequence[Relation], column: Column) -> Condition:
    """An `or` of one condition is planned as that condition, and is as good as it."""
    match condition:
        case And(terms):
            return conjunction([_stripped(each, relations, column) for each in terms])
        case Compare(compared, _, _) if not relations and compared is column:
            return Always(True)
        case KeyIn((compared,), _) if not relations and compared is column:
            return Always(True)
        case Related(relation, Quantifier.SOME, term) if relations and relation is relations[0]:
            rest = _stripped(term, relations[1:], column)
            if rest == Always(True) and term != Always(True):
                return Always(True)
            return replace(condition, term=rest)
        case _:
            return condition
