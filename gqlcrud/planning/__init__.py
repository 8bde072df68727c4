"""Selections and arguments in, plans out."""

from gqlcrud.planning.tree import Planner
from gqlcrud.planning.window import check_stored_position, check_typed_position

__all__ = ["Planner", "check_stored_position", "check_typed_position"]
