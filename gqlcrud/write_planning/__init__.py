"""The inputs of mutations in, write plans out."""

from gqlcrud.write_planning.bulk import BulkPlanner
from gqlcrud.write_planning.presets import Outcome, Presets
from gqlcrud.write_planning.problems import Problems
from gqlcrud.write_planning.saves import SavePlanner
from gqlcrud.write_planning.writes import WritePlanner

__all__ = ["BulkPlanner", "Outcome", "Presets", "Problems", "SavePlanner", "WritePlanner"]
