"""What the tests of writes share: mutations run and read, and the whole state of a database."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncEngine

from gqlcrud import Api
from tests.running import run

ERRORS = "errors { code message path }"


async def write(api: Api, mutation: str, data: str, shown: str = "", **variables: Any) -> dict[str, Any]:
    """The payload of one mutation field: `mutation(input: data)`. `variables`: GraphQL type and value, by name."""
    heads = ", ".join(f"${name}: {kind}" for name, (kind, _) in variables.items())
    head = f"mutation ({heads})" if heads else "mutation"
    values = {name: value for name, (_, value) in variables.items()}
    document = f"{head} {{ {mutation}(input: {data}) {{ {ERRORS} {shown} }} }}"
    payload: dict[str, Any] = (await run(api, document, **values))[mutation]
    return payload


async def written(api: Api, mutation: str, data: str, shown: str = "", **variables: Any) -> dict[str, Any]:
    """What a mutation that succeeds shows, less its errors."""
    payload = await write(api, mutation, data, shown, **variables)
    assert payload.pop("errors") == []
    return payload


async def failed(api: Api, mutation: str, data: str, **variables: Any) -> list[tuple[str, str, str]]:
    """The errors of a mutation as (code, message, path below `input`)."""
    payload = await write(api, mutation, data, **variables)
    assert payload["errors"], payload
    return [(each["code"], each["message"], ".".join(each["path"][1:])) for each in payload["errors"]]


async def state(engine: AsyncEngine, metadata: MetaData) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table that has any, in the order of its values."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    async with engine.connect() as connection:
        for table in metadata.sorted_tables:
            rows = [tuple(row) for row in await connection.execute(sa.select(table))]
            if rows:
                found[table.name] = sorted(rows, key=lambda row: [(each is not None, str(each)) for each in row])
    return found
