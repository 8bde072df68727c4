"""What an editor knows of a `Crud`: checked by mypy as it stands here, and when it runs."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, assert_type

import sqlalchemy as sa
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from gqlcrud import Api, Crud, ListParams, PageResponse
from gqlcrud.crud import Page, Rows
from tests.databases import MakeEngine
from tests.reading_room import reading_room
from tests.shelf import Base, Book, Tag

Named = dict[str, Any]


class TagRead(BaseModel):
    label: str


class Tags(Crud[Tag]):
    async def labels(self, session: AsyncSession | AsyncEngine) -> list[str]:
        return [tag.label for tag in await self.get_multi(session)]


async def test_a_read_gives_what_is_selected(make_engine: MakeEngine) -> None:
    engine = await reading_room(make_engine)
    tags = Crud(Tag)
    assert_type(tags, Crud[Tag])

    record = assert_type(await tags.get(engine, 1), Tag)
    model = assert_type(await tags.get(engine, 1, select=TagRead), TagRead)
    named = assert_type(await tags.get(engine, 1, select=["label"]), Named)
    assert (record.label, model, named) == ("x", TagRead(label="x"), {"label": "x"})

    assert_type(await tags.get_or_none(engine, 1), Tag | None)
    assert_type(await tags.get_or_none(engine, 1, select=TagRead), TagRead | None)
    assert_type(await tags.get_or_none(engine, 1, select=["label"]), Named | None)
    assert_type(await tags.first(engine, Tag.label == "x"), Tag | None)
    assert_type(await tags.first(engine, {"label": "x"}, select=TagRead), TagRead | None)
    assert_type(await tags.first(engine, label="x", select=("label",)), Named | None)
    assert assert_type(await tags.exists(engine, [Tag.id < 3, {"label": "x"}]), bool)
    assert assert_type(await tags.count(engine), int) == 3


async def test_a_list_gives_many_of_them(make_engine: MakeEngine) -> None:
    engine = await reading_room(make_engine)
    tags = Crud(Tag)

    rows = assert_type(await tags.get_multi(engine, order_by=Tag.label.desc()), Rows[Tag])
    assert assert_type(rows[0], Tag).label == "z"
    assert_type(rows[0:1], Sequence[Tag])
    assert_type(rows.total, int | None)
    assert_type(await tags.get_multi(engine, select=TagRead), Rows[TagRead])
    assert_type(await tags.get_multi(engine, select=["label"]), Rows[Named])
    page = assert_type(await tags.paginate(engine, order_by=["-label", Tag.id]), Page[Tag])
    assert_type(page.items[0].label, str)
    assert_type(page.end_cursor, str | None)
    assert_type(await tags.paginate(engine, select=TagRead), Page[TagRead])
    assert_type(await tags.paginate(engine, select=["label"]), Page[Named])
    assert_type(tags.stream(engine), AsyncIterator[Tag])
    assert_type(tags.stream(engine, select=TagRead), AsyncIterator[TagRead])
    assert_type(tags.stream(engine, select=["label"]), AsyncIterator[Named])
    assert [assert_type(tag, Tag).label async for tag in tags.stream(engine)] == ["x", "y", "z"]
    async with AsyncSession(engine) as session:
        statement = assert_type(tags.select(session, Tag.id < 3), sa.Select[Tag])
        assert [assert_type(tag, Tag).label for tag in await session.scalars(statement)] == ["x", "y"]


async def test_a_write_gives_what_is_selected(make_engine: MakeEngine) -> None:
    engine = await reading_room(make_engine)
    tags = Crud(Tag)

    made = assert_type(await tags.create(engine, {"label": "a"}), Tag)
    assert_type(await tags.create(engine, TagRead(label="b"), select=TagRead), TagRead)
    assert_type(await tags.create(engine, {"label": "c"}, select=["id"]), Named)
    assert_type(await tags.update(engine, made.id, {"label": "d"}), Tag)
    assert_type(await tags.update(engine, made.id, {"label": "e"}, select=TagRead), TagRead)
    assert_type(await tags.upsert(engine, {"label": "e"}, on=["label"]), Tag)
    assert_type(await tags.upsert(engine, {"label": "e"}, on=["label"], select=TagRead), TagRead)
    assert_type(await tags.get_or_create(engine, {"label": "e"}, on=["label"]), tuple[Tag, bool])
    assert_type(await tags.get_or_create(engine, {"label": "f"}, on="label", select=TagRead), tuple[TagRead, bool])
    await tags.delete(engine, made.id)
    assert await tags.count(engine) == 6


async def test_a_subclass_and_an_api_give_the_same(make_engine: MakeEngine) -> None:
    engine = await reading_room(make_engine)

    tags = Tags()
    assert await assert_type(tags.with_context({}), Tags).labels(engine) == ["x", "y", "z"]
    assert_type(await tags.get(engine, 1), Tag)
    books = assert_type(Api(Base, engine).crud(Book), Crud[Book])
    assert assert_type(await books.get(None, 1), Book).title == "T01"


async def test_a_list_over_rest_gives_what_is_selected(make_engine: MakeEngine) -> None:
    engine = await reading_room(make_engine)
    tags = Crud(Tag)

    models = assert_type(await tags.list(engine, ListParams(limit=1), select=TagRead), PageResponse[TagRead])
    named = assert_type(await tags.list(engine, ListParams(limit=1), select=["label"]), PageResponse[Named])
    assert (models.items, named.items) == ([TagRead(label="x")], [{"label": "x"}])
