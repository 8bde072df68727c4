"""Rows that may not stand beside each other: a UNIQUE or EXCLUSION violation in, an error for each offending row out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa

from gqlcrud.catalog import Catalog, Model
from gqlcrud.diagnosis.constraints import Uniqueness
from gqlcrud.diagnosis.row_lookups import Values, bound, final_values, select_each
from gqlcrud.diagnosis.written_rows import (
    StoredColumn,
    WrittenRow,
    comparable,
    field_names,
    key_columns,
    model_of,
    offered_column,
    place,
    rows_of,
)
from gqlcrud.errors import ErrorCode, UserError

_SHOWN = {str, int, Decimal, date, datetime, time, UUID}
_LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A row that gives the columns of a constraint values which could conflict."""

    row: WrittenRow
    values: Values


def conflict_errors(
    connection: sa.Connection,
    constraint: Uniqueness,
    rows: Sequence[WrittenRow],
    catalog: Catalog,
    earlier: Sequence[WrittenRow] = (),
) -> list[UserError]:
    """One error for each row that conflicts with a record of the database, or with a row before it.

    earlier: what the same transaction had written before, and which is rolled back with it.

    A record that the same write changes or deletes is held against a row only if nothing else is: whether it still
    stood in the way depends on the order of the statements. Of a constraint that regards some rows only, or
    expressions, the offender is known if there is but one.
    """
    candidates = _candidates(connection, constraint, rows)
    held = _holders(connection, constraint, candidates)
    moving = {
        _identity(row, constraint.table) for row in (*earlier, *rows) if row.deleted or row.sets(constraint.columns)
    }
    certain: list[UserError] = []
    uncertain: list[UserError] = []
    before = {comparable(each.values) for each in _candidates(connection, constraint, earlier)}
    for candidate, holders in zip(candidates, held, strict=True):
        others = holders - {_identity(candidate.row, constraint.table)}
        values = comparable(candidate.values)
        if others - moving:
            certain.append(_error(constraint, candidate.row, catalog, ""))
        elif values in before and not constraint.excludes:
            certain.append(_error(constraint, candidate.row, catalog, " in this input"))
        elif others:
            uncertain.append(_error(constraint, candidate.row, catalog, ""))
        before.add(values)
    errors = certain or uncertain
    return errors if constraint.whole or len(errors) == 1 else []


def unplaced_conflict(constraint: Uniqueness, rows: Sequence[WrittenRow], catalog: Catalog) -> UserError:
    """The error of a constraint whose offender cannot be told."""
    written = [row for row in rows_of(rows, constraint.table) if row.sets(constraint.columns)]
    if len(written) == 1:
        return _error(constraint, written[0], catalog, "", show_value=False)
    model = model_of(catalog, constraint.table)
    fields = () if model is None else field_names(model, constraint.columns)
    return UserError(ErrorCode.UNIQUE, _message(model, fields, constraint, ""), place(written or rows, ()), fields)


def _candidates(connection: sa.Connection, constraint: Uniqueness, rows: Sequence[WrittenRow]) -> list[_Candidate]:
    """The rows that are written there. A NULL conflicts with nothing, unless the constraint says so."""
    if not constraint.columns:
        return []
    written = [row for row in rows_of(rows, constraint.table) if row.sets(constraint.columns)]
    found = zip(written, final_values(connection, written, constraint.columns), strict=True)
    return [
        _Candidate(row, values)
        for row, values in found
        if values is not None and (constraint.nulls_equal or None not in values)
    ]


def _holders(connection: sa.Connection, constraint: Uniqueness, candidates: Sequence[_Candidate]) -> list[set[object]]:
    """For each row the primary keys of the records that have its values, its own among them."""
    selects = []
    for candidate in candidates:
        key = key_columns(candidate.row.model, constraint.table)
        conditions = [
            _conflicts(column, operator, value)
            for column, operator, value in zip(constraint.columns, constraint.operators, candidate.values, strict=True)
        ]
        selects.append(sa.select(*key).where(*conditions))
    return [{comparable(key) for key in keys} for keys in select_each(connection, selects)]


def _conflicts(column: StoredColumn, operator: str, value: object) -> sa.ColumnElement[bool]:
    if value is None:
        return column.is_(None)
    if operator == "=":
        return column == bound(column, value)
    return column.op(operator, is_comparison=True)(bound(column, value))


def _identity(row: WrittenRow, table: sa.Table) -> object:
    return comparable(row.identity(table)) if table in row.tables else None


def _error(
    constraint: Uniqueness, row: WrittenRow, catalog: Catalog, where: str, *, show_value: bool = True
) -> UserError:
    fields = field_names(row.model, constraint.columns)
    value = _shown_value(row, constraint) if show_value else None
    holder = model_of(catalog, constraint.table) or row.model
    return UserError(ErrorCode.UNIQUE, _message(holder, fields, constraint, where, value), place([row], fields), fields)


def _message(
    model: Model | None, fields: Sequence[str], constraint: Uniqueness, where: str, value: str | None = None
) -> str:
    other = f"Another {'record' if model is None else model.name}{where}"
    names = f"{', '.join(fields[:-1])} and {fields[-1]}" if len(fields) > 1 else "".join(fields)
    if constraint.excludes:
        return f"{other} overlaps with this one{' in ' if names else ''}{names}."
    if value is not None:
        return f"{other} has the {names} {value}."
    return f"{other} has the same {names or 'values'}."


def _shown_value(row: WrittenRow, constraint: Uniqueness) -> str | None:
    """The value of a single column as the client gave it; None for one that is long, or looks different to clients."""
    if len(constraint.columns) != 1 or not constraint.whole:
        return None
    (column,) = constraint.columns
    offered = offered_column(row.model, column)
    value = row.values.get(row.attribute(column) or "")
    if offered is None or offered.read_only or offered.references is not None or type(value) not in _SHOWN:
        return None
    text = f"'{value}'" if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST_SHOWN else None
