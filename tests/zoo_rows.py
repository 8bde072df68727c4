"""Some rows for every section of the zoo: each column has a value somewhere, each relation leads somewhere and nowhere."""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal

from tests import shelf, zoo, zoo_sqlmodel
from tests.reflecting import make

Rows = list[list[object]]
"""In groups that are saved one after the other."""


def scalars() -> Rows:
    full = zoo.Everything(
        integer=1,
        small_integer=2,
        big_integer=2**60,
        numeric=Decimal("1.5"),
        numeric_without_scale=Decimal("1.25"),
        numeric_as_float=1.5,
        float_=1.5,
        double=2.5,
        string="a",
        string_without_length="b",
        unicode="ü",
        text="t",
        boolean=True,
        date_only=dt.date(2020, 1, 2),
        time_only=dt.time(1, 2, 3),
        datetime_naive=dt.datetime(2020, 1, 2, 3, 4, 5),
        datetime_aware=dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=dt.UTC),
        interval=dt.timedelta(hours=2),
        uuid_value=uuid.UUID(int=5),
        uuid_as_string=str(uuid.UUID(int=6)),
        binary=b"ab",
        json={"a": 1},
        json_none_as_null=[1],
        colour=zoo.Colour.RED,
        size=zoo.Size.EXTRA_LARGE,
        level=zoo.Level.LOW,
        binding="2nd hand",
    )
    return [[zoo.Everything()], [full]]


def made() -> Rows:
    one = {"number": "A-1", "quantity": 100, "unit_price": Decimal("2.50"), "notes": "Long.", "currency": "EUR"}
    two = {"number": "B-2", "quantity": 1, "unit_price": Decimal(0), "amount": Decimal("9.90")}
    ids = [uuid.UUID(int=1), uuid.UUID(int=2)]
    created = {"created_at": dt.datetime(2020, 1, 2)}
    return [[zoo.Invoice(id=ids[0], **one, **created), zoo.Invoice(id=ids[1], **two, **created)]]


def imperative() -> Rows:
    ship, empty, sailor = zoo.Ship(), zoo.Ship(), zoo.Sailor()
    ship.name, empty.name = "Argo", "Dinghy"
    sailor.name, sailor.ship = "Jason", ship
    return [[sailor], [empty]]


def mixed() -> Rows:
    created = dt.datetime(2020, 1, 2)
    ann = zoo.Owner(name="Ann")
    return [[zoo.Cat(name="Tom", owner=ann, created_at=created), zoo.Cat(name="", created_at=created)]]


def single_table() -> Rows:
    keeper = zoo.Keeper(name="Ann")
    return [
        [keeper, zoo.Keeper(name="Bob")],
        [zoo.Animal(id=1, name="Eel", keeper=keeper), zoo.Bird(id=2, name="Kite", wing_span=150, keeper=keeper)],
        [zoo.Owl(id=3, name="Barn owl", wing_span=90, hoots=False), zoo.Bat(id=4, name="Noctule", wing_span=40)],
    ]


def joined() -> Rows:
    garage = zoo.Garage()
    return [
        [garage, zoo.Garage()],
        [zoo.Vehicle(id=1, wheels=2, garage=garage), zoo.Truck(id=2, wheels=6, load=3, trailers=[zoo.Trailer()])],
        [zoo.FireEngine(id=3, wheels=8, load=4, ladder=10, garage=garage, trailers=[zoo.Trailer(), zoo.Trailer()])],
    ]


def composites() -> Rows:
    warehouse = zoo.Warehouse(tenant_id=1, code="W")
    return [
        [warehouse, zoo.Warehouse(tenant_id=2, code="W")],
        [zoo.Bin(number=1, warehouse=warehouse), zoo.Folder(tenant_id=1, folder_id=1, name="root")],
        [
            zoo.Parcel(id=1, tenant_id=1, warehouse_code="W", bin_number=1, barcode="a"),
            zoo.Parcel(id=2, tenant_id=1, warehouse_code="W", barcode="b"),
            zoo.Folder(tenant_id=1, folder_id=2, parent_id=1, name="leaf"),
        ],
    ]


def plain() -> Rows:
    oslo, rome = zoo.Airport(code="OSL"), zoo.Airport(code="FCO")
    ann = zoo.Person(name="Ann", passport=zoo.Passport(number="1"), locker=zoo.Locker(number=3))
    return [
        [oslo, rome, ann, zoo.Person(name="Bob"), zoo.Lazy(id=1, person=ann), zoo.Lazy(id=2)],
        [zoo.Flight(origin=oslo, target=rome), zoo.Flight(origin=rome), zoo.LazyNote(body="x", lazy_id=1)],
        [zoo.Match(home_team=zoo.Team(name="Red"), away_team=zoo.Team(name="Blue"))],
        [zoo.Comment(body="root", replies=[zoo.Comment(body="one"), zoo.Comment(body="two")])],
    ]


def many_to_many() -> Rows:
    ann, track = zoo.Account(name="Ann"), zoo.Track(title="One")
    return [
        [ann],
        [zoo.Account(name="Bob", following=[ann]), zoo.Student(name="Cy", courses=[zoo.Course(tenant=1, code="go")])],
        [zoo.Playlist(name="Mix", entries=[zoo.PlaylistEntry(track=track, position=2)]), zoo.Track(title="Two")],
    ]


def joins() -> Rows:
    return [
        [zoo.Band(low=0, high=10), zoo.Band(low=10, high=20)],
        [zoo.Worker(id=1, name="Ann", salary=5), zoo.Worker(id=2, name="Bob")],
        [zoo.LogLine(worker_id=1, severity="error"), zoo.LogLine(worker_id=99, severity="info")],
    ]


def sqlmodel() -> Rows:
    club = zoo_sqlmodel.Club(id=uuid.UUID(int=1), name="League")
    office = zoo_sqlmodel.Headquarters(city="Gotham")
    power = zoo_sqlmodel.Power.X_RAY
    return [
        [zoo_sqlmodel.Hero(name="Ray", power=power, headquarters=office, clubs=[club], gear={"cape": 1})],
        [zoo_sqlmodel.Hero(name="Solo", age=30, story="Alone.")],
    ]


def bookshelf() -> Rows:
    tag = shelf.Tag(label="sea")
    book = shelf.Book(title="Emma", price=Decimal("9.90"), author=shelf.Author(name="Jane"), tags=[tag])
    return [[book], [shelf.OrderItem(order_no=1001, line_no=2, quantity=3, book=book), shelf.Tag(label="none")]]


def planets() -> Rows:
    mars = zoo.Planet(name="Mars", mass=0.1)
    return [[mars, zoo.Planet(name="Venus")], [zoo.Moon(name="Phobos", planet=mars)]]


SECTIONS: Mapping[str, tuple[object, Callable[[], Rows]]] = {
    "scalars": (zoo.Scalars, scalars),
    "custom": (zoo.Custom, lambda: [[zoo.Customized(email="A@B.c", document={"x": [1]}, counter=5)]]),
    "made": (zoo.Made, made),
    "dataclasses": (zoo.Dataclasses, planets),
    "classic": (
        zoo.Classic,
        lambda: [[make(zoo.Artist, name="Ann", albums=[make(zoo.Album, title="One")]), zoo.Album()]],
    ),
    "imperative": (zoo.imperative, imperative),
    "mixed": (zoo.Mixed, mixed),
    "single table": (zoo.SingleTable, single_table),
    "joined": (zoo.Joined, joined),
    "concrete": (zoo.Concrete, lambda: [[zoo.Shape(name="point"), zoo.Circle(name="ring", radius=3)]]),
    "composites": (zoo.Composites, composites),
    "plain": (zoo.Plain, plain),
    "many to many": (zoo.ManyToMany, many_to_many),
    "joins": (zoo.Joins, joins),
    "odd": (zoo.Odd, lambda: [[zoo.OddName(node_id="x", grösse=3), zoo.Sheep(), zoo.user_group()]]),
    "sqlmodel": (zoo_sqlmodel.Models, sqlmodel),
    "shelf": (shelf.Base, bookshelf),
}
"""What to build an Api from, and its rows."""
