"""One small model for each way of mapping a column, a class or a relation, for tests on both databases.

Each section has its own base, so that a test builds an API from one section alone. Table and enum type names differ
between all sections: everything but `PgOnly` fits into one database of either kind. `PORTABLE` lists those sections.
"""

# ruff: noqa: RUF012 - SQLAlchemy types `__mapper_args__` as an instance attribute; a ClassVar fails the type check.

import enum
import json
import uuid
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Computed,
    Date,
    DateTime,
    Dialect,
    Double,
    Enum,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    String,
    Table,
    Text,
    Time,
    TypeDecorator,
    Unicode,
    UniqueConstraint,
    Uuid,
    case,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, DOMAIN, INET, JSONB, TSVECTOR
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    Composite,
    DeclarativeBase,
    Mapped,
    MappedAsDataclass,
    WriteOnlyMapped,
    attribute_keyed_dict,
    column_property,
    composite,
    declarative_base,
    declared_attr,
    mapped_column,
    registry,
    relationship,
    synonym,
)
from sqlalchemy.types import UserDefinedType

# ---------- column types ----------


class Scalars(DeclarativeBase):
    pass


class Colour(enum.Enum):
    """A Python enum: the database holds the names."""

    RED = "#f00"
    GREEN = "#0f0"


class Size(enum.StrEnum):
    """A string enum stored by its values."""

    SMALL = "s"
    EXTRA_LARGE = "x-l"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


def values_of(kind: type[enum.Enum]) -> list[str]:
    return [str(member.value) for member in kind]


class Everything(Scalars):
    """Every supported scalar, each in a column that may be NULL."""

    __tablename__ = "everything"

    id: Mapped[int] = mapped_column(primary_key=True)
    integer: Mapped[int | None] = mapped_column(Integer)
    small_integer: Mapped[int | None] = mapped_column(SmallInteger)
    big_integer: Mapped[int | None] = mapped_column(BigInteger)
    numeric: Mapped[Decimal | None] = mapped_column(Numeric(12, 3))
    numeric_without_scale: Mapped[Decimal | None] = mapped_column(Numeric)
    numeric_as_float: Mapped[float | None] = mapped_column(Numeric(12, 3, asdecimal=False))
    float_: Mapped[float | None] = mapped_column("float", Float)
    double: Mapped[float | None] = mapped_column(Double)
    string: Mapped[str | None] = mapped_column(String(50))
    string_without_length: Mapped[str | None] = mapped_column(String)
    unicode: Mapped[str | None] = mapped_column(Unicode(50))
    text: Mapped[str | None] = mapped_column(Text)
    boolean: Mapped[bool | None] = mapped_column(Boolean)
    date_only: Mapped[date | None] = mapped_column(Date)
    time_only: Mapped[time | None] = mapped_column(Time)
    datetime_naive: Mapped[datetime | None] = mapped_column(DateTime)
    datetime_aware: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    interval: Mapped[timedelta | None] = mapped_column(Interval)
    uuid_value: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    uuid_as_string: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    binary: Mapped[bytes | None] = mapped_column(LargeBinary)
    json: Mapped[Any | None] = mapped_column(JSON)
    json_none_as_null: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    colour: Mapped[Colour | None] = mapped_column(Enum(Colour, name="zoo_colour"))
    size: Mapped[Size | None] = mapped_column(Enum(Size, name="zoo_size", values_callable=values_of))
    level: Mapped[Level | None] = mapped_column(Enum(Level, name="zoo_level", native_enum=False))
    binding: Mapped[str | None] = mapped_column(Enum("paper-back", "e-book", "2nd hand", name="zoo_binding"))


# ---------- types built by the user ----------


class Custom(DeclarativeBase):
    pass


class JsonList(TypeDecorator[list[str]]):
    """A list of strings, stored as JSON text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: list[str] | None, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> list[str] | None:
        return None if value is None else list(json.loads(value))


class LowerCase(TypeDecorator[str]):
    """A string that the database holds in small letters."""

    impl = String(100)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else value.lower()


class Customized(Custom):
    __tablename__ = "customized"

    id: Mapped[int] = mapped_column(primary_key=True)
    labels: Mapped[list[str] | None] = mapped_column(JsonList)
    email: Mapped[str | None] = mapped_column(LowerCase, unique=True)
    document: Mapped[Any | None] = mapped_column(JSON().with_variant(JSONB(), "postgresql"))
    counter: Mapped[int | None] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"))


class Unknown(DeclarativeBase):
    pass


class Point(UserDefinedType[Any]):
    """A type that says nothing of its Python type. PostgreSQL has it; SQLite takes any name."""

    cache_ok = True

    def get_col_spec(self, **options: Any) -> str:
        return "POINT"


class Place(Unknown):
    __tablename__ = "place"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    position: Mapped[Any | None] = mapped_column(Point)


# ---------- types of PostgreSQL ----------


class PgOnly(DeclarativeBase):
    pass


class Lists(PgOnly):
    __tablename__ = "lists"

    id: Mapped[int] = mapped_column(primary_key=True)
    integers: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))
    strings: Mapped[list[str] | None] = mapped_column(ARRAY(String))
    uuids: Mapped[list[uuid.UUID] | None] = mapped_column(ARRAY(Uuid))
    moods: Mapped[list[str] | None] = mapped_column(ARRAY(Enum("so-so", "happy", name="pg_mood")))
    matrix: Mapped[list[list[int]] | None] = mapped_column(ARRAY(Integer, dimensions=2))
    document: Mapped[Any | None] = mapped_column(JSONB)
    postcode: Mapped[str | None] = mapped_column(
        DOMAIN("pg_postcode", String(10), check=r"VALUE ~ '^\d{5}$'", constraint_name="five_digits")
    )


class Searchable(PgOnly):
    """Types of PostgreSQL for which there is no GraphQL scalar."""

    __tablename__ = "searchable"

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[Any | None] = mapped_column(INET)
    words: Mapped[Any | None] = mapped_column(TSVECTOR)


# ---------- values that the database or SQLAlchemy makes ----------


class Made(DeclarativeBase):
    pass


class Money:
    """The value of a composite attribute."""

    def __init__(self, amount: Decimal | None, currency: str | None) -> None:
        self.amount = amount
        self.currency = currency

    def __composite_values__(self) -> tuple[Decimal | None, str | None]:
        return self.amount, self.currency

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Money) and self.__composite_values__() == other.__composite_values__()

    def __hash__(self) -> int:
        return hash(self.__composite_values__())


class Invoice(Made):
    __tablename__ = "invoice"
    __table_args__ = (CheckConstraint("quantity > 0", name="ck_invoice_quantity"), {"comment": "Sold goods."})

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    number: Mapped[str] = mapped_column(String(20), unique=True, comment="Printed at the top.")
    quantity: Mapped[int] = mapped_column(default=1)
    unit_price: Mapped[Decimal] = mapped_column(Numeric(10, 2), server_default=text("1"))
    total: Mapped[Decimal] = mapped_column(Numeric(12, 2), Computed("quantity * unit_price", persisted=True))
    amount: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    currency: Mapped[str | None] = mapped_column(String(3))
    created_at: Mapped[datetime] = mapped_column(DateTime, server_default=func.now())
    changed_at: Mapped[datetime | None] = mapped_column(DateTime, onupdate=func.now())
    notes: Mapped[str | None] = mapped_column(Text, deferred=True)
    version: Mapped[int] = mapped_column(nullable=False)

    __mapper_args__ = {"version_id_col": version}

    code: Mapped[str] = synonym("number")
    paid: Composite[Money] = composite("amount", "currency")
    label: Mapped[str] = column_property("No. " + number)

    @hybrid_property
    def is_large(self) -> bool:
        """Works in Python and in SQL as written."""
        return self.quantity >= 100

    @hybrid_property
    def price_name(self) -> str:
        return "free" if self.unit_price == 0 else "paid"

    @price_name.inplace.expression
    @classmethod
    def _price_name_expression(cls) -> ColumnElement[str]:
        return case((cls.unit_price == 0, "free"), else_="paid")

    @hybrid_property
    def shouted(self) -> str:
        """Works in Python only: the class attribute raises AttributeError."""
        return self.number.upper()

    @property
    def plain(self) -> str:
        """A Python property, unknown to the mapper."""
        return f"invoice {self.number}"


# ---------- ways of mapping a class ----------


class Dataclasses(MappedAsDataclass, DeclarativeBase):
    pass


class Planet(Dataclasses):
    __tablename__ = "planet"

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    name: Mapped[str]
    mass: Mapped[float | None] = mapped_column(default=None)
    moons: Mapped[list["Moon"]] = relationship(
        back_populates="planet", default_factory=list, cascade="all, delete-orphan"
    )


class Moon(Dataclasses, kw_only=True):
    """All fields are required by `__init__`, and by keyword only."""

    __tablename__ = "moon"

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    name: Mapped[str]
    planet_id: Mapped[int] = mapped_column(ForeignKey("planet.id"), init=False)
    planet: Mapped[Planet] = relationship(back_populates="moons")


if TYPE_CHECKING:  # declarative_base() returns Any, of which a checked class must not inherit

    class Classic:
        metadata: MetaData

else:
    Classic = declarative_base()


class Artist(Classic):
    __tablename__ = "artist"

    id = Column(Integer, primary_key=True)
    name = Column(String(50), nullable=False)
    albums = relationship("Album", back_populates="artist")


class Album(Classic):
    __tablename__ = "album"

    id = Column(Integer, primary_key=True)
    title = Column(String(50))
    artist_id = Column(Integer, ForeignKey("artist.id"))
    artist = relationship("Artist", back_populates="albums")


imperative = registry()

ship_table = Table(
    "ship",
    imperative.metadata,
    Column("id", Integer, primary_key=True),
    Column("ship_name", String(50), nullable=False, unique=True),
)
sailor_table = Table(
    "sailor",
    imperative.metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(50), nullable=False),
    Column("ship_id", ForeignKey("ship.id"), nullable=False),
)


class Ship:
    """Mapped imperatively; the attribute `name` is the column `ship_name`."""

    id: int
    name: str
    sailors: list["Sailor"]


class Sailor:
    id: int
    name: str
    ship_id: int
    ship: Ship


imperative.map_imperatively(
    Ship,
    ship_table,
    properties={"name": ship_table.c.ship_name, "sailors": relationship(Sailor, back_populates="ship")},
)
imperative.map_imperatively(Sailor, sailor_table, properties={"ship": relationship(Ship, back_populates="sailors")})


class Mixed(DeclarativeBase):
    pass


class Stamped:
    """A mixin with a column, a foreign key and a relation."""

    created_at: Mapped[datetime] = mapped_column(DateTime, server_default=func.now())

    @declared_attr
    def owner_id(cls) -> Mapped[int | None]:
        return mapped_column(ForeignKey("owner.id"))

    @declared_attr
    def owner(cls) -> Mapped["Owner | None"]:
        return relationship("Owner")


class Owner(Mixed):
    __tablename__ = "owner"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Cat(Stamped, Mixed):
    __tablename__ = "cat"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class CatName(Mixed):
    """Mapped to a SELECT instead of a table; it has no table to write to."""

    __table__ = select(Cat.id, Cat.name).where(Cat.name != "").subquery("cat_name")
    __mapper_args__ = {"primary_key": [__table__.c.id]}

    id: Mapped[int]
    name: Mapped[str]


# ---------- inheritance ----------


class SingleTable(DeclarativeBase):
    pass


class Keeper(SingleTable):
    __tablename__ = "keeper"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    animals: Mapped[list["Animal"]] = relationship(back_populates="keeper")


class Animal(SingleTable):
    __tablename__ = "animal"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "animal"}

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    keeper_id: Mapped[int | None] = mapped_column(ForeignKey("keeper.id"))
    keeper: Mapped["Keeper | None"] = relationship(back_populates="animals")


class Bird(Animal):
    __mapper_args__ = {"polymorphic_identity": "bird"}

    wing_span: Mapped[int | None] = mapped_column(use_existing_column=True)


class Owl(Bird):
    __mapper_args__ = {"polymorphic_identity": "owl"}

    hoots: Mapped[bool | None]


class Bat(Animal):
    """Shares the column `wing_span` with `Bird`."""

    __mapper_args__ = {"polymorphic_identity": "bat"}

    wing_span: Mapped[int | None] = mapped_column(use_existing_column=True)


class Joined(DeclarativeBase):
    pass


class Garage(Joined):
    __tablename__ = "garage"

    id: Mapped[int] = mapped_column(primary_key=True)
    vehicles: Mapped[list["Vehicle"]] = relationship(back_populates="garage")
    trucks: Mapped[list["Truck"]] = relationship(viewonly=True)


class Vehicle(Joined):
    __tablename__ = "vehicle"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "vehicle"}

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    wheels: Mapped[int]
    garage_id: Mapped[int | None] = mapped_column(ForeignKey("garage.id"))
    garage: Mapped["Garage | None"] = relationship(back_populates="vehicles")


class Truck(Vehicle):
    __tablename__ = "truck"
    __mapper_args__ = {"polymorphic_identity": "truck"}

    id: Mapped[int] = mapped_column(ForeignKey("vehicle.id"), primary_key=True)
    load: Mapped[int]
    trailers: Mapped[list["Trailer"]] = relationship(back_populates="truck")


class FireEngine(Truck):
    """Three tables deep; its key column has another name."""

    __tablename__ = "fire_engine"
    __mapper_args__ = {"polymorphic_identity": "fire engine"}

    truck_id: Mapped[int] = mapped_column(ForeignKey("truck.id"), primary_key=True)
    ladder: Mapped[int | None]


class Trailer(Joined):
    """Its foreign key names the table of a subclass."""

    __tablename__ = "trailer"

    id: Mapped[int] = mapped_column(primary_key=True)
    truck_id: Mapped[int] = mapped_column(ForeignKey("truck.id"))
    truck: Mapped["Truck"] = relationship(back_populates="trailers")


class Concrete(DeclarativeBase):
    pass


class Shape(Concrete):
    __tablename__ = "shape"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Circle(Shape):
    __tablename__ = "circle"
    __mapper_args__ = {"concrete": True}

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    radius: Mapped[int]


# ---------- relations ----------


class Composites(DeclarativeBase):
    pass


class Warehouse(Composites):
    __tablename__ = "warehouse"

    tenant_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(String(10), primary_key=True)
    bins: Mapped[list["Bin"]] = relationship(back_populates="warehouse")


class Bin(Composites):
    """The key of the warehouse is part of the key of the bin."""

    __tablename__ = "bin"
    __table_args__ = (ForeignKeyConstraint(["tenant_id", "warehouse_code"], ["warehouse.tenant_id", "warehouse.code"]),)

    tenant_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    warehouse_code: Mapped[str] = mapped_column(String(10), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    warehouse: Mapped["Warehouse"] = relationship(back_populates="bins")
    parcels: Mapped[list["Parcel"]] = relationship(back_populates="bin")


class Parcel(Composites):
    """A composite foreign key that may be NULL, in part or as a whole."""

    __tablename__ = "parcel"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "warehouse_code", "bin_number"], ["bin.tenant_id", "bin.warehouse_code", "bin.number"]
        ),
        UniqueConstraint("tenant_id", "barcode"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int]
    warehouse_code: Mapped[str | None] = mapped_column(String(10))
    bin_number: Mapped[int | None]
    barcode: Mapped[str] = mapped_column(String(20))
    bin: Mapped["Bin | None"] = relationship(back_populates="parcels")


class Folder(Composites):
    """A tree for each tenant: parent and child share the column `tenant_id`."""

    __tablename__ = "folder"
    __table_args__ = (ForeignKeyConstraint(["tenant_id", "parent_id"], ["folder.tenant_id", "folder.folder_id"]),)

    tenant_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    folder_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    parent_id: Mapped[int | None]
    name: Mapped[str]
    parent: Mapped["Folder | None"] = relationship(back_populates="children", remote_side=[tenant_id, folder_id])
    children: Mapped[list["Folder"]] = relationship(back_populates="parent")


class Plain(DeclarativeBase):
    pass


class Airport(Plain):
    __tablename__ = "airport"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(3), unique=True)
    departures: Mapped[list["Flight"]] = relationship(back_populates="origin", foreign_keys="Flight.origin_code")
    arrivals: Mapped[list["Flight"]] = relationship(back_populates="target", foreign_keys="Flight.target_code")


class Flight(Plain):
    """Two foreign keys to one table, both to a unique column that is not the primary key."""

    __tablename__ = "flight"

    id: Mapped[int] = mapped_column(primary_key=True)
    origin_code: Mapped[str] = mapped_column(ForeignKey("airport.code"))
    target_code: Mapped[str | None] = mapped_column(ForeignKey("airport.code"))
    origin: Mapped["Airport"] = relationship(back_populates="departures", foreign_keys=[origin_code])
    target: Mapped["Airport | None"] = relationship(back_populates="arrivals", foreign_keys=[target_code])


class Team(Plain):
    __tablename__ = "team"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    home_matches: Mapped[list["Match"]] = relationship(back_populates="home_team", foreign_keys="Match.home_team_id")
    away_matches: Mapped[list["Match"]] = relationship(back_populates="away_team", foreign_keys="Match.away_team_id")


class Match(Plain):
    """Two foreign keys to the primary key of one table."""

    __tablename__ = "match"

    id: Mapped[int] = mapped_column(primary_key=True)
    home_team_id: Mapped[int] = mapped_column(ForeignKey("team.id"))
    away_team_id: Mapped[int] = mapped_column(ForeignKey("team.id"))
    home_team: Mapped["Team"] = relationship(back_populates="home_matches", foreign_keys=[home_team_id])
    away_team: Mapped["Team"] = relationship(back_populates="away_matches", foreign_keys=[away_team_id])


class Person(Plain):
    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    passport: Mapped["Passport | None"] = relationship(back_populates="person")
    locker: Mapped["Locker | None"] = relationship(back_populates="person", cascade="all, delete-orphan")


class Passport(Plain):
    """One-to-one by a unique foreign key that is NOT NULL."""

    __tablename__ = "passport"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    person: Mapped["Person"] = relationship(back_populates="passport")


class Locker(Plain):
    """One-to-one by a foreign key that is the primary key."""

    __tablename__ = "locker"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    number: Mapped[int]
    person: Mapped["Person"] = relationship(back_populates="locker")


class Comment(Plain):
    """A self-reference with one column, children ordered by the relation and deleted with their parent."""

    __tablename__ = "comment"

    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("comment.id"))
    parent: Mapped["Comment | None"] = relationship(back_populates="replies", remote_side=[id])
    replies: Mapped[list["Comment"]] = relationship(
        back_populates="parent", order_by="Comment.body.desc()", cascade="all, delete-orphan"
    )


class Lazy(Plain):
    """Loading styles that a reader of attributes must not trip over, and a relation without a way back."""

    __tablename__ = "lazy"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    person: Mapped["Person | None"] = relationship(lazy="raise")
    notes: WriteOnlyMapped["LazyNote"] = relationship(cascade="all, delete-orphan", passive_deletes=True)
    keyed: Mapped[dict[str, "LazyNote"]] = relationship(collection_class=attribute_keyed_dict("body"), viewonly=True)


class LazyNote(Plain):
    __tablename__ = "lazy_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str]
    lazy_id: Mapped[int] = mapped_column(ForeignKey("lazy.id", ondelete="CASCADE"))


# ---------- many to many ----------


class ManyToMany(DeclarativeBase):
    pass


follows = Table(
    "follows",
    ManyToMany.metadata,
    Column("follower_id", ForeignKey("account.id"), primary_key=True),
    Column("followed_id", ForeignKey("account.id"), primary_key=True),
)


class Account(ManyToMany):
    """Many-to-many with itself."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    following: Mapped[list["Account"]] = relationship(
        secondary=follows,
        primaryjoin=id == follows.c.follower_id,
        secondaryjoin=id == follows.c.followed_id,
        back_populates="followers",
    )
    followers: Mapped[list["Account"]] = relationship(
        secondary=follows,
        primaryjoin=id == follows.c.followed_id,
        secondaryjoin=id == follows.c.follower_id,
        back_populates="following",
    )


enrolment = Table(
    "enrolment",
    ManyToMany.metadata,
    Column("student_id", ForeignKey("student.id"), primary_key=True),
    Column("course_tenant", primary_key=True),
    Column("course_code", primary_key=True),
    Column("grade", Integer),
    ForeignKeyConstraint(["course_tenant", "course_code"], ["course.tenant", "course.code"]),
)


class Student(ManyToMany):
    """A `secondary` table with an extra column, and a composite key on the other side."""

    __tablename__ = "student"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    courses: Mapped[list["Course"]] = relationship(secondary=enrolment, back_populates="students")


class Course(ManyToMany):
    __tablename__ = "course"

    tenant: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(String(10), primary_key=True)
    students: Mapped[list["Student"]] = relationship(secondary=enrolment, back_populates="courses")


class Playlist(ManyToMany):
    """An association object, with a proxy that skips it."""

    __tablename__ = "playlist"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    entries: Mapped[list["PlaylistEntry"]] = relationship(
        back_populates="playlist", cascade="all, delete-orphan", order_by="PlaylistEntry.position"
    )
    tracks: AssociationProxy[list["Track"]] = association_proxy(
        "entries", "track", creator=lambda track: PlaylistEntry(track=track)
    )
    track_titles: AssociationProxy[list[str]] = association_proxy("tracks", "title")


class Track(ManyToMany):
    __tablename__ = "track"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    entries: Mapped[list["PlaylistEntry"]] = relationship(back_populates="track")


class PlaylistEntry(ManyToMany):
    __tablename__ = "playlist_entry"

    playlist_id: Mapped[int] = mapped_column(ForeignKey("playlist.id"), primary_key=True)
    track_id: Mapped[int] = mapped_column(ForeignKey("track.id"), primary_key=True)
    position: Mapped[int] = mapped_column(default=0)
    playlist: Mapped["Playlist"] = relationship(back_populates="entries")
    track: Mapped["Track"] = relationship(back_populates="entries")


# ---------- relations with joins of their own ----------


class Joins(DeclarativeBase):
    pass


class Band(Joins):
    __tablename__ = "band"

    id: Mapped[int] = mapped_column(primary_key=True)
    low: Mapped[int]
    high: Mapped[int]
    workers: Mapped[list["Worker"]] = relationship(
        primaryjoin="and_(foreign(Worker.salary) >= Band.low, foreign(Worker.salary) < Band.high)", viewonly=True
    )


class Worker(Joins):
    __tablename__ = "worker"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    salary: Mapped[int | None]
    band: Mapped["Band | None"] = relationship(
        primaryjoin="and_(foreign(Worker.salary) >= Band.low, foreign(Worker.salary) < Band.high)",
        viewonly=True,
        uselist=False,
    )
    log: Mapped[list["LogLine"]] = relationship(
        primaryjoin="Worker.id == foreign(LogLine.worker_id)", back_populates="worker"
    )
    errors: Mapped[list["LogLine"]] = relationship(
        primaryjoin="and_(Worker.id == foreign(LogLine.worker_id), LogLine.severity == 'error')", viewonly=True
    )


class LogLine(Joins):
    """`worker_id` is NOT NULL, but no constraint enforces it: its worker may be missing."""

    __tablename__ = "log_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    worker_id: Mapped[int] = mapped_column(index=True)
    severity: Mapped[str]
    worker: Mapped["Worker"] = relationship(primaryjoin="foreign(LogLine.worker_id) == Worker.id", back_populates="log")


# ---------- names ----------


class Odd(DeclarativeBase):
    pass


class OddName(Odd):
    """Names that need care but do not clash: `id` beside `node_id`, words of Python, SQL and GraphQL, other scripts."""

    __tablename__ = "odd name"

    id: Mapped[int] = mapped_column(primary_key=True)
    node_id: Mapped[str | None]
    class_: Mapped[str | None] = mapped_column("class")
    from_: Mapped[str | None] = mapped_column("from")
    full_name: Mapped[str | None] = mapped_column("Full Name")
    second: Mapped[str | None] = mapped_column("2nd")
    grösse: Mapped[int | None]
    type: Mapped[str | None]
    order: Mapped[int | None]
    where: Mapped[str | None]
    first: Mapped[int | None]
    cursor: Mapped[str | None]
    true: Mapped[bool | None]
    self: Mapped[str | None]
    items: Mapped[str | None]
    keys: Mapped[str | None]
    count: Mapped[int | None]
    index: Mapped[int | None]
    mixedCase: Mapped[str | None]
    HTTPCode: Mapped[int | None]
    a_1: Mapped[int | None]
    trailing_: Mapped[int | None]
    _leading: Mapped[int | None]


class Sheep(Odd):
    """The plural is the same word."""

    __tablename__ = "sheep"

    id: Mapped[int] = mapped_column(primary_key=True)


class user_group(Odd):
    """A class name that is not in the usual form."""

    __tablename__ = "group"

    id: Mapped[int] = mapped_column(primary_key=True)


class ClashOfColumns(DeclarativeBase):
    pass


class RowId(ClashOfColumns):
    """`id` is exposed as `rowId`, and so is `row_id`."""

    __tablename__ = "clash_row_id"

    id: Mapped[int] = mapped_column(primary_key=True)
    row_id: Mapped[int]


class ClashOfCases(DeclarativeBase):
    pass


class Cases(ClashOfCases):
    __tablename__ = "clash_cases"

    id: Mapped[int] = mapped_column(primary_key=True)
    foo_bar: Mapped[int]
    fooBar: Mapped[int]


class ClashOfReserved(DeclarativeBase):
    pass


class Reserved(ClashOfReserved):
    """`and` and `not` are combinators of every filter."""

    __tablename__ = "clash_reserved"

    id: Mapped[int] = mapped_column(primary_key=True)
    and_: Mapped[int | None] = mapped_column("and")
    not_: Mapped[int | None] = mapped_column("not")


class ClashOfUnderscores(DeclarativeBase):
    pass


class Underscores(ClashOfUnderscores):
    """GraphQL reserves names with two leading underscores. Python mangles them, but a reflected table may have them."""

    __table__ = Table(
        "clash_underscores",
        ClashOfUnderscores.metadata,
        Column("id", Integer, primary_key=True),
        Column("__type", String(20)),
    )


class ClashOfModels(DeclarativeBase):
    pass


class Node(ClashOfModels):
    """Called like the interface of the API."""

    __tablename__ = "clash_node"

    id: Mapped[int] = mapped_column(primary_key=True)


class ClashOfEnums(DeclarativeBase):
    pass


class Letters(ClashOfEnums):
    """Both values become the GraphQL name `A_B`."""

    __tablename__ = "clash_letters"

    id: Mapped[int] = mapped_column(primary_key=True)
    letter: Mapped[str] = mapped_column(Enum("a-b", "a b", name="zoo_letter"))


PORTABLE = (
    Scalars,
    Custom,
    Unknown,
    Made,
    Dataclasses,
    Classic,
    imperative,
    Mixed,
    SingleTable,
    Joined,
    Concrete,
    Composites,
    Plain,
    ManyToMany,
    Joins,
    Odd,
    ClashOfColumns,
    ClashOfCases,
    ClashOfReserved,
    ClashOfUnderscores,
    ClashOfModels,
    ClashOfEnums,
)
"""Everything that has a `metadata` which both databases can create."""
