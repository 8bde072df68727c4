"""Simple CHECKs are known before the database says so; whatever else a constraint asks is left to the database."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import (
    CHAR,
    REAL,
    CheckConstraint,
    Enum,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    column,
    literal,
)
from sqlalchemy import Column as TableColumn
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeEngine

from gqlcrud import Api
from gqlcrud.catalog import Comparison, Rule
from gqlcrud.catalog.condition_parser import parse_condition
from gqlcrud.catalog.rules import read_rules
from tests.databases import MakeEngine, record_statements
from tests.running import run


def rule(comparison: Comparison, *operands: int | str, of_length: bool = False) -> Rule:
    return Rule(comparison, tuple(Decimal(each) if isinstance(each, int) else each for each in operands), of_length)


POSITIVE = rule(Comparison.GT, 0)
TO_FIVE = (rule(Comparison.GTE, 1), rule(Comparison.LTE, 5))
A_OR_B = rule(Comparison.IN, "a", "b")


# ---------- what is understood ----------


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("x > 0", [POSITIVE]),
        ("0 < x", [POSITIVE]),
        ("(x) > (0)", [POSITIVE]),
        ("x >= -1", [rule(Comparison.GTE, -1)]),
        ("x = 1", [rule(Comparison.EQ, 1)]),
        ("1 = x", [rule(Comparison.EQ, 1)]),
        ("x <> 1", [rule(Comparison.NE, 1)]),
        ("x != 1", [rule(Comparison.NE, 1)]),
        ("x BETWEEN 1 AND 5", [*TO_FIVE]),
        ("x between 1 and 5 AND x <> 3", [*TO_FIVE, rule(Comparison.NE, 3)]),
        ("x IN ('a', 'b')", [A_OR_B]),
        ("x NOT IN (1)", [rule(Comparison.NOT_IN, 1)]),
        ("x = 'it''s'", [rule(Comparison.EQ, "it's")]),
        ("length(x) <= 13", [rule(Comparison.LTE, 13, of_length=True)]),
        ("char_length(x) IN (10, 13)", [rule(Comparison.IN, 10, 13, of_length=True)]),
        ("x IS NULL OR x > 0", [POSITIVE]),
        ("x > 0 OR x IS NULL", [POSITIVE]),
        ("x IS NOT NULL AND x > 0", [POSITIVE]),
        ("((x >= 1) AND (x <= 5))", [*TO_FIVE]),
        ("(x > (0)::numeric)", [POSITIVE]),
        ("(x > ('0'::integer)::numeric)", [POSITIVE]),
        ("(x >= ('-1'::integer)::double precision)", [rule(Comparison.GTE, -1)]),
        ("(char_length((x)::text) <= 13)", [rule(Comparison.LTE, 13, of_length=True)]),
        ("((x)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))", [A_OR_B]),
        ("(x <> ALL (ARRAY[1, 2]))", [rule(Comparison.NOT_IN, 1, 2)]),
        ("x > CAST(0 AS NUMERIC)", [POSITIVE]),
    ],
)
def test_a_simple_condition_is_understood(condition: str, expected: list[Rule]) -> None:
    assert parse_condition(condition) == tuple(("x", each) for each in expected)


@pytest.mark.parametrize(
    "condition",
    [
        *("x > y", "x + 1 > 0", "x % 2 = 0", "lower(x) = 'a'", "x LIKE 'a%'", "NOT x > 0", "x IS NULL", "x > NULL"),
        *("x > 5 OR x < 1", "x IS NULL OR y > 0", "x IS NULL OR (x > 0 AND y > 0)", "x NOT BETWEEN 1 AND 5"),
        *("x > ALL (ARRAY[1])", "CASE WHEN x > 0 THEN 1 END = 1", "x", "true", "x >", "x > 0)", "(x > 0", "x > 'a"),
        *(
            "x > 0 AND y LIKE 'a'",
            "(x)::integer > 0",
            "x = (1.5)::integer",
            "x > '1'::varchar(3)",
            "",
            "x IS NULL AND x > 0",
        ),
        *(
            "length(x) IS NULL",
            "length('a') > 0",
            "1 BETWEEN 0 AND 2",
            "1 IN (1)",
            "x IN (y)",
            "-x > 0",
            "x = 'a'::date",
        ),
        *("x = ANY ((ARRAY['a'])::date[])", "x > 0 OR x IS NULL OR x = 1", "(1)::text = x", "'a'::integer = x"),
    ],
)
def test_any_other_condition_is_left_to_the_database_wholly(condition: str) -> None:
    assert parse_condition(condition) == ()


class Reversed(TypeDecorator[str]):
    impl = String
    cache_ok = True


@pytest.mark.parametrize(
    ("sql_type", "condition"),
    [
        (String(5), "x > 'a'"),
        (String(5, collation="NOCASE"), "x = 'a'"),
        (String(5), "x = 1"),
        (CHAR(5), "x = 'a'"),
        (CHAR(5), "length(x) > 1"),
        (Enum("a", "b", name="letters"), "x = 'a'"),
        (Reversed(), "x = 'a'"),
        (Integer(), "x = 'a'"),
        (Integer(), "length(x) = 1"),
        (REAL(), "x > 0"),
        (Float(24), "x > 0"),
    ],
)
def test_what_databases_compare_otherwise_than_python_is_left_to_them(
    sql_type: TypeEngine[Any], condition: str
) -> None:
    table = Table("t", MetaData(), TableColumn("x", sql_type), CheckConstraint(condition))

    assert parse_condition(condition) != ()
    assert read_rules(table.c.x) == ()


def test_constraints_of_types_and_those_of_some_databases_only_are_passed_over() -> None:
    once = CheckConstraint("x <> 3").ddl_if(dialect="sqlite")
    kind = Enum("a", "b", native_enum=False, create_constraint=True)
    table = Table("t", MetaData(), TableColumn("x", Integer), TableColumn("kind", kind), once)

    assert (read_rules(table.c.x), read_rules(table.c.kind)) == ((), ())


def test_a_column_that_belongs_to_no_table_has_no_rules() -> None:
    assert read_rules(TableColumn("x", Integer)) == ()


def test_a_condition_without_a_literal_form_is_left_to_the_database() -> None:
    condition = column("x", Integer) == literal(b"a", LargeBinary)
    table = Table("t", MetaData(), TableColumn("x", Integer), CheckConstraint(condition))

    assert read_rules(table.c.x) == ()


# ---------- what databases refuse ----------


class Base(DeclarativeBase):
    pass


class Product(Base):
    __tablename__ = "product"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(30), CheckConstraint("length(name) >= 3"))
    price: Mapped[Decimal | None] = mapped_column(Numeric(8, 2), CheckConstraint("price > 0 AND price <= 1000"))
    rating: Mapped[int | None] = mapped_column(SmallInteger, CheckConstraint("rating BETWEEN 1 AND 5"))
    weight: Mapped[float | None] = mapped_column(Float, CheckConstraint("weight <= 0.1"))
    status: Mapped[str | None] = mapped_column(Text, CheckConstraint("status IN ('draft', 'it''s out')"))
    order: Mapped[int | None] = mapped_column()
    stock: Mapped[int] = mapped_column(default=0)
    sold: Mapped[int] = mapped_column(default=0)

    __table_args__ = (CheckConstraint("sold <= stock"), CheckConstraint(column("order") != 3, name="no_three"))


EXPECTED = {
    "name": (rule(Comparison.GTE, 3, of_length=True),),
    "price": (POSITIVE, rule(Comparison.LTE, 1000)),
    "rating": TO_FIVE,
    "weight": (Rule(Comparison.LTE, (Decimal("0.1"),)),),
    "status": (rule(Comparison.IN, "draft", "it's out"),),
    "order": (rule(Comparison.NE, 3),),
}


def rules_of(table: Table) -> dict[str, tuple[Rule, ...]]:
    return {each.name: rules for each in table.columns if (rules := read_rules(each))}


def test_rules_are_read_from_models() -> None:
    assert rules_of(Base.metadata.tables["product"]) == EXPECTED


async def test_the_same_rules_are_read_from_a_database(make_engine: MakeEngine) -> None:
    """However it spells the constraints."""
    engine = await make_engine(Base.metadata)
    reflected = MetaData()
    async with engine.connect() as connection:
        await connection.run_sync(reflected.reflect)

    assert rules_of(reflected.tables["product"]) == EXPECTED


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("name", each) for each in ("ab", "abc", "ÄÖÜ", "Ä😀")),
        *(("price", each) for each in ("0", "0.01", "1000", "1000.01")),
        *(("rating", each) for each in (0, 1, 5, 6)),
        *(("weight", each) for each in (0.1, 0.1000000001)),
        *(("status", each) for each in ("draft", "Draft", "it's out")),
        *(("order", each) for each in (3, 4)),
        *((each, None) for each in EXPECTED),
    ],
)
async def test_what_is_refused_here_is_what_the_database_refuses(
    make_engine: MakeEngine, name: str, value: Any
) -> None:
    engine = await make_engine(Base.metadata)
    errors = (await create(Api(Base, engine), {name: value}))[1]

    assert bool(errors) is await is_refused(engine, name, Decimal(value) if name == "price" and value else value)


async def is_refused(engine: AsyncEngine, name: str, value: Any) -> bool:
    try:
        async with engine.begin() as connection:
            await connection.execute(Base.metadata.tables["product"].insert().values({name: value}))
    except IntegrityError:
        return True
    return False


CREATE = """
    mutation ($data: ProductCreate!) {
      createProduct(input: {data: $data}) { product { name } errors { code message path } }
    }
"""


async def create(api: Api, data: dict[str, Any]) -> tuple[Any, list[dict[str, Any]]]:
    payload = (await run(api, CREATE, data=data))["createProduct"]
    return payload["product"], payload["errors"]


async def test_all_broken_rules_are_told_at_once_without_a_statement(make_engine: MakeEngine) -> None:
    engine = await make_engine(Base.metadata)
    api = Api(Base, engine)
    data = {"name": "ab", "price": "0", "rating": 9, "weight": 1.5, "status": "out", "order": 3}

    with record_statements(engine) as statements:
        record, errors = await create(api, data)

    assert record is None
    assert statements == []
    assert [(each["code"], each["path"], each["message"]) for each in errors] == [
        ("CHECK", ["input", "data", "name"], "name has at least 3 characters."),
        ("CHECK", ["input", "data", "price"], "price must be greater than 0."),
        ("CHECK", ["input", "data", "rating"], "rating must be at most 5."),
        ("CHECK", ["input", "data", "weight"], "weight must be at most 0.1."),
        ("CHECK", ["input", "data", "status"], "status must be one of 'draft', 'it's out'."),
        ("CHECK", ["input", "data", "order"], "order cannot be 3."),
    ]


async def test_a_patch_is_held_against_the_rules_too(make_engine: MakeEngine) -> None:
    engine = await make_engine(Base.metadata)
    api = Api(Base, engine)
    await create(api, {"name": "Lamp", "rating": 3})

    data = await run(
        api,
        "mutation { updateProduct(input: {by: {rowId: 1}, patch: {rating: 0, name: null}}) "
        "{ errors { code message path } } }",
    )

    assert data["updateProduct"]["errors"] == [
        {"code": "CHECK", "message": "rating must be at least 1.", "path": ["input", "patch", "rating"]}
    ]


async def test_a_price_that_a_database_may_round_into_bounds_is_left_to_it(
    make_engine: MakeEngine,
) -> None:
    """PostgreSQL keeps 1000.00 of it; SQLite keeps it as it is, and refuses it."""
    engine = await make_engine(Base.metadata)
    _, errors = await create(Api(Base, engine), {"price": "1000.001"})

    assert bool(errors) is (engine.dialect.name == "sqlite")


async def test_a_check_of_two_columns_is_told_by_the_database(make_engine: MakeEngine) -> None:
    engine = await make_engine(Base.metadata)
    _, errors = await create(Api(Base, engine), {"stock": 1, "sold": 2})

    assert [(each["code"], each["path"]) for each in errors] == [("CHECK", ["input", "data"])]
