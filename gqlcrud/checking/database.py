"""A PostgreSQL database in, what it says of its roles and of row-level security out, and what is dangerous about it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.orm import class_mapper

from gqlcrud.api import Api
from gqlcrud.catalog import Model
from gqlcrud.checking.hazards import Finding, Hazard
from gqlcrud.checking.rights import has_policy

PATIENCE = 10.0
"""Seconds to wait for the server."""

_ROLE = sa.text(
    "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = coalesce(CAST(:role AS text), current_user)"
)
_TABLE = sa.text(
    "SELECT c.relrowsecurity, c.relrowsecurity AND NOT c.relforcerowsecurity AND "
    "pg_has_role(CAST(:role AS name), c.relowner, 'USAGE') FROM pg_class c WHERE c.oid = to_regclass(:name)"
)
_TIMEOUT = sa.text("SELECT current_setting('statement_timeout')")


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """What PostgreSQL says.

    superuser, bypasses: what the role may that statements run as. secured: the tables with row-level security, with whether
    the role owns the table and so stands above its policies. bounded: whether statements have a timeout.
    """

    role: str
    superuser: bool
    bypasses: bool
    secured: Mapping[str, bool] = field(default_factory=dict)
    bounded: bool = False


async def read_database(engine: AsyncEngine, api: Api) -> DatabaseFacts | None:
    """None if the role that the Api runs as is none of the database. Raises whatever the driver does, and TimeoutError."""
    given = api.row_level_security.role if api.row_level_security is not None else None
    try:
        async with asyncio.timeout(PATIENCE), engine.connect() as connection:
            return await _read(connection, api, given if isinstance(given, str) else None)
    finally:
        await engine.dispose()


async def _read(connection: AsyncConnection, api: Api, role: str | None) -> DatabaseFacts | None:
    found = (await connection.execute(_ROLE, {"role": role})).one_or_none()
    if found is None:
        return None
    secured: dict[str, bool] = {}
    for model in api.catalog.models:
        name = table_name(model, connection.dialect)
        row = (await connection.execute(_TABLE, {"role": found[0], "name": name})).one_or_none()
        if row is not None and row[0]:
            secured[name] = bool(row[1])
    timeout = (await connection.execute(_TIMEOUT)).scalar_one()
    return DatabaseFacts(found[0], bool(found[1]), bool(found[2]), secured, timeout not in ("0", ""))


def table_name(model: Model, dialect: sa.Dialect) -> str:
    """The table of a model as `to_regclass` reads it; of a class that inherits, its own."""
    table: Any = class_mapper(model.entity).local_table
    return str(dialect.identifier_preparer.format_table(table)) if isinstance(table, sa.Table) else ""


def database_findings(api: Api, facts: DatabaseFacts, dialect: sa.Dialect) -> Iterator[Finding]:
    security = api.row_level_security
    asked = security is not None and callable(security.role)
    if facts.superuser and not asked:
        yield Finding(
            Hazard.SUPERUSER,
            "the database",
            f"Statements run as {facts.role}, a superuser, for whom no right and no policy holds.",
            "A role of its own in the URL, with rights to the tables that it needs.",
        )
    for model in api.catalog.models:
        name, place = table_name(model, dialect), model.entity.__name__
        owned = facts.secured.get(name)
        if owned is None:
            if security is not None and not has_policy(model):
                yield Finding(
                    Hazard.ROW_SECURITY_MISSING,
                    place,
                    "Its table has no row-level security, and there is no policy for the model: everybody has all records.",
                    f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY, with a policy, or ModelOptions(policy=...).",
                )
        elif not asked and (owned or facts.superuser or facts.bypasses):
            yield Finding(
                Hazard.ROW_SECURITY_BYPASSED,
                place,
                f"Its table has row-level security, and {facts.role} stands above it.",
                "RowLevelSecurity(role=...), or a role in the URL that neither owns the table nor has BYPASSRLS.",
            )
        elif security is None:
            yield Finding(
                Hazard.ROW_SECURITY_UNUSED,
                place,
                "Its table has row-level security, and the database is not told who asks.",
                "Api(..., row_level_security=RowLevelSecurity(role=..., settings=...)).",
            )
