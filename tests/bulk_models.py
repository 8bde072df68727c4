"""Models whose writes ask for more than rows, for the tests of bulk writes."""

# ruff: noqa: RUF012 - SQLAlchemy types `__mapper_args__` as an instance attribute; a ClassVar fails the type check.

import uuid
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, event
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column, relationship, validates


class Base(DeclarativeBase):
    pass


class Item(Base):
    """Every sort of default, a check, and a column that changes with every change."""

    __tablename__ = "bulk_item"
    __table_args__ = (CheckConstraint("stock >= 0", name="stock_is_positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    stock: Mapped[int] = mapped_column(default=5)
    note: Mapped[str | None] = mapped_column(default=lambda: "made by Python")
    place: Mapped[str | None] = mapped_column(String(20), server_default="nowhere")
    touched: Mapped[int] = mapped_column(default=0, onupdate=lambda: 7)
    changes: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}


class Token(Base):
    """A key that Python makes."""

    __tablename__ = "bulk_token"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(String(20))


class Heard(Base):
    """Somebody listens to what is written."""

    __tablename__ = "bulk_heard"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20), unique=True)
    log: Mapped[str | None] = mapped_column()


heard: list[tuple[str, str]] = []
"""What was written of `Heard`, in order."""


@event.listens_for(Heard, "before_insert")
def _inserted(_mapper: Any, _connection: Any, target: Heard) -> None:
    heard.append(("insert", target.name))
    target.log = "inserted"


@event.listens_for(Heard, "before_update")
def _updated(_mapper: Any, _connection: Any, target: Heard) -> None:
    heard.append(("update", target.name))
    target.log = "updated"


@event.listens_for(Heard, "before_delete")
def _deleted(_mapper: Any, _connection: Any, target: Heard) -> None:
    heard.append(("delete", target.name))


class Checked(Base):
    """A validator refuses values, and changes others."""

    __tablename__ = "bulk_checked"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))

    @validates("name")
    def _name(self, _key: str, value: str) -> str:
        if value == "bad":
            raise ValueError("This name is bad.")
        return value.upper()


class Made(Base):
    """Its `__init__` gives a value."""

    __tablename__ = "bulk_made"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    slug: Mapped[str | None] = mapped_column()

    def __init__(self, **values: Any) -> None:
        super().__init__(slug=values["name"].lower(), **values)


class Data(MappedAsDataclass, Base):
    """A dataclass with a default that no column has."""

    __tablename__ = "bulk_data"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(20), default="plain")


class Animal(Base):
    """Joined inheritance: a cat has rows in two tables."""

    __tablename__ = "bulk_animal"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(20), unique=True)

    __mapper_args__ = {"polymorphic_on": kind, "polymorphic_identity": "animal"}


class Cat(Animal):
    __tablename__ = "bulk_cat"

    id: Mapped[int] = mapped_column(ForeignKey("bulk_animal.id"), primary_key=True)
    lives: Mapped[int] = mapped_column(default=9)

    __mapper_args__ = {"polymorphic_identity": "cat"}


class Tree(Base):
    """What belongs to a tree goes with it, but for the birds."""

    __tablename__ = "bulk_tree"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))

    leaves: Mapped[list["Leaf"]] = relationship(cascade="all, delete-orphan", back_populates="tree")
    birds: Mapped[list["Bird"]] = relationship(back_populates="tree")


class Leaf(Base):
    __tablename__ = "bulk_leaf"

    id: Mapped[int] = mapped_column(primary_key=True)
    tree_id: Mapped[int] = mapped_column(ForeignKey("bulk_tree.id"))

    tree: Mapped[Tree] = relationship(back_populates="leaves")


class Bird(Base):
    __tablename__ = "bulk_bird"

    id: Mapped[int] = mapped_column(primary_key=True)
    tree_id: Mapped[int | None] = mapped_column(ForeignKey("bulk_tree.id"))

    tree: Mapped[Tree | None] = relationship(back_populates="birds")
