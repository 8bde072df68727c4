"""A class of one table in, what its new rows are made of, and the INSERT of them, out."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gqlcrud.catalog import Model
from gqlcrud.diagnosis.written_rows import mapper_of
from gqlcrud.statements import Database
from gqlcrud.statements.bulk import Returning, key_returning

Values = Mapping[str, Any]


def new_row(table: Table, values: Values, *, bulk: bool) -> dict[str, Any]:
    """The values of a new row by attribute, in the order of the table. Whatever has no default is NULL."""
    row = {**table.nulls, **{key: make() for key, make in table.constants if key not in values}, **values}
    defaulted = table.defaulted_keys if bulk else table.defaulted
    return {key: row[key] for key in table.columns if key in row and not (row[key] is None and key in defaulted)}


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a class of one table, by attribute.

    defaulted: those that have a default, or that the database numbers; defaulted_keys: those of the primary key.
    given_keys: the others of the primary key. nulls: None for what is NULL unless it is given. constants: what the mapper
    sets of each row. wrapped: those of types that wrap another one.
    """

    columns: Mapping[str, sa.Column[Any]]
    defaulted: frozenset[str]
    defaulted_keys: frozenset[str]
    given_keys: tuple[str, ...]
    nulls: Values
    constants: tuple[tuple[str, Callable[[], Any]], ...]
    wrapped: tuple[str, ...]


@functools.cache
def read_table(model: Model) -> Table | None:
    """None for a class whose rows the mapper sets more of."""
    mapper = mapper_of(model)
    local, on, identity = mapper.local_table, mapper.polymorphic_on, mapper.polymorphic_identity
    if not isinstance(local, sa.Table) or (on is not None and (not isinstance(on, sa.Column) or identity is None)):
        return None
    constants: list[tuple[str, Callable[[], Any]]] = []
    if on is not None:
        constants.append((mapper.get_property_by_column(on).key, lambda: identity))
    version, generator = mapper.version_id_col, mapper.version_id_generator
    if version is not None and generator:
        constants.append((mapper.get_property_by_column(version).key, lambda: generator(None)))
    pairs = [(each.key, each.columns[0]) for each in mapper.column_attrs]
    columns = {key: column for key, column in pairs if isinstance(column, sa.Column) and column.table is local}
    numbered = local.autoincrement_column
    defaulted = frozenset(
        key
        for key, each in columns.items()
        if each.default is not None or each.server_default is not None or each is numbered
    )
    given_keys = tuple(key for key, each in columns.items() if each.primary_key and key not in defaulted)
    empty = {
        key: None
        for key, each in columns.items()
        if key not in defaulted and not each.primary_key and not each.type.should_evaluate_none
    }
    defaulted_keys = frozenset(key for key in defaulted if columns[key].primary_key)
    wrapped = tuple(key for key, each in columns.items() if isinstance(each.type, sa.types.TypeDecorator))
    return Table(columns, defaulted, defaulted_keys, given_keys, empty, tuple(constants), wrapped)


@dataclass(frozen=True, slots=True)
class InsertStatement:
    """An INSERT of rows with the same columns. names: of their parameters, one for each column. returned: the attributes
    that it gives, in the order of the rows or in that of their keys."""

    statement: sa.Insert
    names: tuple[str, ...]
    returned: tuple[str, ...]
    by_keys: bool


@functools.lru_cache(maxsize=1024)
def insert_statement(
    model: Model, given: tuple[str, ...], missing: tuple[str, ...], database: Database
) -> InsertStatement:
    table = read_table(model)
    assert table is not None, "asked for before"
    insert = sa.insert(mapper_of(model).local_table)  # type: ignore[arg-type]  # it is a table
    names = tuple(str(table.columns[each].key) for each in given)
    returning = key_returning(model, given, database)
    if missing:
        ordered = returning is not Returning.BY_KEYS
        insert = insert.returning(*(table.columns[each] for each in missing), sort_by_parameter_order=ordered)
    return InsertStatement(insert, names, missing, returning is Returning.BY_KEYS)
