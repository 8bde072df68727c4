"""Operators on arrays, compared with Python: PostgreSQL's own, and lists that SQLite keeps as JSON."""

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import ARRAY, JSON, Boolean, Double, Enum, Integer, Numeric, String, Text
from sqlalchemy.dialects.postgresql import ARRAY as PG_ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from gqlcrud import Api
from tests.databases import MakeEngine, PostgresServer, engine_maker
from tests.running import ROOMY, run, save
from tests.wheres import Filter, Predicate, matches, negation, trees
from tests.zoo import Lists, PgOnly


class Base(DeclarativeBase):
    pass


class Basket(Base):
    """Lists that both databases have."""

    __tablename__ = "basket"

    id: Mapped[int] = mapped_column(primary_key=True)
    integers: Mapped[list[int | None] | None] = mapped_column(
        ARRAY(Integer).with_variant(JSON(none_as_null=True), "sqlite")
    )
    texts: Mapped[list[str | None] | None] = mapped_column(
        PG_ARRAY(Text).with_variant(JSON(none_as_null=True), "sqlite")
    )
    short: Mapped[list[str | None] | None] = mapped_column(PG_ARRAY(String(3)).with_variant(JSON(), "sqlite"))
    flags: Mapped[list[bool | None] | None] = mapped_column(ARRAY(Boolean).with_variant(JSON(), "sqlite"))
    doubles: Mapped[list[float | None] | None] = mapped_column(ARRAY(Double).with_variant(JSON(), "sqlite"))
    moods: Mapped[list[str | None] | None] = mapped_column(
        ARRAY(Enum("so-so", "happy", name="basket_mood")).with_variant(JSON(), "sqlite")
    )


ITEMS: Mapping[str, Sequence[Any]] = {
    "integers": [0, 1, -(2**31), 2**31 - 1],
    "texts": ["", "a", "A", "é", '"', "null", "1", "long" * 9],
    "short": ["", "abc", "1"],
    "flags": [True, False],
    "doubles": [0.0, 0.1, 1e300],
    "moods": ["so-so", "happy"],
}
STRANGERS: Mapping[str, Sequence[Any]] = {"short": ["abcdef", "1\n"], "integers": [7], "texts": ["b"]}
LABELS = {"so-so": "so_so"}


def lists_of(items: Sequence[Any]) -> Sequence[Any]:
    """NULL, the empty list, lists with NULL items and with several of the same."""
    first, last = items[0], items[-1]
    return [None, [], [None], [first], [first, None], [last, first], [first, last], [*items, first], [None, None]]


ROWS: Sequence[dict[str, Any]] = [
    {key: lists_of(items)[(number + shift) % 9] for shift, (key, items) in enumerate(ITEMS.items())} | {"id": number}
    for number in range(9)
]


@pytest.fixture(scope="module")
async def api(make_module_engine: MakeEngine) -> AsyncIterator[Api]:
    engine = await make_module_engine(Base.metadata)
    await save(engine, *(Basket(**row) for row in ROWS))
    yield Api(Base, engine, limits=ROOMY)


def condition(key: str, operator: str, operand: Any) -> Filter:
    def label(value: Any) -> Any:
        return [LABELS.get(each, each) for each in value] if isinstance(value, list) else LABELS.get(value, value)

    predicates: Mapping[str, Predicate] = {
        "eq": lambda items: items == operand,
        "ne": lambda items: items != operand,
        "has": lambda items: operand in items,
        "hasAny": lambda items: any(each in items for each in operand),
        "hasAll": lambda items: all(each in items for each in operand),
        "isEmpty": lambda items: (items == []) is operand,
    }

    def holds(row: Any) -> bool:
        if operator == "isNull":
            return (row[key] is None) is operand
        return row[key] is not None and predicates[operator](row[key])

    return Filter({key: {operator: label(operand)}}, holds)


def leaves(key: str) -> list[Filter]:
    """Each operator with each item, with none, and with two."""
    items = [*ITEMS[key], *STRANGERS.get(key, ())]
    pairs = [[one, other] for one in items for other in items]
    lists = [each for each in lists_of(items) if each is not None]
    return [
        *(condition(key, operator, flag) for operator in ("isNull", "isEmpty") for flag in (True, False)),
        *(condition(key, "has", item) for item in items),
        *(condition(key, operator, each) for operator in ("hasAny", "hasAll") for each in [[], *pairs]),
        *(condition(key, operator, each) for operator in ("eq", "ne") for each in lists),
    ]


@pytest.mark.parametrize("key", ITEMS)
async def test_each_operator_finds_what_it_finds_in_python(api: Api, key: str) -> None:
    assert await matches_rows(api, [each for leaf in leaves(key) for each in (leaf, negation(leaf))])


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(terms=st.lists(trees(st.sampled_from([leaf for key in ITEMS for leaf in leaves(key)])), min_size=1, max_size=6))
async def test_any_combination_finds_what_it_finds_in_python(api: Api, terms: list[Filter]) -> None:
    assert await matches_rows(api, terms)


async def matches_rows(api: Api, terms: list[Filter]) -> bool:
    (ids,) = await matches(api, "Basket", [Filter({}, lambda _: True)])
    found = await matches(api, "Basket", terms)
    assert found == [[ids[row["id"]] for row in ROWS if each.holds(row)] for each in terms]
    return True


async def test_a_list_is_shown_as_it_was_saved(api: Api) -> None:
    data = await run(api, f"{{ baskets {{ nodes {{ {' '.join(ITEMS)} }} }} }}")
    shown = [{**row, "moods": row["moods"] and [LABELS.get(each, each) for each in row["moods"]]} for row in ROWS]
    assert data["baskets"]["nodes"] == [{key: row[key] for key in ITEMS} for row in shown]


async def test_an_item_is_refused_as_its_scalar_refuses_it(api: Api) -> None:
    query = "query ($where: BasketWhere) { baskets(where: $where) { totalCount } }"
    cases: list[tuple[dict[str, Any], list[str | int]]] = [
        ({"texts": {"has": "\x00"}}, ["texts", "has"]),
        ({"texts": {"hasAny": ["a", "\x00"]}}, ["texts", "hasAny", 1]),
        ({"texts": {"eq": [None, "a", "\x00"]}}, ["texts", "eq", 2]),
    ]
    for where, path in cases:
        result = await api.execute(query, {"where": where})
        assert result.errors is not None
        assert [(each.message, each.extensions) for each in result.errors] == [
            ("A text cannot contain the NUL character.", {"code": "VALIDATION", "inputPath": ["where", *path]})
        ]
    for mistake in ({"integers": {"hasAny": [1, None]}}, {"integers": {"has": 2**31}}, {"moods": {"has": "sad"}}):
        result = await api.execute(query, {"where": mistake})
        assert result.errors is not None
        assert [each.extensions for each in result.errors] == [{"code": "BAD_USER_INPUT"}]


# ---------- types that only PostgreSQL has ----------


async def test_arrays_and_domains_of_postgresql_are_filtered(postgres_server: PostgresServer) -> None:
    one, other = uuid.UUID(int=1), uuid.UUID(int=2)
    async with engine_maker(postgres_server) as make:
        engine = await make(PgOnly.metadata)
        await save(
            engine,
            Lists(
                id=1, uuids=[one], moods=["so-so"], integers=[1, 2], strings=["a"], postcode="12345", document={"a": 1}
            ),
            Lists(id=2, uuids=[one, other], moods=["happy", "so-so"], integers=[], postcode="54321"),
            Lists(id=3),
        )
        api = Api(PgOnly, engine, skip_unknown=True)
        cases: list[tuple[dict[str, Any], list[int]]] = [
            ({"uuids": {"has": str(other)}}, [2]),
            ({"uuids": {"hasAll": [str(one)]}}, [1, 2]),
            ({"uuids": {"eq": [str(one)]}}, [1]),
            ({"moods": {"has": "happy"}}, [2]),
            ({"moods": {"hasAny": ["so_so"]}}, [1, 2]),
            ({"moods": {"eq": ["happy", "so_so"]}}, [2]),
            ({"not": {"moods": {"has": "happy"}}}, [1, 3]),
            ({"integers": {"isEmpty": False}}, [1]),
            ({"postcode": {"eq": "12345"}}, [1]),
            ({"postcode": {"in": ["12345", "54321", "not a postcode, and too long"]}}, [1, 2]),
            ({"postcode": {"eq": "not a postcode, and too long"}}, []),
            ({"postcode": {"startsWith": "54"}}, [2]),
            ({"postcode": {"gt": "2"}}, [2]),
            ({"document": {"eq": {"a": 1}}}, [1]),
        ]
        query = "query ($where: ListsWhere) { listsList(where: $where) { nodes { rowId } } }"
        for where, expected in cases:
            data = await run(api, query, where=where)
            assert [node["rowId"] for node in data["listsList"]["nodes"]] == expected, where


class Sizes(DeclarativeBase):
    pass


class Sized(Sizes):
    """Items with a length or a precision, to which an operand must not be cut."""

    __tablename__ = "sized"

    id: Mapped[int] = mapped_column(primary_key=True)
    amounts: Mapped[list[Any]] = mapped_column(ARRAY(Numeric(4, 1)))
    codes: Mapped[list[str]] = mapped_column(ARRAY(String(2)))


async def test_an_operand_is_not_cut_to_the_type_of_the_items(postgres_server: PostgresServer) -> None:
    async with engine_maker(postgres_server) as make:
        engine = await make(Sizes.metadata)
        await save(engine, Sized(id=1, amounts=[1, 2], codes=["ab", "cd"]))
        api = Api(Sizes, engine)
        cases: list[tuple[dict[str, Any], int]] = [
            ({"amounts": {"has": "1"}}, 1),
            ({"amounts": {"has": "1.04"}}, 0),
            ({"amounts": {"hasAny": ["1.04", "99999"]}}, 0),
            ({"amounts": {"hasAll": ["1", "2.0"]}}, 1),
            ({"amounts": {"eq": ["1.04", "2"]}}, 0),
            ({"amounts": {"eq": ["1", "2"]}}, 1),
            ({"codes": {"has": "abx"}}, 0),
            ({"codes": {"hasAny": ["abx"]}}, 0),
            ({"codes": {"eq": ["ab", "cdx"]}}, 0),
            ({"codes": {"eq": ["ab", "cd"]}}, 1),
        ]
        for where, count in cases:
            data = await run(api, "query ($where: SizedWhere) { sizeds(where: $where) { totalCount } }", where=where)
            assert data["sizeds"]["totalCount"] == count, where
