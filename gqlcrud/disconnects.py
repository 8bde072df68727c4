"""Work for a request in, its result out, unless the client leaves before: then the work is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from starlette.requests import ClientDisconnect, Request

T = TypeVar("T")


async def while_connected(request: Request, work: Awaitable[T]) -> T:
    """The result of `work`, which is cancelled when the client goes: its connection goes back to the pool then.

    Raises ClientDisconnect. Whether the client is there is asked of work that takes its time: most is done before, and a
    statement that is cut off costs its connection, which is dearer than what it had left to do.
    """
    watch = _Watch(request, asyncio.current_task())
    watches = _watches_of_loop()
    watches.add(watch)
    try:
        return await work
    except asyncio.CancelledError:
        if watch.gone:
            raise ClientDisconnect from None
        raise
    finally:
        watches.remove(watch)
        watch.end()


_PATIENCE = 0.25
"""Seconds, at least; at most twice as many."""


@dataclass(slots=True, eq=False)
class _Watch:
    """Cancels the task of a request when its client goes. gone: whether that has happened. waited: whether the request has
    had some time already."""

    request: Request
    task: asyncio.Task[Any] | None
    gone: bool = False
    waited: bool = False
    _watching: asyncio.Task[None] | None = None

    def look(self) -> None:
        if self.waited and self._watching is None:
            self._watching = asyncio.ensure_future(self._watch())
        self.waited = True

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


@dataclass(slots=True)
class _Watches:
    """Those of the requests that an event loop serves. One timer looks after all of them: one for each would take as long as
    all else that is done for it."""

    _running: set[_Watch] = field(default_factory=set)
    _timer: asyncio.TimerHandle | None = None

    def add(self, watch: _Watch) -> None:
        self._running.add(watch)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_PATIENCE, self._look)

    def remove(self, watch: _Watch) -> None:
        self._running.discard(watch)

    def _look(self) -> None:
        """The timer goes on until it finds nothing that is served."""
        self._timer = asyncio.get_running_loop().call_later(_PATIENCE, self._look) if self._running else None
        for watch in self._running:
            watch.look()


_watches: WeakKeyDictionary[asyncio.AbstractEventLoop, _Watches] = WeakKeyDictionary()


def _watches_of_loop() -> _Watches:
    loop = asyncio.get_running_loop()
    found = _watches.get(loop)
    if found is None:
        found = _watches[loop] = _Watches()
    return found
