"""A bulk write in, the primary keys of the records that it wrote out; what is expected to go wrong is a `WriteError`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from gqlcrud.bulk_plan import CreateMany, CreateRows, DeleteMany, UpdateEach, UpdateMany, WriteMany
from gqlcrud.errors import UserError
from gqlcrud.unit_of_work.apart import Placed, place_of, write_apart
from gqlcrud.unit_of_work.applying import RecordKey
from gqlcrud.unit_of_work.bulk_changes import delete_chosen, update_all, update_chosen
from gqlcrud.unit_of_work.bulk_creates import create_all
from gqlcrud.unit_of_work.new_rows import create_rows, makes_new_rows
from gqlcrud.unit_of_work.saving import Saver

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Written:
    """What a bulk write did.

    keys: of an input with items one for each, in their order, None for one that failed; else of the records written, in
    the order of the keys. They may be None where nobody asks for them. count: of the records that were made, changed or
    deleted. errors: of the items that failed.
    """

    keys: tuple[RecordKey | None, ...]
    count: int
    errors: tuple[UserError, ...] = ()


def apply_many(saver: Saver, plan: WriteMany, *, told: bool = True) -> Written:
    """Write many records, with all that is nested in them. told: whether anybody asks for their keys."""
    match plan:
        case CreateMany():
            return _create(saver, plan)
        case CreateRows() if not makes_new_rows(saver, plan):
            return _create(saver, plan.as_saves())
        case CreateRows():
            return _create_rows(saver, plan, told=told)
        case UpdateEach():
            return _update_each(saver, plan)
        case UpdateMany():
            keys = update_chosen(saver, plan)
            return Written(tuple(keys), 0 if plan.save.is_empty else len(keys))
        case DeleteMany():
            deleted = delete_chosen(saver, plan)
            return Written(tuple(deleted), len(deleted))


def _create(saver: Saver, plan: CreateMany) -> Written:
    items = _placed(plan.saves)
    errors: Sequence[UserError] = ()
    if plan.apart:
        made, errors = write_apart(saver, items, lambda saves: create_all(saver, plan, saves))
    else:
        made = dict(enumerate(create_all(saver, plan, [save for _, save in items]))) if items else {}
    keys = tuple(made[place].key if place in made else None for place in range(len(plan.saves)))
    return Written(keys, sum(each.written for each in made.values()), _in_order(plan.errors, errors))


def _create_rows(saver: Saver, plan: CreateRows, *, told: bool) -> Written:
    errors: Sequence[UserError] = ()
    if plan.apart:
        places = [(place, place) for place in range(plan.count)]

        def write(chosen: Sequence[int]) -> list[RecordKey | None]:
            found = create_rows(saver, plan.only(chosen), told=told)
            return [found[place] for place in chosen]

        made, errors = write_apart(saver, places, write)
    else:
        made = create_rows(saver, plan, told=told)
    return Written(tuple(made.get(place) for place in range(plan.count)), len(made), tuple(errors))


def _update_each(saver: Saver, plan: UpdateEach) -> Written:
    items = _placed(plan.items)
    errors: Sequence[UserError] = ()
    if plan.apart:
        made, errors = write_apart(saver, items, lambda each: update_all(saver, plan.model, each))
    else:
        made = dict(enumerate(update_all(saver, plan.model, [item for _, item in items]))) if items else {}
    keys = tuple(made.get(place) for place in range(len(plan.items)))
    changed = [place for place, item in items if place in made and not item.save.is_empty]
    return Written(keys, len(changed), _in_order(plan.errors, errors))


def _placed(items: Sequence[T | None]) -> list[Placed[T]]:
    """The items that are not refused already."""
    return [(place, item) for place, item in enumerate(items) if item is not None]


def _in_order(refused: Sequence[UserError], failed: Sequence[UserError]) -> tuple[UserError, ...]:
    """The errors of items in the order of the items: the third step of a path is the item's place."""
    return tuple(sorted((*refused, *failed), key=place_of))
