"""A database in, mapped classes with readable names out; knows nothing of GraphQL."""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sqlalchemy import (
    ARRAY,
    Column,
    Connection,
    ForeignKey,
    ForeignKeyConstraint,
    MetaData,
    Table,
    UniqueConstraint,
    and_,
    text,
)
from sqlalchemy.dialects.postgresql import DOMAIN
from sqlalchemy.exc import NoReferenceError, SAWarning
from sqlalchemy.orm import foreign, registry, relationship, remote
from sqlalchemy.types import NullType, TypeEngine

from gqlcrud.reflected_keys import add_unique_keys
from gqlcrud.reflected_names import Key, Names


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something in the database that has no counterpart in the models.

    `name` is dotted: schema (on PostgreSQL), table, and the column or columns if only these are concerned.
    """

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reflection:
    """`models` are in the order of their table names; `relations` counts both directions of each.

    `schema` is the first part of dotted names; None if they have no such part.
    """

    models: tuple[type, ...]
    relations: int
    left_out: tuple[LeftOut, ...]
    schema: str | None


def reflect_models(connection: Connection, *, schema: str | None = None) -> Reflection:
    """Maps every table of `schema` (the connection's default if None) that has a primary key.

    Tables that only link two others become many-to-many relations. The classes belong to a registry of their own,
    and are configured.
    """
    unreadable = dict(_unreadable(connection, schema))
    metadata = MetaData()
    with warnings.catch_warnings():
        # The one warning that matters, an unknown type, shows in the result as NullType.
        warnings.simplefilter("ignore", SAWarning)
        metadata.reflect(connection, schema=schema, only=lambda name, _: name not in unreadable, resolve_fks=False)
    _read_dimensions(connection, schema, metadata)
    add_unique_keys(connection, schema, metadata)
    left_out = [LeftOut(_path(connection, schema, name), reason) for name, reason in unreadable.items()]

    keyed: list[Table] = []
    for table in sorted(metadata.tables.values(), key=lambda table: table.name):
        if table.primary_key.columns:
            keyed.append(table)
        else:
            left_out.append(LeftOut(_path(connection, schema, table.name), "no primary key"))
    keys = list(_read_keys(connection, schema, keyed, left_out))
    left_out += _unknown_types(connection, schema, keyed)

    links = list(_links(keyed, keys))
    linking = {first.child for first, _ in links}
    names = Names(table for table in keyed if table not in linking)
    models = _map(names, [key for key in keys if key.child not in linking], links)
    relations = 2 * (len(keys) - len(links))
    return Reflection(
        models, relations, tuple(sorted(left_out, key=lambda item: item.name)), _schema_name(connection, schema)
    )


def _unreadable(connection: Connection, schema: str | None) -> Iterator[tuple[str, str]]:
    """Names in the schema that are no ordinary tables, each with what it is instead."""
    match connection.dialect.name:
        case "postgresql":
            statement = text(
                "SELECT relname, CASE WHEN relispartition THEN 'partition of ' || inhparent::regclass"
                " WHEN relkind = 'v' THEN 'view' WHEN relkind = 'm' THEN 'materialized view' ELSE 'foreign table' END"
                " FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON relnamespace = pg_namespace.oid"
                " LEFT JOIN pg_catalog.pg_inherits ON inhrelid = pg_class.oid AND relispartition"
                " WHERE nspname = :schema AND (relkind IN ('v', 'm', 'f') OR relkind IN ('r', 'p') AND relispartition)"
            )
            schema = schema or connection.dialect.default_schema_name
            yield from ((row[0], row[1]) for row in connection.execute(statement, {"schema": schema}))
        case "sqlite":
            yield from _unreadable_in_sqlite(connection, schema or "main")


def _unreadable_in_sqlite(connection: Connection, schema: str) -> Iterator[tuple[str, str]]:
    kinds = {"view": "view", "virtual": "virtual table", "shadow": "internal table of a virtual table"}
    listed = {row[1]: row[2] for row in connection.exec_driver_sql("PRAGMA table_list") if row[0] == schema}
    for name, kind in listed.items():
        if name in ("sqlite_schema", "sqlite_temp_schema"):
            continue  # In every database, without being created.
        if name.startswith("sqlite_") or kind in kinds:
            yield name, kinds.get(kind, "internal table of SQLite")
            continue
        statement = 'SELECT "table" FROM pragma_foreign_key_list(?, ?) WHERE "to" IS NULL'
        for (target,) in connection.exec_driver_sql(statement, (name, schema)):
            if target not in listed:
                # MetaData.reflect fails on such a key, and has no option to pass over it.
                yield name, f"refers to {target}, which does not exist under this name, without naming a column"


def _read_dimensions(connection: Connection, schema: str | None, metadata: MetaData) -> None:
    """The arrays of arrays, which SQLAlchemy reads as plain ones; the declared number is what PostgreSQL knows."""
    if connection.dialect.name != "postgresql":
        return
    statement = text(
        "SELECT relname, attname, attndims FROM pg_catalog.pg_attribute"
        " JOIN pg_catalog.pg_class ON attrelid = pg_class.oid"
        " JOIN pg_catalog.pg_namespace ON relnamespace = pg_namespace.oid"
        " WHERE nspname = :schema AND attndims > 1 AND NOT attisdropped"
    )
    columns = {(table.name, column.name): column for table in metadata.tables.values() for column in table.columns}
    for table, column, dimensions in connection.execute(statement, {"schema": _schema_name(connection, schema)}):
        found = columns.get((table, column))
        if found is not None and isinstance(found.type, ARRAY):
            found.type.dimensions = dimensions


def _path(connection: Connection, schema: str | None, *parts: str) -> str:
    name = _schema_name(connection, schema)
    return ".".join([name, *parts] if name else parts)


def _schema_name(connection: Connection, schema: str | None) -> str | None:
    if schema is None and connection.dialect.name == "postgresql":
        return connection.dialect.default_schema_name
    return schema


def _unknown_types(connection: Connection, schema: str | None, tables: Iterable[Table]) -> Iterator[LeftOut]:
    """The columns whose type SQLAlchemy does not know. They stay mapped; another layer may still give them a type."""
    for table in tables:
        for column in table.columns:
            if _is_unknown(column.type):
                sql_type = _sql_type(connection, schema, table.name, column.name)
                reason = f"type {sql_type!r} is not known to SQLAlchemy" if sql_type else "no type is declared"
                yield LeftOut(_path(connection, schema, table.name, column.name), reason)


def _is_unknown(sql_type: TypeEngine[Any]) -> bool:
    match sql_type:
        case ARRAY():
            return _is_unknown(sql_type.item_type)
        case DOMAIN():
            return _is_unknown(sql_type.data_type)
        case _:
            return isinstance(sql_type, NullType)


def _sql_type(connection: Connection, schema: str | None, table: str, column: str) -> str | None:
    """The type as the database prints it; None if it has none to print."""
    statement = "SELECT type FROM pragma_table_info(:table, :schema) WHERE name = :column"
    if connection.dialect.name == "postgresql":
        statement = (
            "SELECT format_type(atttypid, atttypmod) FROM pg_catalog.pg_attribute"
            " JOIN pg_catalog.pg_class ON attrelid = pg_class.oid"
            " JOIN pg_catalog.pg_namespace ON relnamespace = pg_namespace.oid"
            " WHERE nspname = :schema AND relname = :table AND attname = :column"
        )
    schema = schema or connection.dialect.default_schema_name
    sql_type = connection.execute(text(statement), {"schema": schema, "table": table, "column": column}).scalar()
    return str(sql_type) if sql_type else None


def _read_keys(
    connection: Connection, schema: str | None, tables: Sequence[Table], left_out: list[LeftOut]
) -> Iterator[Key]:
    """The foreign keys among `tables`, in a fixed order. The others are noted in `left_out`."""
    every = {(table.key.lower(), column.name.lower()): column for table in tables for column in table.columns}
    for table in tables:
        seen = set()
        for constraint in sorted(table.foreign_key_constraints, key=lambda item: (item.column_keys, item.name or "")):
            names = [_target(element) for element in constraint.elements]
            try:
                targets = [element.column for element in constraint.elements]
            except NoReferenceError:
                # SQLite finds the target whatever its case, SQLAlchemy does not.
                ignore_case = connection.dialect.name == "sqlite"
                lowered = [(table_name.lower(), column_name.lower()) for table_name, column_name in names]
                targets = [every[name] for name in lowered if ignore_case and name in every]
                _forget(table, constraint)
            if len(targets) < len(names) or targets[0].table not in tables:
                columns = _path(connection, schema, table.name, ", ".join(constraint.column_keys))
                left_out.append(LeftOut(columns, f"refers to {names[0][0]}, which is not among the models"))
                continue
            pairs = tuple(zip(constraint.columns, targets, strict=True))
            if pairs not in seen:
                seen.add(pairs)
                yield Key(table, pairs, _is_unique(table, set(constraint.columns)))


def _target(element: ForeignKey) -> tuple[str, str]:
    """The names of the table and of the column that a foreign key refers to, which may not be there."""
    tokens = getattr(element, "target_tokens", None)  # from SQLAlchemy 2.1 on
    if tokens is None:
        table, _, column = element.target_fullname.rpartition(".")
        return table, column
    schema, table, column = tokens
    return ".".join(filter(None, (schema, table))), column


def _forget(table: Table, constraint: ForeignKeyConstraint) -> None:
    """Takes out a foreign key to a table that was not read; the mapper fails on such."""
    table.constraints.discard(constraint)
    for element in constraint.elements:
        table.foreign_keys.discard(element)
        element.parent.foreign_keys.discard(element)


def _is_unique(table: Table, columns: set[Column[Any]]) -> bool:
    unique = [set(table.primary_key.columns)]
    unique += [set(item.columns) for item in table.constraints if isinstance(item, UniqueConstraint)]
    for index in table.indexes:
        partial = any(name.endswith("_where") and value is not None for name, value in index.dialect_kwargs.items())
        if index.unique and not partial and all(isinstance(item, Column) for item in index.expressions):
            unique.append(set(index.columns))
    return any(item <= columns for item in unique)


def _links(tables: Iterable[Table], keys: Sequence[Key]) -> Iterator[tuple[Key, Key]]:
    """The two keys of each table that holds nothing else, has them as its primary key, and is not referred to."""
    referred = {key.parent for key in keys}
    for table in tables:
        match [key for key in keys if key.child is table]:
            case [first, second] if table not in referred and not (first.unique or second.unique):
                if set(first.columns + second.columns) == set(table.columns) == set(table.primary_key.columns):
                    yield first, second
            case _:
                pass


def _map(names: Names, keys: Sequence[Key], links: Sequence[tuple[Key, Key]]) -> tuple[type, ...]:
    """The joins are written out: those that SQLAlchemy finds by itself are ambiguous where keys share columns."""
    mapping = registry()
    classes = {table: type(name, (), {"__doc__": table.comment}) for table, name in names.classes.items()}
    properties: dict[Table, dict[str, Any]] = {table: dict(columns) for table, columns in names.columns.items()}
    named = list(names.of_keys(keys))
    late = _updated_late(keys)
    for key, forward, backward in named:
        options: dict[str, Any] = {"overlaps": _overlaps(key, named), "post_update": key in late}
        properties[key.child][forward] = relationship(
            classes[key.parent],
            primaryjoin=and_(*(foreign(column) == remote(target) for column, target in key.pairs)),
            back_populates=backward,
            **options,
        )
        properties[key.parent][backward] = relationship(
            classes[key.child],
            primaryjoin=and_(*(remote(foreign(column)) == target for column, target in key.pairs)),
            back_populates=forward,
            uselist=not key.unique,
            # The constraint in the database decides what deleting a parent does to its children.
            passive_deletes="all",
            **options,
        )
    for near, far, name, opposite in names.of_links(links):
        properties[near.parent][name] = relationship(
            classes[far.parent],
            secondary=near.child,
            primaryjoin=and_(*(column == target for column, target in near.pairs)),
            secondaryjoin=and_(*(column == target for column, target in far.pairs)),
            back_populates=opposite,
        )
    for table, model in classes.items():
        mapping.map_imperatively(model, table, properties=properties[table])
    mapping.configure()
    return tuple(classes.values())


def _overlaps(key: Key, named: Iterable[tuple[Key, str, str]]) -> str | None:
    """The relations that write to the same columns; SQLAlchemy warns of those it is not told about."""
    rivals = [names for other, *names in named if other is not key and not set(other.columns).isdisjoint(key.columns)]
    return ",".join(chain.from_iterable(rivals)) or None


def _updated_late(keys: Iterable[Key]) -> set[Key]:
    """Nullable keys to write by an UPDATE after the INSERT, so that rows of tables can refer to each other."""
    early = [key for key in keys if key.child is not key.parent]
    late: set[Key] = set()
    while True:
        optional = (key for key in early if all(column.nullable for column in key.columns))
        found = next((key for key in optional if _leads(early, key.parent, key.child)), None)
        if found is None:
            return late
        late.add(found)
        early.remove(found)


def _leads(keys: Iterable[Key], start: Table, end: Table) -> bool:
    reached, pending = {start}, [start]
    while pending:
        table = pending.pop()
        fresh = {key.parent for key in keys if key.child is table} - reached
        reached |= fresh
        pending += fresh
    return end in reached
