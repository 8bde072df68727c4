"""The `input` of a root mutation in, what it writes out. Every mistake of it is told at once, before any SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gqlcrud.catalog import Model
from gqlcrud.errors import ErrorCode, UserError, WriteError
from gqlcrud.plan import Always, WriteAction
from gqlcrud.planning import DeletedRecords, Planner
from gqlcrud.write_plan import CreateOne, DeleteOne, Guard, Path, RestoreOne, UpdateOne, UpsertOne
from gqlcrud.write_planning.bulk import BulkPlanner
from gqlcrud.write_planning.permitted import check_version
from gqlcrud.write_planning.presets import Presets
from gqlcrud.write_planning.problems import Problems
from gqlcrud.write_planning.saves import SavePlanner

INPUT: Path = ("input",)


@dataclass(frozen=True, slots=True)
class WritePlanner:
    """Plans the writes of one API. Each method raises WriteError, with paths from the mutation field."""

    planner: Planner
    presets: Presets

    @property
    def bulk(self) -> BulkPlanner:
        """Plans what is written of many records at once."""
        return BulkPlanner(self.planner, self.presets)

    def create_one(self, value: Mapping[str, Any], model: Model) -> CreateOne:
        saves = self._saves()
        plan = CreateOne(saves.create(value.get("data", {}), model, (*INPUT, "data")))
        saves.problems.check()
        return plan

    def update_one(self, value: Mapping[str, Any], model: Model) -> UpdateOne:
        saves = self._saves()
        target = saves.selected(value["by"], model, (*INPUT, "by"))
        save = saves.update(
            value.get("patch"), model, (*INPUT, "patch"), ops=value.get("ops"), ops_path=(*INPUT, "ops")
        )
        plan = UpdateOne(target, save, self._guard(value, model, saves.problems))
        saves.problems.check()
        return plan

    def upsert_one(self, value: Mapping[str, Any], model: Model) -> UpsertOne:
        saves = self._saves()
        key = next(key for key in model.keys if key.name == value["on"].value)
        create = saves.create(value["create"], model, (*INPUT, "create"))
        target = saves.named_by(create, key)
        save = saves.update(
            value.get("update"), model, (*INPUT, "update"), ops=value.get("ops"), ops_path=(*INPUT, "ops")
        )
        plan = UpsertOne(target, create, save, self._guard(value, model, saves.problems))
        saves.problems.check()
        return plan

    def delete_one(self, value: Mapping[str, Any], model: Model) -> DeleteOne:
        """Wholly deleted is also a record that is marked as deleted already."""
        saves = self._saves()
        self._permit("delete", model)
        hard = bool(value.get("hard"))
        deletion = model.soft_deletion
        if hard and deletion is not None and not self.planner.visibility.allows(deletion.hard_delete):
            message = f"You may not delete a {model.name} for good."
            raise WriteError([UserError(ErrorCode.FORBIDDEN, message, (*INPUT, "hard"))])
        deleted = DeletedRecords.INCLUDE if hard else DeletedRecords.EXCLUDE
        target = saves.selected(value["by"], model, (*INPUT, "by"), deleted)
        plan = DeleteOne(target, self._guard(value, model, saves.problems), hard)
        saves.problems.check()
        return plan

    def restore_one(self, value: Mapping[str, Any], model: Model) -> RestoreOne:
        saves = self._saves()
        if not self.planner.visibility.offers("restore", model):
            raise WriteError([UserError(ErrorCode.FORBIDDEN, f"You may not restore {model.name} records.", INPUT)])
        self._permit("update", model)
        plan = RestoreOne(saves.selected(value["by"], model, (*INPUT, "by"), DeletedRecords.ONLY))
        saves.problems.check()
        return plan

    def _permit(self, action: WriteAction, model: Model) -> None:
        """Raises WriteError for what the caller may do with no record at all."""
        if self.planner.visibility.rule(model, action) == Always(False):
            message = f"You may not {action} {model.name} records."
            raise WriteError([UserError(ErrorCode.FORBIDDEN, message, INPUT)])

    def _saves(self) -> SavePlanner:
        return SavePlanner(self.planner, Problems(), self.presets)

    def _guard(self, value: Mapping[str, Any], model: Model, problems: Problems) -> Guard:
        """`version` and `if`; null is as if absent for the one, and refused for the other, which would mean anything."""
        version, condition = value.get("version"), value.get("if")
        if "if" in value and condition is None:
            problems.add("if cannot be null; leave it out.", (*INPUT, "if"))
        check_version(version, model, (*INPUT, "version"), self.planner, problems)
        if condition is None:
            return Guard(version)
        with problems.at(*INPUT, "if"):
            return Guard(version, self.planner.condition(condition, model))
        return Guard(version)
