"""Models in, the root fields out that write many records at once, with their inputs and payloads."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

from strawberry.types.enum import EnumValue, StrawberryEnumDefinition
from strawberry.types.field import StrawberryField

from gqlcrud.catalog import Model
from gqlcrud.context import ApiKey
from gqlcrud.mutations import PayloadField, WriteField
from gqlcrud.mutations.running import Mutation, PlanWrite
from gqlcrud.naming import pascal_name, payload_list_name
from gqlcrud.rendering import ShownPayload
from gqlcrud.types.column_enums import declare_columns
from gqlcrud.types.payloads import common_fields
from gqlcrud.types.registry import ID, Registry, argument, input_field, list_of, optional
from gqlcrud.types.relation_inputs import change_fields, declare_changes
from gqlcrud.types.writable import has_create, has_patch


class OnError(Enum):
    """What becomes of the other items when one fails."""

    ABORT = "ABORT"
    CONTINUE = "CONTINUE"


ON_ERROR = StrawberryEnumDefinition(
    wrapped_cls=OnError,
    name="OnError",
    values=[
        EnumValue("ABORT", "ABORT", description="Nothing is written."),
        EnumValue(
            "CONTINUE", "CONTINUE", description="The others are written; each item that failed has errors of its own."
        ),
    ],
    description="What becomes of the other items of a list when one of them fails.",
)


def declare_bulk_payloads(registry: Registry, model: Model) -> None:
    """`BooksPayload` and `DeleteBooksPayload`."""
    name = pascal_name(model.many)
    origin = f"the payload of {model.name} lists"
    text = (
        f"The {model.name} records as they are written, in the order of the input, else of their keys; null where an "
        "item failed."
    )
    listed = PayloadField(
        payload_list_name(model.one, model.many),
        list_of(optional(registry.ref(model.name))),
        text,
        ShownPayload.RECORDS,
    )
    errors = "What failed. Nothing was written then, unless `onError: CONTINUE` says that the others are."
    count = PayloadField(
        "affectedCount",
        int,
        "How many records were written; one that is left as it was is none.",
        ShownPayload.AFFECTED_COUNT,
    )
    registry.object(
        f"{name}Payload",
        origin,
        [listed, count, *common_fields(registry, errors)],
        f"What a write of {model.many} gives.",
    )
    ids = PayloadField(
        "deletedIds",
        list_of(ID),
        "The global ids of the records that were deleted, by their keys.",
        ShownPayload.DELETED_IDS,
    )
    count = PayloadField("affectedCount", int, "How many records were deleted.", ShownPayload.AFFECTED_COUNT)
    registry.object(
        f"Delete{name}Payload",
        origin,
        [ids, count, *common_fields(registry)],
        f"What a deletion of {model.many} gives.",
    )


def bulk_fields(
    registry: Registry, model: Model, api: ApiKey, keys: StrawberryEnumDefinition | None
) -> list[StrawberryField]:
    """`createBooks`, `updateBooks`, `updateEachBook`, `upsertBooks` and `deleteBooks`. keys: `BookUniqueKey`."""
    columns = None if keys is None else declare_columns(registry, model)
    fields = [_create(registry, model, api, keys, columns)] if has_create(model) else []
    if has_patch(model):
        declare_changes(registry, model)
        fields += [_update(registry, model, api), _update_each(registry, model, api)]
    if keys is not None and columns is not None:
        fields.append(_upsert(registry, model, api, keys, columns))
    return [*fields, _delete(registry, model, api)]


def _write_field(
    registry: Registry,
    api: ApiKey,
    name: str,
    model: Model,
    plan: PlanWrite,
    inputs: Sequence[StrawberryField],
    text: str,
    prefix: str = "",
) -> StrawberryField:
    type_name = f"{name[0].upper()}{name[1:]}Input"
    client_id = input_field("clientMutationId", optional(str), "Any text; the payload has it again.")
    registry.input(type_name, f"the input of {name} for {model.name}", [*inputs, client_id], f"The input of `{name}`.")
    mutation = Mutation(model, plan, (payload_list_name(model.one, model.many),), listed=True)
    value = argument("input", registry.ref(type_name), "What to write.")
    return WriteField(api, name, mutation, registry.ref(f"{prefix}{pascal_name(model.many)}Payload"), text, value)


def _create(
    registry: Registry,
    model: Model,
    api: ApiKey,
    keys: StrawberryEnumDefinition | None,
    columns: StrawberryEnumDefinition | None,
) -> StrawberryField:
    inputs = [_data(registry, model)]
    if keys is not None:
        _declare_conflict(registry, model, keys, columns)
        conflict = optional(registry.ref(f"{model.name}OnConflict"))
        text = "What to do where a record of the same key is there already; without it, that is an error."
        inputs.append(input_field("onConflict", conflict, text))
    text = f"Make {model.name} records: all of them, or none if one fails."
    return _write_field(
        registry,
        api,
        f"create{pascal_name(model.many)}",
        model,
        lambda planner, value, of: planner.bulk.create_many(value, of),
        [*inputs, _on_error()],
        text,
    )


def _declare_conflict(
    registry: Registry, model: Model, keys: StrawberryEnumDefinition, columns: StrawberryEnumDefinition | None
) -> None:
    fields = [input_field("on", keys, "The unique key by which a record is found; every item has its values.")]
    if columns is not None:
        text = "What the record that is there takes from the item; what the item leaves out stays. `[]`: nothing."
        fields.append(input_field("update", list_of(columns), text))
        text = "What has to hold of the record that is there for it to be changed; it is left as it is otherwise."
        fields.append(input_field("if", optional(registry.ref(f"{model.name}Where")), text))
    registry.input(
        f"{model.name}OnConflict",
        f"the conflicts of {model.name}",
        fields,
        f"What becomes of a {model.name} whose key a new one has too.",
    )


def _upsert(
    registry: Registry,
    model: Model,
    api: ApiKey,
    keys: StrawberryEnumDefinition,
    columns: StrawberryEnumDefinition,
) -> StrawberryField:
    text = "What a record that is there takes from its item; all that the item gives, if this is left out."
    inputs = [
        input_field("on", keys, "The unique key by which records are found; every item has its values."),
        _data(registry, model),
        input_field("update", optional(list_of(columns)), text),
        _on_error(),
    ]
    text = f"Make the {model.name} records that are not there, and change the others. It holds for requests at the same time."
    return _write_field(
        registry,
        api,
        f"upsert{pascal_name(model.many)}",
        model,
        lambda planner, value, of: planner.bulk.upsert_many(value, of),
        inputs,
        text,
    )


def _update(registry: Registry, model: Model, api: ApiKey) -> StrawberryField:
    inputs = [_where(registry, model), *change_fields(registry, model), *_bounds(model)]
    text = f"Change every {model.name} that meets `where`, in the same way."
    return _write_field(
        registry,
        api,
        f"update{pascal_name(model.many)}",
        model,
        lambda planner, value, of: planner.bulk.update_many(value, of),
        inputs,
        text,
    )


def _update_each(registry: Registry, model: Model, api: ApiKey) -> StrawberryField:
    items = list_of(registry.ref(f"{model.name}UpdateItem"))
    inputs = [input_field("items", items, "The records and their changes; each record once."), _on_error()]
    text = f"Change {model.name} records, each in its own way: all of them, or none if one fails."
    return _write_field(
        registry,
        api,
        f"updateEach{model.name}",
        model,
        lambda planner, value, of: planner.bulk.update_each(value, of),
        inputs,
        text,
    )


def _delete(registry: Registry, model: Model, api: ApiKey) -> StrawberryField:
    return _write_field(
        registry,
        api,
        f"delete{pascal_name(model.many)}",
        model,
        lambda planner, value, of: planner.bulk.delete_many(value, of),
        [_where(registry, model), *_bounds(model)],
        f"Delete every {model.name} that meets `where`.",
        prefix="Delete",
    )


def _data(registry: Registry, model: Model) -> StrawberryField:
    return input_field("data", list_of(registry.ref(f"{model.name}Create")), "The values of the records.")


def _on_error() -> StrawberryField:
    return input_field(
        "onError", optional(ON_ERROR), "What becomes of the other items when one fails; default: `ABORT`."
    )


def _where(registry: Registry, model: Model) -> StrawberryField:
    text = "Which records. Conditions that are true of every record, as `{}` is, need `allRows: true`."
    return input_field("where", registry.ref(f"{model.name}Where"), text)


def _bounds(model: Model) -> list[Any]:
    maximum = "How many records may be written; if there are more, none is. The API has a maximum of its own."
    return [
        input_field("maxAffected", optional(int), maximum),
        input_field("allRows", optional(bool), f"True if every {model.name} is meant."),
    ]
