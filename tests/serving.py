"""What the tests over HTTP share: an app that serves an Api, a client for it, and a server on a socket."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from gqlcrud import Api

GRAPHQL = "application/graphql-response+json"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
PATH = "/graphql"


def unused_engine() -> AsyncEngine:
    """An engine for an Api whose requests never reach the database: it fails when it connects."""
    return create_async_engine("sqlite+aiosqlite:////nowhere/at/all.sqlite")


def app_of(api: Api, **options: Any) -> FastAPI:
    app = FastAPI()
    app.include_router(api.router(**options), prefix=PATH)
    return app


@asynccontextmanager
async def client_of(app: FastAPI, root_path: str = "") -> AsyncIterator[httpx.AsyncClient]:
    """Calls the app in this process. It sends no header Accept of its own; what the app raises, the test sees."""
    transport = httpx.ASGITransport(app, root_path=root_path)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        del client.headers["accept"]
        yield client


async def post(client: httpx.AsyncClient, query: str, accept: str = GRAPHQL, **variables: Any) -> httpx.Response:
    body = {"query": query, "variables": variables}
    return await client.post(PATH, json=body, headers={"accept": accept})


async def send(
    client: httpx.AsyncClient, body: bytes | str | object, content_type: str = "application/json"
) -> tuple[int, Any]:
    """The status and the document that a body is answered with; other things than bytes and texts are sent as JSON."""
    content = body if isinstance(body, bytes | str) else json.dumps(body)
    headers = {"accept": GRAPHQL, "content-type": content_type} if content_type else {"accept": GRAPHQL}
    response = await client.post(PATH, content=content, headers=headers)
    return response.status_code, response.json()


async def get_raw(app: FastAPI, query_string: bytes) -> tuple[int, Any]:
    """The status and the document that a GET is answered with, its query string of any bytes and any length."""

    async def with_query_string(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "query_string": query_string}, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(with_query_string), base_url="http://test") as client:
        response = await client.get(PATH)
    return response.status_code, response.json()


def refusal(message: str, code: str = "BAD_REQUEST") -> dict[str, Any]:
    """The document of a request that is refused as a whole."""
    return {"errors": [{"message": message, "extensions": {"code": code}}]}


@dataclass(frozen=True, slots=True)
class Served:
    """An app that listens on a port of this machine."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{PATH}"

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A client's socket, closed when the block is left."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield reader, writer
        finally:
            writer.close()
            await writer.wait_closed()


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[Served]:
    """uvicorn in this event loop, until the block is left."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", ws="none"))
    running = asyncio.ensure_future(server.serve(sockets=[listener]))
    try:
        while not server.started:
            await asyncio.sleep(0.01)
        yield Served(listener.getsockname()[1])
    finally:
        server.should_exit = True
        await running


def graphql_message(query: str) -> bytes:
    """A POST request as it goes over the wire."""
    body = json.dumps({"query": query}).encode()
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
