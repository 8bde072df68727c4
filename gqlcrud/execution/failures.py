"""An error of the database in, what is to blame for it out: the network, the time it took, or a value that cannot be read."""

from __future__ import annotations

from sqlalchemy import exc


def is_timeout(error: exc.SQLAlchemyError | OSError) -> bool:
    """Whether a statement was cancelled, as by PostgreSQL's `statement_timeout` (SQLSTATE 57014), or took longer than the
    `command_timeout` of the driver, whose error has no number, other than that of a network that is slow."""
    if isinstance(error, exc.DBAPIError):
        return _sqlstate(error) == "57014"
    return isinstance(error, TimeoutError) and error.errno is None


def is_outage(error: exc.SQLAlchemyError | OSError) -> bool:
    """Whether the database, not the statement, is to blame: it is gone, busy, or ends the connection.

    SQLSTATE classes 08 and 53, 55P03 and 57P (connection, resources, a lock, shutdown); SQLite's busy and unreadable files.
    """
    if isinstance(error, exc.DBAPIError):
        state = _sqlstate(error)
        busy = isinstance(error, exc.OperationalError) and any(text in str(error.orig) for text in _SQLITE_OUTAGES)
        return error.connection_invalidated or busy or state.startswith(("08", "53", "55P03", "57P"))
    return isinstance(error, OSError | exc.TimeoutError)


def is_driver_failure(error: BaseException) -> bool:
    """Whether asyncpg has failed by itself, outside of what SQLAlchemy wraps: of a connection that is lost it may say that
    another operation is in progress. SQLAlchemy 2.0 would pool such a connection again."""
    return type(error).__module__.partition(".")[0] == "asyncpg"


_SQLITE_OUTAGES = ("is locked", "unable to open", "disk I/O")


def is_unreadable(error: exc.SQLAlchemyError | ValueError | OverflowError) -> bool:
    """Whether the driver cannot make a value of Python of one that it was sent. asyncpg raises errors of Python for that,
    which SQLAlchemy leaves as they are."""
    return not isinstance(error, exc.SQLAlchemyError) or "Could not decode to UTF-8" in str(error)


def _sqlstate(error: exc.DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""
