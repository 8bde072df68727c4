"""Many callers from Python write the same key at once: one record is made, and the others get it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from gqlcrud import Conflict, Crud
from tests.databases import Backend, MakeEngine
from tests.pools import pooled, taken
from tests.shelf import Author, Base, Tag

TAGS, AUTHORS = Crud(Tag), Crud(Author)
Write = Callable[[Any, int], Awaitable[Any]]


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncIterator[AsyncEngine]:
    """Ten connections, which all callers share."""
    engine = await make_engine(Base.metadata)
    options: dict[str, Any] = {"pool_size": 10, "max_overflow": 0, "pool_timeout": 60}
    async with pooled(engine, **options) as pool:
        yield pool


def callers(backend: Backend) -> int:
    """SQLite has one writer at a time."""
    return {"postgresql": 50, "sqlite": 15}[backend.name]


async def at_once(engine: AsyncEngine, kind: str, write: Write, times: int) -> list[Any]:
    """What each of the callers gets: with the engine, a sessionmaker, or a session of their own that they commit."""
    maker = async_sessionmaker(engine)

    async def call(number: int) -> Any:
        if kind != "session":
            return await write(engine if kind == "engine" else maker, number)
        async with AsyncSession(engine) as session:
            result = await write(session, number)
            await session.commit()
            return result

    return list(await asyncio.gather(*(call(number) for number in range(times))))


KINDS = pytest.mark.parametrize("kind", ["engine", "sessionmaker", "session"])


@KINDS
async def test_one_of_those_who_get_or_create_makes_the_record(
    engine: AsyncEngine, backend: Backend, kind: str
) -> None:
    async def write(session: Any, number: int) -> tuple[str, bool]:
        author, made = await AUTHORS.get_or_create(session, {"name": f"A{number}", "email": "x"}, on=["email"])
        return author.name, made

    answers = await at_once(engine, kind, write, callers(backend))

    (author,) = await AUTHORS.get_multi(engine)
    assert sorted(made for _, made in answers) == [False] * (callers(backend) - 1) + [True]
    assert {name for name, _ in answers} == {author.name}
    assert taken(engine) == 0


@KINDS
async def test_one_of_those_who_upsert_makes_the_record(engine: AsyncEngine, backend: Backend, kind: str) -> None:
    async def write(session: Any, number: int) -> str | None:
        data = {"name": "new", "email": "x"}
        return (await AUTHORS.upsert(session, data, on=["email"], update={"name": "old"})).email

    answers = await at_once(engine, kind, write, callers(backend))

    assert answers == ["x"] * callers(backend)
    assert [(each.name, each.email) for each in await AUTHORS.get_multi(engine)] == [("old", "x")]
    assert taken(engine) == 0


async def test_a_key_that_the_caller_gives_is_made_once(engine: AsyncEngine) -> None:
    async def write(session: Any, number: int) -> bool:
        _, made = await TAGS.get_or_create(session, {"id": 7, "label": "x"}, on="id")
        return made

    assert sorted(await at_once(engine, "engine", write, 10)) == [False] * 9 + [True]


async def test_upserts_of_several_keys_make_one_record_for_each(engine: AsyncEngine, backend: Backend) -> None:
    async def write(session: Any, number: int) -> None:
        await TAGS.upsert(session, {"label": f"t{number % 3}"}, on="label", update={})

    await at_once(engine, "engine", write, callers(backend))
    assert [tag.label for tag in await TAGS.get_multi(engine, order_by="label")] == ["t0", "t1", "t2"]


async def test_another_key_that_is_taken_is_a_conflict(engine: AsyncEngine) -> None:
    await TAGS.create(engine, {"id": 1, "label": "x"})

    with pytest.raises(Conflict) as raised:
        await TAGS.get_or_create(engine, {"id": 1, "label": "y"}, on=["label"])
    assert [(each.code.value, each.path, each.fields) for each in raised.value.errors] == [("UNIQUE", ("id",), ("id",))]
