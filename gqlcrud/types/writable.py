"""Models in, those of their columns and relations out that writes take values for."""

from __future__ import annotations

from gqlcrud.catalog import Catalog, Column, Model, Relation


def writable_relations(model: Model) -> list[Relation]:
    return [each for each in model.relations if each.writable]


def created_columns(model: Model) -> list[Column]:
    """What a new record may be given; not a key that the database numbers."""
    return [each for each in model.columns if each.writable and not (each in model.primary_key and each.generated)]


def patched_columns(model: Model) -> list[Column]:
    """What may be changed of a record: all but its primary key."""
    return [each for each in model.columns if each.writable and each not in model.primary_key]


def has_create(model: Model) -> bool:
    """Whether clients may make records of it, and have anything to give them."""
    return not model.read_only and bool(created_columns(model) or writable_relations(model))


def has_patch(model: Model) -> bool:
    """Whether there is anything to change of a record."""
    return not model.read_only and bool(patched_columns(model) or writable_relations(model))


def foreign_keys(model: Model, catalog: Catalog) -> set[str]:
    """The columns that a relation may set, be it one of another model: a nested record can go without them."""
    own = [each.local for each in writable_relations(model) if each.owns_key]
    others = [
        each.remote
        for other in catalog.models
        for each in writable_relations(other)
        if not each.owns_key and each.link is None and issubclass(model.entity, each.target)
    ]
    return {column.key for columns in (*own, *others) for column in columns}
