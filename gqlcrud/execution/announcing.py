"""What is committed in, the hooks of its models called; one that fails is logged, as the write stands."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Iterable

from gqlcrud.catalog import Model
from gqlcrud.hooks import Committed

logger = logging.getLogger("gqlcrud")


async def announce(events: Iterable[tuple[Model, Committed]]) -> None:
    """Call `after_commit` for each event, one after the other."""
    for model, event in events:
        for hook in (hooks.after_commit for hooks in model.hooks):
            if hook is None:
                continue
            try:
                result = hook(event)
                if inspect.isawaitable(result):
                    await result
            except Exception as error:  # whatever a hook raises, the write stands, and others are to hear of it
                logger.error("The hook after_commit of %s failed.", model.name, exc_info=error)
