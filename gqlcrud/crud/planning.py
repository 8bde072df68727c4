"""What one call writes in, its plan out: every mistake of it is collected, and told at once before any SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from gqlcrud.crud.failures import crud_error
from gqlcrud.crud.inputs import Inputs
from gqlcrud.errors import WriteError
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

    @property
    def planner(self) -> Planner:
        return self.saves.planner

    def check_given(self) -> None:
        """Raises CrudError, once all that was given is read, if anything of it cannot be meant."""
        if self.problems.found:
            raise crud_error(self.problems.found)

    def checked(self, plan: T) -> T:
        """Raises WriteError if anything is wrong with the plan; what both halves of an upsert tell is told once."""
        if self.problems.found:
            raise WriteError(list(dict.fromkeys(self.problems.found)))
        return plan
