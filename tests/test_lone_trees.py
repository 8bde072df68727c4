"""A new record with new records and links in it, written by the driver itself on PostgreSQL: nothing is told or stored
otherwise than by a session, which writes it on SQLite, and wherever more has to be done."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, insert, text
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from gqlcrud import Api, Hooks, Limits, ModelOptions, Policy
from gqlcrud.execution import LoneWriter
from gqlcrud.execution.driver import Driver
from tests.databases import Backend, MakeEngine, connected
from tests.plantation import Base, Grove, Owner, Pest, Tag, Tree
from tests.pools import small_pool, taken
from tests.running import ROOMY, run

CREATE = """mutation($data: GroveCreate!) { createGrove(input: {data: $data}) { grove { rowId name owner { rowId name }
  fence { height posts(orderBy: [{number: ASC}]) { nodes { number } } }
  trees(orderBy: [{rowId: ASC}]) { nodes { rowId label kind price height planted leaves extra origin
    tags(orderBy: [{label: ASC}]) { nodes { rowId label } } pests { edges { foundIn node { name } } }
    seedlings(orderBy: [{rowId: ASC}]) { nodes { rowId label grove { name } } } } }
  signs { nodes { motto } } } errors { code message path } } }"""
KEPT = {
    "owner": [{"name": "Ann"}],
    "grove": [{"name": "Old"}],
    "tag": [{"label": "a"}, {"label": "b"}],
    "pest": [{"name": "Moth"}],
}
"""What is there before: 1, 1, 1 and 2, 1."""


async def refill(engine: AsyncEngine, backend: Backend) -> None:
    """What is there before, and nothing else; numbers begin with 1."""
    tables = Base.metadata.sorted_tables
    async with engine.begin() as connection:
        if backend.name == "postgresql":
            names = ", ".join(table.name for table in tables)
            await connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))
        else:
            for table in reversed(tables):
                await connection.execute(table.delete())
        for name, rows in KEPT.items():
            await connection.execute(insert(Base.metadata.tables[name]), rows)


async def stored(engine: AsyncEngine) -> dict[str, list[tuple[Any, ...]]]:
    """All rows, without keys that nobody foresees."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    async with engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            columns = [
                column
                for column in table.columns
                if (table.name, column.name) not in {("fence", "id"), ("post", "fence_id")}
            ]
            rows = await connection.execute(table.select().with_only_columns(*columns))
            found[table.name] = sorted((tuple(row) for row in rows), key=repr)
    return found


@pytest.fixture(scope="module")
async def plantation(make_module_engine: MakeEngine) -> AsyncIterator[AsyncEngine]:
    yield await make_module_engine(Base.metadata)


@pytest.fixture(scope="module")
def apis(plantation: AsyncEngine) -> tuple[Api, Api]:
    """One that may do without sessions, and one that has them for everything."""
    return Api(Base, plantation), Api(Base, async_sessionmaker(plantation))


@pytest.fixture
async def engine(plantation: AsyncEngine, backend: Backend) -> AsyncEngine:
    await refill(plantation, backend)
    return plantation


@contextmanager
def watched() -> Iterator[list[bool]]:
    """Whether each record that was tried to be written without a session was."""
    found: list[bool] = []
    run_alone = LoneWriter.run

    async def recorded(*given: Any) -> Any:
        result = await run_alone(*given)
        found.append(result is not None)
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LoneWriter, "run", recorded)
        yield found


def tried(backend: Backend, *expected: bool) -> list[bool]:
    """SQLite has a session for every write."""
    return list(expected) if backend.name == "postgresql" else []


# ---------- equal to what a session does ----------

MISSING = 9
FOREIGN = "T3duZXI6OQ=="
LABELS = st.sampled_from(["x", "y", "z", "u", "v", "w"])


def mostly(*usual: Any, seldom: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    return st.sampled_from([*usual * 6, *seldom])


def created(items: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({"create": st.lists(items, max_size=most)})


TAGS = st.fixed_dictionaries(
    {},
    optional={
        "connect": mostly(
            [{"rowId": 1}], [{"rowId": 2}, {"rowId": 1}], [], seldom=([{"rowId": MISSING}], [{"label": "b"}])
        ),
        "create": mostly([{"label": "new"}], [], seldom=([{"label": "a"}], [{"label": "p"}, {"label": "q"}])),
    },
)
PESTS = mostly(
    {"connect": [{"by": {"rowId": 1}}]},
    seldom=({"connect": [{"by": {"rowId": 1}, "edge": {"foundIn": "May"}}]}, {"connect": [{"by": {"rowId": MISSING}}]}),
)
VALUES = {
    "kind": st.sampled_from(["OAK", "ELM"]),
    "price": st.sampled_from(["2", "1.239", None]),
    "height": st.sampled_from([0.5, None]),
    "planted": st.sampled_from(["2024-05-01T10:00:00+02:00", None]),
    "leaves": st.sampled_from([0, 5]),
    "extra": st.sampled_from([None, [1, [2]], {"k": None}, "text", []]),
    "origin": mostly(None, "T3duZXI6MQ==", seldom=(FOREIGN,)),
}
SEEDLINGS = st.fixed_dictionaries(
    {"label": LABELS, "grove": mostly({"connect": {"rowId": 1}}, seldom=({"connect": {"rowId": MISSING}},))},
    optional={"tags": TAGS},
)
TREES = st.fixed_dictionaries(
    {"label": LABELS}, optional={**VALUES, "tags": TAGS, "pests": PESTS, "seedlings": created(SEEDLINGS, 2)}
)
OWNERS = mostly(
    {"connect": {"rowId": 1}},
    {"create": {"name": "Bo"}},
    seldom=(
        {"connect": {"rowId": MISSING}},
        {"connect": {"name": "Ann"}},
        {"create": {"name": "Ann"}},
        {"connectOrCreate": {"by": {"name": "Cy"}, "create": {"name": "Cy"}}},
        {"create": {"name": "Di", "groves": {"connect": [{"rowId": 1}]}}},
    ),
)
FENCES = st.fixed_dictionaries(
    {"height": st.just(1.5)},
    optional={"posts": created(st.fixed_dictionaries({"number": st.integers(1, 4)}))},
).map(lambda fence: {"create": fence})
GROVES = st.fixed_dictionaries(
    {"name": mostly("New", seldom=("Old", "x" * 11))},
    optional={
        "owner": OWNERS,
        "trees": created(TREES, 4),
        "fence": FENCES,
        "signs": created(st.just({"motto": "no"}), 2),
    },
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=GROVES)
async def test_records_are_stored_and_told_as_by_a_session(
    plantation: AsyncEngine, apis: tuple[Api, Api], backend: Backend, data: dict[str, Any]
) -> None:
    outcomes = []
    for api in apis:
        await refill(plantation, backend)
        outcomes.append((await run(api, CREATE, data=data), await stored(plantation)))

    assert outcomes[0] == outcomes[1]
