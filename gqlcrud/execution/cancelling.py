"""A coroutine in, its result out: a cancellation of its task reaches it once, or not before it has ended.

SQLAlchemy answers a cancellation by closing the connection, and awaits that. Cancelled there once more it keeps the
connection from its pool, and leaves tasks that never end. A second one comes easily: from a client that leaves while a
timeout runs out, from a server that shuts down, and from anyio, which cancels at each turn of the loop until a block ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Shelter:
    """Keeps work from cancellations. Within it `opened` runs what is not. missed: whether there was one."""

    closed: bool = True
    missed: bool = False

    async def opened(self, work: Awaitable[T]) -> T:
        closed, self.closed = self.closed, False
        try:
            if self.missed:
                if asyncio.iscoroutine(work):
                    work.close()
                raise asyncio.CancelledError
            return await work
        finally:
            self.closed = closed


async def cancelled_once(work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, which is cancelled with its task, and then no more. It runs in a task of its own, so that a
    timeout within it is not taken for a cancellation from outside."""
    return await _ended(work, Shelter(closed=False))


async def undisturbed(work: Coroutine[Any, Any, T], shelter: Shelter | None = None) -> T:
    """The result of `work`, which is not cancelled but where the shelter is open.

    Raises CancelledError where the task is cancelled, whatever comes of `work`.
    """
    return await _ended(work, shelter or Shelter())


async def _ended(work: Coroutine[Any, Any, T], shelter: Shelter) -> T:
    task = asyncio.ensure_future(work)
    kept: asyncio.CancelledError | None = None
    told = False
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            kept = error  # the very one, by which anyio knows whose it is
            shelter.missed = True
            if not shelter.closed and not told:
                told = task.cancel()
    if kept is not None and (task.cancelled() or task.exception() is not None or not told):
        raise kept
    return task.result()
