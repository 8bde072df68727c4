"""What the tests of REST lists share: models with every kind of column, five books, and an app that lists them."""

import enum
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import httpx
from fastapi import Depends, FastAPI
from pydantic import BaseModel
from sqlalchemy import JSON, BigInteger, Column, DateTime, ForeignKey, Integer, Numeric, Table
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from gqlcrud import Crud, ListParams, PageResponse, install_error_handlers
from tests.running import save


class Base(DeclarativeBase):
    pass


class Genre(enum.Enum):
    NOVEL = "novel"
    PLAY = "play"


class Author(Base):
    __tablename__ = "authors"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    country: Mapped[str | None]
    password: Mapped[str | None]
    books: Mapped[list["Book"]] = relationship(back_populates="author")


links = Table(
    "links",
    Base.metadata,
    Column("book_id", ForeignKey("books.id"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id"), primary_key=True),
)


class Book(Base):
    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(comment="What stands on the cover.")
    price: Mapped[Decimal | None] = mapped_column(Numeric(8, 2))
    pages: Mapped[int] = mapped_column(default=100)
    sold: Mapped[int] = mapped_column(BigInteger, default=0)
    weight: Mapped[float] = mapped_column(default=0.5)
    in_print: Mapped[bool] = mapped_column(default=True)
    genre: Mapped[Genre] = mapped_column(default=Genre.NOVEL)
    published_on: Mapped[date] = mapped_column(default=date(2000, 1, 1))
    read_at: Mapped[time] = mapped_column(default=time(20))
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=datetime(2020, 1, 1, tzinfo=UTC))
    length: Mapped[timedelta] = mapped_column(default=timedelta(hours=2))
    code: Mapped[UUID] = mapped_column(default=UUID(int=0))
    cover: Mapped[bytes] = mapped_column(default=b"")
    notes: Mapped[Any] = mapped_column(JSON, default=dict)
    total: Mapped[int] = mapped_column(Integer, default=0)
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))
    author: Mapped[Author] = relationship(back_populates="books")
    tags: Mapped[list["Tag"]] = relationship(secondary=links)


class Tag(Base):
    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str]


class AuthorRead(BaseModel):
    name: str


class BookRead(BaseModel):
    id: int
    title: str
    price: Decimal | None


class TagRead(BaseModel):
    label: str


class BookDeep(BaseModel):
    title: str
    author: AuthorRead
    tags: list[TagRead]


def five_books() -> list[object]:
    jane = Author(id=1, name="Jane Austen", country="GB", password="pride")
    emile = Author(id=2, name="Émile Zola", country=None, password="nana")
    classic, comedy = Tag(id=1, label="classic"), Tag(id=2, label="comedy")
    return [
        Book(id=1, title="Emma", price=Decimal("9.90"), pages=480, author=jane, tags=[classic, comedy], total=7),
        Book(id=2, title="Persuasion", price=None, pages=250, author=jane, tags=[classic], weight=0.25),
        Book(id=3, title="Germinal", price=Decimal("12.00"), pages=600, author=emile, sold=5_000_000_000),
        Book(
            id=4,
            title="Nana",
            price=Decimal("7.50"),
            author=emile,
            in_print=False,
            published_on=date(1880, 2, 15),
            read_at=time(8, 30),
            changed_at=datetime(2024, 2, 29, 12, tzinfo=UTC),
            length=timedelta(days=1),
            code=UUID(int=4),
            cover=b"nana",
            notes={"shelf": 4},
        ),
        Book(id=5, title="The Stage", price=Decimal("12.00"), genre=Genre.PLAY, author=emile, tags=[comedy]),
    ]


async def fill(engine: AsyncEngine) -> AsyncEngine:
    await save(engine, *five_books())
    return engine


def listing_app(books: Crud[Book], engine: AsyncEngine | None, **options: Any) -> FastAPI:
    """`GET /books` with the parameters that `options` ask for."""
    app = FastAPI()
    install_error_handlers(app)

    @app.get("/books")
    async def list_books(params: Annotated[ListParams, Depends(books.params(**options))]) -> PageResponse[BookRead]:
        return await books.list(engine, params, select=BookRead)

    return app


async def ids(client: httpx.AsyncClient, query: str) -> list[int]:
    """The ids of the books that a query string asks for, in their order."""
    response = await client.get(f"/books?{query}")
    assert response.status_code == 200, response.json()
    return [each["id"] for each in response.json()["items"]]


async def refusal(client: httpx.AsyncClient, query: str) -> list[tuple[str, list[str | int], str]]:
    """The errors of a request that is refused: code, path and message of each."""
    response = await client.get(f"/books?{query}")
    assert response.status_code == 422, response.json()
    return [(each["code"], each["path"], each["message"]) for each in response.json()["detail"]]
