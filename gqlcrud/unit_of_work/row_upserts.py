"""Rows of new records in, those made that are not there and the others changed out: which are which, counted.

Who makes one of the records at the same time is first, and it is changed then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from gqlcrud.bulk_plan import OnConflict, PlainRows, set_by_api
from gqlcrud.diagnosis.written_rows import mapper_of
from gqlcrud.statements import Database
from gqlcrud.statements.bulk import insert_missing_statement
from gqlcrud.unit_of_work.differences import changed_rows
from gqlcrud.unit_of_work.plain_rows import insert_rows, row_parameters, takes_rows, written_rows
from gqlcrud.unit_of_work.row_changes import Held, changes_rows, hold, update_rows, version_of
from gqlcrud.unit_of_work.saving import Saver


@dataclass(frozen=True, slots=True)
class Upserted:
    """How many records were made, changed, and left as they were."""

    inserted: int
    updated: int
    unchanged: int


def upserts_rows(session: Session, rows: PlainRows, conflict: OnConflict) -> bool:
    """Whether statements make and change the records exactly as the unit of work would."""
    return takes_rows(session, rows) and changes_rows(session, _changes(rows, conflict))


def upsert_rows(saver: Saver, rows: PlainRows, keys: Sequence[tuple[Any, ...]], conflict: OnConflict) -> Upserted:
    """keys: the value of the key of each of the rows, all different."""
    there = _held(saver, rows, keys, conflict, range(len(keys)))
    missing = [number for number in range(len(keys)) if number not in there]
    taken = _insert(saver, rows, keys, conflict, missing)
    there |= taken
    changes = _changes(rows, conflict)
    changed = changed_rows(changes, there, _taken(rows, conflict))
    if changed:
        update_rows(saver, changes.only(changed), [there[number] for number in changed])
    return Upserted(len(missing) - len(taken), len(changed), len(there) - len(changed))


def _held(
    saver: Saver, rows: PlainRows, keys: Sequence[tuple[Any, ...]], conflict: OnConflict, numbers: Sequence[int]
) -> dict[int, Held]:
    """The records that are there, by the numbers of the rows."""
    attributes = list(dict.fromkeys([*_taken(rows, conflict), *version_of(rows.model)]))
    values = [keys[number] for number in numbers]
    found = hold(saver, rows.model, conflict.key, values, attributes, conflict.among)
    return {numbers[place]: each for place, each in found.items()}


def _insert(
    saver: Saver, rows: PlainRows, keys: Sequence[tuple[Any, ...]], conflict: OnConflict, missing: Sequence[int]
) -> Mapping[int, Held]:
    """Make the records that are not there; what somebody else has made meanwhile is given.

    In SQLite nobody else writes. A record that is there and may not be seen is in the way of a plain INSERT at the end.
    """
    if not missing:
        return {}
    if saver.database is Database.SQLITE:
        insert_rows(saver, rows.only(missing))
        return {}
    made = _made(saver, rows.only(missing), conflict)
    left = [number for number in missing if keys[number] not in made]
    if not left:
        return {}
    taken = _held(saver, rows, keys, conflict, left)
    hidden = [number for number in left if number not in taken]
    if hidden:
        insert_rows(saver, rows.only(hidden))
    return taken


def _made(saver: Saver, rows: PlainRows, conflict: OnConflict) -> set[tuple[Any, ...]]:
    """The keys of the records that an INSERT makes which leaves those alone that are there."""
    mapper = mapper_of(rows.model)
    statement = insert_missing_statement(rows.model, conflict.key)
    connection = saver.session.connection(bind_arguments={"mapper": mapper})
    try:
        result: sa.CursorResult[Any] = connection.execute(statement, row_parameters(saver, rows))
        made = {tuple(row) for row in result}
    except Exception:
        saver.writing[:] = written_rows(rows, saver.database)
        raise
    return made


def _taken(rows: PlainRows, conflict: OnConflict) -> list[str]:
    """The attributes that a record in the database takes from a row."""
    kept = {column.key for column in (*conflict.key.columns, *rows.model.primary_key)} | set_by_api(rows.model)
    wanted = None if conflict.update is None else {column.key for column in conflict.update}
    return [
        column.key for column in rows.columns if column.key not in kept and (wanted is None or column.key in wanted)
    ]


def _changes(rows: PlainRows, conflict: OnConflict) -> PlainRows:
    """What a record that is there is set to: what it takes, and what the API sets then."""
    taken = _taken(rows, conflict)
    presets = conflict.presets if taken else ()
    fixed = {each.column.key for each in presets}
    kept = rows.without([column.key for column in rows.columns if column.key not in taken or column.key in fixed])
    return PlainRows(
        rows.model,
        rows.places,
        (*kept.columns, *(each.column for each in presets)),
        [*kept.values, *([each.value] * len(rows.places) for each in presets)],
    )
