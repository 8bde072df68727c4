"""Many writes of the same records at once: one record, no error, and nothing lost."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from gqlcrud import Api
from gqlcrud.execution.writing import ATTEMPTS
from tests.databases import Backend, MakeEngine
from tests.pools import pooled, taken
from tests.running import refused, run, save
from tests.shelf import Author, Base, Book, Tag, book_tag

T = TypeVar("T")
ON_POSTGRESQL = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)


@pytest.fixture
async def engine(make_engine: MakeEngine, backend: Backend) -> AsyncIterator[AsyncEngine]:
    """Ten connections, which all requests share."""
    engine = await make_engine(Base.metadata)
    options: dict[str, Any] = {"pool_size": 10, "max_overflow": 0, "pool_timeout": 30}
    async with pooled(engine, **options) as pool:
        yield pool


async def at_once(api: Api, document: str, times: int) -> list[Any]:
    """The data of as many requests at the same time, which all succeed. `%d` in the document is the number of each."""
    numbered = [document.replace("%d", str(number)) for number in range(times)]
    return list(await asyncio.gather(*(run(api, each) for each in numbered)))


async def count(engine: AsyncEngine, what: Any) -> int:
    async with AsyncSession(engine) as session:
        return int(await session.scalar(select(func.count()).select_from(what)) or 0)


def requests(backend: Backend) -> int:
    """SQLite has one writer at a time."""
    return {"postgresql": 50, "sqlite": 10}[backend.name]


# ---------- one key ----------


async def test_upserts_of_one_key_make_one_record(engine: AsyncEngine, backend: Backend) -> None:
    document = """mutation { upsertAuthor(input: {on: EMAIL, create: {name: "New %d", email: "x"}, update: {name: "Old"}}) {
      author { email } errors { code }
    } }"""

    answers = await at_once(Api(Base, engine), document, requests(backend))

    assert answers == [{"upsertAuthor": {"author": {"email": "x"}, "errors": []}}] * requests(backend)
    assert await run(Api(Base, engine), "{ authors { nodes { name } } }") == {"authors": {"nodes": [{"name": "Old"}]}}
    assert taken(engine) == 0


async def test_creates_of_one_key_make_one_record(engine: AsyncEngine, backend: Backend) -> None:
    """The others are told at the field that is taken."""
    document = 'mutation { createAuthor(input: {data: {name: "A", email: "x"}}) { errors { code path } } }'

    answers = await at_once(Api(Base, engine), document, requests(backend))

    taken_error = [{"code": "UNIQUE", "path": ["input", "data", "email"]}]
    made: dict[str, Any] = {"createAuthor": {"errors": []}}
    assert answers.count(made) == 1
    assert [each for each in answers if each != made] == [{"createAuthor": {"errors": taken_error}}] * (
        requests(backend) - 1
    )
    assert await count(engine, Author) == 1


async def test_connect_or_create_of_one_target_makes_one_record(engine: AsyncEngine, backend: Backend) -> None:
    document = """mutation { createBook(input: {data: {title: "B%d", price: "1", author: {
      connectOrCreate: {by: {email: "x"}, create: {name: "A", email: "x"}}}}}) { book { author { email } } errors { code } } }"""

    answers = await at_once(Api(Base, engine), document, requests(backend))

    one = {"createBook": {"book": {"author": {"email": "x"}}, "errors": []}}
    assert answers == [one] * requests(backend)
    assert (await count(engine, Author), await count(engine, Book)) == (1, requests(backend))


async def test_connect_or_create_in_a_list_makes_one_record(engine: AsyncEngine, backend: Backend) -> None:
    """The book belongs to whoever took it last."""
    document = """mutation { createAuthor(input: {data: {name: "A%d", books: {
      connectOrCreate: [{by: {isbn: "1"}, create: {title: "B", price: "1", isbn: "1"}}]}}}) { errors { code message } } }"""

    answers = await at_once(Api(Base, engine), document, requests(backend))

    assert answers == [{"createAuthor": {"errors": []}}] * requests(backend)
    assert await count(engine, Book) == 1


async def test_connect_or_create_of_one_link_makes_one_link(engine: AsyncEngine, backend: Backend) -> None:
    await save(engine, Book(id=1, title="B", price=1))
    document = """mutation { updateBook(input: {by: {rowId: 1}, patch: {tags: {
      connectOrCreate: [{by: {label: "x"}, create: {label: "x"}, edge: {weight: 3}}]}}}) { errors { code } } }"""

    answers = await at_once(Api(Base, engine), document, requests(backend))

    assert answers == [{"updateBook": {"errors": []}}] * requests(backend)
    assert (await count(engine, Tag), await count(engine, book_tag)) == (1, 1)


@ON_POSTGRESQL
@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
async def test_upserts_in_snapshots_are_tried_again(engine: AsyncEngine, level: str) -> None:
    """The record that is in the way is not in the snapshot of who meets it; a later one has it."""
    api = Api(Base, async_sessionmaker(engine.execution_options(isolation_level=level)))
    document = """mutation { upsertAuthor(input: {on: EMAIL, create: {name: "New", email: "x"}, update: {name: "Old"}}) {
      author { email } errors { code } } }"""

    answers = await at_once(api, document, 3)

    assert answers == [{"upsertAuthor": {"author": {"email": "x"}, "errors": []}}] * 3
    assert await count(engine, Author) == 1


@ON_POSTGRESQL
async def test_key_that_is_really_taken_is_told_in_a_snapshot_as_well(engine: AsyncEngine) -> None:
    await save(engine, Author(name="A", email="x"), Book(title="B", price=1, isbn="1"))
    api = Api(Base, async_sessionmaker(engine.execution_options(isolation_level="REPEATABLE READ")))
    document = """mutation { upsertAuthor(input: {on: EMAIL, create: {
      name: "A", email: "y", books: {create: [{title: "C", price: "1", isbn: "1"}]}}}) { errors { code path } } }"""

    assert await run(api, document) == {
        "upsertAuthor": {"errors": [{"code": "UNIQUE", "path": ["input", "create", "books", "create", "0", "isbn"]}]}
    }


async def test_other_key_that_is_taken_is_told_of_an_upsert(engine: AsyncEngine) -> None:
    await save(engine, Book(title="B", price=1, isbn="1"))
    document = """mutation { upsertAuthor(input: {on: EMAIL, create: {
      name: "A", email: "y", books: {create: [{title: "C", price: "1", isbn: "1"}]}}}) { errors { code path } }
      createBook(input: {data: {title: "D", price: "1", author: {connectOrCreate: {by: {email: "y"}, create: {
      name: "A", email: "y", books: {create: [{title: "C", price: "1", isbn: "1"}]}}}}}}) { errors { code path } } }"""

    nested = ["books", "create", "0", "isbn"]
    assert await run(Api(Base, engine), document) == {
        "upsertAuthor": {"errors": [{"code": "UNIQUE", "path": ["input", "create", *nested]}]},
        "createBook": {
            "errors": [{"code": "UNIQUE", "path": ["input", "data", "author", "connectOrCreate", "create", *nested]}]
        },
    }
    assert (await count(engine, Author), await count(engine, Book)) == (0, 1)


# ---------- lost updates ----------


async def test_ten_writers_lose_no_update_to_a_locked_database(engine: AsyncEngine) -> None:
    """Each reads before it writes, which SQLite would refuse to those that have not said so at once."""
    await save(engine, Author(id=1, name="A"))
    document = """mutation { updateAuthor(input: {by: {rowId: 1}, patch: {name: "N%d", books: {create: [
      {title: "B%d", price: "1"}]}}, if: {name: {ne: "never"}}}) { author { name } errors { code } } }"""

    answers = await at_once(Api(Base, engine), document, 10)

    assert answers == [{"updateAuthor": {"author": {"name": f"N{number}"}, "errors": []}} for number in range(10)]
    assert await count(engine, Book) == 10


# ---------- deadlocks and serialization failures ----------


CHANGE = """mutation { updateAuthor(input: {by: {rowId: 1}, patch: {name: "A2", books: {
  update: [{by: {rowId: 1}, patch: {title: "T2"}}]}}}) { author { name books { nodes { title } } } errors { code } } }"""
CHANGED = {"updateAuthor": {"author": {"name": "A2", "books": {"nodes": [{"title": "T2"}]}}, "errors": []}}
GIVEN_UP = [("UNAVAILABLE", "Others are writing the same records; try again.")]


async def shelve(engine: AsyncEngine) -> None:
    await save(engine, Author(id=1, name="A"), Author(id=2, name="B"), Book(id=1, title="T", price=1, author_id=1))


async def cross(engine: AsyncEngine, write: Callable[[], Awaitable[T]]) -> T:
    """The result of a write that meets a transaction with a deadlock: each holds what the other one asks for."""
    async with engine.connect() as other:
        await other.execute(text("SET deadlock_timeout = '10s'"))
        await other.execute(text("UPDATE book SET price = 2"))
        writing = asyncio.ensure_future(write())
        await waiting(engine)
        await other.execute(text("UPDATE author SET email = 'x' WHERE id = 1"))
        await other.commit()
    return await writing


@ON_POSTGRESQL
async def test_deadlock_is_tried_again(engine: AsyncEngine) -> None:
    await shelve(engine)
    async with impatient(engine) as own:
        begun = count_begins(own)

        assert await cross(engine, lambda: run(Api(Base, own), CHANGE)) == CHANGED
        assert len(begun) == 2
        assert taken(own) == 0


@ON_POSTGRESQL
async def test_deadlock_in_a_transaction_of_the_application_is_told(engine: AsyncEngine) -> None:
    """It cannot be tried again without what the application has done before."""
    await shelve(engine)
    async with impatient(engine) as own, AsyncSession(own) as session:
        await session.connection()

        async def write() -> Any:
            return await Api(Base, own).execute(CHANGE, session=session)

        result = await cross(engine, write)

        assert (result.data, [(each.extensions["code"], each.message) for each in result.errors]) == (None, GIVEN_UP)


@ON_POSTGRESQL
@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
async def test_serialization_failure_is_tried_again(engine: AsyncEngine, level: str) -> None:
    """The record is changed by somebody else after the snapshot of the transaction is taken."""
    await shelve(engine)
    api = Api(Base, async_sessionmaker(engine.execution_options(isolation_level=level)))
    async with engine.connect() as other:
        await other.execute(text("UPDATE author SET email = 'x' WHERE id = 1"))
        writing = asyncio.ensure_future(run(api, CHANGE))
        await waiting(engine)
        await other.commit()

    assert await writing == CHANGED


@ON_POSTGRESQL
async def test_what_never_succeeds_is_given_up(engine: AsyncEngine) -> None:
    await shelve(engine)
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '40001'; END $$"
            )
        )
        await connection.execute(text("CREATE TRIGGER fail BEFORE UPDATE ON book FOR EACH ROW EXECUTE FUNCTION fail()"))
    begun = count_begins(engine)

    assert await refused(Api(Base, engine), CHANGE) == GIVEN_UP
    assert len(begun) == ATTEMPTS
    assert await count(engine, select(Author).where(Author.name == "A2").subquery()) == 0


async def test_versioned_record_that_is_changed_meanwhile_is_changed_again(engine: AsyncEngine) -> None:
    """Who gives no version is not told of one."""
    await shelve(engine)
    document = 'mutation { updateBook(input: {by: {rowId: 1}, patch: {title: "T%d"}}) { errors { code } } }'

    assert await at_once(Api(Base, engine), document, 10) == [{"updateBook": {"errors": []}}] * 10
    assert await run(Api(Base, engine), "{ book(by: {rowId: 1}) { version } }") == {"book": {"version": 11}}


@asynccontextmanager
async def impatient(engine: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    """An engine whose transactions look for a deadlock soon."""
    async with pooled(engine, connect_args={"server_settings": {"deadlock_timeout": "50ms"}}) as own:
        yield own


def count_begins(engine: AsyncEngine) -> list[int]:
    """One item for each transaction that begins from here on."""
    begun: list[int] = []
    event.listen(engine.sync_engine, "begin", lambda _: begun.append(1))
    return begun


async def waiting(engine: AsyncEngine) -> None:
    """Until a transaction waits for another one's lock."""
    async with pooled(engine) as other, other.connect() as own, asyncio.timeout(5):
        while not await own.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
            await asyncio.sleep(0.01)
