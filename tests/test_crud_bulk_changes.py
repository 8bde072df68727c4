"""update_multi, upsert_multi and delete_multi: records that are there, batch by batch."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from gqlcrud import Conflict, Crud, CrudError, Invalid, ModelOptions, NotFound, Progress, SoftDelete
from tests.bulk_shop import Author, Base, Book, Note, Stock, books, stored
from tests.databases import MakeEngine, record_statements
from tests.test_crud_bulk_inserts import figures, told

BOOKS = Crud(Book)
AUTHORS = Crud(Author)
STOCK = Crud(Stock)
NOTES = Crud(Note, models={Note: ModelOptions(soft_delete=SoftDelete("deleted_at"))})


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncEngine:
    return await make_engine(Base.metadata)


@pytest.fixture
async def filled(engine: AsyncEngine) -> AsyncEngine:
    await BOOKS.insert_multi(engine, books(4))
    return engine


# ---------- update_multi ----------


async def test_records_get_what_their_rows_give(filled: AsyncEngine) -> None:
    rows = [
        {"id": 1, "title": "New"},
        {"id": 2, "title": "Newer", "price": "1.5"},
        {"id": 3, "title": "Book 2"},
        {"id": 9, "title": "Nobody"},
        {"id": 4},
    ]

    summary = await BOOKS.update_multi(filled, rows)

    assert figures(summary) == {"requested": 5, "updated": 2, "unchanged": 2, "not_found": 1}
    assert await stored(filled, Book, "id", "title", "price") == [
        (1, "New", Decimal("9.90")),
        (2, "Newer", Decimal("1.50")),
        (3, "Book 2", Decimal("9.90")),
        (4, "Book 3", Decimal("9.90")),
    ]


async def test_rows_may_name_records_by_another_key(filled: AsyncEngine) -> None:
    summary = await BOOKS.update_multi(
        filled, [{"isbn": "i1", "pages": 7}, {"isbn": "i3", "pages": 100}, {"isbn": "none", "pages": 1}], by=["isbn"]
    )  # fmt: skip

    assert figures(summary) == {"requested": 3, "updated": 1, "unchanged": 1, "not_found": 1}
    assert await stored(filled, Book, "isbn", "pages") == [("i0", 100), ("i1", 7), ("i2", 100), ("i3", 100)]


async def test_keys_may_have_several_columns(engine: AsyncEngine) -> None:
    await STOCK.insert_multi(engine, [{"shop": shop, "sku": sku, "shelf": "x"} for shop in "ab" for sku in (1, 2)])

    summary = await STOCK.update_multi(
        engine,
        [
            {"shop": "a", "sku": 2, "count": 5},
            {"shop": "b", "sku": 1, "shelf": None},
            {"shop": "b", "sku": 2, "count": 0},
        ],
    )

    assert figures(summary) == {"requested": 3, "updated": 2, "unchanged": 1}
    assert await stored(engine, Stock, "shop", "sku", "count", "shelf") == [
        ("a", 1, 0, "x"),
        ("a", 2, 5, "x"),
        ("b", 1, 0, None),
        ("b", 2, 0, "x"),
    ]


async def test_a_missing_record_is_a_failure_if_that_is_wanted(filled: AsyncEngine) -> None:
    rows = [{"id": 1, "pages": 5}, {"id": 77, "pages": 5}]

    with pytest.raises(NotFound) as caught:
        await BOOKS.update_multi(filled, rows, on_missing="error")
    assert told(caught.value) == [("NOT_FOUND", (1,))]
    assert await stored(filled, Book, "pages") == [(100,)] * 4

    summary = await BOOKS.update_multi(filled, rows, on_missing="error", on_error="continue")
    assert (summary.updated, summary.failed, summary.not_found) == (1, 1, 0)


UPDATE_FAILURES: dict[str, tuple[dict[str, Any], str, tuple[object, ...], dict[str, int]]] = {
    "unique": ({"isbn": "i0"}, "UNIQUE", (1, "isbn"), {"book_isbn_unique": 1}),
    "foreign key": ({"author_id": 5}, "FOREIGN_KEY", (1, "author_id"), {"book_author_id_fkey": 1}),
    "known check": ({"price": -1}, "CHECK", (1, "price"), {"price_is_positive": 1}),
    "other check": ({"chapters": 101}, "CHECK", (1,), {"chapters_fit": 1}),
    "null": ({"title": None}, "VALIDATION", (1, "title"), {}),
    "length": ({"title": "x" * 31}, "VALIDATION", (1, "title"), {}),
    "no key": ({"id": None}, "VALIDATION", (1, "id"), {}),
    "twice": ({"id": 1}, "CONFLICTING_OPERATIONS", (1,), {}),
    "unknown": ({"colour": "red"}, "VALIDATION", (1, "colour"), {}),
}


@pytest.mark.parametrize("kind", UPDATE_FAILURES)
async def test_changes_that_fail_are_told_at_their_rows(filled: AsyncEngine, kind: str) -> None:
    change, code, path, violations = UPDATE_FAILURES[kind]
    rows = [{"id": number, "title": f"New {number}"} for number in (1, 2, 3)]
    rows[1] |= change

    with pytest.raises(CrudError) as caught:
        await BOOKS.update_multi(filled, rows)
    assert told(caught.value) == [(code, path)]
    assert await stored(filled, Book, "title") == [("Book 0",), ("Book 1",), ("Book 2",), ("Book 3",)]

    summary = await BOOKS.update_multi(filled, rows, on_error="continue")
    assert (summary.updated, summary.failed, summary.violations) == (2, 1, violations)
    assert (summary.failed_items[0].index, summary.failed_items[0].errors[0].path) == (1, path)
    assert await stored(filled, Book, "title") == [("New 1",), ("Book 1",), ("New 3",), ("Book 3",)]


async def test_a_later_batch_may_change_a_record_again(filled: AsyncEngine) -> None:
    summary = await BOOKS.update_multi(filled, [{"id": 1, "pages": 5}, {"id": 1, "pages": 6}], batch_size=1)

    assert summary.updated == 2
    assert (await stored(filled, Book, "pages"))[0] == (6,)


async def test_changes_go_through_relations(filled: AsyncEngine) -> None:
    await AUTHORS.insert_multi(filled, [{"name": "Jane"}])

    summary = await BOOKS.update_multi(
        filled, [{"id": 1, "author": {"connect": {"name": "Jane"}}}, {"id": 2, "author": {"create": {"name": "Mary"}}}]
    )  # fmt: skip

    assert figures(summary) == {"requested": 2, "updated": 2}
    assert await stored(filled, Book, "author_id") == [(1,), (2,), (None,), (None,)]


@pytest.mark.parametrize("by", [["title"], ["colour"], "author"])
async def test_a_key_that_is_none_is_refused(filled: AsyncEngine, by: Any) -> None:
    with pytest.raises(Invalid) as caught:
        await BOOKS.update_multi(filled, [{"title": "x"}], by=by)

    assert told(caught.value) == [("VALIDATION", ("by",))]
    assert "there are: id; isbn; author_id, title." in str(caught.value)


async def test_an_update_costs_as_many_statements_for_two_rows_as_for_two_hundred(engine: AsyncEngine) -> None:
    await BOOKS.insert_multi(engine, books(300))
    counts = []
    for count in (2, 200):
        with record_statements(engine) as statements:
            await BOOKS.update_multi(engine, [{"id": number, "pages": count} for number in range(1, count + 1)])
        counts.append([sql.split()[0] for sql, _ in statements if not sql.startswith("BEGIN")])

    assert counts[0] == counts[1] == ["SAVEPOINT", "SELECT", "UPDATE", "RELEASE"]


# ---------- upsert_multi ----------


async def test_records_that_are_missing_are_made_and_the_others_changed(filled: AsyncEngine) -> None:
    rows = [
        {"isbn": "i0", "title": "Changed"},
        {"isbn": "i1", "title": "Book 1", "pages": 100},
        {"isbn": "new", "title": "New"},
        {"isbn": "i2", "title": "Book 2", "price": "2.00"},
    ]

    summary = await BOOKS.upsert_multi(filled, rows, on=["isbn"])

    assert figures(summary) == {"requested": 4, "inserted": 1, "updated": 2, "unchanged": 1}
    assert sorted(await stored(filled, Book, "isbn", "title", "price", "pages")) == [
        ("i0", "Changed", Decimal("9.90"), 100),
        ("i1", "Book 1", Decimal("9.90"), 100),
        ("i2", "Book 2", Decimal("2.00"), 100),
        ("i3", "Book 3", Decimal("9.90"), 100),
        ("new", "New", Decimal("9.90"), 100),
    ]


@pytest.mark.parametrize(
    ("update", "titles", "expected"),
    [
        (["pages"], ["Book 0", "n"], {"requested": 2, "inserted": 1, "updated": 1}),
        (["title"], ["c", "n"], {"requested": 2, "inserted": 1, "updated": 1}),
        ([], ["Book 0", "n"], {"requested": 2, "inserted": 1, "unchanged": 1}),
    ],
    ids=["pages", "title", "nothing"],
)
async def test_a_record_takes_what_it_may(
    filled: AsyncEngine, update: list[str], titles: list[str], expected: dict[str, int]
) -> None:
    rows = [{"isbn": "i0", "title": "c", "pages": 3}, {"isbn": "new", "title": "n", "pages": 3}]

    summary = await BOOKS.upsert_multi(filled, rows, on="isbn", update=update)

    assert figures(summary) == expected
    found = dict(await stored(filled, Book, "isbn", "title"))
    assert [found["i0"], found["new"]] == titles


async def test_a_key_of_several_columns_is_looked_for(engine: AsyncEngine) -> None:
    await STOCK.insert_multi(engine, [{"shop": "a", "sku": 1, "count": 1}])

    summary = await STOCK.upsert_multi(
        engine, [{"shop": "a", "sku": 1, "count": 2}, {"shop": "a", "sku": 2, "count": 3}], on=["sku", "shop"]
    )  # fmt: skip

    assert figures(summary) == {"requested": 2, "inserted": 1, "updated": 1}
    assert await stored(engine, Stock, "shop", "sku", "count") == [("a", 1, 2), ("a", 2, 3)]


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"isbn": "i0"}, "CONFLICTING_OPERATIONS", (1,)),
        ({"isbn": None}, "VALIDATION", (1, "isbn")),
        ({"author_id": 9}, "FOREIGN_KEY", (1, "author_id")),
        ({"chapters": 900}, "CHECK", (1,)),
        ({"id": 1}, "UNIQUE", (1, "id")),
    ],
    ids=["twice", "null", "foreign key", "check", "primary key"],
)
async def test_upserts_that_fail_are_told_at_their_rows(
    filled: AsyncEngine, change: dict[str, Any], code: str, path: tuple[object, ...]
) -> None:
    rows = [{"id": 50 + number, "isbn": isbn, "title": "t" + isbn} for number, isbn in enumerate(("i0", "x", "y"))]
    rows[0].pop("id")
    rows[1] |= change

    with pytest.raises(CrudError) as caught:
        await BOOKS.upsert_multi(filled, rows, on=["isbn"])
    assert told(caught.value) == [(code, path)]

    summary = await BOOKS.upsert_multi(filled, rows, on=["isbn"], on_error="continue")
    assert (summary.inserted, summary.updated, summary.failed) == (1, 1, 1)
    assert (summary.failed_items[0].index, summary.failed_items[0].errors[0].path) == (1, path)


async def test_upserts_go_through_relations(filled: AsyncEngine) -> None:
    summary = await BOOKS.upsert_multi(
        filled,
        [{"isbn": "i0", "title": "a", "author": {"create": {"name": "Jane"}}}, {"isbn": "i1", "title": "Book 1"},
         {"isbn": "new", "title": "n", "author": {"create": {"name": "Mary"}}}],
        on=["isbn"],
    )  # fmt: skip

    assert figures(summary) == {"requested": 3, "inserted": 1, "updated": 1, "unchanged": 1}
    names = dict(await stored(filled, Author, "id", "name"))
    found = {isbn: names.get(key) for isbn, key in await stored(filled, Book, "isbn", "author_id")}
    assert found == {"i0": "Jane", "i1": None, "i2": None, "i3": None, "new": "Mary"}


async def test_an_upsert_costs_as_many_statements_for_two_rows_as_for_two_hundred(engine: AsyncEngine) -> None:
    await BOOKS.insert_multi(engine, books(300))
    counts = []
    for count in (2, 200):
        rows = [*books(count, pages=count), *books(count, 1000 * count)]
        with record_statements(engine) as statements:
            await BOOKS.upsert_multi(engine, rows, on=["isbn"])
        counts.append([sql.split()[0] for sql, _ in statements if not sql.startswith("BEGIN")])

    assert counts[0] == counts[1]
    assert sorted(set(counts[0])) == ["INSERT", "RELEASE", "SAVEPOINT", "SELECT", "UPDATE"]


# ---------- delete_multi ----------


async def test_records_that_meet_conditions_are_deleted(filled: AsyncEngine) -> None:
    done: list[Progress] = []

    summary = await BOOKS.delete_multi(filled, Book.id > 1, batch_size=2, progress=done.append)

    assert figures(summary) == {"requested": 3, "hard_deleted": 3}
    assert [each.done for each in done] == [2, 3]
    assert await stored(filled, Book, "id") == [(1,)]


@pytest.mark.parametrize("where", [{"title": {"starts_with": "Book"}}, [Book.pages == 100]], ids=["mapping", "list"])
async def test_conditions_are_those_of_reads(filled: AsyncEngine, where: Any) -> None:
    summary = await BOOKS.delete_multi(filled, where, isbn="i2")

    assert summary.hard_deleted == 1
    assert await stored(filled, Book, "isbn") == [("i0",), ("i1",), ("i3",)]


async def test_records_are_deleted_by_their_keys(filled: AsyncEngine) -> None:
    def keys() -> Iterator[Any]:
        yield from (1, 99, (2,), {"isbn": "i3"})

    summary = await BOOKS.delete_multi(filled, keys=keys())

    assert figures(summary) == {"requested": 4, "hard_deleted": 3, "not_found": 1}
    assert await stored(filled, Book, "id") == [(3,)]


async def test_keys_of_several_columns_are_tuples(engine: AsyncEngine) -> None:
    await STOCK.insert_multi(engine, [{"shop": shop, "sku": sku} for shop in "ab" for sku in (1, 2, 3)])

    by_keys = await STOCK.delete_multi(engine, keys=[("a", 1), ("b", 9), ("b", 2)])
    by_condition = await STOCK.delete_multi(engine, {"sku": {"gte": 2}}, batch_size=1)

    assert (by_keys.hard_deleted, by_keys.not_found, by_condition.hard_deleted) == (2, 1, 3)
    assert await stored(engine, Stock, "shop", "sku") == [("b", 1)]


async def test_everything_is_deleted_only_if_that_is_said(filled: AsyncEngine) -> None:
    nothing: tuple[Any, ...] = (None, {}, [])
    for where in nothing:
        with pytest.raises(Invalid, match="say all_rows=True") as caught:
            await BOOKS.delete_multi(filled, where)
        assert told(caught.value) == [("VALIDATION", ("where",))]

    assert (await BOOKS.delete_multi(filled, all_rows=True)).hard_deleted == 4
    assert await stored(filled, Book, "id") == []


async def test_records_that_others_need_stay(filled: AsyncEngine) -> None:
    await AUTHORS.insert_multi(filled, [{"name": name} for name in "abc"])
    await BOOKS.update_multi(filled, [{"id": 1, "author_id": 2}])

    with pytest.raises(Conflict) as caught:
        await AUTHORS.delete_multi(filled, all_rows=True)
    assert told(caught.value) == [("FOREIGN_KEY", (1,))]
    assert await stored(filled, Author, "name") == [("a",), ("b",), ("c",)]

    summary = await AUTHORS.delete_multi(filled, all_rows=True, on_error="continue", batch_size=2)
    assert (summary.hard_deleted, summary.failed, [each.item for each in summary.failed_items]) == (2, 1, [(2,)])
    assert await stored(filled, Author, "name") == [("b",)]


@pytest.mark.parametrize(
    ("keys", "path"),
    [([1, "x"], (1, "id")), ([(1, 2)], (0,)), ([{"title": "a"}], (0,))],
    ids=["type", "width", "no key"],
)
async def test_keys_that_are_none_are_told(filled: AsyncEngine, keys: list[Any], path: tuple[object, ...]) -> None:
    with pytest.raises(Invalid) as caught:
        await BOOKS.delete_multi(filled, keys=keys)

    assert told(caught.value) == [("VALIDATION", path)]


async def test_deleting_costs_as_many_statements_for_two_records_as_for_two_hundred(engine: AsyncEngine) -> None:
    await BOOKS.insert_multi(engine, books(300))
    counts = []
    for count in (2, 200):
        with record_statements(engine) as statements:
            await BOOKS.delete_multi(engine, Book.id <= count)
        counts.append([sql.split()[0] for sql, _ in statements if not sql.startswith("BEGIN")])

    assert counts[0] == counts[1] == ["SELECT", "SAVEPOINT", "SELECT", "DELETE", "RELEASE"]


async def test_a_session_keeps_its_transaction(filled: AsyncEngine) -> None:
    async with AsyncSession(filled) as session:
        await BOOKS.update_multi(session, [{"id": 1, "title": "x"}])
        await BOOKS.upsert_multi(session, [{"isbn": "i1", "title": "y"}], on=["isbn"])
        await BOOKS.delete_multi(session, Book.id > 2, on_error="continue", batch_size=1)
        await session.rollback()
    assert len(await stored(filled, Book, "id")) == 4

    async with AsyncSession(filled) as session:
        await BOOKS.delete_multi(session, Book.id > 2, commit=True)
    assert await stored(filled, Book, "id", "title") == [(1, "Book 0"), (2, "Book 1")]


# ---------- records that are marked as deleted ----------


@pytest.fixture
async def notes(engine: AsyncEngine) -> AsyncEngine:
    await NOTES.insert_multi(engine, [{"slug": slug, "text": "t"} for slug in "abcd"])
    await NOTES.delete_multi(engine, slug="a")
    return engine


async def marked(engine: AsyncEngine) -> dict[str, bool]:
    return {slug: at is not None for slug, at in await stored(engine, Note, "slug", "deleted_at")}


async def test_records_are_marked_or_deleted_for_good(notes: AsyncEngine) -> None:
    assert await marked(notes) == {"a": True, "b": False, "c": False, "d": False}

    soft = await NOTES.delete_multi(notes, keys=[1, 2])
    assert figures(soft) == {"requested": 2, "soft_deleted": 1, "not_found": 1}
    assert await marked(notes) == {"a": True, "b": True, "c": False, "d": False}

    hard = await NOTES.delete_multi(notes, {"slug": {"in": ["a", "c"]}}, hard=True)
    assert figures(hard) == {"requested": 2, "hard_deleted": 2}
    assert await marked(notes) == {"b": True, "d": False}


async def test_marked_records_are_not_there_and_keep_their_keys(notes: AsyncEngine) -> None:
    update = await NOTES.update_multi(notes, [{"slug": "a", "text": "x"}, {"slug": "b", "text": "x"}], by=["slug"])
    assert figures(update) == {"requested": 2, "updated": 1, "not_found": 1}

    upsert = await NOTES.upsert_multi(
        notes, [{"slug": "a", "text": "y"}, {"slug": "b", "text": "y"}, {"slug": "e"}], on=["slug"], on_error="continue"
    )  # fmt: skip
    assert (upsert.inserted, upsert.updated, upsert.duplicates) == (1, 1, 1)
    assert upsert.failed_items[0].errors[0].path == (0, "slug")
    assert upsert.violations == {"note_slug_key": 1}
    assert await stored(notes, Note, "slug", "text") == [("a", "t"), ("b", "y"), ("c", "t"), ("d", "t"), ("e", None)]
