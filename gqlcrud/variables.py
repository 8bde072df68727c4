"""A context variable and its value in, a block that has it out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def holding(variable: ContextVar[T], value: T) -> Iterator[T]:
    """The variable has the value in the block, and what that starts; then what it had before."""
    token = variable.set(value)
    try:
        yield value
    finally:
        variable.reset(token)
