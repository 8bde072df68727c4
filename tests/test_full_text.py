"""Full text search where it is declared: PostgreSQL's with ranks, on SQLite words with a count of where they stand."""

import base64
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import FetchedValue
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from gqlcrud import Api, FullText, Limits, ModelOptions
from tests.databases import Backend, MakeEngine, PostgresServer, engine_maker, record_statements
from tests.notes import Base, Note, Writer
from tests.pages import ROOT, read_blocks
from tests.running import refused, run, save

MADE = ModelOptions(searchable=[Note.title, Note.body], full_text=FullText("english"), exclude={"vector"})
KEPT = ModelOptions(searchable=[Note.title, (Note.writer, Writer.name)], full_text=FullText(vector=Note.vector))
FILL = """UPDATE note SET vector = setweight(to_tsvector('english', title), 'A') || to_tsvector('english',
    coalesce((SELECT name FROM writer WHERE writer.id = note.writer_id), ''))"""


async def filled(make_engine: MakeEngine) -> AsyncEngine:
    engine: AsyncEngine = await make_engine(Base.metadata)
    ada = Writer(id=1, name="Ada Lovelace")
    await save(engine, Note(id=1, title="The engine", body="An engine weaves patterns", writer=ada))
    await save(engine, Note(id=2, title="Engines of the sea", body=None, writer=ada))
    await save(engine, Note(id=3, title="A sea of patterns", body="No machine"))
    if engine.dialect.name == "postgresql":
        async with engine.begin() as connection:
            await connection.execute(sql(FILL))
    return engine


def notes_api(engine: AsyncEngine, options: ModelOptions = MADE, **more: Any) -> Api:
    return Api(Base, engine, models={Note: options}, **more)


async def found(api: Api, text: str) -> list[int]:
    query = "query ($text: String) { notes(search: $text) { totalCount nodes { rowId } } }"
    page = (await run(api, query, text=text))["notes"]
    numbers = [each["rowId"] for each in page["nodes"]]
    assert page["totalCount"] == len(numbers)
    return numbers


# ---------- what is found ----------


async def test_the_language_knows_the_endings_of_words_in_postgresql(make_engine: MakeEngine, backend: Backend) -> None:
    """What stands in a record more often comes first; on SQLite, what stands in more fields."""
    api = notes_api(await filled(make_engine))

    assert await found(api, "engine") == [1, 2]
    assert await found(api, "ENGINES") == ([1, 2] if backend.name == "postgresql" else [2])
    assert await found(api, "pattern") == [1, 3]
    assert await found(api, "sea pattern") == [3]
    assert await found(api, "pat") == ([] if backend.name == "postgresql" else [1, 3])
    assert await found(api, "  ") == [1, 2, 3]


async def test_the_query_is_that_of_a_search_engine_in_postgresql(make_engine: MakeEngine, backend: Backend) -> None:
    """On SQLite `or` and `-` are words and characters as any other."""
    api = notes_api(await filled(make_engine))
    postgresql = backend.name == "postgresql"

    assert await found(api, '"engine weaves"') == [1]
    assert await found(api, '"weaves engine"') == []
    assert await found(api, "machine or weaves") == ([1, 3] if postgresql else [])
    assert await found(api, "sea -patterns") == ([2] if postgresql else [])
    assert await found(api, "the") == ([] if postgresql else [1, 2])
    assert await found(api, "' & | ! ( ) : * <-> \\") == []


async def test_another_language_is_another_stem(make_engine: MakeEngine, backend: Backend) -> None:
    engine = await make_engine(Base.metadata)
    await save(engine, Note(id=1, title="Häuser am Meer"))
    german = replace(MADE, full_text=FullText("german"))
    simple = replace(MADE, full_text=FullText("pg_catalog.simple"))

    assert await found(notes_api(engine, german), "haus") == ([1] if backend.name == "postgresql" else [])
    assert await found(notes_api(engine, simple), "haus") == []
    assert await found(notes_api(engine, simple), "HäUSER AM") == [1]


async def test_a_vector_that_is_kept_is_searched(make_engine: MakeEngine, backend: Backend) -> None:
    """It holds what the application puts in it, here the writer's name as well. The column is no field of the API."""
    api = notes_api(await filled(make_engine), KEPT)

    assert await found(api, "lovelace engine") == [1, 2]
    assert await found(api, "weaves") == []
    assert await refused(api, "{ notes { nodes { vector } } }") == [
        ("GRAPHQL_VALIDATION_FAILED", "Cannot query field 'vector' on type 'Note'.")
    ]


async def test_a_record_whose_vector_is_null_is_not_found(make_engine: MakeEngine, backend: Backend) -> None:
    engine = await filled(make_engine)
    await save(engine, Note(id=4, title="engine"))

    expected = [1, 2] if backend.name == "postgresql" else [1, 2, 4]
    assert await found(notes_api(engine, KEPT), "engine") == expected


async def test_fields_are_chosen_where_the_search_makes_its_text_itself(make_engine: MakeEngine) -> None:
    engine = await filled(make_engine)
    query = '{ notes(search: "patterns", searchFields: [TITLE]) { nodes { rowId } } }'

    assert await run(notes_api(engine), query) == {"notes": {"nodes": [{"rowId": 3}]}}
    assert await refused(notes_api(engine, KEPT), query) == [
        ("GRAPHQL_VALIDATION_FAILED", "Unknown argument 'searchFields' on field 'Query.notes'.")
    ]


async def test_a_long_word_is_refused_before_the_database_refuses_it(make_engine: MakeEngine) -> None:
    api = notes_api(await filled(make_engine))

    assert await found(api, "😀" * 400) == []
    query = "query ($text: String) { notes(search: $text) { totalCount } }"
    assert await refused(api, query, text="😀" * 401) == [("LIMIT", "A word of a search has at most 400 characters.")]


# ---------- its order ----------


async def test_an_order_of_the_request_goes_before_the_rank(make_engine: MakeEngine) -> None:
    api = notes_api(await filled(make_engine))
    query = '{ notes(search: "engine", orderBy: [{rowId: DESC}]) { nodes { rowId } } }'

    assert await run(api, query) == {"notes": {"nodes": [{"rowId": 2}, {"rowId": 1}]}}


async def test_lists_below_records_come_by_rank(make_engine: MakeEngine) -> None:
    api = notes_api(await filled(make_engine))
    query = """{ writers { nodes { notes(search: "engine", first: 1) {
      totalCount nodes { rowId } pageInfo { hasNextPage endCursor }
    } } } }"""
    (writer,) = (await run(api, query))["writers"]["nodes"]

    assert writer["notes"]["totalCount"] == 2
    assert writer["notes"]["nodes"] == [{"rowId": 1}]
    after = writer["notes"]["pageInfo"]["endCursor"]
    rest = f'{{ writers {{ nodes {{ notes(search: "engine", after: "{after}") {{ nodes {{ rowId }} }} }} }} }}'
    assert await run(api, rest) == {"writers": {"nodes": [{"notes": {"nodes": [{"rowId": 2}]}}]}}


async def test_a_cursor_belongs_to_its_search(make_engine: MakeEngine) -> None:
    """To its text and its fields: ranks of another search are other numbers."""
    api = notes_api(await filled(make_engine))
    query = """query ($text: String, $fields: [NoteSearchField!], $after: String) {
      notes(search: $text, searchFields: $fields, after: $after) { nodes { rowId } pageInfo { startCursor } }
    }"""
    cursor = (await run(api, query, text="engine"))["notes"]["pageInfo"]["startCursor"]

    assert (await run(api, query, text=" engine ", after=cursor))["notes"]["nodes"] == [{"rowId": 2}]
    other = [("VALIDATION", "This cursor belongs to another list, or to another order of it.")]
    assert await refused(api, query, text="sea", after=cursor) == other
    assert await refused(api, query, text="engine", fields=["TITLE"], after=cursor) == other
    assert await refused(api, query, text=None, after=cursor) == other


@pytest.mark.parametrize("rank", ["0.5", True, None, [0.5], 1e400])
async def test_a_cursor_holds_a_number_for_the_rank(make_engine: MakeEngine, rank: Any) -> None:
    api = notes_api(await filled(make_engine))
    query = 'query ($after: String) { notes(search: "engine", after: $after) { pageInfo { startCursor } } }'
    cursor = (await run(api, query))["notes"]["pageInfo"]["startCursor"]
    mark = json.loads(base64.urlsafe_b64decode(cursor + "=="))[0]
    forged = base64.urlsafe_b64encode(json.dumps([mark, rank, 1]).encode()).decode().rstrip("=")

    assert await refused(api, query, after=forged) == [("VALIDATION", "This is not a cursor.")]


# ---------- walks ----------

WORDS = ("sea", "seas", "engine", "pattern", "the", "machine")
SEARCHES = ("sea", "engine sea", '"sea engine"', "pattern", "machine sea", "zebra")


@dataclass(frozen=True, slots=True)
class Searched:
    api: Api
    ranked: dict[str, list[int]]
    """The notes that a search finds, in the order that it has."""


@pytest.fixture(scope="module")
async def searched(make_module_engine: MakeEngine) -> AsyncIterator[Searched]:
    """60 notes of few words, so that many match, many alike. What to expect is told by PostgreSQL itself, or counted."""
    random = Random(11)
    texts = [
        (" ".join(random.choices(WORDS, k=random.randint(0, 5))), random.choice([None, random.choice(WORDS)]))
        for _ in range(60)
    ]
    engine = await make_module_engine(Base.metadata)
    await save(engine, *(Note(id=n, title=title, body=body) for n, (title, body) in enumerate(texts, 1)))
    ranked = {
        each: await by_postgresql(engine, each) if engine.dialect.name == "postgresql" else counted(texts, each)
        for each in SEARCHES
    }
    yield Searched(notes_api(engine, limits=Limits(page_size=100)), ranked)


async def by_postgresql(engine: AsyncEngine, text: str) -> list[int]:
    statement = sql("""
        SELECT id FROM (
            SELECT id, to_tsvector('english', coalesce(title, '') || ' ' || coalesce(body, '')) AS document FROM note
        ) AS documents, websearch_to_tsquery('english', :text) AS query
        WHERE document @@ query ORDER BY ts_rank(document, query) DESC, id
    """)
    async with engine.connect() as connection:
        return list((await connection.execute(statement, {"text": text})).scalars())


def counted(texts: Sequence[tuple[str, str | None]], text: str) -> list[int]:
    words = [text.strip('"')] if text.startswith('"') else text.split()
    places = {n: [sum(word in (field or "") for field in each) for word in words] for n, each in enumerate(texts, 1)}
    found = {n: sum(each) for n, each in places.items() if all(each)}
    return sorted(found, key=lambda n: (-found[n], n))


WALK = """query ($text: String, $first: Int, $after: String, $last: Int, $before: String) {
  notes(search: $text, first: $first, after: $after, last: $last, before: $before) {
    totalCount nodes { rowId } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.sampled_from(SEARCHES), size=st.integers(1, 7))
async def test_walking_either_way_gives_every_match_once_the_best_first(
    searched: Searched, text: str, size: int
) -> None:
    forward: list[int] = []
    cursor, more = None, True
    while more:
        page = (await run(searched.api, WALK, text=text, first=size, after=cursor))["notes"]
        forward += [node["rowId"] for node in page["nodes"]]
        cursor, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    backward: list[int] = []
    cursor, more = None, True
    while more:
        page = (await run(searched.api, WALK, text=text, last=size, before=cursor))["notes"]
        backward = [node["rowId"] for node in page["nodes"]] + backward
        cursor, more = page["pageInfo"]["startCursor"], page["pageInfo"]["hasPreviousPage"]

    expected = searched.ranked[text]
    assert (forward, backward, page["totalCount"]) == (expected, expected, len(expected))


def test_the_walks_have_something_to_walk(searched: Searched) -> None:
    assert len(searched.ranked["sea"]) > 20
    assert searched.ranked["sea"] != sorted(searched.ranked["sea"])
    assert searched.ranked["zebra"] == []


async def test_a_rank_of_many_words_and_fields_is_no_too_deep_expression(
    make_engine: MakeEngine, backend: Backend
) -> None:
    """SQLite takes an expression of 1000 levels. PostgreSQL counts how near the words are to each other."""
    words = " ".join(f"w{n}" for n in range(600))
    engine = await make_engine(Base.metadata)
    await save(engine, Note(id=1, title="none", body=words), Note(id=2, title="w1 w2", body=words))
    api = notes_api(engine, limits=Limits(max_search_words=600))

    assert await found(api, words) == ([1, 2] if backend.name == "postgresql" else [2, 1])


# ---------- cost ----------


class Library(DeclarativeBase):
    pass


class Article(Library):
    __tablename__ = "articles"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    body: Mapped[str | None]


class Page(Library):
    __tablename__ = "pages"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    body: Mapped[str | None]
    words: Mapped[Any] = mapped_column(TSVECTOR, FetchedValue())


@pytest.mark.parametrize(("field", "index"), [("articles", "articles_text"), ("pages", "pages_words")])
async def test_the_indexes_of_the_documentation_serve(postgres_server: PostgresServer, field: str, index: str) -> None:
    """The expression of a statement is that of the index, and no parameter stands in it."""
    blocks = [block.text for block in read_blocks(ROOT / "docs" / "searching.md") if block.kind == "sql"]
    texts = [ModelOptions(searchable=["title", "body"], full_text=FullText(vector=each)) for each in (None, "words")]
    query = f'{{ {field}(search: "engine") {{ totalCount nodes {{ title }} pageInfo {{ endCursor }} }} }}'
    async with engine_maker(postgres_server) as make_engine:
        engine = await make_engine()
        async with engine.begin() as connection:
            for name in ("articles", "pages"):
                await connection.execute(sql(f"CREATE TABLE {name} (id serial PRIMARY KEY, title varchar, body text)"))
            for statement in "".join(block for block in blocks if "pg_trgm" not in block).split(";"):
                if statement.strip():
                    await connection.execute(sql(statement))
        await save(engine, Article(title="x", body="an engine"), Article(title="Engines"))
        await save(engine, Page(title="x", body="an engine"), Page(title="Engines"))
        api = Api(Library, engine, models=dict(zip((Article, Page), texts, strict=True)))
        with record_statements(engine) as statements:
            page = (await run(api, query))[field]
        async with engine.connect() as connection:
            await connection.execute(sql("SET enable_seqscan = off"))
            plans = [
                (await connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)).scalars().all()
                for statement, parameters in statements
            ]

    assert page["totalCount"] == 2
    assert page["nodes"] == [
        {"title": each} for each in (["x", "Engines"] if field == "articles" else ["Engines", "x"])
    ]
    assert len(plans) == 2
    assert all(f"Bitmap Index Scan on {index}" in " ".join(lines) for lines in plans)
