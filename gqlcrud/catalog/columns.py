"""Mapped attributes in, `Column`s out: stored columns, `column_property`, `hybrid_property`, synonyms."""

from __future__ import annotations

import datetime as dt
import inspect
import types
import typing
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.hybrid import HybridExtensionType, hybrid_property
from sqlalchemy.orm import ColumnProperty, Mapper, aliased
from sqlalchemy.types import NullType, TypeEngine

from gqlcrud.catalog.enums import EnumTypes
from gqlcrud.catalog.model import Column, LeftOut, Source
from gqlcrud.errors import ConfigurationError
from gqlcrud.naming import camel_name
from gqlcrud.options import ModelOptions
from gqlcrud.scalars import (
    BOOLEAN,
    BYTES,
    DATE,
    DATETIME,
    DECIMAL,
    DURATION,
    FLOAT,
    ID,
    INT,
    JSON,
    OPT_IN,
    STRING,
    TEXT,
    TIME,
    UUID,
    Operator,
    Scalar,
    array_scalar,
    scalar_for,
    wrapped_type,
)


@dataclass(frozen=True, slots=True)
class ColumnReader:
    """Reads the columns of one class; `left_out` collects what `skip_unknown` passes over."""

    owner: str
    options: ModelOptions
    scalars: Mapping[Any, Scalar]
    enums: EnumTypes
    skip_unknown: bool
    left_out: list[LeftOut]

    def stored(
        self, key: str, column: sa.Column[Any], *, deferred: bool = False, source: Source = Source.STORED
    ) -> Column | None:
        """A column of a table. Raises ConfigurationError for a type without a scalar, unless those are skipped."""
        scalar = self._scalar(key, column.type)
        if scalar is None:
            return None
        return self._column(
            key,
            column.type,
            scalar,
            nullable=bool(column.nullable),
            description=column.comment or column.doc or _stored_description(self.owner, key, column),
            source=source,
            deferred=deferred,
            read_only=column.computed is not None,
        )

    def expression(
        self, key: str, expression: sa.ColumnElement[Any], annotation: object, doc: str | None
    ) -> Column | None:
        """A SQL expression that the class maps; an annotation says what a type without a scalar cannot."""
        scalar, nullable = _annotated(annotation, self.scalars)
        from_type = scalar_for(expression.type, self.scalars) if not isinstance(expression.type, NullType) else None
        scalar = self.options.scalars.get(key) or self._enum(key, expression.type) or from_type or scalar
        if scalar is None:
            self._refuse(key, expression.type)
            return None
        description = doc or f"Computed by the database for each {self.owner}."
        return self._column(
            key,
            expression.type,
            scalar,
            nullable=nullable,
            description=description,
            source=Source.EXPRESSION,
            read_only=True,
        )

    def python(self, key: str, annotation: object, doc: str | None) -> Column | None:
        """A hybrid without a SQL form: a field that cannot be filtered or ordered by. Its type is the annotation's."""
        scalar, nullable = _annotated(annotation, self.scalars)
        scalar = self.options.scalars.get(key, scalar)
        if scalar is None:
            if self.skip_unknown:
                self.left_out.append(LeftOut(f"{self.owner}.{key}", "a hybrid property without a type"))
                return None
            raise ConfigurationError(
                f"{self.owner}.{key} is a hybrid property without a SQL expression, and its return type is not known. "
                f"Annotate what it returns, or exclude it: ModelOptions(exclude={{{key!r}}})."
            )
        scalar = replace(scalar, operators=(), sortable=False)
        description = doc or f"Computed from the other fields of {self.owner}; cannot be filtered or ordered by."
        return self._column(
            key, NullType(), scalar, nullable=nullable, description=description, source=Source.PYTHON, read_only=True
        )

    def _scalar(self, key: str, sql_type: TypeEngine[Any]) -> Scalar | None:
        scalar = self.options.scalars.get(key) or self._enum(key, sql_type) or scalar_for(sql_type, self.scalars)
        if scalar is None:
            self._refuse(key, sql_type)
        return scalar

    def _enum(self, key: str, sql_type: TypeEngine[Any]) -> Scalar | None:
        if isinstance(sql_type, sa.Enum) and not {*type(sql_type).__mro__} & self.scalars.keys():
            return self.enums.scalar(sql_type, self.owner, key, self.options.enum_names.get(key, {}))
        if isinstance(sql_type, sa.ARRAY) and sql_type.dimensions in (None, 1):
            item = self._enum(key, sql_type.item_type)
            return None if item is None else array_scalar(item)
        wrapped = wrapped_type(sql_type)
        return None if wrapped is None else self._enum(key, wrapped)

    def _refuse(self, key: str, sql_type: TypeEngine[Any]) -> None:
        if not self.skip_unknown:
            raise ConfigurationError(
                f"{self.owner}.{key} has the type {sql_type!r}, which has no GraphQL scalar. Give it one: "
                f"ModelOptions(scalars={{{key!r}: gqlcrud.custom_scalar(...)}}), or for every column of this type "
                f"Api(scalars={{{type(sql_type).__name__}: ...}}); or leave it out: ModelOptions(exclude={{{key!r}}})."
            )
        self.left_out.append(
            LeftOut(f"{self.owner}.{key}", f"the type {type(sql_type).__name__} has no GraphQL scalar")
        )

    def _column(
        self,
        key: str,
        sql_type: TypeEngine[Any],
        scalar: Scalar,
        *,
        nullable: bool,
        description: str,
        source: Source,
        deferred: bool = False,
        read_only: bool = False,
    ) -> Column:
        options = self.options
        return Column(
            key=key,
            name=options.rename.get(key) or ("rowId" if key == "id" else camel_name(key)),
            scalar=scalar,
            sql_type=sql_type,
            nullable=nullable,
            description=description,
            source=source,
            operators=() if key in options.hide_from_where else self._operators(key, scalar),
            sortable=scalar.sortable and key not in options.hide_from_order,
            deferred=deferred,
            read_only=read_only
            or options.read_only is True
            or (options.read_only is not False and key in options.read_only),
        )

    def _operators(self, key: str, scalar: Scalar) -> tuple[Operator, ...]:
        further = self.options.operators.get(key, ())
        if further and scalar.operators != TEXT:
            raise ConfigurationError(
                f"ModelOptions(operators={{{key!r}: ...}}) of {self.owner}: {sorted(further)} are for texts, "
                f"and {key} is a {scalar.name}."
            )
        for name in further:
            if name not in OPT_IN:
                raise ConfigurationError(
                    f"ModelOptions(operators={{{key!r}: ...}}) of {self.owner} names {name!r}; there are: {', '.join(OPT_IN)}."
                )
        return (*scalar.operators, *(operator for name in OPT_IN if name in further for operator in OPT_IN[name]))


def read_columns(mapper: Mapper[Any], reader: ColumnReader) -> list[Column]:
    """All columns of a class: stored ones, `column_property`s, synonyms, hybrids, each in the order of the class."""
    columns: list[Column | None] = []
    for prop in sorted(mapper.column_attrs, key=lambda each: not isinstance(each.columns[0], sa.Column)):
        if prop.key.startswith("_") or not _wanted(prop.key, reader.options):
            continue
        columns.append(_read_property(mapper, prop, reader))
    for name, synonym in mapper.synonyms.items():
        target = next((each for each in columns if each is not None and each.key == synonym.name), None)
        if target is not None and _wanted(name, reader.options):
            renamed = reader.options.rename.get(name) or camel_name(name)
            columns.append(replace(target, name=renamed, description=f"The same as `{target.name}`."))
    for key, hybrid in _hybrids(mapper):
        if _wanted(key, reader.options):
            columns.append(_read_hybrid(mapper, key, hybrid, reader))
    return [each for each in columns if each is not None]


def hidden_column(mapper: Mapper[Any], key: str) -> Column:
    """A stored column that the API does not offer but a relation or the global id needs."""
    column = mapper.column_attrs[key].columns[0]
    scalar = scalar_for(column.type, {}) or STRING
    return Column(
        key, key, scalar, column.type, bool(getattr(column, "nullable", True)), "", sortable=False, offered=False
    )


def as_global_id(column: Column, target: type, target_name: str, comment: str | None) -> Column:
    """A foreign key as clients see it: the global id of the record it points at."""
    operators = ID.operators if column.operators else ()
    description = comment or f"The global id of the {target_name}, taken from the foreign key without a query."
    return replace(column, references=target, operators=operators, sortable=False, description=description)


def _wanted(key: str, options: ModelOptions) -> bool:
    return (options.include is None or key in options.include) and key not in options.exclude


def _read_property(mapper: Mapper[Any], prop: ColumnProperty[Any], reader: ColumnReader) -> Column | None:
    column = prop.columns[0]
    if isinstance(column, sa.Column):
        return reader.stored(prop.key, column, deferred=prop.deferred)
    annotation = inspect.get_annotations(mapper.class_).get(prop.key)
    return reader.expression(prop.key, column, annotation, prop.doc)


def _hybrids(mapper: Mapper[Any]) -> list[tuple[str, hybrid_property[Any]]]:
    found: dict[str, hybrid_property[Any]] = {}
    for key, descriptor in mapper.all_orm_descriptors.items():
        if descriptor.extension_type is HybridExtensionType.HYBRID_PROPERTY and not str(key).startswith("_"):
            found[str(key)] = typing.cast("hybrid_property[Any]", descriptor)
    return list(found.items())


def _read_hybrid(mapper: Mapper[Any], key: str, hybrid: hybrid_property[Any], reader: ColumnReader) -> Column | None:
    annotation = _return_annotation(hybrid.fget)
    doc = inspect.cleandoc(hybrid.fget.__doc__) if hybrid.fget.__doc__ else None
    expression = hybrid_expression(mapper.class_, key)
    return (
        reader.python(key, annotation, doc)
        if expression is None
        else reader.expression(key, expression, annotation, doc)
    )


def hybrid_expression(entity: type, key: str) -> sa.ColumnElement[Any] | None:
    """The SQL form of a hybrid, or None: only calling it on the class tells whether it has one."""
    try:
        value = getattr(aliased(entity), key)
        element = value.__clause_element__() if hasattr(value, "__clause_element__") else value
    except Exception:  # a Python-only hybrid fails on the class in any way it likes
        return None
    return element if isinstance(element, sa.ColumnElement) else None


def _return_annotation(function: Any) -> object:
    try:
        return typing.get_type_hints(function).get("return")
    except (NameError, TypeError):
        return None


_PYTHON_SCALARS: Mapping[type, Scalar] = {
    bool: BOOLEAN,
    int: INT,
    float: FLOAT,
    str: STRING,
    bytes: BYTES,
    Decimal: DECIMAL,
    dt.date: DATE,
    dt.time: TIME,
    dt.datetime: DATETIME,
    dt.timedelta: DURATION,
    uuid.UUID: UUID,
    dict: JSON,
}


def _annotated(annotation: object, scalars: Mapping[Any, Scalar]) -> tuple[Scalar | None, bool]:
    """The scalar that a Python annotation means, and whether NULL is possible; without one it is."""
    if annotation is None:
        return None, True
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        kinds = [each for each in typing.get_args(annotation) if each is not type(None)]
        scalar = _annotated(kinds[0], scalars)[0] if len(kinds) == 1 else None
        return scalar, len(kinds) < len(typing.get_args(annotation))
    if isinstance(origin, type) and typing.get_args(annotation) and origin.__module__.startswith("sqlalchemy"):
        return _annotated(typing.get_args(annotation)[0], scalars)
    if origin in (list, tuple) and typing.get_args(annotation):
        item = _annotated(typing.get_args(annotation)[0], scalars)[0]
        return (None if item is None else array_scalar(item)), False
    kind = origin or annotation
    known = _PYTHON_SCALARS.get(kind) if isinstance(kind, type) else None
    return scalars.get(annotation, known), False


def _stored_description(owner: str, key: str, column: sa.Column[Any]) -> str:
    words = key.strip("_").replace("_", " ")
    if column.primary_key:
        return (
            f"Part of the primary key of {owner}."
            if len(column.table.primary_key) > 1
            else f"The primary key of {owner}."
        )
    return f"The {words} of the {owner}{'; may be null' if column.nullable else ''}."
