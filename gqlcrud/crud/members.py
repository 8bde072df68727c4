"""Names of attributes in, the columns and relations of a model out; one that it does not have is told with those it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import InstrumentedAttribute

from gqlcrud.catalog import Column, Key, Model, Relation
from gqlcrud.crud.values import given_value
from gqlcrud.errors import RequestError
from gqlcrud.naming import singular


def member_of(model: Model, name: str) -> Column | Relation:
    """The column or relation of this name. Raises RequestError."""
    member = model.members.get(name)
    if not isinstance(member, Column | Relation):
        raise RequestError(f"{model.name} has no attribute {name!r}. It has: {', '.join(model.members)}.")
    return member


def column_of(model: Model, name: str) -> Column:
    """The column of this name. Raises RequestError for a relation as well."""
    member = member_of(model, name)
    if isinstance(member, Relation):
        raise RequestError(f"{model.name}.{name} leads to other records; a column is needed.")
    return member


def listed_by_ids(model: Model, name: str) -> Relation | None:
    """The to-many relation that `<singular>_ids` stands for: `tag_ids` for `tags`; None if the name is none of these."""
    if not name.endswith("_ids"):
        return None
    stem = name.removesuffix("_ids")
    return next((each for each in model.relations if each.many and singular(each.key) == stem), None)


def attribute_name(attribute: Any) -> str:
    """The name of an attribute, which is given as `Book.title` or by its name. Raises RequestError."""
    if isinstance(attribute, InstrumentedAttribute):
        return attribute.key
    if isinstance(attribute, str):
        return attribute
    raise RequestError(f"An attribute is needed, such as Book.title or 'title', not {attribute!r}.")


def key_of(model: Model, names: Sequence[str] | str) -> Key:
    """The unique key of these attributes, in any order. Raises RequestError if they are none."""
    given = [names] if isinstance(names, str) else list(names)
    found = next((each for each in model.keys if {column.key for column in each.columns} == set(given)), None)
    if found is None:
        known = "; ".join(", ".join(column.key for column in each.columns) for each in model.keys)
        raise RequestError(
            f"{', '.join(map(str, given)) or '{}'} is no unique key of {model.name}; there are: {known}."
        )
    return found


def named_key(model: Model, key: Any) -> tuple[Key, tuple[Any, ...]]:
    """The unique key that names a record, and its values, one for each column.

    key: the value of the primary key; a tuple of them where it has several columns; or a mapping of all attributes of a
    unique key to their values. Raises RequestError.
    """
    if isinstance(key, Mapping):
        found = key_of(model, list(key))
        return found, tuple(_key_value(column, key[column.key]) for column in found.columns)
    columns = model.primary_key
    values = key if isinstance(key, tuple) else (key,)
    if len(values) != len(columns):
        names = ", ".join(column.key for column in columns)
        raise RequestError(f"The primary key of {model.name} has the columns {names}: give a tuple of their values.")
    return model.keys[0], tuple(map(_key_value, columns, values))


def unique_key(model: Model, names: Sequence[str] | str, argument: str) -> Key:
    """The unique key of these attributes, in any order. Raises RequestError at `argument` if there is none."""
    wanted = {names} if isinstance(names, str) else set(names)
    found = next((each for each in model.keys if {column.key for column in each.columns} == wanted), None)
    if found is None:
        known = "; ".join(", ".join(column.key for column in each.columns) for each in model.keys)
        message = f"{', '.join(sorted(map(str, wanted)))} is no unique key of {model.name}; there are: {known}."
        raise RequestError(message, path=(argument,))
    return found


def _key_value(column: Column, value: Any) -> Any:
    try:
        if value is None:
            raise ValueError(f"{column.key} is None, which names no record.")
        return column.scalar.check(given_value(column.scalar, value))
    except ValueError as error:
        raise RequestError(str(error), path=(column.key,)) from None
