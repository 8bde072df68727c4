"""JSON columns of pages: read as texts where nothing else is made of them, and the same values by any way."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import JSON, ForeignKey, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from gqlcrud import Api, read_json
from gqlcrud.statements import json_texts
from gqlcrud.statements.json_texts import read_jsons
from tests.databases import MakeEngine, record_statements
from tests.running import run, save


class Base(DeclarativeBase):
    pass


class Box(Base):
    __tablename__ = "box"

    id: Mapped[int] = mapped_column(primary_key=True)
    plain: Mapped[Any] = mapped_column(JSON(none_as_null=True))
    binary: Mapped[Any] = mapped_column(JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("box.id"))

    children: Mapped[list["Box"]] = relationship()


Box.__table__.c.plain.nullable = Box.__table__.c.binary.nullable = True

WRITTEN = [
    '{"a": [1, 2.5, null, true], "ä": "ö\\u0001", "empty": {}}',
    "null",
    "[12345678901234567890123456789]",
    "[1e5, -0.0, 0.1, 1.10, 100000000000000000000.5]",
    '"a, b ] [ \\" \\\\"',
    '"\\ud83d\\ude00"',
    "[]",
]


@pytest.fixture(scope="module")
async def engine(make_module_engine: MakeEngine) -> AsyncIterator[AsyncEngine]:
    """Each document in both columns; and a box without any, below the first."""
    engine = await make_module_engine(Base.metadata)
    await save(engine, *(Box(id=number, plain=None, binary=None) for number in range(1, len(WRITTEN) + 1)))
    await save(engine, Box(id=99, plain=None, binary=None, parent_id=1))
    typed = "CAST(CAST(:written AS text) AS {})" if engine.dialect.name == "postgresql" else ":written"
    update = text(f'UPDATE box SET plain = {typed.format("json")}, "binary" = {typed.format("jsonb")} WHERE id = :id')
    async with engine.begin() as connection:
        for number, written in enumerate(WRITTEN, 1):
            await connection.execute(update, {"written": written, "id": number})
    yield engine


DOCUMENT = """{
  boxes(orderBy: [{rowId: ASC}]) { nodes { plain binary inner: binary(path: ["a", "1"]) children { nodes { plain binary } } } }
}"""
PAGE = "{ boxes(first: 2, offset: 1, orderBy: [{rowId: ASC}]) { totalCount edges { cursor node { binary } } } }"


async def test_a_text_is_read_as_the_engine_reads_it(engine: AsyncEngine) -> None:
    """In a session SQLAlchemy reads with the deserializer of its dialect."""
    api = Api(Base, engine)
    session_api = Api(Base, async_sessionmaker(engine))
    for document in (DOCUMENT, PAGE):
        expected = await run(session_api, document)
        for _ in range(2):  # graphql-core first, then the driver alone
            assert repr(await run(api, document)) == repr(expected)
    nodes = (await run(api, DOCUMENT))["boxes"]["nodes"]
    values = [*map(json.loads, WRITTEN), None]
    assert repr([node["plain"] for node in nodes]) == repr(values)
    assert [node["inner"] for node in nodes] == [2.5, *[None] * len(WRITTEN)]
    assert nodes[0]["children"] == {"nodes": [{"plain": None, "binary": None}]}


async def test_postgresql_is_asked_for_texts_of_the_rows_that_are_shown(engine: AsyncEngine) -> None:
    api = Api(Base, engine)
    await run(api, PAGE)

    with record_statements(engine) as statements:
        await run(api, PAGE)

    ((sql, _),) = statements
    inner, cast = sql.find("FROM (SELECT"), sql.find('CAST(page."binary" AS TEXT)')
    assert (-1 < cast < inner) if engine.dialect.name == "postgresql" else (inner == cast == -1)


async def test_a_deserializer_of_the_applications_own_is_used(engine: AsyncEngine) -> None:
    own = create_async_engine(engine.url, json_deserializer=lambda written: {"own": written})
    api = Api(Base, own)
    document = "{ boxes(first: 2, orderBy: [{rowId: ASC}]) { nodes { plain } } }"

    for _ in range(2):
        found = await run(api, document)

        assert found["boxes"]["nodes"][1] == {"plain": {"own": "null"}}
    await own.dispose()


@pytest.mark.parametrize("installed", [True, False], ids=["orjson", "without orjson"])
def test_texts_are_read_together_as_one_by_one(installed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not installed:
        monkeypatch.setattr(json_texts, "orjson", None)
    values = [*map(json.loads, WRITTEN), None]

    assert repr([read_json(each) for each in WRITTEN]) == repr(values[:-1])
    assert repr(read_jsons([*WRITTEN, None])) == repr(values)
    assert repr(read_jsons([WRITTEN[0], None])) == repr([values[0], None])
    assert read_jsons([]) == []
