"""A mapped class in, whether one statement for many of its rows does all that the unit of work would do for each out.

It would do more where hooks are called, where somebody listens to its events, validates attributes, has an `__init__` of
their own, counts versions in an own way, or where a class has several tables, or relations that deletions go on to.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Mapper, RelationshipDirection, RelationshipProperty, Session
from sqlalchemy.orm.decl_base import _declarative_constructor

from gqlcrud.catalog import Model
from gqlcrud.diagnosis.written_rows import mapper_of

_SESSION_EVENTS = (
    *("before_flush", "after_flush", "after_flush_postexec", "before_attach", "after_attach"),
    *("transient_to_pending", "pending_to_persistent", "persistent_to_deleted"),
)
"""What a flush tells of that no statement does."""

_TRANSACTION_EVENTS = (
    *("after_begin", "after_transaction_create", "after_transaction_end", "before_commit", "after_commit"),
    *("after_rollback", "after_soft_rollback", "do_orm_execute"),
)
"""What a session tells of transactions and statements."""

_ORM = "sqlalchemy.orm"


def inserts_plainly(session: Session, model: Model) -> bool:
    """Whether new records of the class are rows of one table, made of the values that are given and of defaults."""
    mapper = mapper_of(model)
    return (
        not model.hooks
        and _is_made_plainly(mapper)
        and not _from_elsewhere(mapper.class_manager.dispatch.init)
        and not _hears(mapper.dispatch, ("before_insert", "after_insert"))
        and not _hears(session.dispatch, _SESSION_EVENTS)
        and not any(heard.set for heard in _attribute_events(mapper))
    )


@functools.cache
def _is_made_plainly(mapper: Mapper[object]) -> bool:
    """Whether the class itself makes no more of a new record than a row; who listens to it may change."""
    plain_init = mapper.class_manager.original_init in (_declarative_constructor, object.__init__)
    return (
        plain_init and not dataclasses.is_dataclass(mapper.class_) and _is_readable(mapper) and _is_of_one_table(mapper)
    )


@functools.cache
def _attribute_events(mapper: Mapper[object]) -> tuple[Any, ...]:
    """What tells of whoever listens to an attribute of the class, as validators do too; one for each that has a column."""
    return tuple(mapper.class_manager[attribute.key].dispatch for attribute in mapper.column_attrs)


def updates_plainly(session: Session, model: Model, attributes: Iterable[str], *, alike: bool = True) -> bool:
    """Whether attributes of records, and of those of inheriting classes, are set by setting columns.

    alike: all rows by one expression, so that the version has to be counted by SQL.
    """
    mappers = list(mapper_of(model).self_and_descendants)
    return not model.hooks and all(
        _is_plain(session, mapper, ("before_update", "after_update"))
        and _sets_plainly(mapper, attributes)
        and not any(not each.passive_updates for each in mapper.relationships)
        and (counts_plainly(mapper) or not alike)
        for mapper in mappers
    )


def deletes_plainly(session: Session, model: Model) -> bool:
    """Whether nothing but its row goes with a record, or the database sees to the rest (`passive_deletes`).

    Where records are marked as deleted no row goes.
    """
    return not (model.hooks or model.soft_deletion is not None) and all(
        _is_plain(session, mapper, ("before_delete", "after_delete"))
        and not any(map(deletes_along, mapper.relationships))
        for mapper in mapper_of(model).self_and_descendants
    )


def deletes_along(relationship: RelationshipProperty[object]) -> bool:
    """Whether the deletion of a record deletes or changes what a relation of it leads to, or rows of a link table."""
    if relationship.viewonly:
        return False
    if relationship.direction is RelationshipDirection.MANYTOONE:
        return relationship.cascade.delete
    return not relationship.passive_deletes


def counts_plainly(mapper: Mapper[object]) -> bool:
    """Whether the version of a record is counted by one, by the database, or not at all."""
    generator = mapper.version_id_generator
    return mapper.version_id_col is None or not generator or generator.__module__.startswith(_ORM)


def renews_plainly(model: Model) -> bool:
    """Whether what changes with every change of a record is known without its other values."""
    mapper = mapper_of(model)
    defaults = [column.onupdate for column in mapper.columns if isinstance(column, sa.Column)]
    # SQLAlchemy wraps a function that takes no context of the statement.
    return counts_plainly(mapper) and all(
        hasattr(default.arg, "__wrapped__") or not default.is_callable
        for default in defaults
        if isinstance(default, sa.ColumnDefault)
    )


def is_unheard(session: Session) -> bool:
    """Whether nobody listens to what a session tells of its transactions."""
    return not _hears(session.dispatch, _TRANSACTION_EVENTS)


def _is_plain(session: Session, mapper: Mapper[object], events: Iterable[str]) -> bool:
    heard = _hears(mapper.dispatch, events) or _hears(session.dispatch, _SESSION_EVENTS)
    return _is_of_one_table(mapper) and not heard


def _is_of_one_table(mapper: Mapper[object]) -> bool:
    return len(mapper.tables) == 1 and isinstance(mapper.local_table, sa.Table) and mapper.batch


def _hears(dispatch: Any, events: Iterable[str]) -> bool:
    """Whether anybody listens to one of the events."""
    return any(getattr(dispatch, event) for event in events)


def _sets_plainly(mapper: Mapper[object], attributes: Iterable[str]) -> bool:
    """Whether nobody listens to the attributes, as validators do too."""
    return not any(mapper.class_manager[key].dispatch.set for key in attributes)


@functools.cache
def _is_readable(mapper: Mapper[object]) -> bool:
    """Whether all attributes of the class can be had, as the bulk INSERT of SQLAlchemy looks at each: an association
    proxy that goes on to another one is none of a class."""
    try:
        for key in mapper.all_orm_descriptors.keys():  # noqa: SIM118  # it is no dict
            getattr(mapper.class_, key, None)
    except InvalidRequestError:
        return False
    return True


def _from_elsewhere(listeners: Iterable[object]) -> bool:
    return any(not str(getattr(each, "__module__", "")).startswith(_ORM) for each in listeners)
