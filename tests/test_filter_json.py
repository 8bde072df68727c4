"""Operators on JSON documents, compared with Python: by value, by kind, by path."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import null

from gqlcrud import Api
from tests.databases import MakeEngine
from tests.running import run, save
from tests.wheres import Filter, compares, matches, negation, trees
from tests.zoo import Custom, Customized, Everything, Scalars

NOTHING = Enum("Nothing", ["NOTHING"]).NOTHING
"""Where no document is stored, or nothing stands at a path."""

DOCUMENTS: Sequence[Any] = [
    NOTHING,
    None,
    {},
    [],
    "text",
    "",
    0,
    1,
    -2.5,
    True,
    False,
    {"a": 1, "b": {"c": [1, 2.5, "x", True, None, {"d": None}]}},
    {"b": {"c": [1, 2.5, "x", True, None, {"d": None}]}, "a": 1},
    {"a": 1.0, "b": None},
    {"a": True, "b": False},
    {"a": "1", "b": "true", "": "empty"},
    {"a.b": 1, "0": "zero", "-1": "minus", "$": "dollar", 'q"t': "quote", "b\\s": "back", "é": "É", "a b": " "},
    [[1, [2, [3]]], {"0": {"0": 1}}, "last"],
    [0.1, 10**30, 2**53 + 1, -(2**63), 1e-7, 1e22, 0.30000000000000004],
    {"text": "%_\\", "list": [], "object": {}},
    [None],
    {"a": None},
]


@pytest.fixture(scope="module", params=["json", "document"])
async def listed(make_module_engine: MakeEngine, request: pytest.FixtureRequest) -> AsyncIterator[tuple[Api, str, str]]:
    """An API, its model and its column: of type JSON, or of type JSONB where there is that."""
    base, entity = (Scalars, Everything) if request.param == "json" else (Custom, Customized)
    engine = await make_module_engine(base.metadata)
    values = [null() if each is NOTHING else each for each in DOCUMENTS]
    await save(engine, *(entity(**{"id": i, request.param: each}) for i, each in enumerate(values)))
    yield Api(base, engine), entity.__name__, request.param


def test_at() -> None:
    document = {"a": [1, {"b": None}]}
    assert at(document, ["a", "0"]) == at(document, ["a", "-2"]) == 1
    assert at(document, ["a", "-1", "b"]) is None
    assert at(document, ["a", "2"]) is at(document, ["a", "b"]) is at(document, ["0"]) is at(1, ["a"]) is NOTHING


def at(document: Any, path: Sequence[str]) -> Any:
    """What stands at a path: of objects by key, of arrays by number, from the end if it is negative."""
    for step in path:
        if isinstance(document, dict) and step in document:
            document = document[step]
        elif isinstance(document, list) and step in [*map(str, range(-len(document), len(document)))]:
            document = document[int(step)]
        else:
            return NOTHING
    return document


def same(one: Any, other: Any) -> bool:
    """Equality of JSON values: a boolean is no number, `1` is `1.0`, the order of keys does not matter."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def of_kind(kind: str, value: Any) -> Any:
    """The value as an operand of its kind is compared with it; None for one of another kind."""
    if kind == "number":
        return Decimal(repr(value)) if isinstance(value, int | float) and not isinstance(value, bool) else None
    return value if isinstance(value, {"string": str, "boolean": bool}[kind]) else None


TEXTS: Mapping[str, Callable[[str, str], bool]] = {
    "contains": lambda value, operand: operand in value,
    "startsWith": str.startswith,
    "iEq": lambda value, operand: value.lower() == operand.lower(),
}
OPERANDS: Mapping[str, Sequence[Any]] = {
    "string": ["x", "1", "zero", "É", "é", "%", "\\", "", "true", "text"],
    "number": ["0", "1", "1.000", "2.5", "0.1", "0.1000000000000000055", "1e30", "9007199254740993", "-1e999", "3e-1"],
    "boolean": [True, False],
}
OPERATORS: Mapping[str, Sequence[str]] = {
    "string": ["eq", "ne", "gt", "gte", "lt", "lte", "in", "notIn", "isNull", *TEXTS],
    "number": ["eq", "ne", "gt", "gte", "lt", "lte", "in", "notIn", "isNull"],
    "boolean": ["eq", "ne", "isNull"],
}


def holds(kind: str, operator: str, value: Any, operand: Any) -> bool:
    if operator in TEXTS:
        return value is not None and TEXTS[operator](value, operand)
    if kind == "number" and operator != "isNull":
        operand = [Decimal(each) for each in operand] if isinstance(operand, list) else Decimal(operand)
    return compares(operator, value, operand)


def paths() -> st.SearchStrategy[list[str]]:
    """Paths that lead somewhere in some document, and further."""
    steps = ["a", "b", "c", "d", "0", "1", "-1", "-7", "6", "a.b", "$", 'q"t', "b\\s", "é", "", "text", "x"]
    return st.lists(st.sampled_from(steps), max_size=4)


@st.composite
def conditions_at(draw: st.DrawFn) -> tuple[dict[str, Any], Any]:
    """One item of `at`, and the predicate that it stands for."""
    path = draw(
        paths() | st.sampled_from([["b", "c", "5", "d"], ["0", "1", "1", "0"], ["1", "0", "0"], ["b", "c", "-6"]])
    )
    kind = draw(st.sampled_from(sorted(OPERATORS)))
    operator = draw(st.sampled_from(OPERATORS[kind]))
    operands = st.sampled_from(OPERANDS[kind])
    operand = draw(
        {"in": st.lists(operands, max_size=3), "notIn": st.lists(operands, max_size=3)}.get(operator, operands)
    )
    operand = draw(st.booleans()) if operator == "isNull" else operand
    exists = draw(st.none() | st.booleans())

    def met(document: Any) -> bool:
        found = at(document, path)
        there = exists is None or exists is (found is not NOTHING)
        return there and holds(kind, operator, of_kind(kind, found), operand)

    return {"path": path, kind: {operator: operand}, **({} if exists is None else {"exists": exists})}, met


def filters(column: str) -> st.SearchStrategy[Filter]:
    values = st.sampled_from([each for each in DOCUMENTS if each is not NOTHING and each is not None])
    parts = st.one_of(
        values, st.sampled_from([[1, 2.5, "x", True, None, {"d": None}], {"a": 1, "b": None}, {"0": 1}, 2, "X"])
    )
    keys = st.sampled_from(["a", "b", "a.b", "0", "$", 'q"t', "b\\s", "é", "É", "", "text", "x"])
    missing = (NOTHING, None)
    return st.one_of(
        parts.map(lambda value: Filter({column: {"eq": value}}, lambda document: same(document, value))),
        keys.map(lambda key: Filter({column: {"hasKey": key}}, lambda each: isinstance(each, dict) and key in each)),
        st.booleans().map(
            lambda flag: Filter({column: {"isNull": flag}}, lambda each: any(each is none for none in missing) is flag)
        ),
        st.lists(conditions_at(), min_size=1, max_size=2).map(
            lambda tests: Filter({column: {"at": [each for each, _ in tests]}}, lambda each: all(met(each) for _, met in tests))
        ),
    )  # fmt: skip


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(terms=st.lists(trees(filters("column")), min_size=1, max_size=5))
async def test_a_filter_finds_the_documents_for_which_it_holds_in_python(
    listed: tuple[Api, str, str], terms: list[Filter]
) -> None:
    api, model, column = listed
    renamed = [Filter(named(each.where, column), each.holds) for term in terms for each in (term, negation(term))]
    found = await matches(api, model, renamed)
    ids = await matches(api, model, [Filter({}, lambda _: True)])
    assert found == [[ids[0][i] for i, each in enumerate(DOCUMENTS) if term.holds(each)] for term in renamed]


def named(where: Any, column: str) -> Any:
    """The filter with the column's own name."""
    if isinstance(where, list):
        return [named(each, column) for each in where]
    if not isinstance(where, dict):
        return where
    return {column if name == "column" else name: named(each, column) for name, each in where.items()}


# ---------- single cases ----------


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"isNull": True}, [NOTHING, None]),
        ({"at": [{"path": [], "exists": True}]}, [each for each in DOCUMENTS if each is not NOTHING]),
        (
            {"at": [{"path": ["b"], "exists": True, "string": {"isNull": True}}]},
            [DOCUMENTS[i] for i in (11, 12, 13, 14)],
        ),
        ({"eq": {"b": None, "a": 1}}, [{"a": 1.0, "b": None}]),
        ({"eq": 1}, [1]),
        ({"eq": True}, [True]),
        ({"at": [{"path": ["a"], "number": {"eq": "1"}}]}, [DOCUMENTS[i] for i in (11, 12, 13)]),
        ({"at": [{"path": ["a"], "boolean": {"eq": True}}]}, [DOCUMENTS[14]]),
        ({"at": [{"path": ["a"], "string": {"eq": "1"}}]}, [DOCUMENTS[15]]),
        ({"at": [{"path": ["3"], "number": {"lt": "-9223372036854775807"}}]}, [DOCUMENTS[18]]),
        ({"at": [{"path": ["2"], "number": {"eq": "9007199254740993"}}]}, [DOCUMENTS[18]]),
        ({"at": [{"path": ["2"], "number": {"eq": "9007199254740992"}}]}, []),
        ({"at": [{"path": ["0"], "number": {"eq": "0.10000000000000000001"}}]}, []),
        (
            {"at": [{"path": ["b", "c", step], "number": {"eq": 1}} for step in ("0", "-6", "00", "+0", " 0")]},
            DOCUMENTS[11:13],
        ),
        ({"at": [{"path": ["b", "c", "0 "], "exists": True}]}, []),
        ({"at": [{"path": ["b", "c", "\N{ARABIC-INDIC DIGIT ZERO}"], "exists": True}]}, []),
        ({"at": [{"path": ["b", "c", "9" * 30], "exists": True}]}, []),
        ({"hasKey": "0"}, [DOCUMENTS[16]]),
    ],
    ids=str,
)
async def test_a_condition_finds_documents(listed: tuple[Api, str, str], condition: Any, expected: list[Any]) -> None:
    api, model, column = listed
    found = await matches(api, model, [Filter({column: condition}, lambda _: False), Filter({}, lambda _: True)])
    shown = [DOCUMENTS[found[1].index(each)] for each in found[0]]
    assert [*map(repr, shown)] == [*map(repr, expected)]


@pytest.mark.parametrize(
    ("operand", "message"),
    [
        (float("nan"), "A JSON value has no NaN and no infinity."),
        ({"a": [float("-inf")]}, "A JSON value has no NaN and no infinity."),
        ({"a\x00": 1}, "A text cannot contain the NUL character."),
        (["\x00"], "A text cannot contain the NUL character."),
        ({"\ud800": 1}, "A text cannot contain lone surrogates."),
        (["\\\udfff"], "A text cannot contain lone surrogates."),
    ],
    ids=ascii,
)
async def test_a_document_that_no_database_holds_is_refused(
    listed: tuple[Api, str, str], operand: Any, message: str
) -> None:
    api, model, column = listed
    query = f"query ($where: {model}Where) {{ {api.catalog.by_name[model].many}(where: $where) {{ totalCount }} }}"
    result = await api.execute(query, {"where": {column: {"eq": operand}}})
    assert result.errors is not None
    assert [(each.message, each.extensions) for each in result.errors] == [
        (message, {"code": "VALIDATION", "inputPath": ["where", column, "eq"]})
    ]


async def test_a_text_that_looks_like_an_escape_is_none(listed: tuple[Api, str, str]) -> None:
    api, model, column = listed
    operands = ["\\u0000", {"\\u0000": ["\\\\u0000"]}, 2**64, 10**400]
    terms = [Filter({column: {"eq": each}}, lambda _: False) for each in operands]
    assert await matches(api, model, terms) == [[], [], [], []]


async def test_a_field_shows_what_stands_at_a_path(listed: tuple[Api, str, str]) -> None:
    """The path of a field leads where the path of a filter does."""
    api, model, column = listed
    many = api.catalog.by_name[model].many
    query = f"query ($path: [String!]) {{ {many} {{ nodes {{ shown: {column}(path: $path) }} }} }}"
    for path in ([], ["a"], ["b", "c", "-1", "d"], ["b", "c", "3"], ["0", "0"], ["a.b"], ['q"t'], ["\x00"], ["\ud800"]):
        data = await run(api, query, path=path)
        expected = [None if (found := at(each, path)) is NOTHING else found for each in DOCUMENTS]
        assert same([node["shown"] for node in data[many]["nodes"]], expected)
