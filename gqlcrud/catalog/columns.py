"""Mapped attributes in, `Column`s out: stored columns, `column_property`, `hybrid_property`, synonyms."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.hybrid import HybridExtensionType, hybrid_property
from sqlalchemy.orm import ColumnProperty, Mapper, aliased

from gqlcrud.catalog.annotations import attribute_annotation, return_annotation
from gqlcrud.catalog.column import Column
from gqlcrud.catalog.column_reader import ColumnReader


def read_columns(mapper: Mapper[Any], reader: ColumnReader) -> list[Column]:
    """All columns of a class: stored ones, `column_property`s, synonyms, hybrids, each in the order of the class."""
    columns: list[Column | None] = []
    for prop in sorted(mapper.column_attrs, key=lambda each: not isinstance(each.columns[0], sa.Column)):
        if reader.offers(prop.key):
            columns.append(_read_property(mapper, prop, reader))
    for key, synonym in mapper.synonyms.items():
        target = mapper.column_attrs.get(synonym.name)
        if target is not None and reader.offers(key):
            known = next((each for each in columns if each is not None and each.key == target.key), None)
            column = known or _read_property(mapper, target, reader)
            columns.append(
                None if column is None else reader.synonym(key, column, synonym.doc, read_only=known is not None)
            )
    for key, hybrid in _hybrids(mapper):
        if reader.offers(key):
            columns.append(_read_hybrid(mapper, key, hybrid, reader))
    return [each for each in columns if each is not None]


def hidden_column(mapper: Mapper[Any], key: str, reader: ColumnReader) -> Column:
    """A mapped column that the API does not offer; see `ColumnReader.hidden`."""
    return reader.hidden(key, mapper.column_attrs[key].columns[0])


def _read_property(mapper: Mapper[Any], prop: ColumnProperty[Any], reader: ColumnReader) -> Column | None:
    column = prop.columns[0]
    if isinstance(column, sa.Column):
        description = column.comment or column.doc or prop.doc or _field_description(mapper.class_, prop.key)
        # a key that a subclass shares with its base class gets its value there
        first = prop.columns[-1]
        return reader.stored(
            prop.key,
            column,
            description,
            deferred=prop.deferred,
            managed=is_managed(mapper, prop),
            filled=first if isinstance(first, sa.Column) else column,
            changeable=not _is_identity(mapper, prop),
        )
    return reader.expression(prop.key, column, attribute_annotation(mapper.class_, prop.key), prop.doc)


def is_managed(mapper: Mapper[Any], prop: ColumnProperty[Any]) -> bool:
    """Whether SQLAlchemy sets the column: the version of a record, the class of it, or the key of a base class again."""
    managed = (mapper.version_id_col, mapper.polymorphic_on)
    return any(column is each for column in prop.columns for each in managed) or _repeats_key(mapper, prop)


def _repeats_key(mapper: Mapper[Any], prop: ColumnProperty[Any]) -> bool:
    """Whether it is the primary key of a subclass's table under another name than that of the base class."""
    tables = mapper.inherits.tables if mapper.inherits is not None else ()
    return any(
        isinstance(column, sa.Column) and column.primary_key and key.column.table in tables
        for column in prop.columns
        if not any(each in mapper.primary_key for each in prop.columns)
        for key in column.foreign_keys
    )


def _is_identity(mapper: Mapper[Any], prop: ColumnProperty[Any]) -> bool:
    """Whether a column names a record, or a version of one: such a value is set, and nothing is computed of it."""
    columns = [each for each in prop.columns if isinstance(each, sa.Column)]
    return any(each.primary_key or each.foreign_keys or each is mapper.version_id_col for each in columns)


def _field_description(entity: type, key: str) -> str | None:
    """The description of a field of a SQLModel class."""
    fields: Mapping[str, Any] = getattr(entity, "model_fields", {})
    return getattr(fields.get(key), "description", None)


def _hybrids(mapper: Mapper[Any]) -> list[tuple[str, hybrid_property[Any]]]:
    """The hybrid properties of a class by attribute; `.inplace` gives the property a second name, that of the function."""
    found: dict[str, hybrid_property[Any]] = {}
    for key, descriptor in mapper.all_orm_descriptors.items():
        if descriptor.extension_type is HybridExtensionType.HYBRID_PROPERTY:
            found[str(key)] = typing.cast("hybrid_property[Any]", descriptor)
    own = {id(hybrid): key for key, hybrid in found.items() if getattr(hybrid.fget, "__name__", None) == key}
    return [(key, hybrid) for key, hybrid in found.items() if own.get(id(hybrid), key) == key]


def _read_hybrid(mapper: Mapper[Any], key: str, hybrid: hybrid_property[Any], reader: ColumnReader) -> Column | None:
    annotation = return_annotation(hybrid.fget)
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
