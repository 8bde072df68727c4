"""Reflected tables in, the unique keys that SQLAlchemy does not read of SQLite added to them."""

from __future__ import annotations

import warnings

import sqlalchemy as sa
from sqlalchemy import Connection, MetaData, UniqueConstraint
from sqlalchemy.exc import SAWarning


def add_unique_keys(connection: Connection, schema: str | None, metadata: MetaData) -> None:
    """SQLAlchemy looks for them in the text of CREATE TABLE, and passes over `code VARCHAR(20) UNIQUE`, for its bracket.

    SQLite makes an index for each, and tells which columns it has.
    """
    if connection.dialect.name != "sqlite":
        return
    inspector = sa.inspect(connection)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # of indexes on expressions, which are no keys
        for table in metadata.tables.values():
            _add_keys_of(table, inspector, schema)


def _add_keys_of(table: sa.Table, inspector: sa.Inspector, schema: str | None) -> None:
    known = [set(table.primary_key.columns)]
    known += [set(each.columns) for each in table.constraints if isinstance(each, UniqueConstraint)]
    for index in inspector.get_indexes(table.name, schema, include_auto_indexes=True):
        if index["unique"] and index["name"] and index["name"].startswith("sqlite_autoindex_"):
            columns = [table.columns[name] for name in index["column_names"] if name is not None]
            if set(columns) not in known:
                table.append_constraint(UniqueConstraint(*columns))
