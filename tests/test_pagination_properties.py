"""Pages of generated orders, filters and windows, compared with slices of the list that Python sorts."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gqlcrud import Api
from tests import market
from tests.databases import MakeEngine
from tests.market import Keys, Row
from tests.oracle import SORTS, Order, Slice, Term, Window
from tests.running import run

CONDITIONS: dict[str, tuple[Any, Callable[[Row], bool]]] = {
    "all": (None, lambda row: True),
    "none": ({"name": {"eq": "nothing"}}, lambda row: False),
    "named": ({"name": {"isNull": False}}, lambda row: row["name"] is not None),
    "in a stall or fresh": (
        {"or": [{"stall": {"isNull": False}}, {"fresh": {"eq": True}}]},
        lambda row: row["stall_id"] is not None or row["fresh"] is True,
    ),
    "not light": ({"not": {"weight": {"lt": 2}}}, lambda row: not (row["weight"] is not None and row["weight"] < 2)),
}
SLOW_FILL = [HealthCheck.too_slow]
ROWS = market.market_rows()


@pytest.fixture(scope="module")
async def api(make_module_engine: MakeEngine) -> AsyncIterator[Api]:
    engine = await make_module_engine(market.Base.metadata)
    await market.fill_market(engine, ROWS)
    yield Api(market.Base, engine)


def orders(keys: Keys, *end: Term) -> st.SearchStrategy[Order]:
    """Up to four terms. After the whole key of a record nothing is compared, not even columns of another link to it."""

    def order(chosen: Sequence[tuple[tuple[str, ...], str]]) -> Order:
        terms = [Term(path, keys[path], sort) for path, sort in chosen]
        unique = next((i for i, term in enumerate(terms, 1) if (term.path,) == tuple(each.path for each in end)), None)
        return Order(tuple(terms[:unique]), end)

    term = st.tuples(st.sampled_from(sorted(keys)), st.sampled_from(SORTS))
    return st.lists(term, max_size=4, unique_by=lambda each: each[0]).map(order)


def windows(rows: Sequence[Row]) -> st.SearchStrategy[Window]:
    """Every combination of page arguments that is allowed; cursors of any of `rows`."""
    size = st.none() | st.integers(0, 5)
    cursor = st.none() | st.sampled_from(rows)
    either = st.builds(Window, size, size, cursor, cursor)
    return either | st.builds(Window, size, st.none(), cursor, st.none(), st.integers(0, 5))


GOODS = ROWS.of("good")
ROW_ID = Term(("rowId",), lambda row: row["id"])
GOOD_ORDERS = orders(market.good_keys(ROWS), ROW_ID)

# ---------- walks ----------

WALK = """query ($first: Int, $after: String, $last: Int, $before: String, $where: GoodWhere, $orderBy: [GoodOrder!]) {
  goods(first: $first, after: $after, last: $last, before: $before, where: $where, orderBy: $orderBy) {
    nodes { rowId } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW_FILL)
@given(order=GOOD_ORDERS, condition=st.sampled_from(sorted(CONDITIONS)), size=st.integers(1, 5))
async def test_walking_either_way_gives_every_row_once_in_order(
    api: Api, order: Order, condition: str, size: int
) -> None:
    where, holds = CONDITIONS[condition]
    expected = [row["id"] for row in order.sorted([row for row in GOODS if holds(row)])]
    arguments = {"where": where, "orderBy": order.items}

    forward: list[int] = []
    cursor, more = None, True
    while more:
        page = (await run(api, WALK, first=size, after=cursor, **arguments))["goods"]
        forward += [node["rowId"] for node in page["nodes"]]
        cursor, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    backward: list[int] = []
    cursor, more = None, True
    while more:
        page = (await run(api, WALK, last=size, before=cursor, **arguments))["goods"]
        backward = [node["rowId"] for node in page["nodes"]] + backward
        cursor, more = page["pageInfo"]["startCursor"], page["pageInfo"]["hasPreviousPage"]

    assert (forward, backward) == (expected, expected)


# ---------- windows ----------


@dataclass(frozen=True, slots=True)
class Listed:
    """A list field and how a document asks for several windows of it at once, each under an alias."""

    field: str
    where_type: str
    order_type: str
    node: str = "rowId"

    def declarations(self, count: int) -> str:
        windows = (f"$f{i}: Int, $l{i}: Int, $a{i}: String, $b{i}: String, $o{i}: Int" for i in range(count))
        return f"$where: {self.where_type}, $orderBy: [{self.order_type}!], {', '.join(windows)}"

    def cursors(self) -> str:
        return f"{self.field}(orderBy: $orderBy) {{ edges {{ cursor node {{ {self.node} }} }} }}"

    def pages(self, count: int) -> str:
        return "\n".join(
            f"page{i}: {self.field}(first: $f{i}, last: $l{i}, after: $a{i}, before: $b{i}, offset: $o{i}, where: $where, "
            f"orderBy: $orderBy) {{ nodes {{ {self.node} }} edges {{ cursor }} totalCount "
            "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }"
            for i in range(count)
        )


Cursors = Callable[[Row], str]


def window_variables(windows: Sequence[Window], cursor: Cursors) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for i, window in enumerate(windows):
        after = None if window.after is None else cursor(window.after)
        before = None if window.before is None else cursor(window.before)
        values |= {f"f{i}": window.first, f"l{i}": window.last, f"o{i}": window.offset, f"a{i}": after, f"b{i}": before}
    return values


def page_value(found: Slice, node: Callable[[Row], Any], cursor: Cursors) -> dict[str, Any]:
    """The response that shows a slice."""
    cursors = [cursor(row) for row in found.rows]
    return {
        "nodes": [node(row) for row in found.rows],
        "edges": [{"cursor": each} for each in cursors],
        "totalCount": found.total_count,
        "pageInfo": {
            "hasNextPage": found.has_next_page,
            "hasPreviousPage": found.has_previous_page,
            "startCursor": cursors[0] if cursors else None,
            "endCursor": cursors[-1] if cursors else None,
        },
    }


GOOD_LIST = Listed("goods", "GoodWhere", "GoodOrder")
GOOD_CURSORS = f"query ($orderBy: [GoodOrder!]) {{ {GOOD_LIST.cursors()} }}"
GOOD_PAGES = f"query ({GOOD_LIST.declarations(6)}) {{ {GOOD_LIST.pages(6)} }}"


@settings(max_examples=100, deadline=None, suppress_health_check=SLOW_FILL)
@given(
    order=GOOD_ORDERS,
    condition=st.sampled_from(sorted(CONDITIONS)),
    windows=st.lists(windows(GOODS), min_size=6, max_size=6),
)
async def test_any_window_shows_the_slice_of_the_sorted_list(
    api: Api, order: Order, condition: str, windows: list[Window]
) -> None:
    where, holds = CONDITIONS[condition]
    listed = order.sorted([row for row in GOODS if holds(row)])
    edges = (await run(api, GOOD_CURSORS, orderBy=order.items))["goods"]["edges"]
    cursors = {edge["node"]["rowId"]: edge["cursor"] for edge in edges}

    pages = await run(
        api,
        GOOD_PAGES,
        where=where,
        orderBy=order.items,
        **window_variables(windows, lambda row: cursors[row["id"]]),
    )

    assert pages == {
        f"page{i}": page_value(
            window.cut(listed, order), lambda row: {"rowId": row["id"]}, lambda row: cursors[row["id"]]
        )
        for i, window in enumerate(windows)
    }


# ---------- nested windows ----------


@dataclass(frozen=True, slots=True)
class Nested:
    """A list field of each record of `parents`. key: what tells its rows apart within one list; node: its field."""

    parents: str
    listed: Listed
    rows: Callable[[Row], list[Row]]
    keys: Keys
    end: tuple[Term, ...]
    key: str = "id"

    def parent_rows(self) -> list[Row]:
        return ROWS.of(self.parents[:-1])

    def rows_of(self, parent: Row) -> list[Row]:
        return [{**row, "of": parent["id"]} for row in self.rows(parent)]

    def cursor_query(self) -> str:
        fields = f"nodes {{ rowId {self.listed.cursors()} }}"
        return f"query ($orderBy: [{self.listed.order_type}!]) {{ {self.parents} {{ {fields} }} }}"

    def page_query(self, count: int) -> str:
        fields = f"nodes {{ rowId {self.listed.pages(count)} }}"
        return f"query ({self.listed.declarations(count)}) {{ {self.parents} {{ {fields} }} }}"


NESTED = {
    "one-to-many": Nested(
        "stalls", GOOD_LIST, lambda stall: ROWS.of("good", stall_id=stall["id"]), market.good_keys(ROWS), (ROW_ID,)
    ),
    "custom join": Nested(
        "stalls",
        Listed("cheapGoods", "GoodWhere", "GoodOrder"),
        lambda stall: market.cheap_goods(ROWS, stall),
        market.good_keys(ROWS),
        (ROW_ID,),
    ),
    "many-to-many with edge columns": Nested(
        "goods",
        Listed("labels", "LabelWhere", "GoodLabelOrder"),
        lambda good: market.labels_of(ROWS, good),
        market.label_keys(ROWS),
        (Term(("node", "rowId"), lambda row: row["id"]),),
    ),
    "composite key": Nested(
        "goods",
        Listed("deals", "DealWhere", "DealOrder", "number"),
        lambda good: ROWS.of("deal", good_id=good["id"]),
        market.deal_keys(ROWS),
        (Term(("goodId",), lambda row: row["good_id"]), Term(("number",), lambda row: row["number"])),
        "number",
    ),
}
COUNT = 3


@st.composite
def nested_cases(draw: st.DrawFn) -> tuple[Nested, Order, list[Window]]:
    nested = NESTED[draw(st.sampled_from(sorted(NESTED)))]
    rows = [row for parent in nested.parent_rows() for row in nested.rows_of(parent)]
    return nested, draw(orders(nested.keys, *nested.end)), draw(st.lists(windows(rows), min_size=COUNT, max_size=COUNT))


@settings(max_examples=100, deadline=None, suppress_health_check=SLOW_FILL)
@given(nested_cases())
async def test_any_nested_window_shows_the_slice_of_each_parents_list(
    api: Api, case: tuple[Nested, Order, list[Window]]
) -> None:
    """A cursor is a position in the list of every parent, whichever parent's list it was taken from."""
    nested, order, windows = case
    field, node = nested.listed.field, nested.listed.node
    found = (await run(api, nested.cursor_query(), orderBy=order.items))[nested.parents]["nodes"]
    cursors: dict[tuple[int, int], str] = {
        (parent["rowId"], edge["node"][node]): edge["cursor"] for parent in found for edge in parent[field]["edges"]
    }

    def cursor(row: Row) -> str:
        return cursors[(row["of"], row[nested.key])]

    pages = await run(api, nested.page_query(COUNT), orderBy=order.items, **window_variables(windows, cursor))

    assert pages[nested.parents]["nodes"] == [
        {
            "rowId": parent["id"],
            **{
                f"page{i}": page_value(
                    window.cut(order.sorted(nested.rows_of(parent)), order), lambda row: {node: row[nested.key]}, cursor
                )
                for i, window in enumerate(windows)
            },
        }
        for parent in nested.parent_rows()
    ]
