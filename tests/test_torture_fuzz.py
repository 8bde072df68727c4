"""Random documents, mangled texts and random variables, from the parser to the database: an answer, or a clean error."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from gqlcrud import Api
from tests.databases import MakeEngine
from tests.random_documents import VALUES as PLAIN
from tests.random_documents import Ids, Trees, Writer
from tests.random_inputs import Inputs
from tests.test_torture import PATIENT
from tests.torture import FACTOR, OPTIONS, Base, fill, problems_of, told
from tests.torture_values import DIGITS, VALUES, closed

FUZZ = settings(
    max_examples=20 * FACTOR,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
SEEDS = st.integers(0, 2**64 - 1)
NAMES = st.sampled_from(["crates", "nodes", "where", "text", "eq", "id", "and", "at", "path", "v0", "a"])
KEYS: Ids = {
    "Crate": [closed("Crate:1"), closed("Crate:2")],
    "Stamp": [closed('Stamp:["a",1]')],
    "Label": [closed("Label:a")],
}


def _is_deep(value: Any) -> bool:
    """Whether it nests deeper than Python can tell it."""
    for _ in range(100):
        if not isinstance(value, dict | list) or not value:
            return False
        value = next(iter(value.values() if isinstance(value, dict) else value))
    return True


ANY: Mapping[str, Sequence[Any]] = {
    name: [*PLAIN.get(name, ()), *(each for each in values if each != DIGITS and not _is_deep(each))]
    for name, values in VALUES.items()
}
"""Values that a document can hold as literals too, whether they make sense or not."""
FRAGMENTS = [
    *(
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        ":",
        "$",
        "!",
        "@",
        "|",
        "&",
        "=",
        "...",
        '"',
        '"""',
        "#",
        "\\",
        "\\u{110000}",
        "\\ud800",
    ),
    *(
        "\x00",
        "\ud800",
        "\ufeff",
        "\u202e",
        "é",
        "\r\n",
        "-1",
        "1e999999",
        "0x1",
        "9" * 30,
        "null",
        "true",
        "__typename",
    ),
    *(
        "__schema { types { name } }",
        "fragment F on Crate { id ...F }",
        "...F",
        "... on Stamp { id }",
        "@include(if: $v0)",
    ),
    *(
        "@skip(if: 1)",
        "@atomic",
        "@no",
        "query",
        "mutation { __typename }",
        "subscription { a }",
        "on",
        "a: ",
        "($v0: Int)",
    ),
    *(
        "where: {and: [{not: {}}]}",
        "first: -1",
        "after: $v0",
        "orderBy: [{}]",
        "id",
        "edges { node { id } }",
        "{" * 120,
    ),
]
"""Texts that are put into documents."""
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["\x00", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@dataclass(frozen=True, slots=True)
class Fuzzed:
    api: Api
    schema: GraphQLSchema

    async def check(self, text: str, variables: dict[str, Any], operation_name: str | None = None) -> None:
        """Twice, since the second answer to a valid query is given without graphql-core: it is the same."""
        first = await self.api.execute(text, variables, operation_name=operation_name)
        second = await self.api.execute(text, variables, operation_name=operation_name)
        about = f"{text}\n{ascii(variables)[:2000]}"
        assert problems_of(first) == problems_of(second) == [], about
        if "mutation" not in text:
            assert told(first) == told(second), about


@pytest.fixture(scope="module")
async def engine(make_module_engine: MakeEngine) -> AsyncEngine:
    return await make_module_engine(Base.metadata)


@pytest.fixture(scope="module")
async def fuzzed(engine: AsyncEngine) -> AsyncIterator[Fuzzed]:
    await fill(engine)
    api = Api(Base, engine, models=OPTIONS, limits=PATIENT)
    yield Fuzzed(api, build_schema(api.sdl()))


def query(schema: GraphQLSchema, seed: int) -> tuple[str, dict[str, Any]]:
    """A document of the schema's fields; the values in it may be any."""
    random = Random(seed)
    return Writer(schema, random).document(Trees(schema, random, KEYS, ANY).tree())


@FUZZ
@given(seed=SEEDS)
async def test_random_queries_with_any_values_are_answered_or_refused(fuzzed: Fuzzed, seed: int) -> None:
    await fuzzed.check(*query(fuzzed.schema, seed))


Edit = tuple[float, float, str]
EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from([0.0, 0.0, 0.01, 0.05, 0.5]), st.sampled_from(FRAGMENTS) | st.just("")),
    min_size=1,
    max_size=4,
)
"""Where in a text, how much of it is taken out, and what is put in."""


def mangled(text: str, edits: Sequence[Edit]) -> str:
    for place, share, fragment in edits:
        start = int(place * len(text))
        text = f"{text[:start]}{fragment}{text[start + int(share * len(text)) :]}"
    return text


@FUZZ
@given(seed=SEEDS, edits=EDITS)
async def test_mangled_queries_are_answered_or_refused(fuzzed: Fuzzed, seed: int, edits: list[Edit]) -> None:
    text, variables = query(fuzzed.schema, seed)
    await fuzzed.check(mangled(text, edits), variables)


@FUZZ
@given(seed=SEEDS, values=st.dictionaries(st.integers(0, 5), JSON_VALUES, min_size=1, max_size=3))
async def test_queries_with_any_variables_are_answered_or_refused(
    fuzzed: Fuzzed, seed: int, values: dict[int, Any]
) -> None:
    """values: of the first variables, the second and so on; of none that is declared, if there are not so many."""
    text, variables = query(fuzzed.schema, seed)
    await fuzzed.check(text, {**variables, **{f"v{number}": value for number, value in values.items()}})


@FUZZ
@given(seed=SEEDS, edits=st.just([]) | EDITS)
async def test_random_and_mangled_mutations_are_written_or_refused(
    fuzzed: Fuzzed, engine: AsyncEngine, seed: int, edits: list[Edit]
) -> None:
    await fill(engine)
    random = Random(seed)
    mutation = fuzzed.schema.mutation_type
    assert mutation is not None
    ids = [each for keys in KEYS.values() for each in keys]
    text, variables = Inputs(fuzzed.schema, random, ids).document(random.choice(list(mutation.fields)))
    await fuzzed.check(mangled(text, edits), variables)


PARTS = st.sampled_from(FRAGMENTS) | NAMES | st.text(max_size=6)


@FUZZ
@given(parts=st.lists(PARTS, max_size=30), separator=st.sampled_from(["", " "]), name=st.none() | PARTS)
async def test_texts_of_any_kind_are_no_documents(
    fuzzed: Fuzzed, parts: list[str], separator: str, name: str | None
) -> None:
    await fuzzed.check(separator.join(parts), {}, name)
