"""The operations of one relation in an input in, a `ToOne` or `ToMany` out; what contradicts itself is refused."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from gqlcrud.catalog import Column, Model, Relation
from gqlcrud.errors import ErrorCode, RequestError, WriteError
from gqlcrud.plan import Always, Condition, WriteAction, conjunction
from gqlcrud.planning import Planner
from gqlcrud.write_plan import (
    Assignment,
    Connect,
    ConnectOrCreate,
    Create,
    DeleteTarget,
    Disconnect,
    Named,
    Path,
    Save,
    ToMany,
    ToOne,
    ToOneOperation,
    UpdateChild,
    UpdateChildren,
    UpdateTarget,
    UpsertChild,
    UpsertTarget,
)
from gqlcrud.write_planning.permitted import check_version
from gqlcrud.write_planning.problems import Problems

_OPERATIONS = {
    "delete": "delete",
    "deleteWhere": "delete_where",
    "set": "members",
    "disconnect": "disconnect",
    "updateWhere": "update_where",
    "update": "update",
    "upsert": "upsert",
    "connect": "connect",
    "connectOrCreate": "connect_or_create",
    "create": "create",
}
"""Fields of the input of a to-many relation and what they are called in `ToMany`, in the order in which mistakes are told."""


class RecordPlanner(Protocol):
    """What relations need of the planner of records."""

    planner: Planner
    problems: Problems

    def create(
        self,
        data: Mapping[str, Any],
        model: Model,
        path: Path,
        *,
        given: Collection[Column] = ...,
        by: Named | None = ...,
        depth: int = ...,
    ) -> Save: ...

    def update(
        self,
        patch: Mapping[str, Any] | None,
        model: Model,
        path: Path,
        *,
        ops: Mapping[str, Any] | None = ...,
        ops_path: Path = ...,
        depth: int = ...,
    ) -> Save: ...

    def named(self, by: Mapping[str, Any], model: Model, path: Path) -> Named: ...

    def edge(self, values: Mapping[str, Any] | None, relation: Relation, path: Path) -> tuple[Assignment, ...]: ...


@dataclass(frozen=True, slots=True)
class RelationPlanner:
    """Plans the relations of the records that `records` plans."""

    records: RecordPlanner

    # ---------- to-one ----------

    def to_one(self, relation: Relation, value: Mapping[str, Any], path: Path, depth: int) -> ToOne | None:
        """Exactly one operation, as `@oneOf` has it."""
        ((name, operand),) = value.items()
        self._check_writable(relation, [name], path)
        operation = self._to_one(relation, name, operand, (*path, name), depth)
        return None if operation is None else ToOne(relation, operation, path, self._among(relation))

    def _to_one(self, relation: Relation, name: str, operand: Any, path: Path, depth: int) -> ToOneOperation | None:
        target = self._target(relation)
        given = relation.remote if not relation.owns_key else ()
        match name:
            case "connect":
                return Connect(self.records.named(operand, target, path))
            case "create":
                return Create(self.records.create(operand, target, path, given=given, depth=depth))
            case "connectOrCreate":
                return self._connect_or_create(relation, operand, path, depth)
            case "update":
                return UpdateTarget(self.records.update(operand, target, path, depth=depth))
            case "upsert":
                create = self.records.create(operand["create"], target, (*path, "create"), given=given, depth=depth)
                update = self.records.update(operand["update"], target, (*path, "update"), depth=depth)
                return UpsertTarget(create, update)
            case _:
                if operand is not True:
                    self.records.problems.add(f"{name} takes true; leave it out otherwise.", path)
                    return None
                return Disconnect(path) if name == "disconnect" else DeleteTarget(path)

    def _connect_or_create(
        self, relation: Relation, item: Mapping[str, Any], path: Path, depth: int
    ) -> ConnectOrCreate:
        target = self._target(relation)
        named = self.records.named(item["by"], target, (*path, "by"))
        given = relation.remote if not relation.owns_key and relation.link is None else ()
        save = self.records.create(item["create"], target, (*path, "create"), given=given, by=named, depth=depth)
        return ConnectOrCreate(named, save, self._edge(relation, item, path))

    # ---------- to-many ----------

    def to_many(self, relation: Relation, value: Mapping[str, Any], path: Path, depth: int) -> ToMany:
        """Lists of operations. Null for one is refused, so that a variable that was forgotten does nothing else."""
        for name in [name for name, operand in value.items() if operand is None]:
            self.records.problems.add(f"{name} cannot be null; leave it out.", (*path, name))
        value = {name: operand for name, operand in value.items() if operand is not None}
        self._check_writable(relation, value, path)
        operations: dict[str, Any] = {}
        for name, attribute in _OPERATIONS.items():
            if name in value:
                operations[attribute] = self._operation(relation, name, value[name], (*path, name), depth)
        planned = ToMany(relation, path, among=self._among(relation), **operations)
        self._check_conflicts(planned, value)
        referred = self._referred(planned) if relation.link is not None and relation.link.columns else ()
        return replace(planned, referred=referred) if referred else planned

    def _operation(self, relation: Relation, name: str, operand: Any, path: Path, depth: int) -> Any:
        """What `ToMany` holds of an operation."""
        plan: Callable[[Any, Path], Any]
        match name:
            case "deleteWhere":
                return self._where(relation, operand, path)
            case "delete" | "disconnect":
                plan = functools.partial(self._named, relation)
            case "connect" | "set":
                plan = functools.partial(self._connect, relation)
            case "create":
                plan = functools.partial(self._create, relation, depth=depth)
            case "connectOrCreate":
                plan = functools.partial(self._connect_or_create, relation, depth=depth)
            case "update":
                plan = functools.partial(self._update, relation, depth=depth)
            case "updateWhere":
                plan = functools.partial(self._update_where, relation, depth=depth)
            case _:
                plan = functools.partial(self._upsert, relation, depth=depth)
        return tuple([plan(each, (*path, place)) for place, each in enumerate(operand)])

    def _named(self, relation: Relation, by: Mapping[str, Any], path: Path) -> Named:
        return self.records.named(by, self._target(relation), path)

    def _connect(self, relation: Relation, item: Mapping[str, Any], path: Path) -> Connect:
        if relation.link_name is None:
            return Connect(self._named(relation, item, path))
        return Connect(self._named(relation, item["by"], (*path, "by")), self._edge(relation, item, path))

    def _create(self, relation: Relation, item: Mapping[str, Any], path: Path, depth: int) -> Create:
        target = self._target(relation)
        if relation.link is None:
            return Create(self.records.create(item, target, path, given=relation.remote, depth=depth))
        if relation.link_name is None:
            return Create(self.records.create(item, target, path, depth=depth))
        save = self.records.create(item["node"], target, (*path, "node"), depth=depth)
        return Create(save, self._edge(relation, item, path))

    def _update(self, relation: Relation, item: Mapping[str, Any], path: Path, depth: int) -> UpdateChild:
        version, target = item.get("version"), self._target(relation)
        check_version(version, target, (*path, "version"), self.records.planner, self.records.problems)
        return UpdateChild(
            self._named(relation, item["by"], (*path, "by")),
            self._changes(relation, item, path, depth),
            self._edge(relation, item, path),
            version,
        )

    def _update_where(self, relation: Relation, item: Mapping[str, Any], path: Path, depth: int) -> UpdateChildren:
        where = self._where(relation, item["where"], (*path, "where"))
        assert where is not None, "the input requires it"
        return UpdateChildren(where, self._changes(relation, item, path, depth))

    def _upsert(self, relation: Relation, item: Mapping[str, Any], path: Path, depth: int) -> UpsertChild:
        target = self._target(relation)
        named = self._named(relation, item["by"], (*path, "by"))
        given = relation.remote if relation.link is None else ()
        create = self.records.create(item["create"], target, (*path, "create"), given=given, by=named, depth=depth)
        update = self.records.update(item["update"], target, (*path, "update"), depth=depth)
        return UpsertChild(named, create, update, self._edge(relation, item, path))

    def _changes(self, relation: Relation, item: Mapping[str, Any], path: Path, depth: int) -> Save:
        target = self._target(relation)
        return self.records.update(
            item.get("patch"),
            target,
            (*path, "patch"),
            ops=item.get("ops"),
            ops_path=(*path, "ops"),
            depth=depth,
        )

    def _edge(self, relation: Relation, item: Mapping[str, Any], path: Path) -> tuple[Assignment, ...]:
        if relation.link_name is None:
            return ()
        return self.records.edge(item.get("edge"), relation, (*path, "edge"))

    def _referred(self, planned: ToMany) -> tuple[Named, ...]:
        """The records that foreign keys of edges lead to, of models that do not show all of theirs."""
        planner = self.records.planner
        linked: list[Connect | ConnectOrCreate | UpdateChild | UpsertChild] = [
            *(planned.members or ()),
            *planned.connect,
        ]
        linked += [*planned.connect_or_create, *planned.update, *planned.upsert]
        edges = [(each.target.path, each.edge) for each in linked]
        edges += [(each.save.path, each.edge) for each in planned.create]
        found: list[Named] = []
        for path, edge in edges:
            for column, value in ((each.column, each.value) for each in edge):
                if column.references is not None and value is not None:
                    target = planner.catalog.model(column.references)
                    place = (*path[:-1], "edge", column.name)
                    found.append(Named(target, target.keys[0], (value,), place, planner.visible(target)))
        return tuple(each for each in found if planner.visibility.secured or each.among != Always(True))

    def _where(self, relation: Relation, where: Mapping[str, Any] | None, path: Path) -> Any:
        if where is None:
            return None
        with self.records.problems.at(*path):
            condition = self.records.planner.condition(where, self._target(relation))
            return conjunction([self._among(relation), self._allowed(relation, path), condition])

    def _among(self, relation: Relation) -> Condition:
        """What holds for the records that the relation can lead to."""
        return self.records.planner.visible(self._target(relation))

    def _allowed(self, relation: Relation, path: Path) -> Condition:
        """What holds for the records that may be changed, or deleted, by a condition: no others are meant."""
        action: WriteAction = "delete" if "deleteWhere" in path[-1:] else "update"
        return self.records.planner.visibility.rule(self._target(relation), action)

    def _check_writable(self, relation: Relation, operations: Collection[str], path: Path) -> None:
        """What ties records to each other is a foreign key, which the caller has to be allowed to set."""
        planner = self.records.planner
        owner, target = planner.catalog.model(relation.owner), self._target(relation)
        for name in operations:
            if name not in ("update", "updateWhere", "delete", "deleteWhere"):
                try:  # not by `at`, which takes longer than what it guards
                    planner.visibility.check_relation("write", relation, owner, target)
                except (RequestError, WriteError, ValueError) as error:
                    self.records.problems.keep(error, (*path, name))

    def _target(self, relation: Relation) -> Model:
        return self.records.planner.catalog.model(relation.target)

    # ---------- conflicts ----------

    def _check_conflicts(self, planned: ToMany, value: Mapping[str, Any]) -> None:
        """`set` says what is connected, so nothing else may; and one record is named by one operation."""
        for name in ("connect", "disconnect"):
            if planned.members is not None and name in value:
                message = f"set says which records are connected; it cannot be used with {name}."
                self._conflict(message, (*planned.path, name))
        seen: dict[object, Named] = {}
        for named in planned.named:
            known = seen.setdefault((named.key, named.values), named)
            if known is not named and named.values:
                self._conflict(f"The same {named.model.name} is named twice in one relation.", named.path)

    def _conflict(self, message: str, path: Path) -> None:
        self.records.problems.add(message, path, ErrorCode.CONFLICTING_OPERATIONS)
