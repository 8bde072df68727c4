"""Relations of every kind, as the catalog reads them and as both databases answer."""

# ruff: noqa: RUF012 - SQLAlchemy types `__mapper_args__` as an instance attribute; a ClassVar fails the type check.

from typing import Any

from sqlalchemy import Column, ForeignKey, ForeignKeyConstraint, Integer, String, Table, UniqueConstraint, func
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from gqlcrud import Api, ModelOptions
from gqlcrud.catalog import CatalogSettings, mapped_classes, read_catalog
from tests import shelf, zoo
from tests.catalog_text import catalog_of, columns, keys, relations
from tests.databases import MakeEngine
from tests.running import run, save

# ---------- one to many, to one ----------


def test_several_foreign_keys_to_one_table_are_told_apart() -> None:
    catalog = catalog_of(zoo.Plain)

    assert relations(catalog.model(zoo.Match)) == [
        "homeTeam: Team! = home_team by home_team_id -> id, unique",
        "awayTeam: Team! = away_team by away_team_id -> id, unique",
    ]
    assert relations(catalog.model(zoo.Team)) == [
        "homeMatches: [Match] = home_matches by id -> home_team_id",
        "awayMatches: [Match] = away_matches by id -> away_team_id",
    ]


def test_foreign_keys_to_a_unique_column_stay_what_they_are() -> None:
    """A global id needs the primary key, which is not there without a query."""
    catalog = catalog_of(zoo.Plain)

    assert columns(catalog.model(zoo.Flight)) == [
        "rowId: Int! = id",
        "originCode: String! = origin_code",
        "targetCode: String = target_code",
    ]
    assert relations(catalog.model(zoo.Flight)) == [
        "origin: Airport! = origin by origin_code -> code, unique",
        "target: Airport = target by target_code -> code, unique",
    ]
    assert relations(catalog.model(zoo.Airport)) == [
        "departures: [Flight] = departures by code -> origin_code",
        "arrivals: [Flight] = arrivals by code -> target_code",
    ]
    assert keys(catalog.model(zoo.Airport)) == {"rowId": "id", "code": "code"}


async def test_matches_and_flights_are_found_from_both_ends(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.Plain.metadata)
    red, blue = zoo.Team(name="Red"), zoo.Team(name="Blue")
    oslo, rome = zoo.Airport(code="OSL"), zoo.Airport(code="FCO")
    matches = [zoo.Match(home_team=red, away_team=blue), zoo.Match(home_team=red, away_team=red)]
    flights = [zoo.Flight(origin=oslo, target=rome), zoo.Flight(origin=rome)]
    await save(engine, red, oslo)
    await save(engine, *matches, *flights)
    data = await run(
        Api(zoo.Plain, engine),
        """{
          teams(orderBy: [{name: DESC}]) {
            nodes {
              name
              homeMatches { totalCount nodes { awayTeam { name } } }
              awayMatches { totalCount nodes { homeTeam { name } } }
            }
          }
          airports(orderBy: [{code: ASC}]) {
            nodes { code departures { nodes { target { code } } } arrivals { nodes { origin { code } } } }
          }
          abroad: flights(where: {target: {is: {code: {eq: "FCO"}}}}) { nodes { originCode targetCode } }
          local: flights(where: {target: {isNull: true}}) { nodes { originCode targetCode } }
          busy: teams(where: {homeMatches: {count: {gt: 1}}}) { nodes { name } }
        }""",
    )

    assert data == {
        "teams": {
            "nodes": [
                {
                    "name": "Red",
                    "homeMatches": {
                        "totalCount": 2,
                        "nodes": [{"awayTeam": {"name": "Blue"}}, {"awayTeam": {"name": "Red"}}],
                    },
                    "awayMatches": {"totalCount": 1, "nodes": [{"homeTeam": {"name": "Red"}}]},
                },
                {
                    "name": "Blue",
                    "homeMatches": {"totalCount": 0, "nodes": []},
                    "awayMatches": {"totalCount": 1, "nodes": [{"homeTeam": {"name": "Red"}}]},
                },
            ]
        },
        "airports": {
            "nodes": [
                {
                    "code": "FCO",
                    "departures": {"nodes": [{"target": None}]},
                    "arrivals": {"nodes": [{"origin": {"code": "OSL"}}]},
                },
                {
                    "code": "OSL",
                    "departures": {"nodes": [{"target": {"code": "FCO"}}]},
                    "arrivals": {"nodes": []},
                },
            ]
        },
        "abroad": {"nodes": [{"originCode": "OSL", "targetCode": "FCO"}]},
        "local": {"nodes": [{"originCode": "FCO", "targetCode": None}]},
        "busy": {"nodes": [{"name": "Red"}]},
    }


def test_one_to_one_is_a_record_on_both_sides() -> None:
    catalog = catalog_of(zoo.Plain)

    assert relations(catalog.model(zoo.Person)) == [
        "passport: Passport = passport by id -> person_id, unique",
        "locker: Locker = locker by id -> person_id, unique",
    ]
    assert relations(catalog.model(zoo.Passport)) == ["person: Person! = person by person_id -> id, unique"]
    assert keys(catalog.model(zoo.Passport)) == {"rowId": "id", "number": "number", "personId": "person_id"}
    assert columns(catalog.model(zoo.Locker)) == ["personId: ID! of Person = person_id", "number: Int! = number"]
    assert relations(catalog.model(zoo.Locker)) == ["person: Person! = person by person_id -> id, unique"]
    assert keys(catalog.model(zoo.Locker)) == {"personId": "person_id"}


async def test_one_to_one_is_read_filtered_and_ordered_from_both_sides(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.Plain.metadata)
    ann = zoo.Person(name="Ann", passport=zoo.Passport(number="B2"), locker=zoo.Locker(number=7))
    await save(engine, ann, zoo.Person(name="Bob", passport=zoo.Passport(number="A1")))
    await save(engine, zoo.Person(name="Cy"))
    api = Api(zoo.Plain, engine)
    data = await run(
        api,
        """{
          people(orderBy: [{passport: {number: ASC}}]) { nodes { id name passport { number } locker { id number } } }
          without: people(where: {locker: {isNull: true}}) { nodes { name } }
          other: people(where: {passport: {isNot: {number: {eq: "A1"}}}}) { nodes { name } }
        }""",
    )

    assert data == {
        "people": {
            "nodes": [
                {"id": "UGVyc29uOjI", "name": "Bob", "passport": {"number": "A1"}, "locker": None},
                {
                    "id": "UGVyc29uOjE",
                    "name": "Ann",
                    "passport": {"number": "B2"},
                    "locker": {"id": "TG9ja2VyOjE", "number": 7},
                },
                {"id": "UGVyc29uOjM", "name": "Cy", "passport": None, "locker": None},
            ]
        },
        "without": {"nodes": [{"name": "Bob"}, {"name": "Cy"}]},
        "other": {"nodes": [{"name": "Ann"}, {"name": "Cy"}]},
    }
    assert await run(
        api,
        """{
          locker(by: {personId: "UGVyc29uOjE"}) { personId number person { name } }
          passport(by: {personId: "UGVyc29uOjI"}) { number person { name } }
          node(id: "TG9ja2VyOjE") { ... on Locker { number } }
        }""",
    ) == {
        "locker": {"personId": "UGVyc29uOjE", "number": 7, "person": {"name": "Ann"}},
        "passport": {"number": "A1", "person": {"name": "Bob"}},
        "node": {"number": 7},
    }


def test_a_self_reference_is_a_relation_up_and_one_down() -> None:
    model = catalog_of(zoo.Plain).model(zoo.Comment)

    assert columns(model) == ["rowId: Int! = id", "body: String! = body", "parentId: ID of Comment = parent_id"]
    assert relations(model) == [
        "parent: Comment = parent by parent_id -> id, unique",
        "replies: [Comment] = replies by id -> parent_id",
    ]


async def test_a_tree_is_read_up_and_down(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.Plain.metadata)
    leaf = zoo.Comment(body="leaf")
    await save(engine, zoo.Comment(body="root", replies=[zoo.Comment(body="branch", replies=[leaf])]))
    data = await run(
        Api(zoo.Plain, engine),
        """{
          comments(where: {parentId: {isNull: true}}) {
            nodes { body parent { body } replies { nodes { body replies { nodes { body parent { body parent { body } } } } } } }
          }
          below: comments(where: {parent: {is: {parent: {is: {body: {eq: "root"}}}}}}) { nodes { body } }
        }""",
    )

    assert data == {
        "comments": {
            "nodes": [
                {
                    "body": "root",
                    "parent": None,
                    "replies": {
                        "nodes": [
                            {
                                "body": "branch",
                                "replies": {
                                    "nodes": [
                                        {"body": "leaf", "parent": {"body": "branch", "parent": {"body": "root"}}}
                                    ]
                                },
                            }
                        ]
                    },
                }
            ]
        },
        "below": {"nodes": [{"body": "leaf"}]},
    }


def test_loading_styles_do_not_matter() -> None:
    """`lazy="raise"`, write-only collections, dictionaries: they say how instances load, and no instance is made."""
    assert relations(catalog_of(zoo.Plain).model(zoo.Lazy)) == [
        "person: Person = person by person_id -> id, unique",
        "notes: [LazyNote] = notes by id -> lazy_id",
        "keyed: [LazyNote] = keyed by id -> lazy_id",
    ]


async def test_relations_of_any_loading_style_are_read(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.Plain.metadata)
    await save(engine, zoo.Lazy(id=1, person=zoo.Person(name="Ann")), zoo.Lazy(id=2))
    await save(engine, zoo.LazyNote(body="x", lazy_id=1), zoo.LazyNote(body="y", lazy_id=1))
    data = await run(
        Api(zoo.Plain, engine),
        "{ lazies { nodes { person { name } notes { nodes { body } } keyed(last: 1) { nodes { body lazyId } } } } }",
    )

    assert data == {
        "lazies": {
            "nodes": [
                {
                    "person": {"name": "Ann"},
                    "notes": {"nodes": [{"body": "x"}, {"body": "y"}]},
                    "keyed": {"nodes": [{"body": "y", "lazyId": "TGF6eTox"}]},
                },
                {"person": None, "notes": {"nodes": []}, "keyed": {"nodes": []}},
            ]
        }
    }


# ---------- composite keys ----------


def test_composite_foreign_keys_join_by_all_of_their_columns() -> None:
    catalog = catalog_of(zoo.Composites)

    assert columns(catalog.model(zoo.Bin)) == [
        "tenantId: Int! = tenant_id",
        "warehouseCode: String! = warehouse_code",
        "number: Int! = number",
    ]
    assert relations(catalog.model(zoo.Bin)) == [
        "warehouse: Warehouse! = warehouse by tenant_id, warehouse_code -> tenant_id, code, unique",
        "parcels: [Parcel] = parcels by warehouse_code, tenant_id, number -> warehouse_code, tenant_id, bin_number",
    ]
    assert keys(catalog.model(zoo.Bin)) == {"tenantIdWarehouseCodeNumber": "tenant_id, warehouse_code, number"}
    assert relations(catalog.model(zoo.Warehouse)) == [
        "bins: [Bin] = bins by tenant_id, code -> tenant_id, warehouse_code"
    ]
    assert relations(catalog.model(zoo.Parcel)) == [
        "bin: Bin = bin by warehouse_code, tenant_id, bin_number -> warehouse_code, tenant_id, number, unique"
    ]
    assert keys(catalog.model(zoo.Parcel)) == {"rowId": "id", "tenantIdBarcode": "tenant_id, barcode"}
    assert relations(catalog.model(zoo.Folder)) == [
        "parent: Folder = parent by tenant_id, parent_id -> tenant_id, folder_id, unique",
        "children: [Folder] = children by tenant_id, folder_id -> tenant_id, parent_id",
    ]


async def test_composite_keys_are_followed_and_a_part_that_is_null_leads_nowhere(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.Composites.metadata)
    one, two = zoo.Warehouse(tenant_id=1, code="W"), zoo.Warehouse(tenant_id=2, code="W")
    await save(
        engine, zoo.Bin(number=1, warehouse=one), zoo.Bin(number=2, warehouse=one), zoo.Bin(number=1, warehouse=two)
    )
    await save(
        engine,
        zoo.Parcel(id=1, tenant_id=1, warehouse_code="W", bin_number=1, barcode="a"),
        zoo.Parcel(id=2, tenant_id=2, warehouse_code="W", bin_number=1, barcode="a"),
        zoo.Parcel(id=3, tenant_id=1, warehouse_code="W", barcode="b"),
        zoo.Folder(tenant_id=1, folder_id=1, name="root"),
        zoo.Folder(tenant_id=2, folder_id=1, name="other tenant"),
    )
    await save(engine, zoo.Folder(tenant_id=1, folder_id=2, parent_id=1, name="child"))
    api = Api(zoo.Composites, engine)
    data = await run(
        api,
        """{
          parcels { nodes { barcode bin { id number warehouse { id code } } } }
          warehouses { nodes { tenantId bins { totalCount nodes { number parcels { nodes { rowId } } } } } }
          folders { nodes { name parent { name } children { nodes { name } } } }
          homeless: parcels(where: {bin: {isNull: true}}) { nodes { rowId } }
          first: parcels(where: {bin: {is: {id: {in: ["QmluOlsyLCJXIiwxXQ"]}}}}) { nodes { rowId } }
        }""",
    )

    assert data == {
        "parcels": {
            "nodes": [
                {
                    "barcode": "a",
                    "bin": {
                        "id": "QmluOlsxLCJXIiwxXQ",
                        "number": 1,
                        "warehouse": {"id": "V2FyZWhvdXNlOlsxLCJXIl0", "code": "W"},
                    },
                },
                {
                    "barcode": "a",
                    "bin": {
                        "id": "QmluOlsyLCJXIiwxXQ",
                        "number": 1,
                        "warehouse": {"id": "V2FyZWhvdXNlOlsyLCJXIl0", "code": "W"},
                    },
                },
                {"barcode": "b", "bin": None},
            ]
        },
        "warehouses": {
            "nodes": [
                {
                    "tenantId": 1,
                    "bins": {
                        "totalCount": 2,
                        "nodes": [
                            {"number": 1, "parcels": {"nodes": [{"rowId": 1}]}},
                            {"number": 2, "parcels": {"nodes": []}},
                        ],
                    },
                },
                {
                    "tenantId": 2,
                    "bins": {"totalCount": 1, "nodes": [{"number": 1, "parcels": {"nodes": [{"rowId": 2}]}}]},
                },
            ]
        },
        "folders": {
            "nodes": [
                {"name": "root", "parent": None, "children": {"nodes": [{"name": "child"}]}},
                {"name": "child", "parent": {"name": "root"}, "children": {"nodes": []}},
                {"name": "other tenant", "parent": None, "children": {"nodes": []}},
            ]
        },
        "homeless": {"nodes": [{"rowId": 3}]},
        "first": {"nodes": [{"rowId": 2}]},
    }
    assert await run(
        api,
        """{
          parcel(by: {tenantIdBarcode: {tenantId: 2, barcode: "a"}}) { rowId }
          bin(by: {tenantIdWarehouseCodeNumber: {tenantId: 1, warehouseCode: "W", number: 2}}) { id }
          warehouse(by: {id: "V2FyZWhvdXNlOlsyLCJXIl0"}) { tenantId code }
          node(id: "Rm9sZGVyOlsxLDJd") { ... on Folder { name } }
        }""",
    ) == {
        "parcel": {"rowId": 2},
        "bin": {"id": "QmluOlsxLCJXIiwyXQ"},
        "warehouse": {"tenantId": 2, "code": "W"},
        "node": {"name": "child"},
    }


# ---------- many to many ----------


def test_many_to_many_goes_through_the_link_table() -> None:
    catalog = catalog_of(zoo.ManyToMany)

    assert relations(catalog.model(zoo.Account)) == [
        "following: [Account] = following by id -> id through follows (follower_id -> followed_id)",
        "followers: [Account] = followers by id -> id through follows (followed_id -> follower_id)",
    ]
    assert relations(catalog.model(zoo.Student)) == [
        "courses: [Course] = courses by id -> tenant, code"
        " through enrolment (student_id -> course_tenant, course_code), StudentCourse has grade: Int = grade"
    ]
    assert relations(catalog.model(zoo.Course)) == [
        "students: [Student] = students by tenant, code -> id"
        " through enrolment (course_tenant, course_code -> student_id), CourseStudent has grade: Int = grade"
    ]
    assert relations(catalog_of(shelf.Base).model(shelf.Book)) == [
        "author: Author = author by author_id -> id, unique",
        "tags: [Tag] = tags by id -> id through book_tag (book_id -> tag_id), BookTag has weight: Int = weight",
        "orderItems: [OrderItem] = order_items by id -> book_id",
    ]


def test_an_association_object_is_a_model_and_links_its_ends() -> None:
    catalog = catalog_of(zoo.ManyToMany)

    assert relations(catalog.model(zoo.Playlist)) == [
        "entries: [PlaylistEntry] = entries by id -> playlist_id",
        "tracks: [Track] = tracks by id -> id through playlist_entry (playlist_id -> track_id),"
        " PlaylistTrack has position: Int! = position",
    ]
    assert relations(catalog.model(zoo.Track)) == [
        "entries: [PlaylistEntry] = entries by id -> track_id",
        "playlists: [Playlist] = playlists by id -> id through playlist_entry (track_id -> playlist_id),"
        " TrackPlaylist has position: Int! = position",
    ]
    assert columns(catalog.model(zoo.PlaylistEntry)) == [
        "playlistId: ID! of Playlist = playlist_id",
        "trackId: ID! of Track = track_id",
        "position: Int! = position",
    ]
    assert relations(catalog.model(zoo.PlaylistEntry)) == [
        "playlist: Playlist! = playlist by playlist_id -> id, unique",
        "track: Track! = track by track_id -> id, unique",
    ]
    assert keys(catalog.model(zoo.PlaylistEntry)) == {"playlistIdTrackId": "playlist_id, track_id"}


async def test_many_to_many_with_itself_has_two_directions(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.ManyToMany.metadata)
    ann, bob = zoo.Account(name="Ann"), zoo.Account(name="Bob")
    ann.following = [bob, ann]
    await save(engine, ann, bob, zoo.Account(name="Cy", following=[ann]))
    data = await run(
        Api(zoo.ManyToMany, engine),
        """{
          accounts(orderBy: [{name: ASC}]) {
            nodes {
              name
              following(orderBy: [{name: ASC}]) { nodes { name } }
              followers(orderBy: [{name: ASC}]) { nodes { name } }
            }
          }
          followed: accounts(where: {followers: {some: {name: {eq: "Cy"}}}}) { nodes { name } }
          popular: accounts(orderBy: [{followers: {count: DESC}}, {name: ASC}], first: 1) { nodes { name } }
        }""",
    )

    assert data == {
        "accounts": {
            "nodes": [
                {
                    "name": "Ann",
                    "following": {"nodes": [{"name": "Ann"}, {"name": "Bob"}]},
                    "followers": {"nodes": [{"name": "Ann"}, {"name": "Cy"}]},
                },
                {"name": "Bob", "following": {"nodes": []}, "followers": {"nodes": [{"name": "Ann"}]}},
                {"name": "Cy", "following": {"nodes": [{"name": "Ann"}]}, "followers": {"nodes": []}},
            ]
        },
        "followed": {"nodes": [{"name": "Ann"}]},
        "popular": {"nodes": [{"name": "Ann"}]},
    }


async def test_what_the_link_holds_is_on_the_edge(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.ManyToMany.metadata)
    chess, go = zoo.Course(tenant=1, code="chess"), zoo.Course(tenant=1, code="go")
    await save(engine, zoo.Student(id=1, name="Ann", courses=[chess, go]), zoo.Student(id=2, name="Bob", courses=[go]))
    async with engine.begin() as connection:
        await connection.execute(zoo.enrolment.update().where(zoo.enrolment.c.course_code == "go").values(grade=3))
    one, two = zoo.Track(title="One"), zoo.Track(title="Two")
    entries = [zoo.PlaylistEntry(track=one, position=2), zoo.PlaylistEntry(track=two, position=1)]
    await save(engine, zoo.Playlist(name="Mix", entries=entries))
    data = await run(
        Api(zoo.ManyToMany, engine),
        """{
          students { nodes { name courses(orderBy: [{grade: DESC}, {node: {code: ASC}}]) { edges { grade node { code } } } } }
          courses { nodes { code students(where: {name: {eq: "Bob"}}) { totalCount edges { grade node { name } } } } }
          playlists { nodes { tracks(orderBy: [{position: ASC}]) { nodes { title } edges { position node { title } } } } }
          tracks { nodes { title playlists { edges { position node { name } } } entries { nodes { position } } } }
          mixed: playlists(where: {tracks: {some: {title: {eq: "Two"}}}}) { totalCount }
        }""",
    )

    assert data == {
        "students": {
            "nodes": [
                {
                    "name": "Ann",
                    "courses": {
                        "edges": [{"grade": None, "node": {"code": "chess"}}, {"grade": 3, "node": {"code": "go"}}]
                    },
                },
                {"name": "Bob", "courses": {"edges": [{"grade": 3, "node": {"code": "go"}}]}},
            ]
        },
        "courses": {
            "nodes": [
                {"code": "chess", "students": {"totalCount": 0, "edges": []}},
                {"code": "go", "students": {"totalCount": 1, "edges": [{"grade": 3, "node": {"name": "Bob"}}]}},
            ]
        },
        "playlists": {
            "nodes": [
                {
                    "tracks": {
                        "nodes": [{"title": "Two"}, {"title": "One"}],
                        "edges": [
                            {"position": 1, "node": {"title": "Two"}},
                            {"position": 2, "node": {"title": "One"}},
                        ],
                    }
                }
            ]
        },
        "tracks": {
            "nodes": [
                {
                    "title": "One",
                    "playlists": {"edges": [{"position": 2, "node": {"name": "Mix"}}]},
                    "entries": {"nodes": [{"position": 2}]},
                },
                {
                    "title": "Two",
                    "playlists": {"edges": [{"position": 1, "node": {"name": "Mix"}}]},
                    "entries": {"nodes": [{"position": 1}]},
                },
            ]
        },
        "mixed": {"totalCount": 1},
    }


# ---------- link tables of all kinds ----------


class Links(DeclarativeBase):
    pass


class Person(Links):
    __tablename__ = "link_person"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Membership(Links):
    """Maps the link table that `Club.members` goes through, without relations of its own."""

    __tablename__ = "link_membership"

    club_id: Mapped[int] = mapped_column(ForeignKey("link_club.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("link_person.id"), primary_key=True)
    role_: Mapped[str | None] = mapped_column("role", comment="What the member does.")
    sponsor_id: Mapped[int | None] = mapped_column(ForeignKey("link_person.id"))
    secret: Mapped[str | None]


visits = Table(
    "link_visits",
    Links.metadata,
    Column("id", Integer, primary_key=True),
    Column("club_id", ForeignKey("link_club.id"), nullable=False),
    Column("person_id", ForeignKey("link_person.id"), nullable=False),
    Column("minutes", Integer),
)
guests = Table(
    "link_guests",
    Links.metadata,
    Column("id", Integer, primary_key=True),
    Column("club_id", ForeignKey("link_club.id"), nullable=False),
    Column("person_id", ForeignKey("link_person.id"), nullable=False),
    Column("host_id", ForeignKey("link_person.id"), nullable=False, comment="Who invited the guest."),
    Column("noted_at", String(20)),
    Column("_internal", Integer),
    UniqueConstraint("club_id", "person_id"),
)


tours = Table(
    "link_tours",
    Links.metadata,
    Column("id", Integer, primary_key=True),
    Column("club_id", ForeignKey("link_club.id"), nullable=False),
    Column("land", String(2)),
    Column("town", Integer),
    ForeignKeyConstraint(["land", "town"], ["link_place.land", "link_place.town"]),
)


class Place(Links):
    __tablename__ = "link_place"

    land: Mapped[str] = mapped_column(String(2), primary_key=True)
    town: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class Club(Links):
    __tablename__ = "link_club"

    id: Mapped[int] = mapped_column(primary_key=True)
    members: Mapped[list["Person"]] = relationship(
        secondary="link_membership", secondaryjoin="Person.id == Membership.member_id"
    )
    visitors: Mapped[list["Person"]] = relationship(secondary=visits, viewonly=True)
    guests: Mapped[list["Person"]] = relationship(
        secondary=guests, secondaryjoin=guests.c.person_id == Person.id, viewonly=True
    )
    places: Mapped[list["Place"]] = relationship(secondary=tours, viewonly=True)


def test_a_link_table_that_is_a_model_is_read_as_the_model_is() -> None:
    settings = CatalogSettings(
        options={Membership: ModelOptions(exclude={"secret"}, rename={"role_": "task"}, hide_from_order={"role_"})}
    )
    relation = read_catalog(mapped_classes(Links), settings).model(Club).relations[0]

    assert relation.link is not None
    assert [(each.key, each.name, each.description, each.sortable) for each in relation.link.columns] == [
        ("role", "task", "What the member does.", False),
        (
            "sponsor_id",
            "sponsorId",
            "The global id of the Person, taken from the foreign key without a query.",
            False,
        ),
    ]


def test_edges_have_the_columns_of_links_that_are_unique() -> None:
    """A link table with a key of its own may link two records twice; such a link has no columns for one edge to show."""
    assert relations(catalog_of(Links).model(Club)) == [
        "members: [Person] = members by id -> id through link_membership (club_id -> member_id), ClubMember has"
        " role: String = role, sponsorId: ID of Person = sponsor_id, secret: String = secret",
        "visitors: [Person] = visitors by id -> id through link_visits (club_id -> person_id), not unique",
        "guests: [Person] = guests by id -> id through link_guests (club_id -> person_id), ClubGuest has"
        " hostId: ID! of Person = host_id, notedAt: String = noted_at",
        "places: [Place] = places by id -> land, town through link_tours (club_id -> land, town), not unique",
    ]


async def test_links_are_shown_once_and_their_foreign_keys_are_global_ids(make_engine: MakeEngine) -> None:
    engine = await make_engine(Links.metadata)
    await save(engine, Club(id=1), Person(id=1, name="Ann"), Person(id=2, name="Bob"), Place(land="IT", town=7))
    await save(engine, Membership(club_id=1, member_id=2, role_="treasurer", sponsor_id=1, secret="x"))
    async with engine.begin() as connection:
        rows = [{"club_id": 1, "person_id": 1, "minutes": 5}, {"club_id": 1, "person_id": 1, "minutes": 10}]
        await connection.execute(visits.insert(), rows)
        await connection.execute(guests.insert().values(club_id=1, person_id=2, host_id=1))
        tour = {"club_id": 1, "land": "IT", "town": 7}
        await connection.execute(tours.insert(), [tour, tour, {"club_id": 1, "land": None, "town": 7}])
    data = await run(
        Api(Links, engine, models={Membership: ModelOptions(exclude={"secret"})}),
        """{
          clubs {
            nodes {
              members(orderBy: [{role: DESC}]) { edges { role sponsorId node { name } } }
              visitors { totalCount edges { node { name } } }
              guests { edges { hostId notedAt node { name } } }
              places { totalCount nodes { land town } }
            }
          }
          node(id: "UGVyc29uOjE") { ... on Person { name } }
          frequented: clubs(where: {visitors: {count: {eq: 1}}}) { totalCount }
        }""",
    )

    assert data == {
        "clubs": {
            "nodes": [
                {
                    "members": {
                        "edges": [{"role": "treasurer", "sponsorId": "UGVyc29uOjE", "node": {"name": "Bob"}}],
                    },
                    "visitors": {"totalCount": 1, "edges": [{"node": {"name": "Ann"}}]},
                    "guests": {"edges": [{"hostId": "UGVyc29uOjE", "notedAt": None, "node": {"name": "Bob"}}]},
                    "places": {"totalCount": 1, "nodes": [{"land": "IT", "town": 7}]},
                }
            ]
        },
        "node": {"name": "Ann"},
        "frequented": {"totalCount": 1},
    }


def test_an_association_object_can_be_kept_from_linking() -> None:
    settings = CatalogSettings(options={zoo.PlaylistEntry: ModelOptions(through=False)})
    catalog = read_catalog(mapped_classes(zoo.ManyToMany), settings)

    assert relations(catalog.model(zoo.Playlist)) == ["entries: [PlaylistEntry] = entries by id -> playlist_id"]
    assert relations(catalog.model(zoo.Track)) == ["entries: [PlaylistEntry] = entries by id -> track_id"]


def test_a_derived_link_obeys_the_options_of_its_owner() -> None:
    """`tracks` is no attribute of its own here, yet the options name it as they name attributes."""
    options: dict[type, ModelOptions] = {
        zoo.Playlist: ModelOptions(rename={"tracks": "songs"}, hide_from_where={"tracks"}, hide_from_order={"tracks"}),
        zoo.Track: ModelOptions(exclude={"playlists"}),
    }
    catalog = read_catalog(mapped_classes(zoo.ManyToMany), CatalogSettings(options=options))

    assert relations(catalog.model(zoo.Playlist)) == [
        "entries: [PlaylistEntry] = entries by id -> playlist_id",
        "songs: [Track] = tracks by id -> id through playlist_entry (playlist_id -> track_id),"
        " PlaylistSong has position: Int! = position",
    ]
    assert [each.name for each in catalog.model(zoo.Playlist).relations if each.filterable or each.sortable] == [
        "entries"
    ]
    assert relations(catalog.model(zoo.Track)) == ["entries: [PlaylistEntry] = entries by id -> track_id"]


def test_a_derived_link_needs_both_relations_of_the_association_object() -> None:
    settings = CatalogSettings(options={zoo.PlaylistEntry: ModelOptions(exclude={"track"})})
    catalog = read_catalog(mapped_classes(zoo.ManyToMany), settings)

    assert relations(catalog.model(zoo.Playlist)) == ["entries: [PlaylistEntry] = entries by id -> playlist_id"]


# ---------- joins of one's own ----------


def test_a_join_that_is_more_than_equal_columns_is_custom() -> None:
    catalog = catalog_of(zoo.Joins)

    assert relations(catalog.model(zoo.Band)) == ["workers: [Worker] = workers by id, custom"]
    assert relations(catalog.model(zoo.Worker)) == [
        "band: Band = band by id, custom",
        "log: [LogLine] = log by id -> worker_id",
        "errors: [LogLine] = errors by id, custom",
    ]


async def test_custom_joins_are_read_filtered_and_counted(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.Joins.metadata)
    await save(engine, *(zoo.Band(id=place, low=place * 10, high=place * 10 + 10) for place in range(1, 4)))
    await save(
        engine,
        zoo.Worker(id=1, name="Ann", salary=15),
        zoo.Worker(id=2, name="Bob", salary=19),
        zoo.Worker(id=3, name="Cy", salary=30),
        zoo.Worker(id=4, name="Di"),
    )
    severities = [(1, "error"), (1, "info"), (1, "error"), (2, "info"), (99, "error")]
    await save(engine, *(zoo.LogLine(worker_id=worker, severity=severity) for worker, severity in severities))
    data = await run(
        Api(zoo.Joins, engine),
        """{
          bands { nodes { low workers(first: 1, orderBy: [{name: DESC}]) { totalCount nodes { name } } } }
          workers(orderBy: [{band: {low: DESC_NULLS_LAST}}, {name: ASC}]) {
            nodes { name band { low } errors { totalCount nodes { severity } } log { totalCount } }
          }
          failing: workers(where: {errors: {some: {}}}) { nodes { name } }
          paid: workers(where: {band: {is: {low: {lt: 20}}}}) { nodes { name } }
          empty: bands(where: {workers: {none: {}}}) { nodes { low } }
          nested: bands(first: 1) {
            nodes {
              workers(where: {errors: {some: {}}, band: {is: {low: {gt: 0}}}}, orderBy: [{errors: {count: DESC}}]) {
                nodes { name }
              }
            }
          }
          lost: logLines(where: {worker: {isNull: true}}) { nodes { severity workerId worker { name } } }
        }""",
    )

    assert data == {
        "bands": {
            "nodes": [
                {"low": 10, "workers": {"totalCount": 2, "nodes": [{"name": "Bob"}]}},
                {"low": 20, "workers": {"totalCount": 0, "nodes": []}},
                {"low": 30, "workers": {"totalCount": 1, "nodes": [{"name": "Cy"}]}},
            ]
        },
        "workers": {
            "nodes": [
                {
                    "name": "Cy",
                    "band": {"low": 30},
                    "errors": {"totalCount": 0, "nodes": []},
                    "log": {"totalCount": 0},
                },
                {
                    "name": "Ann",
                    "band": {"low": 10},
                    "errors": {"totalCount": 2, "nodes": [{"severity": "error"}, {"severity": "error"}]},
                    "log": {"totalCount": 3},
                },
                {
                    "name": "Bob",
                    "band": {"low": 10},
                    "errors": {"totalCount": 0, "nodes": []},
                    "log": {"totalCount": 1},
                },
                {"name": "Di", "band": None, "errors": {"totalCount": 0, "nodes": []}, "log": {"totalCount": 0}},
            ]
        },
        "failing": {"nodes": [{"name": "Ann"}]},
        "paid": {"nodes": [{"name": "Ann"}, {"name": "Bob"}]},
        "empty": {"nodes": [{"low": 20}]},
        "nested": {"nodes": [{"workers": {"nodes": [{"name": "Ann"}]}}]},
        "lost": {"nodes": [{"severity": "error", "workerId": "V29ya2VyOjk5", "worker": None}]},
    }


# ---------- whether the other record can be missing ----------


class Nulls(DeclarativeBase):
    pass


class Creature(Nulls):
    __tablename__ = "null_creature"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "creature"}

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]


class Hen(Creature):
    __mapper_args__ = {"polymorphic_identity": "hen"}


class Dragon(Creature):
    __tablename__ = "null_dragon"
    __mapper_args__ = {"polymorphic_identity": "dragon"}

    id: Mapped[int] = mapped_column(ForeignKey("null_creature.id"), primary_key=True)


class Nest(Nulls):
    """Foreign keys that are NOT NULL: to the class itself, to the table of its base class, to its own table."""

    __tablename__ = "null_nest"

    id: Mapped[int] = mapped_column(primary_key=True)
    creature_id: Mapped[int] = mapped_column(ForeignKey("null_creature.id"))
    hen_id: Mapped[int] = mapped_column(ForeignKey("null_creature.id"))
    dragon_id: Mapped[int] = mapped_column(ForeignKey("null_dragon.id"))
    creature: Mapped["Creature"] = relationship(foreign_keys=[creature_id])
    hen: Mapped["Hen"] = relationship(foreign_keys=[hen_id])
    dragon: Mapped["Dragon"] = relationship(foreign_keys=[dragon_id])


def test_to_one_is_not_null_where_a_constraint_says_that_the_record_exists() -> None:
    """A foreign key to the table of a base class may lead to a record of another subclass."""
    nest = catalog_of(Nulls).model(Nest)

    assert relations(nest) == [
        "creature: Creature! = creature by creature_id -> id, unique",
        "hen: Hen = hen by hen_id -> id, unique",
        "dragon: Dragon! = dragon by dragon_id -> id, unique",
    ]
    assert columns(nest) == [
        "rowId: Int! = id",
        "creatureId: ID! of Creature = creature_id",
        "henId: ID! of Hen = hen_id",
        "dragonId: ID! of Dragon = dragon_id",
    ]


async def test_a_record_of_another_subclass_is_null(make_engine: MakeEngine) -> None:
    engine = await make_engine(Nulls.metadata)
    await save(engine, Creature(id=1), Hen(id=2), Dragon(id=3))
    await save(engine, Nest(creature_id=3, hen_id=2, dragon_id=3), Nest(creature_id=1, hen_id=1, dragon_id=3))
    data = await run(
        Api(Nulls, engine),
        "{ nests { nodes { creature { kind } hen { kind } dragon { kind } } } }",
    )

    assert data == {
        "nests": {
            "nodes": [
                {"creature": {"kind": "dragon"}, "hen": {"kind": "hen"}, "dragon": {"kind": "dragon"}},
                {"creature": {"kind": "creature"}, "hen": None, "dragon": {"kind": "dragon"}},
            ]
        }
    }


def test_to_one_can_be_null_where_constraints_are_not_enforced() -> None:
    settings = CatalogSettings(enforced_foreign_keys=False)
    catalog = read_catalog(mapped_classes(zoo.Plain), settings)

    assert relations(catalog.model(zoo.Match)) == [
        "homeTeam: Team = home_team by home_team_id -> id, unique",
        "awayTeam: Team = away_team by away_team_id -> id, unique",
    ]
    assert columns(catalog.model(zoo.Match)) == [
        "rowId: Int! = id",
        "homeTeamId: ID! of Team = home_team_id",
        "awayTeamId: ID! of Team = away_team_id",
    ]


async def test_a_foreign_key_that_leads_nowhere_is_answered(make_engine: MakeEngine) -> None:
    """As in a SQLite database whose connections did not turn foreign keys on. Here no constraint is declared at all."""
    engine = await make_engine(zoo.Joins.metadata)
    await save(engine, zoo.LogLine(worker_id=99, severity="info"))

    assert await run(Api(zoo.Joins, engine), "{ logLines { nodes { workerId worker { name } } } }") == {
        "logLines": {"nodes": [{"workerId": "V29ya2VyOjk5", "worker": None}]}
    }


# ---------- part of the classes ----------


def test_a_relation_to_a_class_that_is_not_offered_is_left_out() -> None:
    catalog = catalog_of([shelf.Book, shelf.Tag])

    assert [model.name for model in catalog.models] == ["Book", "Tag"]
    assert columns(catalog.model(shelf.Book))[-1] == "authorId: Int = author_id"
    assert relations(catalog.model(shelf.Book)) == [
        "tags: [Tag] = tags by id -> id through book_tag (book_id -> tag_id), BookTag has weight: Int = weight"
    ]


def test_ends_of_a_relation_may_be_hidden() -> None:
    """The relation still needs the columns: they are fetched, and shown nowhere."""
    options: dict[type, ModelOptions] = {
        shelf.Author: ModelOptions(exclude={"id"}),
        shelf.Book: ModelOptions(exclude={"author_id", "id"}),
    }
    catalog = read_catalog(mapped_classes(shelf.Base), CatalogSettings(options=options))
    author, book = catalog.model(shelf.Author), catalog.model(shelf.Book)

    assert columns(author) == ["name: String! = name", "email: String = email"]
    assert relations(author) == ["books: [Book] = books by id -> author_id"]
    assert relations(book)[0] == "author: Author = author by author_id -> id, unique"
    assert [each.offered for each in (*author.relations[0].local, *author.relations[0].remote)] == [False, False]
    assert keys(author) == {"id": "id", "email": "email"}
    assert [key.selectable for key in author.keys] == [False, True]


async def test_relations_are_followed_by_hidden_columns(make_engine: MakeEngine) -> None:
    engine = await make_engine(shelf.Base.metadata)
    book = shelf.Book(title="Emma", price=9, author=shelf.Author(name="Jane"), tags=[shelf.Tag(label="sea")])
    await save(engine, book)
    hidden = ModelOptions(exclude={"id", "author_id"})
    api = Api(shelf.Base, engine, models={shelf.Book: hidden, shelf.Author: ModelOptions(exclude={"id"})})
    data = await run(
        api,
        "{ books { nodes { id author { id books { nodes { title } } } tags { nodes { books { nodes { id } } } } } } }",
    )

    assert data == {
        "books": {
            "nodes": [
                {
                    "id": "Qm9vazox",
                    "author": {"id": "QXV0aG9yOjE", "books": {"nodes": [{"title": "Emma"}]}},
                    "tags": {"nodes": [{"books": {"nodes": [{"id": "Qm9vazox"}]}}]},
                }
            ]
        }
    }


# ---------- joins of one's own through a link table ----------


class Custom(DeclarativeBase):
    pass


ratings = Table(
    "custom_ratings",
    Custom.metadata,
    Column("id", Integer, primary_key=True),
    Column("film_id", ForeignKey("custom_film.id")),
    Column("critic_id", ForeignKey("custom_critic.id")),
    Column("stars", Integer),
)


class Critic(Custom):
    __tablename__ = "custom_critic"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Film(Custom):
    """A critic may rate a film more than once, so that the join finds the critic more than once."""

    __tablename__ = "custom_film"

    id: Mapped[int] = mapped_column(primary_key=True)
    fans: Mapped[list["Critic"]] = relationship(
        secondary=ratings,
        primaryjoin=(id == ratings.c.film_id) & (ratings.c.stars >= 4),
        secondaryjoin=ratings.c.critic_id == Critic.id,
        viewonly=True,
    )


def test_a_condition_on_the_link_table_is_custom() -> None:
    assert relations(catalog_of(Custom).model(Film)) == ["fans: [Critic] = fans by id, custom"]


async def test_a_custom_join_through_a_link_table_finds_each_record_once(make_engine: MakeEngine) -> None:
    engine = await make_engine(Custom.metadata)
    await save(engine, Film(id=1), Film(id=2), Critic(id=1, name="Ann"), Critic(id=2, name="Bob"))
    rows = [(1, 1, 5), (1, 1, 4), (1, 2, 1), (2, 2, 4), (2, 1, 4)]
    async with engine.begin() as connection:
        await connection.execute(
            ratings.insert(), [{"film_id": film, "critic_id": critic, "stars": stars} for film, critic, stars in rows]
        )
    data = await run(
        Api(Custom, engine),
        """{
          films(orderBy: [{fans: {count: ASC}}]) {
            nodes { rowId fans { totalCount nodes { name } } last: fans(last: 1) { nodes { name } } }
          }
          single: films(where: {fans: {count: {eq: 1}}}) { nodes { rowId } }
          loved: films(where: {fans: {some: {name: {eq: "Bob"}}}}) { nodes { rowId } }
          only: films(where: {fans: {every: {name: {eq: "Ann"}}}}) { nodes { rowId } }
        }""",
    )

    assert data == {
        "films": {
            "nodes": [
                {
                    "rowId": 1,
                    "fans": {"totalCount": 1, "nodes": [{"name": "Ann"}]},
                    "last": {"nodes": [{"name": "Ann"}]},
                },
                {
                    "rowId": 2,
                    "fans": {"totalCount": 2, "nodes": [{"name": "Ann"}, {"name": "Bob"}]},
                    "last": {"nodes": [{"name": "Bob"}]},
                },
            ]
        },
        "single": {"nodes": [{"rowId": 1}]},
        "loved": {"nodes": [{"rowId": 2}]},
        "only": {"nodes": [{"rowId": 1}]},
    }


# ---------- the order of a relation ----------


class Ordered(DeclarativeBase):
    pass


chapters = Table(
    "ordered_chapters",
    Ordered.metadata,
    Column("volume_id", ForeignKey("ordered_volume.id"), primary_key=True),
    Column("text_id", ForeignKey("ordered_text.id"), primary_key=True),
    Column("place", Integer),
)


class Text(Ordered):
    __tablename__ = "ordered_text"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str | None]
    pages: Mapped[int]
    volume_id: Mapped[int | None] = mapped_column(ForeignKey("ordered_volume.id"))


class Volume(Ordered):
    """Relations ordered in every way."""

    __tablename__ = "ordered_volume"

    id: Mapped[int] = mapped_column(primary_key=True)
    by_name: Mapped[list["Text"]] = relationship(order_by="Text.title", viewonly=True)
    by_size: Mapped[list["Text"]] = relationship(
        order_by="Text.pages.desc(), Text.title.asc().nulls_first(), Text.id", viewonly=True
    )
    by_length: Mapped[list["Text"]] = relationship(order_by=func.length(Text.title), viewonly=True)
    by_volume: Mapped[list["Text"]] = relationship(order_by="Text.volume_id", viewonly=True)
    by_place: Mapped[list["Text"]] = relationship(secondary=chapters, order_by=chapters.c.place.desc(), viewonly=True)
    big: Mapped[list["Text"]] = relationship(
        primaryjoin=lambda: (Volume.id == Text.volume_id) & (Text.pages > 1),
        order_by="Text.title.desc()",
        viewonly=True,
    )


def own_orders(options: ModelOptions) -> dict[str, list[tuple[str, bool, bool]]]:
    """The own order of each relation: column, whether it descends, whether nulls come first."""
    settings = CatalogSettings(options={Text: options})
    relations = read_catalog(mapped_classes(Ordered), settings).model(Volume).relations
    return {
        each.key: [(term.column.name, term.descending, term.nulls_first) for term in each.order] for each in relations
    }


def test_a_relation_is_ordered_as_it_is_mapped() -> None:
    """By columns that clients may order by; else by the primary key, as every list."""
    assert own_orders(ModelOptions()) == {
        "by_name": [("title", False, False)],
        "by_size": [("pages", True, True), ("title", False, True), ("rowId", False, False)],
        "by_length": [],
        "by_volume": [],
        "by_place": [("place", True, True)],
        "big": [("title", True, True)],
    }
    assert own_orders(ModelOptions(hide_from_order={"title"})) == {
        "by_name": [],
        "by_size": [],
        "by_length": [],
        "by_volume": [],
        "by_place": [("place", True, True)],
        "big": [],
    }
    assert own_orders(ModelOptions(exclude={"pages"}))["by_size"] == []


async def test_a_list_without_an_order_has_that_of_its_relation(make_engine: MakeEngine) -> None:
    """Pages and cursors follow it; an order in the request takes its place."""
    engine = await make_engine(Ordered.metadata)
    await save(engine, Volume(id=1))
    texts = [(1, "b", 1), (2, None, 2), (3, "a", 2), (4, "c", 2)]
    await save(engine, *(Text(id=key, title=title, pages=pages, volume_id=1) for key, title, pages in texts))
    async with engine.begin() as connection:
        places = [{"volume_id": 1, "text_id": key, "place": place} for key, place in ((1, 5), (3, 7), (4, None))]
        await connection.execute(chapters.insert(), places)
    api = Api(Ordered, engine)
    relations = ("byName", "bySize", "byLength", "byPlace", "big")
    lists = " ".join(f"{name} {{ nodes {{ rowId }} }}" for name in relations)
    data = await run(
        api,
        f"{{ volumes {{ nodes {{ {lists} other: byName(orderBy: [{{title: DESC}}]) {{ nodes {{ rowId }} }} }} }} }}",
    )
    (volume,) = data["volumes"]["nodes"]

    assert {name: [each["rowId"] for each in page["nodes"]] for name, page in volume.items()} == {
        "byName": [3, 1, 4, 2],
        "bySize": [2, 3, 4, 1],
        "byLength": [1, 2, 3, 4],
        "byPlace": [4, 3, 1],
        "big": [2, 4, 3],
        "other": [2, 4, 1, 3],
    }
    walked: list[int] = []
    after = None
    for _ in range(4):
        query = (
            "query ($after: String) { volumes { nodes { bySize(first: 1, after: $after, orderBy: []) "
            "{ nodes { rowId } pageInfo { endCursor } } } } }"
        )
        page = (await run(api, query, after=after))["volumes"]["nodes"][0]["bySize"]
        walked += [each["rowId"] for each in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert walked == [2, 3, 4, 1]


def test_the_order_of_a_relation_is_told_in_its_argument() -> None:
    api = Api(Ordered, create_async_engine("sqlite+aiosqlite://"))
    volume: Any = api.schema._schema.type_map["Volume"]
    text = "What to order by, most important first; the primary key decides between equals."

    assert {name: volume.fields[name].args["orderBy"].description for name in ("bySize", "byPlace", "byLength")} == {
        "bySize": f"{text} By default `pages` descending, then `title`, then `rowId`.",
        "byPlace": f"{text} By default `place` descending.",
        "byLength": text,
    }
