"""A database that is gone or busy: a clean answer with the code UNAVAILABLE at once, and service again when it is back."""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import strawberry
from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from gqlcrud import Api, connection
from tests.databases import Backend, MakeEngine, PostgresServer
from tests.pools import SLOW, pooled, small_pool, taken, until
from tests.running import run, save
from tests.serving import app_of, client_of, post
from tests.shelf import Author, Base

AUTHORS = "{ authors { totalCount } }"
ONE_AUTHOR = {"authors": {"totalCount": 1}}
UNAVAILABLE = ("UNAVAILABLE", "The database is not available.")


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncEngine:
    engine = await make_engine(Base.metadata)
    await save(engine, Author(id=1, name="Ada"))
    return engine


@asynccontextmanager
async def engine_at(url: URL, **options: Any) -> AsyncIterator[AsyncEngine]:
    """Until the threads of SQLite end, too: that of a file that cannot be opened does so by itself, a moment later."""
    before = set(threading.enumerate())
    engine = create_async_engine(url, **options)
    try:
        yield engine
    finally:
        await engine.dispose()
        async with asyncio.timeout(5):
            while any(each.name.endswith("(_connection_worker_thread)") for each in {*threading.enumerate()} - before):
                await asyncio.sleep(0.005)


async def failures(api: Api, query: str, **options: Any) -> tuple[Any, list[tuple[str, str]]]:
    """The data and the errors of an operation, as (code, message)."""
    result = await api.execute(query, **options)
    return result.data, [(str((each.extensions or {})["code"]), each.message) for each in result.errors or ()]


def logged(caplog: pytest.LogCaptureFixture) -> list[tuple[int, str, bool]]:
    """What our log has: level, message up to the colon, whether a traceback stands there."""
    records = [each for each in caplog.records if each.name == "gqlcrud"]
    return [(each.levelno, each.getMessage().partition(":")[0], each.exc_info is not None) for each in records]


ONE_OUTAGE = [(logging.ERROR, "The database is not available", True)]


# ---------- no connection ----------


def nowhere(backend: Backend, tmp_path: Path) -> URL:
    if backend.name == "sqlite":
        return URL.create("sqlite+aiosqlite", database=str(tmp_path / "later" / "x.sqlite"))
    return URL.create("postgresql+asyncpg", "somebody", "secret-password", "127.0.0.1", port=9, database="x")


async def test_database_that_cannot_be_reached(
    backend: Backend, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One attempt for all fields of an operation, one entry in the log, and no word of where it was looked for."""
    async with engine_at(nowhere(backend, tmp_path)) as engine:
        api = Api(Base, engine)
        query = "{ a: author(by: {rowId: 1}) { name } b: book(by: {rowId: 1}) { title } n: nodes(ids: []) { id } }"

        assert await failures(api, query) == ({"a": None, "b": None, "n": []}, [UNAVAILABLE] * 2)
        assert logged(caplog) == ONE_OUTAGE
        async with client_of(app_of(api)) as client:
            response = await post(client, AUTHORS)
        assert (response.status_code, response.json()) == (
            200,
            {
                "errors": [
                    {
                        "message": "The database is not available.",
                        "locations": [{"line": 1, "column": 3}],
                        "path": ["authors"],
                        "extensions": {"code": "UNAVAILABLE"},
                    }
                ],
                "data": None,
            },
        )


async def test_sqlite_file_that_comes_later(tmp_path: Path) -> None:
    file = tmp_path / "later" / "x.sqlite"
    async with engine_at(URL.create("sqlite+aiosqlite", database=str(file))) as engine:
        api = Api(Base, engine)
        assert await failures(api, AUTHORS) == (None, [UNAVAILABLE])

        file.parent.mkdir()
        async with engine.begin() as own:
            await own.run_sync(Base.metadata.create_all)

        assert await run(api, AUTHORS) == {"authors": {"totalCount": 0}}


async def test_postgresql_database_that_comes_later(postgres_server: PostgresServer) -> None:
    url = postgres_server.create_database()
    postgres_server.drop_database(url)
    async with engine_at(url) as engine, engine_at(postgres_server.url, isolation_level="AUTOCOMMIT") as server:
        api = Api(Base, engine)
        assert await failures(api, AUTHORS) == (None, [UNAVAILABLE])

        async with server.connect() as own:
            await own.execute(text(f"CREATE DATABASE {url.database}"))
        try:
            async with engine.begin() as own:
                await own.run_sync(Base.metadata.create_all)
            assert await run(api, AUTHORS) == {"authors": {"totalCount": 0}}
        finally:
            await engine.dispose()
            postgres_server.drop_database(url)


async def test_user_that_may_not_connect(postgres_server: PostgresServer) -> None:
    async with engine_at(postgres_server.url.set(username="stranger")) as engine:
        assert await failures(Api(Base, engine), AUTHORS) == (None, [UNAVAILABLE])


# ---------- a pool without a free connection ----------


async def test_exhausted_pool_is_waited_for_once(engine: AsyncEngine, caplog: pytest.LogCaptureFixture) -> None:
    async with small_pool(engine, pool_timeout=0.5) as pool:
        api = Api(Base, pool)
        fields = "".join(f"f{number}: author(by: {{rowId: {number}}}) {{ name }} " for number in range(10))
        async with pool.connect():
            began = time.monotonic()
            data, errors = await failures(api, f"{{ {fields} }}")
            took = time.monotonic() - began

        assert (data, errors) == ({f"f{number}": None for number in range(10)}, [UNAVAILABLE] * 10)
        assert took < 4, "ten waits are five seconds"
        assert logged(caplog) == ONE_OUTAGE
        assert await run(api, AUTHORS) == ONE_AUTHOR


class Own:
    @strawberry.field
    async def own(self) -> int | None:
        async with connection(Author) as own:
            return int((await own.execute(text("SELECT 1"))).scalar_one())


async def test_own_resolvers_are_told_the_same(engine: AsyncEngine, caplog: pytest.LogCaptureFixture) -> None:
    async with small_pool(engine, pool_timeout=0.1) as pool:
        api = Api(Base, pool, query=Own)
        async with pool.connect():
            assert await failures(api, "{ own }") == ({"own": None}, [UNAVAILABLE])

        assert logged(caplog) == ONE_OUTAGE
        assert await run(api, "{ own }") == {"own": 1}


# ---------- connections that are lost ----------


async def terminate(engine: AsyncEngine) -> None:
    """End all other connections to the database of the engine, as a restart of the server does."""
    async with pooled(engine) as other, other.connect() as own:
        await own.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )


@pytest.fixture
async def postgresql(postgres_server: PostgresServer) -> AsyncIterator[AsyncEngine]:
    url = postgres_server.create_database()
    async with engine_at(url, pool_size=1, max_overflow=0, pool_timeout=2) as engine:
        async with engine.begin() as own:
            await own.run_sync(Base.metadata.create_all)
        await save(engine, Author(id=1, name="Ada"))
        yield engine
    postgres_server.drop_database(url)


async def test_connection_lost_between_two_operations(
    postgresql: AsyncEngine, caplog: pytest.LogCaptureFixture
) -> None:
    """The first to notice pays; with `pool_pre_ping` nobody does."""
    api = Api(Base, postgresql)
    await run(api, AUTHORS)
    await terminate(postgresql)

    query = "{ a: author(by: {rowId: 1}) { name } b: author(by: {rowId: 2}) { name } }"
    assert await failures(api, query) == ({"a": None, "b": None}, [UNAVAILABLE] * 2)
    assert logged(caplog) == ONE_OUTAGE
    assert await run(api, AUTHORS) == ONE_AUTHOR

    async with small_pool(postgresql, pool_pre_ping=True) as pool:
        api = Api(Base, pool)
        await run(api, AUTHORS)
        await terminate(pool)
        assert await run(api, AUTHORS) == ONE_AUTHOR


class Slow:
    @strawberry.field
    async def slow(self) -> int | None:
        async with connection(Author) as own:
            return int((await own.execute(text(f"SELECT {SLOW['postgresql']}"))).scalar_one())


async def test_connection_lost_during_a_statement(postgresql: AsyncEngine, caplog: pytest.LogCaptureFixture) -> None:
    api = Api(Base, postgresql, query=Slow)
    running = asyncio.ensure_future(failures(api, "{ slow author(by: {rowId: 1}) { name } }"))
    await until(postgresql, 1)
    await asyncio.sleep(0.05)
    await terminate(postgresql)

    assert await running == ({"slow": None, "author": None}, [UNAVAILABLE] * 2)
    assert (logged(caplog), taken(postgresql)) == (ONE_OUTAGE, 0)
    assert await run(api, AUTHORS) == ONE_AUTHOR


class SlowAuthor(DeclarativeBase):
    pass


class Sloth(SlowAuthor):
    """A view that takes half a minute to read."""

    __tablename__ = "sloth"

    id: Mapped[int] = mapped_column(primary_key=True)


async def test_connections_lost_in_a_statement_are_lost_once(
    postgresql: AsyncEngine, caplog: pytest.LogCaptureFixture
) -> None:
    """Of three that the server has ended, the one that serves a request tells of the others: nobody pays for those."""
    async with postgresql.begin() as own:
        await own.execute(text(f"CREATE VIEW sloth AS SELECT 1 AS id WHERE {SLOW['postgresql']} IS NULL"))
    async with pooled(postgresql, pool_size=3, max_overflow=0) as pool:
        api, authors = Api(SlowAuthor, pool), Api(Base, pool)
        async with pool.connect(), pool.connect(), pool.connect():
            pass
        running = asyncio.ensure_future(failures(api, "{ sloth(by: {rowId: 1}) { rowId } }"))
        await until(pool, 1)
        async with postgresql.connect() as other:
            query = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
            while not (await other.execute(query)).scalar_one():
                await asyncio.sleep(0.01)
        await terminate(postgresql)

        assert await running == ({"sloth": None}, [UNAVAILABLE])
        assert (logged(caplog), taken(pool)) == (ONE_OUTAGE, 0)
        for _ in range(3):
            assert await run(authors, AUTHORS) == ONE_AUTHOR


async def test_connection_of_a_session_lost(postgresql: AsyncEngine, caplog: pytest.LogCaptureFixture) -> None:
    api = Api(Base, postgresql)
    async with AsyncSession(postgresql) as session:
        await session.connection()
        await terminate(postgresql)

        query = "{ a: author(by: {rowId: 1}) { name } b: author(by: {rowId: 2}) { name } }"
        assert await failures(api, query, session=session) == ({"a": None, "b": None}, [UNAVAILABLE] * 2)
        assert logged(caplog) == ONE_OUTAGE

    assert taken(postgresql) == 0
    assert await run(api, AUTHORS) == ONE_AUTHOR


# ---------- locks ----------


async def test_lock_that_is_held_too_long(
    engine: AsyncEngine, backend: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    """SQLite locks the file; PostgreSQL the table, for longer than the `lock_timeout` of the connection."""
    options: dict[str, Any] = {
        "sqlite": {"timeout": 0.05},
        "postgresql": {"server_settings": {"lock_timeout": "50"}},
    }
    lock = {"sqlite": "BEGIN EXCLUSIVE", "postgresql": "LOCK TABLE author"}[backend.name]
    async with small_pool(engine, connect_args=options[backend.name]) as pool:
        api = Api(Base, pool)
        async with engine.connect() as own:
            await own.execute(text(lock))
            assert await failures(api, AUTHORS) == (None, [UNAVAILABLE])
            await own.rollback()

        assert logged(caplog) == ONE_OUTAGE
        assert await run(api, AUTHORS) == ONE_AUTHOR


# ---------- statements that take too long ----------

TOO_LONG = ("TIMEOUT", "The database ended the statement: it took too long.")
TIMEOUTS: dict[str, dict[str, Any]] = {
    "statement_timeout": {"server_settings": {"statement_timeout": "500"}},
    "command_timeout": {"command_timeout": 0.5},
}
"""Long enough for what a connection needs when it is opened on a machine that has much to do."""


@pytest.mark.parametrize("options", TIMEOUTS.values(), ids=TIMEOUTS)
async def test_statement_that_takes_too_long(
    postgresql: AsyncEngine, caplog: pytest.LogCaptureFixture, options: dict[str, Any]
) -> None:
    """Other fields are answered, and the connection is as good as before."""
    async with small_pool(postgresql, connect_args=options) as pool:
        api = Api(Base, pool, query=Slow)
        query = "{ author(by: {rowId: 1}) { name } slow book(by: {rowId: 1}) { title } }"
        async with postgresql.connect() as own:
            await own.execute(text("LOCK TABLE author"))
            assert await failures(api, query) == ({"author": None, "slow": None, "book": None}, [TOO_LONG] * 2)
            await own.rollback()

        assert logged(caplog) == [(logging.WARNING, "The database ended a statement.", True)] * 2
        assert taken(pool) == 0
        assert await run(api, AUTHORS) == ONE_AUTHOR


async def test_statement_of_a_session_that_takes_too_long(postgresql: AsyncEngine) -> None:
    """The application's own work in the session stays."""
    async with small_pool(postgresql) as pool:
        api = Api(Base, pool, query=Slow)
        async with AsyncSession(pool) as session:
            session.add(Author(id=2, name="Bob"))
            await session.flush()
            await session.execute(text("SET LOCAL statement_timeout = 200"))
            assert await failures(api, "{ slow }", session=session) == ({"slow": None}, [TOO_LONG])
            await session.execute(text("SET LOCAL statement_timeout = 0"))
            assert await failures(api, AUTHORS, session=session) == ({"authors": {"totalCount": 2}}, [])
