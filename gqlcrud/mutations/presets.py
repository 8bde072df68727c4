"""The presets of all models and a request's context in, what they gave out, waited for."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from gqlcrud.catalog import Catalog
from gqlcrud.context import Operation
from gqlcrud.write_planning import Outcome, Presets


async def presets_of(operation: Operation) -> Presets:
    """What the presets give for a request: each function is called at the first write, before any transaction."""
    if operation.presets is None:
        operation.presets = await _resolved(operation.catalog, operation.context)
    return operation.presets


async def _resolved(catalog: Catalog, context: Any) -> Presets:
    """What a function raises is kept for the writes that need its value: others go on."""
    outcomes: dict[Callable[[Any], Any], Outcome] = {}
    for preset in (each for model in catalog.models for each in model.presets):
        if preset.value not in outcomes:
            try:
                value = preset.value(context)
                outcomes[preset.value] = Outcome(await value if inspect.isawaitable(value) else value)
            except Exception as error:
                outcomes[preset.value] = Outcome(error=error)
    return Presets(outcomes)
