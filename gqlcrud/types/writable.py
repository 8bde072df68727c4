"""Models in, those of their columns and relations out that writes take values for."""

from __future__ import annotations

from gqlcrud.catalog import Catalog, Column, Key, Model, Relation


def writable_relations(model: Model) -> list[Relation]:
    return [each for each in model.relations if each.writable]


def created_columns(model: Model) -> list[Column]:
    """What a new record may be given; a key that the database numbers only where there is nothing else to give."""
    writable = [each for each in model.columns if each.writable]
    given = [each for each in writable if not (each in model.primary_key and each.generated)]
    offered = given if given or writable_relations(model) else writable
    return [each for each in offered if model.create_schema is None or model.create_schema.offers(each)]


def patched_columns(model: Model) -> list[Column]:
    """What may be changed of a record: all but its primary key."""
    offered = [each for each in model.columns if each.writable and each not in model.primary_key]
    return [each for each in offered if model.update_schema is None or model.update_schema.offers(each)]


def upsert_keys(model: Model) -> list[Key]:
    """The unique keys that a new record has values for, from the client or from the request."""
    columns = [*created_columns(model), *(each.column for each in model.presets if each.on_create)]
    return [key for key in model.keys if key.selectable and all(column in columns for column in key.columns)]


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
