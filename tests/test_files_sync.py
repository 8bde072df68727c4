"""Files synced: what is created, changed, left alone, restored and deleted, and that all of it is one transaction."""

import datetime as dt
import enum
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from gqlcrud.crud import Crud
from gqlcrud.files import FileError, ImportAborted, Stopping, SyncSummary, sync_file
from gqlcrud.files.comparing import is_same, key_text
from gqlcrud.files.seen import seen_keys
from gqlcrud.progress import Progress
from tests.databases import MakeEngine, record_statements
from tests.file_models import Base, Product, books, categories, fill_authors, products, stored, told, written
from tests.zoo import Colour, Everything, Level

KEY = ("shop", "sku")
DELETED = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
ROWS = [
    {"shop": "A", "sku": 1, "name": "pear", "price": Decimal("1.00"), "deleted_at": None},
    {"shop": "A", "sku": 2, "name": None, "price": None, "deleted_at": None},
    {"shop": "B", "sku": 1, "name": "plum", "price": Decimal("2.50"), "deleted_at": None},
    {"shop": "B", "sku": 2, "name": "fig", "price": None, "deleted_at": DELETED},
    {"shop": "B", "sku": 3, "name": "nut", "price": None, "deleted_at": DELETED},
]


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncEngine:
    engine = await make_engine(Base.metadata)
    await fill_authors(engine)
    async with engine.begin() as connection:
        await connection.execute(insert(Product), ROWS)
    return engine


def counts(summary: SyncSummary) -> dict[str, int]:
    """Those that are not 0."""
    names = ("rows", "created", "updated", "unchanged", "restored", "deleted", "rejected")
    return {name: count for name in names if (count := getattr(summary, name))}


async def everything(engine: AsyncEngine) -> list[tuple[Any, ...]]:
    """Shop, number, name, price, whether it is marked as deleted."""
    rows = await stored(products, engine, "shop", "sku", "name", "price", "deleted_at", deleted="include")
    return [(*row[:4], row[4] is not None) for row in rows]


FILE = "sku,shop,name,price\n1,A,pear,1.000\n2,A,lime,\n9,C,kiwi,3\n2,B,fig,\n3,B,date,1\n"


async def test_records_become_what_the_file_says(engine: AsyncEngine, tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", FILE)
    first = await sync_file(products, engine, path, key=KEY)
    second = await sync_file(products, engine, path, key=KEY)

    # the fifth was restored, and has another name besides
    assert counts(first) == {"rows": 5, "created": 1, "updated": 2, "unchanged": 1, "restored": 2}
    assert counts(second) == {"rows": 5, "unchanged": 5}
    assert await everything(engine) == [
        ("A", 1, "pear", Decimal("1.00"), False),
        ("A", 2, "lime", None, False),
        ("B", 1, "plum", Decimal("2.50"), False),
        ("B", 2, "fig", None, False),
        ("B", 3, "date", Decimal("1.00"), False),
        ("C", 9, "kiwi", Decimal("3.00"), False),
    ]
    assert str(second).endswith(" s: 0 created, 0 updated, 5 unchanged, 0 deleted, 0 rejected.")
    assert str(first).endswith(" s: 1 created, 2 updated, 1 unchanged, 2 restored, 0 deleted, 0 rejected.")


@pytest.mark.parametrize("size", [1, 2, 1000])
async def test_what_the_file_does_not_have_is_deleted(engine: AsyncEngine, tmp_path: Path, size: int) -> None:
    """Marked as deleted, where the model says so."""
    path = written(tmp_path, "a.csv", "shop,sku,name\nB,1,plum\nC,1,kiwi\n")
    summary = await sync_file(products, engine, path, key=KEY, delete_missing=True, batch_size=size)

    assert counts(summary) == {"rows": 2, "created": 1, "unchanged": 1, "deleted": 2}
    assert [(*row[:2], row[4]) for row in await everything(engine)] == [
        *(("A", 1, True), ("A", 2, True), ("B", 1, False), ("B", 2, True), ("B", 3, True), ("C", 1, False)),
    ]


async def test_a_record_without_a_mark_is_deleted_wholly(engine: AsyncEngine, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        await categories.create(engine, {"name": name})
    path = written(tmp_path, "a.json", '[{"name": "b"}]')
    summary = await sync_file(categories, engine, path, key=["name"], delete_missing=True)

    assert (counts(summary), await stored(categories, engine, "name")) == (
        {"rows": 1, "unchanged": 1, "deleted": 2},
        [("b",)],
    )


async def test_rows_without_changes_cost_no_write(engine: AsyncEngine, tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "shop,sku,name\nA,1,pear\nB,1,plum\n")
    with record_statements(engine) as statements:
        await sync_file(products, engine, path, key=KEY)

    assert [sql for sql, _ in statements if sql.startswith(("INSERT", "UPDATE"))] == []


async def test_related_records_are_compared_by_their_keys(engine: AsyncEngine, tmp_path: Path) -> None:
    text = "isbn,title,price,author.email\n1,Emma,1,jane@x.org\n2,War,1,\n"
    first = await sync_file(books, engine, written(tmp_path, "a.csv", text), key=["isbn"])
    second = await sync_file(
        books, engine, written(tmp_path, "a.csv", text.replace("War,1,", "War,1,jane@x.org")), key=["isbn"]
    )

    assert (counts(first), counts(second)) == ({"rows": 2, "created": 2}, {"rows": 2, "updated": 1, "unchanged": 1})
    assert await stored(books, engine, "author_id") == [(1,), (1,)]


# ---------- refusals ----------


async def test_a_sync_that_fails_changes_nothing(engine: AsyncEngine, tmp_path: Path) -> None:
    before = await everything(engine)
    path = written(tmp_path, "a.csv", f"shop,sku,name\nA,1,quince\nC,1,{'k' * 51}\n")
    for options in ({}, {"delete_missing": True, "on_error": "continue"}):
        with pytest.raises(ImportAborted, match=r"^Rows were rejected\. Nothing was written\.$") as raised:
            await sync_file(products, engine, path, key=KEY, batch_size=1, **options)
        assert told(raised.value.summary.first_rejected) == [
            "line 3: name: name has at most 50 characters; this text has 51. (VALIDATION)"
        ]

    assert await everything(engine) == before


async def test_rows_may_be_left_out(engine: AsyncEngine, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.csv"
    text = f'shop,sku,name\nA,1,quince\nC,1,{"k" * 51}\nA,x,a\n"",,b\nA,1,twice\n'
    summary = await sync_file(
        products, engine, written(tmp_path, "a.csv", text), key=KEY, on_error="continue", rejects=str(rejects)
    )

    assert counts(summary) == {"rows": 5, "updated": 1, "rejected": 4}
    assert told(summary.first_rejected) == [
        "line 3: name: name has at most 50 characters; this text has 51. (VALIDATION)",
        "line 4: sku: An integer is needed, not 'x'. (VALIDATION)",
        "line 5: sku: The key needs a value. (VALIDATION)",
        "line 6: shop: The key stands in line 2 already. (UNIQUE)",
    ]
    assert len(rejects.read_text().splitlines()) == 5


async def test_what_is_nested_cannot_be_compared(engine: AsyncEngine, tmp_path: Path) -> None:
    path = written(tmp_path, "a.jsonl", '{"name": "a", "parent": {"create": {"name": "b"}}}')
    with pytest.raises(ImportAborted) as raised:
        await sync_file(categories, engine, path, key=["name"])

    assert told(raised.value.summary.first_rejected) == [
        "line 1: parent: A sync compares columns; what is nested cannot be compared. (VALIDATION)"
    ]


async def test_a_file_without_rows_deletes_nothing_unless_it_is_said(engine: AsyncEngine, tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "shop,sku\n")
    with pytest.raises(
        FileError, match=r"^The file has no rows; that all records are to be deleted is said by --allow-empty\.$"
    ):
        await sync_file(products, engine, path, key=KEY, delete_missing=True)
    assert len(await stored(products, engine, "id")) == 3

    assert counts(await sync_file(products, engine, path, key=KEY)) == {}
    summary = await sync_file(products, engine, path, key=KEY, delete_missing=True, allow_empty=True)
    assert (counts(summary), await stored(products, engine, "id")) == ({"deleted": 3}, [])


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (["name"], "name is no unique key of Product. It has: id; shop,sku."),
        ([], "A sync needs a key by which rows and records are told to be the same."),
        (["id"], "The file has no column 'id', by which rows and records are told to be the same."),
    ],
)
async def test_a_sync_needs_a_key(engine: AsyncEngine, tmp_path: Path, key: list[str], message: str) -> None:
    with pytest.raises(FileError) as raised:
        await sync_file(products, engine, written(tmp_path, "a.csv", FILE), key=key)

    assert str(raised.value) == message


async def test_a_deletion_that_is_refused_undoes_the_sync(engine: AsyncEngine, tmp_path: Path) -> None:
    await categories.create(engine, {"name": "root"})
    await categories.create(engine, {"name": "leaf", "parent": {"connect": {"name": "root"}}})
    path = written(tmp_path, "a.csv", "name\nleaf\nnew\n")
    with pytest.raises(ImportAborted, match=r"Nothing was written\.$"):
        await sync_file(categories, engine, path, key=["name"], delete_missing=True)

    assert await stored(categories, engine, "name") == [("root",), ("leaf",)]


async def test_a_dry_run_counts_and_changes_nothing(engine: AsyncEngine, tmp_path: Path) -> None:
    before = await everything(engine)
    summary = await sync_file(
        products, engine, written(tmp_path, "a.csv", FILE), key=KEY, delete_missing=True, dry_run=True
    )

    assert counts(summary) == {"rows": 5, "created": 1, "updated": 2, "unchanged": 1, "restored": 2, "deleted": 1}
    assert (summary.dry_run, await everything(engine)) == (True, before)


async def test_an_interrupted_sync_changes_nothing(engine: AsyncEngine, tmp_path: Path) -> None:
    before, stop = await everything(engine), Stopping()

    def heard(progress: Progress) -> None:
        if progress.done == 2:
            stop.ask()

    path = written(tmp_path, "a.csv", FILE)
    with pytest.raises(ImportAborted, match=r"^Interrupted\. Nothing was written\.$") as raised:
        await sync_file(products, engine, path, key=KEY, batch_size=2, progress=heard, stopping=stop)

    assert (raised.value.interrupted, await everything(engine)) == (True, before)


async def test_a_session_is_joined(engine: AsyncEngine, tmp_path: Path) -> None:
    before = await everything(engine)
    async with AsyncSession(engine) as session:
        summary = await sync_file(products, session, written(tmp_path, "a.csv", FILE), key=KEY)
        await session.rollback()

    assert (summary.created, await everything(engine)) == (1, before)


# ---------- comparing ----------

COLUMNS = Crud(Everything).scope.model.stored


@pytest.mark.parametrize(
    ("name", "given", "stored", "same"),
    [
        ("numeric", Decimal("1.0004"), Decimal("1.000"), True),
        ("numeric", Decimal("1.001"), Decimal("1.000"), False),
        ("numeric_without_scale", Decimal("1.0"), Decimal(1), True),
        ("datetime_aware", dt.datetime(2024, 1, 1, tzinfo=dt.UTC), dt.datetime(2024, 1, 1), True),
        ("datetime_aware", dt.datetime(2024, 1, 1, 1, tzinfo=dt.UTC), dt.datetime(2024, 1, 1), False),
        ("colour", Colour.RED, Colour.RED, True),
        ("level", Level.LOW, Level.HIGH, False),
        ("binding", enum.Enum("Plain", {"VALUE_0": "e-book"})["VALUE_0"], "e-book", True),
        ("json", {"a": 1}, {"a": 1}, True),
        ("json", True, 1, False),
        ("string", "a", "A", False),
        ("string", None, None, True),
        ("string", None, "", False),
        ("string", "", None, False),
    ],
)
def test_values_are_the_same_if_writing_would_change_nothing(name: str, given: Any, stored: Any, same: bool) -> None:
    assert is_same(COLUMNS[name], given, stored) is same


def test_a_key_is_the_same_text_however_its_values_are_written() -> None:
    columns = [COLUMNS["numeric"], COLUMNS["string"]]

    assert key_text(columns, [Decimal("1.10"), "a"]) == key_text(columns, [Decimal("1.1"), "a"]) == '["1.1", "a"]'
    assert key_text([COLUMNS["colour"]], [Colour.RED]) == '["RED"]'


def test_seen_keys_are_told_with_their_lines() -> None:
    with seen_keys() as seen:
        assert [seen.add(key, line) for line, key in enumerate(["a", "b", "a", "\x00'"], 1)] == [None, None, 1, None]
        assert seen.missing(["a", "c", "\x00'", "d"]) == {"c", "d"}
