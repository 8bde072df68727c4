"""A large answer takes a few times the memory of the rows that it is made of, and not many times."""

from docs.measure_memory import ROWS, driver_rows, traced
from docs.measured import fill, served
from tests.databases import Backend

COUNT = 4000
TIMES = 4
"""Rows of the driver and of SQLAlchemy, a dict for each, the body: 2.5 to 3.5 times the first. Another copy is too many."""


async def test_an_answer_takes_a_few_times_the_memory_of_its_rows(backend: Backend) -> None:
    url = backend.create_database()
    await fill(url, COUNT)
    async with served(url) as app:
        await app.ask(ROWS, {"n": 10})
        await driver_rows(app, 10)

        rows, _ = await traced(lambda: driver_rows(app, COUNT))
        peak, _ = await traced(lambda: app.ask(ROWS, {"n": COUNT}))

    backend.drop_database(url)
    assert rows < peak < TIMES * rows
