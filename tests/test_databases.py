"""The fixtures themselves: databases are fresh and alike, statements are recorded, samples are complete."""

from sqlalchemy import URL, Column, Integer, MetaData, String, Table, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tests.databases import MakeEngine, record_statements

metadata = MetaData()
word = Table("word", metadata, Column("id", Integer, primary_key=True), Column("text", String))


async def test_each_engine_has_a_database_of_its_own(make_engine: MakeEngine) -> None:
    first, second = await make_engine(metadata), await make_engine(metadata)
    async with first.begin() as connection:
        await connection.execute(insert(word), [{"text": "a"}])

    async with first.connect() as one, second.connect() as other:
        counts = await one.scalar(select(func.count(word.c.id))), await other.scalar(select(func.count(word.c.id)))
    assert counts == (1, 0)


async def test_strings_sort_by_code_point_on_both_backends(make_engine: MakeEngine) -> None:
    engine = await make_engine(metadata)
    async with engine.begin() as connection:
        await connection.execute(insert(word), [{"text": text} for text in ("b", "a", "B", "é", "_", "z")])
        ordered = list(await connection.scalars(select(word.c.text).order_by(word.c.text)))
    assert ordered == ["B", "_", "a", "b", "z", "é"]


async def test_statements_are_recorded_with_their_parameters(make_engine: MakeEngine) -> None:
    engine = await make_engine()
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
        with record_statements(engine) as statements:
            await connection.execute(text("SELECT 2"))
            await connection.execute(text("SELECT CAST(:a AS INTEGER)"), {"a": 3})
        await connection.execute(text("SELECT 4"))

    marker = "?" if engine.dialect.name == "sqlite" else "$1"
    assert statements == [("SELECT 2", ()), (f"SELECT CAST({marker} AS INTEGER)", (3,))]


async def test_chinook_is_the_same_on_both_backends(chinook_sqlite: URL, chinook_postgresql: URL) -> None:
    assert await count_rows(chinook_sqlite) == await count_rows(chinook_postgresql) == 15607


async def test_pagila_is_complete(pagila_postgresql: URL) -> None:
    assert await count_rows(pagila_postgresql) == 46268


async def count_rows(url: URL) -> int:
    """Of all tables; a partitioned one and its partitions count once."""
    engine = create_async_engine(url)
    tables = MetaData()
    try:
        async with engine.connect() as connection:
            await connection.run_sync(lambda sync: tables.reflect(sync, only=lambda name, _: "payment_p" not in name))
            return sum([await count_table(engine, table) for table in tables.tables.values()])
    finally:
        await engine.dispose()


async def count_table(engine: AsyncEngine, table: Table) -> int:
    async with engine.connect() as connection:
        count = await connection.scalar(select(func.count()).select_from(table))
        assert count is not None
        return count
