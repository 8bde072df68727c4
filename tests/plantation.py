"""Models of which new records are rows and nothing else, with relations of every kind between them."""

import datetime as dt
import enum
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, Column, ForeignKey, Numeric, String, Table, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import DateTime, TypeDecorator


class Base(DeclarativeBase):
    pass


class Kind(enum.Enum):
    OAK = "oak"
    ELM = "elm"


class Shouted(TypeDecorator[str]):
    """Stored in capitals."""

    impl = String(20)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return value.upper() if value is not None else None


tree_tag = Table(
    "tree_tag",
    Base.metadata,
    Column("tree_id", ForeignKey("tree.id"), primary_key=True),
    Column("tag_id", ForeignKey("tag.id"), primary_key=True),
)
"""Nothing but two keys."""

tree_pest = Table(
    "tree_pest",
    Base.metadata,
    Column("tree_id", ForeignKey("tree.id"), primary_key=True),
    Column("pest_id", ForeignKey("pest.id"), primary_key=True),
    Column("found_in", String(10), nullable=True),
)
"""Links with a value of their own."""


class Owner(Base):
    __tablename__ = "owner"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(10), unique=True)
    groves: Mapped[list["Grove"]] = relationship(back_populates="owner")


class Grove(Base):
    __tablename__ = "grove"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(10), unique=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("owner.id"))
    owner: Mapped[Owner | None] = relationship(back_populates="groves")
    trees: Mapped[list["Tree"]] = relationship(back_populates="grove")
    fence: Mapped["Fence | None"] = relationship(back_populates="grove")
    signs: Mapped[list["Sign"]] = relationship(back_populates="grove")


class Fence(Base):
    """One of a grove."""

    __tablename__ = "fence"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    height: Mapped[float]
    grove_id: Mapped[int] = mapped_column(ForeignKey("grove.id"), unique=True)
    grove: Mapped[Grove] = relationship(back_populates="fence")
    posts: Mapped[list["Post"]] = relationship(back_populates="fence")


class Post(Base):
    """Its key is in part that of its fence."""

    __tablename__ = "post"

    fence_id: Mapped[UUID] = mapped_column(ForeignKey("fence.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    fence: Mapped[Fence] = relationship(back_populates="posts")


class Tree(Base):
    __tablename__ = "tree"
    __table_args__ = (UniqueConstraint("grove_id", "label"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    grove_id: Mapped[int] = mapped_column(ForeignKey("grove.id"))
    label: Mapped[str] = mapped_column(String(10))
    kind: Mapped[Kind] = mapped_column(default=Kind.OAK)
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2), default=lambda: Decimal("1.5"))
    height: Mapped[float | None]
    planted: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    leaves: Mapped[int] = mapped_column(server_default="7")
    extra: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    origin: Mapped[int | None] = mapped_column(ForeignKey("owner.id", deferrable=True, initially="DEFERRED"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("tree.id"))
    grove: Mapped[Grove] = relationship(back_populates="trees")
    parent: Mapped["Tree | None"] = relationship(back_populates="seedlings", remote_side=[id])
    seedlings: Mapped[list["Tree"]] = relationship(back_populates="parent")
    tags: Mapped[list["Tag"]] = relationship(secondary=tree_tag, back_populates="trees")
    pests: Mapped[list["Pest"]] = relationship(secondary=tree_pest, back_populates="trees")


class Tag(Base):
    __tablename__ = "tag"

    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(String(10), unique=True)
    trees: Mapped[list[Tree]] = relationship(secondary=tree_tag, back_populates="tags")


class Pest(Base):
    __tablename__ = "pest"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(10), unique=True)
    trees: Mapped[list[Tree]] = relationship(secondary=tree_pest, back_populates="pests")


class Sign(Base):
    """An array of its texts would be one of texts that are cut."""

    __tablename__ = "sign"

    id: Mapped[int] = mapped_column(primary_key=True)
    motto: Mapped[str] = mapped_column(Shouted())
    grove_id: Mapped[int] = mapped_column(ForeignKey("grove.id"))
    grove: Mapped[Grove] = relationship(back_populates="signs")
