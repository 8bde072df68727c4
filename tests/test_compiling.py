"""What SQLAlchemy has compiled once serves all requests like it: whatever their values, cursors, sizes and parents are."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.sql.compiler import SQLCompiler

from gqlcrud import Api
from gqlcrud.keys import encode_id
from tests.databases import MakeEngine
from tests.running import run, save
from tests.shelf import Author, Base, Book, OrderItem, Tag


@pytest.fixture(scope="module")
async def api(make_module_engine: MakeEngine) -> AsyncIterator[Api]:
    engine: AsyncEngine = await make_module_engine(Base.metadata)
    tags = [Tag(label=label) for label in ("new", "old", "odd")]
    for number in range(1, 7):
        books = [
            Book(isbn=f"{number}-{each}", title=f"Book {each}", price=Decimal(each), version=1, tags=tags[:each])
            for each in range(1, number % 4 + 1)
        ]
        await save(engine, Author(id=number, name=f"Author {number}", email=f"{number}@example.org", books=books))
    await save(engine, *(OrderItem(order_no=1, line_no=n, quantity=n, book_id=n) for n in range(1, 5)))
    yield Api(Base, engine)


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The SQL of each statement that is compiled."""
    found: list[str] = []
    compile_statement = SQLCompiler.__init__

    def counted(self: SQLCompiler, *arguments: Any, **options: Any) -> None:
        compile_statement(self, *arguments, **options)
        found.append(self.string)

    monkeypatch.setattr(SQLCompiler, "__init__", counted)
    sa.select(sa.literal_column("1")).compile()
    assert found == ["SELECT 1"]
    return found


REQUESTS: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "pages": (
        "query ($n: Int, $p: Decimal) { books(first: $n, where: {price: {gte: $p}}) { nodes { id title price } } }",
        [
            {"n": 1, "p": "0.5"},
            {"n": 2, "p": "1.5"},
            {"n": 5, "p": "2.5"},
        ],  # a whole number is another statement on SQLite
    ),
    "pages at an offset": (
        "query ($n: Int, $o: Int) { books(first: $n, offset: $o, orderBy: [{title: DESC}]) { nodes { title } } }",
        [{"n": 1, "o": 1}, {"n": 2, "o": 1}, {"n": 2, "o": 4}],
    ),
    "counts": (
        "query ($t: String!) { books(where: {title: {startsWith: $t}}, first: 0) { totalCount } }",
        [{"t": "Book"}, {"t": "Book 1"}, {"t": "Book 2"}],
    ),
    "pages with counts of nested lists": (
        "query ($n: Int, $m: Int) { authors(first: $n) { totalCount nodes { name "
        "books(first: $m) { totalCount nodes { title tags(first: $m) { edges { weight node { label } } } } } } } }",
        [{"n": 2, "m": 1}, {"n": 6, "m": 2}, {"n": 5, "m": 9}],
    ),
    "records of records": (
        "query ($q: Int!) { orderItems(where: {quantity: {lte: $q}}) { nodes { quantity book { title author { name } } } } }",
        [{"q": 1}, {"q": 2}, {"q": 4}, {"q": 3}],
    ),
    "conditions on relations": (
        "query ($l: String!, $n: Int!) { books(where: {tags: {some: {label: {eq: $l}}}, author: {is: {rowId: {ne: $n}}}}) "
        "{ nodes { title } } }",
        [{"l": "new", "n": 1}, {"l": "new", "n": 2}, {"l": "old", "n": 2}],
    ),
    "a record by its key": (
        "query ($id: Int!) { author(by: {rowId: $id}) { name books { nodes { title } } } }",
        [{"id": 1}, {"id": 3}, {"id": 999}],
    ),
    "a record by a unique key": (
        "query ($isbn: String!) { book(by: {isbn: $isbn}) { title author { name } } }",
        [{"isbn": "1-1"}, {"isbn": "2-1"}, {"isbn": "3-2"}],
    ),
    "records by their ids": (
        "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Author { name } } }",
        [
            {"ids": ["Author:1"]},
            {"ids": ["Author:2", "Author:5"]},
            {"ids": ["Author:6", "Author:7", "Author:1"]},
            {"ids": ["Author:4"]},
        ],
    ),
}


@pytest.mark.parametrize("name", REQUESTS)
async def test_a_request_like_another_compiles_nothing(api: Api, compiled: list[str], name: str) -> None:
    """Like one of the first two: a record that is asked for alone has a statement of its own, beside that of a batch."""
    document, (first, second, *others) = REQUESTS[name]
    columns = api.catalog.by_name["Author"].primary_key

    def given(variables: dict[str, Any]) -> dict[str, Any]:
        ids = [encode_id("Author", columns, [int(each.partition(":")[2])]) for each in variables.get("ids", ())]
        return {**variables, **({"ids": ids} if ids else {})}

    before = [await run(api, document, **given(each)) for each in (first, second)]
    compiled.clear()

    answers = [await run(api, document, **given(each)) for each in others]

    assert compiled == []
    assert all(answer not in before for answer in answers)


@pytest.mark.parametrize(("size", "position"), [("first", "after"), ("last", "before")])
async def test_pages_behind_a_cursor_compile_nothing_once_one_was_read(
    api: Api, compiled: list[str], size: str, position: str
) -> None:
    """Of a list, and of the lists of all records on a page: the cursor of any record, and pages of any size."""
    query = f"""query ($n: Int, $c: String) {{
      books({size}: $n, {position}: $c, orderBy: [{{title: DESC}}]) {{ edges {{ cursor node {{ title }} }} }}
    }}"""
    cursors = [edge["cursor"] for edge in (await run(api, query, n=9))["books"]["edges"]]
    await run(api, query, n=2, c=cursors[3])
    compiled.clear()

    pages = [await run(api, query, n=size, c=cursor) for size, cursor in ((1, cursors[4]), (3, cursors[5]))]

    assert compiled == []
    assert [len(page["books"]["edges"]) for page in pages] == [1, 3]


async def test_other_texts_of_the_same_fields_compile_nothing(api: Api, compiled: list[str]) -> None:
    """A statement depends on what is selected, not on how the document says it."""
    await run(api, "{ tags(first: 1) { nodes { label } } }")
    compiled.clear()

    found = await run(
        api, "query Q { other: tags(first: 2) { nodes { text: label ...F } } } fragment F on Tag { label }"
    )

    assert compiled == []
    assert found == {"other": {"nodes": [{"text": "new", "label": "new"}, {"text": "old", "label": "old"}]}}
