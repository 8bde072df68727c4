"""Models whose records are marked as deleted: by a time, a flag, the opposite flag, a date, and on links."""

# ruff: noqa: RUF012 - SQLAlchemy types `__mapper_args__` as an instance attribute.

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Column, Date, DateTime, ForeignKey, Integer, String, Table
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from gqlcrud import ModelOptions, SoftDelete


class Base(DeclarativeBase):
    type_annotation_map = {dt.datetime: DateTime(timezone=True)}


class Shelf(Base):
    """Marked by a time; its books are deleted along with it, its labels have no mark."""

    __tablename__ = "shelf"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50), unique=True)
    deleted_at: Mapped[dt.datetime | None]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}

    books: Mapped[list[Book]] = relationship(back_populates="shelf", cascade="all, delete-orphan")
    labels: Mapped[list[Label]] = relationship(back_populates="shelf", cascade="all")


class Label(Base):
    __tablename__ = "label"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(50))
    shelf_id: Mapped[int] = mapped_column(ForeignKey("shelf.id"))

    shelf: Mapped[Shelf] = relationship(back_populates="labels")


book_tag = Table(
    "book_tag",
    Base.metadata,
    Column("book_id", ForeignKey("book.id"), primary_key=True),
    Column("tag_id", ForeignKey("tag.id"), primary_key=True),
    Column("weight", Integer),
    Column("by_id", ForeignKey("writer.id")),
)


class Book(Base):
    """Marked by a time."""

    __tablename__ = "book"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(50), unique=True)
    deleted_at: Mapped[dt.datetime | None]
    shelf_id: Mapped[int] = mapped_column(ForeignKey("shelf.id"))
    writer_id: Mapped[int | None] = mapped_column(ForeignKey("writer.id"))

    shelf: Mapped[Shelf] = relationship(back_populates="books")
    writer: Mapped[Writer | None] = relationship(back_populates="books")
    cover: Mapped[Cover | None] = relationship(back_populates="book")
    tags: Mapped[list[Tag]] = relationship(secondary=book_tag, back_populates="books")
    loans: Mapped[list[Loan]] = relationship(back_populates="book")


class Writer(Base):
    """Marked by a flag."""

    __tablename__ = "writer"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50), unique=True)
    removed: Mapped[bool]

    books: Mapped[list[Book]] = relationship(back_populates="writer")


class Cover(Base):
    """Marked by a date; one for each book at most."""

    __tablename__ = "cover"

    id: Mapped[int] = mapped_column(primary_key=True)
    colour: Mapped[str] = mapped_column(String(50))
    deleted_on: Mapped[dt.date | None] = mapped_column(Date)
    book_id: Mapped[int | None] = mapped_column(ForeignKey("book.id"), unique=True)

    book: Mapped[Book | None] = relationship(back_populates="cover")


class Tag(Base):
    """Marked by the opposite of a flag, which may be NULL."""

    __tablename__ = "tag"

    id: Mapped[int] = mapped_column(primary_key=True)
    word: Mapped[str] = mapped_column(String(50), unique=True)
    active: Mapped[bool | None]

    books: Mapped[list[Book]] = relationship(secondary=book_tag, back_populates="tags")


class Reader(Base):
    """Reads books by loans, which are marked themselves."""

    __tablename__ = "reader"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))

    loans: Mapped[list[Loan]] = relationship(back_populates="reader")


class Loan(Base):
    """An association object: it links a book and a reader while it is not deleted."""

    __tablename__ = "loan"

    book_id: Mapped[int] = mapped_column(ForeignKey("book.id"), primary_key=True)
    reader_id: Mapped[int] = mapped_column(ForeignKey("reader.id"), primary_key=True)
    weeks: Mapped[int]
    ended: Mapped[bool] = mapped_column(default=False)

    book: Mapped[Book] = relationship(back_populates="loans")
    reader: Mapped[Reader] = relationship(back_populates="loans")


def _is_librarian(context: Any) -> bool:
    return context == "librarian"


OPTIONS: dict[type, ModelOptions] = {
    Shelf: ModelOptions(soft_delete=SoftDelete("deleted_at", show_deleted=True, hard_delete=_is_librarian)),
    Book: ModelOptions(soft_delete=SoftDelete("deleted_at", show_deleted=_is_librarian, hard_delete=_is_librarian)),
    Writer: ModelOptions(soft_delete=SoftDelete("removed", show_deleted=_is_librarian)),
    Cover: ModelOptions(soft_delete=SoftDelete("deleted_on")),
    Tag: ModelOptions(soft_delete=SoftDelete("active", alive=True, show_deleted=True)),
    Loan: ModelOptions(soft_delete=SoftDelete("ended")),
}
