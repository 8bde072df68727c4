"""What one statement reads of a query that is known: a record with those it leads to, a page with its count."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from gqlcrud import Api
from tests.databases import MakeEngine, record_statements
from tests.running import save
from tests.shelf import Author, Base, Book, OrderItem, Tag


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncIterator[AsyncEngine]:
    engine = await make_engine(Base.metadata)
    tag = Tag(label="T")
    await save(
        engine,
        Author(name="A", books=[Book(title="A1", price=1, tags=[tag]), Book(title="A2", price=2, tags=[tag])]),
        Book(title="Nobody's", price=3),
    )
    await save(
        engine, *(OrderItem(order_no=n, line_no=1, quantity=n, book_id=book) for n, book in ((1, 1), (2, 3), (3, None)))
    )
    yield engine


async def known(api: Api, engine: AsyncEngine, document: str, **variables: Any) -> tuple[Any, int]:
    """What a document gives that the API knows, and how many statements it takes."""
    first = await api.execute(document, variables)
    with record_statements(engine) as statements:
        second = await api.execute(document, variables)
    assert first.errors is None
    assert (second.data, second.errors) == (first.data, None)
    return second.data, len(statements)


ITEM = """query ($order: Int!) { orderItem(by: {orderNoLineNo: {orderNo: $order, lineNo: 1}}) {
    quantity book { title author { name } }
} }"""


@pytest.mark.parametrize(
    ("order", "shown"),
    [
        (1, {"quantity": 1, "book": {"title": "A1", "author": {"name": "A"}}}),
        (2, {"quantity": 2, "book": {"title": "Nobody's", "author": None}}),
        (3, {"quantity": 3, "book": None}),
        (4, None),
    ],
)
async def test_relations_to_one_record_are_read_with_it(engine: AsyncEngine, order: int, shown: Any) -> None:
    data, statements = await known(Api(Base, engine), engine, ITEM, order=order)

    assert data == {"orderItem": shown}
    assert statements == 1


async def test_what_stands_below_it_is_read_as_ever(engine: AsyncEngine) -> None:
    document = """{ orderItem(by: {orderNoLineNo: {orderNo: 1, lineNo: 1}}) { book {
        id price again: author { name } author { id books { nodes { title tags { nodes { label } } } } } tags { totalCount }
    } } }"""

    data, statements = await known(Api(Base, engine), engine, document)

    tags = {"nodes": [{"label": "T"}]}
    assert data == {
        "orderItem": {
            "book": {
                "id": "Qm9vazox",
                "price": "1.00",
                "again": {"name": "A"},
                "author": {
                    "id": "QXV0aG9yOjE",
                    "books": {"nodes": [{"title": "A1", "tags": tags}, {"title": "A2", "tags": tags}]},
                },
                "tags": {"totalCount": 1},
            }
        }
    }
    assert statements == 4


async def test_several_records_share_a_statement_for_each_relation(engine: AsyncEngine) -> None:
    document = "{ a: book(by: {rowId: 1}) { author { name } } b: book(by: {rowId: 3}) { author { name } } }"

    data, statements = await known(Api(Base, engine), engine, document)

    assert data == {"a": {"author": {"name": "A"}}, "b": {"author": None}}
    assert statements == 2


@pytest.mark.parametrize(
    ("arguments", "shown", "count"),
    [
        ("first: 1", {"totalCount": 3, "nodes": ["A1"], "next": True, "previous": False}, 1),
        ("last: 1", {"totalCount": 3, "nodes": ["Nobody's"], "next": False, "previous": True}, 1),
        ("first: 1, offset: 1", {"totalCount": 3, "nodes": ["A2"], "next": True, "previous": True}, 1),
        (
            'first: 1, where: {title: {lt: "B"}}',
            {"totalCount": 2, "nodes": ["A1"], "next": True, "previous": False},
            1,
        ),
        # no row tells
        ("first: 1, offset: 9", {"totalCount": 3, "nodes": [], "next": False, "previous": True}, 2),
        ('first: 1, where: {title: {eq: "B"}}', {"totalCount": 0, "nodes": [], "next": False, "previous": False}, 2),
    ],
)
async def test_page_is_read_with_its_count(engine: AsyncEngine, arguments: str, shown: Any, count: int) -> None:
    page_info = "pageInfo { hasNextPage hasPreviousPage endCursor }"
    document = f"{{ books({arguments}) {{ totalCount nodes {{ title }} {page_info} }} }}"

    data, statements = await known(Api(Base, engine), engine, document)

    page = data["books"]
    assert {
        "totalCount": page["totalCount"],
        "nodes": [node["title"] for node in page["nodes"]],
        "next": page["pageInfo"]["hasNextPage"],
        "previous": page["pageInfo"]["hasPreviousPage"],
    } == shown
    assert statements == count


async def test_counts_of_two_lists_are_statements_of_their_own(engine: AsyncEngine) -> None:
    document = "{ a: books(first: 1) { totalCount nodes { title } } authors { totalCount nodes { name } } }"

    data, statements = await known(Api(Base, engine), engine, document)

    assert (data["a"]["totalCount"], data["authors"]["totalCount"]) == (3, 1)
    assert statements == 4
