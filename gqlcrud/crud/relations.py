"""The operations of relations as Python callers give them in, those that write planning takes out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel

from gqlcrud.catalog import Model, Relation
from gqlcrud.crud.conditions import plan_condition
from gqlcrud.crud.members import named_key
from gqlcrud.crud.values import given_list, given_value
from gqlcrud.errors import RequestError
from gqlcrud.planning import Planner
from gqlcrud.write_plan import Path
from gqlcrud.write_planning import Problems

_TO_ONE = {
    "connect": "connect",
    "create": "create",
    "connect_or_create": "connectOrCreate",
    "update": "update",
    "upsert": "upsert",
    "disconnect": "disconnect",
    "delete": "delete",
}
_TO_MANY = {
    "connect": "connect",
    "create": "create",
    "connect_or_create": "connectOrCreate",
    "set": "set",
    "disconnect": "disconnect",
    "update": "update",
    "update_where": "updateWhere",
    "upsert": "upsert",
    "delete": "delete",
    "delete_where": "deleteWhere",
}
_PARTS = {
    "connect_or_create": {"by", "create", "edge"},
    "update": {"by", "patch", "ops", "version", "edge"},
    "update_where": {"where", "patch", "ops"},
    "upsert": {"by", "create", "update", "edge"},
}
_NEEDED = {
    "connect_or_create": ("by", "create"),
    "update": ("by",),
    "update_where": ("where",),
    "upsert": ("by", "create", "update"),
}


class RecordInputs(Protocol):
    """What relations need of the reader of records."""

    @property
    def planner(self) -> Planner: ...
    @property
    def places(self) -> dict[Path, Path]: ...
    @property
    def problems(self) -> Problems: ...

    def create(self, data: Any, model: Model, path: Path) -> dict[str, Any]: ...
    def patch(self, data: Any, model: Model, path: Path) -> dict[str, Any]: ...
    def ops(self, ops: Mapping[str, Any] | None, model: Model, path: Path) -> dict[str, Any] | None: ...


@dataclass(frozen=True, slots=True)
class RelationInputs:
    """Reads what is done to the relations of the records that `records` reads. Raises ValueError or RequestError."""

    records: RecordInputs

    def operations(self, relation: Relation, value: Any, path: Path, *, creating: bool) -> Any:
        """A mapping of operations; None if there is nothing to do. An object, or a list of them, stands for new records;
        None in the place of one takes out what is there."""
        if not relation.writable:
            raise ValueError(f"{relation.key} cannot be written.")
        if relation.many:
            return self._to_many(relation, value, path)
        if value is None:
            self.records.places[(*path, "disconnect")] = path
            return None if creating else {"disconnect": True}
        return self._to_one(relation, value, path)

    def listed(self, relation: Relation, value: Any, path: Path, *, creating: bool) -> dict[str, Any]:
        """Primary keys: of a new record what it is connected to, of another all that it is connected to."""
        if not relation.writable:
            raise ValueError(f"{relation.key} cannot be written.")
        target = self._target(relation)
        operation = "connect" if creating else "set"
        self.records.places[(*path[:-1], relation.key, operation)] = path
        found = []
        for place, each in enumerate(given_list(value)):
            with self.records.problems.at(*path, place):
                found.append(self._linked(relation, self._by(each, target), (*path, place)))
        return {operation: found}

    # ---------- to-one ----------

    def _to_one(self, relation: Relation, value: Any, path: Path) -> dict[str, Any]:
        target = self._target(relation)
        if _is_object(value):
            self.records.places[(*path, "create")] = path
            return {"create": self.records.create(value, target, path)}
        if not isinstance(value, Mapping) or len(value) != 1 or not value.keys() <= _TO_ONE.keys():
            example: dict[str, Any] = {relation.key: {"create": {}}}
            raise ValueError(f"{relation.key} takes one of {', '.join(_TO_ONE)}, as in {example}.")
        ((name, operand),) = value.items()
        return {_TO_ONE[name]: _at(name, self._to_one_operand, name, operand, target, (*path, name))}

    def _to_one_operand(self, name: str, operand: Any, target: Model, path: Path) -> Any:
        match name:
            case "connect":
                return self._by(operand, target)
            case "create":
                return self.records.create(operand, target, path)
            case "update":
                return self.records.patch(operand, target, path)
            case "connect_or_create":
                parts = _parts(operand, {"by", "create"}, ("by", "create"))
                return self._item(None, parts, target, path)
            case "upsert":
                parts = _parts(operand, {"create", "update"}, ("create", "update"))
                return self._item(None, parts, target, path)
            case _:
                return operand

    # ---------- to-many ----------

    def _to_many(self, relation: Relation, value: Any, path: Path) -> dict[str, Any]:
        if isinstance(value, list | tuple) and all(_is_object(each) for each in value):
            self.records.places[(*path, "create")] = path
            return {"create": self._operand(relation, "create", value, path)}
        if not isinstance(value, Mapping) or not value.keys() <= _TO_MANY.keys():
            example: dict[str, Any] = {relation.key: {"create": [{}]}}
            raise ValueError(f"{relation.key} takes {', '.join(_TO_MANY)}, as in {example}.")
        return {
            _TO_MANY[name]: _at(name, self._operand, relation, name, operand, (*path, name))
            for name, operand in value.items()
        }

    def _operand(self, relation: Relation, name: str, operand: Any, path: Path) -> Any:
        """One item stands for a list of it."""
        if name == "delete_where":
            return plan_condition(self.records.planner, self._target(relation), operand)
        found: list[Any] = []
        single = isinstance(operand, Mapping) or _is_object(operand)
        if single:
            self.records.places[(*path, 0)] = path
        for place, each in enumerate([operand] if single else given_list(operand)):
            at = path if single else (*path, place)
            with self.records.problems.at(*at):
                found.append(self._listed(relation, name, each, at))
        return found

    def _listed(self, relation: Relation, name: str, item: Any, path: Path) -> Any:
        target = self._target(relation)
        if name in _PARTS:
            return self._item(relation, _parts(item, _PARTS[name], _NEEDED[name]), target, path)
        if name in ("delete", "disconnect"):
            return self._by(item, target)
        edged = relation.link_name is not None and isinstance(item, Mapping) and "edge" in item
        if name == "create":
            if edged:
                parts = _parts(item, {"node", "edge"}, ("node",))
                node = self.records.create(parts["node"], target, (*path, "node"))
                return {"node": node, "edge": _at("edge", self._edge, relation, parts["edge"])}
            made = self.records.create(item, target, path)
            if relation.link_name is None:
                return made
            self.records.places[(*path, "node")] = path
            return {"node": made}
        if edged:
            parts = _parts(item, {"by", "edge"}, ("by",))
            by = _at("by", self._by, parts["by"], target)
            return {"by": by, "edge": _at("edge", self._edge, relation, parts["edge"])}
        return self._linked(relation, self._by(item, target), path)

    def _item(self, relation: Relation | None, item: Mapping[str, Any], target: Model, path: Path) -> dict[str, Any]:
        """One item of an operation that has parts, each part read for what it is."""
        found: dict[str, Any] = {}
        for name, value in item.items():
            found[name] = _at(name, self._part, relation, name, value, target, (*path, name))
        return found

    def _part(self, relation: Relation | None, name: str, value: Any, target: Model, path: Path) -> Any:
        match name:
            case "by":
                return self._by(value, target)
            case "create":
                return self.records.create(value, target, path)
            case "patch" | "update":
                return self.records.patch(value, target, path)
            case "ops":
                return self.records.ops(value, target, path)
            case "where":
                return plan_condition(self.records.planner, target, value)
            case "edge":
                assert relation is not None, "only to-many relations have edges"
                return self._edge(relation, value)
            case _:
                return value

    # ---------- parts ----------

    def _by(self, key: Any, target: Model) -> Any:
        """The unique selector of a record."""
        found, values = named_key(target, key)
        if len(values) == 1:
            return {found.name: values[0]}
        return {found.name: {column.name: each for column, each in zip(found.columns, values, strict=True)}}

    def _linked(self, relation: Relation, by: Any, path: Path) -> Any:
        if relation.link_name is None:
            return by
        self.records.places[(*path, "by")] = path
        return {"by": by}

    def _edge(self, relation: Relation, value: Any) -> dict[str, Any]:
        columns = {each.name: each for each in (relation.link.columns if relation.link is not None else ())}
        if not isinstance(value, Mapping) or not value.keys() <= columns.keys():
            raise ValueError(f"The edge of {relation.key} has the columns {', '.join(columns) or 'none'}.")
        return {name: given_value(columns[name].scalar, each) for name, each in value.items()}

    def _target(self, relation: Relation) -> Model:
        return self.records.planner.catalog.model(relation.target)


def _parts(item: Any, known: set[str], needed: tuple[str, ...]) -> Mapping[str, Any]:
    missing = [each for each in needed if not isinstance(item, Mapping) or each not in item]
    if missing or not item.keys() <= known:
        raise ValueError(f"This takes {', '.join(sorted(known))}; {' and '.join(needed)} must be there.")
    found: Mapping[str, Any] = item
    return found


def _is_object(value: Any) -> bool:
    return isinstance(value, BaseModel) or (dataclasses.is_dataclass(value) and not isinstance(value, type))


def _at(place: str | int, read: Callable[..., Any], *arguments: Any) -> Any:
    """What `read` makes of the arguments; a mistake is told with `place` in front of its path."""
    try:
        return read(*arguments)
    except RequestError as error:
        raise error.below(place) from None
    except ValueError as error:
        raise RequestError(str(error), path=(place,)) from None
