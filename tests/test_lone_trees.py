"""Random new records with new records and links in them: nothing is told or stored otherwise than by a session, be it that the
driver itself writes them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from gqlcrud import Api
from tests.databases import Backend, MakeEngine
from tests.plantation import CREATE, FOREIGN, Base, refill, stored
from tests.running import ROOMY, run


@pytest.fixture(scope="module")
async def plantation(make_module_engine: MakeEngine) -> AsyncIterator[AsyncEngine]:
    yield await make_module_engine(Base.metadata)


@pytest.fixture(scope="module")
def apis(plantation: AsyncEngine) -> tuple[Api, Api]:
    """One that may do without sessions, and one that has them for everything."""
    return Api(Base, plantation, limits=ROOMY), Api(Base, async_sessionmaker(plantation), limits=ROOMY)


MISSING = 9
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
    "badge": mostly(None, 1, 2, seldom=(3,)),
    "nests": mostly({}, seldom=({"create": [{}]}, {"create": [{}, {}]})),
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
        "paths": created(st.just({}), 2),
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
