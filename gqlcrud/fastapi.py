"""The API as a FastAPI router: GraphQL on POST and GET, GraphiQL for browsers. A client that leaves ends its operation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from fastapi import APIRouter, Depends, Request, Response
from fastapi.params import Depends as DependsMarker
from fastapi.responses import HTMLResponse
from starlette.requests import ClientDisconnect
from strawberry.types import ExecutionResult

from gqlcrud.graphiql import CONTENT_SECURITY_POLICY, graphiql_page, read_asset
from gqlcrud.http import (
    JSON,
    MAX_BODY,
    GraphQLRequest,
    HttpAnswer,
    HttpRefusalError,
    answer,
    negotiate,
    prefers_html,
    read_get,
    read_post,
    refusal,
)

ROUTE_NAME = "gqlcrud"
"""The name of the route that serves GraphiQL and GET: `app.url_path_for("gqlcrud")` is its path."""

ContextDependency = Callable[..., Any]


class ServedApi(Protocol):
    """What the router needs of an `Api`."""

    title: str
    session_dependency: Callable[..., Any] | None

    def example_query(self) -> str: ...

    async def execute(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        context: Any = None,
        operation_name: str | None = None,
        session: Any = None,
        allow_mutations: bool = True,
    ) -> ExecutionResult: ...


def router(
    api: ServedApi,
    *,
    path: str = "",
    context: ContextDependency | None = None,
    dependencies: Sequence[DependsMarker] = (),
    graphiql: bool = True,
    example_query: str | None = None,
) -> APIRouter:
    """A router that serves `api` at the prefix it is included with, or at `path`.

    context: a FastAPI dependency; what it gives is `info.context` in resolvers. Without one it is `{"request": request}`.
    dependencies: run before every request, GraphiQL's page included, such as an authentication.
    graphiql: whether browsers get GraphiQL. example_query: what its editor shows at first.
    """
    routes = APIRouter(dependencies=list(dependencies))
    get_context = context or _default_context
    get_session = api.session_dependency or _no_session

    async def post(
        request: Request, context_value: Any = Depends(get_context), session: Any = Depends(get_session)
    ) -> Response:
        return await _serve(api, request, context_value, session)

    async def get(
        request: Request, context_value: Any = Depends(get_context), session: Any = Depends(get_session)
    ) -> Response:
        if graphiql and prefers_html(request.headers.get("accept", "")):
            return _page(api, request, example_query)
        return await _serve(api, request, context_value, session)

    routes.add_api_route(path, post, methods=["POST"], summary="Run a GraphQL operation", response_model=None)
    summary = "Run a GraphQL query, or open GraphiQL"
    routes.add_api_route(path, get, methods=["GET"], summary=summary, name=ROUTE_NAME, response_model=None)
    if graphiql:
        routes.add_api_route(
            f"{path}/graphiql/{{name}}", _asset, methods=["GET"], include_in_schema=False, response_model=None
        )
    return routes


def _default_context(request: Request) -> dict[str, Any]:
    return {"request": request}


def _no_session() -> None:
    """In place of a session dependency, where the API has connections of its own."""


async def _serve(api: ServedApi, request: Request, context: Any, session: Any) -> Response:
    media_type = JSON
    try:
        media_type = negotiate(request.headers.get("accept", ""))
        operation = await _read(request)
        result = await _while_connected(
            request,
            api.execute(
                operation.query,
                operation.variables,
                context=context,
                operation_name=operation.operation_name,
                session=session,
                allow_mutations=request.method == "POST",
            ),
        )
        return _response(answer(result, media_type))
    except HttpRefusalError as error:
        return _response(refusal(error, media_type))
    except ClientDisconnect:
        return Response(status_code=499)


async def _read(request: Request) -> GraphQLRequest:
    if request.method == "GET":
        return read_get(request.query_params)
    return read_post(request.headers.get("content-type", ""), await _body(request))


async def _body(request: Request) -> bytes:
    """The body, refused as soon as it is longer than allowed: it is never read whole then."""
    too_long = HttpRefusalError(413, f"The body is larger than {MAX_BODY} bytes.", {"Connection": "close"})
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > MAX_BODY:
        raise too_long
    chunks = bytearray()
    async for chunk in request.stream():
        chunks += chunk
        if len(chunks) > MAX_BODY:
            raise too_long
    return bytes(chunks)


async def _while_connected(request: Request, work: Any) -> Any:
    """The result of `work`, which is cancelled when the client goes: its connection goes back to the pool then."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientDisconnect
        return task.result()
    finally:
        gone.cancel()
        if not task.done():
            task.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        continue


def _response(result: HttpAnswer) -> Response:
    return Response(
        result.body, result.status, {**result.headers, "content-type": f"{result.media_type}; charset=utf-8"}
    )


def _page(api: ServedApi, request: Request, example_query: str | None) -> Response:
    """GraphiQL; its files are named relative to the page, so that any prefix and proxy will do."""
    folder = request.url.path.rstrip("/").rpartition("/")[2]
    html = graphiql_page(
        title=api.title,
        endpoint="",
        assets=f"{folder}/graphiql" if not request.url.path.endswith("/") else "graphiql",
        default_query=example_query or api.example_query(),
    )
    return HTMLResponse(
        html,
        headers={
            "content-security-policy": CONTENT_SECURITY_POLICY,
            "x-content-type-options": "nosniff",
            "cache-control": "no-cache",
            "vary": "accept",
        },
    )


async def _asset(name: str) -> Response:
    asset = read_asset(name)
    if asset is None:
        return Response(status_code=404)
    lifetime = "public, max-age=31536000, immutable" if asset.immutable else "no-cache"
    return Response(
        asset.content,
        media_type=asset.media_type,
        headers={
            "cache-control": lifetime,
            "etag": f'"{asset.digest}"',
            "x-content-type-options": "nosniff",
            "content-security-policy": CONTENT_SECURITY_POLICY,
        },
    )
