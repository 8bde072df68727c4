"""Rows that a constraint has refused in, errors out for those that the caller may not write anyway.

Such a row is not in the database, so what a policy asks of it is asked of a table that holds it alone. Without that, who
writes records of others would be told by the conflict which of them there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from gqlcrud.catalog import Model
from gqlcrud.diagnosis.row_lookups import known_values
from gqlcrud.diagnosis.written_rows import WrittenRow, common_path, tables_of
from gqlcrud.errors import ErrorCode, UserError
from gqlcrud.plan import Always, Condition, WriteAction, WriteRules
from gqlcrud.statements import database_of
from gqlcrud.statements.columns import Columns
from gqlcrud.statements.predicates import Predicates
from gqlcrud.write_plan import Path


def forbidden(model: Model, action: WriteAction, path: Path) -> UserError:
    told = {
        "update_check": f"You may not change a {model.name} so",
        "create": f"You may not create such a {model.name}",
    }
    return UserError(ErrorCode.FORBIDDEN, f"{told.get(action, f'You may not {action} this {model.name}')}.", path)


def denied(rows: Sequence[WrittenRow]) -> UserError:
    """What is told of rows that the database itself does not let through."""
    return UserError(ErrorCode.FORBIDDEN, "You may not write this.", common_path(rows))


def unpermitted(connection: sa.Connection, rows: Iterable[WrittenRow], rules: WriteRules) -> list[UserError]:
    """Those of the rows that the caller may not write, each once. What a row has by a default of the database is not known,
    and as if it were NULL."""
    errors: list[UserError] = []
    for row in rows:
        action: WriteAction = "create" if row.key is None else "update_check"
        rule = rules.rule(row.model, action)
        if not row.deleted and rule != Always(True) and not _holds(connection, row, rule):
            errors.append(forbidden(row.model, action, row.path))
    return list(dict.fromkeys(errors))


def _holds(connection: sa.Connection, row: WrittenRow, rule: Condition) -> bool:
    predicates = Predicates(Columns(database_of(connection.dialect.name)))
    select = sa.select(sa.literal(1)).select_from(row.model.entity).where(predicates.build(rule, row.model.entity))
    for table in tables_of(row.model):
        select = select.add_cte(_alone(connection, row, table))
    return connection.execute(select).first() is not None


def _alone(connection: sa.Connection, row: WrittenRow, table: sa.Table) -> sa.CTE:
    """A table of that name with nothing but the row in it."""
    columns: Sequence[sa.Column[Any]] = list(table.columns)
    values = known_values(connection, row, columns)
    typed = connection.dialect.name == "postgresql"  # SQLite would make numbers of dates
    literals = [sa.literal(value, column.type) for column, value in zip(columns, values, strict=True)]
    cells = [
        (sa.cast(each, column.type) if typed else each).label(column.name)
        for column, each in zip(columns, literals, strict=True)
    ]
    return sa.select(*cells).cte(table.name)
