"""What the tests of operators share: a table with a column of each kind, and a value changed in the database."""

import enum
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Double,
    Enum,
    Float,
    ForeignKey,
    Integer,
    Numeric,
    SmallInteger,
    Text,
    event,
    insert,
    null,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import DOMAIN, JSONB, REAL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, synonym

from gqlcrud import ModelOptions
from gqlcrud.catalog import CatalogSettings, Column, Model, mapped_classes, read_catalog
from gqlcrud.diagnosis import is_computation
from gqlcrud.statements import SQLITE_FUNCTIONS, Database
from gqlcrud.statements.changes import changed
from gqlcrud.statements.columns import Columns
from gqlcrud.write_plan import Change, ChangeOperator
from tests.databases import MakeEngine
from tests.zoo import JsonList

NOTHING = enum.Enum("Nothing", ["NOTHING"]).NOTHING
"""Where no value is stored, or nothing stands at a path."""


class Refused(Exception):
    """What the database cannot compute."""


class Base(DeclarativeBase):
    pass


class Amount(Base):
    __tablename__ = "amount"

    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("amount.id"))
    version: Mapped[int] = mapped_column(default=1)
    small: Mapped[int | None] = mapped_column(SmallInteger)
    integer: Mapped[int | None] = mapped_column(Integer)
    big: Mapped[int | None] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"))
    bounded: Mapped[int | None] = mapped_column(
        Integer().with_variant(DOMAIN("amount_domain", Integer, create_type=False), "postgresql")
    )
    price: Mapped[Decimal | None] = mapped_column(Numeric(12, 3))
    whole: Mapped[Decimal | None] = mapped_column(Numeric(6))
    free: Mapped[Decimal | None] = mapped_column(Numeric)
    rate: Mapped[float | None] = mapped_column(Numeric(12, 3, asdecimal=False))
    double: Mapped[float | None] = mapped_column(Double)
    single: Mapped[float | None] = mapped_column(Float().with_variant(REAL(), "postgresql"))
    exact: Mapped[Decimal | None] = mapped_column(Float(asdecimal=True))
    json: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    document: Mapped[Any | None] = mapped_column(JSON().with_variant(JSONB(), "postgresql"))
    integers: Mapped[list[int | None] | None] = mapped_column(ARRAY(Integer).with_variant(JSON(), "sqlite"))
    texts: Mapped[list[str | None] | None] = mapped_column(ARRAY(Text).with_variant(JSON(none_as_null=True), "sqlite"))
    doubles: Mapped[list[float | None] | None] = mapped_column(ARRAY(Double).with_variant(JSON(), "sqlite"))
    moods: Mapped[list[str | None] | None] = mapped_column(
        ARRAY(Enum("so-so", "happy", name="amount_mood")).with_variant(JSON(), "sqlite")
    )
    fixed: Mapped[int | None]
    labels: Mapped[list[str] | None] = mapped_column(JsonList)
    total: Mapped[int | None] = synonym("integer")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy types it as an instance attribute


def amount_model(**options: Any) -> Model:
    settings = CatalogSettings(options={Amount: ModelOptions(read_only={"fixed"}, **options)})
    return read_catalog(mapped_classes(Base), settings).models[0]


def column_of(key: str) -> Column:
    return next(each for each in AMOUNT.columns if each.key == key)


AMOUNT = amount_model()


def change(key: str, operator: str, operand: Any = None, *steps: str) -> Change:
    return Change(column_of(key), ChangeOperator(operator), operand, steps)


async def make_amounts(make: MakeEngine) -> AsyncEngine:
    """An engine on a database with the table, and with the functions that statements use."""
    engine = await make()
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", _add_functions)
    async with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            await connection.execute(text("CREATE DOMAIN amount_domain AS INTEGER"))
        await connection.run_sync(Base.metadata.create_all)
    return engine


def _add_functions(connection: Any, _: object) -> None:
    for each in SQLITE_FUNCTIONS:
        connection.create_function(*each, deterministic=True)


def columns_of(engine: AsyncEngine) -> Columns:
    return Columns(Database(engine.dialect.name))


async def value_after(engine: AsyncEngine, stored: Any, changes: Sequence[Change]) -> Any:
    """What `changes` make of a stored value, NOTHING being NULL. Raises Refused for what the database refuses to compute."""
    key, columns = changes[0].column.key, columns_of(engine)
    attribute = getattr(Amount, key)
    column = Amount.__table__.c[key]
    async with engine.connect() as connection:
        await connection.execute(insert(Amount).values({"id": 1, key: null() if stored is NOTHING else stored}))
        try:
            await connection.execute(update(Amount).values({key: changed(changes, column, columns)}))
        except DBAPIError as error:
            assert is_computation(error), error
            raise Refused from None
        read = columns.read(changes[0].column, Amount)
        value, missing = (await connection.execute(select(read, attribute.is_(None)))).one()
        await connection.rollback()
    return NOTHING if missing and value is None else value
