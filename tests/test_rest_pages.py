"""Pages of a list over REST: walked by cursors, by counting and by links, with as many statements as they need."""

import re
from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI, Request, Response
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from gqlcrud import Crud, ListParams, PageResponse, install_error_handlers
from tests.databases import MakeEngine, record_statements
from tests.listing import Author, Base, Book, BookDeep, BookRead, fill, listing_app, refusal
from tests.running import save
from tests.serving import client_of


@pytest.fixture(scope="module")
async def engine(make_module_engine: MakeEngine) -> AsyncEngine:
    return await fill(await make_module_engine(Base.metadata))


async def page(client: httpx.AsyncClient, query: str) -> dict[str, Any]:
    response = await client.get(f"/books?{query}")
    assert response.status_code == 200, response.json()
    found: dict[str, Any] = response.json()
    return {**found, "items": [each["title"] for each in found["items"]]}


async def test_a_list_is_walked_by_cursors_to_its_end_and_back(engine: AsyncEngine) -> None:
    async with client_of(listing_app(Crud(Book), engine)) as client:
        first = await page(client, "sort=-title&limit=2&total=true")
        second = await page(client, f"sort=-title&limit=2&after={first['next_cursor']}")
        third = await page(client, f"sort=-title&limit=2&after={second['next_cursor']}")
        back = await page(client, f"sort=-title&limit=2&before={third['previous_cursor']}")

    cursors = {"next_cursor": first["next_cursor"], "previous_cursor": None}
    rest = {"total": 5, "facets": {}, "limit": 2, "offset": None, "has_next": True, "has_previous": False}
    assert first == {"items": ["The Stage", "Persuasion"], **rest, **cursors}
    assert (second["items"], second["has_next"], second["has_previous"]) == (["Nana", "Germinal"], True, True)
    assert second["total"] is None
    assert (third["items"], third["has_next"], third["next_cursor"]) == (["Emma"], False, None)
    assert back == second


async def test_a_cursor_of_another_order_is_refused(engine: AsyncEngine) -> None:
    async with client_of(listing_app(Crud(Book), engine)) as client:
        first = await page(client, "sort=title&limit=2")

        assert await refusal(client, f"sort=-title&after={first['next_cursor']}") == [
            ("VALIDATION", ["query", "after"], "This cursor belongs to another list, or to another order of it.")
        ]


async def test_a_list_is_walked_by_counting(engine: AsyncEngine) -> None:
    options = {"paging": "offset", "total": True, "default_limit": 2, "default_sort": "title"}
    async with client_of(listing_app(Crud(Book), engine, **options)) as client:
        first, second, third, beyond = [await page(client, f"offset={offset}") for offset in (0, 2, 4, 9)]
        message = "There is no parameter 'after'. There are: "
        refused = await refusal(client, "after=x")

    same = {"total": 5, "limit": 2, "facets": {}, "next_cursor": None, "previous_cursor": None}
    assert first == {"items": ["Emma", "Germinal"], "offset": 0, "has_next": True, "has_previous": False, **same}
    assert second == {"items": ["Nana", "Persuasion"], "offset": 2, "has_next": True, "has_previous": True, **same}
    assert third == {"items": ["The Stage"], "offset": 4, "has_next": False, "has_previous": True, **same}
    assert beyond == {"items": [], "offset": 9, "has_next": False, "has_previous": True, **same}
    assert refused[0][2].startswith(message)


async def test_clients_may_be_left_the_choice(engine: AsyncEngine) -> None:
    async with client_of(listing_app(Crud(Book), engine, paging="both", default_sort="title")) as client:
        counted = await page(client, "offset=1&limit=2")
        followed = await page(client, f"after={counted['next_cursor']}&limit=2")
        twice = await refusal(client, f"after={counted['next_cursor']}&offset=1")
        both = await refusal(client, f"after={counted['next_cursor']}&before={counted['next_cursor']}")

    assert (counted["items"], counted["offset"]) == (["Germinal", "Nana"], 1)
    assert (followed["items"], followed["offset"]) == (["Persuasion", "The Stage"], None)
    assert twice == [("VALIDATION", ["query", "offset"], "Give one of after and offset: each says where the page is.")]
    assert both == [("VALIDATION", ["query", "before"], "Give one of after and before: each says where the page is.")]


@pytest.mark.parametrize("paging", ["cursor", "offset", "both"])
async def test_links_lead_through_the_list(engine: AsyncEngine, paging: str) -> None:
    books = Crud(Book)
    app = FastAPI()

    @app.get("/books")
    async def list_books(
        request: Request,
        response: Response,
        params: Annotated[ListParams, Depends(books.params(paging=paging))],
    ) -> PageResponse[BookRead]:
        found = await books.list(engine, params, select=BookRead)
        response.headers["link"] = found.link_header(str(request.url))
        return found

    async with client_of(app) as client:
        url: str | None = "http://test/books?sort=title&limit=2&price__gte=1"
        walked, last = [], ""
        while url is not None:
            answer = await client.get(url)
            walked.append([each["title"] for each in answer.json()["items"]])
            last = answer.headers["link"]
            url = next(iter(re.findall(r'<([^>]+)>; rel="next"', last)), None)
        (previous,) = re.findall(r'<([^>]+)>; rel="prev"', last)
        back = [each["title"] for each in (await client.get(previous)).json()["items"]]

    assert walked == [["Emma", "Germinal"], ["Nana", "The Stage"]]
    assert back == ["Emma", "Germinal"]
    assert re.findall(r'<([^>]+)>; rel="first"', last) == ["http://test/books?sort=title&limit=2&price__gte=1"]


@pytest.mark.parametrize(
    ("paging", "query", "expected"),
    [
        ("offset", "offset=2&limit=2", 1),
        ("both", "offset=2&limit=2", 1),
        ("cursor", "limit=2", 1),
        ("offset", "total=1", 2),
    ],
)
async def test_a_page_costs_one_statement(engine: AsyncEngine, paging: str, query: str, expected: int) -> None:
    async with client_of(listing_app(Crud(Book), engine, paging=paging)) as client:
        with record_statements(engine) as statements:
            await page(client, query)

    assert len(statements) == expected


# ---------- what comes back ----------


def deep_app(engine: AsyncEngine) -> FastAPI:
    books = Crud(Book)
    app = FastAPI()

    @app.get("/deep")
    async def deep(params: Annotated[ListParams, Depends(books.params())]) -> PageResponse[BookDeep]:
        return await books.list(engine, params, Book.price > 8, in_print=True, select=BookDeep)

    @app.get("/names")
    async def names(params: Annotated[ListParams, Depends(books.params())]) -> PageResponse[dict[str, Any]]:
        return await books.list(engine, params, {"author": {"is": {"id": 1}}}, select=["title", "author.name"])

    return app


async def test_relations_come_along_and_the_endpoint_has_conditions_of_its_own(engine: AsyncEngine) -> None:
    async with client_of(deep_app(engine)) as client:
        deep = (await client.get("/deep?sort=-title&limit=1")).json()["items"]
        names = (await client.get("/names?sort=title&price__is_null=false")).json()["items"]

    assert deep == [{"title": "The Stage", "author": {"name": "Émile Zola"}, "tags": [{"label": "comedy"}]}]
    assert names == [{"title": "Emma", "author": {"name": "Jane Austen"}}]


@pytest.mark.parametrize("count", [2, 200])
async def test_a_page_takes_as_many_statements_for_200_records_as_for_2(make_engine: MakeEngine, count: int) -> None:
    engine = await make_engine(Base.metadata)
    author = Author(name="Jane", country=None, password=None)
    await save(engine, *(Book(title=f"T{number:03}", price=9, author=author) for number in range(count + 1)))
    app = FastAPI()
    books = Crud(Book)

    @app.get("/deep")
    async def deep(params: Annotated[ListParams, Depends(books.params(max_limit=200))]) -> PageResponse[BookDeep]:
        return await books.list(engine, params, select=BookDeep)

    counts = []
    async with client_of(app) as client:
        for query in (f"limit={count}", f"limit={count}&total=true", f"limit={count}&author_id=1&sort=title"):
            with record_statements(engine) as statements:
                answer = await client.get(f"/deep?{query}")
            assert len(answer.json()["items"]) == count
            counts.append(len(statements))
        with record_statements(engine) as statements:
            await client.get(f"/deep?limit=1&after={answer.json()['next_cursor']}&sort=title&author_id=1")
        counts.append(len(statements))

    assert counts == [3, 4, 3, 4]


# ---------- sessions ----------


async def test_sessions_come_from_dependencies(make_engine: MakeEngine) -> None:
    """What an endpoint writes is committed before it is answered."""
    engine = await fill(await make_engine(Base.metadata))
    books = Crud(Book)
    app = FastAPI()
    install_error_handlers(app)

    async def session() -> AsyncIterator[AsyncSession]:
        async with AsyncSession(engine) as opened, opened.begin():
            yield opened

    Session = Annotated[AsyncSession, Depends(session, scope="function")]

    @app.get("/books")
    async def list_books(
        params: Annotated[ListParams, Depends(books.params())], session: Session
    ) -> PageResponse[BookRead]:
        return await books.list(session, params, select=BookRead)

    @app.post("/books", status_code=201)
    async def create_book(data: dict[str, Any], session: Session) -> BookRead:
        return await books.create(session, data, select=BookRead)

    async with client_of(app) as client:
        made = await client.post("/books", json={"id": 6, "title": "Sanditon", "author_id": 1})
        refused = await client.post("/books", json={"id": 1, "title": "Emma", "author_id": 1})
        listed = await client.get("/books?title=Sanditon")

    assert (made.status_code, made.json()["title"]) == (201, "Sanditon")
    assert refused.status_code == 409
    assert [each["title"] for each in listed.json()["items"]] == ["Sanditon"]
