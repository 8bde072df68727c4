"""A mapped class and what is said of it in, what a `Crud` works with out: a catalog in Python's names, and a database."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeAlias

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import Mapper

from gqlcrud.catalog import Catalog, CatalogSettings, Model, mapped_classes, read_catalog
from gqlcrud.errors import ConfigurationError
from gqlcrud.execution import (
    ConnectionSource,
    OperationConnection,
    Reader,
    Sources,
    TransactionSource,
    Writer,
    database_sources,
    session_sources,
)
from gqlcrud.options import Limits
from gqlcrud.planning import Planner, Visibility, check_stored_position, check_typed_position
from gqlcrud.policies import RowLevelSecurity
from gqlcrud.statements import Database

BOUNDLESS = 2**31 - 2
PYTHON_LIMITS = Limits(
    page_size=BOUNDLESS,
    max_page_size=BOUNDLESS,
    max_list_operands=BOUNDLESS,
    max_order_terms=60,
    max_node_ids=BOUNDLESS,
    max_filter_depth=50,
    max_depth=50,
    max_write_items=BOUNDLESS,
    max_write_depth=50,
    max_affected=BOUNDLESS,
    max_facet_values=BOUNDLESS,
)
"""Code of the application's own is not kept from what it wants, but from what the database or Python cannot do."""

Session: TypeAlias = AsyncSession | AsyncEngine | async_sessionmaker[Any] | None
"""Where to read and write. AsyncSession: in its transaction, which the caller ends. AsyncEngine, async_sessionmaker: each
call by itself, committed. None: the same with the database of the `Api`."""

_CHECKS = {Database.POSTGRESQL: check_typed_position, Database.SQLITE: check_stored_position}


class OwnApi(Protocol):
    """What a `Crud` needs of an `Api`."""

    database: Any
    row_level_security: RowLevelSecurity | None

    catalog: Catalog

    @property
    def python_catalog(self) -> Catalog: ...


@dataclass(frozen=True, slots=True)
class Scope:
    """What the calls of one `Crud` have in common.

    database: for calls without a session. context: what the application knows of the request; bound: whether there is
    one, so that permissions hold as they do for clients. Without it code of the application's own may do anything. policed:
    whether policies hold as well, those of the database too, by `security`.
    """

    catalog: Catalog
    model: Model
    database: Any = None
    context: Any = None
    bound: bool = False
    policed: bool = False
    security: RowLevelSecurity | None = None

    def planner(self, database: Database) -> Planner:
        return Planner(self.catalog, PYTHON_LIMITS, _CHECKS[database], self.visibility)

    @property
    def visibility(self) -> Visibility:
        secured = self.policed and self.security is not None
        return Visibility(self.context, trusted=not self.bound, policed=self.policed, secured=secured)

    def dialect(self, session: Session) -> Database:
        return self.reads(session).database

    def sources(self, session: Session) -> Sources:
        """Raises ConfigurationError for what is no database."""
        given = self._given(session)
        security = self.security if self.policed else None
        found = (
            session_sources(given, joined=True)
            if isinstance(given, AsyncSession)
            else database_sources(given, security)
        )
        return found.telling(security, self.context)

    def reads(self, session: Session) -> ConnectionSource:
        """Raises ConfigurationError for what is no database."""
        return self.sources(session).reads

    def writes(self, session: Session) -> TransactionSource:
        """Raises ConfigurationError for what is no database."""
        return self.sources(session).writes

    @asynccontextmanager
    async def reading(self, session: Session) -> AsyncIterator[tuple[Planner, Reader]]:
        """A planner and a reader, on one connection. What the session has not flushed yet is flushed before."""
        if isinstance(session, AsyncSession) and session.autoflush:
            await session.flush()
        source = self.reads(session)
        connection = OperationConnection(source)
        try:
            yield self.planner(source.database), Reader(connection)
        finally:
            await connection.close()

    def writer(self, session: Session) -> tuple[Planner, Writer]:
        source = self.writes(session)
        planner = self.planner(source.database)
        return planner, Writer(source, self.catalog, self.context, rules=planner.visibility)

    def _given(self, session: Session) -> AsyncSession | AsyncEngine | async_sessionmaker[Any]:
        given = self.database if session is None else session
        if isinstance(given, AsyncSession | AsyncEngine | async_sessionmaker):
            return given
        if given is None or session is None:
            raise ConfigurationError(
                f"There is no database: give an AsyncSession or an AsyncEngine, or make Crud({self.model.entity.__name__}, "
                "api=api) with an Api that has an engine or an async_sessionmaker."
            )
        raise ConfigurationError(
            f"A Crud works with an AsyncSession, an AsyncEngine or an async_sessionmaker, not {given!r}."
        )


def read_scope(entity: type, api: OwnApi | None, settings: CatalogSettings | None) -> Scope:
    """Raises ConfigurationError for what cannot be offered, as `Api` does."""
    if api is not None:
        catalog = api.python_catalog
        return Scope(catalog, catalog.model(entity), api.database, security=api.row_level_security)
    classes = frozenset(mapped_classes(mapper_of(entity).registry))
    catalog = _default_catalog(classes) if settings is None else python_catalog(classes, settings)
    return Scope(catalog, catalog.model(entity))


def clients_catalog(scope: Scope, api: OwnApi | None, settings: CatalogSettings | None) -> Catalog:
    """The catalog with what options keep from clients; that of the scope itself where nothing is said."""
    if api is not None:
        return api.catalog
    if settings is None or not settings.options:
        return scope.catalog
    return read_catalog(mapped_classes(mapper_of(scope.model.entity).registry), settings)


def python_catalog(classes: Any, settings: CatalogSettings) -> Catalog:
    """The catalog of mapped classes in Python's names, without what bounds clients."""
    return read_catalog(
        mapped_classes(classes), replace(settings, python_names=True, skip_unknown=True, limits=PYTHON_LIMITS)
    )


@functools.lru_cache(maxsize=16)
def _default_catalog(classes: frozenset[type]) -> Catalog:
    """Classes without any options are read once for all that work with them."""
    return python_catalog(classes, CatalogSettings(skip_unknown=True))


def mapper_of(entity: Any) -> Mapper[Any]:
    """Raises ConfigurationError for what is no mapped class."""
    mapper = sa.inspect(entity, raiseerr=False)
    if not isinstance(mapper, Mapper):
        raise ConfigurationError(f"Crud takes a mapped class, as in Crud(Book), not {entity!r}.")
    return mapper


def settings_of(
    models: Mapping[type, Any] | None, scalars: Mapping[Any, Any] | None, hooks: Any
) -> CatalogSettings | None:
    """The settings of a `Crud` without an `Api`; None where nothing is said."""
    if models is None and scalars is None and hooks is None:
        return None
    return CatalogSettings(models or {}, scalars or {}, skip_unknown=True, hooks=hooks)
