"""A database by its URL, served end to end: reflected, named and queried, whatever its tables are called and hold."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from gqlcrud import Api
from tests.databases import Backend
from tests.running import run
from tests.urls import make_tables, target_at

Serve = Callable[..., Awaitable[Api]]


@pytest.fixture
async def serve(backend: Backend) -> AsyncIterator[Serve]:
    """`await serve(*statements)`: the Api that the command line serves of a database made by the statements."""
    made: list[tuple[URL, AsyncEngine]] = []

    async def make(*statements: str) -> Api:
        url = make_tables(backend, *statements)
        target = await target_at(url)
        assert target.api is not None and target.engine is not None
        made.append((url, target.engine))
        return target.api

    yield make
    for url, engine in made:
        await engine.dispose()
        backend.drop_database(url)


async def test_a_column_may_be_called_like_anything_a_record_has(serve: Serve) -> None:
    api = await serve(
        "CREATE TABLE car (id INTEGER PRIMARY KEY, model VARCHAR(9), related VARCHAR(9), count INTEGER, keys INTEGER,"
        " maker_id INTEGER)",
        "INSERT INTO car VALUES (1, 'T', 'no', 5, 6, NULL)",
        "CREATE TABLE wheel (id INTEGER PRIMARY KEY, car_id INTEGER REFERENCES car, model VARCHAR(9), related INTEGER)",
        "INSERT INTO wheel VALUES (3, 1, 'round', 9)",
    )
    found = await run(
        api, "{ cars { nodes { model related count keys wheels { nodes { model related car { model related } } } } } }"
    )

    wheel = {"model": "round", "related": 9, "car": {"model": "T", "related": "no"}}
    car = {"model": "T", "related": "no", "count": 5, "keys": 6, "wheels": {"nodes": [wheel]}}
    assert found == {"cars": {"nodes": [car]}}
