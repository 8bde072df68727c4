"""A statement that is kept and its values in, rows out: by the driver itself, without what SQLAlchemy does around each."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.types import TypeEngine

from gqlcrud.execution.cancelling import undisturbed
from gqlcrud.execution.failures import is_driver_failure
from gqlcrud.execution.greenlets import spawned
from gqlcrud.statements.json_texts import JsonText, read_json, read_jsons
from gqlcrud.statements.written import READERS, WrittenText

Values: TypeAlias = Sequence[Any]
Rows: TypeAlias = list[Any]
ReadColumn: TypeAlias = Callable[[Values], Values]
Statement: TypeAlias = sa.Select[Any] | sa.Insert
"""A statement that is kept; an INSERT gives columns of its rows back."""

_DRIVERS = {"asyncpg", "aiosqlite"}
_TRANSACTION_EVENTS = ("begin", "commit", "rollback", "set_connection_execution_options", "engine_connect")
_EVENTS = ("before_execute", "after_execute", "before_cursor_execute", "after_cursor_execute")


@dataclass(frozen=True, slots=True)
class Bound:
    """A parameter of a statement. given: whether each request gives its value, which is `value` otherwise."""

    name: str
    given: bool
    value: Any
    convert: Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True)
class DriverStatement:
    """A statement as the driver takes it: its text, its parameters by position, what reads each column of the answer."""

    text: str
    parameters: tuple[Bound, ...]
    readers: tuple[ReadColumn | None, ...]

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """The values by position."""
        found: list[Any] = []
        for each in self.parameters:
            if not each.given:
                found.append(each.value)
            elif each.convert is None:
                found.append(values[each.name])
            else:
                found.append(each.convert(values[each.name]))
        return found

    def read(self, answer: Sequence[Sequence[Any]]) -> Rows:
        """The rows as SQLAlchemy gives them, with the values that its types make."""
        if not answer or not any(self.readers):
            return list(answer)
        columns = [
            values if reader is None else reader(values)
            for reader, values in zip(self.readers, zip(*answer, strict=True), strict=True)
        ]
        return list(zip(*columns, strict=True))


@dataclass(slots=True)
class Driver:
    """The driver of one engine, and the statements that it has run.

    Where anybody listens to the statements of the engine, or its log tells them, or it rewrites them, it is not used: what
    SQLAlchemy does around each statement is wanted then. writes_moments: whether PostgreSQL writes moments as ISO 8601 does,
    which the first statement tells.
    """

    engine: AsyncEngine
    _known: WeakKeyDictionary[Statement, DriverStatement | None] = field(default_factory=WeakKeyDictionary)
    writes_moments: bool = True

    @property
    def is_free(self) -> bool:
        """Whether nobody wants to know of statements."""
        engine = self.engine.sync_engine
        return not (
            any(getattr(engine.dispatch, event) for event in _EVENTS)
            or engine.logger.isEnabledFor(logging.INFO)
            or engine.get_execution_options().keys() - {"isolation_level"}
        )

    @property
    def ends_statements(self) -> bool:
        """Whether the driver by itself ends a statement that takes too long; SQLite's is ended by who awaits it."""
        return self.engine.dialect.driver == "asyncpg"

    @property
    def reads_json(self) -> bool:
        """Whether PostgreSQL may give JSON as texts: nobody makes of it anything else than Python does."""
        dialect: Any = self.engine.dialect
        return dialect.driver == "asyncpg" and dialect._json_deserializer in (None, json.loads, read_json)

    @property
    def reads_texts(self) -> bool:
        """Whether PostgreSQL may give moments and decimals as texts."""
        return self.ends_statements and self.writes_moments

    @property
    def is_free_to_write(self) -> bool:
        """Whether nobody wants to know of transactions either."""
        dispatch = self.engine.sync_engine.dispatch
        return self.is_free and not any(getattr(dispatch, event) for event in _TRANSACTION_EVENTS)

    async def connect(self) -> PoolProxiedConnection:
        """A connection of the engine's pool. It is given back with `release`."""
        return await spawned(self.engine.sync_engine.raw_connection)

    async def release(self, connection: PoolProxiedConnection, error: BaseException | None) -> None:
        """Give a connection back; one whose statement was cut off or that is lost is thrown away.

        Where the server has ended one, it has ended all that the pool has: they are thrown away when they are next taken.
        """
        if error is None and self.engine.dialect.driver == "asyncpg":
            await spawned(connection.close)  # it waits for nothing
        else:
            await undisturbed(self._give_back(connection, error))

    async def _give_back(self, connection: PoolProxiedConnection, error: BaseException | None) -> None:
        if error is not None and self._is_lost(connection, error):
            self.engine.pool._invalidate(connection, _checkin=False)
            await spawned(connection.invalidate)
        elif error is not None and _spoils(error):
            await spawned(connection.invalidate)
        await spawned(connection.close)

    def _is_lost(self, connection: PoolProxiedConnection, error: BaseException) -> bool:
        """Whether the server has closed a connection; of one that is cut off or whose time is over, the client has."""
        driver: Any = connection.driver_connection
        if driver is None or not isinstance(error, Exception) or self.engine.dialect.driver != "asyncpg":
            return False
        return bool(driver.is_closed())

    async def statement(
        self,
        connection: PoolProxiedConnection,
        statement: Statement,
        values: Mapping[str, Any],
        timeout: float | None = None,
    ) -> DriverStatement | None:
        """What the driver runs for a statement; None where only SQLAlchemy can tell at each execution. values: those of
        the parameters that every execution gives. Raises TimeoutError if the database takes longer than so many seconds for
        it."""
        found: DriverStatement | None = self._known.get(statement, _UNKNOWN)
        if found is not _UNKNOWN:
            return found
        async with asyncio.timeout(timeout):
            translated = self._known[statement] = await self._translate(connection, statement, values.keys())
        return translated

    async def fetch(
        self,
        connection: PoolProxiedConnection,
        statement: DriverStatement,
        values: Mapping[str, Any],
        timeout: float | None = None,
    ) -> Sequence[Sequence[Any]]:
        """The rows as the driver gives them. Raises the errors of SQLAlchemy for those of the database. timeout: seconds after
        which a driver that `ends_statements` raises TimeoutError."""
        driver: Any = connection.driver_connection
        arguments = statement.arguments(values)
        try:
            if self.engine.dialect.driver == "asyncpg":
                answer: Sequence[Sequence[Any]] = await driver.fetch(statement.text, *arguments, timeout=timeout)
            else:
                answer = await driver.execute_fetchall(statement.text, arguments)
        except Exception as error:
            _tell(statement.text, error)
            raise
        return answer

    async def _translate(
        self, connection: PoolProxiedConnection, statement: Statement, given: Collection[str]
    ) -> DriverStatement | None:
        dialect = self.engine.dialect
        written = isinstance(statement, sa.Insert)
        named = isinstance(statement, sa.Insert) and statement.select is None
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(given) if named else None)
        if compiled.literal_execute_params or compiled.post_compile_params or (written and compiled.insert_prefetch):
            return None
        fixed = compiled.construct_params({}, escape_names=False, _check=False)
        parameters = tuple(
            _bound(name, compiled.binds[name].type, dialect, given=name in given, value=fixed[name])
            for name in compiled.positiontup or ()
        )
        types = _types_of(statement)
        kinds = [None] * len(types)
        if dialect.driver == "asyncpg":
            driver: Any = connection.driver_connection
            self.writes_moments = driver.get_settings().DateStyle.startswith("ISO")
            try:
                kinds = [each.type.oid for each in (await driver.prepare(compiled.string)).get_attributes()]
            except Exception as error:
                _tell(compiled.string, error)
                raise
        readers = tuple(_reader(each, kind, dialect) for each, kind in zip(types, kinds, strict=True))
        return DriverStatement(compiled.string, parameters, readers)


_UNKNOWN: Any = object()
_drivers: WeakKeyDictionary[Engine, Driver] = WeakKeyDictionary()


def driver_of(engine: AsyncEngine) -> Driver | None:
    """The driver of an engine, one for all that use the engine; None for a driver that is not known here."""
    if engine.dialect.driver not in _DRIVERS:
        return None
    found = _drivers.get(engine.sync_engine)
    if found is None:
        found = _drivers[engine.sync_engine] = Driver(engine)
    return found


def _types_of(statement: Statement) -> list[TypeEngine[Any]]:
    """Those of the columns of the answer."""
    if isinstance(statement, sa.Insert):
        return [each["type"] for each in statement.returning_column_descriptions]
    return [column.type for column in statement.selected_columns]


def _bound(name: str, sql_type: TypeEngine[Any], dialect: Dialect, *, given: bool, value: Any) -> Bound:
    convert = sql_type.dialect_impl(dialect).bind_processor(dialect)
    if given:
        return Bound(name, True, None, convert)
    return Bound(name, False, value if convert is None else convert(value), None)


def _spoils(error: BaseException) -> bool:
    """Whether a connection is of no use after an error: a statement that was cut off, or the network."""
    return not isinstance(error, Exception) or isinstance(error, OSError) or is_driver_failure(error)


def _tell(text: str, error: Exception) -> None:
    """Raises the error of SQLAlchemy for one of the database; errors of Python and of the driver itself are what they are."""
    if isinstance(error, sqlite3.OperationalError):
        raise exc.OperationalError(text, None, error) from error
    if isinstance(error, sqlite3.Error):
        raise exc.DBAPIError(text, None, error) from error
    if is_driver_failure(error) and (isinstance(error, ValueError) or getattr(error, "sqlstate", None)):
        raise exc.DBAPIError(text, None, error) from error


# ---------- columns ----------


def _reader(sql_type: TypeEngine[Any], kind: Any, dialect: Dialect) -> ReadColumn | None:
    """What makes of a column's values what SQLAlchemy makes of each. kind: the type as the driver numbers it."""
    implementation = sql_type.dialect_impl(dialect)
    convert: Callable[[Any], Any] | None = implementation.result_processor(dialect, kind)
    if convert is None:
        return None
    if isinstance(sql_type, sa.Enum):
        return _read_few(convert)
    if isinstance(sql_type, JsonText):
        return read_jsons
    if isinstance(sql_type, WrittenText):
        return READERS[sql_type.kind]
    return lambda values: [convert(value) for value in values]


def _read_few(convert: Callable[[Any], Any]) -> ReadColumn:
    """For types of few values: each is made once."""

    def read(values: Values) -> Values:
        known = {value: convert(value) for value in set(values)}
        return [known[value] for value in values]

    return read
