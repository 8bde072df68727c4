"""An engine, a sessionmaker or a session in, where connections come from out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import Session

from gqlcrud.errors import ConfigurationError
from gqlcrud.execution.driver import Driver, driver_of
from gqlcrud.statements import Database, database_of


@dataclass(frozen=True, slots=True)
class ConnectionSource:
    """Opens connections to one database. driver: what may run statements in place of SQLAlchemy, on connections of its own
    that are in no transaction; None where they are to be those of `connect`. joined: whether all connections are the one of
    a session of the application's, in its transaction."""

    database: Database
    connect: Callable[[], AbstractAsyncContextManager[AsyncConnection]]
    driver: Driver | None = None
    joined: bool = False

    @property
    def reads_json(self) -> bool:
        """Whether JSON may be read as a text."""
        return self.driver is not None and self.driver.reads_json


def engine_source(engine: AsyncEngine, *, autocommit: bool = True) -> ConnectionSource:
    """Connections of an engine. On PostgreSQL reads run without BEGIN and ROLLBACK, which are round trips of their own,
    unless `autocommit` is not wanted."""
    database = database_of(engine.dialect.name)
    driver = driver_of(engine) if autocommit else None
    if database is Database.POSTGRESQL and autocommit:
        engine = engine.execution_options(isolation_level="AUTOCOMMIT")
    return ConnectionSource(database, engine.connect, driver)


def sessionmaker_source(maker: async_sessionmaker[Any]) -> ConnectionSource:
    """Connections of sessions made for each operation. Raises ConfigurationError if the maker is bound to no engine."""
    database = sessionmaker_database(maker)

    @asynccontextmanager
    async def connect() -> AsyncIterator[AsyncConnection]:
        async with maker() as session:
            yield await session.connection()

    return ConnectionSource(database, connect)


def sessionmaker_database(maker: async_sessionmaker[Any]) -> Database:
    """Raises ConfigurationError if the maker is bound to no engine."""
    bind = maker.kw.get("bind")
    if bind is None:
        raise ConfigurationError("The async_sessionmaker has no bind; make it with async_sessionmaker(engine).")
    return database_of(bind.dialect.name)


def session_source(session: AsyncSession) -> ConnectionSource:
    """The connection of one session that the application opens and closes; its transaction is joined.

    On PostgreSQL a failed statement spoils its transaction; a savepoint leaves the application's own work intact.
    Raises ConfigurationError for a session of another kind.
    """
    if isinstance(session, Session):
        raise ConfigurationError("The session dependency gives a Session, which blocks; let it give an AsyncSession.")
    database = database_of(session.get_bind().dialect.name)

    @asynccontextmanager
    async def connect() -> AsyncIterator[AsyncConnection]:
        connection = await session.connection()
        if database is Database.SQLITE or await is_autocommit(connection):
            yield connection
            return
        async with connection.begin_nested():
            yield connection

    return ConnectionSource(database, connect, joined=True)


async def is_autocommit(connection: AsyncConnection) -> bool:
    """Whether a connection of PostgreSQL has no transactions."""
    raw = await connection.get_raw_connection()
    return bool(getattr(raw.dbapi_connection, "autocommit", False))
