"""The API as a FastAPI router: GraphQL on POST and GET, GraphiQL for browsers. A client that leaves ends its operation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from fastapi.params import Depends as DependsMarker
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect
from starlette.routing import Match
from starlette.types import Scope
from strawberry.types import ExecutionResult

from gqlcrud.disconnects import while_connected
from gqlcrud.graphiql import CONTENT_SECURITY_POLICY, Example, graphiql_page, read_asset
from gqlcrud.http import (
    GET_DOCS,
    POST_DOCS,
    Batch,
    GraphQLRequest,
    HttpAnswer,
    PartialStatus,
    RefusalStatus,
    answer,
    batch_answer,
    refusal,
)
from gqlcrud.idempotency import MAX_KEY, Idempotency
from gqlcrud.media_types import JSON, HttpRefusalError, negotiate, prefers_html
from gqlcrud.observability import Observability, read_request_id
from gqlcrud.observing import identified
from gqlcrud.options import Limits
from gqlcrud.requests import read_headers, read_request

ROUTE_NAME = "gqlcrud"
"""The name of the route that serves GraphiQL and GET: `app.url_path_for("gqlcrud")` is its path."""
SERVED = "gqlcrud_api"
"""The attribute of that route's endpoint that holds the `Api`."""
SERVED_GRAPHIQL = "gqlcrud_graphiql"
"""The one that says whether browsers get GraphiQL."""

ContextDependency = Callable[..., Any]

_ALLOW = "GET, HEAD, OPTIONS, POST"
_ANSWER_HEADERS = {"cache-control": "no-store", "vary": "accept", "x-content-type-options": "nosniff"}
_FILE_HEADERS = {"content-security-policy": CONTENT_SECURITY_POLICY, "x-content-type-options": "nosniff"}


class ServedApi(Protocol):
    """What the router needs of an `Api`."""

    title: str
    limits: Limits
    session_dependency: Callable[..., Any] | None
    idempotency: Idempotency | None
    observability: Observability | None

    def example_queries(self) -> list[Example]: ...

    async def execute(
        self,
        query: str | None,
        variables: Mapping[str, Any] | None = None,
        *,
        context: Any = None,
        operation_name: str | None = None,
        session: Any = None,
        allow_mutations: bool = True,
        idempotency_key: str | None = None,
        document_id: str | None = None,
        extensions: Mapping[str, Any] | None = None,
    ) -> ExecutionResult: ...


def router(
    api: ServedApi,
    *,
    path: str = "",
    context: ContextDependency | None = None,
    dependencies: Sequence[DependsMarker] = (),
    graphiql: bool = True,
    example_query: str | None = None,
    partial_status: PartialStatus = 200,
    refusal_status: RefusalStatus = 422,
) -> APIRouter:
    """A router that serves `api` at the prefix it is included with, or at `path`.

    context: a FastAPI dependency; what it gives is `info.context` in resolvers. Without one it is `{"request": request}`.
    dependencies: run before every request, GraphiQL's page included, such as an authentication.
    graphiql: whether browsers get GraphiQL. example_query: what its editor shows at first.
    partial_status: of data together with errors, for clients that accept `application/graphql-response+json`.
    refusal_status: of a request that is JSON, and no operation of the schema.
    """
    routes = APIRouter(dependencies=list(dependencies))
    serve = _endpoint(api, context, Statuses(partial_status, refusal_status))

    async def page(request: Request) -> Response:
        return _page(api, request, example_query)

    setattr(serve, SERVED, api)
    setattr(serve, SERVED_GRAPHIQL, graphiql)

    def add(method: str, endpoint: Callable[..., Any], **options: Any) -> None:
        routes.add_api_route(path, endpoint, methods=[method], response_model=None, **options)

    add("POST", serve, summary="Run a GraphQL operation", openapi_extra=POST_DOCS)  # first, as the most frequent
    if graphiql:
        for method in ("GET", "HEAD"):
            add(method, page, route_class_override=_PageRoute, include_in_schema=False)
        assets = f"{path.rstrip('/')}/graphiql/{{name}}"
        routes.add_api_route(assets, _asset, methods=["GET", "HEAD"], include_in_schema=False, response_model=None)
    add("GET", serve, summary="Run a GraphQL query, or open GraphiQL", name=ROUTE_NAME, openapi_extra=GET_DOCS)
    add("HEAD", serve, include_in_schema=False)
    for method in ("OPTIONS", "PUT", "PATCH", "DELETE"):
        add(method, _other_method, include_in_schema=False)
    return routes


def _endpoint(
    api: ServedApi, context: ContextDependency | None, statuses: Statuses
) -> Callable[..., Awaitable[Response]]:
    """What answers requests. It depends on nothing but what is used: FastAPI takes its time for each dependency."""
    if context is None and api.session_dependency is None:

        async def serve(request: Request) -> Response:
            return await _serve(api, request, {"request": request}, None, statuses)

        return serve
    get_context = context or _default_context
    get_session = api.session_dependency or _no_session

    async def serve_in_context(
        request: Request, context_value: Any = Depends(get_context), session: Any = Depends(get_session)
    ) -> Response:
        return await _serve(api, request, context_value, session, statuses)

    return serve_in_context


class _PageRoute(APIRoute):
    """A route for what a browser asks when it opens a page: it needs neither the context nor a session."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child_scope = super().matches(scope)
        if match is Match.FULL and not prefers_html(read_headers(scope).get("accept", "")):
            return Match.NONE, {}
        return match, child_scope


async def _default_context(request: Request) -> dict[str, Any]:
    return {"request": request}


async def _no_session() -> None:
    """In place of a session dependency, where the API has connections of its own."""


async def _other_method(request: Request) -> Response:
    return Response(status_code=204 if request.method == "OPTIONS" else 405, headers={"allow": _ALLOW})


# ---------- operations ----------


async def _serve(api: ServedApi, request: Request, context: Any, session: Any, statuses: Statuses) -> Response:
    options = api.observability
    if options is None:
        return await _answer(api, request, context, session, statuses)
    header = options.request_id_header
    with identified(read_request_id(request.headers.get(header) if header is not None else None)) as identity:
        response = await _answer(api, request, context, session, statuses)
    if header is not None and identity is not None:
        response.headers[header] = identity
    return response


async def _answer(api: ServedApi, request: Request, context: Any, session: Any, statuses: Statuses) -> Response:
    media_type = JSON
    try:
        headers = read_headers(request.scope)
        media_type = negotiate(headers.get("accept", ""))
        asked = await read_request(request, headers, api.limits)
        run = _Run(api, context, session, request.method == "POST", _idempotency_key(api, headers))
        if isinstance(asked, Batch):
            work = run.batch(asked, media_type, statuses.partial)
            return statuses.response(await while_connected(request, work))
        result = await while_connected(request, run.operation(asked))
        return statuses.response(answer(result, media_type, statuses.partial))
    except HttpRefusalError as error:
        return statuses.response(refusal(error, media_type))
    except ClientDisconnect:
        return Response(status_code=499)


@dataclass(frozen=True, slots=True)
class _Run:
    """Runs what a request asks for. key: its idempotency key."""

    api: ServedApi
    context: Any
    session: Any
    mutations: bool
    key: str | None

    def operation(self, asked: GraphQLRequest) -> Awaitable[ExecutionResult]:
        return self.api.execute(
            asked.query,
            asked.variables,
            context=self.context,
            operation_name=asked.operation_name,
            session=self.session,
            allow_mutations=self.mutations,
            idempotency_key=self.key,
            document_id=asked.document_id,
            extensions=asked.extensions,
        )

    async def batch(self, batch: Batch, media_type: str, partial: PartialStatus) -> HttpAnswer:
        """One operation after the other: a request never takes more than one connection, what is written is there for the
        next, and a session of the application's serves one at a time."""
        if self.key is not None:
            raise HttpRefusalError(400, "Idempotency-Key is for one operation; send those of a batch by themselves.")
        answers = [
            refusal(each)
            if isinstance(each, HttpRefusalError)
            else answer(await self.operation(each), media_type, partial)
            for each in batch.requests
        ]
        return batch_answer(answers, media_type)


def _idempotency_key(api: ServedApi, headers: Mapping[str, str]) -> str | None:
    """Without `idempotency` the header is left to whoever else reads it."""
    key = headers.get("idempotency-key")
    if key is None or api.idempotency is None:
        return None
    if not 0 < len(key) <= MAX_KEY:
        raise HttpRefusalError(400, f"Idempotency-Key has 1 to {MAX_KEY} characters.")
    return key


@dataclass(frozen=True, slots=True)
class Statuses:
    """Those that a router is told."""

    partial: PartialStatus
    refusal: RefusalStatus

    def response(self, result: HttpAnswer) -> Response:
        content_type = f"{result.media_type}; charset=utf-8"
        headers = {**_ANSWER_HEADERS, **result.headers, "content-type": content_type}
        return Response(result.body, self.refusal if result.status == 422 else result.status, headers)


# ---------- GraphiQL ----------


def _page(api: ServedApi, request: Request, example_query: str | None) -> Response:
    """GraphiQL; its files are named relative to the page, so that any prefix and proxy will do."""
    folder = request.url.path.rpartition("/")[2]
    own = [] if example_query is None else [Example("The first query", example_query)]
    examples = [*own, *api.example_queries()]
    html = graphiql_page(
        title=api.title,
        endpoint="",
        assets=f"{quote(folder, safe='')}/graphiql" if folder else "graphiql",
        examples=examples,
    )
    return HTMLResponse(html, headers={**_FILE_HEADERS, "cache-control": "no-cache", "vary": "accept"})


async def _asset(name: str, request: Request) -> Response:
    asset = read_asset(name)
    if asset is None:
        return Response(status_code=404)
    tag = f'"{asset.digest}"'
    lifetime = "public, max-age=31536000, immutable" if asset.immutable else "no-cache"
    headers = {**_FILE_HEADERS, "cache-control": lifetime, "etag": tag}
    if _names(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    return Response(asset.content, media_type=asset.media_type, headers=headers)


def _names(if_none_match: str, tag: str) -> bool:
    """Source: RFC 9110, section 13.1.2: a list of tags, weak ones too, or `*` for whatever there is."""
    tags = [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
    return tag in tags or tags == ["*"]
