"""Statements that are kept are run by the driver itself, unless somebody wants to know of them; rows are the same."""

import gc
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from gqlcrud import Api
from gqlcrud.execution.driver import driver_of
from gqlcrud.statements import preparing
from gqlcrud.statements.json_texts import read_json
from tests.databases import MakeEngine
from tests.pools import small_pool
from tests.running import save
from tests.shelf import Author, Base, Book

DOCUMENT = "query ($n: Int) { authors(first: $n) { nodes { name books { nodes { title } } } } }"


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncIterator[AsyncEngine]:
    engine = await make_engine(Base.metadata)
    await save(engine, *(Author(name=name, books=[Book(title=f"{name}'s", price=1)]) for name in ("A", "B", "C")))
    yield engine


@pytest.fixture
def executions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that SQLAlchemy runs."""
    found: list[str] = []
    execute = Connection.execute

    def counted(self: Connection, statement: Any, *rest: Any, **options: Any) -> Any:
        found.append(str(statement))
        return execute(self, statement, *rest, **options)

    monkeypatch.setattr(Connection, "execute", counted)
    return found


async def shown(api: Api, size: int) -> list[Any]:
    result = await api.execute(DOCUMENT, {"n": size})
    assert result.errors is None
    assert result.data is not None
    return [
        (each["name"], [book["title"] for book in each["books"]["nodes"]]) for each in result.data["authors"]["nodes"]
    ]


async def test_reads_of_an_engine_are_run_by_its_driver(engine: AsyncEngine, executions: list[str]) -> None:
    api = Api(Base, engine)

    found = [await shown(api, size) for size in (1, 2, 1)]

    assert found == [[("A", ["A's"])], [("A", ["A's"]), ("B", ["B's"])], [("A", ["A's"])]]
    assert executions == []


async def test_who_listens_to_statements_hears_of_them(engine: AsyncEngine, executions: list[str]) -> None:
    api = Api(Base, engine)
    await shown(api, 1)
    heard: list[str] = []

    def hear(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        heard.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", hear)
    found = await shown(api, 1)
    event.remove(engine.sync_engine, "before_cursor_execute", hear)
    await shown(api, 1)

    assert found == [("A", ["A's"])]
    assert len(heard) == len(executions) == 2


async def test_the_log_tells_of_statements(engine: AsyncEngine, caplog: pytest.LogCaptureFixture) -> None:
    api = Api(Base, engine)

    with caplog.at_level(logging.INFO, "sqlalchemy.engine.Engine"):
        await shown(api, 1)

    assert [each.getMessage() for each in caplog.records if "FROM author" in each.getMessage()] != []


async def test_an_engine_that_names_other_schemas_is_asked_by_sqlalchemy(
    engine: AsyncEngine, executions: list[str]
) -> None:
    api = Api(Base, engine.execution_options(schema_translate_map={None: None}))

    assert await shown(api, 1) == [("A", ["A's"])]
    assert len(executions) == 2


async def test_a_session_is_asked_by_sqlalchemy(engine: AsyncEngine, executions: list[str]) -> None:
    """What its transaction has written is there, and its savepoints are SQLAlchemy's."""
    api = Api(Base, engine)
    async with AsyncSession(engine) as session:
        session.add(Author(name="D"))
        await session.flush()
        result = await api.execute("{ authors { totalCount } }", session=session)

    assert result.data == {"authors": {"totalCount": 4}}
    assert executions != []


async def test_a_statement_that_fails_leaves_the_connection_as_it_was(engine: AsyncEngine) -> None:
    """A table that is gone is a fault; the next request finds its connection in the pool."""
    api = Api(Base, engine)
    await shown(api, 1)
    async with engine.begin() as connection:
        await connection.execute(text("ALTER TABLE book RENAME TO shelved"))

    failed = await api.execute(DOCUMENT, {"n": 1})
    async with engine.begin() as connection:
        await connection.execute(text("ALTER TABLE shelved RENAME TO book"))

    assert [(error.message, error.extensions["code"]) for error in failed.errors or ()] == [
        ("An internal error occurred.", "INTERNAL_ERROR")
    ]
    assert await shown(api, 1) == [("A", ["A's"])]


async def test_what_is_known_of_statements_goes_with_them(engine: AsyncEngine) -> None:
    """The statements are held by what prepares them, and by nothing else: authors, books of one and of several."""
    driver = driver_of(engine)
    assert driver is not None
    api = Api(Base, engine)
    await shown(api, 1)
    await shown(api, 2)
    assert len(driver._known) == 3

    preparing._page.cache_clear()
    preparing._known_pages._known.clear()
    gc.collect()

    assert len(driver._known) == 0


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
async def test_no_statement_has_a_name_where_none_is_to_be_kept(engine: AsyncEngine) -> None:
    """As pgbouncer needs it, which gives each transaction another connection of its own: they know of nothing prepared."""
    async with small_pool(engine, connect_args={"statement_cache_size": 0}) as pool:
        api = Api(Base, pool)
        for number in range(2):
            assert [name for name, _ in await shown(api, 2)] == ["A", "B"]
            change = f'mutation {{ createAuthor(input: {{data: {{name: "D{number}"}}}}) {{ author {{ name }} }} }}'
            assert (await api.execute(change)).data == {"createAuthor": {"author": {"name": f"D{number}"}}}
            async with pool.connect() as own:
                raw = (await own.get_raw_connection()).driver_connection
                assert raw is not None
                assert await raw.fetchval("SELECT count(*) FROM pg_prepared_statements WHERE name <> ''") == 0
                await raw.execute("DISCARD ALL")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(JSON_VALUES, st.booleans())
def test_json_is_read_as_python_reads_it(value: Any, ascii_only: bool) -> None:
    written = json.dumps(value, ensure_ascii=ascii_only)

    assert repr(read_json(written)) == repr(json.loads(written))


@pytest.mark.parametrize("written", ["", "{", "[1,]", "01", "'a'", '{"a":}'])
def test_what_is_no_json_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_json(written)
