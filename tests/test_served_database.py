"""A database by its URL, served end to end: reflected, named and queried, whatever its tables are called and hold."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from graphql import GraphQLEnumType
from sqlalchemy import URL
from sqlalchemy.orm import class_mapper

from gqlcrud import Api
from gqlcrud.catalog import LeftOut
from tests.databases import Backend, PostgresServer, SqliteFolder
from tests.exploring import lists, overviews
from tests.running import run
from tests.urls import make_tables, target_at

Serve = Callable[..., Awaitable[Api]]


@asynccontextmanager
async def served(backend: Backend, url: URL) -> AsyncIterator[Api]:
    """The Api that the command line serves of a database, which is dropped at the end."""
    target = await target_at(url)
    assert target.api is not None and target.engine is not None
    try:
        yield target.api
    finally:
        await target.engine.dispose()
        backend.drop_database(url)


@pytest.fixture
async def serve(backend: Backend) -> AsyncIterator[Serve]:
    """`await serve(*statements)`: the Api that the command line serves of a database made by the statements."""
    async with AsyncExitStack() as stack:

        async def make(*statements: str) -> Api:
            return await stack.enter_async_context(served(backend, make_tables(backend, *statements)))

        yield make


async def test_a_column_may_be_called_like_anything_a_record_has(serve: Serve) -> None:
    api = await serve(
        "CREATE TABLE car (id INTEGER PRIMARY KEY, model VARCHAR(9), related VARCHAR(9), count INTEGER, keys INTEGER,"
        " maker_id INTEGER)",
        "INSERT INTO car VALUES (1, 'T', 'no', 5, 6, NULL)",
        "CREATE TABLE wheel (id INTEGER PRIMARY KEY, car_id INTEGER REFERENCES car, model VARCHAR(9), related INTEGER)",
        "INSERT INTO wheel VALUES (3, 1, 'round', 9)",
    )
    found = await run(
        api, "{ cars { nodes { model related count keys wheels { nodes { model related car { model related } } } } } }"
    )

    wheel = {"model": "round", "related": 9, "car": {"model": "T", "related": "no"}}
    car = {"model": "T", "related": "no", "count": 5, "keys": 6, "wheels": {"nodes": [wheel]}}
    assert found == {"cars": {"nodes": [car]}}


# ---------- names that the schema has uses for ----------

TAKEN = (
    *("node", "nodes", "query", "mutation", "subscription", "page_info", "sort", "list", "count", "connection"),
    *("string", "int", "float", "boolean", "id", "date", "time", "datetime", "date_time", "decimal", "json", "uuid"),
    *("string_filter", "int_list_filter", "count_filter", "json_at_filter", "list_order", "node_connection"),
    *("book", "books", "book_order", "book_where", "book_connection", "book_edge", "book_by", "book_list_rel"),
    *("class", "def", "None", "true", "metadata", "registry", "object", "self", "select", "user", "order", "group"),
    *("Größe", "データ", "2nd", "a b", "a-b", "a_b", "a.b", "__x", "_", "%", ":x", "(", "q'uote", "series", "news"),
)


def quoted(name: str) -> str:
    return f'"{name}"'


async def answer_everything(api: Api) -> None:
    """Every field, relation, filter and order of every model."""
    for document in (*overviews(api.catalog), *lists(api.catalog)):
        await run(api, document)


async def test_tables_may_have_any_names_together(serve: Serve) -> None:
    tables = [
        f"CREATE TABLE {quoted(name)} (id INTEGER PRIMARY KEY, name VARCHAR(9), parent_id INTEGER REFERENCES {quoted(name)})"
        for name in (each.replace(":", r"\:") for each in TAKEN)
    ]
    api = await serve(*tables)

    assert len({class_mapper(model.entity).local_table for model in api.catalog.models}) == len(TAKEN)
    await answer_everything(api)


async def test_columns_may_have_any_names_together(serve: Serve) -> None:
    names = [each.replace(":", r"\:") for each in TAKEN]
    names += [
        "row_id",
        "rowid_",
        "and",
        "or",
        "not",
        "first",
        "where",
        "cursor",
        "total_count",
        "items",
        "index",
        "mro",
    ]
    columns = ", ".join(f"{quoted(name)} VARCHAR(9)" for name in names)
    api = await serve(
        f"CREATE TABLE thing (key INTEGER PRIMARY KEY, {columns})", "INSERT INTO thing (key, node) VALUES (1, 'x')"
    )
    (model,) = api.catalog.models

    assert len(model.columns) == len(names) + 1
    await answer_everything(api)


# ---------- types ----------


GENERATED = ("UniqueKey", "Column", "ErrorCode", "OnError")
"""How the enums are called that are no type of the database."""


async def test_enums_may_have_any_names_and_values(postgres_server: PostgresServer) -> None:
    url = make_tables(
        postgres_server,
        "CREATE SCHEMA other",
        "CREATE TYPE mood AS ENUM ('a-b', 'a b', 'a_b', '', 'true', 'null', '+', '-', 'Größe', '日本', '2nd', '__x')",
        "CREATE TYPE other.mood AS ENUM ('other')",
        "CREATE TYPE date_time AS ENUM ('d')",
        "CREATE TYPE \"Node\" AS ENUM ('n')",
        "CREATE TYPE thing_order AS ENUM ('o')",
        "CREATE TYPE flavour AS ENUM ('sweet')",
        "CREATE TYPE shape AS ENUM ('round')",
        "CREATE TABLE thing (id INTEGER PRIMARY KEY, mood mood, moods mood[], other other.mood, at date_time, node"
        ' "Node", "order" thing_order, flavour flavour)',
        "INSERT INTO thing VALUES (1, '+', '{+,-,a-b}', 'other', 'd', 'n', 'o', 'sweet')",
        "CREATE TABLE flavours (id INTEGER PRIMARY KEY)",
        "CREATE TABLE shape_filter (id INTEGER PRIMARY KEY, shape shape)",
    )
    async with served(postgres_server, url) as api:
        enums = {
            name: list(kind.values)
            for name, kind in api.schema._schema.type_map.items()
            if isinstance(kind, GraphQLEnumType) and not name.startswith("__") and not name.endswith(GENERATED)
        }
        found = await run(
            api, "{ things(where: {mood: {in: [VALUE]}}) { nodes { mood moods other at node order flavour } } }"
        )
        await answer_everything(api)

    assert enums == {
        "Mood": [
            *("a_b_2", "a_b_3", "a_b", "EMPTY", "_true", "_null", "VALUE", "VALUE_2"),
            *("Grosse", "VALUE_3", "_2nd", "x"),
        ],
        "ThingOther": ["other"],
        "ThingAt": ["d"],
        "ThingNode": ["n"],
        "ThingOrder2": ["o"],
        "ThingFlavour": ["sweet"],
        "ShapeFilterShape": ["round"],
        "Sort": ["ASC", "DESC", "ASC_NULLS_FIRST", "ASC_NULLS_LAST", "DESC_NULLS_FIRST", "DESC_NULLS_LAST"],
    }
    thing = {"mood": "VALUE", "moods": ["VALUE", "VALUE_2", "a_b_2"], "other": "other", "at": "d", "node": "n"}
    assert found == {"things": {"nodes": [{**thing, "order": "o", "flavour": "sweet"}]}}


async def test_what_has_no_scalar_is_left_out_and_the_rest_is_served(postgres_server: PostgresServer) -> None:
    url = make_tables(
        postgres_server,
        "CREATE TABLE host (address INET PRIMARY KEY, name VARCHAR(9))",
        "CREATE TABLE grid (cells INTEGER[] PRIMARY KEY)",
        "CREATE TABLE rule (body JSONB, no INTEGER, PRIMARY KEY (body, no))",
        "CREATE TABLE visit (id INTEGER PRIMARY KEY, host INET REFERENCES host, matrix INTEGER[][], at POINT, words"
        " TSVECTOR, row INTEGER[])",
        "INSERT INTO host VALUES ('10.0.0.1', 'a')",
        "INSERT INTO visit VALUES (1, '10.0.0.1', '{{1,2},{3,4}}', '(1,2)', 'a', '{5,6}')",
    )
    target = await target_at(url)
    assert target.api is not None and target.engine is not None
    await answer_everything(target.api)
    found = await run(target.api, "{ visits { nodes { rowId row } } }")
    await target.engine.dispose()
    postgres_server.drop_database(url)

    assert found == {"visits": {"nodes": [{"rowId": 1, "row": [5, 6]}]}}
    assert target.left_out == (
        LeftOut("public.grid", "the type ARRAY of its primary key makes no global id"),
        LeftOut("public.host", "the type INET of its primary key makes no global id"),
        LeftOut("public.rule", "the type JSONB of its primary key makes no global id"),
        LeftOut("public.visit.at", "type 'point' is not known to SQLAlchemy"),
        LeftOut("public.visit.host", "the type INET has no GraphQL scalar"),
        LeftOut("public.visit.matrix", "the type ARRAY has no GraphQL scalar"),
        LeftOut("public.visit.words", "the type TSVECTOR has no GraphQL scalar"),
    )


# ---------- what SQLite lets stand in a column ----------


async def test_a_value_of_another_type_fails_its_own_field_only(tmp_path: Path) -> None:
    """SQLite checks no types: one date that is none is no reason to refuse the list."""
    folder = SqliteFolder(tmp_path)
    url = make_tables(
        folder,
        "CREATE TABLE event (id INTEGER PRIMARY KEY, name VARCHAR(9), day DATE, at DATETIME, clock TIME,"
        " price DECIMAL(8, 2), size NUMERIC, data BLOB, body JSON, count INTEGER)",
        "INSERT INTO event VALUES (1, 'good', '2024-02-29', '2024-02-29 10:00:00', '10:00:00', 1.5, 2.5, x'00', '[1]', 1)",
        "INSERT INTO event VALUES (2, 'bad', '0000-00-00', '', 'noon', 'free', 'big', 5, 'none', 'two')",
        "INSERT INTO event VALUES (3, 'odd', 1262304000, 1262304000, 3600, x'00', x'00', 'text', 7, 2.5)",
        "INSERT INTO event VALUES (4, 'short', NULL, '2024-02-29T10:00Z', '10:00', 1, 2, NULL, NULL, 9999999999)",
    )
    async with served(folder, url) as api:
        result = await api.execute("{ events { nodes { name day at clock price size data body count } } }")

    nodes = [
        {
            **{"name": "good", "day": "2024-02-29", "at": "2024-02-29T10:00:00", "clock": "10:00:00"},
            **{"price": "1.50", "size": "2.5", "data": "AA==", "body": [1], "count": 1},
        },
        {
            **{"name": "bad", "day": None, "at": None, "clock": None},
            **{"price": None, "size": None, "data": None, "body": "none", "count": None},
        },
        {
            **{"name": "odd", "day": None, "at": None, "clock": None},
            **{"price": None, "size": None, "data": None, "body": 7, "count": None},
        },
        {
            **{"name": "short", "day": None, "at": "2024-02-29T10:00:00+00:00", "clock": "10:00:00"},
            **{"price": "1.00", "size": "2", "data": None, "body": None, "count": None},
        },
    ]
    wrong = ["day", "at", "clock", "price", "size", "data", "count"]
    assert result.data == {"events": {"nodes": nodes}}
    assert [error.path for error in result.errors or ()] == [
        *(["events", "nodes", 1, name] for name in wrong),
        *(["events", "nodes", 2, name] for name in wrong),
        ["events", "nodes", 3, "count"],
    ]
