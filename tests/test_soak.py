"""Reads, writes, errors, cancellations and timeouts, mixed for a while: no connection, task or memory is left over."""

import asyncio
import gc
import os
import random
import tracemalloc

from sqlalchemy.ext.asyncio import AsyncEngine

from gqlcrud import Api
from tests.databases import MakeEngine
from tests.pools import small_pool, taken
from tests.running import run
from tests.shelf import Base
from tests.test_write_outages import LEFT, WRITE

SECONDS = float(os.environ.get("GQLCRUD_SOAK_SECONDS", "1.5"))
DOCUMENTS = [WRITE, LEFT, "{ authors(first: 3) { nodes { name books { nodes { title } } } } }", "{ nosuch }", "{"]


async def mixed(api: Api, seconds: float, chance: random.Random) -> int:
    """Works for so long, and gives how many operations were begun; a third of them is given up after a moment."""
    begun, end = 0, asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < end:
        begun += 1
        work = asyncio.ensure_future(api.execute(chance.choice(DOCUMENTS)))
        if chance.random() < 0.3:
            await asyncio.wait([work], timeout=chance.uniform(0, 0.01))
            work.cancel()
        await asyncio.wait([work])
        if not work.cancelled() and work.result().errors:
            codes = {each.extensions["code"] for each in work.result().errors or () if each.extensions}
            assert codes <= {"GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED"}
    return begun


async def test_nothing_is_left_over(make_engine: MakeEngine) -> None:
    engine: AsyncEngine = await make_engine(Base.metadata)
    async with small_pool(engine, 3, pool_timeout=30) as pool:
        api, chance = Api(Base, pool), random.Random(1)
        await asyncio.gather(*(mixed(api, SECONDS / 3, chance) for _ in range(6)))
        tasks = len(asyncio.all_tasks())
        gc.collect()
        tracemalloc.start()
        try:
            begun = sum(await asyncio.gather(*(mixed(api, SECONDS, chance) for _ in range(6))))
            gc.collect()
            kept = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()

        assert (taken(pool), len(asyncio.all_tasks()), begun > 20) == (0, tasks, True)
        assert kept < 2_000_000
        left = await run(api, LEFT)
        assert left["authors"] == left["books"]
