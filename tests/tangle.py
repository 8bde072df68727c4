"""A railway whose relations are joined in every unusual way: to the same table, by conditions, by links that repeat."""

from sqlalchemy import Column, ForeignKey, Integer, Table, and_
from sqlalchemy.orm import DeclarativeBase, Mapped, foreign, mapped_column, relationship, remote


class Base(DeclarativeBase):
    pass


stop = Table(
    "stop",
    Base.metadata,
    Column("station_id", ForeignKey("station.id"), nullable=False),
    Column("line_id", ForeignKey("line.id"), nullable=False),
    Column("minute", Integer),
)
"""Without a key: a line may stop at a station more than once."""

transfer = Table(
    "transfer",
    Base.metadata,
    Column("from_id", ForeignKey("station.id"), primary_key=True),
    Column("to_id", ForeignKey("station.id"), primary_key=True),
    Column("minutes", Integer),
)


class Line(Base):
    __tablename__ = "line"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    stations: Mapped[list["Station"]] = relationship(secondary=stop, back_populates="lines")


class Station(Base):
    __tablename__ = "station"

    id: Mapped[int] = mapped_column(primary_key=True)
    zone: Mapped[int | None]
    name: Mapped[str | None]
    lines: Mapped[list["Line"]] = relationship(secondary=stop, back_populates="stations")
    early_lines: Mapped[list["Line"]] = relationship(
        secondary=stop, primaryjoin=lambda: and_(Station.id == stop.c.station_id, stop.c.minute < 3), viewonly=True
    )
    transfers: Mapped[list["Station"]] = relationship(
        secondary=transfer,
        primaryjoin=lambda: Station.id == transfer.c.from_id,
        secondaryjoin=lambda: Station.id == transfer.c.to_id,
        viewonly=True,
    )
    quick_transfers: Mapped[list["Station"]] = relationship(
        secondary=transfer,
        primaryjoin=lambda: and_(Station.id == transfer.c.from_id, transfer.c.minutes < 3),
        secondaryjoin=lambda: Station.id == transfer.c.to_id,
        viewonly=True,
    )
    neighbours: Mapped[list["Station"]] = relationship(
        primaryjoin=lambda: and_(Station.zone == foreign(remote(Station.zone)), Station.id != remote(Station.id)),
        viewonly=True,
    )
    next: Mapped["Station | None"] = relationship(
        primaryjoin=lambda: foreign(Station.id) + 1 == remote(Station.id), uselist=False, viewonly=True
    )
