"""The one connection of an operation: taken late, used by one statement at a time, returned as soon as nothing reads."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.pool import PoolProxiedConnection

from gqlcrud.diagnosis import is_computation, is_denied
from gqlcrud.errors import ConfigurationError, ErrorCode, RequestError
from gqlcrud.execution.cancelling import undisturbed
from gqlcrud.execution.driver import Driver, Rows
from gqlcrud.execution.failures import is_driver_failure, is_outage, is_timeout, is_unreadable
from gqlcrud.execution.sources import ConnectionSource
from gqlcrud.execution.watching import Watch, guard_of, prepare_sqlite
from gqlcrud.statements import Database

logger = logging.getLogger("gqlcrud")

T = TypeVar("T")


class UnreadableError(RequestError):
    """The driver cannot read a value."""

    def __init__(self) -> None:
        super().__init__("The database holds a value here that cannot be shown.", ErrorCode.UNREADABLE)


@dataclass(slots=True)
class OperationConnection:
    """The connection of one GraphQL operation.

    A connection serves one statement at a time, while GraphQL resolves siblings concurrently: `lock` puts them in a row.
    Once the database has failed, the operation asks it no more: what is left of it fails at once, not one wait later each.
    timeout: seconds that a statement may take. It is ended then as that of a task that is cancelled, by word to the server,
    so that no statement has to be run for it.
    """

    source: ConnectionSource
    timeout: float | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _readers: int = 0
    _opened: AbstractAsyncContextManager[AsyncConnection] | None = None
    _connection: AsyncConnection | None = None
    _raw: PoolProxiedConnection | None = None
    _watch: Watch = field(default_factory=Watch)
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
            await undisturbed(asyncio.wait(tuple(self._tasks)))

    def reading(self) -> _Reading:
        """A block that keeps the connection, once it is taken, until the last reader is through."""
        return _Reading(self)

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

    async def execute(self, statement: sa.Select[Any], parameters: Mapping[str, Any], *, lasting: bool = False) -> Rows:
        """All rows of a statement; the caller holds `lock`. lasting: whether this very statement comes again.

        Raises RequestError for what a client may know, UnreadableError for a value that the driver has no value of Python
        for.
        """
        driver = self.source.driver
        try:
            if lasting and driver is not None and self._connection is None and driver.is_free:
                rows = await self._fetch(driver, statement, parameters)
                if rows is not None:
                    return rows
            connection = await self._acquire()
            async with asyncio.timeout(self.timeout):
                running = guard_of(self.source.database)(connection.execute(statement, parameters))
                result = await _readable(running)
            return list(result.fetchall())
        except (exc.SQLAlchemyError, OSError) as error:
            await self._failed(error)
            raise
        except Exception as error:
            if is_driver_failure(error):
                await self._drop(error)
                raise self._unavailable(error) from error
            raise

    async def _fetch(self, driver: Driver, statement: sa.Select[Any], parameters: Mapping[str, Any]) -> Rows | None:
        """The rows by way of the driver; None for a statement that only SQLAlchemy can run."""
        raw = await self._acquire_raw(driver)
        if driver.ends_statements:
            return await self._fetch_from(raw, driver, statement, parameters, self.timeout)
        async with asyncio.timeout(self.timeout):
            return await self._fetch_from(raw, driver, statement, parameters, None)

    async def _fetch_from(
        self,
        raw: PoolProxiedConnection,
        driver: Driver,
        statement: sa.Select[Any],
        parameters: Mapping[str, Any],
        timeout: float | None,
    ) -> Rows | None:
        try:
            known = await driver.statement(raw, statement, parameters, timeout)
            if known is None:
                return None
            answer = await _readable(driver.fetch(raw, known, parameters, timeout))
        except BaseException as error:
            if not isinstance(error, Exception):
                await self._release(error)
            raise
        return known.read(answer)

    async def _acquire(self) -> AsyncConnection:
        """The connection as SQLAlchemy knows it."""
        self._check_outage()
        if self._connection is None:
            await self._release()  # there is one connection for an operation, and it may be the last of the pool
            opened = self.source.connect()
            connection = await self._open(opened.__aenter__, lambda _: opened.__aexit__(None, None, None))
            self._opened, self._connection = opened, connection
            if self.source.database is Database.SQLITE:
                self._watch = await prepare_sqlite(await connection.get_raw_connection(), connection.engine.sync_engine)
        self._watch.task = asyncio.current_task()
        return self._connection

    async def _acquire_raw(self, driver: Driver) -> PoolProxiedConnection:
        """The connection as the pool has it."""
        self._check_outage()
        if self._raw is None:
            self._raw = await self._open(driver.connect, lambda raw: driver.release(raw, None))
            if self.source.database is Database.SQLITE:
                self._watch = await prepare_sqlite(self._raw, driver.engine.sync_engine)
        self._watch.task = asyncio.current_task()
        return self._raw

    def _check_outage(self) -> None:
        if self._outage is not None:
            raise RequestError(_UNAVAILABLE, ErrorCode.UNAVAILABLE) from self._outage

    async def _open(self, connect: Callable[[], Coroutine[Any, Any, T]], give_back: Callable[[T], Awaitable[Any]]) -> T:
        """A connection. Raises RequestError if none comes about."""
        try:
            if self.source.database is Database.SQLITE:
                return await _open_in_thread(connect, give_back)
            return await connect()
        except (exc.InvalidRequestError, ConfigurationError):
            raise  # a session that cannot be used as it was: a mistake of the application
        except Exception as error:  # drivers raise errors of their own where no connection comes about
            raise self._unavailable(error) from error

    async def _failed(self, error: exc.SQLAlchemyError | OSError) -> None:
        """Drop the connection of a failed statement, and with it a transaction that takes no more statements.

        Raises RequestError for what a client may know of the failure.
        """
        if self.source.joined and self._connection is not None and self._connection.invalidated:
            self._outage = error  # the session has no other connection for what is left of the operation
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

    async def _release(self, error: BaseException | None = None) -> None:
        """Give the connection back; a transaction that an error has spoiled is rolled back."""
        opened, self._opened, self._connection = self._opened, None, None
        raw, self._raw = self._raw, None
        if raw is not None and self.source.driver is not None:
            if isinstance(error, Exception | None) and not isinstance(error, TimeoutError):
                self._watch.task = None
            else:  # the statement still runs, and is to be ended
                self._watch.given_up = True
            await self.source.driver.release(raw, error)
        if opened is not None:
            self._watch.task = None
            given = (type(error), error, error.__traceback__) if error else (None, None, None)
            await undisturbed(opened.__aexit__(*given))

    async def _drop(self, error: Exception) -> None:
        """Throw the connection away."""
        if self._connection is not None:
            await self._connection.invalidate()
        await self._release(error)


class _Reading:
    """No `asynccontextmanager`: it is a part of every read, and a generator takes three times as long."""

    __slots__ = ("_connection",)

    def __init__(self, connection: OperationConnection) -> None:
        self._connection = connection

    async def __aenter__(self) -> None:
        self._connection._readers += 1

    async def __aexit__(self, *_: object) -> None:
        self._connection._readers -= 1
        if self._connection._readers == 0:
            await self._connection._release()


async def _readable(work: Awaitable[T]) -> T:
    """Raises UnreadableError for a value that the driver has no value of Python for."""
    try:
        return await work
    except (ValueError, OverflowError, exc.OperationalError) as error:
        if not is_unreadable(error):
            raise
        raise UnreadableError from error


async def _open_in_thread(connect: Callable[[], Coroutine[Any, Any, T]], give_back: Callable[[T], Awaitable[Any]]) -> T:
    """SQLite opens its file in a thread, which does not learn that its caller is cancelled, and would leave the connection
    open: it is awaited and given back."""
    task = asyncio.ensure_future(connect())
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await undisturbed(_taken_back(task, give_back))
        raise


async def _taken_back(task: asyncio.Future[T], give_back: Callable[[T], Awaitable[Any]]) -> None:
    await asyncio.wait([task], timeout=_OPENS_WITHIN)
    task.cancel()  # it waits for a pool that has none free
    await asyncio.wait([task])
    if not task.cancelled() and task.exception() is None:
        await give_back(task.result())


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
