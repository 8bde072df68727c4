"""Records that are marked as deleted: they show nowhere, no write reaches them, and they come back."""

# ruff: noqa: RUF012 - SQLAlchemy types `__mapper_args__` as an instance attribute; a ClassVar fails the type check.

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
import strawberry
from sqlalchemy import ForeignKey, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column

import gqlcrud
from gqlcrud import Api, ConfigurationError, Hooks, ModelOptions, SoftDelete
from tests import archive
from tests.archive import Book, Cover, Label, Loan, Reader, Shelf, Tag, Writer
from tests.databases import MakeEngine, record_statements
from tests.running import run, save

THEN = dt.datetime(2024, 5, 6, 7, 8, 9, 123456, dt.UTC)


class BookFields:
    @gqlcrud.field(requires=["id", "shelf", "writer", "tags"])
    async def loaded(self: Book, info: strawberry.Info) -> str:
        """What the loaders of resolvers give of the records around the book."""
        shelf = await gqlcrud.load_relation(info, self, Book.shelf, columns=["name"])
        tags = await gqlcrud.load_relation(info, self, Book.tags, columns=["word"])
        books = await gqlcrud.load_records(info, Book, [1, 2, 3], columns=["title"])
        titles = [None if each is None else each.title for each in books]
        return f"{shelf and shelf.name} {[tag.word for tag in tags]} {titles}"


async def filled(make_engine: MakeEngine) -> AsyncEngine:
    """The book `here` with all around it, `gone`, which is deleted, and `lone`, around which all is deleted."""
    engine: AsyncEngine = await make_engine(archive.Base.metadata)
    oak, cellar = Shelf(name="oak"), Shelf(name="cellar", deleted_at=THEN)
    ada, bob = Writer(name="Ada", removed=False), Writer(name="Bob", removed=True)
    red, blue, grey = Tag(word="red", active=True), Tag(word="blue", active=None), Tag(word="grey", active=False)
    here = Book(title="here", shelf=oak, writer=ada, cover=Cover(colour="red"), tags=[red, blue, grey])
    gone = Book(title="gone", shelf=oak, writer=ada, deleted_at=THEN, cover=Cover(colour="tan"), tags=[red])
    lone = Book(title="lone", shelf=cellar, writer=bob, cover=Cover(colour="dun", deleted_on=THEN.date()), tags=[grey])
    eve, ian = Reader(name="Eve"), Reader(name="Ian")
    await save(engine, here)
    await save(engine, gone)
    await save(engine, lone)
    await save(engine, eve)
    await save(engine, ian)
    await save(
        engine,
        Loan(book_id=1, reader_id=1, weeks=1),
        Loan(book_id=1, reader_id=2, weeks=2, ended=True),
        Loan(book_id=2, reader_id=1, weeks=3),
    )
    return engine


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncEngine:
    return await filled(make_engine)


@pytest.fixture
def api(engine: AsyncEngine) -> Api:
    return api_over(engine)


@pytest.fixture(scope="module")
async def shown(make_module_engine: MakeEngine) -> Api:
    """The same, for tests that change nothing."""
    return api_over(await filled(make_module_engine))


def api_over(engine: AsyncEngine) -> Api:
    book = archive.OPTIONS[Book]
    options = {**archive.OPTIONS, Book: ModelOptions(soft_delete=book.soft_delete, fields=BookFields)}
    return Api(archive.Base, engine, models=options)


async def answer(api: Api, query: str, context: object = None, **variables: Any) -> Any:
    result = await api.execute(query, variables, context=context)
    assert result.errors is None, [(each.message, each.original_error) for each in result.errors]
    return result.data


def named(field: str, key: str, *values: object) -> dict[str, Any]:
    return {field: {"nodes": [{key: value} for value in values]}}


# ---------- nowhere ----------

READS: list[tuple[str, Any]] = [
    # lists and single records
    (
        "{ books { totalCount nodes { title } } }",
        {"books": {"totalCount": 2, "nodes": [{"title": "here"}, {"title": "lone"}]}},
    ),
    ("{ shelves { nodes { name } } }", named("shelves", "name", "oak")),
    ("{ writers { nodes { name } } }", named("writers", "name", "Ada")),
    ("{ covers(orderBy: [{colour: ASC}]) { nodes { colour } } }", named("covers", "colour", "red", "tan")),
    ("{ tags { nodes { word } } }", named("tags", "word", "red", "blue")),
    ("{ loans { nodes { weeks } } }", named("loans", "weeks", 1, 3)),
    ("{ book(by: {rowId: 2}) { title } }", {"book": None}),
    ('{ book(by: {title: "gone"}) { title } }', {"book": None}),
    ('{ writer(by: {name: "Bob"}) { name } }', {"writer": None}),
    ('{ tag(by: {word: "grey"}) { word } }', {"tag": None}),
    ('{ book(by: {id: "Qm9vazoy"}) { title } }', {"book": None}),
    ('{ node(id: "Qm9vazoy") { id } }', {"node": None}),
    ('{ nodes(ids: ["Qm9vazox", "Qm9vazoy"]) { ... on Book { title } } }', {"nodes": [{"title": "here"}, None]}),
    # relations
    (
        "{ books { nodes { title shelf { name } writer { name } cover { colour } } } }",
        {
            "books": {
                "nodes": [
                    {"title": "here", "shelf": {"name": "oak"}, "writer": {"name": "Ada"}, "cover": {"colour": "red"}},
                    {"title": "lone", "shelf": None, "writer": None, "cover": None},
                ]
            }
        },
    ),
    (
        "{ covers(orderBy: [{colour: ASC}]) { nodes { book { title } } } }",
        {"covers": {"nodes": [{"book": {"title": "here"}}, {"book": None}]}},
    ),
    ("{ loans { nodes { book { title } } } }", {"loans": {"nodes": [{"book": {"title": "here"}}, {"book": None}]}}),
    (
        "{ shelves { nodes { books { totalCount nodes { title } } } } }",
        {"shelves": {"nodes": [{"books": {"totalCount": 1, "nodes": [{"title": "here"}]}}]}},
    ),
    (
        "{ books { nodes { tags { totalCount edges { weight node { word } } } } } }",
        {
            "books": {
                "nodes": [
                    {
                        "tags": {
                            "totalCount": 2,
                            "edges": [
                                {"weight": None, "node": {"word": "red"}},
                                {"weight": None, "node": {"word": "blue"}},
                            ],
                        }
                    },
                    {"tags": {"totalCount": 0, "edges": []}},
                ]
            }
        },
    ),
    (
        "{ tags { nodes { books { nodes { title } } } } }",
        {"tags": {"nodes": [{"books": {"nodes": [{"title": "here"}]}}] * 2}},
    ),
    (
        "{ shelves { nodes { books(first: 1) { pageInfo { hasNextPage } } } } books(last: 1) { pageInfo { hasPreviousPage } } }",
        {
            "shelves": {"nodes": [{"books": {"pageInfo": {"hasNextPage": False}}}]},
            "books": {"pageInfo": {"hasPreviousPage": True}},
        },
    ),
    # links that are deleted themselves
    (
        "{ readers { nodes { name books { totalCount edges { weeks node { title } } } } } }",
        {
            "readers": {
                "nodes": [
                    {"name": "Eve", "books": {"totalCount": 1, "edges": [{"weeks": 1, "node": {"title": "here"}}]}},
                    {"name": "Ian", "books": {"totalCount": 0, "edges": []}},
                ]
            }
        },
    ),
    (
        "{ books { nodes { readers { nodes { name } } } } }",
        {"books": {"nodes": [named("readers", "name", "Eve"), named("readers", "name")]}},
    ),
    ("{ readers(where: {books: {some: {}}}) { nodes { name } } }", named("readers", "name", "Eve")),
    ("{ readers(where: {books: {count: {eq: 0}}}) { nodes { name } } }", named("readers", "name", "Ian")),
    # filters
    ("{ books(where: {shelf: {is: {}}}) { nodes { title } } }", named("books", "title", "here")),
    ('{ books(where: {shelf: {is: {name: {eq: "cellar"}}}}) { nodes { title } } }', named("books", "title")),
    (
        '{ books(where: {shelf: {isNot: {name: {eq: "cellar"}}}}) { nodes { title } } }',
        named("books", "title", "here", "lone"),
    ),
    ("{ books(where: {writer: {isNull: true}}) { nodes { title } } }", named("books", "title", "lone")),
    ("{ books(where: {cover: {isNull: false}}) { nodes { title } } }", named("books", "title", "here")),
    ('{ shelves(where: {books: {some: {title: {eq: "gone"}}}}) { nodes { name } } }', named("shelves", "name")),
    ('{ shelves(where: {books: {every: {title: {eq: "here"}}}}) { nodes { name } } }', named("shelves", "name", "oak")),
    ('{ shelves(where: {books: {none: {title: {eq: "gone"}}}}) { nodes { name } } }', named("shelves", "name", "oak")),
    ("{ writers(where: {books: {count: {eq: 1}}}) { nodes { name } } }", named("writers", "name", "Ada")),
    ("{ books(where: {tags: {count: {gt: 2}}}) { nodes { title } } }", named("books", "title")),
    (
        '{ books(where: {not: {tags: {some: {word: {eq: "grey"}}}}}) { nodes { title } } }',
        named("books", "title", "here", "lone"),
    ),
    ("{ covers(where: {book: {is: {shelf: {is: {}}}}}) { nodes { colour } } }", named("covers", "colour", "red")),
    # orders: what cannot be seen is as if it were missing
    (
        "{ books(orderBy: [{shelf: {name: ASC_NULLS_FIRST}}]) { nodes { title } } }",
        named("books", "title", "lone", "here"),
    ),
    ("{ books(orderBy: [{cover: {colour: DESC}}]) { nodes { title } } }", named("books", "title", "lone", "here")),
    ("{ books(orderBy: [{tags: {count: ASC}}]) { nodes { title } } }", named("books", "title", "lone", "here")),
    ("{ loans(orderBy: [{book: {shelf: {name: DESC}}}]) { nodes { weeks } } }", named("loans", "weeks", 3, 1)),
    # resolvers of one's own
    (
        "{ books { nodes { loaded } } }",
        {
            "books": {
                "nodes": [
                    {"loaded": "oak ['red', 'blue'] ['here', None, 'lone']"},
                    {"loaded": "None [] ['here', None, 'lone']"},
                ]
            }
        },
    ),
]


@pytest.mark.parametrize(("query", "expected"), READS, ids=lambda value: value if isinstance(value, str) else "")
async def test_a_deleted_record_shows_nowhere(shown: Api, query: str, expected: Any) -> None:
    assert await answer(shown, query) == expected


# ---------- `deleted` ----------


async def test_who_may_see_deleted_records_asks_for_them(shown: Api) -> None:
    """In lists, for single records and along relations, each for itself."""
    data = await answer(
        shown,
        """{
          all: books(deleted: INCLUDE) { totalCount nodes { title } }
          only: books(deleted: ONLY, where: {title: {ne: "x"}}) { totalCount nodes { title } }
          not: books(deleted: EXCLUDE) { totalCount }
          null: books(deleted: null) { totalCount }
          gone: book(by: {rowId: 2}, deleted: INCLUDE) { title }
          here: book(by: {rowId: 1}, deleted: ONLY) { title }
          shelves(deleted: INCLUDE) { nodes { name books(deleted: ONLY) { nodes { title } } } }
          lone: book(by: {rowId: 3}) {
            shelf(deleted: INCLUDE) { name } hidden: shelf { name } writer(deleted: ONLY) { name }
            tags(deleted: INCLUDE) { nodes { word } }
          }
        }""",
        "librarian",
    )

    assert data == {
        "all": {"totalCount": 3, "nodes": [{"title": "here"}, {"title": "gone"}, {"title": "lone"}]},
        "only": {"totalCount": 1, "nodes": [{"title": "gone"}]},
        "not": {"totalCount": 2},
        "null": {"totalCount": 2},
        "gone": {"title": "gone"},
        "here": None,
        "shelves": {
            "nodes": [
                {"name": "oak", "books": {"nodes": [{"title": "gone"}]}},
                {"name": "cellar", "books": {"nodes": []}},
            ]
        },
        "lone": {
            "shelf": {"name": "cellar"},
            "hidden": None,
            "writer": {"name": "Bob"},
            **named("tags", "word", "grey"),
        },
    }


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("{ books(deleted: INCLUDE) { totalCount } }", ["deleted"]),
        ("{ book(by: {rowId: 2}, deleted: ONLY) { title } }", ["deleted"]),
        ("{ shelves { nodes { books(deleted: ONLY) { totalCount } } } }", ["nodes", "books", "deleted"]),
        ("{ books { nodes { writer(deleted: INCLUDE) { name } } } }", ["nodes", "writer", "deleted"]),
    ],
)
async def test_who_may_not_see_deleted_records_is_refused(shown: Api, query: str, path: list[str]) -> None:
    result = await shown.execute(query, context="guest")

    assert result.errors is not None
    assert [each.extensions for each in result.errors] == [{"code": "FORBIDDEN", "inputPath": path}]


def test_the_argument_is_there_where_anybody_may_use_it(shown: Api) -> None:
    sdl = shown.sdl()

    assert "deleted: DeletedRecords" in sdl.partition("type Shelf implements")[2].partition("}")[0]
    assert "deleted" not in sdl.partition("  covers(")[2].partition(")")[0]


# ---------- deletion ----------

STATE = """{
  shelves(deleted: INCLUDE) { nodes { name version deletedAt books(deleted: INCLUDE) { nodes { title deletedAt } } } }
}"""


async def test_a_deletion_marks_the_record_and_shows_it_as_it_was(api: Api) -> None:
    before = dt.datetime.now(dt.UTC)
    data = await answer(
        api,
        """mutation { deleteBook(input: {by: {title: "here"}, clientMutationId: "q"}) {
          deletedId clientMutationId book { title deletedAt shelf { name } } errors { code }
          query { books { nodes { title } } } } }""",
    )
    after = dt.datetime.now(dt.UTC)

    assert data == {
        "deleteBook": {
            "deletedId": "Qm9vazox",
            "clientMutationId": "q",
            "book": {"title": "here", "deletedAt": None, "shelf": {"name": "oak"}},
            "errors": [],
            "query": named("books", "title", "lone"),
        }
    }
    found = await answer(api, "{ book(by: {rowId: 1}, deleted: ONLY) { deletedAt tags { totalCount } } }", "librarian")
    assert before <= dt.datetime.fromisoformat(found["book"]["deletedAt"]) <= after
    assert found["book"]["tags"] == {"totalCount": 2}


@pytest.mark.parametrize(
    ("model", "by", "column"),
    [
        ("Writer", 'name: "Ada"', "removed"),
        ("Tag", 'word: "red"', "active"),
        ("Cover", 'bookId: "Qm9vazox"', "deletedOn"),
    ],
)
async def test_flags_and_dates_are_marks_too(api: Api, model: str, by: str, column: str) -> None:
    name = model.lower()
    query = f"mutation {{ m: VERB{model}(input: {{by: {{{by}}}}}) {{ {name} {{ id {column} }} errors {{ code }} }} }}"
    count = f"{{ {name}s {{ totalCount }} }}"
    alive: Any = {"removed": False, "active": True, "deletedOn": None}[column]

    before = await answer(api, count)
    deleted = await answer(api, query.replace("VERB", "delete"))
    between = await answer(api, count)
    again = await answer(api, query.replace("VERB", "delete"))
    restored = await answer(api, query.replace("VERB", "restore"))
    twice = await answer(api, query.replace("VERB", "restore"))

    assert deleted["m"] == restored["m"] == {name: {"id": deleted["m"][name]["id"], column: alive}, "errors": []}
    assert again["m"] == twice["m"] == {name: None, "errors": [{"code": "NOT_FOUND"}]}
    assert between[f"{name}s"]["totalCount"] == before[f"{name}s"]["totalCount"] - 1
    assert await answer(api, count) == before


async def test_a_flag_that_is_null_marks_nothing(api: Api) -> None:
    query = 'mutation { deleteTag(input: {by: {word: "blue"}}) { tag { active } errors { code } } }'

    assert await answer(api, query) == {"deleteTag": {"tag": {"active": None}, "errors": []}}
    assert await answer(api, "{ tags { nodes { word } } }") == named("tags", "word", "red")


async def test_a_new_record_is_there(api: Api) -> None:
    """A flag without a default is set."""
    data = await answer(
        api, 'mutation { createWriter(input: {data: {name: "Zoe"}}) { writer { name removed } errors { code } } }'
    )

    assert data == {"createWriter": {"writer": {"name": "Zoe", "removed": False}, "errors": []}}


async def test_records_that_would_be_deleted_along_are_marked_along_and_come_back_with_it(
    api: Api, engine: AsyncEngine
) -> None:
    """Not those that have been deleted before, nor those of a model without marks."""
    await save(engine, Label(text="top", shelf_id=1))
    change = """mutation { m: VERBShelf(input: {by: {name: "oak"}}) { shelf { name } errors { code } } }"""

    before = await answer(api, STATE, "librarian")
    await answer(api, change.replace("VERB", "delete"))
    between = await answer(api, STATE, "librarian")
    labels = await answer(api, "{ labels { nodes { text shelf { name } } } }")
    await answer(api, change.replace("VERB", "restore"))
    after = await answer(api, STATE, "librarian")

    oak, moment = between["shelves"]["nodes"][0], between["shelves"]["nodes"][0]["deletedAt"]
    assert moment is not None and oak["version"] == 2
    assert oak["books"]["nodes"] == [
        {"title": "here", "deletedAt": moment},
        {"title": "gone", "deletedAt": "2024-05-06T07:08:09.123456+00:00"},
    ]
    assert labels == {"labels": {"nodes": [{"text": "top", "shelf": None}]}}
    before["shelves"]["nodes"][0]["version"] = 3
    assert after == before


async def test_a_record_is_restored_alone_where_others_were_deleted_at_another_time(api: Api) -> None:
    data = await answer(
        api,
        """mutation {
          deleteBook(input: {by: {title: "here"}}) { errors { code } }
          deleteShelf(input: {by: {name: "oak"}}) { errors { code } }
          restoreShelf(input: {by: {name: "oak"}}) {
            shelf { name books { totalCount } } shelfEdge { node { name } } errors { code } }
        }""",
    )

    assert data["restoreShelf"] == {
        "shelf": {"name": "oak", "books": {"totalCount": 0}},
        "shelfEdge": {"node": {"name": "oak"}},
        "errors": [],
    }


async def test_a_deletion_can_depend_on_the_version(api: Api) -> None:
    query = "mutation ($v: Int!) { deleteShelf(input: {by: {rowId: 1}, version: $v}) { deletedId errors { code } } }"

    assert await answer(api, query, v=7) == {"deleteShelf": {"deletedId": None, "errors": [{"code": "STALE"}]}}
    assert await answer(api, query, v=1) == {"deleteShelf": {"deletedId": "U2hlbGY6MQ", "errors": []}}


async def test_a_stale_record_that_is_deleted_meanwhile_is_not_there(api: Api) -> None:
    """What a client cannot see is not the current record either."""
    query = """mutation { updateShelf(input: {by: {rowId: 2}, patch: {name: "x"}, version: 9}) { errors { code } } }"""

    assert await answer(api, query) == {"updateShelf": {"errors": [{"code": "NOT_FOUND"}]}}


# ---------- for good ----------

HARD = 'mutation { deleteBook(input: {by: {title: "TITLE"}, hard: true}) { deletedId book { title } errors { code path } } }'


async def test_a_record_is_deleted_for_good_by_permission(api: Api, engine: AsyncEngine) -> None:
    """One that is marked already as well."""
    query = HARD.replace("TITLE", "gone")
    await answer(api, 'mutation { deleteCover(input: {by: {bookId: "Qm9vazoy"}}) { errors { code } } }')
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM loan"))

    refused = await answer(api, query, "guest")
    done = await answer(api, query, "librarian")

    assert refused["deleteBook"] == {
        "deletedId": None,
        "book": None,
        "errors": [{"code": "FORBIDDEN", "path": ["input", "hard"]}],
    }
    assert done["deleteBook"] == {"deletedId": "Qm9vazoy", "book": {"title": "gone"}, "errors": []}
    assert await answer(api, "{ books(deleted: INCLUDE) { nodes { title } } }", "librarian") == named(
        "books", "title", "here", "lone"
    )


async def test_what_is_deleted_for_good_takes_along_what_sqlalchemy_deletes_along(api: Api) -> None:
    data = await answer(
        api,
        """mutation { deleteShelf(input: {by: {name: "cellar"}, hard: true}) {
          deletedId errors { code message } query { books(deleted: INCLUDE) { nodes { title } } } } }""",
        "librarian",
    )

    assert data["deleteShelf"] == {
        "deletedId": "U2hlbGY6Mg",
        "errors": [],
        "query": named("books", "title", "here", "gone"),
    }


# ---------- no write reaches a deleted record ----------

GONE = "There is no {} with this key."
WRITES: list[tuple[str, list[tuple[str, str]]]] = [
    ('updateBook(input: {by: {title: "gone"}, patch: {title: "x"}})', [("NOT_FOUND", "by")]),
    ('deleteBook(input: {by: {title: "gone"}})', [("NOT_FOUND", "by")]),
    ('restoreBook(input: {by: {title: "here"}})', [("NOT_FOUND", "by")]),
    ('createBook(input: {data: {title: "gone", shelfId: "U2hlbGY6MQ"}})', [("UNIQUE", "data.title")]),
    (
        'upsertBook(input: {on: TITLE, create: {title: "gone", shelfId: "U2hlbGY6MQ"}, update: {}})',
        [("UNIQUE", "create.title")],
    ),
    # foreign keys
    ('createBook(input: {data: {title: "x", shelfId: "U2hlbGY6Mg"}})', [("FOREIGN_KEY", "data.shelfId")]),
    ('updateBook(input: {by: {rowId: 1}, patch: {shelfId: "U2hlbGY6Mg"}})', [("FOREIGN_KEY", "patch.shelfId")]),
    (
        'createLoan(input: {data: {bookId: "Qm9vazoy", readerId: "UmVhZGVyOjI", weeks: 1}})',
        [("FOREIGN_KEY", "data.bookId")],
    ),
    # to-one
    (
        'createBook(input: {data: {title: "x", shelf: {connect: {name: "cellar"}}}})',
        [("NOT_FOUND", "data.shelf.connect")],
    ),
    (
        'updateBook(input: {by: {rowId: 1}, patch: {writer: {connect: {name: "Bob"}}}})',
        [("NOT_FOUND", "patch.writer.connect")],
    ),
    (
        'updateBook(input: {by: {rowId: 1}, patch: {writer: {connectOrCreate: {by: {name: "Bob"}, create: {name: "Bob"}}}}})',
        [("UNIQUE", "patch.writer.connectOrCreate.create.name")],
    ),
    ('updateBook(input: {by: {rowId: 3}, patch: {writer: {update: {name: "x"}}}})', [("NOT_FOUND", "patch.writer")]),
    ("updateBook(input: {by: {rowId: 3}, patch: {writer: {delete: true}}})", [("NOT_FOUND", "patch.writer")]),
    ('updateBook(input: {by: {rowId: 3}, patch: {cover: {update: {colour: "x"}}}})', [("NOT_FOUND", "patch.cover")]),
    ("updateBook(input: {by: {rowId: 3}, patch: {cover: {delete: true}}})", [("NOT_FOUND", "patch.cover")]),
    (
        "updateCover(input: {by: {rowId: 1}, patch: {book: {connect: {rowId: 2}}}})",
        [("NOT_FOUND", "patch.book.connect")],
    ),
    # to-many
    *(
        (
            f'updateWriter(input: {{by: {{name: "Ada"}}, patch: {{books: {{{operation}}}}}}})',
            [("NOT_FOUND", f"patch.books.{path}")],
        )
        for operation, path in (
            ('connect: [{title: "gone"}]', "connect.0"),
            ('set: [{title: "gone"}]', "set.0"),
            ('delete: [{title: "gone"}]', "delete.0"),
            ('update: [{by: {title: "gone"}, patch: {title: "x"}}]', "update.0.by"),
        )
    ),
    *(
        (
            f'updateWriter(input: {{by: {{name: "Ada"}}, patch: {{books: {{{operation}}}}}}})',
            [("UNIQUE", f"patch.books.{path}")],
        )
        for operation, path in (
            (
                'upsert: [{by: {title: "gone"}, create: {title: "gone", shelfId: "U2hlbGY6MQ"}, update: {}}]',
                "upsert.0.create.title",
            ),
            (
                'connectOrCreate: [{by: {title: "gone"}, create: {title: "gone", shelfId: "U2hlbGY6MQ"}}]',
                "connectOrCreate.0.create.title",
            ),
        )
    ),
    (
        'updateBook(input: {by: {rowId: 1}, patch: {tags: {connect: [{by: {word: "grey"}, edge: {weight: 1}}]}}})',
        [("NOT_FOUND", "patch.tags.connect.0.by")],
    ),
    (
        'updateBook(input: {by: {rowId: 1}, patch: {tags: {connect: [{by: {word: "red"}, edge: {byId: "V3JpdGVyOjI"}}]}}})',
        [("FOREIGN_KEY", "patch.tags.connect.0.edge.byId")],
    ),
]


@pytest.mark.parametrize(("write", "expected"), WRITES, ids=lambda value: value if isinstance(value, str) else "")
async def test_no_write_reaches_a_deleted_record(api: Api, write: str, expected: list[tuple[str, str]]) -> None:
    """As if it were not there; its unique keys stay taken."""
    snapshot = "{ books(deleted: INCLUDE) { nodes { title deletedAt shelfId writerId } } covers { totalCount } }"
    before = await answer(api, snapshot, "librarian")

    data = await answer(api, f"mutation {{ m: {write} {{ errors {{ code path }} }} }}")

    assert [(each["code"], ".".join(each["path"][1:])) for each in data["m"]["errors"]] == expected
    assert await answer(api, snapshot, "librarian") == before


async def test_operations_on_lists_leave_deleted_children_alone(api: Api) -> None:
    """`set` takes out those that there are, `updateWhere` and `deleteWhere` reach no others."""
    data = await answer(
        api,
        """mutation {
          change: updateWriter(input: {by: {name: "Ada"}, patch: {books: {
            updateWhere: [{where: {}, patch: {title: "changed"}}]}}}) { errors { code } }
          take: updateWriter(input: {by: {name: "Ada"}, patch: {books: {set: []}}}) { errors { code } }
          out: updateWriter(input: {by: {name: "Ada"}, patch: {books: {disconnect: [{title: "gone"}]}}}) { errors { code } }
          delete: updateShelf(input: {by: {name: "oak"}, patch: {books: {deleteWhere: {}}}}) {
            shelf { books { totalCount } } errors { code } }
        }""",
    )
    books = await answer(api, "{ books(deleted: INCLUDE) { nodes { title deletedAt writerId } } }", "librarian")

    assert [data[name]["errors"] for name in data] == [[], [], [], []]
    assert data["delete"]["shelf"] == {"books": {"totalCount": 0}}
    changed, gone, _ = books["books"]["nodes"]
    assert changed["title"] == "changed" and changed["deletedAt"] is not None and changed["writerId"] is None
    assert gone == {"title": "gone", "deletedAt": "2024-05-06T07:08:09.123456+00:00", "writerId": "V3JpdGVyOjE"}


async def test_nested_deletions_mark_and_keep_what_ties_the_record(api: Api) -> None:
    """A foreign key that may not be NULL as well; what is restored is where it was."""
    data = await answer(
        api,
        """mutation {
          one: updateBook(input: {by: {rowId: 1}, patch: {writer: {delete: true}, cover: {delete: true}, tags: {
            delete: [{word: "red"}]}}}) { book { writerId writer { name } cover { id } tags { nodes { word } } } errors { code } }
          shelf: updateBook(input: {by: {rowId: 1}, patch: {shelf: {delete: true}}}) { book { title } errors { code } }
          orphan: updateShelf(input: {by: {rowId: 1}, patch: {books: {set: []}}}) { errors { code } }
          a: restoreWriter(input: {by: {name: "Ada"}}) { writer { books { nodes { title } } } }
          b: restoreTag(input: {by: {word: "red"}}) { errors { code } }
          c: restoreShelf(input: {by: {name: "oak"}}) { shelf { books { nodes { title tags { nodes { word } } } } } }
        }""",
    )

    assert data == {
        "one": {
            "book": {"writerId": "V3JpdGVyOjE", "writer": None, "cover": None, **named("tags", "word", "blue")},
            "errors": [],
        },
        "shelf": {"book": {"title": "here"}, "errors": []},
        "orphan": {"errors": [{"code": "NOT_FOUND"}]},
        "a": {"writer": named("books", "title")},
        "b": {"errors": []},
        "c": {"shelf": {"books": {"nodes": [{"title": "here", **named("tags", "word", "red", "blue")}]}}},
    }


async def test_a_partner_that_is_deleted_does_not_stand_in_the_way_of_an_upsert(api: Api) -> None:
    """It does where it holds the unique foreign key still, which only one cover may have."""
    data = await answer(
        api,
        """mutation {
          writer: updateBook(input: {by: {rowId: 3}, patch: {writer: {upsert: {create: {name: "New"}, update: {name: "Old"}}}}}) {
            book { writer { name } } errors { code } }
          cover: updateBook(input: {by: {rowId: 3}, patch: {cover: {create: {colour: "new"}}}}) { errors { code } }
        }""",
    )

    assert data["writer"] == {"book": {"writer": {"name": "New"}}, "errors": []}
    assert [each["code"] for each in data["cover"]["errors"]] == ["UNIQUE"]


async def test_a_foreign_key_that_stays_as_it_is_may_lead_to_what_is_deleted(api: Api) -> None:
    """A form that is sent back as it was is no attempt to connect anything."""
    query = """mutation { updateBook(input: {by: {rowId: 3}, patch: {title: "x", shelfId: "U2hlbGY6Mg"}}) {
      book { title shelfId } errors { code } } }"""

    assert await answer(api, query) == {"updateBook": {"book": {"title": "x", "shelfId": "U2hlbGY6Mg"}, "errors": []}}


async def test_a_link_that_can_be_deleted_is_written_as_the_record_that_it_is(api: Api) -> None:
    sdl = api.sdl()

    assert "readers" not in sdl.partition("input BookPatch")[2].partition("}")[0]
    data = await answer(
        api,
        """mutation {
          deleteLoan(input: {by: {bookIdReaderId: {bookId: "Qm9vazox", readerId: "UmVhZGVyOjE"}}}) {
            errors { code } query { readers { nodes { books { totalCount } } } } } }""",
    )
    assert data["deleteLoan"] == {
        "errors": [],
        "query": {"readers": {"nodes": [{"books": {"totalCount": 0}}, {"books": {"totalCount": 0}}]}},
    }


# ---------- many records at once ----------

BULK_WRITES: list[tuple[str, Any, Any]] = [
    # the deleted book is none of those that are chosen
    (
        'updateBooks(input: {where: {}, allRows: true, patch: {title: "same"}, maxAffected: 1})',
        0,
        [("LIMIT", "input.maxAffected")],
    ),
    ('updateBooks(input: {where: {title: {eq: "gone"}}, patch: {title: "new"}})', 0, []),
    ('updateBooks(input: {where: {shelf: {is: {name: {eq: "cellar"}}}}, patch: {title: "new"}})', 0, []),
    ('updateBooks(input: {where: {title: {in: ["here", "gone"]}}, patch: {title: "new"}})', 1, []),
    ('deleteBooks(input: {where: {title: {eq: "gone"}}})', 0, []),
    ("deleteBooks(input: {where: {}, allRows: true})", 2, []),
    # nor can it be named
    (
        'updateEachBook(input: {items: [{by: {rowId: 1}, patch: {title: "a"}}, {by: {rowId: 2}, patch: {title: "b"}}]})',
        0,
        [("NOT_FOUND", "input.items.1.by")],
    ),
    (
        """updateEachBook(input: {onError: CONTINUE, items: [
          {by: {rowId: 1}, patch: {title: "a"}}, {by: {title: "gone"}, patch: {title: "b"}}]})""",
        1,
        [("NOT_FOUND", "input.items.1.by")],
    ),
    # its key is taken: it is neither changed nor restored
    (
        'upsertBooks(input: {on: TITLE, data: [{title: "here", shelfId: "U2hlbGY6MQ"}, {title: "gone", shelfId: "U2hlbGY6MQ"}]})',
        0,
        [("UNIQUE", "input.data.1.title")],
    ),
    (
        """upsertBooks(input: {on: TITLE, onError: CONTINUE, data: [
          {title: "here", shelfId: "U2hlbGY6MQ"}, {title: "gone", shelfId: "U2hlbGY6MQ"},
          {title: "new", shelfId: "U2hlbGY6MQ"}]})""",
        2,
        [("UNIQUE", "input.data.1.title")],
    ),
    (
        'createTags(input: {onConflict: {on: WORD, update: []}, data: [{word: "red"}, {word: "grey"}]})',
        0,
        [("UNIQUE", "input.data.1.word")],
    ),
    (
        'createWriters(input: {onConflict: {on: NAME, update: [NAME]}, data: [{name: "Bob"}]})',
        0,
        [("UNIQUE", "input.data.0.name")],
    ),
    # nothing leads to it
    (
        """createBooks(input: {data: [{title: "a", shelfId: "U2hlbGY6MQ", writerId: "V3JpdGVyOjE"},
          {title: "b", shelfId: "U2hlbGY6Mg"}, {title: "c", shelfId: "U2hlbGY6MQ", writerId: "V3JpdGVyOjI"}]})""",
        0,
        [("FOREIGN_KEY", "input.data.1.shelfId"), ("FOREIGN_KEY", "input.data.2.writerId")],
    ),
    (
        """createBooks(input: {onError: CONTINUE, data: [
          {title: "a", shelfId: "U2hlbGY6MQ"}, {title: "b", shelfId: "U2hlbGY6Mg"}]})""",
        1,
        [("FOREIGN_KEY", "input.data.1.shelfId")],
    ),
    (
        'upsertBooks(input: {on: TITLE, data: [{title: "here", shelfId: "U2hlbGY6Mg"}]})',
        0,
        [("FOREIGN_KEY", "input.data.0.shelfId")],
    ),
    # but a key that stays as it is
    ('upsertBooks(input: {on: TITLE, data: [{title: "lone", shelfId: "U2hlbGY6Mg", writerId: "V3JpdGVyOjE"}]})', 1, []),
    (
        'updateBooks(input: {where: {title: {eq: "here"}}, patch: {writerId: "V3JpdGVyOjI"}})',
        0,
        [("FOREIGN_KEY", "input.patch.writerId")],
    ),
    ('updateBooks(input: {where: {title: {eq: "lone"}}, patch: {writerId: "V3JpdGVyOjI"}})', 1, []),
    (
        'updateEachBook(input: {items: [{by: {rowId: 1}, patch: {shelfId: "U2hlbGY6Mg"}}]})',
        0,
        [("FOREIGN_KEY", "input.items.0.patch.shelfId")],
    ),
    ('updateEachBook(input: {items: [{by: {rowId: 3}, patch: {shelfId: "U2hlbGY6Mg"}}]})', 1, []),
]


@pytest.mark.parametrize(("write", "count", "expected"), BULK_WRITES, ids=[each[0][:90] for each in BULK_WRITES])
async def test_no_bulk_write_reaches_a_deleted_record(
    api: Api, engine: AsyncEngine, write: str, count: int, expected: list[tuple[str, str]]
) -> None:
    before = await marked(engine)

    (found,) = (await answer(api, f"mutation {{ {write} {{ affectedCount errors {{ code path }} }} }}")).values()

    assert [(each["code"], ".".join(each["path"])) for each in found["errors"]] == expected
    assert found["affectedCount"] == count
    assert await marked(engine) == before


async def marked(engine: AsyncEngine) -> list[tuple[Any, ...]]:
    """The records that are deleted from the beginning, as they are stored."""
    queries = (
        "SELECT id, title, deleted_at, writer_id FROM book WHERE id = 2",
        "SELECT id, word, active FROM tag WHERE id = 3",
        "SELECT id, name, removed FROM writer WHERE id = 2",
    )
    async with engine.connect() as connection:
        return [tuple((await connection.exec_driver_sql(query)).one()) for query in queries]


async def test_a_bulk_deletion_marks_the_records_and_those_along(api: Api, engine: AsyncEngine) -> None:
    data = await answer(
        api,
        """mutation {
          deleteShelves(input: {where: {name: {eq: "oak"}}}) {
            deletedIds affectedCount errors { code }
            query { shelves { totalCount } books { nodes { title } } labels { totalCount } }
          }
          restoreShelf(input: {by: {name: "oak"}}) { shelf { books { nodes { title } } } errors { code } }
        }""",
    )

    assert data == {
        "deleteShelves": {
            "deletedIds": ["U2hlbGY6MQ"],
            "affectedCount": 1,
            "errors": [],
            "query": {
                "shelves": {"totalCount": 0},
                "books": {"nodes": [{"title": "lone"}]},
                "labels": {"totalCount": 0},
            },
        },
        "restoreShelf": {"shelf": {"books": {"nodes": [{"title": "here"}]}}, "errors": []},
    }
    async with engine.connect() as connection:
        assert (await connection.exec_driver_sql("SELECT count(*) FROM shelf")).scalar() == 2


async def test_new_records_of_a_bulk_write_are_there(api: Api) -> None:
    data = await answer(
        api,
        """mutation {
          createWriters(input: {data: [{name: "Cyd"}, {name: "Dan"}]}) { writers { name removed } }
          upsertTags(input: {on: WORD, data: [{word: "red"}, {word: "new"}]}) { tags { word active } affectedCount }
        }""",
    )

    assert data == {
        "createWriters": {"writers": [{"name": "Cyd", "removed": False}, {"name": "Dan", "removed": False}]},
        "upsertTags": {
            "tags": [{"word": "red", "active": True}, {"word": "new", "active": True}],
            "affectedCount": 1,
        },
    }


async def test_a_bulk_deletion_marks_any_number_of_records_in_as_many_statements(make_engine: MakeEngine) -> None:
    counts: list[int] = []
    for number in (2, 200):
        engine = await filled(make_engine)
        await save(engine, *(Writer(name=f"w{each}", removed=False) for each in range(number)))
        api = api_over(engine)
        with record_statements(engine) as statements:
            data = await answer(
                api, 'mutation { deleteWriters(input: {where: {name: {startsWith: "w"}}}) { affectedCount } }'
            )
        counts.append(len(statements))
        assert data["deleteWriters"]["affectedCount"] == number

    assert counts[0] == counts[1]


# ---------- hooks ----------


async def test_hooks_are_called_around_marks(engine: AsyncEngine) -> None:
    """A deletion is one, though the record stays; a restoration is an update."""
    told: list[tuple[str, str, dict[str, Any]]] = []

    def tell(when: str) -> Any:
        return lambda write: told.append((when, f"{write.kind} {write.key}", dict(write.values)))

    hooks = Hooks(
        before_delete=tell("before"),
        after_delete=tell("after"),
        before_update=tell("before"),
        after_update=tell("after"),
    )
    options = {**archive.OPTIONS, Writer: ModelOptions(soft_delete=SoftDelete("removed"), hooks=hooks)}
    api = Api(archive.Base, engine, models=options)

    await answer(
        api,
        """mutation {
          a: deleteWriter(input: {by: {name: "Ada"}}) { errors { code } }
          b: restoreWriter(input: {by: {name: "Ada"}}) { errors { code } }
          c: deleteWriters(input: {where: {name: {eq: "Ada"}}}) { affectedCount }
        }""",
    )

    deletion = [("before", "delete (1,)", {}), ("after", "delete (1,)", {})]
    update = [("before", "update (1,)", {"removed": False}), ("after", "update (1,)", {"removed": False})]
    assert told == [*deletion, *update, *deletion]


async def test_a_record_that_is_deleted_by_an_operation_is_not_there_for_the_next_ones(api: Api) -> None:
    data = await answer(
        api,
        """mutation { updateWriter(input: {by: {name: "Ada"}, patch: {books: {
          deleteWhere: {title: {eq: "here"}}, connect: [{title: "here"}]}}}) { errors { code path } } }""",
    )

    assert data["updateWriter"]["errors"] == [
        {"code": "NOT_FOUND", "path": ["input", "patch", "books", "connect", "0"]}
    ]


# ---------- statements ----------


@pytest.mark.parametrize("query", ["{ books { nodes { shelf { name } tags { totalCount nodes { word } } } } }"])
async def test_leaving_deleted_records_out_costs_no_statement(make_engine: MakeEngine, query: str) -> None:
    counts = []
    for size in (2, 200):
        engine = await make_engine(archive.Base.metadata)
        await save(engine, Shelf(name="oak", books=[Book(title=str(each)) for each in range(size)]))
        with record_statements(engine) as statements:
            await run(Api(archive.Base, engine, models=archive.OPTIONS), query)
        counts.append(len([sql for sql, _ in statements if "SELECT" in sql]))

    assert counts == [4, 4]


async def test_a_deletion_marks_any_number_of_records_in_as_many_statements(make_engine: MakeEngine) -> None:
    counts = []
    for size in (2, 200):
        engine = await make_engine(archive.Base.metadata)
        await save(engine, Shelf(name="oak", books=[Book(title=str(each)) for each in range(size)]))
        api = Api(archive.Base, engine, models=archive.OPTIONS)
        with record_statements(engine) as statements:
            await run(api, "mutation { deleteShelf(input: {by: {rowId: 1}}) { errors { code } } }")
        counts.append([sql.split()[0] for sql, _ in statements])
        assert await run(api, "{ books { totalCount } }") == {"books": {"totalCount": 0}}

    assert counts[0] == counts[1]


# ---------- options ----------

OFFLINE = create_async_engine("sqlite+aiosqlite://")


class Plain(DeclarativeBase):
    pass


class Party(Plain):
    __tablename__ = "party"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str] = mapped_column()
    since: Mapped[dt.datetime] = mapped_column()
    left_at: Mapped[dt.datetime | None] = mapped_column()
    half: Mapped[dt.datetime] = column_property(sa.func.coalesce(left_at, since))

    __mapper_args__ = {"polymorphic_on": kind, "polymorphic_identity": "party"}


class Person(Party):
    __tablename__ = "person"

    id: Mapped[int] = mapped_column(ForeignKey("party.id"), primary_key=True)
    died: Mapped[bool] = mapped_column(default=False)

    __mapper_args__ = {"polymorphic_identity": "person"}


async def is_asynchronous(context: object) -> bool:
    return True


@pytest.mark.parametrize(
    ("soft_delete", "message"),
    [
        (SoftDelete("gone_at"), "names 'gone_at', which the class does not have"),
        (SoftDelete("name"), "names what cannot hold a mark. It takes a column of the table that is a DateTime"),
        (SoftDelete("half"), "names what cannot hold a mark"),
        (SoftDelete("id"), "names what cannot hold a mark"),
        (SoftDelete("since"), "names a column that cannot be NULL, as it is of a record that is not deleted"),
        (SoftDelete("left_at", alive=True), "says alive=True, which is for flags; left_at is a DateTime"),
        (SoftDelete("left_at", show_deleted=is_asynchronous), "and is not async"),  # type: ignore[arg-type]
        (SoftDelete("left_at", hard_delete="yes"), "has hard_delete='yes'; it takes True, False, or a function"),  # type: ignore[arg-type]
        ("left_at", "takes gqlcrud.SoftDelete\\('deleted_at', ...\\), not 'left_at'"),
    ],
)
def test_a_mark_that_cannot_be_is_refused_at_the_start(soft_delete: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Api(Plain, OFFLINE, models={Party: ModelOptions(soft_delete=soft_delete)})


def test_a_class_is_not_marked_otherwise_than_its_base_class() -> None:
    """A list of parties would show the persons that a list of persons leaves out."""
    with pytest.raises(
        ConfigurationError, match="Records of Person are records of Party too, which does not mark them"
    ):
        Api(Plain, OFFLINE, models={Person: ModelOptions(soft_delete=SoftDelete("died"))})


async def test_a_class_has_the_marks_of_its_base_class(make_engine: MakeEngine) -> None:
    engine = await make_engine(Plain.metadata)
    now = dt.datetime(2024, 1, 1)
    await save(
        engine, Person(name="a", since=now), Person(name="b", since=now, left_at=now), Party(name="c", since=now)
    )
    api = Api(Plain, engine, models={Party: ModelOptions(soft_delete=SoftDelete("left_at"), plural="parties")})

    data = await answer(
        api,
        """mutation { deletePerson(input: {by: {rowId: 1}}) { errors { code } query {
          people { totalCount } parties { totalCount } } } }""",
    )

    assert data["deletePerson"] == {"errors": [], "query": {"people": {"totalCount": 0}, "parties": {"totalCount": 1}}}


async def test_a_permission_that_is_neither_true_nor_false_is_a_fault(make_engine: MakeEngine) -> None:
    """A coroutine would be as good as True."""
    engine = await make_engine(Plain.metadata)
    options = ModelOptions(soft_delete=SoftDelete("left_at", show_deleted=lambda context: context))
    api = Api(Plain, engine, models={Party: options})

    result = await api.execute("{ parties(deleted: ONLY) { totalCount } }", context="yes")

    assert result.errors is not None
    assert [(each.extensions or {})["code"] for each in result.errors] == ["INTERNAL_ERROR"]


async def test_a_mark_may_be_no_field_of_the_api(make_engine: MakeEngine) -> None:
    engine = await make_engine(Plain.metadata)
    await save(engine, Party(name="c", since=dt.datetime(2024, 1, 1)))
    api = Api([Party], engine, models={Party: ModelOptions(soft_delete=SoftDelete("left_at"), exclude={"left_at"})})

    data = await answer(
        api, "mutation { deleteParty(input: {by: {rowId: 1}}) { errors { code } query { parties { totalCount } } } }"
    )

    assert data["deleteParty"] == {"errors": [], "query": {"parties": {"totalCount": 0}}}
    assert "leftAt" not in api.sdl()


class Partial(DeclarativeBase):
    pass


class Code(Partial):
    __tablename__ = "code"

    id: Mapped[int] = mapped_column(primary_key=True)
    word: Mapped[str]
    deleted_at: Mapped[dt.datetime | None] = mapped_column()

    __table_args__ = (
        sa.Index(
            "one_word",
            "word",
            unique=True,
            postgresql_where=deleted_at.is_(None),
            sqlite_where=deleted_at.is_(None),
        ),
    )


async def test_a_partial_index_leaves_the_key_of_a_deleted_record_free(make_engine: MakeEngine) -> None:
    """Until it is to come back."""
    engine = await make_engine(Partial.metadata)
    api = Api(Partial, engine, models={Code: ModelOptions(soft_delete=SoftDelete("deleted_at"))})

    data = await answer(
        api,
        """mutation {
          a: createCode(input: {data: {word: "x"}}) { code { rowId } errors { code } }
          b: deleteCode(input: {by: {rowId: 1}}) { errors { code } }
          c: createCode(input: {data: {word: "x"}}) { code { rowId } errors { code } }
          d: restoreCode(input: {by: {rowId: 1}}) { code { rowId } errors { code path } }
        }""",
    )

    assert data == {
        "a": {"code": {"rowId": 1}, "errors": []},
        "b": {"errors": []},
        "c": {"code": {"rowId": 2}, "errors": []},
        "d": {"code": None, "errors": [{"code": "UNIQUE", "path": ["input", "by"]}]},
    }
