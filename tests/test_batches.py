"""Several operations in one request: each is answered as if it were sent by itself, in order."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import strawberry
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from gqlcrud import Api, Idempotency, Limits, MemoryDocuments, PersistedDocuments, idempotency_table
from tests.databases import MakeEngine
from tests.pools import taken, watch
from tests.serving import GRAPHQL, PATH, app_of, client_of, refusal, send, served
from tests.shelf import Base

THREE = Limits(max_batch=3)
COUNT = {"query": "{ authors { totalCount } }"}


def create(name: str) -> dict[str, Any]:
    query = "mutation ($n: String!) { createAuthor(input: {data: {name: $n}}) { author { name } } }"
    return {"query": query, "variables": {"n": name}}


def counted(number: int) -> dict[str, Any]:
    return {"data": {"authors": {"totalCount": number}}}


def created(name: str) -> dict[str, Any]:
    return {"data": {"createAuthor": {"author": {"name": name}}}}


class Waits:
    @strawberry.field
    async def wait(self, seconds: float) -> int:
        await asyncio.sleep(seconds)
        return 1


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncEngine:
    return await make_engine(Base.metadata)


@pytest.fixture
async def client(engine: AsyncEngine) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app_of(Api(Base, engine, query=Waits, limits=THREE))) as client:
        yield client


async def test_operations_run_one_after_the_other(engine: AsyncEngine, client: httpx.AsyncClient) -> None:
    checkouts = watch(engine)

    assert await send(client, [create("Ada"), COUNT, create("Bob")]) == (
        200,
        [created("Ada"), counted(1), created("Bob")],
    )
    assert checkouts.most == 1


async def test_what_fails_leaves_the_others_alone(client: httpx.AsyncClient) -> None:
    status, (invalid, none, counts) = await send(client, [{"query": "{ nosuch }"}, 7, COUNT])

    assert (status, [error["extensions"]["code"] for error in invalid["errors"]]) == (
        200,
        ["GRAPHQL_VALIDATION_FAILED"],
    )
    assert (none, counts) == (refusal("A GraphQL request is a JSON object with the key query."), counted(0))


@pytest.mark.parametrize("size", [0, 4])
async def test_a_batch_has_a_length(client: httpx.AsyncClient, size: int) -> None:
    message = f"A batch has 1 to 3 operations; this one has {size}."

    assert await send(client, [COUNT] * size) == (422, refusal(message))


async def test_an_array_is_refused_by_default(engine: AsyncEngine) -> None:
    async with client_of(app_of(Api(Base, engine))) as client:
        assert await send(client, [COUNT]) == (422, refusal("Send one operation at a time: batching is off."))


async def test_an_array_in_an_array_is_no_request(client: httpx.AsyncClient) -> None:
    assert await send(client, [[COUNT]]) == (
        200,
        [refusal("Send one operation at a time: an array stands in another.")],
    )


async def test_each_operation_has_its_time(engine: AsyncEngine) -> None:
    limits = Limits(max_batch=3, request_timeout=0.5)
    async with client_of(app_of(Api(Base, engine, query=Waits, limits=limits))) as client:
        status, answers = await send(client, [{"query": "{ wait(seconds: 30) }"}, {"query": "{ wait(seconds: 0) }"}])

    told = {"message": "The operation took longer than 0.5 seconds.", "extensions": {"code": "TIMEOUT"}}
    assert (status, answers) == (200, [{"errors": [told]}, {"data": {"wait": 1}}])


async def test_documents_may_be_named(engine: AsyncEngine) -> None:
    persisted = PersistedDocuments(automatic=MemoryDocuments())
    digest = hashlib.sha256(COUNT["query"].encode()).hexdigest()
    named = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}}}
    async with client_of(app_of(Api(Base, engine, limits=THREE, persisted=persisted))) as client:
        status, (missing, *found) = await send(client, [named, {**COUNT, **named}, named])

    assert (status, missing["errors"][0]["extensions"]["code"]) == (200, "PERSISTED_QUERY_NOT_FOUND")
    assert found == [counted(0), counted(0)]


async def test_an_idempotency_key_is_for_one_operation(engine: AsyncEngine) -> None:
    table = idempotency_table(Base.metadata, "batch_answers")
    async with engine.begin() as connection:
        await connection.run_sync(table.create)
    Base.metadata.remove(table)
    api = Api(Base, engine, limits=THREE, idempotency=Idempotency(table))
    headers = {"accept": GRAPHQL, "idempotency-key": "1"}
    async with client_of(app_of(api)) as client:
        response = await client.post(PATH, json=[create("Ada")], headers=headers)
        assert (response.status_code, response.json()) == (
            400,
            refusal("Idempotency-Key is for one operation; send those of a batch by themselves."),
        )
        assert await send(client, [COUNT]) == (200, [counted(0)])


async def test_operations_share_the_session_of_a_dependency(engine: AsyncEngine) -> None:
    async def session_of() -> AsyncIterator[AsyncSession]:
        async with AsyncSession(engine) as session, session.begin():
            yield session

    async with client_of(app_of(Api(Base, session_of, limits=THREE))) as client:
        assert await send(client, [create("Ada"), COUNT]) == (200, [created("Ada"), counted(1)])
        assert await send(client, [COUNT]) == (200, [counted(1)])


async def test_a_client_that_leaves_ends_the_rest(engine: AsyncEngine) -> None:
    app = app_of(Api(Base, engine, query=Waits, limits=THREE))
    async with served(app) as server, httpx.AsyncClient() as leaving:
        with pytest.raises(httpx.ReadTimeout):
            await leaving.post(
                server.url, json=[create("Ada"), {"query": "{ wait(seconds: 2) }"}, create("Bob")], timeout=1
            )
    assert taken(engine) == 0
    async with client_of(app) as client:
        assert await send(client, [COUNT]) == (200, [counted(1)])
