"""All models in, the type Mutation out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from strawberry.types.enum import StrawberryEnumDefinition
from strawberry.types.field import StrawberryField

from gqlcrud.catalog import Model
from gqlcrud.context import ApiKey
from gqlcrud.mutations import WriteField
from gqlcrud.mutations.running import Mutation
from gqlcrud.types.bulk import bulk_fields, declare_bulk_payloads
from gqlcrud.types.changes import declare_ops
from gqlcrud.types.column_enums import declare_unique_keys
from gqlcrud.types.inputs import declare_inputs
from gqlcrud.types.payloads import declare_errors, declare_payloads
from gqlcrud.types.registry import Registry, argument, input_field, optional
from gqlcrud.types.relation_inputs import change_fields, version_field
from gqlcrud.types.writable import has_create, has_patch
from gqlcrud.write_planning import WritePlanner


def declare_mutations(registry: Registry, api: ApiKey) -> list[StrawberryField]:
    """The root fields that write, with their inputs and payloads; none for a model that is read only."""
    written = [model for model in registry.catalog.models if not model.read_only]
    if written:
        declare_errors(registry, api)
        registry.names.take("OnError", "the enum OnError", "")
    for model in written:
        declare_ops(registry, model)
    for model in written:
        declare_inputs(registry, model)
    fields: list[StrawberryField] = []
    for model in written:
        declare_payloads(registry, model)
        declare_bulk_payloads(registry, model)
        fields += _fields(registry, model, api)
    return fields


def _fields(registry: Registry, model: Model, api: ApiKey) -> list[StrawberryField]:
    fields: list[StrawberryField] = []
    keys = declare_unique_keys(registry, model)
    if has_create(model):
        fields.append(_create(registry, model, api))
    if has_patch(model):
        fields.append(_update(registry, model, api))
        if keys is not None:
            fields.append(_upsert(registry, model, api, keys))
    fields.append(_delete(registry, model, api))
    if model.soft_deletion is not None:
        fields.append(_restore(registry, model, api))
    return [*fields, *bulk_fields(registry, model, api, keys)]


def _write_field(
    registry: Registry, api: ApiKey, verb: str, model: Model, plan: Any, inputs: Sequence[StrawberryField], text: str
) -> StrawberryField:
    name = f"{verb}{model.name}"
    type_name = f"{name[0].upper()}{name[1:]}Input"
    client_id = input_field("clientMutationId", optional(str), "Given back.")
    registry.input(type_name, f"the input of {name} for {model.name}", [*inputs, client_id], f"The input of `{name}`.")
    payload = f"Delete{model.name}Payload" if verb == "delete" else f"{model.name}Payload"
    mutation = Mutation(model, plan, (model.one,))
    value = argument("input", registry.ref(type_name), "What to write.")
    return WriteField(api, name, mutation, registry.ref(payload), text, value)


def _create(registry: Registry, model: Model, api: ApiKey) -> StrawberryField:
    """A record whose values are all made by the database is made without any."""
    inputs = [input_field("data", registry.ref(f"{model.name}Create"), "The values of the record.")]
    shown = inputs if has_create(model) else []
    return _write_field(registry, api, "create", model, WritePlanner.create_one, shown, f"Make a {model.name}.")


def _update(registry: Registry, model: Model, api: ApiKey) -> StrawberryField:
    inputs = [_by(registry, model), *change_fields(registry, model), _condition(registry, model), *version_field(model)]
    text = f"Change the {model.name} that `by` names; NOT_FOUND if there is none."
    return _write_field(registry, api, "update", model, WritePlanner.update_one, inputs, text)


def _upsert(registry: Registry, model: Model, api: ApiKey, enum: StrawberryEnumDefinition) -> StrawberryField:
    change, *ops = change_fields(registry, model)
    change = input_field("update", optional(registry.ref(f"{model.name}Patch")), "The changes, if the record is there.")
    create = registry.ref(f"{model.name}Create")
    inputs = [
        input_field("on", enum, "The key to look for; `create` has its values."),
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
    return input_field("by", registry.ref(f"{model.name}By"), "Names it by one of its keys.")


def _condition(registry: Registry, model: Model) -> StrawberryField:
    text = "What has to hold of the record; STALE otherwise."
    return input_field("if", optional(registry.ref(f"{model.name}Where")), text)
