"""Every field, every filter and every order of every section of the zoo is answered, with rows and without."""

import uuid
from typing import Any

import pytest

from gqlcrud import Api
from tests import zoo
from tests.databases import MakeEngine, PostgresServer, engine_maker
from tests.exploring import lists, overviews
from tests.running import run, save
from tests.zoo_rows import SECTIONS


@pytest.mark.parametrize("section", SECTIONS)
async def test_everything_in_a_section_is_answered(make_engine: MakeEngine, section: str) -> None:
    base, make_rows = SECTIONS[section]
    source: Any = base
    engine = await make_engine(source.metadata)
    api = Api(base, engine)
    for document in overviews(api.catalog):
        (page,) = (await run(api, document)).values()
        assert page == {"totalCount": 0, "nodes": [], "edges": []}
    for rows in make_rows():
        await save(engine, *rows)
    for document in overviews(api.catalog):
        (page,) = (await run(api, document)).values()
        assert page["totalCount"] == len(page["nodes"]) == len(page["edges"]) > 0
    for document in lists(api.catalog):
        for page in (await run(api, document)).values():
            assert page["totalCount"] == len(page["edges"])


async def test_everything_of_postgresql_is_answered(postgres_server: PostgresServer) -> None:
    full = zoo.Lists(
        integers=[1, 2], strings=["a"], uuids=[uuid.UUID(int=1)], moods=["so-so"], document={"a": 1}, postcode="12345"
    )
    async with engine_maker(postgres_server) as make:
        engine = await make(zoo.PgOnly.metadata)
        await save(engine, full, zoo.Lists(strings=[]), zoo.Searchable(address="127.0.0.1"))
        api = Api(zoo.PgOnly, engine, skip_unknown=True)
        for document in lists(api.catalog):
            for page in (await run(api, document)).values():
                assert page["totalCount"] == len(page["edges"])
        data = await run(
            api,
            """{
              listsList { nodes { integers strings uuids moods document postcode } }
              found: listsList(where: {moods: {has: so_so}, postcode: {startsWith: "123"}}) { totalCount }
              empty: listsList(where: {strings: {isEmpty: true}}) { nodes { rowId } }
              searchables { nodes { rowId } }
            }""",
        )

    assert data == {
        "listsList": {
            "nodes": [
                {
                    "integers": [1, 2],
                    "strings": ["a"],
                    "uuids": ["00000000-0000-0000-0000-000000000001"],
                    "moods": ["so_so"],
                    "document": {"a": 1},
                    "postcode": "12345",
                },
                {"integers": None, "strings": [], "uuids": None, "moods": None, "document": None, "postcode": None},
            ]
        },
        "found": {"totalCount": 1},
        "empty": {"nodes": [{"rowId": 2}]},
        "searchables": {"nodes": [{"rowId": 1}]},
    }
