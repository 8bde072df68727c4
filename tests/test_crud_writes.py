"""Writes of single records from Python: what is given in every form, what is nested, what is refused."""

import dataclasses
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import joinedload, selectinload

from gqlcrud import Conflict, Crud, CrudError, Forbidden, Invalid, NotFound
from tests import family, zoo
from tests.databases import MakeEngine
from tests.family import Garden, Guest, House, Note, Room, Street
from tests.reading_room import reading_room
from tests.running import save
from tests.shelf import Author, Base, Book, OrderItem, Tag, book_tag
from tests.test_crud_reads import told
from tests.writing import state

BOOKS, AUTHORS, TAGS, ITEMS, HOUSES = Crud(Book), Crud(Author), Crud(Tag), Crud(OrderItem), Crud(House)
NEW: dict[str, Any] = {"title": "New", "price": 1}


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncEngine:
    return await reading_room(make_engine)


@pytest.fixture(scope="module")
async def unchanged(make_module_engine: MakeEngine) -> AsyncIterator[AsyncEngine]:
    """Shared by tests that leave it as it is."""
    yield await reading_room(make_module_engine)


@pytest.fixture
async def session(unchanged: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """Rolled back after the test."""
    async with AsyncSession(unchanged) as session:
        yield session


# ---------- forms of values ----------


class AuthorNew(BaseModel):
    name: str
    email: str | None = None


class TagNew(BaseModel):
    label: str


class BookNew(BaseModel):
    title: str
    price: Decimal = Decimal(5)
    isbn: str | None = None
    writer: AuthorNew | None = Field(default=None, alias="author")
    tags: list[TagNew] = []
    tag_ids: list[int] = []


@dataclasses.dataclass
class AuthorData:
    name: str


@dataclasses.dataclass
class BookData:
    title: str
    price: Decimal
    author: AuthorData


SHOWN = ["title", "price", "isbn", "author.name", "tags.label"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (NEW, ("New", 1, None, None, [])),
        ({**NEW, "price": "1.50", "isbn": "n"}, ("New", Decimal("1.50"), "n", None, [])),
        ({**NEW, "author_id": 2}, ("New", 1, None, "Bob", [])),
        ({**NEW, "author": None}, ("New", 1, None, None, [])),
        ({**NEW, "author": {"connect": 2}}, ("New", 1, None, "Bob", [])),
        ({**NEW, "author": {"connect": {"email": "bob@x.org"}}}, ("New", 1, None, "Bob", [])),
        ({**NEW, "author": {"create": {"name": "Dee"}}}, ("New", 1, None, "Dee", [])),
        ({**NEW, "author": AuthorNew(name="Dee")}, ("New", 1, None, "Dee", [])),
        (
            {**NEW, "author": {"connect_or_create": {"by": {"email": "d"}, "create": {"name": "Dee", "email": "d"}}}},
            ("New", 1, None, "Dee", []),
        ),
        ({**NEW, "tag_ids": [2, 1]}, ("New", 1, None, None, ["x", "y"])),
        ({**NEW, "tag_ids": {3}}, ("New", 1, None, None, ["z"])),
        ({**NEW, "tag_ids": []}, ("New", 1, None, None, [])),
        ({**NEW, "tags": {"connect": [1, {"label": "z"}]}}, ("New", 1, None, None, ["x", "z"])),
        ({**NEW, "tags": {"connect": {"label": "z"}}}, ("New", 1, None, None, ["z"])),
        ({**NEW, "tags": {"create": [{"label": "a"}, TagNew(label="b")]}}, ("New", 1, None, None, ["a", "b"])),
        ({**NEW, "tags": {"create": {"label": "a"}}}, ("New", 1, None, None, ["a"])),
        ({**NEW, "tags": [TagNew(label="a"), TagNew(label="b")]}, ("New", 1, None, None, ["a", "b"])),
        ({**NEW, "tags": []}, ("New", 1, None, None, [])),
        (BookNew(title="New"), ("New", None, None, None, [])),
        (BookNew(title="New", price=Decimal(1)), ("New", 1, None, None, [])),
        (BookNew(title="New", price=Decimal(1), author=None), ("New", 1, None, None, [])),
        (BookNew(title="New", price=Decimal(1), author=AuthorNew(name="Dee")), ("New", 1, None, "Dee", [])),
        (BookNew(title="New", price=Decimal(1), tags=[TagNew(label="a")]), ("New", 1, None, None, ["a"])),
        (BookNew(title="New", price=Decimal(1), tag_ids=[1]), ("New", 1, None, None, ["x"])),
        (BookData("New", Decimal(1), AuthorData("Dee")), ("New", 1, None, "Dee", [])),
    ],
)
async def test_a_record_is_made_of_values_in_every_form(
    session: AsyncSession, data: Any, expected: tuple[Any, ...]
) -> None:
    if expected[1] is None:
        with pytest.raises(Invalid) as raised:
            await BOOKS.create(session, data)
        assert told(raised.value) == [("VALIDATION", "price is required.", ("price",))]
        return

    made = await BOOKS.create(session, data, select=["id", *SHOWN])

    author = None if expected[3] is None else {"name": expected[3]}
    tags = [{"label": label} for label in expected[4]]
    assert made == {
        "id": made["id"],
        "title": expected[0],
        "price": expected[1],
        "isbn": expected[2],
        "author": author,
        "tags": tags,
    }
    assert await BOOKS.get(session, made["id"], select=["id", *SHOWN]) == made


async def test_columns_of_a_link_are_given_beside_its_record(engine: AsyncEngine) -> None:
    tags = {
        "connect": [{"by": 1, "edge": {"weight": 5}}, {"label": "y"}],
        "create": [{"node": {"label": "a"}, "edge": {"weight": 6}}],
        "connect_or_create": [{"by": {"label": "b"}, "create": {"label": "b"}, "edge": {"weight": 7}}],
    }
    await BOOKS.create(engine, {**NEW, "tags": tags})
    await BOOKS.update(engine, 13, {"tags": {"update": [{"by": 1, "edge": {"weight": 9}, "patch": {"label": "w"}}]}})

    async with engine.connect() as connection:
        query = sa.select(Tag.label, book_tag.c.weight).join(book_tag).where(book_tag.c.book_id == 13)
        weights = {row.label: row.weight for row in await connection.execute(query)}
    assert weights == {"w": 9, "y": None, "a": 6, "b": 7}


async def test_keys_of_ones_own_and_of_several_columns_are_taken(engine: AsyncEngine) -> None:
    assert (await TAGS.create(engine, {"id": 77, "label": "own"})).id == 77
    item = await ITEMS.create(engine, {"order_no": 8, "line_no": 1, "quantity": 4, "book_id": 1})
    assert (item.order_no, item.line_no, item.book_id) == (8, 1, 1)
    assert (await ITEMS.update(engine, (8, 1), {"quantity": 5, "book": {"connect": 2}})).book_id == 2
    assert (
        await ITEMS.upsert(engine, {"order_no": 8, "line_no": 1, "quantity": 6}, on=["line_no", "order_no"])
    ).quantity == 6
    with pytest.raises(Conflict) as raised:
        await ITEMS.create(engine, {"order_no": 8, "line_no": 1, "quantity": 4})
    assert told(raised.value) == [("UNIQUE", "Another OrderItem has the same order_no and line_no.", ("order_no",))]
    await ITEMS.delete(engine, {"order_no": 8, "line_no": 1})
    assert not await ITEMS.exists(engine, order_no=8)


ENUMS: dict[str, list[Any]] = {
    "colour": [zoo.Colour.GREEN, "#0f0", "GREEN"],
    "size": [zoo.Size.SMALL, "s", "SMALL"],
    "level": [zoo.Level.HIGH, 2, "HIGH"],
    "binding": ["2nd hand", "_2nd_hand"],
}


@pytest.mark.parametrize("name", ENUMS)
async def test_an_enum_is_given_by_member_value_or_name(make_engine: MakeEngine, name: str) -> None:
    engine = await make_engine(zoo.Scalars.metadata)
    everything = Crud(zoo.Everything)

    for value in ENUMS[name]:
        made = await everything.create(engine, {name: value})
        assert getattr(made, name) == ENUMS[name][0]
    with pytest.raises(Invalid) as raised:
        await everything.create(engine, {name: "none"})
    assert [each.path for each in raised.value.errors] == [(name,)]
    assert raised.value.errors[0].message.startswith("'none' is none of ")


# ---------- updates ----------


async def test_an_update_changes_what_it_is_given_and_nothing_else(engine: AsyncEngine) -> None:
    class BookPatch(BaseModel):
        title: str | None = None
        isbn: str | None = None
        published_at: datetime | None = None

    before = await BOOKS.get(engine, 2)
    book = await BOOKS.update(engine, 2, BookPatch(isbn=None))
    assert (book.isbn, book.title, book.published_at, book.version) == (None, "T02", before.published_at, 2)
    assert (await BOOKS.update(engine, {"isbn": "i3"}, {"title": "U"})).title == "U"
    assert (await BOOKS.update(engine, 2, {})).version == 2
    assert (await BOOKS.update(engine, 2)).version == 2


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"author": None}, (None, ["x", "y"])),
        ({"author": {"disconnect": True}}, (None, ["x", "y"])),
        ({"author": {"connect": 3}}, ("Cid", ["x", "y"])),
        ({"author_id": 3}, ("Cid", ["x", "y"])),
        ({"author": {"create": {"name": "Dee"}}}, ("Dee", ["x", "y"])),
        ({"author": AuthorNew(name="Dee")}, ("Dee", ["x", "y"])),
        ({"author": {"update": {"name": "Eda"}}}, ("Eda", ["x", "y"])),
        ({"author": {"upsert": {"create": {"name": "Dee"}, "update": {"name": "Eda"}}}}, ("Eda", ["x", "y"])),
        ({"tag_ids": [3]}, ("Ada", ["z"])),
        ({"tag_ids": []}, ("Ada", [])),
        ({"tags": {"set": [3, {"label": "x"}]}}, ("Ada", ["x", "z"])),
        ({"tags": {"connect": [3]}}, ("Ada", ["x", "y", "z"])),
        ({"tags": {"connect": 3}}, None),
        ({"tags": {"disconnect": [1], "connect": [3]}}, ("Ada", ["y", "z"])),
        ({"tags": {"delete": [{"label": "y"}]}}, ("Ada", ["x"])),
        ({"tags": {"delete_where": {"label": "y"}}}, ("Ada", ["x"])),
        ({"tags": {"delete_where": Tag.label == "y"}}, ("Ada", ["x"])),
        ({"tags": {"update": [{"by": 1, "patch": {"label": "w"}}]}}, ("Ada", ["w", "y"])),
        ({"tags": {"update_where": [{"where": {"label": "y"}, "patch": {"label": "w"}}]}}, ("Ada", ["x", "w"])),
        ({"tags": {"update_where": {"where": Tag.id == 2, "patch": TagNew(label="w")}}}, ("Ada", ["x", "w"])),
        (
            {"tags": {"upsert": [{"by": 1, "create": {"label": "n"}, "update": {"label": "w"}}]}},
            ("Ada", ["w", "y"]),
        ),
        ({"tags": [TagNew(label="n")]}, ("Ada", ["x", "y", "n"])),
    ],
)
async def test_each_operation_of_a_relation_is_done(
    session: AsyncSession, data: dict[str, Any], expected: tuple[Any, list[str]] | None
) -> None:
    if expected is None:
        with pytest.raises(Invalid) as raised:
            await BOOKS.update(session, 1, data)
        assert told(raised.value) == [("VALIDATION", "A list is needed, not 3.", ("tags", "connect"))]
        return
    book = await BOOKS.update(session, 1, data, select=["author.name", "tags.label"])

    author = None if expected[0] is None else {"name": expected[0]}
    assert book == {"author": author, "tags": [{"label": label} for label in expected[1]]}


async def test_records_are_nested_in_records_at_any_depth(make_engine: MakeEngine) -> None:
    engine = await make_engine(family.Base.metadata)
    streets = Crud(Street)

    await streets.create(
        engine,
        {
            "name": "High",
            "houses": {
                "create": [
                    {
                        "name": "one",
                        "rooms": {"create": [{"name": "hall"}, {"name": "attic", "size": 3}]},
                        "garden": {"create": {"name": "lawn"}},
                        "tags": {"create": [{"node": {"name": "old"}, "edge": {"rank": 1}}, {"name": "dear"}]},
                        "guests": {
                            "connect_or_create": [{"by": {"name": "Ann"}, "create": {"name": "Ann", "size": 1}}]
                        },
                    },
                    {"name": "two"},
                ]
            },
        },
    )
    await HOUSES.update(
        engine,
        {"name": "one"},
        {
            "street": {
                "update": {"size": 4, "houses": {"update": [{"by": {"name": "two"}, "patch": {"name": "zwei"}}]}}
            },
            "rooms": {"upsert": {"by": {"name": "hall"}, "create": {"name": "hall"}, "update": {"size": 9}}},
            "notes": {"create": [{"name": "memo"}]},
        },
    )

    assert await family.family(engine) == {
        "garden": {"lawn": "one"},
        "guest": {"Ann": "one"},
        "house": {"one": "High", "zwei": "High"},
        "house_tag": {("one", "dear"): None, ("one", "old"): 1},
        "note": {"memo": "one"},
        "room": {"attic": "one", "hall": "one"},
        "street": {"High": None},
        "tag": {"dear": None, "old": None},
    }
    assert (await Crud(Room).get(engine, {"name": "hall"})).size == 9
    assert await Crud(Note).count(engine, house={"is": {"street": {"is": {"size": 4}}}}) == 1
    await HOUSES.update(engine, {"name": "one"}, {"garden": None, "notes": {"set": []}, "guest_ids": []})
    assert (await Crud(Garden).get(engine, {"name": "lawn"})).house_id is None
    assert (await Crud(Guest).get(engine, {"name": "Ann"})).house_id is None
    assert await Crud(Note).count(engine) == 0


async def test_operators_compute_with_what_a_column_has(engine: AsyncEngine) -> None:
    shown = ["price", "version"]

    assert await BOOKS.update(engine, 4, ops={"price": {"increment": "1.5"}}, select=shown) == {
        "price": Decimal("3.50"),
        "version": 2,
    }
    book = await BOOKS.update(engine, 4, {"title": "U"}, ops={"price": {"multiply": 2}, "meta": {"merge": {"a": [1]}}})
    assert (book.title, book.price, book.meta) == ("U", Decimal(7), {"n": 4, "even": True, "a": [1]})
    steps = [{"append": {"path": ["a"], "value": 2}}, {"set": {"path": ["b"], "value": None}}, {"delete": ["n"]}]
    assert (await BOOKS.update(engine, 4, ops={"meta": steps})).meta == {"even": True, "a": [1, 2], "b": None}


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
async def test_operators_change_lists(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.PgOnly.metadata)
    lists = Crud(zoo.Lists)
    await lists.create(engine, {"id": 1, "integers": (1, 2), "moods": ["happy"], "strings": []})

    changed = await lists.update(
        engine, 1, ops={"integers": [{"append": [3]}, {"remove": 1}], "moods": {"prepend": ["so-so"]}}
    )
    assert (changed.integers, changed.moods, changed.strings) == ([2, 3], ["so-so", "happy"], [])


async def test_a_change_depends_on_what_the_record_is(engine: AsyncEngine) -> None:
    assert (await BOOKS.update(engine, 1, {"title": "U"}, version=1)).version == 2
    assert (await BOOKS.update(engine, 1, {"title": "V"}, only_if={"title": "U"})).title == "V"
    assert (await BOOKS.update(engine, 1, {"title": "W"}, only_if=Book.price < 1)).title == "W"
    stale = ("STALE", "This Book has been changed since it was read.", ())
    for options in ({"version": 1}, {"only_if": {"title": "U"}}, {"only_if": Book.author.has(Author.name == "Bob")}):
        for write in (lambda o: BOOKS.update(engine, 1, {"title": "X"}, **o), lambda o: BOOKS.delete(engine, 1, **o)):
            with pytest.raises(Conflict) as raised:
                await write(options)
            assert told(raised.value) == [stale]
            assert raised.value.status == 409
    assert (await BOOKS.get(engine, 1)).title == "W"
    await BOOKS.delete(engine, 12, only_if=[Book.price == 6, {"author": None}], version=1)


# ---------- upserts ----------


async def test_an_upsert_makes_a_record_or_changes_the_one_that_is_there(engine: AsyncEngine) -> None:
    made = await BOOKS.upsert(engine, {**NEW, "isbn": "u", "tag_ids": [1]}, on=["isbn"], select=["id", *SHOWN])
    assert (made["id"], made["title"], made["tags"]) == (13, "New", [{"label": "x"}])
    changed = await BOOKS.upsert(
        engine, {"title": "U", "price": 2, "isbn": "u", "tag_ids": [2]}, on="isbn", select=SHOWN
    )
    assert (changed["title"], changed["price"], changed["tags"]) == ("U", 2, [{"label": "y"}])
    kept = await BOOKS.upsert(engine, {**NEW, "isbn": "u"}, on=["isbn"], update={}, select=SHOWN)
    assert kept == changed
    data = {**NEW, "isbn": "u", "author": {"connect": 1}}
    told_apart = await BOOKS.upsert(
        engine, data, on=["isbn"], update={"author": {"connect": 2}}, select=["author.name"]
    )
    assert told_apart == {"author": {"name": "Bob"}}
    by_key = await TAGS.upsert(engine, {"id": 3, "label": "zz"}, on=["id"])
    assert (by_key.id, by_key.label, await TAGS.count(engine)) == (3, "zz", 3)


async def test_a_record_is_got_or_made(engine: AsyncEngine) -> None:
    tag, made = await TAGS.get_or_create(engine, {"label": "x"}, on=["label"])
    assert (tag.id, made) == (1, False)
    tag, made = await TAGS.get_or_create(engine, TagNew(label="n"), on="label")
    assert (tag.label, made) == ("n", True)
    assert await TAGS.get_or_create(engine, {"label": "n"}, on=("label",), select=["label"]) == ({"label": "n"}, False)
    book, made = await BOOKS.get_or_create(
        engine, {**NEW, "isbn": "g", "author": {"connect": 1}}, on=["isbn"], select=["author.name"]
    )
    assert (book, made) == ({"author": {"name": "Ada"}}, True)
    async with AsyncSession(engine) as session:
        _, made = await TAGS.get_or_create(session, {"label": "s"}, on=["label"])
        assert made
        await session.rollback()
    assert not await TAGS.exists(engine, label="s")


# ---------- mistakes ----------

MEMBERS = "id, isbn, title, price, meta, published_at, version, author_id, author, tags, order_items"
Call = Callable[[Any], Any]
MISTAKES: dict[str, tuple[Call, type[CrudError], list[tuple[str, str, tuple[str | int, ...]]]]] = {
    "unknown names, all of them": (
        lambda s: BOOKS.create(s, {"title": 5, "prize": 1, "price": "x", "author": {"connect": "x"}}),
        Invalid,
        [
            ("VALIDATION", "A text is needed, not 5.", ("title",)),
            ("VALIDATION", f"Book has no attribute 'prize'. It has: {MEMBERS}.", ("prize",)),
            ("VALIDATION", "A decimal is needed, not 'x'.", ("price",)),
            ("VALIDATION", "An integer is needed, not 'x'.", ("author", "connect", "id")),
        ],
    ),
    "nothing": (
        lambda s: BOOKS.create(s, {}),
        Invalid,
        [("VALIDATION", "title is required.", ("title",)), ("VALIDATION", "price is required.", ("price",))],
    ),
    "no values": (
        lambda s: BOOKS.create(s, "x"),
        Invalid,
        [("VALIDATION", "The values of a Book are a mapping, a Pydantic model or a dataclass, not str.", ())],
    ),
    "None where it cannot be": (
        lambda s: BOOKS.update(s, 1, {"title": None}),
        Invalid,
        [("VALIDATION", "title cannot be null.", ("title",))],
    ),
    "a long text": (
        lambda s: BOOKS.create(s, {**NEW, "isbn": "x" * 21}),
        Invalid,
        [("VALIDATION", "isbn has at most 20 characters; this text has 21.", ("isbn",))],
    ),
    "what the database counts": (
        lambda s: BOOKS.create(s, {**NEW, "version": 3}),
        Invalid,
        [("VALIDATION", "version is set by the API or the database, not by a caller.", ("version",))],
    ),
    "a relation without an operation": (
        lambda s: BOOKS.create(s, {**NEW, "author": {"name": "Dee"}}),
        Invalid,
        [
            (
                "VALIDATION",
                "author takes one of connect, create, connect_or_create, update, upsert, disconnect, delete, as in "
                "{'author': {'create': {}}}.",
                ("author",),
            )
        ],
    ),
    "a list without an operation": (
        lambda s: BOOKS.create(s, {**NEW, "tags": [1, 2]}),
        Invalid,
        [
            (
                "VALIDATION",
                "tags takes connect, create, connect_or_create, set, disconnect, update, update_where, upsert, delete, "
                "delete_where, as in {'tags': {'create': [{}]}}.",
                ("tags",),
            )
        ],
    ),
    "None for a list": (
        lambda s: BOOKS.update(s, 1, {"tags": None}),
        Invalid,
        [
            (
                "VALIDATION",
                "tags takes connect, create, connect_or_create, set, disconnect, update, update_where, upsert, delete, "
                "delete_where, as in {'tags': {'create': [{}]}}.",
                ("tags",),
            )
        ],
    ),
    "a list twice": (
        lambda s: BOOKS.update(s, 1, {"tags": {"connect": [1]}, "tag_ids": [1]}),
        Invalid,
        [("VALIDATION", "tag_ids says again what becomes of tags; give it once.", ("tag_ids",))],
    ),
    "a record and its key": (
        lambda s: BOOKS.update(s, 1, {"author": {"connect": 1}, "author_id": 1}),
        Invalid,
        [("VALIDATION", "author_id and author set the same relation; give one of them.", ("author_id",))],
    ),
    "ids that are not there": (
        lambda s: BOOKS.create(s, {**NEW, "tag_ids": [1, 98, 99]}),
        Invalid,
        [
            ("NOT_FOUND", "There is no Tag with this key.", ("tag_ids", 1)),
            ("NOT_FOUND", "There is no Tag with this key.", ("tag_ids", 2)),
        ],
    ),
    "ids that are none": (
        lambda s: BOOKS.update(s, 1, {"tag_ids": ["x", None]}),
        Invalid,
        [
            ("VALIDATION", "An integer is needed, not 'x'.", ("tag_ids", 0, "id")),
            ("VALIDATION", "id is None, which names no record.", ("tag_ids", 1, "id")),
        ],
    ),
    "ids that are no list": (
        lambda s: BOOKS.create(s, {**NEW, "tag_ids": 1}),
        Invalid,
        [("VALIDATION", "A list is needed, not 1.", ("tag_ids",))],
    ),
    "an id twice": (
        lambda s: BOOKS.update(s, 3, {"tag_ids": [1, 1]}),
        Invalid,
        [("CONFLICTING_OPERATIONS", "The same Tag is named twice in one relation.", ("tag_ids", 1))],
    ),
    "a record that is not there": (
        lambda s: BOOKS.update(s, 1, {"author": {"connect": {"email": "none"}}}),
        Invalid,
        [("NOT_FOUND", "There is no Author with this key.", ("author", "connect"))],
    ),
    "a foreign key that leads nowhere": (
        lambda s: BOOKS.update(s, 1, {"author_id": 99}),
        Invalid,
        [("FOREIGN_KEY", "There is no Author with this id.", ("author_id",))],
    ),
    "a plain key in a list": (
        lambda s: BOOKS.update(s, 1, {"tags": {"connect": [3, 99], "disconnect": [98]}}),
        Invalid,
        [("NOT_FOUND", "There is no Tag with this key.", ("tags", "connect", 1))],
    ),
    "an edge beside a key": (
        lambda s: BOOKS.update(s, 1, {"tags": {"connect": [{"by": 99, "edge": {"weight": 1}}]}}),
        Invalid,
        [("NOT_FOUND", "There is no Tag with this key.", ("tags", "connect", 0, "by"))],
    ),
    "columns that an edge does not have": (
        lambda s: BOOKS.update(s, 1, {"tags": {"connect": [{"by": 3, "edge": {"wait": 1}}]}}),
        Invalid,
        [("VALIDATION", "The edge of tags has the columns weight.", ("tags", "connect", 0, "edge"))],
    ),
    "a new record by an object": (
        lambda s: BOOKS.create(s, {**NEW, "author": AuthorNew(name="x" * 101), "tags": [TagNew(label="y" * 51)]}),
        Invalid,
        [
            ("VALIDATION", "name has at most 100 characters; this text has 101.", ("author", "name")),
            ("VALIDATION", "label has at most 50 characters; this text has 51.", ("tags", 0, "label")),
        ],
    ),
    "a new record by a mapping": (
        lambda s: BOOKS.create(s, {**NEW, "tags": {"create": [{}, {"label": "y" * 51}]}}),
        Invalid,
        [
            ("VALIDATION", "label is required.", ("tags", "create", 0, "label")),
            ("VALIDATION", "label has at most 50 characters; this text has 51.", ("tags", "create", 1, "label")),
        ],
    ),
    "one new record for a list": (
        lambda s: BOOKS.create(s, {**NEW, "tags": {"create": {}}}),
        Invalid,
        [("VALIDATION", "label is required.", ("tags", "create", "label"))],
    ),
    "a taken key": (
        lambda s: BOOKS.create(s, {**NEW, "isbn": "i1"}),
        Conflict,
        [("UNIQUE", "Another Book has the isbn 'i1'.", ("isbn",))],
    ),
    "a taken key below": (
        lambda s: BOOKS.create(s, {**NEW, "tags": [TagNew(label="x")]}),
        Conflict,
        [("UNIQUE", "Another Tag has the label 'x'.", ("tags", 0, "label"))],
    ),
    "a part of an item that is not there": (
        lambda s: BOOKS.update(s, 1, {"tags": {"update": [{"patch": {}}]}}),
        Invalid,
        [("VALIDATION", "This takes by, edge, ops, patch, version; by must be there.", ("tags", "update", 0))],
    ),
    "all of a list to be deleted by oversight": (
        lambda s: BOOKS.update(s, 1, {"tags": {"delete_where": None}}),
        Invalid,
        [
            (
                "VALIDATION",
                "A condition is an expression such as Book.price < 20, or a mapping, not None.",
                ("tags", "delete_where"),
            )
        ],
    ),
    "all of a list to be changed by oversight": (
        lambda s: BOOKS.update(s, 1, {"tags": {"update_where": [{"where": None, "patch": {"label": "w"}}]}}),
        Invalid,
        [
            (
                "VALIDATION",
                "A condition is an expression such as Book.price < 20, or a mapping, not None.",
                ("tags", "update_where", 0, "where"),
            )
        ],
    ),
    "a condition on a list": (
        lambda s: BOOKS.update(s, 1, {"tags": {"update_where": {"where": {"labl": "x"}, "patch": {}}}}),
        Invalid,
        [
            (
                "VALIDATION",
                "Tag has no attribute 'labl'. It has: id, label, books.",
                ("tags", "update_where", "where", "labl"),
            )
        ],
    ),
    "nothing to disconnect": (
        lambda s: BOOKS.update(s, 1, {"author": {"disconnect": False}}),
        Invalid,
        [("VALIDATION", "disconnect takes true; leave it out otherwise.", ("author", "disconnect"))],
    ),
    "two operations on one record": (
        lambda s: BOOKS.update(s, 1, {"author": {"connect": 1, "disconnect": True}}),
        Invalid,
        [
            (
                "VALIDATION",
                "author takes one of connect, create, connect_or_create, update, upsert, disconnect, delete, as in "
                "{'author': {'create': {}}}.",
                ("author",),
            )
        ],
    ),
    "no such record to change": (
        lambda s: BOOKS.update(s, 99, {"title": "x"}),
        NotFound,
        [("NOT_FOUND", "There is no Book with this key.", ())],
    ),
    "no such record to delete": (
        lambda s: BOOKS.delete(s, {"isbn": "none"}),
        NotFound,
        [("NOT_FOUND", "There is no Book with this key.", ())],
    ),
    "no such record to delete for good": (
        lambda s: BOOKS.hard_delete(s, 99),
        NotFound,
        [("NOT_FOUND", "There is no Book with this key.", ())],
    ),
    "no key to delete by": (
        lambda s: TAGS.delete(s, "x"),
        Invalid,
        [("VALIDATION", "An integer is needed, not 'x'.", ("id",))],
    ),
    "no key to upsert by": (
        lambda s: BOOKS.upsert(s, NEW, on=["isbn"]),
        Invalid,
        [("VALIDATION", "isbn is part of the key to upsert by, so it needs a value.", ("isbn",))],
    ),
    "no key to find by": (
        lambda s: BOOKS.get_or_create(s, {**NEW, "isbn": None}, on=["isbn"]),
        Invalid,
        [("VALIDATION", "isbn is part of the key, so it needs a value.", ("isbn",))],
    ),
    "attributes that are no key": (
        lambda s: BOOKS.upsert(s, NEW, on=["title"]),
        Invalid,
        [("VALIDATION", "title is no unique key of Book; there are: id; isbn.", ("on",))],
    ),
    "attributes that are no key to find by": (
        lambda s: BOOKS.get_or_create(s, NEW, on=["title"]),
        Invalid,
        [("VALIDATION", "title is no unique key of Book; there are: id; isbn.", ("on",))],
    ),
    "a mistake of an upsert, once": (
        lambda s: BOOKS.upsert(s, {"title": 5, "price": 1, "isbn": "y" * 21}, on=["isbn"]),
        Invalid,
        [("VALIDATION", "A text is needed, not 5.", ("title",))],
    ),
    "a value of an upsert that does not fit, once": (
        lambda s: BOOKS.upsert(s, {"title": "y" * 201, "price": 1, "isbn": "u"}, on=["isbn"]),
        Invalid,
        [("VALIDATION", "title has at most 200 characters; this text has 201.", ("title",))],
    ),
    "a change of an upsert": (
        lambda s: BOOKS.upsert(s, {**NEW, "isbn": "u"}, on=["isbn"], update={"title": "y" * 201}),
        Invalid,
        [("VALIDATION", "title has at most 200 characters; this text has 201.", ("update", "title"))],
    ),
    "a relation of an upsert": (
        lambda s: BOOKS.upsert(s, {**NEW, "isbn": "u", "author": {"connect": 1}}, on=["isbn"]),
        Invalid,
        [
            (
                "VALIDATION",
                "Nothing says what becomes of author where the record is there already: give update=.",
                ("author",),
            )
        ],
    ),
    "an operator that a column does not have": (
        lambda s: BOOKS.update(s, 1, ops={"price": {"add": 1}}),
        Invalid,
        [
            (
                "VALIDATION",
                "price has no operator 'add'. It has: decrement, divide, increment, multiply.",
                ("ops", "price"),
            )
        ],
    ),
    "an operator on what is set": (
        lambda s: BOOKS.update(s, 1, ops={"title": {"increment": 1}}),
        Invalid,
        [("VALIDATION", "title has no operators: it is set to a value.", ("ops", "title"))],
    ),
    "a value beside an operator": (
        lambda s: BOOKS.update(s, 1, {"price": 1}, ops={"price": {"increment": 1}}),
        Invalid,
        [("VALIDATION", "price stands in patch and in ops; give it once.", ("ops", "price"))],
    ),
    "an operand of another kind": (
        lambda s: BOOKS.update(s, 1, ops={"price": {"increment": "x"}}),
        Invalid,
        [("VALIDATION", "A decimal is needed, not 'x'.", ("ops", "price"))],
    ),
    "no operators": (
        lambda s: BOOKS.update(s, 1, ops={"price": 1}),
        Invalid,
        [("VALIDATION", "price takes operators here, such as {'increment': 1}.", ("ops", "price"))],
    ),
    "a wrong guard": (
        lambda s: BOOKS.update(s, 1, {"title": "x"}, only_if={"titel": "x"}),
        Invalid,
        [("VALIDATION", f"Book has no attribute 'titel'. It has: {MEMBERS}.", ("only_if", "titel"))],
    ),
    "a version that is none": (
        lambda s: TAGS.update(s, 1, {"label": "w"}, version=1),
        Invalid,
        [("VALIDATION", "Tag has no version; only_if= says what must hold of it.", ("version",))],
    ),
    "what is not marked as deleted": (
        lambda s: TAGS.restore(s, 1),
        Invalid,
        [("VALIDATION", "A Tag is not marked as deleted, so none can be restored.", ())],
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
async def test_what_is_refused_is_told_in_full_and_nothing_is_written(unchanged: AsyncEngine, name: str) -> None:
    call, kind, errors = MISTAKES[name]
    before = await state(unchanged, Base.metadata)

    with pytest.raises(kind) as raised:
        await call(unchanged)

    assert type(raised.value) is kind
    assert told(raised.value) == errors
    assert await state(unchanged, Base.metadata) == before


@pytest.mark.parametrize("name", MISTAKES)
async def test_a_session_goes_on_after_what_is_refused(session: AsyncSession, name: str) -> None:
    """With what it did before, and nothing of the call."""
    call, kind, errors = MISTAKES[name]
    session.add(Author(id=50, name="before"))
    before = [await crud.count(session) for crud in (BOOKS, AUTHORS, TAGS)]

    with pytest.raises(kind) as raised:
        await call(session)

    assert told(raised.value) == errors
    assert [await crud.count(session) for crud in (BOOKS, AUTHORS, TAGS)] == before
    assert (await AUTHORS.get(session, 50)).name == "before"
    assert (await AUTHORS.create(session, {"id": 51, "name": "after"})).name == "after"


# ---------- deletion ----------


async def test_a_record_is_deleted_with_what_its_relations_say(make_engine: MakeEngine) -> None:
    engine = await make_engine(family.Base.metadata)
    rooms, guests = [Room(id=1, name="hall")], [Guest(id=1, name="Ann")]
    await save(engine, House(id=1, name="one", rooms=rooms, guests=guests, notes=[Note(id=1, name="memo")]))

    with pytest.raises(Conflict) as raised:
        await HOUSES.delete(engine, 1)
    assert told(raised.value) == [("REQUIRED_RELATION", "Room records cannot be without this House.", ())]
    await Crud(Room).delete(engine, 1)
    await HOUSES.delete(engine, {"name": "one"})
    assert await family.family(engine) == {"guest": {"Ann": None}}


# ---------- sessions ----------


async def test_a_write_is_committed_by_whoever_began_it(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session:
        await TAGS.create(session, {"label": "a"})
        await session.rollback()
        await TAGS.create(session, {"label": "b"}, commit=True)
        assert not session.in_transaction()
        await TAGS.update(session, {"label": "b"}, {"label": "c"}, commit=True)
        await TAGS.upsert(session, {"label": "d"}, on=["label"], commit=True)
        await TAGS.get_or_create(session, {"label": "e"}, on=["label"], commit=True)
        await TAGS.delete(session, {"label": "d"}, commit=True)
        await TAGS.hard_delete(session, {"label": "e"})
    assert [tag.label for tag in await TAGS.get_multi(engine, order_by="label")] == ["c", "e", "x", "y", "z"]


async def test_a_write_sees_what_a_session_has_not_flushed_and_the_session_what_is_written(engine: AsyncEngine) -> None:
    async with AsyncSession(engine, expire_on_commit=False) as session:
        session.add(Author(id=50, name="Dee"))
        book = await session.get_one(Book, 1)
        made = await BOOKS.create(session, {**NEW, "author_id": 50})
        await BOOKS.update(session, 1, {"title": "U"})
        await session.refresh(book)
        assert (book.title, made.author_id) == ("U", 50)
        assert (await session.get_one(Book, made.id)).title == "New"
        book.title = "V"
        assert (await BOOKS.get(session, 1)).title == "V"
        await session.commit()
    assert (await BOOKS.get(engine, 1)).title == "V"


async def test_a_session_keeps_what_a_write_has_not_changed(engine: AsyncEngine) -> None:
    """An attribute that is expired cannot be read in passing."""
    async with AsyncSession(engine) as session:
        query = (
            sa.select(Author)
            .options(selectinload(Author.books).options(selectinload(Book.tags), joinedload(Book.author)))
            .order_by(Author.id)
        )
        ada, bob, _ = await session.scalars(query)
        first, second = sorted(ada.books, key=lambda book: book.id)[:2]

        held = {"ada": ada, "bob": bob, "first": first, "second": second}
        never = {(name, attribute) for name, each in held.items() for attribute in sa.inspect(each).unloaded}

        def lost() -> set[tuple[str, str]]:
            now = {(name, attribute) for name, each in held.items() for attribute in sa.inspect(each).unloaded}
            return now - never

        await Crud(OrderItem).create(session, {"order_no": 9, "line_no": 1, "quantity": 1})
        await AUTHORS.create(session, {"name": "Dee"})
        with pytest.raises(Invalid):
            await BOOKS.update(session, 1, {"title": 5})
        assert lost() == set()
        await AUTHORS.update(session, 2, {"name": "Rob"})
        assert lost() == {("bob", name) for name in ("id", "name", "email", "books")}
        assert (first.author is ada, ada.name, first.title, second.tags[0].label) == (True, "Ada", "T01", "x")
        await session.refresh(bob)
        assert bob.name == "Rob"
        await BOOKS.create(session, {**NEW, "author": {"connect": 1}})
        assert ("ada", "books") in lost() and ("ada", "name") not in lost()
        await session.refresh(ada, ["books"])
        assert "New" in [book.title for book in ada.books]
        await BOOKS.update(session, 2, {"tag_ids": [2]})
        assert ("second", "tags") in lost() and ("first", "title") not in lost()
        await session.refresh(second, ["tags"])
        assert [tag.label for tag in second.tags] == ["y"]
        await AUTHORS.delete(session, 3)
        await session.refresh(ada)
        assert ada.name == "Ada"


async def test_sessions_of_ones_own_making_are_used(engine: AsyncEngine) -> None:
    seen: list[str] = []

    class Watched(AsyncSession):
        async def commit(self) -> None:
            seen.append("commit")
            await super().commit()

    maker = async_sessionmaker(engine, class_=Watched)
    await TAGS.create(maker, {"label": "a"})
    assert (seen, await TAGS.exists(maker, label="a")) == (["commit"], True)


async def test_within_a_transaction_that_a_block_begins(engine: AsyncEngine) -> None:
    maker = async_sessionmaker(engine)
    async with maker.begin() as session:
        await TAGS.create(session, {"label": "a"})
        with pytest.raises(Conflict):
            await TAGS.create(session, {"label": "a"})
        async with session.begin_nested() as savepoint:
            await TAGS.create(session, {"label": "b"})
            await savepoint.rollback()
        await TAGS.create(session, {"label": "c"})
    with pytest.raises(ZeroDivisionError):
        async with maker.begin() as session:
            await TAGS.create(session, {"label": "d"})
            raise ZeroDivisionError
    assert [tag.label for tag in await TAGS.get_multi(engine, order_by="label")] == ["a", "c", "x", "y", "z"]


@pytest.mark.parametrize("kind", [datetime(2020, 1, 1, tzinfo=UTC), "2020-01-01T00:00:00+00:00"], ids=["time", "text"])
async def test_values_come_as_they_are_or_as_json_has_them(engine: AsyncEngine, kind: Any) -> None:
    made = await BOOKS.create(engine, {**NEW, "published_at": kind, "meta": {"a": [1, None]}})
    assert (made.published_at, made.meta) == (datetime(2020, 1, 1, tzinfo=UTC), {"a": [1, None]})


def test_each_error_is_one_of_the_same_kind() -> None:
    assert {kind: kind.status for kind in (CrudError, NotFound, Conflict, Invalid, Forbidden)} == {
        CrudError: 500,
        NotFound: 404,
        Conflict: 409,
        Invalid: 422,
        Forbidden: 403,
    }
