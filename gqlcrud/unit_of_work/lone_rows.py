"""The plan of a new record in, its row out, where that is all there is to write: one INSERT, which tells what was stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from gqlcrud.catalog import Column, Model
from gqlcrud.plan import Always, WriteRules
from gqlcrud.statements import Database
from gqlcrud.unit_of_work.demands import is_unheard
from gqlcrud.unit_of_work.finding import is_assured
from gqlcrud.unit_of_work.inserts import Table, insert_statement, new_row, read_table
from gqlcrud.unit_of_work.making import initial, stored_values
from gqlcrud.unit_of_work.plain_creates import makes_rows
from gqlcrud.unit_of_work.saver import New
from gqlcrud.write_plan import Connect, CreateOne, Save


@dataclass(frozen=True, slots=True)
class LoneRow:
    """A row that is to be written. statement: one for all rows of these attributes, which gives `returned` back. given: the
    values of its parameters, by name. values: the same by attribute."""

    model: Model
    statement: sa.Insert
    given: Mapping[str, Any]
    values: Mapping[str, Any]
    returned: tuple[str, ...]

    def told(self, answer: Sequence[Any]) -> dict[str, Any]:
        """The attributes of the row that was written, as the database has stored them where it has told."""
        return {**self.values, **dict(zip(self.returned, answer, strict=True))}

    def key(self, told: Mapping[str, Any]) -> tuple[Any, ...]:
        """The primary key."""
        return tuple(told[column.key] for column in self.model.primary_key)


def lone_row(plan: CreateOne, shown: Sequence[Column], database: Database, rules: WriteRules) -> LoneRow | None:
    """None where the unit of work has more to do, or to tell. shown: the columns that are to be told of."""
    save, model = plan.save, plan.save.model
    if save.to_many or save.changes or save.references or model.hooks or rules.secured:
        return None
    if rules.rule(model, "create") != Always(True):
        return None
    values = _connected(save, initial(New(save)))
    table = read_table(model)
    if values is None or table is None:
        return None
    (stored,) = stored_values([save], [values], database)
    session = Session()  # one that the application would have no listeners on, unless it has them on all
    if not is_unheard(session) or not makes_rows(session, model, [save], [stored]):
        return None
    row = _completed(table, new_row(table, stored, bulk=False))
    if row is None:
        return None
    returned = tuple(dict.fromkeys(column.key for column in (*model.primary_key, *shown)))
    insert = insert_statement(model, tuple(row), returned, database)
    return LoneRow(model, insert.statement, dict(zip(insert.names, row.values(), strict=True)), row, insert.returned)


def _connected(save: Save, values: dict[str, Any]) -> dict[str, Any] | None:
    """The values with the foreign keys of records that the database sees to be there; None if there is more to be done."""
    for one in save.to_one:
        relation, operation = one.relation, one.operation
        assured = isinstance(operation, Connect) and is_assured(relation, operation.target)
        if not assured or not relation.owns_key or relation.late:
            return None
        assert isinstance(operation, Connect), "no other is assured"
        for column, key in zip(relation.local, operation.target.values, strict=True):
            if values.setdefault(column.key, key) != key:
                return None
    return values


def _completed(table: Table, row: dict[str, Any]) -> dict[str, Any] | None:
    """The row with the defaults that Python gives; None where one depends on the statement, or a value is SQL."""
    for key, column in table.columns.items():
        default = column.default
        if key in row or not isinstance(default, sa.ColumnDefault) or default.is_clause_element:
            continue
        if default.is_callable and not hasattr(default.arg, "__wrapped__"):
            return None
        # SQLAlchemy wraps a function that takes no context of the statement
        row[key] = default.arg(None) if default.is_callable else default.arg
    if any(isinstance(value, sa.ClauseElement) for value in row.values()):
        return None
    return {key: row[key] for key in table.columns if key in row}
