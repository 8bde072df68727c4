"""Processes of their own: one that is told to stop finishes what runs, and several that write one database lose nothing."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from gqlcrud import Api
from tests.databases import Backend, MakeEngine
from tests.running import run
from tests.serving import PATH
from tests.shelf import Base

WRITE = """mutation { createAuthor(input: {data: {name: "Ada", books: {create: [{title: "A", price: "1"}]}}}) {
  author { name } errors { code }
} }"""
WRITTEN = {"data": {"createAuthor": {"author": {"name": "Ada"}, "errors": []}}}
LEFT = "{ authors { totalCount } books { totalCount } }"


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncEngine:
    return await make_engine(Base.metadata)


@asynccontextmanager
async def service(engine: AsyncEngine) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A process that serves the database, and its address; it is ended with the block, if it is still there."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.set_inheritable(True)
        program = ["-m", "uvicorn", "tests.serving_process:app", "--fd", str(listener.fileno()), "--log-level", "error"]
        database = engine.url.render_as_string(hide_password=False)
        process = await asyncio.create_subprocess_exec(
            sys.executable, *program, env={**os.environ, "DATABASE": database}, pass_fds=[listener.fileno()]
        )
        url = f"http://127.0.0.1:{listener.getsockname()[1]}{PATH}"
    try:  # requests wait in the socket until the process serves it; here it is closed
        yield process, url
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def sent(client: httpx.AsyncClient, url: str, query: str) -> object:
    """The answer, or None where the server takes no more requests."""
    try:
        return (await client.post(url, json={"query": query})).json()
    except httpx.TransportError:
        return None


async def test_a_server_that_is_told_to_stop_finishes_what_runs(engine: AsyncEngine) -> None:
    """What it does not answer it has not taken: as many records are there as clients were told of."""
    async with service(engine) as (process, url), httpx.AsyncClient(timeout=60) as client:
        assert await sent(client, url, WRITE) == WRITTEN
        slow = asyncio.ensure_future(sent(client, url, "{ sleep(seconds: 1) }"))
        await asyncio.sleep(0.3)
        writing = [asyncio.ensure_future(sent(client, url, WRITE)) for _ in range(20)]
        await asyncio.sleep(0.02)
        process.send_signal(signal.SIGTERM)

        answers = await asyncio.gather(*writing)
        assert await slow == {"data": {"sleep": 1}}
        assert await asyncio.wait_for(process.wait(), 30) in (0, -signal.SIGTERM)
        assert await sent(client, url, WRITE) is None

    assert [each for each in answers if each not in (WRITTEN, None)] == []
    count = 1 + answers.count(WRITTEN)
    assert await run(Api(Base, engine), LEFT) == {"authors": {"totalCount": count}, "books": {"totalCount": count}}


async def test_two_processes_write_one_database(engine: AsyncEngine, backend: Backend) -> None:
    """On SQLite they wait for each other, each for as long as its driver says."""
    if backend.name == "sqlite":
        async with engine.connect() as connection:
            assert (await connection.execute(text("PRAGMA journal_mode = WAL"))).scalar_one() == "wal"
    api = Api(Base, engine)
    async with service(engine) as (_, url), httpx.AsyncClient(timeout=60) as client:
        here = [api.execute(WRITE) for _ in range(15)]
        there = [sent(client, url, WRITE) for _ in range(15)]
        answers = await asyncio.gather(*here, *there)

    assert [each.data for each in answers[:15]] == [WRITTEN["data"]] * 15
    assert answers[15:] == [WRITTEN] * 15
    assert await run(api, LEFT) == {"authors": {"totalCount": 30}, "books": {"totalCount": 30}}
