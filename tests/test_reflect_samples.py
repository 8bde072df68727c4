"""The sample databases, reflected: every name, everything left out, and queries along the relations."""

import pytest
from sqlalchemy import URL, func, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from tests.databases import record_statements
from tests.reflecting import columns, models, reflect, relations

CHINOOK = {
    "Album": {"artist": "Artist", "tracks": "[Track]"},
    "Artist": {"albums": "[Album]"},
    "Customer": {"invoices": "[Invoice]", "support_rep": "Employee"},
    "Employee": {
        "customers": "[Customer]",
        "employee_by_reports_to": "Employee",
        "employees_by_reports_to": "[Employee]",
    },
    "Genre": {"tracks": "[Track]"},
    "Invoice": {"customer": "Customer", "invoice_lines": "[InvoiceLine]"},
    "InvoiceLine": {"invoice": "Invoice", "track": "Track"},
    "MediaType": {"tracks": "[Track]"},
    "Playlist": {"tracks": "[Track]"},
    "Track": {
        "album": "Album",
        "genre": "Genre",
        "invoice_lines": "[InvoiceLine]",
        "media_type": "MediaType",
        "playlists": "[Playlist]",
    },
}


@pytest.fixture(params=["chinook_sqlite", "chinook_postgresql"])
def chinook(request: pytest.FixtureRequest) -> URL:
    url: URL = request.getfixturevalue(request.param)
    return url


async def test_chinook_is_named_alike_on_both_backends(chinook: URL) -> None:
    engine = create_async_engine(chinook)
    reflection = await reflect(engine)
    Album, _, _, Employee, _, _, _, _, Playlist, Track = models(reflection).values()
    async with AsyncSession(engine) as session:
        tracks = select(func.count(Track.track_id)).join(Track.album).where(Album.title == "Big Ones")
        reports = select(Employee.last_name).where(Employee.employee_by_reports_to.has(last_name="Adams"))
        managers = select(Employee.last_name).where(Employee.employees_by_reports_to.any(last_name="King"))
        music = select(func.count(Track.track_id)).where(Track.playlists.any(Playlist.name == "Grunge"))
        answers = (
            await session.scalar(tracks),
            list(await session.scalars(reports.order_by(Employee.last_name))),
            list(await session.scalars(managers)),
            await session.scalar(music),
        )
    await engine.dispose()

    assert relations(reflection) == CHINOOK
    assert reflection.left_out == ()
    assert answers == (15, ["Edwards", "Mitchell"], ["Mitchell"], 15)


async def test_chinook_columns_are_snake_case_on_both_backends(chinook: URL) -> None:
    engine = create_async_engine(chinook)
    found = columns(await reflect(engine))
    await engine.dispose()

    assert {name: " ".join(attributes) for name, attributes in found.items()} == {
        "Album": "album_id title artist_id",
        "Artist": "artist_id name",
        "Customer": "customer_id first_name last_name company address city state country postal_code phone fax email"
        " support_rep_id",
        "Employee": "employee_id last_name first_name title reports_to birth_date hire_date address city state country"
        " postal_code phone fax email",
        "Genre": "genre_id name",
        "Invoice": "invoice_id customer_id invoice_date billing_address billing_city billing_state billing_country"
        " billing_postal_code total",
        "InvoiceLine": "invoice_line_id invoice_id track_id unit_price quantity",
        "MediaType": "media_type_id name",
        "Playlist": "playlist_id name",
        "Track": "track_id name album_id media_type_id genre_id composer milliseconds bytes unit_price",
    }


PAGILA = {
    "Actor": {"film_actors": "[FilmActor]"},
    "Address": {"city": "City", "customers": "[Customer]", "staffs": "[Staff]", "stores": "[Store]"},
    "Category": {"film_categories": "[FilmCategory]"},
    "City": {"addresses": "[Address]", "country": "Country"},
    "Country": {"cities": "[City]"},
    "Customer": {"address": "Address", "rentals": "[Rental]", "store": "Store"},
    "Film": {
        "film_actors": "[FilmActor]",
        "film_categories": "[FilmCategory]",
        "inventories": "[Inventory]",
        "language": "Language",
        "original_language": "Language",
    },
    "FilmActor": {"actor": "Actor", "film": "Film"},
    "FilmCategory": {"category": "Category", "film": "Film"},
    "Inventory": {"film": "Film", "rentals": "[Rental]", "store": "Store"},
    "Language": {"films_by_language": "[Film]", "films_by_original_language": "[Film]"},
    "Rental": {"customer": "Customer", "inventory": "Inventory", "staff": "Staff"},
    "Staff": {"address": "Address", "rentals": "[Rental]", "store": "Store", "store_by_manager_staff": "Store"},
    "Store": {
        "address": "Address",
        "customers": "[Customer]",
        "inventories": "[Inventory]",
        "manager_staff": "Staff",
        "staffs": "[Staff]",
    },
}


async def test_pagila_is_read_in_a_fixed_number_of_statements(pagila_postgresql: URL) -> None:
    engine = create_async_engine(pagila_postgresql)
    with record_statements(engine) as statements:
        reflection = await reflect(engine)
    Film, Store, Staff = (models(reflection)[name] for name in ("Film", "Store", "Staff"))
    async with AsyncSession(engine) as session:
        film = await session.get_one(Film, 1)
        managers = select(Store.store_id, Staff.username).join(Store.manager_staff).order_by(Store.store_id)
        answers = film.title, film.rating, film.special_features, (await session.execute(managers)).all()
    await engine.dispose()

    assert relations(reflection) == PAGILA
    assert [(item.name.removeprefix("public."), item.reason) for item in reflection.left_out] == [
        ("actor_info", "view"),
        ("customer_list", "view"),
        ("film_list", "view"),
        ("nicer_but_slower_film_list", "materialized view"),
        ("payment", "no primary key"),
        ("payment_p0000_default", "partition of payment"),
        ("payment_p2007_01", "partition of payment"),
        ("payment_p2007_02", "partition of payment"),
        ("payment_p2007_03", "partition of payment"),
        ("payment_p2007_04", "partition of payment"),
        ("payment_p2007_05", "partition of payment"),
        ("payment_p2007_06", "partition of payment"),
        ("payment_p2007_07_max", "partition of payment"),
        ("rental_report", "view"),
        ("sales_by_film_category", "view"),
        ("sales_by_store", "view"),
        ("sales_top5_by_film_category", "view"),
        ("staff_list", "view"),
    ]
    features = ["Deleted Scenes", "Behind the Scenes"]
    assert answers == ("ACADEMY DINOSAUR", "PG", features, [(1, "Mike"), (2, "Jon")])
    # One per kind of thing to read (columns, keys, indexes, ...), however many tables there are.
    assert len(statements) < 20
