"""Where transactions for writing come from, and how a piece of work is run in one: wholly, or not at all."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm.exc import StaleDataError

from gqlcrud.catalog import Catalog
from gqlcrud.errors import ErrorCode, RequestError, UserError, WriteError
from gqlcrud.execution.connection import (
    ConnectionSource,
    OperationConnection,
    is_computation,
    is_outage,
    prepare_sqlite,
)
from gqlcrud.execution.reader import Reader
from gqlcrud.statements import Database, database_of
from gqlcrud.unit_of_work import Saver, WrittenRow, diagnose, is_transient, read_violation

logger = logging.getLogger("gqlcrud")

T = TypeVar("T")

ATTEMPTS = 4
"""How often a transaction is tried that fails only because of others that run at the same time."""


@dataclass(frozen=True, slots=True)
class TransactionSource:
    """Opens transactions of one database: each is committed at the end of its block, and rolled back if that fails.

    joined: the transaction is part of one of the application's, so that it cannot be tried again as a whole.
    """

    database: Database
    begin: Callable[[], AbstractAsyncContextManager[AsyncSession]]
    joined: bool = False


def engine_transactions(engine: AsyncEngine) -> TransactionSource:
    """A session for each transaction."""
    return _transactions(lambda: AsyncSession(engine), database_of(engine.dialect.name))


def sessionmaker_transactions(maker: async_sessionmaker[Any]) -> TransactionSource:
    """A session of the application's own making for each transaction, with the events and options that it has."""
    bind = maker.kw["bind"]
    return _transactions(maker, database_of(bind.dialect.name))


def _transactions(new_session: Callable[[], AsyncSession], database: Database) -> TransactionSource:
    @asynccontextmanager
    async def begin() -> AsyncIterator[AsyncSession]:
        async with new_session() as session, session.begin():
            await _start(await session.connection(), database)
            yield session

    return TransactionSource(database, begin)


def session_transactions(session: AsyncSession, *, joined: bool) -> TransactionSource:
    """Transactions in one session that the application opens and closes.

    What is written goes through a session of its own on the same connection, in a savepoint, so that a failure leaves
    the application's own work intact. joined: the application has begun a transaction and commits it itself; else each
    is committed when it has succeeded.
    """
    database = database_of(session.get_bind().dialect.name)

    @asynccontextmanager
    async def begin() -> AsyncIterator[AsyncSession]:
        await session.flush()
        connection = await session.connection()
        await _start(connection, database)
        own = AsyncSession(
            connection,
            join_transaction_mode="create_savepoint",
            sync_session_class=type(session.sync_session),
            info=session.info,
        )
        try:
            async with own, own.begin():
                yield own
        except BaseException:
            if not joined:
                await session.rollback()
            raise
        session.expire_all()
        if not joined:
            await session.commit()

    return TransactionSource(database, begin, joined)


async def _start(connection: AsyncConnection, database: Database) -> None:
    """SQLite is told at once that the transaction writes: one that has read before could not get the lock any more.

    Its driver begins transactions before INSERT, UPDATE and DELETE only, not before a savepoint.
    """
    if database is Database.SQLITE:
        await prepare_sqlite(connection)
        raw = await connection.get_raw_connection()
        assert raw.driver_connection is not None, "a connection that is checked out is open"
        if not raw.driver_connection.in_transaction:
            await connection.exec_driver_sql("BEGIN IMMEDIATE")


@dataclass(slots=True)
class Transaction:
    """One transaction that is open: plans are applied in it, and what they have written is read."""

    session: AsyncSession
    catalog: Catalog
    database: Database
    writing: list[WrittenRow] = field(default_factory=list)
    written: list[WrittenRow] = field(default_factory=list)

    async def apply(self, work: Callable[[Saver], T]) -> T:
        """Run a part of the unit of work, which is synchronous."""
        return await self.session.run_sync(
            lambda session: work(Saver(session, self.catalog, self.database, self.writing, self.written))
        )

    def reader(self) -> Reader:
        """Reads what is written, before it is committed."""

        @asynccontextmanager
        async def connect() -> AsyncIterator[AsyncConnection]:
            yield await self.session.connection()

        return Reader(OperationConnection(ConnectionSource(self.database, connect)))


Work: TypeAlias = Callable[[Transaction], Awaitable[T]]


@dataclass(frozen=True, slots=True)
class Writer:
    """Runs work in transactions of one source."""

    source: TransactionSource
    catalog: Catalog

    async def run(self, work: Work[T]) -> T:
        """What `work` gives, once it is committed.

        Raises WriteError for what a client is told in the payload, RequestError for what the database does not let
        through, and whatever else goes wrong as it is; nothing is written then.
        """
        for attempt in range(ATTEMPTS):
            rows: list[WrittenRow] = []
            earlier: list[WrittenRow] = []
            try:
                async with self.source.begin() as session:
                    return await work(Transaction(session, self.catalog, self.source.database, rows, earlier))
            except (exc.SQLAlchemyError, OSError) as error:
                again = attempt + 1 < ATTEMPTS and not self.source.joined and is_transient(error)
                if not again:
                    raise await self._explained(error, rows, earlier) from error
                logger.info("A transaction is tried again after %s.", type(error).__name__)
                await asyncio.sleep(random.uniform(0, 0.02 * 2**attempt))
        raise AssertionError("the last attempt gives a result or raises")

    async def _explained(self, error: Exception, rows: list[WrittenRow], earlier: list[WrittenRow]) -> Exception:
        """What is told of a failure of the database; the failure itself, if that is nothing that could be expected."""
        if isinstance(error, StaleDataError) and rows:
            message = "The record has been changed or deleted in the meantime."
            return WriteError([UserError(ErrorCode.STALE, message, rows[0].path)])
        violation = read_violation(error)
        if violation is not None and rows:
            async with self.source.begin() as session:
                errors = await session.run_sync(lambda each: diagnose(each, violation, rows, self.catalog, earlier))
            if errors:
                return WriteError(errors)
        if not isinstance(error, exc.SQLAlchemyError | OSError):
            return error
        if is_outage(error) or is_transient(error):
            logger.error("The database is not available: %s", type(error).__name__, exc_info=error)
            return RequestError("The database is not available.", ErrorCode.UNAVAILABLE)
        if is_computation(error):
            logger.info("A value cannot be stored.", exc_info=error)
            path = rows[0].path if len(rows) == 1 else ()
            return WriteError([UserError(ErrorCode.VALIDATION, "The database cannot store a value of this.", path)])
        return error
