"""How many statements an operation runs: one for each relation field, whatever the number of parents."""

import base64
import json
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import DeclarativeBase
from strawberry.types import Info

from gqlcrud import Api, ModelOptions, field, load_record, load_relation
from tests import shelf, zoo
from tests.databases import MakeEngine, record_statements
from tests.running import run, save

MANY = 200


def shelf_rows() -> list[Any]:
    """Author n has book n, which has tag n and one order item."""
    rows: list[Any] = []
    for n in range(1, MANY + 1):
        book = shelf.Book(id=n, title=f"Book {n}", price=1, version=1, tags=[shelf.Tag(id=n, label=f"Tag {n}")])
        book.order_items.append(shelf.OrderItem(order_no=n, line_no=1, quantity=1))
        rows.append(shelf.Author(id=n, name=f"Author {n}", books=[book]))
    return rows


def composite_rows() -> list[Any]:
    """Warehouse n has one bin, which has one parcel; folder n is the parent of folder n + 1."""
    rows: list[Any] = []
    for n in range(1, MANY + 1):
        parcel = zoo.Parcel(id=n, barcode=str(n))
        rows.append(zoo.Warehouse(tenant_id=n, code="w", bins=[zoo.Bin(number=n, parcels=[parcel])]))
        rows.append(zoo.Folder(tenant_id=1, folder_id=n, parent_id=n - 1 or None, name=str(n)))
    return rows


def plain_rows() -> list[Any]:
    """Every person has a passport and a locker; every airport a flight to itself; comment n replies to comment n - 1."""
    rows: list[Any] = []
    for n in range(1, MANY + 1):
        code = f"{n:03}"
        rows.append(zoo.Airport(id=n, code=code, departures=[zoo.Flight(id=n, target_code=code)]))
        rows.append(zoo.Comment(id=n, body=str(n), parent_id=n - 1 or None))
    return rows


def linked_rows() -> list[Any]:
    """Account n follows account n; playlist n holds track n; student n takes course n."""
    rows: list[Any] = []
    for n in range(1, MANY + 1):
        account = zoo.Account(id=n, name=str(n))
        account.following = [account]
        entry = zoo.PlaylistEntry(track=zoo.Track(id=n, title=str(n)), position=1)
        courses = [zoo.Course(tenant=1, code=str(n))]
        rows += [account, zoo.Playlist(id=n, name=str(n), entries=[entry]), zoo.Student(id=n, name="", courses=courses)]
    return rows


def joined_rows() -> list[Any]:
    """Worker n earns n, band n is for those who earn n; each worker has one line in the log."""
    rows: list[Any] = []
    for n in range(1, MANY + 1):
        log = [zoo.LogLine(id=n, severity="error")]
        rows += [zoo.Band(id=n, low=n, high=n + 1), zoo.Worker(id=n, name=str(n), salary=n, log=log)]
    return rows


ROWS: dict[type[DeclarativeBase], Any] = {
    shelf.Base: shelf_rows,
    zoo.Composites: composite_rows,
    zoo.Plain: plain_rows,
    zoo.ManyToMany: linked_rows,
    zoo.Joins: joined_rows,
}


class Shops:
    """The Api of each section, on one database for the whole module."""

    def __init__(self, make_engine: MakeEngine) -> None:
        self._make_engine = make_engine
        self._engines: dict[type[DeclarativeBase], AsyncEngine] = {}

    async def engine(self, base: type[DeclarativeBase]) -> AsyncEngine:
        if base not in self._engines:
            engine = self._engines[base] = await self._make_engine(base.metadata)
            await save(engine, *ROWS[base]())
        return self._engines[base]


@pytest.fixture(scope="module")
def shops(make_module_engine: MakeEngine) -> Shops:
    return Shops(make_module_engine)


async def statements_of(api: Api, engine: AsyncEngine, query: str, **variables: Any) -> list[str]:
    """The statements that an operation runs."""
    with record_statements(engine) as statements:
        await run(api, query, **variables)
    return [sql for sql, _ in statements]


@pytest.mark.parametrize(
    ("base", "query", "count"),
    [
        # to-one, to-many, many-to-many, in one direction and the other
        (shelf.Base, "books(first: $n) { nodes { authorId } }", 1),
        (shelf.Base, "books(first: $n) { nodes { author { name } } }", 2),
        (shelf.Base, "authors(first: $n) { nodes { books { nodes { title } } } }", 2),
        (shelf.Base, "authors(first: $n) { nodes { books { totalCount } } }", 2),
        (shelf.Base, "authors(first: $n) { totalCount nodes { books { totalCount nodes { title } } } }", 4),
        (shelf.Base, "books(first: $n) { nodes { tags { edges { weight cursor node { label } } } } }", 2),
        (shelf.Base, "books(first: $n) { nodes { tags { totalCount edges { node { books { totalCount } } } } } }", 4),
        (shelf.Base, "books(first: $n) { nodes { orderItems { nodes { book { title } } totalCount } } }", 4),
        (
            shelf.Base,
            "authors(first: $n) { nodes { books(last: 1) { nodes { title } pageInfo { hasPreviousPage } } } }",
            2,
        ),
        (shelf.Base, "authors(first: $n) { nodes { books(offset: 1) { pageInfo { hasPreviousPage } } } }", 2),
        # nested
        (
            shelf.Base,
            "authors(first: $n) { nodes { books { nodes { tags { nodes { books { nodes { author { name } } } } } } } } }",
            5,
        ),
        (
            shelf.Base,
            """authors(first: $n) { totalCount nodes { books { totalCount nodes {
                tags { totalCount nodes { books { totalCount nodes { author { books { totalCount } } } } } }
                orderItems { totalCount nodes { quantity } }
            } } } }""",
            12,
        ),
        # composite keys
        (zoo.Composites, "warehouses(first: $n) { nodes { bins { nodes { parcels { nodes { bin { id } } } } } } }", 4),
        (zoo.Composites, "bins(first: $n) { nodes { warehouse { code } parcels { totalCount } } }", 3),
        (zoo.Composites, "folders(first: $n) { nodes { parent { name } children { nodes { name } } } }", 3),
        # keys that are not primary, trees
        (zoo.Plain, "airports(first: $n) { nodes { departures { nodes { target { code } } } } }", 3),
        (zoo.Plain, "flights(first: $n) { nodes { origin { code } target { code } } }", 3),
        (zoo.Plain, "comments(first: $n) { nodes { parent { body } replies { totalCount nodes { body } } } }", 4),
        # links
        (zoo.ManyToMany, "accounts(first: $n) { nodes { following { nodes { name followers { totalCount } } } } }", 3),
        (zoo.ManyToMany, "students(first: $n) { nodes { courses { totalCount edges { grade node { code } } } } }", 3),
        (zoo.ManyToMany, "courses(first: $n) { nodes { students { nodes { name } } } }", 2),
        (
            zoo.ManyToMany,
            "playlists(first: $n) { nodes { entries { nodes { track { title } } } tracks { totalCount } } }",
            4,
        ),
        # joins of their own
        (zoo.Joins, "workers(first: $n) { nodes { band { low } } }", 2),
        (zoo.Joins, "bands(first: $n) { nodes { workers { totalCount nodes { name } } } }", 3),
        (zoo.Joins, "workers(first: $n) { nodes { log { totalCount } errors { nodes { severity } } } }", 3),
    ],
)
async def test_statements_are_as_many_for_two_parents_as_for_two_hundred(
    shops: Shops, base: type[DeclarativeBase], query: str, count: int
) -> None:
    """And they are the same ones for any number of keys beyond one, so that a database prepares each of them once."""
    engine = await shops.engine(base)
    api = Api(base, engine)
    document = f"query($n: Int!) {{ {query} }}"

    few = await statements_of(api, engine, document, n=2)
    several = await statements_of(api, engine, document, n=9)
    many = await statements_of(api, engine, document, n=MANY)

    assert len(few) == count
    assert several == many


async def test_nodes_by_id_are_one_statement_for_each_type(shops: Shops) -> None:
    engine = await shops.engine(shelf.Base)
    api = Api(shelf.Base, engine)
    query = """query($ids: [ID!]!) { nodes(ids: $ids) {
        ... on Author { books { nodes { title } } }
        ... on Book { author { name } }
    } }"""

    few = await statements_of(api, engine, query, ids=ids("Author", "Book", count=2))
    many = await statements_of(api, engine, query, ids=ids("Author", "Book", count=MANY))

    assert (len(few), few) == (4, many)


def ids(*types: str, count: int) -> list[str]:
    return [
        base64.urlsafe_b64encode(f"{name}:{n}".encode()).decode().rstrip("=")
        for n in range(1, count + 1)
        for name in types
    ]


class BookFields:
    """Fields of one's own: from there on nothing is planned ahead."""

    @field(requires=["author"])
    async def writer(self, info: Info) -> shelf.Author | None:
        author: shelf.Author | None = await load_relation(info, self, shelf.Book.author)
        return author

    @field(requires=["id"])
    async def twin(self: Any, info: Info) -> shelf.Book | None:
        return await load_record(info, shelf.Book, self.id)


async def test_own_resolvers_of_all_parents_share_a_statement(shops: Shops) -> None:
    engine = await shops.engine(shelf.Base)
    api = Api(shelf.Base, engine, models={shelf.Book: ModelOptions(fields=BookFields)})
    query = """query($n: Int!) { books(first: $n) { nodes {
        writer { name books { totalCount nodes { tags { nodes { label } } } } }
        twin { orderItems { nodes { quantity } } }
    } } }"""

    few = await statements_of(api, engine, query, n=2)
    many = await statements_of(api, engine, query, n=MANY)

    assert (len(few), sorted(few)) == (7, sorted(many))


# ---------- requests that are equal ----------


@pytest.mark.parametrize(
    ("query", "count"),
    [
        # at the root
        ("{ a: authors(first: 3) { nodes { name } } b: authors(first: 3) { nodes { name } } }", 1),
        ("{ a: authors(first: 3) { nodes { name } } b: authors(first: 4) { nodes { name } } }", 2),
        ("{ a: authors { totalCount } b: authors(first: 9) { totalCount } authors(where: {}) { totalCount } }", 2),
        ("{ a: author(by: {rowId: 1}) { name } b: author(by: {rowId: 2}) { name } }", 1),
        ('{ a: author(by: {rowId: 1}) { name } b: author(by: {email: "x"}) { name } }', 2),
        ('{ author(by: {rowId: 1}) { id } node(id: "QXV0aG9yOjE") { id } nodes(ids: ["QXV0aG9yOjI"]) { id } }', 1),
        # below
        ("{ authors { nodes { a: books { nodes { title } } b: books { nodes { title } } } } }", 2),
        ("{ authors { nodes { a: books { nodes { title } } b: books { totalCount } } } }", 3),
        ("{ authors { nodes { a: books { nodes { title } } b: books(first: 1) { nodes { title } } } } }", 3),
        (
            '{ authors { nodes { a: books(where: {title: {eq: "x"}}) { nodes { title } } b: books { nodes { title } } } } }',
            3,
        ),
        ("{ books { nodes { a: author { name } b: author { email } } } }", 2),
        (
            """{ authors { nodes {
                a: books { nodes { tags(first: 1) { nodes { label } } } }
                b: books { nodes { tags(first: 2) { nodes { label } } } }
            } } }""",
            4,
        ),
        # children of different fields
        (
            """{
                a: authors(first: 2) { nodes { books { nodes { title } } } }
                b: authors(last: 2) { nodes { books { nodes { title } } } }
            }""",
            3,
        ),
        (
            """{
                a: authors(first: 2) { nodes { books { nodes { tags { nodes { label } } } } } }
                author(by: {rowId: 3}) { books { nodes { tags { nodes { label } } } } }
                nodes(ids: ["QXV0aG9yOjI"]) { ... on Author { books { nodes { tags { nodes { label } } } } } }
            }""",
            4,
        ),
    ],
)
async def test_equal_requests_share_a_statement(shops: Shops, query: str, count: int) -> None:
    engine = await shops.engine(shelf.Base)
    api = Api(shelf.Base, engine)

    assert len(await statements_of(api, engine, query)) == count


async def test_aliases_of_one_request_show_each_their_own(shops: Shops) -> None:
    api = Api(shelf.Base, await shops.engine(shelf.Base))
    query = """{
        a: authors(first: 1) { nodes { name } }
        b: authors(first: 1) { nodes { name } }
        c: authors(first: 1) { x: nodes { rowId } y: nodes { name books { nodes { title } } } }
        d: author(by: {rowId: 2}) { name }
        e: author(by: {rowId: 2}) { name }
        f: node(id: "QXV0aG9yOjI") { ... on Author { name } }
    }"""

    assert await run(api, query) == {
        "a": {"nodes": [{"name": "Author 1"}]},
        "b": {"nodes": [{"name": "Author 1"}]},
        "c": {"x": [{"rowId": 1}], "y": [{"name": "Author 1", "books": {"nodes": [{"title": "Book 1"}]}}]},
        "d": {"name": "Author 2"},
        "e": {"name": "Author 2"},
        "f": {"name": "Author 2"},
    }


async def test_each_key_is_loaded_once(shops: Shops) -> None:
    """Five authors ask for their books, three of them twice; the keys of the statement are five."""
    engine = await shops.engine(shelf.Base)
    api = Api(shelf.Base, engine)
    query = """{
        a: authors(first: 5) { nodes { books { nodes { author { name } } } } }
        b: authors(first: 3) { nodes { books { nodes { author { name } } } } }
    }"""
    with record_statements(engine) as statements:
        await run(api, query)

    keys = [keys_of(parameters) for _, parameters in statements]
    assert keys == [[], [], [1, 2, 3, 4, 5], [1, 2, 3, 4, 5]]


def keys_of(parameters: Any) -> list[int]:
    """The keys of a batch as either driver is given them."""
    for value in parameters:
        if isinstance(value, list):
            return sorted(value)
        if isinstance(value, str) and value.startswith("[["):
            return sorted(key for (key,) in json.loads(value))
    return []
