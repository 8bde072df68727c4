"""Keys in, values out, in batches: one loader for each plan, one statement for all keys that wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

from gqlcrud.execution.connection import OperationConnection

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")
V = TypeVar("V")


class Loader(Generic[K, R, V]):
    """Loads values by key for one operation, each key once.

    A batch stays open until the connection is free for it, so that keys asked for in the meantime, from any place in
    the document, join it. `fetch` runs under the connection's lock and reads the rows for a list of keys; `build`
    makes of them one value for each key, in the order of the keys, and may load further levels.
    """

    def __init__(
        self,
        connection: OperationConnection,
        fetch: Callable[[Sequence[K]], Awaitable[R]],
        build: Callable[[Sequence[K], R], Awaitable[Sequence[V]]],
    ) -> None:
        self._connection = connection
        self._fetch = fetch
        self._build = build
        self._values: dict[K, V] = {}
        self._flights: dict[K, asyncio.Task[None]] = {}
        self._waiting: dict[K, None] = {}
        self._batch: asyncio.Task[None] | None = None

    async def load(self, key: K) -> V:
        """The value of one key."""
        return (await self.load_many([key]))[0]

    async def load_many(self, keys: Sequence[K]) -> list[V]:
        """The values of `keys`, in their order; a key may stand there more than once."""
        self._connection.check_free()
        for key in keys:
            if key not in self._values and key not in self._flights:
                if self._batch is None:
                    self._batch = self._connection.start(self._run())
                self._waiting[key] = None
                self._flights[key] = self._batch
        batches = {self._flights[key] for key in keys if key in self._flights}
        if batches:
            # asyncio.wait leaves a batch running when this one of its waiters is cancelled: others may wait for it
            await asyncio.wait(batches)
            for batch in batches:
                batch.result()
        return [self._values[key] for key in keys]

    async def _run(self) -> None:
        async with self._connection.reading():
            async with self._connection.lock:
                await asyncio.sleep(0)  # whoever was woken together with this batch may still add keys
                keys = list(self._waiting)
                self._waiting = {}
                self._batch = None
                rows = await self._fetch(keys)
            values = await self._build(keys, rows)
        self._values.update(zip(keys, values, strict=True))
        for key in keys:
            del self._flights[key]
