"""The router in FastAPI apps: where it is included, what its dependencies give, and GraphiQL for browsers."""

import re
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
import strawberry
from fastapi import Depends, FastAPI, Header, HTTPException, Request
from strawberry.types import Info

from gqlcrud import Api
from gqlcrud.graphiql import CONTENT_SECURITY_POLICY
from tests.serving import BROWSER, GRAPHQL, PATH, app_of, client_of, post, unused_engine
from tests.shelf import Base

TYPENAME = {"data": {"__typename": "Query"}}
QUERY = {"query": "{ __typename }"}


class Fields:
    @strawberry.field
    def context(self, info: Info) -> str:
        return repr(info.context)

    @strawberry.field
    def path(self, info: Info) -> str:
        return str(info.context["request"].url.path)


@pytest.fixture(scope="module")
def api() -> Api:
    return Api(Base, unused_engine(), query=Fields, title="Shelf")


async def context_of(api: Api, context: Callable[..., Any], user: str | None = None) -> tuple[int, Any]:
    """The context of an operation, as its repr."""
    headers = {} if user is None else {"x-user": user}
    async with client_of(app_of(api, context=context)) as client:
        response = await client.post("/graphql", json={"query": "{ context }"}, headers=headers)
        return response.status_code, response.json()


# ---------- where ----------


@pytest.mark.parametrize(
    ("prefix", "path", "url", "files"),
    [
        ("/graphql", "", "/graphql", "graphql/graphiql"),
        ("", "/graphql", "/graphql", "graphql/graphiql"),
        ("/api/v1", "/graphql", "/api/v1/graphql", "graphql/graphiql"),
        ("/graphql", "/", "/graphql/", "graphiql"),
        ("", "/graphql/", "/graphql/", "graphiql"),
        ("", "/", "/", "graphiql"),
        ("/tenants/{tenant}", "", "/tenants/a:b%20c", "a%3Ab%20c/graphiql"),
    ],
)
async def test_router_serves_at_its_prefix_and_path(api: Api, prefix: str, path: str, url: str, files: str) -> None:
    """GraphiQL's files are named relative to the page, and found from there."""
    app = FastAPI()
    app.include_router(api.router(path=path), prefix=prefix)
    async with client_of(app) as client:
        assert (await client.post(url, json=QUERY)).json() == TYPENAME
        assert (await client.get(url, params=QUERY)).json() == TYPENAME

        page = await client.get(url, headers={"accept": BROWSER})
        style, script = re.findall(r'(?:src|href)="([^"]+\.(?:js|css))"', page.text)

        assert [style.rpartition("/")[0], script.rpartition("/")[0]] == [files, files]
        for name in (style, script):
            assert (await client.get(page.url.join(name))).status_code == 200


async def test_slash_too_many_is_redirected_with_the_body(api: Api) -> None:
    async with client_of(app_of(api)) as client:
        response = await client.post("/graphql/", json=QUERY)

        assert (response.status_code, response.headers["location"]) == (307, "http://test/graphql")
        assert (await client.post("/graphql/", json=QUERY, follow_redirects=True)).json() == TYPENAME


@pytest.mark.parametrize("url", ["/graphql", "/behind/graphql"])
async def test_proxy_may_strip_a_prefix(api: Api, url: str) -> None:
    """The app knows the prefix as its root path, and servers differ in whether it is part of the path too."""
    async with client_of(app_of(api), root_path="/behind") as client:
        page = await client.get(url, headers={"accept": BROWSER})
        (script,) = re.findall(r'src="([^"]+)"', page.text)

        assert (await client.post(url, json=QUERY)).json() == TYPENAME
        assert script.rpartition("/")[0] == "graphql/graphiql"
        assert (await client.get(page.url.join(script))).status_code == 200


async def test_app_may_be_mounted_in_another(api: Api) -> None:
    outer = FastAPI()
    outer.mount("/inner", app_of(api))
    async with client_of(outer) as client:
        page = await client.get("/inner/graphql", headers={"accept": BROWSER})
        (script,) = re.findall(r'src="([^"]+)"', page.text)

        assert (await client.post("/inner/graphql", json=QUERY)).json() == TYPENAME
        assert (await client.get(page.url.join(script))).status_code == 200


async def test_several_apis_and_one_api_twice_live_in_one_app(api: Api) -> None:
    other = Api(Base, unused_engine(), title="Other")
    app = FastAPI()
    router = api.router()
    app.include_router(router, prefix="/one")
    app.include_router(router, prefix="/two")
    app.include_router(other.router(), prefix="/three")
    async with client_of(app) as client:
        answers = [
            (await client.post(url, json={"query": "{ path }"})).json().get("data")
            for url in ("/one", "/two", "/three")
        ]
        pages = [(await client.get(url, headers={"accept": BROWSER})).text for url in ("/one", "/two", "/three")]

    assert answers == [{"path": "/one"}, {"path": "/two"}, None]
    assert [re.findall("<title>(.*)</title>", page) for page in pages] == [["Shelf"], ["Shelf"], ["Other"]]


async def test_openapi_tells_how_to_send_a_request(api: Api) -> None:
    app = FastAPI()
    app.include_router(api.router(context=lambda q: q), prefix="/one")
    app.include_router(api.router(), prefix="/two")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        paths = app.openapi()["paths"]

    assert {path: sorted(methods) for path, methods in paths.items()} == {
        "/one": ["get", "post"],
        "/two": ["get", "post"],
    }
    assert paths["/two"]["get"]["parameters"] == [
        {"name": "query", "in": "query", "required": True, "schema": {"type": "string"}},
        {"name": "variables", "in": "query", "required": False, "schema": {"type": "string"}},
        {"name": "operationName", "in": "query", "required": False, "schema": {"type": "string"}},
        {"name": "extensions", "in": "query", "required": False, "schema": {"type": "string"}},
    ]
    assert paths["/two"]["post"]["requestBody"] == {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["query"],
                    "properties": {
                        "query": {"type": "string"},
                        "variables": {"type": "object"},
                        "operationName": {"type": "string"},
                        "extensions": {"type": "object"},
                    },
                }
            }
        },
    }


# ---------- methods ----------


async def test_options_and_other_methods_tell_what_is_allowed(api: Api) -> None:
    async with client_of(app_of(api)) as client:
        answers = {
            method: await client.request(method, "/graphql", json=QUERY)
            for method in ("OPTIONS", "PUT", "PATCH", "DELETE")
        }

    assert {method: (each.status_code, each.headers["allow"], each.text) for method, each in answers.items()} == {
        "OPTIONS": (204, "GET, HEAD, OPTIONS, POST", ""),
        "PUT": (405, "GET, HEAD, OPTIONS, POST", ""),
        "PATCH": (405, "GET, HEAD, OPTIONS, POST", ""),
        "DELETE": (405, "GET, HEAD, OPTIONS, POST", ""),
    }


async def test_head_is_a_get_without_its_body(api: Api) -> None:
    async with client_of(app_of(api)) as client:
        for accept in (BROWSER, GRAPHQL, "application/json"):
            for query in ("{ __typename }", "mutation { __typename }", ""):
                get = await client.get("/graphql", params={"query": query}, headers={"accept": accept})
                head = await client.head("/graphql", params={"query": query}, headers={"accept": accept})

                assert (head.status_code, head.headers, head.content) == (get.status_code, get.headers, b"")


# ---------- the context ----------


async def test_context_is_the_request_unless_a_dependency_gives_another(api: Api) -> None:
    async with client_of(app_of(api)) as client:
        assert (await post(client, "{ path }")).json() == {"data": {"path": "/graphql"}}


@dataclass(frozen=True)
class User:
    name: str


def user_of(x_user: Annotated[str, Header()]) -> User:
    return User(x_user)


async def test_context_comes_from_an_async_dependency_with_dependencies_of_its_own(api: Api) -> None:
    async def context(request: Request, user: Annotated[User, Depends(user_of)]) -> tuple[str, User]:
        return request.method, user

    assert await context_of(api, context, user="Ada") == (200, {"data": {"context": "('POST', User(name='Ada'))"}})
    status, document = await context_of(api, context)
    assert (status, [each["loc"] for each in document["detail"]]) == (422, [["header", "x-user"]])


async def test_context_comes_from_a_sync_dependency(api: Api) -> None:
    assert await context_of(api, user_of, user="Bob") == (200, {"data": {"context": "User(name='Bob')"}})


async def test_context_comes_from_a_class(api: Api) -> None:
    @dataclass
    class Context:
        user: Annotated[User, Depends(user_of)]

    name = f"{test_context_comes_from_a_class.__qualname__}.<locals>.Context"
    assert await context_of(api, Context, user="Eve") == (
        200,
        {"data": {"context": f"{name}(user=User(name='Eve'))"}},
    )


async def test_context_may_be_nothing(api: Api) -> None:
    assert await context_of(api, lambda: None) == (200, {"data": {"context": "None"}})


async def test_context_is_cleaned_up_after_the_operation(api: Api) -> None:
    events: list[str] = []

    class Context:
        def __repr__(self) -> str:
            events.append("used")
            return "context"

    def sync_context() -> Iterator[Context]:
        events.append("opened")
        yield Context()
        events.append("closed")

    async def async_context() -> AsyncIterator[Context]:
        events.append("opened")
        yield Context()
        events.append("closed")

    for context in (sync_context, async_context):
        events.clear()

        assert await context_of(api, context) == (200, {"data": {"context": "context"}})
        assert events == ["opened", "used", "closed"]


async def test_context_may_have_read_the_body(api: Api) -> None:
    async def context(request: Request) -> bytes:
        return await request.body()

    assert await context_of(api, context) == (200, {"data": {"context": repr(b'{"query":"{ context }"}')}})


async def test_a_context_may_have_streamed_the_body_which_leaves_none(api: Api) -> None:
    """Whoever takes the body away is told, and nobody waits for what does not come."""

    async def context(request: Request) -> str:
        return repr([chunk async for chunk in request.stream()])

    with pytest.raises(RuntimeError, match="Stream consumed"):
        await context_of(api, context)


async def test_a_resolver_may_read_the_body_again(api: Api) -> None:
    """By the request in the context."""
    read: list[bytes] = []

    @strawberry.type
    class Query:
        @strawberry.field
        async def body(self, info: strawberry.Info) -> int:
            read.append(await info.context["request"].body())
            return len(read)

    async with client_of(app_of(Api(Base, unused_engine(), query=Query))) as client:
        chunks = [b'{"query":', b'"{ body }"}']

        async def sent() -> AsyncIterator[bytes]:
            for chunk in chunks:
                yield chunk

        answer = await client.post(PATH, content=sent(), headers={"content-type": "application/json"})

    assert (answer.json(), read) == ({"data": {"body": 1}}, [b"".join(chunks)])


async def test_several_headers_of_one_name_are_one_list(api: Api) -> None:
    async with client_of(app_of(api)) as client:
        answer = await client.post(
            PATH,
            json={"query": "{ __typename }"},
            headers=[("accept", "text/plain"), ("accept", "application/graphql-response+json")],
        )

    assert answer.headers["content-type"] == "application/graphql-response+json; charset=utf-8"


async def test_middleware_of_the_app_may_stand_before_the_router(api: Api) -> None:
    app = app_of(api)

    @app.middleware("http")
    async def tag(request: Request, call_next: Callable[..., Any]) -> Any:
        response = await call_next(request)
        response.headers["x-tag"] = "seen"
        return response

    async with client_of(app) as client:
        response = await post(client, "{ __typename }")

    assert (response.status_code, response.json(), response.headers["x-tag"]) == (200, TYPENAME, "seen")


# ---------- dependencies ----------


async def test_authentication_refuses_before_anything_runs(api: Api) -> None:
    ran: list[str] = []

    def authenticate(authorization: Annotated[str, Header()] = "") -> None:
        if authorization != "Bearer secret":
            raise HTTPException(401, headers={"www-authenticate": "Bearer"})

    async def context() -> None:
        ran.append("context")

    async def session() -> None:
        ran.append("session")

    guarded = Api(Base, session, query=Fields)
    app = app_of(guarded, context=context, dependencies=[Depends(authenticate)])
    async with client_of(app) as client:
        refused = [
            await client.post("/graphql", json=QUERY),
            await client.post("/graphql", content=b"["),
            await client.get("/graphql", params=QUERY),
            await client.head("/graphql"),
            await client.put("/graphql"),
            await client.get("/graphql", headers={"accept": BROWSER}),
            await client.get("/graphql/graphiql/none.js"),
        ]
        assert [each.status_code for each in refused] == [401] * 7
        assert {each.headers["www-authenticate"] for each in refused} == {"Bearer"}
        assert ran == []

        client.headers["authorization"] = "Bearer secret"
        assert (await client.get("/graphql", headers={"accept": BROWSER})).status_code == 200
        assert ran == []


async def test_exceptions_of_a_dependency_are_answered_by_the_app(api: Api) -> None:
    def context() -> None:
        raise HTTPException(403, "Not you.")

    assert await context_of(api, context) == (403, {"detail": "Not you."})


# ---------- GraphiQL ----------


async def test_browser_gets_graphiql(api: Api) -> None:
    async with client_of(app_of(api)) as client:
        response = await client.get("/graphql", headers={"accept": BROWSER})

    assert response.status_code == 200
    assert {name: response.headers[name] for name in response.headers if name != "content-length"} == {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": CONTENT_SECURITY_POLICY,
        "x-content-type-options": "nosniff",
        "cache-control": "no-cache",
        "vary": "accept",
    }
    assert "<title>Shelf</title>" in response.text


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("*/*", 422),
        ("application/json, text/html", 422),
        (GRAPHQL, 422),
        ("text/html;q=0, */*", 422),
        ("image/png", 406),
    ],
)
async def test_who_asks_for_no_html_gets_no_graphiql(api: Api, accept: str, status: int) -> None:
    async with client_of(app_of(api)) as client:
        assert (await client.get("/graphql", headers={"accept": accept})).status_code == status


async def test_graphiql_can_be_left_out(api: Api) -> None:
    async with client_of(app_of(api, graphiql=False)) as client:
        page = await client.get("/graphql", headers={"accept": BROWSER}, params=QUERY)
        only_html = await client.get("/graphql", headers={"accept": "text/html"})
        file = await client.get("/graphql/graphiql/THIRD_PARTY_LICENSES.txt")

    assert (page.status_code, page.json()) == (200, TYPENAME)
    assert [only_html.status_code, file.status_code] == [406, 404]


async def test_graphiql_begins_with_the_query_that_it_is_given(api: Api) -> None:
    async with client_of(app_of(api, example_query="{ one }")) as client:
        page = await client.get("/graphql", headers={"accept": BROWSER})

    first = '{"title": "The first query", "query": "{ one }", "variables": ""}'
    assert f'{{"title": "Shelf", "endpoint": "", "examples": [{first}, ' in page.text


@pytest.mark.parametrize("introspection", [False, lambda context: True])
async def test_graphiql_names_nothing_where_not_everybody_may_read_the_schema(introspection: Any) -> None:
    async with client_of(app_of(Api(Base, unused_engine(), introspection=introspection))) as client:
        page = await client.get("/graphql", headers={"accept": BROWSER})

    assert '{"title": "GraphQL API", "endpoint": "", "examples": []}' in page.text


async def test_graphiql_needs_neither_context_nor_session() -> None:
    def fails() -> None:
        raise AssertionError("nobody asked for this")

    async with client_of(app_of(Api(Base, fails), context=fails)) as client:
        response = await client.get("/graphql", headers={"accept": BROWSER})

    assert response.status_code == 200


async def test_files_are_cached_by_their_hash(api: Api) -> None:
    async with client_of(app_of(api)) as client:
        page = await client.get("/graphql", headers={"accept": BROWSER})
        (script,) = re.findall(r'src="([^"]+)"', page.text)
        hashed = await client.get(f"/{script}")
        unhashed = await client.get("/graphql/graphiql/THIRD_PARTY_LICENSES.txt")
        head = await client.head(f"/{script}")

        assert hashed.status_code == unhashed.status_code == 200
        assert hashed.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert unhashed.headers["cache-control"] == "no-cache"
        assert (head.status_code, head.headers, head.content) == (200, hashed.headers, b"")
        for response, media_type in ((hashed, "text/javascript"), (unhashed, "text/plain")):
            assert response.headers["content-type"] == f"{media_type}; charset=utf-8"
            assert response.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
            assert response.headers["x-content-type-options"] == "nosniff"

        tag = unhashed.headers["etag"]
        assert re.fullmatch('"[0-9a-f]{64}"', tag)
        for known, status in ((tag, 304), (f'"old", W/{tag}', 304), ("*", 304), ('"old"', 200), (tag[1:-1], 200)):
            response = await client.get(unhashed.url, headers={"if-none-match": known})

            assert (response.status_code, len(response.content)) == (
                status,
                0 if status == 304 else len(unhashed.content),
            )
            assert response.headers["etag"] == tag
            assert response.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["none.js", "manifest.json", "..%2fpage.py", "%2e%2e/page.py", "a/b.js", "%00.js"])
async def test_other_files_are_not_found(api: Api, name: str) -> None:
    async with client_of(app_of(api)) as client:
        assert (await client.get(f"/graphql/graphiql/{name}")).status_code == 404
