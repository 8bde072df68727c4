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
        self._flights: dict[K, _Batch] = {}
        self._open: _Batch | None = None
        self._waiting: dict[K, None] = {}

    async def load(self, key: K) -> V:
        """The value of one key."""
        return (await self.load_many([key]))[0]

    async def load_many(self, keys: Sequence[K]) -> list[V]:
        """The values of `keys`, in their order; a key may stand there more than once."""
        self._connection.check_free()
        values, flights = self._values, self._flights
        for key in keys:
            if key not in values and key not in flights:
                if self._open is None:
                    self._open = _Batch()
                    self._connection.start(self._run(self._open))
                self._waiting[key] = None
                flights[key] = self._open
        if flights:
            for batch in {flights[key]: None for key in keys if key in flights}:
                await batch.done()
        return [values[key] for key in keys]

    async def _run(self, batch: _Batch) -> None:
        try:
            async with self._connection.reading():
                async with self._connection.lock:
                    for _ in range(_ROUNDS):
                        await asyncio.sleep(0)
                    keys = list(self._waiting)
                    self._waiting, self._open = {}, None
                    rows = await self._fetch(keys)
                values = await self._build(keys, rows)
        except BaseException as error:
            batch.end(error)
            raise
        self._values.update(zip(keys, values, strict=True))
        for key in keys:
            del self._flights[key]
        batch.end(None)


_ROUNDS = 2
"""Rounds of the event loop in which whoever was woken together with a batch may still add keys: one until it runs, and one
until the tasks run that it starts for several relations."""


class _Batch:
    """Keys that are loaded together. Who waits for it is told at once, and not in the next round of the event loop: the
    keys that it asks for then are to be in one batch with those of others."""

    def __init__(self) -> None:
        self._waiters: list[asyncio.Future[None]] = []
        self._ended = False
        self._error: BaseException | None = None

    async def done(self) -> None:
        """Wait for the end; one that is cancelled leaves the batch running, since others may wait for it.

        Raises what the batch failed with.
        """
        if not self._ended:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter
        if self._error is not None:
            raise self._error

    def end(self, error: BaseException | None) -> None:
        self._ended, self._error = True, error
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
