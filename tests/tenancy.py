"""Two tenants in one database, each of whom sees records of its own; and the same database without those of the other."""

# ruff: noqa: RUF012 - SQLAlchemy types `__mapper_args__` as an instance attribute.

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ForeignKey, String, Table, UniqueConstraint
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from gqlcrud import AllBut, ModelOptions, Policy
from tests.running import save


@dataclass(frozen=True)
class Caller:
    tenant: str
    staff: bool = False


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(50))
    email: Mapped[str] = mapped_column(String(50), unique=True)
    salary: Mapped[int] = mapped_column(default=0)

    books: Mapped[list[Book]] = relationship(back_populates="author")


book_tag = Table(
    "book_tag",
    Base.metadata,
    Column("book_id", ForeignKey("book.id"), primary_key=True),
    Column("tag_id", ForeignKey("tag.id"), primary_key=True),
)


class Book(Base):
    """A book of a tenant; `cost` is hidden from all but staff, and drafts alone are changed or deleted."""

    __tablename__ = "book"
    __table_args__ = (UniqueConstraint("tenant", "isbn"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(50))
    isbn: Mapped[str | None] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20), default="draft")
    cost: Mapped[int | None]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("author.id"))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    author: Mapped[Author | None] = relationship(back_populates="books")
    reviews: Mapped[list[Review]] = relationship(back_populates="book", cascade="all, delete-orphan")
    cover: Mapped[Cover | None] = relationship(back_populates="book")
    tags: Mapped[list[Tag]] = relationship(secondary=book_tag, back_populates="books", order_by="Tag.label")


class Review(Base):
    """It is shown with its book."""

    __tablename__ = "review"

    id: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("book.id"))
    text: Mapped[str] = mapped_column(String(50))
    hidden: Mapped[bool] = mapped_column(default=False)

    book: Mapped[Book] = relationship(back_populates="reviews")


class Cover(Base):
    __tablename__ = "cover"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(String(20))
    colour: Mapped[str] = mapped_column(String(20))
    book_id: Mapped[int | None] = mapped_column(ForeignKey("book.id"), unique=True)

    book: Mapped[Book | None] = relationship(back_populates="cover")


class Tag(Base):
    __tablename__ = "tag"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(String(20))
    label: Mapped[str] = mapped_column(String(20))

    books: Mapped[list[Book]] = relationship(secondary=book_tag, back_populates="tags")


def own(context: Caller, model: Any) -> Any:
    return model.tenant == context.tenant


def all_but_cost(context: Caller) -> Any:
    return True if context.staff else AllBut("cost")


OWN = Policy(read=own, create=own, update=own, delete=own)
BOOKS = Policy(
    read=own,
    create=lambda context: (Book.tenant == context.tenant) & (Book.state != "banned"),
    update=lambda context: (Book.tenant == context.tenant) & (Book.state != "sold"),
    update_check=own,
    delete=lambda context: (Book.tenant == context.tenant) & (Book.state == "draft"),
    read_columns=all_but_cost,
    write_columns=lambda context: True if context.staff else AllBut(Book.cost),
)
OPTIONS: dict[type, ModelOptions] = {
    Author: ModelOptions(policy=OWN, searchable=["name"], facets=["tenant"]),
    Book: ModelOptions(policy=BOOKS, searchable=["title", "author.name"], facets=["state", "author.name"]),
    Review: ModelOptions(
        policy=Policy(read=lambda context: Review.book.has(Book.tenant == context.tenant) & Review.hidden.is_(False))
    ),
    Cover: ModelOptions(policy=OWN),
    Tag: ModelOptions(policy=OWN),
}


def records(*, others: bool, crossed: bool = True) -> list[Any]:
    """What the tenant `a` sees has odd ids, save what it cannot know of. others: whether there is what it does not see.
    crossed: whether a foreign key of a record that it sees leads to one that it does not."""
    ann = Author(id=1, tenant="a", name="Ann", email="ann@a", salary=10)
    one = Book(id=1, tenant="a", title="One", isbn="1", cost=5 if others else 7, author=ann, state="draft")
    three = Book(id=3, tenant="a", title="Three", isbn="3", cost=9 if others else 1, author=ann, state="sold")
    five = Book(id=5, tenant="a", title="Five", cost=3, state="draft")
    red, blue = Tag(id=1, tenant="a", label="red"), Tag(id=3, tenant="a", label="blue")
    one.tags, three.tags = [red], [red, blue]
    one.reviews = [Review(id=1, text="good")]
    three.reviews = [Review(id=3, text="bad")]
    one.cover = Cover(id=1, tenant="a", colour="grey")
    found: list[Any] = [ann, one, three, five, Author(id=9, tenant="a", name="Zoe", email="zoe@a")]
    if others:
        bob = Author(id=2, tenant="b", name="Bob", email="bob@b", salary=99)
        two = Book(id=2, tenant="b", title="Two", isbn="1", cost=50, author=bob)
        mixed = Book(id=4, tenant="b", title="Four", isbn="3", cost=51, author=ann)
        green = Tag(id=2, tenant="b", label="green")
        two.tags, mixed.tags = [green, red], [green]
        one.tags.append(green)
        two.reviews = [Review(id=2, text="b's")]
        one.reviews.append(Review(id=4, text="hidden", hidden=True))
        three.cover = Cover(id=2, tenant="b", colour="black")
        five.author = bob if crossed else None
        found += [two, mixed]
    return found


async def fill(engine: AsyncEngine, *, others: bool, crossed: bool = True) -> None:
    await save(engine, *records(others=others, crossed=crossed))
