"""An engine in; every statement that it runs for an operation that is observed told to its `Observation`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from weakref import WeakSet

from sqlalchemy import event
from sqlalchemy.engine import Connection, Dialect, Engine, ExecutionContext
from sqlalchemy.engine.interfaces import CacheStats
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.pool import PoolProxiedConnection

from gqlcrud.execution.access import Sources, read_database
from gqlcrud.execution.driver import Driver, DriverStatement, Statement
from gqlcrud.observing import PURPOSE, RUNNING, Observation, SeenStatement
from gqlcrud.policies import RowLevelSecurity

_observed: WeakSet[Dialect] = WeakSet()


def api_sources(database: Any, security: RowLevelSecurity | None, *, observed: bool) -> Sources | None:
    """See `read_database`. observed: whether the statements are told."""
    found = read_database(database, security)
    return _told(found, database) if observed and found is not None else found


def _told(sources: Sources, database: Any) -> Sources:
    bind = database.kw.get("bind") if hasattr(database, "kw") else database
    if isinstance(bind, AsyncEngine):
        observe_engine(bind.sync_engine)
    reads, writes = sources.reads, sources.writes
    if reads.driver is not None:
        reads = replace(reads, driver=ObservedDriver(reads.driver.engine, reads.driver._known))
    if writes.driver is not None:
        writes = replace(writes, driver=ObservedDriver(writes.driver.engine, writes.driver._known))
    return replace(sources, reads=reads, writes=writes)


def observed_session(sources: Sources, session: AsyncSession) -> Sources:
    """The same, in a session of the application's, whose statements are told."""
    bind = session.get_bind()
    observe_engine(bind.engine if isinstance(bind, Connection) else bind)
    return sources


def observe_engine(engine: Engine) -> None:
    """Let the statements that SQLAlchemy runs be told, those of the application's own as well.

    It is the dialect that is listened to: for a listener to the engine the driver would stand aside. What it says is taken
    as the last word of all listeners, and does what SQLAlchemy does without one.
    """
    if engine.dialect in _observed:
        return
    _observed.add(engine.dialect)
    event.listen(engine, "do_execute", _execute)
    event.listen(engine, "do_executemany", _execute_many)
    event.listen(engine, "do_execute_no_params", _execute_without_parameters)


class ObservedDriver(Driver):
    """A driver whose statements are told."""

    async def fetch(
        self,
        connection: PoolProxiedConnection,
        statement: DriverStatement,
        values: Mapping[str, Any],
        timeout: float | None = None,
    ) -> Sequence[Sequence[Any]]:
        observation = RUNNING.get()
        if observation is None:
            return await Driver.fetch(self, connection, statement, values, timeout)
        began = observation.now()
        answer: Sequence[Sequence[Any]] | None = None
        error: BaseException | None = None
        try:
            answer = await Driver.fetch(self, connection, statement, values, timeout)
            return answer
        except BaseException as failure:
            error = failure
            raise
        finally:
            parameters = statement.arguments(values)
            counted = None if answer is None else len(answer)
            kept = statement.text not in observation.built
            observation.built.discard(statement.text)
            seen = SeenStatement(
                *(statement.text, parameters, began, observation.now() - began, counted, PURPOSE.get()),
                kept=kept,
                by_driver=True,
                error=error,
            )
            observation.tell(seen)

    async def _translate(self, connection: PoolProxiedConnection, translated: Statement, given: Any) -> Any:
        found = await Driver._translate(self, connection, translated, given)
        observation = RUNNING.get()
        if observation is not None and found is not None:
            observation.built.add(found.text)
        return found


# ---------- what SQLAlchemy runs ----------


def _execute(cursor: Any, sql: str, parameters: Any, context: Any) -> bool:
    return _run(cursor, sql, parameters, context, lambda: context.dialect.do_execute(cursor, sql, parameters, context))


def _execute_many(cursor: Any, sql: str, parameters: Any, context: Any) -> bool:
    work = lambda: context.dialect.do_executemany(cursor, sql, parameters, context)  # noqa: E731
    return _run(cursor, sql, parameters[0] if parameters else (), context, work, sets=len(parameters))


def _execute_without_parameters(cursor: Any, sql: str, context: Any) -> bool:
    return _run(cursor, sql, (), context, lambda: context.dialect.do_execute_no_params(cursor, sql, context))


def _run(
    cursor: Any, sql: str, parameters: Any, context: ExecutionContext, work: Callable[[], None], sets: int = 1
) -> bool:
    """Whether the statement is run. It is left to SQLAlchemy where nobody observes, and what SQLAlchemy itself asks of a
    server that it meets for the first time, on a connection that begins no transaction, is no statement of the operation."""
    observation = RUNNING.get()
    if observation is None or not getattr(context.root_connection, "_allow_autobegin", True):
        return False
    began = observation.now()
    try:
        work()
    except BaseException as error:
        _tell(observation, sql, parameters, began, None, context, sets, error)
        raise
    counted: int = getattr(cursor, "rowcount", -1)
    _tell(observation, sql, parameters, began, counted if counted >= 0 else None, context, sets, None)
    return True


def _tell(
    observation: Observation,
    sql: str,
    parameters: Any,
    began: int,
    counted: int | None,
    context: ExecutionContext,
    sets: int,
    error: BaseException | None,
) -> None:
    built = getattr(context, "compiled", None) is not None  # else it was given as a text
    kept = not built or getattr(context, "cache_hit", None) is CacheStats.CACHE_HIT
    seen = SeenStatement(
        *(sql, parameters, began, observation.now() - began, counted, PURPOSE.get()),
        kept=kept,
        by_driver=False,
        sets=sets,
        error=error,
    )
    observation.tell(seen)
