"""Prints the figures of bulk writes from Python in `docs/architecture.md`: python docs/measure_bulk.py

A table against SQLAlchemy's own bulk insert, then one for a million rows of a generator, each in a process of its own.
"""

import asyncio
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from sqlalchemy import Numeric, String, delete, insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from gqlcrud import Crud, Summary
from tests.databases import running_postgres

MILLION = 1_000_000


class Base(DeclarativeBase):
    pass


class Book(Base):
    __tablename__ = "book"

    id: Mapped[int] = mapped_column(primary_key=True)
    isbn: Mapped[str] = mapped_column(String(20), unique=True)
    title: Mapped[str] = mapped_column(String(80))
    price: Mapped[Decimal] = mapped_column(Numeric(8, 2))
    pages: Mapped[int]
    published: Mapped[date]
    sold: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str | None] = mapped_column(String(200))


BOOKS = Crud(Book)


def rows(count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        yield {
            "isbn": f"978{number}",
            "title": f"A title {number}",
            "price": Decimal("12.50"),
            "pages": number % 900,
            "published": date(2020, 1, 1 + number % 28),
            "sold": number % 2 == 0,
            "note": "some note",
        }


@asynccontextmanager
async def opened(url: Any) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield engine
    await engine.dispose()


async def plain(engine: AsyncEngine, given: list[dict[str, Any]]) -> None:
    async with AsyncSession(engine) as session, session.begin():
        await session.execute(insert(Book), given)


async def compare(url: Any, count: int) -> list[float]:
    """Seconds of SQLAlchemy's bulk insert, of insert_multi, and of the same with COPY."""
    given = list(rows(count))
    best = [float("inf")] * 3
    async with opened(url) as engine:
        for _ in range(7 if count < 50_000 else 3):
            steps = (
                lambda: plain(engine, given),
                lambda: BOOKS.insert_multi(engine, given),
                lambda: BOOKS.insert_multi(engine, given, copy=True),
            )
            for place, step in enumerate(steps):
                async with engine.begin() as connection:
                    await connection.execute(delete(Book))
                begin = time.perf_counter()
                await step()
                best[place] = min(best[place], time.perf_counter() - begin)
    return best


async def million(url: Any, *, copy: bool) -> Summary:
    async with opened(url) as engine:
        return await BOOKS.insert_multi(engine, rows(MILLION), copy=copy)


def million_apart(name: str) -> None:
    """Prints a line of the second table."""
    with tempfile.TemporaryDirectory() as folder:
        if name == "SQLite":
            summary = asyncio.run(million(f"sqlite+aiosqlite:///{folder}/million.sqlite", copy=False))
        else:
            with running_postgres() as server:
                summary = asyncio.run(million(server.create_database(), copy="COPY" in name))
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"| {name} | {summary.duration:.0f} | {summary.items_per_second:,.0f} | {megabytes} |")


def main() -> None:
    if len(sys.argv) > 1:
        million_apart(sys.argv[1])
        return
    # first, while this process is small: Linux counts its memory as that of those it starts
    print("| a million rows | seconds | rows in a second | MB of the process |\n|---|---|---|---|", flush=True)
    for name in ("SQLite", "PostgreSQL", "PostgreSQL, COPY"):
        subprocess.run([sys.executable, __file__, name], check=True)
    print("\n| database | rows | bulk insert of SQLAlchemy | insert_multi | ratio | COPY |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, running_postgres() as server:
        for count in (10_000, 100_000):
            urls = {
                "SQLite": f"sqlite+aiosqlite:///{folder}/bulk{count}.sqlite",
                "PostgreSQL": server.create_database(),
            }
            for name, url in urls.items():
                seconds = asyncio.run(compare(url, count))
                copied = f"{seconds[2]:.2f}" if name == "PostgreSQL" else ""
                shown = [f"{seconds[0]:.2f}", f"{seconds[1]:.2f}", f"{seconds[1] / seconds[0]:.2f}", copied]
                print(f"| {name} | {count:,} | {' | '.join(shown)} |", flush=True)


if __name__ == "__main__":
    main()
