"""The values of records as Python callers give them in, the inputs that write planning takes out.

What cannot be meant is collected in `Problems`, so that all of it is told at once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from gqlcrud.catalog import Column, Model, Relation, Source
from gqlcrud.crud.members import column_of, listed_by_ids
from gqlcrud.crud.relations import RelationInputs
from gqlcrud.crud.values import given_list, given_value
from gqlcrud.errors import RequestError
from gqlcrud.planning import Planner
from gqlcrud.write_plan import Path
from gqlcrud.write_planning import Problems


@dataclass(frozen=True, slots=True)
class Inputs:
    """Reads the values of one call.

    places: where something stands in them that the inputs of planning have at another place.
    """

    planner: Planner
    problems: Problems
    places: dict[Path, Path] = field(default_factory=dict)

    def create(self, data: Any, model: Model, path: Path) -> dict[str, Any]:
        """The values of a new record: columns by attribute, relations with their operations, `tag_ids` to connect."""
        return self._record(data, model, path, creating=True)

    def patch(self, data: Any, model: Model, path: Path) -> dict[str, Any]:
        """The changes of a record. `tag_ids` are all that the relation has afterwards."""
        return self._record(data, model, path, creating=False)

    def ops(self, ops: Mapping[str, Any] | None, model: Model, path: Path) -> dict[str, Any] | None:
        """Operators on the values that columns have: `{"stock": {"decrement": 1}}`."""
        if ops is None:
            return None
        found: dict[str, Any] = {}
        for name, value in ops.items():
            with self.problems.at(*path, name):
                column = column_of(model, name)
                if not column.changeable:
                    raise ValueError(f"{name} has no operators: it is set to a value.")
                found[name] = _operators(column, value)
        return found

    def _record(self, data: Any, model: Model, path: Path, *, creating: bool) -> dict[str, Any]:
        relations = RelationInputs(self)
        found: dict[str, Any] = {}
        given: Mapping[str, Any] = {}
        with self.problems.at(*path):
            given = given_mapping(data, model)
        for name, value in given.items():
            place = (*path, name)
            with self.problems.at(*place):
                member = model.members.get(name)
                listed = listed_by_ids(model, name) if member is None else None
                if isinstance(member, Column):
                    found[name] = _column_value(member, value)
                elif isinstance(member, Relation):
                    operations = relations.operations(member, value, place, creating=creating)
                    _add(found, member, operations, name)
                elif listed is not None:
                    _add(found, listed, relations.listed(listed, value, place, creating=creating), name)
                elif _is_virtual(model, name, creating=creating):
                    found[name] = value
                else:
                    raise ValueError(f"{model.name} has no attribute {name!r}. It has: {', '.join(model.members)}.")
        return found


def _add(found: dict[str, Any], relation: Relation, operations: Any, name: str) -> None:
    """A relation is given once, by itself or by ids."""
    if relation.name in found:
        raise ValueError(f"{name} says again what becomes of {relation.key}; give it once.")
    if operations is not None:
        found[relation.name] = operations


def given_mapping(data: Any, model: Model) -> Mapping[str, Any]:
    """What was given, as a mapping: of a Pydantic model the fields that were set, of a dataclass all.

    Raises RequestError for anything else.
    """
    if isinstance(data, Mapping):
        return data
    if isinstance(data, BaseModel):
        names = {
            name: _attribute(name, data, model) for name in type(data).model_fields if name in data.model_fields_set
        }
        return {attribute: getattr(data, name) for name, attribute in names.items()}
    if dataclasses.is_dataclass(data) and not isinstance(data, type):
        return {each.name: getattr(data, each.name) for each in dataclasses.fields(data)}
    raise RequestError(
        f"The values of a {model.name} are a mapping, a Pydantic model or a dataclass, not {type(data).__name__}."
    )


def _attribute(name: str, data: BaseModel, model: Model) -> str:
    """A field is called like an attribute, or its alias is."""
    alias = type(data).model_fields[name].alias
    return alias if name not in model.members and alias is not None and alias in model.members else name


def _column_value(column: Column, value: Any) -> Any:
    if column.source not in (Source.STORED, Source.LINK):
        raise ValueError(f"{column.key} is computed, not stored.")
    if column.read_only:
        raise ValueError(f"{column.key} is set by the API or the database, not by a caller.")
    return given_value(column.scalar, value)


def _is_virtual(model: Model, name: str, *, creating: bool) -> bool:
    """Whether a Pydantic model that values pass through has a field of this name beside the columns."""
    schema = model.create_schema if creating else model.update_schema
    return schema is not None and any(each.name == name for each in schema.virtual)


def _operators(column: Column, value: Any) -> Any:
    """One mapping of operators to operands, or several that follow one another."""
    if isinstance(value, list | tuple):
        return [_operators(column, each) for each in value]
    if not isinstance(value, Mapping):
        raise ValueError(f"{column.key} takes operators here, such as {{'increment': 1}}.")
    known = _operator_names(column)
    unknown = sorted(str(each) for each in value.keys() - known)
    if unknown:
        raise ValueError(f"{column.key} has no operator {unknown[0]!r}. It has: {', '.join(sorted(known))}.")
    return {name: _operand(column, name, operand) for name, operand in value.items()}


def _operator_names(column: Column) -> set[str]:
    if column.scalar.item is not None:
        return {"append", "prepend", "remove"}
    if column.scalar.name == "JSON":
        return {"merge", "set", "delete", "append", "prepend"}
    return {"increment", "decrement", "multiply", "divide"}


def _operand(column: Column, name: str, operand: Any) -> Any:
    if column.scalar.name == "JSON":
        return _json_operand(name, operand)
    item = column.scalar.item
    if item is None:
        return given_value(column.scalar, operand)
    if name == "remove":
        return given_value(item, operand)
    return [given_value(item, each) for each in given_list(operand)]


def _json_operand(name: str, operand: Any) -> Any:
    if name == "merge":
        return operand
    if name == "delete":
        return [str(step) for step in given_list(operand)]
    if not isinstance(operand, Mapping) or not operand.keys() <= {"path", "value"}:
        raise ValueError(f"{name} takes a path and a value, as in {{'path': ['a', 'b'], 'value': 1}}.")
    return {**operand, "path": [str(step) for step in given_list(operand.get("path", []))]}
