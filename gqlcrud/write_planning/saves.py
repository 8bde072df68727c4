"""The values of a record in an input (`BookCreate`, `BookPatch`) in, a `Save` out, with all that is nested in it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gqlcrud.catalog import Column, Key, Model, Relation
from gqlcrud.errors import ErrorCode, RequestError
from gqlcrud.planning import Planner
from gqlcrud.write_plan import Assignment, Change, Named, Path, Save, ToMany, ToOne
from gqlcrud.write_planning.changes import plan_changes
from gqlcrud.write_planning.problems import Problems
from gqlcrud.write_planning.relations import RelationPlanner
from gqlcrud.write_planning.values import plan_assignment


@dataclass(slots=True)
class SavePlanner:
    """Plans the records of one mutation. What is wrong with them is collected in `problems`."""

    planner: Planner
    problems: Problems
    _items: int = 0
    _columns: dict[Model, Mapping[str, Column]] = field(default_factory=dict)
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
        if depth:
            self._count(path)
        assignments = self._assignments(data, model, path)
        if by is not None:
            assignments = self._with_key(assignments, by, path)
        to_one, to_many = self._links(data, model, path, depth)
        self._check_twice(data, to_one, path)
        self._check_required(model, data, [*given, *(each.column for each in assignments)], path)
        return Save(model, path, assignments, (), to_one, to_many)

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
        return Save(model, path, assignments, self._changes(ops or {}, patch, model, ops_path), to_one, to_many)

    def named(self, by: Mapping[str, Any], model: Model, path: Path) -> Named:
        """A record of a nested input that a unique selector names."""
        self._count(path)
        return self.selected(by, model, path)

    def selected(self, by: Mapping[str, Any], model: Model, path: Path) -> Named:
        """The record that a unique selector names. What is wrong with it is told at the end, so that planning goes on."""
        with self.problems.at(*path):
            key, values = self.planner.selector(by, model)
            return Named(model, key, values, path)
        return Named(model, model.keys[0], (), path)

    def named_by(self, save: Save, key: Key) -> Named:
        """The record that the values of a create name by a unique key."""
        known = {each.column.key: each.value for each in save.assignments}
        missing = [column.name for column in key.columns if known.get(column.key) is None]
        for name in missing:
            self.problems.add(f"{name} is part of the key to upsert by, so it needs a value.", (*save.path, name))
        return Named(save.model, key, tuple(known.get(column.key) for column in key.columns), save.path)

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

    def _assignments(self, data: Mapping[str, Any], model: Model, path: Path) -> tuple[Assignment, ...]:
        members = self._columns.get(model)
        if members is None:
            members = {name: member for name, member in model.members.items() if isinstance(member, Column)}
            self._columns[model] = members
        return self._values(data, members, path)

    def _values(self, data: Mapping[str, Any], columns: Mapping[str, Column], path: Path) -> tuple[Assignment, ...]:
        found: list[Assignment] = []
        for name, value in data.items():
            if name in columns:
                try:
                    found.append(plan_assignment(columns[name], value, self.planner.catalog))
                except (RequestError, ValueError):
                    with self.problems.at(*path, name):
                        raise
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
        self, model: Model, data: Mapping[str, Any], known_columns: Iterable[Column], path: Path
    ) -> None:
        """What is given and wrong is told of already, so that it is not missing too."""
        missing = [column for column in model.columns if column.required and column.name not in data]
        if not missing:
            return
        known = {column.key for column in known_columns}
        for member in (model.members.get(name) for name in data):
            if isinstance(member, Relation) and member.owns_key:
                known |= {column.key for column in member.local}
        for column in missing:
            if column.key not in known:
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
