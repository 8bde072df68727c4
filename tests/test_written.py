"""Moments and decimals that PostgreSQL writes for the response: the very texts that graphql-core makes of their values."""

from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import DateTime, ForeignKey, Numeric, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from gqlcrud import Api
from gqlcrud.statements.unreadable import Unreadable
from gqlcrud.statements.written import READERS
from tests.databases import MakeEngine, record_statements


class Base(DeclarativeBase):
    pass


class Event(Base):
    __tablename__ = "event"

    id: Mapped[int] = mapped_column(primary_key=True)
    zoned: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    local: Mapped[datetime | None] = mapped_column(DateTime())
    price: Mapped[Decimal | None] = mapped_column(Numeric(30, 4))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"))

    parts: Mapped[list["Event"]] = relationship(order_by="Event.id")


ZERO = "2020-02-29 12:30:00"
ROWS: list[tuple[str | None, str | None]] = [
    (ZERO, "1.5"),
    (f"{ZERO}.000001", "0"),
    (f"{ZERO}.100000", "-12345678901234567890.1234"),
    ("0987-06-05 04:03:02", "40000"),
    ("9999-12-31 23:59:59.999999", "0.0001"),
    (None, None),
]
SHOWN = [
    ("2020-02-29T12:30:00", "1.5000"),
    ("2020-02-29T12:30:00.000001", "0.0000"),
    ("2020-02-29T12:30:00.100000", "-12345678901234567890.1234"),
    ("0987-06-05T04:03:02", "40000.0000"),
    ("9999-12-31T23:59:59.999999", "0.0001"),
    (None, None),
]
DOCUMENT = """{ events(orderBy: [{rowId: ASC}]) { nodes {
  zoned local again: local price parts(first: 1) { nodes { zoned local price } }
} } }"""


async def fill(engine: AsyncEngine, rows: list[tuple[str | None, str | None]]) -> None:
    """Each row is a part of the first."""
    async with engine.begin() as connection:
        await connection.execute(text("SET TIME ZONE 'UTC'"))
        for number, (moment, price) in enumerate(rows, 1):
            literal = "NULL" if moment is None else f"'{moment}'"
            parent = 1 if number > 1 else "NULL"
            await connection.execute(
                text(f"INSERT INTO event VALUES ({number}, {literal}, {literal}, {price or 'NULL'}, {parent})")
            )


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncIterator[AsyncEngine]:
    yield await make_engine(Base.metadata)


async def nodes(api: Api) -> list[Any]:
    """What graphql-core gives, and the API once it knows the document."""
    first = await api.execute(DOCUMENT)
    assert first.errors is None
    for _ in range(2):
        again = await api.execute(DOCUMENT)
        assert (again.data, again.errors) == (first.data, None)
    assert first.data is not None
    found: list[Any] = first.data["events"]["nodes"]
    return found


postgresql = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)


@postgresql
async def test_texts_of_the_database_are_those_of_the_values(engine: AsyncEngine) -> None:
    await fill(engine, ROWS)
    api = Api(Base, engine)

    found = await nodes(api)

    shown = [(moment and f"{moment}+00:00", moment, moment, price) for moment, price in SHOWN]
    assert [(each["zoned"], each["local"], each["again"], each["price"]) for each in found] == shown
    second = {"zoned": shown[1][0], "local": shown[1][1], "price": "0.0000"}
    assert [each["parts"]["nodes"] for each in found] == [[second], *[[]] * (len(ROWS) - 1)]
    with record_statements(engine) as statements:
        await api.execute(DOCUMENT)
    assert [sql.count("AS TEXT)") for sql, _ in statements] == [3, 3]


@postgresql
async def test_moments_without_an_end_are_the_last_of_python(engine: AsyncEngine) -> None:
    await fill(engine, [("infinity", "1"), ("-infinity", None), (ZERO, "'NaN'")])

    found = await nodes(Api(Base, engine))

    last, first = "9999-12-31T23:59:59.999999", "0001-01-01T00:00:00"
    assert [each["local"] for each in found] == [last, first, "2020-02-29T12:30:00"]
    assert [each["zoned"] for each in found] == [last, first, "2020-02-29T12:30:00+00:00"]
    assert [each["price"] for each in found] == ["1.0000", None, "NaN"]


@postgresql
@pytest.mark.parametrize("moment", ["0044-03-15 00:00:00 BC", "10000-01-01 00:00:00"])
async def test_a_moment_that_python_does_not_have_is_told_of_as_ever(engine: AsyncEngine, moment: str) -> None:
    await fill(engine, [(ZERO, None), (moment, None)])
    api = Api(Base, engine)
    for _ in range(3):
        result = await api.execute("{ events(orderBy: [{rowId: ASC}]) { nodes { local } } }")

        assert result.data == {"events": {"nodes": [{"local": "2020-02-29T12:30:00"}, {"local": None}]}}
        assert [(each.path, (each.extensions or {})["code"]) for each in result.errors or ()] == [
            (["events", "nodes", 1, "local"], "UNREADABLE")
        ]


@postgresql
async def test_another_style_of_dates_changes_nothing(engine: AsyncEngine) -> None:
    await fill(engine, ROWS)
    expected = await nodes(Api(Base, engine))
    styled = create_async_engine(engine.url, connect_args={"server_settings": {"DateStyle": "SQL, DMY"}})

    assert await nodes(Api(Base, styled)) == expected
    await styled.dispose()


@postgresql
async def test_columns_that_are_others_than_their_class_says_are_read_as_ever(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("ALTER TABLE event ALTER price TYPE numeric"))
        await connection.execute(text("ALTER TABLE event ALTER local TYPE timestamptz"))
        await connection.execute(text("ALTER TABLE event ALTER zoned TYPE timestamp"))
    prices = ["0.0000001", "0.00000000", "1E+3", "40000", "1230000", "120000000", "0", "-0.000000599", "1e20"]
    await fill(engine, [(ZERO, price) for price in prices])

    found = await nodes(Api(Base, engine))

    assert [each["price"] for each in found] == [
        *("1E-7", "0E-8", "1000", "4E+4", "1.23E+6", "1.2000E+8", "0", "-5.99E-7", "1E+20")
    ]
    assert {(each["zoned"], each["local"]) for each in found} == {("2020-02-29T12:30:00", "2020-02-29T12:30:00+00:00")}


@pytest.mark.parametrize(
    ("kind", "texts", "expected"),
    [
        ("moment", [], []),
        ("moment", [None, None], [None, None]),
        ("moment", [ZERO, None, f"{ZERO}.5"], ["2020-02-29T12:30:00", None, "2020-02-29T12:30:00.500000"]),
        (
            "moment in UTC",
            [f"{ZERO}.25", "infinity"],
            ["2020-02-29T12:30:00.250000+00:00", "9999-12-31T23:59:59.999999"],
        ),
        ("decimal", [], []),
        ("decimal", ["1.0", None], ["1.0", None]),
        ("decimal", ["Infinity", "0.00", "NaN"], ["Infinity", "0.00", "NaN"]),
    ],
)
def test_texts_are_read_a_column_at_once(kind: str, texts: list[str | None], expected: list[str | None]) -> None:
    assert list(READERS[kind](texts)) == expected
    assert [READERS[kind]([each])[0] for each in texts] == expected


def test_texts_in_another_form_are_left_to_the_driver() -> None:
    assert [type(each) for each in READERS["moment"](["29/02/2020 12:30:00", ZERO, f"{ZERO}+00"])] == [
        Unreadable,
        str,
        Unreadable,
    ]
