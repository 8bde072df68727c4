"""Models written with SQLModel: a one-to-many relation and a many-to-many relation with an extra column."""

import enum
import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, Column, Text
from sqlalchemy.orm import registry
from sqlmodel import Field, Relationship, SQLModel


class Models(SQLModel, registry=registry()):
    """Keeps these tables apart from the metadata that all SQLModel classes share otherwise."""


class Power(enum.Enum):
    FLIGHT = "flight"
    X_RAY = "x-ray"


class Membership(Models, table=True):
    hero_id: int | None = Field(default=None, foreign_key="hero.id", primary_key=True)
    club_id: uuid.UUID | None = Field(default=None, foreign_key="club.id", primary_key=True)
    since: datetime | None = None


class Headquarters(Models, table=True):
    id: int | None = Field(default=None, primary_key=True)
    city: str = Field(index=True, max_length=50)

    heroes: list["Hero"] = Relationship(back_populates="headquarters")


class Club(Models, table=True):
    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    name: str = Field(unique=True)

    heroes: list["Hero"] = Relationship(back_populates="clubs", link_model=Membership)


class HeroBase(Models):
    """Fields that a request body and the table share."""

    name: str = Field(description="The name on the costume.")
    age: int | None = None


class Hero(HeroBase, table=True):
    id: int | None = Field(default=None, primary_key=True)
    power: Power | None = None
    fee: Decimal = Field(default=Decimal(0), max_digits=10, decimal_places=2)
    story: str | None = Field(default=None, sa_column=Column(Text))
    gear: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    headquarters_id: int | None = Field(default=None, foreign_key="headquarters.id")

    headquarters: Headquarters | None = Relationship(back_populates="heroes")
    clubs: list[Club] = Relationship(back_populates="heroes", link_model=Membership)
