"""Work of SQLAlchemy's that is run in greenlets that are kept."""

import asyncio
import gc
import weakref
from contextvars import ContextVar

import pytest
from sqlalchemy.util import await_only

from gqlcrud.execution.greenlets import KEPT, spawned

CALLER: ContextVar[str] = ContextVar("caller")


async def later(value: int) -> int:
    await asyncio.sleep(0)
    return value


async def test_work_gives_its_result_and_may_wait() -> None:
    assert await spawned(lambda: 1) == 1
    assert await spawned(lambda: await_only(later(2)) + await_only(later(3))) == 5


async def test_work_raises_what_it_raises_and_a_greenlet_serves_again() -> None:
    with pytest.raises(ZeroDivisionError):
        await spawned(lambda: 1 // 0)
    with pytest.raises(ValueError, match="later"):
        await spawned(lambda: await_only(failing()))

    assert await spawned(lambda: 1) == 1


async def failing() -> int:
    raise ValueError("later")


async def test_many_wait_at_once() -> None:
    many = 3 * KEPT

    found = await asyncio.gather(*(spawned(lambda each=each: await_only(later(each))) for each in range(many)))

    assert found == list(range(many))


async def test_work_within_work() -> None:
    assert await spawned(lambda: await_only(spawned(lambda: await_only(later(7))))) == 7


async def test_each_call_has_the_context_of_its_caller() -> None:
    async def call(name: str) -> str:
        CALLER.set(name)
        return await spawned(lambda: f"{CALLER.get()} {await_only(later(0))} {CALLER.get()}")

    found = await asyncio.gather(*(asyncio.create_task(call(name)) for name in ("one", "two", "three")))

    assert found == ["one 0 one", "two 0 two", "three 0 three"]


async def test_work_learns_that_its_caller_is_cancelled() -> None:
    told: list[str] = []

    def work() -> None:
        try:
            await_only(asyncio.sleep(60))
        except asyncio.CancelledError:
            told.append("cancelled")
            await_only(asyncio.sleep(0))
            raise

    task = asyncio.create_task(spawned(work))
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert told == ["cancelled"]
    assert await spawned(lambda: 1) == 1


async def test_nothing_of_what_is_done_is_held() -> None:
    class Held:
        pass

    held = Held()
    gone = weakref.ref(held)

    assert await spawned(lambda held=held: held) is held  # type: ignore[misc]
    with pytest.raises(ValueError, match="later"):
        await spawned(lambda held=held: await_only(failing()))  # type: ignore[misc]
    del held

    gc.collect()
    assert gone() is None
