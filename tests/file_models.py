"""Models for the tests of files: books with authors, categories in a tree, records that are marked as deleted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Numeric, String, UniqueConstraint, func, insert
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from gqlcrud import ModelOptions, SoftDelete
from gqlcrud.crud import Crud


class Base(DeclarativeBase):
    pass


class Author(Base):
    """Two unique keys beside the primary one, one of two columns."""

    __tablename__ = "author"
    __table_args__ = (UniqueConstraint("first_name", "last_name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    first_name: Mapped[str] = mapped_column(String(50))
    last_name: Mapped[str] = mapped_column(String(50))
    email: Mapped[str | None] = mapped_column(String(50), unique=True)

    books: Mapped[list[Book]] = relationship(back_populates="author")


class Category(Base):
    """A tree: a category leads to one of the same table."""

    __tablename__ = "category"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50), unique=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"))

    parent: Mapped[Category | None] = relationship(remote_side=[id])


class Book(Base):
    __tablename__ = "book"
    __table_args__ = (CheckConstraint("stock < 1000 OR title = 'many'", name="book_stock"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    isbn: Mapped[str] = mapped_column(String(20), unique=True)
    title: Mapped[str] = mapped_column(String(50))
    subtitle: Mapped[str | None] = mapped_column(String(50))
    price: Mapped[Decimal] = mapped_column(Numeric(8, 2))
    stock: Mapped[int] = mapped_column(default=5)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("author.id"))
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"))
    created_at: Mapped[dt.datetime] = mapped_column(DateTime, server_default=func.now())

    author: Mapped[Author | None] = relationship(back_populates="books")
    category: Mapped[Category | None] = relationship()


class Product(Base):
    """Marked as deleted by a time; its key has two columns."""

    __tablename__ = "product"
    __table_args__ = (UniqueConstraint("shop", "sku"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    shop: Mapped[str] = mapped_column(String(20))
    sku: Mapped[int]
    name: Mapped[str | None] = mapped_column(String(50))
    price: Mapped[Decimal | None] = mapped_column(Numeric(8, 2))
    deleted_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))


MODELS = {Product: ModelOptions(soft_delete=SoftDelete("deleted_at"))}
authors = Crud(Author)
books = Crud(Book)
categories = Crud(Category)
products = Crud(Product, models=MODELS)


async def fill_authors(engine: AsyncEngine) -> None:
    rows = [
        {"first_name": "Jane", "last_name": "Austen", "email": "jane@x.org"},
        {"first_name": "Leo", "last_name": "Tolstoy", "email": None},
    ]
    async with engine.begin() as connection:
        await connection.execute(insert(Author), rows)


async def stored(crud: Crud[Any], engine: AsyncEngine, *names: str, deleted: Any = "exclude") -> list[tuple[Any, ...]]:
    """The values of these attributes of all records, by primary key."""
    rows = await crud.get_multi(engine, select=names, limit=None, deleted=deleted)
    return [tuple(row.values()) for row in rows]


def written(folder: Path, name: str, text: str | bytes) -> str:
    """A file with this text; its path."""
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(path)


def told(rejected: Sequence[Any]) -> list[str]:
    return [str(each) for each in rejected]
