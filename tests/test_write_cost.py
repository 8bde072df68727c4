"""What a write asks of the database: no statement that is not needed, and each compiled once."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import event, text
from sqlalchemy.engine.interfaces import CacheStats
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from gqlcrud import Api
from tests import shelf
from tests.databases import MakeEngine, record_statements
from tests.running import run, save
from tests.writing import failed

BOOK = '{title: "T", price: "1.5"'
WRITES = {
    "one": f"createBook(input: {{data: {BOOK}, author: {{connect: {{rowId: 1}}}}}}}}) {{ book {{ title }} }}",
    "nested": f"""createAuthor(input: {{data: {{name: "N", books: {{create: [
        {BOOK}, tags: {{connect: [{{by: {{rowId: 1}}}}, {{by: {{rowId: 2}}}}]}}}}, {BOOK}}}]}}}}}}) {{ author {{ name }} }}""",
    "many": f"createBooks(input: {{data: [{BOOK}}}, {BOOK}}}, {BOOK}}}]}}) {{ affectedCount }}",
    "found": f"""updateTag(input: {{by: {{rowId: 1}}, patch: {{books: {{connectOrCreate: [
        {{by: {{rowId: 1}}, create: {BOOK}}}}}]}}}}}}) {{ tag {{ label }} }}""",
    "changed": 'updateBook(input: {by: {rowId: 1}, patch: {title: "U"}}) { book { title } }',
}


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncEngine:
    """Author 1 has book 1; there are tags 1 and 2."""
    engine = await make_engine(shelf.Base.metadata)
    tags = [shelf.Tag(label="a"), shelf.Tag(label="b")]
    await save(engine, shelf.Author(name="A", books=[shelf.Book(title="B", price=1, version=1)]), *tags)
    return engine


@contextmanager
def compilations(engine: AsyncEngine) -> Iterator[list[str]]:
    """The statements that SQLAlchemy compiles within the block, less those of which version 2.0 keeps nothing."""
    found: list[str] = []

    def record(_connection: object, _cursor: object, sql: str, _parameters: object, context: Any, _: object) -> None:
        unkept = sqlalchemy.__version__.startswith("2.0.") and "ON CONFLICT" in sql
        if context.compiled is not None and context.cache_hit is not CacheStats.CACHE_HIT and not unkept:
            found.append(sql)

    event.listen(engine.sync_engine, "before_cursor_execute", record)
    yield found
    event.remove(engine.sync_engine, "before_cursor_execute", record)


@pytest.mark.parametrize("write", WRITES)
async def test_statements_are_compiled_once(engine: AsyncEngine, write: str) -> None:
    api = Api(shelf.Base, engine)
    for _ in range(3):
        with compilations(engine) as compiled:
            await run(api, f"mutation {{ {WRITES[write]} }}")

    assert compiled == []


@pytest.mark.parametrize(
    ("write", "begins"),
    [
        ("one", ["INSERT INTO book "]),
        ("nested", ["INSERT INTO author ", "INSERT INTO book ", "INSERT INTO book_tag ", "SELECT "]),
        ("many", ["INSERT INTO book "]),
    ],
    ids=["one", "nested", "many"],
)
async def test_connected_record_is_not_looked_for(engine: AsyncEngine, write: str, begins: list[str]) -> None:
    with record_statements(engine) as statements:
        await run(Api(shelf.Base, engine), f"mutation {{ {WRITES[write]} }}")

    asked = [sql for sql, _ in statements if sql.startswith(("INSERT", "SELECT"))]
    assert [sql[: len(begin)] for sql, begin in zip(asked, begins, strict=True)] == begins


SHOWN = "rowId title price isbn author { name } tags { nodes { label } }"


@pytest.mark.parametrize("author", ["", ", author: {connect: {rowId: 1}}"], ids=["alone", "connected"])
async def test_new_record_is_shown_as_it_is_stored(engine: AsyncEngine, author: str) -> None:
    """What the INSERT gives back of it is what is read of it afterwards: the price has two digits then."""
    api = Api(shelf.Base, engine)
    made = await run(
        api,
        f'mutation {{ createBook(input: {{data: {{title: "T", price: "1.005"{author}}}}}) {{ book {{ {SHOWN} }} }} }}',
    )
    read = await run(api, f"{{ book(by: {{rowId: 2}}) {{ {SHOWN} }} }}")

    assert made["createBook"] == read
    assert len(read["book"]["price"]) == len("1.00")


async def test_connected_record_that_is_missing_is_told_as_if_it_was_looked_for(engine: AsyncEngine) -> None:
    api = Api(shelf.Base, engine)
    book = f"{BOOK}, tags: {{connect: [{{by: {{rowId: 1}}}}, {{by: {{rowId: 8}}}}, {{by: {{rowId: 9}}}}]}}}}"

    assert await failed(api, "createBook", f"{{data: {BOOK}, author: {{connect: {{rowId: 7}}}}}}}}") == [
        ("NOT_FOUND", "There is no Author with this key.", "data.author.connect")
    ]
    assert await failed(api, "createAuthor", f'{{data: {{name: "N", books: {{create: [{BOOK}}}, {book}]}}}}}}') == [
        ("NOT_FOUND", "There is no Tag with this key.", "data.books.create.1.tags.connect.1.by"),
        ("NOT_FOUND", "There is no Tag with this key.", "data.books.create.1.tags.connect.2.by"),
    ]
    count = "{ books { totalCount } authors { totalCount } }"
    assert await run(api, count) == {"books": {"totalCount": 1}, "authors": {"totalCount": 1}}


async def test_item_that_names_a_missing_record_leaves_the_others_alone(engine: AsyncEngine) -> None:
    items = ", ".join(f"{BOOK}, author: {{connect: {{rowId: {key}}}}}}}" for key in (1, 7, 1))
    data = await run(
        Api(shelf.Base, engine),
        f"mutation {{ createBooks(input: {{data: [{items}], onError: CONTINUE}}) "
        "{ affectedCount errors { code path } } }",
    )

    error = {"code": "NOT_FOUND", "path": ["input", "data", "1", "author", "connect"]}
    assert data == {"createBooks": {"affectedCount": 2, "errors": [error]}}


async def test_record_of_the_same_document_is_not_missed_when_something_else_is(engine: AsyncEngine) -> None:
    """All is rolled back then, the author among it."""
    data = await run(
        Api(shelf.Base, engine),
        f"""mutation @atomic {{
          a: createAuthor(input: {{data: {{name: "N", books: {{create: [{BOOK}}}]}}}}}}) {{ author {{ rowId }} }}
          b: createBook(input: {{data: {BOOK}, author: {{connect: {{rowId: 2}}}}, tags: {{connect: [{{by: {{rowId: 9}}}}]}}}}}})
            {{ errors {{ code path }} }} }}""",
    )

    path = ["input", "data", "tags", "connect", "0", "by"]
    assert data["b"] == {"errors": [{"code": "NOT_FOUND", "path": path}]}


async def test_record_is_looked_for_where_the_application_has_foreign_keys_off(engine: AsyncEngine) -> None:
    """PostgreSQL holds them in any session."""
    async with AsyncSession(engine) as session:
        if engine.dialect.name == "sqlite":
            await session.execute(text("PRAGMA foreign_keys = OFF"))
        await session.begin_nested()
        result = await Api(shelf.Base, engine).execute(
            f"mutation {{ createBook(input: {{data: {BOOK}, author: {{connect: {{rowId: 7}}}}}}}}) {{ errors {{ code }} }} }}",
            session=session,
        )

    assert result.data == {"createBook": {"errors": [{"code": "NOT_FOUND"}]}}


async def test_every_mistake_of_many_records_is_told_at_its_place(engine: AsyncEngine) -> None:
    """The values of a column pass together, or each is looked at."""
    api = Api(shelf.Base, engine)
    document = (
        "mutation ($data: [BookCreate!]!) { createBooks(input: {data: $data}) { affectedCount errors { code path } } }"
    )
    valid = [{"title": f"T{number}", "price": "1.5", "meta": {"a": [number]}} for number in range(20)]
    wrong = [
        *valid[:17],
        {**valid[17], "title": "x" * 201},
        {**valid[18], "meta": {"a": "\0"}},
        {**valid[19], "authorId": "?"},
    ]

    assert await run(api, document, data=valid) == {"createBooks": {"affectedCount": 20, "errors": []}}
    paths = [["17", "title"], ["18", "meta"], ["19", "authorId"]]
    errors = [{"code": "VALIDATION", "path": ["input", "data", *path]} for path in paths]
    assert await run(api, document, data=wrong) == {"createBooks": {"affectedCount": 0, "errors": errors}}
