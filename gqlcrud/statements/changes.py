"""Changes of one column in, the SQL expression of its next value out; one meaning on both databases.

What cannot be computed (a number that the column cannot hold, a JSON value of the wrong kind) fails the statement: on
PostgreSQL with an error of class 22, on SQLite with "user-defined function raised exception".
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, array
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeEngine

from gqlcrud.catalog import Column
from gqlcrud.catalog.positions import stored_type
from gqlcrud.statements.columns import Columns
from gqlcrud.statements.dialect import Database
from gqlcrud.write_plan import Change, ChangeOperator

_SYMBOLS = {
    ChangeOperator.INCREMENT: "+",
    ChangeOperator.DECREMENT: "-",
    ChangeOperator.MULTIPLY: "*",
    ChangeOperator.DIVIDE: "/",
}


def changed(
    changes: Sequence[Change], current: sa.ColumnElement[Any] | InstrumentedAttribute[Any], columns: Columns
) -> sa.ColumnElement[Any]:
    """What `changes`, all of one column and at least one, make of the value `current` of that column, one after another.

    A NULL number stays NULL. Of a NULL array or JSON value, and of JSON null, `delete` and `remove` take nothing; the
    other operators begin with an empty array or object.
    """
    column = changes[0].column
    sqlite = columns.database is Database.SQLITE
    if column.scalar.item is not None:
        return _sqlite_list(changes, current) if sqlite else _array(changes, current, columns)
    if column.scalar.name == "JSON":
        return _sqlite_json(changes, current) if sqlite else _json(changes, current)
    result: Any = current
    for change in changes:
        result = _sqlite_number(change, result) if sqlite else _number(change, result)
    return sa.type_coerce(result, column.sql_type)


# ---------- numbers ----------


def _number(change: Change, current: Any) -> sa.ColumnElement[Any]:
    """Each result is cast to the column's type, which rounds it to the column's scale, or fails."""
    sql_type = _number_type(change.column)
    operand: Any = change.operand
    bind_type: TypeEngine[Any] = sa.BigInteger()
    match sql_type:
        case sa.Float():
            operand, bind_type = float(operand), sa.Double()
        case sa.Numeric():
            operand, bind_type = _decimal(operand), sa.Numeric()
            if change.operator is ChangeOperator.DIVIDE and _bounds(sql_type)[0] is not None:
                operand = _with_zeros(operand, _bounds(sql_type)[1])
    result = current.op(_SYMBOLS[change.operator])(sa.literal(operand, bind_type))
    return sa.cast(result, sql_type)


def _with_zeros(divisor: Decimal, scale: int) -> Decimal:
    """The same number with so many decimals that the quotient, which PostgreSQL rounds to as many, is on the same side of
    every half of the column's last decimal as the exact one: rounded again, it is what the exact one is rounded to."""
    sign, digits, exponent = divisor.as_tuple()
    assert isinstance(exponent, int), "planning takes finite numbers only"
    further = max(scale + len(digits) + 2 + exponent, 0)
    return Decimal((sign, digits + (0,) * further, exponent - further))


def _sqlite_number(change: Change, current: Any) -> sa.ColumnElement[Any]:
    sql_type, operator = _number_type(change.column), change.operator.value
    result: sa.ColumnElement[Any]
    match sql_type:
        case sa.Float():
            result = sa.func.gqlcrud_float_changed(current, operator, sa.literal(float(change.operand), sa.Double()))
        case sa.Numeric():
            precision, scale = _bounds(sql_type)
            operand = str(_decimal(change.operand))
            bound = sa.null() if precision is None else sa.literal(precision)
            result = sa.func.gqlcrud_decimal_changed(current, operator, operand, bound, scale)
        case _:
            integer = sa.literal(change.operand, sa.BigInteger())
            result = sa.func.gqlcrud_integer_changed(current, operator, integer, _bits(sql_type))
    return result


def _number_type(column: Column) -> TypeEngine[Any]:
    """What the column is on PostgreSQL, whose meaning its numbers have on SQLite too."""
    return stored_type(column, Database.POSTGRESQL)


def _bounds(sql_type: sa.Numeric[Any]) -> tuple[int | None, int]:
    """Precision and scale; a NUMERIC without a precision has no scale, whatever SQLAlchemy is told."""
    return (None, 0) if sql_type.precision is None else (sql_type.precision, sql_type.scale or 0)


def _bits(sql_type: TypeEngine[Any]) -> int:
    return 64 if isinstance(sql_type, sa.BigInteger) else 16 if isinstance(sql_type, sa.SmallInteger) else 32


def _decimal(operand: Any) -> Decimal:
    return Decimal(repr(operand)) if isinstance(operand, float) else Decimal(operand)


# ---------- JSON ----------


def _sqlite_json(changes: Sequence[Change], current: Any) -> sa.ColumnElement[Any]:
    terms = json.dumps([[each.operator.value, each.steps, each.operand] for each in changes])
    document = sa.type_coerce(current, sa.String())
    return sa.type_coerce(sa.func.gqlcrud_json_changed(document, terms), changes[0].column.sql_type)


def _json(changes: Sequence[Change], current: Any) -> sa.ColumnElement[Any]:
    """A change refers to what it changes several times: of several, each one's result but the last's gets a name."""
    document: Any = sa.cast(current, JSONB)
    tables: sa.FromClause | None = None
    for number, change in enumerate(changes):
        if number:
            # one row: a function may refer to what stands before it in FROM
            table = sa.func.unnest(array([document]), type_=JSONB).alias(f"changed_{number}")
            tables = table if tables is None else sa.join(tables, table, sa.true())
            document = table.column
        document = _json_changed(change, document)
    result = document if tables is None else sa.select(document).select_from(tables).scalar_subquery()
    column = changes[0].column
    return sa.type_coerce(sa.cast(result, stored_type(column, Database.POSTGRESQL)), column.sql_type)


def _json_changed(change: Change, document: Any) -> Any:
    steps = change.steps
    match change.operator:
        case ChangeOperator.MERGE:
            return _concatenated(_filled(document, "object"), _jsonb(change.operand))
        case ChangeOperator.SET:
            return _replaced(document, steps, _jsonb(change.operand))
        case ChangeOperator.APPEND:
            items = _filled(_element(document, steps), "array")
            return _replaced(document, steps, _concatenated(items, _jsonb([change.operand])))
        case ChangeOperator.PREPEND:
            items = _filled(_element(document, steps), "array")
            return _replaced(document, steps, _concatenated(_jsonb([change.operand]), items))
        case ChangeOperator.DELETE:
            # where nothing stands, `#-` may fail: for a key of an array, and in a scalar
            rest = document.op("#-", return_type=JSONB())(_path(steps))
            return sa.case((_element(document, steps).is_not(None), rest), else_=document)
        case _:
            raise AssertionError(f"{change.operator} is no operator of JSON")


def _replaced(document: Any, steps: tuple[str, ...], value: Any) -> Any:
    """The document with `value` at a path. `jsonb_set` leaves out what has no parent: each parent is set in its own, an
    empty object where there is none."""
    for depth in reversed(range(len(steps))):
        parent = _element(document, steps[:depth])
        parent = sa.func.coalesce(sa.func.nullif(parent, _jsonb(None)), _jsonb({}))
        value = sa.func.jsonb_set(parent, _path(steps[depth : depth + 1]), value, type_=JSONB())
    return value


def _element(document: Any, steps: tuple[str, ...]) -> Any:
    return document.op("#>", return_type=JSONB())(_path(steps)) if steps else document


def _filled(value: Any, kind: Literal["object", "array"]) -> Any:
    """The value if it is of `kind`, empty for null; anything else fails."""
    found = sa.func.jsonb_typeof(value)
    null = sa.func.coalesce(found, "null") == "null"
    # the name of any other kind is no JSON: to read it as JSON fails, for such a value and no other
    refusal = sa.cast(found, JSONB)
    return sa.case((found == kind, value), (null, _jsonb({} if kind == "object" else [])), else_=refusal)


def _concatenated(left: Any, right: Any) -> Any:
    return left.op("||", return_type=JSONB())(right)


def _jsonb(value: Any) -> Any:
    return sa.cast(sa.literal(json.dumps(value), sa.String()), JSONB)


def _path(steps: Sequence[str]) -> Any:
    return sa.literal(list(steps), sa.ARRAY(sa.Text()))


# ---------- arrays ----------


def _sqlite_list(changes: Sequence[Change], current: Any) -> sa.ColumnElement[Any]:
    # what JSON has no form for is a text, as the usual serializers write it, and as filters take it
    terms = json.dumps([[each.operator.value, each.operand] for each in changes], default=str)
    document = sa.type_coerce(current, sa.String())
    return sa.type_coerce(sa.func.gqlcrud_list_changed(document, terms), changes[0].column.sql_type)


def _array(changes: Sequence[Change], current: Any, columns: Columns) -> sa.ColumnElement[Any]:
    column = changes[0].column
    array_type: Any = columns.bind_type(column)
    for change in changes:
        match change.operator:
            case ChangeOperator.APPEND:
                current = sa.func.array_cat(current, sa.literal(list(change.operand), array_type))
            case ChangeOperator.PREPEND:
                current = sa.func.array_cat(sa.literal(list(change.operand), array_type), current)
            case ChangeOperator.REMOVE:
                current = sa.func.array_remove(current, sa.literal(change.operand, array_type.item_type))
            case _:
                raise AssertionError(f"{change.operator} is no operator of arrays")
    return sa.type_coerce(current, column.sql_type)
