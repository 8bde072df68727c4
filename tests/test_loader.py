"""Loaders: keys in batches, told to all who wait, whoever of them is given up."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager

import pytest

from gqlcrud.execution.connection import ConnectionSource, OperationConnection
from gqlcrud.execution.loader import Loader
from gqlcrud.statements import Database

Numbers = Loader[int, list[int], int]


@asynccontextmanager
async def nothing() -> AsyncIterator[None]:
    yield


@pytest.fixture
async def connection() -> AsyncIterator[OperationConnection]:
    """One that is never opened: the loaders fetch from nowhere."""
    found = OperationConnection(ConnectionSource(Database.SQLITE, nothing))  # type: ignore[arg-type]  # it is not opened
    yield found
    await found.close()


class Fetches:
    """What is fetched: ten times each key, once `free` is set."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.begun, self.free = asyncio.Event(), asyncio.Event()
        self.error: Exception | None = None

    async def fetch(self, keys: Sequence[int]) -> list[int]:
        self.batches.append(list(keys))
        self.begun.set()
        await self.free.wait()
        if self.error is not None:
            raise self.error
        return [10 * key for key in keys]

    async def build(self, keys: Sequence[int], rows: list[int]) -> list[int]:
        return rows


async def started(*work: Awaitable[object]) -> list[asyncio.Task[object]]:
    """Tasks that run until they wait."""

    async def run(each: Awaitable[object]) -> object:
        return await each

    tasks = [asyncio.create_task(run(each)) for each in work]
    await asyncio.sleep(0)
    return tasks


async def test_keys_that_are_asked_for_together_are_one_batch(connection: OperationConnection) -> None:
    fetches = Fetches()
    loader: Numbers = Loader(connection, fetches.fetch, fetches.build)
    fetches.free.set()

    answers = await asyncio.gather(loader.load_many([1, 2, 1]), loader.load(2), loader.load(3))
    assert list(answers) == [[10, 20, 10], 20, 30]
    assert await loader.load_many([3, 4]) == [30, 40]
    assert await loader.load_many([]) == []
    assert fetches.batches == [[1, 2, 3], [4]]


async def test_keys_that_come_while_a_batch_is_fetched_are_the_next(connection: OperationConnection) -> None:
    fetches = Fetches()
    loader: Numbers = Loader(connection, fetches.fetch, fetches.build)
    (one,) = await started(loader.load(1))
    await fetches.begun.wait()
    two, three = await started(loader.load_many([2, 1]), loader.load(3))
    fetches.free.set()

    assert list(await asyncio.gather(one, two, three)) == [10, [20, 10], 30]
    assert fetches.batches == [[1], [2, 3]]


@pytest.mark.parametrize("given_up", [0, 1, 2])
async def test_one_who_is_given_up_keeps_nobody_from_an_answer(connection: OperationConnection, given_up: int) -> None:
    """The first, who has opened the batch, as well as another; the value is there for whoever asks later."""
    fetches = Fetches()
    loader: Numbers = Loader(connection, fetches.fetch, fetches.build)
    waiting = await started(loader.load(0), loader.load(1), loader.load_many([1, 2, 0]))
    await fetches.begun.wait()
    waiting[given_up].cancel()
    await asyncio.sleep(0)
    fetches.free.set()

    answers = await asyncio.gather(*waiting, return_exceptions=True)
    expected = [0, 10, [10, 20, 0]]
    assert [answer for place, answer in enumerate(answers) if place != given_up] == [
        value for place, value in enumerate(expected) if place != given_up
    ]
    assert isinstance(answers[given_up], asyncio.CancelledError)
    assert await loader.load_many([0, 1, 2]) == [0, 10, 20]
    assert fetches.batches == [[0, 1, 2]]


async def test_all_may_be_given_up(connection: OperationConnection) -> None:
    """What they asked for is read all the same, and ends with the operation at the latest."""
    fetches = Fetches()
    loader: Numbers = Loader(connection, fetches.fetch, fetches.build)
    waiting = await started(loader.load(1), loader.load(2))
    await fetches.begun.wait()
    for task in waiting:
        task.cancel()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(answer, asyncio.CancelledError) for answer in answers)

    await connection.close()
    assert not connection.lock.locked()


@pytest.mark.parametrize("step", ["fetch", "build"])
async def test_an_error_is_told_to_all_who_wait(connection: OperationConnection, step: str) -> None:
    """Each of them, and whoever asks for one of these keys later; other keys are not concerned."""
    fetches = Fetches()
    broken = ValueError("broken")

    async def build(keys: Sequence[int], rows: list[int]) -> list[int]:
        if step == "build" and 1 in keys:
            raise broken
        return rows

    loader: Numbers = Loader(connection, fetches.fetch, build)
    fetches.error = broken if step == "fetch" else None
    waiting = await started(loader.load(1), loader.load(2), loader.load_many([2, 1]))
    await fetches.begun.wait()
    fetches.free.set()

    assert await asyncio.gather(*waiting, return_exceptions=True) == [broken] * 3
    fetches.error = None
    with pytest.raises(ValueError, match="broken"):
        await loader.load(2)
    assert await loader.load(3) == 30
    assert not connection.lock.locked()


async def test_an_error_finds_who_was_given_up_and_who_was_not(connection: OperationConnection) -> None:
    fetches = Fetches()
    fetches.error = ValueError("broken")
    loader: Numbers = Loader(connection, fetches.fetch, fetches.build)
    one, two = await started(loader.load(1), loader.load(1))
    await fetches.begun.wait()
    one.cancel()
    fetches.free.set()

    answers = await asyncio.gather(one, two, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError) and answers[1] is fetches.error


async def test_the_end_of_the_operation_is_told_to_all_who_wait(connection: OperationConnection) -> None:
    """A batch that is fetched, and one that waits for its turn."""
    fetches = Fetches()
    one: Numbers = Loader(connection, fetches.fetch, fetches.build)
    other: Numbers = Loader(connection, fetches.fetch, fetches.build)
    waiting = await started(one.load(1), one.load(2), other.load(3))
    await fetches.begun.wait()

    await connection.close()

    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(answer, asyncio.CancelledError) for answer in answers)
    assert (fetches.batches, connection.lock.locked()) == ([[1, 2]], False)
