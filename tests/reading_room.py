"""The shelf with a dozen books, for tests of reads in Python, and what its rows are."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from tests.databases import MakeEngine
from tests.running import save
from tests.shelf import Author, Base, Book, OrderItem, Tag

AUTHORS = ("Ada", "Bob", "Cid")


def rows() -> list[object]:
    """Ada wrote the books 1 to 6, Bob 7 to 11, nobody 12, and Cid none. Each price stands twice, dates are missing.

    Book 1 has the tags x and y, each even book has x; the order 7 has three lines.
    """
    authors = [Author(id=i, name=name, email=f"{name.lower()}@x.org") for i, name in enumerate(AUTHORS, 1)]
    x, y, z = (Tag(id=i, label=label) for i, label in enumerate("xyz", 1))
    books = [
        Book(
            id=i,
            title=f"T{i:02}",
            isbn=None if i % 5 == 0 else f"i{i}",
            price=Decimal(i // 2),
            published_at=None if i % 3 == 0 else datetime(2000 + i, 1, 1, tzinfo=UTC),
            meta={"n": i, "even": i % 2 == 0} if i != 11 else None,
            version=1,
            author=authors[0] if i < 7 else authors[1] if i < 12 else None,
            tags=[x, y] if i == 1 else [x] if i % 2 == 0 else [],
        )
        for i in range(1, 13)
    ]
    lines = [OrderItem(order_no=7, line_no=i, quantity=i, book=books[i - 1] if i < 3 else None) for i in (1, 2, 3)]
    return [*authors, x, y, z, *books, *lines]


async def reading_room(make_engine: MakeEngine) -> AsyncEngine:
    """Numbers that the database gives to new rows follow those that are there."""
    engine = await make_engine(Base.metadata)
    await save(engine, *rows())
    if engine.dialect.name == "postgresql":
        async with engine.begin() as connection:
            for table in ("author", "book", "tag"):
                last = f"(SELECT max(id) FROM {table})"
                await connection.exec_driver_sql(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {last})")
    return engine


def ids(records: Any) -> list[int]:
    return [each.id for each in records]
