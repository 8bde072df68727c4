"""New records in, their primary keys out: by one statement for all that are alike, or by the unit of work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from gqlcrud.bulk_plan import CreateMany, OnConflict
from gqlcrud.catalog import Model
from gqlcrud.diagnosis.written_rows import WrittenRow
from gqlcrud.plan import Always
from gqlcrud.statements import key_parameters
from gqlcrud.statements.bulk import located_statement, upsert_statement
from gqlcrud.statements.dialect import Database
from gqlcrud.unit_of_work.applying import RecordKey
from gqlcrud.unit_of_work.demands import inserts_plainly, renews_plainly, updates_plainly
from gqlcrud.unit_of_work.finding import Instance, identity
from gqlcrud.unit_of_work.saver import New
from gqlcrud.unit_of_work.saving import ATTEMPTS, Saver
from gqlcrud.write_plan import Assignment, Named, Save


@dataclass(frozen=True, slots=True)
class Made:
    """The record of one item. key: None if a trigger has taken it away. written: False for one left as it was."""

    key: RecordKey | None
    written: bool = True


def create_all(saver: Saver, plan: CreateMany, saves: Sequence[Save]) -> list[Made]:
    """The records of `saves`, in their order."""
    conflict = plan.on_conflict
    if conflict is None:
        instances = saver.create([New(save) for save in saves], bulk=True)
        return [Made(saver.key_of(instance, plan.model)) for instance in instances]
    values = [saver.values_of(save) for save in saves]
    plain = all(map(_is_flat, saves, values)) and inserts_plainly(saver.session, plan.model)
    taken = [conflict.taken(save) for save in saves]
    changed = {key for keys in taken for key in keys}
    watched = saver.permissions.watches(plan.model, "create", "update", "update_check")
    if (
        plain
        and not watched
        and _is_told(conflict, saves)
        and (not changed or _changes_plainly(saver, plan.model, changed))
    ):
        return _upserted(saver, conflict, saves, values, taken)
    return _guarded(saver, conflict, saves, taken)


def _is_told(conflict: OnConflict, saves: Sequence[Save]) -> bool:
    """Whether a statement knows what becomes of the records that are there: it sees no keys that stay as they are, no
    records that are marked as deleted, and sets what the new ones have."""
    renewed = {each.column.key for each in conflict.presets}
    return conflict.among == Always(True) and all(
        not save.references and renewed <= {each.column.key for each in save.assignments} for save in saves
    )


def _is_flat(save: Save, values: Mapping[str, Any]) -> bool:
    """Whether a record is a row of parameters. SQL's NULL for JSON is one only to SQLAlchemy's own types."""
    flat = not save.to_one and not save.to_many and bool(values)
    return flat and not any(
        isinstance(values[each.column.key], sa.ClauseElement) and isinstance(each.column.sql_type, sa.TypeDecorator)
        for each in save.assignments
    )


def _changes_plainly(saver: Saver, model: Model, attributes: set[str]) -> bool:
    return updates_plainly(saver.session, model, attributes) and renews_plainly(model)


# ---------- with conflicts, by statements ----------


def _upserted(
    saver: Saver,
    conflict: OnConflict,
    saves: Sequence[Save],
    values: Sequence[Mapping[str, Any]],
    taken: Sequence[tuple[str, ...]],
) -> list[Made]:
    """One INSERT ... ON CONFLICT for all that are alike; which records these are, their keys tell afterwards."""
    model = saves[0].model
    groups: dict[tuple[tuple[str, ...], tuple[str, ...]], list[int]] = {}
    for place, each in enumerate(values):
        renewed = [preset.column.key for preset in conflict.presets] if taken[place] else []
        groups.setdefault((tuple(sorted(each)), (*taken[place], *renewed)), []).append(place)
    written: set[RecordKey] = set()
    for (_, attributes), places in groups.items():
        statement = upsert_statement(model, conflict.key, attributes, conflict.condition, saver.database)
        rows = [WrittenRow(model, values[place], None, saves[place].path) for place in places]
        written |= set(_insert(saver, statement, rows))
    saver.session.expire_all()
    located = _located(saver, conflict, saves)
    return [Made(key, key in written) for key in located]


def _located(saver: Saver, conflict: OnConflict, saves: Sequence[Save]) -> list[RecordKey | None]:
    model = saves[0].model
    columns = conflict.key.columns
    parameters = key_parameters(columns, [_named(save, conflict).values for save in saves], saver.database)
    first = 1 if saver.database is Database.POSTGRESQL else 0
    rows = saver.session.execute(located_statement(model, conflict.key, saver.database), parameters)
    found = {place - first: tuple(key) for place, *key in rows}
    return [found.get(place) for place in range(len(saves))]


def _named(save: Save, conflict: OnConflict) -> Named:
    known = {each.column.key: each.value for each in save.assignments}
    values = tuple(known[column.key] for column in conflict.key.columns)
    return Named(save.model, conflict.key, values, save.path, conflict.among)


def _insert(saver: Saver, statement: Any, rows: Sequence[WrittenRow]) -> list[RecordKey]:
    """The keys that a statement returns which inserts `rows`."""
    saver.writing[:] = rows
    parameters = [dict(row.values) for row in rows]
    result: sa.Result[Any] = saver.session.execute(statement, parameters, execution_options={"render_nulls": True})
    found = [tuple(row) for row in result]
    saver.done()
    return found


# ---------- with conflicts, by the unit of work ----------


def _guarded(saver: Saver, conflict: OnConflict, saves: Sequence[Save], taken: Sequence[tuple[str, ...]]) -> list[Made]:
    """Records that are there are locked and changed, the others made; who makes one at the same time is first."""
    names = [_named(save, conflict) for save in saves]
    there = saver.finder.named(names, lock=True)
    made: dict[int, Instance] = {}
    for attempt in range(ATTEMPTS):
        missing = [place for place, name in enumerate(names) if place not in made and identity(name) not in there]
        if not missing:
            break
        try:
            with saver.savepoint():
                created = saver.create([New(saves[place]) for place in missing])
            made |= zip(missing, created, strict=True)
        except IntegrityError:
            found = saver.finder.named([names[place] for place in missing], lock=True)
            if not found or attempt == ATTEMPTS - 1:
                raise
            saver.writing.clear()
            there |= found
    known = [None if place in made else there[identity(name)] for place, name in enumerate(names)]
    changed = _changed(saver, conflict, saves, taken, known)
    return [
        Made(saver.key_of(made.get(place, instance), saves[place].model), place in made or place in changed)
        for place, instance in enumerate(known)
    ]


def _changed(
    saver: Saver,
    conflict: OnConflict,
    saves: Sequence[Save],
    taken: Sequence[tuple[str, ...]],
    known: Sequence[Instance | None],
) -> set[int]:
    """Give the records that are there what they take from the new ones; the places of those that are changed."""
    items: dict[int, tuple[Instance, Save]] = {}
    for place, instance in enumerate(known):
        if instance is None or not taken[place]:
            continue
        model = saves[place].model
        if conflict.condition != Always(True) and not saver.finder.meets(instance, model, conflict.condition):
            continue
        items[place] = (instance, _only(saves[place], taken[place], conflict.presets))
    if items:
        saver.update(list(items.values()))
    return set(items)


def _only(save: Save, attributes: tuple[str, ...], presets: tuple[Assignment, ...]) -> Save:
    """What is taken from a new record: columns, and the to-one relations that set them; and what the API sets then."""
    assignments = tuple(each for each in save.assignments if each.column.key in attributes)
    to_one = tuple(
        each
        for each in save.to_one
        if each.relation.owns_key and all(column.key in attributes for column in each.relation.local)
    )
    return replace(save, assignments=(*assignments, *presets), to_one=to_one, to_many=())
