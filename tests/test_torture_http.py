"""What JSON, UTF-8 and HTTP make special, in the place of a value of every kind: an answer, or a clean refusal."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI
from graphql import build_schema

from gqlcrud import Api
from tests.databases import MakeEngine
from tests.serving import GRAPHQL, PATH, app_of, client_of, get_raw, unused_engine
from tests.test_torture import PATIENT
from tests.torture import FACTOR, OPTIONS, Base, fill, problems_of_document
from tests.torture_places import Place, places
from tests.torture_values import TEXTS, VALUES

MARK = "value of a kind"
RAW: Mapping[str, bytes] = {
    "lone surrogate": b'"\\ud800"',
    "surrogates the wrong way round": b'"\\udfff\\ud800"',
    "surrogate as bytes": b'"\xed\xa0\x80"',
    "overlong": b'"\xc0\xaf"',
    "no UTF-8": b'"\xff\xfe"',
    "Latin-1": '"é"'.encode("latin-1"),
    "NUL": b'"a\\u0000b"',
    "raw NUL": b'"a\x00b"',
    "raw line feed": b'"a\nb"',
    "right to left": '"שלום\u202eabc"'.encode(),
    "combining": '"e\u0301"'.encode(),
    "beyond the basic plane": b'"\\ud83d\\ude00"',
    "quotation marks": b'"\\"\'\\\\"',
    "64 bits": b"9223372036854775807",
    "more than 64 bits": b"9223372036854775808",
    "4300 digits": b"1" * 4300,
    "5000 digits": b"-" + b"1" * 5000,
    "5000 digits inside": b'[{"a": ' + b"1" * 5000 + b"}]",
    "5000 digits of a fraction": b"1." + b"3" * 5000,
    "more than a double": b"1e400",
    "less than a double": b"1e-400",
    "minus zero": b"-0",
    "NaN": b"NaN",
    "infinite": b"-Infinity",
    "hexadecimal": b"0x10",
    "leading zero": b"01",
    "a key twice": b'{"a": 1, "a": 2}',
    "a key that is a surrogate": b'{"\\ud800": 1}',
    "97 levels": b"[" * 90 + b"1" + b"]" * 90,
    "deeper than allowed": b'{"a":' * 101 + b"1" + b"}" * 101,
    "deeper than Python goes": b"[" * 100_000,
    "large": b'"' + b"x" * 900_000 + b'"',
    "many": b"[" + b"1," * 2000 + b"1]",
    "nothing": b"",
    "comment": b"1 /* 2 */",
}


@pytest.fixture(scope="module")
async def app(make_module_engine: MakeEngine) -> FastAPI:
    engine = await make_module_engine(Base.metadata)
    await fill(engine)
    return app_of(Api(Base, engine, models=OPTIONS, limits=PATIENT))


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as client:
        yield client


def place_of_each_kind() -> Mapping[str, Place]:
    """A place of a query for each kind of value, and of a mutation."""
    schema = build_schema(Api(Base, unused_engine(), models=OPTIONS).sdl())
    queries = {place.kind: place for place in places(schema, "query")}
    mutations = {f"{place.kind} written": place for place in places(schema, "mutation") if "create" in place.name}
    return {**queries, **mutations}


PLACES = place_of_each_kind()


def problems_of(response: httpx.Response) -> list[str]:
    """What is wrong with an answer, whatever it says of the request."""
    wrong = [] if response.status_code in (200, 400, 422) else [f"status {response.status_code}"]
    return wrong + problems_of_document(json.loads(response.content.decode()))


@pytest.mark.parametrize("kind", [*VALUES, *(f"{each} written" for each in VALUES if each != "cursor")])
async def test_any_json_in_the_place_of_a_value_is_answered_or_refused(client: httpx.AsyncClient, kind: str) -> None:
    """Twice: a known query is answered by another way, and alike."""
    place, first = PLACES[kind], list(PLACES).index(kind)
    chosen = list(RAW.items())[first % 3 :: 3] if FACTOR == 1 else RAW.items()
    body = json.dumps({"query": place.text, "variables": place.variables(MARK)}).encode()
    head, tail = body.split(json.dumps(MARK).encode())
    for name, raw in chosen:
        headers = {"accept": GRAPHQL, "content-type": "application/json"}
        answers = [await client.post(PATH, content=head + raw + tail, headers=headers) for _ in range(2)]
        assert [problems_of(each) for each in answers] == [[], []], (name, place.text, answers[0].content[:500])
        if not kind.endswith("written"):
            assert answers[0].content == answers[1].content, name


@pytest.mark.parametrize(
    ("encoded", "message"),
    [
        (b"%ED%A0%80", "The query string is not UTF-8."),
        (b"%FF", "The query string is not UTF-8."),
        (b"\xff", "The query string is not UTF-8."),
        (b"%C0%AF", "The query string is not UTF-8."),
        (b'{"w": {"text": {"eq": NaN}}}', "variables holds a number that cannot be read."),
        (b"[" * 100_000, "variables nests deeper than 100 levels."),
        (b"1" * 5000, "variables holds a number that cannot be read."),
        (b"%00", "variables is not JSON in UTF-8."),
    ],
    ids=["surrogate", "no UTF-8", "raw", "overlong", "NaN", "deep", "digits", "NUL"],
)
async def test_a_query_string_of_any_bytes_is_refused(app: FastAPI, encoded: bytes, message: str) -> None:
    text = quote("query ($w: CrateWhere) { crates(where: $w) { totalCount } }").encode()
    expected = {"errors": [{"message": message, "extensions": {"code": "BAD_REQUEST"}}]}
    assert await get_raw(app, b"query=" + text + b"&variables=" + encoded) == (400, expected)


async def test_texts_go_over_the_wire_as_they_are(client: httpx.AsyncClient) -> None:
    """Written, found and shown, in UTF-8 and by escapes alike."""
    create = "mutation ($texts: [String]) { createCrate(input: {data: {texts: $texts}}) { crate { texts } } }"
    query = "query ($text: String!) { crates(where: {texts: {has: $text}}) { nodes { texts } } }"

    async def ask(query: str, escaped: bool, **variables: Any) -> Any:
        content = json.dumps({"query": query, "variables": variables}, ensure_ascii=escaped).encode()
        response = await client.post(PATH, content=content, headers={"content-type": "application/json"})
        return json.loads(response.content.decode())

    assert await ask(create, True, texts=TEXTS) == {"data": {"createCrate": {"crate": {"texts": TEXTS}}}}
    for escaped in (True, False):
        for text in TEXTS:
            found = await ask(query, escaped, text=text)
            assert found == {"data": {"crates": {"nodes": [{"texts": TEXTS}]}}}, ascii(text)
