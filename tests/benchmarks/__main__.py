"""What a request costs: the time of the processor that the server takes for it, by the ways in which it can be answered.

`python -m tests.benchmarks [query ...]` prints a table. It starts a PostgreSQL server of its own, and needs nothing else.
Times are those of the machine it runs on: compare the columns of one run. The database's own time is not in them.

rendered: as it is. walked: graphql-core walks the records of the same statements. by hand: the rows of the same SQL by
asyncpg, dicts written out in Python, orjson where it is installed: what is least. What each way is made of is frozen for
the garbage collector before it is measured, as `gqlcrud serve` does.
"""

import asyncio
import gc
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median
from time import process_time
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types
import strawberry
from sqlalchemy import URL, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from example.models import Base
from example.seed import seed
from gqlcrud import Api
from gqlcrud.http import answer
from gqlcrud.media_types import GRAPHQL_RESPONSE
from tests.databases import running_postgres

try:
    import orjson

    dumps: Callable[[Any], Any] = orjson.dumps
except ImportError:
    dumps = json.dumps

ROUNDS, BOOKS = 5, 3000
Request = Callable[[int], Awaitable[Any]]


@dataclass(frozen=True)
class Query:
    """A document, its variables for the nth request, how often it is asked in a round, and the SQL of the same rows."""

    document: str
    variables: Callable[[int], dict[str, Any]]
    times: int
    by_hand: Callable[[Any, int], Awaitable[Any]]


async def books_by_hand(connection: Any, number: int, limit: int) -> Any:
    rows = await connection.fetch(
        "SELECT id, title, price, published_at, binding, pages, isbn FROM books ORDER BY id LIMIT $1 OFFSET $2",
        limit,
        number * 10,
    )
    return [
        {
            "id": row[0],
            "title": row[1],
            "price": str(row[2]),
            "publishedAt": None if row[3] is None else row[3].isoformat(),
            "binding": row[4],
            "pages": row[5],
            "isbn": row[6],
        }
        for row in rows
    ]


async def nested_by_hand(connection: Any, number: int) -> Any:
    """Three levels, one statement each."""
    authors = await connection.fetch("SELECT id, last_name FROM authors ORDER BY id LIMIT 50 OFFSET $1", number)
    books = await connection.fetch(
        "SELECT k.key, b.id, b.title FROM unnest($1::int[]) AS k(key), LATERAL (SELECT id, title FROM books "
        "WHERE author_id = k.key ORDER BY id LIMIT 10) b",
        [row[0] for row in authors],
    )
    reviews = await connection.fetch(
        "SELECT k.key, r.id, r.rating, r.body FROM unnest($1::int[]) AS k(key), LATERAL (SELECT id, rating, body FROM reviews "
        "WHERE book_id = k.key ORDER BY id LIMIT 5) r",
        [row[1] for row in books],
    )
    of_book: dict[int, list[Any]] = {}
    for key, _, rating, body in reviews:
        of_book.setdefault(key, []).append({"rating": rating, "body": body})
    of_author: dict[int, list[Any]] = {}
    for key, identity, title in books:
        of_author.setdefault(key, []).append({"title": title, "reviews": of_book.get(identity, [])})
    return [{"id": row[0], "lastName": row[1], "books": of_author.get(row[0], [])} for row in authors]


async def record_by_hand(connection: Any, number: int) -> Any:
    book = await connection.fetchrow("SELECT title, price, author_id FROM books WHERE id = $1", number + 1)
    author = await connection.fetchrow("SELECT last_name FROM authors WHERE id = $1", book[2])
    return {"title": book[0], "price": str(book[1]), "author": author and {"lastName": author[0]}}


SEVEN = "id title price publishedAt binding pages isbn"
QUERIES = {
    "100 books, 7 columns": Query(
        f"query ($o: Int) {{ books(first: 100, offset: $o) {{ nodes {{ {SEVEN} }} }} }}",
        lambda number: {"o": number * 10},
        40,
        lambda connection, number: books_by_hand(connection, number, 100),
    ),
    "500 books, 7 columns": Query(
        f"query ($o: Int) {{ books(first: 500, offset: $o) {{ nodes {{ {SEVEN} }} }} }}",
        lambda number: {"o": number * 10},
        15,
        lambda connection, number: books_by_hand(connection, number, 500),
    ),
    "50 authors, 10 books each, 5 reviews each": Query(
        "query ($o: Int) { authors(first: 50, offset: $o) { nodes { id lastName books(first: 10) { nodes { title "
        "reviews(first: 5) { nodes { rating body } } } } } } }",
        lambda number: {"o": number},
        10,
        nested_by_hand,
    ),
    "a book by key, with its author": Query(
        "query ($i: Int!) { book(by: {rowId: $i}) { title price author { lastName } } }",
        lambda number: {"i": number + 1},
        100,
        record_by_hand,
    ),
}


async def cost(request: Request, times: int) -> float:
    """Milliseconds of processor time for a request, the median of all rounds."""
    await request(0)
    gc.collect()
    gc.freeze()
    rounds = []
    for _ in range(ROUNDS):
        begin = process_time()
        for number in range(times):
            await request(number)
        rounds.append((process_time() - begin) / times * 1000)
    return median(rounds)


def walking(api: Api) -> strawberry.Schema:
    """The same schema with Strawberry's own executor."""
    return strawberry.Schema(
        api.query, api.mutation, types=api.types, extensions=[api.extension], config=api.schema.config
    )


async def count_statements(engine: AsyncEngine, request: Request) -> int:
    count = 0

    def counted(*_: object) -> None:
        nonlocal count
        count += 1

    event.listen(engine.sync_engine, "before_cursor_execute", counted)
    await request(0)
    event.remove(engine.sync_engine, "before_cursor_execute", counted)
    return count


async def measure(url: URL, names: list[str]) -> None:
    engine = create_async_engine(url)
    await seed(engine, books=BOOKS)
    api = Api(Base, engine)
    walked_schema = walking(api)
    connection = await asyncpg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False))
    print("| query | statements | rendered | walked | by hand | walked / rendered | rendered / by hand |")
    print("|---|---|---|---|---|---|---|")
    for name, query in QUERIES.items():
        if names and name not in names:
            continue

        async def rendered(number: int, query: Query = query) -> Any:
            return answer(await api.execute(query.document, query.variables(number)), GRAPHQL_RESPONSE)

        async def walked(number: int, query: Query = query) -> Any:
            result = await walked_schema.execute(query.document, query.variables(number))
            return answer(result, GRAPHQL_RESPONSE)

        async def by_hand(number: int, query: Query = query) -> Any:
            return dumps(await query.by_hand(connection, number))

        assert (await rendered(0)).body == (await walked(0)).body
        figures = [await cost(each, query.times) for each in (rendered, walked, by_hand)]
        ratios = f"{figures[1] / figures[0]:.1f} | {figures[0] / figures[2]:.1f}"
        shown = " | ".join(f"{each:.2f}" for each in figures)
        print(f"| {name} | {await count_statements(engine, rendered)} | {shown} | {ratios} |")
    await connection.close()
    await engine.dispose()


if __name__ == "__main__":
    with running_postgres() as server:
        asyncio.run(measure(server.create_database("bench"), sys.argv[1:]))
