"""All models in, the type Mutation out."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, EnumMeta
from typing import Any

from strawberry.types.enum import EnumValue, StrawberryEnumDefinition
from strawberry.types.field import StrawberryField

from gqlcrud.catalog import Key, Model
from gqlcrud.context import ApiKey
from gqlcrud.mutations import WriteField
from gqlcrud.mutations.running import Mutation
from gqlcrud.naming import constant_name, snake_name
from gqlcrud.types.inputs import created_columns, declare_inputs
from gqlcrud.types.payloads import declare_errors, declare_payloads
from gqlcrud.types.registry import Registry, argument, input_field, optional
from gqlcrud.types.relation_inputs import change_fields, has_patch, version_field
from gqlcrud.write_planning import WritePlanner


def declare_mutations(registry: Registry, api: ApiKey) -> list[StrawberryField]:
    """The root fields that write, with their inputs and payloads; none for a model that is read only."""
    written = [model for model in registry.catalog.models if not model.read_only]
    if written:
        declare_errors(registry, api)
    for model in written:
        declare_inputs(registry, model)
    fields: list[StrawberryField] = []
    for model in written:
        declare_payloads(registry, model)
        fields += _fields(registry, model, api)
    return fields


def upsert_keys(model: Model) -> list[Key]:
    """The unique keys that a new record has values for, from the client or from the request."""
    columns = [*created_columns(model), *(each.column for each in model.presets if each.on_create)]
    return [key for key in model.keys if key.selectable and all(column in columns for column in key.columns)]


def _fields(registry: Registry, model: Model, api: ApiKey) -> list[StrawberryField]:
    fields = [_create(registry, model, api)]
    if has_patch(registry, model):
        fields.append(_update(registry, model, api))
        if upsert_keys(model):
            fields.append(_upsert(registry, model, api))
    fields.append(_delete(registry, model, api))
    return fields if model.soft_deletion is None else [*fields, _restore(registry, model, api)]


def _write_field(
    registry: Registry, api: ApiKey, verb: str, model: Model, plan: Any, inputs: Sequence[StrawberryField], text: str
) -> StrawberryField:
    name = f"{verb}{model.name}"
    type_name = f"{name[0].upper()}{name[1:]}Input"
    client_id = input_field("clientMutationId", optional(str), "Any text; the payload has it again.")
    registry.input(type_name, f"the input of {name}", [*inputs, client_id], f"The input of `{name}`.")
    payload = f"Delete{model.name}Payload" if verb == "delete" else f"{model.name}Payload"
    mutation = Mutation(model, plan, (model.one,))
    value = argument("input", registry.ref(type_name), "What to write.")
    return WriteField(api, name, mutation, registry.ref(payload), text, value)


def _create(registry: Registry, model: Model, api: ApiKey) -> StrawberryField:
    data = input_field("data", registry.ref(f"{model.name}Create"), "The values of the record.")
    return _write_field(registry, api, "create", model, WritePlanner.create_one, [data], f"Make a {model.name}.")


def _update(registry: Registry, model: Model, api: ApiKey) -> StrawberryField:
    inputs = [_by(registry, model), *change_fields(registry, model), _condition(registry, model), *version_field(model)]
    text = f"Change the {model.name} that `by` names; NOT_FOUND if there is none."
    return _write_field(registry, api, "update", model, WritePlanner.update_one, inputs, text)


def _upsert(registry: Registry, model: Model, api: ApiKey) -> StrawberryField:
    """The unique key is named by its fields, so that a constraint may be called anything."""
    keys = {constant_name(snake_name(key.name)).upper(): key for key in upsert_keys(model)}
    enum = StrawberryEnumDefinition(
        wrapped_cls=_names_enum(f"{model.name}UniqueKey", {name: key.name for name, key in keys.items()}),
        name=f"{model.name}UniqueKey",
        values=[EnumValue(name, key.name, description=_key_text(key)) for name, key in keys.items()],
        description=f"The unique keys of {model.name} that a new record has values for.",
    )
    registry.names.take(f"{model.name}UniqueKey", f"the unique keys of {model.name}", "")
    change, *ops = change_fields(registry, model)
    change = input_field("update", optional(registry.ref(f"{model.name}Patch")), "The changes, if the record is there.")
    create = registry.ref(f"{model.name}Create")
    inputs = [
        input_field("on", enum, "The unique key by which the record is looked for; `create` has its values."),
        input_field("create", create, "The values of the record, if it is not there."),
        change,
        *ops,
        _condition(registry, model),
    ]

    text = f"Change the {model.name} of this key, or make it. It holds for requests at the same time."
    return _write_field(registry, api, "upsert", model, WritePlanner.upsert_one, inputs, text)


def _delete(registry: Registry, model: Model, api: ApiKey) -> StrawberryField:
    inputs = [_by(registry, model), _condition(registry, model), *version_field(model)]
    text = f"Delete the {model.name} that `by` names; NOT_FOUND if there is none."
    deletion = model.soft_deletion
    if deletion is not None:
        text += f" It is kept, marked as deleted, and can be restored by `restore{model.name}`."
    if deletion is not None and deletion.hard_delete is not False:
        hard = "True: for good, even if it is marked as deleted already; FORBIDDEN for who may not do that."
        inputs.append(input_field("hard", optional(bool), hard))
    return _write_field(registry, api, "delete", model, WritePlanner.delete_one, inputs, text)


def _restore(registry: Registry, model: Model, api: ApiKey) -> StrawberryField:
    text = f"Take back the deletion of the {model.name} that `by` names; NOT_FOUND if none is deleted of this key."
    return _write_field(registry, api, "restore", model, WritePlanner.restore_one, [_by(registry, model)], text)


def _by(registry: Registry, model: Model) -> StrawberryField:
    return input_field("by", registry.ref(f"{model.name}By"), f"Which {model.name}: exactly one of its keys.")


def _condition(registry: Registry, model: Model) -> StrawberryField:
    text = "What has to hold of the record as it is; it is STALE otherwise."
    return input_field("if", optional(registry.ref(f"{model.name}Where")), text)


def _key_text(key: Key) -> str:
    return f"By {', '.join(f'`{column.name}`' for column in key.columns)}."


def _names_enum(name: str, values: dict[str, str]) -> EnumMeta:
    """A Python enum of names that are known at run time only."""
    made: Any = Enum(name, values)  # type: ignore[misc]  # mypy wants the names as literals
    assert isinstance(made, EnumMeta)
    return made
