"""A violation and the rows that were written in, the errors that a client is told out, each at its place in the input."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import assert_never

import sqlalchemy as sa
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from gqlcrud.catalog import Catalog
from gqlcrud.diagnosis.assumptions import assumption_errors
from gqlcrud.diagnosis.checks import check_errors, unknown_check, unplaced_check
from gqlcrud.diagnosis.conflicts import conflict_errors, unplaced_conflict
from gqlcrud.diagnosis.constraints import (
    Check,
    broken_table,
    columns_named,
    declared_check,
    domain_checks,
    read_check,
    read_uniqueness,
)
from gqlcrud.diagnosis.misfits import misfit_errors, null_errors
from gqlcrud.diagnosis.permitted import unpermitted
from gqlcrud.diagnosis.references import reference_errors, unplaced_reference
from gqlcrud.diagnosis.violations import Violation, ViolationKind
from gqlcrud.diagnosis.written_rows import WrittenRow
from gqlcrud.errors import UserError
from gqlcrud.plan import Unruled, WriteRules

_TELLING = {ViolationKind.UNIQUE, ViolationKind.EXCLUSION, ViolationKind.FOREIGN_KEY}
"""What tells of other records."""
_UNRULED = Unruled()


def diagnose(
    session: Session,
    violation: Violation,
    rows: Sequence[WrittenRow],
    catalog: Catalog,
    earlier: Sequence[WrittenRow] = (),
    rules: WriteRules = _UNRULED,
) -> tuple[UserError, ...]:
    """Which of the rows broke the constraint, and how: one error for each that can be known at once.

    To be called when the failed statement is rolled back, to a savepoint or wholly; `rows` are all those that went with
    it, in the order of the input, and `earlier` what the transaction had written before. If the offenders cannot be
    told from the others, there is one error for them all, at the place that holds them. () for a violation that has
    nothing to do with what the client wrote, such as that of a trigger in a table of its own.
    rules: what the caller may write; of rows that may not be written nothing is told but FORBIDDEN.

    The codes: UNIQUE for UNIQUE and for EXCLUSION (the message says that records overlap), FOREIGN_KEY, CHECK, NOT_FOUND
    for a record that was taken to be there, REQUIRED_RELATION for a NULL in the foreign key of a relation, and VALIDATION
    for what a column cannot hold.
    """
    if not rows:
        return ()
    connection = session.connection(bind_arguments={"mapper": rows[0].mapper})
    if violation.kind in _TELLING and (refused := _attempt(connection, partial(unpermitted, connection, rows, rules))):
        return tuple(refused)
    match violation.kind:
        case ViolationKind.UNIQUE | ViolationKind.EXCLUSION:
            return tuple(_conflicts(connection, violation, rows, catalog, earlier))
        case ViolationKind.FOREIGN_KEY:
            return tuple(_references(connection, violation, rows, catalog, earlier))
        case ViolationKind.CHECK:
            return tuple(_checks(connection, violation, rows, catalog))
        case ViolationKind.NOT_NULL:
            return tuple(_nulls(connection, violation, rows, catalog))
        case ViolationKind.TOO_LONG | ViolationKind.OUT_OF_RANGE | ViolationKind.INVALID_TEXT:
            return tuple(misfit_errors(violation.kind, rows, connection.dialect.name))
        case _:
            assert_never(violation.kind)


def _conflicts(
    connection: sa.Connection,
    violation: Violation,
    rows: Sequence[WrittenRow],
    catalog: Catalog,
    earlier: Sequence[WrittenRow],
) -> list[UserError]:
    table = broken_table(connection, violation, rows, catalog)
    constraint = None if table is None else read_uniqueness(connection, violation, table)
    if constraint is None:
        return []
    errors = _attempt(connection, partial(conflict_errors, connection, constraint, rows, catalog, earlier))
    return errors or [unplaced_conflict(constraint, rows, catalog)]


def _references(
    connection: sa.Connection,
    violation: Violation,
    rows: Sequence[WrittenRow],
    catalog: Catalog,
    earlier: Sequence[WrittenRow],
) -> list[UserError]:
    missing = _attempt(connection, partial(assumption_errors, connection, rows, earlier))
    if missing:
        return missing
    table = broken_table(connection, violation, rows, catalog)
    if table is None and violation.table is not None:
        return []
    errors = _attempt(connection, partial(reference_errors, connection, rows, catalog, earlier))
    return errors or [unplaced_reference(table, rows, catalog)]


def _checks(
    connection: sa.Connection, violation: Violation, rows: Sequence[WrittenRow], catalog: Catalog
) -> list[UserError]:
    checks = _broken_checks(connection, violation, rows, catalog)
    if not checks and connection.dialect.name == "sqlite":
        return [unknown_check(rows)]
    errors = [
        error for check in checks for error in _attempt(connection, partial(check_errors, connection, check, rows))
    ]
    if errors or not checks:
        return errors
    # Of several columns of one domain it is not known which.
    check = checks[0] if len(checks) == 1 else replace(checks[0], columns=())
    return [unplaced_check(check, rows, catalog)]


def _broken_checks(
    connection: sa.Connection, violation: Violation, rows: Sequence[WrittenRow], catalog: Catalog
) -> list[Check]:
    """One check, or that of a domain once for each column; none if it cannot be found."""
    if violation.domain is not None:
        return domain_checks(connection, violation, rows)
    if connection.dialect.name == "sqlite":
        check = declared_check(violation, rows)
    else:
        table = broken_table(connection, violation, rows, catalog)
        check = None if table is None else read_check(connection, violation, table)
    return [] if check is None else [check]


def _nulls(
    connection: sa.Connection, violation: Violation, rows: Sequence[WrittenRow], catalog: Catalog
) -> list[UserError]:
    table = broken_table(connection, violation, rows, catalog)
    if table is not None:
        return null_errors(table, columns_named(table, violation.columns), rows, catalog)
    found = domain_checks(connection, violation, rows) if violation.domain is not None else []
    return [error for each in found for error in null_errors(each.table, each.columns, rows, catalog)]


def _attempt(connection: sa.Connection, find: Callable[[], list[UserError]]) -> list[UserError]:
    """What is found, or nothing if a lookup fails: a row after the one that failed may hold what no statement takes.

    The savepoint keeps the transaction usable, which the caller may still need.
    """
    try:
        with connection.begin_nested():
            return find()
    except (StatementError, OverflowError, UnicodeEncodeError):
        return []
