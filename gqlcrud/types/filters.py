"""Columns and relations in, the inputs of `where` out."""

from __future__ import annotations

from typing import Any

from strawberry.types.field import StrawberryField

from gqlcrud.catalog import Column, Model, Relation
from gqlcrud.scalars import BOOLEAN, DECIMAL, ID, STRING, Operator, Scalar
from gqlcrud.types.registry import Registry, input_field, list_of, optional

_MEANINGS = {
    Operator.EQ: "Equal to this value. A null equals nothing.",
    Operator.NE: "Not equal to this value. A null is not found.",
    Operator.GT: "Greater than this value. A null is not found.",
    Operator.GTE: "Greater than this value or equal to it. A null is not found.",
    Operator.LT: "Less than this value. A null is not found.",
    Operator.LTE: "Less than this value or equal to it. A null is not found.",
    Operator.IN: "Equal to one of these values; of none, if the list is empty. A null is not found.",
    Operator.NOT_IN: "Equal to none of these values. A null is not found.",
    Operator.IS_NULL: "True: null only. False: anything but null.",
    Operator.CONTAINS: "Contains this text, in the same case; `%` and `_` mean themselves.",
    Operator.STARTS_WITH: "Starts with this text, in the same case; `%` and `_` mean themselves.",
    Operator.ENDS_WITH: "Ends with this text, in the same case; `%` and `_` mean themselves.",
    Operator.I_EQ: "Equal to this text in any case.",
    Operator.I_CONTAINS: "Contains this text in any case.",
    Operator.I_STARTS_WITH: "Starts with this text in any case.",
    Operator.I_ENDS_WITH: "Ends with this text in any case.",
    Operator.LIKE: "Matches this pattern: `%` is any text, `_` one character; a backslash takes the next one as it is.",
    Operator.I_LIKE: "Matches this pattern in any case: `%` stands for any text, `_` for one character.",
    Operator.REGEX: "Matches this regular expression of PostgreSQL's anywhere.",
    Operator.I_REGEX: "Matches this regular expression of PostgreSQL's anywhere, in any case.",
    Operator.SEARCH: "Contains every word of this text, in any case and order.",
    Operator.HAS_KEY: "Is an object with this key.",
    Operator.AT: "What stands at a path meets these conditions, all of them.",
    Operator.HAS: "Contains this item.",
    Operator.HAS_ANY: "Contains one of these items at least.",
    Operator.HAS_ALL: "Contains all of these items.",
    Operator.IS_EMPTY: "True: has no items. False: has some. A null is not found.",
}
_JSON_MEANINGS = {
    Operator.EQ: "Equal to this value: the order of keys does not matter, `1` equals `1.0`.",
    Operator.IS_NULL: "True: null only, whether nothing is stored or the JSON value null. False: anything else.",
}
_COUNTS = (Operator.EQ, Operator.NE, Operator.GT, Operator.GTE, Operator.LT, Operator.LTE)
_FLAGS = {Operator.IS_NULL, Operator.IS_EMPTY}
_LISTS = {Operator.IN, Operator.NOT_IN}
_ITEM_LISTS = {Operator.HAS_ANY, Operator.HAS_ALL}


def filter_name(scalar: Scalar, operators: tuple[Operator, ...]) -> str:
    """`StringFilter`; with operators that were switched on `StringLikeSearchFilter`."""
    further = {Operator.LIKE: "Like", Operator.REGEX: "Regex", Operator.SEARCH: "Search"}
    return scalar.name + "".join(word for operator, word in further.items() if operator in operators) + "Filter"


def column_filter(registry: Registry, column: Column) -> Any:
    """The filter input of a column's scalar and operators, made when it is first asked for."""
    scalar = ID if column.references is not None else column.scalar
    operators = scalar.operators if column.references is not None else column.operators
    return scalar_filter(registry, scalar, operators)


def scalar_filter(registry: Registry, scalar: Scalar, operators: tuple[Operator, ...]) -> Any:
    name = filter_name(scalar, operators)
    words = f"lists of {scalar.item.name}" if scalar.item is not None else f"values of {scalar.name}"
    origin = f"the filter of {words} by {', '.join(operators)}"
    if registry.names.origins.get(name) != origin:
        fields = [_operator_field(registry, scalar, operator) for operator in operators]
        description = f"Conditions on {words}; all that are given must hold. An omitted one says nothing."
        remedy = "Give the scalar, or the model, another name."
        registry.input(name, origin, fields, description, remedy=remedy)
    return registry.ref(name)


def _operator_field(registry: Registry, scalar: Scalar, operator: Operator) -> StrawberryField:
    meanings = {**_MEANINGS, **_JSON_MEANINGS} if scalar.name == "JSON" else _MEANINGS
    return input_field(operator.value, optional(_operand(registry, scalar, operator)), meanings[operator])


def _operand(registry: Registry, scalar: Scalar, operator: Operator) -> Any:
    if operator in _FLAGS:
        return bool
    if operator in _LISTS:
        return list_of(scalar.annotation)
    if scalar.item is not None and operator in _ITEM_LISTS:
        return list_of(scalar.item.annotation)
    if scalar.item is not None and operator is Operator.HAS:
        return scalar.item.annotation
    if operator is Operator.HAS_KEY:
        return str
    if operator is Operator.AT:
        return list_of(json_at_filter(registry))
    return scalar.annotation


def json_at_filter(registry: Registry) -> Any:
    """`JSONAtFilter`: conditions on what stands at a path of a JSON value."""
    if "JSONAtFilter" not in registry.types:
        kinds = {"string": STRING, "number": DECIMAL, "boolean": BOOLEAN}
        fields = [
            input_field(
                "path", list_of(str), "Keys and array indices that lead to the value; an index is written as a text."
            ),
            input_field("exists", optional(bool), "Whether anything stands there, the JSON value null included."),
            *(
                input_field(
                    name,
                    optional(scalar_filter(registry, scalar, scalar.operators)),
                    f"The value is a {name} and meets this; any other value counts as null.",
                )
                for name, scalar in kinds.items()
            ),
        ]
        registry.input(
            "JSONAtFilter", "the filter of JSON paths", fields, "Conditions on what stands at a path of a JSON value."
        )
    return registry.ref("JSONAtFilter")


def declare_where(registry: Registry, model: Model) -> None:
    """`BookWhere`, and `BookRel` and `BookListRel` for the relations that lead to the model."""
    name = f"{model.name}Where"
    ref = registry.ref(name)
    fields = [
        input_field("and", optional(list_of(ref)), "All of these hold; an empty list is true."),
        input_field("or", optional(list_of(ref)), "One of these holds at least; an empty list is false."),
        input_field(
            "not", optional(ref), "This does not hold. What is unknown because of a null does not hold either."
        ),
        input_field("id", optional(scalar_filter(registry, ID, ID.operators)), f"The global id of the {model.name}."),
        *(
            input_field(each.name, optional(column_filter(registry, each)), each.description)
            for each in model.columns
            if each.filterable
        ),
        *(_relation_field(registry, each) for each in model.relations if each.filterable),
    ]
    origin = f"the filter of {model.name}"
    registry.input(name, origin, fields, f"Conditions on {model.name} records; all that are given must hold.")
    registry.input(
        f"{model.name}Rel",
        origin,
        _to_one_fields(ref),
        f"Conditions on the {model.name} that a relation leads to.",
    )
    registry.input(
        f"{model.name}ListRel",
        origin,
        _to_many_fields(model, ref, count_filter(registry)),
        f"Conditions on the {model.name} records that a relation leads to; all that are given must hold.",
    )


def _relation_field(registry: Registry, relation: Relation) -> StrawberryField:
    target = registry.catalog.model(relation.target).name
    suffix = "ListRel" if relation.many else "Rel"
    return input_field(relation.name, optional(registry.ref(target + suffix)), relation.description)


def _to_one_fields(where: Any) -> list[StrawberryField]:
    return [
        input_field("is", optional(where), "There is a record, and this holds for it; `{}`: there is one."),
        input_field(
            "isNot", optional(where), "There is no record for which this holds; true where there is none at all."
        ),
        input_field("isNull", optional(bool), "True: there is no record. False: there is one."),
    ]


def _to_many_fields(model: Model, where: Any, count: Any) -> list[StrawberryField]:
    return [
        input_field("some", optional(where), "This holds for one record at least; `{}`: there are any."),
        input_field("every", optional(where), "This holds for all records; true where there are none."),
        input_field("none", optional(where), "This holds for no record; `{}`: there are none."),
        input_field("count", optional(count), f"Conditions on how many {model.name} records there are."),
    ]


def count_filter(registry: Registry) -> Any:
    if "CountFilter" not in registry.types:
        fields = [input_field(each.value, optional(int), _MEANINGS[each].partition(" A null")[0]) for each in _COUNTS]
        registry.input(
            "CountFilter",
            "the filter of counts",
            fields,
            "Conditions on a number of records; all that are given must hold.",
        )
    return registry.ref("CountFilter")
