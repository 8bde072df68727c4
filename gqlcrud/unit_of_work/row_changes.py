"""Rows of keys and values in, the records that have them changed, made or deleted out; which of them, counted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from gqlcrud.bulk_plan import PlainRows
from gqlcrud.catalog import Column, Key, Model
from gqlcrud.diagnosis.written_rows import mapper_of
from gqlcrud.plan import Condition
from gqlcrud.statements import Database, key_parameters
from gqlcrud.statements.bulk import held_statement, key_names, update_each_statement
from gqlcrud.unit_of_work.applying import RecordKey
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


# ---------- what differs ----------


def differs(column: Column, value: Any, found: Any) -> bool:
    """Whether a record that holds `found` would be another one with `value`, which its column rounds and reads back."""
    if value is None or found is None:
        return value is not found
    if column.scalar.name == "JSON":
        return bool(_json_form(value) != _json_form(found))
    if isinstance(value, Decimal) and isinstance(found, Decimal) and column.bounds.scale is not None:
        return _rounded(value, column.bounds.scale) != _rounded(found, column.bounds.scale)
    if isinstance(value, dt.datetime | dt.time) and isinstance(found, dt.datetime | dt.time):
        return bool(_without_offset(value) != _without_offset(found))
    if column.scalar.item is not None:
        return list(value) != list(found)
    return bool(value != found)


def _json_form(value: Any) -> Hashable:
    """Equal for equal JSON values; Python takes true for 1."""
    if isinstance(value, Mapping):
        return frozenset((key, _json_form(each)) for key, each in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(_json_form, value))
    return (isinstance(value, bool), value)


def _rounded(value: Decimal, scale: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP, Context(prec=2000)) if value.is_finite() else value


def _without_offset(value: Any) -> Any:
    """SQLite keeps no offsets: what it has is UTC."""
    if value.tzinfo is None:
        return value
    return (value.astimezone(dt.UTC) if isinstance(value, dt.datetime) else value).replace(tzinfo=None)


def changed_rows(rows: PlainRows, held: Mapping[int, Held], compared: Collection[str]) -> list[int]:
    """The numbers of those rows whose records are there, and would not stay as they are.

    held: by the numbers of the rows. compared: the columns that count; what else the rows set comes along.
    """
    found = [number for number, each in held.items() if each.values is None]
    known = {number: each.values for number, each in held.items() if each.values is not None}
    left = dict(known)
    for column, values in zip(rows.columns, rows.values, strict=True):
        if column.key in compared:
            other = [number for number, each in left.items() if differs(column, values[number], each[column.key])]
            found += other
            for number in other:
                del left[number]
    return sorted(found)
