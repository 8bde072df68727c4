"""Notes with writers and labels, as models that are searched: by words, by full text, by a vector that is kept."""

from typing import Any

from sqlalchemy import Column, ForeignKey, String, Table, Text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Writer(Base):
    __tablename__ = "writer"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    town: Mapped[str | None] = mapped_column(String(50))
    notes: Mapped[list["Note"]] = relationship(back_populates="writer")


note_label = Table(
    "note_label",
    Base.metadata,
    Column("note_id", ForeignKey("note.id"), primary_key=True),
    Column("label_id", ForeignKey("label.id"), primary_key=True),
)


class Label(Base):
    __tablename__ = "label"

    id: Mapped[int] = mapped_column(primary_key=True)
    word: Mapped[str] = mapped_column(String(50))
    notes: Mapped[list["Note"]] = relationship(secondary=note_label, back_populates="labels")


class Note(Base):
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str | None] = mapped_column(Text)
    stars: Mapped[int | None] = mapped_column()
    vector: Mapped[Any] = mapped_column(TSVECTOR().with_variant(Text(), "sqlite"), nullable=True)
    writer_id: Mapped[int | None] = mapped_column(ForeignKey("writer.id"))
    writer: Mapped["Writer | None"] = relationship(back_populates="notes")
    labels: Mapped[list["Label"]] = relationship(secondary=note_label, back_populates="notes")
