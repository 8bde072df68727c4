"""What the tests of requests share: rows in a database, and operations run on an Api."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from gqlcrud import Api, Limits

ROOMY = Limits(
    max_rows=10**9, max_tokens=10**5, max_fields=10**6, max_aliases=1000, max_root_fields=1000, max_directives=1000
)
"""For documents that ask for many things at once, to find out about each."""


async def save(engine: AsyncEngine, *instances: object) -> None:
    """Insert mapped instances, and what they refer to, in one transaction."""
    async with AsyncSession(engine) as session:
        session.add_all(instances)
        await session.commit()


async def run(api: Api, query: str, **variables: Any) -> dict[str, Any]:
    """The data of an operation, which succeeds."""
    result = await api.execute(query, variables)
    assert result.errors is None, [(each.message, each.original_error) for each in result.errors]
    assert result.data is not None
    return result.data


async def refused(api: Api, query: str, **variables: Any) -> list[tuple[str, str]]:
    """The errors of an operation as (code, message)."""
    result = await api.execute(query, variables)
    assert result.errors, result.data
    return [(str((each.extensions or {})["code"]), each.message) for each in result.errors]
