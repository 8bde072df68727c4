"""The columns and relations of one class in, its `Model` out: keys, own fields, and no two members of one name."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapper
from strawberry.types.field import StrawberryField

from gqlcrud.catalog.columns import ColumnReader, hidden_column
from gqlcrud.catalog.foreign_keys import primary_key
from gqlcrud.catalog.model import Column, Key, Member, Model, OwnField, Relation
from gqlcrud.catalog.relations import unique_column_sets
from gqlcrud.errors import ConfigurationError
from gqlcrud.naming import Names, camel_name, list_field_name, pascal_name
from gqlcrud.options import Limits

REQUIRES = "gqlcrud.requires"
"""Where a field of the user's own keeps the attributes that it requires, in Strawberry's metadata."""


def assemble_model(
    mapper: Mapper[Any], reader: ColumnReader, columns: list[Column], relations: list[Relation], limits: Limits
) -> Model:
    options = reader.options
    key = primary_key(mapper, {column.key: column for column in reversed(columns)})
    maximum = options.max_page_size or limits.max_page_size
    own_fields = _own_fields(mapper, options.fields, reader.owner, columns, relations)
    model = Model(
        entity=mapper.class_,
        name=reader.owner,
        one=camel_name(reader.owner),
        many=options.plural or list_field_name(reader.owner),
        description=options.description or _class_description(mapper),
        columns=tuple(columns),
        relations=tuple(relations),
        keys=_keys(mapper, key, columns),
        own_fields=own_fields,
        fields_class=options.fields,
        page_size=min(options.page_size or limits.page_size, maximum),
        max_page_size=maximum,
    )
    return replace(model, members=_members(model))


def _members(model: Model) -> dict[str, Member]:
    names = Names(f"the type {model.name}")
    names.take("id", f"the global id of {model.name}", "")
    members: dict[str, Member] = {}
    declared: list[Member] = [*model.columns, *model.relations, *model.own_fields]
    for member in declared:
        kind = {Column: "column", Relation: "relation", OwnField: "field"}[type(member)]
        key = member.name if isinstance(member, OwnField) else member.key
        origin = f"the {kind} {model.entity.__name__}.{key}"
        if member.name in members:
            origin = f"{origin} (named {member.name!r})"
        remedy = f"Rename one of them: ModelOptions(rename={{{key!r}: 'anotherName'}})."
        members[names.take(member.name, origin, remedy)] = member
    return members


def _class_description(mapper: Mapper[Any]) -> str:
    doc = mapper.class_.__dict__.get("__doc__")
    if doc and not doc.startswith(f"{mapper.class_.__name__}("):
        return inspect.cleandoc(doc)
    comment = getattr(mapper.local_table, "comment", None)
    return comment or f"A record of the table {mapper.local_table.description}."


def _keys(mapper: Mapper[Any], primary: tuple[Column, ...], columns: list[Column]) -> tuple[Key, ...]:
    """The primary key, then every unique set of columns that the API offers; NULL identifies nothing but is allowed."""
    by_key = {column.key: column for column in reversed(columns)}
    keys = {frozenset(column.key for column in primary): Key(_key_name(primary), primary)}
    for table in (each for each in mapper.tables if isinstance(each, sa.Table)):
        for names in unique_column_sets(table):
            attributes = _attributes(mapper, table, names)
            found = tuple(by_key[each] for each in attributes if each in by_key)
            if len(found) == len(names) and all(column.scalar.item is None and column.operators for column in found):
                keys.setdefault(frozenset(attributes), Key(_key_name(found), found))
    return tuple(keys.values())


def _attributes(mapper: Mapper[Any], table: sa.Table, names: Iterable[str]) -> list[str]:
    """The attributes that map these columns of a table; columns that the class does not map are passed over."""
    mapped = set(mapper.columns)
    return [mapper.get_property_by_column(table.c[name]).key for name in names if table.c[name] in mapped]


def _key_name(columns: tuple[Column, ...]) -> str:
    return columns[0].name + "".join(pascal_name(column.name) for column in columns[1:])


def _own_fields(
    mapper: Mapper[Any], fields: type | None, owner: str, columns: list[Column], relations: list[Relation]
) -> tuple[OwnField, ...]:
    declared: list[Column | Relation] = [*relations, *columns]
    by_key = {each.key: each for each in declared}
    found: list[OwnField] = []
    for name, value in vars(fields).items() if fields is not None else ():
        if isinstance(value, StrawberryField):
            keys = value.metadata.get(REQUIRES, ())
            unknown = [key for key in keys if key not in by_key and key not in mapper.column_attrs]
            if unknown:
                raise ConfigurationError(
                    f"The field {name} of {owner} requires {', '.join(map(repr, unknown))}; "
                    f"{owner} has: {', '.join(sorted(by_key))}."
                )
            requires = tuple(by_key.get(key) or hidden_column(mapper, key) for key in keys)
            found.append(OwnField(value.graphql_name or camel_name(name), requires))
    return tuple(found)
