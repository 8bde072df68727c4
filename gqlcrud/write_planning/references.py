"""The values of a record in, the foreign keys among them out that may not lead to every record."""

from __future__ import annotations

from collections.abc import Sequence

from gqlcrud.catalog import Column, Model
from gqlcrud.plan import Always
from gqlcrud.planning import Planner
from gqlcrud.write_plan import Assignment, Path, Reference


def plan_references(
    planner: Planner, assignments: Sequence[Assignment], model: Model, path: Path
) -> tuple[Reference, ...]:
    """A foreign key that a client gives by its values is connected as any other: to a record that there is."""
    given = {each.column.key: each.column for each in assignments}
    found: list[Reference] = []
    for local, target, remote in _foreign_keys(planner, model):
        among = planner.visible(target)
        first = next((given[column.key] for column in local if column.key in given), None)
        if first is not None and among != Always(True):
            found.append(Reference(target, local, remote, among, first, (*path, first.name)))
    return tuple(found)


def _foreign_keys(planner: Planner, model: Model) -> list[tuple[tuple[Column, ...], Model, tuple[Column, ...]]]:
    """Local columns, target and remote columns: of relations, and of global ids for which there is no relation."""
    catalog = planner.catalog
    relations = [each for each in model.relations if each.owns_key and not each.custom]
    found = [(each.local, catalog.model(each.target), each.remote) for each in relations]
    covered = {tuple(column.key for column in local) for local, _, _ in found}
    for column in model.columns:
        if column.references is not None and (column.key,) not in covered:
            target = catalog.model(column.references)
            found.append(((column,), target, target.primary_key))
    return found
