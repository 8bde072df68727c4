"""Searches and facets of a list over REST: what is found, what is counted, and what they cost."""

from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from gqlcrud import Api, ConfigurationError, Crud, FullText, ListParams, ModelOptions, PageResponse
from tests.databases import MakeEngine, record_statements
from tests.listing import Author, Base, Book, BookRead, Tag, fill, ids, listing_app, refusal
from tests.serving import client_of, unused_engine

OPTIONS: dict[type, ModelOptions] = {
    Book: ModelOptions(
        searchable=[Book.title, (Book.author, Author.name)], facets=[Book.genre, (Book.author, Author.country)]
    )
}


@pytest.fixture(scope="module")
async def engine(make_module_engine: MakeEngine) -> AsyncEngine:
    return await fill(await make_module_engine(Base.metadata))


async def facets(client: httpx.AsyncClient, query: str) -> dict[str, list[tuple[Any, int]]]:
    response = await client.get(f"/books?{query}")
    assert response.status_code == 200, response.json()
    return {
        name: [(each["value"], each["count"]) for each in found] for name, found in response.json()["facets"].items()
    }


@pytest.mark.parametrize("given", ["api", "crud"])
async def test_a_list_is_searched_word_by_word(engine: AsyncEngine, given: str) -> None:
    books = Api(Base, engine, models=OPTIONS).crud(Book) if given == "api" else Crud(Book, models=OPTIONS)
    async with client_of(listing_app(books, engine, default_sort="-id")) as client:
        found = [
            await ids(client, query)
            for query in (
                "search=AN",
                "search=zola%20n",
                "search=%22the%20stage%22",
                "search=an&search_fields=title",
                "search=an&search_fields=title&search_fields=author.name&price__lt=9",
                "search=",
            )
        ]

    assert found == [[4, 2, 1], [4, 3], [5], [4], [4], [5, 4, 3, 2, 1]]


async def test_facets_count_values_over_all_conditions_but_their_own(engine: AsyncEngine) -> None:
    books = Crud(Book, models=OPTIONS)
    async with client_of(listing_app(books, engine)) as client:
        everything = await facets(client, "facet=genre&facet=author.country")
        narrowed = await facets(client, "facet=genre&facet=author.country&genre=play&limit=1")
        searched = await facets(client, "facet=author.country&search=emma")
        none = await facets(client, "search=emma")

    assert everything == {"genre": [("novel", 4), ("play", 1)], "author.country": [(None, 3), ("GB", 2)]}
    assert narrowed == {"genre": [("novel", 4), ("play", 1)], "author.country": [(None, 1)]}
    assert searched == {"author.country": [("GB", 1)]}
    assert none == {}


async def test_the_facets_of_an_endpoint_are_of_any_column(engine: AsyncEngine) -> None:
    options = {"facets": [Book.price, (Book.tags, Tag.label), "published_on"], "filters": []}
    async with client_of(listing_app(Crud(Book), engine, **options)) as client:
        found = await facets(client, "facet=price&facet=tags.label&facet=published_on&facet=price")

    assert found == {
        "price": [("12.00", 2), ("7.50", 1), ("9.90", 1), (None, 1)],
        "tags.label": [("classic", 2), ("comedy", 2), (None, 2)],
        "published_on": [("2000-01-01", 4), ("1880-02-15", 1)],
    }


async def test_a_facet_never_counts_beyond_the_conditions_of_the_endpoint(engine: AsyncEngine) -> None:
    """They say which records there are for the client, whatever the facet."""
    books = Crud(Book)
    app = FastAPI()
    dependency = books.params(["author_id"], facets=["author_id"])

    @app.get("/books/{kind}")
    async def list_books(kind: str, params: Annotated[ListParams, Depends(dependency)]) -> PageResponse[BookRead]:
        if kind == "keyword":
            return await books.list(engine, params, author_id=1, select=BookRead)
        where = {"author_id": {"eq": 1}} if kind == "mapping" else Book.author_id == 1
        return await books.list(engine, params, where, select=BookRead)

    async with client_of(app) as client:
        found = {
            kind: (await client.get(f"/books/{kind}?facet=author_id&author_id=2")).json()
            for kind in ("keyword", "mapping", "expression")
        }

    counted = {"author_id": [{"value": 1, "count": 2}]}
    assert {kind: (each["items"], each["facets"]) for kind, each in found.items()} == dict.fromkeys(
        found, ([], counted)
    )


async def test_a_facet_costs_a_statement(engine: AsyncEngine) -> None:
    async with client_of(listing_app(Crud(Book, models=OPTIONS), engine)) as client:
        counts = []
        for query in ("search=emma", "search=emma&facet=genre", "facet=genre&facet=author.country&total=true"):
            with record_statements(engine) as statements:
                await ids(client, query)
            counts.append(len(statements))

    assert counts == [1, 2, 4]


@pytest.mark.parametrize(
    ("full_text", "query", "expected"),
    [
        (FullText("simple"), "search=emma", []),
        (FullText("simple"), "search=emma&sort=price", ["price"]),
        (FullText("simple"), "search=", ["-title"]),
        (None, "search=emma", ["-title"]),
    ],
)
async def test_what_is_found_by_full_text_is_ranked_unless_clients_sort_it(
    full_text: FullText | None, query: str, expected: list[str]
) -> None:
    books = Crud(Book, models={Book: ModelOptions(searchable=[Book.title], full_text=full_text)})
    app = FastAPI()

    @app.get("/order")
    async def order(params: Annotated[ListParams, Depends(books.params(default_sort="-title"))]) -> list[str]:
        return list(params.order_by)

    async with client_of(app) as client:
        assert (await client.get(f"/order?{query}")).json() == expected


@pytest.mark.parametrize(
    ("query", "code", "path", "message"),
    [
        ("search_fields=titel", "VALIDATION", ["search_fields", 0], "The value is one of: title, author.name."),
        ("facet=price", "VALIDATION", ["facet", 0], "The value is one of: genre, author.country."),
        ("search=%00", "VALIDATION", ["search"], "A text cannot contain the NUL character."),
        (f"search={'a' * 1001}", "VALIDATION", ["search"], "String should have at most 1000 characters"),
        (
            f"search={'+'.join(map(str, range(21)))}",
            "LIMIT",
            ["search"],
            "A search has at most 20 words; this one has 21.",
        ),
    ],
)
async def test_what_cannot_be_searched_or_counted_is_told(
    engine: AsyncEngine, query: str, code: str, path: list[str | int], message: str
) -> None:
    async with client_of(listing_app(Crud(Book, models=OPTIONS), engine)) as client:
        assert await refusal(client, query) == [(code, ["query", *path], message)]


def parameters(models: dict[type, ModelOptions], **options: Any) -> dict[str, Any]:
    app = listing_app(Api(Base, unused_engine(), models=models).crud(Book), None, filters=[], sort=[], **options)
    return {each["name"]: each["schema"] for each in app.openapi()["paths"]["/books"]["get"]["parameters"]}


def test_searches_and_facets_stand_in_openapi() -> None:
    found = parameters(OPTIONS)

    assert list(found) == ["search", "search_fields", "facet", "limit", "after", "before", "total"]
    assert found["search"] == {
        "type": "string",
        "maxLength": 1000,
        "title": "search",
        "description": "Words, or phrases in quotation marks: in title, author.name.",
    }
    assert found["search_fields"]["items"] == {"type": "string", "enum": ["title", "author.name"]}
    assert found["facet"]["items"] == {"type": "string", "enum": ["genre", "author.country"]}
    assert list(parameters(OPTIONS, search=False, facets=[])) == ["limit", "after", "before", "total"]
    assert list(parameters({})) == ["limit", "after", "before", "total"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"search": True}, "search=True needs texts to search: ModelOptions(searchable=[...]) of Book."),
        (
            {"facets": ["author.password"]},
            "'author.password' leads to Author.password, which the options of the model keep from clients. Offer the "
            "attribute, or leave it out of the parameters.",
        ),
        ({"facets": ["notes"]}, "The values of 'notes' cannot be counted; leave it out of facets=[...]."),
        ({"facets": ["tags.count"]}, "The values of 'tags.count' cannot be counted; leave it out of facets=[...]."),
    ],
)
def test_searches_and_facets_that_there_cannot_be_are_refused_at_once(options: dict[str, Any], message: str) -> None:
    models: dict[type, ModelOptions] = {Author: ModelOptions(exclude={"password"})}
    with pytest.raises(ConfigurationError) as refused:
        Crud(Book, models=models).params(**options)

    assert str(refused.value) == message
