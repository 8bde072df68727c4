"""Rows of values in, rows of a table out: by one INSERT for all of them, or by COPY, without instances."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.util import await_only

from gqlcrud.bulk_plan import PlainRows
from gqlcrud.catalog import Column, Model
from gqlcrud.diagnosis.written_rows import WrittenRow, mapper_of, tables_of
from gqlcrud.statements import Database
from gqlcrud.unit_of_work.demands import inserts_plainly
from gqlcrud.unit_of_work.inserts import default_values
from gqlcrud.unit_of_work.instances import stored_value
from gqlcrud.unit_of_work.saving import Saver


def takes_rows(session: Session, rows: PlainRows) -> bool:
    """Whether new records are made by one INSERT, exactly as the unit of work would make them."""
    on = mapper_of(rows.model).polymorphic_on
    return (
        bool(rows.columns)
        and inserts_plainly(session, rows.model)
        and (on is None or isinstance(on, sa.Column))
        and not any(map(_is_null_of_own_type, rows.columns, rows.values))
    )


def _is_null_of_own_type(column: Column, values: Sequence[Any]) -> bool:
    """SQL's NULL for JSON is a value only to SQLAlchemy's own types."""
    return column.scalar.name == "JSON" and isinstance(column.sql_type, sa.TypeDecorator) and None in values


def insert_rows(saver: Saver, rows: PlainRows, *, copy: bool = False) -> None:
    """Make records, of a class that `takes_rows`. copy: by COPY where that can do it."""
    if copy and saver.database is Database.POSTGRESQL and _copied(saver, rows, stored_values(rows, saver.database)):
        return
    run_rows(saver, rows, sa.insert(table_of(mapper_of(rows.model))), row_parameters(saver, rows))


def row_parameters(saver: Saver, rows: PlainRows) -> list[dict[str, Any]]:
    """The parameters of an INSERT of these records, by column."""
    mapper = mapper_of(rows.model)
    constants = _constants(mapper, rows)
    columns = _columns(mapper, rows) + [column.key for column, _ in constants]
    values = stored_values(rows, saver.database) + [made(len(rows.places)) for _, made in constants]
    return [dict(zip(columns, each, strict=True)) for each in zip(*values, strict=True)]


def run_rows(
    saver: Saver,
    rows: PlainRows,
    statement: sa.Executable,
    parameters: Sequence[dict[str, Any]],
    keys: Sequence[tuple[Any, ...]] | None = None,
) -> None:
    """Run a statement for each of the parameters, one for each of the rows; should it fail, they are to blame.

    keys: the primary keys of records that are there. What a COMMIT may refuse is kept in mind, and nothing else.
    """
    connection = saver.session.connection(bind_arguments={"mapper": mapper_of(rows.model)})
    try:
        connection.execute(statement, parameters)
    except Exception:
        saver.writing[:] = written_rows(rows, saver.database, keys)
        raise
    if is_deferrable(rows.model):
        saver.written += written_rows(rows, saver.database, keys)


def written_rows(
    rows: PlainRows, database: Database, keys: Sequence[tuple[Any, ...]] | None = None
) -> list[WrittenRow]:
    """The rows as failures are told of them."""
    names = [column.key for column in rows.columns]
    values = zip(*stored_values(rows, database), strict=True) if rows.columns else [()] * len(rows.places)
    return [
        WrittenRow(rows.model, dict(zip(names, each, strict=True)), None if keys is None else keys[number], (place,))
        for number, (place, each) in enumerate(zip(rows.places, values, strict=True))
    ]


def is_deferrable(model: Model) -> bool:
    """Whether a COMMIT may refuse what a statement took."""
    return any(each.deferrable or each.initially for table in tables_of(model) for each in table.constraints)


def defaulted(model: Model) -> frozenset[str]:
    """The attributes whose columns have a default: to SQLAlchemy None in a new record stands for it."""
    return frozenset(
        each.key
        for each in mapper_of(model).column_attrs
        for column in each.columns[:1]
        if isinstance(column, sa.Column) and (column.default is not None or column.server_default is not None)
    )


def stored_values(rows: PlainRows, database: Database) -> list[Sequence[Any]]:
    """The values as columns take them for this database. Only those of JSON and times of day may be others."""
    return [
        [stored_value(column, each, database) for each in values] if _may_differ(column, values) else values
        for column, values in zip(rows.columns, rows.values, strict=True)
    ]


def _may_differ(column: Column, values: Sequence[Any]) -> bool:
    name = column.scalar.name
    return name == "Time" or (name == "JSON" and any(value is None for value in values))


def table_of(mapper: Mapper[Any]) -> sa.Table:
    """The table of a class that has one."""
    assert isinstance(mapper.local_table, sa.Table), "rows are those of one table"
    return mapper.local_table


def _columns(mapper: Mapper[Any], rows: PlainRows) -> list[str]:
    """The keys of the columns of the table that the attributes are mapped to."""
    return [str(mapper.column_attrs[column.key].columns[0].key) for column in rows.columns]


def _constants(mapper: Mapper[Any], rows: PlainRows) -> list[tuple[sa.Column[Any], Callable[[int], list[Any]]]]:
    """What the mapper sets of each new record: the name of its class, and its first version."""
    given = _columns(mapper, rows)
    found: list[tuple[sa.Column[Any], Callable[[int], list[Any]]]] = []
    on, version, generator = mapper.polymorphic_on, mapper.version_id_col, mapper.version_id_generator
    if isinstance(on, sa.Column) and on.key not in given:
        found.append((on, lambda count: [mapper.polymorphic_identity] * count))
    if isinstance(version, sa.Column) and generator and version.key not in given:
        found.append((version, lambda count: [generator(None) for _ in range(count)]))
    return found


# ---------- COPY ----------


def _copied(saver: Saver, rows: PlainRows, stored: Sequence[Sequence[Any]]) -> bool:
    """Whether the rows are written by COPY. What it refuses is left to INSERT, which tells why.

    COPY knows neither types of SQLAlchemy's nor defaults of Python's: values go through the types, and defaults are
    made here. One that is SQL, or that looks at the other values of its row, needs an INSERT.
    """
    mapper = mapper_of(rows.model)
    table = table_of(mapper)
    given = {each.key: values for each, values in zip(_table_columns(mapper, rows), stored, strict=True)}
    given |= {column.key: made(len(rows.places)) for column, made in _constants(mapper, rows)}
    for column in table.columns:
        if column.key not in given and column.default is not None:
            made = default_values(column.default, len(rows.places))
            if made is None:
                return False
            given[column.key] = made
    connection = saver.session.connection(bind_arguments={"mapper": mapper})
    columns = [table.columns[key] for key in given]
    if not _is_copyable(connection, columns):
        return False
    bound = [_bound(column, values, connection.dialect) for column, values in zip(columns, given.values(), strict=True)]
    try:
        with connection.begin_nested():
            _copy(connection, table, columns, list(zip(*bound, strict=True)))
    except Exception:  # drivers raise errors of any sort for a value; the INSERT raises what is wrong for good
        return False
    if is_deferrable(rows.model):
        saver.written += written_rows(rows, saver.database)
    return True


def _is_copyable(connection: sa.Connection, columns: Sequence[sa.Column[Any]]) -> bool:
    """COPY has values in the place of SQL that a type puts around them, and tables by their names in the database."""
    expressed = any(column.type.dialect_impl(connection.dialect)._has_bind_expression for column in columns)
    return not (expressed or connection.get_execution_options().get("schema_translate_map"))


def _table_columns(mapper: Mapper[Any], rows: PlainRows) -> list[Any]:
    return [mapper.column_attrs[column.key].columns[0] for column in rows.columns]


def _bound(column: sa.Column[Any], values: Sequence[Any], dialect: sa.Dialect) -> Sequence[Any]:
    """The values as the driver takes them."""
    process = column.type.dialect_impl(dialect).bind_processor(dialect)
    return values if process is None else list(map(process, values))


def _copy(
    connection: sa.Connection, table: sa.Table, columns: Collection[sa.Column[Any]], records: list[tuple[Any, ...]]
) -> None:
    driver: Any = connection.connection.driver_connection
    names = [column.name for column in columns]
    await_only(driver.copy_records_to_table(table.name, schema_name=table.schema, columns=names, records=records))
