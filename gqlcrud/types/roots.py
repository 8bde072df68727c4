"""All models in, the type Query out."""

from __future__ import annotations

from collections.abc import Sequence

from strawberry.relay import Node
from strawberry.types.field import StrawberryField

from gqlcrud.catalog import Catalog, Model
from gqlcrud.context import ApiKey
from gqlcrud.errors import ConfigurationError
from gqlcrud.fields import NodesField, PageField, RecordField
from gqlcrud.naming import RESERVED_TYPES, Names
from gqlcrud.types.extend import root_fields
from gqlcrud.types.filters import declare_where
from gqlcrud.types.mutations import declare_mutations
from gqlcrud.types.objects import declare_object, deleted_argument, page_arguments
from gqlcrud.types.orders import declare_order
from gqlcrud.types.registry import ID, Registry, argument, list_of, optional
from gqlcrud.types.selectors import declare_selector


def declare_types(catalog: Catalog, api: ApiKey) -> Registry:
    """Every generated type of the catalog, by name."""
    registry = Registry(catalog)
    for name, origin in RESERVED_TYPES.items():
        registry.names.take(name, origin, "")
    for model in catalog.models:
        registry.names.take(model.name, model.origin, "")
    for model in catalog.models:
        _name_scalars(registry, model)
    for model in catalog.models:
        declare_where(registry, model)
        declare_order(registry, model)
        declare_selector(registry, model)
        declare_object(registry, model, api)
    return registry


def _name_scalars(registry: Registry, model: Model) -> None:
    """Take the names of the enums and of the user's scalars, which Strawberry makes when it builds the schema."""
    edges = [(column, each) for each in model.relations if each.link is not None for column in each.link.columns]
    owned = [(column, f"{model.entity.__name__}.{column.key}") for column in model.columns]
    owned += [(column, f"the edges of {model.entity.__name__}.{each.key}") for column, each in edges]
    for column, origin in owned:
        if column.offered:
            registry.scalar(column.scalar.item or column.scalar, origin)


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
        fields.append(RecordField(api, model, optional(registry.ref(model.name)), [by, *deleted_argument(model)]))
        fields.append(
            PageField(api, model, registry.ref(f"{model.name}Connection"), page_arguments(registry, model, None))
        )
    fields += _own_fields(registry, fields, own, "Query")
    return registry.object("Query", "the query root", fields, "Everything that can be read.")


def mutation_type(registry: Registry, api: ApiKey, own: Sequence[type]) -> type | None:
    """`Mutation`: what is written of each model, and the user's own fields; None if there is nothing of it."""
    fields = declare_mutations(registry, api)
    fields += _own_fields(registry, fields, own, "Mutation")
    return (
        registry.object("Mutation", "the mutation root", fields, "Everything that can be written.") if fields else None
    )


def _own_fields(
    registry: Registry, fields: Sequence[StrawberryField], own: Sequence[type], root: str
) -> list[StrawberryField]:
    found: list[StrawberryField] = []
    names = Names(f"the type {root}", {str(field.graphql_name): "a generated root field" for field in fields})
    for cls in own:
        if not isinstance(cls, type):
            option = root.lower()
            raise ConfigurationError(f"Api({option}=...) takes a class with fields, or several in a list, not {cls!r}.")
        for field in root_fields(cls, registry):
            origin = f"the field {cls.__name__}.{field.python_name}"
            remedy = "Give it another name: @gqlcrud.field(name='anotherName')."
            names.take(str(field.graphql_name), origin, remedy)
            found.append(field)
    return found
