"""The columns and relations of one class in, its `Model` out: keys, own fields, and no two members of one name."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapper

from gqlcrud.catalog.column import Column, Source
from gqlcrud.catalog.column_reader import ColumnReader
from gqlcrud.catalog.columns import hidden_column
from gqlcrud.catalog.foreign_keys import primary_key
from gqlcrud.catalog.model import Key, Member, Model, OwnField, Relation
from gqlcrud.catalog.own_fields import own_fields
from gqlcrud.catalog.relations import unique_column_sets
from gqlcrud.catalog.schemas import with_schemas
from gqlcrud.naming import COMBINATORS, Names, camel_name, list_field_name, pascal_name
from gqlcrud.options import Limits


def assemble_model(
    mapper: Mapper[Any], reader: ColumnReader, columns: list[Column], relations: list[Relation], limits: Limits
) -> Model:
    options = reader.options
    key = primary_key(mapper, {column.key: column for column in columns}, reader)
    maximum = options.max_page_size or limits.max_page_size
    model = Model(
        entity=mapper.class_,
        name=reader.owner,
        one=camel_name(reader.owner),
        many=options.plural or list_field_name(reader.owner),
        description=options.description or _class_description(mapper),
        columns=tuple(columns),
        relations=tuple(relations),
        keys=_keys(mapper, key, columns),
        own_fields=own_fields(mapper, reader, columns, relations),
        fields_class=options.fields,
        page_size=min(options.page_size or limits.page_size, maximum),
        max_page_size=maximum,
        version=_version(mapper, columns),
        read_only=options.read_only is True,
        hooks=() if options.hooks is None else (options.hooks,),
        global_id=not reader.python_names,
    )
    if model.global_id:
        _check_filter_names(model)
        _check_key_names(model)
    return with_schemas(replace(model, members=_members(model), stored=_stored(mapper, reader, columns)), reader)


def _stored(mapper: Mapper[Any], reader: ColumnReader, columns: Iterable[Column]) -> dict[str, Column]:
    known = {column.key: column for column in columns}
    properties = [each for each in mapper.column_attrs if isinstance(each.columns[0], sa.Column)]
    found = {each.key: known.get(each.key) or hidden_column(mapper, each.key, reader) for each in properties}
    return found | {key: column for key, column in known.items() if column.source is Source.STORED}


def _version(mapper: Mapper[Any], columns: Iterable[Column]) -> Column | None:
    """The column that SQLAlchemy counts changes in, if it is offered."""
    if mapper.version_id_col is None:
        return None
    key = mapper.get_property_by_column(mapper.version_id_col).key
    return next((column for column in columns if column.key == key), None)


def _members(model: Model) -> dict[str, Member]:
    names = Names(f"the type {model.name}")
    names.take("id", f"the global id of {model.name}", "")
    members: dict[str, Member] = {}
    declared: list[Member] = [*model.columns, *model.relations, *model.own_fields]
    if not model.global_id:
        return {member.name: member for member in declared}
    for member in declared:
        members[names.take(member.name, _origin(model, member), _remedy(model, member))] = member
    return members


def _origin(model: Model, member: Member) -> str:
    if isinstance(member, OwnField):
        return f"the field {member.origin}"
    return f"the {'column' if isinstance(member, Column) else 'relation'} {model.entity.__name__}.{member.key}"


def _remedy(model: Model, member: Member) -> str:
    if isinstance(member, OwnField):
        return "Give the field another name: @gqlcrud.field(name='anotherName')."
    return f"Rename one of them: models={{{model.entity.__name__}: ModelOptions(rename={{{member.key!r}: 'anotherName'}})}}."


def _check_filter_names(model: Model) -> None:
    names = Names(f"the filter {model.name}Where")
    for name in COMBINATORS:
        names.take(name, f"the combinator {name!r}", "")
    filterable: list[Column | Relation] = [*model.columns, *model.relations]
    for member in filterable:
        if member.filterable and member.name in COMBINATORS:
            names.take(member.name, _origin(model, member), _remedy(model, member))


def _check_key_names(model: Model) -> None:
    names = Names(f"the unique selector {model.name}By")
    names.take("id", f"the global id of {model.name}", "")
    for key in (each for each in model.keys if each.selectable):
        attributes = ", ".join(column.key for column in key.columns)
        names.take(
            key.name, f"the unique key ({attributes}) of {model.entity.__name__}", _remedy(model, key.columns[0])
        )


def _class_description(mapper: Mapper[Any]) -> str:
    doc = mapper.class_.__dict__.get("__doc__")
    if doc and not doc.startswith(f"{mapper.class_.__name__}("):
        return inspect.cleandoc(doc)
    comment = getattr(mapper.local_table, "comment", None)
    return comment or f"A record of the table {mapper.local_table.description}."


def _keys(mapper: Mapper[Any], primary: tuple[Column, ...], columns: list[Column]) -> tuple[Key, ...]:
    """The primary key, then every unique set of columns that the API offers; NULL identifies nothing but is allowed."""
    by_key = {column.key: column for column in columns}
    keys = {frozenset(column.key for column in primary): Key(_key_name(primary), primary)}
    for table in (each for each in mapper.tables if isinstance(each, sa.Table)):
        for names in unique_column_sets(table):
            attributes = _attributes(mapper, table, names)
            found = tuple(by_key[each] for each in attributes if each in by_key)
            if len(found) == len(names) and all(_identifies(column) for column in found):
                keys.setdefault(frozenset(attributes), Key(_key_name(found), found))
    return tuple(keys.values())


def _identifies(column: Column) -> bool:
    return column.filterable and column.scalar.item is None and column.scalar.name != "JSON"


def _attributes(mapper: Mapper[Any], table: sa.Table, names: Iterable[str]) -> list[str]:
    """The attributes that map these columns of a table; columns that the class does not map are passed over."""
    mapped = set(mapper.columns)
    return [mapper.get_property_by_column(table.c[name]).key for name in names if table.c[name] in mapped]


def _key_name(columns: tuple[Column, ...]) -> str:
    return columns[0].name + "".join(pascal_name(column.name) for column in columns[1:])
