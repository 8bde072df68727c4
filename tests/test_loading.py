"""Records for resolvers of one's own: found by any key, batched, and refused where they would wait for themselves."""

from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest
import strawberry
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

import gqlcrud
from gqlcrud import Api, ConfigurationError, Limits, ModelOptions
from tests.databases import MakeEngine, record_statements
from tests.running import run, save
from tests.shelf import Author, Base, Book, OrderItem, Tag

Ask = Callable[[strawberry.Info], Awaitable[Any]]


@pytest.fixture(scope="module")
async def shelf(make_module_engine: MakeEngine) -> AsyncIterator[AsyncEngine]:
    """Three books, two of them by one author; two order items."""
    engine = await make_module_engine(Base.metadata)
    ada = Author(id=1, name="Ada", email="ada@example.com")
    common: dict[str, Any] = {"price": Decimal(1), "version": 1}
    await save(
        engine,
        Book(id=1, title="A", author=ada, isbn="1", **common),
        Book(id=2, title="B", author=ada, **common),
        Book(id=3, title="C", **common),
        OrderItem(order_no=7, line_no=1, quantity=5, book_id=1),
        OrderItem(order_no=7, line_no=2, quantity=6, book_id=1),
    )
    yield engine


async def asked(engine: AsyncEngine, ask: Ask) -> Any:
    """What `ask` gives in a resolver; of a ConfigurationError its text."""

    class Query:
        @gqlcrud.field()
        async def answer(self, info: strawberry.Info) -> strawberry.scalars.JSON:
            try:
                answer = await ask(info)
            except ConfigurationError as error:
                answer = str(error)
            return strawberry.scalars.JSON(answer)

    return (await run(Api(Base, engine, query=Query), "{ answer }"))["answer"]


async def test_records_come_in_the_order_of_their_keys(shelf: AsyncEngine) -> None:
    async def titles(info: strawberry.Info) -> list[str | None]:
        books = await gqlcrud.load_records(info, Book, [3, 0, 1, 3, None], columns=["title"])
        return [book.title if book else None for book in books]

    assert await asked(shelf, titles) == ["C", None, "A", "C", None]


async def test_a_key_of_several_columns_is_a_tuple(shelf: AsyncEngine) -> None:
    async def quantities(info: strawberry.Info) -> list[int | None]:
        items = await gqlcrud.load_records(info, OrderItem, [(7, 2), (7, 3), (7, None), None], columns=["quantity"])
        return [item.quantity if item else None for item in items]

    assert await asked(shelf, quantities) == [6, None, None, None]


@pytest.mark.parametrize("key", [7, (7,), (7, 1, 2), [7, 1]], ids=str)
async def test_a_key_with_another_number_of_values_is_refused(shelf: AsyncEngine, key: Any) -> None:
    async def item(info: strawberry.Info) -> Any:
        return await gqlcrud.load_record(info, OrderItem, key)

    assert await asked(shelf, item) == (
        f"{key!r} is no key of OrderItem: give a tuple of order_no, line_no, in this order."
    )


async def test_a_record_is_found_by_other_attributes(shelf: AsyncEngine) -> None:
    async def titles(info: strawberry.Info) -> list[str | None]:
        one = await gqlcrud.load_record(info, Book, "1", by=["isbn"], columns=["title"])
        two = await gqlcrud.load_record(info, Book, ("B", 1), by=["title", "author_id"], columns=["title"])
        three = await gqlcrud.load_record(info, Book, ("B", 2), by=["title", "author_id"], columns=["title"])
        return [each.title if each else None for each in (one, two, three)]

    assert await asked(shelf, titles) == ["A", "B", None]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"columns": ["nosuch"]}, "Book has no attribute 'nosuch' in this API."),
        ({"columns": ["author"]}, "Book.author is a relation; name columns here."),
        ({"by": ["author"]}, "Book.author is a relation; name columns here."),
    ],
    ids=["unknown", "relation", "by a relation"],
)
async def test_only_columns_are_named(shelf: AsyncEngine, arguments: dict[str, Any], message: str) -> None:
    async def book(info: strawberry.Info) -> Any:
        return await gqlcrud.load_record(info, Book, 1, **arguments)

    assert await asked(shelf, book) == message


async def test_an_attribute_that_is_not_fetched_is_not_there(shelf: AsyncEngine) -> None:
    async def title(info: strawberry.Info) -> str:
        book = await gqlcrud.load_record(info, Book, 1, columns=["price"])
        try:
            return book.title if book is not None else ""
        except AttributeError as error:
            return str(error)

    assert await asked(shelf, title) == (
        "'title' of Book is not fetched. A field of your own names what it reads: @gqlcrud.field(requires=['title'])."
    )


async def test_a_relation_gives_a_record_or_none_or_a_list(shelf: AsyncEngine) -> None:
    async def names(info: strawberry.Info) -> list[Any]:
        one, three = await gqlcrud.load_records(info, Book, [1, 3], columns=["id", "author_id"])
        ada = await gqlcrud.load_relation(info, one, Book.author, columns=["id", "name"])
        nobody = await gqlcrud.load_relation(info, three, "author", columns=["name"])
        books = await gqlcrud.load_relation(info, ada, Author.books, columns=["title"])
        none = await gqlcrud.load_relation(info, three, Book.tags, columns=["label"])
        return [ada.name, nobody, [book.title for book in books], none]

    assert await asked(shelf, names) == ["Ada", None, ["A", "B"], []]


async def test_a_column_is_no_relation(shelf: AsyncEngine) -> None:
    async def title(info: strawberry.Info) -> Any:
        book = await gqlcrud.load_record(info, Book, 1, columns=["title"])
        return await gqlcrud.load_relation(info, book, Book.title)

    assert await asked(shelf, title) == "Book.title is a column; load_relation loads relations."


async def test_a_list_has_at_most_as_many_records_as_the_largest_page(shelf: AsyncEngine) -> None:
    class AuthorFields:
        @gqlcrud.field(requires=["books"])
        async def titles(self: Author, info: strawberry.Info) -> list[str]:
            """The titles of the books."""
            return [book.title for book in await gqlcrud.load_relation(info, self, Author.books, columns=["title"])]

    api = Api(Base, shelf, models={Author: ModelOptions(fields=AuthorFields)}, limits=Limits(1, 1))

    assert await run(api, "{ author(by: {rowId: 1}) { titles } }") == {"author": {"titles": ["A"]}}


async def test_resolvers_of_all_records_share_their_statements(shelf: AsyncEngine) -> None:
    class BookFields:
        @gqlcrud.field(requires=["author_id"])
        async def by(self: Book, info: strawberry.Info) -> str | None:
            """The author's name."""
            author = await gqlcrud.load_record(info, Author, self.author_id, columns=["name"])
            return author.name if author else None

    api = Api(Base, shelf, models={Book: ModelOptions(fields=BookFields)})

    with record_statements(shelf) as statements:
        assert await run(api, "{ books { nodes { by } } }") == {
            "books": {"nodes": [{"by": "Ada"}, {"by": "Ada"}, {"by": None}]}
        }
    assert len(statements) == 2


async def test_a_statement_of_ones_own_runs_on_the_connection_of_the_operation(shelf: AsyncEngine) -> None:
    async def count(info: strawberry.Info) -> Any:
        async with gqlcrud.connection(Book) as connection:
            return await connection.scalar(select(func.count()).select_from(Book))

    assert await asked(shelf, count) == 3


@pytest.mark.parametrize("inside", ["load", "connection"])
async def test_what_would_wait_for_itself_is_refused(shelf: AsyncEngine, inside: str) -> None:
    async def nested(info: strawberry.Info) -> Any:
        async with gqlcrud.connection(Book):
            if inside == "load":
                return await gqlcrud.load_record(info, Book, 1)
            async with gqlcrud.connection(Tag):
                return None

    async def again(info: strawberry.Info) -> Any:
        refusal = None
        try:
            await nested(info)
        except ConfigurationError as error:
            refusal = str(error)
        book = await gqlcrud.load_record(info, Book, 1, columns=["title"])
        return [refusal, book.title if book else None]

    assert await asked(shelf, again) == [
        "This runs in a block of gqlcrud.connection(...), which no other statement of the operation may join. Load "
        "records before the block or after it.",
        "A",
    ]


async def test_nothing_is_loaded_outside_an_operation() -> None:
    with pytest.raises(ConfigurationError) as raised:
        gqlcrud.connection(Book)

    assert str(raised.value) == (
        "No API that offers Book is running here: load records in resolvers of its schema only."
    )
