"""Requests that are none, or hold what Python, JSON or UTF-8 cannot take, and answers that do: each is answered."""

import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import strawberry
from graphql import GraphQLError
from strawberry.scalars import JSON

from gqlcrud import Api, Limits
from tests.serving import PATH, app_of, client_of, post, refusal, send, served, unused_engine
from tests.shelf import Base

MAX_BODY = Limits().max_body


class Fields:
    @strawberry.field
    def echo(self, value: JSON) -> JSON:
        return value

    @strawberry.field
    def given(self, value: JSON) -> str:
        return type(value).__name__

    @strawberry.field
    def number(self, number: int) -> int:
        return number

    @strawberry.field
    def text(self) -> str:
        return "a\ud800b"

    @strawberry.field
    def surrogate_error(self) -> str | None:
        raise GraphQLError("\udfff")

    @strawberry.field
    def measures(self) -> JSON:
        return JSON([float("nan"), {"high": float("inf"), "low": float("-inf")}, (1.5, None)])

    @strawberry.field
    def thing(self) -> JSON:
        return JSON({"secret": object()})

    @strawberry.field
    def loop(self) -> JSON:
        endless: list[Any] = []
        endless.append(endless)
        return JSON(endless)


@pytest.fixture(scope="module")
def api() -> Api:
    return Api(Base, unused_engine(), query=Fields)


@pytest.fixture
async def client(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app_of(api)) as client:
        yield client


# ---------- bodies that are no requests ----------

NOT_JSON = refusal("The body is not JSON in UTF-8.")
TOO_DEEP = refusal("The body nests deeper than 100 levels.")
NO_NUMBER = refusal("The body holds a number that cannot be read.")
NO_OBJECT = refusal("A GraphQL request is a JSON object with the key query.")
NO_QUERY = refusal("A GraphQL request has the key query, and it is a string.")
BATCH = refusal("Send one operation at a time: batching is off.")
MANY_DIGITS = b"1" * 5000


@pytest.mark.parametrize(
    ("body", "status", "document"),
    [
        (b"", 400, NOT_JSON),
        (b"{", 400, NOT_JSON),
        (b"query { a }", 400, NOT_JSON),
        (b"\xff", 400, NOT_JSON),
        (b'{"query": "{ a }"}\x00', 400, NOT_JSON),
        (b'\xef\xbb\xbf{"query": "{ a }"}', 400, NOT_JSON),
        ('{"query": "{ é }"}'.encode("latin-1"), 400, NOT_JSON),
        ('{"query": "{ é }"}'.encode("utf-16"), 400, NOT_JSON),
        (b'{"query": "\xed\xa0\x80"}', 400, NOT_JSON),
        (b'{"query": "\xc0\xaf"}', 400, NOT_JSON),
        (b'{"query": NaN}', 400, NO_NUMBER),
        (b'{"query": "{ a }", "variables": {"v": -Infinity}}', 400, NO_NUMBER),
        (MANY_DIGITS, 400, NO_NUMBER),
        (b'{"query": "{ a }", "other": [-' + MANY_DIGITS + b"]}", 400, NO_NUMBER),
        (b"[" * 100_000, 400, TOO_DEEP),
        (b"[" * 100_000 + b"]" * 100_000, 400, TOO_DEEP),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400, TOO_DEEP),
        (b"[" * 101 + b"]" * 101, 400, TOO_DEEP),
        (b'{"query": "{ a }", "variables": {"v": ' + b"[" * 99 + b"]" * 99 + b"}}", 400, TOO_DEEP),
        (b"[" * 100 + b"1" + b"]" * 100, 422, BATCH),
        (b'"x"', 422, NO_OBJECT),
        (b"1", 422, NO_OBJECT),
        (b"null", 422, NO_OBJECT),
        (b"true", 422, NO_OBJECT),
        (b"[]", 422, BATCH),
        (b'[{"query": "{ a }"}]', 422, BATCH),
        (b"{}", 422, NO_QUERY),
        (b'{"query": null}', 422, NO_QUERY),
        (b'{"query": ["{ a }"]}', 422, NO_QUERY),
        (b'{"qeury": "{ a }"}', 422, NO_QUERY),
        (b'{"query": "{ a }", "variables": [7]}', 422, refusal("variables is an object, or null.")),
        (b'{"query": "{ a }", "variables": ""}', 422, refusal("variables is an object, or null.")),
        (b'{"query": "{ a }", "variables": false}', 422, refusal("variables is an object, or null.")),
        (b'{"query": "{ a }", "operationName": 7}', 422, refusal("operationName is a string, or null.")),
        (b'{"query": "{ a }", "operationName": {}}', 422, refusal("operationName is a string, or null.")),
        (b'{"query": "{ a }", "extensions": 0}', 422, refusal("extensions is an object, or null.")),
    ],
)
async def test_body_that_is_no_request_is_refused(
    client: httpx.AsyncClient, body: bytes, status: int, document: object
) -> None:
    assert await send(client, body) == (status, document)


async def test_what_may_be_null_may_be_null(client: httpx.AsyncClient) -> None:
    body = {"query": "{ __typename }", "variables": None, "operationName": None, "extensions": None, "more": 1}

    assert await send(client, body) == (200, {"data": {"__typename": "Query"}})


async def test_json_nests_100_levels_deep(client: httpx.AsyncClient) -> None:
    deep = "[" * 98 + "]" * 98
    body = f'{{"query": "query($v: JSON!) {{ given(value: $v) }}", "variables": {{"v": {deep}}}}}'

    assert await send(client, body) == (200, {"data": {"given": "list"}})


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/graphql",
        "application/graphql-response+json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=latin-1",
        'application/json; Charset="ISO-8859-1"',
        "application/json, application/json",
        "application/jsonp",
        "json",
    ],
)
async def test_other_content_types_are_415(client: httpx.AsyncClient, content_type: str) -> None:
    """Forms among them: a browser sends them across sites without asking first."""
    assert await send(client, b'{"query": "{ __typename }"}', content_type) == (
        415,
        refusal("Send the request as application/json in UTF-8."),
    )


async def test_forms_are_refused(client: httpx.AsyncClient) -> None:
    form = await client.post(PATH, data={"query": "{ __typename }"})
    upload = await client.post(
        PATH,
        data={"operations": '{"query": "{ __typename }"}', "map": "{}"},
        files={"0": ("a.txt", b"a")},
        headers={"x-requested-with": "a script"},
    )

    expected = (415, refusal("Send the request as application/json in UTF-8."))
    assert (form.status_code, form.json()) == expected
    assert (upload.status_code, upload.json()) == expected


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        "application/json;charset=utf-8",
        'application/json ; charset="UTF-8" ; profile=x',
        "application/json; profile=x; charset=utf8",
        "application/json;",
    ],
)
async def test_json_in_utf_8_is_taken(client: httpx.AsyncClient, content_type: str) -> None:
    assert await send(client, b'{"query": "{ __typename }"}', content_type) == (200, {"data": {"__typename": "Query"}})


# ---------- bodies over the limit ----------

TOO_LARGE = refusal("The body is larger than 1048576 bytes.")


def body_of(size: int) -> bytes:
    return b'{"query": "{ __typename }"}'.ljust(size)


async def test_body_is_as_long_as_allowed(client: httpx.AsyncClient) -> None:
    assert await send(client, body_of(MAX_BODY)) == (200, {"data": {"__typename": "Query"}})
    assert await send(client, body_of(MAX_BODY + 1)) == (413, TOO_LARGE)


@pytest.mark.parametrize("length", ["1048577", "9" * 5000, "00000000001048577"])
async def test_announced_body_over_the_limit_is_not_read_at_all(client: httpx.AsyncClient, length: str) -> None:
    read: list[int] = []
    headers = {"content-type": "application/json", "content-length": length}

    response = await client.post(PATH, content=pieces(read, 100), headers=headers)

    assert (response.status_code, response.json(), response.headers["connection"]) == (413, TOO_LARGE, "close")
    assert read == []


@pytest.mark.parametrize("length", [None, "10", "many", "\u00b2"])
async def test_body_over_the_limit_is_not_read_whole(client: httpx.AsyncClient, length: str | None) -> None:
    """Whatever was announced: 17 pieces of 64 KiB are the first to be more than 1 MiB."""
    read: list[int] = []
    headers = {"content-type": "application/json", **({} if length is None else {"content-length": length})}
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]

    response = await client.post(PATH, content=pieces(read, 100), headers=raw)

    assert (response.status_code, response.json()) == (413, TOO_LARGE)
    assert read == list(range(17))


async def pieces(read: list[int], count: int) -> AsyncIterator[bytes]:
    """A body that tells what of it was asked for."""
    for number in range(count):
        read.append(number)
        yield b" " * 65_536


async def test_server_refuses_a_large_body_before_it_is_sent(api: Api) -> None:
    announced = b"Content-Length: 1000000000\r\n\r\n"
    chunked = b"Transfer-Encoding: chunked\r\n\r\n" + b"10000\r\n" + b" " * 65_536 + b"\r\n"
    async with served(app_of(api)) as server:
        for rest, repeated in ((announced, b""), (chunked, b"10000\r\n" + b" " * 65_536 + b"\r\n")):
            async with server.connect() as (reader, writer):
                writer.write(b"POST /graphql HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n" + rest)
                writer.write(repeated * 16)
                answer = (await reader.read()).split(b"\r\n\r\n")

            assert answer[0].startswith(b"HTTP/1.1 413 ")
            assert json.loads(answer[1]) == TOO_LARGE


# ---------- values that Python, JSON or UTF-8 cannot take ----------

DIGITS = "1" * 5000


@pytest.mark.parametrize(
    ("query", "column"),
    [
        (f"{{ number(number: {DIGITS}) }}", 18),
        (f"{{ authors(where: {{rowId: {{eq: -{DIGITS}}}}}) {{ totalCount }} }}", 31),
    ],
)
async def test_number_of_5000_digits_in_a_document_is_refused(
    client: httpx.AsyncClient, query: str, column: int
) -> None:
    assert await send(client, {"query": query}) == (
        422,
        {
            "errors": [
                {
                    "message": "A number has too many digits.",
                    "locations": [{"line": 1, "column": column}],
                    "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"},
                }
            ]
        },
    )


async def test_document_that_nests_100000_deep_is_refused(client: httpx.AsyncClient) -> None:
    for query in ("{a" * 100_000, "{ echo(value: " + "[" * 100_000, "{ echo(value: " + "{a:" * 100_000):
        status, document = await send(client, {"query": query})

        assert (status, [error["extensions"] for error in document["errors"]]) == (
            422,
            [{"code": "LIMIT"}],
        )
        assert "recursion" not in json.dumps(document)


async def test_lone_surrogates_do_not_break_the_answer(client: httpx.AsyncClient) -> None:
    """They are U+FFFD there: a text with one in it is no Unicode, and strict parsers refuse the whole answer."""
    query = "query($v: JSON!) { echo(value: $v) }"

    assert await send(client, {"query": query, "variables": {"v": {"\ud800": "\udfff"}}}) == (
        200,
        {"data": {"echo": {"\ufffd": "\ufffd"}}},
    )
    assert await send(client, {"query": "{ text surrogateError }"}) == (
        200,
        {
            "errors": [
                {
                    "message": "\ufffd",
                    "locations": [{"line": 1, "column": 8}],
                    "path": ["surrogateError"],
                    "extensions": {"code": "VALIDATION"},
                }
            ],
            "data": {"text": "a\ufffdb", "surrogateError": None},
        },
    )
    assert await send(client, {"query": "{ __typename }", "operationName": "\ud800"}) == (
        422,
        refusal("Unknown operation named '\\ud800'.", "OPERATION_RESOLUTION_FAILURE"),
    )


async def test_text_beyond_ascii_is_sent_as_utf_8(client: httpx.AsyncClient) -> None:
    response = await post(client, "query($v: JSON!) { echo(value: $v) }", v="é 🦉 \u2028 \x00")

    assert response.content == '{"data":{"echo":"é 🦉 \u2028 \\u0000"}}'.encode()


async def test_numbers_that_json_cannot_hold_are_null(client: httpx.AsyncClient) -> None:
    assert await send(client, {"query": "{ measures }"}) == (
        200,
        {"data": {"measures": [None, {"high": None, "low": None}, [1.5, None]]}},
    )


@pytest.mark.parametrize("query", ["{ thing }", "{ loop }"])
async def test_result_that_is_no_json_is_a_fault(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, query: str
) -> None:
    status, document = await send(client, {"query": query})

    identity = document["errors"][0]["extensions"]["id"]
    assert (status, document) == (
        200,
        {
            "errors": [
                {
                    "message": "An internal error occurred.",
                    "extensions": {"code": "INTERNAL_ERROR", "id": identity},
                }
            ],
            "data": None,
        },
    )
    assert [(each.levelno, each.getMessage()) for each in caplog.records] == [
        (logging.ERROR, f"Fault {identity} at the result, which is no JSON")
    ]


async def test_limits_say_how_large_a_body_is_and_how_deep_it_nests() -> None:
    small = Api(Base, unused_engine(), read_only=True, limits=Limits(max_body=60, max_json_depth=2))
    async with client_of(app_of(small)) as client:
        document = {"query": "{ __typename }", "variables": {"v": 1}}
        assert await send(client, document) == (200, {"data": {"__typename": "Query"}})
        assert await send(client, json.dumps(document) + " " * 60) == (
            413,
            refusal("The body is larger than 60 bytes."),
        )
        assert await send(client, '{"query":"{a}","variables":{"v":[]}}') == (
            400,
            refusal("The body nests deeper than 2 levels."),
        )
        assert (await client.get(PATH, params={"query": "{ __typename }" + " " * 60})).status_code == 414
