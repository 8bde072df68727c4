"""Classes mapped in every way, as the catalog reads them and as both databases answer."""

from typing import Any

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.automap import automap_base
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column, relationship
from sqlalchemy.types import JSON

from gqlcrud import Api, ModelOptions
from gqlcrud.catalog import CatalogSettings, mapped_classes, read_catalog
from tests import zoo, zoo_sqlmodel
from tests.catalog_text import catalog_of, columns, keys, relations
from tests.databases import MakeEngine
from tests.reflecting import make
from tests.running import run, save

# ---------- ways of mapping a class ----------


def test_dataclasses_are_models() -> None:
    catalog = catalog_of(zoo.Dataclasses)

    assert columns(catalog.model(zoo.Moon)) == [
        "rowId: Int! = id",
        "name: String! = name",
        "planetId: ID! of Planet = planet_id",
    ]
    assert relations(catalog.model(zoo.Moon)) == ["planet: Planet! = planet by planet_id -> id, unique"]
    assert columns(catalog.model(zoo.Planet)) == ["rowId: Int! = id", "name: String! = name", "mass: Float = mass"]
    assert relations(catalog.model(zoo.Planet)) == ["moons: [Moon] = moons by id -> planet_id"]
    assert [model.description for model in catalog.models] == [
        "All fields are required by `__init__`, and by keyword only.",
        "A record of the table planet.",
    ]


def test_classic_columns_are_read_without_annotations() -> None:
    catalog = catalog_of(zoo.Classic)

    assert columns(catalog.model(zoo.Album)) == [
        "rowId: Int! = id",
        "title: String = title",
        "artistId: ID of Artist = artist_id",
    ]
    assert relations(catalog.model(zoo.Album)) == ["artist: Artist = artist by artist_id -> id, unique"]
    assert columns(catalog.model(zoo.Artist)) == ["rowId: Int! = id", "name: String! = name"]
    assert relations(catalog.model(zoo.Artist)) == ["albums: [Album] = albums by id -> artist_id"]


def test_imperative_mappings_are_read_by_their_attributes() -> None:
    catalog = catalog_of(zoo.imperative)

    assert columns(catalog.model(zoo.Ship)) == ["rowId: Int! = id", "name: String! = name"]
    assert relations(catalog.model(zoo.Ship)) == ["sailors: [Sailor] = sailors by id -> ship_id"]
    assert keys(catalog.model(zoo.Ship)) == {"rowId": "id", "name": "name"}
    assert columns(catalog.model(zoo.Sailor)) == [
        "rowId: Int! = id",
        "name: String! = name",
        "shipId: ID! of Ship = ship_id",
    ]
    assert relations(catalog.model(zoo.Sailor)) == ["ship: Ship! = ship by ship_id -> id, unique"]


async def test_imperative_attributes_are_filtered_and_ordered_by(make_engine: MakeEngine) -> None:
    """`name` is the column `ship_name`."""
    engine = await make_engine(zoo.imperative.metadata)
    argo = make(zoo.Ship, name="Argo")
    await save(engine, make(zoo.Sailor, name="Jason", ship=argo), make(zoo.Ship, name="Beagle"))

    assert await run(
        Api(zoo.imperative, engine),
        """{
          ships(orderBy: [{name: DESC}]) { nodes { name sailors { nodes { name shipId ship { name } } } } }
          ship(by: {name: "Argo"}) { id }
        }""",
    ) == {
        "ships": {
            "nodes": [
                {"name": "Beagle", "sailors": {"nodes": []}},
                {
                    "name": "Argo",
                    "sailors": {"nodes": [{"name": "Jason", "shipId": "U2hpcDox", "ship": {"name": "Argo"}}]},
                },
            ]
        },
        "ship": {"id": "U2hpcDox"},
    }


def test_mixins_give_columns_and_relations() -> None:
    catalog = catalog_of(zoo.Mixed)

    assert columns(catalog.model(zoo.Cat)) == [
        "rowId: Int! = id",
        "name: String! = name",
        "createdAt: DateTime! = created_at",
        "ownerId: ID of Owner = owner_id",
    ]
    assert relations(catalog.model(zoo.Cat)) == ["owner: Owner = owner by owner_id -> id, unique"]
    assert relations(catalog.model(zoo.Owner)) == []


def test_a_class_mapped_to_a_select_is_a_model() -> None:
    model = catalog_of(zoo.Mixed).model(zoo.CatName)

    assert (model.one, model.many) == ("catName", "catNames")
    assert columns(model) == ["rowId: Int! = id, read only", "name: String! = name, read only"]
    assert keys(model) == {"rowId": "id"}
    assert model.description == "Mapped to a SELECT instead of a table; it has no table to write to."


async def test_a_class_mapped_to_a_select_is_filtered_and_ordered(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.Mixed.metadata)
    owner = zoo.Owner(name="Ann")
    await save(engine, zoo.Cat(name="Tom", owner=owner), zoo.Cat(name=""), zoo.Cat(name="Kit"))

    assert await run(
        Api(zoo.Mixed, engine),
        """{
          catNames(orderBy: [{name: ASC}]) { totalCount nodes { id name } }
          catName(by: {rowId: 2}) { name }
          found: catNames(where: {name: {startsWith: "T"}}, first: 1) { nodes { rowId } pageInfo { hasNextPage } }
          cats(where: {owner: {is: {name: {eq: "Ann"}}}}) { nodes { name owner { name } } }
        }""",
    ) == {
        "catNames": {
            "totalCount": 2,
            "nodes": [{"id": "Q2F0TmFtZToz", "name": "Kit"}, {"id": "Q2F0TmFtZTox", "name": "Tom"}],
        },
        "catName": None,
        "found": {"nodes": [{"rowId": 1}], "pageInfo": {"hasNextPage": False}},
        "cats": {"nodes": [{"name": "Tom", "owner": {"name": "Ann"}}]},
    }


def test_sqlmodel_classes_are_models() -> None:
    catalog = catalog_of(zoo_sqlmodel.Models)

    assert [model.name for model in catalog.models] == ["Club", "Headquarters", "Hero", "Membership"]
    assert columns(catalog.model(zoo_sqlmodel.Hero)) == [
        "name: String! = name",
        "age: Int = age",
        "rowId: Int! = id",
        "power: Power = power",
        "fee: Decimal! = fee",
        "story: String = story",
        "gear: JSON = gear, no order",
        "headquartersId: ID of Headquarters = headquarters_id",
    ]
    assert relations(catalog.model(zoo_sqlmodel.Hero)) == [
        "headquarters: Headquarters = headquarters by headquarters_id -> id, unique",
        "clubs: [Club] = clubs by id -> id through membership (hero_id -> club_id), HeroClub has since: DateTime = since",
    ]
    assert columns(catalog.model(zoo_sqlmodel.Membership)) == [
        "heroId: ID! of Hero = hero_id",
        "clubId: ID! of Club = club_id",
        "since: DateTime = since",
    ]
    assert keys(catalog.model(zoo_sqlmodel.Membership)) == {"heroIdClubId": "hero_id, club_id"}
    assert (catalog.model(zoo_sqlmodel.Headquarters).many, catalog.model(zoo_sqlmodel.Hero).many) == (
        "headquartersList",
        "heroes",
    )


async def test_automap_classes_are_models(make_engine: MakeEngine) -> None:
    engine = await make_engine()
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE parent (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL)"))
        await connection.execute(
            text("CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INTEGER NOT NULL REFERENCES parent (id))")
        )
        await connection.execute(text("INSERT INTO parent VALUES (1, 'Ann')"))
        await connection.execute(text("INSERT INTO child VALUES (7, 1)"))
    base: Any = automap_base()
    async with engine.connect() as connection:
        await connection.run_sync(lambda sync: base.prepare(autoload_with=sync))
    api = Api(base, engine)
    child = api.catalog.by_name["child"]

    assert columns(child) == ["rowId: Int! = id", "parentId: ID! of parent = parent_id"]
    assert relations(child) == ["parent: parent! = parent by parent_id -> id, unique"]
    assert relations(api.catalog.by_name["parent"]) == [
        "childCollection: [child] = child_collection by id -> parent_id"
    ]
    assert await run(
        api,
        "{ children { nodes { parent { name childCollection { nodes { rowId } } } } } parent(by: {rowId: 1}) { id } }",
    ) == {
        "children": {"nodes": [{"parent": {"name": "Ann", "childCollection": {"nodes": [{"rowId": 7}]}}}]},
        "parent": {"id": "cGFyZW50OjE"},
    }


async def test_reflected_tables_are_models(make_engine: MakeEngine) -> None:
    """`__table__` from a database that was read beforehand."""
    engine = await make_engine()
    async with engine.begin() as connection:
        await connection.execute(
            text("CREATE TABLE fruit (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL, UNIQUE (name))")
        )
        await connection.execute(text("INSERT INTO fruit VALUES (1, 'fig')"))
        metadata = MetaData()
        await connection.run_sync(metadata.reflect)

    class Reflected(DeclarativeBase):
        pass

    class Fruit(Reflected):
        __table__ = metadata.tables["fruit"]

    api = Api(Reflected, engine)

    assert columns(api.catalog.model(Fruit)) == ["rowId: Int! = id", "name: String! = name"]
    assert keys(api.catalog.model(Fruit)) == {"rowId": "id", "name": "name"}
    assert await run(api, '{ fruit(by: {name: "fig"}) { rowId } }') == {"fruit": {"rowId": 1}}


def test_models_are_found_in_a_base_a_registry_or_a_list() -> None:
    base: Any = zoo.Dataclasses

    assert mapped_classes(base) == mapped_classes(base.registry) == (zoo.Moon, zoo.Planet)
    assert mapped_classes([zoo.Planet, zoo.Moon, zoo.Planet]) == (zoo.Moon, zoo.Planet)
    assert mapped_classes(each for each in (zoo.Planet,)) == (zoo.Planet,)
    assert mapped_classes(zoo_sqlmodel.Models) == (
        zoo_sqlmodel.Club,
        zoo_sqlmodel.Headquarters,
        zoo_sqlmodel.Hero,
        zoo_sqlmodel.Membership,
    )


# ---------- inheritance ----------


ANIMAL = [
    "rowId: Int! = id",
    "kind: String! = kind, read only",
    "name: String! = name",
    "keeperId: ID of Keeper = keeper_id",
]


def test_single_table_subclasses_have_their_inherited_fields() -> None:
    catalog = catalog_of(zoo.SingleTable)

    assert columns(catalog.model(zoo.Animal)) == ANIMAL
    assert columns(catalog.model(zoo.Bird)) == [*ANIMAL, "wingSpan: Int = wing_span"]
    assert columns(catalog.model(zoo.Bat)) == [*ANIMAL, "wingSpan: Int = wing_span"]
    assert columns(catalog.model(zoo.Owl)) == [*ANIMAL, "wingSpan: Int = wing_span", "hoots: Boolean = hoots"]
    assert {tuple(relations(catalog.model(each))) for each in (zoo.Animal, zoo.Bird, zoo.Bat, zoo.Owl)} == {
        ("keeper: Keeper = keeper by keeper_id -> id, unique",)
    }
    assert relations(catalog.model(zoo.Keeper)) == ["animals: [Animal] = animals by id -> keeper_id"]


async def test_a_single_table_subclass_lists_its_own_records_and_those_below(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.SingleTable.metadata)
    ann = zoo.Keeper(name="Ann")
    await save(engine, ann)
    await save(
        engine,
        zoo.Animal(id=1, name="Eel", keeper=ann),
        zoo.Bird(id=2, name="Kite", wing_span=150, keeper=ann),
        zoo.Owl(id=3, name="Barn owl", wing_span=90, hoots=False, keeper=ann),
        zoo.Bat(id=4, name="Noctule", wing_span=40),
    )
    data = await run(
        Api(zoo.SingleTable, engine),
        """{
          animals { totalCount nodes { id __typename name } }
          birds(where: {wingSpan: {gt: 0}}, orderBy: [{wingSpan: ASC}]) {
            totalCount nodes { id __typename kind wingSpan keeper { name } }
          }
          owls { totalCount nodes { name wingSpan hoots } }
          bats(where: {keeper: {isNull: true}}) { totalCount nodes { name } }
          keepers { nodes { animals { totalCount nodes { __typename name kind } } } }
          bird(by: {rowId: 4}) { name }
          owl(by: {rowId: 3}) { name }
          nodes(ids: ["QmlyZDoy", "QmlyZDo0", "QW5pbWFsOjI"]) { __typename id }
          kept: keepers(where: {animals: {some: {kind: {eq: "owl"}}}}) { totalCount }
        }""",
    )

    assert data == {
        "animals": {
            "totalCount": 4,
            "nodes": [
                {"id": "QW5pbWFsOjE", "__typename": "Animal", "name": "Eel"},
                {"id": "QW5pbWFsOjI", "__typename": "Animal", "name": "Kite"},
                {"id": "QW5pbWFsOjM", "__typename": "Animal", "name": "Barn owl"},
                {"id": "QW5pbWFsOjQ", "__typename": "Animal", "name": "Noctule"},
            ],
        },
        "birds": {
            "totalCount": 2,
            "nodes": [
                {"id": "QmlyZDoz", "__typename": "Bird", "kind": "owl", "wingSpan": 90, "keeper": {"name": "Ann"}},
                {"id": "QmlyZDoy", "__typename": "Bird", "kind": "bird", "wingSpan": 150, "keeper": {"name": "Ann"}},
            ],
        },
        "owls": {"totalCount": 1, "nodes": [{"name": "Barn owl", "wingSpan": 90, "hoots": False}]},
        "bats": {"totalCount": 1, "nodes": [{"name": "Noctule"}]},
        "keepers": {
            "nodes": [
                {
                    "animals": {
                        "totalCount": 3,
                        "nodes": [
                            {"__typename": "Animal", "name": "Eel", "kind": "animal"},
                            {"__typename": "Animal", "name": "Kite", "kind": "bird"},
                            {"__typename": "Animal", "name": "Barn owl", "kind": "owl"},
                        ],
                    }
                }
            ]
        },
        "bird": None,
        "owl": {"name": "Barn owl"},
        "nodes": [
            {"__typename": "Bird", "id": "QmlyZDoy"},
            None,
            {"__typename": "Animal", "id": "QW5pbWFsOjI"},
        ],
        "kept": {"totalCount": 1},
    }


VEHICLE = [
    "rowId: Int! = id",
    "kind: String! = kind, read only",
    "wheels: Int! = wheels",
    "garageId: ID of Garage = garage_id",
]


def test_joined_subclasses_have_the_fields_of_all_their_tables() -> None:
    catalog = catalog_of(zoo.Joined)
    fire_engine = catalog.model(zoo.FireEngine)

    assert columns(catalog.model(zoo.Vehicle)) == VEHICLE
    assert columns(catalog.model(zoo.Truck)) == [*VEHICLE, "load: Int! = load"]
    assert columns(fire_engine) == [
        *VEHICLE,
        "load: Int! = load",
        "truckId: Int! = truck_id, read only",
        "ladder: Int = ladder",
    ]
    assert keys(fire_engine) == {"rowId": "id", "truckId": "truck_id"}
    assert relations(fire_engine) == [
        "trailers: [Trailer] = trailers by id -> truck_id",
        "garage: Garage = garage by garage_id -> id, unique",
    ]
    assert columns(catalog.model(zoo.Trailer)) == ["rowId: Int! = id", "truckId: ID! of Truck = truck_id"]
    assert relations(catalog.model(zoo.Trailer)) == ["truck: Truck! = truck by truck_id -> id, unique"]
    assert relations(catalog.model(zoo.Garage)) == [
        "vehicles: [Vehicle] = vehicles by id -> garage_id",
        "trucks: [Truck] = trucks by id -> garage_id",
    ]


async def test_joined_subclasses_are_read_three_tables_deep(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.Joined.metadata)
    garage = zoo.Garage(id=1)
    await save(engine, garage, zoo.Garage(id=2))
    await save(
        engine,
        zoo.Vehicle(id=1, wheels=2, garage=garage),
        zoo.Truck(id=2, wheels=6, load=3, garage=garage, trailers=[zoo.Trailer()]),
        zoo.FireEngine(id=3, wheels=8, load=4, ladder=10, trailers=[zoo.Trailer(), zoo.Trailer()]),
    )
    data = await run(
        Api(zoo.Joined, engine),
        """{
          vehicles { totalCount nodes { id wheels } }
          trucks(orderBy: [{load: DESC}, {wheels: ASC}]) { totalCount nodes { id wheels load trailers { totalCount } } }
          fireEngines(where: {wheels: {eq: 8}, load: {gte: 4}, ladder: {isNull: false}}) {
            nodes { id rowId truckId ladder load wheels garage { id } trailers(first: 1) { totalCount nodes { truckId } } }
          }
          garages { nodes { vehicles { totalCount } trucks { totalCount nodes { load } } } }
          trailers(orderBy: [{truck: {wheels: DESC}}, {rowId: ASC}]) { nodes { truckId truck { load garage { id } } } }
          fireEngine(by: {truckId: 3}) { ladder }
          truck(by: {rowId: 1}) { load }
          empty: garages(where: {trucks: {none: {load: {gt: 0}}}}) { nodes { rowId } }
          towed: trucks(where: {trailers: {count: {gt: 1}}}) { nodes { load } }
        }""",
    )

    assert data == {
        "vehicles": {
            "totalCount": 3,
            "nodes": [
                {"id": "VmVoaWNsZTox", "wheels": 2},
                {"id": "VmVoaWNsZToy", "wheels": 6},
                {"id": "VmVoaWNsZToz", "wheels": 8},
            ],
        },
        "trucks": {
            "totalCount": 2,
            "nodes": [
                {"id": "VHJ1Y2s6Mw", "wheels": 8, "load": 4, "trailers": {"totalCount": 2}},
                {"id": "VHJ1Y2s6Mg", "wheels": 6, "load": 3, "trailers": {"totalCount": 1}},
            ],
        },
        "fireEngines": {
            "nodes": [
                {
                    "id": "RmlyZUVuZ2luZToz",
                    "rowId": 3,
                    "truckId": 3,
                    "ladder": 10,
                    "load": 4,
                    "wheels": 8,
                    "garage": None,
                    "trailers": {"totalCount": 2, "nodes": [{"truckId": "VHJ1Y2s6Mw"}]},
                }
            ]
        },
        "garages": {
            "nodes": [
                {"vehicles": {"totalCount": 2}, "trucks": {"totalCount": 1, "nodes": [{"load": 3}]}},
                {"vehicles": {"totalCount": 0}, "trucks": {"totalCount": 0, "nodes": []}},
            ]
        },
        "trailers": {
            "nodes": [
                {"truckId": "VHJ1Y2s6Mw", "truck": {"load": 4, "garage": None}},
                {"truckId": "VHJ1Y2s6Mw", "truck": {"load": 4, "garage": None}},
                {"truckId": "VHJ1Y2s6Mg", "truck": {"load": 3, "garage": {"id": "R2FyYWdlOjE"}}},
            ]
        },
        "fireEngine": {"ladder": 10},
        "truck": None,
        "empty": {"nodes": [{"rowId": 2}]},
        "towed": {"nodes": [{"load": 4}]},
    }


def test_concrete_subclasses_stand_alone() -> None:
    catalog = catalog_of(zoo.Concrete)

    assert columns(catalog.model(zoo.Shape)) == ["rowId: Int! = id", "name: String! = name"]
    assert sorted(columns(catalog.model(zoo.Circle))) == [
        "name: String! = name",
        "radius: Int! = radius",
        "rowId: Int! = id",
    ]


async def test_concrete_subclasses_list_their_own_tables(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.Concrete.metadata)
    await save(engine, zoo.Shape(name="point"), zoo.Circle(name="ring", radius=3))

    assert await run(
        Api(zoo.Concrete, engine), "{ shapes { nodes { id name } } circles { nodes { id name radius } } }"
    ) == {
        "shapes": {"nodes": [{"id": "U2hhcGU6MQ", "name": "point"}]},
        "circles": {"nodes": [{"id": "Q2lyY2xlOjE", "name": "ring", "radius": 3}]},
    }


def test_a_subclass_can_be_offered_without_its_base() -> None:
    catalog = catalog_of([zoo.FireEngine, zoo.Trailer])

    assert columns(catalog.model(zoo.FireEngine))[:4] == [*VEHICLE[:3], "garageId: Int = garage_id"]
    assert relations(catalog.model(zoo.FireEngine)) == ["trailers: [Trailer] = trailers by id -> truck_id"]
    assert columns(catalog.model(zoo.Trailer)) == ["rowId: Int! = id", "truckId: Int! = truck_id"]
    assert relations(catalog.model(zoo.Trailer)) == []


# ---------- unique keys ----------


class Keys(DeclarativeBase):
    pass


class Keyed(Keys):
    """Every way of being unique, and some that are not."""

    __tablename__ = "keyed"
    __table_args__ = (
        UniqueConstraint("b", "a", name="keyed_two"),
        UniqueConstraint("document_text"),
        UniqueConstraint("hidden"),
        UniqueConstraint("secret"),
        Index("keyed_index", "c", unique=True),
        Index("keyed_pair", "c", "a", unique=True),
        Index("keyed_plain", "d"),
        Index("keyed_partial", "d", unique=True, sqlite_where=text("d > 0"), postgresql_where=text("d > 0")),
        Index("keyed_function", text("lower(e)"), unique=True),
        Index("keyed_same_as_key", "id", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    a: Mapped[int] = mapped_column()
    b: Mapped[str | None] = mapped_column(String(5))
    c: Mapped[int]
    d: Mapped[int]
    e: Mapped[str] = mapped_column(String(5))
    parent_id: Mapped[int | None] = mapped_column(unique=True)
    document_text: Mapped[str | None] = mapped_column("document_text", String(5))
    hidden: Mapped[int | None]
    secret: Mapped[int | None]
    doubled: Mapped[int] = column_property(a * 2)
    parent: Mapped["Keyed | None"] = relationship(
        primaryjoin="foreign(Keyed.parent_id) == Keyed.id", remote_side="Keyed.id"
    )


def test_every_unique_key_selects_one_record() -> None:
    """The primary key, unique constraints and full unique indexes; none with a column that clients cannot filter by."""
    keyed = ModelOptions(exclude={"hidden"}, hide_from_where={"secret"}, rename={"document_text": "text"})
    model = read_catalog(mapped_classes(Keys), CatalogSettings(options={Keyed: keyed})).model(Keyed)

    assert keys(model) == {
        "rowId": "id",
        "bA": "b, a",
        "parentId": "parent_id",
        "text": "document_text",
        "c": "c",
        "cA": "c, a",
    }


def test_a_json_document_is_no_key() -> None:
    class Documents(DeclarativeBase):
        pass

    class Document(Documents):
        __table__ = Table(
            "document",
            Documents.metadata,
            Column("id", Integer, primary_key=True),
            Column("body", JSON().with_variant(JSONB(), "postgresql"), unique=True),
        )

    assert keys(catalog_of(Documents).model(Document)) == {"rowId": "id"}


async def test_unique_keys_find_their_records(make_engine: MakeEngine) -> None:
    engine = await make_engine(Keys.metadata)
    await save(engine, Keyed(id=1, a=1, b="x", c=1, d=1, e="e"))
    await save(engine, Keyed(id=2, a=2, c=2, d=2, e="f", parent_id=1))

    assert await run(
        Api(Keys, engine),
        """{
          one: keyed(by: {bA: {a: 1, b: "x"}}) { rowId }
          two: keyed(by: {parentId: "S2V5ZWQ6MQ"}) { rowId parent { rowId } }
          three: keyed(by: {c: 2}) { rowId }
          four: keyed(by: {cA: {a: 2, c: 2}}) { rowId doubled }
          five: keyed(by: {id: "S2V5ZWQ6MQ"}) { rowId }
          six: keyed(by: {cA: {a: 2, c: 1}}) { rowId }
        }""",
    ) == {
        "one": {"rowId": 1},
        "two": {"rowId": 2, "parent": {"rowId": 1}},
        "three": {"rowId": 2},
        "four": {"rowId": 2, "doubled": 4},
        "five": {"rowId": 1},
        "six": None,
    }
