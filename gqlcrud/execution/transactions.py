"""Where transactions for writing come from: an engine, an async_sessionmaker, or a session of the application's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker

from gqlcrud.errors import ConfigurationError
from gqlcrud.execution.cancelling import undisturbed
from gqlcrud.execution.driver import Driver, driver_of
from gqlcrud.execution.failures import is_driver_failure
from gqlcrud.execution.sources import is_autocommit, sessionmaker_database
from gqlcrud.execution.staleness import Written
from gqlcrud.execution.watching import guard_of, prepare_sqlite
from gqlcrud.statements import Database, database_of


@dataclass(frozen=True, slots=True)
class TransactionSource:
    """Opens transactions of one database: each is committed at the end of its block, and rolled back if that fails.

    joined: the session whose transaction is joined, which the application ends, so that it cannot be tried again as a
    whole; None for transactions of their own. driver: what may run a transaction of one statement that writes, in place of
    a session.
    """

    database: Database
    begin: Callable[[], AbstractAsyncContextManager[AsyncSession]]
    joined: AsyncSession | None = None
    driver: Driver | None = None


def engine_transactions(engine: AsyncEngine) -> TransactionSource:
    """A session for each transaction."""
    found = _transactions(lambda: AsyncSession(engine), database_of(engine.dialect.name))
    return replace(found, driver=driver_of(engine)) if found.database is Database.POSTGRESQL else found


def sessionmaker_transactions(maker: async_sessionmaker[Any]) -> TransactionSource:
    """A session of the application's own making for each transaction, with the events and options that it has.

    Raises ConfigurationError if the maker is bound to no engine.
    """
    return _transactions(maker, sessionmaker_database(maker))


def _transactions(new_session: Callable[[], AsyncSession], database: Database) -> TransactionSource:
    @asynccontextmanager
    async def begin() -> AsyncIterator[AsyncSession]:
        session, guarded = new_session(), guard_of(database)
        try:
            connection = await _start(session, database)
            try:
                yield session
                await guarded(_commit(session, connection, database))
            except BaseException as error:
                await undisturbed(_undo(session, error))
                raise
        finally:
            await undisturbed(session.close())

    return TransactionSource(database, begin)


def session_transactions(session: AsyncSession, *, joined: bool) -> TransactionSource:
    """Transactions in one session that the application opens and closes.

    What is written goes through a session of its own on the same connection, in a savepoint, so that a failure leaves
    the application's own work intact. joined: the application has begun a transaction and commits it itself; else each
    is committed when it has succeeded.
    """
    database = database_of(session.get_bind().dialect.name)
    guarded = guard_of(database)

    @asynccontextmanager
    async def begin() -> AsyncIterator[AsyncSession]:
        await session.flush()
        try:
            connection = await _start(session, database, joined=joined)
            own = AsyncSession(
                connection,
                join_transaction_mode="create_savepoint",
                sync_session_class=type(session.sync_session),
                info=session.info,
            )
            written = Written()
            async with own:
                await own.begin()
                try:
                    with written.watching(own.sync_session, connection):
                        yield own
                        await guarded(own.commit())
                except BaseException as error:
                    await undisturbed(_undo(own, error))
                    raise
            written.expire(session.sync_session)
            if not joined:
                await guarded(_commit(session, connection, database))
        except BaseException as error:
            if not joined:
                await undisturbed(_undo(session, error))
            raise

    return TransactionSource(database, begin, session if joined else None)


async def _start(session: AsyncSession, database: Database, *, joined: bool = False) -> AsyncConnection:
    """The connection of a session, in a transaction that may write.

    SQLite is told at once that it writes: a transaction that has read before could not get the lock any more. Its driver
    begins transactions before INSERT, UPDATE and DELETE only, not before a savepoint. Foreign keys hold as they do in
    PostgreSQL; a transaction that the application has begun keeps the setting that it has. On PostgreSQL an engine in
    AUTOCOMMIT has no transactions; the connection is put into the level of the server for this one.
    """
    connection = await _connection(session)
    if database is Database.SQLITE:
        await undisturbed(_begin_immediate(connection))
    elif await is_autocommit(connection):
        if joined:
            raise ConfigurationError(
                "The session that was given is in a transaction with the isolation level AUTOCOMMIT, which cannot be "
                "rolled back. Give its engine another isolation level, or begin no transaction before the operation."
            )
        level = (await connection.run_sync(lambda sync: sync.default_isolation_level)) or "READ COMMITTED"
        await session.rollback()
        connection = await _connection(session, {"isolation_level": level})
    return connection


async def _begin_immediate(connection: AsyncConnection) -> None:
    raw = await connection.get_raw_connection()
    await prepare_sqlite(raw, connection.engine.sync_engine)
    assert raw.driver_connection is not None, "a connection that is checked out is open"
    if not raw.driver_connection.in_transaction:
        await (await raw.driver_connection.execute("PRAGMA foreign_keys = ON")).close()
        await connection.exec_driver_sql("BEGIN IMMEDIATE")


async def _undo(session: AsyncSession, error: BaseException) -> None:
    """A connection that is lost cannot be rolled back; it is thrown away, and `error` is what is told."""
    if is_driver_failure(error) or (error.__cause__ is not None and is_driver_failure(error.__cause__)):
        await session.invalidate()
        return
    try:
        await session.rollback()
    except Exception:
        await session.invalidate()


async def _commit(session: AsyncSession, connection: AsyncConnection, database: Database) -> None:
    """SQLite leaves a transaction open whose COMMIT fails, while SQLAlchemy takes it for ended and pools it as it is. It
    throws away a connection whose COMMIT is cut off."""
    try:
        await session.commit()
    except Exception:
        if database is Database.SQLITE and not (connection.closed or connection.invalidated):
            raw = await connection.get_raw_connection()
            assert raw.driver_connection is not None, "the connection is open"
            await raw.driver_connection.rollback()
        raise


async def _connection(session: AsyncSession, options: Mapping[str, Any] | None = None) -> AsyncConnection:
    """Raises ConnectionError for the errors of their own that drivers raise where no connection comes about."""
    try:
        return await session.connection(execution_options=options)
    except (exc.SQLAlchemyError, OSError):
        raise
    except Exception as error:
        raise ConnectionError("No connection comes about.") from error
