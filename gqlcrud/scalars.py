"""What a column's values are in GraphQL: the scalar, its filter operators, its text form in cursors and ids."""

from __future__ import annotations

import base64
import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, NewType

import sqlalchemy as sa
import strawberry
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator, TypeEngine
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.base import StrawberryList, StrawberryOptional
from strawberry.types.scalar import ScalarDefinition, ScalarWrapper

from gqlcrud.values import (
    check_aware,
    check_decimal,
    check_float,
    check_naive,
    check_offset_time,
    check_text,
    check_time,
    decode_aware,
    decode_bool,
    decode_bytes,
    decode_decimal,
    decode_float,
    decode_int,
    decode_naive,
    decode_offset_time,
    decode_text,
    decode_time,
    decode_uuid,
    format_duration,
    parse_big_int,
    parse_duration,
)

JsonScalar = str | int | float | bool | None


class Operator(StrEnum):
    """Filter operators, by their GraphQL names."""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    IN = "in"
    NOT_IN = "notIn"
    IS_NULL = "isNull"
    CONTAINS = "contains"
    STARTS_WITH = "startsWith"
    ENDS_WITH = "endsWith"
    I_EQ = "iEq"
    I_CONTAINS = "iContains"
    I_STARTS_WITH = "iStartsWith"
    I_ENDS_WITH = "iEndsWith"
    LIKE = "like"
    I_LIKE = "iLike"
    REGEX = "regex"
    I_REGEX = "iRegex"
    SEARCH = "search"
    HAS_KEY = "hasKey"
    AT = "at"
    HAS = "has"
    HAS_ANY = "hasAny"
    HAS_ALL = "hasAll"
    IS_EMPTY = "isEmpty"


EQUALITY = (Operator.EQ, Operator.NE, Operator.IN, Operator.NOT_IN, Operator.IS_NULL)
COMPARISON = (
    Operator.EQ,
    Operator.NE,
    Operator.GT,
    Operator.GTE,
    Operator.LT,
    Operator.LTE,
    Operator.IN,
    Operator.NOT_IN,
    Operator.IS_NULL,
)
TEXT = (
    *COMPARISON,
    Operator.CONTAINS,
    Operator.STARTS_WITH,
    Operator.ENDS_WITH,
    Operator.I_EQ,
    Operator.I_CONTAINS,
    Operator.I_STARTS_WITH,
    Operator.I_ENDS_WITH,
)
OPT_IN = {
    "like": (Operator.LIKE, Operator.I_LIKE),
    "regex": (Operator.REGEX, Operator.I_REGEX),
    "search": (Operator.SEARCH,),
}


def _unchanged(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Scalar:
    """How the values of one kind of column appear in GraphQL.

    name: the GraphQL scalar or enum; its filter input is `<name>Filter`.
    annotation: what Strawberry is told: a Python type it knows, or a scalar or enum definition of its own.
    operators: of the filter input; none makes the column impossible to filter by.
    sortable: whether databases can order by it.
    check: operand -> the value to bind; raises ValueError with a sentence for the client.
    encode, decode: value <-> JSON scalar, exact; for cursors and ids. `decode` raises ValueError or TypeError.
    item: the scalar of the items, for arrays.
    """

    name: str
    annotation: Any
    operators: tuple[Operator, ...] = COMPARISON
    sortable: bool = True
    check: Callable[[Any], Any] = _unchanged
    encode: Callable[[Any], JsonScalar] = _unchanged
    decode: Callable[[Any], Any] = _unchanged
    item: Scalar | None = None
    description: str | None = None


def custom_scalar(
    name: str,
    *,
    serialize: Callable[[Any], Any],
    parse: Callable[[Any], Any],
    description: str | None = None,
    operators: tuple[Operator, ...] = EQUALITY,
    sortable: bool = True,
) -> Scalar:
    """A scalar of the user's own, for `Api(scalars={MyType: ...})` or `ModelOptions(scalars={...})`.

    `serialize` gives the JSON value of a column's value, `parse` its inverse; `parse` raises ValueError for what
    it cannot take. Both are also used in cursors and ids, so `parse(serialize(x)) == x` must hold.
    """
    definition = ScalarDefinition(
        name=name,
        description=description,
        specified_by_url=None,
        serialize=serialize,
        parse_value=parse,
        parse_literal=None,
    )
    wrapper = ScalarWrapper(NewType(name, object))
    wrapper._scalar_definition = definition
    return Scalar(
        name=name,
        annotation=wrapper,
        operators=operators,
        sortable=sortable,
        encode=serialize,
        decode=parse,
        description=description,
    )


_BIG_INT = custom_scalar(
    "BigInt",
    serialize=str,
    parse=parse_big_int,
    description="A 64-bit integer, as a string, since JavaScript's numbers are exact to 53 bits only. A number is accepted too.",
)
_DURATION_SCALAR = custom_scalar(
    "Duration",
    serialize=format_duration,
    parse=parse_duration,
    description="A length of time as an ISO 8601 duration in days and smaller units, such as `P1DT2H30M`.",
)

ID = Scalar("ID", strawberry.ID, operators=EQUALITY, sortable=False)
INT = Scalar("Int", int, decode=decode_int)
BIG_INT = Scalar(
    "BigInt", _BIG_INT.annotation, check=decode_int, encode=str, decode=decode_int, description=_BIG_INT.description
)
FLOAT = Scalar("Float", float, check=check_float, decode=decode_float)
BOOLEAN = Scalar("Boolean", bool, operators=(Operator.EQ, Operator.NE, Operator.IS_NULL), decode=decode_bool)
STRING = Scalar("String", str, operators=TEXT, check=check_text, decode=decode_text)
DECIMAL = Scalar("Decimal", Decimal, check=check_decimal, encode=str, decode=decode_decimal)
DATE = Scalar("Date", dt.date, encode=dt.date.isoformat, decode=dt.date.fromisoformat)
TIME = Scalar("Time", dt.time, check=check_time, encode=dt.time.isoformat, decode=decode_time)
TIME_TZ = Scalar("Time", dt.time, check=check_offset_time, encode=dt.time.isoformat, decode=decode_offset_time)
DATETIME = Scalar("DateTime", dt.datetime, check=check_naive, encode=dt.datetime.isoformat, decode=decode_naive)
DATETIME_TZ = Scalar("DateTime", dt.datetime, check=check_aware, encode=dt.datetime.isoformat, decode=decode_aware)
DURATION = Scalar("Duration", _DURATION_SCALAR.annotation, encode=format_duration, decode=parse_duration)
UUID = Scalar("UUID", uuid.UUID, operators=COMPARISON, encode=str, decode=decode_uuid)
UUID_TEXT = Scalar("UUID", uuid.UUID, check=str, encode=str, decode=lambda value: str(decode_uuid(value)))
BYTES = Scalar(
    "Base64",
    strawberry.scalars.Base64,
    operators=EQUALITY,
    sortable=False,
    encode=lambda value: base64.b64encode(value).decode(),
    decode=decode_bytes,
)
JSON = Scalar(
    "JSON",
    strawberry.scalars.JSON,
    operators=(Operator.EQ, Operator.IS_NULL, Operator.HAS_KEY, Operator.AT),
    sortable=False,
)
ARRAY_OPERATORS = (
    Operator.EQ,
    Operator.NE,
    Operator.IS_NULL,
    Operator.HAS,
    Operator.HAS_ANY,
    Operator.HAS_ALL,
    Operator.IS_EMPTY,
)


def array_scalar(item: Scalar) -> Scalar:
    """The scalar of a list of `item` values, in which NULLs may stand."""

    def check(values: list[Any]) -> tuple[Any, ...]:
        return tuple(None if value is None else item.check(value) for value in values)

    annotation = StrawberryList(StrawberryOptional(StrawberryAnnotation(item.annotation).resolve()))
    name = f"{item.name}List"
    return Scalar(name, annotation, ARRAY_OPERATORS, sortable=False, check=check, item=item)


def _number_scalar(sql_type: TypeEngine[Any]) -> Scalar:
    return DECIMAL if getattr(sql_type, "asdecimal", False) else FLOAT


def _time_scalar(sql_type: TypeEngine[Any]) -> Scalar:
    return TIME_TZ if getattr(sql_type, "timezone", False) else TIME


def _datetime_scalar(sql_type: TypeEngine[Any]) -> Scalar:
    return DATETIME_TZ if getattr(sql_type, "timezone", False) else DATETIME


_BY_TYPE: tuple[tuple[type[TypeEngine[Any]], Scalar | Callable[[TypeEngine[Any]], Scalar]], ...] = (
    (sa.Boolean, BOOLEAN),
    (sa.BigInteger, BIG_INT),
    (sa.Integer, INT),
    (sa.Float, _number_scalar),
    (sa.Numeric, _number_scalar),
    (sa.Date, DATE),
    (sa.Time, _time_scalar),
    (sa.DateTime, _datetime_scalar),
    (sa.Interval, DURATION),
    (postgresql.INTERVAL, DURATION),
    (sa.Uuid, lambda sql_type: UUID if getattr(sql_type, "as_uuid", True) else UUID_TEXT),
    (sa.JSON, JSON),
    (sa.LargeBinary, BYTES),
    (sa.String, STRING),
)


def scalar_for(sql_type: TypeEngine[Any], scalars: Mapping[Any, Scalar]) -> Scalar | None:
    """The scalar of a SQL type, or None if there is none. Enums are the catalog's: their names need an owner.

    `scalars` comes first (its keys are type classes or instances), then the table above by class, then what a
    `TypeDecorator`, a `DOMAIN` or an `ARRAY` wraps.
    """
    if sql_type in scalars:
        return scalars[sql_type]
    for cls in type(sql_type).__mro__:
        if cls in scalars:
            return scalars[cls]
    for cls, scalar in _BY_TYPE:
        if isinstance(sql_type, cls):
            return scalar if isinstance(scalar, Scalar) else scalar(sql_type)
    if isinstance(sql_type, sa.ARRAY):
        item = scalar_for(sql_type.item_type, scalars)
        return (
            array_scalar(item) if item is not None and item.item is None and sql_type.dimensions in (None, 1) else None
        )
    wrapped = wrapped_type(sql_type)
    return None if wrapped is None else scalar_for(wrapped, scalars)


def has_scalar(sql_type: TypeEngine[Any]) -> bool:
    """Whether the table above knows the type itself, not by what it wraps."""
    return any(isinstance(sql_type, cls) for cls, _ in _BY_TYPE)


def wrapped_type(sql_type: TypeEngine[Any]) -> TypeEngine[Any] | None:
    """The type that a `TypeDecorator` or a PostgreSQL `DOMAIN` stands on, or None."""
    if isinstance(sql_type, TypeDecorator):
        if isinstance(sql_type, sa.PickleType):
            return None
        return sql_type.impl_instance
    data_type = getattr(sql_type, "data_type", None)
    return data_type if isinstance(data_type, TypeEngine) else None
