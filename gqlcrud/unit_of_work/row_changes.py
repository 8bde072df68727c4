"""Keys and rows of values in, the records that have these keys held, changed or deleted out, one statement for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, lazyload

from gqlcrud.bulk_plan import PlainRows
from gqlcrud.catalog import Column, Key, Model
from gqlcrud.diagnosis.written_rows import WrittenRow, mapper_of
from gqlcrud.plan import Condition
from gqlcrud.statements import Database, key_parameters
from gqlcrud.statements.bulk import (
    delete_statement,
    held_statement,
    instances_statement,
    key_names,
    update_each_statement,
)
from gqlcrud.unit_of_work.applying import RecordKey
from gqlcrud.unit_of_work.bulk_changes import loaded_along
from gqlcrud.unit_of_work.demands import deletes_plainly, updates_plainly
from gqlcrud.unit_of_work.plain_rows import run_rows, stored_values
from gqlcrud.unit_of_work.saving import Saver


@dataclass(frozen=True, slots=True)
class Held:
    """A record that is there, locked. values: what was asked for, by attribute; None if it cannot be read."""

    key: RecordKey
    values: Mapping[str, Any] | None


def hold(
    saver: Saver,
    model: Model,
    key: Key,
    values: Sequence[tuple[Any, ...]],
    attributes: Sequence[str],
    among: Condition,
    *,
    deleted: bool = False,
) -> dict[int, Held]:
    """The records of these values of a key, by the places of the values; those that are not there are left out.

    A record that holds a value which its column does not have, as it may in SQLite, is held without its values.
    """
    parameters = key_parameters(key.columns, values, saver.database)
    statement = held_statement(model, key, attributes, among, saver.database, deleted=deleted)
    try:
        found = [tuple(row) for row in saver.session.execute(statement, parameters)]
    except (LookupError, ValueError, TypeError, OverflowError):
        if not attributes:
            raise
        known = hold(saver, model, key, values, (), among, deleted=deleted)
        return {place: Held(each.key, None) for place, each in known.items()}
    first = 1 if saver.database is Database.POSTGRESQL else 0
    width = len(model.primary_key)
    return {
        row[0] - first: Held(row[1 : 1 + width], dict(zip(attributes, row[1 + width :], strict=True))) for row in found
    }


def update_rows(saver: Saver, rows: PlainRows, held: Sequence[Held]) -> None:
    """Set the columns of records, each to values of its own; `held` has the record of each row, with its version."""
    mapper = mapper_of(rows.model)
    columns = [str(mapper.column_attrs[column.key].columns[0].key) for column in rows.columns]
    values = stored_values(rows, saver.database)
    version, generator = mapper.version_id_col, mapper.version_id_generator
    if version is not None and generator:
        attribute = mapper.get_property_by_column(version).key
        columns.append(str(version.key))
        values.append([generator((each.values or {}).get(attribute)) for each in held])
    names = key_names(rows.model)
    parameters = [
        {**dict(zip(columns, each, strict=True)), **dict(zip(names, one.key, strict=True))}
        for each, one in zip(zip(*values, strict=True), held, strict=True)
    ]
    run_rows(saver, rows, update_each_statement(rows.model), parameters, [each.key for each in held])


def version_of(model: Model) -> tuple[str, ...]:
    """The attribute that counts the changes of a record in Python; none if there is none."""
    mapper = mapper_of(model)
    counted = mapper.version_id_col is not None and mapper.version_id_generator
    return (mapper.get_property_by_column(mapper.version_id_col).key,) if counted else ()  # type: ignore[arg-type]


def changes_rows(session: Session, rows: PlainRows) -> bool:
    """Whether records are changed by one UPDATE, exactly as the unit of work would change them."""
    attributes = [column.key for column in rows.columns]
    own = any(column.primary_key for key in attributes for column in mapper_of(rows.model).column_attrs[key].columns)
    odd = any(map(_is_null_of_own_type, rows.columns, rows.values))
    return not own and not odd and updates_plainly(session, rows.model, attributes, alike=False)


def _is_null_of_own_type(column: Column, values: Sequence[Any]) -> bool:
    return column.scalar.name == "JSON" and isinstance(column.sql_type, sa.TypeDecorator) and None in values


# ---------- deletions ----------


def delete_held(saver: Saver, model: Model, held: Sequence[tuple[int, RecordKey]], *, hard: bool) -> None:
    """Delete records that are there, each with its place in what was given, or mark them as deleted."""
    saver.permissions.check_before(model, "delete", [(key, (place,)) for place, key in held])
    if deletes_plainly(saver.session, model):
        rows = [WrittenRow(model, {}, key, (place,), deleted=True) for place, key in held]
        saver.execute(delete_statement(model, [key for _, key in held], saver.database), rows)
        saver.session.expire_all()
        return
    places = {key: place for place, key in held}
    along = loaded_along(mapper_of(model)) if model.soft_deletion is None or hard else []
    statement = instances_statement(model, list(places), saver.database).options(*along, lazyload("*"))
    instances = saver.session.scalars(statement.execution_options(populate_existing=True)).unique().all()
    saver.delete([(each, (places[saver.key_of(each, model)],)) for each in instances], model, hard=hard)
