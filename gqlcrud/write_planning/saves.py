"""The values of a record in an input (`BookCreate`, `BookPatch`) in, a `Save` out, with all that is nested in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gqlcrud.catalog import Column, InputSchema, Key, Model, Relation
from gqlcrud.errors import ErrorCode, RequestError, WriteError
from gqlcrud.options import Occasion
from gqlcrud.planning import DeletedRecords, Planner
from gqlcrud.write_plan import Assignment, Change, DeleteTarget, Disconnect, Named, Path, Save, ToMany, ToOne
from gqlcrud.write_planning.alike import Passed
from gqlcrud.write_planning.changes import plan_changes
from gqlcrud.write_planning.obligations import missing, required_of, told_by
from gqlcrud.write_planning.permitted import check_action, check_changed, check_edge, check_key, is_writable
from gqlcrud.write_planning.presets import Presets
from gqlcrud.write_planning.problems import Problems
from gqlcrud.write_planning.references import GuardedKey, guarded_keys, plan_references
from gqlcrud.write_planning.relations import RelationPlanner
from gqlcrud.write_planning.schemas import apply_schema
from gqlcrud.write_planning.values import checked_assignment, input_value, plan_assignment

_NONE_PASSED: Mapping[str, Passed] = {}


@dataclass(slots=True)
class SavePlanner:
    """Plans the records of one mutation. What is wrong with them is collected in `problems`."""

    planner: Planner
    problems: Problems
    presets: Presets
    _items: int = 0
    _guards: dict[Model, Sequence[GuardedKey]] = field(default_factory=dict)
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
        passed: Mapping[str, Passed] = _NONE_PASSED,
    ) -> Save:
        """A new record. `given`: columns that its parent sets. `by`: the key that it is made for, whose values it has.
        `passed`: fields whose values are known to be valid; there is no schema then."""
        if depth:
            self._count(path)
        before = len(self.problems.found)
        check_action("create", model, path, self.planner, self.problems)
        own = self.own(model, "create", path)
        assignments = self._assignments(data, model, path, model.create_schema, own, by, passed)
        refused = len(self.problems.found) > before
        to_one, to_many = self._links(data, model, path, depth)
        self._check_twice(data, to_one, path)
        known = {column.key for column in given} | {each.column.key for each in assignments}
        known |= {column.key for each in to_one if each.relation.owns_key for column in each.relation.local}
        if refused:
            known |= {column.key for column in model.columns if column.name in data}
        self._check_given(data, model, given, path)
        self._check_required(model, known, path, refused=refused)
        references = plan_references(self.guards(model), assignments, path)
        return Save(model, path, (*assignments, *own), (), to_one, to_many, references=references)

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
        assignments = self._assignments(patch, model, path, model.update_schema)
        to_one, to_many = self._links(patch, model, path, depth)
        self._check_twice(patch, to_one, path)
        given = {*patch, *(each.column.name for each in assignments)}
        changes = self._changes(ops, given, model, ops_path) if ops else ()
        references = plan_references(self.guards(model), assignments, path)
        save = Save(model, path, assignments, changes, to_one, to_many, ops_path, references)
        if save.is_empty:
            return save
        check_action("update", model, save.place, self.planner, self.problems)
        own = self.own(model, "update", path)
        fixed = {each.column.key for each in own}
        kept = (each for each in assignments if each.column.key not in fixed)
        return replace(save, assignments=(*kept, *own)) if own else save

    def named(self, by: Mapping[str, Any], model: Model, path: Path) -> Named:
        """A record of a nested input that a unique selector names."""
        self._count(path)
        return self.selected(by, model, path)

    def selected(
        self, by: Mapping[str, Any], model: Model, path: Path, deleted: DeletedRecords = DeletedRecords.EXCLUDE
    ) -> Named:
        """The record that a unique selector names. What is wrong with it is told at the end, so that planning goes on."""
        among = self.planner.visible(model, deleted)
        try:  # not by `at`: a bulk write may name a record for each of its own
            key, values = self.planner.selector(by, model)
        except (RequestError, WriteError, ValueError) as error:
            self.problems.keep(error, path)
            return Named(model, model.keys[0], (), path, among)
        return Named(model, key, values, path, among)

    def named_by(self, save: Save, key: Key) -> Named:
        """The record that the values of a create name by a unique key."""
        known = {each.column.key: each.value for each in save.assignments}
        check_key(key, save.model, save.path, self.planner, self.problems)
        for name in [column.name for column in key.columns if known.get(column.key) is None]:
            self.problems.add(f"{name} is part of the key to upsert by, so it needs a value.", (*save.path, name))
        values = tuple(known.get(column.key) for column in key.columns)
        return Named(save.model, key, values, save.path, self.planner.visible(save.model))

    def edge(self, values: Mapping[str, Any] | None, relation: Relation, path: Path) -> tuple[Assignment, ...]:
        """The values of a link's columns."""
        columns = {column.name: column for column in (relation.link.columns if relation.link else ())}
        check_edge(values or {}, columns, relation, path, self.planner, self.problems)
        return self._values(values or {}, columns, path)

    def referring(self, saves: Sequence[Save]) -> list[Save]:
        """Saves of values alone, with what the foreign keys among them must lead to."""
        return [
            replace(each, references=plan_references(self.guards(each.model), each.assignments, each.path))
            for each in saves
        ]

    # ---------- parts ----------

    def _count(self, path: Path) -> None:
        self._items += 1
        maximum = self.planner.limits.max_write_items
        if self._items == maximum + 1:
            message = f"A mutation names at most {maximum} records."
            self.problems.add(message, path, ErrorCode.LIMIT)

    def own(self, model: Model, occasion: Occasion, path: Path) -> tuple[Assignment, ...]:
        """What is set of a record without the client: presets, and the flag of one that is there."""
        found: list[Assignment] = []
        deletion = model.soft_deletion
        if occasion == "create" and deletion is not None and deletion.is_flag:
            found.append(Assignment(deletion.column, deletion.alive))
        try:
            found += self.presets.assignments(model, occasion)
        except (RequestError, WriteError) as error:
            self.problems.keep(error, path)
        return tuple(found)

    def _assignments(
        self,
        data: Mapping[str, Any],
        model: Model,
        path: Path,
        schema: InputSchema | None,
        own: Sequence[Assignment] = (),
        by: Named | None = None,
        passed: Mapping[str, Passed] = _NONE_PASSED,
    ) -> tuple[Assignment, ...]:
        """The values of a record, as its schema makes them. They begin with those of the key that it is named by.

        own: what is set without the client, whatever the schema makes of it. passed: as of `create`.
        """
        values = dict(zip((each.key for each in by.key.columns), by.values, strict=False)) if by is not None else {}
        for name, value in data.items():
            column = model.members.get(name)
            if not isinstance(column, Column) or not is_writable(column, model, path, self.planner, self.problems):
                continue
            if name in passed:
                stored = passed[name]
                values[column.key] = value if stored == "as they are" else stored[value]
            else:
                try:  # not by `at`: a bulk write has a hundred thousand values
                    values[column.key] = input_value(column, value, self.planner.catalog)
                except (RequestError, ValueError) as error:
                    self.problems.keep(error, (*path, name))
        defaults: frozenset[str] = frozenset()
        if schema is not None:
            values, defaults = apply_schema(schema, model, values, data, self.problems, path)
        fixed = {each.column.key: each.value for each in own}
        if by is not None:
            self._check_key({**values, **fixed}, by, path)
        found: list[Assignment] = []
        for key, value in values.items():
            column = model.stored[key]
            if column.name in passed and key not in fixed:
                found.append(Assignment(column, value))
            elif key not in fixed:
                try:
                    assignment = checked_assignment(column, value)
                    found.append(replace(assignment, by_default=True) if key in defaults else assignment)
                except (RequestError, ValueError) as error:
                    self.problems.keep(error, (*path, column.name) if column.offered else path)
        return tuple(found)

    def guards(self, model: Model) -> Sequence[GuardedKey]:
        """The foreign keys that must not lead to every record."""
        if model not in self._guards:
            self._guards[model] = guarded_keys(self.planner, model)
        return self._guards[model]

    def _check_key(self, values: Mapping[str, Any], by: Named, path: Path) -> None:
        for column, value in zip(by.key.columns, by.values, strict=False):
            if values.get(column.key, value) != value:
                self.problems.add(
                    f"{column.name} contradicts the key that the record is named by.", (*path, column.name)
                )

    def _values(self, data: Mapping[str, Any], columns: Mapping[str, Column], path: Path) -> tuple[Assignment, ...]:
        found: list[Assignment] = []
        for name, value in data.items():
            if name in columns:
                with self.problems.at(*path, name):
                    found.append(plan_assignment(columns[name], value, self.planner.catalog))
        return tuple(found)

    def _changes(self, ops: Mapping[str, Any], patch: Collection[str], model: Model, path: Path) -> tuple[Change, ...]:
        """patch: the fields that are given, and those that a schema sets along."""
        check_changed(ops, model, path, self.planner, self.problems)
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
            emptied = isinstance(each.operation, Disconnect | DeleteTarget)
            for column in each.relation.local if each.relation.owns_key else ():
                if column.name in data and (column.nullable or not emptied):
                    message = f"{column.name} and {each.relation.name} set the same relation; give one of them."
                    self.problems.add(message, (*path, column.name))

    def _check_given(self, data: Mapping[str, Any], model: Model, given: Collection[Column], path: Path) -> None:
        """What a nested record belongs to is said by where it stands, and not again."""
        told = told_by(model, tuple(given)) if given else frozenset()
        for name in [name for name in data if name in told]:
            self.problems.add(f"{name} is the record that this one is nested in; leave it out.", (*path, name))

    def _check_required(self, model: Model, known: Collection[str], path: Path, *, refused: bool) -> None:
        """Every column that needs a value has one, be it a refused one.

        known: the attributes that are set. refused: some value is, so that the schema has not made any of its own.
        """
        schema = model.create_schema
        if schema is None and required_of(model).issubset(known):
            return
        for column in model.columns:
            needed = schema.needs(column) if schema is not None else column.required
            needed = (column.writable and needed) or (column.required and not refused)
            if needed and column.key not in known:
                name, message, code = missing(column, model, self.planner.catalog)
                self.problems.add(message, (*path, name), code)
