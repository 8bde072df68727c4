"""Models in, object types out: the record, its connection and its edges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from strawberry.relay import Node
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from gqlcrud.catalog import Column, Model, Relation, Source
from gqlcrud.context import ApiKey
from gqlcrud.execution import Record, model_of
from gqlcrud.fields import (
    ColumnField,
    ConnectionField,
    CursorField,
    EdgeColumnField,
    IdField,
    JsonField,
    NodeField,
    PythonField,
    RelationField,
)
from gqlcrud.types.extend import own_fields
from gqlcrud.types.orders import declare_link_order, order_name
from gqlcrud.types.registry import DELETED_RECORDS, ID, PAGE_INFO, Registry, argument, list_of, optional
from gqlcrud.types.searching import declare_facets, facets_field, search_arguments


def declare_object(registry: Registry, model: Model, api: ApiKey) -> None:
    """`Book`, and `BookConnection` with `BookEdge`; for links with columns of their own `BookTagConnection` too."""
    fields: list[StrawberryField] = [
        IdField(
            "id",
            ID,
            f"The global id of the {model.name}, for `node` and for every ID input.",
            model.primary_key,
            model.name,
        )
    ]
    fields += [_column_field(registry, each, model) for each in model.columns if each.offered]
    fields += [_relation_field(registry, each, api) for each in model.relations]
    if model.fields_class is not None:
        fields += own_fields(model.fields_class, registry)
    registry.object(
        model.name, model.origin, fields, model.description, interfaces=[Node], is_type_of=_is_type_of(model)
    )
    declare_facets(registry, model, api)
    declare_connection(registry, model.name, model, f"the connection of {model.name}", ())
    for relation in model.relations:
        if relation.link_name is not None and relation.link is not None:
            target = registry.catalog.model(relation.target)
            origin = f"the connection of the relation {model.entity.__name__}.{relation.key}"
            declare_connection(registry, relation.link_name, target, origin, relation.link.columns)
            if order_name(target, relation) is not None:
                declare_link_order(registry, relation, f"{relation.link_name}Order")


def declare_connection(registry: Registry, name: str, model: Model, origin: str, columns: Sequence[Column]) -> None:
    """`<name>Connection` and `<name>Edge` over the records of `model`; `columns` are those of the edge."""
    node = registry.ref(model.name)
    edge_fields: list[StrawberryField] = [
        CursorField("cursor", str, "Where the record stands in this list and order, for `after` and `before`."),
        NodeField("node", node, f"The {model.name}."),
        *(_edge_column_field(registry, column) for column in columns),
    ]
    registry.object(f"{name}Edge", origin, edge_fields, f"One {model.name} in a list, and where it stands there.")
    edge = registry.ref(f"{name}Edge")
    fields = [
        ConnectionField("edges", list_of(edge), "The records of the page with their cursors."),
        ConnectionField("nodes", list_of(node), "The records of the page."),
        ConnectionField("pageInfo", PAGE_INFO, "Where the page starts and ends, and whether the list goes on."),
        ConnectionField(
            "totalCount",
            int,
            "How many records meet `where`, whatever the page. Costs a statement of its own, for all parents together.",
        ),
        *facets_field(registry, model),
    ]
    registry.object(f"{name}Connection", origin, fields, f"A page of {model.name} records.")


def page_arguments(registry: Registry, model: Model, relation: Relation | None) -> list[StrawberryArgument]:
    """The arguments of a connection field."""
    size = f"at most {model.max_page_size}"
    arguments = [
        argument(
            "first",
            optional(int),
            f"The first records of the list, {size}; {model.page_size} if `last` is not given either.",
        ),
        argument("after", optional(str), "Only records after this cursor of the same list and order."),
        argument("last", optional(int), f"The last records of the list, {size}; still in the list's order."),
        argument("before", optional(str), "Only records before this cursor of the same list and order."),
        argument(
            "offset", optional(int), "Pass over so many records first; not with `last` or `before`. Cursors are faster."
        ),
        argument("where", optional(registry.ref(f"{model.name}Where")), "Only records that meet these conditions."),
        *search_arguments(registry, model),
    ]
    order = order_name(model, relation)
    if order is not None:
        text = "What to order by, most important first; the primary key decides between equals."
        if relation is not None and relation.order:
            terms = [f"`{each.column.name}`{' descending' * each.descending}" for each in relation.order]
            text += f" By default {', then '.join(terms)}."
        arguments.append(argument("orderBy", optional(list_of(registry.ref(order))), text))
    return [*arguments, *deleted_argument(model)]


def deleted_argument(model: Model) -> list[StrawberryArgument]:
    """The argument `deleted` of a field that gives records of a model, if anybody may see deleted ones."""
    if model.soft_deletion is None or model.soft_deletion.show_deleted is False:
        return []
    text = "Whether deleted records are shown, EXCLUDE unless it is given; FORBIDDEN for who may not see them."
    return [argument("deleted", optional(DELETED_RECORDS), text)]


def _column_field(registry: Registry, column: Column, model: Model) -> StrawberryField:
    if column.references is not None:
        target = registry.catalog.model(column.references).name
        annotation = optional(ID) if column.nullable else ID
        return IdField(column.name, annotation, column.description, (column,), target)
    annotation = _annotation(column)
    if column.source is Source.PYTHON:
        return PythonField(column, annotation, model)
    if column.scalar.name == "JSON":
        path = argument(
            "path",
            optional(list_of(str)),
            "Only what stands at this path of keys and array indices; null if nothing does.",
        )
        return JsonField(column, optional(column.scalar.annotation), [path])
    return ColumnField(column, annotation)


def _edge_column_field(registry: Registry, column: Column) -> StrawberryField:
    if column.references is None:
        return EdgeColumnField(column, _annotation(column), None)
    target = registry.catalog.model(column.references).name
    return EdgeColumnField(column, optional(ID) if column.nullable else ID, target)


def _annotation(column: Column) -> Any:
    item = column.scalar.item
    annotation = list_of(optional(item.annotation)) if item is not None else column.scalar.annotation
    return optional(annotation) if column.nullable else annotation


def _relation_field(registry: Registry, relation: Relation, api: ApiKey) -> StrawberryField:
    target = registry.catalog.model(relation.target)
    if relation.many:
        connection = registry.ref(f"{relation.link_name or target.name}Connection")
        return RelationField(api, relation, connection, page_arguments(registry, target, relation))
    record = registry.ref(target.name)
    annotation = optional(record) if relation.nullable else record
    return RelationField(api, relation, annotation, deleted_argument(target))


def _is_type_of(model: Model) -> Callable[[Any, Any], bool]:
    def is_type_of(value: Any, _: Any) -> bool:
        return model_of(value) is model if isinstance(value, Record) else isinstance(value, model.entity)

    return is_type_of
