"""A connection computes what is selected of it, and nothing else."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from gqlcrud import Api
from tests import shelf
from tests.databases import MakeEngine, record_statements
from tests.running import run, save


@dataclass(frozen=True, slots=True)
class Shelf:
    """Author 1 has books 1 to 5, author 2 has book 6; book 1 has tags 1 to 3, with weights."""

    api: Api
    engine: AsyncEngine

    async def read(self, query: str, **variables: Any) -> tuple[dict[str, Any], list[str]]:
        """The data of an operation, and what its statements read, in order."""
        with record_statements(self.engine) as statements:
            data = await run(self.api, query, **variables)
        return data, [what(sql) for sql, _ in statements]

    async def statements(self, query: str, **variables: Any) -> list[str]:
        return (await self.read(query, **variables))[1]


def what(sql: str) -> str:
    """`rows`, or what is asked about a whole list: `total`, `preceding`, `following`."""
    asked = [
        name for name in ("total", "preceding", "following") if f" AS {name}" in sql and f"NULL AS {name}" not in sql
    ]
    return " and ".join(asked) or "rows"


@pytest.fixture(scope="module")
async def books(make_module_engine: MakeEngine) -> AsyncIterator[Shelf]:
    engine = await make_module_engine(shelf.Base.metadata)
    books = [shelf.Book(id=n, title=f"B{n}", price=n, version=1) for n in range(1, 7)]
    books[0].tags = [shelf.Tag(id=n, label=f"T{n}") for n in range(1, 4)]
    authors = [shelf.Author(id=1, name="Ada", books=books[:5]), shelf.Author(id=2, name="Bob", books=books[5:])]
    await save(engine, *authors)
    yield Shelf(Api(shelf.Base, engine), engine)


FIRST_PAGE = {
    "nodes { title }": ["rows"],
    "edges { node { title } }": ["rows"],
    "edges { cursor }": ["rows"],
    "edges { __typename }": ["rows"],
    "totalCount": ["total"],
    "pageInfo { hasNextPage }": ["rows"],
    "pageInfo { hasPreviousPage }": [],
    "pageInfo { startCursor }": ["rows"],
    "pageInfo { endCursor hasPreviousPage }": ["rows"],
    "pageInfo { __typename }": [],
    "__typename": [],
    "nodes { title } totalCount": ["rows", "total"],
    "nodes { title } edges { cursor node { title } } pageInfo { hasNextPage hasPreviousPage endCursor }": ["rows"],
}
OTHER_PAGES = [
    ("after: $c", "nodes { title } pageInfo { hasNextPage }", ["rows"]),
    ("after: $c", "pageInfo { hasPreviousPage }", ["preceding"]),
    ("after: $c", "nodes { title } totalCount pageInfo { hasPreviousPage }", ["rows", "total and preceding"]),
    ("before: $c", "pageInfo { hasPreviousPage }", []),
    ("before: $c", "pageInfo { hasNextPage }", ["rows", "following"]),
    ("before: $c, after: $c", "pageInfo { hasNextPage hasPreviousPage }", ["rows", "preceding and following"]),
    ("last: 2", "pageInfo { hasNextPage }", []),
    ("last: 2", "pageInfo { hasPreviousPage }", ["rows"]),
    ("last: 2, before: $c", "pageInfo { hasNextPage }", ["following"]),
    ("last: 2, before: $c", "nodes { title } pageInfo { hasPreviousPage }", ["rows"]),
    ("first: 2, last: 1", "pageInfo { hasPreviousPage }", ["rows"]),
    ("offset: 1", "pageInfo { hasPreviousPage }", ["preceding"]),
    ("offset: 1", "nodes { title } pageInfo { hasNextPage }", ["rows"]),
    ("first: 0", "nodes { title } edges { cursor } pageInfo { endCursor }", []),
    ("first: 0", "totalCount pageInfo { hasNextPage }", ["rows", "total"]),
    ("last: 0", "nodes { title } pageInfo { hasNextPage }", []),
    ("last: 0", "pageInfo { hasPreviousPage }", ["rows"]),
    ("where: {or: []}", "nodes { title } totalCount pageInfo { hasNextPage hasPreviousPage }", []),
    ("where: {title: {in: []}}, after: $c", "nodes { title } totalCount pageInfo { hasPreviousPage }", []),
    ('where: {title: {eq: "B1"}, rowId: {in: []}}', "totalCount", []),
]


@pytest.mark.parametrize(("selection", "expected"), FIRST_PAGE.items())
async def test_first_page_computes_what_is_selected(books: Shelf, selection: str, expected: list[str]) -> None:
    nested = f"{{ authors {{ nodes {{ books {{ {selection} }} }} }} }}"

    assert await books.statements(f"{{ books {{ {selection} }} }}") == expected
    assert await books.statements(nested) == ["rows", *expected]


@pytest.mark.parametrize(("arguments", "selection", "expected"), OTHER_PAGES)
async def test_other_page_computes_what_is_selected(
    books: Shelf, arguments: str, selection: str, expected: list[str]
) -> None:
    declared = "($c: String!)" if "$c" in arguments else ""
    root = (await run(books.api, "{ books(first: 1) { pageInfo { endCursor } } }"))["books"]
    (author, _) = (await run(books.api, "{ authors { nodes { books(first: 1) { pageInfo { endCursor } } } } }"))[
        "authors"
    ]["nodes"]
    nested = f"query {declared} {{ authors {{ nodes {{ books({arguments}) {{ {selection} }} }} }} }}"

    assert (
        await books.statements(
            f"query {declared} {{ books({arguments}) {{ {selection} }} }}", **_cursor(declared, root)
        )
        == expected
    )
    assert await books.statements(nested, **_cursor(declared, author["books"])) == ["rows", *expected]


def _cursor(declared: str, page: dict[str, Any]) -> dict[str, str]:
    return {"c": page["pageInfo"]["endCursor"]} if declared else {}


async def test_only_selected_columns_are_fetched(books: Shelf) -> None:
    """Case 19: the columns of the order are fetched for cursors, and shown nowhere."""
    with record_statements(books.engine) as statements:
        plain = await run(books.api, "{ books(first: 1, orderBy: [{price: DESC}]) { nodes { title } } }")
        cursors = await run(
            books.api, "{ books(first: 1, orderBy: [{price: DESC}]) { edges { cursor node { title } } } }"
        )

    selected = [sql.partition("\nFROM")[0].strip() for sql, _ in statements]
    assert selected == [
        "SELECT book_1.title AS title",
        "SELECT book_1.title AS title, book_1.price AS price, book_1.id AS id",
    ]
    (edge,) = cursors["books"]["edges"]
    assert plain == {"books": {"nodes": [{"title": "B6"}]}}
    assert edge == {"cursor": edge["cursor"], "node": {"title": "B6"}}


# ---------- case 25 ----------


async def test_aliases_with_other_arguments_are_other_requests(books: Shelf) -> None:
    data, statements = await books.read(
        "{ authors(first: 1) { nodes { a: books(first: 1) { nodes { title } } b: books(last: 1) { nodes { title } } } } }"
    )

    assert data["authors"]["nodes"] == [{"a": {"nodes": [{"title": "B1"}]}, "b": {"nodes": [{"title": "B5"}]}}]
    assert statements == ["rows", "rows", "rows"]


async def test_aliases_with_equal_arguments_are_one_request(books: Shelf) -> None:
    """What they select is taken together, and each shows its own."""
    data, statements = await books.read(
        """{ authors(first: 1) { nodes {
             a: books(first: 2) { nodes { title } pageInfo { hasNextPage } }
             b: books(first: 2) { totalCount nodes { rowId tags(first: 1) { totalCount nodes { label } } } }
             c: books(first: 2, after: null) { edges { node { rowId tags(first: 1) { nodes { rowId } } } } } } } }"""
    )

    assert data["authors"]["nodes"] == [
        {
            "a": {"nodes": [{"title": "B1"}, {"title": "B2"}], "pageInfo": {"hasNextPage": True}},
            "b": {
                "totalCount": 5,
                "nodes": [
                    {"rowId": 1, "tags": {"totalCount": 3, "nodes": [{"label": "T1"}]}},
                    {"rowId": 2, "tags": {"totalCount": 0, "nodes": []}},
                ],
            },
            "c": {
                "edges": [
                    {"node": {"rowId": 1, "tags": {"nodes": [{"rowId": 1}]}}},
                    {"node": {"rowId": 2, "tags": {"nodes": []}}},
                ]
            },
        }
    ]
    assert sorted(statements) == ["rows", "rows", "rows", "rows", "total", "total"]


async def test_root_aliases_with_equal_arguments_and_selections_are_one_request(books: Shelf) -> None:
    data, statements = await books.read(
        "{ a: books(first: 1) { nodes { title } } b: books(first: 1) { nodes { title } } c: books { totalCount } }"
    )

    assert data == {
        "a": {"nodes": [{"title": "B1"}]},
        "b": {"nodes": [{"title": "B1"}]},
        "c": {"totalCount": 6},
    }
    assert sorted(statements) == ["rows", "total"]


@pytest.mark.parametrize(("shown", "expected"), [(True, ["rows", "rows", "total"]), (False, ["rows"])])
async def test_what_directives_leave_out_is_not_computed(books: Shelf, shown: bool, expected: list[str]) -> None:
    query = """query ($shown: Boolean!, $hidden: Boolean!) {
      authors(first: 1) { nodes { name books(first: 1) @include(if: $shown) { ...Page } } } }
      fragment Page on BookConnection { totalCount @skip(if: $hidden) ... @include(if: $shown) { nodes { title } } }"""

    data, statements = await books.read(query, shown=shown, hidden=not shown)

    page = {"books": {"totalCount": 5, "nodes": [{"title": "B1"}]}} if shown else {}
    assert data["authors"]["nodes"] == [{"name": "Ada", **page}]
    assert statements == expected
