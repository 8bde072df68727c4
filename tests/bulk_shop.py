"""A shop for bulk writes from Python: a table of nearly every kind of constraint, and rows for it."""

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Numeric, String, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)

    books: Mapped[list["Book"]] = relationship(back_populates="author", passive_deletes="all")


class Book(Base):
    """The price is checked by itself, so that it is known before; pages and chapters only the database compares."""

    __tablename__ = "book"
    __table_args__ = (
        UniqueConstraint("isbn", name="book_isbn_unique"),
        UniqueConstraint("author_id", "title"),
        CheckConstraint("price >= 0", name="price_is_positive"),
        CheckConstraint("chapters <= pages", name="chapters_fit"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    isbn: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(30))
    price: Mapped[Decimal] = mapped_column(Numeric(8, 2), default=Decimal("9.90"))
    pages: Mapped[int] = mapped_column(default=100)
    chapters: Mapped[int] = mapped_column(server_default="1")
    language: Mapped[str | None] = mapped_column(String(2), default="en")
    published: Mapped[dt.date | None] = mapped_column()
    author_id: Mapped[int | None] = mapped_column(ForeignKey("author.id"))

    author: Mapped[Author | None] = relationship(back_populates="books")


class Stock(Base):
    """A key of two columns."""

    __tablename__ = "stock"

    shop: Mapped[str] = mapped_column(String(10), primary_key=True)
    sku: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    count: Mapped[int] = mapped_column(default=0)
    shelf: Mapped[str | None] = mapped_column(String(10))


class Note(Base):
    """Notes are marked as deleted."""

    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(20), unique=True)
    text: Mapped[str | None] = mapped_column(String(50))
    owner: Mapped[str | None] = mapped_column(String(20))
    deleted_at: Mapped[dt.datetime | None] = mapped_column()


class Comment(Base):
    __tablename__ = "comment"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(20))
    note_id: Mapped[int | None] = mapped_column(ForeignKey("note.id"))

    note: Mapped[Note | None] = relationship()


class Folder(Base):
    """Folders stand in folders."""

    __tablename__ = "folder"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    size: Mapped[int] = mapped_column(default=0)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("folder.id"))

    parent: Mapped["Folder | None"] = relationship(remote_side=[id])


def books(count: int, start: int = 0, **values: Any) -> list[dict[str, Any]]:
    return [{"isbn": f"i{number}", "title": f"Book {number}", **values} for number in range(start, start + count)]


async def stored(engine: AsyncEngine, entity: type[Any], *names: str) -> list[tuple[Any, ...]]:
    """Attributes of all records, in the order of their primary keys."""
    key = entity.__mapper__.primary_key
    async with AsyncSession(engine) as session:
        statement = select(*(getattr(entity, name) for name in names)).order_by(*key)
        return [tuple(row) for row in await session.execute(statement)]
