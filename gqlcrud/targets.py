"""A command line target in, an `Api` or an ASGI app out: `module:attribute`, or the URL of a database to reflect."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from gqlcrud.api import Api
from gqlcrud.catalog import LeftOut
from gqlcrud.errors import ConfigurationError
from gqlcrud.options import Limits
from gqlcrud.reflect import Reflection, reflect_models

_DRIVERS = {"sqlite": "aiosqlite", "postgresql": "asyncpg", "postgres": "asyncpg"}
_EXTRAS = {"aiosqlite": "sqlite", "asyncpg": "postgresql"}


class TargetError(Exception):
    """A target that cannot be used, in one line for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Target:
    """What to serve. `api` is None for an app of the user's own. `left_out` tells what of a database is not served."""

    name: str
    api: Api | None
    app: Callable[..., Any] | None
    left_out: tuple[LeftOut, ...] = ()


def read_target(text: str, *, read_only: bool = False, schema: str | None = None) -> Target:
    """The target that `text` names. Raises TargetError."""
    if "://" in text:
        return _database_target(text, read_only=read_only, schema=schema)
    if read_only or schema:
        option = "--read-only" if read_only else "--schema"
        raise TargetError(f"{option} is for database URLs; an Api of your own says itself what it serves.")
    return _module_target(text)


# ---------- modules ----------


def _module_target(text: str) -> Target:
    module_name, _, attribute = text.partition(":")
    if not module_name or not attribute:
        raise TargetError(
            f"{text!r} is no target. Give module:attribute (an Api or an app), or a database URL such as sqlite:///shop.db "
            "or postgresql://user@host/name."
        )
    sys.path.insert(0, str(Path.cwd()))
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise TargetError(f"{module_name!r} cannot be imported from {Path.cwd()}: {error}.") from error
    except Exception as error:
        raise TargetError(f"{module_name!r} fails while it is imported: {type(error).__name__}: {error}") from error
    for name in attribute.split("."):
        if not hasattr(found, name):
            raise TargetError(f"{module_name!r} has no attribute {attribute!r}.")
        found = getattr(found, name)
    if isinstance(found, Api):
        return Target(text, found, None)
    if callable(found) and not isinstance(found, type):
        return Target(text, None, found)
    raise TargetError(f"{text} is {type(found).__name__!r}, neither an Api nor an ASGI app.")


# ---------- databases ----------


def _database_target(text: str, *, read_only: bool, schema: str | None) -> Target:
    url = database_url(text)
    engine = new_engine(url, read_only=read_only)
    shown = url.set(drivername=url.get_backend_name()).render_as_string(hide_password=True)
    reflection = _reflect(url, shown, read_only=read_only, schema=schema)
    if not reflection.models:
        raise TargetError(f"{shown} has no table with a primary key{f' in the schema {schema!r}' if schema else ''}.")
    name = Path(url.database or "").stem or shown
    try:
        # SQLite does not enforce foreign keys unless each connection asks for it: what it holds may point at nothing
        enforced = url.get_backend_name() != "sqlite"
        api = Api(
            reflection.models, engine, title=name, skip_unknown=True, enforced_foreign_keys=enforced, limits=Limits()
        )
    except ConfigurationError as error:
        raise TargetError(f"{shown} cannot be served: {error}") from error
    known = {each.name for each in reflection.left_out}
    further = [each for each in api.catalog.left_out if "NullType" not in each.reason and each.name not in known]
    left_out = [LeftOut(each.name, each.reason) for each in reflection.left_out]
    return Target(shown, api, None, (*left_out, *further))


def database_url(text: str) -> URL:
    """The URL with its asynchronous driver. Raises TargetError for a database that is not supported."""
    try:
        url = make_url(text)
    except ArgumentError:
        raise TargetError(f"{text!r} is no database URL.") from None
    backend, _, driver = url.drivername.partition("+")
    if backend not in _DRIVERS:
        raise TargetError(f"gqlcrud serves PostgreSQL and SQLite, not {backend!r}.")
    if driver and driver != _DRIVERS[backend]:
        raise TargetError(
            f"gqlcrud uses the driver {_DRIVERS[backend]}, not {driver!r}; leave the driver out of the URL."
        )
    if backend == "sqlite":
        if not url.database:
            raise TargetError("Name the file of the SQLite database: sqlite:///path/to/file.db.")
        if not Path(url.database).is_file():
            raise TargetError(f"There is no file {url.database!r}.")
    return url.set(drivername=f"{'sqlite' if backend == 'sqlite' else 'postgresql'}+{_DRIVERS[backend]}")


def new_engine(url: URL, *, read_only: bool, **options: Any) -> AsyncEngine:
    """An engine on the URL; `read_only` makes the database itself refuse every write."""
    arguments: dict[str, Any] = {}
    if read_only and url.get_backend_name() == "sqlite":
        url = url.set(database=f"file:{Path(url.database or '').resolve()}", query={"mode": "ro", "uri": "true"})
    elif read_only:
        arguments = {"server_settings": {"default_transaction_read_only": "on"}}
    try:
        return create_async_engine(url, connect_args=arguments, **options)
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get(error.name or "", "serve")
        raise TargetError(f"The driver {error.name} is not installed: pip install 'gqlcrud[{extra}]'.") from error


def _reflect(url: URL, shown: str, *, read_only: bool, schema: str | None) -> Reflection:
    """Read the database in an event loop of its own, with connections that do not outlive it."""
    engine = new_engine(url, read_only=read_only, poolclass=NullPool)

    async def reflect() -> Reflection:
        async with engine.connect() as connection:
            return await connection.run_sync(reflect_models, schema=schema)

    try:
        return asyncio.run(reflect())
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise TargetError(f"{shown} cannot be read: {reason}") from error
    except Exception as error:
        if type(error).__module__.partition(".")[0] != "asyncpg":
            raise
        raise TargetError(f"{shown} cannot be read: {str(error).splitlines()[0]}") from error
