"""Relations in, the inputs of their operations out: of to-one relations exactly one, of to-many ones lists of each."""

from __future__ import annotations

from typing import Any

from strawberry.types.field import StrawberryField

from gqlcrud.catalog import Column, Model, Orphan, Relation
from gqlcrud.naming import relation_input_name
from gqlcrud.types.changes import ops_origin
from gqlcrud.types.registry import ID, Registry, input_field, list_of, optional
from gqlcrud.types.writable import has_create, has_patch

_TEXTS = {
    "connect": "Link one that is there.",
    "create": "Make one, and link it.",
    "connectOrCreate": "Link one if it is there, else make it.",
    "update": "Change the one that is linked.",
    "upsert": "Change the one that is linked, or make one.",
    "disconnect": "True leaves the relation empty.",
    "delete": "True deletes the one that is linked.",
}
_LIST_TEXTS = {
    "delete": "Delete children.",
    "deleteWhere": "Delete the children that meet this; `{}`: all.",
    "set": "Take out all but these, and link these.",
    "disconnect": "Take out; nothing is done for what is not in.",
    "updateWhere": "Change the children that meet a condition.",
    "update": "Change children.",
    "upsert": "Change children, or make them.",
    "connect": "Link what is there.",
    "connectOrCreate": "Link what is there, else make it.",
    "create": "Make children.",
}
"""In the order of the phases."""


def relation_field(registry: Registry, relation: Relation, model: Model, suffix: str) -> StrawberryField:
    """The field of a create or a patch that holds the operations of a relation."""
    name = f"{base_name(registry, relation, model)}{suffix}"
    return input_field(relation.name, optional(registry.ref(name)), relation.description)


def base_name(registry: Registry, relation: Relation, model: Model) -> str:
    return relation_input_name(model.name, relation.name, registry.catalog.by_name)


def declare_relation_inputs(registry: Registry, relation: Relation, model: Model) -> None:
    """`BookAuthorCreate` and `BookAuthorUpdate`, and the inputs of their items."""
    name = base_name(registry, relation, model)
    origin = f"the operations of the relation {model.entity.__name__}.{relation.key}"
    target = registry.catalog.model(relation.target)
    if not relation.many:
        declare_to_one_items(registry, target)
        operations = _to_one(registry, relation, target)
        text = f"What the {relation.name} of {{}} is: exactly one of these."
        for suffix, offered in (("Create", _ON_CREATE), ("Update", tuple(operations))):
            fields = [
                input_field(each, optional(operations[each]), _TEXTS[each]) for each in offered if each in operations
            ]
            kind = f"a new {model.name}" if suffix == "Create" else f"the {model.name}"
            registry.input(f"{name}{suffix}", origin, fields, text.format(kind), one_of=True)
        return
    lists = declare_list_items(registry, relation, name, target)
    for suffix, offered in (("Create", _ON_CREATE), ("Update", tuple(_LIST_TEXTS))):
        fields = [input_field(each, optional(lists[each]), _LIST_TEXTS[each]) for each in offered if each in lists]
        text = f"What happens to the {relation.name} of the {model.name}, in the order of these fields."
        registry.input(f"{name}{suffix}", origin, fields, text)


_ON_CREATE = ("connect", "connectOrCreate", "create")


def _to_one(registry: Registry, relation: Relation, target: Model) -> dict[str, Any]:
    """The operations of a to-one relation, and what each takes."""
    found: dict[str, Any] = {"connect": registry.ref(f"{target.name}By")}
    if has_create(target):
        found["create"] = registry.ref(f"{target.name}Create")
        found["connectOrCreate"] = registry.ref(f"{target.name}ConnectOrCreate")
    if has_patch(target):
        found["update"] = registry.ref(f"{target.name}Patch")
    if has_create(target) and has_patch(target):
        found["upsert"] = registry.ref(f"{target.name}Upsert")
    empty = (
        any(column.nullable for column in relation.local) if relation.owns_key else relation.orphan is not Orphan.REFUSE
    )
    if empty:
        found["disconnect"] = bool
    if not target.read_only and (empty or not relation.owns_key or target.soft_deletion is not None):
        found["delete"] = bool
    return found


def declare_to_one_items(registry: Registry, target: Model) -> None:
    """`AuthorConnectOrCreate` and `AuthorUpsert`, once for all relations that lead to the model."""
    if not has_create(target):
        return
    declare_connect_or_create(registry, target)
    origin = f"the operations of {target.name}"
    if has_patch(target) and not registry.has(f"{target.name}Upsert", origin):
        fields = [
            input_field("create", registry.ref(f"{target.name}Create"), f"The {target.name} to make if there is none."),
            input_field(
                "update", registry.ref(f"{target.name}Patch"), f"The changes of the {target.name} that there is."
            ),
        ]
        registry.input(
            f"{target.name}Upsert",
            origin,
            fields,
            f"Changes of a {target.name}, or a new one where there is none.",
        )


def declare_connect_or_create(registry: Registry, target: Model) -> None:
    name, origin = f"{target.name}ConnectOrCreate", f"the operations of {target.name}"
    if not registry.has(name, origin):
        registry.input(
            name,
            origin,
            [_by(registry, target), _create(registry, target)],
            f"Names a {target.name}, and says what it is if there is none of this key.",
        )


def _by(registry: Registry, target: Model) -> StrawberryField:
    return input_field("by", registry.ref(f"{target.name}By"), "Names it by one of its keys.")


def _create(registry: Registry, target: Model) -> StrawberryField:
    text = "What is made if there is none; it gets the key too."
    return input_field("create", registry.ref(f"{target.name}Create"), text)


def _update(registry: Registry, target: Model) -> StrawberryField:
    return input_field("update", registry.ref(f"{target.name}Patch"), "The changes, if it is there.")


def declare_list_items(registry: Registry, relation: Relation, base: str, target: Model) -> dict[str, Any]:
    """The operations of a to-many relation, and what each takes; the inputs of the items are made where they lack."""
    by = list_of(registry.ref(f"{target.name}By"))
    found: dict[str, Any] = {"set": by, "disconnect": by, "connect": by}
    if not target.read_only:
        found |= {"delete": by, "deleteWhere": registry.ref(f"{target.name}Where")}
    if has_create(target):
        declare_connect_or_create(registry, target)
        found["create"] = list_of(registry.ref(f"{target.name}Create"))
        found["connectOrCreate"] = list_of(registry.ref(f"{target.name}ConnectOrCreate"))
    if has_patch(target):
        declare_changes(registry, target)
        found["updateWhere"] = list_of(registry.ref(f"{target.name}UpdateWhere"))
        found["update"] = list_of(registry.ref(f"{target.name}UpdateItem"))
        if has_create(target):
            found["upsert"] = list_of(registry.ref(f"{target.name}UpsertItem"))
    return found if relation.link_name is None else found | _declare_edge_items(registry, relation, base, target)


def declare_changes(registry: Registry, target: Model) -> None:
    """`BookUpdateWhere`, `BookUpdateItem` and `BookUpsertItem`, once for all that take them."""
    origin = f"the operations of {target.name}"
    if registry.has(f"{target.name}UpdateItem", origin):
        return
    where = input_field("where", registry.ref(f"{target.name}Where"), "Those that meet these conditions; `{}`: all.")
    changes = change_fields(registry, target)
    registry.input(f"{target.name}UpdateWhere", origin, [where, *changes], f"Changes of several {target.name} records.")
    fields = [_by(registry, target), *changes, *version_field(target)]
    registry.input(f"{target.name}UpdateItem", origin, fields, f"Changes of one {target.name}.")
    if not has_create(target):
        return
    fields = [_by(registry, target), _create(registry, target), _update(registry, target)]
    registry.input(f"{target.name}UpsertItem", origin, fields, f"Changes of a {target.name}, or a new one.")


def change_fields(registry: Registry, model: Model) -> list[StrawberryField]:
    """`patch`, and `ops` where there are any."""
    fields = [input_field("patch", optional(registry.ref(f"{model.name}Patch")), "The values to set.")]
    if registry.has(f"{model.name}Ops", ops_origin(model)):
        text = "Operators on values; a field stands in `patch` or here."
        fields.append(input_field("ops", optional(registry.ref(f"{model.name}Ops")), text))
    return fields


def version_field(model: Model) -> list[StrawberryField]:
    if model.version is None:
        return []
    text = "The version that was read; STALE if there is another one."
    return [input_field("version", optional(model.version.scalar.annotation), text)]


def _declare_edge_items(registry: Registry, relation: Relation, base: str, target: Model) -> dict[str, Any]:
    """`BookTagConnect` and its like: every operation that links takes the values of the edge too."""
    prefix = f"{relation.link_name}Link" if relation.link_name == base else str(relation.link_name)
    origin = f"the edges of the relation {relation.owner.__name__}.{relation.key}"
    columns = [each for each in (relation.link.columns if relation.link else ()) if each.writable]
    edge: list[StrawberryField] = []
    if columns:
        values = [input_field(each.name, optional(_edge_value(each)), each.description) for each in columns]
        registry.input(f"{prefix}EdgeInput", origin, values, f"What the link to a {target.name} holds.")
        edge = [input_field("edge", optional(registry.ref(f"{prefix}EdgeInput")), "What the link holds.")]
    by, create = _by(registry, target), _create(registry, target)
    found = {"set": "Connect", "connect": "Connect"}
    registry.input(f"{prefix}Connect", origin, [by, *edge], f"A {target.name} to link.")
    if has_create(target):
        found |= {"create": "Create", "connectOrCreate": "ConnectOrCreate"}
        node = input_field("node", registry.ref(f"{target.name}Create"), f"The {target.name} to make.")
        registry.input(f"{prefix}Create", origin, [node, *edge], f"A {target.name} to make and to link.")
        text = f"A {target.name} to link, or to make if there is none of this key."
        registry.input(f"{prefix}ConnectOrCreate", origin, [by, create, *edge], text)
    if has_patch(target):
        found["update"] = "Update"
        changes = change_fields(registry, target)
        registry.input(
            f"{prefix}Update",
            origin,
            [by, *changes, *version_field(target), *edge],
            f"Changes of a {target.name} and of its link.",
        )
    if has_create(target) and has_patch(target):
        found["upsert"] = "Upsert"
        text = f"Changes of a {target.name} that is linked, or a new one; `edge` is that of its link."
        registry.input(f"{prefix}Upsert", origin, [by, create, _update(registry, target), *edge], text)
    return {name: list_of(registry.ref(prefix + suffix)) for name, suffix in found.items()}


def _edge_value(column: Column) -> Any:
    if column.references is not None:
        return ID
    item = column.scalar.item
    return list_of(optional(item.annotation)) if item is not None else column.scalar.annotation
