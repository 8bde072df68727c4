"""Values that are large, deep, wide or slow to match: answered, or refused before they cost anything."""

import tracemalloc
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, build_schema

from gqlcrud import Api
from tests.databases import MakeEngine
from tests.running import refused, run
from tests.test_torture import PATIENT
from tests.torture import OPTIONS, Base, fill, problems_of

QUERY = "query ($where: CrateWhere) { crates(where: $where) { nodes { rowId } } }"
LARGE = "x" * 10_000_000
TWICE = range(2)
"""Known documents are answered by another way than new ones."""


@pytest.fixture(scope="module")
async def api(make_module_engine: MakeEngine) -> AsyncIterator[Api]:
    engine = await make_module_engine(Base.metadata)
    await fill(engine)
    yield Api(Base, engine, models=OPTIONS, limits=PATIENT)


async def found(api: Api, where: Mapping[str, Any]) -> list[int]:
    data = await run(api, QUERY, where=where)
    return [node["rowId"] for node in data["crates"]["nodes"]]


# ---------- large ----------

ALL = [1, 2, 3]
OF_LARGE: Mapping[str, list[int]] = {
    **{"eq": [], "ne": ALL, "gt": [3], "gte": [3], "lt": [1, 2], "lte": [1, 2], "in": [], "notIn": ALL},
    **{"contains": [], "startsWith": [], "endsWith": []},
}
MATCHED = ["iEq", "iContains", "iStartsWith", "iEndsWith", "like", "iLike", "regex", "iRegex", "search"]


def test_every_operator_of_texts_is_tried(api: Api) -> None:
    kind = build_schema(api.sdl()).type_map["StringLikeRegexSearchFilter"]
    assert isinstance(kind, GraphQLInputObjectType)
    assert set(kind.fields) == {*OF_LARGE, *MATCHED, "isNull"}


@pytest.mark.parametrize("operator", OF_LARGE)
async def test_a_text_of_ten_megabytes_is_compared(api: Api, operator: str) -> None:
    operand = [LARGE] if operator in ("in", "notIn") else LARGE
    # PostgreSQL's locale is C, and SQLite compares bytes: U with dots comes after all letters of ASCII
    assert [await found(api, {"text": {operator: operand}}) for _ in TWICE] == [OF_LARGE[operator]] * 2


@pytest.mark.parametrize("letter", ["x", "é", "%"])
@pytest.mark.parametrize("operator", MATCHED)
async def test_a_long_operand_that_is_translated_is_refused(api: Api, operator: str, letter: str) -> None:
    """Each letter beyond ASCII becomes a part of a regular expression in PostgreSQL, each wildcard of a pattern in SQLite."""
    where = {"text": {operator: letter * 1000}}
    assert await found(api, where) == (ALL if (operator, letter) in [("like", "%"), ("iLike", "%")] else [])
    message = f"An operand of {operator} has at most 1000 characters; this one has {{}}."
    for length in (1001, len(LARGE)):
        where = {"text": {operator: letter * length}}
        assert [await refused(api, QUERY, where=where) for _ in TWICE] == [[("LIMIT", message.format(length))]] * 2


@pytest.mark.parametrize(
    "where",
    [
        {"document": {"at": [{"path": ["a"], "string": {"iContains": "é" * 1001}}]}},
        {"stamps": {"some": {"country": {"iEq": "é" * 1001}}}},
    ],
    ids=["in JSON", "in a relation"],
)
async def test_a_long_operand_is_refused_wherever_it_stands(api: Api, where: dict[str, Any]) -> None:
    ((code, _),) = await refused(api, QUERY, where=where)
    assert code == "LIMIT"


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"document": {"eq": LARGE}}, []),
        ({"document": {"hasKey": LARGE}}, []),
        ({"document": {"at": [{"path": [LARGE], "exists": False}]}}, ALL),
        ({"document": {"at": [{"path": ["a"], "string": {"contains": LARGE}}]}}, []),
        ({"texts": {"has": LARGE}}, []),
        ({"content": {"eq": "AAAA" * 2_500_000}}, []),
        ({"integer": {"in": [7] * 1000}}, [1]),
    ],
    ids=["JSON", "key", "path", "text in JSON", "array", "bytes", "list"],
)
async def test_large_values_of_other_kinds_are_compared(api: Api, where: dict[str, Any], expected: list[int]) -> None:
    assert [await found(api, where) for _ in TWICE] == [expected] * 2


@pytest.mark.parametrize("text", [LARGE, "x " * 5_000_000, '"x" ' * 2_500_000, " " * 10_000_000])
async def test_a_long_search_is_refused(api: Api, text: str) -> None:
    query = "query ($text: String) { crates(search: $text) { totalCount } }"
    message = f"A search has at most 8060 characters; this one has {len(text)}."
    assert [await refused(api, query, text=text) for _ in TWICE] == [[("LIMIT", message)]] * 2


async def test_long_ids_and_cursors_are_none(api: Api) -> None:
    query = "query ($id: ID!, $after: String) { node(id: $id) { id } crates(after: $after) { totalCount } }"
    assert await run(api, "query ($id: ID!) { node(id: $id) { id } }", id=LARGE) == {"node": None}
    assert await refused(api, query, id=LARGE, after=LARGE) == [("VALIDATION", "This is not a cursor.")]
    assert await refused(api, QUERY, where={"id": {"in": ["x", LARGE]}}) == [("VALIDATION", "This is not a global id.")]


async def test_a_large_text_is_written_and_read_again(api: Api) -> None:
    create = (
        "mutation ($text: String) { createCrate(input: {data: {short: null, texts: [$text]}}) { crate { id texts } } }"
    )
    data = await run(api, create, text=LARGE)
    crate = data["createCrate"]["crate"]
    assert crate["texts"] == [LARGE]
    assert (await run(api, "query ($id: ID!) { crate(by: {id: $id}) { texts } }", id=crate["id"])) == {
        "crate": {"texts": [LARGE]}
    }
    await run(api, "mutation ($id: ID!) { deleteCrate(input: {by: {id: $id}}) { deletedId } }", id=crate["id"])


@pytest.mark.parametrize(
    "where",
    [{"text": {"contains": LARGE}}, {"text": {"iLike": LARGE}}, {"text": {"regex": LARGE}}],
    ids=["contains", "iLike", "regex"],
)
async def test_a_large_operand_is_copied_a_few_times_only(api: Api, where: dict[str, Any]) -> None:
    tracemalloc.start()
    try:
        assert problems_of(await api.execute(QUERY, {"where": where})) == []
        assert tracemalloc.get_traced_memory()[1] < 12 * len(LARGE)
    finally:
        tracemalloc.stop()


# ---------- deep and wide ----------

TOO_MANY = [("LIMIT", "A list holds at most 1000 items; this one has 1001.")]
TOO_DEEP = [("LIMIT", "A filter nests at most 10 levels.")]


def chain(depth: int, *names: str) -> dict[str, Any]:
    """A filter inside of so many others; lists are of one item."""
    where: dict[str, Any] = {"text": {"eq": "a"}}
    for level in range(depth):
        name = names[level % len(names)]
        where = {name: where if name == "not" else [where]}
    return where


@pytest.mark.parametrize("names", [("not",), ("and",), ("or",), ("and", "or", "not")], ids=" ".join)
async def test_filters_nest_ten_levels_deep(api: Api, names: tuple[str, ...]) -> None:
    negations = sum(names[level % len(names)] == "not" for level in range(10))
    assert [await found(api, chain(10, *names)) for _ in TWICE] == [[1] if negations % 2 == 0 else [2, 3]] * 2
    assert [await refused(api, QUERY, where=chain(11, *names)) for _ in TWICE] == [TOO_DEEP] * 2


@pytest.mark.parametrize("depth", [400, 100_000])
@pytest.mark.parametrize("names", [("not",), ("and", "or", "not")], ids=" ".join)
async def test_filters_beyond_all_measure_are_refused(api: Api, names: tuple[str, ...], depth: int) -> None:
    for _ in TWICE:
        ((code, _),) = await refused(api, QUERY, where=chain(depth, *names))
        assert code in ("LIMIT", "BAD_USER_INPUT")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("or", [1]), ("and", [1])],
)
async def test_a_thousand_conditions_stand_beside_each_other(api: Api, name: str, expected: list[int]) -> None:
    terms: list[dict[str, Any]] = [{"rowId": {"ne": 10 + each}} for each in range(999)]
    if name == "or":
        terms = [{"text": {"eq": f"{each}é"}} for each in range(999)]
    where = {name: [*terms, {"text": {"eq": "a"}}]}
    assert [await found(api, where) for _ in TWICE] == [expected] * 2
    assert await refused(api, QUERY, where={name: [*terms, {}, {}]}) == TOO_MANY


OPERANDS: Mapping[str, tuple[Any, list[int]]] = {
    "text": ("a", [1]),
    "integer": (7, [1]),
    "big": ("7", []),
    "price": ("1.50", [1]),
    "double": (1.5, []),
    "day": ("2020-01-01", []),
    "moment": ("2020-01-01T00:00:00", []),
    "span": ("P1D", []),
    "token": ("0" * 32, []),
    "content": ("AA==", []),
    "colour": ("RED", [1]),
}


@pytest.mark.parametrize("column", OPERANDS)
async def test_a_list_has_a_thousand_operands(api: Api, column: str) -> None:
    operand, expected = OPERANDS[column]
    assert [await found(api, {column: {"in": [operand] * 1000}}) for _ in TWICE] == [expected] * 2
    assert await refused(api, QUERY, where={column: {"in": [operand] * 1001}}) == TOO_MANY
    assert await refused(api, QUERY, where={column: {"notIn": [operand] * 1001}}) == TOO_MANY
