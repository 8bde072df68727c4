"""The bookshop as a GraphQL server: `uvicorn example.app:app`, or `make demo`."""

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Annotated

import strawberry
from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy import MetaData, func, select
from sqlalchemy.ext.asyncio import create_async_engine

import gqlcrud
from example import policies
from example.auth import caller, hash_password, login_router
from example.models import (
    Address,
    Author,
    Base,
    Book,
    Customer,
    CustomerProfile,
    Employee,
    Genre,
    ItemReturn,
    Order,
    OrderItem,
    Payment,
    Publisher,
    Review,
)
from example.policies import caller_name, caller_number, is_staff
from example.rest import rest_router
from example.seed import seed
from gqlcrud import (
    Api,
    Committed,
    ErrorCode,
    Hooks,
    Idempotency,
    ModelOptions,
    RequestError,
    SoftDelete,
    Write,
    WriteRefused,
    install_error_handlers,
)

logger = logging.getLogger("bookshop")
engine = create_async_engine(os.environ.get("DATABASE_URL", "sqlite+aiosqlite:///bookshop.sqlite"))
answers = gqlcrud.idempotency_table(MetaData())


# ---------- what is read ----------


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


# ---------- what is written ----------


class CustomerValues(BaseModel):
    """What customers say of themselves, checked: when they open an account, and when they change it."""

    email: Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[^@\s]+@[^@\s]+$")]
    password: str | None = Field(
        None, min_length=8, repr=False, description="At least eight characters; only a hash of them is stored."
    )

    def to_columns(self) -> dict[str, str]:
        """The column of the password, which is none itself."""
        return {} if self.password is None else {"password_hash": hash_password(self.password)}


async def refuse_out_of_print(write: Write) -> None:
    """No order has a book that its publisher does not deliver any more."""
    book = await write.session.get(Book, write.values["book_id"])
    if book is not None and not book.in_print:
        raise WriteRefused(f"{book.title} is out of print.")


def log_orders(event: Committed) -> None:
    """Tells of orders that are stored for good; here a shop would tell the warehouse."""
    logger.info("orders: %s %s", event.kind, ", ".join(str(number) for (number,) in event.keys))


class Mutation:
    """What can be done beside writing the records themselves."""

    @gqlcrud.field()
    async def restock(self, info: strawberry.Info, isbn: str, price: Decimal | None = None) -> Book | None:
        """Put a book back in print, at its price or at another one; for staff."""
        if not is_staff(info.context):
            raise RequestError("Staff alone restock books.", ErrorCode.FORBIDDEN)
        async with gqlcrud.transaction(Book) as session:
            book = await session.scalar(select(Book).where(Book.isbn == isbn))
            if book is None:
                raise RequestError("No book has this ISBN.", ErrorCode.NOT_FOUND, path=("isbn",))
            book.in_print = True
            if price is not None:
                book.price = price
        return await gqlcrud.load_record(info, Book, (isbn,), by=["isbn"])


# ---------- the API ----------


api = Api(
    Base,
    engine,
    title="Bookshop",
    debug=os.environ.get("BOOKSHOP_DEBUG") == "1",
    models={
        Address: ModelOptions(policy=policies.ADDRESSES),
        Book: ModelOptions(
            fields=BookFields,
            operators={"title": {"like", "search"}},
            read_only={"sales"},
            searchable=[Book.title, (Book.author, Author.full_name), (Book.genres, Genre.name)],
            facets=[Book.binding, (Book.publisher, Publisher.name), (Book.genres, Genre.name)],
        ),
        Customer: ModelOptions(
            create_schema=CustomerValues,
            update_schema=CustomerValues,
            exclude={"password_hash"},
            read_only={"token"},
            policy=policies.ACCOUNTS,
        ),
        CustomerProfile: ModelOptions(policy=policies.PROFILES),
        Employee: ModelOptions(read_only=True, policy=policies.EMPLOYEES),
        ItemReturn: ModelOptions(policy=policies.RETURNS),
        Order: ModelOptions(
            presets={"placed_by": caller_name}, hooks=Hooks(after_commit=log_orders), policy=policies.ORDERS
        ),
        OrderItem: ModelOptions(hooks=Hooks(before_create=refuse_out_of_print), policy=policies.ORDER_ITEMS),
        Payment: ModelOptions(policy=policies.PAYMENTS),
        Review: ModelOptions(
            presets={"customer_id": caller_number},
            soft_delete=SoftDelete("deleted_at", show_deleted=is_staff, hard_delete=is_staff),
            policy=policies.REVIEWS,
        ),
    },
    policy=policies.CATALOGUE,
    query=Query,
    mutation=Mutation,
    idempotency=Idempotency(answers, caller=lambda caller: str(caller_number(caller) or "")),
)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Fill an empty database before the first request."""
    await seed(engine)
    async with engine.begin() as connection:
        await connection.run_sync(answers.metadata.create_all)
    yield
    await engine.dispose()


app = FastAPI(title="Bookshop", lifespan=lifespan)
app.include_router(api.router(context=caller), prefix="/graphql")
app.include_router(login_router(api))
app.include_router(rest_router(api, caller), prefix="/api")
install_error_handlers(app)


@app.get("/", include_in_schema=False)
def root() -> RedirectResponse:
    """The way to GraphiQL."""
    return RedirectResponse("graphql")
