"""Work that makes much and drops nothing in, the same work without Python's garbage collector out."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Let the garbage collector wait for the end of the block, or of the function that this decorates.

    It looks through all objects whenever a quarter has been added: over 300 models that is half of the time of an Api, and
    it finds nothing. Where it is switched off anyway, nothing is changed.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
