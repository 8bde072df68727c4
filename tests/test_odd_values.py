"""Values that a database holds and Python, or the type of their column, does not have: each fails its own field."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from gqlcrud import Api
from tests import zoo
from tests.databases import PostgresServer, SqliteFolder, engine_maker
from tests.running import run
from tests.urls import target_at

UNREADABLE = "The database holds a value here that this type does not have."


async def answer(api: Api, query: str, **variables: Any) -> tuple[Any, list[tuple[str, str, Any]]]:
    """The data and the errors of an operation, as (code, message, path)."""
    result = await api.execute(query, variables)
    errors = [(str((each.extensions or {})["code"]), each.message, each.path) for each in result.errors or ()]
    return result.data, errors


async def write(engine: AsyncEngine, *statements: str) -> None:
    async with engine.begin() as own:
        for statement in statements:
            await own.exec_driver_sql(statement)


@pytest.fixture
async def postgresql(postgres_server: PostgresServer) -> AsyncIterator[AsyncEngine]:
    async with engine_maker(postgres_server) as make:
        yield await make(zoo.Scalars.metadata)


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    async with engine_maker(SqliteFolder(tmp_path)) as make:
        yield await make(zoo.Scalars.metadata)


# ---------- PostgreSQL: dates and times that Python does not have ----------

BEYOND_PYTHON = {
    "date_only": ["0044-03-15 BC", "10000-01-01", "4713-01-01 BC"],
    "datetime_naive": ["0044-03-15 12:00 BC", "10000-01-01", "294276-01-01"],
    "datetime_aware": ["0044-03-15 12:00+00 BC", "10000-01-01 00:00+00", "0001-01-01 00:00+01"],
    "time_only": ["24:00"],
    "interval": ["3000000 years", "-3000000 years", "infinity"],
}
READABLE = {
    "date_only": ("2020-01-02", "2020-01-02"),
    "datetime_naive": ("2020-01-02 03:04:05.06", "2020-01-02T03:04:05.060000"),
    "datetime_aware": ("2020-01-02 03:04:05+05", "2020-01-01T22:04:05+00:00"),
    "time_only": ("01:02:03.5", "01:02:03.500000"),
    "interval": ("1 year 2 months 3 days 04:05:06.789", "P428DT4H5M6.789S"),
}
NAMES = {"date_only": "dateOnly", "datetime_naive": "datetimeNaive", "datetime_aware": "datetimeAware"}
NAMES |= {"time_only": "timeOnly", "interval": "interval"}


@pytest.mark.parametrize("column", BEYOND_PYTHON)
async def test_a_date_that_python_does_not_have_fails_its_own_field(postgresql: AsyncEngine, column: str) -> None:
    """What stands beside it is read as if it were not there."""
    good, shown = READABLE[column]
    values = [*BEYOND_PYTHON[column], good]
    others = {"date_only": "'2020-02-29'", "interval": "'P1D'"}
    for number, value in enumerate(values):
        row = {**others, column: f"'{value}'"}
        names = ", ".join(row)
        sql = f"INSERT INTO everything (id, text, {names}) VALUES ({number}, 'x', {', '.join(row.values())})"
        await write(postgresql, sql)
    api = Api(zoo.Scalars, postgresql)
    name = NAMES[column]
    fields = f"text {name} other: {'interval' if column == 'date_only' else 'dateOnly'}"
    other = "P1D" if column == "date_only" else "2020-02-29"

    bad = len(values) - 1
    nodes = [{"text": "x", name: None, "other": other}] * bad + [{"text": "x", name: shown, "other": other}]
    errors = [("UNREADABLE", UNREADABLE, ["everythings", "nodes", place, name]) for place in range(bad)]
    assert await answer(api, f"{{ everythings {{ nodes {{ {fields} }} }} }}") == (
        {"everythings": {"nodes": nodes}},
        errors,
    )
    assert await answer(api, f"{{ everything(by: {{rowId: 0}}) {{ {fields} }} }}") == (
        {"everything": nodes[0]},
        [("UNREADABLE", UNREADABLE, ["everything", name])],
    )
    assert postgresql.pool.checkedout() == 0  # type: ignore[attr-defined]  # every pool that queues has it
    assert await run(api, "{ everythings { totalCount } }") == {"everythings": {"totalCount": len(values)}}


async def test_nested_records_keep_their_dates(postgres_server: PostgresServer) -> None:
    """In lists and in records that a relation leads to."""
    async with engine_maker(postgres_server) as make:
        engine = await make()
        await write(
            engine,
            "CREATE TABLE age (id INTEGER PRIMARY KEY, begins DATE)",
            "CREATE TABLE king (id INTEGER PRIMARY KEY, crowned TIMESTAMP, age_id INTEGER REFERENCES age)",
            "INSERT INTO age VALUES (1, '0753-04-21 BC'), (2, '0476-09-04')",
            "INSERT INTO king VALUES (1, '0753-04-21 BC', 1), (2, '0800-12-25', 2), (3, NULL, 2)",
        )
        target = await target_at(engine.url)
        assert target.api is not None and target.engine is not None
        try:
            query = """{ ages { nodes { begins kings { edges { cursor node { crowned } } } } }
              kings(orderBy: [{crowned: ASC}]) { nodes { rowId age { begins } } } }"""
            data, errors = await answer(target.api, query)
        finally:
            await target.engine.dispose()

    kings = [[edge["node"]["crowned"] for edge in age["kings"]["edges"]] for age in data["ages"]["nodes"]]
    assert kings == [[None], ["0800-12-25T00:00:00", None]]
    assert [age["begins"] for age in data["ages"]["nodes"]] == [None, "0476-09-04"]
    assert [king["rowId"] for king in data["kings"]["nodes"]] == [1, 2, 3]
    assert [king["age"]["begins"] for king in data["kings"]["nodes"]] == [None, "0476-09-04", "0476-09-04"]
    assert {(code, message) for code, message, _ in errors} == {("UNREADABLE", UNREADABLE)} and len(errors) == 3


async def test_an_interval_too_long_for_a_cursor_fails_the_page(postgresql: AsyncEngine) -> None:
    await write(postgresql, "INSERT INTO everything (id, interval) VALUES (1, '3000000 years'), (2, '1 day')")
    api = Api(zoo.Scalars, postgresql)
    query = "{ everythings(orderBy: [{interval: DESC}]) { edges { cursor } } }"

    assert await answer(api, query) == (None, [("UNREADABLE", UNREADABLE, ["everythings"])])
    assert await run(api, "{ everythings(orderBy: [{interval: DESC}]) { nodes { rowId } } }") == {
        "everythings": {"nodes": [{"rowId": 1}, {"rowId": 2}]}
    }


ENDS = ["-infinity", "0001-01-01", "2020-01-01", "9999-12-31", "infinity", None]
FILTERS: list[tuple[str, Any, list[int]]] = [
    ("eq", "9999-12-31", [3, 4]),
    ("ne", "9999-12-31", [0, 1, 2]),
    ("gt", "9999-12-31", []),
    ("gte", "9999-12-31", [3, 4]),
    ("lt", "9999-12-31", [0, 1, 2]),
    ("lte", "9999-12-31", [0, 1, 2, 3, 4]),
    ("in", ["9999-12-31", "2020-01-01"], [2, 3, 4]),
    ("notIn", ["9999-12-31", "2020-01-01"], [0, 1]),
    ("in", ["9999-12-31", "0001-01-01"], [0, 1, 3, 4]),
    ("eq", "0001-01-01", [0, 1]),
    ("ne", "0001-01-01", [2, 3, 4]),
    ("gt", "0001-01-01", [2, 3, 4]),
    ("gte", "0001-01-01", [0, 1, 2, 3, 4]),
    ("lt", "0001-01-01", []),
    ("lte", "0001-01-01", [0, 1]),
]


@pytest.fixture(scope="module")
async def ends(postgres_server: PostgresServer) -> AsyncIterator[Api]:
    """The first day of Python and the last, in rows beside infinity."""
    async with engine_maker(postgres_server) as make:
        engine = await make(zoo.Scalars.metadata)
        for number, day in enumerate(ENDS):
            last = "9999-12-31 23:59:59.999999" if day == "9999-12-31" else day
            values: Sequence[str | None] = [day, last, last]
            quoted = ", ".join("NULL" if each is None else f"'{each}'" for each in values)
            columns = "id, date_only, datetime_naive, datetime_aware"
            await write(
                engine, "SET TIME ZONE 'UTC'", f"INSERT INTO everything ({columns}) VALUES ({number}, {quoted})"
            )
        yield Api(zoo.Scalars, engine)


@pytest.mark.parametrize("column", ["dateOnly", "datetimeNaive", "datetimeAware"])
@pytest.mark.parametrize(("operator", "operand", "expected"), FILTERS, ids=str)
async def test_the_first_and_last_day_stand_for_infinity_too(
    ends: Api, column: str, operator: str, operand: Any, expected: list[int]
) -> None:
    """The driver shows them alike, and writes infinity for them."""

    def moment(day: str) -> str:
        time = "23:59:59.999999" if day == "9999-12-31" else "00:00:00"
        return day if column == "dateOnly" else f"{day}T{time}Z"

    value = [moment(each) for each in operand] if isinstance(operand, list) else moment(operand)
    query = "query ($where: EverythingWhere) { everythings(where: $where) { nodes { rowId } } }"
    found = await run(ends, query, where={column: {operator: value}})

    assert [node["rowId"] for node in found["everythings"]["nodes"]] == expected


async def test_infinity_is_shown_as_the_first_or_the_last_day(ends: Api) -> None:
    found = await run(ends, "{ everythings { nodes { dateOnly } } }")

    assert [node["dateOnly"] for node in found["everythings"]["nodes"]] == [
        *("0001-01-01", "0001-01-01", "2020-01-01", "9999-12-31", "9999-12-31", None)
    ]


# ---------- SQLite: any value in any column ----------


async def test_a_value_of_another_type_fails_its_own_field(sqlite: AsyncEngine) -> None:
    await write(
        sqlite,
        "INSERT INTO everything (id, text, date_only, time_only, datetime_naive, interval, numeric)"
        " VALUES (1, 'x', 'today', 'noon', 1577836800, 'long', 'much')",
        "INSERT INTO everything (id, text, date_only) VALUES (2, 'y', '2020-01-01')",
    )
    fields = ["dateOnly", "timeOnly", "datetimeNaive", "interval", "numeric"]
    query = f"{{ everythings {{ nodes {{ text {' '.join(fields)} }} }} }}"

    data, errors = await answer(Api(zoo.Scalars, sqlite), query)

    nothing = dict.fromkeys(fields)
    assert data == {
        "everythings": {"nodes": [{"text": "x", **nothing}, {"text": "y", **nothing, "dateOnly": "2020-01-01"}]}
    }
    assert errors == [("UNREADABLE", UNREADABLE, ["everythings", "nodes", 0, name]) for name in fields]


async def test_text_that_is_no_utf8_fails_its_own_field(sqlite: AsyncEngine) -> None:
    """A cursor holds no such text; nor bytes that stand in a column of texts."""
    await write(
        sqlite,
        "INSERT INTO everything (id, string, text) VALUES (1, CAST(x'61ff' AS TEXT), 'x')",
        "INSERT INTO everything (id, string, text) VALUES (2, 'ä', 'y')",
    )
    api = Api(zoo.Scalars, sqlite)

    assert await answer(api, "{ everythings { nodes { string text dateOnly } } }") == (
        {
            "everythings": {
                "nodes": [
                    {"string": None, "text": "x", "dateOnly": None},
                    {"string": "ä", "text": "y", "dateOnly": None},
                ]
            }
        },
        [("UNREADABLE", UNREADABLE, ["everythings", "nodes", 0, "string"])],
    )
    query = "{ everythings(orderBy: [{string: ASC}]) { edges { cursor } } }"
    assert await answer(api, query) == (None, [("UNREADABLE", UNREADABLE, ["everythings"])])
    await write(sqlite, "UPDATE everything SET string = x'00' WHERE id = 1")
    assert await answer(api, query) == (None, [("UNREADABLE", UNREADABLE, ["everythings"])])
    assert await run(api, "{ everythings(orderBy: [{string: DESC}]) { nodes { rowId } } }") == {
        "everythings": {"nodes": [{"rowId": 1}, {"rowId": 2}]}
    }


async def test_a_null_in_a_key_is_no_id(tmp_path: Path) -> None:
    """SQLite lets one be, and the record cannot be named: its id fails, and a page cannot go on from it."""
    async with engine_maker(SqliteFolder(tmp_path)) as make:
        engine = await make()
        await write(
            engine,
            "CREATE TABLE thing (code VARCHAR(9) PRIMARY KEY, size INTEGER)",
            "INSERT INTO thing VALUES (NULL, 1), ('a', 2), (NULL, 3)",
        )
        target = await target_at(URL.create("sqlite+aiosqlite", database=engine.url.database))
        assert target.api is not None and target.engine is not None
        try:
            api = target.api
            assert await run(api, "{ things { totalCount nodes { size } } }") == {
                "things": {"totalCount": 3, "nodes": [{"size": 1}, {"size": 3}, {"size": 2}]}
            }
            assert await answer(api, "{ things { nodes { id } } }") == (
                None,
                [("UNREADABLE", UNREADABLE, ["things", "nodes", 0, "id"])],
            )
            page = await run(api, "{ things(first: 1) { pageInfo { endCursor } } }")
            cursor = page["things"]["pageInfo"]["endCursor"]
            assert await answer(
                api, "query ($after: String) { things(after: $after) { totalCount } }", after=cursor
            ) == (
                None,
                [("VALIDATION", "This is not a cursor.", ["things"])],
            )
        finally:
            await target.engine.dispose()


async def test_a_record_with_an_odd_value_can_be_mended_and_deleted(sqlite: AsyncEngine) -> None:
    """Its other columns are written without being read."""
    await write(
        sqlite,
        "INSERT INTO everything (id, date_only, colour) VALUES (1, 'rubbish', 'RED'), (2, NULL, 'MAUVE'), (3, 'x', 'y')",
    )
    api = Api(zoo.Scalars, sqlite)
    mend = """mutation {
      one: updateEverything(input: {by: {rowId: 1}, patch: {dateOnly: "2020-01-02"}}) { everything { dateOnly } }
      two: updateEverything(input: {by: {rowId: 2}, patch: {colour: GREEN}}) { everything { colour } }
      three: deleteEverything(input: {by: {rowId: 3}}) { deletedId errors { code } }
    }"""

    assert await run(api, mend) == {
        "one": {"everything": {"dateOnly": "2020-01-02"}},
        "two": {"everything": {"colour": "GREEN"}},
        "three": {"deletedId": "RXZlcnl0aGluZzoz", "errors": []},
    }
