"""Pieces of work in, each run in one transaction: wholly, or not at all."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

from sqlalchemy import exc, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.util import await_only

from gqlcrud.catalog import Catalog
from gqlcrud.diagnosis import (
    UnseenRecordError,
    Violation,
    WrittenBatch,
    WrittenRow,
    denied,
    diagnose,
    each_row,
    is_computation,
    is_denied,
    is_transient,
    read_violation,
    uncomputable,
)
from gqlcrud.errors import ErrorCode, RequestError, UserError, WriteError
from gqlcrud.execution.announcing import announce, announce_with
from gqlcrud.execution.cancelling import Shelter, cancelled_once, undisturbed
from gqlcrud.execution.connection import OperationConnection, took_too_long, unavailable
from gqlcrud.execution.failures import is_driver_failure, is_outage, is_timeout
from gqlcrud.execution.reader import Reader
from gqlcrud.execution.sources import ConnectionSource, session_source
from gqlcrud.execution.transactions import TransactionSource
from gqlcrud.execution.watching import prepare_sqlite
from gqlcrud.plan import Unruled, WriteRules
from gqlcrud.statements import Database
from gqlcrud.unit_of_work import RecordHooks, Saver

logger = logging.getLogger("gqlcrud")

T = TypeVar("T")

ATTEMPTS = 4
"""How often a transaction is tried that fails only because of others that run at the same time."""

_FAILURES = (exc.SQLAlchemyError, OSError, OverflowError, UnicodeEncodeError, UnseenRecordError)
"""What a statement or a COMMIT may raise; SQLAlchemy passes some errors of the drivers on as they are."""


@dataclass(slots=True)
class Rows:
    """What a transaction writes.

    writing: the rows of the statement that has failed. written: those before it, which a COMMIT may refuse yet.
    """

    writing: list[WrittenRow] = field(default_factory=list)
    written: list[WrittenRow | WrittenBatch] = field(default_factory=list)


@dataclass(slots=True)
class Transaction:
    """One transaction that is open: plans are applied in it, and what they have written is read.

    place: put before the path of every error; it tells which of several pieces of work has failed. hooks: of the
    records that are written; they are told of a cancellation, by `shelter`. holds_keys: whether the database holds
    declared foreign keys to be true, and lets the caller see where they lead. rules: what the caller may write.
    timeout: seconds for each part of the work, and for each statement that reads.
    """

    session: AsyncSession
    catalog: Catalog
    database: Database
    hooks: RecordHooks
    holds_keys: bool
    rows: Rows = field(default_factory=Rows)
    place: tuple[str, ...] = ()
    rules: WriteRules = field(default_factory=Unruled)
    timeout: float | None = None
    shelter: Shelter = field(default_factory=Shelter)
    _connections: list[OperationConnection] = field(default_factory=list)

    async def apply(self, work: Callable[[Saver], T]) -> T:
        """Run a part of the unit of work, which is synchronous."""
        rows = Rows()
        try:
            async with self._watched(), asyncio.timeout(self.timeout):
                return await self._guarded(
                    self.session.run_sync(
                        lambda session: _permitted(
                            Saver(
                                *(session, self.catalog, self.database, self.hooks, rows.writing, rows.written),
                                holds_keys=self.holds_keys,
                                rules=self.rules,
                            ),
                            work,
                        )
                    )
                )
        except WriteError as error:
            raise error.below(*self.place) from None
        finally:
            self.rows.writing[:] = [row.below(*self.place) for row in rows.writing]
            self.rows.written += [row.below(*self.place) for row in rows.written]

    def _guarded(self, work: Coroutine[Any, Any, T]) -> Awaitable[T]:
        if self.database is Database.SQLITE:
            return undisturbed(work, self.shelter)
        return cancelled_once(work)

    def reader(self) -> Reader:
        """Reads what is written, before it is committed; a statement that fails spoils the transaction."""

        @asynccontextmanager
        async def connect() -> AsyncIterator[AsyncConnection]:
            yield await self.session.connection()

        return Reader(self._connection(ConnectionSource(self.database, connect)))

    def connection(self) -> OperationConnection:
        """Reads what is written, and leaves the transaction intact if a statement fails."""
        return self._connection(session_source(self.session))

    def _connection(self, source: ConnectionSource) -> OperationConnection:
        self._connections.append(OperationConnection(source, self.timeout))
        return self._connections[-1]

    async def close(self) -> None:
        """End what still reads, before the transaction ends: it cannot while a statement runs on its connection."""
        for each in self._connections:
            await each.close()

    @asynccontextmanager
    async def _watched(self) -> AsyncIterator[None]:
        """SQLite ends a statement whose task is cancelled, as it does for reads; never the ROLLBACK after it."""
        if self.database is not Database.SQLITE:
            yield
            return
        connection = await self.session.connection()
        watch = await prepare_sqlite(await connection.get_raw_connection(), connection.engine.sync_engine)
        watch.task = asyncio.current_task()
        try:
            yield
        finally:
            watch.task = None


def _permitted(saver: Saver, work: Callable[[Saver], T]) -> T:
    """What the work gives, once it is seen that the caller may leave what it has written as it is."""
    result = work(saver)
    saver.check_written()
    return result


Work: TypeAlias = Callable[[Transaction], Awaitable[T]]


@dataclass(slots=True)
class Held(Generic[T]):
    """Work that is done, in a transaction that is still open. It ends by `commit` or `roll_back`."""

    result: T
    transaction: Transaction
    _stack: AsyncExitStack
    _explain: Callable[[Exception, Rows], Awaitable[Exception]]
    _announce: Callable[[Transaction], Awaitable[None]]

    async def commit(self) -> None:
        """Raises what `Writer.run` raises; nothing is written then."""
        try:
            await self._stack.aclose()
        except _FAILURES as error:
            raise await self._explain(error, self.transaction.rows) from error
        await self._announce(self.transaction)

    async def roll_back(self) -> None:
        """Undo the work, unless it is committed."""
        await self._stack.__aexit__(_RolledBack, _RolledBack(), None)


class _RolledBack(Exception):
    """Tells the blocks of a transaction to end; nobody sees it."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Runs work in transactions of one source. context: that of the request, for hooks. attempts: 1 for work that cannot
    be done again from the start. rules: what the caller may write. timeout: seconds for each part of the work."""

    source: TransactionSource
    catalog: Catalog
    context: Any = None
    attempts: int = ATTEMPTS
    rules: WriteRules = field(default_factory=Unruled)
    timeout: float | None = None

    async def run(self, work: Work[T]) -> T:
        """What `work` gives, once it is committed and the hooks that wait for that are called.

        Raises WriteError for what a client is told in the payload, RequestError for what the database does not let
        through, and whatever else goes wrong as it is; nothing is written then.
        """

        async def once(rows: Rows) -> T:
            async with AsyncExitStack() as stack:
                transaction = await self._begin(stack, rows)
                result = await work(transaction)
            await self._announce(transaction)
            return result

        return await self._retried(once)

    async def hold(self, work: Work[T]) -> Held[T]:
        """What `work` gives, and its transaction, which the caller ends. Raises what `run` does.

        Constraints that are deferred are checked on PostgreSQL, while the work can still be tried again.
        """

        async def once(rows: Rows) -> Held[T]:
            async with AsyncExitStack() as stack:
                transaction = await self._begin(stack, rows)
                result = await work(transaction)
                if self.source.database is Database.POSTGRESQL:
                    await transaction.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
                return Held(result, transaction, stack.pop_all(), self._explained, self._announce)
            raise AssertionError("no block swallows an error")

        return await self._retried(lambda rows: cancelled_once(once(rows)))

    async def _announce(self, transaction: Transaction) -> None:
        """Tell the hooks what is committed; of what the application commits, when it does."""
        events = transaction.hooks.committed()
        if self.source.joined is None:
            await announce(events)
        else:
            announce_with(self.source.joined, events)

    async def _retried(self, once: Callable[[Rows], Awaitable[T]]) -> T:
        for attempt in range(self.attempts):
            rows = Rows()
            try:
                return await once(rows)
            except _FAILURES as error:
                again = is_transient(error) or isinstance(error, StaleDataError)
                if attempt + 1 == self.attempts or self.source.joined is not None or not again:
                    raise await self._explained(error, rows) from error
                logger.info("A transaction is tried again after %s.", type(error).__name__)
            except Exception as error:
                if is_driver_failure(error):
                    raise unavailable(error) from error
                raise
            await asyncio.sleep(random.uniform(0, 0.02 * 2**attempt))
        raise AssertionError("the last attempt gives a result or raises")

    async def _begin(self, stack: AsyncExitStack, rows: Rows) -> Transaction:
        """Raises RequestError if no connection is to be had, or no lock on the file: both were waited for already."""
        try:
            session = await stack.enter_async_context(self.source.begin())
        except (exc.SQLAlchemyError, OSError) as error:
            if is_outage(error):
                raise unavailable(error) from error
            raise
        shelter = Shelter()
        hooks = RecordHooks(self.context, session, lambda work: await_only(shelter.opened(work)))
        # SQLite does if it is told to, which is for the application where the transaction is its own; a foreign key leads to
        # records that policies of the database hide
        holds_keys = self.source.database is Database.POSTGRESQL or self.source.joined is None
        holds_keys = holds_keys and not self.rules.secured
        transaction = Transaction(
            *(session, self.catalog, self.source.database, hooks, holds_keys, rows),
            rules=self.rules,
            timeout=self.timeout,
            shelter=shelter,
        )
        stack.push_async_callback(transaction.close)
        return transaction

    async def _explained(self, error: Exception, rows: Rows) -> Exception:
        """What is told of a failure of the database; the failure itself, if that is nothing that could be expected."""
        suspects = each_row(rows.writing or rows.written)
        if isinstance(error, StaleDataError) and suspects:
            message = "The record has been changed or deleted in the meantime."
            return WriteError([UserError(ErrorCode.STALE, message, suspects[0].path)])
        violation = read_violation(error)
        if violation is not None and suspects:
            errors = await self._diagnosed(violation, rows)
            if errors:
                return WriteError(errors)
        if not isinstance(error, exc.SQLAlchemyError | OSError):
            return error
        if is_denied(error):
            return WriteError([denied(suspects)])
        if is_timeout(error):
            return took_too_long(error)
        if is_outage(error):
            return unavailable(error)
        if is_transient(error):
            logger.warning("A transaction is given up after %s.", type(error).__name__, exc_info=error)
            return RequestError("Others are writing the same records; try again.", ErrorCode.UNAVAILABLE)
        if is_computation(error):
            logger.info("A value cannot be stored.", exc_info=error)
            return WriteError([uncomputable(rows.writing)])
        return error

    async def _diagnosed(self, violation: Violation, rows: Rows) -> tuple[UserError, ...]:
        """Everything is rolled back: what was written before the failure is not there either, and may be referred to."""
        suspects, earlier = (rows.writing, each_row(rows.written)) if rows.writing else (each_row(rows.written), [])
        async with AsyncExitStack() as stack:
            transaction = await self._begin(stack, Rows())
            return await transaction.session.run_sync(
                lambda each: diagnose(each, violation, suspects, self.catalog, earlier, self.rules)
            )
        raise AssertionError("no block swallows an error")
