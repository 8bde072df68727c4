"""How far a long piece of work is in; calls of a function, a bar, or lines out, for those who wait."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TextIO, TypeAlias


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a piece of work is.

    done: the items that are through, the failed ones among them. total: how many there will be; None if nobody knows.
    seconds: since it began.
    """

    done: int
    total: int | None = None
    failed: int = 0
    seconds: float = 0.0

    @property
    def items_per_second(self) -> float:
        """0 as long as no time has passed."""
        return self.done / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """At the rate so far; None without a total, or before anything is done."""
        if self.total is None or not self.done:
            return None
        return max(self.total - self.done, 0) * self.seconds / self.done


ProgressOption: TypeAlias = Callable[[Progress], object] | bool | None
"""A function that is called after each batch; True for a bar on stderr; False or None for nothing."""


@dataclass(slots=True)
class ProgressReporter:
    """Tells one piece of work's progress; a context manager that ends the bar."""

    report: Callable[[Progress], object] | None
    total: int | None
    clock: Callable[[], float] = time.monotonic
    started: float = field(init=False)

    def __post_init__(self) -> None:
        self.started = self.clock()

    @property
    def seconds(self) -> float:
        return self.clock() - self.started

    def tell(self, done: int, failed: int = 0) -> None:
        """So many items are through, `failed` among them. What the function of the caller raises ends the work."""
        if self.report is not None:
            self.report(Progress(done, self.total, failed, self.seconds))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if isinstance(self.report, ProgressBar):
            self.report.close()


def progress_reporter(progress: ProgressOption, total: int | None, noun: str = "rows") -> ProgressReporter:
    """The reporter for what a caller says of progress. noun: what the bar calls the items."""
    if progress is True:
        return ProgressReporter(ProgressBar(sys.stderr, noun), total)
    return ProgressReporter(progress or None, total)


DRAWN_EVERY = 0.1
"""Seconds between two pictures of a bar, which somebody looks at."""
TOLD_EVERY = 10.0
"""Seconds between two lines of a log, which is read later."""
_WIDTH = 30
_ERASE = "\x1b[K"


@dataclass(slots=True)
class ProgressBar:
    """Draws progress on a terminal, in one line that is drawn anew; in a file or a pipe, a line from time to time."""

    stream: TextIO
    noun: str = "rows"
    _latest: Progress | None = None
    _drawn: Progress | None = None

    def __call__(self, progress: Progress) -> None:
        self._latest = progress
        wait = DRAWN_EVERY if self.stream.isatty() else TOLD_EVERY
        since = progress.seconds if self._drawn is None else progress.seconds - self._drawn.seconds
        if since >= wait:
            self._draw(progress)

    def close(self) -> None:
        """Draw the last state, and leave the line."""
        if self._latest is not None and self._latest != self._drawn:
            self._draw(self._latest)
        if self._drawn is not None and self.stream.isatty():
            self.stream.write("\n")
            self.stream.flush()

    def _draw(self, progress: Progress) -> None:
        self._drawn = progress
        if self.stream.isatty():
            columns = shutil.get_terminal_size().columns
            self.stream.write(f"\r{(_bar(progress) + described(progress, self.noun))[: columns - 1]}{_ERASE}")
        else:
            self.stream.write(described(progress, self.noun) + "\n")
        self.stream.flush()


def _bar(progress: Progress) -> str:
    if not progress.total:
        return ""
    filled = min(progress.done * _WIDTH // progress.total, _WIDTH)
    return f"[{'#' * filled}{'.' * (_WIDTH - filled)}] "


def described(progress: Progress, noun: str) -> str:
    """`50% 5,000 of 10,000 rows, 2,500/s, 2 s left, 3 failed`."""
    if progress.total is None:
        parts = [f"{progress.done:,} {noun}"]
    else:
        percent = 100 if not progress.total else min(progress.done * 100 // progress.total, 100)
        parts = [f"{percent}% {progress.done:,} of {progress.total:,} {noun}"]
    parts.append(f"{progress.items_per_second:,.0f}/s")
    left = progress.seconds_left
    parts.append(f"{_length(progress.seconds)}" if not left else f"{_length(left)} left")
    if progress.failed:
        parts.append(f"{progress.failed:,} failed")
    return ", ".join(parts)


def _length(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, seconds = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"
