"""What the presets of a request gave in, the assignments that they are for a record out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gqlcrud.catalog import Model
from gqlcrud.options import Occasion
from gqlcrud.write_plan import Assignment


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the function of a preset gave for a request, or raised."""

    value: Any = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Presets:
    """The presets of one request, by their functions: each is called once, whatever it is for."""

    outcomes: Mapping[Callable[[Any], Any], Outcome] = field(default_factory=dict)

    def assignments(self, model: Model, occasion: Occasion) -> tuple[Assignment, ...]:
        """What is set of a record. Raises what a function raised that is needed for it."""
        found: list[Assignment] = []
        for preset in model.presets:
            if preset.on_create if occasion == "create" else preset.on_update:
                outcome = self.outcomes[preset.value]
                if outcome.error is not None:
                    raise outcome.error
                found.append(Assignment(preset.column, outcome.value))
        return tuple(found)
