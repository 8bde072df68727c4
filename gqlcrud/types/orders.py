"""Columns and relations in, the inputs of `orderBy` out: each item names exactly one thing to order by."""

from __future__ import annotations

from strawberry.types.field import StrawberryField

from gqlcrud.catalog import Column, Model, Relation
from gqlcrud.types.registry import SORT, Registry, input_field, optional


def is_orderable(model: Model) -> bool:
    """Whether there is a column that clients may order the model by."""
    return any(_sortable(column) for column in model.columns)


def order_name(model: Model, relation: Relation | None) -> str | None:
    """The order input of a list, None if nothing of it can be ordered by."""
    link = relation.link if relation is not None else None
    by_edge = link is not None and any(_sortable(column) for column in link.columns)
    if not by_edge and not is_orderable(model):
        return None
    return f"{(relation.link_name if relation is not None else None) or model.name}Order"


def declare_order(registry: Registry, model: Model) -> None:
    """`BookOrder`, if there is anything to order by."""
    if not is_orderable(model):
        return
    fields = [
        *(input_field(each.name, optional(SORT), each.description) for each in model.columns if _sortable(each)),
        *(
            field
            for each in model.relations
            if each.sortable and (field := _relation_field(registry, each)) is not None
        ),
    ]
    description = (
        f"What to order {model.name} records by: exactly one field. Several items order by the first, then the next."
    )
    registry.input(f"{model.name}Order", f"the order of {model.name}", fields, description, one_of=True)


def declare_link_order(registry: Registry, relation: Relation, name: str) -> None:
    """`BookTagOrder`: by the record, or by a column of the link."""
    target = registry.catalog.model(relation.target)
    columns = relation.link.columns if relation.link is not None else ()
    fields = [input_field(each.name, optional(SORT), each.description) for each in columns if _sortable(each)]
    if is_orderable(target):
        fields.insert(
            0, input_field("node", optional(registry.ref(f"{target.name}Order")), f"By a field of the {target.name}.")
        )
    origin = f"the order of the relation {relation.owner.__name__}.{relation.key}"
    registry.input(
        name, origin, fields, f"What to order the {target.name} records of a list by: exactly one field.", one_of=True
    )


def _relation_field(registry: Registry, relation: Relation) -> StrawberryField | None:
    target = registry.catalog.model(relation.target)
    if relation.many:
        return input_field(relation.name, optional(_list_order(registry)), f"By the records of `{relation.name}`.")
    if not is_orderable(target):
        return None
    return input_field(
        relation.name,
        optional(registry.ref(f"{target.name}Order")),
        f"By a field of the {target.name}; null if there is none.",
    )


def _list_order(registry: Registry) -> object:
    if "ListOrder" not in registry.types:
        fields = [input_field("count", optional(SORT), "By how many records there are.")]
        registry.input(
            "ListOrder", "the order by lists", fields, "What to order by of a list of related records.", one_of=True
        )
    return registry.ref("ListOrder")


def _sortable(column: Column) -> bool:
    return column.offered and column.sortable and column.references is None
