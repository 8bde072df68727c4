"""The fields that find records by key: `node`, `nodes`, and one record by any of its unique keys."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from gqlcrud import Api, Limits
from tests import shelf, zoo
from tests.databases import MakeEngine, record_statements
from tests.keyring import made
from tests.running import refused, run, save


@pytest.fixture(scope="module")
async def engine(make_module_engine: MakeEngine) -> AsyncIterator[AsyncEngine]:
    engine = await make_module_engine(shelf.Base.metadata)
    books = [shelf.Book(id=i, title=f"T{i}", price=i, isbn=f"isbn {i}") for i in (1, 2, 3)]
    items = [shelf.OrderItem(order_no=1, line_no=i, quantity=10 * i, book=books[i]) for i in (0, 1, 2)]
    await save(engine, shelf.Author(id=1, name="Ada", email="a@b.c", books=books), *items, shelf.Tag(id=1, label="é:x"))
    yield engine


@pytest.fixture(scope="module")
def api(engine: AsyncEngine) -> Api:
    return Api(shelf.Base, engine)


BOOKS = {i: made(f"Book:{i}") for i in range(5)}
ADA, ITEM = made("Author:1"), made("OrderItem:[1,2]")
NODES = """query ($ids: [ID!]!) {
  nodes(ids: $ids) {
    id __typename
    ... on Book { title author { name } }
    ... on Author { books(first: 1) { nodes { title } } }
    ... on OrderItem { quantity }
  }
}"""


def book(number: int) -> dict[str, Any]:
    return {"id": BOOKS[number], "__typename": "Book", "title": f"T{number}", "author": {"name": "Ada"}}


async def test_nodes_keep_their_order_and_number(api: Api) -> None:
    """Whatever their types, found or not, once or more often."""
    ids = [
        BOOKS[3],
        ADA,
        BOOKS[4],
        ITEM,
        "no id",
        BOOKS[1],
        BOOKS[3],
        made("Nothing:1"),
        made("Book:x"),
        made("Book:[1]"),
    ]

    author = {"id": ADA, "__typename": "Author", "books": {"nodes": [{"title": "T1"}]}}
    item = {"id": ITEM, "__typename": "OrderItem", "quantity": 20}
    assert await run(api, NODES, ids=ids) == {
        "nodes": [book(3), author, None, item, None, book(1), book(3), None, None, book(1)]
    }
    assert await run(api, NODES, ids=[]) == {"nodes": []}


async def test_nodes_take_a_statement_for_each_type_and_relation(api: Api, engine: AsyncEngine) -> None:
    with record_statements(engine) as statements:
        await run(api, NODES, ids=[BOOKS[1], ITEM, BOOKS[2], made("Nothing:1"), BOOKS[3], "no id"])
    assert len(statements) == 3, "books, their authors, order items"

    with record_statements(engine) as statements:
        await run(api, NODES, ids=["no id", made("Book:x"), made("OrderItem:1")])
    assert statements == []


@pytest.mark.parametrize(
    "text",
    ["", "no id", "QXV0aG9yOjE=extra", made("Book:4"), made("Book:x"), made("Book"), made("book:1"), made("Query:1"),
     made("OrderItem:1"), made("OrderItem:[1]"), made('OrderItem:["x",2]'), made("OrderItem:[1,2,3]"), "\ud800", "é", "=" * 9],
)  # fmt: skip
async def test_node_does_not_tell_why_there_is_none(api: Api, text: str) -> None:
    result = await api.execute("query ($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } }", {"id": text})
    assert (result.data, result.errors) == ({"node": None, "nodes": [None]}, None)


async def test_an_id_is_taken_with_and_without_padding(api: Api) -> None:
    assert BOOKS[1] == "Qm9vazox" and ADA == "QXV0aG9yOjE"
    assert await run(api, '{ one: node(id: "QXV0aG9yOjE") { id } other: node(id: "QXV0aG9yOjE=") { id } }') == {
        "one": {"id": ADA},
        "other": {"id": ADA},
    }


async def test_too_many_ids_are_refused(engine: AsyncEngine) -> None:
    api = Api(shelf.Base, engine, limits=Limits(max_node_ids=2))
    assert await run(api, NODES, ids=[BOOKS[1], BOOKS[1]]) == {"nodes": [book(1), book(1)]}
    with record_statements(engine) as statements:
        result = await api.execute(NODES, {"ids": [BOOKS[1]] * 3})
    assert (result.data, statements) == (None, [])
    assert [(each.message, each.path, each.extensions) for each in result.errors or ()] == [
        ("nodes takes at most 2 ids; these are 3.", ["nodes"], {"code": "LIMIT", "inputPath": ["ids"]})
    ]


# ---------- one record by a key ----------


async def test_one_record_is_found_by_each_of_its_keys(api: Api) -> None:
    data = await run(
        api,
        """query ($book: ID!, $item: ID!, $key: OrderItemKey!) {
          id: book(by: {id: $book}) { title } rowId: book(by: {rowId: 2}) { title }
          isbn: book(by: {isbn: "isbn 2"}) { title } email: author(by: {email: "a@b.c"}) { name }
          label: tag(by: {label: "é:x"}) { label } item: orderItem(by: {id: $item}) { quantity }
          key: orderItem(by: {orderNoLineNo: $key}) { quantity }
        }""",
        book=BOOKS[2],
        item=ITEM,
        key={"orderNo": 1, "lineNo": 2},
    )
    assert data == {
        **{key: {"title": "T2"} for key in ("id", "rowId", "isbn")},
        "email": {"name": "Ada"},
        "label": {"label": "é:x"},
        "item": {"quantity": 20},
        "key": {"quantity": 20},
    }


async def test_no_record_is_null(api: Api) -> None:
    assert await run(
        api,
        """query ($id: ID!) {
          id: book(by: {id: $id}) { title } rowId: book(by: {rowId: -1}) { title }
          isbn: book(by: {isbn: "isbn 22222222222222222222222222222222"}) { title }
          key: orderItem(by: {orderNoLineNo: {orderNo: 1, lineNo: 9}}) { quantity }
        }""",
        id=BOOKS[4],
    ) == {"id": None, "rowId": None, "isbn": None, "key": None}


@pytest.mark.parametrize(
    ("field", "by", "message", "path"),
    [
        ("book", {"id": ADA}, "This is a global id of Author, not of Book.", ["id"]),
        ("book", {"id": "no id"}, "This is not a global id.", ["id"]),
        ("orderItem", {"id": made("OrderItem:1")}, "This is not a valid global id of OrderItem.", ["id"]),
        ("book", {"isbn": "\x00"}, "A text cannot contain the NUL character.", ["isbn"]),
        ("book", {"isbn": "\ud800"}, "A text cannot contain lone surrogates.", ["isbn"]),
    ],
)
async def test_a_key_that_cannot_be_one_is_refused(
    api: Api, engine: AsyncEngine, field: str, by: dict[str, Any], message: str, path: list[str]
) -> None:
    """A wrong type is a mistake of the client, not a record that is missing."""
    name = field[0].upper() + field[1:]
    with record_statements(engine) as statements:
        result = await api.execute(f"query ($by: {name}By!) {{ {field}(by: $by) {{ id }} }}", {"by": by})
    assert (result.data, statements) == ({field: None}, [])
    assert [(each.message, each.path, each.extensions) for each in result.errors or ()] == [
        (message, [field], {"code": "VALIDATION", "inputPath": ["by", *path]})
    ]


@pytest.mark.parametrize("by", ["{}", '{rowId: 1, isbn: "1"}', "{rowId: null}", "{nothing: 1}"])
async def test_a_selector_names_exactly_one_key(api: Api, by: str) -> None:
    (error, *_) = await refused(api, f"{{ book(by: {by}) {{ id }} }}")
    assert error[0] == "GRAPHQL_VALIDATION_FAILED"


WRONG_IDS: list[tuple[dict[str, Any], list[str | int], str]] = [
    ({"id": {"eq": ADA}}, ["id", "eq"], "Author"),
    ({"id": {"ne": ADA}}, ["id", "ne"], "Author"),
    ({"id": {"in": [BOOKS[1], ITEM]}}, ["id", "in", 1], "OrderItem"),
    ({"authorId": {"eq": BOOKS[1]}}, ["authorId", "eq"], "Book"),
    ({"authorId": {"notIn": [ADA, BOOKS[1]]}}, ["authorId", "notIn", 1], "Book"),
    ({"or": [{"author": {"is": {"id": {"eq": BOOKS[1]}}}}]}, ["or", 0, "author", "is", "id", "eq"], "Book"),
]


@pytest.mark.parametrize(("where", "path", "given"), WRONG_IDS, ids=str)
async def test_an_id_of_a_wrong_type_is_no_filter(api: Api, where: Any, path: list[Any], given: str) -> None:
    result = await api.execute("query ($where: BookWhere) { books(where: $where) { totalCount } }", {"where": where})
    wanted = "Author" if "author" in str(path) else "Book"
    assert [(each.message, each.extensions) for each in result.errors or ()] == [
        (
            f"This is a global id of {given}, not of {wanted}.",
            {"code": "VALIDATION", "inputPath": ["where", *path]},
        )
    ]


# ---------- keys that refer to other records ----------


async def test_a_key_of_references_is_given_as_global_ids(make_engine: MakeEngine) -> None:
    """A one-to-one relation whose key is the foreign key, a unique foreign key, unique sets of several columns."""
    engine = await make_engine(zoo.Plain.metadata)
    await save(
        engine, zoo.Person(id=7, name="Ada", passport=zoo.Passport(id=1, number="P"), locker=zoo.Locker(number=3))
    )
    api = Api(zoo.Plain, engine)
    ada = made("Person:7")
    assert await run(
        api,
        """query ($ada: ID!, $locker: ID!) {
          unique: passport(by: {personId: $ada}) { number personId }
          primary: locker(by: {personId: $ada}) { id number personId }
          id: locker(by: {id: $locker}) { person { id } }
          lockers(where: {personId: {eq: $ada}, id: {in: [$locker]}}) { totalCount }
        }""",
        ada=ada,
        locker=made("Locker:7"),
    ) == {
        "unique": {"number": "P", "personId": ada},
        "primary": {"id": made("Locker:7"), "number": 3, "personId": ada},
        "id": {"person": {"id": ada}},
        "lockers": {"totalCount": 1},
    }
    result = await api.execute(
        "query ($id: ID!) { passport(by: {personId: $id}) { number } }", {"id": made("Locker:7")}
    )
    assert [(each.message, each.extensions) for each in result.errors or ()] == [
        (
            "This is a global id of Locker, not of Person.",
            {"code": "VALIDATION", "inputPath": ["by", "personId"]},
        )
    ]


async def test_a_part_of_a_key_is_refused_with_its_path(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.ManyToMany.metadata)
    entry = zoo.PlaylistEntry(playlist=zoo.Playlist(id=1, name="p"), track=zoo.Track(id=2, title="t"), position=5)
    await save(engine, entry, zoo.Course(tenant=1, code="a:b"))
    api = Api(zoo.ManyToMany, engine)
    query = "query ($by: PlaylistEntryBy!) { playlistEntry(by: $by) { id position } }"
    key = {"playlistId": made("Playlist:1"), "trackId": made("Track:2")}
    assert await run(api, query, by={"playlistIdTrackId": key}) == {
        "playlistEntry": {"id": made("PlaylistEntry:[1,2]"), "position": 5}
    }
    result = await api.execute(query, {"by": {"playlistIdTrackId": {**key, "trackId": made("Playlist:1")}}})
    assert [(each.message, each.extensions) for each in result.errors or ()] == [
        (
            "This is a global id of Playlist, not of Track.",
            {"code": "VALIDATION", "inputPath": ["by", "playlistIdTrackId", "trackId"]},
        )
    ]

    course = "query ($by: CourseBy!) { course(by: $by) { id } }"
    assert await run(api, course, by={"tenantCode": {"tenant": 1, "code": "a:b"}}) == {
        "course": {"id": made('Course:[1,"a:b"]')}
    }
    result = await api.execute(course, {"by": {"tenantCode": {"tenant": 1, "code": "\x00"}}})
    assert [each.extensions for each in result.errors or ()] == [
        {"code": "VALIDATION", "inputPath": ["by", "tenantCode", "code"]}
    ]


async def test_a_thousand_ids_of_several_columns_are_one_list(api: Api) -> None:
    """SQLite bounds the depth of an expression, and so the length of a chain of OR."""
    ids = [made(f"OrderItem:[{i},2]") for i in range(1000)]
    query = "query ($ids: [ID!]) { in: orderItems(where: {id: {in: $ids}}) { nodes { id } } "
    query += "out: orderItems(where: {id: {notIn: $ids}}) { nodes { quantity } } }"
    assert await run(api, query, ids=ids) == {
        "in": {"nodes": [{"id": ITEM}]},
        "out": {"nodes": [{"quantity": 0}, {"quantity": 10}]},
    }
