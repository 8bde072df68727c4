"""The inputs of mutations in, write plans out."""

from gqlcrud.write_planning.alike import pass_at_once
from gqlcrud.write_planning.bulk import BulkPlanner
from gqlcrud.write_planning.permitted import check_version
from gqlcrud.write_planning.presets import Outcome, Presets
from gqlcrud.write_planning.problems import Problems
from gqlcrud.write_planning.references import GuardedKey, guarded_keys
from gqlcrud.write_planning.rules import check_rules
from gqlcrud.write_planning.saves import SavePlanner
from gqlcrud.write_planning.values import check_bounds, checked_assignment, input_value
from gqlcrud.write_planning.writes import WritePlanner

__all__ = [
    "BulkPlanner",
    "GuardedKey",
    "Outcome",
    "Presets",
    "Problems",
    "SavePlanner",
    "WritePlanner",
    "check_bounds",
    "check_rules",
    "check_version",
    "checked_assignment",
    "guarded_keys",
    "input_value",
    "pass_at_once",
]
