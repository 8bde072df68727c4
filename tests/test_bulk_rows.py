"""Bulk creates that are planned and written column by column give what each record would be by itself."""

import datetime as dt
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import JSON, DateTime, ForeignKey, ForeignKeyConstraint, Numeric, String, TypeDecorator, event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, selectinload

from gqlcrud import Api, Limits, ModelOptions, Policy
from tests.databases import MakeEngine, record_statements
from tests.keyring import made
from tests.running import run, save

DAY = dt.date(2020, 1, 2)


class Base(DeclarativeBase):
    pass


class Grade(Enum):
    GOOD = "good"
    BAD = "bad"


class Maker(Base):
    __tablename__ = "rows_maker"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(20), unique=True)
    hidden: Mapped[bool] = mapped_column(default=False)


class Region(Base):
    __tablename__ = "rows_region"

    code: Mapped[str] = mapped_column(String(3), primary_key=True)


class Shelf(Base):
    __tablename__ = "rows_shelf"

    room: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    board: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class Room(Base):
    __tablename__ = "rows_room"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class Wrapped(TypeDecorator[Any]):
    """A type to which SQL's NULL for JSON is no value."""

    impl = JSON
    cache_ok = True


class Badge(Base):
    """Known by the maker that it belongs to."""

    __tablename__ = "rows_badge"

    id: Mapped[int] = mapped_column(primary_key=True)
    maker_id: Mapped[int] = mapped_column(ForeignKey(Maker.id), unique=True)
    marked: Mapped[dt.date] = mapped_column(unique=True)

    goods: Mapped[list["Good"]] = relationship(back_populates="badge")


class Good(Base):
    """Columns of many types, a foreign key that tells of what is not there, one to a record that is named by another key,
    and one that is part of a key."""

    __tablename__ = "rows_good"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(6))
    price: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    code: Mapped[str | None] = mapped_column(unique=True)
    grade: Mapped[Grade | None] = mapped_column()
    stock: Mapped[int] = mapped_column(default=5)
    made_on: Mapped[dt.date | None] = mapped_column()
    sold_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    meta: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    extra: Mapped[dict[str, Any] | None] = mapped_column(Wrapped)
    maker_id: Mapped[int | None] = mapped_column(ForeignKey(Maker.id))
    region_code: Mapped[str | None] = mapped_column(ForeignKey(Region.code))
    badge_id: Mapped[int | None] = mapped_column(ForeignKey(Badge.id))
    room: Mapped[int | None] = mapped_column(ForeignKey(Room.number))
    board: Mapped[int | None] = mapped_column()
    version: Mapped[int] = mapped_column()

    maker: Mapped[Maker | None] = relationship()
    region: Mapped[Region | None] = relationship()
    badge: Mapped[Badge | None] = relationship(back_populates="goods")
    shelf: Mapped[Shelf | None] = relationship(overlaps="hall")
    hall: Mapped[Room | None] = relationship(overlaps="shelf")
    notes: Mapped[list["Note"]] = relationship()

    __table_args__ = (ForeignKeyConstraint([room, board], [Shelf.room, Shelf.board]),)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  # SQLAlchemy has it so


class Note(Base):
    __tablename__ = "rows_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    good_id: Mapped[int] = mapped_column(ForeignKey(Good.id))
    place: Mapped[int] = mapped_column(default=0)
    before_id: Mapped[int | None] = mapped_column(ForeignKey("rows_note.id"))

    before: Mapped["Note | None"] = relationship(remote_side=[id])


SHOWN = "title price code grade stock madeOn soldAt meta version maker { email } region { code }"
CREATE = "mutation ($data: [GoodCreate!]!, $onError: OnError) { createGoods(input: {data: $data, onError: $onError}) { %s } }"
ERRORS = "affectedCount errors { code message path ... on UniqueError { fields } }"
COUNTED = CREATE % "affectedCount errors { code message path }"
TOLD = CREATE % f"goods {{ {SHOWN} }} affectedCount errors {{ code message path }}"


@dataclass
class Shop:
    api: Api
    engine: AsyncEngine

    async def emptied(self) -> None:
        async with self.engine.begin() as connection:
            await connection.execute(sa.delete(Good))
            await connection.execute(sa.delete(Maker).where(Maker.id > 3))

    async def create(self, document: str, items: list[Any], on_error: str | None = None) -> tuple[Any, list[str]]:
        """What is told, and the rows that are there then, less their keys, in any order."""
        variables = {"data": items, "onError": on_error}
        result = await self.api.execute(document, variables)
        errors = [(each.message, each.path) for each in result.errors or ()]
        async with self.engine.connect() as connection:
            columns = [column for column in Good.__table__.columns if column.key not in ("id", "maker_id")]
            rows = (
                await connection.execute(sa.select(*columns, Maker.email).select_from(sa.outerjoin(Good, Maker)))
            ).all()
        return (errors, result.data), sorted(map(repr, rows))


async def shop_of(engine: AsyncEngine, **options: Any) -> Shop:
    makers = [Maker(email=f"m{number}", hidden=number == 3) for number in (1, 2, 3)]
    for maker in makers:  # one by one, so that they are numbered so
        await save(engine, maker)
    await save(
        engine,
        Room(number=1),
        Room(number=2),
        Region(code="n"),
        Region(code="s"),
        Shelf(room=1, board=2),
        Badge(maker_id=1, marked=DAY),
    )
    return Shop(Api(Base, engine, **options), engine)


@pytest.fixture(scope="module")
async def shop(make_module_engine: MakeEngine) -> AsyncIterator[Shop]:
    yield await shop_of(await make_module_engine(Base.metadata))


@pytest.fixture(scope="module")
async def policed(make_module_engine: MakeEngine) -> AsyncIterator[Shop]:
    policies = {
        Maker: ModelOptions(policy=Policy(read=Maker.hidden.is_(False))),
        Good: ModelOptions(policy=Policy(create=Good.stock < 100)),
    }
    yield await shop_of(await make_module_engine(Base.metadata), models=policies)


# ---------- random items ----------

NOBODY = 10**6
MAKERS = [
    *({"rowId": number} for number in (1, 2, 3, NOBODY)),
    *({"id": made(f"Maker:{number}")} for number in (1, 3, NOBODY)),
    {"email": "m1"},
    {"email": "nobody"},
]
FIELDS: Mapping[str, list[Any]] = {
    "title": ["a", "", "é", "toolong", "a\x00"],
    "price": ["1.50", "999.999", "1000", "NaN", 2],
    "grade": ["GOOD", None],
    "stock": [1, 0, 100, 2**31],
    "madeOn": ["2020-02-29", None, "2020-02-30"],
    "soldAt": ["2020-01-01T00:00:00Z", "2020-01-01T00:00:00+02:00", None],
    "meta": [{"a": [1]}, None, [], 1, "\u0000"],
    "extra": [None, []],
    "hall": [{"connect": {"number": number}} for number in (1, 2, 3)],
    "maker": [{"connect": each} for each in MAKERS] + [{"create": {"email": "made"}}, None],
    "region": [{"connect": {"code": code}} for code in ("n", "s", "zz", "long")],
    "regionCode": ["n", "x"],
    "shelf": [{"connect": {"roomBoard": {"room": 1, "board": number}}} for number in (2, 3)] + [{"disconnect": True}],
    "badge": [{"connect": {"makerId": made(f"Maker:{number}")}} for number in (1, 2)]
    + [{"connect": {"marked": "2020-01-02"}}, {"connect": {"makerId": "x"}}],
    "makerId": [made(f"Maker:{number}") for number in (2, 3, NOBODY)] + [made("Region:n"), "", None],
}
GOOD_FIELDS: Mapping[str, list[Any]] = {
    "title": ["a", "b"],
    "price": ["1.50", "2"],
    "grade": ["GOOD", None],
    "stock": [1, 7],
    "madeOn": ["2020-02-29", None],
    "soldAt": ["2020-01-01T00:00:00Z", None],
    "meta": [{"a": [1]}, None],
    "extra": [{}, 1],
    "hall": [{"connect": {"number": 1}}],
    "maker": [{"connect": {"rowId": 1}}, {"connect": {"rowId": 2}}],
    "region": [{"connect": {"code": "n"}}],
    "shelf": [{"connect": {"roomBoard": {"board": 2, "room": 1}}}, {"connect": {"id": made("Shelf:[1,2]")}}],
    "badge": [{"connect": {"makerId": made("Maker:1")}}],
    "makerId": [made("Maker:1"), None],
}


@st.composite
def batches(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Items of a few sets of fields, nearly all of them right."""
    required = {"title", "price"}
    sets = draw(st.lists(st.sets(st.sampled_from(sorted(GOOD_FIELDS)), max_size=5), min_size=1, max_size=3))
    count = draw(st.integers(10, 14))
    items = []
    for number in range(count):
        names = sorted(required | draw(st.sampled_from(sets)))
        item = {name: draw(st.sampled_from(GOOD_FIELDS[name])) for name in names}
        items.append({**item, "code": f"c{number}"})
    for place, name in draw(
        st.lists(st.tuples(st.integers(0, count - 1), st.sampled_from([*FIELDS, "code"])), max_size=3)
    ):
        items[place][name] = draw(st.sampled_from(FIELDS.get(name, ["c0", None])))
    return items


def one_by_one(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same, with operations of a list, so that the records are planned and written as any other."""
    return [{**items[0], "notes": {}}, *items[1:]]


SLOW = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
KINDS = st.sampled_from([(COUNTED, None), (COUNTED, "CONTINUE"), (TOLD, None), (TOLD, "CONTINUE")])


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(items=batches(), kind=KINDS)
async def test_random_records_are_what_each_would_be(
    shop: Shop, items: list[Any], kind: tuple[str, str | None]
) -> None:
    document, on_error = kind
    await shop.emptied()
    together = await shop.create(document, items, on_error)
    await shop.emptied()
    apart = await shop.create(document, one_by_one(items), on_error)

    assert together == apart


@settings(max_examples=25, deadline=None, suppress_health_check=SLOW)
@given(items=batches(), kind=KINDS)
async def test_random_records_under_policies_are_what_each_would_be(
    policed: Shop, items: list[Any], kind: tuple[str, str | None]
) -> None:
    document, on_error = kind
    await policed.emptied()
    together = await policed.create(document, items, on_error)
    await policed.emptied()
    apart = await policed.create(document, one_by_one(items), on_error)

    assert together == apart


# ---------- statements ----------


def goods(count: int, **values: Any) -> list[dict[str, Any]]:
    return [{"title": "a", "price": "1", "code": str(number), **values} for number in range(count)]


async def test_records_are_one_insert_that_tells_nothing_where_nothing_is_asked(make_engine: MakeEngine) -> None:
    """With foreign keys that tell of what is not there, and for some of them fewer fields."""
    shop = await shop_of(await make_engine(Base.metadata))
    items = [*goods(100, maker={"connect": {"rowId": 1}}), *goods(100)]
    items = [{**item, "code": str(number)} for number, item in enumerate(items)]
    with record_statements(shop.engine) as statements:
        data = await run(shop.api, CREATE % "affectedCount", data=items)

    assert data == {"createGoods": {"affectedCount": 200}}
    ((sql, parameters),) = [each for each in statements if not each[0].startswith("BEGIN")]
    assert sql.startswith("INSERT INTO rows_good (title, price, code, stock, maker_id, version) VALUES")
    assert "RETURNING" not in sql
    assert len(parameters) == 200


async def test_records_named_by_other_keys_are_looked_up_by_one_statement(make_engine: MakeEngine) -> None:
    shop = await shop_of(await make_engine(Base.metadata))
    items = [{**item, "maker": {"connect": {"email": f"m{number % 3 + 1}"}}} for number, item in enumerate(goods(30))]
    with record_statements(shop.engine) as statements:
        await run(shop.api, COUNTED, data=items)
    kinds = [sql.split()[0] for sql, _ in statements if not sql.startswith("BEGIN")]
    shown = await run(shop.api, "{ goods(orderBy: [{rowId: ASC}]) { nodes { code maker { email } } } }")

    assert kinds == ["SELECT", "INSERT"]
    assert shown["goods"]["nodes"] == [
        {"code": str(number), "maker": {"email": f"m{number % 3 + 1}"}} for number in range(30)
    ]


async def test_who_listens_to_statements_before_they_are_texts_sees_an_insert(make_engine: MakeEngine) -> None:
    shop = await shop_of(await make_engine(Base.metadata))
    seen: list[tuple[type, int]] = []

    def listen(_connection: object, statement: object, many: list[Any], *_: object) -> None:
        seen.append((type(statement), len(many)))

    event.listen(shop.engine.sync_engine, "before_execute", listen)
    data = await run(shop.api, COUNTED, data=goods(10))

    assert data["createGoods"] == {"affectedCount": 10, "errors": []}
    assert (sa.Insert, 10) in seen


async def test_what_a_session_has_loaded_of_others_shows_the_records(make_engine: MakeEngine) -> None:
    """The session of the application: relations that lead to what is written are read anew, and nothing else."""
    shop = await shop_of(await make_engine(Base.metadata))
    items = goods(10, badge={"connect": {"rowId": 1}})
    async with AsyncSession(shop.engine) as session, session.begin():
        loaded = (await session.scalars(sa.select(Badge).options(selectinload(Badge.goods)))).one()
        assert loaded.goods == []
        result = await shop.api.execute(COUNTED, {"data": items}, session=session)

        assert result.data == {"createGoods": {"affectedCount": 10, "errors": []}}
        assert ("goods" in loaded.__dict__, "marked" in loaded.__dict__) == (False, True)


# ---------- what is refused ----------


async def test_records_of_two_inserts_are_told_of_each_other(shop: Shop) -> None:
    """A value of JSON that is left out is not null, so that these are written apart."""
    await shop.emptied()
    items = [*goods(10), {**goods(1)[0], "meta": {}}]
    data = await run(shop.api, COUNTED, data=items)

    assert data["createGoods"] == {
        "affectedCount": 0,
        "errors": [
            {
                "code": "UNIQUE",
                "message": "Another Good in this input has the code '0'.",
                "path": ["input", "data", "10", "code"],
            }
        ],
    }


async def test_records_with_many_sets_of_fields_are_what_each_would_be(shop: Shop) -> None:
    names = ["stock", "grade", "madeOn", "meta", "region"]
    items = [
        {**item, **{name: GOOD_FIELDS[name][0] for place, name in enumerate(names) if number >> place & 1}}
        for number, item in enumerate(goods(32))
    ]
    await shop.emptied()
    together = await shop.create(TOLD, items)
    await shop.emptied()
    apart = await shop.create(TOLD, one_by_one(items))

    assert together == apart
    assert len(together[1]) == 32


async def test_a_class_that_is_listened_to_is_written_by_the_unit_of_work(shop: Shop) -> None:
    heard: list[tuple[str, int | None]] = []

    def listen(_mapper: object, _connection: object, good: Good) -> None:
        heard.append((good.title, good.maker_id))

    await shop.emptied()
    items = [*goods(10, maker={"connect": {"email": "m2"}}), {**goods(11)[10], "title": "b"}]
    event.listen(Good, "after_insert", listen)
    try:
        (_, data), rows = await shop.create(COUNTED, items)
    finally:
        event.remove(Good, "after_insert", listen)

    assert data == {"createGoods": {"affectedCount": 11, "errors": []}}
    assert heard == [*[("a", 2)] * 10, ("b", None)]
    assert len(rows) == 11


# ---------- several fields ----------


async def test_records_of_the_field_before_are_known_where_one_fails(shop: Shop) -> None:
    """They are undone along with it, and not to blame: only what is nowhere is told."""
    await shop.emptied()
    regions = [{"code": f"r{number}"} for number in range(10)]
    items = [{**item, "region": {"connect": {"code": f"r{number + 1}"}}} for number, item in enumerate(goods(10))]
    result = await shop.api.execute(
        """mutation ($regions: [RegionCreate!]!, $goods: [GoodCreate!]!) @atomic {
          createRegions(input: {data: $regions}) { affectedCount errors { code path } }
          createGoods(input: {data: $goods}) { affectedCount errors { code message path } }
        }""",
        {"regions": regions, "goods": items},
    )

    assert (result.errors, result.data) == (
        None,
        {
            "createRegions": {"affectedCount": 0, "errors": [{"code": "ROLLED_BACK", "path": []}]},
            "createGoods": {
                "affectedCount": 0,
                "errors": [
                    {
                        "code": "NOT_FOUND",
                        "message": "There is no Region with this key.",
                        "path": ["input", "data", "9", "region", "connect"],
                    }
                ],
            },
        },
    )


async def test_records_of_a_tree_may_refer_to_each_other(make_engine: MakeEngine) -> None:
    shop = await shop_of(await make_engine(Base.metadata))
    (good,) = (await run(shop.api, CREATE % "goods { id }", data=goods(1)))["createGoods"]["goods"]
    notes = [{"goodId": good["id"], "place": number} for number in range(1, 11)]
    document = """mutation ($data: [NoteCreate!]!) { createNotes(input: {data: $data}) {
      affectedCount errors { message } } }"""
    first = await run(shop.api, document, data=notes)
    more = [{"goodId": good["id"], "before": {"connect": {"rowId": number}}} for number in range(1, 11)]
    second = await run(shop.api, document, data=more)

    assert first == second == {"createNotes": {"affectedCount": 10, "errors": []}}
    async with shop.engine.connect() as connection:
        found = (await connection.execute(sa.select(Note.before_id).order_by(Note.id).offset(10))).scalars().all()
    assert found == list(range(1, 11))


async def test_connected_records_are_counted(make_engine: MakeEngine) -> None:
    engine = await make_engine(Base.metadata)
    shop = await shop_of(engine, limits=Limits(max_write_items=10))
    items = goods(11, region={"connect": {"code": "n"}})
    refused = await run(shop.api, COUNTED, data=items)

    assert refused["createGoods"] == {
        "affectedCount": 0,
        "errors": [
            {
                "code": "LIMIT",
                "message": "A mutation names at most 10 records.",
                "path": ["input", "data", "10", "region", "connect"],
            }
        ],
    }
    assert (await run(shop.api, COUNTED, data=items[:10]))["createGoods"] == {"affectedCount": 10, "errors": []}
