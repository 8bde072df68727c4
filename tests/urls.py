"""What the tests of databases by URL share: databases made by statements, and the URLs that a person types for them."""

import asyncio

from sqlalchemy import URL, text

from gqlcrud.targets import Target, new_engine, read_target
from tests.databases import Backend, run_apart


def make_tables(backend: Backend, *statements: str) -> URL:
    """The URL of a new database with what the statements make."""
    url = backend.create_database()

    async def run() -> None:
        engine = new_engine(url, read_only=False)
        async with engine.begin() as connection:
            for statement in statements:
                await connection.execute(text(statement))
        await engine.dispose()

    run_apart(run())
    return url


def plain(url: URL) -> str:
    """The URL as a person would type it."""
    return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)


def shown(url: URL) -> str:
    """The URL as messages show it."""
    if url.get_backend_name() == "sqlite":
        return f"sqlite:///{url.database}"
    return url.set(drivername=url.get_backend_name(), query={}).render_as_string()


async def target_at(url: URL, *, schema: str | None = None) -> Target:
    """What the command line makes of the URL; it reads the database in an event loop of its own."""
    return await asyncio.to_thread(read_target, plain(url), schema=schema)
