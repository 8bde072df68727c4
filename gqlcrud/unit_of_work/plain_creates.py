"""New records in, rows of their table out: by one INSERT for all that are alike, without instances.

Only for classes of which the unit of work would do nothing else; see `unit_of_work.demands`.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from gqlcrud.catalog import Catalog, Column, Model, Source
from gqlcrud.diagnosis.written_rows import mapper_of
from gqlcrud.statements import Database
from gqlcrud.unit_of_work.demands import inserts_plainly
from gqlcrud.unit_of_work.finding import Instance, StandIn
from gqlcrud.unit_of_work.inserts import InsertStatement, Table, Values, insert_statement, new_row, read_table
from gqlcrud.write_plan import Save


def is_told(column: Column) -> bool:
    """Whether an INSERT gives the value of a column back as it is read: other types are read in a way of their own."""
    scaled = type(column.sql_type) is sa.Numeric and column.sql_type.scale is not None
    return column.source is Source.STORED and (scaled or type(column.sql_type) in _TOLD)


_TOLD = {sa.Integer, sa.BigInteger, sa.SmallInteger, sa.String, sa.Text, sa.Boolean, sa.Uuid}


def makes_rows(session: Session, model: Model, saves: Sequence[Save], values: Sequence[Values]) -> bool:
    """Whether new records are made by INSERTs, exactly as the unit of work would make them."""
    table = read_table(model)
    return (
        table is not None
        and inserts_plainly(session, model)
        and not any(each.relation.late for save in saves for each in save.to_one)
        and not any(_is_open(table, each) for each in values)
    )


def _is_open(table: Table, values: Values) -> bool:
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
        table = read_table(self.model)
        assert table is not None, "asked for before"
        needed = _needed(self.catalog, self.model)
        connection = self.session.connection(bind_arguments={"mapper": mapper_of(self.model)})
        rows = [new_row(table, each, bulk=bulk) for each in values]
        made: dict[int, Instance] = {}
        for names, places in _alike(rows, in_order=not bulk):
            stored = [column.key for column in shown]
            missing = tuple(dict.fromkeys([*(key for key in needed if key not in names), *stored]))
            insert = insert_statement(self.model, names, missing, self.database)
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


def _run(connection: sa.Connection, insert: InsertStatement, rows: Sequence[Values]) -> Sequence[Sequence[Any]]:
    """What is returned of each row."""
    parameters = [dict(zip(insert.names, row.values(), strict=True)) for row in rows]
    result = connection.execute(insert.statement, parameters if len(parameters) > 1 else parameters[0])
    if not insert.returned:
        return [()] * len(rows)
    found = result.fetchall()
    return sorted(found, key=lambda each: each[0]) if insert.by_keys else found
