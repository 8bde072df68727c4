"""The three ways to give a database: an engine, an async_sessionmaker, a dependency that gives a session."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import strawberry
from fastapi import Depends, HTTPException, Request
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import Session, sessionmaker

from gqlcrud import Api, ConfigurationError, connection
from tests.databases import Backend, MakeEngine
from tests.pools import SLOW, pooled, small_pool, taken, until
from tests.running import run, save
from tests.serving import BROWSER, app_of, client_of, graphql_message, post, served
from tests.shelf import Author, Base

AUTHORS = "{ authors { totalCount nodes { name } } }"
NO_SESSION = (
    "This Api was given a session dependency, and there is no session: hand one in, "
    "await api.execute(query, session=session), or serve it with api.router()."
)


def authors(*names: str) -> dict[str, Any]:
    return {"authors": {"totalCount": len(names), "nodes": [{"name": name} for name in names]}}


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncIterator[AsyncEngine]:
    """One author is committed. One connection is to be had."""
    engine = await make_engine(Base.metadata)
    await save(engine, Author(id=1, name="Ada"))
    async with small_pool(engine) as pool:
        yield pool


class Selects:
    @strawberry.field
    async def broken(self) -> int | None:
        async with connection(Author) as own:
            await own.execute(text("SELECT nonsense FROM nowhere"))
        return 1


# ---------- engine and sessionmaker ----------


async def test_engine_is_read_without_a_transaction(engine: AsyncEngine, backend: Backend) -> None:
    """On PostgreSQL that saves two round trips; SQLite begins none for reads. The engine's other users keep theirs."""

    class Isolation:
        @strawberry.field
        async def level(self) -> str | None:
            async with connection(Author) as own:
                return await own.run_sync(lambda sync: sync.get_execution_options().get("isolation_level"))

    data = await run(Api(Base, engine, query=Isolation), "{ level authors { totalCount } }")

    level = {"postgresql": "AUTOCOMMIT", "sqlite": None}[backend.name]
    assert data == {"level": level, "authors": {"totalCount": 1}}
    async with engine.begin() as other:
        await other.execute(text("DELETE FROM author"))
        await other.rollback()
    assert await run(Api(Base, engine), AUTHORS) == authors("Ada")


async def test_sessionmaker_makes_a_session_for_each_operation(engine: AsyncEngine) -> None:
    closed: list[AsyncSession] = []

    class Session(AsyncSession):
        async def close(self) -> None:
            closed.append(self)
            await super().close()

    api = Api(Base, async_sessionmaker(engine, class_=Session))

    assert await run(api, AUTHORS) == authors("Ada")
    assert await run(api, "{ __typename }") == {"__typename": "Query"}
    assert await run(api, AUTHORS) == authors("Ada")
    assert (len(set(closed)), taken(engine)) == (2, 0)


async def test_failed_statement_leaves_its_siblings_a_session(engine: AsyncEngine) -> None:
    api = Api(Base, async_sessionmaker(engine), query=Selects)

    result = await api.execute("{ broken authors { totalCount } }")

    assert result.data == {"broken": None, "authors": {"totalCount": 1}}
    assert taken(engine) == 0


def test_sessionmaker_without_an_engine_is_refused() -> None:
    with pytest.raises(ConfigurationError) as raised:
        Api(Base, async_sessionmaker())

    assert str(raised.value) == "The async_sessionmaker has no bind; make it with async_sessionmaker(engine)."


@pytest.mark.parametrize("database", ["sqlite://", None, create_engine("sqlite://"), sessionmaker()])
def test_other_things_than_a_database_are_refused(database: Any) -> None:
    with pytest.raises(ConfigurationError) as raised:
        Api(Base, database)

    assert str(raised.value) == (
        "Api takes an AsyncEngine (create_async_engine(...)), an async_sessionmaker or a FastAPI dependency that gives "
        f"an AsyncSession, not {database!r}."
    )


async def test_session_that_blocks_is_refused() -> None:
    api = Api(Base, lambda: None)

    with pytest.raises(ConfigurationError) as raised:
        await api.execute("{ __typename }", session=Session())  # type: ignore[arg-type]  # the mistake that is tested

    assert str(raised.value) == ("The session dependency gives a Session, which blocks; let it give an AsyncSession.")


# ---------- a session of the application ----------


async def test_session_is_joined_in_its_transaction(engine: AsyncEngine) -> None:
    """What it has written and not committed is seen; what it does afterwards is its own affair."""
    api = Api(Base, engine)
    async with AsyncSession(engine) as session:
        session.add(Author(id=2, name="Bob"))
        await session.flush()

        result = await api.execute(AUTHORS, session=session)

        assert (result.errors, result.data) == (None, authors("Ada", "Bob"))
        assert session.in_transaction()
        await session.rollback()

    assert await run(api, AUTHORS) == authors("Ada")


async def test_session_can_be_given_for_a_block(engine: AsyncEngine) -> None:
    """One connection is to be had, and the session has it: an operation with another would wait in vain."""
    api = Api(Base, engine)
    async with AsyncSession(engine) as session:
        await session.execute(select(func.count()).select_from(Author))
        with api.using(session):
            assert await run(api, AUTHORS) == authors("Ada")
            assert (await api.schema.execute(AUTHORS)).data == authors("Ada")


async def test_failed_statement_leaves_the_transaction_of_a_session_intact(engine: AsyncEngine) -> None:
    api = Api(Base, engine, query=Selects)
    async with AsyncSession(engine) as session:
        session.add(Author(id=2, name="Bob"))
        await session.flush()

        for _ in range(2):
            result = await api.execute("{ broken authors { totalCount } again: broken }", session=session)
            assert result.data == {"broken": None, "authors": {"totalCount": 2}, "again": None}

        await session.commit()

    assert await run(api, AUTHORS) == authors("Ada", "Bob")


# ---------- a session by a dependency ----------


async def test_dependency_opens_and_closes_the_session(engine: AsyncEngine) -> None:
    """It sees what the dependency has written; the dependency says whether it stays."""
    events: list[str] = []

    async def session_of(request: Request) -> AsyncIterator[AsyncSession]:
        async with AsyncSession(engine) as session:
            session.add(Author(id=2, name=request.headers["x-name"]))
            await session.flush()
            events.append("opened")
            yield session
            await session.rollback()
            events.append("closed")

    async def context(session: AsyncSession = Depends(session_of)) -> dict[str, AsyncSession]:
        return {"session": session}

    class Sessions:
        @strawberry.field
        async def mine(self, info: strawberry.Info) -> int:
            async with connection(Author) as own:
                return int(await own.run_sync(lambda sync: sync is info.context["session"].sync_session.connection()))

    app = app_of(Api(Base, session_of, query=Sessions), context=context)
    async with client_of(app) as client:
        client.headers["x-name"] = "Bob"
        response = await post(client, f"{AUTHORS[:-1]} mine }}")

    assert response.json() == {"data": {**authors("Ada", "Bob"), "mine": 1}}
    assert (events, taken(engine)) == (["opened", "closed"], 0)
    assert await run(Api(Base, engine), AUTHORS) == authors("Ada")


async def test_dependency_may_return_a_session(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session, client_of(app_of(Api(Base, lambda: session))) as client:
        assert (await post(client, AUTHORS)).json() == {"data": authors("Ada")}


async def test_session_of_a_client_that_leaves_is_closed(engine: AsyncEngine, backend: Backend) -> None:
    closed: list[str] = []

    async def session_of() -> AsyncIterator[AsyncSession]:
        async with AsyncSession(engine) as session:
            yield session
        closed.append("closed")

    class Slow:
        @strawberry.field
        async def slow(self) -> int:
            async with connection(Author) as own:
                return int((await own.execute(text(f"SELECT {SLOW[backend.name]}"))).scalar_one())

    async with served(app_of(Api(Base, session_of, query=Slow))) as server:
        async with server.connect() as (_, writer):
            writer.write(graphql_message("{ slow }"))
            await until(engine, 1)
        await until(engine, 0)

    assert closed == ["closed"]


async def test_fifty_requests_share_two_connections(engine: AsyncEngine) -> None:
    async with pooled(engine, pool_size=2, max_overflow=0, pool_pre_ping=True, pool_timeout=30) as pool:

        async def session_of() -> AsyncIterator[AsyncSession]:
            async with AsyncSession(pool) as session:
                yield session

        async with client_of(app_of(Api(Base, session_of))) as client:
            answers = await asyncio.gather(
                *(post(client, f"{AUTHORS[:-1]} tags {{ totalCount }} }}") for _ in range(50))
            )

        assert [each.json() for each in answers] == [{"data": {**authors("Ada"), "tags": {"totalCount": 0}}}] * 50
        assert taken(pool) == 0


async def test_dependency_that_fails_is_answered_by_the_app() -> None:
    async def session_of() -> None:
        raise HTTPException(503, "Come back later.")

    async with client_of(app_of(Api(Base, session_of))) as client:
        answer = await post(client, AUTHORS)
        page = await client.get("/graphql", headers={"accept": BROWSER})

    assert (answer.status_code, answer.json()) == (503, {"detail": "Come back later."})
    assert page.status_code == 200


async def test_operation_without_a_session_tells_the_developer() -> None:
    api = Api(Base, lambda: None)

    with pytest.raises(ConfigurationError) as raised:
        await api.execute("{ __typename }")

    assert str(raised.value) == NO_SESSION
