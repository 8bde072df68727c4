"""A plan in, the to-one relations below its records out that one statement can read with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from gqlcrud.catalog import Relation, is_small, is_text
from gqlcrud.identity import ByIdentity
from gqlcrud.plan.pages import PagePlan, RecordPlan

_DEEPEST, _MOST = 3, 6
"""How many relations are followed in a row, and how many are read with a record: each is a join."""


@dataclass(frozen=True, slots=True)
class Fold:
    """A record that is read with another one. plan: what is shown of it, without its views. below: those read with it.

    short: whether it may be read with many, and is left out of a row then where a text of it is long. origin: the identity
    of the plan that it is made of, for who knows that plan.
    """

    relation: Relation
    plan: RecordPlan
    below: tuple[Fold, ...] = ()
    short: bool = False
    origin: int = field(default=0, compare=False)

    @property
    def width(self) -> int:
        """How many cells of a row it takes: whether there is a record, its columns, and those below."""
        return 1 + len(self.plan.columns) + sum(fold.width for fold in self.below)


def folds_of(plan: PagePlan | RecordPlan, *, short: bool) -> tuple[Fold, ...]:
    """The relations of records that are read with them: those that lead to one record at most. short: of many records, which
    may lead to the same; so that it is no great loss if it stands in each of their rows, it may have nothing but small values
    and texts."""
    if plan.lasting:
        return _known.made_of((plan.views, short), lambda: _folds_of(plan, short, _DEEPEST))
    return _folds_of(plan, short, _DEEPEST)


_known: ByIdentity[tuple[Fold, ...]] = ByIdentity(maximum=1024)


def _folds_of(plan: PagePlan | RecordPlan, short: bool, depth: int) -> tuple[Fold, ...]:
    found: dict[int, Fold] = {}
    for view in plan.views if depth else ():
        for _, child in view.children:
            below = child.plan
            if isinstance(below, RecordPlan) and id(below) not in found and _can_fold(child.relation, below, short):
                further = _folds_of(below, short, depth - 1)
                found[id(below)] = Fold(child.relation, replace(below, views=()), further, short, id(below))
    return tuple(list(found.values())[:_MOST])


def _can_fold(relation: Relation, plan: RecordPlan, short: bool) -> bool:
    if not relation.unique or relation.link is not None or relation.custom:
        return False
    return not short or all(is_small(column) or is_text(column) for column in plan.columns)


def placed(folds: Sequence[Fold], start: int) -> Mapping[int, tuple[Fold, int]]:
    """Each fold with the place of its first cell in a row, by its origin. start: the place of the first fold."""
    found: dict[int, tuple[Fold, int]] = {}
    for fold in folds:
        found[fold.origin] = fold, start
        start += fold.width
    return found
