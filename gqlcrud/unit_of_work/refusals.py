"""Values of records in, instances that have them out; what validators of a mapped class refuse becomes errors.

A validator (`sqlalchemy.orm.validates`) refuses by ValueError or AssertionError.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Mapper, class_mapper

from gqlcrud.diagnosis.written_rows import WrittenRow, common_path
from gqlcrud.errors import ErrorCode, UserError, WriteError
from gqlcrud.unit_of_work.finding import Instance
from gqlcrud.unit_of_work.instances import new_instance
from gqlcrud.write_plan import Path, Save


def new_instances(items: Sequence[tuple[Save, Mapping[str, Any]]]) -> list[Instance]:
    """A new instance for each item. Raises WriteError for all values that are refused, each at its field."""
    made: list[Instance] = []
    errors: list[UserError] = []
    for save, values in items:
        try:
            made.append(new_instance(save.model.entity, values))
        except (ValueError, AssertionError) as error:
            errors += _refused_values(save, values) or [_refusal_of_record(save, error)]
    if errors:
        raise WriteError(errors)
    return made


def set_values(items: Iterable[tuple[Instance, Save, Mapping[str, Any]]]) -> None:
    """Give instances values. Raises WriteError for all that are refused, each at its field."""
    errors: list[UserError] = []
    for instance, save, values in items:
        for key, value in values.items():
            try:
                setattr(instance, key, value)
            except (ValueError, AssertionError) as error:
                errors.append(_refusal(save, key, error))
    if errors:
        raise WriteError(errors)


def in_circle(rows: Sequence[WrittenRow]) -> WriteError:
    """No order of DELETEs fits records that refer to each other."""
    message = "What is to be deleted refers to itself in a circle; take a record out of it first."
    return WriteError([UserError(ErrorCode.FOREIGN_KEY, message, common_path(rows))])


def _refused_values(save: Save, values: Mapping[str, Any]) -> list[UserError]:
    """Making an instance stops at the first value that is refused; so each is tried on one that nobody keeps."""
    mapper: Mapper[Any] = class_mapper(save.model.entity)
    trial = mapper.class_manager.new_instance()
    errors: list[UserError] = []
    for key, value in values.items():
        try:
            setattr(trial, key, value)
        except (ValueError, AssertionError) as error:
            errors.append(_refusal(save, key, error))
        except Exception:  # a validator fails in any way it likes on a record that lacks a value that was refused
            continue
    return errors


def _refusal(save: Save, key: str, error: Exception) -> UserError:
    name = next((each.name for each in save.model.columns if each.key == key), key)
    message = str(error) or f"{name} does not take this value."
    return UserError(ErrorCode.VALIDATION, message, (*save.path, *_field(save, key)))


def _refusal_of_record(save: Save, error: Exception) -> UserError:
    """What `__init__` or `__post_init__` refuses. An assertion of theirs is none of the client's mistakes."""
    if isinstance(error, AssertionError):
        raise error
    return UserError(ErrorCode.VALIDATION, str(error) or f"{save.model.name} does not take these values.", save.path)


def _field(save: Save, key: str) -> Path:
    """The field of an attribute, where it has one: a relation that sets the foreign key, or the column."""
    relations = (one.relation for one in save.to_one if one.relation.owns_key)
    setting = [each.name for each in relations if any(column.key == key for column in each.local)]
    columns = [column.name for column in save.model.columns if column.key == key and column.offered]
    return tuple((setting or columns)[:1])
