"""The inputs of mutations in, write plans out."""

from gqlcrud.write_planning.bulk import BulkPlanner
from gqlcrud.write_planning.presets import Outcome, Presets
from gqlcrud.write_planning.writes import WritePlanner

__all__ = ["BulkPlanner", "Outcome", "Presets", "WritePlanner"]
