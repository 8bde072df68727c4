"""A database in, mapped classes out: which relations, what is left out, and that the mapping works."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from gqlcrud.reflect import LeftOut, Reflection
from tests.databases import Backend, MakeEngine
from tests.reflecting import PLAYLISTS, columns, link, make, mapper, models, read, relations


async def test_self_references_name_their_column(make_engine: MakeEngine) -> None:
    engine, reflection = await read(
        make_engine,
        "CREATE TABLE employee (id INTEGER PRIMARY KEY, reports_to INTEGER REFERENCES employee)",
        "CREATE TABLE category (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES category)",
    )

    assert relations(reflection) == {
        "Category": {"categories_by_parent": "[Category]", "parent": "Category"},
        "Employee": {"employee_by_reports_to": "Employee", "employees_by_reports_to": "[Employee]"},
    }
    Category = models(reflection)["Category"]
    async with AsyncSession(engine) as session:
        root, leaf = make(Category, id=1), make(Category, id=2)
        leaf.parent = root
        session.add(leaf)
        await session.commit()
        found = await session.scalars(select(Category.id).where(Category.parent.has(id=1)))
        assert list(found) == [2]
        found = await session.scalars(select(Category.id).where(Category.categories_by_parent.any(id=2)))
        assert list(found) == [1]


async def test_a_pure_link_table_is_a_relation(make_engine: MakeEngine) -> None:
    engine, reflection = await read(make_engine, *PLAYLISTS, link("playlist_track"))

    assert relations(reflection) == {"Playlist": {"tracks": "[Track]"}, "Track": {"playlists": "[Playlist]"}}
    Playlist, Track = models(reflection).values()
    async with AsyncSession(engine) as session:
        session.add(make(Playlist, id=1, tracks=[make(Track, id=7), make(Track, id=8)]))
        session.add(make(Playlist, id=2))
        await session.commit()
        assert (await session.execute(text("SELECT * FROM playlist_track ORDER BY 1, 2"))).all() == [(1, 7), (1, 8)]


async def test_a_link_table_with_a_column_of_its_own_is_a_model(make_engine: MakeEngine) -> None:
    _, reflection = await read(make_engine, *PLAYLISTS, link("playlist_track", "position INTEGER"))

    assert relations(reflection) == {
        "Playlist": {"playlist_tracks": "[PlaylistTrack]"},
        "PlaylistTrack": {"playlist": "Playlist", "track": "Track"},
        "Track": {"playlist_tracks": "[PlaylistTrack]"},
    }


async def test_a_link_table_that_something_refers_to_is_a_model(make_engine: MakeEngine) -> None:
    _, reflection = await read(
        make_engine,
        *PLAYLISTS,
        link("entry"),
        """CREATE TABLE note (
            id INTEGER PRIMARY KEY, playlist_id INTEGER, track_id INTEGER,
            FOREIGN KEY (playlist_id, track_id) REFERENCES entry
        )""",
    )

    assert relations(reflection) == {
        "Entry": {"notes": "[Note]", "playlist": "Playlist", "track": "Track"},
        "Note": {"entry": "Entry"},
        "Playlist": {"entries": "[Entry]"},
        "Track": {"entries": "[Entry]"},
    }


async def test_a_link_from_a_table_to_itself_names_the_near_column(make_engine: MakeEngine) -> None:
    def friends(name: str) -> str:
        return (
            f"CREATE TABLE {name} (user_id INTEGER REFERENCES users, friend_id INTEGER REFERENCES users,"
            " PRIMARY KEY (user_id, friend_id))"
        )

    engine, reflection = await read(make_engine, "CREATE TABLE users (id INTEGER PRIMARY KEY)", friends("friendship"))
    _, several = await read(
        make_engine, "CREATE TABLE users (id INTEGER PRIMARY KEY)", friends("friendship"), friends("blocked")
    )

    assert relations(reflection) == {"User": {"users_by_friend": "[User]", "users_by_user": "[User]"}}
    assert relations(several)["User"] == {
        "users_by_blocked_and_friend": "[User]",
        "users_by_blocked_and_user": "[User]",
        "users_by_friendship_and_friend": "[User]",
        "users_by_friendship_and_user": "[User]",
    }
    User = models(reflection)["User"]
    async with AsyncSession(engine) as session:
        session.add(make(User, id=1, users_by_user=[make(User, id=2)]))
        await session.commit()
        assert (await session.execute(text("SELECT user_id, friend_id FROM friendship"))).all() == [(1, 2)]
        assert list(await session.scalars(select(User.id).where(User.users_by_friend.any(id=1)))) == [2]


TENANTS = (
    "CREATE TABLE tenant (id INTEGER PRIMARY KEY)",
    "CREATE TABLE account (tenant_id INTEGER REFERENCES tenant, id INTEGER, PRIMARY KEY (tenant_id, id))",
    """CREATE TABLE invoice (
        tenant_id INTEGER REFERENCES tenant, id INTEGER, account_id INTEGER, replaces_id INTEGER,
        PRIMARY KEY (tenant_id, id),
        FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id),
        FOREIGN KEY (tenant_id, replaces_id) REFERENCES invoice (tenant_id, id)
    )""",
)


async def test_keys_of_several_columns_may_share_some(make_engine: MakeEngine) -> None:
    engine, reflection = await read(make_engine, *TENANTS)

    assert relations(reflection) == {
        "Account": {"invoices": "[Invoice]", "tenant": "Tenant"},
        "Invoice": {
            "account": "Account",
            "invoice_by_tenant_and_replaces": "Invoice",
            "invoices_by_tenant_and_replaces": "[Invoice]",
            "tenant": "Tenant",
        },
        "Tenant": {"accounts": "[Account]", "invoices": "[Invoice]"},
    }
    Account, Invoice, Tenant = models(reflection).values()
    async with AsyncSession(engine) as session:
        account = make(Account, tenant=make(Tenant, id=5), id=1)
        first = make(Invoice, id=10, account=account)
        second = make(Invoice, id=11, account=account, invoice_by_tenant_and_replaces=first)
        session.add_all([first, second])
        await session.commit()
        rows = await session.execute(text("SELECT tenant_id, id, account_id, replaces_id FROM invoice ORDER BY id"))
        assert rows.all() == [(5, 10, 1, None), (5, 11, 1, 10)]


async def test_a_link_table_may_share_columns_between_its_keys(make_engine: MakeEngine) -> None:
    engine, reflection = await read(
        make_engine,
        "CREATE TABLE book (tenant_id INTEGER, id INTEGER, PRIMARY KEY (tenant_id, id))",
        "CREATE TABLE tag (tenant_id INTEGER, id INTEGER, PRIMARY KEY (tenant_id, id))",
        """CREATE TABLE book_tag (
            tenant_id INTEGER, book_id INTEGER, tag_id INTEGER,
            PRIMARY KEY (tenant_id, book_id, tag_id),
            FOREIGN KEY (tenant_id, book_id) REFERENCES book (tenant_id, id),
            FOREIGN KEY (tenant_id, tag_id) REFERENCES tag (tenant_id, id)
        )""",
    )

    assert relations(reflection) == {"Book": {"tags": "[Tag]"}, "Tag": {"books": "[Book]"}}
    Book, Tag = models(reflection).values()
    async with AsyncSession(engine) as session:
        session.add(make(Book, tenant_id=1, id=2, tags=[make(Tag, tenant_id=1, id=3)]))
        await session.commit()
        assert (await session.execute(text("SELECT tenant_id, book_id, tag_id FROM book_tag"))).all() == [(1, 2, 3)]


async def test_a_key_may_refer_to_a_unique_column(make_engine: MakeEngine) -> None:
    engine, reflection = await read(
        make_engine,
        "CREATE TABLE country (id INTEGER PRIMARY KEY, code TEXT UNIQUE)",
        "CREATE TABLE city (id INTEGER PRIMARY KEY, country_code TEXT REFERENCES country (code))",
    )

    assert relations(reflection) == {"City": {"country": "Country"}, "Country": {"cities": "[City]"}}
    City, Country = models(reflection).values()
    async with AsyncSession(engine) as session:
        session.add(make(City, id=1, country=make(Country, id=9, code="pt")))
        await session.commit()
        assert (await session.execute(text("SELECT * FROM city"))).all() == [(1, "pt")]


async def test_the_same_key_declared_twice_is_one_relation(make_engine: MakeEngine) -> None:
    _, reflection = await read(
        make_engine,
        "CREATE TABLE author (id INTEGER PRIMARY KEY)",
        """CREATE TABLE book (
            id INTEGER PRIMARY KEY, author_id INTEGER,
            FOREIGN KEY (author_id) REFERENCES author (id), FOREIGN KEY (author_id) REFERENCES author (id)
        )""",
    )

    assert relations(reflection) == {"Author": {"books": "[Book]"}, "Book": {"author": "Author"}}


async def test_one_column_may_refer_to_two_tables(make_engine: MakeEngine) -> None:
    _, reflection = await read(
        make_engine,
        "CREATE TABLE item (id INTEGER PRIMARY KEY)",
        "CREATE TABLE stock (id INTEGER PRIMARY KEY)",
        """CREATE TABLE line (
            id INTEGER PRIMARY KEY, item_id INTEGER,
            FOREIGN KEY (item_id) REFERENCES item (id), FOREIGN KEY (item_id) REFERENCES stock (id)
        )""",
    )

    found = relations(reflection)
    assert found["Item"] == found["Stock"] == {"lines": "[Line]"}
    assert sorted(found["Line"].values()) == ["Item", "Stock"]


async def test_tables_that_refer_to_each_other_can_be_written_at_once(
    make_engine: MakeEngine, backend: Backend
) -> None:
    head = "head_id INTEGER REFERENCES employee" if backend.name == "sqlite" else "head_id INTEGER"
    later = [] if backend.name == "sqlite" else ["ALTER TABLE department ADD FOREIGN KEY (head_id) REFERENCES employee"]
    engine, reflection = await read(
        make_engine,
        f"CREATE TABLE department (id INTEGER PRIMARY KEY, {head})",
        "CREATE TABLE employee (id INTEGER PRIMARY KEY, department_id INTEGER NOT NULL REFERENCES department)",
        *later,
    )

    assert relations(reflection) == {
        "Department": {"employees": "[Employee]", "head": "Employee"},
        "Employee": {"department": "Department", "departments": "[Department]"},
    }
    Department, Employee = models(reflection).values()
    async with AsyncSession(engine) as session:
        employee = make(Employee, id=1)
        session.add(make(Department, id=2, head=employee, employees=[employee]))
        await session.commit()
        assert (await session.execute(text("SELECT id, head_id FROM department"))).all() == [(2, 1)]
    assert [
        (model.__name__, item.key)
        for model in reflection.models
        for item in mapper(model).relationships
        if item.post_update
    ] == [("Department", "head"), ("Employee", "departments")]


async def test_the_database_decides_what_deleting_a_parent_does(make_engine: MakeEngine) -> None:
    engine, reflection = await read(
        make_engine,
        "CREATE TABLE author (id INTEGER PRIMARY KEY)",
        "CREATE TABLE book (id INTEGER PRIMARY KEY, author_id INTEGER NOT NULL REFERENCES author ON DELETE CASCADE)",
        "CREATE TABLE award (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES author)",
    )

    Author, Award, Book = models(reflection).values()
    async with AsyncSession(engine) as session:
        session.add_all([make(Book, id=1, author=make(Author, id=1)), make(Award, id=1, author=make(Author, id=2))])
        await session.commit()
        await session.delete(await session.get_one(Author, 1))
        await session.commit()
        assert list(await session.scalars(select(Book))) == []
        await session.delete(await session.get_one(Author, 2))
        with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
            await session.commit()


async def test_what_cannot_be_mapped_is_left_out_with_its_reason(make_engine: MakeEngine, backend: Backend) -> None:
    unknown, reason = ("point", "type 'point'") if backend.name == "postgresql" else ("TINYBLOB", "type 'TINYBLOB'")
    _, reflection = await read(
        make_engine,
        "CREATE TABLE log (line TEXT, code INTEGER UNIQUE)",
        f"CREATE TABLE place (id INTEGER PRIMARY KEY, position {unknown}, code INTEGER REFERENCES log (code))",
        "CREATE VIEW places AS SELECT id FROM place",
    )

    public = "public." if backend.name == "postgresql" else ""
    assert reflection.left_out == (
        LeftOut(f"{public}log", "no primary key"),
        LeftOut(f"{public}place.code", "refers to log, which is not among the models"),
        LeftOut(f"{public}place.position", f"{reason} is not known to SQLAlchemy"),
        LeftOut(f"{public}places", "view"),
    )
    assert columns(reflection) == {"Place": {"id": "id", "position": "position", "code": "code"}}
    assert relations(reflection) == {"Place": {}}


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_sqlite_finds_what_a_key_refers_to_whatever_its_case(make_engine: MakeEngine) -> None:
    engine, reflection = await read(
        make_engine,
        'CREATE TABLE "Artist" ("ArtistId" INTEGER PRIMARY KEY)',
        "CREATE TABLE album (id INTEGER PRIMARY KEY, artist_id INTEGER REFERENCES artist (artistid))",
        "CREATE TABLE song (id INTEGER PRIMARY KEY, artist_id INTEGER REFERENCES artist)",
    )

    assert relations(reflection) == {"Album": {"artist": "Artist"}, "Artist": {"albums": "[Album]"}}
    assert reflection.left_out == (
        LeftOut("song", "refers to artist, which does not exist under this name, without naming a column"),
    )
    Artist, Album = models(reflection).values()
    async with AsyncSession(engine) as session:
        session.add(make(Album, id=1, artist=make(Artist, artist_id=2)))
        await session.commit()
        assert (await session.execute(text("SELECT id, artist_id FROM album"))).all() == [(1, 2)]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_sqlite_leaves_out_what_it_keeps_for_itself(make_engine: MakeEngine) -> None:
    engine, reflection = await read(
        make_engine,
        "CREATE TABLE note (id INTEGER PRIMARY KEY AUTOINCREMENT, body, author_id INTEGER REFERENCES gone (id))",
        "CREATE VIRTUAL TABLE found USING fts5(body)",
    )

    assert reflection.left_out == (
        LeftOut("found", "virtual table"),
        LeftOut("found_config", "internal table of a virtual table"),
        LeftOut("found_content", "internal table of a virtual table"),
        LeftOut("found_data", "internal table of a virtual table"),
        LeftOut("found_docsize", "internal table of a virtual table"),
        LeftOut("found_idx", "internal table of a virtual table"),
        LeftOut("note.author_id", "refers to gone, which is not among the models"),
        LeftOut("note.body", "no type is declared"),
        LeftOut("sqlite_sequence", "internal table of SQLite"),
    )
    Note = models(reflection)["Note"]
    async with AsyncSession(engine) as session:
        await session.execute(text("PRAGMA foreign_keys = OFF"))  # else SQLite misses the other table
        session.add(make(Note, body="a"))
        await session.commit()
        assert list(await session.scalars(select(Note.body))) == ["a"]


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
async def test_postgresql_leaves_out_what_is_not_a_table(make_engine: MakeEngine) -> None:
    """A partitioned table with a primary key is a model; its partitions are not."""
    _, reflection = await read(
        make_engine,
        "CREATE SCHEMA crm",
        "CREATE TABLE crm.customer (id INTEGER PRIMARY KEY)",
        "CREATE DOMAIN spot AS point",
        "CREATE TABLE sale (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES crm.customer, at spot, path point[])"
        " PARTITION BY RANGE (id)",
        "CREATE TABLE sale_1 PARTITION OF sale FOR VALUES FROM (1) TO (10) PARTITION BY RANGE (id)",
        "CREATE TABLE sale_1_1 PARTITION OF sale_1 FOR VALUES FROM (1) TO (10)",
        "CREATE MATERIALIZED VIEW total AS SELECT count(*) FROM sale",
    )

    assert reflection.left_out == (
        LeftOut("public.sale.at", "type 'spot' is not known to SQLAlchemy"),
        LeftOut("public.sale.customer_id", "refers to crm.customer, which is not among the models"),
        LeftOut("public.sale.path", "type 'point[]' is not known to SQLAlchemy"),
        LeftOut("public.sale_1", "partition of sale"),
        LeftOut("public.sale_1_1", "partition of sale_1"),
        LeftOut("public.total", "materialized view"),
    )
    assert relations(reflection) == {"Sale": {}}


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
async def test_another_schema_can_be_read(make_engine: MakeEngine) -> None:
    engine, reflection = await read(
        make_engine,
        'CREATE SCHEMA "My CRM"',
        'CREATE TABLE "My CRM".customer (id INTEGER PRIMARY KEY, spot point)',
        'CREATE TABLE "My CRM".contact (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES "My CRM".customer)',
        'CREATE VIEW "My CRM".customers AS SELECT id FROM "My CRM".customer',
        "CREATE TABLE elsewhere (id INTEGER PRIMARY KEY)",
        schema="My CRM",
    )

    assert relations(reflection) == {"Contact": {"customer": "Customer"}, "Customer": {"contacts": "[Contact]"}}
    assert reflection.left_out == (
        LeftOut("My CRM.customer.spot", "type 'point' is not known to SQLAlchemy"),
        LeftOut("My CRM.customers", "view"),
    )
    Contact, Customer = models(reflection).values()
    async with AsyncSession(engine) as session:
        session.add(make(Contact, id=1, customer=make(Customer, id=2)))
        await session.commit()
        assert list(await session.scalars(select(Customer.id).where(Customer.contacts.any()))) == [2]


async def test_the_comment_of_a_table_is_the_docstring_of_its_class(make_engine: MakeEngine, backend: Backend) -> None:
    comment = ["COMMENT ON TABLE book IS 'What is read.'"] if backend.name == "postgresql" else []
    _, reflection = await read(make_engine, "CREATE TABLE book (id INTEGER PRIMARY KEY)", *comment)

    assert reflection.models[0].__doc__ == ("What is read." if comment else None)


async def test_an_empty_database_has_no_models(make_engine: MakeEngine) -> None:
    engine, reflection = await read(make_engine)

    assert reflection == Reflection((), 0, (), None if engine.dialect.name == "sqlite" else "public")
