"""An operation in, what the presets give for it out."""

from __future__ import annotations

from gqlcrud.context import Operation
from gqlcrud.execution import resolve_presets
from gqlcrud.write_planning import Presets


async def presets_of(operation: Operation) -> Presets:
    """What the presets give for a request: each function is called at the first write, before any transaction."""
    if operation.presets is None:
        operation.presets = await resolve_presets(operation.catalog, operation.context)
    return operation.presets
