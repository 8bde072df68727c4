"""What options say of presets in, the columns that the API sets out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapper

from gqlcrud.catalog.column import Column, PresetColumn
from gqlcrud.catalog.column_reader import ColumnReader
from gqlcrud.catalog.columns import hidden_column, is_managed
from gqlcrud.catalog.stored_values import is_computed, needs_value
from gqlcrud.errors import ConfigurationError
from gqlcrud.options import Preset


def read_presets(mapper: Mapper[Any], reader: ColumnReader, columns: Sequence[Column]) -> tuple[PresetColumn, ...]:
    """In the order of the options. Raises ConfigurationError for a column that cannot be set so."""
    by_key = {column.key: column for column in columns}
    found: list[PresetColumn] = []
    for key, given in reader.options.presets.items():
        preset = given if isinstance(given, Preset) else Preset(given)
        _check(mapper, reader, key, preset)
        column = by_key.get(key) or hidden_column(mapper, key, reader)
        found.append(PresetColumn(column, preset.value, "create" in preset.on, "update" in preset.on))
    return tuple(found)


def _check(mapper: Mapper[Any], reader: ColumnReader, key: str, preset: Preset) -> None:
    option = f"ModelOptions(presets={{{key!r}: ...}}) of {reader.model}"
    prop = mapper.column_attrs.get(key)
    column = prop.columns[0] if prop is not None else None
    if prop is None or not isinstance(column, sa.Column):
        raise ConfigurationError(f"{option} names what is no column of a table.")
    deletion = reader.options.soft_delete
    if is_managed(mapper, prop) or is_computed(column) or (deletion is not None and deletion.column == key):
        raise ConfigurationError(f"{option} names a column that something else sets already.")
    if column.primary_key and "update" in preset.on:
        raise ConfigurationError(f"{option} would change the primary key; say Preset(..., on={{'create'}}).")
    if "create" not in preset.on and needs_value(column):
        raise ConfigurationError(
            f"{option} is set on update alone, and the column cannot be NULL: add 'create', or a default to the column."
        )
