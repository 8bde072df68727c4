"""Values of variables, coerced by functions that are made once, and by graphql-core: what the one gives the other gives too."""

from typing import Any

import pytest
from graphql import build_schema, get_operation_ast, parse, type_from_ast
from graphql.execution.values import VariableValues, get_variable_values
from hypothesis import given, settings
from hypothesis import strategies as st

from example.models import Base
from gqlcrud import Api
from gqlcrud.variables import Coercers, variable_reader
from tests.serving import unused_engine

SDL = """
scalar Anything
enum Colour { RED GREEN }
input Point @oneOf { at: Int  named: String }
input Tree { name: String!  size: Int! = 3  kind: Colour = RED  below: [Tree!]  point: Point
  rest: Anything  weight: Float  id: ID }
input Leaf { a: Int  b: Int  c: Int  d: Int  e: Int }
type Query { field: Int }
"""
TYPES = (
    "Int",
    "Int!",
    "String",
    "Boolean!",
    "Float",
    "ID",
    "Colour",
    "[Int!]",
    "[[String]!]!",
    "Point",
    "Tree!",
    "[Tree]",
    "Anything",
)
NAMES = ("name", "size", "kind", "below", "point", "rest", "at", "named", "none")

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**33), 2**33)
    | st.floats()
    | st.sampled_from(["RED", "GREEN", "", "é", "1", "\ud800"])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)

SCHEMA = build_schema(SDL)
COERCERS = Coercers()


def both(text: str, variables: dict[str, Any], schema: Any = SCHEMA, coercers: Coercers = COERCERS) -> tuple[Any, Any]:
    """What both make of the variables of an operation; None for errors."""
    operation = get_operation_ast(parse(text))
    assert operation is not None
    reader = variable_reader(schema, operation, coercers)
    assert reader is not None
    expected = get_variable_values(schema, operation.variable_definitions or (), variables)
    return reader.read(variables), expected if isinstance(expected, VariableValues) else None


def same(found: VariableValues | None, expected: VariableValues | None) -> None:
    assert repr(found and found.coerced) == repr(
        expected and expected.coerced
    )  # so that the order of keys counts, and nan
    assert repr(found and found.sources) == repr(expected and expected.sources)


@pytest.mark.parametrize("type_name", TYPES)
@settings(max_examples=60)
@given(value=VALUES)
def test_values_are_coerced_alike(type_name: str, value: Any) -> None:
    same(*both(f"query($value: {type_name}) {{ field }}", {"value": value, "other": 1}))


ITEMS = st.fixed_dictionaries(
    {"name": st.text(max_size=2), "size": st.integers(0, 9)},
    optional={
        "kind": st.sampled_from(["RED", "GREEN"]),
        "point": st.sampled_from([{"at": 1}, {"at": 2**31 - 1}, {"named": "é"}, None]),
        "rest": LEAVES,
        "weight": st.sampled_from([0.5, 1, 1e308, None]),
        "id": st.sampled_from(["a", 7, None]),
        "below": st.sampled_from([[], [{"name": "a", "size": 1}], [{"size": 1, "name": "b"}] * 2]),
    },
)
"""Trees, nearly all of which fit their type."""


@settings(max_examples=60)
@given(items=st.lists(ITEMS, max_size=5), wrong=st.none() | st.tuples(st.integers(0, 4), VALUES | ITEMS))
def test_items_of_a_list_are_coerced_together_alike(items: list[Any], wrong: tuple[int, Any] | None) -> None:
    if wrong is not None:
        items.insert(*wrong)

    same(*both("query($value: [Tree!]) { field }", {"value": items}))


@pytest.mark.parametrize("count", [3, 32])
def test_items_may_have_many_sets_of_fields(count: int) -> None:
    items = [
        {name: number for place, name in enumerate("edcba") if number >> place & 1} for number in [*range(count)] * 2
    ]

    found, expected = both("query($value: [Leaf]) { field }", {"value": items})

    same(found, expected)
    assert found is not None
    assert found.coerced["value"] == items


@pytest.mark.parametrize("type_name", TYPES)
def test_variables_may_be_left_out(type_name: str) -> None:
    same(*both(f"query($value: {type_name}) {{ field }}", {}))


def test_defaults_of_variables_are_left_to_graphql_core() -> None:
    operation = get_operation_ast(parse("query($value: Int = 1) { field }"))
    assert operation is not None

    assert variable_reader(SCHEMA, operation, Coercers()) is None


@pytest.mark.parametrize(
    ("type_name", "value"),
    [
        ("Tree", {"below": [{"name": "a"}], "name": "b"}),
        ("[Tree!]", {"name": "one"}),
        ("Tree", {"name": "a", "point": {"at": 1, "named": "b"}}),
        ("Tree", {"name": "a", "point": {"at": None}}),
        ("Tree", {"name": "a", "none": 1}),
        ("Int", True),
        ("Int", 2**31),
        ("[Int]", (1, 2)),
    ],
)
def test_inputs(type_name: str, value: Any) -> None:
    found, expected = both(f"query($value: {type_name}) {{ field }}", {"value": value})
    if found is not None or not isinstance(value, tuple):  # it need not know of other lists than those of JSON
        same(found, expected)


def test_depth_is_no_fault() -> None:
    value: Any = {"name": "leaf"}
    for _ in range(5000):
        value = {"name": "a", "below": [value]}

    assert both("query($value: Tree) { field }", {"value": value}) == (None, None)


def test_inputs_of_an_api_are_coerced_alike() -> None:
    schema = Api(Base, unused_engine()).schema._schema
    coercers = Coercers()
    for type_name, value in {
        "BookWhere": {"and": [{"title": {"contains": "a"}}, {"price": {"gte": "1.50"}}], "not": {"id": {"eq": "x"}}},
        "BookCreate": {"title": "a", "price": "1.5", "author": {"connect": {"rowId": 1}}},
        "[BookOrder!]": [{"title": "ASC"}, {"author": {"name": "DESC_NULLS_LAST"}}],
        "ID!": "x",
        "Decimal": "1.5",
        "Date": "2020-02-30",
    }.items():
        text = f"query($value: {type_name}) {{ field }}"
        assert type_from_ast(schema, get_operation_ast(parse(text)).variable_definitions[0].type) is not None  # type: ignore[union-attr]
        same(*both(text, {"value": value}, schema, coercers))
