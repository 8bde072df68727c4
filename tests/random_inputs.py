"""Random inputs of mutations, valid by their types, with the values that databases and drivers trip over."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_required_input_field,
)

DEPTH = 5
"""So deep do relations and filters go, where they need not."""

TEXTS = [
    "a",
    "b",
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "\udfff!",
    "ß",
    "\U0001d4b3",
    "%_\\",
    "'\"; --",
    "x" * 300,
    "é" * 60,
    "null",
]
NUMBERS = [0, 1, 2, -1, 2**15, 2**31 - 1, -(2**31)]
BIG_NUMBERS = [*NUMBERS, 2**31, 2**53, 2**63 - 1, -(2**63), 2**63, 10**40]
FLOATS = [0.5, 2, 0, -0.0, 1e308, -1e308, 5e-324, 1e39, 1e-46, float("nan"), float("inf")]
DECIMALS = [
    "1.5",
    "2",
    "0",
    "-0",
    "0.005",
    "9" * 30,
    "1e30",
    "1E+400",
    "1e-400",
    "NaN",
    "Infinity",
    "-1",
    "9999999.999",
]
SPECIAL: dict[str, Sequence[Any]] = {
    "Int": NUMBERS,
    "Float": FLOATS,
    "String": TEXTS,
    "Boolean": [True, False],
    "BigInt": [*BIG_NUMBERS, *map(str, BIG_NUMBERS)],
    "Decimal": DECIMALS,
    "Date": ["2024-02-29", "2023-01-01", "0001-01-01", "9999-12-31", "10000-01-01", "x"],
    "Time": ["00:00", "23:59:59.999999", "12:00+02:00", "24:00"],
    "DateTime": [
        *(
            "2024-01-01T00:00:00",
            "2024-01-01T00:00:00Z",
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59.999999-12:00",
        ),
        *("0001-01-01T00:00:00", "2024-06-01T12:00:00.123456789Z"),
    ],
    "Duration": ["P1D", "PT0.000001S", "-P1D", "P999999999D", "P1Y", "PT1e3S"],
    "UUID": ["00000000-0000-0000-0000-000000000000", "F" * 32, "x"],
    "Bytes": ["AA==", "", "AAECAw==", "%"],
}


@dataclass(frozen=True, slots=True)
class Inputs:
    """ids: global ids that may be there."""

    schema: GraphQLSchema
    random: Random
    ids: Sequence[str]

    def document(self, field_name: str) -> tuple[str, dict[str, Any]]:
        """A mutation of one root field, and its variables."""
        mutation = self.schema.mutation_type
        assert mutation is not None
        field = mutation.fields[field_name]
        kind = field.args["input"].type
        shown = " ".join(self._shown(get_named_type(field.type)))
        atomic = self.random.choice(["", "", "@atomic "])
        return f"mutation ($input: {kind}) {atomic}{{ {field_name}(input: $input) {{ {shown} }} }}", {
            "input": self.value(kind)
        }

    def value(self, kind: GraphQLInputType, depth: int = 0) -> Any:
        match kind:
            case GraphQLNonNull():
                return self.value(kind.of_type, depth)
            case GraphQLList():
                length = self.random.choice([0, 1, 1, 2, 3]) if depth < DEPTH else 0
                return [self.value(kind.of_type, depth + 1) for _ in range(length)]
            case GraphQLInputObjectType():
                return self._object(kind, depth)
            case GraphQLEnumType():
                return self.random.choice(list(kind.values))
        name = get_named_type(kind).name
        if name == "ID":
            return self.random.choice([*self.ids, *self.ids, *TEXTS, self._made_id()])
        if name == "JSON":
            return self._json()
        values = SPECIAL.get(name, TEXTS)
        return self.random.choice(values if self.random.random() < 0.3 else values[:2])

    def _object(self, kind: GraphQLInputObjectType, depth: int) -> dict[str, Any]:
        fields = {name: each for name, each in kind.fields.items() if name != "clientMutationId"}
        if kind.is_one_of:
            shallow = [name for name, each in fields.items() if not _is_deep(each.type)]
            name = self.random.choice(shallow if depth >= DEPTH and shallow else list(fields))
            return {name: self.value(fields[name].type, depth + 1)}
        given: dict[str, Any] = {}
        likely = self.random.choice([0.1, 0.3, 0.6]) if depth < DEPTH else 0.05
        for name, each in fields.items():
            deep = _is_deep(each.type)
            wanted = self.random.random() < (likely * (0.5 if deep else 1) if depth < DEPTH or not deep else 0)
            if is_required_input_field(each) or wanted or (depth <= 1 and name in ("patch", "ops", "update")):
                nullable = not isinstance(each.type, GraphQLNonNull)
                null = nullable and self.random.random() < 0.1
                given[name] = None if null else self.value(each.type, depth + 1)
        return given

    def _json(self) -> Any:
        deep: Any = "x"
        for _ in range(self.random.choice([3, 50, 400])):
            deep = [deep] if self.random.random() < 0.5 else {"k": deep}
        values = [*TEXTS, *FLOATS, *BIG_NUMBERS, True, None, [], {}, {"\x00": 1}, {"\ud800": 1}, {"": {"": ""}}, deep]
        return self.random.choice([*values, {"a": self.random.choice(values)}, [self.random.choice(values)]])

    def _made_id(self) -> str:
        name = self.random.choice(["Book", "Author", ""])
        return b64encode(f"{name}:{self.random.choice(BIG_NUMBERS)}".encode()).decode()

    def _shown(self, payload: Any) -> Iterator[str]:
        assert isinstance(payload, GraphQLObjectType)
        for name, field in payload.fields.items():
            kind = get_named_type(field.type)
            if name == "errors":
                yield "errors { code message path }"
            elif isinstance(kind, GraphQLObjectType) and "id" in kind.fields:
                yield f"{name} {{ id }}"
            elif not isinstance(kind, GraphQLObjectType):
                yield name


def _is_deep(kind: GraphQLInputType) -> bool:
    return isinstance(get_named_type(kind), GraphQLInputObjectType)
