"""Random mutations, valid by their types: none is a fault, tells of the database, or writes a part of what fails."""

import json
import re
from random import Random
from typing import Any

import pytest
from graphql import build_schema
from sqlalchemy.orm import DeclarativeBase

from gqlcrud import Api
from tests import shelf, zoo
from tests.databases import Backend, MakeEngine
from tests.filling import fill, made_rows
from tests.random_inputs import Inputs
from tests.writing import state

DOCUMENTS = 150
"""For each section and database."""

FILLED = (shelf.Base, zoo.Composites, zoo.ManyToMany, zoo.Plain)
"""Sections whose columns take made-up rows."""

LEAK = re.compile(
    r"INSERT INTO|SELECT |UPDATE \w+ SET|DELETE FROM|asyncpg|aiosqlite|sqlalchemy|sqlite3|Traceback|DETAIL|violates"
    r"|constraint failed|object at 0x|<class",
    re.IGNORECASE,
)
"""Words of SQL, drivers and Python that no client is told."""


@pytest.mark.parametrize(
    "base", [*FILLED, zoo.Scalars, zoo.Custom, zoo.Joined, zoo.Odd], ids=lambda base: base.__name__
)
async def test_random_mutations_are_written_or_refused(base: type[DeclarativeBase], make_engine: MakeEngine) -> None:
    await check_random_mutations(base, make_engine)


async def test_random_mutations_of_postgresqls_types(backend: Backend, make_engine: MakeEngine) -> None:
    if backend.name == "postgresql":
        await check_random_mutations(zoo.PgOnly, make_engine)


async def check_random_mutations(base: type[DeclarativeBase], make_engine: MakeEngine) -> None:
    engine = await make_engine(base.metadata)
    if base in FILLED:
        await fill(engine, made_rows(base.metadata, count=4))
    api = Api(base, engine, skip_unknown=True)
    schema = build_schema(api.sdl())
    assert schema.mutation_type is not None
    inputs = Inputs(schema, Random(base.__name__), await ids_of(api))
    before = await state(engine, base.metadata)
    for _ in range(DOCUMENTS):
        field = inputs.random.choice(list(schema.mutation_type.fields))
        document, variables = inputs.document(field)
        result = await api.execute(document, variables)
        after = await state(engine, base.metadata)
        assert problems_of(result, field, variables, wrote=before != after) == [], (document, variables)
        before = after


async def ids_of(api: Api) -> list[str]:
    """The global ids of some records of each model, or of one that is not there."""
    found: list[str] = []
    for model in api.catalog.models:
        result = await api.execute(f"{{ {model.many}(first: 3) {{ nodes {{ id }} }} }}")
        assert result.data is not None
        found += [each["id"] for each in result.data[model.many]["nodes"]]
    return found or ["Qm9vazox"]


def problems_of(result: Any, field: str, variables: dict[str, Any], *, wrote: bool) -> list[str]:
    errors = [each.formatted for each in result.errors or []]
    payload = (result.data or {}).get(field)
    found = [str(each) for each in errors if each["extensions"]["code"] == "INTERNAL_ERROR"]
    found += LEAK.findall(json.dumps([result.data, errors], default=str))
    failed = bool(errors) or bool(payload and payload["errors"])
    if failed and wrote and variables["input"].get("onError") != "CONTINUE":
        found.append("It failed, and wrote.")
    return found
