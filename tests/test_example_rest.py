"""The example over REST, and its nightly sync, as other programs meet them."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType

import httpx
import pytest

from example.auth import Caller, token_for
from example.models import Book
from tests.bookshop import import_nightly, running_app
from tests.databases import Backend, record_statements


@pytest.fixture
async def shop(backend: Backend) -> AsyncIterator[ModuleType]:
    """The app's module while the app runs, on a database that was empty when it started."""
    url = backend.create_database("bookshop")
    async with running_app(url) as module:
        yield module
    backend.drop_database(url)


@pytest.fixture
async def client(shop: ModuleType) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(shop.app), base_url="http://shop") as client:
        yield client


async def test_books_are_listed(shop: ModuleType, client: httpx.AsyncClient) -> None:
    query = "author.last_name__i_contains=storm&price__lte=30&sort=-price,title&limit=2&genre=x"
    with record_statements(shop.engine) as statements:
        listed = await client.get("/api/books?price__lte=30&sort=-price,title&limit=2&total=true")
    following = await client.get(listed.links["next"]["url"])
    refused = await client.get(f"/api/books?{query}")

    page = listed.json()
    assert [each["price"] for each in page["items"]] == sorted((e["price"] for e in page["items"]), reverse=True)
    assert page["items"][0].keys() == {
        *("id", "isbn", "title", "price", "binding", "in_print", "published_at", "author", "genres")
    }
    assert len(statements) == 4  # books, their number, authors, genres
    assert (following.json()["has_previous"], len(following.json()["items"])) == (True, 2)
    assert (refused.status_code, refused.json()["detail"][0]["path"]) == (422, ["query", "genre"])


async def test_a_book_is_stocked_and_read(client: httpx.AsyncClient) -> None:
    data = {"isbn": "978-0-14-143958-7", "title": "Emma", "price": "9.90", "publisher_id": 1, "genre_ids": [1]}
    refused = await client.post("/api/books", json=data)
    client.headers["authorization"] = f"Bearer {token_for(Caller(2, 'Eve', staff=True))}"
    made = await client.post("/api/books", json=data)
    again = await client.post("/api/books", json=data)
    nowhere = await client.post("/api/books", json={**data, "isbn": "x", "genre_ids": [99]})
    read = await client.get("/api/books/978-0-14-143958-7")
    missing = await client.get("/api/books/none")

    assert (refused.status_code, refused.json()["detail"][0]["code"]) == (403, "FORBIDDEN")
    assert (made.status_code, made.json()["title"], len(made.json()["genres"])) == (201, "Emma", 1)
    assert read.json() == made.json()
    detail = {"message": "Another Book has the isbn '978-0-14-143958-7'.", "path": ["isbn"], "fields": ["isbn"]}
    assert (again.status_code, again.json()) == (409, {"detail": [{"code": "UNIQUE", **detail}]})
    assert (nowhere.status_code, nowhere.json()["detail"][0]["path"]) == (422, ["genre_ids", 0])
    assert (missing.status_code, missing.json()["detail"][0]["code"]) == (404, "NOT_FOUND")


def test_the_endpoints_stand_in_openapi(shop: ModuleType) -> None:
    paths = shop.app.openapi()["paths"]

    assert {path: list(paths[path]) for path in paths if path.startswith("/api")} == {
        "/api/books": ["get", "post"],
        "/api/books/{isbn}": ["get"],
    }
    assert list(paths["/api/books"]["post"]["responses"]) == ["201", "403", "409", "422"]


@pytest.mark.parametrize("kind", ["csv", "json"])
async def test_a_price_list_is_synced(
    shop: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    books = shop.api.crud(Book)
    known = await books.first(None, order_by="id", select=["isbn", "title", "publisher.name"])
    publisher = known["publisher"]["name"]
    entries = [
        {"isbn": known["isbn"], "title": known["title"], "price": "99.00", "publisher": publisher, "in_print": False},
        {"isbn": "978-1", "title": "Brand New", "price": "5.00", "publisher": publisher, "in_print": True},
        {"isbn": "978-2", "title": "Nowhere", "price": "5.00", "publisher": "No such house", "in_print": True},
        {"isbn": "978-3", "title": "Wrong", "price": "free", "publisher": publisher, "in_print": True},
    ]
    path = tmp_path / f"prices.{kind}"
    if kind == "json":
        path.write_text(json.dumps(entries), "utf-8")
    else:
        path.write_text(
            "isbn,title,price,publisher,in_print\n"
            f'{known["isbn"]},{known["title"]},99.00,"{publisher}",no\n'
            f'978-1,Brand New,5.00,"{publisher}",yes\n'
            "978-2,Nowhere,5.00,No such house,yes\n"
            f'978-3,Wrong,free,"{publisher}",yes\n',
            "utf-8",
        )
    nightly = import_nightly(shop)

    summary = await nightly.sync_prices(books, None, path)
    code = await nightly.main(path)

    assert (summary.requested, summary.inserted, summary.updated, summary.failed) == (4, 1, 1, 2)
    assert code == 1
    told = capsys.readouterr()
    assert told.out == "0 stocked, 0 changed, 2 as they were, 2 refused\n"
    assert told.err.splitlines() == [
        "entry 3, publisher.connect: There is no Publisher with this key.",
        "entry 4, price: A decimal is needed, not 'free'.",
    ]
    fields = ["title", "price", "in_print"]
    changed = await books.get(None, {"isbn": known["isbn"]}, select=fields)
    assert (str(changed["price"]), changed["in_print"]) == ("99.00", False)
    assert str((await books.get(None, {"isbn": "978-1"}, select=fields))["price"]) == "5.00"
    assert await books.count(None, {"isbn": ["978-2", "978-3"]}) == 0
