"""Search and facets from Python: the same words and counts as the API's, over the conditions of a call."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import ForeignKey, String
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from gqlcrud import Crud, Invalid, ModelOptions
from gqlcrud.execution import FacetCount
from tests.databases import MakeEngine, record_statements


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    country: Mapped[str | None] = mapped_column(String(2))


class Book(Base):
    __tablename__ = "book"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(80))
    genre: Mapped[str | None] = mapped_column(String(20))
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
    author: Mapped[Author] = relationship()


MODELS = {Book: ModelOptions(searchable=[Book.title, (Book.author, Author.name)])}
ROWS = [
    ("Emma", "novel", 1),
    ("Persuasion", "novel", 1),
    ("Faust", "play", 2),
    ("Egmont", "play", 2),
    ("Notes", None, 3),
]


@pytest.fixture(scope="module")
async def engine(make_module_engine: MakeEngine) -> AsyncIterator[AsyncEngine]:
    engine = await make_module_engine(Base.metadata)
    async with AsyncSession(engine) as session:
        names = [("Jane Austen", "GB"), ("Johann Goethe", "DE"), ("Nobody", None)]
        session.add_all(Author(name=name, country=country) for name, country in names)
        await session.flush()
        session.add_all(Book(title=title, genre=genre, author_id=author) for title, genre, author in ROWS)
        await session.commit()
    yield engine


@pytest.fixture
def books() -> Crud[Book]:
    return Crud(Book, models=MODELS)


def counts(*pairs: tuple[Any, int]) -> list[FacetCount]:
    return [FacetCount(value, count) for value, count in pairs]


async def test_values_are_counted_by_attributes_and_paths(books: Crud[Book], engine: AsyncEngine) -> None:
    found = await books.facets(engine, [Book.genre, (Book.author, Author.country), "author.name"], limit=2)

    assert found == {
        "genre": counts(("novel", 2), ("play", 2)),
        "author.country": counts(("DE", 2), ("GB", 2)),
        "author.name": counts(("Jane Austen", 2), ("Johann Goethe", 2)),
    }


@pytest.mark.parametrize(
    ("where", "genres", "countries"),
    [
        ({"genre": "play"}, [("novel", 2), ("play", 2), (None, 1)], [("DE", 2)]),
        ([{"genre": "play"}, Book.title != "Faust"], [("novel", 2), ("play", 1), (None, 1)], [("DE", 1)]),
        (Book.genre == "play", [("play", 2)], [("DE", 2)]),
        ({"author": {"is": {"country": "GB"}}}, [("novel", 2)], [("DE", 2), ("GB", 2), (None, 1)]),
        ({"or": [{"genre": "play"}]}, [("play", 2)], [("DE", 2)]),
    ],
    ids=["own", "list", "expression", "path", "or"],
)
async def test_a_facet_leaves_out_what_is_said_of_its_own_attribute(
    books: Crud[Book], engine: AsyncEngine, where: Any, genres: list[Any], countries: list[Any]
) -> None:
    """An expression of SQLAlchemy's is one condition, whatever stands in it."""
    found = await books.facets(engine, ["genre", "author.country"], where)

    assert found == {"genre": counts(*genres), "author.country": counts(*countries)}


async def test_equality_by_keyword_is_left_out_as_well(books: Crud[Book], engine: AsyncEngine) -> None:
    page = await books.paginate(engine, select=["title"], genre="play", facets=["genre"], total=True)

    assert [item["title"] for item in page.items] == ["Faust", "Egmont"]
    assert (page.total, page.facets) == (2, {"genre": counts(("novel", 2), ("play", 2), (None, 1))})


async def test_each_facet_is_one_statement(books: Crud[Book], engine: AsyncEngine) -> None:
    with record_statements(engine) as statements:
        await books.paginate(engine, facets=["genre", "author.country"])

    assert len(statements) == 3


@pytest.mark.parametrize(
    ("search", "fields", "titles"),
    [
        ("faust", None, ["Faust"]),
        ("GOETHE e", None, ["Faust", "Egmont"]),
        ("goethe", ["title"], []),
        ("goethe", ["author.name"], ["Faust", "Egmont"]),
        ('"jane austen" emma', None, ["Emma"]),
        ("  ", None, ["Emma", "Persuasion", "Faust", "Egmont", "Notes"]),
    ],
)
async def test_all_words_are_found_in_any_field(
    books: Crud[Book], engine: AsyncEngine, search: str, fields: list[str] | None, titles: list[str]
) -> None:
    rows = await books.get_multi(engine, search=search, search_fields=fields, select=["title"])

    assert [row["title"] for row in rows] == titles


async def test_a_search_bounds_the_facets(books: Crud[Book], engine: AsyncEngine) -> None:
    assert await books.facets(engine, ["genre"], search="austen") == {"genre": counts(("novel", 2))}


@pytest.mark.parametrize(
    ("facets", "path", "message"),
    [
        (["binding"], ("facets", "binding"), "'binding' is no column whose values can be counted of Book; there are: "),
        (["writer.name"], ("facets", "writer.name"), "'writer' is no relation of Book; there are: author."),
        ([7], (), "An attribute is needed, such as Book.title or 'title', not 7."),
    ],
)
async def test_an_unknown_facet_is_told_with_those_there_are(
    books: Crud[Book], engine: AsyncEngine, facets: list[Any], path: tuple[str, ...], message: str
) -> None:
    with pytest.raises(Invalid) as raised:
        await books.facets(engine, facets)

    (error,) = raised.value.errors
    assert (error.path, error.message[: len(message)]) == (path, message)


async def test_an_unknown_search_field_is_told_with_those_there_are(books: Crud[Book], engine: AsyncEngine) -> None:
    with pytest.raises(Invalid) as raised:
        await books.get_multi(engine, search="x", search_fields=["title", "isbn"])

    (error,) = raised.value.errors
    assert (error.path, error.message) == (
        ("search_fields", 1),
        "There is no search field 'isbn'; there are: title, author.name.",
    )


async def test_a_model_without_search_says_what_to_write(engine: AsyncEngine) -> None:
    with pytest.raises(
        Invalid, match=r"Author has no search: ModelOptions\(searchable=\.\.\.\) says what is searched\."
    ):
        await Crud(Author).get_multi(engine, search="x")
