"""Bulk writes hold a batch in memory and no more; others who write at the same time are no failures."""

import asyncio
import gc
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import CheckConstraint, Computed, ForeignKey, String, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from gqlcrud import Crud, Hooks, Invalid, Progress, Write
from tests.bulk_shop import Base, Book, Stock, stored
from tests.databases import Backend, MakeEngine
from tests.test_crud_bulk_inserts import told

BOOKS = Crud(Book)


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncEngine:
    return await make_engine(Base.metadata)


def many(count: int) -> Iterator[dict[str, Any]]:
    return ({"isbn": str(number), "title": f"Book {number}", "pages": number % 500 + 1} for number in range(count))


def measured() -> tuple[Callable[[Progress], None], list[int]]:
    """A function that notes the memory that Python holds early and at the end, and its notes, in bytes."""
    notes: list[int] = []

    def note(progress: Progress) -> None:
        if progress.done in (COUNT // 5, COUNT):
            gc.collect()
            notes.append(tracemalloc.get_traced_memory()[0])

    return note, notes


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


COUNT = 4000
ROOM = 200_000
"""Bytes: a tenth of what so many rows take."""


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("on_error", ["abort", "continue"])
async def test_memory_does_not_grow_with_the_rows(engine: AsyncEngine, on_error: Any) -> None:
    note, notes = measured()

    await BOOKS.insert_multi(engine, many(COUNT), batch_size=200, on_error=on_error, progress=note)
    assert notes[1] - notes[0] < ROOM

    note, notes = measured()
    changes = ({"isbn": str(number), "pages": 7} for number in range(COUNT))
    await BOOKS.update_multi(engine, changes, by=["isbn"], batch_size=200, on_error=on_error, progress=note)
    assert notes[1] - notes[0] < ROOM

    note, notes = measured()
    await BOOKS.upsert_multi(engine, many(COUNT), on=["isbn"], batch_size=200, on_error=on_error, progress=note)
    assert notes[1] - notes[0] < ROOM

    note, notes = measured()
    await BOOKS.delete_multi(engine, all_rows=True, batch_size=200, on_error=on_error, progress=note)
    assert notes[1] - notes[0] < ROOM


@pytest.mark.usefixtures("traced")
async def test_memory_does_not_grow_where_the_unit_of_work_writes(engine: AsyncEngine) -> None:
    def touch(write: Write) -> Write:
        return write.set(language="de")

    note, notes = measured()

    await Crud(Book, hooks=Hooks(before_create=touch)).insert_multi(engine, many(COUNT), batch_size=200, progress=note)

    assert notes[1] - notes[0] < ROOM


@pytest.mark.usefixtures("traced")
async def test_memory_does_not_grow_with_the_failures(engine: AsyncEngine) -> None:
    note, notes = measured()

    summary = await BOOKS.insert_multi(
        engine, ({"isbn": "1"} for _ in range(COUNT)), batch_size=200, on_error="continue", keep_failures=10, progress=note
    )  # fmt: skip

    assert (summary.failed, len(summary.failed_items)) == (COUNT, 10)
    assert notes[1] - notes[0] < ROOM


# ---------- at the same time ----------


async def test_upserts_at_the_same_time_make_each_record_once(engine: AsyncEngine) -> None:
    crud = Crud(Stock)

    async def upsert(count: int) -> Any:
        rows = ({"shop": "a", "sku": number, "count": count} for number in range(60))
        return await crud.upsert_multi(engine, rows, on=["shop", "sku"], batch_size=20, on_error="continue")

    summaries = await asyncio.gather(*(upsert(count) for count in range(1, 5)))

    assert sum(each.inserted for each in summaries) == 60
    assert sum(each.inserted + each.updated for each in summaries) == 240
    assert [each.failed for each in summaries] == [0, 0, 0, 0]
    assert [sku for (sku,) in await stored(engine, Stock, "sku")] == list(range(60))


# ---------- constraints of other kinds ----------


class Odd(DeclarativeBase):
    pass


class Node(Odd):
    """A constraint that only the COMMIT checks, and a column that the database computes."""

    __tablename__ = "node"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(10))
    size: Mapped[int] = mapped_column(default=1)
    double: Mapped[int] = mapped_column(Computed("size * 2"))
    next_id: Mapped[int | None] = mapped_column(
        ForeignKey("node.id", deferrable=True, initially="DEFERRED", name="node_next")
    )

    next: Mapped["Node | None"] = relationship(remote_side=[id])


async def test_what_a_commit_refuses_is_told_at_its_row(make_engine: MakeEngine) -> None:
    engine = await make_engine(Odd.metadata)
    crud = Crud(Node)
    rows = [{"id": number, "name": "n", "next_id": number + 1} for number in range(1, 6)]

    with pytest.raises(Invalid) as caught:
        await crud.insert_multi(engine, rows, batch_size=2)
    assert told(caught.value) == [("FOREIGN_KEY", (4, "next_id"))]
    assert await stored(engine, Node, "id") == []

    summary = await crud.insert_multi(engine, rows, on_error="continue")
    assert (summary.inserted, summary.failed, summary.violations) == (0, 5, {"node_next": 5})

    await crud.insert_multi(engine, [*rows, {"id": 6, "name": "end"}], batch_size=2)
    assert await stored(engine, Node, "id", "double", "next_id") == [(n, 2, n + 1) for n in range(1, 6)] + [
        (6, 2, None)
    ]


class Booked(DeclarativeBase):
    pass


class Stay(Booked):
    """Stays in one room do not overlap."""

    __tablename__ = "stay"
    __table_args__ = (
        CheckConstraint("first <= last", name="stay_goes_forward"),
        ExcludeConstraint((text("int4range(first, last)"), "&&"), name="stay_overlaps", using="gist"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    first: Mapped[int] = mapped_column()
    last: Mapped[int] = mapped_column()


async def test_records_that_exclude_each_other_are_told(backend: Backend, make_engine: MakeEngine) -> None:
    if backend.name == "postgresql":
        engine = await make_engine(Booked.metadata)
        crud = Crud(Stay)
        rows = [{"first": 1, "last": 5}, {"first": 4, "last": 6}, {"first": 6, "last": 8}, {"first": 9, "last": 8}]

        summary = await crud.insert_multi(engine, rows, on_error="continue")

        assert [(each.index, each.errors[0].code.value) for each in summary.failed_items] == [
            (1, "UNIQUE"),
            (3, "CHECK"),
        ]
        assert (summary.inserted, summary.duplicates) == (2, 1)
        assert await stored(engine, Stay, "first", "last") == [(1, 5), (6, 8)]


async def test_rows_may_come_from_the_database_that_is_written(engine: AsyncEngine) -> None:
    """The records of one session go through Python into another table, batch by batch."""
    await BOOKS.insert_multi(engine, many(20))
    async with AsyncSession(engine) as session:
        found = await stored(engine, Book, "id")

        async def rows() -> Any:
            for (key,) in found:
                yield {"shop": "a", "sku": key, "count": (await BOOKS.get(session, key)).pages}

        await Crud(Stock).insert_multi(session, rows(), batch_size=6, on_error="continue")
        await session.commit()

    assert await stored(engine, Stock, "count") == [(number + 1,) for number in range(20)]
