"""What one call writes in, its plan out: every mistake of it is collected, and told at once before any SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from gqlcrud.crud.inputs import Inputs
from gqlcrud.planning import Planner
from gqlcrud.write_planning import Presets, Problems, SavePlanner

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Planning:
    """The planners of one write, which tell what is wrong to the same `problems`."""

    problems: Problems
    inputs: Inputs
    saves: SavePlanner

    @classmethod
    def of(cls, planner: Planner, presets: Presets) -> Planning:
        problems = Problems()
        return cls(problems, Inputs(planner, problems), SavePlanner(planner, problems, presets))

    def checked(self, plan: T) -> T:
        """Raises WriteError if anything is wrong."""
        self.problems.check()
        return plan
