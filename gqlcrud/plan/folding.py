"""The plan of one record in, the to-one relations below it out that one statement can read with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gqlcrud.catalog import Relation
from gqlcrud.identity import ByIdentity
from gqlcrud.plan.pages import RecordPlan

_DEEPEST, _MOST = 3, 6
"""How many relations are followed in a row, and how many are read with a record: each is a join."""


@dataclass(frozen=True, slots=True)
class Fold:
    """A record that is read with another one. plan: what is shown of it, without its views. below: those read with it."""

    relation: Relation
    plan: RecordPlan
    below: tuple[Fold, ...] = ()

    @property
    def width(self) -> int:
        """How many cells of a row it takes: whether there is a record, its columns, and those below."""
        return 1 + len(self.plan.columns) + sum(fold.width for fold in self.below)


def folds_of(plan: RecordPlan) -> tuple[Fold, ...]:
    """The relations of a record that are read with it: those that lead to one record at most."""
    if plan.lasting:
        return _known.made_of((plan,), lambda: _folds_of(plan, _DEEPEST))
    return _folds_of(plan, _DEEPEST)


_known: ByIdentity[tuple[Fold, ...]] = ByIdentity(maximum=1024)


def _folds_of(plan: RecordPlan, depth: int) -> tuple[Fold, ...]:
    found: dict[Relation, Fold] = {}
    for view in plan.views if depth else ():
        for _, child in view.children:
            if isinstance(child.plan, RecordPlan) and _can_fold(child.relation, child.plan):
                below = _folds_of(child.plan, depth - 1)
                found[child.relation] = Fold(child.relation, replace(child.plan, views=()), below)
    return tuple(list(found.values())[:_MOST])


def _can_fold(relation: Relation, plan: RecordPlan) -> bool:
    return relation.unique and relation.link is None and not relation.custom


def placed(folds: Sequence[Fold], start: int) -> dict[Relation, tuple[Fold, int]]:
    """Each fold with the place of its first cell in a row. start: that of the first fold."""
    found: dict[Relation, tuple[Fold, int]] = {}
    for fold in folds:
        found[fold.relation] = fold, start
        start += fold.width
    return found
