"""Values of a record in, what a Pydantic model makes of them out; what it refuses is told at its place in the input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from pydantic import AnyUrl, BaseModel, SecretBytes, SecretStr, ValidationError
from pydantic_core import ErrorDetails, to_jsonable_python

from gqlcrud.catalog import Column, InputSchema, Model, SchemaField
from gqlcrud.errors import ConfigurationError
from gqlcrud.write_plan import Path
from gqlcrud.write_planning.problems import Problems


def apply_schema(
    schema: InputSchema,
    model: Model,
    values: Mapping[str, Any],
    data: Mapping[str, Any],
    problems: Problems,
    path: Path,
) -> tuple[dict[str, Any], frozenset[str]]:
    """The values by attribute, as they are to be stored, and which of them are defaults of the schema.

    Those that are refused are left out, and told in `problems`.

    values: by attribute of the mapped class. data: the input, in which the virtual fields stand.
    """
    given = {each.key: values[each.column.key] for each in schema.fields if each.column and each.column.key in values}
    given |= {each.key: data[each.name] for each in schema.virtual if each.name in data}
    try:
        made = schema.schema.model_validate(given)
    except ValidationError as error:
        refused = _report(error, schema, given, problems, path)
        return {key: value for key, value in values.items() if key not in refused}, frozenset()
    columns = {
        each.column.key: _column_value(getattr(made, each.attribute), each.column)
        for each in schema.fields
        if each.column and _is_set(made, each, schema)
    }
    left_out = {
        each.column.key for each in schema.fields if each.column and each.attribute not in made.model_fields_set
    }
    with problems.at(*path):
        further = _further(made, model)
        return {**values, **columns, **further}, frozenset(left_out - further.keys())
    return dict(values), frozenset()


def _is_set(made: BaseModel, field: SchemaField, schema: InputSchema) -> bool:
    """A default of None leaves a column of a new record to its own default; in a patch no default counts."""
    if field.attribute in made.model_fields_set:
        return True
    return not schema.partial and getattr(made, field.attribute) is not None


def _further(made: BaseModel, model: Model) -> dict[str, Any]:
    """What the method `to_columns` gives, where the Pydantic model has one."""
    to_columns = getattr(made, "to_columns", None)
    found: dict[str, Any] = {} if to_columns is None else dict(to_columns())
    unknown = sorted(found.keys() - model.stored.keys())
    if unknown:
        raise ConfigurationError(
            f"{type(made).__name__}.to_columns gives {', '.join(map(repr, unknown))} a value, and the columns of "
            f"{model.entity.__name__} are: {', '.join(sorted(model.stored))}."
        )
    return {key: _column_value(value, model.stored[key]) for key, value in found.items()}


def _column_value(value: Any, column: Column) -> Any:
    """What an attribute of the mapped class takes for a value of Pydantic's."""
    if column.scalar.name == "JSON":
        return to_jsonable_python(value, by_alias=True)
    match value:
        case SecretStr() | SecretBytes():
            return value.get_secret_value()
        case AnyUrl():
            return str(value)
        case Enum() if not _holds_members(column):
            return value.value
        case set() | frozenset() | tuple():
            return list(value)
        case _:
            return value


def _holds_members(column: Column) -> bool:
    """Whether the attribute takes members of a Python enum: the scalar of any other column has no such labels."""
    return getattr(column.sql_type, "enum_class", None) is not None


# ---------- errors ----------


def _report(
    error: ValidationError, schema: InputSchema, given: Mapping[str, Any], problems: Problems, path: Path
) -> set[str]:
    """Tell each error once, and give the attributes of the columns that are refused."""
    refused: set[str] = set()
    told: set[tuple[Path, str]] = set()
    for each in error.errors(include_url=False, include_input=False):
        place, message = _place(each, schema, given), _message(each)
        field = schema.places.get(str(each["loc"][0])) if each["loc"] else None
        if field is not None and field.column is not None:
            refused.add(field.column.key)
        if (place, message) not in told:
            told.add((place, message))
            problems.add(message, (*path, *place))
    return refused


def _place(error: ErrorDetails, schema: InputSchema, given: Mapping[str, Any]) -> Path:
    """Where an error is in the input of the record. A location of Pydantic's names branches of unions too, which the
    input does not have."""
    first, *rest = error["loc"] or ("",)
    field = schema.places.get(str(first))
    if field is None:
        return ()
    steps: list[str | int] = [field.name]
    value: Any = given.get(field.key)
    for place, step in enumerate(rest, 1):
        if isinstance(value, Mapping) and str(step) in value:
            value = value[str(step)]
        elif isinstance(value, Sequence) and isinstance(step, int) and step < len(value):
            value = value[step]
        elif not (error["type"] == "missing" and place == len(rest)):
            continue
        steps.append(step)
    return tuple(steps)


def _message(error: ErrorDetails) -> str:
    """What Pydantic says; of a validator of the user's, what that one says."""
    own = error.get("ctx", {}).get("error")
    if error["type"] in ("value_error", "assertion_error") and isinstance(own, Exception):
        return str(own) or "This value is refused."
    return error["msg"]
