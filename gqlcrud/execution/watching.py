"""A connection of SQLite in, one out that ends the statement of a task that is cancelled."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from sqlalchemy.pool import PoolProxiedConnection

from gqlcrud.statements import SQLITE_FUNCTIONS


@dataclass(slots=True)
class Watch:
    """Whose statement runs on a connection. SQLite asks for it now and then, in its thread, and ends the statement of a
    cancelled task: else the thread would finish what nobody waits for, and the connection would not come back before."""

    task: asyncio.Task[Any] | None = None

    def is_cancelled(self) -> bool:
        return self.task is not None and self.task.cancelling() > 0


_WATCH_EVERY = 100_000
"""Steps of SQLite's virtual machine: about a millisecond."""


async def prepare_sqlite(connection: PoolProxiedConnection) -> Watch:
    """Give a SQLite connection the functions that its statements use, once in its life."""
    watch: Watch | None = connection.info.get("gqlcrud")
    if watch is None:
        watch = Watch()
        driver: Any = connection.driver_connection
        for name, arguments, function in SQLITE_FUNCTIONS:
            await driver.create_function(name, arguments, function, deterministic=True)
        await driver.set_progress_handler(watch.is_cancelled, _WATCH_EVERY)
        connection.info["gqlcrud"] = watch
    return watch
