"""Where a write is committed, and what is left when it fails: with an engine, an async_sessionmaker and a session."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import strawberry
from sqlalchemy import ForeignKey, event, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from gqlcrud import Api
from tests.databases import Backend, MakeEngine
from tests.pools import small_pool, taken, watch
from tests.running import run, save
from tests.serving import app_of, client_of, post
from tests.shelf import Author, Base

CREATE = """mutation ($name: String!, $email: String) {
  createAuthor(input: {data: {name: $name, email: $email}}) { author { name } errors { code path } }
}"""
ADA = {"createAuthor": {"author": {"name": "Ada"}, "errors": []}}
TAKEN = {"createAuthor": {"author": None, "errors": [{"code": "UNIQUE", "path": ["input", "data", "email"]}]}}


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncIterator[AsyncEngine]:
    """An empty database. One connection is to be had, so that whoever takes a second one waits for itself."""
    engine = await make_engine(Base.metadata)
    async with small_pool(engine) as pool:
        yield pool


async def names(engine: AsyncEngine) -> list[str]:
    """What others see: the committed authors."""
    async with AsyncSession(engine) as session:
        return list(await session.scalars(select(Author.name).order_by(Author.name)))


def counts_ends(engine: AsyncEngine) -> list[str]:
    """Every COMMIT and ROLLBACK of the engine from here on."""
    ends: list[str] = []
    event.listen(engine.sync_engine, "commit", lambda _: ends.append("commit"))
    event.listen(engine.sync_engine, "rollback", lambda _: ends.append("rollback"))
    return ends


# ---------- engine ----------

THREE = """mutation {
  a: createAuthor(input: {data: {name: "Ada", email: "x"}}) { author { name books { totalCount } } errors { code } }
  b: createAuthor(input: {data: {name: "Bob", email: "x"}}) { author { name } errors { code } query { authors { totalCount } } }
  c: createAuthor(input: {data: {name: "Cid", email: "y"}}) { author { name } errors { code } query { authors { totalCount } } }
}"""
THREE_DATA: dict[str, Any] = {
    "a": {"author": {"name": "Ada", "books": {"totalCount": 0}}, "errors": []},
    "b": {"author": None, "errors": [{"code": "UNIQUE"}], "query": {"authors": {"totalCount": 1}}},
    "c": {"author": {"name": "Cid"}, "errors": [], "query": {"authors": {"totalCount": 2}}},
}


@pytest.mark.parametrize("source", [lambda engine: engine, async_sessionmaker], ids=["engine", "sessionmaker"])
async def test_each_root_field_is_one_transaction(engine: AsyncEngine, source: Any) -> None:
    """A field that fails has written nothing, and those beside it stay. The payload is read on the same connection."""
    assert await run(Api(Base, source(engine)), THREE) == THREE_DATA

    assert await names(engine) == ["Ada", "Cid"]
    assert taken(engine) == 0


async def test_field_that_fails_later_undoes_what_it_has_written(engine: AsyncEngine) -> None:
    """The author is inserted before its books are; the second book of one number fails."""
    document = """mutation { createAuthor(input: {data: {name: "Ada", books: {create: [
      {title: "A", price: "1", isbn: "1"}, {title: "B", price: "1", isbn: "1"}]}}})
      { author { name } errors { code path } } }"""

    assert await run(Api(Base, engine), document) == {
        "createAuthor": {
            "author": None,
            "errors": [{"code": "UNIQUE", "path": ["input", "data", "books", "create", "1", "isbn"]}],
        }
    }
    assert await names(engine) == []


async def test_field_that_is_refused_before_sql_takes_no_connection(engine: AsyncEngine) -> None:
    counted = watch(engine)
    document = "mutation { updateAuthor(input: {by: {rowId: 1}, if: null}) { errors { message } } }"

    data = await run(Api(Base, engine), document)

    assert data == {"updateAuthor": {"errors": [{"message": "if cannot be null; leave it out."}]}}
    assert counted.taken == 0


async def test_engine_in_autocommit_writes_in_transactions_all_the_same(engine: AsyncEngine) -> None:
    async with small_pool(engine, isolation_level="AUTOCOMMIT") as pool:
        for source in (pool, async_sessionmaker(pool)):
            api = Api(Base, source)
            assert await run(
                api,
                """mutation { createAuthor(input: {data: {name: "Ada", books: {create: [
                {title: "A", price: "1", isbn: "1"}, {title: "B", price: "1", isbn: "1"}]}}}) { errors { code } } }""",
            ) == {"createAuthor": {"errors": [{"code": "UNIQUE"}]}}
            assert await names(engine) == []
        assert await run(api, CREATE, name="Ada") == ADA

    assert await names(engine) == ["Ada"]


async def test_pool_that_pings_serves_a_write(engine: AsyncEngine) -> None:
    async with small_pool(engine, pool_pre_ping=True) as pool:
        assert await run(Api(Base, pool), THREE) == THREE_DATA


async def test_sessions_of_the_application_bring_their_events(engine: AsyncEngine) -> None:
    class Audited(Session):
        pass

    seen: list[str] = []

    @event.listens_for(Audited, "before_flush")
    def before_flush(session: Session, *_: object) -> None:
        seen.extend(each.name for each in session.new)

    async def session_of() -> AsyncIterator[AsyncSession]:
        async with AsyncSession(engine, sync_session_class=Audited) as session:
            yield session

    await run(Api(Base, async_sessionmaker(engine, sync_session_class=Audited)), CREATE, name="Ada")
    async with client_of(app_of(Api(Base, session_of))) as client:
        await post(client, CREATE, name="Bob")

    assert seen == ["Ada", "Bob"]


# ---------- a session of the application ----------


async def test_session_of_a_dependency_is_committed_after_each_field(engine: AsyncEngine) -> None:
    """It is in no transaction when the operation starts."""

    async def session_of() -> AsyncIterator[AsyncSession]:
        async with AsyncSession(engine) as session:
            yield session

    async with client_of(app_of(Api(Base, session_of))) as client:
        response = await post(client, THREE)

    assert response.json() == {"data": THREE_DATA}
    assert await names(engine) == ["Ada", "Cid"]
    assert taken(engine) == 0


async def test_session_in_a_transaction_is_left_to_the_application(engine: AsyncEngine) -> None:
    """A field that fails undoes itself; what the application has pending is kept, and the application commits."""
    api = Api(Base, engine)
    async with AsyncSession(engine) as session:
        session.add(Author(name="Own"))
        result = await api.execute(THREE, session=session)
        assert result.data == {
            "a": THREE_DATA["a"],
            "b": {**THREE_DATA["b"], "query": {"authors": {"totalCount": 2}}},
            "c": {**THREE_DATA["c"], "query": {"authors": {"totalCount": 3}}},
        }
        await session.rollback()
        assert await names(engine) == []

        session.add(Author(name="Own"))
        await api.execute(THREE, session=session)
        await session.commit()

    assert await names(engine) == ["Ada", "Cid", "Own"]


async def test_pending_objects_that_fail_are_the_applications_own(engine: AsyncEngine) -> None:
    """That is a fault of the server, and none of the client's input."""
    await save(engine, Author(name="Ada", email="x"))
    async with AsyncSession(engine) as session:
        session.add(Author(name="Own", email="x"))
        result = await Api(Base, engine).execute(CREATE, {"name": "Bob"}, session=session)

    assert [each.extensions["code"] for each in result.errors or () if each.extensions] == ["INTERNAL_ERROR"]
    assert await names(engine) == ["Ada"]


@pytest.mark.parametrize("joined", [False, True])
async def test_session_sees_what_is_written_through_it(engine: AsyncEngine, joined: bool) -> None:
    await save(engine, Author(id=1, name="Ada"))
    async with AsyncSession(engine, expire_on_commit=False) as session:
        ada = await session.get_one(Author, 1)
        if not joined:
            await session.commit()
        document = 'mutation { updateAuthor(input: {by: {rowId: 1}, patch: {name: "Ada L."}}) { errors { code } } }'
        await Api(Base, engine).execute(document, session=session)
        await session.refresh(ada)

        assert ada.name == "Ada L."
        assert session.in_transaction()
        await session.rollback()

    assert await names(engine) == (["Ada"] if joined else ["Ada L."])


async def test_session_that_only_failed_is_in_no_transaction(engine: AsyncEngine) -> None:
    """A lock on a file of SQLite would be held until the request ends."""
    await save(engine, Author(name="Ada", email="x"))
    async with AsyncSession(engine) as session:
        result = await Api(Base, engine).execute(CREATE, {"name": "Bob", "email": "x"}, session=session)

        assert result.data == TAKEN
        assert not session.in_transaction()
        assert taken(engine) == 0


async def test_session_in_autocommit_is_given_a_transaction(engine: AsyncEngine) -> None:
    async with small_pool(engine, isolation_level="AUTOCOMMIT") as pool, AsyncSession(pool) as session:
        result = await Api(Base, pool).execute(THREE, session=session)

        assert result.data == THREE_DATA


async def test_own_mutation_and_generated_ones_share_the_session(engine: AsyncEngine) -> None:
    class Mutations:
        @strawberry.mutation
        async def welcome(self, info: strawberry.Info, name: str) -> str:
            info.context.add(Author(name=name))
            await info.context.commit()
            return name

    api = Api(Base, lambda: None, mutation=Mutations)
    async with AsyncSession(engine) as session:
        document = f'{THREE.strip()[:-1]} welcome(name: "Dan") }}'
        result = await api.execute(document, session=session, context=session)

    assert result.data == {**THREE_DATA, "welcome": "Dan"}
    assert await names(engine) == ["Ada", "Cid", "Dan"]


# ---------- SQLite's drivers ----------


@pytest.mark.parametrize("recipe", ["BEGIN", "BEGIN IMMEDIATE"])
async def test_sqlite_engine_that_begins_by_an_event(backend: Backend, make_engine: MakeEngine, recipe: str) -> None:
    """The recipe of SQLAlchemy's documentation, with which the driver begins nothing by itself."""
    engine = await make_engine(Base.metadata)
    async with small_pool(engine) as pool:
        if backend.name == "sqlite":

            @event.listens_for(pool.sync_engine, "connect")
            def connect(connection: Any, _: object) -> None:
                connection.isolation_level = None

            @event.listens_for(pool.sync_engine, "begin")
            def begin(connection: Any) -> None:
                connection.exec_driver_sql(recipe)

        assert await run(Api(Base, pool), THREE) == THREE_DATA
        async with AsyncSession(pool) as session:
            session.add(Author(name="Own"))
            await Api(Base, pool).execute(CREATE, {"name": "Bob", "email": "x"}, session=session)
            await session.commit()
        assert await names(pool) == ["Ada", "Cid", "Own"]


# ---------- constraints that are checked when the transaction ends ----------


class Deferred(DeclarativeBase):
    pass


class Room(Deferred):
    __tablename__ = "room"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    next_number: Mapped[int | None] = mapped_column(ForeignKey("room.number", deferrable=True, initially="DEFERRED"))
    wing_id: Mapped[int | None] = mapped_column(ForeignKey("wing.id", deferrable=True, initially="DEFERRED"))

    wing: Mapped["Wing | None"] = relationship(back_populates="rooms")


class Wing(Deferred):
    __tablename__ = "wing"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]

    rooms: Mapped[list[Room]] = relationship(back_populates="wing")


WING = """mutation {
  createWing(input: {data: {name: "West", rooms: {create: [%s]}}}) { wing { name } errors { code message path } }
}"""


async def test_constraint_that_fails_at_the_commit_is_told_at_its_place(make_engine: MakeEngine) -> None:
    """Everything that was written before is known then, so that what refers to it is not blamed."""
    engine = await make_engine(Deferred.metadata)
    api = Api(Deferred, engine)

    data = await run(api, WING % "{number: 1, nextNumber: 2}, {number: 2, nextNumber: 7}")

    assert data == {
        "createWing": {
            "wing": None,
            "errors": [
                {
                    "code": "FOREIGN_KEY",
                    "message": "There is no Room with this number.",
                    "path": ["input", "data", "rooms", "create", "1", "nextNumber"],
                }
            ],
        }
    }
    assert await run(api, WING % "{number: 1, nextNumber: 2}, {number: 2, nextNumber: 1}") == {
        "createWing": {"wing": {"name": "West"}, "errors": []}
    }
    assert await run(api, "{ wings { totalCount } rooms { totalCount } }") == {
        "wings": {"totalCount": 1},
        "rooms": {"totalCount": 2},
    }


async def test_constraint_that_fails_at_the_commit_of_a_session(make_engine: MakeEngine) -> None:
    engine = await make_engine(Deferred.metadata)
    api = Api(Deferred, engine)
    document = (
        "mutation { createRoom(input: {data: {number: 1, nextNumber: 2}}) { room { number } errors { code path } } }"
    )
    async with AsyncSession(engine) as session:
        result = await api.execute(document, session=session)

        assert result.data == {
            "createRoom": {"room": None, "errors": [{"code": "FOREIGN_KEY", "path": ["input", "data", "nextNumber"]}]}
        }
        assert not session.in_transaction()
    assert await run(api, "{ rooms { totalCount } }") == {"rooms": {"totalCount": 0}}
