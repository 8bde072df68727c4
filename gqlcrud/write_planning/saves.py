"""The values of a record in an input (`BookCreate`, `BookPatch`) in, a `Save` out, with all that is nested in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gqlcrud.catalog import Column, Key, Model, Relation
from gqlcrud.errors import ErrorCode, RequestError, WriteError
from gqlcrud.options import Occasion
from gqlcrud.planning import DeletedRecords, Planner
from gqlcrud.write_plan import Assignment, Change, Named, Path, Save, ToMany, ToOne
from gqlcrud.write_planning.changes import plan_changes
from gqlcrud.write_planning.presets import Presets
from gqlcrud.write_planning.problems import Problems
from gqlcrud.write_planning.references import plan_references
from gqlcrud.write_planning.relations import RelationPlanner
from gqlcrud.write_planning.values import plan_assignment


@dataclass(slots=True)
class SavePlanner:
    """Plans the records of one mutation. What is wrong with them is collected in `problems`."""

    planner: Planner
    problems: Problems
    presets: Presets
    _items: int = 0
    _relations: RelationPlanner = field(init=False)

    def __post_init__(self) -> None:
        self._relations = RelationPlanner(self)

    # ---------- records ----------

    def create(
        self,
        data: Mapping[str, Any],
        model: Model,
        path: Path,
        *,
        given: Collection[Column] = (),
        by: Named | None = None,
        depth: int = 0,
    ) -> Save:
        """A new record. `given`: columns that its parent sets. `by`: the key that it is made for, whose values it has."""
        self._count(path)
        own = self._given(model, "create", path)
        assignments = (*self._assignments(data, model, path), *own)
        if by is not None:
            assignments = self._with_key(assignments, by, path)
        to_one, to_many = self._links(data, model, path, depth)
        self._check_twice(data, to_one, path)
        self._check_required(model, assignments, to_one, given, path)
        chosen = [each for each in assignments if all(each is not other for other in own)]
        references = plan_references(self.planner, chosen, model, path)
        return Save(model, path, assignments, (), to_one, to_many, references)

    def update(
        self,
        patch: Mapping[str, Any] | None,
        model: Model,
        path: Path,
        *,
        ops: Mapping[str, Any] | None = None,
        ops_path: Path = (),
        depth: int = 0,
    ) -> Save:
        """Changes of a record: the values that `patch`, at `path`, gives, and those that `ops` makes."""
        patch = patch or {}
        assignments = self._assignments(patch, model, path)
        to_one, to_many = self._links(patch, model, path, depth)
        self._check_twice(patch, to_one, path)
        references = plan_references(self.planner, assignments, model, path)
        changes = self._changes(ops or {}, patch, model, ops_path)
        save = Save(model, path, assignments, changes, to_one, to_many, references)
        return save if save.is_empty else replace(save, assignments=(*assignments, *self._given(model, "update", path)))

    def named(
        self,
        by: Mapping[str, Any],
        model: Model,
        path: Path,
        deleted: DeletedRecords = DeletedRecords.EXCLUDE,
    ) -> Named:
        """The record that a unique selector names. What is wrong with it is told at the end, so that planning goes on."""
        self._count(path)
        among = self.planner.visible(model, deleted)
        with self.problems.at(*path):
            key, values = self.planner.selector(by, model)
            return Named(model, key, values, path, among)
        return Named(model, model.keys[0], (), path, among)

    def named_by(self, save: Save, key: Key) -> Named:
        """The record that the values of a create name by a unique key."""
        known = {each.column.key: each.value for each in save.assignments}
        missing = [column.name for column in key.columns if known.get(column.key) is None]
        for name in missing:
            self.problems.add(f"{name} is part of the key to upsert by, so it needs a value.", (*save.path, name))
        values = tuple(known.get(column.key) for column in key.columns)
        return Named(save.model, key, values, save.path, self.planner.visible(save.model))

    def edge(self, values: Mapping[str, Any] | None, relation: Relation, path: Path) -> tuple[Assignment, ...]:
        """The values of a link's columns."""
        columns = {column.name: column for column in (relation.link.columns if relation.link else ())}
        return self._values(values or {}, columns, path)

    # ---------- parts ----------

    def _count(self, path: Path) -> None:
        self._items += 1
        maximum = self.planner.limits.max_write_items
        if self._items == maximum + 1:
            message = f"A mutation names at most {maximum} records."
            self.problems.add(message, path, ErrorCode.LIMIT)

    def _given(self, model: Model, occasion: Occasion, path: Path) -> tuple[Assignment, ...]:
        """What is set of a record without the client: presets, and the flag of one that is there."""
        found: list[Assignment] = []
        deletion = model.soft_deletion
        if occasion == "create" and deletion is not None and deletion.is_flag:
            found.append(Assignment(deletion.column, deletion.alive))
        try:
            found += self.presets.assignments(model, occasion)
        except RequestError as error:
            self.problems.add(error.message, (*path, *error.path), error.code)
        except WriteError as error:
            self.problems.found.extend(error.errors)
        return tuple(found)

    def _assignments(self, data: Mapping[str, Any], model: Model, path: Path) -> tuple[Assignment, ...]:
        members = {name: member for name, member in model.members.items() if isinstance(member, Column)}
        return self._values(data, members, path)

    def _values(self, data: Mapping[str, Any], columns: Mapping[str, Column], path: Path) -> tuple[Assignment, ...]:
        found: list[Assignment] = []
        for name, value in data.items():
            if name in columns:
                with self.problems.at(*path, name):
                    found.append(plan_assignment(columns[name], value, self.planner.catalog))
        return tuple(found)

    def _with_key(self, assignments: tuple[Assignment, ...], by: Named, path: Path) -> tuple[Assignment, ...]:
        known = {each.column.key: each.value for each in assignments}
        added: list[Assignment] = []
        for column, value in zip(by.key.columns, by.values, strict=False):
            if column.key not in known:
                added.append(Assignment(column, value))
            elif known[column.key] != value:
                self.problems.add(
                    f"{column.name} contradicts the key that the record is named by.", (*path, column.name)
                )
        return (*assignments, *added)

    def _changes(
        self, ops: Mapping[str, Any], patch: Mapping[str, Any], model: Model, path: Path
    ) -> tuple[Change, ...]:
        for name in ops:
            if name in patch:
                self.problems.add(f"{name} stands in patch and in ops; give it once.", (*path, name))
        with self.problems.at(*path):
            return plan_changes(ops, model, path)
        return ()

    def _links(
        self, data: Mapping[str, Any], model: Model, path: Path, depth: int
    ) -> tuple[tuple[ToOne, ...], tuple[ToMany, ...]]:
        to_one: list[ToOne] = []
        to_many: list[ToMany] = []
        for name, value in data.items():
            relation = model.members.get(name)
            if not isinstance(relation, Relation):
                continue
            place = (*path, name)
            if value is None:
                self.problems.add(f"{name} cannot be null; leave it out.", place)
            elif depth >= self.planner.limits.max_write_depth:
                message = f"An input nests relations at most {self.planner.limits.max_write_depth} levels deep."
                self.problems.add(message, place, ErrorCode.LIMIT)
            elif relation.many:
                to_many.append(self._relations.to_many(relation, value, place, depth + 1))
            else:
                planned = self._relations.to_one(relation, value, place, depth + 1)
                to_one += [] if planned is None else [planned]
        return tuple(to_one), tuple(to_many)

    # ---------- checks ----------

    def _check_twice(self, data: Mapping[str, Any], to_one: Collection[ToOne], path: Path) -> None:
        """A foreign key and its relation say the same thing, so only one of them is given."""
        for each in to_one:
            for column in each.relation.local if each.relation.owns_key else ():
                if column.name in data and column.references is not None:
                    message = f"{column.name} and {each.relation.name} set the same relation; give one of them."
                    self.problems.add(message, (*path, column.name))

    def _check_required(
        self,
        model: Model,
        assignments: Collection[Assignment],
        to_one: Collection[ToOne],
        given: Collection[Column],
        path: Path,
    ) -> None:
        known = {each.column.key for each in assignments} | {column.key for column in given}
        known |= {column.key for each in to_one if each.relation.owns_key for column in each.relation.local}
        for column in model.columns:
            if column.required and column.key not in known:
                relation = relation_of(column, model)
                if relation is None:
                    self.problems.add(f"{column.name} is required.", (*path, column.name))
                else:
                    message = f"{model.name} needs its {relation.name}: give {relation.name} or {column.name}."
                    self.problems.add(message, (*path, relation.name), ErrorCode.REQUIRED_RELATION)


def relation_of(column: Column, model: Model) -> Relation | None:
    """The writable to-one relation whose foreign key a column is part of."""
    found = (each for each in model.relations if each.owns_key and each.writable and column in each.local)
    return next(found, None)
