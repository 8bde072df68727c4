"""Rows that refer to records which were taken to be there in, an error out for each record that is not."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from gqlcrud.catalog import Key, Model
from gqlcrud.diagnosis.written_rows import WrittenRow
from gqlcrud.errors import ErrorCode, UserError
from gqlcrud.statements import database_of, key_parameters
from gqlcrud.statements.bulk import located_statement
from gqlcrud.statements.dialect import Database
from gqlcrud.write_plan import Named


def not_found(named: Named) -> UserError:
    return UserError(ErrorCode.NOT_FOUND, f"There is no {named.model.name} with this key.", named.path)


def assumption_errors(
    connection: sa.Connection, rows: Sequence[WrittenRow], earlier: Sequence[WrittenRow]
) -> list[UserError]:
    """In the order of the rows: the named records that there are not.

    earlier: what the same transaction had written before, and which is rolled back with it.
    """
    groups: dict[tuple[Model, Key], dict[tuple[object, ...], None]] = {}
    assumed = [named for row in rows for named in row.assumed if not _is_written(named, earlier)]
    for named in assumed:
        groups.setdefault((named.model, named.key), {})[named.values] = None
    there: set[tuple[Model, Key, tuple[object, ...]]] = set()
    database = database_of(connection.dialect.name)
    first = 1 if database is Database.POSTGRESQL else 0
    for (model, key), wanted in groups.items():
        parameters = key_parameters(key.columns, list(wanted), database)
        found = {row[0] - first for row in connection.execute(located_statement(model, key, database), parameters)}
        there |= {(model, key, values) for place, values in enumerate(wanted) if place in found}
    return [not_found(named) for named in assumed if (named.model, named.key, named.values) not in there]


def _is_written(named: Named, rows: Sequence[WrittenRow]) -> bool:
    return any(
        issubclass(row.model.entity, named.model.entity)
        and tuple(row.values.get(column.key) for column in named.key.columns) == named.values
        for row in rows
    )
