"""GraphiQL in Chromium: what a person sees of it, and what leaves it."""

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from playwright.async_api import BrowserContext
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
from strawberry.types import Info

from gqlcrud import Api, ModelOptions, field
from tests.browsing import EDITOR, browsing, plain, visit
from tests.databases import SqliteFolder, engine_maker
from tests.running import save
from tests.serving import served
from tests.shelf import Author, Base, Book, Tag

BOOKS = "{ books(first: 2) { totalCount nodes { title author { name } tags { nodes { label } } } } }"

BOOKS_SQL = """\
SELECT page.author_id, page.id, page.title, CASE WHEN (author_1.id IS NOT NULL) THEN length(author_1.name) <= 256 END AS anon_1,
  CASE WHEN (length(author_1.name) <= 256) THEN author_1.name END AS anon_2
FROM (
  SELECT book_1.author_id AS author_id, book_1.id AS id, book_1.title AS title,
    book_1.id AS sort_0
  FROM book AS book_1
  ORDER BY book_1.id ASC
  LIMIT ?
  OFFSET ?
) AS page
LEFT OUTER JOIN author AS author_1 ON author_1.id = page.author_id
ORDER BY page.sort_0 ASC"""
SHOUT = (
    "SELECT upper(name), '(FROM' FROM author WHERE id BETWEEN :id AND :id AND (id > 0 OR id < 0) "
    "AND EXISTS (SELECT 1 FROM book WHERE author_id = author.id)"
)
SHOUT_SQL = """\
SELECT upper(name), '(FROM'
FROM author
WHERE id BETWEEN ? AND ?
  AND (id > 0 OR id < 0)
  AND EXISTS (
    SELECT 1
    FROM book
    WHERE author_id = author.id
  )"""


class AuthorFields:
    @field(requires=["id"])
    async def shout(self, info: Info) -> str:
        """A statement for each record."""
        async with info.context["sessions"]() as session:
            return str((await session.execute(text(SHOUT), {"id": self.id})).scalar())  # type: ignore[attr-defined]

    @field()
    async def fail(self) -> str | None:
        """What is masked, and shown where the API debugs."""
        raise RuntimeError("no money")


class BehindProxy:
    """What a proxy does that serves an app below a path, and tells it nothing."""

    def __init__(self, app: FastAPI, prefix: str) -> None:
        self.app, self.prefix = app, prefix

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"].removeprefix(self.prefix)
        await self.app({**scope, "path": path, "raw_path": path.encode(), "root_path": ""}, receive, send)


@pytest.fixture(scope="module")
async def engine(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[AsyncEngine]:
    async with engine_maker(SqliteFolder(tmp_path_factory.mktemp("browser"))) as make:
        engine = await make(Base.metadata)
        tag = Tag(label="new")
        for n in range(1, 7):
            book = Book(title=f"Book {n}", price=n, author=Author(name=f"Author {n}"), tags=[tag] if n == 1 else [])
            await save(engine, book)
        yield engine


@pytest.fixture(scope="module")
def api(engine: AsyncEngine) -> Api:
    return Api(Base, engine, title="Shelf", models={Author: ModelOptions(fields=AuthorFields)}, debug=True)


@pytest.fixture(scope="module")
async def host(api: Api, engine: AsyncEngine) -> AsyncIterator[str]:
    """The app: with debugging at /graphql, and behind a proxy at /proxied/graphql; without at /plain."""
    app = FastAPI()
    app.include_router(api.router(context=lambda: {"sessions": async_sessionmaker(engine)}), prefix="/graphql")
    app.include_router(Api(Base, engine, title="Plain").router(), prefix="/plain")
    app.mount("/proxied", BehindProxy(app, "/proxied"))
    async with served(app) as server:
        yield f"http://127.0.0.1:{server.port}"


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[BrowserContext]:
    async with browsing() as context:
        yield context


async def statements_of(api: Api, query: str, **wishes: bool) -> list[Any]:
    """What the server tells of the statements of a query."""
    result = await api.execute(query, extensions={"gqlcrud": wishes})
    assert result.extensions is not None
    return list(result.extensions["gqlcrud"]["statements"])


async def test_a_query_is_typed_with_completion_and_answered_and_nothing_leaves_the_machine(
    browser: BrowserContext, host: str
) -> None:
    async with visit(browser, f"{host}/graphql") as shelf:
        title = await shelf.page.title()
        await shelf.page.wait_for_selector(".graphiql-toolbar")
        await shelf.page.click(EDITOR)
        await shelf.page.keyboard.press("Control+A")
        await shelf.page.keyboard.type("{ boo", delay=20)
        suggestion = shelf.page.locator(".suggest-widget .monaco-list-row").filter(has_text="books").first
        await suggestion.click()
        await shelf.page.keyboard.type("(first: 1) { nodes { title", delay=20)
        await shelf.page.keyboard.press("Escape")
        await shelf.page.keyboard.press("Control+Enter")
        answer = await shelf.answer("Book 1")

    assert (title, "Book 1" in answer) == ("Shelf", True)
    assert '"extensions"' not in answer  # they stand in the panel
    assert (shelf.hosts, shelf.told) == ({"127.0.0.1"}, [])


async def test_the_first_example_runs_as_it_is_and_others_open_in_tabs(
    browser: BrowserContext, host: str, api: Api
) -> None:
    async with visit(browser, f"{host}/graphql") as shelf:
        await shelf.run('"totalCount"')
        await shelf.show("Examples")
        titles = await shelf.texts(".gqlcrud-examples button")
        await shelf.page.click(".gqlcrud-examples button >> text=page by page")
        await shelf.run('"nodes"')
        tabs = await shelf.texts(".graphiql-tab-button")

    assert titles == [
        "books, with what belongs to them",
        "books, by a condition and in order",
        "books, page by page",
        "How many records there are",
    ]
    assert tabs == ["<untitled>", "Page"]
    assert [each.get("variables") for each in shelf.sent] == [None, {"after": None}]
    results = [await api.execute(each["query"], each.get("variables")) for each in shelf.sent]
    assert [each.errors for each in results] == [None, None]


async def test_the_panel_shows_the_statements_of_the_plan_and_explains_them(
    browser: BrowserContext, host: str, api: Api
) -> None:
    await statements_of(api, BOOKS)  # a document that comes again is read by joins
    async with visit(browser, f"{host}/graphql", BOOKS) as shelf:
        await shelf.show("SQL")
        before = await shelf.texts(".gqlcrud-panel > p")
        await shelf.run('"data"')
        await shelf.page.wait_for_selector(".gqlcrud-statement")
        fields = await shelf.texts(".gqlcrud-field > b")
        shown = await shelf.texts(".gqlcrud-sql")
        values = await shelf.texts(".gqlcrud-values")
        summary = await shelf.texts(".gqlcrud-summary > b")
        times = await shelf.texts(".gqlcrud-section:has-text('Time') th")
        cost = await shelf.texts(".gqlcrud-section:has-text('Cost') tr:first-child")
        await shelf.page.click("text=Copy SQL >> nth=0")
        copied = await shelf.page.evaluate("navigator.clipboard.readText()")
        await shelf.page.click("text=Explain this query")
        await shelf.page.wait_for_selector("h4 >> text=EXPLAIN")
        labels = await shelf.texts(".gqlcrud-statement .gqlcrud-tree li > span:first-child")

    run = await statements_of(api, BOOKS, explain=True)
    assert before == ["Run an operation to see the statements behind its answer."]
    assert fields == ["books", "author", "tags"]
    assert summary == [f"{len(run)} statements"]
    assert sorted(map(squeezed, shown)) == sorted(squeezed(each["sql"]) for each in run)
    assert sorted(values) == sorted(" ".join(map(json.dumps, each["parameters"])) for each in run if each["parameters"])
    assert copied == BOOKS_SQL
    assert sorted(labels) == sorted(label for each in run for label in labels_of(each["explain"]))
    assert [each.get("extensions") for each in shelf.sent] == [None, {"gqlcrud": {"explain": True}}]
    assert ("execute" in times, cost) == (True, ["rows 104 of 500,000"])


def squeezed(sql: str) -> str:
    """A statement without the space that the panel changes."""
    return "".join(sql.split())


def labels_of(steps: list[Any]) -> list[str]:
    return [label for step in steps for label in (" ".join(step["label"].split()), *labels_of(step["children"]))]


async def test_a_mutation_that_is_explained_is_written_once_and_its_error_shown(
    browser: BrowserContext, host: str, api: Api
) -> None:
    create = 'mutation Add { createTag(input: {data: {label: "%s"}}) { errors { code message path } } }'
    async with visit(browser, f"{host}/graphql", create % "once") as shelf:
        await shelf.show("SQL")
        done = await shelf.run('"createTag"')
        await shelf.page.wait_for_selector(".gqlcrud-statement")
        buttons = await shelf.page.locator("text=Explain this query").count()
        await shelf.page.click("text=EXPLAIN with each run")
        error = await shelf.run('"UNIQUE"')

    tags = await api.execute('{ tags(where: {label: {eq: "once"}}) { totalCount } }')
    assert '"errors": []' in done
    assert '"message": "' in error
    assert '"path": [ "input", "data", "label" ]' in error
    assert tags.data == {"tags": {"totalCount": 1}}
    assert (buttons, len(shelf.sent)) == (0, 2)


async def test_repeated_statements_and_failures_are_told(browser: BrowserContext, host: str) -> None:
    async with visit(browser, f"{host}/graphql", "query Loud { authors { nodes { shout fail } } }") as shelf:
        await shelf.run('"errors"')
        await shelf.show("SQL")
        codes = await shelf.texts(".gqlcrud-warnings li > b")
        others = await shelf.texts(".gqlcrud-section > h4")
        failures = await shelf.texts(".gqlcrud-failure > summary > b")
        traceback = await shelf.page.locator(".gqlcrud-failure > pre").first.text_content()
        is_open = ".gqlcrud-statement[open]"
        closed = await shelf.page.locator(is_open).count()
        await shelf.page.click(".gqlcrud-warnings .gqlcrud-link >> nth=0")
        await shelf.page.wait_for_selector(is_open)
        opened = await shelf.page.locator(f"{is_open} .gqlcrud-sql").all_inner_texts()
        await shelf.page.keyboard.press("Enter")
        await shelf.page.wait_for_selector(is_open, state="detached")
        shut = await shelf.page.locator(is_open).count()

    assert codes == ["REPEATED_STATEMENT"]
    assert others == ["For no field of the plan"]
    assert failures == ["RuntimeError"] * 6
    assert traceback is not None
    assert traceback.startswith("no money\n")
    assert "in fail" in traceback
    assert (closed, opened, shut) == (0, [SHOUT_SQL], 0)


async def test_an_api_that_does_not_debug_says_how_and_tells_the_cost(browser: BrowserContext, host: str) -> None:
    async with visit(browser, f"{host}/plain", BOOKS) as plain_api:
        await plain_api.show("SQL")
        first = await plain_api.run("Book 1")
        said = await plain_api.texts(".gqlcrud-panel > p")
        await plain_api.page.click("text=Ask what each run costs")
        await plain_api.run("Book 1")
        await plain_api.page.wait_for_selector(".gqlcrud-section")
        cost = await plain_api.texts(".gqlcrud-section tr:first-child")

    assert '"extensions"' not in first
    assert said == [
        "This answer tells nothing of its statements: the API does not debug. While you develop, write "
        "Api(..., debug=True) or gqlcrud serve --debug. Leave it off where others reach the API."
    ]
    assert cost == ["rows 104 of 500,000"]


async def test_a_link_holds_the_operation_and_no_header(browser: BrowserContext, host: str) -> None:
    query = "query One($n: Int) {\n  books(first: $n) { nodes { title } }\n}"
    said = {"query": query, "variables": '{"n": 1}'}
    link = f"{host}/graphql#" + "&".join(f"{name}={quote(text, safe='()')}" for name, text in said.items())
    async with visit(browser, link) as shelf:
        await shelf.page.click("button >> text=Headers")
        await shelf.page.click("section[aria-label=Headers] .graphiql-editor:not(.hidden) .view-lines")
        await shelf.page.keyboard.insert_text('{"x-secret": "hush"}')
        answer = await shelf.run("Book 1")
        await shelf.page.click("button[aria-label='Copy a link to this operation']")
        await shelf.page.wait_for_selector("button[aria-label='Link copied']")
        copied = await shelf.page.evaluate("navigator.clipboard.readText()")
        stored = ""
        for _ in range(200):  # the history is written a moment later
            stored = await shelf.page.evaluate("JSON.stringify({...localStorage})")
            if "graphiql:queries" in stored:
                break
            await shelf.page.wait_for_timeout(50)
        address = shelf.page.url
        typed = plain(await shelf.page.locator(EDITOR).inner_text())

    assert '"Book 1"' in answer
    assert '"Book 2"' not in answer
    assert squeezed(typed) == squeezed(query)
    assert (copied, address) == (link, link)
    assert ("hush" in stored, "graphiql:queries" in stored) == (False, True)


async def test_it_works_behind_a_proxy_that_strips_a_prefix(browser: BrowserContext, host: str) -> None:
    async with visit(browser, f"{host}/proxied/graphql", "{ tags { nodes { label } } }") as shelf:
        await shelf.run('"new"')

    assert shelf.told == []


async def test_nothing_is_cut_off_in_a_small_window(browser: BrowserContext, host: str) -> None:
    """A window of 1280 by 800 at 200% zoom is one of 640 by 400."""
    cut_off = (
        "[...document.querySelectorAll('.gqlcrud-panel *, .graphiql-execute-button, .graphiql-sidebar button')]"
        ".filter(each => each.getBoundingClientRect().right > innerWidth + 1).map(each => each.outerHTML)"
    )
    async with visit(browser, f"{host}/graphql", BOOKS, (640, 400)) as shelf:
        widths = [await shelf.overhang()]
        await shelf.show("SQL")
        await shelf.run('"data"')
        await shelf.page.wait_for_selector(".gqlcrud-statement")
        zoomed = await shelf.page.evaluate(cut_off)
        widths.append(await shelf.overhang())
        await shelf.page.set_viewport_size({"width": 320, "height": 480})
        widths.append(await shelf.overhang())
        narrow = await shelf.page.evaluate(cut_off)

    assert (widths, zoomed, narrow) == ([0, 0, 0], [], [])


async def test_it_is_dark_where_the_system_is_and_used_by_keys(browser: BrowserContext, host: str) -> None:
    async with visit(browser, f"{host}/graphql", "{ tags { totalCount } }") as shelf:
        colour = "getComputedStyle(document.querySelector('.graphiql-container')).backgroundColor"
        light = await shelf.page.evaluate(colour)
        await shelf.page.emulate_media(color_scheme="dark")
        dark = await shelf.page.evaluate(colour)
        await shelf.page.wait_for_selector(".graphiql-query-editor .monaco-editor.vs-dark")
        await shelf.run('"data"')
        await shelf.page.focus("button[aria-label='Show SQL']")
        await shelf.page.keyboard.press("Enter")
        await shelf.page.wait_for_selector(".gqlcrud-statement[open]")
        await shelf.page.focus(".gqlcrud-explaining input")
        for _ in range(3):  # "Explain this query", "Close all", the statement
            await shelf.page.keyboard.press("Tab")
        await shelf.page.keyboard.press("Enter")
        is_open = await shelf.page.locator(".gqlcrud-statement[open]").count()

    assert (light, dark) == ("rgb(255, 255, 255)", "rgb(33, 42, 59)")
    assert is_open == 0


async def test_answers_to_a_subscription_are_shown_as_they_come(browser: BrowserContext, host: str) -> None:
    """gqlcrud has none of its own: an application that answers in server-sent events is stood in for."""
    events = [{"data": {"tick": n}} for n in (1, 2)]
    body = "".join(f"event: next\ndata: {json.dumps(each)}\n\n" for each in events) + "event: complete\ndata:\n\n"
    accepted: list[str] = []

    async def answer(route: Any) -> None:
        if "IntrospectionQuery" in (route.request.post_data or "Introspection") or route.request.method != "POST":
            await route.continue_()
        else:
            accepted.append(route.request.headers["accept"])
            await route.fulfill(body=body, content_type="text/event-stream")

    async with visit(browser, f"{host}/graphql", "subscription Ticks { tick }") as shelf:
        await shelf.page.route("**/graphql", answer)
        text = await shelf.run("2")

    assert text == '{ "data": { "tick": 2 } }'
    assert accepted == ["text/event-stream, application/graphql-response+json, application/json"]
