"""What other libraries got wrong when they read, each failure as a test: it was reproduced or reported by real users."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import JSON, BigInteger, ForeignKey, String, delete
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from gqlcrud import Api, Limits, ModelOptions
from tests import zoo
from tests.databases import MakeEngine, record_statements
from tests.running import refused, run, save
from tests.shelf import Author, Base, Book, OrderItem, Tag

AUTHORS = 10
START = datetime(2024, 1, 1, tzinfo=UTC)


def shelf() -> Iterable[Any]:
    """Author n has n books, with n tags and n order items each; every third book has no date, every other no ISBN."""
    tags = [Tag(id=n, label=f"tag {n}") for n in range(1, AUTHORS + 1)]
    yield from tags
    book = 0
    for n in range(1, AUTHORS + 1):
        yield Author(id=n, name=f"Author {n}")
        for _ in range(n):
            book += 1
            yield Book(
                id=book,
                title=f"Book {book}",
                price=n,
                version=1,
                author_id=n,
                isbn=f"isbn {book}" if book % 2 else None,
                published_at=START + timedelta(days=book // 4) if book % 3 else None,
                tags=tags[:n],
                order_items=[OrderItem(order_no=book, line_no=line, quantity=1) for line in range(1, n + 1)],
            )


BOOKS = AUTHORS * (AUTHORS + 1) // 2


@pytest.fixture(scope="module")
async def engine(make_module_engine: MakeEngine) -> AsyncEngine:
    """The shelf, for reading only."""
    engine = await make_module_engine(Base.metadata)
    await save(engine, *shelf())
    return engine


@pytest.fixture(scope="module")
def api(engine: AsyncEngine) -> Api:
    return Api(Base, engine)


async def rows_fetched(engine: AsyncEngine, api: Api, query: str, **variables: Any) -> list[int]:
    """How many rows each statement of an operation gives."""
    with record_statements(engine) as statements:
        await run(api, query, **variables)
    async with engine.connect() as connection:
        return [len((await connection.exec_driver_sql(sql, parameters)).fetchall()) for sql, parameters in statements]


def titles(connection: Any) -> list[str]:
    return [node["title"] for node in connection["nodes"]]


# ---------- sessions and concurrency ----------


@pytest.fixture(params=["engine", "sessionmaker", "session"])
async def pinged(request: pytest.FixtureRequest, engine: AsyncEngine) -> AsyncIterator[Any]:
    """Runs operations over a pool that pings a connection before it is used, by each kind of source."""
    pool = create_async_engine(engine.url, pool_pre_ping=True, pool_size=1, max_overflow=0)
    maker = async_sessionmaker(pool)
    source: Any = {"engine": pool, "sessionmaker": maker, "session": lambda: None}[request.param]
    api = Api(Base, source)

    async def execute(query: str) -> Any:
        if request.param != "session":
            return await run(api, query)
        async with maker() as session:
            result = await api.execute(query, session=session)
        assert result.errors is None
        return result.data

    yield execute
    await pool.dispose()


async def test_two_root_fields_share_a_session_with_pre_ping(pinged: Any) -> None:
    """strawchemy, strawberry-sqlalchemy: "provisioning a new connection", always with pool_pre_ping (DataJunction #2024)."""
    for _ in range(2):
        found = await pinged(
            """{ authors(first: 1) { nodes { name books { totalCount } } } books(first: 1) { nodes { title tags { totalCount }
              author { name } } } tags(first: 1) { nodes { label } } all: books { totalCount } }"""
        )
        assert found == {
            "authors": {"nodes": [{"name": "Author 1", "books": {"totalCount": 1}}]},
            "books": {"nodes": [{"title": "Book 1", "tags": {"totalCount": 1}, "author": {"name": "Author 1"}}]},
            "tags": {"nodes": [{"label": "tag 1"}]},
            "all": {"totalCount": BOOKS},
        }


async def test_no_state_is_shared_between_requests_in_turn_and_interleaved(api: Api) -> None:
    """strawberry-django's optimizer is one mutable store: a stored prefetch is changed by each request."""
    query = """query($first: Int, $where: BookWhere, $tags: Boolean!, $sort: Sort!) { authors(first: 3) { nodes { name
      books(first: $first, where: $where, orderBy: [{title: $sort}]) { totalCount nodes { title
        tags(first: 1) @include(if: $tags) { nodes { label } } } } } } }"""
    requests: list[dict[str, Any]] = [
        {"first": first, "where": {"version": {"gte": version}}, "tags": tags, "sort": sort}
        for first in (0, 1, 2, 50)
        for version in (1, 2)
        for tags in (True, False)
        for sort in ("ASC", "DESC")
    ]

    def expected(first: int, where: Any, tags: bool, sort: str) -> Any:
        tag = {"tags": {"nodes": [{"label": "tag 1"}]}} if tags else {}
        authors = []
        for name, books in (("Author 1", [1]), ("Author 2", [2, 3]), ("Author 3", [4, 5, 6])):
            found = books if where["version"]["gte"] == 1 else []
            shown = (found if sort == "ASC" else found[::-1])[:first]
            nodes = [{"title": f"Book {book}", **tag} for book in shown]
            authors.append({"name": name, "books": {"totalCount": len(found), "nodes": nodes}})
        return {"authors": {"nodes": authors}}

    in_turn = [await run(api, query, **request) for request in requests + requests[::-1]]
    interleaved = await asyncio.gather(*(run(api, query, **request) for request in requests))
    assert in_turn == [expected(**request) for request in requests + requests[::-1]]
    assert interleaved == [expected(**request) for request in requests]


# ---------- filters ----------


@pytest.mark.parametrize("query", ["{eq: null}", "{ne: null}", "{in: null}", "{gt: null}", "{contains: null}"])
async def test_a_null_operand_is_refused_and_does_not_mean_the_whole_table(api: Api, query: str) -> None:
    """strawchemy: `eq: null` is the whole table; Hasura #704, #4128."""
    operator = query[1:].partition(":")[0]
    reason = f"{operator} cannot be null; leave it out, or use isNull."

    assert await refused(api, f"{{ books(where: {{isbn: {query}}}) {{ totalCount }} }}") == [("VALIDATION", reason)]
    variable = f"query($operand: String) {{ books(where: {{isbn: {{{operator}: $operand}}}}) {{ totalCount }} }}"
    if operator != "in":
        assert await refused(api, variable, operand=None) == [("VALIDATION", reason)]


async def test_an_omitted_variable_drops_its_operator_and_null_rows_are_found_by_is_null(api: Api) -> None:
    query = "query($isbn: String) { books(where: {isbn: {eq: $isbn}}) { totalCount } }"
    missing = "{ books(where: {isbn: {isNull: true}}) { totalCount } }"

    assert await run(api, query) == {"books": {"totalCount": BOOKS}}
    assert await run(api, query, isbn="isbn 3") == {"books": {"totalCount": 1}}
    assert await run(api, missing) == {"books": {"totalCount": BOOKS // 2}}


async def test_filters_over_to_many_relations_do_not_duplicate_or_join(api: Api, engine: AsyncEngine) -> None:
    """strawberry-django, graphene: to-many filters join, and a record comes once for each match."""
    query = """{ authors(where: {books: {some: {tags: {some: {label: {startsWith: "tag"}}}}}}, orderBy: [{books: {count: DESC}}])
      { totalCount nodes { name books { totalCount } } } }"""
    rows = await rows_fetched(engine, api, query)
    found = await run(api, query)

    nodes = [{"name": f"Author {n}", "books": {"totalCount": n}} for n in range(AUTHORS, 0, -1)]
    assert found == {"authors": {"totalCount": AUTHORS, "nodes": nodes}}
    assert rows == [AUTHORS, 1, AUTHORS]


@pytest.mark.parametrize(
    ("where", "authors"),
    [
        ('books: {some: {title: {eq: "Book 3"}}}', [2]),
        ('books: {every: {tags: {some: {label: {eq: "tag 9"}}}}}', [9, 10]),
        ('books: {none: {tags: {some: {label: {eq: "tag 2"}}}}}', [1]),
        ("books: {count: {gt: 2, lt: 5}}", [3, 4]),
        ("books: {some: {orderItems: {count: {eq: 4}}}}", [4]),
        ("not: {books: {some: {isbn: {isNull: true}}}}", [1]),
        ("books: {some: {publishedAt: {isNull: true}}, count: {lte: 2}}", [2]),
    ],
)
async def test_relation_filters_and_counts_are_right(api: Api, where: str, authors: list[int]) -> None:
    """strawchemy matched and counted what it should not; pg_graphql #88 lacks them."""
    found = await run(api, f"{{ authors(where: {{{where}}}) {{ totalCount nodes {{ rowId }} }} }}")

    assert found == {"authors": {"totalCount": len(authors), "nodes": [{"rowId": n} for n in authors]}}


async def test_a_filter_over_a_self_reference_is_answered(make_engine: MakeEngine) -> None:
    """strawchemy: a self-reference filter crashes."""
    engine = await make_engine(zoo.Plain.metadata)
    root = zoo.Comment(id=1, body="root", replies=[zoo.Comment(id=2, body="child"), zoo.Comment(id=3, body="leaf")])
    root.replies[0].replies = [zoo.Comment(id=4, body="grandchild")]
    await save(engine, root)
    api = Api(zoo.Plain, engine)
    wheres = {
        'parent: {is: {body: {eq: "root"}}}': [2, 3],
        'parent: {is: {parent: {is: {body: {eq: "root"}}}}}': [4],
        'parent: {isNot: {body: {eq: "root"}}}': [1, 4],
        "parent: {isNull: true}": [1],
        'replies: {some: {replies: {some: {body: {eq: "grandchild"}}}}}': [1],
        "replies: {none: {}}": [3, 4],
        "replies: {count: {eq: 2}}": [1],
    }
    found = {}
    for where in wheres:
        comments = (await run(api, f"{{ comments(where: {{{where}}}) {{ nodes {{ rowId }} }} }}"))["comments"]
        found[where] = [node["rowId"] for node in comments["nodes"]]

    assert found == wheres


async def test_regular_expressions_are_off_unless_a_column_switches_them_on(engine: AsyncEngine) -> None:
    """strawberry-django PR #908: a regular expression from the client can hold the server for minutes."""
    closed = Api(Base, engine)
    opened = Api(Base, engine, models={Book: ModelOptions(operators={"title": {"regex"}})})
    query = '{ books(where: {title: {regex: "^Book 1.$"}}) { totalCount } }'

    assert "regex" not in closed.sdl()
    assert [code for code, _ in await refused(closed, query)] == ["GRAPHQL_VALIDATION_FAILED"]
    assert await run(opened, query) == {"books": {"totalCount": 10}}
    other = '{ authors(where: {name: {regex: "x"}}) { totalCount } }'
    assert [code for code, _ in await refused(opened, other)] == ["GRAPHQL_VALIDATION_FAILED"]


# ---------- what is fetched ----------


async def test_sibling_to_many_relations_do_not_multiply_rows(api: Api, engine: AsyncEngine) -> None:
    """strawchemy fetched 50,500 rows for 1,010 objects: one join over both relations."""
    query = "{ books(where: {price: {eq: 10}}) { nodes { title tags { nodes { label } } orderItems { nodes { lineNo } } } } }"

    assert sorted(await rows_fetched(engine, api, query)) == [10, 100, 100]


async def test_the_limit_is_in_the_sql(api: Api, engine: AsyncEngine) -> None:
    """graphene-sqlalchemy: no LIMIT in SQL, the whole table is fetched."""
    assert await rows_fetched(engine, api, "{ books(first: 3) { nodes { title } } }") == [4]
    assert await rows_fetched(engine, api, "{ books(last: 3) { nodes { title } } }") == [4]
    assert await rows_fetched(
        engine, api, "{ authors(first: 2) { nodes { books(first: 1) { nodes { title } } } } }"
    ) == [3, 3]
    assert await rows_fetched(engine, api, "{ books { totalCount } }") == [1]


async def test_only_selected_columns_are_fetched(api: Api, engine: AsyncEngine) -> None:
    """strawberry-sqlalchemy #120: every column of every record, however few are asked for."""
    with record_statements(engine) as statements:
        await run(api, "{ books(first: 1) { nodes { title author { name } } } }")

    books, authors = (sql.partition("FROM")[0] for sql, _ in statements)
    assert [
        name for name in ("id", "isbn", "title", "price", "meta", "version", "author_id") if f".{name}" in books
    ] == [
        "title",
        "author_id",
    ]
    assert [name for name in ("name", "email") if f".{name}" in authors] == ["name"]


async def test_all_parents_are_counted_by_one_statement(api: Api, engine: AsyncEngine) -> None:
    """strawberry-sqlalchemy-mapper: one COUNT per parent."""
    counts = []
    for first in (2, AUTHORS):
        query = (
            "query($first: Int) { authors(first: $first) { nodes { books(first: 1) { totalCount nodes { title } } } } }"
        )
        counts.append(len(await rows_fetched(engine, api, query, first=first)))

    assert counts == [3, 3]


async def test_a_nested_limit_holds_for_each_parent(api: Api) -> None:
    """strawberry-sqlalchemy-mapper: `first: 2` limits the whole batch."""
    query = (
        "{ authors(first: 4) { nodes { books(first: 2) { totalCount nodes { title } pageInfo { hasNextPage } } } } }"
    )
    found = await run(api, query)

    assert [
        (each["books"]["totalCount"], titles(each["books"]), each["books"]["pageInfo"]["hasNextPage"])
        for each in found["authors"]["nodes"]
    ] == [
        (1, ["Book 1"], False),
        (2, ["Book 2", "Book 3"], False),
        (3, ["Book 4", "Book 5"], True),
        (4, ["Book 7", "Book 8"], True),
    ]


async def test_many_to_many_gives_the_linked_records_both_ways(api: Api) -> None:
    """strawberry-sqlalchemy-mapper: `[]` on SQLite, an error on PostgreSQL (#19); strawchemy #101, FastCRUD #317."""
    found = await run(
        api,
        """{ books(where: {author: {is: {rowId: {in: [2, 3]}}}}, first: 3) { nodes { title tags { nodes { label } } } }
          tags(where: {rowId: {in: [9, 10]}}) { nodes { label books(first: 2) { totalCount nodes { title } } } } }""",
    )

    def book(n: int, tags: int) -> Any:
        return {"title": f"Book {n}", "tags": {"nodes": [{"label": f"tag {tag}"} for tag in range(1, tags + 1)]}}

    def tag(n: int, total: int, *books: int) -> Any:
        nodes = [{"title": f"Book {each}"} for each in books]
        return {"label": f"tag {n}", "books": {"totalCount": total, "nodes": nodes}}

    assert found == {
        "books": {"nodes": [book(2, 2), book(3, 2), book(4, 3)]},
        "tags": {"nodes": [tag(9, 19, 37, 38), tag(10, 10, 46, 47)]},
    }


# ---------- mappings and values ----------


async def test_joined_inheritance_is_read_without_lazy_loading(make_engine: MakeEngine) -> None:
    """strawchemy, graphene-sqlalchemy: MissingGreenlet, as a column of the subclass is loaded when it is looked at."""
    engine = await make_engine(zoo.Joined.metadata)
    engine_of_fire = zoo.FireEngine(id=2, wheels=6, load=9, ladder=30, trailers=[zoo.Trailer(id=1)])
    truck = zoo.Truck(id=1, wheels=8, load=7)
    garage = zoo.Garage(id=1, vehicles=[truck, engine_of_fire, zoo.Vehicle(id=3, wheels=4)])
    await save(engine, garage)
    found = await run(
        Api(zoo.Joined, engine),
        """{ garages(first: 5) { nodes { vehicles(orderBy: [{wheels: DESC}]) { nodes { kind wheels } } trucks { nodes { load
          wheels
          trailers { nodes { truck { load } } } } } } }
          fireEngines(where: {load: {gt: 8}, wheels: {eq: 6}}) { nodes { ladder load wheels kind garage { rowId } } }
          trucks { totalCount } }""",
    )

    trailers: dict[str, Any] = {"nodes": [{"truck": {"load": 9}}]}
    trucks = [{"load": 7, "wheels": 8, "trailers": {"nodes": []}}, {"load": 9, "wheels": 6, "trailers": trailers}]
    vehicles = [
        {"kind": "truck", "wheels": 8},
        {"kind": "fire engine", "wheels": 6},
        {"kind": "vehicle", "wheels": 4},
    ]
    fire = {"ladder": 30, "load": 9, "wheels": 6, "kind": "fire engine", "garage": {"rowId": 1}}
    assert found == {
        "garages": {"nodes": [{"vehicles": {"nodes": vehicles}, "trucks": {"nodes": trucks}}]},
        "fireEngines": {"nodes": [fire]},
        "trucks": {"totalCount": 2},
    }


class Peers(DeclarativeBase):
    pass


class Account(Peers):
    """Annotations are strings in this module, as `from __future__ import annotations` makes them."""

    __tablename__ = "peer_account"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    first_name: Mapped[str] = mapped_column(String(20))
    last_name: Mapped[str] = mapped_column(String(20))
    balance: Mapped[int] = mapped_column(BigInteger)
    labels: Mapped[list[str]] = mapped_column(ARRAY(String).with_variant(JSON(), "sqlite"))
    settings: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    referrer_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("peer_account.id"))
    referrer: Mapped[Account | None] = relationship(remote_side=[id])

    @hybrid_property
    def full_name(self) -> str:
        return self.first_name + " " + self.last_name

    @hybrid_property
    def is_rich(self) -> bool:
        return self.balance > 1000

    @hybrid_property
    def initials(self) -> str:
        """Works in Python only."""
        return "".join(name[0] for name in (self.first_name, self.last_name))


HUGE = 2**63 - 1


@pytest.fixture
async def accounts(make_engine: MakeEngine) -> Api:
    engine = await make_engine(Peers.metadata)
    ada = Account(
        id=HUGE, first_name="Ada", last_name="Byron", balance=-HUGE - 1, labels=["a", "b"], settings={"a": [1, None]}
    )
    alan = Account(id=1, first_name="Alan", last_name="Turing", balance=2**53 + 1, labels=[], referrer=ada)
    await save(engine, ada, alan)
    return Api(Peers, engine)


async def test_hybrids_under_future_annotations_are_fields_filters_and_orders(accounts: Api) -> None:
    """strawberry-sqlalchemy-mapper: a hybrid whose annotation is a string crashes."""
    found = await run(
        accounts,
        """{ accounts(orderBy: [{fullName: DESC}]) { nodes { fullName isRich initials } }
          rich: accounts(where: {isRich: {eq: true}, fullName: {startsWith: "Alan T"}}) { totalCount } }""",
    )

    alan = {"fullName": "Alan Turing", "isRich": True, "initials": "AT"}
    ada = {"fullName": "Ada Byron", "isRich": False, "initials": "AB"}
    assert found == {"accounts": {"nodes": [alan, ada]}, "rich": {"totalCount": 1}}


async def test_integers_of_64_bits_are_exact(accounts: Api) -> None:
    """strawchemy: an error; graphene-sqlalchemy: a Float, which is exact to 53 bits."""
    found = await run(
        accounts,
        """query($huge: BigInt!) { accounts(orderBy: [{balance: ASC}]) { nodes { rowId balance referrer { rowId } } }
          account(by: {rowId: $huge}) { balance }
          exact: accounts(where: {balance: {eq: "9007199254740993"}}) { totalCount }
          near: accounts(where: {balance: {in: [9007199254740992]}}) { totalCount } }""",
        huge=HUGE,
    )

    ada = {"rowId": "9223372036854775807", "balance": "-9223372036854775808", "referrer": None}
    alan = {"rowId": "1", "balance": "9007199254740993", "referrer": {"rowId": "9223372036854775807"}}
    assert found == {
        "accounts": {"nodes": [ada, alan]},
        "account": {"balance": "-9223372036854775808"},
        "exact": {"totalCount": 1},
        "near": {"totalCount": 0},
    }


async def test_an_array_with_a_json_variant_is_read_and_filtered(accounts: Api) -> None:
    """strawchemy: `ARRAY(...).with_variant(JSON(), "sqlite")` crashes on SQLite, and JSON breaks with SQLAlchemy 2.1."""
    found = await run(
        accounts,
        """{ accounts { nodes { labels settings } }
          has: accounts(where: {labels: {has: "a"}}) { totalCount }
          any: accounts(where: {labels: {hasAny: ["b", "z"]}}) { totalCount }
          empty: accounts(where: {labels: {isEmpty: true}}) { nodes { firstName } }
          same: accounts(where: {labels: {eq: ["a", "b"]}, settings: {eq: {a: [1, null]}}}) { totalCount } }""",
    )

    assert found == {
        "accounts": {"nodes": [{"labels": [], "settings": None}, {"labels": ["a", "b"], "settings": {"a": [1, None]}}]},
        "has": {"totalCount": 1},
        "any": {"totalCount": 1},
        "empty": {"nodes": [{"firstName": "Alan"}]},
        "same": {"totalCount": 1},
    }


# ---------- errors ----------


async def test_an_error_of_the_database_tells_the_client_nothing_of_it(make_engine: MakeEngine) -> None:
    """strawchemy: errors carry SQL, parameters and DETAIL."""
    engine = await make_engine()
    result = await Api(Base, engine).execute('{ books(where: {title: {eq: "secret"}}) { nodes { title } } }')

    assert result.errors is not None
    (error,) = result.errors
    assert (error.message, result.data) == ("An internal error occurred.", None)
    assert sorted(error.extensions or {}) == ["code", "id"]
    told = json.dumps(error.formatted).lower()
    assert [
        word for word in ("secret", "select", "book.", "relation", "no such table", "sqlalche") if word in told
    ] == []


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ('{ books(after: "x") { totalCount } }', "This is not a cursor."),
        ('{ books(after: "aaaaa") { totalCount } }', "This is not a cursor."),
        ('{ books(before: "") { totalCount } }', "This is not a cursor."),
        ('{ book(by: {id: "Qm9vazp4"}) { title } }', "This is not a valid global id of Book."),
        ('{ book(by: {id: "Book:1"}) { title } }', "This is not a global id."),
        ('{ books(where: {authorId: {eq: "aaaaa"}}) { totalCount } }', "This is not a global id."),
    ],
)
async def test_a_cursor_or_id_that_is_none_is_the_clients_mistake(api: Api, query: str, reason: str) -> None:
    """Strawberry: "Incorrect padding", and "invalid literal for int()" for an id."""
    assert await refused(api, query) == [("VALIDATION", reason)]


@pytest.mark.parametrize("operand", ["sNaN", "NaN", "Infinity", "1e9999", "one"])
async def test_a_decimal_that_no_column_holds_is_the_clients_mistake(api: Api, operand: str) -> None:
    """Strawberry: driver text for `sNaN`."""
    query = "query($price: Decimal) { books(where: {price: {eq: $price}}) { totalCount } }"
    ((code, message),) = await refused(api, query, price=operand)

    assert code in ("VALIDATION", "BAD_USER_INPUT")
    assert [word for word in ("sqlalchemy", "asyncpg", "decimal.", "InvalidOperation") if word in message] == []


async def test_a_text_with_a_lone_surrogate_is_the_clients_mistake(api: Api) -> None:
    """Strawberry: an error of the codec, from the driver."""
    query = "query($title: String) { books(where: {title: {eq: $title}}) { totalCount } }"

    assert await refused(api, query, title="\ud800") == [("VALIDATION", "A text cannot contain lone surrogates.")]


# ---------- pages ----------


async def test_a_page_of_none_has_none_and_knows_whether_there_are_any(api: Api) -> None:
    """Strawberry's ListConnection: `last: 0` gives all."""
    fields = "nodes { title } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
    found = await run(api, f"{{ first: books(first: 0) {{ {fields} }} last: books(last: 0) {{ {fields} }} }}")

    def page(*, after: bool, before: bool) -> Any:
        info = {"hasNextPage": after, "hasPreviousPage": before, "startCursor": None, "endCursor": None}
        return {"nodes": [], "pageInfo": info}

    assert found == {"first": page(after=True, before=False), "last": page(after=False, before=True)}


async def test_the_default_page_tells_that_it_was_cut(engine: AsyncEngine) -> None:
    """graphql-ruby: without `first` and `last` the page is cut, and hasNextPage is false."""
    api = Api(Base, engine, limits=Limits(page_size=7))
    found = await run(
        api, "{ books { nodes { title } pageInfo { hasNextPage } } authors(first: 10) { pageInfo { hasNextPage } } }"
    )

    assert (len(found["books"]["nodes"]), found["books"]["pageInfo"]["hasNextPage"]) == (7, True)
    assert found["authors"] == {"pageInfo": {"hasNextPage": False}}


async def test_a_page_over_the_maximum_is_refused_not_cut(api: Api, engine: AsyncEngine) -> None:
    """pg_graphql cuts it to 30 without a word; strawchemy's `limit` has no cap at all."""
    reason = ("LIMIT", "first is 501; a page of books has at most 500 records.")
    with record_statements(engine) as statements:
        assert await refused(api, "{ books(first: 501) { nodes { title } } }") == [reason]
        assert await refused(api, "{ authors { nodes { books(first: 501) { nodes { title } } } } }") == [reason]

    assert statements == []


async def cursors(api: Api, order: str = "") -> list[str]:
    found = await run(api, f"{{ books(first: 500 {order}) {{ edges {{ cursor }} }} }}")
    return [edge["cursor"] for edge in found["books"]["edges"]]


async def test_cursors_are_not_off_by_one(api: Api) -> None:
    """strawberry-sqlalchemy-mapper: cursors are list indexes, and off by one."""
    every = await cursors(api)
    query = "query($after: String) { books(first: 1, after: $after) { nodes { rowId } } }"

    assert [(await run(api, query, after=cursor))["books"]["nodes"] for cursor in every] == [
        *([{"rowId": n}] for n in range(2, BOOKS + 1)),
        [],
    ]


async def test_both_ends_of_a_window_may_be_given_with_first_or_last_or_both(api: Api) -> None:
    """pg_graphql and PostGraphile refuse `after` with `before`, and `first` with `last`."""
    every = await cursors(api)
    query = """query($after: String, $before: String, $first: Int, $last: Int) {
      books(after: $after, before: $before, first: $first, last: $last) {
        nodes { rowId } pageInfo { hasPreviousPage hasNextPage } } }"""
    asked: tuple[dict[str, int], ...] = ({}, {"first": 2}, {"last": 2}, {"first": 4, "last": 2})
    found = [(await run(api, query, after=every[9], before=every[15], **size))["books"] for size in asked]

    def page(*rows: int) -> Any:
        return {"nodes": [{"rowId": n} for n in rows], "pageInfo": {"hasPreviousPage": True, "hasNextPage": True}}

    assert found == [page(11, 12, 13, 14, 15), page(11, 12), page(14, 15), page(13, 14)]


async def test_a_page_after_a_cursor_has_a_previous_page(api: Api) -> None:
    """graphql-relay: with `first` and `after`, hasPreviousPage is always false."""
    every = await cursors(api)
    query = "query($at: String) { after: books(first: 1, after: $at) { pageInfo { hasPreviousPage } }"
    query += " before: books(last: 1, before: $at) { pageInfo { hasNextPage } } }"

    assert await run(api, query, at=every[0]) == {
        "after": {"pageInfo": {"hasPreviousPage": True}},
        "before": {"pageInfo": {"hasNextPage": True}},
    }


@pytest.mark.parametrize("sort", ["ASC", "DESC", "ASC_NULLS_FIRST", "DESC_NULLS_LAST"])
async def test_a_walk_over_nulls_and_ties_gives_every_record_once(api: Api, sort: str) -> None:
    """pg_graphql loses rows with NULL; Prisma broke on nullable columns, and on ties where the order is not unique."""
    every = await run(api, f"{{ books(first: 500, orderBy: [{{publishedAt: {sort}}}]) {{ nodes {{ rowId }} }} }}")
    query = "query($after: String, $sort: Sort!) { books(first: 4, after: $after, orderBy: [{publishedAt: $sort}]) "
    query += "{ nodes { rowId publishedAt } pageInfo { hasNextPage endCursor } } }"
    walked: list[Any] = []
    more, after = True, None
    while more:
        page = (await run(api, query, after=after, sort=sort))["books"]
        walked += page["nodes"]
        more, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]

    dates = [node["publishedAt"] for node in walked]
    present = [each for each in dates if each is not None]
    nulls = [None] * (BOOKS // 3)
    assert sorted(node["rowId"] for node in walked) == list(range(1, BOOKS + 1))
    assert [{"rowId": node["rowId"]} for node in walked] == every["books"]["nodes"]
    assert present == sorted(present, reverse=sort.startswith("DESC"))
    assert dates == ([*nulls, *present] if sort in ("DESC", "ASC_NULLS_FIRST") else [*present, *nulls])


async def test_a_cursor_keeps_its_place_when_records_before_it_are_deleted(make_engine: MakeEngine) -> None:
    """Cursors that are offsets shift: records are skipped."""
    engine = await make_engine(Base.metadata)
    await save(engine, *shelf())
    api = Api(Base, engine)
    every = await cursors(api)
    async with AsyncSession(engine) as session:
        for model, column in (
            (OrderItem, OrderItem.book_id),
            (Base.metadata.tables["book_tag"], None),
            (Book, Book.id),
        ):
            statement = delete(model)
            await session.execute(statement.where(column <= 20) if column is not None else statement)
        await session.commit()

    query = "query($after: String) { books(first: 2, after: $after) { nodes { rowId } pageInfo { hasPreviousPage } } }"
    assert await run(api, query, after=every[19]) == {
        "books": {"nodes": [{"rowId": 21}, {"rowId": 22}], "pageInfo": {"hasPreviousPage": False}}
    }
    assert (await run(api, query, after=every[21]))["books"]["nodes"] == [{"rowId": 23}, {"rowId": 24}]


async def test_a_cursor_of_a_nested_list_holds_for_each_parent(api: Api) -> None:
    """Prisma: a cursor inside a nested list counts for the whole batch."""
    found = await run(api, "{ authors(first: 3) { nodes { books { edges { cursor } } } } }")
    after = found["authors"]["nodes"][2]["books"]["edges"][0]["cursor"]  # of book 4
    query = """query($after: String) { authors(first: 4) { nodes { books(first: 2, after: $after) {
      totalCount nodes { title } pageInfo { hasPreviousPage hasNextPage } } } } }"""
    nodes = (await run(api, query, after=after))["authors"]["nodes"]

    def books(total: int, shown: list[str], *, before: bool, after: bool) -> Any:
        info = {"hasPreviousPage": before, "hasNextPage": after}
        return {"books": {"totalCount": total, "nodes": [{"title": title} for title in shown], "pageInfo": info}}

    assert nodes == [
        books(1, [], before=True, after=False),
        books(2, [], before=True, after=False),
        books(3, ["Book 5", "Book 6"], before=True, after=False),
        books(4, ["Book 7", "Book 8"], before=False, after=True),
    ]


async def test_the_total_regards_the_filter_and_not_the_page(api: Api) -> None:
    """strawchemy counts the page."""
    every = await cursors(api)
    query = """query($after: String) {
      first: books(first: 2) { totalCount } last: books(last: 1) { totalCount } none: books(first: 0) { totalCount }
      after: books(first: 1, after: $after) { totalCount } offset: books(offset: 50, first: 1) { totalCount }
      some: books(first: 1, where: {price: {gte: 9}}) { totalCount } }"""
    found = await run(api, query, after=every[30])

    expected = {name: {"totalCount": BOOKS} for name in ("first", "last", "none", "after", "offset")}
    assert found == expected | {"some": {"totalCount": 19}}


@pytest.mark.parametrize("order", ["[{title: ASC}]", "[{rowId: DESC}]", "[{publishedAt: ASC}, {price: DESC}]"])
async def test_a_cursor_of_another_list_or_order_is_refused(api: Api, order: str) -> None:
    """Elsewhere it is taken, and gives a page of anything."""
    reason = [("VALIDATION", "This cursor belongs to another list, or to another order of it.")]
    (cursor, *_) = await cursors(api, f", orderBy: {order}")

    assert await refused(api, "query($at: String) { books(after: $at) { totalCount } }", at=cursor) == reason
    assert await refused(api, "query($at: String) { tags(after: $at) { totalCount } }", at=cursor) == reason


async def test_a_tampered_cursor_selects_nothing_that_the_filter_would_not(api: Api) -> None:
    (cursor, *_) = await cursors(api)
    mark = json.loads(base64.urlsafe_b64decode(cursor + "=="))[0]
    forged = base64.urlsafe_b64encode(json.dumps([mark, -5]).encode()).decode().rstrip("=")
    query = "query($at: String) { books(after: $at, first: 1, where: {price: {eq: 2}}) { nodes { rowId } } }"

    assert await run(api, query, at=forged) == {"books": {"nodes": [{"rowId": 2}]}}


# ---------- the schema ----------


def test_names_are_short_and_types_are_few_for_each_model(api: Api, engine: AsyncEngine) -> None:
    """strawchemy: 9 models give 247 types, some with names of 100 characters."""
    assert [name for name in api.schema._schema.type_map if len(name) > 24] == []
    types = Api(Base, engine, read_only=True).schema._schema.type_map
    own = [name for name in types if any(name.startswith(model.name) for model in api.catalog.models)]

    assert [name for name in types if len(name) > 20] == []
    assert sorted(name for name in own if name.startswith("Tag")) == [
        "Tag",
        "TagBookConnection",
        "TagBookEdge",
        "TagBookOrder",
        "TagBy",
        "TagConnection",
        "TagEdge",
        "TagListRel",
        "TagOrder",
        "TagWhere",
    ]
    assert len(own) / len(api.catalog.models) < 12


def test_relay_is_kept(api: Api) -> None:
    """strawchemy has no Relay: no global ids, no `node`, no connections."""
    sdl = api.sdl()

    assert [
        line for line in ("interface Node {", "node(", "nodes(", "type Book implements Node {") if line not in sdl
    ] == []
    assert "type PageInfo {" in sdl
