"""Foreign keys that lead nowhere: rows in, an error out for each missing target, and for each record still referred to.

Neither database tells which side failed, and SQLite not even which constraint: every declared foreign key of the rows'
tables is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy.exc import NoReferenceError

from gqlcrud.catalog import Catalog, Model
from gqlcrud.diagnosis.constraints import known_tables
from gqlcrud.diagnosis.row_lookups import equal, final_values, select_each, stored_values
from gqlcrud.diagnosis.written_rows import (
    StoredColumn,
    WrittenRow,
    comparable,
    field_names,
    key_columns,
    mapper_of,
    model_of,
    offered_column,
    place,
    rows_of,
)
from gqlcrud.errors import ErrorCode, UserError

_Found: TypeAlias = tuple[WrittenRow, UserError]

_CLEANED_UP = {"CASCADE", "SET NULL", "SET DEFAULT"}
"""What a foreign key may say that the database does to referring rows, instead of failing."""


def reference_errors(
    connection: sa.Connection, rows: Sequence[WrittenRow], catalog: Catalog, earlier: Sequence[WrittenRow] = ()
) -> list[UserError]:
    """In the order of the rows: targets that do not exist, then records that others still refer to.

    earlier: what the same transaction had written before, and which is rolled back with it.
    """
    found: list[_Found] = []
    for constraint in _foreign_keys({table: None for row in rows for table in row.tables}):
        found += _missing_targets(connection, constraint, rows, catalog, earlier)
    for constraint in _foreign_keys(known_tables(rows, catalog)):
        found += _referrers(connection, constraint, rows, catalog, earlier)
    order = {id(row): number for number, row in enumerate(rows)}
    return list(dict.fromkeys(error for row, error in sorted(found, key=lambda each: order[id(each[0])])))


def unplaced_reference(table: sa.Table | None, rows: Sequence[WrittenRow], catalog: Catalog) -> UserError:
    """The error of a foreign key whose offender cannot be told. table: where the foreign key stands, if that is known."""
    referrers = "Other" if table is None else _name(model_of(catalog, table), "Other")
    if all(row.deleted for row in rows):
        # the database deletes more than it is told: what refers to those may be in the way
        what = f" with this {rows[0].model.name}" if len(rows) == 1 else ""
        message = f"{referrers} records still refer to what is deleted{what}."
    elif all(row.key is None for row in rows):
        message = "A record that is referred to does not exist."
    else:
        message = "A record that is referred to does not exist, or one that goes is still referred to."
    return UserError(ErrorCode.FOREIGN_KEY, message, place(rows, ()))


def _foreign_keys(tables: Iterable[sa.Table]) -> Iterator[sa.ForeignKeyConstraint]:
    """The foreign keys of tables, less those whose target the metadata does not have."""
    for table in tables:
        for constraint in sorted(table.foreign_key_constraints, key=lambda each: list(each.column_keys)):
            try:
                _ = constraint.referred_table
            except NoReferenceError:
                continue
            yield constraint


def _local(constraint: sa.ForeignKeyConstraint) -> tuple[StoredColumn, ...]:
    return tuple(element.parent for element in constraint.elements)


def _remote(constraint: sa.ForeignKeyConstraint) -> tuple[StoredColumn, ...]:
    return tuple(element.column for element in constraint.elements)


# ---------- targets of what is written ----------


def _missing_targets(
    connection: sa.Connection,
    constraint: sa.ForeignKeyConstraint,
    rows: Sequence[WrittenRow],
    catalog: Catalog,
    earlier: Sequence[WrittenRow],
) -> list[_Found]:
    """The rows that refer to what neither the database holds nor the same write creates; NULLs refer to nothing."""
    local, remote = _local(constraint), _remote(constraint)
    referring = [row for row in rows_of(rows, constraint.table) if row.sets(local)]
    values = final_values(connection, referring, local)
    written = _written_targets(connection, constraint, [*earlier, *rows])
    open_ones = [
        (row, each)
        for row, each in zip(referring, values, strict=True)
        if each is not None and None not in each and comparable(each) not in written
    ]
    selects = [sa.select(*remote).where(equal(remote, each)) for _, each in open_ones]
    deleted = _deleted_targets(connection, constraint, [*earlier, *rows])
    return [
        (row, _missing(row, constraint, catalog))
        for (row, each), targets in zip(open_ones, select_each(connection, selects), strict=True)
        if not targets or comparable(each) in deleted
    ]


def _written_targets(
    connection: sa.Connection, constraint: sa.ForeignKeyConstraint, rows: Sequence[WrittenRow]
) -> set[object]:
    """What can be referred to once the rows are written."""
    remote = _remote(constraint)
    written = [row for row in rows_of(rows, constraint.referred_table) if row.sets(remote)]
    return {comparable(values) for values in final_values(connection, written, remote)}


def _deleted_targets(
    connection: sa.Connection, constraint: sa.ForeignKeyConstraint, rows: Sequence[WrittenRow]
) -> set[object]:
    deleted = [row for row in rows_of(rows, constraint.referred_table) if row.deleted and row.key is not None]
    return {comparable(values) for values in stored_values(connection, deleted, _remote(constraint))}


def _missing(row: WrittenRow, constraint: sa.ForeignKeyConstraint, catalog: Catalog) -> UserError:
    local, remote = _local(constraint), _remote(constraint)
    offered = offered_column(row.model, local[0])
    target = model_of(catalog, constraint.referred_table)
    names: tuple[str, ...] = ()
    if len(local) == 1 and offered is not None and offered.references is not None:
        target, names = catalog.by_entity.get(offered.references, target), ("id",)
    elif target is not None and len(field_names(row.model, local)) == len(local):
        names = field_names(target, remote)
    fields = field_names(row.model, local)
    known = len(names) == len(remote)
    what = f"{_name(target, 'record')} with this {' and '.join(names)}" if known else f"such {_name(target, 'record')}"
    return UserError(ErrorCode.FOREIGN_KEY, f"There is no {what}.", place([row], fields), fields)


# ---------- referrers of what goes ----------


def _referrers(
    connection: sa.Connection,
    constraint: sa.ForeignKeyConstraint,
    rows: Sequence[WrittenRow],
    catalog: Catalog,
    earlier: Sequence[WrittenRow],
) -> list[_Found]:
    """The rows that other records refer to by a key that is deleted or changed."""
    local, remote = _local(constraint), _remote(constraint)
    going = [row for row in rows_of(rows, constraint.referred_table) if _takes_away(row, constraint)]
    if not going or _is_inheritance(constraint, going[0].model):
        return []
    before = stored_values(connection, going, remote)
    after = final_values(connection, going, remote)
    gone = [
        (row, values)
        for row, values, new in zip(going, before, after, strict=True)
        if values is not None and None not in values and (row.deleted or (new is not None and new != values))
    ]
    moving = [
        row
        for row in rows_of([*earlier, *rows], constraint.table)
        if row.key is not None and (row.deleted or row.sets(local))
    ]
    known = {comparable(row.identity(constraint.table)) for row in moving}
    model = model_of(catalog, constraint.table)
    key = key_columns(model, constraint.table) if model is not None else tuple(constraint.table.primary_key)
    # One more than the referrers that the same write takes care of is enough to know.
    limited = [sa.select(*(key or local)).where(equal(local, values)).limit(len(known) + 1) for _, values in gone]
    selects = [sa.select(*each.subquery().c) for each in limited]
    return [
        (row, _still_referred_to(row, model))
        for (row, _), referrers in zip(gone, select_each(connection, selects), strict=True)
        if {comparable(each) for each in referrers} - known
    ]


def _takes_away(row: WrittenRow, constraint: sa.ForeignKeyConstraint) -> bool:
    """Whether a row loses the key that it is referred to by, and the database leaves the referrers as they are."""
    if row.key is None:
        return False
    action = constraint.ondelete if row.deleted else constraint.onupdate
    return (row.deleted or row.sets(_remote(constraint))) and (action or "").upper() not in _CLEANED_UP


def _is_inheritance(constraint: sa.ForeignKeyConstraint, model: Model) -> bool:
    """Whether the foreign key ties the table of a class to that of its base class: both hold the same record."""
    classes = mapper_of(model).base_mapper.self_and_descendants
    return all(column.primary_key for column in _local(constraint)) and any(
        mapper.local_table is constraint.table and mapper.inherits is not None for mapper in classes
    )


def _still_referred_to(row: WrittenRow, referrer: Model | None) -> UserError:
    hides = referrer is not None and referrer.policy is not None  # the caller may not know of them
    message = f"{_name(None if hides else referrer, 'Other')} records still refer to this {row.model.name}."
    return UserError(ErrorCode.FOREIGN_KEY, message, row.path)


def _name(model: Model | None, otherwise: str) -> str:
    return otherwise if model is None else model.name
