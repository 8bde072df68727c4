"""Python and GraphQL asked for the same thing, in generated conditions, orders, pages and writes, give the same."""

from collections.abc import AsyncIterator, Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from gqlcrud import Api, Crud, CrudError
from gqlcrud.catalog import Catalog, Column, Model, Relation
from gqlcrud.crud.conditions import Where
from gqlcrud.naming import snake_name
from tests import market, shelf, zoo
from tests.databases import MakeEngine
from tests.oracle import Order, Window
from tests.running import run, save
from tests.shelf import Author, Book, Tag
from tests.test_filters import LEAVES, ROWS
from tests.test_pagination_properties import GOOD_ORDERS, GOODS, windows
from tests.wheres import Filter, trees
from tests.writing import state, write

SLOW = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]

# ---------- names ----------


def python_where(where: Any, model: Model, catalog: Catalog) -> Any:
    """The `where` of GraphQL in the names of Python."""
    found: dict[str, Any] = {}
    for name, value in where.items():
        member = model.members.get(name)
        if name in ("and", "or"):
            found[name] = [python_where(each, model, catalog) for each in value]
        elif name == "not":
            found[name] = python_where(value, model, catalog)
        elif isinstance(member, Column):
            found[member.key] = {snake_name(each): operand for each, operand in value.items()}
        else:
            assert isinstance(member, Relation)
            target = catalog.model(member.target)
            found[member.key] = {
                snake_name(each): operand if each in ("isNull", "count") else python_where(operand, target, catalog)
                for each, operand in value.items()
            }
    return found


def python_order(order: Order) -> list[str]:
    """Each term as a text: `-stall.region.name nulls first`."""
    terms = []
    for term in order.terms:
        direction, _, nulls = term.sort.partition("_NULLS_")
        path = ".".join("id" if name == "rowId" else snake_name(name) for name in term.path)
        terms.append(f"{'-' if direction == 'DESC' else ''}{path}{f' nulls {nulls.lower()}' if nulls else ''}")
    return terms


# ---------- conditions ----------


@pytest.fixture(scope="module")
async def scalars(make_module_engine: MakeEngine) -> AsyncIterator[Api]:
    engine = await make_module_engine(zoo.Scalars.metadata)
    await save(engine, *(zoo.Everything(**row) for row in ROWS))
    yield Api(zoo.Scalars, engine)


@settings(max_examples=25, deadline=None, suppress_health_check=SLOW)
@given(term=trees(st.sampled_from([each for some in LEAVES.values() for each in some])))
async def test_conditions_on_every_kind_of_column_find_the_same(scalars: Api, term: Filter) -> None:
    query = "query ($where: EverythingWhere) { everythings(where: $where, first: 500) { totalCount nodes { rowId } } }"
    answer = (await run(scalars, query, where=term.where))["everythings"]

    where: Where = python_where(term.where, scalars.catalog.by_name["Everything"], scalars.catalog)
    rows = await scalars.crud(zoo.Everything).get_multi(None, where, limit=None, total=True)

    assert ([each.id for each in rows], rows.total) == (
        [each["rowId"] for each in answer["nodes"]],
        answer["totalCount"],
    )


# ---------- orders and pages ----------

RELATED: list[Mapping[str, Any]] = [
    {"stall": {"isNull": True}},
    {"stall": {"is": {"title": {"iContains": "A"}}}},
    {"stall": {"isNot": {"region": {"is": {"name": {"ne": "east"}}}}}},
    {"stall": {"is": {"cheapGoods": {"some": {"price": {"lt": "1"}}}}}},
    {"stall": {"is": {"goods": {"count": {"gt": 2}}}}},
    {"labels": {"some": {"text": {"eq": "x"}, "weight": {"isNull": False}}}},
    {"labels": {"every": {"text": {"in": ["x", "y"]}}}},
    {"labels": {"none": {}}},
    {"labels": {"count": {"gte": 2, "lt": 5}}},
    {"deals": {"some": {"amount": {"notIn": [1]}}}},
    {"deals": {"every": {"good": {"is": {"fresh": {"eq": True}}}}}},
    {"seal": {"is": {"colour": {"startsWith": "r"}}}},
    {"price": {"gte": "0.30"}},
    {"keeps": {"gt": "PT0S"}},
    {"soldAt": {"lt": "2024-03-31T01:59:59.5Z"}},
    {"isHeavy": {"eq": True}},
    {"dealTotal": {"gt": 1}},
    {"shout": {"contains": "P"}},
    {"name": {"iEq": "PEAR"}},
]


@pytest.fixture(scope="module")
async def goods(make_module_engine: MakeEngine) -> AsyncIterator[Api]:
    engine = await make_module_engine(market.Base.metadata)
    await market.fill_market(engine, market.market_rows())
    yield Api(market.Base, engine)


PAGE = """query ($first: Int, $after: String, $last: Int, $before: String, $where: GoodWhere, $orderBy: [GoodOrder!]) {
  goods(first: $first, after: $after, last: $last, before: $before, where: $where, orderBy: $orderBy) {
    totalCount nodes { rowId } edges { cursor }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""


@settings(max_examples=25, deadline=None, suppress_health_check=SLOW)
@given(
    order=GOOD_ORDERS,
    term=trees(st.sampled_from([Filter(each, lambda record: True) for each in RELATED]), size=4),
    window=windows(GOODS),
)
async def test_pages_have_the_same_records_totals_and_cursors(
    goods: Api, order: Order, term: Filter, window: Window
) -> None:
    """A cursor of either is one of the other."""
    crud = goods.crud(market.Good)
    order_by = python_order(order)
    all_goods = await crud.paginate(None, order_by=order_by, first=500, select=["id"])
    cursors = {each["id"]: cursor for each, cursor in zip(all_goods.items, all_goods.cursors, strict=True)}
    cut: dict[str, Any] = {
        "first": window.first,
        "last": window.last,
        "after": cursors[window.after["id"]] if window.after else None,
        "before": cursors[window.before["id"]] if window.before else None,
    }

    answer = (await run(goods, PAGE, **cut, where=term.where, orderBy=order.items))["goods"]
    where: Where = python_where(term.where, goods.catalog.by_name["Good"], goods.catalog)
    page = await crud.paginate(None, where, order_by=order_by, **cut, total=True, select=["id"])

    info = answer["pageInfo"]
    assert [each["id"] for each in page.items] == [each["rowId"] for each in answer["nodes"]]
    assert list(page.cursors) == [each["cursor"] for each in answer["edges"]]
    assert (page.total, page.has_next_page, page.has_previous_page) == (
        answer["totalCount"],
        info["hasNextPage"],
        info["hasPreviousPage"],
    )
    assert (page.start_cursor, page.end_cursor) == (info["startCursor"], info["endCursor"])
    if window.offset is None:
        streamed = [
            each["id"] async for each in crud.stream(None, where, order_by=order_by, batch_size=3, select=["id"])
        ]
        rows = await crud.get_multi(None, where, order_by=order_by, limit=None, select=["id"])
        assert streamed == [each["id"] for each in rows]


# ---------- writes ----------

TEXTS = st.sampled_from(["a", "", "é" * 60, "'\"; --", "x" * 210, "a\x00b", "Ω"])
PRICES = st.sampled_from(["1", "0.005", "-0.50", "99999999.99", "123456789.00", "1e3"])
LABELS = st.sampled_from(["x", "y", "z", "new", "newer", "l" * 51])


def key(name: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.integers(1, 4), st.fixed_dictionaries({name: values}))


MAIL = st.sampled_from(["ada@x.org", "none@x.org"])
AUTHOR = st.fixed_dictionaries({"name": TEXTS}, optional={"email": MAIL})
TO_ONE = st.one_of(
    st.fixed_dictionaries({"connect": key("email", MAIL)}),
    st.fixed_dictionaries({"create": AUTHOR}),
    st.fixed_dictionaries(
        {
            "connect_or_create": MAIL.flatmap(
                lambda mail: st.fixed_dictionaries({"by": st.just({"email": mail}), "create": AUTHOR})
            )
        }
    ),
)
TAG = st.fixed_dictionaries({"label": LABELS})
EDGE = st.fixed_dictionaries({"weight": st.one_of(st.none(), st.integers(0, 3))})
TO_MANY = st.fixed_dictionaries(
    {},
    optional={
        "connect": st.lists(st.fixed_dictionaries({"by": key("label", LABELS), "edge": EDGE}), max_size=2),
        "create": st.lists(st.fixed_dictionaries({"node": TAG, "edge": EDGE}), max_size=2),
        "connect_or_create": st.lists(
            LABELS.flatmap(
                lambda label: st.fixed_dictionaries(
                    {"by": st.just({"label": label}), "create": st.just({"label": label})}
                )
            ),
            max_size=2,
        ),
    },
)
NEW_BOOKS = st.fixed_dictionaries(
    {"title": TEXTS, "price": PRICES},
    optional={
        "isbn": st.sampled_from(["1", "2", None]),
        "meta": st.sampled_from([None, {"a": [1, None]}, [], "t", 1.5]),
        "published_at": st.sampled_from([None, "2024-01-01T00:00:00Z"]),
        "author": TO_ONE,
        "tags": TO_MANY,
    },
)
CAMEL = {
    "published_at": "publishedAt",
    "connect_or_create": "connectOrCreate",
}


def graphql_input(data: Any, name: str = "") -> Any:
    """The values in the names of GraphQL; a plain key is a `rowId`."""
    if name == "meta":
        return data
    if name in ("by", "connect") and isinstance(data, int):
        return {"rowId": data}
    if isinstance(data, dict):
        return {CAMEL.get(each, each): graphql_input(value, each) for each, value in data.items()}
    return [graphql_input(each) for each in data] if isinstance(data, list) else data


@pytest.fixture(scope="module")
async def both(make_module_engine: MakeEngine) -> AsyncIterator[tuple[Api, Api]]:
    """Two databases with the same rows."""
    found = []
    for _ in range(2):
        engine = await make_module_engine(shelf.Base.metadata)
        await save(engine, Author(name="Ada", email="ada@x.org"), Tag(label="x"), Tag(label="y"))
        await save(engine, Book(title="B", price=Decimal(1), isbn="1"))
        found.append(Api(shelf.Base, engine))
    yield found[0], found[1]


@settings(max_examples=25, deadline=None, suppress_health_check=SLOW)
@given(data=NEW_BOOKS)
async def test_new_records_are_the_same_and_so_are_mistakes(both: tuple[Api, Api], data: dict[str, Any]) -> None:
    python, graphql = both
    crud: Crud[Book] = python.crud(Book)

    payload = await write(graphql, "createBook", "{data: $values}", values=("BookCreate!", graphql_input(data)))
    errors: list[tuple[str, tuple[str, ...]]] = []
    try:
        await crud.create(None, data)
    except CrudError as error:
        errors = [(each.code.value, tuple(map(str, each.path))) for each in error.errors]

    names = {camel: name for name, camel in CAMEL.items()}
    expected = [(each["code"], tuple(names.get(step, step) for step in each["path"][2:])) for each in payload["errors"]]
    assert sorted(errors) == sorted(expected)  # GraphQL brings the fields of an input into its own order
    rows = [await state(api.database, shelf.Base.metadata) for api in both]  # type: ignore[arg-type]  # an engine
    assert rows[0] == rows[1]
    for api in both:
        await number_alike(api.database)  # type: ignore[arg-type]  # an engine


async def number_alike(engine: AsyncEngine) -> None:
    """PostgreSQL takes numbers for rows that it refuses, as often as they are tried: the next rows are numbered from the last
    that are there."""
    if engine.dialect.name == "postgresql":
        async with engine.begin() as connection:
            for table in ("author", "book", "tag"):
                last = f"coalesce((SELECT max(id) FROM {table}), 0) + 1"
                await connection.execute(text(f"SELECT setval('{table}_id_seq', {last}, false)"))
