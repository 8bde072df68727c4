"""A new record that is one row, written by the driver itself on PostgreSQL: nothing is told or stored otherwise than by a
session, which writes it on SQLite, and wherever more has to be done."""

import asyncio
import enum
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import JSON, ForeignKey, Numeric, String, event, text
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from gqlcrud import Api, Limits, ModelOptions, Policy
from gqlcrud.execution import LoneWriter
from tests.databases import Backend, MakeEngine
from tests.pools import small_pool, taken
from tests.running import run, save


class Kind(enum.Enum):
    PLAIN = "plain"
    FANCY = "fancy"


class Shouted(TypeDecorator[str]):
    """Stored in capitals."""

    impl = String(20)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return value.upper() if value is not None else None


class Base(DeclarativeBase):
    pass


class Shop(Base):
    __tablename__ = "shop"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    wares: Mapped[list["Ware"]] = relationship(back_populates="shop", foreign_keys="Ware.shop_id")


class Ware(Base):
    __tablename__ = "ware"
    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(String(10), unique=True)
    code: Mapped[int | None]
    origin: Mapped[int | None] = mapped_column(ForeignKey("shop.id", deferrable=True, initially="DEFERRED"))
    kind: Mapped[Kind] = mapped_column(default=Kind.PLAIN)
    motto: Mapped[str | None] = mapped_column(Shouted())
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2), default=lambda: Decimal("1.5"))
    stock: Mapped[int] = mapped_column(server_default="7")
    extra: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    version: Mapped[int] = mapped_column()
    shop_id: Mapped[int | None] = mapped_column(ForeignKey("shop.id"))
    shop: Mapped[Shop | None] = relationship(back_populates="wares", foreign_keys=[shop_id])

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  # as SQLAlchemy types it


class Slug(Base):
    """What it is called depends on the other values of its statement."""

    __tablename__ = "slug"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    slug: Mapped[str] = mapped_column(default=lambda context: context.get_current_parameters()["name"].lower())


class Coin(Base):
    """Its worth is a value that SQLAlchemy puts into the text of each statement."""

    __tablename__ = "coin"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    worth: Mapped[int] = mapped_column(default=sa.literal(5, literal_execute=True))


CREATE = """mutation($data: WareCreate!) { createWare(input: {data: $data}) {
  ware { label code kind motto price stock extra version shop { name } } errors { code message path } } }"""
WARE = {"label": "a", "code": None, "kind": "PLAIN", "motto": None, "price": "1.50", "stock": 7, "extra": None}


def written(**values: Any) -> dict[str, Any]:
    return {"createWare": {"ware": {**WARE, "version": 1, "shop": None, **values}, "errors": []}}


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncEngine:
    engine = await make_engine(Base.metadata)
    await save(engine, Shop(name="Corner"))
    return engine


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Whether each row that was tried to be written without a session was."""
    found: list[bool] = []
    run_alone = LoneWriter.run

    async def recorded(*given: Any) -> Any:
        result = await run_alone(*given)
        found.append(result is not None)
        return result

    monkeypatch.setattr(LoneWriter, "run", recorded)
    yield found


async def count(engine: AsyncEngine, table: str = "ware") -> int:
    async with engine.connect() as connection:
        return int((await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


def tried(backend: Backend, *expected: bool) -> list[bool]:
    """SQLite has a session for every write."""
    return list(expected) if backend.name == "postgresql" else []


async def test_row_is_stored_and_told_as_by_a_session(engine: AsyncEngine, backend: Backend, alone: list[bool]) -> None:
    given = {
        "a": ({}, {}),
        "b": (
            {"code": 1, "kind": "FANCY", "motto": "buy", "price": "2", "stock": 0, "extra": {"k": [1, None]}},
            {"code": 1, "kind": "FANCY", "motto": "BUY", "price": "2.00", "stock": 0, "extra": {"k": [1, None]}},
        ),
        "c": ({"extra": None, "code": None, "shop": {"connect": {"rowId": 1}}}, {"shop": {"name": "Corner"}}),
    }
    for source in (engine, async_sessionmaker(engine)):
        api = Api(Base, source)
        for label, (data, told) in given.items():
            assert await run(api, CREATE, data={"label": label, **data}) == written(label=label, **told)
        async with engine.begin() as connection:
            rows = (
                await connection.execute(
                    text("SELECT label, code, kind, motto, price, stock, version, shop_id FROM ware")
                )
            ).all()
            await connection.execute(text("DELETE FROM ware"))
        assert sorted(tuple(row) for row in rows) == [
            ("a", None, "PLAIN", None, Decimal("1.5"), 7, 1, None),
            ("b", 1, "FANCY", "BUY", 2, 0, 1, None),
            ("c", None, "PLAIN", None, Decimal("1.5"), 7, 1, 1),
        ]
    assert alone == tried(backend, True, True, True)


async def test_what_an_insert_tells_is_not_read_again(engine: AsyncEngine, backend: Backend, alone: list[bool]) -> None:
    """What it stores may be another value than the one that was given."""
    query = 'mutation { createWare(input: {data: {label: "a", price: "1.239"}}) { ware { label price stock } } }'

    data = await run(Api(Base, engine), query)

    price = "1.24"
    assert data == {"createWare": {"ware": {"label": "a", "price": price, "stock": 7}}}
    assert alone == tried(backend, True)


@pytest.mark.parametrize(
    ("data", "errors"),
    [
        ({"label": "taken"}, [("UNIQUE", ["input", "data", "label"])]),
        ({"label": "new", "origin": "U2hvcDo5"}, [("FOREIGN_KEY", ["input", "data", "origin"])]),
        ({"label": "new", "shop": {"connect": {"rowId": 9}}}, [("NOT_FOUND", ["input", "data", "shop", "connect"])]),
    ],
    ids=["unique", "deferred", "missing"],
)
async def test_what_the_database_refuses_is_told_as_ever(
    engine: AsyncEngine, backend: Backend, alone: list[bool], data: dict[str, Any], errors: list[Any]
) -> None:
    api = Api(Base, engine)
    await run(api, CREATE, data={"label": "taken", "code": 1})

    found = await run(api, CREATE, data=data)

    assert found["createWare"]["ware"] is None
    assert [(each["code"], each["path"]) for each in found["createWare"]["errors"]] == errors
    assert (await count(engine), alone) == (1, tried(backend, True, False))
    assert await run(api, CREATE, data={"label": "b"}) == written(label="b")


async def test_default_that_depends_on_the_statement(engine: AsyncEngine, alone: list[bool]) -> None:
    query = 'mutation { createSlug(input: {data: {name: "ABC"}}) { slug { name slug } } }'

    assert await run(Api(Base, engine), query) == {"createSlug": {"slug": {"name": "ABC", "slug": "abc"}}}
    assert alone == []


async def test_statement_that_only_sqlalchemy_can_tell(
    engine: AsyncEngine, backend: Backend, alone: list[bool]
) -> None:
    query = 'mutation { createCoin(input: {data: {name: "A"}}) { coin { name worth } } }'

    assert await run(Api(Base, engine), query) == {"createCoin": {"coin": {"name": "A", "worth": 5}}}
    assert (await count(engine, "coin"), alone) == (1, tried(backend, False))


async def test_whoever_listens_is_told(engine: AsyncEngine, alone: list[bool]) -> None:
    """To what the engine or a session tells, there is a session."""
    api: Api = Api(Base, engine)
    heard: list[str] = []
    for target, name in ((engine.sync_engine, "commit"), (Session, "after_commit"), (Ware, "after_insert")):

        def hear(*_: object, name: str = name) -> None:
            heard.append(name)

        event.listen(target, name, hear)
        try:
            await run(api, CREATE, data={"label": name[-6:]})
        finally:
            event.remove(target, name, hear)
    assert (heard, alone) == (["commit", "after_commit", "after_insert"], [])


async def test_policy_is_asked_of_the_row_as_written(engine: AsyncEngine, alone: list[bool]) -> None:
    def cheap(_: object) -> sa.ColumnElement[bool]:
        return Ware.price < 2

    api = Api(Base, engine, models={Ware: ModelOptions(policy=Policy(create=cheap))})

    found = [await run(api, CREATE, data={"label": price, "price": price}) for price in ("1", "3")]

    assert [[each["code"] for each in one["createWare"]["errors"]] for one in found] == [[], ["FORBIDDEN"]]
    assert alone == []


async def test_connection_is_given_back(engine: AsyncEngine, backend: Backend) -> None:
    """After a row that is written, one that is refused, and one whose author of the request gives up."""
    async with small_pool(engine) as pool:
        api = Api(Base, pool)
        for label in ("a", "a", "b"):
            await run(api, CREATE, data={"label": label})
            assert taken(pool) == 0
        async with engine.begin() as other:
            await other.execute(text("UPDATE ware SET stock = 1"))
            if backend.name == "postgresql":
                await other.execute(text("LOCK TABLE ware"))
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await api.execute(CREATE, {"data": {"label": "c"}})
            assert taken(pool) == 0
        assert await run(api, CREATE, data={"label": "d"}) == written(label="d")
    assert await count(engine) == 3


async def test_row_that_takes_too_long(engine: AsyncEngine, backend: Backend) -> None:
    api = Api(Base, engine, limits=Limits(statement_timeout=0.3))
    async with engine.begin() as other:
        await other.execute(text("UPDATE shop SET name = 'x'"))
        if backend.name == "postgresql":
            await other.execute(text("LOCK TABLE ware"))
        result = await api.execute(CREATE, {"data": {"label": "c"}})

    assert [(each.extensions or {})["code"] for each in result.errors or ()] in (["TIMEOUT"], ["UNAVAILABLE"])
    assert await count(engine) == 0
    assert await run(api, CREATE, data={"label": "c"}) == written(label="c")


async def test_connection_that_is_lost(engine: AsyncEngine, backend: Backend, alone: list[bool]) -> None:
    """The first request finds it out, or is written on another one; those after it are answered."""
    async with small_pool(engine) as pool:
        api = Api(Base, pool)
        await run(api, CREATE, data={"label": "a"})
        if backend.name == "postgresql":
            async with engine.connect() as other:
                others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                await other.execute(text(f"{others} AND datname = current_database()"))
        result = await api.execute(CREATE, {"data": {"label": "b"}})
        codes = [(each.extensions or {})["code"] for each in result.errors or ()]
        assert codes in ([], ["UNAVAILABLE"])
        assert await count(engine) == (1 if codes else 2)
        assert await run(api, CREATE, data={"label": "c"}) == written(label="c")
        assert taken(pool) == 0
