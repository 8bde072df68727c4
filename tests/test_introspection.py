"""Who may read the schema, and who is told its names."""

from typing import Any

import pytest
import strawberry

from gqlcrud import Api, ConfigurationError
from tests.running import refused, run
from tests.serving import GRAPHQL, app_of, client_of, post, refusal, unused_engine
from tests.shelf import Base

SCHEMA = "{ __schema { queryType { name } } }"
REFUSED = ("INTROSPECTION_DISABLED", "The schema is not shown: introspection is disabled.")
TYPO = "{ author { nodes { id } } authorz { nodes { id } } }"
VARIABLE = "query($order: [AuthorOrder!]) { authors(orderBy: $order) { totalCount } }"


class Fields:
    @strawberry.field
    def number(self) -> int:
        return 1


def closed(**options: Any) -> Api:
    return Api(Base, unused_engine(), query=Fields, **options)


@pytest.mark.parametrize(
    "query",
    [
        SCHEMA,
        '{ __type(name: "Book") { name } }',
        "{ number ... { ...F } } fragment F on Query { s: __schema { description } }",
        'mutation { createAuthor(input: {data: {name: "x"}}) { query { __schema { queryType { name } } } } }',
    ],
)
async def test_nobody_reads_the_schema_where_it_is_closed(query: str) -> None:
    """However often it is asked for, and wherever; nothing is written before."""
    api = closed(introspection=False)

    for _ in range(2):
        assert await refused(api, query) == [REFUSED]


async def test_the_names_of_types_are_no_secret() -> None:
    api = closed(introspection=False)

    for _ in range(2):
        assert await run(api, "{ __typename number }") == {"__typename": "Query", "number": 1}


async def test_the_context_decides() -> None:
    """A document that one may run is known then, and is refused to another all the same."""
    api = closed(introspection=lambda context: context == "admin")

    for _ in range(2):
        allowed = await api.execute(SCHEMA, context="admin")
        assert (allowed.data, allowed.errors) == ({"__schema": {"queryType": {"name": "Query"}}}, None)
        for context in ("guest", None):
            result = await api.execute(SCHEMA, context=context)
            assert [(each.message, each.extensions) for each in result.errors or ()] == [
                (REFUSED[1], {"code": REFUSED[0]})
            ]


async def test_a_refusal_over_http() -> None:
    async with client_of(app_of(closed(introspection=False))) as client:
        response = await post(client, SCHEMA)
        legacy = await post(client, SCHEMA, "application/json")

    assert (response.status_code, response.headers["content-type"]) == (422, f"{GRAPHQL}; charset=utf-8")
    assert response.json() == legacy.json() == refusal(REFUSED[1], REFUSED[0])
    assert legacy.status_code == 200


async def messages(api: Api, query: str, **variables: Any) -> list[str]:
    return [message for _, message in await refused(api, query, **variables)]


@pytest.mark.parametrize("options", [{"introspection": False}, {"suggestions": False}])
async def test_names_are_not_told(options: dict[str, Any]) -> None:
    api = closed(**options)

    assert (await messages(api, TYPO))[-1] == "Cannot query field 'authorz' on type 'Query'."
    assert await messages(api, "{ authors(frist: 1) { totalCount } }") == [
        "Unknown argument 'frist' on field 'Query.authors'."
    ]
    assert await messages(api, VARIABLE, order=[{"name": "ASCC"}]) == [
        "Variable '$order' has invalid value at [0].name: Value 'ASCC' does not exist in 'Sort' enum."
    ]


@pytest.mark.parametrize(
    "options", [{}, {"introspection": False, "suggestions": True}, {"suggestions": lambda _: True}]
)
async def test_names_are_told(options: dict[str, Any]) -> None:
    api = closed(**options)

    assert (await messages(api, TYPO))[-1].startswith(
        "Cannot query field 'authorz' on type 'Query'. Did you mean 'author'"
    )
    assert "Did you mean" in (await messages(api, VARIABLE, order=[{"name": "ASCC"}]))[0]


@pytest.mark.parametrize("option", ["introspection", "suggestions"])
def test_a_switch_is_on_off_or_a_function(option: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        closed(**{option: "no"})

    assert str(caught.value) == f"Api({option}='no') takes True, False, or a function of the context."
