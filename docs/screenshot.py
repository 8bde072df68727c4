"""Takes the picture of GraphiQL in the README: python docs/screenshot.py URL

URL is where the example runs, such as http://127.0.0.1:8000/graphql. It needs the package playwright, and Chromium at
/usr/bin/chromium (or another path in CHROMIUM).
"""

import os
import sys
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Page, sync_playwright

PICTURE = Path(__file__).parent / "images" / "graphiql.png"
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


def take(page: Page, url: str) -> None:
    """Run the query in GraphiQL, with the explorer open beside it."""
    page.goto(f"{url}?query={quote(QUERY)}")
    page.wait_for_selector(".graphiql-query-editor .monaco-editor .view-lines")
    page.click("button[aria-label='Show GraphiQL Explorer']")
    page.wait_for_timeout(3000)  # until the editor's workers have coloured the text
    page.click(".graphiql-execute-button")
    page.get_by_text("totalCount").nth(2).wait_for()
    drag(page, ".graphiql-horizontal-drag-bar", -130)
    page.mouse.move(200, 400)
    page.mouse.wheel(0, -10_000)
    page.mouse.move(700, 795)
    page.wait_for_timeout(1500)
    PICTURE.parent.mkdir(exist_ok=True)
    page.screenshot(path=PICTURE)


def drag(page: Page, selector: str, distance: int) -> None:
    """Move the first bar that matches to the right, or to the left if `distance` is negative."""
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + distance, y, steps=5)
    page.mouse.up()


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        program = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        take(browser.new_page(viewport={"width": 1400, "height": 800}), sys.argv[1])
        browser.close()


if __name__ == "__main__":
    main()
