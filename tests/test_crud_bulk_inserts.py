"""insert_multi: many records from Python, batch by batch, wholly or as far as it goes."""

import dataclasses
import datetime as dt
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from gqlcrud import Conflict, Crud, CrudError, ErrorCode, FailedItem, Invalid, Progress, Summary
from tests.bulk_shop import Author, Base, Book, Stock, books, stored
from tests.databases import MakeEngine, record_statements


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncEngine:
    return await make_engine(Base.metadata)


BOOKS = Crud(Book)
AUTHORS = Crud(Author)


def figures(summary: Summary) -> dict[str, Any]:
    """What is not empty of a summary, without its times."""
    found = {name: getattr(summary, name) for name in Summary.__slots__ if name != "duration"}
    return {name: value for name, value in found.items() if value}


def told(error: CrudError) -> list[tuple[str, tuple[object, ...]]]:
    return [(each.code.value, each.path) for each in error.errors]


# ---------- rows ----------


async def test_rows_become_records_in_their_order(engine: AsyncEngine) -> None:
    summary = await BOOKS.insert_multi(
        engine,
        [
            {"isbn": "1", "title": "Emma", "price": Decimal("7.50"), "pages": 3, "published": dt.date(1815, 12, 23)},
            {"isbn": "2", "title": "Dracula", "price": Decimal("8"), "pages": 4, "published": None},
        ],
    )

    assert figures(summary) == {"requested": 2, "inserted": 2}
    assert summary.success_rate == 1
    assert await stored(engine, Book, "id", "isbn", "title", "price", "pages", "chapters", "published") == [
        (1, "1", "Emma", Decimal("7.50"), 3, 1, dt.date(1815, 12, 23)),
        (2, "2", "Dracula", Decimal("8.00"), 4, 1, None),
    ]


async def test_no_rows_are_no_records(engine: AsyncEngine) -> None:
    summary = await BOOKS.insert_multi(engine, [])

    assert (figures(summary), summary.success_rate, summary.items_per_second) == ({}, 1, 0)


async def test_rows_may_leave_out_what_has_a_default(engine: AsyncEngine) -> None:
    rows = [
        {"isbn": "1", "title": "a"},
        {"isbn": "2", "title": "b", "price": Decimal(1), "published": dt.date(2020, 1, 1)},
        {"isbn": "3", "title": "c", "pages": 7},
        {"isbn": "4", "title": "d", "language": None, "pages": 8},
        {"isbn": "5", "title": "e", "language": "fr", "pages": 8},
    ]

    await BOOKS.insert_multi(engine, rows)

    assert sorted(await stored(engine, Book, "isbn", "price", "pages", "chapters", "published", "language")) == [
        ("1", Decimal("9.90"), 100, 1, None, "en"),
        ("2", Decimal("1.00"), 100, 1, dt.date(2020, 1, 1), "en"),
        ("3", Decimal("9.90"), 7, 1, None, "en"),
        ("4", Decimal("9.90"), 8, 1, None, "en"),
        ("5", Decimal("9.90"), 8, 1, None, "fr"),
    ]


async def test_values_are_taken_in_the_forms_of_single_writes(engine: AsyncEngine) -> None:
    rows = [
        {"isbn": "1", "title": "a", "price": "1.25", "published": "2020-02-29"},
        {"isbn": "2", "title": "b", "price": 2, "published": dt.date(2020, 1, 1)},
    ]

    await BOOKS.insert_multi(engine, rows)

    assert await stored(engine, Book, "price", "published") == [
        (Decimal("1.25"), dt.date(2020, 2, 29)),
        (Decimal("2.00"), dt.date(2020, 1, 1)),
    ]


class NewBook(BaseModel):
    isbn: str
    title: str
    pages: int = 5


@dataclasses.dataclass
class BookRow:
    isbn: str
    title: str
    pages: int = 6


async def test_pydantic_models_and_dataclasses_are_rows(engine: AsyncEngine) -> None:
    rows = [
        NewBook(isbn="1", title="a"),
        NewBook(isbn="2", title="b", pages=9),
        BookRow("3", "c"),
        {"isbn": "4", "title": "d"},
    ]

    await BOOKS.insert_multi(engine, rows)

    assert sorted(await stored(engine, Book, "isbn", "title", "pages")) == [
        ("1", "a", 100),
        ("2", "b", 9),
        ("3", "c", 6),
        ("4", "d", 100),
    ]


async def test_relations_are_written_along(engine: AsyncEngine) -> None:
    await BOOKS.insert_multi(
        engine,
        [
            {"isbn": "1", "title": "a", "author": {"create": {"name": "Jane"}}},
            {"isbn": "2", "title": "b"},
            {"isbn": "3", "title": "c", "author": {"connect_or_create": {"by": {"name": "Jane"}, "create": {"name": "Jane"}}}},
        ],
        batch_size=2,
    )  # fmt: skip

    assert await stored(engine, Author, "id", "name") == [(1, "Jane")]
    assert await stored(engine, Book, "isbn", "author_id") == [("1", 1), ("2", None), ("3", 1)]


# ---------- one batch after the other ----------


async def test_rows_are_asked_for_batch_by_batch(engine: AsyncEngine) -> None:
    """Never more than a batch ahead of what is written."""
    asked: list[int] = []
    ahead: list[int] = []

    def rows() -> Iterator[dict[str, Any]]:
        for number, row in enumerate(books(10)):
            asked.append(number)
            yield row

    def note(progress: Progress) -> None:
        ahead.append(len(asked) - progress.done)

    summary = await BOOKS.insert_multi(engine, rows(), batch_size=3, progress=note)

    assert ahead == [0, 0, 0, 0]
    assert figures(summary) == {"requested": 10, "inserted": 10}


async def test_rows_may_be_waited_for(engine: AsyncEngine) -> None:
    async def rows() -> AsyncIterator[dict[str, Any]]:
        for row in books(5):
            yield row

    done: list[tuple[int, int | None]] = []
    await BOOKS.insert_multi(
        engine, rows(), batch_size=2, progress=lambda each: done.append((each.done, each.total))
    )  # fmt: skip

    assert done == [(2, None), (4, None), (5, None)]
    assert len(await stored(engine, Book, "id")) == 5


async def test_the_number_of_rows_is_told_where_it_is_known(engine: AsyncEngine) -> None:
    told: list[Progress] = []

    await BOOKS.insert_multi(engine, books(3), batch_size=2, progress=told.append)

    assert [(each.done, each.total, each.failed) for each in told] == [(2, 3, 0), (3, 3, 0)]


async def test_a_bar_is_drawn_on_stderr(engine: AsyncEngine, capsys: pytest.CaptureFixture[str]) -> None:
    await BOOKS.insert_multi(engine, books(3), progress=True)

    assert capsys.readouterr().err.startswith("100% 3 of 3 rows, ")


async def test_a_batch_costs_as_many_statements_for_two_rows_as_for_two_hundred(engine: AsyncEngine) -> None:
    counts = []
    for start, count in ((0, 2), (1000, 200)):
        with record_statements(engine) as statements:
            await BOOKS.insert_multi(engine, books(count, start))
        counts.append([sql.split()[0] for sql, _ in statements])

    begin = ["BEGIN"] if engine.dialect.name == "sqlite" else []
    assert counts[0] == counts[1] == [*begin, "SAVEPOINT", "INSERT", "RELEASE"]


# ---------- what fails ----------

FAILURES: dict[str, tuple[dict[str, Any], str, str | None]] = {
    "unique": ({"isbn": "taken"}, "UNIQUE", "book_isbn_unique"),
    "unique together": ({"title": "Taken", "author_id": 1}, "UNIQUE", "book_author_id_title_key"),
    "primary key": ({"id": 1}, "UNIQUE", "book_pkey"),
    "foreign key": ({"author_id": 77}, "FOREIGN_KEY", "book_author_id_fkey"),
    "known check": ({"price": Decimal(-1)}, "CHECK", "price_is_positive"),
    "other check": ({"chapters": 9, "pages": 8}, "CHECK", "chapters_fit"),
    "null": ({"title": None}, "VALIDATION", None),
    "length": ({"title": "x" * 31}, "VALIDATION", None),
    "digits": ({"price": Decimal("1234567.00")}, "VALIDATION", None),
    "type": ({"pages": "many"}, "VALIDATION", None),
    "character": ({"title": "a\x00b"}, "VALIDATION", None),
    "surrogate": ({"title": "a\ud800"}, "VALIDATION", None),
    "unknown": ({"colour": "red"}, "VALIDATION", None),
}
PLACES = {
    "unique": "isbn", "unique together": "title", "primary key": "id", "foreign key": "author_id", "known check": "price",
    "null": "title", "length": "title", "digits": "price", "type": "pages", "character": "title", "surrogate": "title",
    "unknown": "colour",
}  # fmt: skip


async def fill(engine: AsyncEngine) -> None:
    await AUTHORS.insert_multi(engine, [{"name": "Jane"}])
    await BOOKS.insert_multi(engine, [{"isbn": "taken", "title": "Taken", "author_id": 1}])


def with_failure(kind: str) -> list[dict[str, Any]]:
    rows = books(6)
    # PostgreSQL's sequence has not seen the number that was given
    rows = [{"id": 100 + number, **row} for number, row in enumerate(rows)]
    rows[3] |= FAILURES[kind][0]
    return rows


@pytest.mark.parametrize("kind", FAILURES)
async def test_a_failing_row_rolls_all_back(engine: AsyncEngine, kind: str) -> None:
    await fill(engine)

    with pytest.raises(CrudError) as caught:
        await BOOKS.insert_multi(engine, with_failure(kind), batch_size=2)

    (error,) = caught.value.errors
    assert (error.code.value, error.path[0]) == (FAILURES[kind][1], 3)
    assert error.path[1:] == (() if kind not in PLACES else (PLACES[kind],)) or kind in (
        "unique together",
        "other check",
    )
    assert isinstance(caught.value, Conflict if error.code is ErrorCode.UNIQUE else Invalid)
    assert await stored(engine, Book, "isbn") == [("taken",)]


@pytest.mark.parametrize("kind", FAILURES)
async def test_a_failing_row_is_left_out(engine: AsyncEngine, kind: str) -> None:
    await fill(engine)
    rows = with_failure(kind)

    summary = await BOOKS.insert_multi(engine, rows, batch_size=4, on_error="continue")

    _, code, constraint = FAILURES[kind]
    (failed,) = summary.failed_items
    assert (failed.index, failed.item, [each.code.value for each in failed.errors]) == (3, rows[3], [code])
    assert failed.errors[0].path[0] == 3
    assert (summary.requested, summary.inserted, summary.failed) == (6, 5, 1)
    assert summary.duplicates == (code == "UNIQUE")
    assert summary.violations == ({} if constraint is None else {constraint: 1})
    assert summary.success_rate == 5 / 6
    assert await stored(engine, Book, "isbn") == [("taken",), ("i0",), ("i1",), ("i2",), ("i4",), ("i5",)]


async def test_all_mistakes_of_a_batch_are_told_at_once(engine: AsyncEngine) -> None:
    rows = [
        {"isbn": "1"},
        {"isbn": "2", "title": 5},
        "text",
        {"isbn": None, "title": "x" * 31},
        {"isbn": "5", "title": "e"},
    ]

    with pytest.raises(Invalid) as caught:
        await BOOKS.insert_multi(engine, rows)

    assert told(caught.value) == [
        ("VALIDATION", (0, "title")),
        ("VALIDATION", (1, "title")),
        ("VALIDATION", (2,)),
        ("VALIDATION", (3, "isbn")),
        ("VALIDATION", (3, "title")),
    ]
    assert await stored(engine, Book, "isbn") == []


async def test_all_that_the_database_refuses_of_a_batch_is_told_at_once(engine: AsyncEngine) -> None:
    await fill(engine)

    with pytest.raises(Conflict) as caught:
        await BOOKS.insert_multi(engine, [*books(2), *books(2), {"isbn": "taken", "title": "z"}])

    assert told(caught.value) == [("UNIQUE", (2, "isbn")), ("UNIQUE", (3, "isbn")), ("UNIQUE", (4, "isbn"))]


async def test_a_row_may_contradict_one_of_an_earlier_batch(engine: AsyncEngine) -> None:
    """It is not in the database yet, and its batch is gone from memory."""
    with pytest.raises(Conflict) as caught:
        await BOOKS.insert_multi(engine, [*books(4), {"isbn": "i1", "title": "again"}], batch_size=2)

    assert told(caught.value) == [("UNIQUE", (4, "isbn"))]
    assert await stored(engine, Book, "isbn") == []


async def test_many_failures_cost_no_more_than_their_rows(engine: AsyncEngine) -> None:
    await fill(engine)
    rows = books(40)
    for place, change in ((3, {"isbn": "taken"}), (7, {"author_id": 77}), (8, {"pages": 0}), (9, {"title": None})):
        rows[place] |= change
    rows[30]["isbn"] = "i20"

    summary = await BOOKS.insert_multi(engine, rows, batch_size=20, on_error="continue")

    assert [(each.index, each.errors[0].code.value) for each in summary.failed_items] == [
        (3, "UNIQUE"),
        (7, "FOREIGN_KEY"),
        (8, "CHECK"),
        (9, "VALIDATION"),
        (30, "UNIQUE"),
    ]
    assert (summary.inserted, summary.failed, summary.duplicates) == (35, 5, 2)
    assert summary.violations == {"book_isbn_unique": 2, "book_author_id_fkey": 1, "chapters_fit": 1}


async def test_failures_are_handed_on_and_the_first_are_kept(engine: AsyncEngine) -> None:
    heard: list[int] = []

    async def hear(item: FailedItem) -> None:
        heard.append(item.index)

    summary = await BOOKS.insert_multi(
        engine, [{"isbn": "1"}] * 5, batch_size=2, on_error="continue", on_failure=hear, keep_failures=3
    )  # fmt: skip

    assert (heard, [each.index for each in summary.failed_items], summary.failed) == ([0, 1, 2, 3, 4], [0, 1, 2], 5)
    assert summary.success_rate == 0


async def test_a_failing_source_ends_the_work(engine: AsyncEngine) -> None:
    def rows() -> Iterator[dict[str, Any]]:
        yield from books(4)
        raise OSError("the file is gone")

    with pytest.raises(OSError, match="the file is gone"):
        await BOOKS.insert_multi(engine, rows(), batch_size=2)
    assert await stored(engine, Book, "isbn") == []

    with pytest.raises(OSError, match="the file is gone"):
        await BOOKS.insert_multi(engine, rows(), batch_size=3, on_error="continue")
    assert await stored(engine, Book, "isbn") == [("i0",), ("i1",), ("i2",)]


@pytest.mark.parametrize(
    ("options", "path"),
    [({"batch_size": 0}, ("batch_size",)), ({"on_error": "ignore"}, ("on_error",)), ({"rows": 5}, ()), ({"rows": "abc"}, ())],
    ids=["batch size", "on_error", "number", "text"],
)  # fmt: skip
async def test_mistakes_of_the_call_are_told(
    engine: AsyncEngine, options: dict[str, Any], path: tuple[str, ...]
) -> None:
    with pytest.raises(Invalid) as caught:
        await BOOKS.insert_multi(engine, **{"rows": books(1), **options})

    assert told(caught.value) == [("VALIDATION", path)]


# ---------- sessions ----------


async def test_a_session_keeps_its_transaction(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session:
        await BOOKS.insert_multi(session, books(3), batch_size=2)
        assert await BOOKS.count(session) == 3
        await session.rollback()
    assert await stored(engine, Book, "isbn") == []

    async with AsyncSession(engine) as session:
        await BOOKS.insert_multi(session, books(3), batch_size=2, commit=True)
    assert await stored(engine, Book, "isbn") == [("i0",), ("i1",), ("i2",)]


async def test_a_failure_leaves_the_rest_of_a_session_intact(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session:
        session.add(Author(id=5, name="Mary"))
        with pytest.raises(Conflict):
            await BOOKS.insert_multi(session, [*books(3), *books(1)], batch_size=2)
        await session.commit()

    assert await stored(engine, Author, "name") == [("Mary",)]
    assert await stored(engine, Book, "isbn") == []


async def test_batches_of_a_session_are_savepoints(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session:
        summary = await BOOKS.insert_multi(
            session, [*books(3), *books(1), *books(1, 9)], batch_size=2, on_error="continue"
        )
        await session.commit()

    assert (summary.inserted, [each.index for each in summary.failed_items]) == (4, [3])
    assert await stored(engine, Book, "isbn") == [("i0",), ("i1",), ("i2",), ("i9",)]


async def test_a_sessionmaker_is_as_good_as_an_engine(engine: AsyncEngine) -> None:
    await BOOKS.insert_multi(async_sessionmaker(engine), books(2))

    assert await stored(engine, Book, "isbn") == [("i0",), ("i1",)]


# ---------- COPY ----------


async def test_copy_writes_the_same(engine: AsyncEngine) -> None:
    rows = [
        {"isbn": "1", "title": "ä", "published": None},
        {"isbn": "2", "title": "b", "published": dt.date(2020, 1, 1)},
    ]

    with record_statements(engine) as statements:
        await BOOKS.insert_multi(engine, rows, copy=True)

    inserts = [sql for sql, _ in statements if sql.startswith("INSERT")]
    assert len(inserts) == (engine.dialect.name == "sqlite")
    assert await stored(engine, Book, "isbn", "title", "price", "pages", "chapters", "published") == [
        ("1", "ä", Decimal("9.90"), 100, 1, None),
        ("2", "b", Decimal("9.90"), 100, 1, dt.date(2020, 1, 1)),
    ]


async def test_copy_tells_failures_as_inserts_do(engine: AsyncEngine) -> None:
    await fill(engine)

    summary = await BOOKS.insert_multi(engine, with_failure("unique"), copy=True, on_error="continue")

    assert (summary.inserted, [each.index for each in summary.failed_items]) == (5, [3])
    assert summary.failed_items[0].errors[0].path == (3, "isbn")


async def test_keys_of_several_columns_are_given(engine: AsyncEngine) -> None:
    rows = [{"shop": "a", "sku": 1}, {"shop": "a", "sku": 2, "count": 5}, {"shop": "a", "sku": 1}]

    summary = await Crud(Stock).insert_multi(engine, rows, on_error="continue")

    assert (summary.inserted, summary.duplicates, summary.violations) == (2, 1, {"stock_pkey": 1})
    assert await stored(engine, Stock, "shop", "sku", "count", "shelf") == [("a", 1, 0, None), ("a", 2, 5, None)]
