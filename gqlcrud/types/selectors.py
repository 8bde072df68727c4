"""Keys in, the unique selectors out: `BookBy`, of which exactly one field is given."""

from __future__ import annotations

from typing import Any

from gqlcrud.catalog import Column, Key, Model
from gqlcrud.naming import pascal_name
from gqlcrud.types.registry import ID, Registry, input_field, list_of, optional


def declare_selector(registry: Registry, model: Model) -> None:
    """`BookBy`, and `OrderItemKey` for a key of several columns."""
    fields = [input_field("id", optional(ID), f"The global id of the {model.name}.")]
    for place, key in enumerate(model.keys):
        if key.selectable:
            annotation = _value(key.columns[0]) if len(key.columns) == 1 else _key_input(registry, model, key, place)
            kind = "The primary key" if place == 0 else "A unique key"
            fields.append(
                input_field(key.name, optional(annotation), f"{kind}: {', '.join(c.name for c in key.columns)}.")
            )
    origin = f"the unique selector of {model.name}"
    registry.input(
        f"{model.name}By", origin, fields, f"Names one {model.name} by exactly one of its keys.", one_of=True
    )


def _value(column: Column) -> Any:
    if column.references is not None:
        return ID
    return (
        list_of(optional(column.scalar.item.annotation)) if column.scalar.item is not None else column.scalar.annotation
    )


def _key_input(registry: Registry, model: Model, key: Key, place: int) -> Any:
    name = f"{model.name}Key" if place == 0 else f"{model.name}{pascal_name(key.name)}Key"
    fields = [input_field(column.name, _value(column), column.description) for column in key.columns]
    registry.input(name, f"the key {key.name} of {model.name}", fields, f"A key of {model.name}: all of its parts.")
    return registry.ref(name)
