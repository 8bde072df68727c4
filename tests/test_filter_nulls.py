"""Null in filters: null as an operand is refused, an absent operand says nothing, NULL hides no row by accident."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from gqlcrud import Api
from tests.databases import MakeEngine, record_statements
from tests.running import run, save
from tests.shelf import Author, Base, Book, OrderItem, Tag

BOOKS = "query ($where: BookWhere) { books(where: $where) { nodes { rowId } } }"


@pytest.fixture(scope="module")
async def engine(make_module_engine: MakeEngine) -> AsyncIterator[AsyncEngine]:
    """Of three books the first has everything, the second nothing that may be missing, the third something else."""
    engine = await make_module_engine(Base.metadata)
    fiction, poetry = Tag(id=1, label="fiction"), Tag(id=2, label="poetry")
    ada, bea = Author(id=1, name="Ada", email="ada@example.com"), Author(id=2, name="Bea", email=None)
    first = Book(id=1, isbn="1", title="A", price=Decimal(1), published_at=datetime(2020, 1, 1, tzinfo=UTC), author=ada)
    first.meta, first.tags, first.order_items = (
        {"n": 1, "z": None},
        [fiction],
        [OrderItem(order_no=1, line_no=1, quantity=3)],
    )
    second = Book(id=2, title="B", price=Decimal(2))
    third = Book(id=3, isbn="3", title="C", price=Decimal(3), author=bea, tags=[fiction, poetry], meta=None)
    await save(engine, first, second, third)
    yield engine


@pytest.fixture(scope="module")
def api(engine: AsyncEngine) -> Api:
    return Api(Base, engine)


async def found(api: Api, where: Any) -> list[int]:
    return [node["rowId"] for node in (await run(api, BOOKS, where=where))["books"]["nodes"]]


# ---------- an operand that is null ----------

NULLS: list[dict[str, Any]] = [
    {"title": None},
    {"title": {"eq": None}},
    {"title": {"in": None}},
    {"title": {"isNull": None}},
    {"title": {"iContains": None}},
    {"price": {"gte": None}},
    {"publishedAt": {"ne": None}},
    {"and": None},
    {"or": None},
    {"not": None},
    {"not": {"title": {"eq": None}}},
    {"id": None},
    {"id": {"eq": None}},
    {"id": {"notIn": None}},
    {"authorId": {"isNull": None}},
    {"author": None},
    {"author": {"is": None}},
    {"author": {"isNot": None}},
    {"author": {"isNull": None}},
    {"author": {"is": {"name": {"lt": None}}}},
    {"tags": None},
    {"tags": {"some": None}},
    {"tags": {"every": None}},
    {"tags": {"none": None}},
    {"tags": {"count": None}},
    {"tags": {"count": {"gt": None}}},
    {"meta": {"eq": None}},
    {"meta": {"hasKey": None}},
    {"meta": {"isNull": None}},
    {"meta": {"at": None}},
]
LISTED_NULLS: list[tuple[dict[str, Any], list[str | int]]] = [
    ({"and": [{}, {"title": {"eq": None}}]}, ["and", 1, "title", "eq"]),
    ({"or": [{"tags": {"some": {"not": {"label": {"ne": None}}}}}]}, ["or", 0, "tags", "some", "not", "label", "ne"]),
    ({"meta": {"at": [{"path": ["n"], "exists": None}]}}, ["meta", "at", 0, "exists"]),
    ({"meta": {"at": [{"path": ["n"], "number": None}]}}, ["meta", "at", 0, "number"]),
    ({"meta": {"at": [{"path": []}, {"path": [], "string": {"eq": None}}]}}, ["meta", "at", 1, "string", "eq"]),
]


def only_path(where: Any) -> list[str | int]:
    """The names that lead to the null in an input with one field at each level."""
    if where is None:
        return []
    ((name, value),) = where.items()
    return [name, *only_path(value)]


@pytest.mark.parametrize(
    ("where", "path"), [*((each, only_path(each)) for each in NULLS), *LISTED_NULLS], ids=lambda each: str(each)
)
async def test_an_operand_that_is_null_is_refused_with_its_path(
    api: Api, engine: AsyncEngine, where: Any, path: list[str | int]
) -> None:
    with record_statements(engine) as statements:
        result = await api.execute(BOOKS, {"where": where})

    assert result.data is None and result.errors is not None and statements == []
    (error,) = result.errors
    assert error.path == ["books"]
    assert error.extensions == {"code": "VALIDATION", "inputPath": ["where", *path]}
    assert error.message.startswith(f"{path[-1]} cannot be null; leave it out")


@pytest.mark.parametrize(
    ("argument", "variables"),
    [("{title: {eq: null}}", {}), ("{title: {eq: $title}}", {"title": None})],
    ids=["literal", "variable"],
)
async def test_a_null_is_refused_wherever_it_is_written(api: Api, argument: str, variables: dict[str, Any]) -> None:
    result = await api.execute(
        f"query ($title: String) {{ books(where: {argument}) {{ nodes {{ rowId }} }} other: authors {{ totalCount }} "
        "again: books(where: {isbn: {eq: $title}}) { totalCount } }",
        variables,
    )
    assert result.errors is not None
    assert result.errors[0].extensions == {"code": "VALIDATION", "inputPath": ["where", "title", "eq"]}


async def test_the_path_leads_through_the_fields_of_the_document(api: Api) -> None:
    result = await api.execute(
        "{ authors { list: nodes { works: books(where: {or: [{}, {title: {eq: null}}]}) { totalCount } } } }"
    )
    assert result.errors is not None
    (error,) = result.errors
    assert (error.path, error.extensions) == (
        ["authors"],
        {"code": "VALIDATION", "inputPath": ["list", "works", "where", "or", 1, "title", "eq"]},
    )


# ---------- an operand that is absent ----------


@pytest.mark.parametrize(
    ("declared", "argument"),
    [
        ("$x: String", "where: {title: {eq: $x}}"),
        ("$x: [String!]", "where: {title: {in: $x}}"),
        ("$x: StringFilter", "where: {title: $x}"),
        ("$x: BookWhere", "where: {not: $x}"),
        ("$x: [BookWhere!]", "where: {or: $x}"),
        ("$x: AuthorWhere", "where: {author: {is: $x}}"),
        ("$x: Int", "where: {tags: {count: {gt: $x}}}"),
        ("$x: Boolean", "where: {isbn: {isNull: $x}}"),
        ("$x: BookWhere", "where: $x"),
    ],
)
async def test_a_variable_that_is_not_given_drops_its_operator(api: Api, declared: str, argument: str) -> None:
    data = await run(api, f"query ({declared}) {{ books({argument}) {{ nodes {{ rowId }} }} }}")
    assert data == {"books": {"nodes": [{"rowId": 1}, {"rowId": 2}, {"rowId": 3}]}}


async def test_a_default_stands_for_a_variable_that_is_not_given(api: Api) -> None:
    query = 'query ($x: String = "B") { books(where: {title: {eq: $x}}) { nodes { rowId } } }'
    assert await run(api, query) == {"books": {"nodes": [{"rowId": 2}]}}
    assert await run(api, query, x="C") == {"books": {"nodes": [{"rowId": 3}]}}


async def test_a_filter_that_is_null_is_none(api: Api) -> None:
    assert await found(api, None) == [1, 2, 3]


# ---------- nothing, and NULL ----------

ALL, NONE = [1, 2, 3], list[int]()


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({}, ALL),
        ({"and": []}, ALL),
        ({"or": []}, NONE),
        ({"not": {}}, NONE),
        ({"not": {"and": []}}, NONE),
        ({"not": {"or": []}}, ALL),
        ({"not": {"not": {}}}, ALL),
        ({"and": [{}, {}]}, ALL),
        ({"or": [{}]}, ALL),
        ({"or": [{"or": []}, {"title": {"eq": "A"}}]}, [1]),
        ({"and": [{"or": []}, {"title": {"eq": "A"}}]}, NONE),
        ({"title": {}}, ALL),
        ({"not": {"title": {}}}, NONE),
        ({"id": {}, "authorId": {}, "author": {}, "tags": {}, "meta": {}}, ALL),
        ({"tags": {"count": {}}}, ALL),
        ({"meta": {"at": []}}, ALL),
        ({"meta": {"at": [{"path": ["n"]}]}}, ALL),
        ({"title": {"in": []}}, NONE),
        ({"isbn": {"notIn": []}}, [1, 3]),
        ({"id": {"in": []}}, NONE),
        ({"authorId": {"notIn": []}}, [1, 3]),
    ],
    ids=str,
)
async def test_an_empty_condition_is_true_but_for_an_empty_choice(api: Api, where: Any, expected: list[int]) -> None:
    assert await found(api, where) == expected


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"isbn": {"ne": "1"}}, [3]),
        ({"not": {"isbn": {"eq": "1"}}}, [2, 3]),
        ({"not": {"isbn": {"ne": "1"}}}, [1, 2]),
        ({"not": {"not": {"isbn": {"ne": "1"}}}}, [3]),
        ({"not": {"isbn": {"notIn": ["1"]}}}, [1, 2]),
        ({"not": {"isbn": {"contains": "1"}}}, [2, 3]),
        ({"not": {"authorId": {"ne": "QXV0aG9yOjE"}}}, [1, 2]),
        ({"not": {"author": {"is": {"email": {"eq": "ada@example.com"}}}}}, [2, 3]),
        ({"author": {"isNot": {"email": {"eq": "ada@example.com"}}}}, [2, 3]),
        ({"author": {"isNot": {"email": {"ne": "x"}}}}, [2, 3]),
        ({"author": {"isNot": {}}}, [2]),
        ({"author": {"is": {}}}, [1, 3]),
        ({"author": {"isNull": True}}, [2]),
        ({"author": {"isNull": False}}, [1, 3]),
        ({"author": {"is": {"books": {"every": {"isbn": {"ne": "9"}}}}}}, [1, 3]),
        ({"tags": {"every": {"label": {"eq": "fiction"}}}}, [1, 2]),
        ({"tags": {"every": {}}}, ALL),
        ({"tags": {"every": {"or": []}}}, [2]),
        ({"tags": {"none": {}}}, [2]),
        ({"tags": {"some": {}}}, [1, 3]),
        ({"tags": {"some": {"or": []}}}, NONE),
        ({"tags": {"none": {"or": []}}}, ALL),
        ({"tags": {"count": {"eq": 0}}}, [2]),
        ({"tags": {"count": {"gte": 1, "lt": 2}}}, [1]),
        ({"tags": {"count": {"ne": 1}}}, [2, 3]),
    ],
    ids=str,
)
async def test_null_hides_no_row_by_accident(api: Api, where: Any, expected: list[int]) -> None:
    """`not`, `isNot`, `none` and `every` take what is unknown for false."""
    assert await found(api, where) == expected


async def test_every_regards_a_null_as_a_failure(api: Api) -> None:
    """Bea's only book has an ISBN, Ada's too; a NULL would not be unequal to anything."""
    query = "query ($where: AuthorWhere) { authors(where: $where) { nodes { name } } }"
    where = {"books": {"every": {"publishedAt": {"gt": "2019-01-01T00:00:00Z"}}}}
    assert await run(api, query, where=where) == {"authors": {"nodes": [{"name": "Ada"}]}}
    where = {"books": {"none": {"publishedAt": {"gt": "2019-01-01T00:00:00Z"}}}}
    assert await run(api, query, where=where) == {"authors": {"nodes": [{"name": "Bea"}]}}


# ---------- limits ----------


async def test_a_list_of_a_thousand_operands_is_taken_and_one_more_refused(api: Api) -> None:
    many = [{"title": {"eq": f"{i}"}} for i in range(999)]
    assert await found(api, {"or": [*many, {"title": {"eq": "C"}}]}) == [3]
    assert await found(api, {"and": [{"not": each} for each in [*many, {"title": {"eq": "C"}}]]}) == [1, 2]
    assert await found(api, {"title": {"in": [*map(str, range(999)), "A"]}}) == [1]
    assert await found(api, {"title": {"notIn": [*map(str, range(999)), "A"]}}) == [2, 3]
    at_all = {"path": [], "exists": True}
    assert await found(api, {"meta": {"at": [at_all] * 1000}}) == [1, 3], "of the third the JSON value null is stored"

    for where, path in [
        ({"or": [{}] * 1001}, ["or"]),
        ({"title": {"in": ["A"] * 1001}}, ["title", "in"]),
        ({"id": {"in": ["QXV0aG9yOjE"] * 1001}}, ["id", "in"]),
        ({"meta": {"at": [at_all] * 1001}}, ["meta", "at"]),
    ]:
        result = await api.execute(BOOKS, {"where": where})
        assert result.errors is not None
        assert [(each.message, each.extensions) for each in result.errors] == [
            (
                "A list holds at most 1000 items; this one has 1001.",
                {"code": "LIMIT", "inputPath": ["where", *path]},
            )
        ]


async def test_a_filter_nests_ten_levels_and_no_more(api: Api) -> None:
    """Each level holds as much as it may: SQLite bounds the depth of an expression."""

    def nested(levels: int) -> dict[str, Any]:
        where: dict[str, Any] = {"title": {"eq": "A"}}
        for level in range(levels):
            others = [{"title": {"ne" if level % 2 else "eq": "none"}}] * 99
            where = {"and" if level % 2 else "or": [where, *others]}
        return where

    deep: dict[str, Any] = {"title": {"eq": "A"}}
    for _ in range(3):
        deep = {"author": {"is": {"books": {"every": {"not": deep}}}}}
    assert await found(api, deep) == [3]
    assert await found(api, nested(10)) == [1]
    result = await api.execute(BOOKS, {"where": nested(11)})
    assert result.errors is not None
    assert [each.message for each in result.errors] == ["A filter nests at most 10 levels."]
