"""Bulk writes in, the statements that do them for all rows at once out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapper, class_mapper

from gqlcrud.catalog import Key, Model
from gqlcrud.plan import Always, Condition
from gqlcrud.statements.columns import Columns
from gqlcrud.statements.dialect import Database
from gqlcrud.statements.joins import bound_keys, keys_of, new_alias
from gqlcrud.statements.predicates import Predicates


def chosen_statement(model: Model, where: Condition, limit: int, database: Database, *, whole: bool) -> sa.Select[Any]:
    """The records for which `where` holds, at most `limit`, locked; their primary keys, or as instances if `whole`.

    They come by primary key, so that writers who choose the same ones wait for each other instead of dying.
    """
    # options of the unit of work name attributes of the class, not of an alias
    entity = model.entity if whole else new_alias(model.entity)
    key = [getattr(entity, column.key) for column in model.primary_key]
    select = sa.select(entity) if whole else sa.select(*key)
    if where != Always(True):
        select = select.where(Predicates(Columns(database)).build(where, entity))
    return select.order_by(*key).limit(limit).with_for_update(of=entity)


def located_statement(model: Model, key: Key, database: Database) -> sa.Select[Any]:
    """The primary keys of the records that a batch of values of `key` names. A row is: its place, then the columns."""
    keys = keys_of(key.columns, database)
    entity = new_alias(model.entity)
    columns = Columns(database)
    same = [columns.raw(column, entity) == each for column, each in zip(key.columns, keys.columns, strict=True)]
    primary = [getattr(entity, column.key) for column in model.primary_key]
    return sa.select(keys.place, *primary).select_from(sa.join(keys.table, entity, sa.and_(*same)))


def held_statement(
    model: Model, key: Key, attributes: Sequence[str], among: Condition, database: Database, *, deleted: bool = False
) -> sa.Select[Any]:
    """The records that a batch of values of `key` names, of those for which `among` holds, locked until they are written.

    A row is: the place, the primary key, then the attributes. deleted: they are to go, else to change.
    """
    keys = keys_of(key.columns, database)
    entity = new_alias(model.entity)
    columns = Columns(database)
    same = [columns.raw(column, entity) == each for column, each in zip(key.columns, keys.columns, strict=True)]
    primary = [getattr(entity, column.key) for column in model.primary_key]
    shown = [getattr(entity, each) for each in attributes]
    select = sa.select(keys.place, *primary, *shown).select_from(sa.join(keys.table, entity, sa.and_(*same)))
    select = select.where(*Predicates(columns).given(among, entity))
    # NO KEY: who only refers to a record that is changed, by a foreign key, need not wait
    return select.with_for_update(of=entity, key_share=not deleted)


def insert_missing_statement(model: Model, key: Key) -> Any:
    """Makes the rows of PostgreSQL that nobody else has made meanwhile, of parameters by column; gives the keys of those
    that it makes."""
    mapper: Mapper[Any] = class_mapper(model.entity)
    target = [_stored(mapper, column.key) for column in key.columns]
    statement = postgresql.insert(mapper.local_table).on_conflict_do_nothing(index_elements=target)  # type: ignore[arg-type]  # a table
    return statement.returning(*target)


class Returning(Enum):
    """How an INSERT tells the primary keys of new records: not at all, as each has its own already; in the order of the
    parameters; or in the order of the keys, which the database numbers in the order of the parameters."""

    NOTHING = "nothing"
    BY_PARAMETERS = "by parameters"
    BY_KEYS = "by keys"


def key_returning(model: Model, given: Collection[str], database: Database) -> Returning:
    """given: the attributes that the parameters have.

    SQLAlchemy inserts one row at a time in SQLite to know which key is whose. SQLite gives a new row the number after
    the largest one, and nobody else writes meanwhile. https://sqlite.org/autoinc.html
    """
    key = model.primary_key
    if all(column.key in given for column in key):
        return Returning.NOTHING
    if database is Database.SQLITE and len(key) == 1 and key[0].generated:
        return Returning.BY_KEYS
    return Returning.BY_PARAMETERS


def upsert_statement(model: Model, key: Key, taken: Collection[str], condition: Condition, database: Database) -> Any:
    """Makes records, or changes those that have the values of `key` already; gives the primary keys of those written.

    taken: the attributes that a record in the database takes from the new one; none leaves it as it is. The record's
    version and `onupdate` columns change with them.
    """
    insert: Any = postgresql.insert if database is Database.POSTGRESQL else sqlite.insert
    statement = insert(model.entity)
    mapper: Mapper[Any] = class_mapper(model.entity)
    target = [_stored(mapper, column.key) for column in key.columns]
    if taken:
        columns = [_stored(mapper, each) for each in taken]
        new = {column: statement.excluded[column.key] for column in columns}
        where = None if condition == Always(True) else _in_conflict(model, condition, database)
        statement = statement.on_conflict_do_update(
            index_elements=target, set_={**_renewed(mapper, columns), **new}, where=where
        )
    else:
        statement = statement.on_conflict_do_nothing(index_elements=target)
    return statement.returning(*_primary_key(model))


def _in_conflict(model: Model, condition: Condition, database: Database) -> sa.ColumnElement[bool]:
    """The condition of the record that is there: an INSERT has no FROM for subqueries of the condition to refer to."""
    entity = new_alias(model.entity)
    key = [getattr(entity, column.key) for column in model.primary_key]
    holds = sa.select(*key).where(Predicates(Columns(database)).build(condition, entity))
    own = _primary_key(model)
    return own[0].in_(holds) if len(own) == 1 else sa.tuple_(*own).in_(holds)


def _renewed(mapper: Mapper[Any], given: Collection[Any]) -> dict[Any, Any]:
    """What changes with every change of a row, by column: its version, and `onupdate` of those that are not given."""
    found: dict[Any, Any] = {}
    for column in mapper.local_table.columns:
        if column is mapper.version_id_col and mapper.version_id_generator is not False:
            found[column] = column + 1
        elif isinstance(column.onupdate, sa.ColumnDefault) and column not in given:
            default: Any = column.onupdate
            found[column] = default.arg(None) if default.is_callable else default.arg
    return found


def update_statement(
    model: Model, values: Mapping[str, Any], keys: Sequence[tuple[Any, ...]], database: Database
) -> Any:
    """Sets attributes of the records of these primary keys, the same of all."""
    mapper: Mapper[Any] = class_mapper(model.entity)
    columns = {_stored(mapper, key): value for key, value in values.items()}
    version = mapper.version_id_col
    if version is not None and mapper.version_id_generator is not False:
        columns[version] = version + 1
    table: Any = mapper.local_table
    return sa.update(table).where(_is_one_of(model, keys, database)).values(columns)


def update_each_statement(model: Model) -> Any:
    """Sets columns of single records, of parameters by column; their primary keys are named as by `key_names`."""
    table: Any = class_mapper(model.entity).local_table
    same = [
        column == sa.bindparam(name, type_=column.type)
        for column, name in zip(_key_columns(model), key_names(model), strict=True)
    ]
    return sa.update(table).where(*same)


def key_names(model: Model) -> list[str]:
    return [f"gqlcrud_key_{place}" for place in range(len(model.primary_key))]


def delete_statement(model: Model, keys: Sequence[tuple[Any, ...]], database: Database) -> Any:
    """Deletes the rows of these primary keys."""
    table: Any = class_mapper(model.entity).local_table
    return sa.delete(table).where(_is_one_of(model, keys, database))


def instances_statement(model: Model, keys: Sequence[tuple[Any, ...]], database: Database) -> sa.Select[Any]:
    """The records of these primary keys as instances, by primary key."""
    return sa.select(model.entity).where(_is_one_of(model, keys, database)).order_by(*_primary_key(model))


def _is_one_of(model: Model, keys: Sequence[tuple[Any, ...]], database: Database) -> sa.ColumnElement[bool]:
    bound = bound_keys(model.primary_key, keys, database)
    wanted = sa.select(*bound.columns).select_from(bound.table)
    own = _key_columns(model)
    return own[0].in_(wanted) if len(own) == 1 else sa.tuple_(*own).in_(wanted)


def _primary_key(model: Model) -> list[Any]:
    return [getattr(model.entity, column.key) for column in model.primary_key]


def _key_columns(model: Model) -> list[Any]:
    mapper: Mapper[Any] = class_mapper(model.entity)
    return [_stored(mapper, column.key) for column in model.primary_key]


def _stored(mapper: Mapper[Any], attribute: str) -> Any:
    """The column of the table that an attribute is mapped to."""
    return mapper.column_attrs[attribute].columns[0]
