"""Cursors of every kind of column: walked by, tampered with, taken from another list, outliving their record."""

import base64
import datetime as dt
import json
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import ForeignKey, delete
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from gqlcrud import Api
from tests import market, zoo
from tests.databases import Backend, MakeEngine, SqliteFolder, engine_maker
from tests.oracle import SORTS, Order, Term
from tests.running import run, save

# ---------- one row for each place ----------

VALUES: Mapping[str, Sequence[Any]] = {
    "integer": [-(2**31), 0, 2**31 - 1],
    "small_integer": [-(2**15), 5, 2**15 - 1],
    "big_integer": [-(2**63), 2**53, 2**53 + 1],
    "numeric": [Decimal("-999999999.999"), Decimal("0.001"), Decimal("0.002")],
    "numeric_without_scale": [Decimal("-1e20"), Decimal("0.1"), Decimal("12345678.5")],
    "numeric_as_float": [-1.5, 0.1, 0.3],
    "float_": [-1e300, 0.1 + 0.2, 1e300],
    "double": [-1e300, 5e-324, 0.1 + 0.2],
    "string": ["", "Infinity", "a'b\\%_"],
    "string_without_length": ["1", "NaN", "x"],
    "unicode": ["e", "ü", "\U0001f350"],
    "text": ["\n", "null", "z" * 5000],
    "boolean": [False, True, True],
    "date_only": [dt.date.min, dt.date(2020, 2, 29), dt.date.max],
    "time_only": [dt.time.min, dt.time(1, 2, 3, 4), dt.time.max],
    "datetime_naive": [dt.datetime.min, dt.datetime(2020, 1, 2, 3, 4, 5, 6), dt.datetime.max],
    "datetime_aware": [
        dt.datetime(1, 1, 1, tzinfo=dt.UTC),
        dt.datetime(2020, 1, 2, 3, 4, 5, 6, tzinfo=dt.UTC),
        dt.datetime.max.replace(tzinfo=dt.UTC),
    ],
    "interval": [dt.timedelta(days=-400), dt.timedelta(microseconds=1), dt.timedelta(days=400)],
    "uuid_value": [uuid.UUID(int=0), uuid.UUID(int=2**64), uuid.UUID(int=2**128 - 1)],
    "uuid_as_string": [str(uuid.UUID(int=each)) for each in (0, 5, 2**127)],
    "colour": [zoo.Colour.RED, zoo.Colour.GREEN, zoo.Colour.GREEN],
    "size": [zoo.Size.SMALL, zoo.Size.EXTRA_LARGE, zoo.Size.EXTRA_LARGE],
    "level": [zoo.Level.LOW, zoo.Level.HIGH, zoo.Level.HIGH],
    "binding": ["paper-back", "e-book", "2nd hand"],
}
"""Values of each column that can be sorted by, in their order; equal ones are of one place."""
PLACES = (1, None, 0, 2, 1, None)
"""Of the rows 1 to 6: which of its values each column has."""
NAMES = {"float_": "float"}


def graphql_name(column: str) -> str:
    first, *rest = NAMES.get(column, column).split("_")
    return first + "".join(each.title() for each in rest)


LIST = """query ($orderBy: [EverythingOrder!], $first: Int, $after: String, $last: Int, $before: String) {
  everythings(orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { rowId } } pageInfo { hasNextPage hasPreviousPage }
  }
}"""
NO_CURSOR = {"message": "This is not a cursor.", "code": "VALIDATION"}


@pytest.fixture(scope="module")
async def engine(make_module_engine: MakeEngine) -> AsyncEngine:
    engine = await make_module_engine(zoo.Scalars.metadata)
    for number, place in enumerate(PLACES, 1):
        values = {} if place is None else {column: found[place] for column, found in VALUES.items()}
        await save(engine, zoo.Everything(id=number, **values))
    return engine


@pytest.fixture(scope="module")
async def api(engine: AsyncEngine) -> Api:
    return Api(zoo.Scalars, engine)


def numbers(page: Any) -> list[int]:
    return [edge["node"]["rowId"] for edge in page["everythings"]["edges"]]


async def walk(api: Api, query: str, field: str, key: str = "rowId", **arguments: Any) -> list[Any]:
    """The records of a list, one page of one record after the other; more of them than there can be show a circle."""
    found: list[Any] = []
    after, more = None, True
    while more and len(found) < 100:
        page = (await run(api, query, first=1, after=after, **arguments))[field]
        found += [edge["node"][key] for edge in page["edges"]]
        after, more = page["edges"][-1]["cursor"], page["pageInfo"]["hasNextPage"]
    return found


def opened(cursor: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))


def closed(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


async def refusals(api: Api, query: str, **arguments: Any) -> list[dict[str, Any]]:
    """The errors of an operation: message, code and the place in the request."""
    result = await api.execute(query, arguments)
    return [{"message": each.message, **(each.extensions or {})} for each in result.errors or ()]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("column", VALUES)
async def test_walking_by_cursors_gives_every_record_once_in_order(api: Api, column: str, sort: str) -> None:
    values = VALUES[column]
    rows = [
        {"id": number, "place": None if place is None else values.index(values[place])}
        for number, place in enumerate(PLACES, 1)
    ]
    order = Order((Term(("place",), lambda row: row["place"], sort),), (Term(("id",), lambda row: row["id"]),))
    order_by = [{graphql_name(column): sort}]

    assert await walk(api, LIST, "everythings", orderBy=order_by) == [row["id"] for row in order.sorted(rows)]


# ---------- values that Python and JSON have no number for ----------

ODD = {
    ("postgresql", "numeric"): ["'-1e8'", "1", "'NaN'", "'NaN'"],
    ("postgresql", "numeric_without_scale"): ["'-Infinity'", "'-1e120000'", "'1e-16000'", "'1e120000'", "'Infinity'"],
    ("postgresql", "numeric_as_float"): ["1.001", "1.002", "'NaN'", "'NaN'"],
    ("postgresql", '"float"'): ["'-Infinity'", "'-0'", "0", "'1e308'", "'Infinity'", "'NaN'", "'NaN'"],
    ("postgresql", "double"): ["'-Infinity'", "'5e-324'", "'Infinity'", "'NaN'"],
    ("postgresql", "date_only"): [
        *("'-infinity'", "'4713-01-01 BC'", "'0001-12-31 BC'", "'0001-01-01'", "'9999-12-30'", "'9999-12-31'"),
        *("'9999-12-31'", "'10000-01-01'", "'5874897-12-31'", "'infinity'"),
    ],
    ("postgresql", "datetime_naive"): [
        *("'-infinity'", "'4713-01-01 01:00 BC'", "'0001-01-01'", "'9999-12-31'", "'9999-12-31'"),
        *(
            "'9999-12-31 23:59:59.999999'",
            "'9999-12-31 23:59:59.999999'",
            "'294276-12-31 23:59:59.999999'",
            "'infinity'",
        ),
    ],
    ("postgresql", "datetime_aware"): [
        *(
            "'-infinity'",
            "'4713-01-01 01:00+10 BC'",
            "'0001-01-01+14'",
            "'0001-01-01+00'",
            "'2020-01-01 01:02:03.1+02'",
        ),
        *("'9999-12-31 23:59:59.999999+00'", "'9999-12-31 23:59:59.999999-10'", "'infinity'", "'infinity'"),
    ],
    ("postgresql", "time_only"): ["'00:00'", "'23:59:59.999999'", "'24:00'", "'24:00'"],
    ("postgresql", "interval"): ["'-1 year'", "'29 days'", "'1 month'", "'30 days'", "'1 year'", "'361 days'"],
    ("sqlite", "numeric"): ["-9e999", "-1e300", "9223372036854775807", "1e300", "9e999", "''", "'Infinity'", "'nan'"],
    ("sqlite", "integer"): ["-1", "0.5", "1", "1e300", "''", "'N/A'"],
    ("sqlite", "double"): ["-9e999", "0.5", "1", "9e999", "'Infinity'", "'NaN'"],
    ("sqlite", "boolean"): ["0", "1", "2", "'true'"],
    ("sqlite", "date_only"): ["1577836800", "1577836800.5", "''", "'2020-01-01'", "'today'"],
    ("sqlite", "datetime_naive"): ["0", "'2020'", "'2020-01-01'", "'2020-01-01 00:00:00'", "'2020-01-01T00:00'"],
    ("sqlite", "interval"): ["0", "''", "'1970-01-01'"],
    ("sqlite", "string"): ["''", "'Infinity'", "CAST(x'610062' AS TEXT)", "'a1'"],
}
"""What stands in columns though nothing that is generated writes it, in the database's own order."""


@pytest.fixture(params=ODD, ids=" ".join)
async def odd(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[AsyncEngine, str]]:
    """A table with the odd values of one column, and the column's name."""
    name, column = request.param
    backend: Backend = SqliteFolder(tmp_path) if name == "sqlite" else request.getfixturevalue("postgres_server")
    async with engine_maker(backend) as make:
        engine = await make(zoo.Scalars.metadata)
        async with engine.begin() as own:
            for number, value in enumerate(ODD[request.param]):
                await own.exec_driver_sql(f"INSERT INTO everything (id, {column}) VALUES ({number}, {value})")
        yield engine, column


async def test_odd_values_have_their_place(odd: tuple[AsyncEngine, str]) -> None:
    engine, column = odd
    api = Api(zoo.Scalars, engine)
    async with engine.connect() as own:
        sql = f"SELECT id FROM everything ORDER BY {column} {{}}, id"
        sorted_by_database = {
            sort: list((await own.exec_driver_sql(sql.format(sort))).scalars()) for sort in ("ASC", "DESC")
        }
    assert sorted_by_database["ASC"] == list(range(len(sorted_by_database["ASC"])))

    name = graphql_name(column.strip('"'))
    walked = {sort: await walk(api, LIST, "everythings", orderBy=[{name: sort}]) for sort in sorted_by_database}

    assert walked == sorted_by_database


# ---------- tampered with: cases 13 and 26 ----------

TAMPERED: Mapping[str, Any] = {
    "null": None,
    "boolean": True,
    "integer": 1,
    "huge integer": 2**63,
    "endless integer": 10**400,
    "float": 1.5,
    "not a number": float("nan"),
    "text": "x",
    "text of a number": "01",
    "text with NUL": "a\x00",
    "text with a lone surrogate": "\ud800",
    "list": [1],
    "object": {"a": 1},
}
NUMBERS = {"integer", "float", "text", "text with NUL"}
"""What a column of numbers, dates or times may hold in SQLite."""
TEXTS = {"text", "text of a number"}
POSSIBLE: Mapping[str, Mapping[str, set[str]]] = {
    "sqlite": {
        **dict.fromkeys(VALUES, NUMBERS),
        **{column: {*TEXTS, "text with NUL"} for column in ("string", "string_without_length", "unicode", "text")},
        **{column: {*TEXTS, "text with NUL"} for column in ("uuid_value", "uuid_as_string")},
        **{column: {"integer"} for column in ("colour", "size", "level", "binding")},
    },
    "postgresql": {
        **{column: set() for column in VALUES},
        **{column: {"integer"} for column in ("integer", "small_integer", "level")},
        **{column: {"float"} for column in ("float_", "double")},
        **dict.fromkeys(("string", "string_without_length", "unicode", "text"), TEXTS),
        "boolean": {"boolean"},
    },
}
"""The kinds that a column can hold beside null, by database. Every other kind is refused."""


async def partition(api: Api, order_by: Any, cursor: str) -> list[int] | list[dict[str, Any]]:
    """The records before a position and those after it; or the errors, which are the same for both."""
    refused = [await refusals(api, LIST, orderBy=order_by, **{name: cursor}) for name in ("before", "after")]
    if any(refused):
        places = [[each.pop("inputPath") for each in errors] for errors in refused]
        assert (places, refused[0]) == ([[["before"]], [["after"]]], refused[1])
        return refused[0]
    pages = [await run(api, LIST, orderBy=order_by, **{name: cursor}) for name in ("before", "after")]
    return [number for page in pages for number in numbers(page)]


@pytest.mark.parametrize("sort", ["ASC", "DESC_NULLS_LAST"])
@pytest.mark.parametrize("column", VALUES)
async def test_a_value_that_the_column_cannot_hold_is_refused(
    api: Api, backend: Backend, column: str, sort: str
) -> None:
    """One that it can hold is a position, whoever made it up: each record stands before it or after it."""
    order_by = [{graphql_name(column): sort}]
    page = await run(api, LIST, orderBy=order_by)
    mark = opened(page["everythings"]["edges"][0]["cursor"])[0]

    found = {kind: await partition(api, order_by, closed([mark, value, 0])) for kind, value in TAMPERED.items()}

    possible = {"null"} | POSSIBLE[backend.name][column]
    assert found == {kind: numbers(page) if kind in possible else [NO_CURSOR] for kind in TAMPERED}


async def test_a_key_has_no_null(api: Api, backend: Backend) -> None:
    """Nor has any other column that is NOT NULL."""
    page = await run(api, LIST)
    mark = opened(page["everythings"]["edges"][0]["cursor"])[0]

    found = {kind: await partition(api, None, closed([mark, value])) for kind, value in TAMPERED.items()}

    possible = {"integer", "float", "text", "text with NUL"} if backend.name == "sqlite" else {"integer"}
    assert {kind for kind, each in found.items() if each != [NO_CURSOR]} == possible
    assert (await partition(api, None, closed([mark, 4]))) == [1, 2, 3, 5, 6]


@pytest.mark.parametrize(
    "forge",
    [
        lambda values: values[1:],
        lambda values: [],
        lambda values: {"a": values},
        lambda values: values[0],
        lambda values: [None, *values[1:]],
        lambda values: [[values[0]], *values[1:]],
    ],
)
async def test_what_is_no_list_with_a_mark_is_no_cursor(api: Api, forge: Any) -> None:
    page = await run(api, LIST)
    values = opened(page["everythings"]["edges"][0]["cursor"])

    assert await partition(api, None, closed(forge(values))) == [NO_CURSOR]


@pytest.mark.parametrize("damage", [lambda c: c[:-3], lambda c: "", lambda c: "é", lambda c: c + "%", lambda c: "AAAA"])
async def test_a_damaged_text_is_no_cursor(api: Api, damage: Any) -> None:
    page = await run(api, LIST)

    assert await partition(api, None, damage(page["everythings"]["edges"][0]["cursor"])) == [NO_CURSOR]


OTHER = {"message": "This cursor belongs to another list, or to another order of it.", "code": "VALIDATION"}
FOREIGN = {**OTHER, "inputPath": ["after"]}


async def test_a_cursor_of_another_order_is_refused(api: Api) -> None:
    """Case 13: another column, another direction, another place of nulls, more or fewer values. Two ways to say the
    same are one order."""
    orders = [
        *([{"string": sort}] for sort in ("ASC", "DESC", "ASC_NULLS_FIRST", "DESC_NULLS_LAST")),
        [{"text": "ASC"}],
        [{"string": "ASC"}, {"text": "ASC"}],
        [{"rowId": "DESC"}],
        None,
    ]
    cursors = [(await run(api, LIST, orderBy=each))["everythings"]["edges"][0]["cursor"] for each in orders]

    found = [[await refusals(api, LIST, orderBy=each, after=cursor) for cursor in cursors] for each in orders]

    count = range(len(orders))
    assert found == [[[] if one == other else [FOREIGN] for other in count] for one in count]
    for same in ([{"string": "ASC_NULLS_LAST"}], [{"string": "ASC"}, {"rowId": "ASC"}]):
        assert await refusals(api, LIST, orderBy=same, after=cursors[0]) == []
    mark, *values = opened(cursors[0])
    for other in ([mark, *values[:-1]], [mark, *values, 1]):
        assert await refusals(api, LIST, orderBy=orders[0], after=closed(other)) == [FOREIGN]


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.dates().map(str)
    | st.datetimes(timezones=st.none() | st.timezones()).map(str)
    | st.times().map(str)
    | st.decimals().map(str)
    | st.timedeltas().map(str)
    | st.uuids().map(str)
    | st.sampled_from(
        ["Infinity", "-Infinity", "NaN", "1E+9999999", "P999999999D", "-P1D", "RED", "24:00:00", 10**4000]
    )
    | st.sampled_from(["0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59.999999+00:00", "0001-01-01", "1E+131071"]),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=3), each, max_size=2),
    max_leaves=5,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(column=st.sampled_from(sorted(VALUES)), sort=st.sampled_from(SORTS), value=ANYTHING, key=st.just(0) | ANYTHING)
async def test_any_value_is_a_position_or_refused(api: Api, column: str, sort: str, value: Any, key: Any) -> None:
    order_by = [{graphql_name(column): sort}]
    page = await run(api, LIST, orderBy=order_by)
    mark = opened(page["everythings"]["edges"][0]["cursor"])[0]

    found = await partition(api, order_by, closed([mark, value, key]))

    assert found in ([NO_CURSOR], numbers(page)) or key in range(1, 7)


@settings(max_examples=300, deadline=None)
@given(ANYTHING)
async def test_any_json_that_has_no_mark_is_refused(api: Api, value: Any) -> None:
    marked = isinstance(value, list) and value and isinstance(value[0], str)

    assert await partition(api, None, closed(value)) == [OTHER if marked else NO_CURSOR]


# ---------- records that are gone: case 12 ----------


async def test_a_cursor_outlives_its_record(make_engine: MakeEngine) -> None:
    """Its place stays between those of its neighbours, whatever the order is by."""
    engine = await make_engine(zoo.Scalars.metadata)
    for number, place in enumerate((0, 1, 2), 1):
        await save(engine, zoo.Everything(id=number, **{column: each[place] for column, each in VALUES.items()}))
    await save(engine, zoo.Everything(id=4))
    api = Api(zoo.Scalars, engine)
    orders = [[{graphql_name(column): sort}] for column in VALUES for sort in ("ASC", "DESC")]
    orders += [[{"rowId": "ASC"}], [{"rowId": "DESC"}]]
    lists = [(await run(api, LIST, orderBy=each))["everythings"]["edges"] for each in orders]

    for gone in (2, 4):
        async with engine.begin() as own:
            await own.execute(delete(zoo.Everything).where(zoo.Everything.id == gone))
        for order, edges in zip(orders, lists, strict=True):
            place = next(place for place, edge in enumerate(edges) if edge["node"]["rowId"] == gone)
            left = [1, 3] if gone == 4 else [1, 3, 4]
            around = [[edge["node"]["rowId"] for edge in each] for each in (edges[:place], edges[place + 1 :])]
            expected = [[number for number in each if number in left] for each in around]
            pages = [
                await run(api, LIST, orderBy=order, **{name: edges[place]["cursor"]}) for name in ("before", "after")
            ]
            assert [numbers(page) for page in pages] == expected


# ---------- lists that nothing can be ordered by ----------


class Bare(DeclarativeBase):
    pass


class End(Bare):
    __tablename__ = "end"

    id: Mapped[int] = mapped_column(primary_key=True)
    pairs: Mapped[list["Pair"]] = relationship(foreign_keys="Pair.one_id")


class Pair(Bare):
    """Foreign keys alone, which no list is ordered by."""

    __tablename__ = "pair"

    one_id: Mapped[int] = mapped_column(ForeignKey("end.id"), primary_key=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("end.id"), primary_key=True)


async def test_a_list_that_has_no_order_by_is_paged_by_its_key(make_engine: MakeEngine) -> None:
    engine = await make_engine(Bare.metadata)
    await save(engine, *(End(id=number) for number in (1, 2, 3)))
    await save(engine, *(Pair(one_id=one, other_id=other) for one in (3, 1) for other in (2, 1, 3)))
    api = Api(Bare, engine)
    page = "{ totalCount edges { cursor node { id } } pageInfo { hasNextPage } }"
    query = f"query ($first: Int, $after: String) {{ pairs(first: $first, after: $after) {page} }}"
    whole = (await run(api, query))["pairs"]
    cursors = [edge["cursor"] for edge in whole["edges"]]

    assert "PairOrder" not in api.sdl()
    assert [opened(cursor)[1:] for cursor in cursors] == [[1, 1], [1, 2], [1, 3], [3, 1], [3, 2], [3, 3]]
    assert await walk(api, query, "pairs", "id") == [edge["node"]["id"] for edge in whole["edges"]]
    nested = "query ($after: String) { ends { nodes { pairs(first: 1, after: $after) { edges { cursor } } } } }"
    after = [None]
    for _ in range(3):
        found = (await run(api, nested, after=after[-1]))["ends"]["nodes"]
        after.append(found[0]["pairs"]["edges"][0]["cursor"])
    assert [opened(cursor)[1:] for cursor in after[1:]] == [[1, 1], [1, 2], [1, 3]]


# ---------- relations to many: case 21 ----------

GOODS = """query ($where: GoodWhere, $orderBy: [GoodOrder!], $first: Int, $after: String) {
  goods(where: $where, orderBy: $orderBy, first: $first, after: $after) {
    totalCount edges { cursor node { rowId } } pageInfo { hasNextPage }
  }
}"""
TO_MANY = [
    ({"deals": {"some": {"amount": {"gte": 1}}}}, None),
    ({"labels": {"some": {}}}, [{"labels": {"count": "DESC"}}]),
    ({"labels": {"some": {"goods": {"some": {"labels": {"some": {}}}}}}}, [{"deals": {"count": "ASC"}}]),
    ({"stall": {"is": {"goods": {"some": {"deals": {"some": {}}}}}}}, [{"stall": {"goods": {"count": "DESC"}}}]),
    (
        {"or": [{"deals": {"some": {}}}, {"labels": {"some": {}}}]},
        [{"stall": {"region": {"stalls": {"count": "ASC"}}}}],
    ),
    ({"deals": {"none": {"amount": {"eq": 1}}}}, [{"deals": {"count": "DESC"}}, {"labels": {"count": "ASC"}}]),
    (None, [{"seal": {"colour": "DESC"}}, {"labels": {"count": "ASC"}}]),
]


@pytest.fixture(scope="module")
async def goods(make_module_engine: MakeEngine) -> Api:
    engine = await make_module_engine(market.Base.metadata)
    await market.fill_market(engine, market.market_rows())
    return Api(market.Base, engine)


@pytest.mark.parametrize(("where", "order_by"), TO_MANY, ids=str)
async def test_many_related_records_never_repeat_the_one(goods: Api, where: Any, order_by: Any) -> None:
    whole = (await run(goods, GOODS, where=where, orderBy=order_by))["goods"]
    found = [edge["node"]["rowId"] for edge in whole["edges"]]

    assert found and len(set(found)) == len(found) == whole["totalCount"]
    assert await walk(goods, GOODS, "goods", where=where, orderBy=order_by) == found


async def test_a_cursor_of_another_list_is_refused(goods: Api) -> None:
    """Case 13: of another type, or of another relation to the same type."""
    query = """query ($after: String, $cheap: String, $root: String) {
      stalls { nodes { goods(after: $after) { edges { cursor } } cheapGoods(after: $cheap) { edges { cursor } } } }
      goods(after: $root) { edges { cursor } } labels { edges { cursor } }
    }"""
    page = await run(goods, query)
    stall = next(each for each in page["stalls"]["nodes"] if each["cheapGoods"]["edges"])
    cursors = {
        "after": stall["goods"]["edges"][0]["cursor"],
        "cheap": stall["cheapGoods"]["edges"][0]["cursor"],
        "root": page["goods"]["edges"][0]["cursor"],
        "labels": page["labels"]["edges"][0]["cursor"],
    }
    places = {"after": ["nodes", "goods", "after"], "cheap": ["nodes", "cheapGoods", "after"], "root": ["after"]}

    found = {(to, of): await refusals(goods, query, **{to: cursor}) for to in places for of, cursor in cursors.items()}

    assert found == {
        (to, of): [] if to == of else [{**OTHER, "inputPath": place}] for to, place in places.items() for of in cursors
    }
