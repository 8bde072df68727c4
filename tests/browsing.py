"""What the tests in a browser share: Chromium if there is one, and GraphiQL's pages in it, whose requests are watched."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from gqlcrud.graphiql.build import sources_digest
from gqlcrud.graphiql.page import STATIC

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page

EDITOR = ".graphiql-query-editor .monaco-editor .view-lines"
ANSWER = ".graphiql-response .view-lines"


def chromium() -> str | None:
    """The program: that of GQLCRUD_CHROMIUM, or one that is installed."""
    return os.environ.get("GQLCRUD_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def what_is_missing() -> str | None:
    """Without what no test can run in a browser, as one line; None if all is there."""
    if chromium() is None:
        return "there is no Chromium (apt-get install chromium, or name one in GQLCRUD_CHROMIUM)"
    if find_spec("playwright") is None:
        return "playwright is not installed (pip install --group dev)"
    stamp = STATIC / "sources.sha256"
    if not stamp.is_file() or stamp.read_text("utf-8") != sources_digest(STATIC.parent):
        return "GraphiQL is not built of these sources (python -m gqlcrud.graphiql.build)"
    return None


@asynccontextmanager
async def browsing() -> AsyncIterator["BrowserContext"]:
    """Headless Chromium, in which every page begins with an empty storage."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        context = await browser.new_context()
        context.set_default_timeout(20_000)
        await context.grant_permissions(["clipboard-read", "clipboard-write"])
        await context.add_init_script("localStorage.clear()")
        yield context
        await browser.close()


@dataclass(frozen=True, slots=True)
class Visit:
    """A page that is open. hosts: that it asked for anything. told: what its console says that is a complaint."""

    page: "Page"
    hosts: set[str] = field(default_factory=set)
    told: list[str] = field(default_factory=list)
    sent: list[Any] = field(default_factory=list)
    """The operations that it posted, without that which reads the schema."""

    async def run(self, expected: str) -> str:
        """Press the button; the text of the answer, once a line of it has what is expected."""
        await self.page.click(".graphiql-execute-button")
        return await self.answer(expected)

    async def answer(self, expected: str) -> str:
        await self.page.locator(ANSWER).filter(has_text=expected).wait_for()
        return plain(await self.page.locator(ANSWER).inner_text())

    async def show(self, plugin: str) -> None:
        await self.page.click(f"button[aria-label='Show {plugin}']")

    async def overhang(self) -> int:
        """By how many pixels the page is wider than the window, once the editors have got used to its size."""
        width = 0
        for _ in range(100):
            script = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            if (width := int(await self.page.evaluate(script))) == 0:
                break
            await self.page.wait_for_timeout(50)
        return width

    async def texts(self, selector: str) -> list[str]:
        return [" ".join(text.split()) for text in await self.page.locator(selector).all_inner_texts()]


@asynccontextmanager
async def visit(
    context: "BrowserContext", url: str, query: str | None = None, size: tuple[int, int] = (1300, 800)
) -> AsyncIterator[Visit]:
    """GraphiQL at `url`, its editor ready, with `query` in it."""
    page = await context.new_page()
    visit = Visit(page)
    page.on("request", lambda request: _note(visit, request))
    page.on(
        "console", lambda message: visit.told.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: visit.told.append(str(error)))
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    await page.goto(url if query is None else f"{url}#query={quote(query)}")
    await page.wait_for_selector(EDITOR)
    yield visit
    await page.close()


def _note(visit: Visit, request: Any) -> None:
    host = urlsplit(request.url).hostname
    if host is not None:
        visit.hosts.add(host)
    if request.method == "POST" and "IntrospectionQuery" not in request.post_data:
        visit.sent.append(request.post_data_json)


def plain(text: str) -> str:
    """An editor's text: Monaco writes spaces that do not break, and shows its lines in no order."""
    return " ".join(text.replace("\xa0", " ").split())
