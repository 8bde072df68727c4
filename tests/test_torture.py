"""Every place of the schema in which a client may put a value, with values of every kind: an answer, or a clean error."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import cycle
from typing import Any

import pytest
from graphql import build_schema
from sqlalchemy.ext.asyncio import AsyncEngine

from gqlcrud import Api, Limits
from tests.databases import MakeEngine
from tests.torture import FACTOR, OPTIONS, Base, fill, problems_of, told
from tests.torture_places import Place, places
from tests.torture_values import VALUES

PATIENT = Limits(statement_timeout=60, request_timeout=120)
"""What takes longer hangs, and is told by TIMEOUT, which is no answer here."""


@pytest.fixture(scope="module")
async def engine(make_module_engine: MakeEngine) -> AsyncEngine:
    return await make_module_engine(Base.metadata)


@pytest.fixture(scope="module")
async def api(engine: AsyncEngine) -> AsyncIterator[Api]:
    await fill(engine)
    yield Api(Base, engine, models=OPTIONS, limits=PATIENT)


def cases(all_places: Sequence[Place]) -> Iterator[tuple[Place, Any]]:
    """Some values for each place: those of a kind in turn, so that each is put somewhere. With a large factor all are."""
    often = Counter(place.kind for place in all_places)
    turns = {kind: cycle(VALUES[kind]) for kind in often}
    for place in all_places:
        count = len(VALUES[place.kind])
        for _ in range(min(count, max(FACTOR, -(-count // often[place.kind])))):
            yield place, next(turns[place.kind])


async def test_whatever_a_query_is_given_is_answered_or_refused(api: Api) -> None:
    """Without graphql-core, since the document is known, and by it: the same."""
    every = list(places(build_schema(api.sdl()), "query"))
    for place in {place.text: place for place in every}.values():
        assert problems_of(await api.execute(place.text, place.variables(None))) == []
    for place, value in cases(every):
        variables = place.variables(value)
        known = await api.execute(place.text, variables)
        walked = await api.execute(place.walked, variables)
        assert (problems_of(known), told(known)) == ([], told(walked)), about(place, value)


async def test_whatever_a_mutation_is_given_is_written_or_refused(api: Api, engine: AsyncEngine) -> None:
    """Both ways, each time on the same rows."""
    some = list(places(build_schema(api.sdl()), "mutation"))[:: max(1, 3 // FACTOR)]
    for place in {place.text: place for place in some}.values():
        assert problems_of(await api.execute(place.text, place.variables(None))) == []
    for place, value in cases(some):
        answers: list[Any] = []
        for text in (place.text, place.walked):
            await fill(engine)  # what is rolled back has taken numbers of a sequence
            result = await api.execute(text, place.variables(value))
            answers.append((problems_of(result), told(result)))
        assert answers == [([], answers[1][1])] * 2, about(place, value)


def about(place: Place, value: Any) -> str:
    """Which case it is; an integer may have more digits than Python shows."""
    return f"{place.name}: value {VALUES[place.kind].index(value)} of {place.kind}, in {place.text}"
