"""A model in, the fields that a new record of it needs out, and those that it may not be given."""

from __future__ import annotations

import functools

from gqlcrud.catalog import Column, Model, Relation


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


def relation_of(column: Column, model: Model) -> Relation | None:
    """The writable to-one relation whose foreign key a column is part of."""
    found = (each for each in model.relations if each.owns_key and each.writable and column in each.local)
    return next(found, None)
