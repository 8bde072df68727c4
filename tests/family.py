"""A small family of models, one for each rule of what becomes of a child: for tests of nested writes.

A house has guests (may leave), rooms (may not be without it), notes (deleted when taken out), a garden (one-to-one),
and tags (many-to-many, the link holds a rank). Persons form a tree.
"""

from typing import Any

from sqlalchemy import Column, ForeignKey, Integer, Table, select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


house_tag = Table(
    "house_tag",
    Base.metadata,
    Column("house_id", ForeignKey("house.id"), primary_key=True),
    Column("tag_id", ForeignKey("tag.id"), primary_key=True),
    Column("rank", Integer),
)


class Street(Base):
    __tablename__ = "street"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    size: Mapped[int | None]
    houses: Mapped[list["House"]] = relationship(back_populates="street")


class House(Base):
    __tablename__ = "house"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    street_id: Mapped[int | None] = mapped_column(ForeignKey("street.id"))
    street: Mapped["Street | None"] = relationship(back_populates="houses")
    guests: Mapped[list["Guest"]] = relationship(back_populates="house")
    rooms: Mapped[list["Room"]] = relationship(back_populates="house")
    notes: Mapped[list["Note"]] = relationship(back_populates="house", cascade="all, delete-orphan")
    garden: Mapped["Garden | None"] = relationship(back_populates="house")
    tags: Mapped[list["Tag"]] = relationship(secondary=house_tag, back_populates="houses")


class Guest(Base):
    __tablename__ = "guest"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    size: Mapped[int | None]
    room_id: Mapped[int | None] = mapped_column(ForeignKey("room.id"))
    house_id: Mapped[int | None] = mapped_column(ForeignKey("house.id"))
    house: Mapped["House | None"] = relationship(back_populates="guests")


class Room(Base):
    __tablename__ = "room"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    size: Mapped[int | None]
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    house: Mapped["House"] = relationship(back_populates="rooms")


class Note(Base):
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    size: Mapped[int | None]
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    house: Mapped["House"] = relationship(back_populates="notes")


class Garden(Base):
    __tablename__ = "garden"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    size: Mapped[int | None]
    house_id: Mapped[int | None] = mapped_column(ForeignKey("house.id"), unique=True)
    house: Mapped["House | None"] = relationship(back_populates="garden")


class Tag(Base):
    __tablename__ = "tag"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    size: Mapped[int | None]
    houses: Mapped[list["House"]] = relationship(secondary=house_tag, back_populates="tags")


class Person(Base):
    """A tree."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    size: Mapped[int | None]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    parent: Mapped["Person | None"] = relationship(back_populates="children", remote_side=[id])
    children: Mapped[list["Person"]] = relationship(back_populates="parent")


Family = dict[str, dict[Any, Any]]
"""By table: the name of each record, and the name of its house (of its parent, for a person); the rank of each link."""


async def family(engine: AsyncEngine) -> Family:
    """The whole state of the database, by names instead of ids."""
    found: Family = {}
    async with engine.connect() as connection:
        houses = {row.id: row.name for row in await connection.execute(select(House.id, House.name))}
        streets = {row.id: row.name for row in await connection.execute(select(Street.id, Street.name))}
        people = (await connection.execute(select(Person.id, Person.name, Person.parent_id))).all()
        tags = {row.id: row.name for row in await connection.execute(select(Tag.id, Tag.name))}
        for kind in (Guest, Room, Note, Garden):
            rows = await connection.execute(select(kind.name, kind.house_id))
            found[kind.__tablename__] = {name: houses[house] if house else None for name, house in rows}
        homes = await connection.execute(select(House.name, House.street_id))
        found["house"] = {name: streets[street] if street else None for name, street in homes}
        found["street"] = dict.fromkeys(streets.values())
        found["tag"] = dict.fromkeys(tags.values())
        found["house_tag"] = {
            (houses[house], tags[tag]): rank for house, tag, rank in await connection.execute(select(house_tag))
        }
        names = {id: name for id, name, _ in people}
        found["person"] = {name: names[parent] if parent else None for _, name, parent in people}
    return {table: dict(sorted(rows.items())) for table, rows in found.items() if rows}
