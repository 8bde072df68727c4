"""The example app as a visitor meets it: it fills its database, answers over HTTP and opens GraphiQL in a browser."""

import json
import re
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from hashlib import scrypt
from types import ModuleType
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from example import auth
from example.auth import Caller
from example.models import Customer
from tests.bookshop import running_app
from tests.databases import Backend, record_statements

ADA, BOB = Caller(1, "Ada"), Caller(3, "Bob")
STAFF = Caller(2, "Eve", staff=True)
GRAPHQL_RESPONSE = "application/graphql-response+json"


@pytest.fixture(scope="module")
async def shop(backend: Backend) -> AsyncIterator[ModuleType]:
    """The app's module while the app runs, on a database that was empty when it started."""
    url = backend.create_database("bookshop")
    async with running_app(url) as module:
        yield module
    backend.drop_database(url)


def signed_in(caller: Caller) -> dict[str, str]:
    """The header of who has signed in."""
    return {"authorization": f"Bearer {auth.token_for(caller)}"}


@pytest.fixture(scope="module")
async def client(shop: ModuleType) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(shop.app), base_url="http://shop") as client:
        yield client


async def ask(
    client: httpx.AsyncClient, query: str, headers: Mapping[str, str] | None = None, /, **variables: Any
) -> Any:
    """The answer to an operation that is posted to the app."""
    response = await client.post(
        "/graphql",
        json={"query": query, "variables": variables},
        headers={"accept": GRAPHQL_RESPONSE, **(headers or {})},
    )
    assert response.status_code == 200
    return response.json()


async def test_the_shop_is_full_when_the_app_has_started(client: httpx.AsyncClient) -> None:
    query = "{ books { totalCount } authors { totalCount } orders { totalCount } }"
    assert await ask(client, query, signed_in(STAFF)) == {
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


async def test_the_queries_that_graphiql_offers_succeed(shop: ModuleType, client: httpx.AsyncClient) -> None:
    for example in shop.api.example_queries():
        answer = await ask(client, example.query, {}, **json.loads(example.variables or "{}"))

        assert list(answer) == ["data"], example.title


# ---------- writing ----------


async def test_a_password_becomes_a_hash_and_an_address_is_tidied(shop: ModuleType, client: httpx.AsyncClient) -> None:
    create = """mutation {
      createCustomer(input: {data: {name: "Ada", email: " Ada@Example.com ", password: "difference"}}) {
        customer { email } errors { message }
      }
    }"""
    delete = 'mutation { deleteCustomer(input: {by: {email: "ada@example.com"}}) { errors { message } } }'

    made = await ask(client, create)
    async with shop.engine.connect() as connection:
        stored = await connection.scalar(select(Customer.password_hash).where(Customer.email == "ada@example.com"))
    deleted = await ask(client, delete, signed_in(STAFF))

    assert made == {"data": {"createCustomer": {"customer": None, "errors": []}}}  # visitors see no customers
    salt, digest = map(bytes.fromhex, stored.split(":"))
    assert scrypt(b"difference", salt=salt, n=2**14, r=8, p=1) == digest
    assert deleted == {"data": {"deleteCustomer": {"errors": []}}}


async def test_a_customer_that_cannot_be_is_told_all_that_is_wrong(client: httpx.AsyncClient) -> None:
    query = """mutation {
      createCustomer(input: {data: {name: "Eve", email: "eve", password: "short"}}) { errors { code path message } }
    }"""

    assert await ask(client, query) == {
        "data": {
            "createCustomer": {
                "errors": [
                    {
                        "code": "VALIDATION",
                        "path": ["input", "data", "email"],
                        "message": r"String should match pattern '^[^@\s]+@[^@\s]+$'",
                    },
                    {
                        "code": "VALIDATION",
                        "path": ["input", "data", "password"],
                        "message": "String should have at least 8 characters",
                    },
                ]
            }
        }
    }


ORDER = """mutation ($second: ID!) {
  createOrder(input: {data: {customer: {connect: {rowId: 1}}, billingAddress: {connect: {rowId: 1}}, items: {create: [
    {lineNo: 1, book: {connect: {rowId: 1}}, unitPrice: "17.99"}
    {lineNo: 2, book: {connect: {id: $second}}, unitPrice: "22.00"}
  ]}}}) {
    order { rowId placedBy items { nodes { book { title } } } }
    errors { code path message }
  }
}"""


def gid(name: str, number: int) -> str:
    return b64encode(f"{name}:{number}".encode()).decode().rstrip("=")


def book_id(number: int) -> str:
    return gid("Book", number)


async def test_an_order_is_placed_by_who_is_signed_in_and_logged(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "bookshop")

    answer = await ask(client, ORDER, signed_in(ADA), second=book_id(3))

    number = answer["data"]["createOrder"]["order"].pop("rowId")
    assert answer == {
        "data": {
            "createOrder": {
                "order": {
                    "placedBy": "Ada",
                    "items": {
                        "nodes": [{"book": {"title": "Broken Seasons"}}, {"book": {"title": "The Gentle Storm"}}]
                    },
                },
                "errors": [],
            }
        }
    }
    assert [each.getMessage() for each in caplog.records if each.name == "bookshop"] == [f"orders: create {number}"]


async def test_customers_see_their_own_orders_and_what_belongs_to_them(
    shop: ModuleType, client: httpx.AsyncClient
) -> None:
    own = "customerId: {eq: $id}"
    query = "{ orders { totalCount } orderItems { totalCount } payments { totalCount } itemReturns { totalCount } }"
    owned = f"""query ($id: ID!) {{ orders(where: {{{own}}}) {{ totalCount }}
      orderItems(where: {{order: {{is: {{{own}}}}}}}) {{ totalCount }}
      payments(where: {{order: {{is: {{{own}}}}}}}) {{ totalCount }}
      itemReturns(where: {{item: {{is: {{order: {{is: {{{own}}}}}}}}}}}) {{ totalCount }} }}"""

    seen = await ask(client, query, signed_in(BOB))
    expected = await ask(client, owned, signed_in(STAFF), id=gid("Customer", 3))
    everything = await ask(client, query, signed_in(STAFF))

    assert seen == expected != everything
    assert await ask(client, query) == {
        "data": {each: {"totalCount": 0} for each in ("orders", "orderItems", "payments", "itemReturns")}
    }


async def test_nobody_orders_for_somebody_else(client: httpx.AsyncClient) -> None:
    refused = await ask(client, ORDER, signed_in(BOB), second=book_id(3))
    visitor = await ask(client, ORDER, second=book_id(3))

    missing = [
        {
            "code": "NOT_FOUND",
            "path": ["input", "data", each, "connect"],
            "message": f"There is no {name} with this key.",
        }
        for each, name in (("customer", "Customer"), ("billingAddress", "Address"))
    ]
    assert refused["data"]["createOrder"]["order"] is None
    assert [each for each in refused["data"]["createOrder"]["errors"] if each not in missing] == []
    assert {each["code"] for each in visitor["data"]["createOrder"]["errors"]} == {"FORBIDDEN"}


async def test_everybody_reads_reviews_and_writes_their_own(client: httpx.AsyncClient) -> None:
    create = """mutation ($book: ID!, $verified: Boolean) {
      createReview(input: {data: {bookId: $book, rating: 4, body: "Well.", verified: $verified}}) {
        review { id rating customer { name } } errors { code path }
      }
    }"""
    update = """mutation ($id: ID!) {
      updateReview(input: {by: {id: $id}, patch: {rating: 1}}) { review { rating } errors { code path } }
    }"""

    made = await ask(client, create, signed_in(ADA), book=book_id(1))
    review = made["data"]["createReview"]["review"]
    visitor = await ask(client, create, book=book_id(1))
    bought = await ask(client, create, signed_in(ADA), book=book_id(1), verified=True)
    other = await ask(client, update, signed_in(BOB), id=review["id"])
    own = await ask(client, update, signed_in(ADA), id=review["id"])
    await ask(
        client,
        "mutation ($id: ID!) { deleteReview(input: {by: {id: $id}, hard: true}) { errors { code } } }",
        signed_in(STAFF),
        id=review["id"],
    )

    def forbidden(field: str, *path: str) -> Any:
        return {"data": {field: {"review": None, "errors": [{"code": "FORBIDDEN", "path": ["input", *path]}]}}}

    assert (review["rating"], made["data"]["createReview"]["errors"]) == (4, [])
    assert review["customer"] is not None
    assert visitor == forbidden("createReview", "data")
    assert bought == forbidden("createReview", "data", "verified")
    assert other == forbidden("updateReview", "patch")
    assert own == {"data": {"updateReview": {"review": {"rating": 1}, "errors": []}}}


async def test_visitors_read_the_catalogue_and_staff_alone_write_it(client: httpx.AsyncClient) -> None:
    update = """mutation {
      updateBook(input: {by: {rowId: 2}, patch: {pages: 7}}) { book { pages } errors { code message } }
    }"""
    refused = {"book": None, "errors": [{"code": "FORBIDDEN", "message": "You may not update Book records."}]}

    assert await ask(client, "{ book(by: {rowId: 2}) { title } }") == {
        "data": {"book": {"title": "The Endless Lighthouse"}}
    }
    for headers in ({}, signed_in(ADA)):
        assert await ask(client, update, headers) == {"data": {"updateBook": refused}}
    assert await ask(client, update, signed_in(STAFF)) == {"data": {"updateBook": {"book": {"pages": 7}, "errors": []}}}


async def test_customers_see_and_change_their_own_account(client: httpx.AsyncClient) -> None:
    query = "{ customers { nodes { rowId staff } } addresses { nodes { customer { rowId } } } }"
    seen = await ask(client, query, signed_in(ADA))
    token = await ask(client, "{ customers { nodes { token } } }", signed_in(ADA))
    staff = await ask(
        client,
        "mutation { updateCustomer(input: {by: {rowId: 1}, patch: {staff: true}}) { errors { code path } } }",
        signed_in(ADA),
    )

    assert seen["data"]["customers"] == {"nodes": [{"rowId": 1, "staff": False}]}
    assert {each["customer"]["rowId"] for each in seen["data"]["addresses"]["nodes"]} == {1}
    assert [each["extensions"]["code"] for each in token["errors"]] == ["FORBIDDEN"]
    assert staff == {
        "data": {"updateCustomer": {"errors": [{"code": "FORBIDDEN", "path": ["input", "patch", "staff"]}]}}
    }


# ---------- signing in ----------


async def test_who_knows_the_password_gets_a_token(client: httpx.AsyncClient) -> None:
    given = {"email": " Customer2@example.com ", "password": "lighthouse"}
    answer = await client.post("/login", json=given)
    headers = {"authorization": f"Bearer {answer.json()['access_token']}"}

    assert (answer.status_code, answer.json()["token_type"]) == (200, "bearer")
    assert await ask(client, "{ orders { totalCount } }", headers) != await ask(client, "{ orders { totalCount } }")


@pytest.mark.parametrize(
    ("email", "password"),
    [("customer2@example.com", "Lighthouse"), ("nobody@example.com", "lighthouse"), ("customer3@example.com", "")],
    ids=["wrong", "unknown", "without"],
)
async def test_who_does_not_learns_nothing(client: httpx.AsyncClient, email: str, password: str) -> None:
    answer = await client.post("/login", json={"email": email, "password": password})

    assert (answer.status_code, answer.json()) == (401, {"detail": "No account has this address and this password."})


async def test_a_token_that_is_none_is_refused(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    good = auth.token_for(ADA)
    head, body, signature = good.split(".")
    unsigned = b64encode(b'{"alg":"none"}').decode().rstrip("=") + f".{body}."
    monkeypatch.setattr(auth, "LIFETIME", timedelta(seconds=-1))
    expired = auth.token_for(ADA)
    monkeypatch.setattr(auth, "LIFETIME", timedelta(hours=1))
    monkeypatch.setattr(auth, "SECRET", "x" * 32)
    foreign = auth.token_for(STAFF)
    monkeypatch.undo()

    for token in ("x", expired, foreign, unsigned, f"{head}.{body}.{signature[::-1]}"):
        answer = await client.post(
            "/graphql", json={"query": "{ __typename }"}, headers={"authorization": f"Bearer {token}"}
        )
        assert (answer.status_code, answer.json()) == (401, {"detail": "Sign in again."})


async def test_a_book_out_of_print_is_ordered_after_it_is_restocked(client: httpx.AsyncClient) -> None:
    restock = 'mutation { restock(isbn: "978-3-000-00005-5", price: "23.50") { inPrint price } }'

    refused = await ask(client, ORDER, signed_in(ADA), second=book_id(5))
    forbidden = await ask(client, restock, signed_in(ADA))
    restocked = await ask(client, restock, signed_in(STAFF))
    ordered = await ask(client, ORDER, signed_in(ADA), second=book_id(5))

    message = "The Quiet Harbour is out of print."
    errors = [{"code": "FORBIDDEN", "path": ["input", "data", "items", "create", "1"], "message": message}]
    assert refused == {"data": {"createOrder": {"order": None, "errors": errors}}}
    assert [each["extensions"]["code"] for each in forbidden["errors"]] == ["FORBIDDEN"]
    assert restocked == {"data": {"restock": {"inPrint": True, "price": "23.50"}}}
    assert ordered["data"]["createOrder"]["errors"] == []


async def test_a_book_that_is_not_there_cannot_be_restocked(client: httpx.AsyncClient) -> None:
    assert await ask(client, 'mutation { restock(isbn: "no such") { title } }', signed_in(STAFF)) == {
        "errors": [
            {
                "message": "No book has this ISBN.",
                "locations": [{"line": 1, "column": 12}],
                "path": ["restock"],
                "extensions": {"code": "NOT_FOUND", "inputPath": ["isbn"]},
            }
        ],
        "data": {"restock": None},
    }


async def test_reviews_that_are_taken_down_are_shown_to_staff_alone(client: httpx.AsyncClient) -> None:
    query = """{
      book(by: {rowId: 1}) { reviewCount reviews { totalCount } bin: reviews(deleted: ONLY) { nodes { body } } }
    }"""

    refused = await ask(client, query)
    shown = await ask(client, query, signed_in(STAFF))

    assert [error["extensions"]["code"] for error in refused["errors"]] == ["FORBIDDEN"]
    assert shown == {
        "data": {
            "book": {"reviewCount": 3, "reviews": {"totalCount": 3}, "bin": {"nodes": [{"body": "Cheap watches!"}]}}
        }
    }


async def test_a_request_that_is_repeated_with_its_key_writes_once(client: httpx.AsyncClient) -> None:
    query = 'mutation { createGenre(input: {data: {name: "Cookery"}}) { genre { name } errors { code } } }'
    key = {"idempotency-key": "8e03978e"}

    first, again = [await ask(client, query, key | signed_in(STAFF)) for _ in range(2)]
    other = await ask(client, query, key | signed_in(Caller(4, "Joe", staff=True)))

    assert first == {"data": {"createGenre": {"genre": {"name": "Cookery"}, "errors": []}}}
    assert again == first
    assert other == {"data": {"createGenre": {"genre": None, "errors": [{"code": "UNIQUE"}]}}}


def test_what_others_keep_is_in_no_input(shop: ModuleType) -> None:
    types = shop.api.schema._schema.type_map

    assert [name for name in shop.api.schema._schema.mutation_type.fields if "Employee" in name] == []
    assert {"sales", "version"} & types["BookCreate"].fields.keys() == set()
    assert {"token", "passwordHash"} & types["CustomerCreate"].fields.keys() == set()
    assert "passwordHash" not in types["Customer"].fields
