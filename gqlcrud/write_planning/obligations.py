"""A model in, the fields that a new record of it needs out, and those that it may not be given."""

from __future__ import annotations

import functools

from gqlcrud.catalog import Catalog, Column, Model, Relation
from gqlcrud.errors import ErrorCode


@functools.cache
def told_by(model: Model, given: tuple[Column, ...]) -> frozenset[str]:
    """The fields that say again what these columns of a record say, which its parent sets."""
    known = {column.key for column in given}
    found: set[str] = set()
    for name, member in model.members.items():
        columns = member.local if isinstance(member, Relation) and member.owns_key else (member,)
        told = isinstance(member, Relation) or (isinstance(member, Column) and member.references is not None)
        if (told or not model.global_id) and all(isinstance(each, Column) and each.key in known for each in columns):
            found.add(name)
    return frozenset(found)


@functools.cache
def required_of(model: Model) -> frozenset[str]:
    """The attributes that need a value where no schema gives any."""
    return frozenset(column.key for column in model.columns if column.required)


def missing(column: Column, model: Model, catalog: Catalog) -> tuple[str, str, ErrorCode]:
    """The field that a new record lacks for want of a column, and what a client is told of it."""
    relation = relation_of(column, model)
    if relation is not None:
        message = f"{model.name} needs its {relation.name}: give {relation.name} or {column.name}."
        return relation.name, message, ErrorCode.REQUIRED_RELATION
    if column.references is not None:
        target = catalog.model(column.references).name
        return column.name, f"{model.name} needs its {target}: give {column.name}.", ErrorCode.REQUIRED_RELATION
    return column.name, f"{column.name} is required.", ErrorCode.VALIDATION


def relation_of(column: Column, model: Model) -> Relation | None:
    """The writable to-one relation whose foreign key a column is part of."""
    found = (each for each in model.relations if each.owns_key and each.writable and column in each.local)
    return next(found, None)
