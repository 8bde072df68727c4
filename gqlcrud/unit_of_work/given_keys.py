"""Foreign keys that clients give by their values in, an error out for each that leads to no record that is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from gqlcrud.errors import ErrorCode, UserError, WriteError
from gqlcrud.unit_of_work.finding import Finder, Instance, identity
from gqlcrud.write_plan import Named, Reference, Save

Written: TypeAlias = tuple[Save, Instance | None, Mapping[str, Any]]
"""What is saved, the record if it is there already, and the attributes that it gets."""


def check_references(finder: Finder, items: Iterable[Written]) -> None:
    """One statement for all that are alike. A key that stays as it is may lead to what is deleted by now.

    Raises WriteError, as for a record that the database does not have.
    """
    groups: dict[object, dict[tuple[Any, ...], list[Reference]]] = {}
    for save, instance, values in items:
        for each in save.references:
            key = tuple(values.get(column.key, getattr(instance, column.key, None)) for column in each.local)
            before = None if instance is None else tuple(getattr(instance, column.key) for column in each.local)
            if None not in key and key != before:
                alike = groups.setdefault((each.target, each.remote, each.among), {})
                alike.setdefault(key, []).append(each)
    errors: list[UserError] = []
    for alike in groups.values():
        first = next(iter(alike.values()))[0]
        found = finder.by_key(first.target, first.remote, list(alike), first.among)
        for references, target in zip(alike.values(), found, strict=True):
            errors += [_missing(each) for each in references if target is None]
    if errors:
        raise WriteError(errors)


def check_referred(finder: Finder, wanted: Sequence[Named]) -> None:
    """The same for foreign keys of edges."""
    found = finder.named(wanted)
    missing = [each for each in wanted if identity(each) not in found]
    if missing:
        texts = [f"There is no {each.model.name} with this id." for each in missing]
        raise WriteError(
            [
                UserError(ErrorCode.FOREIGN_KEY, text, each.path, (str(each.path[-1]),))
                for text, each in zip(texts, missing, strict=True)
            ]
        )


def _missing(reference: Reference) -> UserError:
    names = [column.name for column in reference.remote]
    what = "id" if reference.column.references is not None else " and ".join(names)
    fields = tuple(column.name for column in reference.local if column.offered)
    message = f"There is no {reference.target.name} with this {what}."
    return UserError(ErrorCode.FOREIGN_KEY, message, reference.path, fields)
