"""What the tests of connections share: engines with pools of a given size, what is taken from them, and slow statements."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

SLOW = {
    "sqlite": "(WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 100000000) SELECT count(*) FROM n)",
    "postgresql": "(SELECT 1 FROM pg_sleep(30))",
}
"""By the name of the backend, an expression that takes half a minute."""


@asynccontextmanager
async def pooled(engine: AsyncEngine, **options: Any) -> AsyncIterator[AsyncEngine]:
    """Another engine on the database of `engine`, its pool still empty."""
    other = create_async_engine(engine.url, **{"pool_timeout": 10, **options})
    try:
        yield other
    finally:
        await other.dispose()


@asynccontextmanager
async def small_pool(engine: AsyncEngine, size: int = 1, **options: Any) -> AsyncIterator[AsyncEngine]:
    async with pooled(engine, pool_size=size, max_overflow=0, **options) as other:
        yield other


@dataclass(slots=True)
class Checkouts:
    """How many connections were taken from a pool, and how many at most at one time."""

    taken: int = 0
    most: int = 0
    _out: int = field(default=0, repr=False)

    def take(self, *_: object) -> None:
        self.taken += 1
        self._out += 1
        self.most = max(self.most, self._out)

    def give(self, *_: object) -> None:
        self._out -= 1


def watch(engine: AsyncEngine) -> Checkouts:
    """Counts what is taken from the engine's pool from here on."""
    checkouts = Checkouts()
    event.listen(engine.sync_engine, "checkout", checkouts.take)
    event.listen(engine.sync_engine, "checkin", checkouts.give)
    return checkouts


def taken(engine: AsyncEngine) -> int:
    """How many connections are out of the engine's pool."""
    return int(engine.pool.checkedout())  # type: ignore[attr-defined]  # every pool that queues has it


async def until(engine: AsyncEngine, count: int, seconds: float = 10) -> None:
    """Wait until so many connections are taken; ten seconds at most."""
    async with asyncio.timeout(seconds):
        while taken(engine) != count:
            await asyncio.sleep(0.005)
