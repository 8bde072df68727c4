"""What takes longer than the limits allow is ended in the database, whichever way it is run, and told by TIMEOUT."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import strawberry
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from gqlcrud import Api, ConfigurationError, Limits
from tests.databases import Backend, MakeEngine, record_statements
from tests.pools import SLOW, small_pool, taken
from tests.running import run
from tests.serving import app_of, client_of, post, unused_engine
from tests.test_outages import failures
from tests.test_write_outages import LEFT, NOTHING, TOO_LONG, UNAVAILABLE, WRITE, WRITTEN, make_fast, make_slow
from tests.test_write_outages import Base as Shelf

HASTY = Limits(statement_timeout=0.25)


class Base(DeclarativeBase):
    pass


class Sloth(Base):
    """A view that takes half a minute to read."""

    __tablename__ = "sloth"

    id: Mapped[int] = mapped_column(primary_key=True)


class Cat(Base):
    __tablename__ = "cat"

    id: Mapped[int] = mapped_column(primary_key=True)


class Nullable:
    """Root fields beside which others are answered."""

    @strawberry.field
    async def sleep(self) -> int | None:
        await asyncio.sleep(30)
        return 1


@pytest.fixture
async def engine(make_engine: MakeEngine, backend: Backend) -> AsyncIterator[AsyncEngine]:
    engine = await make_engine()
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.tables["cat"].create)
        await connection.execute(text(f"CREATE VIEW sloth AS SELECT 1 AS id WHERE {SLOW[backend.name]} IS NULL"))
        await connection.execute(text("INSERT INTO cat VALUES (1)"))
    async with small_pool(engine) as pool:
        yield pool


@pytest.mark.parametrize("kind", ["engine", "sessionmaker", "session", "listened to"])
async def test_a_statement_that_takes_too_long_is_ended(engine: AsyncEngine, kind: str) -> None:
    """Twice, since what is known is answered by another way. Its connection comes back at once; that of a session of the
    application's cannot be had again on PostgreSQL."""
    query = "{ sloth(by: {rowId: 1}) { rowId } cat(by: {rowId: 1}) { rowId } }"
    api = Api(Base, async_sessionmaker(engine) if kind == "sessionmaker" else engine, limits=HASTY)
    lost = kind == "session" and engine.dialect.name == "postgresql"
    for _ in range(2):
        match kind:
            case "session":
                async with AsyncSession(engine) as session:
                    data, errors = await failures(api, query, session=session)
            case "listened to":
                with record_statements(engine):
                    data, errors = await failures(api, query)
            case _:
                data, errors = await failures(api, query)
        assert (data, errors) == (
            {"sloth": None, "cat": None if lost else {"rowId": 1}},
            [TOO_LONG, UNAVAILABLE] if lost else [TOO_LONG],
        )
        assert taken(engine) == 0
    assert await run(api, "{ cats { nodes { rowId } } }") == {"cats": {"nodes": [{"rowId": 1}]}}


@pytest.mark.parametrize("timeout", [None, 30])
async def test_no_statement_is_run_for_the_sake_of_a_timeout(engine: AsyncEngine, timeout: float | None) -> None:
    api = Api(Base, engine, limits=Limits(statement_timeout=timeout))
    with record_statements(engine) as statements:
        assert await run(api, "{ cats { totalCount } }") == {"cats": {"totalCount": 1}}

    assert len(statements) == 1


@pytest.mark.parametrize("kind", ["engine", "sessionmaker", "session"])
async def test_a_write_that_takes_too_long_leaves_nothing(make_engine: MakeEngine, backend: Backend, kind: str) -> None:
    engine = await make_engine(Shelf.metadata)
    await make_slow(engine, backend)
    async with small_pool(engine) as pool:
        api = Api(Shelf, async_sessionmaker(pool) if kind == "sessionmaker" else pool, limits=HASTY)
        if kind == "session":
            async with AsyncSession(pool) as session:
                assert await failures(api, WRITE, session=session) == (None, [TOO_LONG])
        else:
            assert await failures(api, WRITE) == (None, [TOO_LONG])
        assert taken(pool) == 0
        patient = Api(Shelf, pool)
        assert await run(patient, LEFT) == NOTHING
        await make_fast(engine, backend)
        assert await run(patient, WRITE) == WRITTEN


@pytest.mark.parametrize("query", ["{ sloth(by: {rowId: 1}) { rowId } }", "{ sleep }"])
async def test_an_operation_that_takes_too_long_is_ended(engine: AsyncEngine, query: str) -> None:
    """What is known is answered by another way, and no less."""
    api = Api(Base, engine, query=Nullable, limits=Limits(request_timeout=0.25))
    told = {"message": "The operation took longer than 0.25 seconds.", "extensions": {"code": "TIMEOUT"}}
    async with client_of(app_of(api)) as client:
        for _ in range(2):
            response = await post(client, query)
            assert (response.status_code, response.json()) == (503, {"errors": [told]})
            assert taken(engine) == 0
    assert await run(Api(Base, engine), "{ cats { totalCount } }") == {"cats": {"totalCount": 1}}


async def test_a_timeout_of_a_resolver_is_not_taken_for_that_of_the_operation() -> None:
    class Fields:
        @strawberry.field
        async def hasty(self) -> int | None:
            async with asyncio.timeout(0):
                await asyncio.sleep(1)
            return 1

    api = Api(Base, unused_engine(), query=Fields)
    data, errors = await failures(api, "{ hasty }")

    assert (data, [code for code, _ in errors]) == ({"hasty": None}, ["INTERNAL_ERROR"])


@pytest.mark.parametrize("value", [0, -1, True, "1", float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["statement_timeout", "request_timeout"])
def test_a_timeout_is_a_number_of_seconds(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Limits(**{name: value})

    assert str(caught.value) == f"Limits({name}={value!r}) takes seconds, more than 0, or None."
