"""A command line target in, an `Api` or an ASGI app out: `module:attribute`, or the URL of a database to reflect."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.exc import ArgumentError, SAWarning, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.orm import class_mapper
from sqlalchemy.pool import NullPool

from gqlcrud.api import Api
from gqlcrud.catalog import LeftOut
from gqlcrud.errors import ConfigurationError
from gqlcrud.fastapi import SERVED, SERVED_GRAPHIQL
from gqlcrud.options import Limits
from gqlcrud.reflect import Reflection, reflect_models
from gqlcrud.scalars import scalar_for
from gqlcrud.statements import read_json

_DRIVERS = {"sqlite": "aiosqlite", "postgresql": "asyncpg", "postgres": "asyncpg"}
_EXTRAS = {"aiosqlite": "sqlite", "asyncpg": "postgresql"}
_PATIENCE = 10.0
"""Seconds to wait for a PostgreSQL server, unless the URL says otherwise (`connect_timeout`, 0 for ever)."""


class TargetError(Exception):
    """A target that cannot be used, in one line for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Target:
    """What to serve. `api` is None for an app of the user's own.

    left_out: what of a database is not served. engine: that of a database, for whoever serves it to dispose of.
    """

    name: str
    api: Api | None
    app: Callable[..., Any] | None
    left_out: tuple[LeftOut, ...] = ()
    engine: AsyncEngine | None = None


def read_target(text: str, *, read_only: bool = False, schema: str | None = None, debug: bool = False) -> Target:
    """The target that `text` names. Raises TargetError."""
    if "://" in text:
        return _database_target(text, read_only=read_only, schema=schema, debug=debug)
    if read_only or schema or debug:
        option = "--read-only" if read_only else "--schema" if schema else "--debug"
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
        place = traceback.extract_tb(error.__traceback__)[-1]
        raise TargetError(
            f"{module_name!r} fails while it is imported: {type(error).__name__}: {error} ({place.filename}:{place.lineno})"
        ) from error
    for name in attribute.split("."):
        if not hasattr(found, name):
            raise TargetError(f"{module_name!r} has no attribute {attribute!r}.")
        found = getattr(found, name)
    if isinstance(found, Api):
        return Target(text, found, None)
    if _is_app(found):
        return Target(text, None, found)
    raise TargetError(f"{text} is {type(found).__name__!r}, neither an Api nor an ASGI app.")


def _is_app(found: Any) -> bool:
    """Whether this may be an ASGI app: a coroutine function, or an instance that is called like one."""
    if not callable(found) or isinstance(found, type):
        return False
    return inspect.iscoroutinefunction(found) or inspect.iscoroutinefunction(found.__call__)


def served_api(target: Target) -> Api:
    """The Api of a target, that which an app serves if the target is one. Raises TargetError."""
    if target.api is not None:
        return target.api
    found = list(dict.fromkeys(getattr(each, SERVED) for each in _endpoints(target.app)))
    if len(found) != 1:
        how = "serves no Api" if not found else f"serves {len(found)} Apis"
        raise TargetError(f"{target.name} is an app that {how}; name the Api itself.")
    api: Api = found[0]
    return api


def served_graphiql(target: Target) -> bool | None:
    """Whether browsers get GraphiQL: of a database they do, of an Api its router says it, and None is told."""
    if target.app is None:
        return None if target.engine is None else True
    return any(getattr(each, SERVED_GRAPHIQL) for each in _endpoints(target.app))


def _endpoints(app: Any) -> Iterator[Any]:
    """Those of the Apis whose routers an app includes, or mounts. Where FastAPI keeps a router that is included depends
    on its version."""
    for route in getattr(app, "routes", None) or ():
        endpoint = getattr(route, "endpoint", None)
        if isinstance(getattr(endpoint, SERVED, None), Api):
            yield endpoint
        for inner in (getattr(route, "app", None), getattr(route, "original_router", None)):
            yield from _endpoints(inner)


# ---------- databases ----------


def _database_target(text: str, *, read_only: bool, schema: str | None, debug: bool) -> Target:
    url = database_url(text)
    engine = new_engine(url, read_only=read_only)
    shown = _shown(url)
    reflection = _reflect(url, shown, read_only=read_only, schema=schema)
    if len(keyless := _without_ids(reflection)) == len(reflection.models):
        place = f" in the schema {schema!r}" if schema else ""
        kind = " of a type with a GraphQL scalar" if keyless else ""
        raise TargetError(f"{shown} has no table with a primary key{kind}{place}.")
    name = Path(url.database or "").stem or shown
    models = [model for model in reflection.models if model not in keyless]
    try:
        # SQLite does not enforce foreign keys unless each connection asks for it: what it holds may point at nothing
        enforced = url.get_backend_name() != "sqlite"
        api = Api(
            models,
            engine,
            title=name,
            skip_unknown=True,
            enforced_foreign_keys=enforced,
            limits=Limits(),
            read_only=read_only,
            debug=debug,
        )
    except ConfigurationError as error:
        raise TargetError(f"{shown} cannot be served: {error}") from error
    return Target(shown, api, None, _left_out(reflection, keyless, api), engine)


def _without_ids(reflection: Reflection) -> dict[type, str]:
    """The models whose primary key no global id can hold, each with the reason."""
    found: dict[type, str] = {}
    for model in reflection.models:
        for column in class_mapper(model).primary_key:
            scalar = scalar_for(column.type, {})
            if scalar is None or scalar.item is not None or scalar.name == "JSON":
                found[model] = f"the type {type(column.type).__name__} of its primary key makes no global id"
    return found


def _left_out(reflection: Reflection, keyless: Mapping[type, str], api: Api) -> tuple[LeftOut, ...]:
    """What of the database is not served, by dotted names of schema, table and column."""
    tables = {
        model: _dotted(reflection.schema, class_mapper(model).local_table.description) for model in reflection.models
    }
    columns = {
        f"{model.__name__}.{prop.key}": _dotted(table, prop.columns[0].name)
        for model, table in tables.items()
        for prop in class_mapper(model).column_attrs
    }
    found = {columns[each.name]: each.reason for each in api.catalog.left_out}
    found |= {tables[model]: reason for model, reason in keyless.items()}
    found |= {each.name: each.reason for each in reflection.left_out}
    return tuple(LeftOut(name, found[name]) for name in sorted(found))


def _dotted(*parts: str | None) -> str:
    return ".".join(part for part in parts if part)


def database_url(text: str) -> URL:
    """The URL with its asynchronous driver. Raises TargetError for a database that is not supported.

    No message repeats the text, in which a password may stand.
    """
    scheme = text.partition("://")[0]
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise TargetError(
            f"{scheme}://... is no database URL; it has the form {scheme or 'postgresql'}://user:password@host:port/name."
        ) from None
    backend, _, driver = url.drivername.lower().partition("+")
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
    elif "@" in (url.host or ""):
        raise TargetError("In a database URL an '@' in a password is written as %40, a ':' as %3A and a '/' as %2F.")
    return url.set(drivername=f"{'sqlite' if backend == 'sqlite' else 'postgresql'}+{_DRIVERS[backend]}")


def _shown(url: URL) -> str:
    """The URL for a person to read, without its password and without its query, in which one may stand as well."""
    if url.get_backend_name() == "sqlite":
        return f"sqlite:///{url.database}"
    return url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)


def new_engine(url: URL, *, read_only: bool, **options: Any) -> AsyncEngine:
    """An engine on the URL; `read_only` makes the database itself refuse every write."""
    arguments: dict[str, Any] = {}
    try:
        if url.get_backend_name() == "postgresql":
            query, arguments = _driver_arguments(url.query)
            url = url.set(query=query)
            if read_only:
                arguments["server_settings"]["default_transaction_read_only"] = "on"
        elif read_only:
            path = Path(url.database or "").resolve().as_uri()
            url = url.set(database=path).update_query_dict({"mode": "ro", "uri": "true"})
        with warnings.catch_warnings():
            warnings.simplefilter("error", SAWarning)  # which tells of options that a driver ignores
            engine = create_async_engine(url, connect_args=arguments, json_deserializer=read_json, **options)
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get(error.name or "", "serve")
        raise TargetError(f"The driver {error.name} is not installed: pip install 'gqlcrud[{extra}]'.") from error
    except (SAWarning, ValueError) as error:
        reason = str(error).partition(" (Background")[0]
        raise TargetError(f"The options of the database URL cannot be used: {reason}") from error
    if url.get_backend_name() == "sqlite":
        event.listen(engine.sync_engine, "connect", _enforce_foreign_keys)
    return engine


def _enforce_foreign_keys(connection: Any, _: object) -> None:
    """SQLite leaves it to each connection whether what is written has to keep the foreign keys true."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _driver_arguments(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options of a PostgreSQL URL as SQLAlchemy and asyncpg take them, and those that asyncpg calls otherwise.

    Source: PostgreSQL documentation, section 34.1.2 "Parameter Key Words".
    """
    query = dict(options)
    arguments: dict[str, Any] = {"timeout": float(query.pop("connect_timeout", _PATIENCE)) or None}
    if "sslmode" in query:
        arguments["ssl"] = query.pop("sslmode")
    if "statement_cache_size" in query:
        arguments["statement_cache_size"] = int(query.pop("statement_cache_size"))
    settings = {name: query.pop(name) for name in ("application_name", "options") if name in query}
    return query, {**arguments, "server_settings": settings}


def _reflect(url: URL, shown: str, *, read_only: bool, schema: str | None) -> Reflection:
    """Read the database in an event loop of its own, with connections that do not outlive it."""
    engine = new_engine(url, read_only=read_only, poolclass=NullPool)

    async def reflect() -> Reflection:
        connection = await _connect(engine, shown)
        try:
            return await connection.run_sync(read)
        finally:
            await connection.close()

    def read(connection: Connection) -> Reflection:
        known = sa.inspect(connection).get_schema_names() if schema is not None else []
        if schema is not None and schema not in known:
            raise TargetError(f"{shown} has no schema {schema!r}; it has: {', '.join(known)}.")
        return reflect_models(connection, schema=schema)

    try:
        return asyncio.run(reflect())
    except SQLAlchemyError as error:
        raise TargetError(f"{shown} cannot be read: {_reason(error)}") from error


async def _connect(engine: AsyncEngine, shown: str) -> AsyncConnection:
    """A connection. Whatever the driver says of a server, a name, a password or an option is a TargetError."""
    try:
        return await engine.connect()
    except (SQLAlchemyError, OSError, TypeError, ValueError) as error:
        raise TargetError(f"{shown} cannot be read: {_reason(error)}") from error
    except Exception as error:
        if type(error).__module__.partition(".")[0] != "asyncpg":
            raise
        raise TargetError(f"{shown} cannot be read: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """What the driver says, without SQLAlchemy's addition to it."""
    return str(getattr(error, "orig", None) or error) or "it does not answer"
