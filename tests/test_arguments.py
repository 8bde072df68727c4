"""Arguments with variables in them, read by functions that are made once, and by graphql-core: both give the same."""

from typing import Any

import pytest
from graphql import (
    FieldNode,
    GraphQLArgument,
    GraphQLError,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    build_schema,
    get_operation_ast,
    parse,
    validate,
)
from graphql.execution.values import VariableValues, get_argument_values, get_variable_values
from hypothesis import given, settings
from hypothesis import strategies as st

from gqlcrud.arguments import has_variable, variable_arguments

SCHEMA = build_schema(
    """
scalar Anything
input Point @oneOf { at: Int  named: String }
input Tree { name: String!  size: Int! = 3  weight: Int = 1  below: [Tree!]  point: Point  rest: Anything }
type Query {
  field(
    count: Int! = 2, other: Int = 5, wanted: Int!, plain: Int, names: [String], sure: [String!]!, tree: Tree, trees: [Tree!]
    point: Point, rest: Anything
  ): Int
}
"""
)
DOCUMENTS = (
    "query($i: Int) { field(wanted: 1, sure: [], plain: $i) }",
    "query($i: Int) { field(wanted: 1, sure: [], other: $i) }",
    "query($i: Int) { field(wanted: 1, sure: [], count: $i) }",
    "query($i: Int!) { field(wanted: $i, sure: [], plain: $i) }",
    'query($s: String) { field(wanted: 1, sure: "a", names: ["b", $s, null]) }',
    "query($s: String!) { field(wanted: 1, sure: [$s], names: [$s]) }",
    "query($s: [String!]!) { field(wanted: 1, sure: $s, names: $s) }",
    'query($i: Int) { field(wanted: 1, sure: [], tree: {weight: $i, name: "a", below: []}) }',
    "query($i: Int!, $s: String!) { field(wanted: 1, sure: [], tree: {size: $i, name: $s, point: {at: $i}}) }",
    'query($s: String!) { field(wanted: 1, sure: [], trees: {name: $s, below: {name: "b", size: 1}}) }',
    'query($i: Int!) { field(wanted: 1, sure: [], trees: [{name: "a", weight: $i}, {name: "b", point: {at: 3}}]) }',
    "query($i: Int!) { field(wanted: 1, sure: [], point: {at: $i}) }",
    "query($i: Int) { field(wanted: 1, sure: [], rest: {one: [$i, 2]}) }",
    'query($i: Anything) { field(wanted: 1, sure: [], tree: {name: "a", rest: $i}) }',
)
VALUES = {
    "i": st.none() | st.integers(-5, 5),
    "s": st.none() | st.sampled_from(["", "a"]) | st.lists(st.sampled_from(["b", "c"]), max_size=2),
}


def outcome(read: Any) -> Any:
    try:
        return list(read().items())
    except GraphQLError as error:
        return error.message


@pytest.mark.parametrize("text", DOCUMENTS)
@settings(max_examples=25)
@given(values=st.fixed_dictionaries({}, optional=VALUES))
def test_arguments_are_read_alike(text: str, values: dict[str, Any]) -> None:
    document = parse(text)
    assert validate(SCHEMA, document) == []
    operation = get_operation_ast(document)
    assert operation is not None
    variables = get_variable_values(SCHEMA, operation.variable_definitions or (), values)
    if not isinstance(variables, VariableValues):
        return
    (node,) = operation.selection_set.selections
    assert SCHEMA.query_type is not None
    field = SCHEMA.query_type.fields["field"]
    given_nodes = [each for each in node.arguments if has_variable(each.value)]  # type: ignore[attr-defined]
    assert given_nodes, "each document has a variable in an argument"
    kept = {each.name.value: field.args[each.name.value] for each in given_nodes}
    asked = GraphQLField(field.type, args=kept), FieldNode(name=node.name, arguments=tuple(given_nodes))  # type: ignore[attr-defined]

    found = outcome(lambda: variable_arguments(*asked).read(variables))

    assert found == outcome(lambda: get_argument_values(*asked, variables))


def test_names_and_types_of_inputs_are_those_of_python() -> None:
    point = GraphQLInputObjectType(
        "Point", {"at": GraphQLInputField(GraphQLInt, out_name="place")}, out_type=lambda value: ("point", value)
    )
    field = GraphQLField(GraphQLInt, args={"point": GraphQLArgument(point, out_name="where")})
    node = get_operation_ast(parse("query($i: Int) { field(point: {at: $i}) }")).selection_set.selections[0]  # type: ignore[union-attr]

    read = variable_arguments(field, node).read  # type: ignore[arg-type]

    assert read(VariableValues({}, {"i": 3})) == {"where": ("point", {"place": 3})}
