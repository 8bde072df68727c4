"""New records in, planned one after the other; those that give the same fields as one before are planned as that was.

Of a thousand items most have the same fields, and whether these may be written, and which are missing, is the same for all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from gqlcrud.catalog import Model
from gqlcrud.write_plan import Assignment, Path, Save
from gqlcrud.write_planning.alike import Passed
from gqlcrud.write_planning.saves import SavePlanner

_Make: TypeAlias = Callable[[Mapping[str, Any]], Assignment]
"""An assignment of a record, made of its input."""


@dataclass(slots=True)
class CreateTemplates:
    """Plans the new records of one bulk write. passed: fields whose values are known to be valid."""

    saves: SavePlanner
    model: Model
    passed: Mapping[str, Passed]
    _known: dict[tuple[str, ...], tuple[_Make, ...] | None] = field(default_factory=dict)

    def create(self, item: Mapping[str, Any], path: Path) -> Save:
        """As `SavePlanner.create`, which tells what is wrong."""
        names = tuple(item)
        known = self._known.get(names)
        if known is not None:
            return Save(self.model, path, tuple(make(item) for make in known))
        before = len(self.saves.problems.found)
        save = self.saves.create(item, self.model, path, passed=self.passed)
        if names not in self._known and len(self.saves.problems.found) == before:
            self._known[names] = self._template(names, save, path)
        return save

    def _template(self, names: tuple[str, ...], save: Save, path: Path) -> tuple[_Make, ...] | None:
        """None where more than values that are valid anyway is given, or where more depends on them."""
        depends = save.references or save.to_one or save.to_many or self.model.create_schema is not None
        if depends or not self.passed.keys() >= set(names) or self.saves.guards(self.model):
            return None
        own = {each.column.key for each in self.saves.own(self.model, "create", path)}
        return tuple(
            _constant(each) if each.column.key in own else _given(each, self.passed[each.column.name])
            for each in save.assignments
        )


def _constant(assignment: Assignment) -> _Make:
    return lambda _: assignment


def _given(assignment: Assignment, stored: Passed) -> _Make:
    column, name = assignment.column, assignment.column.name
    if stored == "as they are":
        return lambda item: Assignment(column, item[name])
    return lambda item: Assignment(column, stored[item[name]])
