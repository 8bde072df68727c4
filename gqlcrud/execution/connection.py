"""Where connections come from, and the one connection of an operation: taken late, used by one statement at a time,
returned as soon as nothing reads."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker

from gqlcrud.errors import ConfigurationError, ErrorCode, RequestError
from gqlcrud.statements import SQLITE_FUNCTIONS, Database, database_of

logger = logging.getLogger("gqlcrud")

Rows: TypeAlias = list[Any]


@dataclass(frozen=True, slots=True)
class ConnectionSource:
    """Opens connections to one database."""

    database: Database
    connect: Callable[[], AbstractAsyncContextManager[AsyncConnection]]


def engine_source(engine: AsyncEngine) -> ConnectionSource:
    """Connections of an engine. On PostgreSQL reads run without BEGIN and ROLLBACK, which are round trips of their own."""
    database = database_of(engine.dialect.name)
    if database is Database.POSTGRESQL:
        engine = engine.execution_options(isolation_level="AUTOCOMMIT")
    return ConnectionSource(database, engine.connect)


def sessionmaker_source(maker: async_sessionmaker[Any]) -> ConnectionSource:
    """Connections of sessions made for each operation. Raises ConfigurationError if the maker is bound to no engine."""
    bind = maker.kw.get("bind")
    if bind is None:
        raise ConfigurationError("The async_sessionmaker has no bind; make it with async_sessionmaker(engine).")

    @asynccontextmanager
    async def connect() -> AsyncIterator[AsyncConnection]:
        async with maker() as session:
            yield await session.connection()

    return ConnectionSource(database_of(bind.dialect.name), connect)


def session_source(session: AsyncSession) -> ConnectionSource:
    """The connection of one session that the application opens and closes; its transaction is joined."""

    @asynccontextmanager
    async def connect() -> AsyncIterator[AsyncConnection]:
        yield await session.connection()

    return ConnectionSource(database_of(session.get_bind().dialect.name), connect)


@dataclass(slots=True)
class OperationConnection:
    """The connection of one GraphQL operation.

    A connection serves one statement at a time, while GraphQL resolves siblings concurrently: `lock` puts them in a row.
    """

    source: ConnectionSource
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _readers: int = 0
    _stack: AsyncExitStack | None = None
    _connection: AsyncConnection | None = None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """Keep the connection, once it is taken, until the last reader is through."""
        self._readers += 1
        try:
            yield
        finally:
            self._readers -= 1
            if self._readers == 0:
                await self._release()

    @asynccontextmanager
    async def exclusive(self) -> AsyncIterator[AsyncConnection]:
        """The connection for one's own statements, while no other statement of the operation runs."""
        async with self.reading(), self.lock:
            yield await self._acquire()

    async def execute(self, statement: sa.Select[Any], parameters: Mapping[str, Any]) -> Rows:
        """All rows of a statement; the caller holds `lock`. Raises RequestError for what a client may know."""
        try:
            connection = await self._acquire()
            result = await connection.execute(statement, parameters)
            return list(result.fetchall())
        except (exc.SQLAlchemyError, OSError) as error:
            raise _client_error(error) from error

    async def _acquire(self) -> AsyncConnection:
        if self._connection is None:
            stack = AsyncExitStack()
            connection = await stack.enter_async_context(self.source.connect())
            self._stack, self._connection = stack, connection
            if self.source.database is Database.SQLITE:
                await _add_functions(connection)
        return self._connection

    async def _release(self) -> None:
        stack, self._stack, self._connection = self._stack, None, None
        if stack is not None:
            await stack.aclose()


async def _add_functions(connection: AsyncConnection) -> None:
    """Give a SQLite connection the functions that its statements use, once in its life."""
    raw = await connection.get_raw_connection()
    if "gqlcrud" not in raw.info and raw.driver_connection is not None:
        for name, arguments, function in SQLITE_FUNCTIONS:
            await raw.driver_connection.create_function(name, arguments, function, deterministic=True)
        raw.info["gqlcrud"] = True


def _client_error(error: exc.SQLAlchemyError | OSError) -> Exception:
    """What a client is told of a failed statement; an error that says nothing to it is returned as it is, and masked."""
    if (
        isinstance(error, OSError | exc.TimeoutError)
        or getattr(error, "connection_invalidated", False)
        or _is_outage(error)
    ):
        logger.error("The database is not available: %s", type(error).__name__, exc_info=error)
        return RequestError("The database is not available.", ErrorCode.UNAVAILABLE)
    state = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    if state.startswith("22") or "user-defined function raised" in str(getattr(error, "orig", "")):
        return RequestError("The database cannot compute with a value of this request.")
    return error


def _is_outage(error: object) -> bool:
    """SQLSTATE classes 08, 53 and 57P (connection, resources, shutdown); SQLite's busy and unreadable files."""
    origin = getattr(error, "orig", None)
    state = getattr(origin, "sqlstate", None) or ""
    busy = isinstance(error, exc.OperationalError) and any(
        text in str(origin) for text in ("database is locked", "unable to open", "disk I/O")
    )
    return busy or state[:2] in {"08", "53"} or state.startswith("57P")
