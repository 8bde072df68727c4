"""Where connections come from, and the one connection of an operation: taken late, used by one statement at a time,
returned as soon as nothing reads."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import Session

from gqlcrud.diagnosis import is_computation, is_denied
from gqlcrud.errors import ConfigurationError, ErrorCode, RequestError
from gqlcrud.execution.failures import is_driver_failure, is_outage, is_timeout, is_unreadable
from gqlcrud.statements import SQLITE_FUNCTIONS, Database, database_of

logger = logging.getLogger("gqlcrud")

Rows: TypeAlias = list[Any]


@dataclass(frozen=True, slots=True)
class ConnectionSource:
    """Opens connections to one database."""

    database: Database
    connect: Callable[[], AbstractAsyncContextManager[AsyncConnection]]


def engine_source(engine: AsyncEngine, *, autocommit: bool = True) -> ConnectionSource:
    """Connections of an engine. On PostgreSQL reads run without BEGIN and ROLLBACK, which are round trips of their own,
    unless `autocommit` is not wanted."""
    database = database_of(engine.dialect.name)
    if database is Database.POSTGRESQL and autocommit:
        engine = engine.execution_options(isolation_level="AUTOCOMMIT")
    return ConnectionSource(database, engine.connect)


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

    return ConnectionSource(database, connect)


async def is_autocommit(connection: AsyncConnection) -> bool:
    """Whether a connection of PostgreSQL has no transactions."""
    raw = await connection.get_raw_connection()
    return bool(getattr(raw.dbapi_connection, "autocommit", False))


class UnreadableError(RequestError):
    """The driver cannot read a value."""

    def __init__(self) -> None:
        super().__init__("The database holds a value here that cannot be shown.", ErrorCode.UNREADABLE)


@dataclass(slots=True)
class OperationConnection:
    """The connection of one GraphQL operation.

    A connection serves one statement at a time, while GraphQL resolves siblings concurrently: `lock` puts them in a row.
    Once the database has failed, the operation asks it no more: what is left of it fails at once, not one wait later each.
    """

    source: ConnectionSource
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _readers: int = 0
    _stack: AsyncExitStack | None = None
    _connection: AsyncConnection | None = None
    _watch: _Watch = field(default_factory=lambda: _Watch())
    _outage: Exception | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `work` beside whoever waits for it; it ends with the operation at the latest."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # it is told to those who wait; asyncio need not log that nobody did

    async def close(self) -> None:
        """End what still runs, because nobody waits for it any more, and give the connection back."""
        if self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks)

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
        """The connection for one's own statements, while no other statement of the operation runs.

        Raises ConfigurationError in a block of this kind.
        """
        self.check_free()
        async with self.reading(), self.lock:
            _held.set(self)
            connection: AsyncConnection | None = None
            try:
                connection = await self._acquire()
                yield connection
            except exc.SQLAlchemyError as error:
                await self._failed(error)
                raise
            except TimeoutError as error:  # of whatever the block waits for; SQLAlchemy drops a connection for its own
                if connection is not None and connection.invalidated:
                    await self._failed(error)
                raise
            finally:
                _held.set(None)

    def check_free(self) -> None:
        """Raises ConfigurationError where the caller, or who started it, holds the connection: it would wait for itself."""
        if _held.get() is self:
            raise ConfigurationError(
                "This runs in a block of gqlcrud.connection(...), which no other statement of the operation may join. "
                "Load records before the block or after it."
            )

    async def execute(self, statement: sa.Select[Any], parameters: Mapping[str, Any]) -> Rows:
        """All rows of a statement; the caller holds `lock`. Raises RequestError for what a client may know, UnreadableError
        for a value that the driver has no value of Python for."""
        try:
            connection = await self._acquire()
            try:
                result = await connection.execute(statement, parameters)
            except (ValueError, OverflowError, exc.OperationalError) as error:
                if not is_unreadable(error):
                    raise
                raise UnreadableError from error
            return list(result.fetchall())
        except (exc.SQLAlchemyError, OSError) as error:
            await self._failed(error)
            raise
        except Exception as error:
            if is_driver_failure(error) and self._connection is not None:
                await self._connection.invalidate()
                await self._release(error)
                raise self._unavailable(error) from error
            raise

    async def _acquire(self) -> AsyncConnection:
        if self._outage is not None:
            raise RequestError(_UNAVAILABLE, ErrorCode.UNAVAILABLE) from self._outage
        if self._connection is None:
            stack = AsyncExitStack()
            try:
                connection = await self._open(stack)
            except (exc.InvalidRequestError, ConfigurationError):
                raise  # a session that cannot be used as it was: a mistake of the application
            except Exception as error:  # drivers raise errors of their own where no connection comes about
                raise self._unavailable(error) from error
            self._stack, self._connection = stack, connection
            if self.source.database is Database.SQLITE:
                self._watch = await prepare_sqlite(connection)
        self._watch.task = asyncio.current_task()
        return self._connection

    async def _open(self, stack: AsyncExitStack) -> AsyncConnection:
        """A connection that `stack` gives back. SQLite opens its file in a thread, which does not learn that its caller is
        cancelled, and would leave the connection open: it is awaited and given back."""
        opening = stack.enter_async_context(self.source.connect())
        if self.source.database is not Database.SQLITE:
            return await opening
        task = asyncio.ensure_future(opening)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait([task], timeout=_OPENS_WITHIN)
            task.cancel()  # it waits for a pool that has none free
            await asyncio.wait([task])
            if not task.cancelled() and task.exception() is None:
                await stack.aclose()
            raise

    async def _failed(self, error: exc.SQLAlchemyError | OSError) -> None:
        """Drop the connection of a failed statement, and with it a transaction that takes no more statements.

        Raises RequestError for what a client may know of the failure.
        """
        await self._release(error)
        if is_timeout(error):
            raise took_too_long(error) from error
        if is_outage(error):
            raise self._unavailable(error) from error
        if is_denied(error):
            raise not_allowed(error) from error
        if is_computation(error):
            logger.info("A value cannot be computed with.", exc_info=error)
            raise RequestError("The database cannot compute with a value of this request.") from error

    def _unavailable(self, error: Exception) -> RequestError:
        self._outage = error
        return unavailable(error)

    async def _release(self, error: Exception | None = None) -> None:
        """Give the connection back; a transaction that an error has spoiled is rolled back."""
        stack, self._stack, self._connection = self._stack, None, None
        if stack is not None:
            self._watch.task = None
            await stack.__aexit__(type(error) if error else None, error, error.__traceback__ if error else None)


def unavailable(error: Exception) -> RequestError:
    """What a client is told of an outage, which is logged."""
    logger.error("The database is not available: %s", type(error).__name__, exc_info=error)
    return RequestError(_UNAVAILABLE, ErrorCode.UNAVAILABLE)


def took_too_long(error: Exception) -> RequestError:
    """What a client is told of a statement that the database has ended, which is logged."""
    logger.warning("The database ended a statement.", exc_info=error)
    return RequestError("The database ended the statement: it took too long.", ErrorCode.TIMEOUT)


def not_allowed(error: Exception) -> RequestError:
    """What a client is told of a statement that the database does not allow its role, which is logged."""
    logger.warning("The database does not allow a statement.", exc_info=error)
    return RequestError("You may not do this.", ErrorCode.FORBIDDEN)


_OPENS_WITHIN = 0.2
"""Seconds: SQLite opens a file in less than a thousandth of one."""
_UNAVAILABLE = "The database is not available."
_held: ContextVar[OperationConnection | None] = ContextVar("gqlcrud_held", default=None)


@dataclass(slots=True)
class _Watch:
    """Whose statement runs on a connection. SQLite asks for it now and then, in its thread, and ends the statement of a
    cancelled task: else the thread would finish what nobody waits for, and the connection would not come back before."""

    task: asyncio.Task[Any] | None = None

    def is_cancelled(self) -> bool:
        return self.task is not None and self.task.cancelling() > 0


_WATCH_EVERY = 100_000
"""Steps of SQLite's virtual machine: about a millisecond."""


async def prepare_sqlite(connection: AsyncConnection) -> _Watch:
    """Give a SQLite connection the functions that its statements use, once in its life."""
    raw = await connection.get_raw_connection()
    watch: _Watch | None = raw.info.get("gqlcrud")
    if watch is None:
        watch = _Watch()
        assert raw.driver_connection is not None, "a connection that is checked out is open"
        for name, arguments, function in SQLITE_FUNCTIONS:
            await raw.driver_connection.create_function(name, arguments, function, deterministic=True)
        await raw.driver_connection.set_progress_handler(watch.is_cancelled, _WATCH_EVERY)
        raw.info["gqlcrud"] = watch
    return watch
