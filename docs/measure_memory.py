"""Prints the figures of memory in `docs/performance.md`: python docs/measure_memory.py

First what a response of many rows holds at its peak, beside its body and the rows as the driver gives them, each in a
process of its own; then what one more of each thing takes that is kept for further requests. GQLCRUD_BOOKS: how many rows.
"""

import asyncio
import gc
import os
import resource
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from sqlalchemy import URL, make_url

from docs.measured import LIMITS, SEVEN, Served, fill, served
from tests.databases import running_postgres

BOOKS = int(os.environ.get("GQLCRUD_BOOKS", "100000"))
ROWS = f"query ($n: Int) {{ books(first: $n) {{ nodes {{ {SEVEN} }} }} }}"
SQL = "SELECT id, in_print, isbn, pages, price, published_on, title FROM book ORDER BY id LIMIT {}"
MB = 1024 * 1024
KEPT = 200
"""How many of each thing are kept when one of them is weighed."""


async def driver_rows(app: Served, count: int) -> list[Any]:
    """The same rows by the driver alone."""
    async with app.engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None, "it is open"
        if app.engine.dialect.name == "postgresql":
            return list(await driver.fetch(SQL.format(count)))
        return list(await driver.execute_fetchall(SQL.format(count)))


async def traced(work: Callable[[], Awaitable[Any]]) -> tuple[int, int]:
    """Bytes that Python holds at the peak of some work, and when its result is let go, beyond those before."""
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    await work()
    now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak - before, now - before


def resident() -> int:
    """Bytes of the process at its largest."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


async def respond(url: URL, way: str) -> None:
    """Prints bytes: by which the process grows, that are traced at the peak, that are left, of the body."""
    if way == "fill":
        await fill(url, BOOKS)
        return
    async with served(url) as app:
        body = 0

        async def work(count: int = BOOKS) -> None:
            nonlocal body
            body = len(await (driver_rows(app, count) if way == "driver" else app.ask(ROWS, {"n": count})))

        await work(10)
        small = resident()
        await work()
        grown = resident() - small
        peak, left = await traced(work)
        print(grown, peak, left, body)


def apart(url: URL, way: str) -> list[int]:
    """What `respond` prints in a process of its own."""
    command = [sys.executable, __file__, url.render_as_string(hide_password=False), way]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return [int(each) for each in found.stdout.split()]


async def kept(url: URL) -> dict[str, float]:
    """Bytes that one more of each thing takes: of a document, of a selection, of a statement."""

    async def weighed(request: Callable[[int], str], variables: Callable[[int], dict[str, Any]]) -> float:
        """For one of many requests, the first of which are not weighed. asyncio keeps timers that are cancelled, up to a hundred
        of them, with what was there when they were made: there are none."""
        async with served(url, replace(LIMITS, statement_timeout=None, request_timeout=None)) as app:
            for number in range(20):
                await app.ask(request(number), variables(number))
            gc.collect()
            tracemalloc.start()
            before = tracemalloc.get_traced_memory()[0]
            for number in range(20, 20 + KEPT):
                await app.ask(request(number), variables(number))
            gc.collect()
            now = tracemalloc.get_traced_memory()[0]
            tracemalloc.stop()
            return (now - before) / KEPT

    document = "query Q{} ($n: Int) {{ books(first: $n) {{ nodes {{ " + SEVEN + " } } }"
    alias = "query ($n: Int) {{ books(first: $n) {{ nodes {{ a{}: id title price pages isbn }} }} }}"
    return {
        "the same request with other values": await weighed(lambda _: ROWS, lambda number: {"n": number}),
        f"a document of {len(document) - 4} characters": await weighed(
            lambda number: document.replace("{}", str(number)).replace("{{", "{").replace("}}", "}"),
            lambda number: {"n": 1},
        ),
        "a document with a selection of its own": await weighed(alias.format, lambda number: {"n": 1}),
        "a document with a statement of its own": await weighed(_of_columns, lambda number: {"n": 1}),
    }


def _of_columns(number: int) -> str:
    """A document whose statement is like no other: by the columns it shows, and those that it compares."""
    names = SEVEN.split()
    shown = [name for place, name in enumerate(names) if number >> place & 1] or ["id"]
    condition = "{pages: {gte: 1}}" if number < 128 else "{pages: {lte: 1}}"
    return f"query ($n: Int) {{ books(first: $n, where: {condition}) {{ nodes {{ {' '.join(shown)} }} }} }}"


def main() -> None:
    if len(sys.argv) > 1:
        asyncio.run(respond(make_url(sys.argv[1]), sys.argv[2]))
        return
    with tempfile.TemporaryDirectory() as folder, running_postgres() as server:
        urls = {
            "PostgreSQL": server.create_database(),
            "SQLite": make_url(f"sqlite+aiosqlite:///{folder}/memory.sqlite"),
        }
        # each apart, while this process is small: Linux counts its memory as that of those it starts
        print("| MB | body | rows of the driver | peak | left | peak / body | peak / rows | growth of the process |")
        print("|---|---|---|---|---|---|---|---|")
        for name, url in urls.items():
            apart(url, "fill")
            rows = apart(url, "driver")[1]
            grown, peak, left, body = apart(url, "response")
            cells = [f"{each / MB:.0f}" for each in (body, rows, peak, left)]
            cells += [f"{peak / body:.1f}", f"{peak / rows:.1f}", f"{grown / MB:.0f}"]
            print(f"| {name} | {' | '.join(cells)} |", flush=True)
        print("\n| one more of these | kB on PostgreSQL | kB on SQLite |\n|---|---|---|")
        found = [asyncio.run(kept(url)) for url in urls.values()]
        for name in found[0]:
            print(f"| {name} | {' | '.join(f'{each[name] / 1024:.1f}' for each in found)} |")


if __name__ == "__main__":
    main()
