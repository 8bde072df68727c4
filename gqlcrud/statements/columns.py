"""A column of the catalog in, SQL expressions out: as it is read, as it is bound, as it is sorted by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Dialect
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine

from gqlcrud.catalog import Column, Source
from gqlcrud.catalog.positions import labels_by_place, position_scalar, stored_type
from gqlcrud.plan import Opaque, Parameter
from gqlcrud.scalars import DATETIME, DATETIME_TZ, DECIMAL, TIME, TIME_TZ, JsonScalar, Scalar, wrapped_type
from gqlcrud.statements.binding import Nearest, bound, in_utc, nearest, unbounded
from gqlcrud.statements.dialect import Database
from gqlcrud.statements.json_texts import read_json
from gqlcrud.statements.unreadable import Unreadable, moment_of, moment_text, readable


class PlainDecimal(TypeDecorator[Decimal]):
    """A NUMERIC without a scale: the number with no more digits than it has, since SQLite does not know how many were
    written."""

    impl = sa.Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(sa.Float() if dialect.name == Database.SQLITE else sa.Numeric())

    def process_result_value(self, value: Decimal | float | str | None, dialect: Any) -> Decimal | None:
        if value is None:
            return None
        text = format(Decimal(repr(value) if isinstance(value, float) else value), "f")
        return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


class Unchecked(TypeDecorator[Any]):
    """A type in SQLite, where any kind of value may stand in any column: one that is none of the type makes its own field
    fail, and not the statement. Text that is no JSON is read as a text."""

    impl = NullType
    cache_ok = True

    def __init__(self, sql_type: TypeEngine[Any]) -> None:
        super().__init__()
        self.sql_type = sql_type

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        process: Callable[[Any], Any] | None = self.sql_type.dialect_impl(dialect).result_processor(dialect, coltype)
        if process is None:
            return None
        if type(self.sql_type) is sa.JSON and getattr(dialect, "_json_deserializer", None) is None:
            process = _json_of(process)

        def read(value: Any) -> Any:
            try:
                return process(value)
            except (ValueError, TypeError, ArithmeticError):
                return value if isinstance(self.sql_type, sa.JSON) else Unreadable(value)

        return read


def _json_of(process: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Texts are read faster; a number is one already, since SQLite stores it as such."""
    return lambda value: read_json(value) if isinstance(value, str) else process(value)


_UNTYPED: dict[str, TypeEngine[Any]] = {
    "Int": sa.BigInteger(),
    "BigInt": sa.BigInteger(),
    "String": sa.String(),
    "Decimal": sa.Numeric(),
    "Float": sa.Double(),
    "Boolean": sa.Boolean(),
    "Date": sa.Date(),
    "Time": sa.Time(),
    "DateTime": sa.DateTime(),
    "Duration": sa.Interval(),
    "UUID": sa.Uuid(),
}
"""For expressions whose type is not known, by the scalar that their annotation means."""

_FORMS: dict[str, TypeEngine[Any]] = {"integer": sa.BigInteger(), "double": sa.Double()}
"""Types by which operands are bound that their column's type is too narrow for."""

CONVERTED = (sa.Date, sa.Time, sa.DateTime, sa.Interval, sa.Numeric, sa.JSON, sa.LargeBinary)
"""Types whose values SQLite keeps in a form of its own."""


@dataclass(frozen=True, slots=True)
class SortKey:
    """What to order and compare by.

    value: what to fetch for a cursor; encode: a fetched value as the cursor holds it; decode: the inverse, for a value of
    `bind_type`; compared: what that is made into for `sort`.
    """

    sort: sa.ColumnElement[Any]
    value: sa.ColumnElement[Any]
    encode: Callable[[Any], JsonScalar]
    decode: Callable[[Any], Any]
    bind_type: TypeEngine[Any]
    compared: Callable[[sa.ColumnElement[Any]], sa.ColumnElement[Any]] = lambda value: value

    def bind(self, value: JsonScalar | Parameter) -> sa.ColumnElement[Any]:
        """A cursor's value, for `sort`; or the place of one that is given decoded when the statement runs."""
        return self.compared(bound(value if isinstance(value, Parameter) else self.decode(value), self.bind_type))


@dataclass(frozen=True, slots=True)
class Columns:
    """Expressions for the columns of one database."""

    database: Database

    def read(self, column: Column, source: Any) -> sa.ColumnElement[Any]:
        """The column of `source` (an alias of the class, or of the link table) as its values are to be read."""
        expression = self.raw(column, source)
        sql_type = column.sql_type
        if self.database is Database.SQLITE and in_utc(sql_type) is not sql_type:
            expression = sa.type_coerce(expression, in_utc(sql_type))
        elif isinstance(sql_type, sa.Numeric) and column.scalar is DECIMAL and sql_type.scale is None:
            expression = sa.type_coerce(expression, PlainDecimal())
        if self.database is Database.SQLITE and isinstance(sql_type, CONVERTED):
            return sa.type_coerce(expression, Unchecked(expression.type))
        return expression

    def raw(self, column: Column, source: Any) -> sa.ColumnElement[Any]:
        """The column itself."""
        return attribute(column, source)

    def bind_type(self, column: Column) -> TypeEngine[Any]:
        """The type to bind an operand with: without length or precision, to which the database would cut the operand."""
        if isinstance(column.sql_type, NullType):
            return _UNTYPED.get(column.scalar.name, column.sql_type)
        return unbounded(column.sql_type, self.database)

    def nearest(self, column: Column, value: Any) -> Nearest:
        """The nearest value to an operand that the database can compare with the column."""
        if isinstance(value, Parameter):
            return Nearest(value, _FORMS.get(value.form) or self.bind_type(column))
        return nearest(value.value if isinstance(value, Opaque) else value, self.bind_type(column), self.database)

    def stores_text_time(self, column: Column) -> bool:
        """Whether the column is a time that SQLite keeps as text, in SQLAlchemy's standard form or a shorter one."""
        if self.database is not Database.SQLITE or not isinstance(column.sql_type, sa.DateTime | sa.Time):
            return False
        form = getattr(stored_type(column, self.database), "_storage_format", None)
        return column.scalar in _STANDARD_FORMS and form == _STANDARD_FORMS[column.scalar]

    def sort_key(self, column: Column, source: Any) -> SortKey:
        """How to sort by a column, the same on every database.

        An Enum sorts as it is declared. Cursors hold the stored values, since reading may round or reformat them.
        """
        expression = self.raw(column, source)
        labels = labels_by_place(column, self.database)
        if labels:
            text = sa.type_coerce(expression, sa.String())
            return integer_key(sa.case(*[(text == label, sa.literal_column(str(i))) for i, label in enumerate(labels)]))
        sql_type = stored_type(column, self.database)
        if self.database is Database.POSTGRESQL:
            return _typed_key(column, sql_type, expression)
        binary = isinstance(sql_type, sa.LargeBinary)
        stored = sa.func.hex(expression) if binary else sa.type_coerce(expression, NullType())
        return SortKey(stored, stored, _position, _unchanged, NullType())


def attribute(column: Column, source: Any) -> sa.ColumnElement[Any]:
    """The column of an alias of its class, or of its link table; one of a DOMAIN as what it stands on."""
    expression: sa.ColumnElement[Any] = (
        source.c[column.key] if column.source is Source.LINK else getattr(source, column.key)
    )
    if isinstance(column.sql_type, TypeDecorator):
        return expression
    wrapped = wrapped_type(column.sql_type)
    return expression if wrapped is None else sa.type_coerce(expression, wrapped)


def integer_key(expression: sa.ColumnElement[Any]) -> SortKey:
    """A key of integers that are computed: a count, a place."""
    return SortKey(expression, expression, _unchanged, _unchanged, sa.BigInteger())


def _unchanged(value: Any) -> Any:
    return value


def _position(value: Any) -> JsonScalar:
    """A stored value of SQLite. Raises RequestError for bytes among texts or numbers, which no cursor can hold."""
    position: JsonScalar = readable(Unreadable(value) if isinstance(value, bytes) else value)
    return position


def _typed_key(column: Column, sql_type: TypeEngine[Any], expression: sa.ColumnElement[Any]) -> SortKey:
    """A key of PostgreSQL, whose values are read and bound by the stored type."""
    scalar = position_scalar(column)
    bind_type = _position_type(scalar, sql_type)
    if isinstance(sql_type, sa.Date | sa.Time | sa.DateTime):
        return _moment_key(bind_type, scalar, expression)
    if isinstance(sql_type, NullType) and scalar.name in ("Int", "BigInt", "Float"):
        # an expression of unknown type, of which the annotation says what its values are to be
        expression = sa.cast(expression, bind_type)
    value: sa.ColumnElement[Any] = sa.type_coerce(expression, bind_type)
    if scalar.name == "Duration":
        value = _in_days(value)
    return SortKey(expression, value, scalar.encode, scalar.decode, bind_type)


def _moment_key(sql_type: TypeEngine[Any], scalar: Scalar, expression: sa.ColumnElement[Any]) -> SortKey:
    """A key of dates or times, which go to cursors and back as texts: the driver makes one value of infinity and of the
    last day that Python has, and none of a day beyond."""

    def compared(text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        return moment_of(text, sql_type)

    return SortKey(expression, moment_text(expression, sql_type), _unchanged, scalar.decode, sa.String(), compared)


def _position_type(scalar: Scalar, sql_type: TypeEngine[Any]) -> TypeEngine[Any]:
    """The stored type without length or precision, to which the database would cut a value."""
    match sql_type:
        case NullType():
            return _UNTYPED.get(scalar.name, sql_type)
        case sa.Float():
            return sa.Double()
        case sa.Numeric():
            return sa.Numeric()
        case _:
            return unbounded(sql_type, Database.POSTGRESQL)


def _in_days(interval: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """An equal interval without months and years, which PostgreSQL compares as 30 days and 12 months. Python knows
    neither; the driver would give a year as 365 days."""
    number = sa.literal_column
    months = sa.extract("year", interval) * number("12") + sa.extract("month", interval)
    days = sa.func.make_interval(number("0"), number("0"), number("0"), sa.cast(months * number("30"), sa.Integer))
    rest = interval - sa.func.date_trunc(number("'month'"), interval)
    return sa.type_coerce(days.op("+")(rest), sa.Interval())


_DATE_FORM = "%(year)04d-%(month)02d-%(day)02d"
_TIME_FORM = "%(hour)02d:%(minute)02d:%(second)02d.%(microsecond)06d"
_STANDARD_FORMS = {
    DATETIME: f"{_DATE_FORM} {_TIME_FORM}",
    DATETIME_TZ: f"{_DATE_FORM} {_TIME_FORM}",
    TIME: _TIME_FORM,
    TIME_TZ: _TIME_FORM,
}
