"""What policies mean, and what is a mistake in them: one statement serves all callers, and mistakes show at start-up."""

# ruff: noqa: RUF012 - SQLAlchemy types `__mapper_args__` as an instance attribute.

import datetime as dt
import gc
from collections.abc import Callable
from typing import Annotated, Any

import httpx
import pytest
import sqlalchemy as sa
import strawberry
from fastapi import Depends, FastAPI
from sqlalchemy import DateTime, ForeignKey
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

import gqlcrud
from gqlcrud import (
    AllBut,
    Api,
    ConfigurationError,
    Crud,
    Forbidden,
    Invalid,
    ListParams,
    ModelOptions,
    NotFound,
    PageResponse,
    Policy,
    SoftDelete,
    install_error_handlers,
)
from gqlcrud.catalog.clauses import read_clause
from gqlcrud.plan import PagePlan, Sort, Stated
from gqlcrud.selection import RESOLVED, Selection
from gqlcrud.statements import Database
from gqlcrud.statements.expressions import stated_clause
from gqlcrud.statements.preparing import prepared_page
from tests import tenancy
from tests.databases import MakeEngine
from tests.running import save
from tests.tenancy import Author, Base, Book, Caller, Review, Tag, fill

A, B = Caller("a"), Caller("b")


@pytest.fixture(scope="module")
async def engine(make_module_engine: MakeEngine) -> AsyncEngine:
    engine: AsyncEngine = await make_module_engine(Base.metadata)
    await fill(engine, others=True)
    return engine


@pytest.fixture(scope="module")
def api(engine: AsyncEngine) -> Api:
    return Api(Base, engine, models=tenancy.OPTIONS)


# ---------- statements ----------


def planned(api: Api, caller: Any, query: dict[str, Any], entity: type) -> PagePlan:
    nodes = Selection("nodes", "nodes", {}, (Selection("id", "id", {}),))
    planner = api.new_operation(caller).planner
    return planner.page(Selection(RESOLVED, "x", query, (nodes,)), api.catalog.model(entity))


REQUESTS: dict[str, tuple[type, dict[str, Any]]] = {
    "list": (Book, {}),
    "by_relation": (Review, {}),
    "filter": (Book, {"where": {"author": {"is": {"name": {"eq": "Ann"}}}}}),
    "count": (Author, {"where": {"books": {"count": {"gt": 0}}}}),
    "order": (Book, {"orderBy": [{"author": {"name": Sort.ASC}}]}),
    "order_by_count": (Book, {"orderBy": [{"tags": {"count": Sort.DESC}}]}),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_callers_share_a_statement_and_none_of_its_values(api: Api, name: str) -> None:
    entity, query = REQUESTS[name]
    database = Database.SQLITE
    one, other = (prepared_page(planned(api, caller, query, entity), database, summarized=False) for caller in (A, B))
    text = str(one.page.select.compile(compile_kwargs={"literal_binds": False}))
    bound = {each.value for each in _binds(one.page.select)}

    assert one.page.select is other.page.select
    assert one.values != other.values
    assert "a" in one.values.values() and "b" in other.values.values()
    assert not {"a", "b"} & bound, text


def _binds(select: sa.Select[Any]) -> list[Any]:
    found: list[Any] = []
    sa.sql.visitors.traverse(select, {}, {"bindparam": found.append})
    return found


async def test_callers_get_their_own_rows_of_a_shared_statement(api: Api) -> None:
    query = "{ reviews { nodes { text book { title } } } }"
    found = [(await api.execute(query, context=caller)).data for caller in (A, B, A)]

    assert found[0] == found[2]
    assert found[0] == {
        "reviews": {"nodes": [{"text": "good", "book": {"title": "One"}}, {"text": "bad", "book": {"title": "Three"}}]}
    }
    assert found[1] == {"reviews": {"nodes": [{"text": "b's", "book": {"title": "Two"}}]}}


KEPT = {
    "below": "{ tags { nodes { books { totalCount nodes { title } } } } }",
    "filter_below": '{ authors { nodes { name books(where: {tags: {some: {label: {eq: "green"}}}}) { nodes { title } } } } }',
    "order_below": "{ authors { nodes { name books(orderBy: [{tags: {count: DESC}}]) { nodes { title } } } } }",
    "record": '{ node(id: "VGFnOjE=") { ... on Tag { books { nodes { title } } } } }',
}


@pytest.mark.parametrize("name", KEPT)
async def test_plans_that_are_kept_for_a_document_are_those_of_no_caller(engine: AsyncEngine, name: str) -> None:
    """The model of the root field has no policy; what is below it is another one's for each caller."""
    hidden = Policy(read=lambda caller, model: model.tenant == caller.tenant)
    below = Tag if name in ("filter_below", "order_below") else Book
    api, fresh = (Api(Base, engine, models={below: ModelOptions(policy=hidden)}) for _ in range(2))
    found = [(await api.execute(KEPT[name], context=each)).data for each in (A, A, B, B, A)]
    alone = (await fresh.execute(KEPT[name], context=B)).data

    assert found[0] == found[1] == found[4] != found[2] == found[3] == alone


async def test_rights_to_columns_are_not_kept_for_a_document(engine: AsyncEngine) -> None:
    api = Api(Base, engine, models=tenancy.OPTIONS)
    staff = Caller("a", staff=True)
    errors = [
        len((await api.execute("{ books { nodes { cost } } }", context=each)).errors or ())
        for each in (staff, staff, A, staff, A)
    ]

    assert errors == [0, 0, 1, 0, 1]


def test_a_form_holds_the_values_of_nobody() -> None:
    def rule(tenant: str, ids: list[int]) -> Any:
        return Book.author.has(Author.tenant == tenant) & Book.id.in_(ids) & (Book.title != tenant)

    one, values = read_clause(rule("secret", [1, 2]))
    other, others = read_clause(rule("other", [3]))

    assert one is other
    assert (values, others) == (("secret", [1, 2], "secret"), ("other", [3], "other"))
    assert {each.value for each in _binds(sa.select(1).where(one.expression))} == {None}


def test_values_that_are_bound_one_after_the_other_never_share_a_name() -> None:
    """Names are made of places in memory, which come again when what was there is gone."""
    clauses = []
    for number in range(20):
        clause, values = read_clause(Book.title == f"title {number}")
        clauses.append(stated_clause(Stated(clause, values)))
        gc.collect()
    text, parameters = _compiled(sa.select(Book.id).where(sa.or_(*clauses)))

    assert sorted(parameters.values()) == sorted(f"title {number}" for number in range(20)), text


def _compiled(select: sa.Select[Any]) -> tuple[str, dict[str, Any]]:
    compiled = select.compile()
    return str(compiled), dict(compiled.params)


async def test_a_rule_may_have_lists_and_conditions_of_its_own(engine: AsyncEngine) -> None:
    """Also a record of the same class, and a caller who is nobody."""

    def among(caller: Any) -> Any:
        if caller is None:
            return False
        later = sa.select(Book.id).where(Book.tenant == caller.tenant, Book.state == "sold")
        return Book.id.in_([1, 2, 4]) | Book.id.in_(later)

    api = Api(Base, engine, models={Book: ModelOptions(policy=Policy(read=among))})
    query = "{ books { nodes { rowId } } }"
    found = [(await api.execute(query, context=each)).data for each in (A, B, None)]

    assert found == [{"books": {"nodes": [{"rowId": each} for each in ids]}} for ids in ([1, 2, 3, 4], [1, 2, 4], [])]


async def test_a_rule_is_asked_for_once_in_a_request(engine: AsyncEngine) -> None:
    asked: list[Caller] = []

    def counted(caller: Caller) -> Any:
        asked.append(caller)
        return Book.tenant == caller.tenant

    api = Api(Base, engine, models={Book: ModelOptions(policy=Policy(read=counted))})
    result = await api.execute(
        "{ books(where: {author: {is: {books: {count: {gt: 0}}}}}) "
        "{ totalCount nodes { author { books { nodes { title } } } } } }",
        context=A,
    )

    assert result.errors is None
    assert asked == [A]


# ---------- what the application does itself ----------


class BookFields:
    @gqlcrud.field(requires=["id", "author_id"])
    async def around(self: Book, info: strawberry.Info) -> str:
        """What the loaders of a resolver give: records that the caller sees, with columns that the resolver names."""
        author = await gqlcrud.load_relation(info, self, Book.author, columns=["name"])
        tags = await gqlcrud.load_relation(info, self, Book.tags, columns=["label"])
        books = await gqlcrud.load_records(info, Book, [1, 2], columns=["cost"])
        costs = [None if each is None else each.cost for each in books]
        return f"{author and author.name} {[tag.label for tag in tags]} {costs}"


async def test_loaders_of_resolvers_load_what_the_caller_sees(engine: AsyncEngine) -> None:
    options = {**tenancy.OPTIONS, Book: ModelOptions(policy=tenancy.BOOKS, fields=BookFields)}
    api = Api(Base, engine, models=options)
    result = await api.execute("{ books { nodes { around } } }", context=A)

    assert result.data == {
        "books": {
            "nodes": [
                {"around": "Ann ['red'] [5, None]"},
                {"around": "Ann ['blue', 'red'] [5, None]"},
                {"around": "None [] [5, None]"},
            ]
        }
    }


async def test_code_of_the_application_is_trusted_unless_it_says_otherwise(api: Api) -> None:
    books = Crud(Book, api=api)

    async def titles(crud: Crud[Book], **options: Any) -> list[str]:
        return [each["title"] for each in await crud.get_multi(None, select=["title"], **options)]

    assert await titles(books) == ["One", "Two", "Three", "Four", "Five"]
    assert await titles(books.with_context(A)) == ["One", "Two", "Three", "Four", "Five"]
    assert await titles(books.with_context(A, policies=True)) == ["One", "Three", "Five"]
    assert await titles(books, cost=50) == ["Two"]


REFUSED: dict[str, tuple[Callable[[Crud[Book]], Any], type[Exception], list[tuple[str, tuple[Any, ...]]]]] = {
    "select": (lambda crud: crud.get(None, 1, select=["cost"]), Forbidden, [("FORBIDDEN", ("cost",))]),
    "where": (lambda crud: crud.count(None, {"cost": {"gt": 1}}), Forbidden, [("FORBIDDEN", ("where", "cost"))]),
    "equal": (lambda crud: crud.count(None, cost=1), Forbidden, [("FORBIDDEN", ("cost",))]),
    "order": (
        lambda crud: crud.get_multi(None, order_by="cost", select=["title"]),
        Forbidden,
        [("FORBIDDEN", ("order_by", 0))],
    ),
    "update": (lambda crud: crud.update(None, 2, {"title": "x"}, select=["title"]), NotFound, [("NOT_FOUND", ())]),
    "update_named": (
        lambda crud: crud.update(None, 3, {"title": "x"}, select=["title"]),
        Forbidden,
        [("FORBIDDEN", ())],
    ),
    "delete": (lambda crud: crud.delete(None, 3), Forbidden, [("FORBIDDEN", ())]),
    "create": (
        lambda crud: crud.create(None, {"tenant": "b", "title": "x"}, select=["title"]),
        Forbidden,
        [("FORBIDDEN", ())],
    ),
    "write": (
        lambda crud: crud.create(None, {"tenant": "a", "title": "x", "cost": 1}, select=["title"]),
        Forbidden,
        [("FORBIDDEN", ("cost",))],
    ),
    "insert_multi": (
        lambda crud: crud.insert_multi(None, [{"tenant": "a", "title": "x"}, {"tenant": "b", "title": "y"}]),
        Forbidden,
        [("FORBIDDEN", (1,))],
    ),
    "update_multi": (
        lambda crud: crud.update_multi(None, [{"id": 1, "title": "x"}, {"id": 3, "title": "y"}]),
        Forbidden,
        [("FORBIDDEN", (1,))],
    ),
    "upsert_multi": (
        lambda crud: crud.upsert_multi(None, [{"tenant": "a", "isbn": "3", "title": "y"}], on=["tenant", "isbn"]),
        Forbidden,
        [("FORBIDDEN", (0,))],
    ),
    "delete_multi": (lambda crud: crud.delete_multi(None, keys=[3]), Forbidden, [("FORBIDDEN", (0,))]),
    "connect": (
        lambda crud: crud.update(None, 1, {"author": {"connect": 2}}, select=["title"]),
        Invalid,
        [("NOT_FOUND", ("author", "connect"))],
    ),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_crud_under_policies_refuses_what_the_api_refuses(api: Api, name: str) -> None:
    call, kind, expected = REFUSED[name]
    crud = Crud(Book, api=api)
    before = [dict(each) for each in await crud.get_multi(None, select=["id", "title", "tenant", "cost"])]

    with pytest.raises(kind) as error:
        await call(crud.with_context(A, policies=True))
    after = [dict(each) for each in await crud.get_multi(None, select=["id", "title", "tenant", "cost"])]

    assert [(each.code.value, each.path) for each in error.value.errors] == expected  # type: ignore[attr-defined]
    assert before == after


async def test_a_statement_of_instances_needs_the_right_to_every_column(engine: AsyncEngine, api: Api) -> None:
    with pytest.raises(Forbidden) as error:
        Crud(Book, api=api).with_context(A, policies=True).select(engine)
    statement = Crud(Tag, api=api).with_context(A, policies=True).select(engine)
    async with AsyncSession(engine) as session:
        tags = (await session.scalars(statement)).all()

    assert str(error.value) == "You may not read cost of Book."
    assert {each.tenant for each in tags} == {"a"}


async def test_an_endpoint_under_policies_tells_the_parameter(api: Api) -> None:
    books = api.crud(Book)
    app = FastAPI()
    install_error_handlers(app)

    @app.get("/books")
    async def listed(params: Annotated[ListParams, Depends(books.params())]) -> PageResponse[dict[str, Any]]:
        return await books.with_context(A, policies=True).list(None, params, select=["title"])

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop") as client:
        shown = await client.get("/books?total=true")
        hidden = [(await client.get(f"/books?{query}")) for query in ("cost=5", "sort=cost", "facet=cost")]

    assert (shown.json()["total"], [each["title"] for each in shown.json()["items"]]) == (3, ["One", "Three", "Five"])
    assert [each.status_code for each in hidden] == [403, 403, 422]
    assert [each.json()["detail"][0]["path"] for each in hidden] == [
        ["query", "cost"],
        ["query", "sort", 0],
        ["query", "facet", 0],
    ]


async def test_what_a_condition_of_python_means_is_what_may_be_deleted(engine: AsyncEngine, api: Api) -> None:
    """Not drafts alone, as the policy says, and none of the other tenant."""
    await save(engine, Author(id=50, tenant="b", name="Del", email="x@b"), Tag(id=50, tenant="a", label="del"))
    tags = Crud(Tag, api=api).with_context(A, policies=True)
    authors = Crud(Author, api=api).with_context(A, policies=True)

    assert (await tags.delete_multi(None, label="del")).hard_deleted == 1
    assert (await authors.delete_multi(None, name="Del")).hard_deleted == 0
    assert (await Crud(Author, api=api).delete_multi(None, name="Del")).hard_deleted == 1


# ---------- operations, and what holds for all ----------


async def test_operations_that_a_caller_lacks_are_forbidden(engine: AsyncEngine) -> None:
    def operations(caller: Caller) -> Any:
        return ["list", "create", "update", "delete", "bulk", "get"] if caller.staff else ["list"]

    api = Api(Base, engine, policy=Policy(operations=operations))
    found = []
    for query in (
        "{ books { totalCount } }",
        '{ book(by: {id: "Qm9vazox"}) { title } }',
        '{ node(id: "Qm9vazox") { id } nodes(ids: ["Qm9vazox"]) { id } }',
        "mutation { deleteReviews(input: {where: {}, allRows: true}) { errors { code message path } } }",
        "mutation { deleteReview(input: {by: {rowId: 99}}) { errors { code message path } } }",
        'mutation { updateBook(input: {by: {rowId: 99}, patch: {author: {create: {name: "x", tenant: "a", email: "y"}}}}) '
        "{ errors { code message path } } }",
    ):
        result = await api.execute(query, context=A)
        found.append((result.data, [(each.message, each.extensions) for each in result.errors or ()]))

    def refused(field: str, *errors: tuple[str, list[str]]) -> Any:
        told = [{"code": "FORBIDDEN", "message": message, "path": path} for message, path in errors]
        return {field: {"errors": told}}, []

    assert found == [
        ({"books": {"totalCount": 5}}, []),
        ({"book": None}, [("You may not get Book records.", {"code": "FORBIDDEN"})]),
        ({"node": None, "nodes": [None]}, []),
        refused("deleteReviews", ("You may not write many Review records at once.", ["input"])),
        refused("deleteReview", ("You may not delete Review records.", ["input"])),
        refused(
            "updateBook",
            ("You may not create Author records.", ["input", "patch", "author", "create"]),
            ("You may not update Book records.", ["input", "patch"]),
        ),
    ]
    assert (await api.execute('{ node(id: "Qm9vazox") { id } }', context=Caller("a", staff=True))).data == {
        "node": {"id": "Qm9vazox"}
    }


async def test_the_policy_of_the_api_holds_where_a_model_says_nothing(engine: AsyncEngine) -> None:
    everyone = Policy(read=lambda caller, model: model.id > 1, read_columns=AllBut("email", "cost"))
    api = Api(
        [Author, Book, Tag],
        engine,
        policy=everyone,
        models={Tag: ModelOptions(policy=Policy(read=True)), Book: ModelOptions(policy=Policy(read_columns=True))},
    )
    result = await api.execute("{ authors { totalCount } books { nodes { cost } } tags { totalCount } }", context=A)
    hidden = await api.execute("{ authors { nodes { email } } }", context=A)

    assert result.data is not None and result.errors is None
    assert (result.data["authors"], len(result.data["books"]["nodes"])) == ({"totalCount": 2}, 4)
    assert result.data["tags"] == {"totalCount": 3}
    assert [each.message for each in hidden.errors or ()] == ["You may not read email of Author."]


COLUMNS: dict[str, tuple[Any, str, str]] = {
    "relation": ({"title"}, "{ books { nodes { author { name } } } }", "You may not read author of Book."),
    "key": ({"title"}, "{ books { nodes { authorId } } }", "You may not read authorId of Book."),
    "back": ({"title"}, "{ authors { nodes { books { nodes { title } } } } }", "You may not read books of Author."),
    "filter_relation": (
        {"title"},
        "{ books(where: {author: {isNull: true}}) { totalCount } }",
        "You may not filter by author of Book.",
    ),
    "count": (
        {"title"},
        "{ authors(where: {books: {count: {gt: 1}}}) { totalCount } }",
        "You may not filter by books of Author.",
    ),
    "order_count": (
        {"title"},
        "{ authors(orderBy: [{books: {count: ASC}}]) { totalCount } }",
        "You may not order by books of Author.",
    ),
    "unique_key": (
        {"title"},
        '{ book(by: {tenantIsbn: {tenant: "a", isbn: "1"}}) { title } }',
        "You may not filter by tenant of Book.",
    ),
    "facet": ({"title", "author"}, "{ books { facets { state { value } } } }", "You may not filter by state of Book."),
    "upsert_key": (
        AllBut("isbn"),
        'mutation { upsertBook(input: {on: TENANT_ISBN, create: {tenant: "a", isbn: "1", title: "x"}, '
        'update: {title: "x"}}) { errors { code message } } }',
        "You may not filter by isbn of Book.",
    ),
    "search": (
        AllBut("title"),
        '{ books(search: "x", searchFields: [TITLE]) { totalCount } }',
        "You may not filter by title of Book.",
    ),
}


VERSIONS = {
    "update": 'updateBook(input: {by: {rowId: 1}, version: 1, patch: {title: "x"}})',
    "delete": "deleteBook(input: {by: {rowId: 1}, version: 1})",
    "update_each": 'updateEachBook(input: {items: [{by: {rowId: 1}, version: 1, patch: {title: "x"}}]})',
    "nested": (
        "updateAuthor(input: {by: {rowId: 1}, patch: {books: {update: "
        '[{by: {rowId: 1}, version: 1, patch: {title: "x"}}]}}})'
    ),
}


@pytest.mark.parametrize("version", [1, 7], ids=["right", "wrong"])
@pytest.mark.parametrize("name", VERSIONS)
async def test_a_hidden_version_cannot_be_guessed(engine: AsyncEngine, name: str, version: int) -> None:
    """The answer to a guess would tell whether it is right, and so how often the record was changed."""
    api = Api(Base, engine, models={Book: ModelOptions(policy=Policy(read_columns=AllBut("version")))})
    text = VERSIONS[name].replace("version: 1", f"version: {version}")
    result = await api.execute(f"mutation {{ {text} {{ errors {{ code message path }} }} }}", context=A)

    paths = {
        "update_each": ["input", "items", "0", "version"],
        "nested": ["input", "patch", "books", "update", "0", "version"],
    }
    path = paths.get(name, ["input", "version"])
    error = {"code": "FORBIDDEN", "message": "You may not filter by version of Book.", "path": path}
    assert (result.data, result.errors) == ({text.partition("(")[0]: {"errors": [error]}}, None)


@pytest.mark.parametrize("version", [1, 7], ids=["right", "wrong"])
async def test_a_hidden_version_cannot_be_guessed_by_a_crud(engine: AsyncEngine, version: int) -> None:
    api = Api(Base, engine, models={Book: ModelOptions(policy=Policy(read_columns=AllBut("version")))})
    books = Crud(Book, api=api).with_context(A, policies=True)
    for call in (books.update(None, 1, {"title": "x"}, version=version), books.delete(None, 1, version=version)):
        with pytest.raises(Forbidden) as error:
            await call
        assert [(each.message, each.path) for each in error.value.errors] == [
            ("You may not filter by version of Book.", ("version",))
        ]


@pytest.mark.parametrize("name", COLUMNS)
async def test_a_hidden_column_cannot_be_had_in_another_way(engine: AsyncEngine, name: str) -> None:
    columns, query, message = COLUMNS[name]
    options = ModelOptions(policy=Policy(read_columns=columns), facets=["state"], searchable=["title", "author.name"])
    result = await Api(Base, engine, models={Book: options}).execute(query, context=A)

    told = [(each.message, (each.extensions or {})["code"]) for each in result.errors or ()]
    payload = (result.data or {}).get("upsertBook") or {"errors": []}
    told += [(each["message"], each["code"]) for each in payload["errors"]]
    assert told == [(message, "FORBIDDEN")]


async def test_a_search_leaves_out_hidden_columns(engine: AsyncEngine) -> None:
    options = ModelOptions(policy=Policy(read_columns=AllBut("author")), searchable=["title", "author.name"])
    api = Api(Base, engine, models={Book: options})
    result = await api.execute('{ a: books(search: "Bob") { totalCount } b: books(search: "Tw") { totalCount } }')

    assert result.data == {"a": {"totalCount": 0}, "b": {"totalCount": 1}}


async def test_a_cursor_shows_no_hidden_value(engine: AsyncEngine) -> None:
    """A list may be ordered by what may not be read, and has no cursors then."""
    policy = Policy(read_columns=AllBut("cost"), order_columns=True)
    api = Api(Base, engine, models={Book: ModelOptions(policy=policy)})
    ordered = await api.execute("{ books(orderBy: [{cost: DESC}]) { nodes { title } } }")
    refused = await api.execute("{ books(orderBy: [{cost: DESC}]) { pageInfo { endCursor } } }")

    assert ordered.errors is None
    assert [each.message for each in refused.errors or ()] == ["You may not read cost of Book."]


# ---------- mistakes ----------


class Own(DeclarativeBase):
    pass


class Person(Own):
    __tablename__ = "person"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "person"}

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]


class Clerk(Person):
    __tablename__ = "clerk"
    __mapper_args__ = {"polymorphic_identity": "clerk"}

    id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    salary: Mapped[int]


class Seat(Own):
    __tablename__ = "seat"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"), primary_key=True)

    note: Mapped[str | None]

    person: Mapped[Person] = relationship()
    room: Mapped["Room"] = relationship(back_populates="seats")


class Memo(Own):
    __tablename__ = "memo"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str]
    deleted_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))


class Room(Own):
    __tablename__ = "room"

    id: Mapped[int] = mapped_column(primary_key=True)

    seats: Mapped[list[Seat]] = relationship(back_populates="room")


async def later(_: Any) -> bool:
    return True


MISTAKES: dict[str, tuple[type, Any, str]] = {
    "kind": (Person, "read", "ModelOptions(policy=...) of Person takes gqlcrud.Policy(read=..., ...), not 'read'."),
    "async": (
        Person,
        Policy(read=later),  # type: ignore[arg-type]
        "ModelOptions(policy=...) of Person: read is async, and plans are made without waiting: look up what it needs where "
        "the context is made.",
    ),
    "rule": (
        Person,
        Policy(read="name = 'x'"),  # type: ignore[arg-type]
        "Policy(read=...) of Person gives \"name = 'x'\"; it takes True, False, or a condition over Person as SQLAlchemy has "
        "it, such as Person.owner_id == context.user_id.",
    ),
    "table": (
        Person,
        Policy(read=Room.id == 1),
        "Policy(read=...) of Person is a condition over room, and not over Person alone. Say what related records are to be by "
        "the relation: Person.<relation>.has(...) or .any(...).",
    ),
    "column": (
        Room,
        Policy(read_columns={"nmae"}),
        "Policy(read_columns=...) of Room names 'nmae', and the columns of Room are: id.",
    ),
    "text": (
        Room,
        Policy(write_columns="id"),
        "Policy(write_columns=...) of Room is 'id'; it takes True, False, attributes as in {'title'}, or AllBut('title').",
    ),
    "operation": (
        Room,
        Policy(operations={"read"}),  # type: ignore[arg-type]
        "Policy(operations=...) of Room is {'read'}; it takes a collection of: 'get', 'list', 'create', 'update', 'delete', "
        "'restore', 'bulk'.",
    ),
    "inherited": (
        Clerk,
        Policy(read=True),
        "ModelOptions(policy=...) of Clerk: a Clerk is read as a Person too, so one policy holds for both. Say it in the options "
        "of Person; it may name attributes of Clerk.",
    ),
    "link": (
        Seat,
        Policy(read=Seat.room_id > 1),
        "Person.rooms passes over the Seat records that it goes through, and the policy of Seat hides some of them. Leave the "
        "relation out: models={Person: ModelOptions(exclude={'rooms'})}, or say Policy(read=True) for Seat.",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_a_policy_is_told_at_start_up(name: str) -> None:
    entity, policy, message = MISTAKES[name]
    with pytest.raises(ConfigurationError) as error:
        Api(Own, create_async_engine("sqlite+aiosqlite://"), models={entity: ModelOptions(policy=policy)})

    assert str(error.value) == message


def test_a_condition_over_one_class_is_no_policy_of_all() -> None:
    with pytest.raises(ConfigurationError) as error:
        Api(Own, create_async_engine("sqlite+aiosqlite://"), policy=Policy(read=Room.id > 1))

    assert str(error.value) == (
        "Api(policy=Policy(read=...)) is a condition over one class, and the policy holds for all of them. Give a function of "
        "the context and the class: read=lambda context, model: ..."
    )


async def test_a_rule_that_gives_something_else_shows_nothing(engine: AsyncEngine) -> None:
    api = Api(Base, engine, models={Book: ModelOptions(policy=Policy(read=lambda _: None))})  # type: ignore[arg-type]
    result = await api.execute("{ books { totalCount } }")

    assert result.data == {"books": None} or result.data is None
    assert [(each.extensions or {})["code"] for each in result.errors or ()] == ["INTERNAL_ERROR"]


async def test_deleted_records_of_others_stay_hidden(make_engine: MakeEngine) -> None:
    """Whoever may see deleted records, and restore or delete them for good, may do so with records of their own."""
    engine = await make_engine(Own.metadata)
    gone = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    await save(engine, *(Memo(owner=each, deleted_at=gone) for each in ("ann", "bob", "ann")))
    options = ModelOptions(
        soft_delete=SoftDelete("deleted_at", show_deleted=True, hard_delete=True),
        policy=Policy(read=lambda user: Memo.owner == user, delete=lambda user: Memo.owner == user),
    )
    api = Api([Memo], engine, models={Memo: options})
    found = []
    for query in (
        "{ memos(deleted: INCLUDE) { totalCount nodes { rowId } } }",
        "mutation { restoreMemo(input: {by: {rowId: 2}}) { errors { code } } }",
        "mutation { deleteMemo(input: {by: {rowId: 2}, hard: true}) { errors { code } } }",
        "mutation { restoreMemo(input: {by: {rowId: 1}}) { memo { rowId } errors { code } } }",
        "mutation { deleteMemo(input: {by: {rowId: 3}, hard: true}) { deletedId errors { code } } }",
    ):
        result = await api.execute(query, context="ann")
        assert result.errors is None
        found.append(result.data)

    assert found == [
        {"memos": {"totalCount": 2, "nodes": [{"rowId": 1}, {"rowId": 3}]}},
        {"restoreMemo": {"errors": [{"code": "NOT_FOUND"}]}},
        {"deleteMemo": {"errors": [{"code": "NOT_FOUND"}]}},
        {"restoreMemo": {"memo": {"rowId": 1}, "errors": []}},
        {"deleteMemo": {"deletedId": "TWVtbzoz", "errors": []}},
    ]


async def test_links_that_are_records_are_under_a_policy_of_their_own(make_engine: MakeEngine) -> None:
    """Where one is read, so are its columns on the edge; who links makes one, and who takes apart deletes one."""
    engine = await make_engine(Own.metadata)
    await save(engine, Person(name="x"), Room(), Room())
    await save(engine, Seat(person_id=1, room_id=1, note="old"))
    own = Policy(
        create=lambda _: Seat.room_id == 1, delete=False, read_columns=AllBut("note"), write_columns={"person_id"}
    )
    api = Api(Own, engine, models={Seat: ModelOptions(policy=own)})
    by = "updatePerson(input: {by: {rowId: 1}, patch: {rooms: "
    shown = "}}) { person { rooms { nodes { rowId } } } errors { code message } }"
    found = []
    for query in (
        "{ people { nodes { rooms { edges { note } } } } }",
        "{ people { nodes { rooms(orderBy: [{note: ASC}]) { totalCount } } } }",
        f"mutation {{ {by} {{connect: [{{by: {{rowId: 2}}}}]}} {shown} }}",
        f"mutation {{ {by} {{disconnect: [{{rowId: 1}}]}} {shown} }}",
        f'mutation {{ {by} {{connect: [{{by: {{rowId: 1}}, edge: {{note: "new"}}}}]}} {shown} }}',
    ):
        result = await api.execute(query)
        told = [error.message for error in result.errors or ()]
        told += [error["message"] for error in (result.data or {}).get("updatePerson", {"errors": []})["errors"]]
        found.append(told)

    assert found == [
        ["You may not read note of Seat."],
        ["You may not order by note of Seat."],
        ["You may not create such a Seat."],
        ["You may not delete this Seat."],
        ["You may not write note of Seat."],
    ]


async def test_classes_that_inherit_are_under_the_policy_of_the_first(make_engine: MakeEngine) -> None:
    engine = await make_engine(Own.metadata)
    await save(engine, Person(name="x"), Clerk(name="y", salary=1), Clerk(name="z", salary=2))
    policy = Policy(read=lambda _: Person.name != "z", read_columns=AllBut(Clerk.salary))
    api = Api(Own, engine, models={Person: ModelOptions(policy=policy)})
    result = await api.execute("{ people { totalCount } clerks { nodes { name } } }")
    hidden = await api.execute("{ clerks { nodes { salary } } }")

    assert result.errors is None, result.errors
    assert result.data == {"people": {"totalCount": 2}, "clerks": {"nodes": [{"name": "y"}]}}
    assert [each.message for each in hidden.errors or ()] == ["You may not read salary of Clerk."]
