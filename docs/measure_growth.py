"""Prints the figures of growth in `docs/performance.md`, and draws its plots into `docs/images`: python docs/measure_growth.py

What a request costs by its rows, by its parents and by how deep a page lies, in an app over a database of its own on each
of the two systems. Times are those of server and database together, the least of several; GQLCRUD_BOOKS: how many rows.
"""

import asyncio
import gc
import json
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from sqlalchemy import URL, make_url

from docs.measured import BOOKS_EACH, SEVEN, Served, counted, fill, served
from docs.plots import Series, plot
from tests.databases import running_postgres

BOOKS = int(os.environ.get("GQLCRUD_BOOKS", "100000"))
IMAGES = Path(__file__).parent / "images"
BUDGET = 0.8
"""Seconds for the repetitions of one figure; there are five at least."""
PAGE = 20

ROWS = f"query ($n: Int) {{ books(first: $n) {{ nodes {{ {SEVEN} }} }} }}"
PARENTS = f"query ($n: Int) {{ authors(first: $n) {{ nodes {{ name books(first: {BOOKS_EACH}) {{ nodes {{ title }} }} }} }} }}"
LISTED = "orderBy: [{isbn: ASC}]"
CURSOR = f"query ($n: Int) {{ books(first: 1, offset: $n, {LISTED}) {{ pageInfo {{ endCursor }} }} }}"
KEYSET = f"query ($c: String) {{ books(first: {PAGE}, after: $c, {LISTED}) {{ nodes {{ {SEVEN} }} }} }}"
OFFSET = f"query ($n: Int) {{ books(first: {PAGE}, offset: $n, {LISTED}) {{ nodes {{ {SEVEN} }} }} }}"
COUNTED = {
    "books": ROWS,
    "books, counted": "query ($n: Int) { books(first: $n) { totalCount nodes { title } } }",
    "books > author": "query ($n: Int) { books(first: $n) { nodes { title author { name } } } }",
    "authors > books": PARENTS,
    "authors > books, counted": (
        "query ($n: Int) { authors(first: $n) { nodes { books(first: 2) { totalCount nodes { title } } } } }"
    ),
    "authors > books > author": (
        "query ($n: Int) { authors(first: $n) { nodes { books(first: 2) { nodes { author { name } } } } } }"
    ),
}
"""Documents by what they show, whose statements are counted. n: how many records the outermost list has."""

Figures = dict[str, list[tuple[float, float]]]
"""Points by the name of their line."""


def sizes(largest: int) -> list[int]:
    """1, 3, 10, 30 ... up to the largest."""
    found = [factor * 10**power for power in range(6) for factor in (1, 3)]
    return [each for each in found if each <= largest]


async def least(request: Callable[[], Awaitable[Any]]) -> float:
    """Milliseconds of the fastest of several requests, after one that is not measured."""
    await request()
    gc.collect()
    gc.freeze()
    found: list[float] = []
    while len(found) < 5 or (sum(found) < BUDGET * 1000 and len(found) < 200):
        begin = time.perf_counter()
        await request()
        found.append((time.perf_counter() - begin) * 1000)
    return min(found)


async def by_size(app: Served, document: str, counts: Sequence[int]) -> list[tuple[float, float]]:
    """Milliseconds by `n`."""
    return [(count, await least(lambda count=count: app.ask(document, {"n": count}))) for count in counts]


async def by_depth(app: Served) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Milliseconds of the page behind so many rows, by a cursor and by an offset."""
    keyset, offset = [], []
    for depth in [each for each in (1, 10, 100, 1000, 10_000) if each < BOOKS - PAGE] + [BOOKS - PAGE]:
        page = json.loads(await app.ask(CURSOR, {"n": depth - 1}))["data"]["books"]["pageInfo"]
        variables: Mapping[str, Any] = {"c": page["endCursor"]}
        assert await app.ask(KEYSET, variables) == await app.ask(OFFSET, {"n": depth})
        keyset.append((depth, await least(lambda variables=variables: app.ask(KEYSET, variables))))
        offset.append((depth, await least(lambda depth=depth: app.ask(OFFSET, {"n": depth}))))
    return keyset, offset


async def statements_of(url: URL) -> dict[str, list[int]]:
    """Statements of each document for few records and for many, of a request that is not the first of its kind."""
    found: dict[str, list[int]] = {}
    async with counted(url) as (app, count):
        for name, document in COUNTED.items():
            for records in (2, 200, BOOKS // BOOKS_EACH):
                await app.ask(document, {"n": records})
                count()
                await app.ask(document, {"n": records})
                found.setdefault(name, []).append(count())
    return found


async def measure(url: URL, name: str, rows: Figures, parents: Figures, pages: Figures) -> dict[str, list[int]]:
    await fill(url, BOOKS)
    async with served(url) as app:
        rows[name] = await by_size(app, ROWS, [each for each in sizes(BOOKS) if each >= 10])
        parents[name] = await by_size(app, PARENTS, sizes(BOOKS // BOOKS_EACH))
        pages[f"{name}, after a cursor"], pages[f"{name}, at an offset"] = await by_depth(app)
    return await statements_of(url)


def shown(heading: str, figures: Figures, unit: Callable[[float, float], float] | None = None) -> None:
    """Print a table with a column for each line."""
    print(f"\n| {heading} | {' | '.join(figures)} |\n|{'---|' * (len(figures) + 1)}")
    for place, (size, _) in enumerate(next(iter(figures.values()))):
        values = [points[place][1] for points in figures.values()]
        cells = [f"{value:.2f}" if unit is None else f"{value:.2f} ({unit(value, size):.1f})" for value in values]
        print(f"| {size:,} | {' | '.join(cells)} |")


def each_of(figures: Figures) -> list[Series]:
    """Microseconds for each of what milliseconds are for all; then for each beyond those of the smallest request, which
    leaves out what a request costs by itself. A difference that is lost in noise is no point."""
    whole, beyond = [], []
    for name, points in figures.items():
        whole.append(Series(name, [(size, ms * 1000 / size) for size, ms in points]))
        (first, least_ms), *others = points
        further = [(size, (ms - least_ms) * 1000 / (size - first)) for size, ms in others if ms > least_ms]
        beyond.append(Series(f"{name}, beyond the first {first:,.0f}".removesuffix(" 1"), further, dashed=True))
    return [each for pair in zip(whole, beyond, strict=True) for each in pair]


def main() -> None:
    rows: Figures = {}
    parents: Figures = {}
    pages: Figures = {}
    statements: dict[str, dict[str, list[int]]] = {}
    with tempfile.TemporaryDirectory() as folder, running_postgres() as server:
        urls = {
            "PostgreSQL": server.create_database(),
            "SQLite": make_url(f"sqlite+aiosqlite:///{folder}/growth.sqlite"),
        }
        for name, url in urls.items():
            statements[name] = asyncio.run(measure(url, name, rows, parents, pages))

    def microseconds(value: float, size: float) -> float:
        return value * 1000 / size

    shown("rows of seven columns: ms (us for each)", rows, microseconds)
    shown(f"parents with {BOOKS_EACH} records each: ms (us for each parent)", parents, microseconds)
    shown(f"rows before a page of {PAGE}: ms", pages)
    many = BOOKS // BOOKS_EACH
    for name, found in statements.items():
        print(f"\n| statements on {name} | 2 records | 200 | {many:,} |\n|---|---|---|---|")
        for document, numbers in found.items():
            print(f"| {document} | {' | '.join(map(str, numbers))} |")
    draw(rows, parents, pages)


def draw(rows: Figures, parents: Figures, pages: Figures) -> None:
    """Write the plots."""
    depths = [Series(name, points, dashed="offset" in name) for name, points in pages.items()]
    for name, svg in {
        "rows": plot("What a row costs", "rows of a page", "microseconds for a row", each_of(rows)),
        "parents": plot(
            "What a parent costs", "parents of a nested list", "microseconds for a parent", each_of(parents)
        ),
        "pages": plot(f"What a page of {PAGE} rows costs", "rows before the page", "milliseconds", depths),
    }.items():
        (IMAGES / f"growth_{name}.svg").write_text(svg, "utf-8")


if __name__ == "__main__":
    main()
