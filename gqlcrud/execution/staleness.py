"""What a transaction writes in; what the session of the application has loaded of it is expired, and nothing else.

An instance that is expired is read anew when it is used next, which asyncio does not allow in passing: so what others
hold of records that have not changed stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import InstanceState, RelationshipDirection, Session
from sqlalchemy.sql import visitors
from sqlalchemy.sql.dml import UpdateBase


@dataclass(slots=True)
class Written:
    """What one session writes, seen while it does.

    records: identity keys of instances that were changed in a flush. tables: those that other statements have written,
    who knows which rows of; flushed: those of flushes. anything: a statement that may change whatever there is.
    """

    records: set[Any] = field(default_factory=set)
    tables: set[str] = field(default_factory=set)
    flushed: set[str] = field(default_factory=set)
    anything: bool = False
    _flushes: bool = False

    @contextmanager
    def watching(self, session: Session, connection: AsyncConnection) -> Iterator[None]:
        listeners: list[tuple[Any, str, Any]] = [
            (session, "before_flush", self._begin_flush),
            (session, "after_flush", self._end_flush),
            (connection.sync_connection, "before_execute", self._statement),
        ]
        for target, name, listener in listeners:
            event.listen(target, name, listener)
        try:
            yield
        finally:
            for target, name, listener in listeners:
                event.remove(target, name, listener)

    def expire(self, session: Session) -> None:
        """Expire what the session has of it: the records, and relations and computed columns of others that show them."""
        if self.anything:
            session.expire_all()
            return
        touched = self.tables | self.flushed
        for instance in list(session.identity_map.values()) if touched else ():
            state: InstanceState[Any] = sa.inspect(instance)
            own = set(map(_name, state.mapper.tables))
            if state.identity_key in self.records or own & self.tables:
                session.expire(instance)
            elif names := [name for name in _shown(state, touched) if name in state.dict]:
                session.expire(instance, names)

    def _begin_flush(self, *_: object) -> None:
        self._flushes = True

    def _end_flush(self, session: Session, _: object) -> None:
        self._flushes = False
        self.records |= {sa.inspect(each).identity_key for each in session.dirty}

    def _statement(self, _: object, statement: Any, *__: object) -> None:
        if isinstance(statement, sa.Delete) and _is_referred(statement.table):
            self.anything = True  # the database may delete or change what refers to the rows
        elif isinstance(statement, sa.Insert | sa.Update | sa.Delete):
            # a plain INSERT changes no record that there is
            spares = self._flushes or type(statement) is sa.Insert
            (self.flushed if spares else self.tables).add(_name(statement.table))
        elif isinstance(statement, sa.TextClause | UpdateBase):
            self.anything = True


def _name(table: Any) -> str:
    """Its schema and name; those of what is no table, such as a subquery, are none."""
    return str(getattr(table, "key", ""))


def _is_referred(table: Any) -> bool:
    others = table.metadata.tables.values() if isinstance(table, sa.Table) else ()
    return not others or any(key.references(table) for other in others for key in other.foreign_keys)


def _shown(state: InstanceState[Any], touched: set[str]) -> Iterator[str]:
    """The attributes of an instance that has not changed which show rows of these tables. The record that its own foreign
    key leads to is the same."""
    for relation in state.mapper.relationships:
        if relation.direction is RelationshipDirection.MANYTOONE:
            continue
        tables = [*relation.mapper.tables, *([relation.secondary] if relation.secondary is not None else [])]
        if touched.intersection(map(_name, tables)):
            yield relation.key
    for attribute in state.mapper.column_attrs:
        expression = attribute.columns[0]
        if not isinstance(expression, sa.Column):
            columns = (each for each in visitors.iterate(expression) if isinstance(each, sa.Column))
            if any(_name(column.table) in touched for column in columns):
                yield attribute.key
