"""What an API says of writes holds for Python: presets, hooks, schemas, soft deletion, permissions of a context."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel, field_validator
from sqlalchemy import delete, insert, inspect, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from gqlcrud import (
    Api,
    ConfigurationError,
    Conflict,
    Crud,
    Forbidden,
    Hooks,
    Invalid,
    ModelOptions,
    NotFound,
    SoftDelete,
    WriteRefused,
)
from gqlcrud.hooks import Committed, Write
from tests import archive, family, test_presets
from tests.databases import MakeEngine
from tests.family import House, Note, Room
from tests.running import save
from tests.test_crud_reads import told
from tests.test_presets import ADA, BOB, Project, Task, Tenant
from tests.test_soft_delete import filled
from tests.writing import state

# ---------- presets ----------


@pytest.fixture
async def tenants(make_engine: MakeEngine) -> AsyncEngine:
    engine = await make_engine(test_presets.Base.metadata)
    await save(engine, Tenant(id=1, name="one"), Tenant(id=2, name="two"))
    return engine


async def test_presets_are_what_the_context_gives(tenants: AsyncEngine) -> None:
    projects = Crud(Project, models=test_presets.OPTIONS)
    shown = ["code", "tenant_id", "created_by", "updated_by", "tasks.created_by"]

    made = await projects.with_context(ADA).create(
        tenants, {"code": "a", "tasks": {"create": [{"name": "t"}]}}, select=shown
    )
    assert made == {
        "code": "a",
        "tenant_id": 1,
        "created_by": "ada",
        "updated_by": "ada",
        "tasks": [{"created_by": "ada"}],
    }
    changed = await projects.with_context(BOB).update(tenants, 1, {"size": 2}, select=shown)
    assert (changed["created_by"], changed["updated_by"]) == ("ada", "bob")
    assert (await projects.with_context(BOB).update(tenants, 1, {})).updated_by == "bob"


async def test_a_preset_is_part_of_a_key(tenants: AsyncEngine) -> None:
    api = Api(test_presets.Base, tenants, models=test_presets.OPTIONS)
    ada, bob = (api.crud(Project).with_context(context) for context in (ADA, BOB))
    on = ["tenant_id", "code"]

    first, made = await ada.get_or_create(None, {"code": "a", "size": 1}, on=on)
    again, made_again = await ada.get_or_create(None, {"code": "a", "size": 2}, on=on)
    other, made_other = await bob.get_or_create(None, {"code": "a", "size": 3}, on=on)
    assert (made, made_again, made_other) == (True, False, True)
    assert (first.id, first.size, other.size) == (again.id, 1, 3)
    assert (await bob.upsert(None, {"code": "a", "size": 4}, on=on)).id == other.id
    assert [each.size for each in await ada.get_multi(None, order_by="id")] == [1, 4]


async def test_a_preset_is_not_given_and_can_refuse(tenants: AsyncEngine) -> None:
    tasks = Crud(Task, models=test_presets.OPTIONS)

    with pytest.raises(Invalid) as raised:
        await tasks.with_context(ADA).create(tenants, {"name": "t", "created_by": "eve"})
    assert told(raised.value) == [
        ("VALIDATION", "created_by is set by the API or the database, not by a caller.", ("created_by",))
    ]
    with pytest.raises(Forbidden) as refused:
        await tasks.with_context({}).create(tenants, {"name": "t"})
    assert told(refused.value) == [("FORBIDDEN", "Sign in first.", ())]
    assert refused.value.status == 403
    with pytest.raises(TypeError):
        await Crud(Project, models=test_presets.OPTIONS).create(tenants, {"code": "a"})
    assert await tasks.count(tenants) == 0


# ---------- hooks ----------


@dataclasses.dataclass
class Log:
    lines: list[Any] = dataclasses.field(default_factory=list)

    def hooks(self) -> Hooks:
        return Hooks(
            before_create=self.seen("before"), after_create=self.seen("after"), before_update=self.seen("before"),
            before_delete=self.seen("before"), after_commit=self.committed,
        )  # fmt: skip

    def seen(self, when: str) -> Callable[[Write], None]:
        def hook(write: Write) -> None:
            self.lines.append((when, write.kind, write.model.__name__, dict(write.values)))
            if write.values.get("name") == "bad":
                raise WriteRefused("Not this one.", path=("name",))

        return hook

    async def committed(self, event: Committed) -> None:
        self.lines.append(("committed", event.kind, event.model.__name__, event.keys, event.context))

    def told(self) -> list[Any]:
        return [each for each in self.lines if each[0] == "committed"]


async def test_hooks_stand_around_every_write_and_see_the_context(make_engine: MakeEngine) -> None:
    engine, log = await make_engine(family.Base.metadata), Log()
    houses = Crud(House, hooks=log.hooks()).with_context("me")

    await houses.create(engine, {"id": 1, "name": "one", "rooms": {"create": [{"id": 1, "name": "hall"}]}})
    await houses.update(engine, 1, {"name": "two"})
    await Crud(Room, hooks=log.hooks()).delete(engine, 1)

    assert [each[:3] for each in log.lines] == [
        ("before", "create", "House"),
        ("before", "create", "Room"),
        ("after", "create", "Room"),
        ("after", "create", "House"),
        ("committed", "create", "Room"),
        ("committed", "create", "House"),
        ("before", "update", "House"),
        ("committed", "update", "House"),
        ("before", "delete", "Room"),
        ("committed", "delete", "Room"),
    ]
    assert [each[3:] for each in log.told()] == [
        (((1,),), "me"),
        (((1,),), "me"),
        (((1,),), "me"),
        (((1,),), None),
    ]


async def test_what_a_hook_refuses_is_forbidden_at_its_place(make_engine: MakeEngine) -> None:
    engine, log = await make_engine(family.Base.metadata), Log()
    houses = Crud(House, models={Note: ModelOptions(hooks=log.hooks())})

    for call in (
        lambda: houses.create(engine, {"name": "one", "notes": {"create": [{"name": "good"}, {"name": "bad"}]}}),
        lambda: houses.get_or_create(
            engine, {"name": "x", "notes": {"create": [{"name": "g"}, {"name": "bad"}]}}, on="name"
        ),
    ):
        with pytest.raises(Forbidden) as raised:
            await call()
        assert told(raised.value) == [("FORBIDDEN", "Not this one.", ("notes", "create", 1, "name"))]
    assert await state(engine, family.Base.metadata) == {}
    assert log.told() == []


async def test_commits_are_told_when_the_application_makes_them(make_engine: MakeEngine) -> None:
    engine, log = await make_engine(family.Base.metadata), Log()
    houses = Crud(House, hooks=log.hooks())
    async with AsyncSession(engine) as session:
        await houses.create(session, {"id": 1, "name": "one"})
        await session.rollback()
        assert log.told() == []
        await houses.create(session, {"id": 2, "name": "two"})
        async with session.begin_nested() as savepoint:
            await houses.create(session, {"id": 3, "name": "three"})
            await savepoint.rollback()
        assert log.told() == []
        await session.commit()
        assert [each[3] for each in log.told()] == [((2,),)]
        await houses.create(session, {"id": 4, "name": "four"}, commit=True)
        assert [each[3] for each in log.told()] == [((2,),), ((4,),)]


# ---------- schemas ----------


class RoomCreate(BaseModel):
    """A field beside the columns, and a rule between fields."""

    name: str
    size: int | None = None
    width: int = 1
    house_id: int | None = None

    @field_validator("name")
    @classmethod
    def _short(cls, value: str) -> str:
        if len(value) > 10:
            raise ValueError("A name has at most 10 letters.")
        return value.strip()


async def test_values_pass_through_schemas(make_engine: MakeEngine) -> None:
    engine = await make_engine(family.Base.metadata)
    await save(engine, House(id=1, name="one"))
    rooms = Crud(Room, models={Room: ModelOptions(create_schema=RoomCreate, update_schema=RoomCreate)})

    made = await rooms.create(engine, {"name": " hall ", "width": 3, "house": {"connect": 1}})
    assert (made.name, made.house_id) == ("hall", 1)
    assert (await rooms.update(engine, made.id, {"name": " attic ", "width": 2})).name == "attic"
    assert (await rooms.upsert(engine, RoomCreate(name="attic", size=4, house_id=1), on="name")).size == 4
    for call in (
        lambda: rooms.create(engine, {"name": "much too long", "house_id": 1}),
        lambda: rooms.update(engine, made.id, {"name": "much too long"}),
    ):
        with pytest.raises(Invalid) as raised:
            await call()
        assert [(each.message, each.path) for each in raised.value.errors] == [
            ("A name has at most 10 letters.", ("name",))
        ]


# ---------- deletion that marks ----------


@pytest.fixture
async def books(make_engine: MakeEngine) -> AsyncEngine:
    return await filled(make_engine)


async def test_a_deletion_marks_and_is_taken_back(books: AsyncEngine) -> None:
    crud = Crud(archive.Book, models=archive.OPTIONS)

    async def there() -> list[str]:
        return [each.title for each in await crud.get_multi(books, order_by="id")]

    assert await there() == ["here", "lone"]
    await crud.delete(books, 1)
    assert await there() == ["lone"]
    assert (await crud.get(books, 1, deleted="only")).deleted_at is not None
    for call in (
        lambda: crud.get(books, 1),
        lambda: crud.update(books, 1, {"title": "x"}),
        lambda: crud.delete(books, 1),
        lambda: crud.restore(books, 3),
        lambda: crud.restore(books, 99),
    ):
        with pytest.raises(NotFound):
            await call()
    restored = await crud.restore(books, 1, select=["title", "deleted_at"])
    assert restored == {"title": "here", "deleted_at": None}
    assert await there() == ["here", "lone"]
    with pytest.raises(Invalid) as raised:
        await crud.update(books, 1, {"deleted_at": None})
    assert told(raised.value) == [
        ("VALIDATION", "deleted_at is set by the API or the database, not by a caller.", ("deleted_at",))
    ]


async def test_a_record_is_deleted_for_good(books: AsyncEngine) -> None:
    """One that is marked as deleted too."""
    covers = Crud(archive.Cover, models=archive.OPTIONS)

    await covers.delete(books, 1)
    assert await covers.count(books, deleted="include") == 3
    await covers.hard_delete(books, 1)
    await covers.hard_delete(books, 2)
    assert await covers.count(books, deleted="include") == 1
    with pytest.raises(NotFound):
        await covers.hard_delete(books, 1)


async def test_permissions_hold_for_a_context_and_not_without(books: AsyncEngine) -> None:
    options = {
        archive.Cover: ModelOptions(
            soft_delete=SoftDelete(
                "deleted_on", show_deleted=lambda who: who == "boss", hard_delete=lambda who: who == "boss"
            )
        )
    }
    covers = Crud(archive.Cover, api=Api(archive.Base, books, models=options))
    for trusted in (covers, covers.with_context("boss")):
        assert await trusted.count(None, deleted="only") == 1
    guest = covers.with_context("guest")
    for call, message, path in (
        (lambda: guest.count(None, deleted="only"), "Deleted Cover records are not shown to you.", ("deleted",)),
        (lambda: guest.get(None, 1, deleted="include"), "Deleted Cover records are not shown to you.", ("deleted",)),
        (lambda: guest.hard_delete(None, 1), "You may not delete a Cover for good.", ()),
    ):
        with pytest.raises(Forbidden) as raised:
            await call()
        assert told(raised.value) == [("FORBIDDEN", message, path)]
    assert await guest.count(None) == 2
    await guest.delete(None, 1)
    await covers.with_context("boss").hard_delete(None, 1)
    assert await covers.count(None, deleted="include") == 2


# ---------- options ----------


async def test_what_is_kept_from_clients_is_there_for_python(make_engine: MakeEngine) -> None:
    engine = await make_engine(family.Base.metadata)
    options = ModelOptions(
        name="Building", exclude=["street_id"], rename={"name": "title"}, read_only=True, hide_from_where=["name"],
        hide_from_order=["name"], page_size=1, max_page_size=2,
    )  # fmt: skip
    houses = Api(family.Base, engine, models={House: options}).crud(House)

    for number in range(1, 6):
        await houses.create(None, {"id": number, "name": f"{number}", "street_id": None})
    assert [each.name for each in await houses.get_multi(None, {"name": {"ne": "3"}}, order_by="-name")] == list("5421")
    assert len((await houses.paginate(None, first=4)).items) == 4
    assert (await houses.get(None, {"name": "2"}, select=["street_id"])) == {"street_id": None}


async def test_options_of_an_api_are_not_said_again(make_engine: MakeEngine) -> None:
    api = Api(family.Base, await make_engine(family.Base.metadata))

    given: tuple[dict[str, Any], ...] = ({"models": {}}, {"scalars": {}}, {"hooks": Hooks()})
    for options in given:
        with pytest.raises(ConfigurationError) as raised:
            Crud(House, api=api, **options)
        assert str(raised.value) == "Crud(..., api=api) has the models, scalars and hooks of the Api; say them there."


async def test_a_conflict_of_a_commit_is_told(make_engine: MakeEngine) -> None:
    engine = await make_engine(family.Base.metadata)
    houses = Crud(House)
    await houses.create(engine, {"name": "one"})
    async with AsyncSession(engine) as session:
        with pytest.raises(Conflict):
            await houses.create(session, {"name": "one"}, commit=True)
        assert list(await session.scalars(select(House.name))) == ["one"]


@pytest.mark.parametrize(
    ("statement", "expired"),
    [
        (update(Room).values(size=5), {"hall", "attic"}),
        (insert(family.Tag).values(name="t"), set()),
        (delete(family.house_tag), set()),
        (delete(Room).where(Room.id == 9), {"hall", "attic", "one"}),
        (text("UPDATE room SET size = 5"), {"hall", "attic", "one"}),
        (select(Room.size), set()),
    ],
    ids=["update", "insert", "delete of links", "delete", "text", "select"],
)
async def test_what_a_hook_changes_by_statements_is_read_anew_as_well(
    make_engine: MakeEngine, statement: Any, expired: set[str]
) -> None:
    """A class that was written to as a whole; all there is, where nobody knows."""
    engine = await make_engine(family.Base.metadata)
    await save(engine, House(id=1, name="one", rooms=[Room(name="hall"), Room(name="attic")]))

    async def hook(write: Write) -> None:
        await write.session.execute(statement)

    notes = Crud(Note, hooks=Hooks(before_create=hook))
    async with AsyncSession(engine) as session:
        held = {
            each.name: each for each in [*await session.scalars(select(Room)), *await session.scalars(select(House))]
        }
        await notes.create(session, {"name": "memo", "house_id": 1})
        assert {name for name, each in held.items() if inspect(each).expired_attributes} == expired
