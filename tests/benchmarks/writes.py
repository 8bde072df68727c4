"""What writes cost: the time of the processor that the server takes, beside the same statements by hand.

`python -m tests.benchmarks.writes` prints a table. It starts a PostgreSQL server of its own, and needs nothing else. Times
are those of the machine it runs on: compare the columns of one run. The database's own time is not in them.

by hand: the same rows by asyncpg in a transaction, and what is shown of them read back; of many rows the bulk INSERT of
SQLAlchemy, which has no keys to give back.
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types
import sqlalchemy as sa
from sqlalchemy import URL, ForeignKey, Numeric, String, Table, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from gqlcrud import Api
from gqlcrud.http import answer
from gqlcrud.media_types import GRAPHQL_RESPONSE
from tests.benchmarks.__main__ import cost, count_statements
from tests.databases import running_postgres

MANY = 1000


class Base(DeclarativeBase):
    pass


book_tag = Table(
    "book_tag",
    Base.metadata,
    sa.Column("book_id", ForeignKey("book.id"), primary_key=True),
    sa.Column("tag_id", ForeignKey("tag.id"), primary_key=True),
)


class Author(Base):
    __tablename__ = "author"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String)
    books: Mapped[list["Book"]] = relationship(back_populates="author")


class Book(Base):
    __tablename__ = "book"

    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
    title: Mapped[str] = mapped_column(String)
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    published: Mapped[date] = mapped_column()
    rating: Mapped[float | None] = mapped_column()
    meta: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=func.now())
    author: Mapped[Author] = relationship(back_populates="books")
    tags: Mapped[list["Tag"]] = relationship(secondary=book_tag, back_populates="books")


class Tag(Base):
    __tablename__ = "tag"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String, unique=True)
    books: Mapped[list[Book]] = relationship(secondary=book_tag, back_populates="tags")


@dataclass(frozen=True)
class Write:
    """A mutation, the value of its variable `data` for the nth request, how often it is asked in a round, and the same by
    hand."""

    document: str
    data: Callable[[int], Any]
    times: int
    by_hand: Callable[[AsyncEngine, Any, int], Awaitable[Any]]


def given(number: int) -> dict[str, Any]:
    """The fields of a book that a client gives."""
    return {"title": f"T {number}", "price": "12.50", "published": "2020-01-02", "rating": 3.5, "meta": {"a": number}}


def row(number: int) -> tuple[Any, ...]:
    return f"T {number}", Decimal("12.50"), date(2020, 1, 2), 3.5, f'{{"a": {number}}}'


INSERT_BOOK = "INSERT INTO book (author_id, title, price, published, rating, meta) VALUES ($1, $2, $3, $4, $5, $6) "


async def one_by_hand(_: AsyncEngine, connection: Any, number: int) -> None:
    async with connection.transaction():
        await connection.fetchrow(INSERT_BOOK + "RETURNING id, title, price", number % 100 + 1, *row(number))
        await connection.fetchrow("SELECT id, name FROM author WHERE id = $1", number % 100 + 1)


async def nested_by_hand(_: AsyncEngine, connection: Any, number: int) -> None:
    async with connection.transaction():
        author = await connection.fetchval("INSERT INTO author (name) VALUES ($1) RETURNING id", f"N {number}")
        books = [await connection.fetchval(INSERT_BOOK + "RETURNING id", author, *row(each)) for each in range(3)]
        links = [(book, (number + book + each) % 50 + 1) for book in books for each in (0, 7)]
        await connection.executemany("INSERT INTO book_tag (book_id, tag_id) VALUES ($1, $2)", links)
        await connection.fetch("SELECT id, title FROM book WHERE author_id = $1 ORDER BY id", author)
        await connection.fetch(
            "SELECT l.book_id, t.id, t.name FROM book_tag l JOIN tag t ON t.id = l.tag_id WHERE l.book_id = ANY($1)",
            books,
        )


async def many_by_hand(engine: AsyncEngine, _: Any, number: int) -> None:
    keys = ("author_id", "title", "price", "published", "rating", "meta")
    values = [
        (each % 100 + 1, f"T {each}", Decimal("12.50"), date(2020, 1, 2), 3.5, {"a": each}) for each in range(MANY)
    ]
    async with engine.begin() as connection:
        await connection.execute(sa.insert(Book.__table__), [dict(zip(keys, each, strict=True)) for each in values])  # type: ignore[arg-type]  # it is a table


def nested(number: int) -> dict[str, Any]:
    tags = [[{"rowId": (number + each + 7 * other) % 50 + 1} for other in (0, 1)] for each in range(3)]
    return {
        "name": f"N {number}",
        "books": {"create": [{**given(n), "tags": {"connect": each}} for n, each in enumerate(tags)]},
    }


def connected(number: int) -> dict[str, Any]:
    return {**given(number), "author": {"connect": {"rowId": number % 100 + 1}}}


CREATE_MANY = "mutation ($data: [BookCreate!]!) { createBooks(input: {data: $data}) { affectedCount } }"
WRITES = {
    "createBook, its author read back": Write(
        "mutation ($data: BookCreate!) { createBook(input: {data: $data}) "
        "{ book { rowId title price author { rowId name } } } }",
        connected,
        100,
        one_by_hand,
    ),
    "createAuthor, 3 books, 2 tags each": Write(
        "mutation ($data: AuthorCreate!) { createAuthor(input: {data: $data}) { author { rowId name "
        "books { nodes { rowId title tags { nodes { rowId name } } } } } } }",
        nested,
        40,
        nested_by_hand,
    ),
    f"createBooks, {MANY} rows": Write(
        CREATE_MANY, lambda _: [{**given(each), "authorId": author_id(each)} for each in range(MANY)], 3, many_by_hand
    ),
    f"createBooks, {MANY} rows that connect": Write(
        CREATE_MANY, lambda _: [connected(each) for each in range(MANY)], 3, many_by_hand
    ),
}


def author_id(number: int) -> str:
    """The global id of one of the authors."""
    return base64.urlsafe_b64encode(f"Author:{number % 100 + 1}".encode()).decode().rstrip("=")


async def measure(url: URL) -> None:
    engine = create_async_engine(url)
    async with engine.begin() as begun:
        await begun.run_sync(Base.metadata.create_all)
        await begun.execute(sa.insert(Author), [{"name": f"N {each}"} for each in range(100)])
        await begun.execute(sa.insert(Tag), [{"name": f"T {each}"} for each in range(50)])
    api = Api(Base, engine)
    connection = await asyncpg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False))
    print("| write | statements | gqlcrud | by hand | ratio |")
    print("|---|---|---|---|---|")
    for name, write in WRITES.items():

        async def written(number: int, write: Write = write) -> Any:
            result = await api.execute(write.document, {"data": write.data(number)})
            assert result.errors is None, result.errors
            return answer(result, GRAPHQL_RESPONSE)

        async def by_hand(number: int, write: Write = write) -> None:
            await write.by_hand(engine, connection, number)

        ours, hand = [await cost(each, write.times) for each in (written, by_hand)]
        print(f"| {name} | {await count_statements(engine, written)} | {ours:.2f} | {hand:.2f} | {ours / hand:.1f} |")
    await connection.close()
    await engine.dispose()


if __name__ == "__main__":
    with running_postgres() as server:
        asyncio.run(measure(server.create_database("bench")))
