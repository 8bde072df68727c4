"""What ends the statement of a task that is cancelled: PostgreSQL is told by its driver, a connection of SQLite asks itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import PoolProxiedConnection

from gqlcrud.execution.cancelling import cancelled_once, undisturbed
from gqlcrud.statements import SQLITE_FUNCTIONS, Database

T = TypeVar("T")


@dataclass(slots=True)
class Watch:
    """Whose statement runs on a connection. SQLite asks for it now and then, in its thread, and ends the statement of a
    cancelled task: else the thread would finish what nobody waits for, and the connection would not come back before.
    given_up: whether the connection is to be thrown away."""

    task: asyncio.Task[Any] | None = None
    given_up: bool = False

    def is_cancelled(self) -> bool:
        return self.given_up or (self.task is not None and self.task.cancelling() > 0)


_WATCH_EVERY = 100_000
"""Steps of SQLite's virtual machine: about a millisecond."""


async def prepare_sqlite(connection: PoolProxiedConnection, engine: Engine) -> Watch:
    """Give a SQLite connection the functions that its statements use, once in its life. engine: that it comes from."""
    watch: Watch | None = connection.info.get("gqlcrud")
    if watch is None:
        watch = Watch()
        event.listen(engine.pool, "invalidate", _roll_back)  # once for a pool, however often it is said
        driver: Any = connection.driver_connection
        for name, arguments, function in SQLITE_FUNCTIONS:
            await driver.create_function(name, arguments, function, deterministic=True)
        await driver.set_progress_handler(watch.is_cancelled, _WATCH_EVERY)
        connection.info["gqlcrud"] = watch
    return watch


def guard_of(database: Database) -> Callable[[Coroutine[Any, Any, T]], Awaitable[T]]:
    """How work on a connection of a database is awaited.

    SQLAlchemy throws a connection away whose statement is cancelled. That is right for PostgreSQL. A thread of SQLite's may
    be anywhere in it then, and what is thrown away holds its locks: its statements end by themselves.
    """
    return undisturbed if database is Database.SQLITE else cancelled_once


def _roll_back(connection: Any, _record: object, _error: object) -> None:
    """SQLite does not close a connection while Python holds a cursor of it, and keeps its transaction open, which keeps all
    others from writing: of one that is thrown away it is ended first."""
    with suppress(Exception):  # it is thrown away, whatever is wrong with it
        connection.rollback()
