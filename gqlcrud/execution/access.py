"""A database in, where an operation reads and where it writes out; of a session of the application's it is the same place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import sessionmaker

from gqlcrud.errors import ConfigurationError
from gqlcrud.execution.row_security import check_database, secured_source, secured_transactions, told_of
from gqlcrud.execution.sources import ConnectionSource, engine_source, session_source, sessionmaker_source
from gqlcrud.execution.transactions import (
    TransactionSource,
    engine_transactions,
    session_transactions,
    sessionmaker_transactions,
)
from gqlcrud.policies import RowLevelSecurity


@dataclass(frozen=True, slots=True)
class Sources:
    """Where an operation reads, and where it writes. lent: both in a session that the application goes on with."""

    reads: ConnectionSource
    writes: TransactionSource
    lent: bool = False

    def telling(self, security: RowLevelSecurity | None, context: Any) -> Sources:
        """The same, where each transaction is told of the caller. Raises ConfigurationError where it cannot be."""
        if security is None:
            return self
        told = told_of(security, context)
        reads = secured_source(self.reads, told, joined=self.lent)
        return Sources(reads, secured_transactions(self.writes, told), self.lent)


def database_sources(
    database: AsyncEngine | async_sessionmaker[Any], security: RowLevelSecurity | None = None
) -> Sources:
    """Raises ConfigurationError for a database without row-level security, if that is asked for."""
    if isinstance(database, AsyncEngine):
        reads = engine_source(database, autocommit=security is None)
        found = Sources(reads, engine_transactions(database))
    else:
        found = Sources(sessionmaker_source(database), sessionmaker_transactions(database))
    if security is not None:
        check_database(found.reads.database)
    return found


def read_database(database: object, security: RowLevelSecurity | None) -> Sources | None:
    """What an `Api` is given as its database; None for a dependency that gives a session. Raises ConfigurationError."""
    if isinstance(database, AsyncEngine | async_sessionmaker):
        return database_sources(database, security)
    if callable(database) and not isinstance(database, sessionmaker):
        return None
    raise ConfigurationError(
        f"Api takes an AsyncEngine (create_async_engine(...)), an async_sessionmaker or a FastAPI dependency that gives "
        f"an AsyncSession, not {database!r}."
    )


def session_sources(session: AsyncSession, *, joined: bool) -> Sources:
    """joined: the application has begun a transaction, and ends it."""
    return Sources(session_source(session), session_transactions(session, joined=joined), lent=True)
