"""What models are searched and counted by in, the arguments, enums and types for it out."""

from __future__ import annotations

from typing import Any

from strawberry.types.arguments import StrawberryArgument
from strawberry.types.enum import StrawberryEnumDefinition
from strawberry.types.field import StrawberryField

from gqlcrud.catalog import Column, ColumnPath, Model
from gqlcrud.context import ApiKey
from gqlcrud.fields import ConnectionField
from gqlcrud.naming import Names
from gqlcrud.types.column_enums import declare_enum
from gqlcrud.types.facet_fields import CountField, FacetField, FacetValueField
from gqlcrud.types.registry import ID, Registry, argument, list_of, optional


def search_arguments(registry: Registry, model: Model) -> list[StrawberryArgument]:
    """`search` and `searchFields` of a connection field."""
    search = model.search
    if search is None:
        return []
    fields = ", ".join(f"`{each.name}`" for each in search.fields)
    if search.text is None:
        text = f"Only records in which every word stands, in any case: in {fields}. A phrase in quotation marks is one word."
    else:
        text = (
            f"Only records that a full text search finds, the best first unless `orderBy` says otherwise: in {fields}."
        )
    arguments = [argument("search", optional(str), text)]
    if search.has_choice:
        enum = _search_fields(registry, model)
        text = "Where `search` looks, if not into all fields; nothing is found in none."
        arguments.append(argument("searchFields", optional(list_of(enum)), text))
    return arguments


def _search_fields(registry: Registry, model: Model) -> StrawberryEnumDefinition:
    """`BookSearchField`, made when it is first asked for."""
    name = f"{model.name}SearchField"
    if name not in registry.scalars:
        assert model.search is not None, "asked for where there is a choice"
        texts = {each.name: f"The text `{each.name}`." for each in model.search.fields}
        found = declare_enum(
            registry,
            name,
            f"the search fields of {model.name}",
            texts,
            f"What a search of {model.name} records looks into.",
        )
        assert found is not None, "there is a choice"
        registry.scalars[name] = found
    found = registry.scalars[name]
    assert isinstance(found, StrawberryEnumDefinition)
    return found


def facets_field(registry: Registry, model: Model) -> list[StrawberryField]:
    """The field `facets` of a connection, if its model has any."""
    if not model.facets:
        return []
    text = (
        "How many records meet the conditions, by the values that they have. Costs a statement for each facet selected."
    )
    return [ConnectionField("facets", registry.ref(f"{model.name}Facets"), text)]


def declare_facets(registry: Registry, model: Model, api: ApiKey) -> None:
    """`BookFacets`, and the types of its values: `StringFacet`."""
    if not model.facets:
        return
    limits = argument("limit", optional(int), "How many values, those that most records have first.")
    names = Names(f"the type {model.name}Facets")
    fields: list[StrawberryField] = []
    for each in model.facets:
        remedy = f"Leave one of them out of the facets of {model.entity.__name__}."
        name = names.take(each.field, f"the facet {each.name!r}", remedy)
        text = f"The values of `{each.name}`, whatever `where` says of it alone; null for records without one."
        target = None if each.column.references is None else registry.catalog.model(each.column.references).name
        fields.append(FacetField(api, each.column, name, list_of(_facet(registry, each)), text, [limits], target))
    origin = f"the facets of {model.name}"
    registry.object(
        f"{model.name}Facets", origin, fields, f"How many {model.name} records of a list have which values."
    )


def _facet(registry: Registry, path: ColumnPath) -> Any:
    """`StringFacet`, made when it is first asked for."""
    kind = _kind(path.column)
    name = f"{kind}Facet"
    origin = f"the facet of values of {kind}"
    if not registry.has(name, origin):
        annotation = ID if path.column.references is not None else path.column.scalar.annotation
        fields: list[StrawberryField] = [
            FacetValueField("value", optional(annotation), "The value; null for records without one."),
            CountField("count", int, "How many records have it."),
        ]
        registry.object(name, origin, fields, f"A value of {kind}, and how many records of a list have it.")
    return registry.ref(name)


def _kind(column: Column) -> str:
    return "ID" if column.references is not None else column.scalar.name
