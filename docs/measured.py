"""What the measurements of growth and of memory share: authors with ten books each, and requests as they come over HTTP."""

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from fastapi import FastAPI
from sqlalchemy import URL, ForeignKey, Numeric, String, event, insert, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from gqlcrud import Api, Limits

BOOKS_EACH = 10
SEVEN = "id title price publishedOn pages inPrint isbn"
"""Fields of a book that are no relations: an id, texts, numbers, a decimal, a date, a truth value."""


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    books: Mapped[list["Book"]] = relationship(back_populates="author")


class Book(Base):
    __tablename__ = "book"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(80))
    price: Mapped[Decimal] = mapped_column(Numeric(8, 2))
    published_on: Mapped[date | None]
    pages: Mapped[int]
    in_print: Mapped[bool]
    isbn: Mapped[str] = mapped_column(String(20), unique=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"), index=True)
    author: Mapped[Author] = relationship(back_populates="books")


def _books(count: int) -> list[dict[str, Any]]:
    return [
        {
            "id": number,
            "title": f"A title of book {number}",
            "price": Decimal(number % 5000) / 100,
            "published_on": date(1990 + number % 30, 1 + number % 12, 1 + number % 28),
            "pages": 20 + number % 900,
            "in_print": number % 3 == 0,
            "isbn": f"978-{number:09}",
            "author_id": 1 + (number - 1) // BOOKS_EACH,
        }
        for number in range(1, count + 1)
    ]


@dataclass(frozen=True)
class Served:
    """An app over a database."""

    engine: AsyncEngine
    api: Api
    app: FastAPI

    async def ask(self, document: str, variables: Mapping[str, Any] | None = None) -> bytes:
        """The body of the answer to a request, which succeeds. It takes the way through the whole app."""
        body = json.dumps({"query": document, "variables": variables or {}}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        scope = {
            **{"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http"},
            **{"path": "/graphql", "raw_path": b"/graphql", "root_path": "", "query_string": b"", "headers": headers},
            **{"client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80)},
        }
        given = [{"type": "http.request", "body": body, "more_body": False}]
        parts: list[bytes] = []

        async def receive() -> Any:
            return given.pop() if given else await asyncio.Event().wait()

        async def send(message: Any) -> None:
            assert message.get("status", 200) == 200, message
            if message.get("body"):
                parts.append(message["body"])

        await self.app(scope, receive, send)
        answer = parts[0] if len(parts) == 1 else b"".join(parts)  # a copy of a large one would be measured too
        assert b'"errors"' not in answer[-500:] and b'"errors"' not in answer[:500], answer[:500]
        return answer


async def fill(url: URL, books: int) -> None:
    """Makes the tables of an empty database, and so many books."""
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        authors = [{"id": number, "name": f"Author {number}"} for number in range(1, 1 + -(-books // BOOKS_EACH))]
        await connection.execute(insert(Author.__table__), authors)
        await connection.execute(insert(Book.__table__), _books(books))
        await connection.execute(text("ANALYZE"))
    await engine.dispose()


LIMITS = Limits(max_page_size=100_000)


@asynccontextmanager
async def served(url: URL, limits: Limits = LIMITS, **options: Any) -> AsyncIterator[Served]:
    """An app over a database that is filled. options: of the engine."""
    engine = create_async_engine(url, **options)
    api = Api(Base, engine, limits=limits)
    app = FastAPI()
    app.include_router(api.router(path="/graphql", graphiql=False))
    try:
        yield Served(engine, api, app)
    finally:
        await engine.dispose()


@asynccontextmanager
async def counted(url: URL) -> AsyncIterator[tuple[Served, Callable[[], int]]]:
    """The same, and a function that tells how many statements came to the database since it was last called: by its own
    account, BEGIN and COMMIT among them. PostgreSQL is one that `running_postgres` has started, whose log is read."""
    if url.get_backend_name() == "sqlite":
        sent: list[str] = []
        async with served(url) as app:

            def opened(connection: Any, _: object) -> None:
                connection.run_async(lambda driver: driver.set_trace_callback(sent.append))

            event.listen(app.engine.sync_engine, "connect", opened)
            yield app, lambda: (len(sent), sent.clear())[0]
        return
    log = Path(str(url.query["host"]), "log")
    seen = 0

    def count() -> int:
        nonlocal seen
        before, seen = seen, len(_STATEMENT.findall(log.read_text("utf-8")))
        return seen - before

    async with served(url, connect_args={"server_settings": {"log_statement": "all"}}) as app:
        yield app, count


_STATEMENT = re.compile(r" LOG:  (?:statement|execute [^:]+): ")
