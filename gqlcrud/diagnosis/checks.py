"""Conditions that do not hold: a broken check in, an error for each row that breaks it out.

The condition is SQL that the schema holds, never a client's. Each row is put before it as a table of one row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import DOMAIN

from gqlcrud.catalog import Catalog, Model
from gqlcrud.diagnosis.constraints import Check
from gqlcrud.diagnosis.row_lookups import final_values, select_each
from gqlcrud.diagnosis.written_rows import StoredColumn, WrittenRow, field_names, model_of, place, rows_of
from gqlcrud.errors import ErrorCode, UserError


def check_errors(connection: sa.Connection, check: Check, rows: Sequence[WrittenRow]) -> list[UserError]:
    """One error for each row whose values the condition is false for; a NULL satisfies it."""
    if check.condition is None or not check.columns:
        return []
    written = [row for row in rows_of(rows, check.table) if row.sets(check.columns)]
    known = [
        (row, values)
        for row, values in zip(written, final_values(connection, written, check.columns), strict=True)
        if values is not None
    ]
    holds = sa.literal_column(f"({check.condition})", sa.Boolean)
    selects: list[sa.Select[Any]] = []
    for _, values in known:
        cells = [_cell(connection, check, *each) for each in zip(check.columns, values, strict=True)]
        row_alone = sa.select(*cells).subquery(check.table.name)
        selects.append(sa.select(sa.literal_column("1")).select_from(row_alone).where(sa.not_(holds)))
    return [
        _error(check, row.model, [row])
        for (row, _), broken in zip(known, select_each(connection, selects), strict=True)
        if broken
    ]


def unplaced_check(check: Check, rows: Sequence[WrittenRow], catalog: Catalog) -> UserError:
    """The error of a check for which no row can be told."""
    written = [row for row in rows_of(rows, check.table) if row.sets(check.columns or check.table.columns)]
    model = written[0].model if written else model_of(catalog, check.table)
    return _error(check, model, written or rows)


def unknown_check(rows: Sequence[WrittenRow]) -> UserError:
    """The error of a check that only the database knows."""
    model = rows[0].model.name if len({row.model.name for row in rows}) == 1 else "what is written"
    return UserError(ErrorCode.CHECK, f"A check of {model} does not hold.", place(rows, ()))


def _cell(connection: sa.Connection, check: Check, column: StoredColumn, value: object) -> sa.ColumnElement[object]:
    """The value as the column would hold it. SQLite's CAST is no conversion to the type of a column."""
    # A value cannot be made one of the domain that it is not fit for.
    kind = column.type.data_type if isinstance(column.type, DOMAIN) else column.type
    parameter = sa.literal(value, kind)
    typed = sa.cast(parameter, kind) if connection.dialect.name == "postgresql" else parameter
    return typed.label("value" if check.of_domain else str(column.name))


def _error(check: Check, model: Model | None, rows: Sequence[WrittenRow]) -> UserError:
    fields = () if model is None else field_names(model, check.columns)
    if check.name is not None:
        message = f"The check {check.name} does not hold."
    elif fields:
        message = f"A check on {', '.join(fields)} does not hold."
    else:
        message = f"A check of {'what is written' if model is None else model.name} does not hold."
    one = fields if len(check.columns) == 1 else ()
    return UserError(ErrorCode.CHECK, message, place(rows, one), fields)
