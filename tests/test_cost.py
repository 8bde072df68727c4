"""What operations count for, told to clients that ask."""

import json
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from strawberry.types import ExecutionResult

from gqlcrud import Api, Limits
from gqlcrud.http import GRAPHQL_RESPONSE, answer
from tests import shelf
from tests.databases import MakeEngine
from tests.serving import PATH, app_of, client_of

COST = {"gqlcrud": {"cost": True}}


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncEngine:
    return await make_engine(shelf.Base.metadata)


def shown(result: ExecutionResult) -> Any:
    """`extensions.gqlcrud`, as it goes over HTTP."""
    return json.loads(answer(result, GRAPHQL_RESPONSE).body)["extensions"]["gqlcrud"]


async def test_a_request_may_ask_for_its_cost(engine: AsyncEngine) -> None:
    api = Api(shelf.Base, engine, limits=Limits(max_rows=1000))
    document = "{ a: authors(first: 10) { nodes { name books(first: 5) { nodes { title } } } } }"
    for _ in range(2):
        result = await api.execute(document, extensions=COST)

        assert shown(result) == {
            "cost": {
                "rows": {"used": 60, "limit": 1000},
                "fields": {"used": 6, "limit": 5000},
                "rootFields": {"used": 1, "limit": 20},
                "nesting": {"used": 5, "limit": 100},
                "tokens": {"used": 28, "limit": 5000},
                "aliases": {"used": 1, "limit": 100},
                "directives": {"used": 0, "limit": 50},
            }
        }


async def test_it_is_asked_for_over_http(engine: AsyncEngine) -> None:
    body = {"query": "{ tags(first: 3) { nodes { label } } }", "extensions": COST}
    async with client_of(app_of(Api(shelf.Base, engine))) as client:
        response = await client.post(PATH, json=body)

    document = response.json()
    assert document["data"] == {"tags": {"nodes": []}}
    assert document["extensions"]["gqlcrud"]["cost"]["rows"] == {"used": 3, "limit": 500_000}


async def test_what_exceeds_a_limit_tells_its_cost(engine: AsyncEngine) -> None:
    api = Api(shelf.Base, engine, limits=Limits(max_rows=10))

    result = await api.execute("{ authors(first: 11) { nodes { name } } }", extensions=COST)

    assert [error.extensions["code"] for error in result.errors or () if error.extensions] == ["LIMIT"]
    assert shown(result)["cost"]["rows"] == {"used": 11, "limit": 10}


async def test_the_cost_of_a_mutation_is_beside_its_limits(engine: AsyncEngine) -> None:
    api = Api(shelf.Base, engine)
    document = "mutation { deleteTag(input: {by: {rowId: 1}}) { tag { label } } }"

    result = await api.execute(document, extensions=COST)

    assert shown(result)["cost"]["rootFields"] == {"used": 1, "limit": 10}
    assert shown(result)["cost"]["rows"] == {"used": 1, "limit": 500_000}


@pytest.mark.parametrize("asked", [{"cost": "yes"}, {"explain": 1}, [], "cost"], ids=str)
async def test_an_extension_that_means_nothing_is_refused(engine: AsyncEngine, asked: Any) -> None:
    result = await Api(shelf.Base, engine).execute("{ __typename }", extensions={"gqlcrud": asked})

    assert [error.extensions for error in result.errors or ()] == [{"code": "BAD_REQUEST"}]


async def test_other_extensions_are_left_alone(engine: AsyncEngine) -> None:
    for given in ({"gqlcrud": None}, {"gqlcrud": {"panel": 1}}, {"other": 1}):
        result = await Api(shelf.Base, engine).execute("{ __typename }", extensions=given)

        assert (result.data, result.errors, not result.extensions) == ({"__typename": "Query"}, None, True)
