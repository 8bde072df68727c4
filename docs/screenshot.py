"""Takes the pictures of GraphiQL in these pages: python docs/screenshot.py

It serves the example with debugging on, and needs the package playwright and Chromium, which GQLCRUD_CHROMIUM may name.
"""

import asyncio
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import uvicorn
from fastapi import FastAPI
from playwright.async_api import Page, async_playwright
from sqlalchemy.ext.asyncio import create_async_engine

sys.path.insert(0, str(Path(__file__).parent.parent))
from example.models import Base
from example.seed import seed
from gqlcrud import Api

IMAGES = Path(__file__).parent / "images"
QUERY = """\
# Books that sell, with their best tags
{
  books(
    first: 3
    where: {
      price: {lt: "20"}
      reviews: {count: {gte: 3}}
      author: {isNull: false}
    }
    orderBy: [{sales: DESC}]
  ) {
    totalCount
    nodes {
      title
      price
      author {
        fullName
      }
      tags(
        first: 2
        orderBy: [{weight: DESC}]
      ) {
        edges {
          weight
          node {
            label
          }
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
"""


EXPLAINED = """\
query Cheap {
  books(first: 3, where: {price: {lt: "20"}}) {
    nodes {
      title
      price
      author {
        fullName
      }
    }
  }
}
"""


async def take_explorer(page: Page) -> None:
    """The query and its answer, with the explorer open beside it."""
    await page.click("button[aria-label='Show GraphiQL Explorer']")
    await page.wait_for_timeout(3000)  # until the editor's workers have coloured the text
    await page.click(".graphiql-execute-button")
    await page.get_by_text("totalCount").nth(2).wait_for()
    await drag(page, ".graphiql-horizontal-drag-bar", -130)
    await page.mouse.move(200, 400)
    await page.mouse.wheel(0, -10_000)
    await save(page, "graphiql.png")


async def take_sql(page: Page) -> None:
    """A query and its answer, and beside them the statements, explained."""
    await page.click("button[aria-label='Show SQL']")
    await page.wait_for_timeout(2000)
    await page.click(".graphiql-execute-button")
    await page.click("text=Explain this query")
    await page.get_by_text("EXPLAIN", exact=True).first.wait_for()
    await drag(page, ".graphiql-horizontal-drag-bar", 100)
    await save(page, "sql.png")


async def save(page: Page, name: str) -> None:
    await page.mouse.move(700, 795)
    await page.wait_for_timeout(1500)
    await page.screenshot(path=IMAGES / name)


async def drag(page: Page, selector: str, distance: int) -> None:
    """Move the first bar that matches to the right, or to the left if `distance` is negative."""
    box = await page.locator(selector).first.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + distance, y, steps=5)
    await page.mouse.up()


@asynccontextmanager
async def bookshop(folder: str) -> AsyncIterator[str]:
    """The URL of the example's models and rows, without its application."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{folder}/bookshop.sqlite")
    await seed(engine)
    app = FastAPI()
    app.include_router(Api(Base, engine, title="Bookshop", debug=True).router(), prefix="/graphql")
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    running = asyncio.ensure_future(server.serve(sockets=[listener]))
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/graphql"
    server.should_exit = True
    await running
    await engine.dispose()


async def main() -> None:
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    program = os.environ.get("GQLCRUD_CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory() as folder:
        async with bookshop(folder) as url, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=program, args=arguments)
            for query, take in ((QUERY, take_explorer), (EXPLAINED, take_sql)):
                page = await browser.new_page(viewport={"width": 1400, "height": 800})
                await page.goto(f"{url}#query={quote(query)}")
                await page.wait_for_selector(".graphiql-query-editor .monaco-editor .view-lines")
                await take(page)
            await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
