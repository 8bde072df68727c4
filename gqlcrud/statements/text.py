"""Text operators in, SQL out: case counts and `%`, `_`, `\\` mean themselves, on both databases."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa

from gqlcrud.scalars import Operator
from gqlcrud.statements.dialect import Database, lower

TEXT_OPERATORS = {
    Operator.CONTAINS,
    Operator.STARTS_WITH,
    Operator.ENDS_WITH,
    Operator.I_EQ,
    Operator.I_CONTAINS,
    Operator.I_STARTS_WITH,
    Operator.I_ENDS_WITH,
    Operator.LIKE,
    Operator.I_LIKE,
    Operator.REGEX,
    Operator.I_REGEX,
    Operator.SEARCH,
}

_CASED = {
    Operator.I_CONTAINS: Operator.CONTAINS,
    Operator.I_STARTS_WITH: Operator.STARTS_WITH,
    Operator.I_ENDS_WITH: Operator.ENDS_WITH,
}


def text_predicate(expression: Any, operator: Operator, operand: str, database: Database) -> sa.ColumnElement[bool]:
    """One text operator. NULL texts match nothing."""
    text = sa.type_coerce(expression, sa.String())
    build = _sqlite if database is Database.SQLITE else _postgresql
    result: sa.ColumnElement[bool] = build(text, operator, operand)
    return result


def _postgresql(text: Any, operator: Operator, operand: str) -> Any:
    match operator:
        case Operator.I_EQ:
            return sa.func.lower(text) == sa.func.lower(sa.literal(operand, sa.String()))
        case Operator.CONTAINS:
            return text.contains(operand, autoescape=True)
        case Operator.STARTS_WITH:
            return text.startswith(operand, autoescape=True)
        case Operator.ENDS_WITH:
            return text.endswith(operand, autoescape=True)
        case Operator.LIKE:
            return text.like(operand)
        case Operator.I_LIKE:
            return text.ilike(operand)
        case Operator.REGEX:
            return text.regexp_match(operand)
        case Operator.I_REGEX:
            return text.regexp_match(operand, flags="i")
        case Operator.SEARCH:
            words = sa.func.plainto_tsquery(sa.literal_column("'simple'"), operand)
            return sa.func.to_tsvector(sa.literal_column("'simple'"), text).bool_op("@@")(words)
        case _:
            return _icase_postgresql(text, _CASED[operator], operand)


def _icase_postgresql(text: Any, operator: Operator, operand: str) -> Any:
    """Both sides lowered by the database, so that they are lowered alike."""
    escaped = re.sub(r"([\\%_])", r"\\\1", operand)
    pattern = {
        Operator.CONTAINS: f"%{escaped}%",
        Operator.STARTS_WITH: f"{escaped}%",
        Operator.ENDS_WITH: f"%{escaped}",
    }[operator]
    return sa.func.lower(text).like(sa.func.lower(sa.literal(pattern, sa.String())))


def _sqlite(text: Any, operator: Operator, operand: str) -> Any:
    """Not LIKE, which folds ASCII case in SQLite, and cannot be told not to for one statement."""
    match operator:
        case Operator.I_EQ:
            return sa.func.gqlcrud_lower(text) == lower(operand)
        case Operator.CONTAINS:
            return sa.func.instr(text, operand) > 0
        case Operator.STARTS_WITH:
            return sa.func.substr(text, 1, len(operand)) == operand
        case Operator.ENDS_WITH:
            return sa.func.substr(text, -len(operand)) == operand if operand else text.is_not(None)
        case Operator.LIKE:
            return text.op("GLOB", is_comparison=True)(_glob(operand))
        case Operator.I_LIKE:
            return sa.func.gqlcrud_lower(text).op("GLOB", is_comparison=True)(_glob(operand.lower()))
        case Operator.REGEX:
            return text.regexp_match(operand)
        case Operator.I_REGEX:
            return text.regexp_match(f"(?i){operand}")
        case Operator.SEARCH:
            return sa.func.gqlcrud_search(text, operand) == 1
        case _:
            return _sqlite(sa.func.gqlcrud_lower(text), _CASED[operator], operand.lower())


def _glob(pattern: str) -> str:
    """A LIKE pattern as a GLOB pattern: `%` -> `*`, `_` -> `?`, a backslash takes the next character as it is."""
    parts = re.findall(r"\\(.)|([%_])|(.)", pattern, re.DOTALL)
    wild = {"%": "*", "_": "?"}
    return "".join(
        wild[mark] if mark else f"[{plain or escaped}]" if (plain or escaped) in "*?[" else plain or escaped
        for escaped, mark, plain in parts
    )
