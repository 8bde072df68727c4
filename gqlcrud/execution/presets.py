"""The presets of all models and a request's context in, what they gave out, waited for."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from gqlcrud.catalog import Catalog
from gqlcrud.write_planning import Outcome, Presets


async def resolve_presets(catalog: Catalog, context: Any) -> Presets:
    """What each function gives for a request. What one raises is kept for the writes that need its value: others go on."""
    outcomes: dict[Callable[[Any], Any], Outcome] = {}
    for preset in (each for model in catalog.models for each in model.presets):
        if preset.value not in outcomes:
            try:
                value = preset.value(context)
                outcomes[preset.value] = Outcome(await value if inspect.isawaitable(value) else value)
            except Exception as error:
                outcomes[preset.value] = Outcome(error=error)
    return Presets(outcomes)
