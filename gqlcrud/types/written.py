"""A model in, what clients may write of it out."""

from __future__ import annotations

from gqlcrud.catalog import Column, Key, Model, Relation


def writable_relations(model: Model) -> list[Relation]:
    return [each for each in model.relations if each.writable]


def patched_relations(model: Model) -> list[Relation]:
    """Those that may be changed of a record: its primary key stays as it is."""
    return [
        each for each in writable_relations(model) if not each.owns_key or not set(each.local) & set(model.primary_key)
    ]


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


def is_creatable(model: Model) -> bool:
    """Whether clients may make records: an input without fields is not to be had."""
    return not model.read_only and bool(created_columns(model) or writable_relations(model))


def is_changeable(model: Model) -> bool:
    """Whether there is anything to change of a record."""
    return not model.read_only and bool(patched_columns(model) or patched_relations(model))


def upsert_keys(model: Model) -> list[Key]:
    """The unique keys that a new record has values for."""
    columns = created_columns(model)
    return [key for key in model.keys if key.selectable and all(column in columns for column in key.columns)]
