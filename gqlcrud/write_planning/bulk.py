"""The `input` of a bulk mutation in, what it writes out. Every mistake of it is told at once, before any SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from gqlcrud.bulk_plan import CreateMany, CreateRows, DeleteMany, OnConflict, UpdateEach, UpdateItem, UpdateMany
from gqlcrud.catalog import Catalog, Column, Key, Model
from gqlcrud.errors import ErrorCode, UserError, WriteError
from gqlcrud.plan import Always, Condition, WriteAction, conjunction
from gqlcrud.planning import Planner
from gqlcrud.write_plan import Named, Path, Save
from gqlcrud.write_planning.alike import Passed, inputs_passed
from gqlcrud.write_planning.new_rows import RowPlanner
from gqlcrud.write_planning.permitted import check_version
from gqlcrud.write_planning.presets import Presets
from gqlcrud.write_planning.problems import Problems
from gqlcrud.write_planning.saves import SavePlanner
from gqlcrud.write_planning.templates import CreateTemplates

INPUT: Path = ("input",)
DATA: Path = (*INPUT, "data")
CONTINUE = "CONTINUE"
"""The value of `onError` by which an item that fails leaves the others alone."""

_MANY = 10
"""Items from which on it pays to look at columns."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BulkPlanner:
    """Plans the bulk writes of one API. Each method raises WriteError, with paths from the mutation field."""

    planner: Planner
    presets: Presets

    def create_many(self, value: Mapping[str, Any], model: Model) -> CreateMany | CreateRows:
        self._check_bulk(model)
        if value.get("onConflict") is None:
            rows = RowPlanner(self.planner, self.presets, model, DATA).plan(value["data"], apart=_continues(value))
            if rows is not None:
                return rows
        saves = self._saves()
        conflict = self._conflict(value, model, saves)
        saves.problems.check()
        return self._creates(value, model, saves, conflict)

    def upsert_many(self, value: Mapping[str, Any], model: Model) -> CreateMany:
        self._check_bulk(model)
        saves = self._saves()
        conflict = self._on_conflict(_key(value, model), self._columns(value.get("update"), model), model, saves)
        saves.problems.check()
        return self._creates(value, model, saves, conflict)

    def update_many(self, value: Mapping[str, Any], model: Model) -> UpdateMany:
        self._check_bulk(model)
        saves = self._saves()
        where = self._where(value, model, "update", saves.problems)
        save = saves.update(
            value.get("patch"), model, (*INPUT, "patch"), ops=value.get("ops"), ops_path=(*INPUT, "ops")
        )
        plan = UpdateMany(where, save, *self._maximum(value, saves.problems))
        saves.problems.check()
        return plan

    def update_each(self, value: Mapping[str, Any], model: Model) -> UpdateEach:
        self._check_bulk(model)
        saves = self._saves()

        def plan(item: Mapping[str, Any], path: Path) -> tuple[UpdateItem, Named]:
            target = saves.selected(item["by"], model, (*path, "by"))
            save = saves.update(
                item.get("patch"), model, (*path, "patch"), ops=item.get("ops"), ops_path=(*path, "ops")
            )
            version = item.get("version")
            check_version(version, model, (*path, "version"), self.planner, saves.problems)
            return UpdateItem(target, save, version), target

        apart = _continues(value)
        items, errors = self._items(value["items"], (*INPUT, "items"), plan, saves.problems, apart=apart)
        return UpdateEach(model, items, apart, errors)

    def delete_many(self, value: Mapping[str, Any], model: Model) -> DeleteMany:
        self._check_bulk(model)
        problems = Problems()
        where = self._where(value, model, "delete", problems)
        plan = DeleteMany(model, where, *self._maximum(value, problems))
        problems.check()
        return plan

    def _check_bulk(self, model: Model) -> None:
        if not self.planner.visibility.offers("bulk", model):
            message = f"You may not write many {model.name} records at once."
            raise WriteError([UserError(ErrorCode.FORBIDDEN, message, INPUT)])

    # ---------- items ----------

    def _creates(
        self, value: Mapping[str, Any], model: Model, saves: SavePlanner, conflict: OnConflict | None
    ) -> CreateMany:
        templates = CreateTemplates(saves, model, _passed(value["data"], model, self.planner.catalog))

        def plan(item: Mapping[str, Any], path: Path) -> tuple[Save, Named | None]:
            save = templates.create(item, path)
            return save, None if conflict is None else saves.named_by(save, conflict.key)

        apart = _continues(value)
        items, errors = self._items(value["data"], DATA, plan, saves.problems, apart=apart)
        return CreateMany(model, items, conflict, apart, errors)

    def _items(
        self,
        values: Sequence[Any],
        path: Path,
        plan: Callable[[Mapping[str, Any], Path], tuple[T, Named | None]],
        problems: Problems,
        *,
        apart: bool,
    ) -> tuple[tuple[T | None, ...], tuple[UserError, ...]]:
        """Each item planned, and the record that it names, which no other item may.

        apart: an item with mistakes is None, and told of; else any mistake raises WriteError.
        """
        maximum = self.planner.limits.max_affected
        if len(values) > maximum:
            message = f"A mutation writes at most {maximum} records; these are {len(values)}."
            raise WriteError([UserError(ErrorCode.LIMIT, message, path)])
        items: list[T | None] = []
        seen: dict[object, int] = {}
        for place, each in enumerate(values):
            before = len(problems.found)
            item, named = plan(each, (*path, place))
            if named is not None and len(problems.found) == before:
                self._check_once(named, seen, place, problems)
            items.append(None if len(problems.found) > before else item)
        if not apart or any(error.code is ErrorCode.LIMIT for error in problems.found):
            problems.check()
        return tuple(items), tuple(problems.found)

    def _check_once(self, named: Named, seen: dict[object, int], place: int, problems: Problems) -> None:
        first = seen.setdefault((named.key, named.values), place)
        if first != place:
            message = f"The same {named.model.name} is named by item {first} already."
            problems.add(message, named.path, ErrorCode.CONFLICTING_OPERATIONS)

    # ---------- conflicts ----------

    def _conflict(self, value: Mapping[str, Any], model: Model, saves: SavePlanner) -> OnConflict | None:
        conflict = value.get("onConflict")
        if conflict is None:
            return None
        update = self._columns(conflict.get("update", ()), model)
        condition = self._condition(conflict, model, saves.problems)
        return self._on_conflict(_key(conflict, model), update, model, saves, condition)

    def _on_conflict(
        self,
        key: Key,
        update: tuple[Column, ...] | None,
        model: Model,
        saves: SavePlanner,
        condition: Condition = Always(True),  # noqa: B008  # it is frozen
    ) -> OnConflict:
        presets = saves.own(model, "update", INPUT) if update != () else ()
        return OnConflict(key, update, condition, self.planner.visible(model), presets)

    def _columns(self, chosen: Sequence[Any] | None, model: Model) -> Any:
        """The columns that values of the enum `BookColumn` stand for; None for null or nothing."""
        if chosen is None:
            return None
        names = {each.value for each in chosen}
        return tuple(column for column in model.columns if column.name in names)

    def _condition(self, conflict: Mapping[str, Any], model: Model, problems: Problems) -> Condition:
        path = (*INPUT, "onConflict", "if")
        if "if" in conflict and conflict["if"] is None:
            problems.add("if cannot be null; leave it out.", path)
        with problems.at(*path):
            return self.planner.condition(conflict.get("if"), model)
        return Always(False)

    # ---------- which records, and how many ----------

    def _where(self, value: Mapping[str, Any], model: Model, action: WriteAction, problems: Problems) -> Condition:
        """The records that are there and meet the condition, and with which the caller may do this: no others are meant."""
        path = (*INPUT, "where")
        rule = self.planner.visibility.rule(model, action)
        if rule == Always(False):
            problems.add(f"You may not {action} {model.name} records.", INPUT, ErrorCode.FORBIDDEN)
        with problems.at(*path):
            where = self.planner.condition(value["where"], model)
            if where == Always(True) and value.get("allRows") is not True:
                message = f"This is true of every {model.name}. Narrow it down, or say `allRows: true`."
                problems.add(message, path)
            return conjunction([self.planner.visible(model), rule, where])
        return Always(False)

    def _maximum(self, value: Mapping[str, Any], problems: Problems) -> tuple[int, Path]:
        """How many records may be written, and the place that says so."""
        limit, asked = self.planner.limits.max_affected, value.get("maxAffected")
        if asked is None:
            return limit, (*INPUT, "where")
        path = (*INPUT, "maxAffected")
        if asked < 0:
            problems.add("maxAffected is a number from 0.", path)
        if asked > limit:
            problems.add(f"maxAffected is at most {limit}.", path, ErrorCode.LIMIT)
        return asked, path

    def _saves(self) -> SavePlanner:
        return SavePlanner(self.planner, Problems(), self.presets)


def _key(value: Mapping[str, Any], model: Model) -> Key:
    return next(key for key in model.keys if key.name == value["on"].value)


def _continues(value: Mapping[str, Any]) -> bool:
    policy = value.get("onError")
    return policy is not None and policy.value == CONTINUE


def _passed(items: Sequence[Mapping[str, Any]], model: Model, catalog: Catalog) -> dict[str, Passed]:
    """The fields of new records whose values are all valid. A Pydantic model has them one by one."""
    if model.create_schema is not None or len(items) < _MANY:
        return {}
    values: dict[str, list[Any]] = {}
    for item in items:
        for name, value in item.items():
            values.setdefault(name, []).append(value)
    columns = {name: column for name in values if isinstance(column := model.members.get(name), Column)}
    found = {name: inputs_passed(column, values[name], catalog) for name, column in columns.items()}
    return {name: each for name, each in found.items() if each is not None}
