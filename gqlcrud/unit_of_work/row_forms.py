"""The attributes that new rows of a class are given in, what else such rows have, in which order, out."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from gqlcrud.catalog import Model
from gqlcrud.unit_of_work.inserts import Table, new_row, read_table
from gqlcrud.unit_of_work.lone_steps import Borrowed


@dataclass(frozen=True, slots=True, eq=False)
class RowForm:
    """What rows that are given the same attributes have in common. names: of all their attributes, in the order of the table;
    fixed: values that nobody gives; made: others that are made anew for each row."""

    names: tuple[str, ...]
    fixed: Mapping[str, Any]
    made: tuple[tuple[str, Callable[[], Any]], ...]

    def row(self, values: Mapping[str, Any]) -> dict[str, Any]:
        found = {**self.fixed, **values}
        for key, make in self.made:
            found[key] = make()
        return {key: found[key] for key in self.names}


def complete(model: Model, table: Table, values: Mapping[str, Any]) -> dict[str, Any] | None:
    """A new row with what its class and its table set of it in Python, as SQLAlchemy would. None where a default depends on the
    statement, the row has no key, or a value is SQL."""
    left = tuple(key for key, value in values.items() if value is None and key in table.defaulted)
    form = _form(model, tuple(values), left)
    if form is None or any(values.get(key) is None for key in table.given_keys):
        return None
    if not (_PLAIN.issuperset(map(type, values.values())) or _are_values(table, values)):
        return None
    return form.row(values)


@functools.lru_cache(maxsize=1024)
def _form(model: Model, given: tuple[str, ...], left: tuple[str, ...]) -> RowForm | None:
    """given: the attributes that have a value; left: those of them that have None, for their default."""
    table = read_table(model)
    assert table is not None, "asked for before"
    row = new_row(table, {key: None if key in left else _GIVEN for key in given}, bulk=False)
    made = {key: make for key, make in table.constants if key not in given}
    fixed = {key: value for key, value in row.items() if value is not _GIVEN and key not in made}
    for key, column in table.columns.items():
        default = column.default
        if key in row or not isinstance(default, sa.ColumnDefault) or default.is_clause_element:
            continue
        if not default.is_callable:
            fixed[key] = default.arg
        elif hasattr(default.arg, "__wrapped__"):  # SQLAlchemy wraps a function that takes no context of the statement
            made[key] = functools.partial(default.arg, None)
        else:
            return None
    names = tuple(key for key in table.columns if key in row or key in fixed or key in made)
    return RowForm(names, fixed, tuple(made.items()))


_GIVEN = object()


def _are_values(table: Table, values: Mapping[str, Any]) -> bool:
    """Whether no value is SQL; types for JSON take SQL's NULL as one."""
    return not any(
        isinstance(value, sa.ClauseElement)
        and not (isinstance(value, sa.Null) and isinstance(table.columns[key].type, sa.JSON))
        for key, value in values.items()
    )


_PLAIN = frozenset(
    {type(None), bool, int, float, str, bytes, list, dict, Decimal, UUID, dt.date, dt.datetime, dt.time, Borrowed}
)
"""Types of values; whatever is of another one is looked at."""
