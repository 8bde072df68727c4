"""What the endpoint answers, case by case: media types and statuses, on POST and on GET."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import strawberry
from graphql import GraphQLError
from strawberry.scalars import JSON

from gqlcrud import Api, Limits
from tests.serving import GRAPHQL, PATH, app_of, client_of, get_raw, post, refusal, send, unused_engine
from tests.shelf import Base

MAX_BODY = Limits().max_body
GRAPHQL_UTF8 = f"{GRAPHQL}; charset=utf-8"
JSON_UTF8 = "application/json; charset=utf-8"


class Fields:
    @strawberry.field
    def echo(self, value: JSON) -> JSON:
        return value

    @strawberry.field
    def number(self, number: int) -> int:
        return number

    @strawberry.field
    def nothing(self) -> str | None:
        raise GraphQLError("There is nothing.")

    @strawberry.field
    def everything(self) -> str:
        raise GraphQLError("Not even null.")

    @strawberry.field
    def refused(self) -> str:
        raise GraphQLError("The resolver refuses.", extensions={"code": "GRAPHQL_VALIDATION_FAILED"})


@pytest.fixture(scope="module")
def api() -> Api:
    return Api(Base, unused_engine(), query=Fields, read_only=True)


@pytest.fixture
async def client(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app_of(api)) as client:
        yield client


# ---------- the media type of the answer ----------


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, JSON_UTF8),
        ("", JSON_UTF8),
        ("*/*", JSON_UTF8),
        ("application/*", JSON_UTF8),
        ("application/json", JSON_UTF8),
        ("application/json; charset=utf-8", JSON_UTF8),
        ("Application/JSON; Charset=UTF-8", JSON_UTF8),
        ("text/html, */*;q=0.1", JSON_UTF8),
        ("application/json, */*", JSON_UTF8),
        ("application/json, application/graphql-response+json;q=0.9", JSON_UTF8),
        ("application/graphql-response+json;q=0, */*", JSON_UTF8),
        ("application/graphql-response+json;q=0.5, application/*;q=0.8", JSON_UTF8),
        ("application/graphql-response+json", GRAPHQL_UTF8),
        ("APPLICATION/GRAPHQL-RESPONSE+JSON", GRAPHQL_UTF8),
        ("application/graphql-response+json; charset=utf-8", GRAPHQL_UTF8),
        ('application/graphql-response+json; charset="UTF-8"', GRAPHQL_UTF8),
        ("application/graphql-response+json, application/json;q=0.9", GRAPHQL_UTF8),
        ("application/graphql-response+json, application/json", GRAPHQL_UTF8),
        ("application/json, application/graphql-response+json", GRAPHQL_UTF8),
        ("application/json;q=0, application/*", GRAPHQL_UTF8),
        ("application/json;charset=latin-1, application/graphql-response+json;q=0.1", GRAPHQL_UTF8),
        ("application/graphql-response+json, */*", GRAPHQL_UTF8),
        (" , application/graphql-response+json ; Q=1.000 ;, ", GRAPHQL_UTF8),
        ("application/json;q=high, application/graphql-response+json;q=0.1", GRAPHQL_UTF8),
        ("application/json;q=nan, application/json;q=-1, application/graphql-response+json;q=0.001", GRAPHQL_UTF8),
    ],
)
async def test_accept_chooses_the_media_type(client: httpx.AsyncClient, accept: str | None, media_type: str) -> None:
    headers = {} if accept is None else {"accept": accept}

    response = await client.post(PATH, json={"query": "{ __typename }"}, headers=headers)

    assert (response.status_code, response.headers["content-type"]) == (200, media_type)
    assert response.content == b'{"data":{"__typename":"Query"}}'


@pytest.mark.parametrize(
    "accept",
    [
        "text/html",
        "text/*",
        "application/xml, text/plain;q=0.5",
        "application/json;q=0",
        "application/json;q=0.0, application/graphql-response+json;q=0.000",
        "*/*;q=0",
        "application/*;q=0, */*",
        "application/json; charset=iso-8859-1",
        "nonsense",
    ],
)
async def test_accept_without_ours_is_406(client: httpx.AsyncClient, accept: str) -> None:
    response = await client.post(PATH, json={"query": "{ __typename }"}, headers={"accept": accept})

    assert (response.status_code, response.headers["content-type"]) == (406, JSON_UTF8)
    assert response.json() == refusal(
        "The answer can be application/graphql-response+json or application/json; Accept allows neither."
    )


async def test_several_accept_headers_count_as_one(client: httpx.AsyncClient) -> None:
    headers = [("accept", "text/html"), ("accept", GRAPHQL), ("content-type", "application/json")]

    response = await client.post(PATH, content=b'{"query": "{ __typename }"}', headers=headers)

    assert response.headers["content-type"] == GRAPHQL_UTF8


async def test_answers_are_neither_stored_nor_sniffed(client: httpx.AsyncClient) -> None:
    response = await post(client, "{ __typename }")

    assert dict(response.headers) == {
        "cache-control": "no-store",
        "vary": "accept",
        "x-content-type-options": "nosniff",
        "content-type": GRAPHQL_UTF8,
        "content-length": "31",
    }


# ---------- the status of an operation ----------

SYNTAX = {
    "message": "Syntax Error: Expected Name, found <EOF>.",
    "locations": [{"line": 1, "column": 2}],
    "extensions": {"code": "GRAPHQL_PARSE_FAILED"},
}
UNKNOWN_FIELD = {
    "message": "Cannot query field 'nofield' on type 'Query'.",
    "locations": [{"line": 1, "column": 3}],
    "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"},
}
COERCION = {
    "message": "Variable '$number' has invalid value: Int cannot represent non-integer value: 'x'",
    "locations": [{"line": 1, "column": 7}],
    "extensions": {"code": "BAD_USER_INPUT"},
}
NOTHING = {
    "message": "There is nothing.",
    "locations": [{"line": 1, "column": 14}],
    "path": ["nothing"],
    "extensions": {"code": "VALIDATION"},
}


@pytest.mark.parametrize(
    ("query", "status", "document"),
    [
        ("{", 400, {"errors": [SYNTAX]}),
        ("", 400, refusal("Syntax Error: Unexpected <EOF>.", "GRAPHQL_PARSE_FAILED")),
        ("{ nofield }", 422, {"errors": [UNKNOWN_FIELD]}),
        ("query($number: Int!) { number(number: $number) }", 422, {"errors": [COERCION]}),
        (
            "query A { __typename } query B { __typename }",
            422,
            refusal(
                "The document has several operations: say in operationName which one to run.",
                "OPERATION_RESOLUTION_FAILURE",
            ),
        ),
        (
            "fragment F on Query { __typename }",
            422,
            refusal("The document has no operation.", "OPERATION_RESOLUTION_FAILURE"),
        ),
        (
            "subscription { __typename }",
            422,
            refusal("This API has no subscriptions.", "OPERATION_RESOLUTION_FAILURE"),
        ),
        (
            "mutation { __typename }",
            422,
            {
                "errors": [
                    {
                        "message": "The mutation operation is not supported by the schema.",
                        "locations": [{"line": 1, "column": 1}],
                        "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"},
                    }
                ]
            },
        ),
        (
            "{ __typename ... @defer { a: __typename } }",
            422,
            {
                "errors": [
                    {
                        "message": "Unknown directive '@defer'.",
                        "locations": [{"line": 1, "column": 18}],
                        "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"},
                    }
                ]
            },
        ),
    ],
)
async def test_what_is_not_executed_has_no_data_and_a_status(
    client: httpx.AsyncClient, query: str, status: int, document: dict[str, Any]
) -> None:
    response = await post(client, query, number="x")

    assert (response.status_code, response.headers["content-type"]) == (status, GRAPHQL_UTF8)
    assert response.json() == document

    legacy = await post(client, query, "application/json", number="x")

    assert (legacy.status_code, legacy.headers["content-type"]) == (200, JSON_UTF8)
    assert legacy.json() == document


@pytest.mark.parametrize(
    ("query", "data", "errors"),
    [
        ("{ __typename nothing }", {"__typename": "Query", "nothing": None}, [NOTHING]),
        (
            "{ everything }",
            None,
            [
                {
                    "message": "Not even null.",
                    "locations": [{"line": 1, "column": 3}],
                    "path": ["everything"],
                    "extensions": {"code": "VALIDATION"},
                }
            ],
        ),
        (
            "{ refused }",
            None,
            [
                {
                    "message": "The resolver refuses.",
                    "locations": [{"line": 1, "column": 3}],
                    "path": ["refused"],
                    "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"},
                }
            ],
        ),
    ],
)
async def test_data_and_errors_together_are_200_or_294_by_choice(
    api: Api, client: httpx.AsyncClient, query: str, data: object, errors: list[object]
) -> None:
    response = await post(client, query)
    assert (response.status_code, response.json()) == (200, {"errors": errors, "data": data})

    async with client_of(app_of(api, partial_status=294)) as other:
        response = await post(other, query)
        assert (response.status_code, response.json()) == (294, {"errors": errors, "data": data})
        assert (await post(other, query, "application/json")).status_code == 200
        assert (await post(other, "{ __typename }")).status_code == 200
        assert (await post(other, "{")).status_code == 400


async def test_operation_name_chooses_the_operation(client: httpx.AsyncClient) -> None:
    query = "query A { a: __typename } query B { b: __typename }"

    assert await send(client, {"query": query, "operationName": "B"}) == (200, {"data": {"b": "Query"}})
    assert await send(client, {"query": "{ __typename }", "operationName": ""}) == (
        200,
        {"data": {"__typename": "Query"}},
    )
    assert await send(client, {"query": query, "operationName": "C"}) == (
        422,
        refusal("Unknown operation named 'C'.", "OPERATION_RESOLUTION_FAILURE"),
    )


# ---------- GET ----------


@pytest.mark.parametrize(
    ("parameters", "status", "document"),
    [
        ({"query": "{ __typename }"}, 200, {"data": {"__typename": "Query"}}),
        (
            {"query": "{ __typename }", "variables": "", "operationName": "", "extensions": ""},
            200,
            {"data": {"__typename": "Query"}},
        ),
        (
            {
                "query": "query A($v: JSON!) { echo(value: $v) } query B { __typename }",
                "operationName": "A",
                "variables": '{"v": {"ä": [1, null]}}',
                "extensions": "{}",
            },
            200,
            {"data": {"echo": {"ä": [1, None]}}},
        ),
        ({"query": "{"}, 400, {"errors": [SYNTAX]}),
        ({}, 422, refusal("A GraphQL request has the key query, and it is a string.")),
        ({"query": ""}, 422, refusal("A GraphQL request has the key query, and it is a string.")),
        ({"query": "{ a }", "variables": "[7]"}, 422, refusal("variables is an object, or null.")),
        ({"query": "{ a }", "variables": "{"}, 400, refusal("variables is not JSON in UTF-8.")),
        ({"query": "{ a }", "variables": "9" * 5000}, 400, refusal("variables holds a number that cannot be read.")),
        ({"query": "{ a }", "extensions": '"x"'}, 422, refusal("extensions is an object, or null.")),
        (
            {"query": "subscription { __typename }"},
            422,
            refusal("This API has no subscriptions.", "OPERATION_RESOLUTION_FAILURE"),
        ),
    ],
)
async def test_get_reads_the_query_string(
    client: httpx.AsyncClient, parameters: dict[str, str], status: int, document: object
) -> None:
    response = await client.get(f"{PATH}?{urlencode(parameters)}", headers={"accept": GRAPHQL})

    assert (response.status_code, response.headers["content-type"]) == (status, GRAPHQL_UTF8)
    assert response.json() == document


@pytest.mark.parametrize("query_string", [b"query=%FF", b"query=\xff", b"query=%7B%ED%A0%80%7D"])
async def test_query_string_in_another_encoding_is_400(api: Api, query_string: bytes) -> None:
    assert await get_raw(app_of(api), query_string) == (400, refusal("The query string is not UTF-8."))


async def test_query_string_over_the_limit_of_a_body_is_414(api: Api) -> None:
    long = b"query={__typename}" + b"+" * MAX_BODY

    assert await get_raw(app_of(api), long[:MAX_BODY]) == (200, {"data": {"__typename": "Query"}})
    assert await get_raw(app_of(api), long[: MAX_BODY + 1]) == (
        414,
        refusal("The query string is longer than 1048576 bytes."),
    )


@pytest.mark.parametrize("accept", [GRAPHQL, "application/json", "*/*"])
@pytest.mark.parametrize(
    "query", ["mutation { __typename }", "mutation M { createBook { id } } fragment F on Query { a }"]
)
async def test_mutation_over_get_is_405(client: httpx.AsyncClient, accept: str, query: str) -> None:
    response = await client.get(PATH, params={"query": query}, headers={"accept": accept})

    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert response.json() == refusal("A mutation is sent with POST.", "MUTATION_REFUSED")
