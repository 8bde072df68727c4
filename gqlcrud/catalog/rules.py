"""The CHECK constraints of a table in, those out that the value of one column alone can break, as `Rule`s of the column.

They are read from text, as SQLAlchemy renders an expression, as its author wrote it, or as PostgreSQL and SQLite tell it
when a database is reflected. Whatever is not understood wholly is left to the database.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import CompileError

from gqlcrud.catalog.condition_parser import parse_condition
from gqlcrud.catalog.rule import Comparison, Rule

_OF_TEXTS = (Comparison.EQ, Comparison.NE, Comparison.IN, Comparison.NOT_IN)
"""Which of two texts is greater depends on a collation."""


def read_rules(column: sa.Column[Any]) -> tuple[Rule, ...]:
    """What the constraints of its table ask of a column. NULL satisfies all of them."""
    if not isinstance(column.table, sa.Table):
        return ()
    return tuple(
        rule
        for condition in _conditions(column.table, column.name)
        for name, rule in parse_condition(condition)
        if _is_same(name, column.name) and _fits(rule, column.type)
    )


def check_constraints(table: sa.Table) -> list[sa.CheckConstraint]:
    """The CHECK constraints of a table, those that stand at its columns among them."""
    declared = [*table.constraints, *(each for column in table.columns for each in column.constraints)]
    return [each for each in declared if isinstance(each, sa.CheckConstraint)]


def condition_text(constraint: sa.CheckConstraint) -> str | None:
    """The condition as `CREATE TABLE` has it; None if it has no literal form."""
    try:
        compiled = constraint.sqltext.compile(
            dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True, "include_table": False}
        )
    except CompileError:
        return None
    return str(compiled)


def _conditions(table: sa.Table, name: str) -> list[str]:
    """Those that mention a column. What a type brings along, or what is made for some databases only, is left out."""
    general = [each for each in check_constraints(table) if not each._type_bound and each._ddl_if is None]
    texts = filter(None, map(condition_text, general))
    mention = re.compile(rf"\b{re.escape(name)}\b", re.IGNORECASE)
    return sorted(text for text in texts if mention.search(text))


def _is_same(name: str, column: str) -> bool:
    """A name in quotes is exact; others are not told apart by case."""
    return name[1:-1] == column if name.startswith('"') else name.casefold() == column.casefold()


def _fits(rule: Rule, sql_type: sa.types.TypeEngine[Any]) -> bool:
    """Whether Python compares the values of a column with the operand as every database does."""
    numeric = all(isinstance(each, Decimal) for each in rule.operands)
    if isinstance(sql_type, sa.Integer | sa.Numeric | sa.Float):
        return numeric and not rule.of_length and not _is_single(sql_type)
    if not isinstance(sql_type, sa.String) or isinstance(sql_type, sa.Enum | sa.CHAR | sa.NCHAR | postgresql.CITEXT):
        return False
    if rule.of_length:
        return numeric
    texts = all(isinstance(each, str) for each in rule.operands)
    return texts and sql_type.collation is None and rule.comparison in _OF_TEXTS


def _is_single(sql_type: sa.types.TypeEngine[Any]) -> bool:
    """Whether PostgreSQL keeps numbers of the type in 32 bits, and so compares others than it was given."""
    if not isinstance(sql_type, sa.Float):
        return False
    return isinstance(sql_type, sa.REAL) or (sql_type.precision is not None and sql_type.precision <= 24)
