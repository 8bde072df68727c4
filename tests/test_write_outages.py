"""A write whose database is gone, busy or slow, or whose client leaves: nothing of it is left, and the next one works."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from gqlcrud import Api
from tests.databases import Backend, MakeEngine, connected, run_apart
from tests.pools import small_pool, taken, until
from tests.running import run
from tests.serving import app_of, client_of, graphql_message, post, served
from tests.shelf import Base
from tests.test_outages import ONE_OUTAGE, engine_at, failures, logged, nowhere

WRITE = """mutation { createAuthor(input: {data: {name: "Ada", books: {create: [{title: "A", price: "1"}]}}}) {
  author { name } errors { code }
} }"""
WRITTEN = {"createAuthor": {"author": {"name": "Ada"}, "errors": []}}
LEFT = "{ authors { totalCount } books { totalCount } }"
NOTHING = {"authors": {"totalCount": 0}, "books": {"totalCount": 0}}
ONE_OF_EACH = {"authors": {"totalCount": 1}, "books": {"totalCount": 1}}
UNAVAILABLE = ("UNAVAILABLE", "The database is not available.")
TOO_LONG = ("TIMEOUT", "The database ended the statement: it took too long.")

SLOW_BOOKS = {
    "sqlite": [
        "CREATE VIEW slow AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 100000000) "
        "SELECT count(*) AS c FROM n",
        "CREATE TRIGGER slow_book BEFORE INSERT ON book BEGIN SELECT c FROM slow; END",
    ],
    "postgresql": [
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(30); RETURN NEW; END $$",
        "CREATE TRIGGER slow_book BEFORE INSERT ON book FOR EACH ROW EXECUTE FUNCTION slow()",
    ],
}
"""An INSERT into book takes half a minute."""


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncEngine:
    return await make_engine(Base.metadata)


async def make_slow(engine: AsyncEngine, backend: Backend) -> None:
    async with engine.begin() as connection:
        for statement in SLOW_BOOKS[backend.name]:
            await connection.execute(text(statement))


async def make_fast(engine: AsyncEngine, backend: Backend) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("DROP TRIGGER slow_book" + (" ON book" if backend.name == "postgresql" else "")))


@asynccontextmanager
async def sourced(engine: AsyncEngine, kind: str) -> AsyncIterator[tuple[Api, AsyncSession | None]]:
    """An Api whose database is given in one of the three ways, and the session that its operations are handed."""
    match kind:
        case "engine":
            yield Api(Base, engine), None
        case "sessionmaker":
            yield Api(Base, async_sessionmaker(engine)), None
        case _:
            async with AsyncSession(engine) as session:
                yield Api(Base, lambda: None), session


SOURCES = pytest.mark.parametrize("kind", ["engine", "sessionmaker", "session"])


# ---------- no connection ----------


async def test_database_that_cannot_be_reached(
    backend: Backend, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with engine_at(nowhere(backend, tmp_path)) as engine:
        for source in (engine, async_sessionmaker(engine)):
            caplog.clear()
            assert await failures(Api(Base, source), WRITE) == (None, [UNAVAILABLE])
            assert logged(caplog) == ONE_OUTAGE


@SOURCES
async def test_exhausted_pool(engine: AsyncEngine, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    async with small_pool(engine, pool_timeout=0.1) as pool:
        async with pool.connect(), sourced(pool, kind) as (api, session):
            assert await failures(api, WRITE, session=session) == (None, [UNAVAILABLE])
            assert logged(caplog) == ONE_OUTAGE
        assert await run(Api(Base, pool), WRITE) == WRITTEN


# ---------- busy databases ----------


@SOURCES
async def test_lock_that_is_held_too_long(
    engine: AsyncEngine, backend: Backend, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is waited for as long as the driver or the server says, once."""
    options: dict[str, Any] = {
        "sqlite": {"timeout": 0.05},
        "postgresql": {"server_settings": {"lock_timeout": "50"}},
    }
    lock = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "LOCK TABLE author"}[backend.name]
    async with small_pool(engine, connect_args=options[backend.name]) as pool:
        async with engine.connect() as own:
            await own.execute(text(lock))
            async with sourced(pool, kind) as (api, session):
                assert await failures(api, WRITE, session=session) == (None, [UNAVAILABLE])
            await own.rollback()

        assert logged(caplog) == ONE_OUTAGE
        assert taken(pool) == 0
        assert await run(Api(Base, pool), WRITE) == WRITTEN
        assert await run(Api(Base, pool), LEFT) == ONE_OF_EACH


@SOURCES
async def test_lock_that_ends_in_time_is_waited_for(engine: AsyncEngine, backend: Backend, kind: str) -> None:
    lock = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "LOCK TABLE author"}[backend.name]
    async with small_pool(engine) as pool, engine.connect() as own, sourced(pool, kind) as (api, session):
        await own.execute(text(lock))
        writing = asyncio.ensure_future(api.execute(WRITE, session=session))
        await until(pool, 1)
        await asyncio.sleep(0.05)
        await own.rollback()

        assert (await writing).data == WRITTEN


# ---------- clients that leave ----------


@SOURCES
async def test_write_that_is_cancelled_leaves_nothing(engine: AsyncEngine, backend: Backend, kind: str) -> None:
    """The author is inserted already when the statement for its book is ended."""
    await make_slow(engine, backend)
    async with small_pool(engine) as pool:
        async with sourced(pool, kind) as (api, session):
            writing = asyncio.ensure_future(api.execute(WRITE, session=session))
            await until(pool, 1)
            await asyncio.sleep(0.2)
            writing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await writing
            assert taken(pool) == 0

        api = Api(Base, pool)
        assert await run(api, LEFT) == NOTHING
        await make_fast(engine, backend)
        assert await run(api, WRITE) == WRITTEN


async def test_client_that_leaves_ends_its_write(engine: AsyncEngine, backend: Backend) -> None:
    await make_slow(engine, backend)
    async with small_pool(engine) as pool:
        async with served(app_of(Api(Base, pool))) as server:
            async with server.connect() as (_, writer):
                writer.write(graphql_message(WRITE))
                await until(pool, 1)
                await asyncio.sleep(0.2)
            await until(pool, 0)

        assert await run(Api(Base, pool), LEFT) == NOTHING


async def test_dependency_of_a_client_that_leaves_commits_nothing(engine: AsyncEngine, backend: Backend) -> None:
    await make_slow(engine, backend)
    async with small_pool(engine) as pool:

        async def session_of() -> AsyncIterator[AsyncSession]:
            async with AsyncSession(pool) as session, session.begin():
                yield session

        async with served(app_of(Api(Base, session_of))) as server:
            async with server.connect() as (_, writer):
                writer.write(graphql_message(WRITE))
                await until(pool, 1)
                await asyncio.sleep(0.2)
            await until(pool, 0)

        assert await run(Api(Base, pool), LEFT) == NOTHING


# ---------- PostgreSQL: timeouts and lost connections ----------


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"server_settings": {"statement_timeout": "100"}}, TOO_LONG),
        ({"command_timeout": 0.1}, TOO_LONG),
    ],
    ids=["statement_timeout", "command_timeout"],
)
@SOURCES
async def test_statement_that_takes_too_long(
    engine: AsyncEngine, backend: Backend, options: Any, error: tuple[str, str], kind: str
) -> None:
    """By the server's timeout or by that of the driver."""
    await make_slow(engine, backend)
    async with small_pool(engine, connect_args=options) as pool:
        async with sourced(pool, kind) as (api, session):
            assert await failures(api, WRITE, session=session) == (None, [error])
        assert taken(pool) == 0
        assert await run(Api(Base, pool), LEFT) == NOTHING


def lose_connection_after(engine: AsyncEngine, words: str) -> None:
    """End all connections of the engine when it has run a statement that begins with `words`, once."""
    pid: list[int] = []

    async def terminate() -> None:
        async with connected(engine.url) as own:
            await own.execute("SELECT pg_terminate_backend($1)", pid.pop())

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def before(connection: Any, cursor: Any, statement: str, *_: object) -> None:
        if statement.startswith(words) and not pid and not done:
            pid.append(connection.connection.driver_connection.get_server_pid())

    done: list[bool] = []

    @event.listens_for(engine.sync_engine, "after_cursor_execute")
    def after(connection: Any, cursor: Any, statement: str, *_: object) -> None:
        if statement.startswith(words) and not done:
            done.append(True)
            run_apart(terminate())


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
@pytest.mark.parametrize("words", ["INSERT INTO author", "INSERT INTO book", "SELECT"])
@SOURCES
async def test_connection_lost_between_two_statements(
    engine: AsyncEngine, words: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    """All or nothing: nothing, up to the statement that reads the payload."""
    async with small_pool(engine) as pool:
        lose_connection_after(pool, words)
        async with sourced(pool, kind) as (api, session):
            assert await failures(api, WRITE, session=session) == (None, [UNAVAILABLE])
        assert logged(caplog) == ONE_OUTAGE
        assert taken(pool) == 0
        assert await run(Api(Base, pool), LEFT) == NOTHING
        assert await run(Api(Base, pool), WRITE) == WRITTEN


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
async def test_connection_of_a_transaction_of_the_application_lost(engine: AsyncEngine) -> None:
    async with small_pool(engine) as pool:
        lose_connection_after(pool, "INSERT INTO author")

        async def session_of() -> AsyncIterator[AsyncSession]:
            async with AsyncSession(pool) as session:
                await session.connection()
                yield session

        async with client_of(app_of(Api(Base, session_of))) as client:
            response = await post(client, WRITE)

        assert [error["message"] for error in response.json()["errors"]] == ["The database is not available."]
        assert taken(pool) == 0
        assert await run(Api(Base, pool), LEFT) == NOTHING
