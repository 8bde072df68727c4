"""Signals in, an orderly end out: what is being written is finished first, and what is being read is left at once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from gqlcrud.errors import GqlcrudError

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(GqlcrudError):
    """Raised into the reading of a file, which may wait for a pipe for ever."""


@dataclass(slots=True)
class Stopping:
    """Whether somebody wants the work to end. `ask` is safe to be called from a signal handler."""

    asked: bool = False
    _reading: bool = False

    def ask(self) -> None:
        """End after the batch that is being written. A second time: at once.

        Raises Stopped while a file is being read, KeyboardInterrupt the second time.
        """
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        if self._reading:
            raise Stopped("Interrupted.")

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A block that `ask` may leave. Raises Stopped."""
        self._reading = True
        try:
            if self.asked:
                raise Stopped("Interrupted.")
            yield
        finally:
            self._reading = False


@contextmanager
def stopped_by_signals() -> Iterator[Stopping]:
    """SIGINT and SIGTERM ask for the end within the block. For the main thread of a command."""
    stopping = Stopping()

    def handle(_number: int, _frame: FrameType | None) -> None:
        stopping.ask()

    before = {number: signal.signal(number, handle) for number in SIGNALS}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
