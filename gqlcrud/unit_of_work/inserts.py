"""A class of one table in, what its new rows are made of, and the INSERT of them, out."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.schema import ColumnDefault, ScalarElementColumnDefault

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


# ---------- by the driver ----------


@dataclass(frozen=True, slots=True)
class DriverInsert:
    """An INSERT of many rows as the driver takes it. defaults: those of further columns, which Python makes; places: of its
    parameters, among the columns of the rows and these; converters: what its types make of the values of each."""

    text: str
    defaults: tuple[Any, ...]
    places: tuple[int, ...]
    converters: tuple[Callable[[Any], Any] | None, ...]

    def parameters(self, rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
        """Raises what a type raises for a value that it does not take."""
        columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
        columns += [default_values(default, len(rows)) or () for default in self.defaults]
        given = [
            columns[place] if convert is None else list(map(convert, columns[place]))
            for place, convert in zip(self.places, self.converters, strict=True)
        ]
        return list(zip(*given, strict=True))


def insert_rows_of(insert: InsertStatement, connection: sa.Connection, rows: Sequence[Sequence[Any]]) -> sa.Result[Any]:
    """Run an INSERT for rows whose values are in the order of its names. One that tells nothing takes them a column at a
    time: SQLAlchemy would look at each value of each row."""
    if len(rows) > 1 and not insert.returned and not _is_looked_at(connection):
        found = _driver_insert(insert, connection.dialect)
        parameters: list[tuple[Any, ...]] | None = None
        with suppress(Exception):  # SQLAlchemy tells what is wrong
            parameters = found.parameters(rows) if found is not None else None
        if found is not None and parameters is not None:
            return connection.exec_driver_sql(found.text, parameters)
    # a loop over the rows takes twice as long
    return connection.execute(insert.statement, list(map(dict, map(zip, repeat(insert.names), rows))))


def _is_looked_at(connection: sa.Connection) -> bool:
    """Whether somebody wants to see statements before they are texts, or to have them changed."""
    events = connection.dispatch
    return bool(
        events.before_execute or events.after_execute or connection.get_execution_options().get("schema_translate_map")
    )


@functools.lru_cache(maxsize=256)
def _driver_insert(insert: InsertStatement, dialect: sa.Dialect) -> DriverInsert | None:
    """None where each row needs more than its values and those of defaults that know nothing of it."""
    names = list(insert.names)
    further = _compiled(insert, names, dialect).insert_prefetch
    if any(default_values(column.default, 0) is None for column in further):
        return None
    names += [column.key for column in further]
    compiled = _compiled(insert, names, dialect)
    parameters = compiled.positiontup or ()
    if compiled.insert_prefetch or compiled.post_compile_params or sorted(parameters) != sorted(names):
        return None
    converters = [compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect) for name in parameters]
    defaults = tuple(column.default for column in further)
    return DriverInsert(compiled.string, defaults, tuple(map(names.index, parameters)), tuple(converters))


def _compiled(insert: InsertStatement, names: Sequence[str], dialect: sa.Dialect) -> Any:
    return insert.statement.compile(dialect=dialect, column_keys=list(names), for_executemany=True)


def default_values(default: Any, count: int) -> list[Any] | None:
    """The values of a default for so many rows; None if only an INSERT knows them."""
    if isinstance(default, ScalarElementColumnDefault):
        return [default.arg] * count
    # SQLAlchemy wraps a function that takes no context of the statement
    if isinstance(default, ColumnDefault) and default.is_callable and hasattr(default.arg, "__wrapped__"):
        return [default.arg(None) for _ in range(count)]
    return None
