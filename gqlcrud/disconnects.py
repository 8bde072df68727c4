"""Work for a request in, its result out, unless the client leaves before: then the work is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

T = TypeVar("T")


async def while_connected(request: Request, work: Awaitable[T]) -> T:
    """The result of `work`, which is cancelled when the client goes: its connection goes back to the pool then.

    Raises ClientDisconnect. Whether the client is there is asked of work that takes its time: most is done before, and a
    statement that is cut off costs its connection, which is dearer than what it had left to do.
    """
    watch = _Watch(request, asyncio.current_task())
    timer = asyncio.get_running_loop().call_later(_PATIENCE, watch.begin)
    try:
        return await work
    except asyncio.CancelledError:
        if watch.gone:
            raise ClientDisconnect from None
        raise
    finally:
        timer.cancel()
        watch.end()


_PATIENCE = 0.25
"""Seconds."""


@dataclass(slots=True)
class _Watch:
    """Cancels the task of a request when its client goes. gone: whether that has happened."""

    request: Request
    task: asyncio.Task[Any] | None
    gone: bool = False
    _watching: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self._watching = asyncio.ensure_future(self._watch())

    def end(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
        if self.gone and self.task is not None:
            self.task.uncancel()

    async def _watch(self) -> None:
        while (await self.request.receive())["type"] != "http.disconnect":
            continue
        self.gone = True
        assert self.task is not None, "a request is served in a task"
        self.task.cancel()
