"""Sources of connections and transactions in, the same out, which tell PostgreSQL who asks before anything is asked."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from gqlcrud.errors import ConfigurationError
from gqlcrud.execution.sources import ConnectionSource, is_autocommit
from gqlcrud.execution.transactions import TransactionSource
from gqlcrud.observing import Purpose, running_for
from gqlcrud.policies import RowLevelSecurity
from gqlcrud.statements import Database

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)+\Z")

_NOT_TAKEN = {"42501", "42704", "22023"}
"""insufficient_privilege, undefined_object, invalid_parameter_value."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a transaction is told of the caller: settings by name; that of the role comes last, since it may have no right to
    the others."""

    settings: tuple[tuple[str, str], ...]

    @asynccontextmanager
    async def on(self, connection: AsyncConnection, *, restore: bool) -> AsyncIterator[None]:
        """It holds until the transaction ends; with `restore` until the block does, unless that fails: then the savepoint
        around it takes it back.

        Raises ConfigurationError for a connection without transactions.
        """
        if await is_autocommit(connection):
            raise ConfigurationError(
                "Row-level security needs transactions, and the connection is in AUTOCOMMIT: give the engine, or the session, "
                "another isolation level."
            )
        before = await self._current(connection) if restore else ()
        await _set(connection, self.settings)
        yield
        await _set(connection, before)

    async def _current(self, connection: AsyncConnection) -> tuple[tuple[str, str], ...]:
        names = [name for name, _ in self.settings]
        if not names:
            return ()
        asked = [sa.func.coalesce(sa.func.current_setting(name, True), "") for name in names]
        with running_for(Purpose("session")):
            values = (await connection.execute(sa.select(*asked))).one()
        return tuple(zip(reversed(names), reversed(list(values)), strict=True))


async def _set(connection: AsyncConnection, settings: tuple[tuple[str, str], ...]) -> None:
    """Raises ConfigurationError for what the database does not take."""
    if not settings:
        return
    try:
        with running_for(Purpose("session")):
            await connection.execute(sa.select(*(sa.func.set_config(name, value, True) for name, value in settings)))
    except exc.DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) not in _NOT_TAKEN:
            raise
        names = ", ".join(repr(value) if name == "role" else name for name, value in settings)
        raise ConfigurationError(
            f"PostgreSQL does not let the user of the connection set {names}: the role has to exist, and to be granted to the "
            "user, as by GRANT member TO api."
        ) from error


def told_of(security: RowLevelSecurity, context: Any) -> Told:
    """What a caller's transactions are told. Raises ConfigurationError for what the database cannot be told."""
    role = security.role(context) if callable(security.role) else security.role
    given = {} if security.settings is None else security.settings(context)
    for found in (role, given):
        if inspect.isawaitable(found):
            raise ConfigurationError(
                "RowLevelSecurity takes functions that are not async: look up what they need where the context is made."
            )
    if not isinstance(given, Mapping):
        raise ConfigurationError(
            f"RowLevelSecurity(settings=...) gave {given!r}; it gives a mapping of names to values."
        )
    settings = [(name, _text(name, value)) for name, value in given.items()]
    if role is not None:
        if not isinstance(role, str) or not role:
            raise ConfigurationError(f"RowLevelSecurity(role=...) gave {role!r}; it gives the name of a role, or None.")
        settings.append(("role", role))
    return Told(tuple(settings))


def _text(name: Any, value: Any) -> str:
    if not isinstance(name, str) or not _NAME.match(name):
        raise ConfigurationError(
            f"RowLevelSecurity(settings=...) gave {name!r}; a setting of one's own has a dot in its name: 'app.user_id'."
        )
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, default=str)


def secured_source(source: ConnectionSource, told: Told, *, joined: bool) -> ConnectionSource:
    """joined: the transaction is the application's, which goes on as it was."""
    check_database(source.database)

    @asynccontextmanager
    async def connect() -> AsyncIterator[AsyncConnection]:
        async with source.connect() as connection, told.on(connection, restore=joined):
            yield connection

    return replace(source, connect=connect, driver=None)


def secured_transactions(source: TransactionSource, told: Told) -> TransactionSource:
    check_database(source.database)

    @asynccontextmanager
    async def begin() -> AsyncIterator[AsyncSession]:
        async with source.begin() as session, told.on(await session.connection(), restore=source.joined is not None):
            yield session

    return replace(source, begin=begin)


def check_database(database: Database) -> None:
    """Raises ConfigurationError for a database that does not know who asks."""
    if database is not Database.POSTGRESQL:
        raise ConfigurationError(
            "Api(row_level_security=...) is for PostgreSQL. On SQLite say what callers may see by policies: "
            "Api(..., policy=Policy(read=...))."
        )
