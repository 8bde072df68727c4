"""The connection of an operation: one at a time, taken late and given back early, whatever becomes of the operation."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
import strawberry
from sqlalchemy import Integer, literal_column, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column
from strawberry.types import Info

from gqlcrud import Api, ModelOptions, connection, field, load_record
from tests.databases import Backend, MakeEngine, SqliteFolder, engine_maker, record_statements
from tests.pools import SLOW, Checkouts, small_pool, taken, until, watch
from tests.running import refused, run, save
from tests.serving import app_of, client_of, graphql_message, post, served
from tests.shelf import Author, Base, Book, Tag

NO_CHECKOUT = Checkouts()


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncEngine:
    """Two authors with two books each, every book with the one tag."""
    engine = await make_engine(Base.metadata)
    tag = Tag(id=1, label="new")
    authors = [
        Author(
            id=number,
            name=f"Author {number}",
            books=[
                Book(id=10 * number + place, title=f"Book {number}{place}", price=1, version=1, tags=[tag])
                for place in (1, 2)
            ],
        )
        for number in (1, 2)
    ]
    await save(engine, *authors)
    return engine


@pytest.fixture
async def sqlite_engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    async with engine_maker(SqliteFolder(tmp_path)) as make:
        yield await make(Base.metadata)


# ---------- fields that resolve at the same time ----------

TEN_FIELDS = """
{
  a: authors { nodes { name } }
  b: authors(first: 1) { nodes { books { nodes { title tags { nodes { label } } } } } }
  c: books(where: {title: {eq: "Book 11"}}) { totalCount nodes { author { name books { totalCount } } } }
  d: tags { nodes { books(first: 1) { nodes { title } pageInfo { hasNextPage } } } }
  e: author(by: {rowId: 1}) { name }
  f: author(by: {rowId: 2}) { books(last: 1) { nodes { title } } }
  g: author(by: {rowId: 3}) { name }
  h: node(id: "QXV0aG9yOjE") { ... on Author { name } }
  i: nodes(ids: ["QXV0aG9yOjE", "Qm9vazoxMQ", "x"]) { id }
  j: orderItems { totalCount }
}
"""
TEN_ANSWERS: dict[str, Any] = {
    "a": {"nodes": [{"name": "Author 1"}, {"name": "Author 2"}]},
    "b": {
        "nodes": [
            {
                "books": {
                    "nodes": [
                        {"title": "Book 11", "tags": {"nodes": [{"label": "new"}]}},
                        {"title": "Book 12", "tags": {"nodes": [{"label": "new"}]}},
                    ]
                }
            }
        ]
    },
    "c": {"totalCount": 1, "nodes": [{"author": {"name": "Author 1", "books": {"totalCount": 2}}}]},
    "d": {"nodes": [{"books": {"nodes": [{"title": "Book 11"}], "pageInfo": {"hasNextPage": True}}}]},
    "e": {"name": "Author 1"},
    "f": {"books": {"nodes": [{"title": "Book 22"}]}},
    "g": None,
    "h": {"name": "Author 1"},
    "i": [{"id": "QXV0aG9yOjE"}, {"id": "Qm9vazoxMQ"}, None],
    "j": {"totalCount": 0},
}


@pytest.mark.parametrize("pre_ping", [False, True])
async def test_ten_root_fields_share_one_connection(engine: AsyncEngine, pre_ping: bool) -> None:
    async with small_pool(engine, pool_pre_ping=pre_ping) as cold:
        checkouts = watch(cold)

        assert await run(Api(Base, cold), TEN_FIELDS) == TEN_ANSWERS
        assert (checkouts, taken(cold)) == (Checkouts(taken=1, most=1), 0)


@pytest.mark.parametrize("pre_ping", [False, True])
async def test_fifty_operations_share_two_connections(engine: AsyncEngine, pre_ping: bool) -> None:
    query = "{ a: author(by: {rowId: 1}) { name } b: author(by: {rowId: 2}) { books { nodes { title } } } tags { totalCount } }"
    answer = {
        "a": {"name": "Author 1"},
        "b": {"books": {"nodes": [{"title": "Book 21"}, {"title": "Book 22"}]}},
        "tags": {"totalCount": 1},
    }
    async with small_pool(engine, 2, pool_pre_ping=pre_ping, pool_timeout=30) as cold:
        api = Api(Base, cold)
        checkouts = watch(cold)

        answers = await asyncio.gather(*(run(api, query) for _ in range(50)))

        assert answers == [answer] * 50
        assert (checkouts, taken(cold)) == (Checkouts(taken=50, most=2), 0)


class Selects:
    """Fields with statements of their own, three each, one after the other."""

    @strawberry.field
    async def select(self, number: int) -> int:
        async with connection(Author) as own:
            total = 0
            for _ in range(3):
                total += int((await own.execute(text(f"SELECT {number} AS own"))).scalar_one())
                await asyncio.sleep(0.001)
        return total


async def test_statements_of_own_resolvers_stay_together(engine: AsyncEngine) -> None:
    async with small_pool(engine) as cold:
        api = Api(Base, cold, query=Selects)
        document = "".join(f"s{number}: select(number: {number}) " for number in range(5))
        with record_statements(cold) as statements:
            data = await run(api, f"{{ {document} a: authors {{ totalCount }} b: books {{ nodes {{ title }} }} }}")

    assert [data[f"s{number}"] for number in range(5)] == [0, 3, 6, 9, 12]
    assert (data["a"], len(data["b"]["nodes"])) == ({"totalCount": 2}, 4)
    own = [sql for sql, _ in statements if sql.endswith("AS own")]
    runs = [sql for place, (sql, _) in enumerate(statements) if place == 0 or sql != statements[place - 1][0]]
    assert own == [f"SELECT {number} AS own" for number in range(5) for _ in range(3)]
    assert [sql for sql in runs if sql.endswith("AS own")] == [f"SELECT {number} AS own" for number in range(5)]


# ---------- late and early ----------


class Pauses:
    @strawberry.field
    def constant(self) -> int:
        return 1

    @strawberry.field
    async def after_return(self, info: Info) -> int:
        """How many connections are taken now, and once all are back."""
        await until(info.context, 0)
        return taken(info.context)


@pytest.mark.parametrize(
    "query",
    [
        "{ __typename }",
        "{ constant }",
        "{ __schema { queryType { name } } }",
        '{ node(id: "junk") { id } }',
        "{ nodes(ids: []) { id } }",
        "{ authors(first: -1) { totalCount } }",
        '{ authors(after: "junk") { totalCount } books(first: 501) { totalCount } }',
        '{ author(by: {id: "Qm9vazox"}) { name } }',
        "{ nofield }",
        "{",
    ],
)
async def test_nothing_is_taken_for_what_needs_no_database(engine: AsyncEngine, query: str) -> None:
    checkouts = watch(engine)

    await Api(Base, engine, query=Pauses).execute(query)

    assert checkouts == NO_CHECKOUT


async def test_connection_is_back_before_the_operation_ends(engine: AsyncEngine) -> None:
    """The field waits in vain if the operation keeps what it took for its siblings."""
    result = await Api(Base, engine, query=Pauses).execute(
        "{ authors { nodes { books { totalCount } } } afterReturn constant }", context=engine
    )

    assert result.errors is None
    assert result.data == {
        "authors": {"nodes": [{"books": {"totalCount": 2}}, {"books": {"totalCount": 2}}]},
        "afterReturn": 0,
        "constant": 1,
    }


# ---------- errors ----------


class Faulty:
    @strawberry.field
    async def before(self) -> int | None:
        raise ValueError("before")

    @strawberry.field
    async def within(self) -> int | None:
        async with connection(Author):
            raise ValueError("within")

    @strawberry.field
    async def statement(self) -> int | None:
        async with connection(Author) as own:
            await own.execute(text("SELECT nonsense FROM nowhere"))
        return 1

    @strawberry.field
    async def at_once(self) -> int:
        raise ValueError("not even null")


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ('{ a: authors(after: "junk") { totalCount } authors { totalCount } }', ["VALIDATION"]),
        ("{ before authors { totalCount } }", ["INTERNAL_ERROR"]),
        ("{ within authors { totalCount } }", ["INTERNAL_ERROR"]),
        ("{ statement authors { totalCount } }", ["INTERNAL_ERROR"]),
        ("{ atOnce a: authors { totalCount } b: books { nodes { author { name } } } }", ["INTERNAL_ERROR"]),
        ("{ orderItems { totalCount } authors { totalCount } }", ["INTERNAL_ERROR"]),
        ("{ books { nodes { orderItems { totalCount } } } }", ["INTERNAL_ERROR"]),
    ],
)
async def test_pool_is_whole_after_errors(engine: AsyncEngine, query: str, codes: list[str]) -> None:
    async with engine.begin() as own:
        await own.execute(text("DROP TABLE order_item"))
    async with small_pool(engine) as pool:
        api = Api(Base, pool, query=Faulty)
        for _ in range(3):
            assert [code for code, _ in await refused(api, query)] == codes
            assert taken(pool) == 0

        assert await run(api, "{ authors { totalCount } }") == {"authors": {"totalCount": 2}}


class Counted(sqlite3.Connection):
    """Counts how many of its kind are open."""

    open: ClassVar[int] = 0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        Counted.open += 1

    def close(self) -> None:
        super().close()
        Counted.open -= 1


async def test_file_is_closed_that_was_opened_for_a_failed_operation(sqlite_engine: AsyncEngine) -> None:
    """The thread that opens it does not learn that nobody waits for it."""
    async with small_pool(sqlite_engine, connect_args={"factory": Counted}) as pool:
        api = Api(Base, pool, query=Faulty)
        for _ in range(5):
            assert await refused(api, "{ atOnce authors { totalCount } books { totalCount } }")

        assert Counted.open == pool.pool.checkedin()  # type: ignore[attr-defined]  # every pool that queues has it
    assert Counted.open == 0


async def test_cancelled_operation_does_not_wait_for_a_pool(sqlite_engine: AsyncEngine) -> None:
    async with small_pool(sqlite_engine, pool_timeout=30) as pool:
        api = Api(Base, pool, query=Faulty)
        async with pool.connect():
            async with asyncio.timeout(10):
                assert await refused(api, "{ atOnce authors { totalCount } books { totalCount } }")
        assert taken(pool) == 0


async def test_one_field_fails_and_its_siblings_answer(engine: AsyncEngine) -> None:
    async with small_pool(engine) as pool:
        result = await Api(Base, pool, query=Faulty).execute(
            "{ statement before within a: author(by: {rowId: 1}) { name } b: books(first: 1) { nodes { title } } }"
        )

    assert result.data == {
        "statement": None,
        "before": None,
        "within": None,
        "a": {"name": "Author 1"},
        "b": {"nodes": [{"title": "Book 11"}]},
    }


class TagFields:
    """Fields of Tag: one that fails while it keeps the connection from all others, and one that waits for it."""

    @field()
    async def bang(self, fails: bool) -> int:
        if fails:
            async with connection(Author):
                await asyncio.sleep(0.02)
                raise ValueError("bang")
        return 1

    @field()
    async def writer(self, info: Info) -> Author | None:
        return await load_record(info, Author, 1)


async def test_failing_field_does_not_cancel_what_others_wait_for(engine: AsyncEngine) -> None:
    """The error makes tag `a` null while its writer waits in one batch with that of tag `b`."""
    async with small_pool(engine) as pool:
        api = Api(Base, pool, models={Tag: ModelOptions(fields=TagFields)})
        with record_statements(pool) as statements:
            result = await api.execute(
                """{
                  a: tag(by: {rowId: 1}) { bang(fails: true) writer { name } }
                  b: tag(by: {rowId: 1}) { bang(fails: false) writer { name } }
                }"""
            )

        assert result.data == {"a": None, "b": {"bang": 1, "writer": {"name": "Author 1"}}}
        assert [error.path for error in result.errors or ()] == [["a", "bang"]]
        assert ["author" in sql for sql, _ in statements] == [False, True]
        assert taken(pool) == 0


async def test_what_nobody_waits_for_ends_with_the_operation(engine: AsyncEngine) -> None:
    async with small_pool(engine) as pool:
        api = Api(Base, pool, models={Tag: ModelOptions(fields=TagFields)})
        result = await api.execute("{ tag(by: {rowId: 1}) { bang(fails: true) writer { name } } }")

        assert (result.data, taken(pool)) == ({"tag": None}, 0)
        assert await run(api, "{ tags { totalCount } }") == {"tags": {"totalCount": 1}}


# ---------- operations that are given up ----------


class SlowBase(DeclarativeBase):
    pass


class SlowSqlite(SlowBase):
    __tablename__ = "slow_sqlite"

    id: Mapped[int] = mapped_column(primary_key=True)
    takes_long: Mapped[int] = column_property(id + literal_column(SLOW["sqlite"], Integer))


class SlowPostgresql(SlowBase):
    __tablename__ = "slow_postgresql"

    id: Mapped[int] = mapped_column(primary_key=True)
    takes_long: Mapped[int] = column_property(id + literal_column(SLOW["postgresql"], Integer))


SLOW_MODELS: dict[str, type[SlowBase]] = {"sqlite": SlowSqlite, "postgresql": SlowPostgresql}


@pytest.fixture
async def slow_pool(make_engine: MakeEngine, backend: Backend) -> AsyncIterator[AsyncEngine]:
    engine = await make_engine(SlowBase.metadata)
    await save(engine, SLOW_MODELS[backend.name](id=1))
    async with small_pool(engine) as pool:
        yield pool


@pytest.fixture
def slow_api(slow_pool: AsyncEngine, backend: Backend) -> Api:
    """Its lists are called `all`."""
    model = SLOW_MODELS[backend.name]

    class Slow:
        @strawberry.field
        async def own(self) -> int:
            async with connection(model) as own:
                return int((await own.execute(text(f"SELECT {SLOW[backend.name]}"))).scalar_one())

    return Api([model], slow_pool, query=Slow)


def slow_query(backend: Backend, query: str) -> str:
    name = SLOW_MODELS[backend.name].__name__
    return query.replace("ALL", f"{name[0].lower()}{name[1:]}s")


SLOW_QUERIES = [
    "{ own }",
    "{ ALL { nodes { takesLong } } }",
    "{ a: ALL { nodes { takesLong } } b: ALL(first: 1) { nodes { takesLong } } c: ALL { totalCount } own }",
]


@pytest.mark.parametrize("query", SLOW_QUERIES)
async def test_cancelled_operation_gives_its_connection_back(
    slow_api: Api, slow_pool: AsyncEngine, backend: Backend, query: str
) -> None:
    task = asyncio.ensure_future(slow_api.execute(slow_query(backend, query)))
    await until(slow_pool, 1)
    await asyncio.sleep(0.05)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    await until(slow_pool, 0)
    query = slow_query(backend, "{ ALL { totalCount } }")
    assert list((await run(slow_api, query)).values()) == [{"totalCount": 1}]


@pytest.mark.parametrize("query", SLOW_QUERIES)
async def test_operation_can_be_given_a_time(
    slow_api: Api, slow_pool: AsyncEngine, backend: Backend, query: str
) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await slow_api.execute(slow_query(backend, query))

    await until(slow_pool, 0)


@pytest.mark.parametrize("query", SLOW_QUERIES)
async def test_client_that_leaves_ends_its_operation(
    slow_api: Api, slow_pool: AsyncEngine, backend: Backend, query: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = app_of(slow_api)
    async with served(app) as server:
        async with server.connect() as (_, writer):
            writer.write(graphql_message(slow_query(backend, query)))
            await until(slow_pool, 1)
            await asyncio.sleep(0.05)
        await until(slow_pool, 0)

        async with client_of(app) as client:
            response = await post(client, slow_query(backend, "{ ALL { totalCount } }"))
        assert list(response.json()["data"].values()) == [{"totalCount": 1}]
    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING] == []


async def test_statement_of_an_operation_that_is_given_up_ends_in_the_database(
    slow_api: Api, slow_pool: AsyncEngine, make_engine: MakeEngine, backend: Backend
) -> None:
    """PostgreSQL runs no statement of another connection; SQLite, in this process, takes no more of its time."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await slow_api.execute("{ own }")

    async with small_pool(slow_pool) as other, other.connect() as own, asyncio.timeout(10):
        if backend.name == "sqlite":
            await own.execute(text("DROP TABLE slow_sqlite"))
        else:
            running = text(
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()"
            )
            while (await own.execute(running)).scalar_one():
                await asyncio.sleep(0.01)
