"""Values at the ends of their ranges, and texts that programs trip over: stored as they are, and found as Python finds them."""

import datetime as dt
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, build_schema

from gqlcrud import Api
from gqlcrud.statements.folding import fold
from tests.databases import MakeEngine
from tests.running import ROOMY, refused, run
from tests.torture import Base
from tests.torture_values import REFUSED_TEXTS, TEXTS
from tests.wheres import COMPARISONS, Filter, matches

CREATE = "mutation ($data: [CrateCreate!]!) { createCrates(input: {data: $data}) { errors { message } crates { id } } }"


@dataclass(frozen=True, slots=True)
class Stored:
    """An API with a record for each of some values of a column. ids: of the records, in their order."""

    api: Api
    ids: Sequence[str]


async def store(api: Api, rows: Sequence[Mapping[str, Any]]) -> Stored:
    created = (await run(api, CREATE, data=rows))["createCrates"]
    assert created["errors"] == []
    return Stored(api, [each["id"] for each in created["crates"]])


# ---------- texts ----------

HOLDS: Mapping[str, Callable[[Any, Any], bool]] = {
    **COMPARISONS,
    "contains": lambda text, operand: operand in text,
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "iEq": lambda text, operand: fold(text) == fold(operand),
    "iContains": lambda text, operand: fold(operand) in fold(text),
    "iStartsWith": lambda text, operand: fold(text).startswith(fold(operand)),
    "iEndsWith": lambda text, operand: fold(text).endswith(fold(operand)),
}


@pytest.fixture(scope="module")
async def texts(make_module_engine: MakeEngine) -> AsyncIterator[Stored]:
    """Each text in a column, as a member of an array, and in a JSON document, as a value and as a key."""
    api = Api(Base, await make_module_engine(Base.metadata), limits=ROOMY)
    yield await store(
        api,
        [{"text": each, "texts": [each, None], "document": {"k": each}, "indexed": {each: [each]}} for each in TEXTS],
    )


async def test_texts_are_read_as_they_were_written(texts: Stored) -> None:
    data = await run(texts.api, "{ crates(first: 500) { nodes { text texts document indexed } } }")
    assert data["crates"]["nodes"] == [
        {"text": each, "texts": [each, None], "document": {"k": each}, "indexed": {each: [each]}} for each in TEXTS
    ]


def test_every_operator_has_its_meaning(texts: Stored) -> None:
    kind = build_schema(texts.api.sdl()).type_map["StringFilter"]
    assert isinstance(kind, GraphQLInputObjectType)
    assert set(kind.fields) == {*HOLDS, "isNull"}


@pytest.mark.parametrize(
    ("operator", "place"),
    [*((each, "column") for each in HOLDS), *((each, "document") for each in ("gt", "in", "iContains"))],
)
async def test_a_text_is_found_by_each_operator(texts: Stored, operator: str, place: str) -> None:
    several = operator in ("in", "notIn")
    terms = [Filter({operator: [each, "no"] if several else each}, _holds(operator, each)) for each in TEXTS]
    wheres = [
        {"text": each.where} if place == "column" else {"document": {"at": [{"path": ["k"], "string": each.where}]}}
        for each in terms
    ]
    found = await matches(texts.api, "Crate", [Filter(where, bool) for where in wheres])
    assert found == [[each for each, text in zip(texts.ids, TEXTS, strict=True) if term.holds(text)] for term in terms]


def _holds(operator: str, operand: str) -> Callable[[Any], bool]:
    given: Any = [operand, "no"] if operator in ("in", "notIn") else operand
    return lambda text: HOLDS[operator](text, given)


@pytest.mark.parametrize("shape", ["array", "key", "path", "document"])
async def test_a_text_is_found_in_what_holds_it(texts: Stored, shape: str) -> None:
    wheres: Mapping[str, Callable[[str], dict[str, Any]]] = {
        "array": lambda text: {"texts": {"has": text}},
        "key": lambda text: {"indexed": {"hasKey": text}},
        "path": lambda text: {"indexed": {"at": [{"path": [text, "0"], "string": {"eq": text}}]}},
        "document": lambda text: {"indexed": {"eq": {text: [text]}}},
    }
    found = await matches(texts.api, "Crate", [Filter(wheres[shape](each), bool) for each in TEXTS])
    assert found == [[each] for each in texts.ids]


async def test_a_record_is_found_by_a_text_that_is_its_key(texts: Stored) -> None:
    query = "query ($text: String!) { crate(by: {text: $text}) { id } }"
    assert [(await run(texts.api, query, text=each))["crate"]["id"] for each in TEXTS] == list(texts.ids)


async def test_ids_and_cursors_hold_any_text(make_module_engine: MakeEngine) -> None:
    """A key that is a text is a part of both."""
    api = Api(Base, await make_module_engine(Base.metadata))
    create = "mutation ($data: [LabelCreate!]!) { createLabels(input: {data: $data}) { errors { message } } }"
    assert (await run(api, create, data=[{"word": each} for each in TEXTS]))["createLabels"]["errors"] == []
    page = "query ($after: String) { labels(first: 1, after: $after) { edges { cursor node { id word } } } }"
    after, words = None, list[str]()
    while edges := (await run(api, page, after=after))["labels"]["edges"]:
        after, node = edges[0]["cursor"], edges[0]["node"]
        words.append(node["word"])
        found = await run(api, "query ($id: ID!) { label(by: {id: $id}) { word } node(id: $id) { id } }", id=node["id"])
        assert found == {"label": {"word": node["word"]}, "node": {"id": node["id"]}}
    assert words == sorted(TEXTS)


@pytest.mark.parametrize("text", REFUSED_TEXTS, ids=ascii)
async def test_a_text_that_no_database_holds_is_refused_everywhere(texts: Stored, text: str) -> None:
    kind = "NUL character" if "\x00" in text else "lone surrogates"
    message = f"A text cannot contain {'the ' if kind.startswith('NUL') else ''}{kind}."
    query = "query ($where: CrateWhere) { crates(where: $where) { totalCount } }"
    wheres: list[dict[str, Any]] = [
        *({"text": {operator: [text] if operator in ("in", "notIn") else text}} for operator in HOLDS),
        *(
            {"texts": {operator: [text] if operator.startswith("hasA") else text}}
            for operator in ("has", "hasAny", "hasAll")
        ),
        {"texts": {"eq": [text]}},
        {"document": {"eq": {"a": text}}},
        {"document": {"eq": {text: 1}}},
        {"document": {"hasKey": text}},
        {"document": {"at": [{"path": ["a", text], "exists": True}]}},
        {"document": {"at": [{"path": ["a"], "string": {"eq": text}}]}},
    ]
    for where in wheres:
        assert [await refused(texts.api, query, where=where) for _ in range(2)] == [[("VALIDATION", message)]] * 2, (
            where
        )
    for data in ({"text": text}, {"texts": [text]}, {"document": [text]}, {"indexed": {text: 1}}):
        created = (await run(texts.api, CREATE, data=[data]))["createCrates"]
        assert [error["message"] for error in created["errors"]] == [message]


# ---------- numbers, dates, times ----------

DAY_ONE, LAST_DAY = dt.date.min, dt.date.max
UTC = dt.UTC
_LAST = dt.datetime.max

EXTREMES: Mapping[str, tuple[Sequence[tuple[Any, Any]], Sequence[tuple[Any, Any]]]] = {
    "small": ([(-(2**15), -(2**15)), (0, 0), (2**15 - 1, 2**15 - 1)], [(2**31 - 1, 2**31 - 1), (-(2**31), -(2**31))]),
    "integer": ([(-(2**31), -(2**31)), (0, 0), (2**31 - 1, 2**31 - 1)], [(1.0, 1)]),
    "big": (
        [(str(-(2**63)), -(2**63)), ("0", 0), (2**53 + 1, 2**53 + 1), (str(2**63 - 1), 2**63 - 1)],
        [(2**53, 2**53), (str(2**63 - 2), 2**63 - 2)],
    ),
    "price": (
        [("-999999999.999", Decimal("-999999999.999")), ("0", Decimal(0)), ("999999999.999", Decimal("999999999.999"))],
        [(each, Decimal(each)) for each in ("1e1000", "-1e1000", "1e-1000", "9" * 1000, "-0", "999999999.9990001")],
    ),
    "free": (
        [("-1e15", Decimal("-1e15")), ("0", Decimal(0)), ("0.5", Decimal("0.5")), ("1e15", Decimal("1e15"))],
        [(each, Decimal(each)) for each in ("1e1000", "-1e1000", "1e-1000", "0.5" + "0" * 900 + "1", "0." + "3" * 990)],
    ),
    "double": (
        [(-1.7976931348623157e308, -1.7976931348623157e308), (0, 0.0), (5e-324, 5e-324), (1e308, 1e308)],
        [(-0.0, 0.0), (3, 3.0), (-5e-324, -5e-324)],
    ),
    "day": (
        [("0001-01-01", DAY_ONE), ("2024-02-29", dt.date(2024, 2, 29)), ("9999-12-31", LAST_DAY)],
        [("0001-01-02", dt.date(1, 1, 2)), ("20240229", dt.date(2024, 2, 29))],
    ),
    "clock": (
        [("00:00", dt.time.min), ("12:00:00.000001", dt.time(12, 0, 0, 1)), ("23:59:59.999999", dt.time.max)],
        [("12:00", dt.time(12))],
    ),
    "moment": (
        [
            ("0001-01-01T00:00:00", dt.datetime.min),
            ("2024-02-29T12:00:00", dt.datetime(2024, 2, 29, 12)),
            ("9999-12-31T23:59:59.999999", _LAST),
        ],
        [
            ("0001-01-01T00:00:00-23:59", dt.datetime(1, 1, 1, 23, 59)),
            ("2024-02-29T14:00:00+02:00", dt.datetime(2024, 2, 29, 12)),
        ],
    ),
    "zonedMoment": (
        [
            ("0001-01-01T00:00:00Z", dt.datetime.min.replace(tzinfo=UTC)),
            ("9999-12-31T23:59:59.999999Z", _LAST.replace(tzinfo=UTC)),
        ],
        [("9999-12-31T23:59:59.999999+23:59", dt.datetime(9999, 12, 31, 0, 0, 59, 999999, tzinfo=UTC))],
    ),
    "span": (
        [("-P700000D", dt.timedelta(-700_000)), ("PT0S", dt.timedelta()), ("P2900000D", dt.timedelta(2_900_000))],
        [("P999999999DT23H59M59.999999S", dt.timedelta.max), ("-P999999999D", dt.timedelta.min)],
    ),
}
"""For each column values that are stored, and further operands: as clients send them, and as Python has them."""


@pytest.mark.parametrize("column", EXTREMES)
async def test_the_ends_of_a_range_are_compared_as_in_python(make_engine: MakeEngine, column: str) -> None:
    stored, further = EXTREMES[column]
    api = Api(Base, await make_engine(Base.metadata), limits=ROOMY)
    rows = await store(api, [{column: given} for given, _ in stored])
    terms = [
        Filter({column: {name: [given] if name in ("in", "notIn") else given}}, _compares(name, value))
        for name in ("eq", "lt", "gte", "notIn")
        for given, value in [*stored, *further]
    ]
    expected = [
        [each for each, (_, value) in zip(rows.ids, stored, strict=True) if term.holds(value)] for term in terms
    ]
    found = await matches(api, "Crate", terms)
    assert {repr(term): ids for term, ids in zip(terms, found, strict=True)} == {
        repr(term): ids for term, ids in zip(terms, expected, strict=True)
    }


def _compares(name: str, operand: Any) -> Callable[[Any], bool]:
    given = [operand] if name in ("in", "notIn") else operand
    return lambda value: COMPARISONS[name](value, given)
