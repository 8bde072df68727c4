"""Rows that are all there is to write in, what is shown of them out, in a transaction that the driver itself runs.

A session of SQLAlchemy with its transaction costs three times what the statements do. It is done without one where nobody
listens to it. On PostgreSQL alone: SQLite takes no time for round trips.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.pool import PoolProxiedConnection

from gqlcrud.execution.connection import OperationConnection, took_too_long, unavailable
from gqlcrud.execution.driver import Driver, DriverStatement
from gqlcrud.execution.failures import is_driver_failure, is_outage
from gqlcrud.execution.greenlets import spawned
from gqlcrud.execution.reader import Reader
from gqlcrud.execution.sources import ConnectionSource
from gqlcrud.statements import Database
from gqlcrud.unit_of_work import LoneRows, SessionNeededError

T = TypeVar("T")
Show = Callable[[Reader], Awaitable[T]]
"""What is shown of the rows that were written; the reader reads in their transaction."""


class NotAloneError(exc.InvalidRequestError):
    """Something else than the driver has to run a statement."""


@dataclass(slots=True)
class HeldDriver(Driver):
    """A driver on one connection, in a transaction that somebody else ends. lender: the driver itself, which runs what there
    is to run."""

    held: PoolProxiedConnection | None = None
    lender: Driver | None = None

    @property
    def is_free(self) -> bool:
        return True

    async def connect(self) -> PoolProxiedConnection:
        assert self.held is not None, "it is made with one"
        return self.held

    async def release(self, connection: PoolProxiedConnection, error: BaseException | None) -> None:
        return

    def fetch(
        self,
        connection: PoolProxiedConnection,
        statement: DriverStatement,
        values: Mapping[str, Any],
        timeout: float | None = None,
    ) -> Coroutine[Any, Any, Sequence[Sequence[Any]]]:
        assert self.lender is not None, "it is made with one"
        return self.lender.fetch(connection, statement, values, timeout)


@dataclass(frozen=True, slots=True)
class LoneWriter:
    """Writes rows by the driver of an engine. timeout: seconds for all of them, and for each statement that reads."""

    driver: Driver
    timeout: float | None

    async def run(self, rows: LoneRows, show: Show[T]) -> T | None:
        """What is shown of the rows, once they are committed. None where nothing is written, because the database refuses it,
        or because a session has to be there for it: who writes the rows with a session is told.

        Raises RequestError for a database that does not answer, or not in time, and what `show` raises of its own; nothing is
        written then, unless the connection is lost at the COMMIT.
        """
        connection = await self._connect()
        if connection is None:
            return None
        try:
            result = await self._written(connection, rows, show) if _is_plain(connection) else None
        except BaseException as error:
            await self.driver.release(connection, error.__cause__ or error)
            raise
        await self.driver.release(connection, None)
        return result

    async def _connect(self) -> PoolProxiedConnection | None:
        try:
            return await self.driver.connect()
        except (exc.SQLAlchemyError, OSError) as error:
            if is_outage(error):
                raise unavailable(error) from error
        except Exception:
            return None  # whoever connects with a session tells of it
        return None

    async def _written(self, connection: PoolProxiedConnection, rows: LoneRows, show: Show[T]) -> T | None:
        raw: Any = connection.driver_connection
        try:
            async with asyncio.timeout(self.timeout):
                await raw.execute("BEGIN")
                await self._write(connection, rows)
            result = await self._shown(connection, show)
        except TimeoutError as error:
            raise took_too_long(error) from error
        except (exc.SQLAlchemyError, SessionNeededError, OSError, ValueError, OverflowError):
            await _roll_back(connection, raw)
            return None
        except Exception as error:
            await _roll_back(connection, raw)
            if is_driver_failure(error):
                return None
            raise
        return result if await _committed(raw) else None

    async def _write(self, connection: PoolProxiedConnection, rows: LoneRows) -> None:
        for step in rows.steps:
            given = step.given()
            statement = await self.driver.statement(connection, step.statement, given)
            if statement is None:
                raise NotAloneError
            step.take(statement.read(await self.driver.fetch(connection, statement, given)))

    async def _shown(self, connection: PoolProxiedConnection, show: Show[T]) -> T:
        """What is shown; nothing reads any more then, whatever comes of it."""
        held = HeldDriver(self.driver.engine, self.driver._known, held=connection, lender=self.driver)
        reading = OperationConnection(ConnectionSource(Database.POSTGRESQL, _no_session, held), self.timeout)
        try:
            return await show(Reader(reading))
        finally:
            await reading.close()


async def _committed(raw: Any) -> bool:
    """False if the COMMIT is refused, as by a constraint that is deferred."""
    try:
        await raw.execute("COMMIT")
    except Exception as error:
        if (getattr(error, "sqlstate", None) or _LOST[0]).startswith(_LOST):
            raise unavailable(error) from error
        return False
    return True


async def _roll_back(connection: PoolProxiedConnection, raw: Any) -> None:
    """A connection that is lost is thrown away."""
    try:
        async with asyncio.timeout(_ROLLED_BACK_WITHIN):
            await raw.execute("ROLLBACK")
    except Exception:
        await spawned(connection.invalidate)


_LOST = ("08", "53", "57P")
"""SQLSTATEs of a connection that is lost, and of a server that has no room or stops."""
_ROLLED_BACK_WITHIN = 1.0
"""Seconds."""


def _is_plain(connection: PoolProxiedConnection) -> bool:
    """Whether SQLAlchemy would begin a transaction with no more than BEGIN."""
    adapted: Any = connection.dbapi_connection
    return (
        getattr(adapted, "isolation_level", None) in (None, "read_committed")
        and not getattr(adapted, "readonly", False)
        and not getattr(adapted, "deferrable", False)
    )


def _no_session() -> AbstractAsyncContextManager[AsyncConnection]:
    raise NotAloneError
