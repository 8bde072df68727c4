"""The bookshop's made-up data: every table has rows, the same each time, and a second run adds none."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Select, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import aliased

from example.models import Author, Base, Book, Category, Publisher, Review
from example.seed import main, seed, shop_rows
from tests.databases import MakeEngine

BOOKS = 60


@pytest.fixture(scope="module")
async def shop(make_module_engine: MakeEngine) -> AsyncIterator[AsyncEngine]:
    """A small seeded shop, shared by the tests that read only."""
    engine = await make_module_engine()
    await seed(engine, books=BOOKS)
    yield engine


async def count_rows(engine: AsyncEngine) -> dict[str, int]:
    async with engine.connect() as connection:
        return {
            table.name: (await connection.execute(select(func.count()).select_from(table))).scalar_one()
            for table in Base.metadata.sorted_tables
        }


async def test_every_table_has_rows(shop: AsyncEngine) -> None:
    counts = await count_rows(shop)

    assert [name for name, count in counts.items() if count == 0] == []
    assert counts["books"] == BOOKS


def test_the_rows_are_the_same_each_time() -> None:
    assert shop_rows(BOOKS) == shop_rows(BOOKS)


async def test_a_second_run_changes_nothing(shop: AsyncEngine) -> None:
    before = await count_rows(shop)

    await seed(shop, books=2 * BOOKS)

    assert await count_rows(shop) == before


async def test_a_database_with_one_row_of_its_own_is_left_alone(make_engine: MakeEngine) -> None:
    engine = await make_engine(Base.metadata)
    async with AsyncSession(engine) as session, session.begin():
        session.add(Publisher(name="Mine"))

    await seed(engine, books=BOOKS)

    counts = await count_rows(engine)
    assert {name: count for name, count in counts.items() if count} == {"publishers": 1}


async def test_every_foreign_key_has_its_row(shop: AsyncEngine) -> None:
    """SQLite stores one that has none; PostgreSQL would have refused it."""
    if shop.dialect.name != "sqlite":
        return
    async with shop.connect() as connection:
        assert (await connection.execute(text("PRAGMA foreign_key_check"))).all() == []


parent, grandparent, floor = aliased(Category), aliased(Category), aliased(Category)
tied_prices = select(Book.price).group_by(Book.price).having(func.count() > 1)


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(select(Book.id).where(Book.author_id.is_(None)), id="a book without an author"),
        pytest.param(select(Book.id).where(~Book.tag_links.any()), id="a book without tags"),
        pytest.param(select(Book.id).where(Book.published_at.is_(None)), id="a book that is not out"),
        pytest.param(select(Review.id).where(Review.deleted_at.is_not(None)), id="a review that is taken down"),
        pytest.param(select(Book.id).where(Book.price.in_(tied_prices)), id="books of one price"),
        pytest.param(select(Author.id).where(Author.full_name == "東野"), id="an author with one name in Japanese"),
        pytest.param(
            select(Category.id)
            .join(Category.parent.of_type(parent))
            .join(parent.parent.of_type(grandparent))
            .join(grandparent.parent.of_type(floor)),
            id="a category below three others",
        ),
    ],
)
async def test_there_is(shop: AsyncEngine, found: Select[tuple[int]]) -> None:
    async with shop.connect() as connection:
        assert await connection.scalar(found.limit(1)) is not None


async def test_a_row_added_afterwards_gets_the_next_number(make_engine: MakeEngine) -> None:
    """Seeded rows carry numbers of their own, of which a PostgreSQL sequence learns nothing by itself."""
    engine = await make_engine()
    await seed(engine, books=BOOKS)

    async with AsyncSession(engine) as session, session.begin():
        book = Book(title="Mine", price=1, publisher_id=1)
        session.add(book)
        await session.flush()
        assert book.id == BOOKS + 1


async def test_the_command_fills_the_database_at_an_address(make_engine: MakeEngine) -> None:
    engine = await make_engine()

    await main(engine.url.render_as_string(hide_password=False))

    assert (await count_rows(engine))["books"] == 800
