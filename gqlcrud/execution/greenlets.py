"""Work of SQLAlchemy's that is synchronous in, its result out: in a greenlet that is kept, so that it may wait for the database.

SQLAlchemy makes a greenlet for each such call. Taking a connection of a pool, and giving it back, seldom wait for anything:
to make the greenlets takes four times as long as both.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from threading import local
from typing import Any, TypeAlias, TypeVar

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]

T = TypeVar("T")
_Outcome: TypeAlias = tuple[Any, BaseException | None]
KEPT = 16
"""Greenlets that are kept for further work, of each thread."""


class _Greenlet(greenlet):  # type: ignore[misc]  # it has no types for what it is given
    """Runs one piece of work after the other; between them it holds nothing of them.

    It is one in which SQLAlchemy's drivers await: they hand what is to be awaited to the parent.
    """

    __sqlalchemy_greenlet_provider__ = True

    def run(self, work: Callable[[], Any]) -> None:
        outcome = [_outcome(work)]
        while True:
            del work
            work = self.parent.switch(outcome)
            outcome = [_outcome(work)]


def _outcome(work: Callable[[], Any]) -> _Outcome:
    try:
        return work(), None
    except BaseException as error:
        return None, error


class _Idle(local):
    def __init__(self) -> None:
        self.greenlets: list[_Greenlet] = []


_idle = _Idle()


async def spawned(work: Callable[[], T]) -> T:
    """What `work` gives or raises, as `sqlalchemy.util.greenlet_spawn` has it."""
    idle, caller = _idle.greenlets, getcurrent()
    worker = idle.pop() if idle else _Greenlet()
    worker.parent = caller
    worker.gr_context = caller.gr_context
    found: list[_Outcome] | Awaitable[Any] = worker.switch(work)
    while not isinstance(found, list):
        try:
            value = await found
        except BaseException:
            found = worker.throw(*sys.exc_info())
        else:
            found = worker.switch(value)
    ((result, error),) = found
    found.clear()
    worker.gr_context = None
    if len(idle) < KEPT:
        idle.append(worker)
    if error is not None:
        raise error
    returned: T = result
    return returned
