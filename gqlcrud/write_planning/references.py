"""The values of a record in, the foreign keys among them out that may not lead to every record."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from gqlcrud.catalog import Catalog, Column, Model
from gqlcrud.plan import EVERY, Condition
from gqlcrud.planning import Planner
from gqlcrud.write_plan import Assignment, Path, Reference


@dataclass(frozen=True, slots=True)
class GuardedKey:
    """A foreign key that may lead to records of `target` for which `among` holds. local: its columns; remote: the key."""

    local: tuple[Column, ...]
    target: Model
    remote: tuple[Column, ...]
    among: Condition


def guarded_keys(planner: Planner, model: Model) -> tuple[GuardedKey, ...]:
    """The foreign keys of a model that may not lead to every record: the database does not ask its own policies for them."""
    secured, found = planner.visibility.secured, []
    for local, target, remote in _foreign_keys(planner.catalog, model):
        among = planner.visible(target)
        if secured or among != EVERY:
            found.append(GuardedKey(local, target, remote, among))
    return tuple(found)


def plan_references(keys: Sequence[GuardedKey], assignments: Sequence[Assignment], path: Path) -> tuple[Reference, ...]:
    """A foreign key that a client gives by its values is connected as any other: to a record that there is."""
    if not keys:
        return ()
    given = {each.column.key: each.column for each in assignments}
    found: list[Reference] = []
    for key in keys:
        first = next((given[column.key] for column in key.local if column.key in given), None)
        if first is not None:
            found.append(Reference(key.target, key.local, key.remote, key.among, first, (*path, first.name)))
    return tuple(found)


@functools.cache
def _foreign_keys(catalog: Catalog, model: Model) -> list[tuple[tuple[Column, ...], Model, tuple[Column, ...]]]:
    """Local columns, target and remote columns: of relations, and of global ids for which there is no relation."""
    relations = [each for each in model.relations if each.owns_key and not each.custom]
    found = [(each.local, catalog.model(each.target), each.remote) for each in relations]
    covered = {tuple(column.key for column in local) for local, _, _ in found}
    for column in model.columns:
        if column.references is not None and (column.key,) not in covered:
            target = catalog.model(column.references)
            found.append(((column,), target, target.primary_key))
    return found
