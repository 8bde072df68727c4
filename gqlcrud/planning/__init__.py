"""Selections and arguments in, plans out."""

from gqlcrud.planning.known_plans import KnownPlans
from gqlcrud.planning.payloads import plan_payload
from gqlcrud.planning.size import planned_rows
from gqlcrud.planning.tree import Planner
from gqlcrud.planning.visibility import DeletedRecords, Visibility
from gqlcrud.planning.where import canonical_json
from gqlcrud.planning.window import check_stored_position, check_typed_position

__all__ = [
    "DeletedRecords",
    "KnownPlans",
    "Planner",
    "Visibility",
    "canonical_json",
    "check_stored_position",
    "check_typed_position",
    "plan_payload",
    "planned_rows",
]
