"""Errors of the databases in, what they say of the broken constraint out: it knows neither models nor inputs.

PostgreSQL sends the parts of an error one by one. SQLite puts them into a message, which is read only where the
error's code tells the kind; its texts come from the schema, never from values.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from sqlalchemy.exc import DBAPIError


class ViolationKind(Enum):
    """What a statement did against the database's rules.

    FOREIGN_KEY: a target is missing, or records still refer to what goes; neither database tells which.
    TOO_LONG: of a text. OUT_OF_RANGE: of a number, or a time. INVALID_TEXT: a character that the database cannot store.
    """

    UNIQUE = "unique"
    FOREIGN_KEY = "foreign key"
    CHECK = "check"
    NOT_NULL = "not null"
    EXCLUSION = "exclusion"
    TOO_LONG = "too long"
    OUT_OF_RANGE = "out of range"
    INVALID_TEXT = "invalid text"


@dataclass(frozen=True, slots=True)
class Violation:
    """What the database says of a broken constraint, in its own names; None and () where it says nothing.

    table: where the constraint stands, for FOREIGN_KEY the referring table. columns: all of the constraint's, or none.
    constraint: a name; SQLite gives the condition of a check without one, and the name of an index on expressions.
    domain: the domain whose check or NOT NULL it is.
    """

    kind: ViolationKind
    table: str | None = None
    columns: tuple[str, ...] = ()
    constraint: str | None = None
    schema: str | None = None
    domain: str | None = None


class UnseenRecordError(Exception):
    """A record of the same key that the transaction cannot see, as it was committed after its snapshot."""


_SQLSTATES = {
    "23505": ViolationKind.UNIQUE,
    "23503": ViolationKind.FOREIGN_KEY,
    "23001": ViolationKind.FOREIGN_KEY,
    "23514": ViolationKind.CHECK,
    "23502": ViolationKind.NOT_NULL,
    "23P01": ViolationKind.EXCLUSION,
    "22001": ViolationKind.TOO_LONG,
    "22003": ViolationKind.OUT_OF_RANGE,
    "22008": ViolationKind.OUT_OF_RANGE,
    "22021": ViolationKind.INVALID_TEXT,
    "22P05": ViolationKind.INVALID_TEXT,
}
_DENIED_SQLSTATE = "42501"
"""insufficient_privilege: of a role, or of a row that a policy does not let through."""
_TRANSIENT_SQLSTATES = {"40001", "40P01"}
"""serialization_failure, deadlock_detected."""

_SQLITE_CODES = {
    sqlite3.SQLITE_CONSTRAINT_UNIQUE: ViolationKind.UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: ViolationKind.UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_ROWID: ViolationKind.UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY: ViolationKind.FOREIGN_KEY,
    sqlite3.SQLITE_CONSTRAINT_CHECK: ViolationKind.CHECK,
    sqlite3.SQLITE_CONSTRAINT_NOTNULL: ViolationKind.NOT_NULL,
}
_COMPUTATION = ("user-defined function raised", "integer overflow", "pattern too complex")
_FOREIGN_KEY_FAILED = "FOREIGN KEY constraint failed"
_SQLITE_CAUSE = re.compile(r"(?:UNIQUE|CHECK|NOT NULL) constraint failed: (.+)", re.DOTALL)
_SQLITE_INDEX = re.compile(r"index '(.+)'", re.DOTALL)
_PRIMARY_CODE = 0xFF
"""The bits of an extended result code of SQLite that hold the primary one. https://sqlite.org/rescode.html"""


def read_violation(error: BaseException) -> Violation | None:
    """What a failed statement or COMMIT did against the rules of the database; None for any other failure.

    Drivers refuse some values by themselves; SQLAlchemy passes on their OverflowError or UnicodeEncodeError as it is.
    """
    for each in _origins(error):
        if isinstance(each, OverflowError):
            return Violation(ViolationKind.OUT_OF_RANGE)
        if isinstance(each, UnicodeEncodeError):
            return Violation(ViolationKind.INVALID_TEXT)
        if isinstance(each, sqlite3.Error):
            return _sqlite_violation(each)
        kind = _SQLSTATES.get(_text(each, "sqlstate") or "")
        if kind is not None and hasattr(each, "constraint_name"):
            return _postgresql_violation(kind, each)
    return None


def is_denied(error: BaseException) -> bool:
    """Whether the database does not allow its role what a statement does, or a policy of it the row that is written."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) == _DENIED_SQLSTATE


def is_transient(error: BaseException) -> bool:
    """Whether the whole transaction may succeed if it is tried again.

    A serialization failure or a deadlock of PostgreSQL; a record that only a later snapshot shows; a database or table
    of SQLite that another one has locked.
    """
    if isinstance(error, UnseenRecordError):
        return True
    for each in _origins(error):
        if isinstance(each, sqlite3.Error):
            code = getattr(each, "sqlite_errorcode", 0) & _PRIMARY_CODE
            return code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
        if _text(each, "sqlstate") in _TRANSIENT_SQLSTATES:
            return True
    return False


def is_computation(error: BaseException) -> bool:
    """Whether the database refuses to compute with a value: SQLSTATE class 22, or SQLite's words for that."""
    return isinstance(error, DBAPIError) and any(
        (_text(each, "sqlstate") or "").startswith("22") or any(text in str(each) for text in _COMPUTATION)
        for each in _origins(error)
    )


def _origins(error: BaseException) -> Iterator[BaseException]:
    """An error of the database as SQLAlchemy wraps it, its adapter, the driver, and what the driver met."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    while origin is not None:
        yield origin
        origin = origin.__cause__


def _postgresql_violation(kind: ViolationKind, error: BaseException) -> Violation:
    column = _text(error, "column_name")
    return Violation(
        kind,
        table=_text(error, "table_name"),
        columns=() if column is None else (column,),
        constraint=_text(error, "constraint_name"),
        schema=_text(error, "schema_name"),
        domain=_text(error, "data_type_name"),
    )


def _sqlite_violation(error: sqlite3.Error) -> Violation | None:
    message = str(error)
    code = getattr(error, "sqlite_errorcode", 0)
    # ON DELETE RESTRICT is a trigger to SQLite, which fails with the message of a foreign key.
    if code == sqlite3.SQLITE_CONSTRAINT_TRIGGER and message == _FOREIGN_KEY_FAILED:
        return Violation(ViolationKind.FOREIGN_KEY)
    kind = _SQLITE_CODES.get(code)
    found = _SQLITE_CAUSE.fullmatch(message)
    if kind is None or found is None:
        return None if kind is None else Violation(kind)
    cause = found[1]
    if kind is ViolationKind.CHECK:
        return Violation(kind, constraint=cause)
    if kind is ViolationKind.UNIQUE and (index := _SQLITE_INDEX.fullmatch(cause)):
        return Violation(kind, constraint=index[1])
    table, _, first = cause.partition(".")
    return Violation(kind, table=table, columns=tuple(first.split(f", {table}.")))


def _text(error: BaseException, name: str) -> str | None:
    """A part of an error of asyncpg, which is not imported: who uses SQLite alone does not have it."""
    value = getattr(error, name, None)
    return value if isinstance(value, str) else None
