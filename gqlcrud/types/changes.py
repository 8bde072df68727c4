"""Columns in, the inputs of `ops` out: what is done to the value that a column has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from strawberry.types.field import StrawberryField

from gqlcrud.catalog import Column, Model
from gqlcrud.scalars import JSON, Scalar
from gqlcrud.types.registry import Registry, input_field, list_of, optional
from gqlcrud.write_plan import ChangeOperator

_NUMBER_MEANINGS = {
    ChangeOperator.INCREMENT: "Adds this to the value. A null stays null.",
    ChangeOperator.DECREMENT: "Takes this from the value. A null stays null.",
    ChangeOperator.MULTIPLY: "Multiplies the value by this. A null stays null.",
    ChangeOperator.DIVIDE: "Divides the value by this{rounding}. A null stays null.",
}
_ROUNDING = {
    "Int": ", rounding toward zero",
    "BigInt": ", rounding toward zero",
    "Decimal": ", rounding to the decimals of the column, a half away from zero",
}


def ops_origin(model: Model) -> str:
    """Where the name of its operators comes from."""
    return f"the operators of {model.name}"


def declare_ops(registry: Registry, model: Model) -> Any | None:
    """`BookOps`, if the model has columns with operators."""
    columns = [column for column in model.columns if column.offered and column.changeable]
    if not columns:
        return None
    fields = [input_field(each.name, optional(_column_operators(registry, each)), each.description) for each in columns]
    description = f"What to do to the values of {model.name} records; the database computes with those of the moment."
    registry.input(f"{model.name}Ops", ops_origin(model), fields, description)
    return registry.ref(f"{model.name}Ops")


def _column_operators(registry: Registry, column: Column) -> Any:
    """A number has one operator at a time; those of JSON and arrays are a list, done one after another."""
    if column.scalar.item is not None:
        return list_of(_list_op(registry, column.scalar.item))
    return list_of(_json_op(registry)) if column.scalar is JSON else _number_op(registry, column.scalar)


def _number_op(registry: Registry, scalar: Scalar) -> Any:
    """`IntOp`, `BigIntOp`, `FloatOp`, `DecimalOp`."""
    rounding = _ROUNDING.get(scalar.name, "")
    fields = [
        input_field(operator.value, optional(scalar.annotation), text.format(rounding=rounding))
        for operator, text in _NUMBER_MEANINGS.items()
    ]
    description = (
        f"What to do to a value of {scalar.name}: exactly one operator. What the column cannot hold is refused."
    )
    return _shared(registry, f"{scalar.name}Op", f"the operators of values of {scalar.name}", fields, description)


def _list_op(registry: Registry, item: Scalar) -> Any:
    """`StringListOp`."""
    items = optional(list_of(item.annotation))
    fields = [
        input_field(
            ChangeOperator.APPEND.value, items, "Adds these items at the end. A null counts as an empty list."
        ),
        input_field(
            ChangeOperator.PREPEND.value, items, "Puts these items in front, in their order. A null counts as an empty list."
        ),
        input_field(
            ChangeOperator.REMOVE.value, optional(item.annotation), "Takes every item equal to this away. A null stays null."
        ),
    ]  # fmt: skip
    description = f"What to do to a list of {item.name}: exactly one operator. Several are done one after another."
    return _shared(registry, f"{item.name}ListOp", f"the operators of lists of {item.name}", fields, description)


def _json_op(registry: Registry) -> Any:
    at = optional(_json_at(registry))
    fields = [
        input_field(
            ChangeOperator.MERGE.value,
            optional(JSON.annotation),
            "Sets the keys of this object, and keeps the others; what stands at a key is replaced as a whole. A null "
            "counts as an empty object; what is neither makes the write fail.",
        ),
        input_field(
            ChangeOperator.SET.value,
            at,
            "Sets what stands at a path. Missing parents, and those that are null, become objects; an index beyond the end "
            "of an array adds an item. Any other parent that has no such place makes the write fail.",
        ),
        input_field(
            ChangeOperator.DELETE.value,
            optional(list_of(str)),
            "Takes away what stands at this path of keys and indices. Where nothing stands, and of a null, it takes nothing.",
        ),
        input_field(
            ChangeOperator.APPEND.value,
            at,
            "Adds an item at the end of the array at a path, of the value itself if the path is empty. Where nothing or "
            "null stands, an array is made, with its parents as for `set`; what is no array makes the write fail.",
        ),
        input_field(
            ChangeOperator.PREPEND.value, at, "Puts an item in front of the array at a path; else the same as `append`."
        ),
    ]
    description = "What to do to a JSON value: exactly one operator. Several are done one after another."
    return _shared(registry, "JSONOp", "the operators of JSON values", fields, description)


def _json_at(registry: Registry) -> Any:
    fields = [
        input_field(
            "path",
            list_of(str),
            "Keys and array indices that lead to the place; an index is written as a text, and counts from the end if it is "
            "negative. An empty path leads to the whole value.",
        ),
        input_field("value", optional(JSON.annotation), "The value to put there: null is the JSON value null."),
    ]
    description = "A place in a JSON value, and what to put there."
    return _shared(registry, "JSONAt", "the places in JSON values", fields, description, one_of=False)


def _shared(
    registry: Registry,
    name: str,
    origin: str,
    fields: Sequence[StrawberryField],
    description: str,
    *,
    one_of: bool = True,
) -> Any:
    """An input of the whole schema, made when it is first asked for."""
    if registry.names.origins.get(name) != origin:
        remedy = "Give the scalar, or the model, another name."
        registry.input(name, origin, fields, description, one_of=one_of, remedy=remedy)
    return registry.ref(name)
