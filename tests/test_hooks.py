"""Hooks around writes: their order, what they are given, what they change, and what they refuse."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import ForeignKey, String, func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from gqlcrud import Api, Committed, ConfigurationError, ErrorCode, Hooks, ModelOptions, Write, WriteKind, WriteRefused
from gqlcrud.errors import PAYLOAD_CODES
from gqlcrud.types.payloads import ERROR_CODE
from tests.databases import MakeEngine, record_statements
from tests.running import run


class Base(DeclarativeBase):
    pass


class Owner(Base):
    __tablename__ = "owner"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)

    pets: Mapped[list["Pet"]] = relationship(back_populates="owner")


class Pet(Base):
    __tablename__ = "pet"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    age: Mapped[int | None] = mapped_column()
    changed_by: Mapped[str | None] = mapped_column(String(40))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("owner.id"))

    owner: Mapped["Owner | None"] = relationship(back_populates="pets")


class Note(Base):
    """What hooks write themselves."""

    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(80))


@dataclass
class Log:
    """Hooks that write down what they are called with."""

    lines: list[str] = field(default_factory=list)

    def hooks(self, *, name: str = "", **hooks: Any) -> Hooks:
        def before(write: Write) -> None:
            self._add(f"{name}before {write.kind}", write)

        async def after(write: Write) -> None:
            self._add(f"{name}after {write.kind}", write)

        def committed(event: Committed) -> None:
            self.lines.append(f"{name}committed {event.kind} {event.model.__name__} {event.keys}")

        befores = dict.fromkeys(("before_create", "before_update", "before_delete"), before)
        afters = dict.fromkeys(("after_create", "after_update", "after_delete"), after)
        return Hooks(**{**befores, **afters, "after_commit": committed, **hooks})

    def _add(self, moment: str, write: Write) -> None:
        self.lines.append(
            f"{moment} {write.model.__name__} {write.key} {dict(write.values)} {'.'.join(map(str, write.path))}"
        )


async def write(api: Api, field_name: str, value: str, shown: str = "", context: Any = None) -> Any:
    query = f"mutation {{ {field_name}(input: {value}) {{ {shown} errors {{ code message path }} }} }}"
    result = await api.execute(query, context=context)
    assert result.errors is None, result.errors
    assert result.data is not None
    return result.data[field_name]


async def count(engine: AsyncEngine, entity: Any) -> int:
    async with engine.connect() as connection:
        return (await connection.execute(select(func.count()).select_from(entity))).scalar_one()


FIDO = '{data: {name: "Ada", pets: {create: [{name: "Fido"}, {name: "Rex"}]}}}'


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncEngine:
    return await make_engine(Base.metadata)


@pytest.fixture
def offline() -> AsyncEngine:
    """An engine that nobody connects to."""
    return create_async_engine("sqlite+aiosqlite://")


# ---------- order ----------


async def test_hooks_stand_around_each_record_and_those_of_nested_ones_between(engine: AsyncEngine) -> None:
    log = Log()
    api = Api(Base, engine, hooks=log.hooks())

    await write(api, "createOwner", FIDO)

    assert log.lines == [
        "before create Owner None {'name': 'Ada'} input.data",
        "before create Pet None {'owner_id': 1, 'name': 'Fido'} input.data.pets.create.0",
        "before create Pet None {'owner_id': 1, 'name': 'Rex'} input.data.pets.create.1",
        "after create Pet (1,) {'owner_id': 1, 'name': 'Fido'} input.data.pets.create.0",
        "after create Pet (2,) {'owner_id': 1, 'name': 'Rex'} input.data.pets.create.1",
        "after create Owner (1,) {'name': 'Ada'} input.data",
        "committed create Pet ((1,), (2,))",
        "committed create Owner ((1,),)",
    ]


async def test_a_target_comes_before_the_record_that_refers_to_it(engine: AsyncEngine) -> None:
    """So the foreign key is known to the hook, however the input gives it."""
    log = Log()
    api = Api(Base, engine, hooks=log.hooks())

    await write(api, "createPet", '{data: {name: "Fido", owner: {create: {name: "Ada"}}}}')
    await write(api, "createPet", '{data: {name: "Rex", owner: {connect: {name: "Ada"}}}}')

    assert [line for line in log.lines if line.startswith("before")] == [
        "before create Owner None {'name': 'Ada'} input.data.owner.create",
        "before create Pet None {'name': 'Fido', 'owner_id': 1} input.data",
        "before create Pet None {'name': 'Rex', 'owner_id': 1} input.data",
    ]


async def test_hooks_of_all_models_come_before_those_of_the_model(engine: AsyncEngine) -> None:
    log = Log()
    models: dict[type, ModelOptions] = {Owner: ModelOptions(hooks=log.hooks(name="its own "))}
    api = Api(Base, engine, models=models, hooks=log.hooks(name="any "))

    await write(api, "createOwner", '{data: {name: "Ada"}}')

    assert [line.partition(" Owner")[0] for line in log.lines] == [
        "any before create",
        "its own before create",
        "any after create",
        "its own after create",
        "any committed create",
        "its own committed create",
    ]


async def test_every_way_to_write_a_record_has_its_hooks(engine: AsyncEngine) -> None:
    """A link that is there already is nothing written."""
    log = Log()
    api = Api(Base, engine, hooks=log.hooks())
    await write(api, "createOwner", FIDO)
    log.lines.clear()

    pets = """{update: [{by: {name: "Fido"}, patch: {age: 3}}],
        upsert: [{by: {name: "Rex"}, create: {name: "Rex"}, update: {age: 4}},
        {by: {name: "Bo"}, create: {name: "Bo"}, update: {}}],
        connectOrCreate: [{by: {name: "Kim"}, create: {name: "Kim"}}]}"""
    await write(api, "updateOwner", f'{{by: {{name: "Ada"}}, patch: {{pets: {pets}}}}}')
    await write(
        api,
        "updateOwner",
        '{by: {name: "Ada"}, patch: {pets: {disconnect: [{name: "Fido"}], deleteWhere: {age: {eq: 4}}}}}',
    )
    await write(api, "updateOwner", '{by: {name: "Ada"}, patch: {pets: {connect: [{name: "Fido"}]}}}')
    await write(api, "updateOwner", '{by: {name: "Ada"}, patch: {pets: {connect: [{name: "Fido"}]}}}')
    await write(api, "upsertPet", '{on: NAME, create: {name: "Fido"}, update: {age: 9}}')
    await write(api, "deletePet", '{by: {name: "Fido"}}')

    assert [line.removeprefix("before ") for line in log.lines if line.startswith("before")] == [
        "update Owner (1,) {} input.patch",
        "update Pet (1,) {'age': 3} input.patch.pets.update.0.patch",
        "update Pet (2,) {'age': 4} input.patch.pets.upsert.0.update",
        "create Pet None {'owner_id': 1, 'name': 'Bo'} input.patch.pets.upsert.1.create",
        "create Pet None {'owner_id': 1, 'name': 'Kim'} input.patch.pets.connectOrCreate.0.create",
        "update Owner (1,) {} input.patch",
        "delete Pet (2,) {} input.patch.pets.deleteWhere",
        "update Pet (1,) {'owner_id': None} input.patch.pets.disconnect.0",
        "update Owner (1,) {} input.patch",
        "update Pet (1,) {'owner_id': 1} input.patch.pets.connect.0",
        "update Owner (1,) {} input.patch",
        "update Pet (1,) {'age': 9} input.update",
        "delete Pet (1,) {} input.by",
    ]
    assert log.lines[-2:] == ["after delete Pet (1,) {} input.by", "committed delete Pet ((1,),)"]


async def test_hooks_take_no_statements_of_their_own(engine: AsyncEngine) -> None:
    """Around each record of a list SQLAlchemy's unit of work writes it, one after the other where SQLite numbers them."""
    counts = []
    for hooks in (None, Log().hooks()):
        api = Api(Base, engine, hooks=hooks)
        with record_statements(engine) as statements:
            await write(api, "createOwner", FIDO)
            await write(api, "deletePet", '{by: {name: "Rex"}}')
            await write(api, "deletePet", '{by: {name: "Fido"}}')
            await write(api, "deleteOwner", '{by: {name: "Ada"}}')
        counts.append(len(statements))

    assert counts[1] - counts[0] == (1 if engine.dialect.name == "sqlite" else 0)


# ---------- values ----------


async def test_what_a_hook_sets_is_written_in_columns_that_clients_cannot_reach_too(engine: AsyncEngine) -> None:
    async def stamp(write: Write) -> Write:
        return write.set(changed_by=write.context["user"], name=write.values.get("name", "?").title())

    hooks = Hooks(before_create=stamp)
    api = Api(Base, engine, models={Pet: ModelOptions(hooks=hooks, exclude={"changed_by"})})

    data = await write(api, "createPet", '{data: {name: "fido"}}', "pet { name }", context={"user": "ada"})

    assert data == {"pet": {"name": "Fido"}, "errors": []}
    async with AsyncSession(engine) as session:
        assert (await session.execute(select(Pet.changed_by))).scalars().all() == ["ada"]


async def test_a_hook_before_an_update_sees_the_record_as_it_is(engine: AsyncEngine) -> None:
    def grow(write: Write) -> Write | None:
        if write.values.get("age") is None:
            return write.set(age=write.record.age + 1)
        return None

    api = Api(Base, engine, models={Pet: ModelOptions(hooks=Hooks(before_update=grow))})
    await write(api, "createPet", '{data: {name: "Fido", age: 3}}')

    assert await write(api, "updatePet", '{by: {rowId: 1}, patch: {name: "Rex"}}', "pet { name age }") == {
        "pet": {"name": "Rex", "age": 4},
        "errors": [],
    }
    assert (await write(api, "updatePet", "{by: {rowId: 1}, patch: {age: 7}}", "pet { age }"))["pet"] == {"age": 7}


async def test_hooks_read_and_write_in_the_same_transaction(engine: AsyncEngine) -> None:
    """A coroutine by the session, a function by its synchronous one; what is left pending is written."""

    async def refuse_a_third(write: Write) -> None:
        if (await write.session.execute(select(func.count()).select_from(Pet))).scalar_one() >= 2:
            raise WriteRefused("Two pets are enough.", ErrorCode.LIMIT)

    def note(write: Write) -> None:
        seen = write.session.sync_session.execute(select(func.count()).select_from(Pet)).scalar_one()
        write.session.add(Note(text=f"{write.record.name} is pet {seen}"))

    hooks = Hooks(before_create=refuse_a_third, after_create=note)
    api = Api(Base, engine, models={Pet: ModelOptions(hooks=hooks)})

    shown = "pet { name } query { notes { nodes { text } } }"
    assert await write(api, "createPet", '{data: {name: "Fido"}}', shown) == {
        "pet": {"name": "Fido"},
        "query": {"notes": {"nodes": [{"text": "Fido is pet 1"}]}},
        "errors": [],
    }
    await write(api, "createPet", '{data: {name: "Rex"}}')
    assert (await write(api, "createPet", '{data: {name: "Bo"}}'))["errors"] == [
        {"code": "LIMIT", "message": "Two pets are enough.", "path": ["input", "data"]}
    ]


# ---------- refusals ----------


def refuse_rex(write: Write) -> None:
    if (write.record is not None and write.record.name == "Rex") or write.values.get("name") == "Rex":
        raise WriteRefused("Rex stays as he is.", path=("name",))


async def test_all_that_hooks_refuse_is_told_at_its_place_and_nothing_is_written(engine: AsyncEngine) -> None:
    options = ModelOptions(hooks=Hooks(before_create=refuse_rex), rename={"name": "petName"})
    api = Api(Base, engine, models={Pet: options})
    pets = '[{petName: "Fido"}, {petName: "Rex"}, {petName: "Rex"}]'

    data = await write(api, "createOwner", f'{{data: {{name: "Ada", pets: {{create: {pets}}}}}}}', "owner { name }")

    message, path = "Rex stays as he is.", ["input", "data", "pets", "create"]
    assert data == {
        "owner": None,
        "errors": [
            {"code": "FORBIDDEN", "message": message, "path": [*path, "1", "petName"]},
            {"code": "FORBIDDEN", "message": message, "path": [*path, "2", "petName"]},
        ],
    }
    assert (await count(engine, Owner), await count(engine, Pet)) == (0, 0)


async def test_a_hook_refuses_what_is_written_already(engine: AsyncEngine) -> None:
    api = Api(Base, engine, models={Pet: ModelOptions(hooks=Hooks(after_create=refuse_rex))})

    data = await write(api, "createOwner", FIDO)

    assert [each["path"] for each in data["errors"]] == [["input", "data", "pets", "create", "1", "name"]]
    assert (await count(engine, Owner), await count(engine, Pet)) == (0, 0)


async def test_deletions_and_updates_are_refused_wherever_they_come_from(engine: AsyncEngine) -> None:
    hooks = Hooks(before_update=refuse_rex, before_delete=refuse_rex)
    api = Api(Base, engine, models={Pet: ModelOptions(hooks=hooks)})
    await write(api, "createOwner", FIDO)

    async def errors(field_name: str, value: str) -> list[tuple[str, list[str]]]:
        found = (await write(api, field_name, value))["errors"]
        return [(each["code"], each["path"]) for each in found]

    assert await errors("deletePet", '{by: {name: "Rex"}}') == [("FORBIDDEN", ["input", "by", "name"])]
    assert await errors("updateOwner", "{by: {rowId: 1}, patch: {pets: {deleteWhere: {}}}}") == [
        ("FORBIDDEN", ["input", "patch", "pets", "deleteWhere", "name"])
    ]
    assert await errors("updateOwner", "{by: {rowId: 1}, patch: {pets: {set: []}}}") == [
        ("FORBIDDEN", ["input", "patch", "pets", "set", "name"])
    ]
    assert await count(engine, Pet) == 2


def test_a_refusal_has_a_code_of_payloads() -> None:
    assert {ErrorCode(each.value) for each in ERROR_CODE.values} == PAYLOAD_CODES
    with pytest.raises(ConfigurationError) as error:
        WriteRefused("No.", ErrorCode.INTERNAL_ERROR)

    assert str(error.value) == "WriteRefused(code=...) takes a code of payloads, such as FORBIDDEN, not INTERNAL_ERROR."


# ---------- after the commit ----------


async def test_a_hook_after_the_commit_sees_what_is_written(engine: AsyncEngine) -> None:
    seen: list[Any] = []

    async def look(event: Committed) -> None:
        seen.append((event, await count(engine, Pet)))

    api = Api(Base, engine, models={Pet: ModelOptions(hooks=Hooks(after_commit=look))})
    await write(api, "createOwner", FIDO, context="the request")

    assert seen == [(Committed(WriteKind.CREATE, Pet, ((1,), (2,)), "the request"), 2)]


async def test_nothing_is_told_of_a_write_that_fails(engine: AsyncEngine) -> None:
    log = Log()
    api = Api(Base, engine, hooks=log.hooks())

    data = await write(api, "createOwner", '{data: {name: "Ada", pets: {create: [{name: "A"}, {name: "A"}]}}}')

    assert [each["code"] for each in data["errors"]] == ["UNIQUE"]
    assert [line for line in log.lines if line.startswith("committed")] == []


async def test_a_failing_hook_after_the_commit_is_logged_and_the_write_stands(
    engine: AsyncEngine, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Committed) -> None:
        raise RuntimeError("secret")

    log = Log()
    models: dict[type, ModelOptions] = {Pet: ModelOptions(hooks=log.hooks())}
    api = Api(Base, engine, models=models, hooks=Hooks(after_commit=fail))

    data = await write(api, "createPet", '{data: {name: "Fido"}}', "pet { name }")

    assert data == {"pet": {"name": "Fido"}, "errors": []}
    assert log.lines[-1] == "committed create Pet ((1,),)"
    assert [(each.getMessage(), str(each.exc_info and each.exc_info[1])) for each in caplog.records] == [
        ("The hook after_commit of Pet failed.", "secret")
    ]


async def test_in_a_transaction_of_the_application_it_is_told_when_that_is_committed(engine: AsyncEngine) -> None:
    """Of several writes each is told; of what a savepoint or the whole transaction undoes, nothing."""
    log = Log()
    api = Api(Base, engine, hooks=log.hooks())

    async def create(session: AsyncSession, name: str) -> None:
        text = f'mutation {{ createPet(input: {{data: {{name: "{name}"}}}}) {{ errors {{ code }} }} }}'
        await api.execute(text, session=session)

    def told() -> list[str]:
        return [line for line in log.lines if line.startswith("committed")]

    async with AsyncSession(engine) as session:
        session.add(Note(text="begun"))
        await session.flush()
        await create(session, "Fido")
        await session.rollback()
        assert told() == []
        session.add(Note(text="begun"))
        await session.flush()
        await create(session, "Rex")
        async with session.begin_nested() as savepoint:
            await create(session, "Tom")
            await savepoint.rollback()
        async with session.begin_nested():
            await create(session, "Ace")
        assert told() == []
        await session.commit()
        kept = [f"committed create Pet (({key},),)" for key in await session.scalars(select(Pet.id).order_by(Pet.id))]
        assert told() == kept
        session.add(Note(text="more"))
        await session.commit()

    assert (told(), len(kept)) == (kept, 2)


async def test_what_a_savepoint_has_undone_is_not_told(engine: AsyncEngine) -> None:
    """Somebody else makes the record at the same time, so that it is linked in the end."""
    log = Log()

    async def interfere(write: Write) -> None:
        if not log.lines:
            log.lines.append("interfered")
            write.session.add(Pet(name="Fido"))
            await write.session.flush()

    hooks = log.hooks(before_create=interfere)
    api = Api(Base, engine, models={Pet: ModelOptions(hooks=hooks)})

    data = await write(api, "upsertPet", '{on: NAME, create: {name: "Fido"}, update: {age: 2}}', "pet { age }")

    assert [each["code"] for each in data["errors"]] == ["UNIQUE"]
    assert log.lines == ["interfered"]


# ---------- mistakes ----------


def test_what_is_no_hook_is_refused(offline: AsyncEngine) -> None:
    wrong: Any = "x"

    with pytest.raises(ConfigurationError, match=r"Api\(hooks=...\) takes gqlcrud.Hooks\(...\), not 'x'."):
        Api(Base, offline, hooks=wrong)
    with pytest.raises(
        ConfigurationError, match=r"ModelOptions\(hooks=...\) of Pet takes gqlcrud.Hooks\(...\), not 'x'."
    ):
        Api(Base, offline, models={Pet: ModelOptions(hooks=wrong)})
    with pytest.raises(
        ConfigurationError, match=r"Hooks\(after_commit='x'\) takes a function or a coroutine function."
    ):
        Hooks(after_commit=wrong)


@pytest.mark.parametrize(
    ("hook", "message"),
    [
        (lambda write: {"age": 1}, "The hook before_create of Pet returned {'age': 1}; it returns the write, as"),
        (
            lambda write: write.set(agee=1),
            "The hook before_create of Pet sets 'agee', and the columns of Pet are: age,",
        ),
    ],
)
async def test_a_hook_that_gives_what_cannot_be_meant_is_a_fault(
    engine: AsyncEngine, hook: Any, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    api = Api(Base, engine, models={Pet: ModelOptions(hooks=Hooks(before_create=hook))})

    result = await api.execute('mutation { createPet(input: {data: {name: "Fido"}}) { errors { code } } }')

    assert result.errors is not None and (result.errors[0].extensions or {})["code"] == "INTERNAL_ERROR"
    assert message in str(caplog.records[0].exc_info and caplog.records[0].exc_info[1])


async def test_the_mutations_of_one_document_are_told_in_their_order(engine: AsyncEngine) -> None:
    log = Log()
    api = Api(Base, engine, hooks=log.hooks())

    await run(
        api,
        'mutation { a: createPet(input: {data: {name: "A"}}) { errors { code } } '
        'b: createPet(input: {data: {name: "B"}}) { errors { code } } }',
    )

    assert [line.partition(" Pet")[0] for line in log.lines] == [
        "before create",
        "after create",
        "committed create",
    ] * 2


async def test_what_a_hook_cannot_write_fails_its_item_alone(engine: AsyncEngine) -> None:
    def own(write: Write) -> None:
        if write.values["name"] != "Rex":
            write.session.add(Owner(name="Ada"))

    api = Api(Base, engine, models={Pet: ModelOptions(hooks=Hooks(after_create=own))})
    value = '{data: [{name: "Fido"}, {name: "Rex"}, {name: "Max"}], onError: CONTINUE}'

    assert await write(api, "createPets", value, "pets { name }") == {
        "pets": [{"name": "Fido"}, {"name": "Rex"}, None],
        "errors": [{"code": "UNIQUE", "message": "Another Owner has the same name.", "path": ["input", "data", "2"]}],
    }


async def test_the_value_of_a_hook_takes_the_place_of_an_operator(engine: AsyncEngine) -> None:
    def grow(write: Write) -> Write:
        return write.set(age=10)

    api = Api(Base, engine, models={Pet: ModelOptions(hooks=Hooks(before_update=grow))})
    await write(api, "createPet", '{data: {name: "Fido", age: 1}}')

    one = await write(api, "updatePet", '{by: {name: "Fido"}, ops: {age: {increment: 1}}}', "pet { age }")
    many = await write(api, "updatePets", "{where: {age: {gt: 1}}, ops: {age: {increment: 1}}}", "pets { age }")
    assert (one["pet"], many["pets"]) == ({"age": 10}, [{"age": 10}])
