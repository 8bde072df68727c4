"""Filters of columns that are not plain: computed, decorated, of a fixed length, of a format of their own."""

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import CHAR, BigInteger, DateTime, Dialect, Integer, Numeric, String, Text, Time, TypeDecorator, func
from sqlalchemy import text as sql
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from gqlcrud import Api, Limits, ModelOptions
from tests.databases import MakeEngine
from tests.running import refused, run, save
from tests.zoo import Custom, Customized, Invoice, Made

# ---------- expressions ----------


@pytest.fixture(scope="module")
async def invoices(make_module_engine: MakeEngine) -> AsyncIterator[Api]:
    engine = await make_module_engine(Made.metadata)
    created = {"created_at": datetime(2020, 1, 1)}
    await save(
        engine,
        Invoice(id=uuid.UUID(int=1), number="a1", quantity=1, unit_price=Decimal("2.50"), notes="first", **created),
        Invoice(id=uuid.UUID(int=2), number="b2", quantity=100, unit_price=Decimal(0), **created),
        Invoice(id=uuid.UUID(int=3), number="C3", quantity=200, unit_price=Decimal("0.10"), **created),
    )
    yield Api(Made, engine)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"isLarge": {"eq": True}}, ["b2", "C3"]),
        ({"isLarge": {"ne": True}}, ["a1"]),
        ({"isLarge": {"isNull": True}}, []),
        ({"not": {"isLarge": {"eq": True}}}, ["a1"]),
        ({"priceName": {"eq": "free"}}, ["b2"]),
        ({"priceName": {"in": ["free", "paid"]}}, ["a1", "b2", "C3"]),
        ({"priceName": {"iContains": "AI"}}, ["a1", "C3"]),
        ({"label": {"eq": "No. a1"}}, ["a1"]),
        ({"label": {"endsWith": "3"}, "code": {"iStartsWith": "c"}}, ["C3"]),
        ({"code": {"eq": "b2"}}, ["b2"]),
        ({"total": {"gt": "2.5"}}, ["C3"]),
        ({"total": {"eq": "2.50"}}, ["a1"]),
        ({"notes": {"startsWith": "f"}}, ["a1"]),
        ({"notes": {"isNull": True}}, ["b2", "C3"]),
        ({"rowId": {"gt": "00000000-0000-0000-0000-000000000001"}}, ["b2", "C3"]),
    ],
    ids=str,
)
async def test_what_the_database_computes_is_filtered_like_a_column(
    invoices: Api, where: dict[str, Any], expected: list[str]
) -> None:
    """Hybrids, column properties, synonyms, generated and deferred columns."""
    data = await run(
        invoices, "query ($where: InvoiceWhere) { invoices(where: $where) { nodes { number } } }", where=where
    )
    assert [node["number"] for node in data["invoices"]["nodes"]] == expected


async def test_what_only_python_computes_is_no_filter(invoices: Api) -> None:
    (error,) = await refused(invoices, '{ invoices(where: {shouted: {eq: "A1"}}) { totalCount } }')
    assert error == (
        "GRAPHQL_VALIDATION_FAILED",
        "Expected value of type 'InvoiceWhere' not to include unknown field 'shouted', "
        'found: { shouted: { eq: "A1" } }.',
    )


# ---------- types of the user's ----------


async def test_a_decorated_column_binds_as_its_decorator_says(make_engine: MakeEngine) -> None:
    """Comparisons go through the decorator, operators of texts compare what is stored."""
    engine = await make_engine(Custom.metadata)
    await save(
        engine,
        Customized(id=1, email="Ann@B.C", counter=2**40),
        Customized(id=2, counter=-1),
        Customized(id=3, email="z"),
    )
    api = Api(Custom, engine, models={Customized: ModelOptions(exclude={"labels"})})
    cases: list[tuple[dict[str, Any], list[int]]] = [
        ({"email": {"eq": "ANN@b.c"}}, [1]),
        ({"email": {"in": ["ANN@B.C", "Z"]}}, [1, 3]),
        ({"email": {"notIn": ["ANN@B.C"]}}, [3]),
        ({"email": {"ne": "Z"}}, [1]),
        ({"email": {"gt": "ANN@B.C"}}, [3]),
        ({"email": {"isNull": True}}, [2]),
        ({"email": {"startsWith": "ann"}}, [1]),
        ({"email": {"startsWith": "ANN"}}, []),
        ({"email": {"iStartsWith": "ANN"}}, [1]),
        ({"email": {"eq": "e" * 200}}, []),
        ({"counter": {"gt": "1099511627775"}}, [1]),
        ({"counter": {"in": [-1, "1099511627776"]}}, [1, 2]),
    ]
    for where, expected in cases:
        data = await run(
            api, "query ($where: CustomizedWhere) { customizeds(where: $where) { nodes { rowId } } }", where=where
        )
        assert [node["rowId"] for node in data["customizeds"]["nodes"]] == expected, where


class Base(DeclarativeBase):
    pass


class UtcOnly(TypeDecorator[datetime]):
    """Aware times in a column that knows no time zone, as SQLAlchemy's documentation has it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise TypeError("tzinfo is required")
        return value if value is None or dialect.name != "sqlite" else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


COMPACT = sqlite.DATETIME(  # type: ignore[no-untyped-call]  # SQLAlchemy's
    storage_format="%(year)04d%(month)02d%(day)02d%(hour)02d%(minute)02d%(second)02d",
    regexp=r"(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})",
)


class Odd(Base):
    __tablename__ = "odd"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str | None] = mapped_column(CHAR(3))
    rounded: Mapped[Decimal | None] = mapped_column(Numeric(5, 1))
    short: Mapped[str | None] = mapped_column(String(2))
    moment: Mapped[datetime | None] = mapped_column(UtcOnly)
    compact: Mapped[datetime | None] = mapped_column(DateTime().with_variant(COMPACT, "sqlite"))
    lax: Mapped[datetime | None] = mapped_column(DateTime)
    clock: Mapped[time | None] = mapped_column(Time)
    big: Mapped[int | None] = mapped_column(BigInteger().with_variant(Integer, "sqlite"))

    @hybrid_property
    def doubled(self) -> Decimal | None:
        return None if self.rounded is None else self.rounded * 2

    @hybrid_property
    def untyped(self) -> int:
        """PostgreSQL and SQLite both have `char_length` or `length`; SQLAlchemy knows the type of neither."""
        return len(self.short or "")

    @untyped.inplace.expression
    @classmethod
    def _untyped(cls) -> Any:
        return func.length(func.coalesce(cls.short, ""))


@pytest.fixture(scope="module")
async def odd(make_module_engine: MakeEngine) -> AsyncIterator[Api]:
    engine = await make_module_engine(Base.metadata)
    moment = datetime(2020, 1, 1, 12)
    await save(
        engine,
        Odd(id=1, code="ab", rounded=Decimal("1.5"), short="ab", moment=moment.replace(tzinfo=UTC), compact=moment),
        Odd(id=2, code="abc", rounded=Decimal("-1.5"), short="é", clock=time(12), big=2**62),
        Odd(id=3),
    )
    if engine.dialect.name == "sqlite":  # whole seconds as other programs write them
        async with engine.begin() as connection:
            await connection.execute(sql("UPDATE odd SET lax = '2020-01-01 12:00:00', clock = '12:00:00' WHERE id = 2"))
    else:
        async with engine.begin() as connection:
            await connection.execute(sql("UPDATE odd SET lax = '2020-01-01 12:00:00' WHERE id = 2"))
    yield Api(Base, engine)


NOON = "2020-01-01T12:00:00"


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"code": {"eq": "ab"}}, [1]),
        ({"code": {"eq": "abcd"}}, []),
        ({"code": {"in": ["abcd", "abc"]}}, [2]),
        ({"rounded": {"eq": "1.54"}}, []),
        ({"rounded": {"gt": "1.46"}}, [1]),
        ({"rounded": {"lt": "99999999"}}, [1, 2]),
        ({"rounded": {"in": ["1.54", "-1.5"]}}, [2]),
        ({"short": {"eq": "abc"}}, []),
        ({"short": {"in": ["abc", "ab"]}}, [1]),
        ({"short": {"lt": "abc"}}, [1]),
        ({"moment": {"eq": f"{NOON}Z"}}, [1]),
        ({"moment": {"eq": "2020-01-01T14:00:00+02:00"}}, [1]),
        ({"moment": {"lt": f"{NOON}Z"}}, []),
        ({"compact": {"eq": NOON}}, [1]),
        ({"compact": {"lte": NOON}}, [1]),
        ({"compact": {"gt": NOON}}, []),
        ({"lax": {"eq": NOON}}, [2]),
        ({"lax": {"gte": NOON, "lte": NOON}}, [2]),
        ({"lax": {"gt": NOON}}, []),
        ({"lax": {"lt": NOON}}, []),
        ({"lax": {"lt": f"{NOON}.000001"}}, [2]),
        ({"lax": {"ne": NOON}}, []),
        ({"lax": {"in": [NOON]}}, [2]),
        ({"lax": {"notIn": [NOON]}}, []),
        ({"clock": {"eq": "12:00:00"}}, [2]),
        ({"clock": {"gt": "11:59:59.999999"}}, [2]),
        ({"big": {"eq": "4611686018427387904"}}, [2]),
        ({"doubled": {"eq": "3"}}, [1]),
        ({"doubled": {"lt": "0"}}, [2]),
        ({"untyped": {"eq": 2}}, [1]),
        ({"untyped": {"in": [0, 1]}}, [2, 3]),
    ],
    ids=str,
)
async def test_an_operand_is_compared_as_it_is(odd: Api, where: dict[str, Any], expected: list[int]) -> None:
    """Not cut to the length of its column nor rounded to its precision, and in the form in which the column is stored."""
    data = await run(odd, "query ($where: OddWhere) { odds(where: $where) { nodes { rowId } } }", where=where)
    assert [node["rowId"] for node in data["odds"]["nodes"]] == expected


async def test_values_in_odd_columns_are_shown_alike(odd: Api) -> None:
    data = await run(odd, "{ odds { nodes { rounded moment compact lax clock big doubled untyped } } }")
    assert data["odds"]["nodes"] == [
        {
            "rounded": "1.5",
            "moment": f"{NOON}+00:00",
            "compact": NOON,
            "lax": None,
            "clock": None,
            "big": None,
            "doubled": "3.0",
            "untyped": 2,
        },
        {
            "rounded": "-1.5",
            "moment": None,
            "compact": None,
            "lax": NOON,
            "clock": "12:00:00",
            "big": "4611686018427387904",
            "doubled": "-3.0",
            "untyped": 1,
        },
        {**dict.fromkeys(["rounded", "moment", "compact", "lax", "clock", "big", "doubled"]), "untyped": 0},
    ]


# ---------- what only the database can refuse ----------


class Overflowing(DeclarativeBase):
    pass


class Number(Overflowing):
    __tablename__ = "number"

    id: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)
    text: Mapped[str | None] = mapped_column(Text)

    @hybrid_property
    def size(self) -> int:
        return abs(self.value)

    @size.inplace.expression
    @classmethod
    def _size(cls) -> Any:
        return func.abs(cls.value, type_=BigInteger())


async def test_what_the_database_cannot_compute_is_told_without_its_words(make_engine: MakeEngine) -> None:
    engine = await make_engine(Overflowing.metadata)
    await save(engine, Number(value=-(2**63)))
    api = Api(Overflowing, engine)

    expected = [("VALIDATION", "The database cannot compute with a value of this request.")]
    assert await refused(api, "{ numbers(where: {size: {gt: 1}}) { nodes { rowId } } }") == expected
    assert await refused(api, "{ numbers { nodes { size } } }") == expected
    assert await run(api, "{ numbers { nodes { value } } }") == {
        "numbers": {"nodes": [{"value": "-9223372036854775808"}]}
    }


async def test_a_pattern_too_long_for_the_database_is_a_mistake_of_the_client(make_engine: MakeEngine) -> None:
    """SQLite takes patterns of 50,000 bytes; PostgreSQL finds nothing."""
    engine = await make_engine(Overflowing.metadata)
    await save(engine, Number(value=0, text="a"))
    limits = Limits(max_match_length=10**6)
    api = Api(Overflowing, engine, models={Number: ModelOptions(operators={"text": {"like"}})}, limits=limits)
    result = await api.execute(
        "query ($p: String) { numbers(where: {text: {like: $p}}) { totalCount } }", {"p": "a" * 50_001}
    )

    if engine.dialect.name == "postgresql":
        assert (result.data, result.errors) == ({"numbers": {"totalCount": 0}}, None)
    else:
        assert result.errors is not None
        assert [(each.message, each.extensions) for each in result.errors] == [
            ("The database cannot compute with a value of this request.", {"code": "VALIDATION"})
        ]
