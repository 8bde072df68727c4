"""Reads from Python: single records, lists, pages, streams and statements, in every kind of session."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import Session, aliased, selectinload, sessionmaker

from gqlcrud import Api, ConfigurationError, Crud, CrudError, Invalid, ModelOptions, NotFound, SoftDelete, Unavailable
from tests import zoo, zoo_rows
from tests.databases import Backend, MakeEngine, record_statements
from tests.reading_room import ids, reading_room
from tests.running import save
from tests.shelf import Author, Base, Book, OrderItem, Tag
from tests.test_outages import engine_at

BOOKS, AUTHORS, ITEMS = Crud(Book), Crud(Author), Crud(OrderItem)


@pytest.fixture(scope="module")
async def engine(make_module_engine: MakeEngine) -> AsyncIterator[AsyncEngine]:
    yield await reading_room(make_module_engine)


def told(error: CrudError) -> list[tuple[str, str, tuple[str | int, ...]]]:
    return [(each.code.value, each.message, each.path) for each in error.errors]


# ---------- one record ----------


async def test_a_record_has_every_column_by_attribute(engine: AsyncEngine) -> None:
    book = await BOOKS.get(engine, 2)

    assert (book.id, book.title, book.isbn, book.price, book.version, book.author_id) == (
        2,
        "T02",
        "i2",
        Decimal(1),
        1,
        1,
    )
    assert (book.meta, book.published_at) == ({"n": 2, "even": True}, datetime(2002, 1, 1, tzinfo=UTC))


async def test_a_record_says_what_it_is_and_what_it_lacks(engine: AsyncEngine) -> None:
    tag = await Crud(Tag).get(engine, 2)

    assert repr(tag) == "Tag(id=2, label='y')"
    assert tag == await Crud(Tag).get(engine, {"label": "y"})
    with pytest.raises(AttributeError) as raised:
        _ = tag.books
    assert str(raised.value) == (
        "'books' of Tag is not fetched. Say what is wanted, relations among it, by select=: a Pydantic model or names."
    )


@pytest.mark.parametrize(
    ("crud", "key", "expected"),
    [
        (BOOKS, 2, "T02"),
        (BOOKS, (2,), "T02"),
        (BOOKS, {"id": 2}, "T02"),
        (BOOKS, {"isbn": "i2"}, "T02"),
        (AUTHORS, {"email": "bob@x.org"}, "Bob"),
        (ITEMS, (7, 2), 2),
        (ITEMS, {"line_no": 2, "order_no": 7}, 2),
    ],
    ids=str,
)
async def test_a_record_is_found_by_any_unique_key(
    engine: AsyncEngine, crud: Crud[Any], key: Any, expected: object
) -> None:
    name = {"Book": "title", "Author": "name", "OrderItem": "quantity"}[crud.name]

    assert getattr(await crud.get(engine, key), name) == expected
    assert getattr(await crud.get_or_none(engine, key), name) == expected


@pytest.mark.parametrize(
    ("crud", "key"), [(BOOKS, 99), (BOOKS, {"isbn": "none"}), (ITEMS, (7, 9)), (ITEMS, (9, 1))], ids=str
)
async def test_what_is_not_there_is_told_or_none(engine: AsyncEngine, crud: Crud[Any], key: Any) -> None:
    assert await crud.get_or_none(engine, key) is None
    with pytest.raises(NotFound) as raised:
        await crud.get(engine, key)
    assert told(raised.value) == [("NOT_FOUND", f"There is no such {crud.name}.", ())]
    assert raised.value.status == 404


@pytest.mark.parametrize(
    ("crud", "key", "message", "path"),
    [
        (BOOKS, "x", "An integer is needed, not 'x'.", ("id",)),
        (BOOKS, None, "id is None, which names no record.", ("id",)),
        (BOOKS, True, "An integer is needed, not True.", ("id",)),
        (BOOKS, 2**40, "An integer of 32 bits is needed.", ("id",)),
        (BOOKS, (1, 2), "The primary key of Book has the columns id: give a tuple of their values.", ()),
        (ITEMS, 7, "The primary key of OrderItem has the columns order_no, line_no: give a tuple of their values.", ()),
        (ITEMS, (7, "x"), "An integer is needed, not 'x'.", ("line_no",)),
        (BOOKS, {"title": "T02"}, "title is no unique key of Book; there are: id; isbn.", ()),
        (BOOKS, {}, "{} is no unique key of Book; there are: id; isbn.", ()),
        (BOOKS, {"isbn": None}, "isbn is None, which names no record.", ("isbn",)),
        (ITEMS, {"order_no": 7}, "order_no is no unique key of OrderItem; there are: order_no, line_no.", ()),
    ],
    ids=str,
)
async def test_what_is_no_key_is_told(
    engine: AsyncEngine, crud: Crud[Any], key: Any, message: str, path: tuple[str, ...]
) -> None:
    for get in (crud.get, crud.get_or_none):
        with pytest.raises(Invalid) as raised:
            await get(engine, key)
        assert told(raised.value) == [("VALIDATION", message, path)]


async def test_the_first_record_is_the_first_in_the_order(engine: AsyncEngine) -> None:
    async def first(*arguments: Any, **options: Any) -> int | None:
        book = await BOOKS.first(engine, *arguments, **options)
        return None if book is None else book.id

    assert await first() == 1
    assert await first(order_by="-price") == 12
    assert await first({"price": 1}, order_by="-id") == 3
    assert await first(price=99) is None
    assert await BOOKS.first(engine, select=["title"], order_by="-title") == {"title": "T12"}


# ---------- orders ----------

ORDERS: dict[str, tuple[Any, list[int]]] = {
    "none": (None, list(range(1, 13))),
    "nothing": ([], list(range(1, 13))),
    "a name": ("title", list(range(1, 13))),
    "descending": ("-title", list(range(12, 0, -1))),
    "ascending": ("+title", list(range(1, 13))),
    "several": (["-price", "-id"], list(range(12, 0, -1))),
    "a tuple": (("-price", "id"), [12, 10, 11, 8, 9, 6, 7, 4, 5, 2, 3, 1]),
    "the key decides": (["-price"], [12, 10, 11, 8, 9, 6, 7, 4, 5, 2, 3, 1]),
    "NULLs last": ("isbn nulls last", [1, 11, 12, 2, 3, 4, 6, 7, 8, 9, 5, 10]),
    "NULLs first": ("-isbn nulls first", [5, 10, 9, 8, 7, 6, 4, 3, 2, 12, 11, 1]),
    "NULL is the largest": ("-isbn", [5, 10, 9, 8, 7, 6, 4, 3, 2, 12, 11, 1]),
    "of a record": ("-author.name nulls last", [7, 8, 9, 10, 11, 1, 2, 3, 4, 5, 6, 12]),
    "a count": (["-tags.count", "-id"], [1, 12, 10, 8, 6, 4, 2, 11, 9, 7, 5, 3]),
    "a count of a record": (["author.books.count nulls first", "-id"], [12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
    "an attribute": (Book.title, list(range(1, 13))),
    "attributes": ([Book.price.desc(), Book.id.desc()], list(range(12, 0, -1))),
    "an attribute with NULLs": (Book.isbn.desc().nulls_last(), [9, 8, 7, 6, 4, 3, 2, 12, 11, 1, 5, 10]),
    "sorted by SQLAlchemy's functions": (
        [sa.desc(Book.price), sa.asc(Book.id)],
        [12, 10, 11, 8, 9, 6, 7, 4, 5, 2, 3, 1],
    ),
    "both": ([Book.price.desc(), "-id"], list(range(12, 0, -1))),
}


@pytest.mark.parametrize(("order_by", "expected"), ORDERS.values(), ids=ORDERS.keys())
async def test_an_order_sorts_every_kind_of_read(engine: AsyncEngine, order_by: Any, expected: list[int]) -> None:
    async with AsyncSession(engine) as session:
        own = await session.scalars(BOOKS.select(session, order_by=order_by))

        assert ids(own) == expected
    assert ids(await BOOKS.get_multi(engine, order_by=order_by)) == expected
    assert ids(await walked(engine, order_by=order_by, size=5)) == expected
    assert [each.id async for each in BOOKS.stream(engine, order_by=order_by, batch_size=5)] == expected


ORDER_MISTAKES: dict[str, tuple[Any, str, int]] = {
    "unknown": (["id", "prize"], "Book has no attribute 'prize'. It has: id, isbn, title, price, meta, ", 1),
    "unreadable": (
        "price desc",
        "'price desc' is nothing to order by: write 'title', '-title' or 'author.name nulls last'.",
        0,
    ),
    "a relation": ("author", "author leads to another record; order by a column of it: 'author.<column>'.", 0),
    "a list": ("tags.label", "tags leads to many records; order by their number: 'tags.count'.", 0),
    "below a column": ("title.name", "title is a column and has no name.", 0),
    "a kind without an order": ("meta", "meta cannot be ordered by.", 0),
    "a function": (
        sa.func.lower(Book.title),
        "An order has attributes of the class, or names of them, and no other",
        0,
    ),
    "of another class": (
        Author.name.desc(),
        "name of Author is no attribute of Book; a name leads through relations: '<relation>.name'.",
        0,
    ),
    "of an alias": (
        aliased(Book).title,
        "title of an alias is no attribute of Book; a name leads through relations: '<relation>.title'.",
        0,
    ),
    "a number": (5, "An order has attributes of the class, or names of them, and no other expressions.", 0),
}


@pytest.mark.parametrize(("order_by", "message", "place"), ORDER_MISTAKES.values(), ids=ORDER_MISTAKES.keys())
async def test_a_mistake_in_an_order_is_told(engine: AsyncEngine, order_by: Any, message: str, place: int) -> None:
    with pytest.raises(Invalid) as raised:
        await BOOKS.get_multi(engine, order_by=order_by)

    (error,) = raised.value.errors
    assert (error.message[: len(message)], error.path) == (message, ("order_by", place))


# ---------- many ----------


async def walked(engine: AsyncEngine, *, size: int, **options: Any) -> list[Any]:
    """All pages, forward; the way back gives the same."""
    forward: list[Any] = []
    after = None
    while True:
        page = await BOOKS.paginate(engine, first=size, after=after, **options)
        assert page.has_previous_page is (after is not None)
        forward += page.items
        after = page.end_cursor
        if not page.has_next_page:
            break
    backward: list[Any] = []
    before = None
    while True:
        page = await BOOKS.paginate(engine, last=size, before=before, **options)
        assert page.has_next_page is (before is not None)
        backward = [*page.items, *backward]
        before = page.start_cursor
        if not page.has_previous_page:
            break
    assert forward == backward
    return forward


async def test_a_list_is_cut_by_offset_and_limit_and_counted_if_asked(engine: AsyncEngine) -> None:
    async def cut(**options: Any) -> tuple[list[int], int | None]:
        rows = await BOOKS.get_multi(engine, **options)
        return ids(rows), rows.total

    assert await cut(offset=3, limit=2) == ([4, 5], None)
    assert await cut(limit=2, total=True) == ([1, 2], 12)
    assert await cut(where={"price": {"gte": 5}}, limit=2, offset=1, order_by="-id", total=True) == ([11, 10], 3)
    assert await cut(limit=0, total=True) == ([], 12)
    assert await cut(offset=99, total=True) == ([], 12)
    assert await cut(limit=None) == (list(range(1, 13)), None)


async def test_rows_are_a_sequence(engine: AsyncEngine) -> None:
    rows = await BOOKS.get_multi(engine, limit=3, select=["id"])

    assert (list(rows), len(rows), rows[1], rows[1:]) == (
        [{"id": 1}, {"id": 2}, {"id": 3}],
        3,
        {"id": 2},
        [{"id": 2}, {"id": 3}],
    )
    assert {"id": 3} in rows


async def test_a_list_has_a_hundred_records_if_nothing_is_said(make_engine: MakeEngine) -> None:
    engine = await make_engine(Base.metadata)
    await save(engine, *(Tag(id=i, label=f"{i:03}") for i in range(1, 121)))
    tags = Crud(Tag)

    rows = await tags.get_multi(engine, total=True)
    page = await tags.paginate(engine, total=True)
    assert (len(rows), rows.total, len(page.items), page.total) == (100, 120, 50, 120)
    assert len(await tags.get_multi(engine, limit=None)) == 120
    assert len((await tags.paginate(engine, first=110)).items) == 110


async def test_a_page_lies_between_cursors(engine: AsyncEngine) -> None:
    page = await BOOKS.paginate(engine, {"id": {"gt": 1}}, order_by=["-price", "id"], first=3, total=True)
    assert (ids(page.items), len(page.cursors), page.total) == ([12, 10, 11], 3, 11)
    assert (page.start_cursor, page.end_cursor) == (page.cursors[0], page.cursors[2])
    assert (page.has_next_page, page.has_previous_page) == (True, False)

    options: dict[str, Any] = {"where": {"id": {"gt": 1}}, "order_by": ["-price", "id"]}
    between = await BOOKS.paginate(engine, after=page.cursors[0], before=page.cursors[2], **options)
    assert (ids(between.items), between.has_next_page, between.has_previous_page) == ([10], True, True)
    last = await BOOKS.paginate(engine, last=2, **options)
    assert (ids(last.items), last.has_next_page, last.has_previous_page) == ([2, 3], False, True)
    none = await BOOKS.paginate(engine, id=99, total=True)
    assert (none.items, none.cursors, none.start_cursor, none.end_cursor, none.total) == ([], [], None, None, 0)


@pytest.mark.parametrize("size", [1, 2, 5, 12, 50])
async def test_pages_are_walked_to_the_end_and_back(engine: AsyncEngine, size: int) -> None:
    assert ids(await walked(engine, size=size, order_by=["-author.name", "-published_at"])) == ids(
        await BOOKS.get_multi(engine, order_by=["-author.name", "-published_at"])
    )
    assert await walked(engine, size=size, where={"id": 99}) == []


@pytest.mark.parametrize(
    ("read", "message", "path"),
    [
        (lambda engine: BOOKS.paginate(engine, first=-1), "first cannot be negative.", ("first",)),
        (lambda engine: BOOKS.paginate(engine, last=-1), "last cannot be negative.", ("last",)),
        (lambda engine: BOOKS.paginate(engine, after="x"), "This is not a cursor.", ("after",)),
        (lambda engine: BOOKS.paginate(engine, before=""), "This is not a cursor.", ("before",)),
        (lambda engine: BOOKS.get_multi(engine, limit=-1), "limit cannot be negative.", ("limit",)),
        (lambda engine: BOOKS.get_multi(engine, offset=-1), "offset cannot be negative.", ("offset",)),
        (lambda engine: anext(BOOKS.stream(engine, batch_size=0)), "batch_size is 1 at least, not 0.", ("batch_size",)),
        (
            lambda engine: BOOKS.count(engine, deleted="yes"),  # type: ignore[arg-type]  # as one might
            "deleted is 'exclude', 'include' or 'only', not 'yes'.",
            ("deleted",),
        ),
        (
            lambda engine: BOOKS.get(engine, 1, select=["title", "authr.name"]),
            "Book has no attribute 'authr'. It has: "
            "id, isbn, title, price, meta, published_at, version, author_id, author, tags, order_items.",
            ("select",),
        ),
        (
            lambda engine: BOOKS.get_multi(engine, select=["author"]),
            "author leads to other records; name what is wanted of them: 'author.<attribute>'.",
            ("select",),
        ),
        (
            lambda engine: BOOKS.get_multi(engine, select=["title.name"]),
            "title is a column and has no 'name'.",
            ("select",),
        ),
    ],
    ids=["first", "last", "after", "before", "limit", "offset", "batch size", "deleted", "name", "relation", "below"],
)
async def test_what_cannot_be_asked_for_is_told(
    engine: AsyncEngine, read: Callable[[AsyncEngine], Any], message: str, path: tuple[str, ...]
) -> None:
    with pytest.raises(Invalid) as raised:
        await read(engine)

    assert told(raised.value) == [("VALIDATION", message, path)]


async def test_a_cursor_belongs_to_its_order(engine: AsyncEngine) -> None:
    page = await BOOKS.paginate(engine, order_by="title", first=1)

    with pytest.raises(Invalid) as raised:
        await BOOKS.paginate(engine, order_by="-title", first=1, after=page.end_cursor)
    assert [each.path for each in raised.value.errors] == [("after",)]


# ---------- streams ----------


@pytest.mark.parametrize("size", [1, 5, 6, 12, 500])
async def test_a_stream_gives_all_records_in_batches(engine: AsyncEngine, size: int) -> None:
    options: dict[str, Any] = {
        "where": {"id": {"gt": 0}},
        "order_by": ["-price", "title"],
        "select": ["id", "author.name"],
    }

    with record_statements(engine) as statements:
        streamed = [each async for each in BOOKS.stream(engine, **options, batch_size=size)]

    assert streamed == list(await BOOKS.get_multi(engine, **options))
    batches = -(-12 // size)
    of_authors = sum(
        1 for start in range(0, 12, size) if any(each["author"] for each in streamed[start : start + size])
    )
    assert len(statements) == batches + of_authors


async def test_a_stream_reads_no_further_than_it_is_asked(engine: AsyncEngine) -> None:
    with record_statements(engine) as statements:
        stream = BOOKS.stream(engine, batch_size=2)
        assert len(statements) == 0
        assert [(await anext(stream)).id, (await anext(stream)).id] == [1, 2]
        assert len(statements) == 1
        assert (await anext(stream)).id == 3
        assert len(statements) == 2
        await stream.aclose()  # type: ignore[attr-defined]  # what comes of an async generator is one


async def test_a_stream_goes_on_while_records_are_written(make_engine: MakeEngine) -> None:
    """What is behind the reader does not matter to it: nothing is repeated or lost."""
    engine = await make_engine(Base.metadata)
    await save(engine, *(Tag(id=i, label=f"{i:02}") for i in range(10, 16)))
    tags, seen = Crud(Tag), []

    async for tag in tags.stream(engine, batch_size=2):
        seen.append(tag.id)
        if tag.id == 12:
            await tags.delete(engine, 10)
            await tags.create(engine, {"id": 1, "label": "early"})
            await tags.create(engine, {"id": 99, "label": "late"})
    assert seen == [10, 11, 12, 13, 14, 15, 99]


# ---------- statements ----------


async def test_a_statement_goes_on_as_one_of_sqlalchemy(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session:
        await BOOKS.prepare(session)
        where = {"author": {"is": {"name": {"i_contains": "AD"}}}, "tags": {"some": {"label": "x"}}}
        statement = BOOKS.select(session, where, order_by=["-author.name", "-id"], isbn="i4")
        assert ids(await session.scalars(statement)) == [4]

        statement = BOOKS.select(session, where, order_by="-id").options(selectinload(Book.tags)).limit(2).offset(1)
        found = list(await session.scalars(statement))
        assert [(book.id, [tag.label for tag in book.tags]) for book in found] == [(4, ["x"]), (2, ["x"])]
        assert all(isinstance(book, Book) for book in found)

        counted = sa.select(sa.func.count()).select_from(BOOKS.select(session, Book.price < 2).subquery())
        assert await session.scalar(counted) == 3
        joined = BOOKS.select(session, {"id": {"lt": 3}}).join(Book.author).where(Author.name == "Ada")
        assert ids(await session.scalars(joined)) == [1, 2]


async def test_a_statement_of_a_wrong_condition_is_told(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session:
        with pytest.raises(Invalid) as raised:
            BOOKS.select(session, {"id": "x"})
    assert told(raised.value) == [("VALIDATION", "An integer is needed, not 'x'.", ("where", "id"))]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_on_sqlite_a_session_is_prepared_for_what_it_does_not_know(make_engine: MakeEngine) -> None:
    engine = await reading_room(make_engine)
    async with AsyncSession(engine) as session:
        statement = BOOKS.select(session, {"meta": {"eq": {"n": 1, "even": False}}, "title": {"i_eq": "t01"}})
        with pytest.raises(sa.exc.OperationalError):
            await session.scalars(statement)
        await session.rollback()

        await BOOKS.prepare(session)
        assert ids(await session.scalars(statement)) == [1]


# ---------- statement counts ----------


@pytest.mark.parametrize(
    ("read", "count"),
    [
        (lambda engine: BOOKS.get(engine, 1), 1),
        (lambda engine: BOOKS.get_or_none(engine, 99), 1),
        (lambda engine: BOOKS.first(engine), 1),
        (lambda engine: BOOKS.exists(engine, {"tags": {"some": {}}}), 1),
        (lambda engine: BOOKS.count(engine, {"author": {"is": {}}}), 1),
        (lambda engine: BOOKS.get_multi(engine), 1),
        (lambda engine: BOOKS.get_multi(engine, total=True), 2),
        (lambda engine: BOOKS.get_multi(engine, {"id": []}), 0),
        (lambda engine: BOOKS.paginate(engine, first=2), 1),
        (lambda engine: BOOKS.paginate(engine, first=2, total=True), 2),
        (lambda engine: BOOKS.get_multi(engine, select=["title", "author.name", "tags.label"]), 3),
        (lambda engine: BOOKS.get_multi(engine, select=["author.books.tags.label", "author.name"]), 4),
    ],
)
async def test_a_read_is_as_many_statements_as_it_has_levels(
    engine: AsyncEngine, read: Callable[[AsyncEngine], Any], count: int
) -> None:
    with record_statements(engine) as statements:
        await read(engine)

    assert len([sql for sql, _ in statements if sql.lstrip().upper().startswith(("SELECT", "WITH"))]) == count


# ---------- sessions ----------


@pytest.mark.parametrize("kind", ["engine", "sessionmaker", "session", "api", "api of sessions", "subclass"])
async def test_each_kind_of_session_reads_the_same(engine: AsyncEngine, kind: str) -> None:
    class Books(Crud[Book]):
        pass

    async with AsyncSession(engine) as session:
        kinds: dict[str, tuple[Crud[Book], Any]] = {
            "engine": (BOOKS, engine),
            "sessionmaker": (BOOKS, async_sessionmaker(engine)),
            "session": (BOOKS, session),
            "api": (Api(Base, engine).crud(Book), None),
            "api of sessions": (Crud(Book, api=Api(Base, async_sessionmaker(engine))), None),
            "subclass": (Books(api=Api(Base, engine)), None),
        }
        crud, given = kinds[kind]
        assert (await crud.get(given, 1)).title == "T01"
        assert ids(await crud.get_multi(given, Book.id < 3)) == [1, 2]
        assert [each.id async for each in crud.stream(given, Book.id < 5, batch_size=3)] == [1, 2, 3, 4]
        assert str(crud.select(given, Book.id < 3)).startswith("SELECT ")


async def test_a_session_shows_what_it_has_not_committed(make_engine: MakeEngine) -> None:
    engine = await make_engine(Base.metadata)
    tags = Crud(Tag)
    async with AsyncSession(engine) as session:
        session.add(Tag(id=1, label="unflushed"))
        assert (await tags.get(session, 1)).label == "unflushed"
        assert await tags.count(session) == 1
        assert await tags.count(async_sessionmaker(engine)) == 0
        await session.rollback()
        assert await tags.count(session) == 0


async def test_a_session_that_flushes_nothing_by_itself_is_left_so(make_engine: MakeEngine) -> None:
    engine = await make_engine(Base.metadata)
    async with AsyncSession(engine, autoflush=False) as session:
        session.add(Tag(id=1, label="a"))
        assert await Crud(Tag).count(session) == 0
        assert len(session.new) == 1


async def test_a_read_leaves_instances_and_the_transaction_of_a_session_as_they_were(make_engine: MakeEngine) -> None:
    engine = await make_engine(Base.metadata)
    async with AsyncSession(engine) as session:
        session.add(Tag(id=1, label="a"))
        await session.flush()
        tag = (await session.scalars(sa.select(Tag))).one()
        for read in (
            lambda: Crud(Tag).get(session, 9),
            lambda: Crud(Tag).get_multi(session, {"label": 5}),
            lambda: Crud(Tag).count(session, sa.func.nonsense(Tag.id) > 0),
        ):
            with pytest.raises((CrudError, sa.exc.DBAPIError)):
                await read()
        assert session.in_transaction()
        assert (tag.label, await Crud(Tag).count(session)) == ("a", 1)
        await session.commit()
    assert await Crud(Tag).count(engine) == 1


NO_DATABASE = (
    "There is no database: give an AsyncSession or an AsyncEngine, or make Crud(Book, api=api) with an Api that has an "
    "engine or an async_sessionmaker."
)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: None, NO_DATABASE),
        (lambda: Session(), "A Crud works with an AsyncSession, an AsyncEngine or an async_sessionmaker, not <"),
        (lambda: sessionmaker(), "A Crud works with an AsyncSession, an AsyncEngine or an async_sessionmaker, not "),
        (
            lambda: sa.create_engine("sqlite://"),
            "A Crud works with an AsyncSession, an AsyncEngine or an async_sessionmaker",
        ),
        (
            lambda: "sqlite://",
            "A Crud works with an AsyncSession, an AsyncEngine or an async_sessionmaker, not 'sqlite://'.",
        ),
        (async_sessionmaker, "The async_sessionmaker has no bind; make it with async_sessionmaker(engine)."),
    ],
    ids=["none", "Session", "sessionmaker", "engine", "url", "unbound"],
)
async def test_what_is_no_session_is_refused(make: Callable[[], Any], message: str) -> None:
    for call in (
        lambda given: BOOKS.get(given, 1),
        lambda given: BOOKS.count(given),
        lambda given: BOOKS.create(given, {"title": "x"}),
    ):
        with pytest.raises(ConfigurationError) as raised:
            await call(make())
        assert str(raised.value).startswith(message)


async def test_an_api_with_sessions_of_requests_has_no_database_for_python() -> None:
    async def session() -> Any: ...

    with pytest.raises(ConfigurationError) as raised:
        await Api(Base, session).crud(Book).get(None, 1)
    assert str(raised.value) == NO_DATABASE


async def test_an_outage_is_told_without_what_the_driver_says(backend: Backend, tmp_path: Any) -> None:
    url = {
        "sqlite": f"sqlite+aiosqlite:///{tmp_path}/nowhere/x.sqlite",
        "postgresql": f"postgresql+asyncpg://u@/x?host={tmp_path}",
    }[backend.name]
    async with engine_at(make_url(url)) as engine:
        calls: list[Callable[[], Any]] = [
            lambda: BOOKS.get(engine, 1),
            lambda: BOOKS.create(engine, {"title": "x", "price": 1}),
        ]
        for call in calls:
            with pytest.raises(Unavailable) as raised:
                await call()
            assert told(raised.value) == [("UNAVAILABLE", "The database is not available.", ())]
            assert raised.value.status == 503


# ---------- deleted records ----------


async def test_deleted_records_are_shown_where_they_are_asked_for(make_engine: MakeEngine) -> None:
    engine = await make_engine(Base.metadata)
    await save(engine, *(Book(id=i, title="t", price=Decimal(1), version=1) for i in (1, 2, 3)))
    books = Crud(Book, models={Book: ModelOptions(soft_delete=SoftDelete("published_at"))})
    await books.delete(engine, 2)

    for deleted, expected in (("exclude", [1, 3]), ("include", [1, 2, 3]), ("only", [2])):
        options: dict[str, Any] = {"deleted": deleted}
        assert ids(await books.get_multi(engine, **options)) == expected
        assert ids((await books.paginate(engine, **options)).items) == expected
        assert [each.id async for each in books.stream(engine, **options)] == expected
        assert await books.count(engine, **options) == len(expected)
        assert await books.exists(engine, id=2, **options) is (2 in expected)
        first = await books.first(engine, order_by="-id", **options)
        assert first is not None and first.id == expected[-1]
        assert (await books.get_or_none(engine, 2, **options) is not None) is (2 in expected)
        async with AsyncSession(engine) as session:
            assert ids(await session.scalars(books.select(session, **options))) == expected
    with pytest.raises(NotFound):
        await books.get(engine, 2)


# ---------- values ----------


async def test_values_are_those_of_the_mapped_instances(make_engine: MakeEngine) -> None:
    """But for the time zone, which SQLAlchemy loses on SQLite: it is UTC."""
    engine = await make_engine(zoo.Scalars.metadata)
    for group in zoo_rows.scalars():
        await save(engine, *group)
    async with AsyncSession(engine) as session:
        instances = list(await session.scalars(sa.select(zoo.Everything).order_by(zoo.Everything.id)))
    names = [each.key for each in sa.inspect(zoo.Everything).column_attrs]

    records = await Crud(zoo.Everything).get_multi(engine)
    dicts = await Crud(zoo.Everything).get_multi(engine, select=names)

    assert instances[1].datetime_aware is not None
    instances[1].datetime_aware = instances[1].datetime_aware.replace(tzinfo=UTC)
    expected = [{name: getattr(each, name) for name in names} for each in instances]
    assert [{name: getattr(each, name) for name in names} for each in records] == expected
    assert list(dicts) == expected


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_value_that_cannot_be_shown_is_told_without_sql(make_engine: MakeEngine) -> None:
    engine = await make_engine(Base.metadata)
    async with engine.begin() as connection:
        await connection.exec_driver_sql("INSERT INTO tag (id, label) VALUES (1, CAST(x'ff' AS TEXT))")

    for read in (Crud(Tag).get, Crud(Tag).get_or_none):
        with pytest.raises(CrudError) as raised:
            await read(engine, 1, select=["label"])
        assert told(raised.value) == [
            ("UNREADABLE", "The database holds a value here that this type does not have.", ())
        ]


@pytest.mark.parametrize(
    ("arguments", "message", "path"),
    [
        ({"first": "3"}, "first is a number, not '3'.", ("first",)),
        ({"last": True}, "last is a number, not True.", ("last",)),
        ({"after": 5}, "after is a text, not 5.", ("after",)),
        ({"search": b"x"}, "search is a text, not b'x'.", ("search",)),
    ],
    ids=["first", "last", "after", "search"],
)
async def test_arguments_of_another_kind_are_told(
    engine: AsyncEngine, arguments: dict[str, Any], message: str, path: tuple[str, ...]
) -> None:
    with pytest.raises(Invalid) as raised:
        await BOOKS.paginate(engine, **arguments)

    assert told(raised.value) == [("VALIDATION", message, path)]
