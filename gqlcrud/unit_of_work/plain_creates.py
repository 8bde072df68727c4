"""New records in, rows of their table out: by one INSERT for all that are alike, without instances.

Only for classes of which the unit of work would do nothing else; see `unit_of_work.demands`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from gqlcrud.catalog import Catalog, Column, Model, Source
from gqlcrud.diagnosis.written_rows import mapper_of
from gqlcrud.statements import Database
from gqlcrud.statements.bulk import Returning, key_returning
from gqlcrud.unit_of_work.demands import inserts_plainly
from gqlcrud.unit_of_work.finding import Instance, StandIn
from gqlcrud.write_plan import Save

Values = Mapping[str, Any]


def is_told(column: Column) -> bool:
    """Whether an INSERT gives the value of a column back as it is read: other types are read in a way of their own."""
    scaled = type(column.sql_type) is sa.Numeric and column.sql_type.scale is not None
    return column.source is Source.STORED and (scaled or type(column.sql_type) in _TOLD)


_TOLD = {sa.Integer, sa.BigInteger, sa.SmallInteger, sa.String, sa.Text, sa.Boolean, sa.Uuid}


def makes_rows(session: Session, model: Model, saves: Sequence[Save], values: Sequence[Values]) -> bool:
    """Whether new records are made by INSERTs, exactly as the unit of work would make them."""
    table = _read_table(model)
    return (
        table is not None
        and inserts_plainly(session, model)
        and not any(each.relation.late for save in saves for each in save.to_one)
        and not any(_is_open(table, each) for each in values)
    )


def _is_open(table: _Table, values: Values) -> bool:
    """Whether a row has no key yet, and nothing that makes one, or an expression that is no parameter: SQL's NULL for JSON
    is one only to SQLAlchemy's own types."""
    return any(values.get(key) is None for key in table.given_keys) or any(
        isinstance(values.get(key), sa.ClauseElement) for key in table.wrapped
    )


@dataclass(frozen=True, slots=True)
class RowMaker:
    """Makes the records of one model."""

    session: Session
    database: Database
    catalog: Catalog
    model: Model

    def make(self, values: Sequence[Values], *, bulk: bool, shown: Sequence[Column] = ()) -> list[Instance]:
        """What stands for the records, in the order of `values`: it has the attributes that are set, and the keys.
        Those of `shown` are as the database has stored them.

        bulk: by one statement for all that are alike, and None is NULL even where there is a default. Else what the
        database numbers is numbered in the order of the input, be it by several statements, and None is the default, as
        it is to SQLAlchemy.
        """
        table = _read_table(self.model)
        assert table is not None, "asked for before"
        needed = _needed(self.catalog, self.model)
        connection = self.session.connection(bind_arguments={"mapper": mapper_of(self.model)})
        rows = [_row(table, each, bulk=bulk) for each in values]
        made: dict[int, Instance] = {}
        for names, places in _alike(rows, in_order=not bulk):
            stored = [column.key for column in shown]
            missing = tuple(dict.fromkeys([*(key for key in needed if key not in names), *stored]))
            insert = _insert(self.model, names, missing, self.database)
            found = _run(connection, insert, [rows[place] for place in places])
            for place, each in zip(places, found, strict=True):
                made[place] = StandIn(**{**rows[place], **dict(zip(missing, each, strict=True))})
        return [made[place] for place in range(len(rows))]


def _alike(rows: Sequence[Values], *, in_order: bool) -> list[tuple[tuple[str, ...], list[int]]]:
    """The places of rows that have the same columns; in_order: of those that follow one another."""
    named = [(tuple(row), place) for place, row in enumerate(rows)]
    if not in_order:
        named.sort()
    return [(names, [place for _, place in group]) for names, group in groupby(named, key=itemgetter(0))]


def _row(table: _Table, values: Values, *, bulk: bool) -> dict[str, Any]:
    """The values of a new row by attribute, in the order of the table. Whatever has no default is NULL."""
    row = {**table.nulls, **{key: make() for key, make in table.constants if key not in values}, **values}
    defaulted = table.defaulted_keys if bulk else table.defaulted
    return {key: row[key] for key in table.columns if key in row and not (row[key] is None and key in defaulted)}


@dataclass(frozen=True, slots=True)
class _Table:
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
def _read_table(model: Model) -> _Table | None:
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
    return _Table(columns, defaulted, defaulted_keys, given_keys, empty, tuple(constants), wrapped)


@functools.cache
def _needed(catalog: Catalog, model: Model) -> tuple[str, ...]:
    """The attributes by which a record is known, the primary key first, and by which relations lead to and from it."""
    found = [each.key for each in model.primary_key]
    found += [column.key for relation in model.relations for column in relation.local]
    for other in catalog.models:
        for relation in other.relations:
            if issubclass(model.entity, relation.target):
                found += [column.key for column in relation.remote]
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class _Insert:
    """An INSERT of rows with the same columns. names: of their parameters, one for each column. returned: the attributes
    that it gives, in the order of the rows or in that of their keys."""

    statement: sa.Insert
    names: tuple[str, ...]
    returned: tuple[str, ...]
    by_keys: bool


@functools.lru_cache(maxsize=1024)
def _insert(model: Model, given: tuple[str, ...], missing: tuple[str, ...], database: Database) -> _Insert:
    table = _read_table(model)
    assert table is not None, "asked for before"
    insert = sa.insert(mapper_of(model).local_table)  # type: ignore[arg-type]  # it is a table
    names = tuple(str(table.columns[each].key) for each in given)
    returning = key_returning(model, given, database)
    if missing:
        ordered = returning is not Returning.BY_KEYS
        insert = insert.returning(*(table.columns[each] for each in missing), sort_by_parameter_order=ordered)
    return _Insert(insert, names, missing, returning is Returning.BY_KEYS)


def _run(connection: sa.Connection, insert: _Insert, rows: Sequence[Values]) -> Sequence[Sequence[Any]]:
    """What is returned of each row."""
    parameters = [dict(zip(insert.names, row.values(), strict=True)) for row in rows]
    result = connection.execute(insert.statement, parameters if len(parameters) > 1 else parameters[0])
    if not insert.returned:
        return [()] * len(rows)
    found = result.fetchall()
    return sorted(found, key=lambda each: each[0]) if insert.by_keys else found
