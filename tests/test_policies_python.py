"""What a caller may not see shows in no call of Python, in no REST list and in no file, if policies hold for the call."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import Depends, FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from gqlcrud import Api, Crud, CrudError, ListParams, PageResponse, Summary, install_error_handlers
from gqlcrud.files import ImportAborted, export_file, import_file, sync_file
from tests import tenancy
from tests.databases import MakeEngine
from tests.tenancy import Author, Base, Book, Caller, Tag, fill

A = Caller("a")
Worlds = list[tuple[Api, AsyncEngine]]
Call = Callable[[Crud[Any], AsyncSession], Any]


@pytest.fixture(scope="module")
async def worlds(make_module_engine: MakeEngine) -> Worlds:
    """With the records of the other tenant, and without. New records get the same numbers in both."""
    found = []
    for others in (True, False):
        engine: AsyncEngine = await make_module_engine(Base.metadata)
        await fill(engine, others=others)
        if engine.dialect.name == "postgresql":
            async with engine.begin() as connection:
                for table in ("author", "book", "tag"):
                    await connection.execute(sa.text(f"SELECT setval('{table}_id_seq', 100)"))
        found.append((Api(Base, engine, models=tenancy.OPTIONS), engine))
    return found


async def outcomes(worlds: Worlds, entity: type, call: Call) -> list[Any]:
    """In each world: what a call gives, or raises; nothing of it stays, and it changes no record of the other tenant."""
    found = []
    for api, engine in worlds:
        async with AsyncSession(engine) as session:
            before = await others(session)
            try:
                outcome = await call(api.crud(entity).with_context(A, policies=True), session)
                outcome = replace(outcome, duration=0) if isinstance(outcome, Summary) else outcome
            except CrudError as error:
                outcome = [(each.code.value, each.message, each.path) for each in error.errors]
            assert await others(session) == before
            await session.rollback()
        found.append(outcome)
    return found


async def others(session: AsyncSession) -> list[Any]:
    found = []
    for table in (Author.__table__, Book.__table__, Tag.__table__):
        rows = await session.execute(sa.select(table).where(table.c.tenant == "b").order_by(table.c.id))
        found.append([tuple(row) for row in rows])
    return found


BOOKS = ["id", "title", "author.name", "tags.label"]


async def paged(crud: Crud[Any], session: AsyncSession) -> Any:
    page = await crud.paginate(session, order_by="title", first=1, total=True, select=["title"])
    after = await crud.paginate(session, order_by="title", first=5, after=page.end_cursor, select=["title"])
    return page.items, page.total, page.has_next_page, after.items, after.has_next_page


async def streamed(crud: Crud[Any], session: AsyncSession) -> Any:
    return [each async for each in crud.stream(session, select=["title"])]


CALLS: dict[str, tuple[type, Call]] = {
    "get_multi": (Book, lambda crud, session: crud.get_multi(session, select=BOOKS)),
    "get": (Book, lambda crud, session: crud.get(session, 2, select=BOOKS)),
    "get_by_key": (Author, lambda crud, session: crud.get_or_none(session, {"email": "bob@b"}, select=["name"])),
    "first": (Book, lambda crud, session: crud.first(session, order_by="-title", select=["title"])),
    "count": (Book, lambda crud, session: crud.count(session)),
    "count_related": (Book, lambda crud, session: crud.count(session, {"author": {"is": {"name": {"eq": "Bob"}}}})),
    "exists": (Author, lambda crud, session: crud.exists(session, name="Bob")),
    "order": (Book, lambda crud, session: crud.get_multi(session, order_by=["author.name", "title"], select=["title"])),
    "search": (Book, lambda crud, session: crud.count(session, {"title": {"contains": "o"}})),
    "paginate": (Book, paged),
    "stream": (Book, streamed),
    "facets": (Book, lambda crud, session: crud.facets(session, ["state", "author.name"])),
    "update": (Book, lambda crud, session: crud.update(session, 2, {"title": "x"}, select=["title"])),
    "delete": (Book, lambda crud, session: crud.delete(session, 4)),
    "connect": (Book, lambda crud, session: crud.update(session, 1, {"author": {"connect": 2}}, select=["title"])),
    "update_multi": (Book, lambda crud, session: crud.update_multi(session, [{"id": 2, "title": "x"}])),
    "delete_multi": (Tag, lambda crud, session: crud.delete_multi(session, keys=[2, 1])),
    "delete_where": (Tag, lambda crud, session: crud.delete_multi(session, label="green")),
    "upsert_multi": (
        Book,
        lambda crud, session: crud.upsert_multi(
            session, [{"tenant": "b", "isbn": "1", "title": "x"}], on=["tenant", "isbn"]
        ),
    ),
}


@pytest.mark.parametrize("name", CALLS)
async def test_a_call_tells_nothing_of_hidden_records(worlds: Worlds, name: str) -> None:
    with_others, without = await outcomes(worlds, *CALLS[name])

    assert with_others == without


LISTS = {
    "all": "total=true",
    "filter": "author.name=Bob&total=true",
    "sort": "sort=author.name,title&total=true",
    "search": "search=o&total=true",
    "search_path": "search=Bob&total=true",
    "facets": "facet=state&facet=author.name",
}


@pytest.mark.parametrize("name", LISTS)
async def test_a_rest_list_tells_nothing_of_hidden_records(worlds: Worlds, name: str) -> None:
    found = []
    for api, _ in worlds:
        app = endpoint(api)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop") as client:
            answer = await client.get(f"/books?{LISTS[name]}")
        found.append((answer.status_code, answer.json()))

    assert found[0] == found[1]
    assert found[0][0] == 200


def endpoint(api: Api) -> FastAPI:
    """A list of books, under the policies of the tenant `a`."""
    books, app = api.crud(Book), FastAPI()
    params = books.params({(Book.author, Author.name): ["eq"]}, sort=[Book.title, "author.name"])
    install_error_handlers(app)

    @app.get("/books")
    async def listed(params: Annotated[ListParams, Depends(params)]) -> PageResponse[dict[str, Any]]:
        return await books.with_context(A, policies=True).list(None, params, select=["title", "author.name"])

    return app


# ---------- files ----------


async def test_an_export_under_policies_has_what_may_be_read(worlds: Worlds, tmp_path: Path) -> None:
    texts = []
    for number, (api, _) in enumerate(worlds):
        path = tmp_path / f"{number}.csv"
        crud = api.crud(Book).with_context(A, policies=True)
        await export_file(crud, None, path, fields=["title", "state", "author.name"])
        texts.append(await asyncio.to_thread(path.read_text, "utf-8"))

    assert texts[0].splitlines() == ["title,state,author.name", "One,draft,Ann", "Three,sold,Ann", "Five,draft,"]
    assert texts[0] == texts[1]


@pytest.mark.parametrize("way", ["import", "sync"])
async def test_a_file_under_policies_writes_what_may_be_written(worlds: Worlds, tmp_path: Path, way: str) -> None:
    """A row that is another tenant's undoes all of it; what a sync deletes are records that the caller sees."""
    (tmp_path / "tags.csv").write_text("id,tenant,label\n1,a,scarlet\n50,a,new\n", "utf-8")
    (tmp_path / "theirs.csv").write_text("id,tenant,label\n1,a,pink\n60,b,theirs\n", "utf-8")

    async def run(crud: Crud[Any], session: AsyncSession) -> Any:
        async def read(name: str) -> Any:
            if way == "import":
                return await import_file(crud, session, tmp_path / name, upsert_on=["id"])
            return await sync_file(crud, session, tmp_path / name, key=["id"], delete_missing=True)

        with pytest.raises(ImportAborted) as aborted:
            await read("theirs.csv")
        (refused,) = aborted.value.summary.first_rejected
        await read("tags.csv")
        rows = await session.execute(sa.select(Tag.id, Tag.label).where(Tag.tenant == "a").order_by(Tag.id))
        return [refused.code.value], [tuple(row) for row in rows]

    with_others, without = await outcomes(worlds, Tag, run)

    kept = [(3, "blue")] if way == "import" else []
    assert with_others == without == (["FORBIDDEN"], [(1, "scarlet"), *kept, (50, "new")])
