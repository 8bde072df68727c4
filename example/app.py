"""The bookshop as a GraphQL server: `uvicorn example.app:app`, or `make demo`."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import strawberry
from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import create_async_engine

import gqlcrud
from example.models import Author, Base, Book, OrderItem
from example.seed import seed
from gqlcrud import Api, ModelOptions, RequestError

engine = create_async_engine(os.environ.get("DATABASE_URL", "sqlite+aiosqlite:///bookshop.sqlite"))


class BookFields:
    """What the type Book offers beyond its columns and relations."""

    @gqlcrud.field(requires=["price"])
    def gross_price(self: Book, rate: Decimal = Decimal("0.07")) -> Decimal:
        """The price with value-added tax; `rate` is the tax rate, from 0 to 1."""
        if not (rate.is_finite() and 0 <= rate <= 1):
            raise RequestError("rate is a number from 0 to 1.", path=("rate",))
        return (self.price * (1 + rate)).quantize(Decimal("0.01"))

    @gqlcrud.field(requires=["title", "author"])
    async def citation(self: Book, info: strawberry.Info) -> str:
        """Author and title, as a bibliography has them. All books of a response share one query for their authors."""
        author: Author | None = await gqlcrud.load_relation(info, self, Book.author, columns=["full_name"])
        return f"{author.full_name if author else 'Anonymous'}: {self.title}"


class Query:
    """What can be asked beside the records themselves."""

    @gqlcrud.field()
    async def bestsellers(self, info: strawberry.Info, first: int = 5) -> list[Book]:
        """The books that were ordered most, at most 50 of them."""
        if not 0 < first <= 50:
            raise RequestError("first is a number from 1 to 50.", path=("first",))
        ordered = func.sum(OrderItem.quantity)
        statement = select(OrderItem.book_id).group_by(OrderItem.book_id).order_by(ordered.desc(), OrderItem.book_id)
        async with gqlcrud.connection(Book) as connection:
            ids = (await connection.scalars(statement.limit(first))).all()
        books = await gqlcrud.load_records(info, Book, ids)
        return [book for book in books if book is not None]


api = Api(
    Base,
    engine,
    title="Bookshop",
    models={Book: ModelOptions(fields=BookFields, operators={"title": {"like", "search"}})},
    query=Query,
)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Fill an empty database before the first request."""
    await seed(engine)
    yield
    await engine.dispose()


app = FastAPI(title="Bookshop", lifespan=lifespan)
app.include_router(api.router(), prefix="/graphql")


@app.get("/", include_in_schema=False)
def root() -> RedirectResponse:
    """The way to GraphiQL."""
    return RedirectResponse("graphql")
