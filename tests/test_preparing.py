"""Statements that are built once for all plans that differ in values: the same rows as those built for the very plan."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from graphql import coerce_input_value
from sqlalchemy import ForeignKey, event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column, relationship

from gqlcrud import Api, Crud
from gqlcrud.execution import OperationConnection, engine_source
from gqlcrud.plan import PagePlan
from gqlcrud.selection import RESOLVED, Selection
from gqlcrud.statements import Database, key_parameters, page_statement, preparing, summary_statement
from gqlcrud.statements.preparing import prepared_page, prepared_records
from gqlcrud.statements.records import record_statement
from tests import market, shelf, zoo
from tests.databases import MakeEngine
from tests.random_documents import Trees
from tests.running import run, save
from tests.test_filters import COLUMNS, LEAVES, ROWS

# ---------- plans ----------


def selected(name: str, *children: Selection, arguments: Mapping[str, Any] | None = None) -> Selection:
    return Selection(name, name, arguments or {}, children)


SHOWN = (
    selected("edges", selected("cursor"), selected("node", selected("id"))),
    selected("pageInfo", selected("hasNextPage"), selected("hasPreviousPage")),
    selected("totalCount"),
)


def plan_of(api: Api, model: str, relation: str | None = None, **arguments: Any) -> PagePlan:
    """The plan of a list, of arguments as a client gives them."""
    found = api.catalog.by_name[model]
    owner: Any = api.schema._schema.type_map["Query" if relation is None else model]
    field = owner.fields[relation or found.many]
    coerced = {name: coerce_input_value(value, field.args[name].type) for name, value in arguments.items()}
    selection = Selection(RESOLVED, relation or found.many, coerced, SHOWN)
    planner = api.new_operation().planner
    if relation is None:
        return planner.page(selection, found)
    member = next(each for each in found.relations if each.name == relation)
    return planner.page(selection, api.catalog.model(member.target), member)


def database_of(api: Api) -> Database:
    return api.new_operation().connection.source.database


class Rows:
    """Reads the rows of statements."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.connection = OperationConnection(engine_source(engine))
        self.database = self.connection.source.database

    async def of(self, statement: sa.Select[Any], values: Mapping[str, Any], *, lasting: bool = False) -> list[Any]:
        async with self.connection.reading(), self.connection.lock:
            return list(map(tuple, await self.connection.execute(statement, values, lasting=lasting)))

    async def compare(self, plan: PagePlan, keys: Sequence[tuple[Any, ...]] = ()) -> list[Any]:
        """The rows of a page, which are the same by either statement; and so is what is asked about the list around it.

        A statement that is kept is run by the driver, the other one by SQLAlchemy.
        """
        given = key_parameters(plan.relation.local if plan.relation is not None else (), keys, self.database)
        prepared = prepared_page(plan, self.database, summarized=True)
        rows = await self.of(prepared.page.select, {**given, **prepared.values}, lasting=prepared.lasting)
        assert rows == await self.of(page_statement(plan, self.database).select, given), plan
        assert prepared.summary is not None
        around = await self.of(prepared.summary, {**given, **prepared.values}, lasting=prepared.lasting)
        assert around == await self.of(summary_statement(plan, self.database), given), plan
        return rows


# ---------- the same rows ----------


@pytest.fixture(scope="module")
async def everything(make_module_engine: MakeEngine) -> AsyncIterator[AsyncEngine]:
    engine = await make_module_engine(zoo.Scalars.metadata)
    await save(engine, *(zoo.Everything(**row) for row in ROWS))
    yield engine


@pytest.mark.parametrize("column", [each.key for each in COLUMNS])
async def test_a_comparison_finds_the_same_rows(everything: AsyncEngine, column: str) -> None:
    """Each operator of each scalar, with values at the ends of what the column and the databases hold."""
    api, rows = Api(zoo.Scalars, everything), Rows(everything)
    random = Random(column)

    for each in random.sample(LEAVES[column], min(len(LEAVES[column]), 10)):
        await rows.compare(plan_of(api, "Everything", where=each.where))


TEXT_OPERATORS = ["contains", "startsWith", "endsWith", "iEq", "iContains", "iStartsWith", "iEndsWith"]
OPERANDS = [
    "",
    "%",
    "_",
    "/",
    "\\",
    "\\\\",
    "a",
    "A",
    "é",
    "É",
    "日",
    "*",
    "[a]",
    "a%_/\\b",
    "'",
    "x" * 400,
    "\U0001f600",
]


@pytest.mark.parametrize("operator", TEXT_OPERATORS)
async def test_a_text_operator_finds_the_same_rows(make_engine: MakeEngine, operator: str) -> None:
    engine = await make_engine(zoo.Scalars.metadata)
    await save(engine, *(zoo.Everything(text=each) for each in (*OPERANDS, None, "xa%_/\\by", "cab", "CAB", "É")))
    api, rows = Api(zoo.Scalars, engine), Rows(engine)

    found = [
        len(await rows.compare(plan_of(api, "Everything", where={"text": {operator: each}}, first=100)))
        for each in OPERANDS
    ]

    assert all(found), "each operand is found, by itself at least"
    assert len(set(found)) > 2 or operator == "iEq"


@pytest.fixture(scope="module")
async def goods(make_module_engine: MakeEngine) -> AsyncIterator[AsyncEngine]:
    engine = await make_module_engine(market.Base.metadata)
    await market.fill_market(engine, market.market_rows())
    yield engine


@pytest.mark.parametrize("model", ["Good", "Stall", "Label", "Deal", "Seal"])
async def test_any_page_has_the_same_rows(goods: AsyncEngine, model: str) -> None:
    """Of filters, orders and windows; from a place that a row has, NULLs among its values, on."""
    api, rows, random = Api(market.Base, goods), Rows(goods), Random(model)
    trees = Trees(api.schema._schema, random, {})
    field: Any = api.schema._schema.query_type.fields[api.catalog.by_name[model].many]  # type: ignore[union-attr]

    for _ in range(10):
        size: dict[str, Any] = {random.choice(["first", "last"]): random.randint(0, 5)}
        where = trees.value(field.args["where"].type) if random.random() < 0.4 else {}
        plan = plan_of(api, model, where=_without_ids(where), orderBy=trees.value(field.args["orderBy"].type), **size)
        found = await rows.compare(plan)
        keys = page_statement(plan, rows.database).sort_keys
        for row in random.sample(found, min(len(found), 2)):
            position = tuple(
                None if value is None else key.encode(value) for key, value in zip(keys, row[-len(keys) :], strict=True)
            )
            way = random.choice(["after", "before"])
            offset = random.randint(0, 2) if way == "after" and "first" in size else 0
            bound: dict[str, Any] = {way: position}
            await rows.compare(replace(plan, window=replace(plan.window, offset=offset, **bound)))


def _without_ids(where: Any) -> Any:
    """Filters by global ids need such ids."""
    if isinstance(where, dict):
        return {name: _without_ids(each) for name, each in where.items() if not name.lower().endswith("id")}
    return [_without_ids(each) for each in where] if isinstance(where, list) else where


@pytest.mark.parametrize("relation", ["labels", "deals"])
async def test_pages_of_a_relation_have_the_same_rows(goods: AsyncEngine, relation: str) -> None:
    api, rows = Api(market.Base, goods), Rows(goods)
    keys = [(number,) for number in range(1, 15)]
    order: list[Any] = [{"weight": "DESC"}] if relation == "labels" else [{"amount": "ASC_NULLS_LAST"}]

    shown: list[int] = []
    for first, offset in ((1, 0), (2, 1), (50, 0)):
        plan = plan_of(api, "Good", relation, first=first, offset=offset, orderBy=order)
        found = await rows.compare(plan, keys)
        shown.append(len(found))
        width = len(page_statement(plan, rows.database).sort_keys)
        position = found[0][-width:]
        await rows.compare(replace(plan, window=replace(plan.window, after=tuple(position))), keys)
    assert shown[0] < shown[2]


async def test_single_records_are_the_same(make_engine: MakeEngine) -> None:
    """A condition on the records that there are is a value of the statement as well."""
    engine = await make_engine(shelf.Base.metadata)
    await save(engine, *(shelf.Author(id=number, name=f"Author {number}") for number in range(1, 5)))
    api, rows = Api(shelf.Base, engine), Rows(engine)
    planner, model = api.new_operation().planner, api.catalog.by_name["Author"]
    plan = planner.record(Selection(RESOLVED, "author", {}, (selected("name"),)), model, model.primary_key)
    keys = key_parameters(model.primary_key, [(1,), (3,), (9,)], rows.database)

    found = []
    for name in ("Author 1", "Author 3", "x"):
        asked = replace(plan, where=planner.condition({"name": {"eq": name}}, model))
        prepared = prepared_records(asked, rows.database)
        shown = await rows.of(prepared.select, {**keys, **prepared.values}, lasting=prepared.lasting)
        found.append([row[-1] for row in shown])
        assert found[-1] == [row[-1] for row in await rows.of(record_statement(asked, rows.database), keys)]
        assert prepared.select is prepared_records(plan_with_other_name(asked), rows.database).select
    assert found == [["Author 1"], ["Author 3"], []]


def plan_with_other_name(plan: Any) -> Any:
    return replace(plan, where=replace(plan.where, operand="someone else"))


# ---------- one statement ----------

LIKE = [
    ({"where": {"code": {"eq": 1}}}, {"where": {"code": {"eq": 2}}}),
    ({"where": {"code": {"lt": 1}}, "first": 3}, {"where": {"code": {"lt": 2}}, "first": 4}),
    ({"where": {"price": {"gte": "1.5"}}}, {"where": {"price": {"gte": "2.5"}}}),
    ({"where": {"name": {"contains": "a"}}}, {"where": {"name": {"contains": "%_é"}}}),
    ({"where": {"name": {"iContains": "a"}}}, {"where": {"name": {"iContains": "%b"}}}),
    ({"where": {"soldAt": {"isNull": True}}, "last": 1}, {"where": {"soldAt": {"isNull": True}}, "last": 7}),
    ({"first": 2, "offset": 1}, {"first": 3, "offset": 20}),
    ({"where": {"deals": {"count": {"gt": 1}}}}, {"where": {"deals": {"count": {"gt": 2}}}}),
    ({"where": {"deals": {"some": {"amount": {"eq": 1}}}}}, {"where": {"deals": {"some": {"amount": {"eq": 2}}}}}),
    ({"where": {"not": {"code": {"eq": 1}}}}, {"where": {"not": {"code": {"eq": 9}}}}),
    (
        {"where": {"or": [{"code": {"eq": 1}}, {"kind": {"eq": "a"}}]}},
        {"where": {"or": [{"code": {"eq": 5}}, {"kind": {"eq": ""}}]}},
    ),
    ({"where": {"id": {"eq": "R29vZDox"}}}, {"where": {"id": {"eq": "R29vZDoy"}}}),
]
UNLIKE = [
    ({"first": 2}, {"last": 2}),
    ({"first": 2}, {"first": 2, "offset": 1}),
    ({"where": {"code": {"eq": 1}}}, {"where": {"code": {"ne": 1}}}),
    ({"where": {"code": {"eq": 1}}}, {"where": {"number": {"eq": 1}}}),
    ({"where": {"code": {"eq": 1}}}, {"where": {"not": {"code": {"eq": 1}}}}),
    ({"where": {"name": {"isNull": True}}}, {"where": {"name": {"isNull": False}}}),
    ({"orderBy": [{"name": "ASC"}]}, {"orderBy": [{"name": "DESC"}]}),
    ({"orderBy": [{"name": "ASC"}]}, {"orderBy": [{"name": "ASC_NULLS_FIRST"}]}),
]


@pytest.fixture(scope="module")
def market_api(goods: AsyncEngine) -> Api:
    return Api(market.Base, goods)


@pytest.mark.parametrize(("one", "other"), LIKE, ids=str)
async def test_plans_that_differ_in_values_share_a_statement(market_api: Api, one: Any, other: Any) -> None:
    database = database_of(market_api)
    first = prepared_page(plan_of(market_api, "Good", **one), database, summarized=True)
    second = prepared_page(plan_of(market_api, "Good", **other), database, summarized=True)

    assert first.page is second.page and first.summary is second.summary
    assert first.values != second.values


@pytest.mark.parametrize(("one", "other"), UNLIKE, ids=str)
async def test_plans_that_differ_otherwise_do_not(market_api: Api, one: Any, other: Any) -> None:
    database = database_of(market_api)
    first = prepared_page(plan_of(market_api, "Good", **one), database, summarized=False)
    second = prepared_page(plan_of(market_api, "Good", **other), database, summarized=False)

    assert first.page is not second.page


async def test_cursors_share_a_statement_unless_one_has_a_null(market_api: Api) -> None:
    database = database_of(market_api)
    plan = plan_of(market_api, "Good", orderBy=[{"name": "ASC"}])

    def statement(*position: Any) -> Any:
        return prepared_page(
            replace(plan, window=replace(plan.window, after=position)), database, summarized=False
        ).page

    assert statement("a", 1) is statement("b", 2)
    assert statement("a", 1) is not statement(None, 2)
    assert statement(None, 1) is statement(None, 2)


async def test_what_selections_show_below_a_list_makes_no_other_statement(market_api: Api) -> None:
    """Only the columns that they read do."""
    plan = plan_of(market_api, "Good")
    database = database_of(market_api)

    with_views = prepared_page(plan, database, summarized=False)
    assert with_views.page is prepared_page(replace(plan, views=()), database, summarized=False).page


# ---------- SQLAlchemy's own cache ----------


@pytest.fixture
def hits(goods: AsyncEngine) -> Any:
    """Whether each statement that is run was found compiled."""
    found: list[bool] = []

    def record(_connection: Any, _cursor: Any, _sql: str, _parameters: Any, context: Any, _many: bool) -> None:
        found.append(context.cache_hit.name == "CACHE_HIT")

    event.listen(goods.sync_engine, "before_cursor_execute", record)
    yield found
    event.remove(goods.sync_engine, "before_cursor_execute", record)


async def test_a_statement_is_compiled_once(market_api: Api, hits: list[bool]) -> None:
    """Whatever its operands, its size and its cursor are; for one parent, and for any number of them."""
    query = """query ($code: Int!, $names: [String!]!, $first: Int!, $after: String) {
      goods(where: {code: {gte: $code}, kind: {in: $names}}, first: $first, after: $after, orderBy: [{kind: DESC}]) {
        totalCount pageInfo { endCursor } nodes { kind labels(first: $first) { nodes { text } } stall { title } }
      }
    }"""
    kinds = ["fruit", "herb"]
    await run(market_api, query, code=0, names=kinds, first=1)
    page = await run(market_api, query, code=0, names=kinds, first=5)
    cursor = page["goods"]["pageInfo"]["endCursor"]
    await run(market_api, query, code=0, names=kinds, first=2, after=cursor)
    hits.clear()

    await run(market_api, query, code=1, names=kinds[::-1], first=3)
    other = await run(market_api, query, code=1, names=kinds, first=5)
    await run(market_api, query, code=2, names=kinds, first=1, after=other["goods"]["pageInfo"]["endCursor"])

    assert len(hits) == 9 and all(hits)


# ---------- what is not kept ----------


async def test_conditions_of_the_applications_own_code_are_not_kept(goods: AsyncEngine) -> None:
    """Each is equal to itself alone, so none would be found again, and they would drop the others."""
    crud = Crud(market.Good)
    kept = [each.cache_info().currsize for each in (preparing._page, preparing._summary, preparing._records)]

    async with AsyncSession(goods) as session:
        for code in (1, 2, 3):
            assert await crud.paginate(session, where=market.Good.code == code, select=["id"])

    assert kept == [each.cache_info().currsize for each in (preparing._page, preparing._summary, preparing._records)]


class Named(DeclarativeBase):
    pass


class Span(Named):
    """Columns that are called like parameters, and literals that SQLAlchemy names after them."""

    __tablename__ = "prepared_span"

    id: Mapped[int] = mapped_column(primary_key=True)
    after: Mapped[int] = mapped_column()
    before: Mapped[int] = mapped_column()
    p: Mapped[int] = mapped_column()
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("prepared_span.id"))
    late: Mapped[bool] = column_property((after > 1) & (before > 1) & (p > 1))
    children: Mapped[list["Span"]] = relationship(
        primaryjoin="and_(Span.id == remote(foreign(Span.parent_id)), remote(Span.after) == 2, remote(Span.before) == 2, "
        "remote(Span.p) == 2)",
        viewonly=True,
    )


async def test_parameters_are_not_mistaken_for_literals(make_engine: MakeEngine) -> None:
    engine = await make_engine(Named.metadata)
    await save(engine, *(Span(id=n, after=n, before=n, p=n) for n in (1, 2, 3)))
    await save(engine, *(Span(id=n, after=2, before=2, p=n % 3, parent_id=1) for n in range(4, 9)))
    api = Api(Named, engine)
    query = """query ($after: String, $before: String) {
      spans(
        orderBy: [{late: ASC}, {p: ASC}, {rowId: ASC}], after: $after, before: $before
        where: {p: {gte: 1}, after: {lte: 2}}
      ) {
        edges { cursor node { rowId children(orderBy: [{p: ASC}]) { nodes { rowId } } } }
      }
    }"""
    edges = (await run(api, query))["spans"]["edges"]

    assert [edge["node"]["rowId"] for edge in edges] == [1, 4, 7, 2, 5, 8]
    assert edges[0]["node"]["children"] == {"nodes": [{"rowId": 5}, {"rowId": 8}]}
    nested = """query ($after: String, $before: String) {
      span(by: {rowId: 1}) {
        children(orderBy: [{p: ASC}, {rowId: ASC}], after: $after, before: $before) { edges { cursor node { rowId } } }
      }
    }"""
    children = (await run(api, nested))["span"]["children"]["edges"]
    for window, expected in (
        ({"after": children[0]["cursor"]}, [8]),
        ({"before": children[1]["cursor"]}, [5]),
        ({"after": children[0]["cursor"], "before": children[1]["cursor"]}, []),
    ):
        found = (await run(api, nested, **window))["span"]["children"]["edges"]
        assert [edge["node"]["rowId"] for edge in found] == expected
    between = await run(api, query, after=edges[0]["cursor"], before=edges[4]["cursor"])
    assert [edge["node"]["rowId"] for edge in between["spans"]["edges"]] == [4, 7, 2]
