"""Chinook, a sample database that others made, served whole from its SQLite file and from PostgreSQL.

The expected answers are plain SQL on the file: both databases hold the same rows.
"""

import base64
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import pytest
from sqlalchemy import URL

from gqlcrud import Api
from gqlcrud.targets import Target
from tests.databases import record_statements
from tests.running import ROOMY, run
from tests.urls import target_at

Sql = Callable[..., list[Any]]
PAGE = 500


@pytest.fixture(scope="module", params=["chinook_sqlite", "chinook_postgresql"])
async def target(request: pytest.FixtureRequest) -> AsyncIterator[Target]:
    url: URL = request.getfixturevalue(request.param)
    target = await target_at(url)
    yield target
    assert target.engine is not None
    await target.engine.dispose()


@pytest.fixture(scope="module")
def api(target: Target) -> Api:
    """Its pages are large, and so are those below them."""
    assert target.api is not None
    target.api.limits = ROOMY
    return target.api


@pytest.fixture(scope="module")
def sql(chinook_sqlite: URL) -> Iterator[Sql]:
    """`sql("SELECT ...")`: the rows of a query, those of a single column as plain values."""
    connection = sqlite3.connect(str(chinook_sqlite.database))

    def rows(query: str) -> list[Any]:
        found = connection.execute(query).fetchall()
        return [row[0] for row in found] if found and len(found[0]) == 1 else found

    yield rows
    connection.close()


def global_id(model: str, key: int | None) -> str | None:
    return None if key is None else base64.urlsafe_b64encode(f"{model}:{key}".encode()).decode().rstrip("=")


async def walk(api: Api, field: str, arguments: str, selection: str, size: int = PAGE) -> list[Any]:
    """The nodes of all pages of a root field, forwards."""
    nodes: list[Any] = []
    after = None
    while True:
        query = f"query($after: String) {{ page: {field}(first: {size}, after: $after {arguments}) {{ nodes {{ {selection} }}"
        page = (await run(api, f"{query} pageInfo {{ hasNextPage endCursor }} }} }}", after=after))["page"]
        nodes += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return nodes


# ---------- everything that is in it ----------


@dataclass(frozen=True)
class Table:
    """How a table of the file is told in GraphQL.

    keys: the columns that are global ids of a model; times, numbers: those that are told as texts.
    """

    model: str
    field: str
    keys: dict[str, str]
    times: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()

    def value(self, column: str, value: Any) -> Any:
        if column in self.keys:
            return global_id(self.keys[column], value)
        if column in self.times:
            return value and value.replace(" ", "T")
        return f"{value:.2f}" if column in self.numbers else value


TABLES = (
    Table("Album", "albums", {"ArtistId": "Artist"}),
    Table("Artist", "artists", {}),
    Table("Customer", "customers", {"SupportRepId": "Employee"}),
    Table("Employee", "employees", {"ReportsTo": "Employee"}, times=("BirthDate", "HireDate")),
    Table("Genre", "genres", {}),
    Table("Invoice", "invoices", {"CustomerId": "Customer"}, times=("InvoiceDate",), numbers=("Total",)),
    Table("InvoiceLine", "invoiceLines", {"InvoiceId": "Invoice", "TrackId": "Track"}, numbers=("UnitPrice",)),
    Table("MediaType", "mediaTypes", {}),
    Table("Playlist", "playlists", {}),
    Table(
        "Track",
        "tracks",
        {"AlbumId": "Album", "MediaTypeId": "MediaType", "GenreId": "Genre"},
        numbers=("UnitPrice",),
    ),
)


def test_there_are_ten_models_and_twenty_relations_and_nothing_is_left_out(target: Target) -> None:
    assert target.api is not None
    models = target.api.catalog.models

    assert [model.name for model in models] == [table.model for table in TABLES]
    assert (sum(len(model.relations) for model in models), target.left_out) == (20, ())


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.model)
async def test_every_column_of_every_row_is_told(target: Target, api: Api, sql: Sql, table: Table) -> None:
    names = sql(f"SELECT name FROM pragma_table_info('{table.model}')")
    rows = sql(f"SELECT *, NULL FROM {table.model} ORDER BY 1")
    fields = [name[0].lower() + name[1:] for name in names]
    # the one value in which the two samples differ
    other = {"Edinburgh ": "Edinburgh"} if target.name.startswith("postgresql") else {}

    assert await walk(api, table.field, "", " ".join(["id", *fields])) == [
        {
            "id": global_id(table.model, row[0]),
            **{
                field: table.value(name, other.get(value, value))
                for field, name, value in zip(fields, names, row, strict=False)
            },
        }
        for row in rows
    ]


RELATIONS = {
    "albums.artist": "SELECT AlbumId, ArtistId FROM Album",
    "albums.tracks": "SELECT AlbumId, TrackId FROM Track",
    "artists.albums": "SELECT ArtistId, AlbumId FROM Album",
    "customers.invoices": "SELECT CustomerId, InvoiceId FROM Invoice",
    "customers.supportRep": "SELECT CustomerId, SupportRepId FROM Customer",
    "employees.customers": "SELECT SupportRepId, CustomerId FROM Customer",
    "employees.employeeByReportsTo": "SELECT EmployeeId, ReportsTo FROM Employee",
    "employees.employeesByReportsTo": "SELECT ReportsTo, EmployeeId FROM Employee",
    "genres.tracks": "SELECT GenreId, TrackId FROM Track",
    "invoices.customer": "SELECT InvoiceId, CustomerId FROM Invoice",
    "invoices.invoiceLines": "SELECT InvoiceId, InvoiceLineId FROM InvoiceLine",
    "invoiceLines.invoice": "SELECT InvoiceLineId, InvoiceId FROM InvoiceLine",
    "invoiceLines.track": "SELECT InvoiceLineId, TrackId FROM InvoiceLine",
    "mediaTypes.tracks": "SELECT MediaTypeId, TrackId FROM Track",
    "playlists.tracks": "SELECT PlaylistId, TrackId FROM PlaylistTrack",
    "tracks.album": "SELECT TrackId, AlbumId FROM Track",
    "tracks.genre": "SELECT TrackId, GenreId FROM Track",
    "tracks.invoiceLines": "SELECT TrackId, InvoiceLineId FROM InvoiceLine",
    "tracks.mediaType": "SELECT TrackId, MediaTypeId FROM Track",
    "tracks.playlists": "SELECT TrackId, PlaylistId FROM PlaylistTrack",
}
"""The pairs of keys behind each relation, by root field and relation."""


def test_every_relation_is_among_those_that_are_followed(api: Api) -> None:
    found = {f"{model.many}.{relation.name}" for model in api.catalog.models for relation in model.relations}

    assert found == set(RELATIONS)


@pytest.mark.parametrize("path", RELATIONS)
async def test_every_relation_of_every_row_leads_where_the_keys_do(api: Api, sql: Sql, path: str) -> None:
    field, name = path.split(".")
    model = next(model for model in api.catalog.models if model.many == field)
    relation = next(relation for relation in model.relations if relation.name == name)
    target = relation.target.__name__
    pairs = sorted(pair for pair in sql(RELATIONS[path]) if None not in pair)
    related = {key: [pair[1] for pair in each] for key, each in groupby(pairs, key=lambda pair: pair[0])}

    nodes = await walk(
        api,
        field,
        "",
        f"id {name}(first: {PAGE}) {{ totalCount nodes {{ id }} }}" if relation.many else f"id {name} {{ id }}",
    )
    keys = sql(f"SELECT {model.name}Id FROM {model.name} ORDER BY 1")
    if not relation.many:
        expected: list[Any] = [{"id": global_id(target, related[key][0])} if key in related else None for key in keys]
    else:
        expected = [
            {
                "totalCount": len(related.get(key, [])),
                "nodes": [{"id": global_id(target, each)} for each in related.get(key, [])[:PAGE]],
            }
            for key in keys
        ]
    assert nodes == [{"id": global_id(model.name, key), name: each} for key, each in zip(keys, expected, strict=True)]


# ---------- several levels at once ----------


async def test_artists_down_to_the_genres_of_their_tracks(api: Api, sql: Sql) -> None:
    found = await run(
        api,
        """{ artists(where: {name: {in: ["AC/DC", "Aisha Duo"]}}, orderBy: [{name: DESC}]) { nodes { name
          albums(orderBy: [{title: ASC}]) { totalCount nodes { title
            tracks(first: 2, orderBy: [{milliseconds: DESC}]) { totalCount nodes { name genre { name } } } } } } } }""",
    )

    def tracks(album: int) -> dict[str, Any]:
        rows = sql(
            "SELECT Track.Name, Genre.Name FROM Track JOIN Genre USING (GenreId)"
            f" WHERE AlbumId = {album} ORDER BY Milliseconds DESC"
        )
        return {
            "totalCount": len(rows),
            "nodes": [{"name": name, "genre": {"name": genre}} for name, genre in rows[:2]],
        }

    def albums(artist: str) -> dict[str, Any]:
        rows = sql(
            f"SELECT AlbumId, Title FROM Album JOIN Artist USING (ArtistId) WHERE Name = '{artist}' ORDER BY Title"
        )
        return {"totalCount": len(rows), "nodes": [{"title": title, "tracks": tracks(album)} for album, title in rows]}

    assert found["artists"]["nodes"] == [{"name": name, "albums": albums(name)} for name in ("Aisha Duo", "AC/DC")]


async def test_employees_over_themselves_and_down_to_what_their_customers_bought(api: Api, sql: Sql) -> None:
    found = await run(
        api,
        """{ employees(where: {employeesByReportsTo: {none: {}}, customers: {some: {country: {eq: "USA"}}}}) { nodes {
          lastName employeeByReportsTo { lastName employeeByReportsTo { lastName employeeByReportsTo { lastName } } }
          customers(first: 1, where: {country: {eq: "USA"}}, orderBy: [{lastName: ASC}]) { totalCount nodes { lastName
            supportRep { lastName }
            invoices(last: 1) { nodes { total invoiceLines(first: 1) { nodes { quantity track { name } } } } } } } } } }""",
    )
    managers = {"lastName": "Edwards", "employeeByReportsTo": {"lastName": "Adams", "employeeByReportsTo": None}}

    def invoices(customer: int) -> dict[str, Any]:
        ((invoice, total),) = sql(
            f"SELECT InvoiceId, Total FROM Invoice WHERE CustomerId = {customer} ORDER BY InvoiceId DESC LIMIT 1"
        )
        ((quantity, track),) = sql(
            "SELECT Quantity, Name FROM InvoiceLine JOIN Track USING (TrackId)"
            f" WHERE InvoiceId = {invoice} ORDER BY InvoiceLineId LIMIT 1"
        )
        lines = [{"quantity": quantity, "track": {"name": track}}]
        return {"nodes": [{"total": f"{total:.2f}", "invoiceLines": {"nodes": lines}}]}

    def customers(employee: int, name: str) -> dict[str, Any]:
        rows = sql(
            "SELECT CustomerId, LastName FROM Customer"
            f" WHERE SupportRepId = {employee} AND Country = 'USA' ORDER BY LastName"
        )
        first = {"lastName": rows[0][1], "supportRep": {"lastName": name}, "invoices": invoices(rows[0][0])}
        return {"totalCount": len(rows), "nodes": [first]}

    assert found["employees"]["nodes"] == [
        {"lastName": name, "employeeByReportsTo": managers, "customers": customers(key, name)}
        for key, name in ((3, "Peacock"), (4, "Park"), (5, "Johnson"))
    ]


async def test_playlists_and_their_tracks_are_many_to_many(api: Api, sql: Sql) -> None:
    found = await run(
        api,
        """{ playlists(where: {name: {eq: "Grunge"}}) { nodes { name tracks(first: 3, orderBy: [{name: ASC}]) {
          totalCount edges { node { name playlists(orderBy: [{name: DESC}, {playlistId: ASC}]) { nodes { name } } } }
          pageInfo { hasNextPage hasPreviousPage } } } } }""",
    )
    tracks = sql(
        "SELECT TrackId, Track.Name FROM Track JOIN PlaylistTrack USING (TrackId) JOIN Playlist USING (PlaylistId)"
        " WHERE Playlist.Name = 'Grunge' ORDER BY Track.Name"
    )

    def playlists(track: int) -> dict[str, Any]:
        names = sql(
            "SELECT Name FROM Playlist JOIN PlaylistTrack USING (PlaylistId)"
            f" WHERE TrackId = {track} ORDER BY Name DESC, PlaylistId"
        )
        return {"nodes": [{"name": name} for name in names]}

    edges = [{"node": {"name": name, "playlists": playlists(track)}} for track, name in tracks[:3]]
    info = {"hasNextPage": True, "hasPreviousPage": False}
    connection = {"totalCount": len(tracks), "edges": edges, "pageInfo": info}
    assert found["playlists"]["nodes"] == [{"name": "Grunge", "tracks": connection}]


@pytest.mark.parametrize(
    ("query", "count", "known"),
    [
        ("artists(first: $n) { nodes { albums { nodes { tracks { nodes { genre { name } } } } } } }", 4, 3),
        (
            "playlists(first: $n) { totalCount nodes { tracks(first: 5) { totalCount nodes { playlists { totalCount } } } } }",
            5,
            4,
        ),
        (
            "customers(first: $n) { nodes { supportRep { employeeByReportsTo { lastName } } invoices { totalCount } } }",
            4,
            2,
        ),
        ("tracks(first: $n) { nodes { album { artist { name } } genre { name } mediaType { name } } }", 5, 1),
        ("invoices(first: $n) { nodes { invoiceLines { nodes { track { name playlists { totalCount } } } } } }", 4, 3),
        (
            "employees(first: $n) { nodes { employeesByReportsTo { nodes { customers(last: 2) { edges { cursor } } } } } }",
            3,
            3,
        ),
    ],
)
async def test_the_statements_depend_on_the_document_alone(
    target: Target, api: Api, query: str, count: int, known: int
) -> None:
    assert target.engine is not None
    counts = []
    for size in (1, 2, 200):  # the first time as a document that is not known
        with record_statements(target.engine) as statements:
            await run(api, f"query($n: Int) {{ {query} }}", n=size)
        counts.append(len(statements))

    assert counts == [count, known, known]


# ---------- filters ----------

FILTERS = [
    # dates, which the file holds as '2021-01-01 00:00:00'
    ("invoices", 'invoiceDate: {eq: "2021-01-01T00:00:00"}', "InvoiceDate = '2021-01-01 00:00:00'"),
    ("invoices", 'invoiceDate: {eq: "2021-01-01T00:00:00Z"}', "InvoiceDate = '2021-01-01 00:00:00'"),
    ("invoices", 'invoiceDate: {eq: "2021-01-01T00:00:00.000001"}', "FALSE"),
    ("invoices", 'invoiceDate: {ne: "2021-01-01T00:00:00"}', "InvoiceDate <> '2021-01-01 00:00:00'"),
    ("invoices", 'invoiceDate: {gte: "2021-01-02T00:00:00"}', "InvoiceDate >= '2021-01-02 00:00:00'"),
    ("invoices", 'invoiceDate: {gt: "2021-01-02T00:00:00"}', "InvoiceDate > '2021-01-02 00:00:00'"),
    ("invoices", 'invoiceDate: {lt: "2021-01-02T00:00:00"}', "InvoiceDate < '2021-01-02 00:00:00'"),
    ("invoices", 'invoiceDate: {lte: "2021-01-02T00:00:00"}', "InvoiceDate <= '2021-01-02 00:00:00'"),
    (
        "invoices",
        'invoiceDate: {gte: "2022-01-01T00:00:00", lt: "2023-01-01T00:00:00"}',
        "InvoiceDate LIKE '2022-%'",
    ),
    (
        "invoices",
        'invoiceDate: {in: ["2021-01-01T00:00:00", "2021-01-02T00:00:00", "1999-01-01T00:00:00"]}',
        "InvoiceDate IN ('2021-01-01 00:00:00', '2021-01-02 00:00:00')",
    ),
    ("invoices", 'invoiceDate: {notIn: ["2021-01-01T00:00:00"]}', "InvoiceDate <> '2021-01-01 00:00:00'"),
    ("employees", 'birthDate: {lt: "1960-01-01T00:00:00"}', "BirthDate < '1960-01-01 00:00:00'"),
    # decimals
    ("invoices", 'total: {eq: "1.98"}', "Total = 1.98"),
    ("invoices", 'total: {gt: "1.98", lte: "8.91"}', "Total > 1.98 AND Total <= 8.91"),
    ("invoices", 'total: {in: ["0.99", "25.86"]}', "Total IN (0.99, 25.86)"),
    ("invoices", 'total: {ne: "1.980"}', "Total <> 1.98"),
    ("tracks", 'unitPrice: {notIn: ["0.99"]}', "UnitPrice <> 0.99"),
    # texts, with accents and marks of patterns
    ("tracks", 'name: {contains: "%"}', "instr(Name, '%')"),
    ("tracks", 'name: {startsWith: "A", endsWith: "a"}', "substr(Name, 1, 1) = 'A' AND substr(Name, -1) = 'a'"),
    ("tracks", 'name: {iContains: "ROCK"}', "lower(Name) LIKE '%rock%'"),
    ("tracks", "composer: {isNull: true}", "Composer IS NULL"),
    ("tracks", 'composer: {ne: "U2"}', "Composer <> 'U2'"),
    ("tracks", 'not: {composer: {eq: "U2"}}', "Composer IS NOT 'U2'"),
    ("artists", 'name: {iEq: "titãs"}', "Name = 'Titãs'"),
    ("artists", 'name: {gte: "X"}', "Name >= 'X'"),
    # numbers
    ("tracks", "milliseconds: {gt: 5000000}", "Milliseconds > 5000000"),
    ("tracks", "milliseconds: {lt: 5000, gt: 1000}", "Milliseconds BETWEEN 1001 AND 4999"),
    # relations
    ("tracks", 'album: {is: {artist: {is: {name: {eq: "AC/DC"}}}}}', "AlbumId IN (1, 4)"),
    ("tracks", 'genre: {isNot: {name: {eq: "Rock"}}}', "GenreId IS NOT 1"),
    (
        "tracks",
        'playlists: {some: {name: {eq: "Grunge"}}}',
        "TrackId IN (SELECT TrackId FROM PlaylistTrack WHERE PlaylistId = 16)",
    ),
    ("tracks", "invoiceLines: {none: {}}", "TrackId NOT IN (SELECT TrackId FROM InvoiceLine)"),
    ("artists", "albums: {count: {gte: 10}}", "(SELECT count(*) FROM Album WHERE ArtistId = Artist.ArtistId) >= 10"),
    ("artists", "albums: {none: {}}", "ArtistId NOT IN (SELECT ArtistId FROM Album)"),
    (
        "albums",
        "tracks: {every: {composer: {isNull: false}}, some: {}}",
        "AlbumId NOT IN (SELECT AlbumId FROM Track WHERE Composer IS NULL)",
    ),
    ("employees", 'employeeByReportsTo: {is: {lastName: {eq: "Adams"}}}', "ReportsTo = 1"),
    ("employees", "employeeByReportsTo: {isNull: true}", "ReportsTo IS NULL"),
    ("employees", "employeesByReportsTo: {count: {eq: 0}}", "EmployeeId NOT IN (1, 2, 6)"),
    ("customers", 'supportRep: {is: {lastName: {in: ["Park"]}}}', "SupportRepId = 4"),
    # combinations
    (
        "customers",
        'or: [{country: {eq: "Brazil"}}, {and: [{country: {eq: "USA"}}, {state: {ne: "CA"}}]}], fax: {isNull: true}',
        "(Country = 'Brazil' OR Country = 'USA' AND State <> 'CA') AND Fax IS NULL",
    ),
    ("customers", "or: []", "FALSE"),
    ("customers", "and: []", "TRUE"),
]


@pytest.mark.parametrize(("field", "where", "condition"), FILTERS)
async def test_a_filter_finds_what_sql_finds(api: Api, sql: Sql, field: str, where: str, condition: str) -> None:
    model = next(model for model in api.catalog.models if model.many == field)
    key = model.primary_key[0].name
    nodes = await walk(api, field, f"where: {{{where}}}", key)
    total = await run(api, f"{{ {field}(where: {{{where}}}) {{ totalCount }} }}")

    found = sql(f"SELECT {model.name}Id FROM {model.name} WHERE {condition} ORDER BY 1")
    assert ([node[key] for node in nodes], total) == (found, {field: {"totalCount": len(found)}})


async def test_global_ids_lead_back_to_their_records(api: Api) -> None:
    ids = [global_id("Album", 1), global_id("Artist", 22), global_id("Album", 9999), "nonsense"]
    found = await run(
        api,
        """query($ids: [ID!]!, $artist: ID!) { nodes(ids: $ids) { __typename ... on Album { title } ... on Artist { name } }
          albums(where: {artistId: {eq: $artist}}, first: 1) { totalCount }
          album(by: {albumId: 4}) { id artist { id name } } }""",
        ids=ids,
        artist=ids[1],
    )

    assert found == {
        "nodes": [
            {"__typename": "Album", "title": "For Those About To Rock We Salute You"},
            {"__typename": "Artist", "name": "Led Zeppelin"},
            None,
            None,
        ],
        "albums": {"totalCount": 14},
        "album": {"id": global_id("Album", 4), "artist": {"id": global_id("Artist", 1), "name": "AC/DC"}},
    }


# ---------- walks over all 3,503 tracks ----------

LINES = "(SELECT count(*) FROM InvoiceLine WHERE InvoiceLine.TrackId = Track.TrackId)"
WALKS = {
    "": "TrackId",
    "{name: ASC}": "Track.Name, TrackId",
    "{composer: DESC}": "Composer IS NULL DESC, Composer DESC, TrackId",
    "{composer: ASC_NULLS_FIRST}, {milliseconds: DESC}": "Composer, Milliseconds DESC, TrackId",
    "{unitPrice: DESC}, {bytes: ASC}": "UnitPrice DESC, Bytes, TrackId",
    "{album: {title: ASC}}, {trackId: DESC}": "Title, TrackId DESC",
    "{genre: {name: DESC}}, {mediaType: {name: ASC}}": "Genre.Name DESC, MediaType.Name, TrackId",
    "{invoiceLines: {count: DESC}}, {name: DESC}": f"{LINES} DESC, Track.Name DESC, TrackId",
}


@pytest.mark.parametrize("order", WALKS)
@pytest.mark.parametrize("forward", [True, False], ids=["forwards", "backwards"])
async def test_pages_give_every_track_once_in_order(api: Api, sql: Sql, order: str, forward: bool) -> None:
    size, bound, more = ("first", "after", "hasNextPage") if forward else ("last", "before", "hasPreviousPage")
    found: list[int] = []
    cursor, pages = None, 0
    while pages == 0 or cursor is not None:
        page = (
            await run(
                api,
                f"query($cursor: String) {{ tracks({size}: 301, {bound}: $cursor, orderBy: [{order}])"
                f" {{ nodes {{ trackId }} pageInfo {{ {more} startCursor endCursor }} }} }}",
                cursor=cursor,
            )
        )["tracks"]
        keys = [node["trackId"] for node in page["nodes"]]
        found = found + keys if forward else keys + found
        cursor = page["pageInfo"]["endCursor" if forward else "startCursor"] if page["pageInfo"][more] else None
        pages += 1

    tables = "Track JOIN Album USING (AlbumId) JOIN Genre USING (GenreId) JOIN MediaType USING (MediaTypeId)"
    assert (pages, found) == (12, sql(f"SELECT TrackId FROM {tables} ORDER BY {WALKS[order]}"))


async def test_a_walk_down_one_playlist_gives_each_of_its_tracks_once(api: Api, sql: Sql) -> None:
    found: list[int] = []
    after = None
    while after is not None or not found:
        query = """query($after: String) { playlist(by: {playlistId: 1}) {
          tracks(first: 499, after: $after, orderBy: [{composer: DESC_NULLS_LAST}]) {
            nodes { trackId } pageInfo { hasNextPage endCursor } } } }"""
        page = (await run(api, query, after=after))["playlist"]["tracks"]
        found += [node["trackId"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None

    tracks = "SELECT TrackId FROM Track JOIN PlaylistTrack USING (TrackId) WHERE PlaylistId = 1"
    assert found == sql(f"{tracks} ORDER BY Composer DESC, TrackId")
