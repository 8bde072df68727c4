"""Where policies end, as their page says: what a deletion takes along, what keys tell; and an Api for each role."""

from typing import Any

import httpx
import pytest
from fastapi import Depends, FastAPI, HTTPException
from sqlalchemy import ForeignKey
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from gqlcrud import AllBut, Api, ModelOptions, Policy, SoftDelete
from gqlcrud.keys import encode_id
from tests import tenancy
from tests.databases import MakeEngine
from tests.running import save
from tests.tenancy import Author, Base, Book, Caller, Review, fill

A = Caller("a")


@pytest.fixture(scope="module")
async def engine(make_module_engine: MakeEngine) -> AsyncEngine:
    engine: AsyncEngine = await make_module_engine(Base.metadata)
    await fill(engine, others=True)
    return engine


async def undone(api: Api, engine: AsyncEngine, query: str, *more: str, context: Any = A, adding: Any = None) -> Any:
    """The data of a mutation, and of queries after it that see everything; nothing of it stays."""
    everything = Api(Base, engine)
    async with AsyncSession(engine) as session:
        await session.begin()
        if adding is not None:
            session.add(adding)
            await session.flush()
        results = [await api.execute(query, context=context, session=session)]
        results += [await everything.execute(each, session=session) for each in more]
        await session.rollback()
    assert [each.errors for each in results] == [None] * len(results)
    return [each.data for each in results]


# ---------- what a deletion takes along ----------


async def test_a_deletion_takes_along_what_the_caller_may_not_delete(engine: AsyncEngine) -> None:
    """As PostgreSQL does by its own policies: what belongs to a record could not stay without it."""
    kept = {**tenancy.OPTIONS, Review: ModelOptions(policy=Policy(read=Review.hidden.is_(False), delete=False))}
    api = Api(Base, engine, models=kept)
    alone = "mutation { deleteReview(input: {by: {rowId: 1}}) { errors { code } } }"
    book = "mutation { deleteBook(input: {by: {rowId: 1}}) { deletedId errors { code } } }"
    (refused,) = await undone(api, engine, alone)
    deleted, left = await undone(api, engine, book, "{ reviews { nodes { rowId } } }")

    assert refused == {"deleteReview": {"errors": [{"code": "FORBIDDEN"}]}}
    assert deleted == {"deleteBook": {"deletedId": "Qm9vazox", "errors": []}}
    assert left == {"reviews": {"nodes": [{"rowId": 2}, {"rowId": 3}]}}  # 4 was hidden, and is gone with the book


class Own(DeclarativeBase):
    pass


class Shelf(Own):
    __tablename__ = "shelf"

    id: Mapped[int] = mapped_column(primary_key=True)
    gone: Mapped[bool] = mapped_column(default=False)

    items: Mapped[list["Item"]] = relationship(back_populates="shelf", cascade="all, delete-orphan")


class Item(Own):
    __tablename__ = "item"

    id: Mapped[int] = mapped_column(primary_key=True)
    gone: Mapped[bool] = mapped_column(default=False)
    shelf_id: Mapped[int] = mapped_column(ForeignKey("shelf.id"))

    shelf: Mapped[Shelf] = relationship(back_populates="items")


class Box(Own):
    __tablename__ = "box"

    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str | None]


class Thing(Own):
    """The class of a box has no relation to its things."""

    __tablename__ = "thing"

    id: Mapped[int] = mapped_column(primary_key=True)
    secret: Mapped[str]
    box_id: Mapped[int] = mapped_column(ForeignKey("box.id"))

    box: Mapped[Box] = relationship()


async def test_a_mark_goes_to_records_that_the_caller_may_not_delete(make_engine: MakeEngine) -> None:
    engine = await make_engine(Own.metadata)
    await save(engine, Shelf(id=1, items=[Item(id=1), Item(id=2)]))
    soft = SoftDelete("gone")
    options = {
        Shelf: ModelOptions(soft_delete=soft),
        Item: ModelOptions(soft_delete=soft, policy=Policy(read=Item.id == 1, update=False, delete=False)),
    }
    api, everything = Api(Own, engine, models=options), Api(Own, engine)
    deleted = await api.execute("mutation { deleteShelf(input: {by: {rowId: 1}}) { errors { code } } }")
    left = await everything.execute("{ items { nodes { rowId gone } } }")

    assert (deleted.data, deleted.errors) == ({"deleteShelf": {"errors": []}}, None)
    assert left.data == {"items": {"nodes": [{"rowId": 1, "gone": True}, {"rowId": 2, "gone": True}]}}


async def test_a_deletion_releases_hidden_records(engine: AsyncEngine) -> None:
    """Their foreign key may be NULL, and would lead nowhere."""
    api = Api(Base, engine, models=tenancy.OPTIONS)
    query = 'mutation { deleteAuthor(input: {by: {email: "new@a"}}) { errors { code } } }'
    theirs = Book(id=70, tenant="b", title="Theirs", author=Author(id=70, tenant="a", name="New", email="new@a"))
    left = "{ book(by: {rowId: 70}) { title author { name } } }"

    assert await undone(api, engine, query, left, adding=theirs) == [
        {"deleteAuthor": {"errors": []}},
        {"book": {"title": "Theirs", "author": None}},
    ]


async def test_a_hidden_record_keeps_what_it_leads_to_and_is_not_told_of(make_engine: MakeEngine) -> None:
    """No more is told than that there is something; neither how many, nor which."""
    engine = await make_engine(Own.metadata)
    await save(engine, Box(id=1), Thing(id=1, secret="gold", box_id=1))
    api = Api(Own, engine, models={Thing: ModelOptions(policy=Policy(read=False))})
    result = await api.execute("mutation { deleteBox(input: {by: {rowId: 1}}) { errors { code message path } } }")

    message = "Other records still refer to this Box."
    assert result.data == {
        "deleteBox": {"errors": [{"code": "FOREIGN_KEY", "message": message, "path": ["input", "by"]}]}
    }


# ---------- foreign keys of hidden records ----------

HIDDEN_KEYS: dict[str, tuple[ModelOptions, list[str]]] = {
    "shown": (ModelOptions(), []),
    "column": (ModelOptions(policy=Policy(read_columns=AllBut("author_id"))), ["author_id", "author"]),
    "excluded": (ModelOptions(exclude={"author_id"}), ["author_id"]),
}


@pytest.mark.parametrize("name", HIDDEN_KEYS)
async def test_the_key_of_a_hidden_record_is_shown_unless_the_column_is_not(engine: AsyncEngine, name: str) -> None:
    """By a policy the relation goes with it; left out of the API, the relation stays, and leads nowhere."""
    options, hidden = HIDDEN_KEYS[name]
    api = Api(Base, engine, models={Author: ModelOptions(policy=tenancy.OWN), Book: options})
    asked = {"author_id": "authorId", "author": "author { name }"}
    found = {}
    for key, field in asked.items():
        result = await api.execute(f"{{ book(by: {{rowId: 5}}) {{ {field} }} }}", context=A)
        found[key] = (result.data or {}).get("book") if result.errors is None else None

    key = encode_id("Author", api.catalog.model(Author).primary_key, (2,))
    shown = {"author_id": {"authorId": key}, "author": {"author": None}}
    assert found == {each: None if each in hidden else shown[each] for each in asked}


# ---------- cursors, stale records ----------


async def test_a_cursor_of_somebody_else_is_a_place_and_shows_nothing(engine: AsyncEngine) -> None:
    api = Api(Base, engine, models=tenancy.OPTIONS)
    ordered = "books(orderBy: [{title: ASC}]"
    theirs = await api.execute(f"{{ {ordered}) {{ edges {{ cursor node {{ title }} }} }} }}", context=Caller("b"))
    assert theirs.data is not None
    cursors = {each["node"]["title"]: each["cursor"] for each in theirs.data["books"]["edges"]}
    found = {
        title: (await api.execute(f'{{ {ordered}, after: "{cursor}") {{ nodes {{ title }} }} }}', context=A)).data
        for title, cursor in cursors.items()
    }

    assert found == {
        "Four": {"books": {"nodes": [{"title": "One"}, {"title": "Three"}]}},
        "Two": {"books": {"nodes": []}},
    }


async def test_what_a_stale_record_is_like_is_told_as_far_as_it_may_be_read(engine: AsyncEngine) -> None:
    api = Api(Base, engine, models=tenancy.OPTIONS)
    query = """mutation {{ updateBook(input: {{by: {{rowId: {number}}}, version: 99, patch: {{title: "x"}}}}) {{
        errors {{ code ... on StaleError {{ current {{ ... on Book {{ {fields} }} }} }} }} }} }}"""
    seen = "title author { name } tags { nodes { label } } reviews { nodes { text } }"
    (shown,) = await undone(api, engine, query.format(number=1, fields=seen))
    (missing,) = await undone(api, engine, query.format(number=2, fields=seen))
    hidden = await api.execute(query.format(number=1, fields="cost"), context=A)

    current = {
        "title": "One",
        "author": {"name": "Ann"},
        "tags": {"nodes": [{"label": "red"}]},
        "reviews": {"nodes": [{"text": "good"}]},
    }
    assert shown == {"updateBook": {"errors": [{"code": "STALE", "current": current}]}}
    assert missing == {"updateBook": {"errors": [{"code": "NOT_FOUND"}]}}
    assert [each.message for each in hidden.errors or ()] == ["You may not read cost of Book."]
    assert "cost" not in str(hidden.data)


async def test_a_version_tells_who_writes_a_hidden_value_whether_it_was_there(engine: AsyncEngine) -> None:
    """A change alone moves it on; who must not learn that may not write the column."""
    api = Api(Base, engine, models={Book: ModelOptions(policy=Policy(read_columns=AllBut("cost")))})
    query = "mutation {{ updateBook(input: {{by: {{rowId: 1}}, patch: {{cost: {cost}}}}}) {{ book {{ version }} }} }}"
    found = [await undone(api, engine, query.format(cost=cost)) for cost in (5, 6)]

    assert found == [[{"updateBook": {"book": {"version": version}}}] for version in (1, 2)]


# ---------- an Api for each role ----------


@pytest.fixture(scope="module")
def apis(engine: AsyncEngine) -> tuple[Api, Api]:
    """For visitors, who know of books and their authors alone, and for staff."""
    public = Api(
        [Author, Book],
        engine,
        read_only=True,
        models={
            Author: ModelOptions(include={"id", "name", "books"}, policy=Policy(read=Author.tenant == "a")),
            Book: ModelOptions(exclude={"cost", "version"}, policy=Policy(read=Book.tenant == "a")),
        },
    )
    return public, Api(Base, engine)


async def test_an_api_for_a_role_has_what_the_role_has_and_no_more(apis: tuple[Api, Api]) -> None:
    public, staff = apis
    query = """{ __schema { mutationType { name } types { name } }
        author: __type(name: "Author") { fields { name } } book: __type(name: "Book") { fields { name } } }"""
    result = await public.execute(query)
    assert result.data is not None
    names = {each["name"] for each in result.data["__schema"]["types"]}

    assert result.data["__schema"]["mutationType"] is None
    assert [each["name"] for each in result.data["author"]["fields"]] == ["id", "rowId", "name", "books"]
    assert {"cost", "version", "reviews"} & {each["name"] for each in result.data["book"]["fields"]} == set()
    assert {"Tag", "Cover", "Review"} & names == set()
    assert staff.mutation is not None


async def test_apis_of_one_database_know_each_others_ids_and_share_nothing_else(apis: tuple[Api, Api]) -> None:
    """The same document, asked of one after the other, and again where it is known."""
    query = '{ node(id: "Qm9vazoy") { id } books { totalCount nodes { id } } }'
    found = [(await api.execute(query)).data for api in (*apis, *apis)]

    assert found[0] == {
        "node": None,
        "books": {"totalCount": 3, "nodes": [{"id": each} for each in ("Qm9vazox", "Qm9vazoz", "Qm9vazo1")]},
    }
    assert found[1] == {
        "node": {"id": "Qm9vazoy"},
        "books": {
            "totalCount": 5,
            "nodes": [{"id": each} for each in ("Qm9vazox", "Qm9vazoy", "Qm9vazoz", "Qm9vazo0", "Qm9vazo1")],
        },
    }
    assert found[2:] == found[:2]


async def test_each_role_has_a_path_of_its_own(apis: tuple[Api, Api]) -> None:
    def nobody() -> None:
        raise HTTPException(403)

    public, staff = apis
    app = FastAPI()
    app.include_router(public.router(), prefix="/graphql")
    app.include_router(staff.router(dependencies=[Depends(nobody)]), prefix="/staff/graphql")
    query = {"query": "{ tags { totalCount } }"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop") as client:
        answers = [await client.post(path, json=query) for path in ("/graphql", "/staff/graphql")]

    assert [each.status_code for each in answers] == [200, 403]
    assert [each["message"] for each in answers[0].json()["errors"]] == ["Cannot query field 'tags' on type 'Query'."]
