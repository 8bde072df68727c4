"""The example app as a visitor meets it: it fills its database, answers over HTTP and opens GraphiQL in a browser."""

import re
from collections.abc import AsyncIterator
from types import ModuleType
from typing import Any

import httpx
import pytest

from tests.bookshop import running_app
from tests.databases import Backend, record_statements

GRAPHQL_RESPONSE = "application/graphql-response+json"


@pytest.fixture(scope="module")
async def shop(backend: Backend) -> AsyncIterator[ModuleType]:
    """The app's module while the app runs, on a database that was empty when it started."""
    url = backend.create_database("bookshop")
    async with running_app(url) as module:
        yield module
    backend.drop_database(url)


@pytest.fixture(scope="module")
async def client(shop: ModuleType) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(shop.app), base_url="http://shop") as client:
        yield client


async def ask(client: httpx.AsyncClient, query: str, **variables: Any) -> Any:
    """The answer to an operation that is posted to the app."""
    response = await client.post(
        "/graphql", json={"query": query, "variables": variables}, headers={"accept": GRAPHQL_RESPONSE}
    )
    assert response.status_code == 200
    return response.json()


async def test_the_shop_is_full_when_the_app_has_started(client: httpx.AsyncClient) -> None:
    assert await ask(client, "{ books { totalCount } authors { totalCount } orders { totalCount } }") == {
        "data": {"books": {"totalCount": 800}, "authors": {"totalCount": 133}, "orders": {"totalCount": 400}}
    }


async def test_a_second_start_adds_nothing(backend: Backend) -> None:
    url = backend.create_database("bookshop")
    for _ in range(2):
        async with running_app(url) as module:
            result = await module.api.execute("{ books { totalCount } }")
        assert (result.errors, result.data) == (None, {"books": {"totalCount": 800}})
    backend.drop_database(url)


async def test_gross_price_is_worked_out_from_the_price(client: httpx.AsyncClient) -> None:
    query = """query ($rate: Decimal!) {
      book(by: {rowId: 1}) { price grossPrice free: grossPrice(rate: "0") dear: grossPrice(rate: $rate) }
    }"""

    assert await ask(client, query, rate="0.195") == {
        "data": {"book": {"price": "17.99", "grossPrice": "19.25", "free": "17.99", "dear": "21.50"}}
    }


@pytest.mark.parametrize("rate", ["-0.01", "1.01", "NaN", "Infinity"])
async def test_a_rate_that_is_none_is_the_clients_mistake(client: httpx.AsyncClient, rate: str) -> None:
    query = "query ($rate: Decimal!) {\n  book(by: {rowId: 1}) { grossPrice(rate: $rate) }\n}"

    assert await ask(client, query, rate=rate) == {
        "errors": [
            {
                "message": "rate is a number from 0 to 1.",
                "locations": [{"line": 2, "column": 26}],
                "path": ["book", "grossPrice"],
                "extensions": {"code": "VALIDATION", "inputPath": ["rate"]},
            }
        ],
        "data": {"book": None},
    }


async def test_citation_names_author_and_title(client: httpx.AsyncClient) -> None:
    query = """{
      books(first: 3, where: {title: {startsWith: "Archive"}}, orderBy: [{title: ASC}]) { nodes { citation } }
    }"""

    assert await ask(client, query) == {
        "data": {
            "books": {
                "nodes": [
                    {"citation": "Giovanni Laurent: Archive, Glass"},
                    {"citation": "Carla Tanaka: Archive, Glass"},
                    {"citation": "Anton Schäfer: Archive, Kraków"},
                ]
            }
        }
    }


async def test_a_book_without_an_author_is_anonymous(client: httpx.AsyncClient) -> None:
    query = "{ books(first: 1, where: {author: {isNull: true}}) { nodes { citation author { fullName } } } }"

    assert await ask(client, query) == {
        "data": {"books": {"nodes": [{"citation": "Anonymous: Season, Lisbon", "author": None}]}}
    }


async def test_all_citations_of_a_response_share_one_statement(shop: ModuleType) -> None:
    counts = []
    for books in (2, 200):
        with record_statements(shop.engine) as statements:
            result = await shop.api.execute("query ($n: Int) { books(first: $n) { nodes { citation } } }", {"n": books})
        assert result.errors is None
        assert len(result.data["books"]["nodes"]) == books
        counts.append(len(statements))

    assert counts == [2, 2]


async def test_bestsellers_are_the_books_ordered_most(client: httpx.AsyncClient) -> None:
    assert await ask(client, "{ bestsellers(first: 3) { rowId title citation publisher { name } } }") == {
        "data": {
            "bestsellers": [
                {
                    "rowId": 337,
                    "title": "Northern Cartographers",
                    "citation": "Agnes Haddad: Northern Cartographers",
                    "publisher": {"name": "İpekçi Books"},
                },
                {
                    "rowId": 143,
                    "title": "Winter Archives",
                    "citation": "Anonymous: Winter Archives",
                    "publisher": {"name": "Ribeiro Verlag"},
                },
                {
                    "rowId": 781,
                    "title": "The Lantern of İstanbul",
                    "citation": "Dmitri Okafor: The Lantern of İstanbul",
                    "publisher": {"name": "Gallo Books"},
                },
            ]
        }
    }


async def test_bestsellers_cost_as_many_statements_however_many_they_are(shop: ModuleType) -> None:
    """One for the sums, one for the books, one for their authors."""
    counts = []
    for books in (2, 50):
        with record_statements(shop.engine) as statements:
            query = "query ($n: Int!) { bestsellers(first: $n) { title author { fullName } } }"
            result = await shop.api.execute(query, {"n": books})
        assert result.errors is None
        assert len(result.data["bestsellers"]) == books
        counts.append(len(statements))

    assert counts == [3, 3]


@pytest.mark.parametrize("first", [0, 51])
async def test_bestsellers_are_between_one_and_fifty(client: httpx.AsyncClient, first: int) -> None:
    assert await ask(client, "query ($n: Int!) {\n  bestsellers(first: $n) { rowId }\n}", n=first) == {
        "errors": [
            {
                "message": "first is a number from 1 to 50.",
                "locations": [{"line": 2, "column": 3}],
                "path": ["bestsellers"],
                "extensions": {"code": "VALIDATION", "inputPath": ["first"]},
            }
        ],
        "data": None,
    }


async def test_a_browser_is_led_to_graphiql(client: httpx.AsyncClient) -> None:
    browser = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}

    response = await client.get("/", headers=browser, follow_redirects=True)

    assert (response.status_code, response.url.path) == (200, "/graphql")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>Bookshop</title>" in response.text
    files = re.findall(r'(?:src|href)="(graphql/graphiql/[^"]+)"', response.text)
    assert [file.rpartition(".")[2] for file in files] == ["css", "js"]
    assert [(await client.get(f"/{file}")).status_code for file in files] == [200, 200]


async def test_the_query_that_graphiql_begins_with_succeeds(shop: ModuleType, client: httpx.AsyncClient) -> None:
    answer = await ask(client, shop.api.example_query())

    assert list(answer) == ["data"]
