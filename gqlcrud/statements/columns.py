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
from gqlcrud.keys import decode_value
from gqlcrud.scalars import BYTES, DATETIME, DATETIME_TZ, DECIMAL, TIME, JsonScalar, scalar_for, wrapped_type
from gqlcrud.statements.binding import Nearest, UtcDateTime, nearest, unbounded
from gqlcrud.statements.dialect import Database


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


_BIND_TYPES: dict[str, TypeEngine[Any]] = {
    "Int": sa.BigInteger(),
    "BigInt": sa.BigInteger(),
    "String": sa.String(),
    "Decimal": sa.Numeric(),
    "Float": sa.Double(),
    "Boolean": sa.Boolean(),
    "Date": sa.Date(),
}
_UNTYPED = {
    **_BIND_TYPES,
    "Time": sa.Time(),
    "DateTime": sa.DateTime(),
    "Duration": sa.Interval(),
    "UUID": sa.Uuid(),
}
"""For expressions whose type is not known, by the scalar that their annotation means."""


@dataclass(frozen=True, slots=True)
class SortKey:
    """What to order and compare by.

    value: what to fetch for a cursor; encode: a fetched value as the cursor holds it; bind: a cursor's value, for `sort`.
    """

    sort: sa.ColumnElement[Any]
    value: sa.ColumnElement[Any]
    encode: Callable[[Any], JsonScalar]
    bind: Callable[[JsonScalar], sa.ColumnElement[Any]]


@dataclass(frozen=True, slots=True)
class Columns:
    """Expressions for the columns of one database."""

    database: Database

    def read(self, column: Column, source: Any) -> sa.ColumnElement[Any]:
        """The column of `source` (an alias of the class, or of the link table) as its values are to be read."""
        expression = self.raw(column, source)
        sql_type = column.sql_type
        if self.database is Database.SQLITE and isinstance(sql_type, sa.DateTime) and sql_type.timezone:
            return sa.type_coerce(expression, UtcDateTime())
        if isinstance(sql_type, sa.Numeric) and column.scalar is DECIMAL and sql_type.scale is None:
            return sa.type_coerce(expression, PlainDecimal())
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
        return nearest(value, self.bind_type(column), self.database)

    def stores_text_time(self, column: Column) -> bool:
        """Whether the column is a time that SQLite keeps as text, in SQLAlchemy's standard form or a shorter one."""
        plain = isinstance(column.sql_type, sa.DateTime | sa.Time)
        custom = getattr(column.sql_type, "_storage_format", None) not in (
            None,
            _STANDARD_FORMATS.get(type(column.sql_type).__name__),
        )
        return (
            self.database is Database.SQLITE and column.scalar in (DATETIME, DATETIME_TZ, TIME) and plain and not custom
        )

    def sort_key(self, column: Column, source: Any) -> SortKey:
        """How to sort by a column, the same on every database.

        An Enum sorts as it is declared. SQLite's keys are the stored values, since reading may round or reformat them.
        """
        expression = self.raw(column, source)
        enum = _enum_type(column.sql_type)
        native = enum is not None and self.database is Database.POSTGRESQL and enum.native_enum
        if enum is not None and not native:
            return self._enum_key(column, enum, expression)
        if self.database is Database.SQLITE:
            stored = sa.func.hex(expression) if column.scalar is BYTES else sa.type_coerce(expression, NullType())
            return stored_key(stored)
        wrapped = wrapped_type(column.sql_type)
        bare = wrapped is not None and scalar_for(wrapped, {}) == column.scalar
        bind_type = (
            _BIND_TYPES.get(column.scalar.name, wrapped) if bare and wrapped is not None else self.bind_type(column)
        )
        scalar = column.scalar
        return SortKey(
            expression,
            sa.type_coerce(expression, wrapped) if bare and wrapped is not None else expression,
            scalar.encode,
            lambda value: sa.literal(decode_value(scalar, value), bind_type),
        )

    def _enum_key(self, column: Column, enum: sa.Enum, expression: sa.ColumnElement[Any]) -> SortKey:
        """The place of the label in the declaration, as PostgreSQL's own enums sort."""
        label = sa.type_coerce(expression, sa.String())
        place = sa.case(*[(label == each, sa.literal_column(str(i))) for i, each in enumerate(enum.enums)])
        if self.database is Database.SQLITE:
            return stored_key(sa.type_coerce(place, sa.Integer()))
        values = list(enum.enum_class) if enum.enum_class is not None else enum.enums
        scalar = column.scalar
        return SortKey(
            place, expression, scalar.encode, lambda value: sa.literal(values.index(decode_value(scalar, value)))
        )


def attribute(column: Column, source: Any) -> sa.ColumnElement[Any]:
    """The column of an alias of its class, or of its link table; one of a DOMAIN as what it stands on."""
    expression: sa.ColumnElement[Any] = (
        source.c[column.key] if column.source is Source.LINK else getattr(source, column.key)
    )
    if isinstance(column.sql_type, TypeDecorator):
        return expression
    wrapped = wrapped_type(column.sql_type)
    return expression if wrapped is None else sa.type_coerce(expression, wrapped)


def stored_key(expression: sa.ColumnElement[Any]) -> SortKey:
    """A key whose values go into the cursor and come back as they are."""
    return SortKey(expression, expression, _unchanged, lambda value: sa.literal(value, expression.type))


def _unchanged(value: Any) -> Any:
    return value


_STANDARD_FORMATS = {
    "DATETIME": "%(year)04d-%(month)02d-%(day)02d %(hour)02d:%(minute)02d:%(second)02d.%(microsecond)06d",
    "TIME": "%(hour)02d:%(minute)02d:%(second)02d.%(microsecond)06d",
}


def _enum_type(sql_type: TypeEngine[Any]) -> sa.Enum | None:
    if isinstance(sql_type, sa.Enum):
        return sql_type
    wrapped = wrapped_type(sql_type)
    return _enum_type(wrapped) if wrapped is not None else None
