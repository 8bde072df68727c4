"""The sample models of the generated API: authors, books, tags and order items, column by column."""

# ruff: noqa: RUF012 - SQLAlchemy types `__mapper_args__` as an instance attribute; a ClassVar fails the type check.

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, Column, DateTime, ForeignKey, Integer, Numeric, String, Table
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str | None] = mapped_column(String(200), unique=True)

    books: Mapped[list["Book"]] = relationship(back_populates="author")


book_tag = Table(
    "book_tag",
    Base.metadata,
    Column("book_id", ForeignKey("book.id"), primary_key=True),
    Column("tag_id", ForeignKey("tag.id"), primary_key=True, index=True),
    Column("weight", Integer),
)


class Book(Base):
    __tablename__ = "book"

    id: Mapped[int] = mapped_column(primary_key=True)
    isbn: Mapped[str | None] = mapped_column(String(20), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    meta: Mapped[dict[str, Any] | None] = mapped_column(JSON().with_variant(JSONB(), "postgresql"))
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    version: Mapped[int] = mapped_column()
    author_id: Mapped[int | None] = mapped_column(ForeignKey("author.id"), index=True)

    __mapper_args__ = {"version_id_col": version}

    author: Mapped["Author | None"] = relationship(back_populates="books")
    tags: Mapped[list["Tag"]] = relationship(secondary=book_tag, back_populates="books")
    order_items: Mapped[list["OrderItem"]] = relationship(back_populates="book")


class Tag(Base):
    __tablename__ = "tag"

    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(String(50), unique=True)

    books: Mapped[list["Book"]] = relationship(secondary=book_tag, back_populates="tags")


class OrderItem(Base):
    __tablename__ = "order_item"

    order_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    quantity: Mapped[int] = mapped_column()
    book_id: Mapped[int | None] = mapped_column(ForeignKey("book.id"), index=True)

    book: Mapped["Book | None"] = relationship(back_populates="order_items")
