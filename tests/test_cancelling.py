"""A cancellation is answered in peace, however many follow: connections come back, and nothing is half written."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

import anyio
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from gqlcrud import Api, Hooks
from gqlcrud.execution.cancelling import Shelter, cancelled_once, undisturbed
from tests.databases import Backend, MakeEngine
from tests.pools import small_pool, taken, until
from tests.running import run
from tests.shelf import Base
from tests.test_write_outages import LEFT, NOTHING, WRITE, WRITTEN, make_fast, make_slow

# ---------- coroutines ----------


async def cleaned(seen: list[str]) -> str:
    """Takes three turns of the loop to clean up after a cancellation, and a future."""
    try:
        await asyncio.sleep(30)
    finally:
        for _ in range(3):
            await asyncio.sleep(0)
        await asyncio.sleep(0.001)
        seen.append("clean")
    return "done"


async def cancelled_often(work: Callable[[], Awaitable[Any]]) -> Any:
    """Cancels work at each turn of the loop, until it ends."""

    async def wrapped() -> Any:
        return await work()

    task = asyncio.ensure_future(wrapped())
    await asyncio.sleep(0)
    while not task.done():
        task.cancel()
        await asyncio.sleep(0)
    return await task


async def test_what_is_cancelled_often_learns_of_it_once() -> None:
    seen: list[str] = []

    with pytest.raises(asyncio.CancelledError):
        await cancelled_often(lambda: cleaned([]))
    assert seen == [], "without help it is not cleaned up"
    with pytest.raises(asyncio.CancelledError):
        await cancelled_often(lambda: cancelled_once(cleaned(seen)))
    assert seen == ["clean"]


async def brief(seen: list[str]) -> str:
    for _ in range(3):
        await asyncio.sleep(0)
    await asyncio.sleep(0.001)
    seen.append("done")
    return "done"


async def test_what_is_undisturbed_ends_before_its_task_does() -> None:
    seen: list[str] = []

    with pytest.raises(asyncio.CancelledError):
        await cancelled_often(lambda: undisturbed(brief(seen)))
    assert seen == ["done"]


@pytest.mark.parametrize("guard", [cancelled_once, undisturbed])
async def test_results_and_errors_pass(guard: Callable[[Coroutine[Any, Any, Any]], Awaitable[Any]]) -> None:
    async def fails() -> None:
        await asyncio.sleep(0)
        raise ValueError("told")

    assert await guard(brief([])) == "done"
    with pytest.raises(ValueError, match="told"):
        await guard(fails())


async def test_a_timeout_within_is_no_cancellation() -> None:
    """What follows it can be cancelled as before."""

    async def hasty() -> str:
        try:
            async with asyncio.timeout(0):
                await asyncio.sleep(30)
        except TimeoutError:
            return await brief([])
        raise AssertionError("it takes no time")

    async def hasty_and_slow(seen: list[str]) -> str:
        await hasty()
        return await cleaned(seen)

    seen: list[str] = []
    assert await cancelled_once(hasty()) == "done"
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await cancelled_once(hasty_and_slow(seen))
    assert seen == ["clean"]


async def test_what_swallows_a_cancellation_gives_its_result() -> None:
    async def deaf() -> str:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            return "done"
        raise AssertionError("it is cancelled")

    task = asyncio.ensure_future(_awaited(cancelled_once(deaf())))
    await asyncio.sleep(0)
    task.cancel()

    assert await task == "done"


async def _awaited(work: Awaitable[Any]) -> Any:
    return await work


# ---------- operations ----------


@pytest.fixture
async def pool(make_engine: MakeEngine, backend: Backend) -> AsyncIterator[AsyncEngine]:
    """One connection; an INSERT into book takes half a minute."""
    engine = await make_engine(Base.metadata)
    await make_slow(engine, backend)
    async with small_pool(engine, pool_timeout=1) as pool:
        yield pool


@pytest.mark.parametrize("kind", ["engine", "sessionmaker"])
async def test_a_write_that_anyio_cancels_leaves_nothing(pool: AsyncEngine, backend: Backend, kind: str) -> None:
    """It cancels at each turn of the loop. No task is left that waits for a connection that is gone."""
    api = Api(Base, async_sessionmaker(pool) if kind == "sessionmaker" else pool)
    tasks = asyncio.all_tasks()
    with anyio.move_on_after(0.1) as scope:
        await api.execute(WRITE)

    assert (scope.cancelled_caught, taken(pool), asyncio.all_tasks() - tasks) == (True, 0, set())
    assert await run(api, LEFT) == NOTHING
    await make_fast(pool, backend)
    assert await run(api, WRITE) == WRITTEN


@pytest.mark.parametrize("query", [LEFT, "{ authors { nodes { name books { nodes { title } } } } }", WRITE])
@pytest.mark.parametrize("kind", ["engine", "sessionmaker"])
async def test_an_operation_is_cancelled_at_any_moment(
    pool: AsyncEngine, backend: Backend, kind: str, query: str
) -> None:
    """A record stands with what is nested in it, or not at all; the one connection always comes back."""
    await make_fast(pool, backend)
    api = Api(Base, async_sessionmaker(pool) if kind == "sessionmaker" else pool)
    for turns in range(25):
        running = asyncio.ensure_future(api.execute(query))
        for _ in range(turns):
            await asyncio.sleep(0.0001)
        while not running.done():
            running.cancel()
            await asyncio.sleep(0)
        await asyncio.wait([running])
        await until(pool, 0)
        left = await run(api, LEFT)
        assert left["authors"] == left["books"]


async def test_a_hook_is_told_of_a_cancellation(make_engine: MakeEngine) -> None:
    """It is not awaited to its end, other than the statements around it."""
    engine, told = await make_engine(Base.metadata), asyncio.Event()

    async def slow(*_: object) -> None:
        told.set()
        await asyncio.sleep(30)

    async with small_pool(engine) as pool:
        running = asyncio.ensure_future(Api(Base, pool, hooks=Hooks(after_create=slow)).execute(WRITE))
        await told.wait()
        running.cancel()
        async with asyncio.timeout(10):
            with pytest.raises(asyncio.CancelledError):
                await running
        assert await run(Api(Base, pool), LEFT) == NOTHING


async def test_a_shelter_that_opens_late_tells_of_a_cancellation() -> None:
    shelter, seen = Shelter(), []

    async def work() -> None:
        await asyncio.sleep(0.01)
        seen.append("sheltered")
        await shelter.opened(asyncio.sleep(30))

    with pytest.raises(asyncio.CancelledError):
        await cancelled_often(lambda: undisturbed(work(), shelter))
    assert seen == ["sheltered"]
