"""Models in, the inputs out that records are written by: what a new one has, and what of one is changed."""

from __future__ import annotations

from typing import Any

from strawberry.types.field import StrawberryField

from gqlcrud.catalog import Column, InputSchema, Model
from gqlcrud.types.registry import ID, Registry, input_field, list_of, optional
from gqlcrud.types.relation_inputs import declare_relation_inputs, relation_field
from gqlcrud.types.writable import (
    created_columns,
    foreign_keys,
    has_create,
    has_patch,
    patched_columns,
    writable_relations,
)

CREATE = "Create"
UPDATE = "Update"


def declare_inputs(registry: Registry, model: Model) -> None:
    """`BookCreate` and `BookPatch`, with the inputs of the relations that stand in them."""
    for relation in writable_relations(model):
        declare_relation_inputs(registry, relation, model)
    declare_create(registry, model)
    declare_patch(registry, model)


def declare_create(registry: Registry, model: Model) -> None:
    if not has_create(model):
        return
    foreign = foreign_keys(model, registry.catalog)
    schema = model.create_schema
    fields: list[StrawberryField] = []
    for column in created_columns(model):
        required = column.required if schema is None else schema.requires(column)
        value = _value(column, required=required and column.key not in foreign)
        fields.append(input_field(column.name, value, column.description))
    fields += _virtual(registry, schema)
    fields += [relation_field(registry, each, model, CREATE) for each in writable_relations(model)]
    description = f"The values of a new {model.name}. What is left out has its default, or is null."
    registry.input(f"{model.name}Create", f"the values of a new {model.name}", fields, description)


def declare_patch(registry: Registry, model: Model) -> None:
    if not has_patch(model):
        return
    fields: list[StrawberryField] = [
        input_field(each.name, _value(each, required=False), each.description) for each in patched_columns(model)
    ]
    fields += _virtual(registry, model.update_schema)
    fields += [relation_field(registry, each, model, UPDATE) for each in writable_relations(model)]
    if has_patch(model):
        description = (
            f"Changes of a {model.name}. What is left out stays as it is; null empties a field that may be null."
        )
        registry.input(f"{model.name}Patch", f"the changes of {model.name}", fields, description)


def _virtual(registry: Registry, schema: InputSchema | None) -> list[StrawberryField]:
    """The fields that no column holds."""
    fields: list[StrawberryField] = []
    for each in schema.virtual if schema is not None else ():
        item = each.scalar.item or each.scalar
        registry.scalar(item, f"{each.attribute} of a Pydantic model")
        annotation = item.annotation if each.scalar.item is None else list_of(item.annotation)
        required = each.needed and not each.nullable
        fields.append(input_field(each.name, annotation if required else optional(annotation), each.description))
    return fields


def _value(column: Column, *, required: bool) -> Any:
    if column.references is not None:
        annotation: Any = ID
    elif column.scalar.item is not None:
        annotation = list_of(optional(column.scalar.item.annotation))
    else:
        annotation = column.scalar.annotation
    return annotation if required else optional(annotation)
