"""All models in, the type Query out."""

from __future__ import annotations

from collections.abc import Sequence

from strawberry.relay import Node
from strawberry.types.field import StrawberryField

from gqlcrud.catalog import Catalog
from gqlcrud.context import ApiKey
from gqlcrud.errors import ConfigurationError
from gqlcrud.fields import NodesField, PageField, RecordField
from gqlcrud.types.extend import own_fields
from gqlcrud.types.filters import declare_where
from gqlcrud.types.objects import declare_object, page_arguments
from gqlcrud.types.orders import declare_order
from gqlcrud.types.registry import ID, Registry, argument, list_of, optional
from gqlcrud.types.selectors import declare_selector

_RESERVED = {
    "Query": "the query root",
    "Mutation": "the mutation root",
    "Subscription": "the subscription root",
    "Node": "the interface Node",
    "PageInfo": "the type PageInfo",
    "Sort": "the enum Sort",
    **{
        name: f"the scalar {name}"
        for name in (
            "ID",
            "Int",
            "Float",
            "String",
            "Boolean",
            "JSON",
            "BigInt",
            "Decimal",
            "Date",
            "DateTime",
            "Time",
            "Duration",
            "UUID",
            "Base64",
        )
    },
}


def declare_types(catalog: Catalog, api: ApiKey) -> Registry:
    """Every generated type of the catalog, by name."""
    registry = Registry(catalog)
    for name, origin in _RESERVED.items():
        registry.names.take(name, origin, "")
    for model in catalog.models:
        declare_where(registry, model)
        declare_order(registry, model)
        declare_selector(registry, model)
        declare_object(registry, model, api)
    return registry


def query_type(registry: Registry, api: ApiKey, own: Sequence[type]) -> type:
    """`Query`: `node`, `nodes`, one record and a list of each model, and the user's own fields."""
    fields: list[StrawberryField] = [
        NodesField(
            api,
            "node",
            optional(Node),
            "The record with this global id, whatever its type; null if there is none.",
            argument("id", ID, "A global id."),
        ),
        NodesField(
            api,
            "nodes",
            list_of(optional(Node)),
            "The records with these global ids, in their order; null where there is none.",
            argument("ids", list_of(ID), "Global ids."),
        ),
    ]
    for model in registry.catalog.models:
        by = argument("by", registry.ref(f"{model.name}By"), f"Which {model.name}: exactly one of its keys.")
        fields.append(RecordField(api, model, optional(registry.ref(model.name)), [by]))
        fields.append(
            PageField(api, model, registry.ref(f"{model.name}Connection"), page_arguments(registry, model, None))
        )
    taken = {field.graphql_name for field in fields}
    for cls in own:
        for field in own_fields(cls, registry):
            if field.graphql_name in taken or field.python_name in taken:
                raise ConfigurationError(
                    f"{cls.__name__}.{field.python_name} has the name of a generated root field; give it another."
                )
            fields.append(field)
    registry.names.origins.pop("Query", None)
    return registry.object("Query", "the query root", fields, "Everything that can be read.")
