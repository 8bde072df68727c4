"""Text operators in, SQL out: case counts and `%`, `_`, `\\` mean themselves, on both databases."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from gqlcrud.plan import Parameter
from gqlcrud.scalars import Operator
from gqlcrud.statements.dialect import Database
from gqlcrud.statements.folding import any_case, fold

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


def text_predicate(
    expression: Any, operator: Operator, operand: str | Parameter, database: Database
) -> sa.ColumnElement[bool]:
    """One text operator. NULL texts match nothing."""
    text = sa.type_coerce(expression, sa.String())
    if isinstance(operand, Parameter):
        return _given(text, operator, operand, database)
    build = _sqlite if database is Database.SQLITE else _postgresql
    result: sa.ColumnElement[bool] = build(text, operator, operand)
    return result


def given_text(operator: Operator, operand: str, database: Database) -> str | None:
    """What is bound for an operand in place of a parameter; None where the statement depends on the operand."""
    if database is Database.SQLITE:
        if operator is Operator.CONTAINS:
            return operand
        return fold(operand) if operator in (Operator.I_EQ, Operator.I_CONTAINS) else None
    if operator in _CASED_OPERATORS:
        return re.sub(r"([/%_])", r"/\1", operand)
    if not operand.isascii():
        return None
    if operator is Operator.I_EQ:
        return operand
    return _pattern(operator, operand) if operator in _CASED else None


def _given(text: Any, operator: Operator, operand: Parameter, database: Database) -> sa.ColumnElement[bool]:
    """The predicate for what `given_text` gives."""
    value = sa.bindparam(operand.name, type_=sa.String())
    found: Any
    if database is Database.SQLITE:
        folded = text if operator is Operator.CONTAINS else sa.func.gqlcrud_fold(text)
        found = folded == value if operator is Operator.I_EQ else sa.func.instr(folded, value) > 0
    elif operator is Operator.I_EQ:
        found = sa.func.lower(text) == sa.func.lower(value)
    elif operator in _CASED:
        found = sa.func.lower(text).like(sa.func.lower(value))
    else:
        found = _CASED_OPERATORS[operator](text, value)
    predicate: sa.ColumnElement[bool] = found
    return predicate


_CASED_OPERATORS: dict[Operator, Callable[[Any, Any], Any]] = {
    Operator.CONTAINS: lambda text, value: text.contains(value, escape="/"),
    Operator.STARTS_WITH: lambda text, value: text.startswith(value, escape="/"),
    Operator.ENDS_WITH: lambda text, value: text.endswith(value, escape="/"),
}


def _pattern(operator: Operator, operand: str) -> str:
    """The LIKE pattern of an operator that ignores case."""
    escaped = re.sub(r"([\\%_])", r"\\\1", operand)
    return {
        Operator.I_CONTAINS: f"%{escaped}%",
        Operator.I_STARTS_WITH: f"{escaped}%",
        Operator.I_ENDS_WITH: f"%{escaped}",
    }[operator]


def _postgresql(text: Any, operator: Operator, operand: str) -> Any:
    match operator:
        case Operator.CONTAINS:
            return text.contains(operand, autoescape=True)
        case Operator.STARTS_WITH:
            return text.startswith(operand, autoescape=True)
        case Operator.ENDS_WITH:
            return text.endswith(operand, autoescape=True)
        case Operator.LIKE:
            return text.like(operand)
        case Operator.REGEX:
            return text.regexp_match(operand)
        case Operator.I_REGEX:
            return text.regexp_match(operand, flags="i")
        case Operator.SEARCH:
            words = sa.func.plainto_tsquery(sa.literal_column("'simple'"), operand)
            return sa.func.to_tsvector(sa.literal_column("'simple'"), text).bool_op("@@")(words)
        case _:
            return _any_case_postgresql(text, operator, operand)


def _any_case_postgresql(text: Any, operator: Operator, operand: str) -> Any:
    """ASCII is lowered by the database, both sides alike, and an index on `lower(...)` serves. Other letters are left as
    they are in some locales."""
    if not operand.isascii():
        return text.regexp_match(_regex(operator, operand))
    if operator is Operator.I_EQ:
        return sa.func.lower(text) == sa.func.lower(sa.literal(operand, sa.String()))
    if operator is Operator.I_LIKE:
        return text.ilike(operand)
    pattern = sa.literal(_pattern(operator, operand), sa.String())
    return sa.func.lower(text).like(sa.func.lower(pattern))


def _regex(operator: Operator, operand: str) -> str:
    """The regular expression of PostgreSQL that means the same. `.` is any character and `$` the very end there."""
    if operator is Operator.I_LIKE:
        return f"^{_translated(operand, {'%': '.*', '_': '.'}, any_case)}$"
    return {
        Operator.I_EQ: "^{}$",
        Operator.I_CONTAINS: "{}",
        Operator.I_STARTS_WITH: "^{}",
        Operator.I_ENDS_WITH: "{}$",
    }[operator].format(any_case(operand))


def _sqlite(text: Any, operator: Operator, operand: str) -> Any:
    """Not LIKE, which folds ASCII case in SQLite, and cannot be told not to for one statement."""
    match operator:
        case Operator.I_EQ:
            return sa.func.gqlcrud_fold(text) == fold(operand)
        case Operator.CONTAINS:
            return sa.func.instr(text, operand) > 0
        case Operator.STARTS_WITH:
            return sa.func.substr(text, 1, len(operand)) == operand
        case Operator.ENDS_WITH:
            return sa.func.substr(text, -len(operand)) == operand if operand else text.is_not(None)
        case Operator.LIKE:
            return text.op("GLOB", is_comparison=True)(_glob(operand))
        case Operator.I_LIKE:
            return sa.func.gqlcrud_fold(text).op("GLOB", is_comparison=True)(_glob(fold(operand)))
        case Operator.REGEX | Operator.I_REGEX:
            return sa.func.gqlcrud_regex(text, operand, operator is Operator.I_REGEX) == 1
        case Operator.SEARCH:
            return sa.func.gqlcrud_search(text, operand) == 1
        case _:
            return _sqlite(sa.func.gqlcrud_fold(text), _CASED[operator], fold(operand))


def _glob(pattern: str) -> str:
    """A LIKE pattern as a GLOB pattern."""
    return _translated(pattern, {"%": "*", "_": "?"}, lambda char: f"[{char}]" if char in "*?[" else char)


def _translated(pattern: str, wild: dict[str, str], plain: Callable[[str], str]) -> str:
    """A LIKE pattern in another language: `%` and `_` by `wild`, other characters by `plain`. A backslash takes the
    next character as it is."""
    parts = re.findall(r"\\(.)|([%_])|(.)", pattern, re.DOTALL)
    return "".join(wild[mark] if mark else plain(char or escaped) for escaped, mark, char in parts)
