"""Values in, instances of mapped classes with these values out."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import inspect
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import ColumnProperty, LoaderCallableStatus, Mapper, class_mapper

from gqlcrud.catalog import Column, Model
from gqlcrud.statements import Database
from gqlcrud.statements.binding import utc_time


def new_instance(entity: type, values: Mapping[str, Any]) -> Any:
    """A new instance, made by the class itself where its `__init__` takes the values: it may give further ones.

    Raises ValueError for what a validator of the class refuses.
    """
    instance = _made(entity, values)
    for each in class_mapper(entity).column_attrs:
        if each.key not in values and _is_null_of_json(instance, each):
            setattr(instance, each.key, sa.null())
    return instance


def _is_null_of_json(instance: Any, attribute: ColumnProperty[Any]) -> bool:
    """Whether a class (a dataclass, a SQLModel) has set to None what the input leaves out: the value null of JSON."""
    column = attribute.columns[0]
    given = isinstance(column, sa.Column) and isinstance(column.type, sa.JSON) and column.default is None
    return given and column.nullable and sa.inspect(instance).dict.get(attribute.key, ...) is None


def _made(entity: type, values: Mapping[str, Any]) -> Any:
    if dataclasses.is_dataclass(entity):
        return _new_dataclass(entity, values)
    taken = _initializer(entity)
    if taken.itself in values:
        # an attribute of the name that the instance has there
        others = {key: value for key, value in values.items() if key != taken.itself}
        return _filled(_made(entity, others), {taken.itself: values[taken.itself]})
    if taken.required <= values.keys() and (taken.open_ended or values.keys() <= taken.names):
        return entity(**values)
    if not taken.required and not taken.open_ended:
        return _filled(entity(), values)
    return _filled(class_mapper(entity).class_manager.new_instance(), values)


@dataclasses.dataclass(frozen=True, slots=True)
class _Initializer:
    """What `__init__` of a class takes. itself: the name of the instance there; open_ended: whether it takes any name."""

    itself: str
    names: frozenset[str]
    required: frozenset[str]
    open_ended: bool


@functools.cache
def _initializer(entity: type) -> _Initializer:
    parameters = inspect.signature(entity.__init__).parameters  # type: ignore[misc]  # of this very class
    names = {name for name, each in parameters.items() if each.kind is not each.VAR_POSITIONAL}
    required = {name for name, each in list(parameters.items())[1:] if _is_required(each)}
    open_ended = any(each.kind is each.VAR_KEYWORD for each in parameters.values())
    return _Initializer(next(iter(parameters)), frozenset(names), frozenset(required), open_ended)


def _new_dataclass(entity: type, values: Mapping[str, Any]) -> Any:
    """As its `__init__` would, columns alone: a relation that it sets to None would clear the foreign key beside it."""
    mapper: Mapper[Any] = class_mapper(entity)
    instance = mapper.class_manager.new_instance()
    for each in dataclasses.fields(entity):
        if each.name in mapper.column_attrs and each.name not in values:
            if each.default_factory is not dataclasses.MISSING:
                setattr(instance, each.name, each.default_factory())
            elif each.default is not dataclasses.MISSING and not isinstance(each.default, LoaderCallableStatus):
                setattr(instance, each.name, each.default)
    _filled(instance, values)
    if hasattr(instance, "__post_init__"):
        instance.__post_init__()
    return instance


def _filled(instance: Any, values: Mapping[str, Any]) -> Any:
    for key, value in values.items():
        setattr(instance, key, value)
    return instance


def _is_required(parameter: inspect.Parameter) -> bool:
    return parameter.default is parameter.empty and parameter.kind not in (
        parameter.VAR_KEYWORD,
        parameter.VAR_POSITIONAL,
    )


@functools.cache
def stored_otherwise(model: Model) -> frozenset[str]:
    """The attributes of which `stored_value` may be another value."""
    return frozenset(
        key
        for key, column in model.stored.items()
        if column.scalar.name == "JSON" or not isinstance(column.sql_type, _STORED_ALIKE)
    )


_STORED_ALIKE = (sa.Integer, sa.Numeric, sa.String, sa.Boolean, sa.Date, sa.DateTime, sa.Uuid)
"""Types whose values are no times of day."""


def stored_value(column: Column, value: Any, database: Database) -> Any:
    """The value as an attribute takes it for this database.

    A null of JSON is NULL where that is allowed, else the JSON value; SQLite keeps no offsets of times.
    """
    if value is None and column.scalar.name == "JSON":
        return sa.null() if column.nullable else sa.JSON.NULL
    if isinstance(value, dt.time) and value.tzinfo is not None and database is Database.SQLITE:
        return utc_time(value)
    return value
