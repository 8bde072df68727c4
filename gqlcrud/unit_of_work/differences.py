"""Values to be written and those that a record holds in, whether it would be another record with them out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Hashable, Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from gqlcrud.bulk_plan import PlainRows
from gqlcrud.catalog import Column
from gqlcrud.unit_of_work.finding import Instance
from gqlcrud.unit_of_work.row_changes import Held
from gqlcrud.write_plan import Save


def changed_rows(rows: PlainRows, held: Mapping[int, Held], compared: Collection[str]) -> list[int]:
    """The numbers of those rows whose records are there, and would not stay as they are.

    held: by the numbers of the rows. compared: the columns that count; what else the rows set comes along.
    """
    left = {number: each.values for number, each in held.items() if each.values is not None}
    found = [number for number in held if number not in left]
    for column, values in zip(rows.columns, rows.values, strict=True):
        if column.key in compared:
            other = [number for number, each in left.items() if differs(column, values[number], each[column.key])]
            found += other
            for number in other:
                del left[number]
    return sorted(found)


def changes(save: Save, instance: Instance, ignored: Collection[str] = ()) -> bool:
    """Whether a save would change its record; what is done to relations counts as a change."""
    return bool(save.to_one or save.to_many or save.changes) or any(
        differs(each.column, each.value, getattr(instance, each.column.key))
        for each in save.assignments
        if each.column.key not in ignored
    )


def differs(column: Column, value: Any, found: Any) -> bool:
    """Whether a record that holds `found` would be another one with `value`, which its column rounds and reads back."""
    if value is None or found is None:
        return value is not found
    if column.scalar.name == "JSON":
        return _json_form(value) != _json_form(found)
    if column.scalar.item is not None:
        return list(value) != list(found)
    if isinstance(value, Decimal) and isinstance(found, Decimal) and column.bounds.scale is not None:
        return _rounded(value, column.bounds.scale) != _rounded(found, column.bounds.scale)
    if isinstance(value, dt.datetime | dt.time) and isinstance(found, dt.datetime | dt.time):
        return bool(_without_offset(value) != _without_offset(found))
    return bool(value != found)


def _json_form(value: Any) -> Hashable:
    """Equal for equal JSON values; Python takes true for 1."""
    if isinstance(value, Mapping):
        return frozenset((key, _json_form(each)) for key, each in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(_json_form, value))
    return (isinstance(value, bool), value)


def _rounded(value: Decimal, scale: int) -> Decimal:
    """As databases round."""
    return value.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP, Context(prec=2000)) if value.is_finite() else value


def _without_offset(value: Any) -> Any:
    """SQLite keeps no offsets: what it has is UTC. Times of day are given in UTC then."""
    if value.tzinfo is None:
        return value
    return (value.astimezone(dt.UTC) if isinstance(value, dt.datetime) else value).replace(tzinfo=None)
