"""What a column's values are in GraphQL: the scalar, its filter operators, its text form in cursors and ids."""

from __future__ import annotations

import base64
import datetime as dt
import math
import re
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


def _decode_int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("not an integer")
    if isinstance(value, str) and len(value) > 20:
        raise ValueError("not a 64-bit integer")
    number = int(value)
    if not -(2**63) <= number < 2**63:
        raise ValueError("not a 64-bit integer")
    return number


def _parse_big_int(value: Any) -> int:
    try:
        return _decode_int(value)
    except ValueError:
        raise ValueError(
            f"BigInt cannot represent {str(value)[:40]!r}: give a 64-bit integer, as a number or a string."
        ) from None


def check_text(value: str) -> str:
    """Refuses what no database text can hold: NUL characters and lone surrogates."""
    if "\x00" in value:
        raise ValueError("A text cannot contain the NUL character.")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("A text cannot contain lone surrogates.") from None
    return value


def check_pattern(value: str) -> str:
    """Refuses a pattern for LIKE whose last backslash takes no character."""
    if (len(value) - len(value.rstrip("\\"))) % 2:
        raise ValueError("A pattern cannot end in a single backslash; two of them stand for one.")
    return check_text(value)


def check_float(value: float) -> float:
    """Refuses NaN and the infinities, which databases disagree about."""
    if not math.isfinite(value):
        raise ValueError("A float must be a finite number.")
    return value


_MAX_DECIMAL_EXPONENT = 1000


def check_decimal(value: Decimal) -> Decimal:
    """Refuses NaN, infinities, and exponents beyond what a NUMERIC column holds."""
    if not value.is_finite():
        raise ValueError("A decimal must be a finite number.")
    if abs(value.adjusted()) > _MAX_DECIMAL_EXPONENT or len(value.as_tuple().digits) > _MAX_DECIMAL_EXPONENT:
        raise ValueError(f"A decimal has at most {_MAX_DECIMAL_EXPONENT} digits.")
    return value


def _check_naive(value: dt.datetime) -> dt.datetime:
    """An offset is taken off by way of UTC: the column knows no time zone."""
    return value if value.tzinfo is None else _to_utc(value).replace(tzinfo=None)


def _check_aware(value: dt.datetime) -> dt.datetime:
    """A time without an offset is UTC, as everywhere in the API."""
    return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else _to_utc(value)


def _to_utc(value: dt.datetime) -> dt.datetime:
    try:
        return value.astimezone(dt.UTC)
    except OverflowError:
        raise ValueError("The time is out of range in UTC.") from None


def _check_time(value: dt.time) -> dt.time:
    if value.tzinfo is not None:
        raise ValueError("A time of day is given without an offset.")
    return value


_DURATION = re.compile(
    r"(?P<sign>[+-])?P(?=[\dT])(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d{1,6})?)S)?)?"
)


def parse_duration(value: Any) -> dt.timedelta:
    """An ISO 8601 duration in weeks, days, hours, minutes and seconds: `P1DT2H`, `-PT0.5S`.

    Years and months are refused: their length depends on the date they are added to.
    """
    match = _DURATION.fullmatch(value) if isinstance(value, str) and len(value) <= 64 else None
    if match is None:
        raise ValueError(
            f"Duration cannot represent {str(value)[:40]!r}: give an ISO 8601 duration of weeks, days, hours, "
            "minutes and seconds, such as 'P1DT2H30M'."
        )
    parts = {unit: Decimal(number) for unit, number in match.groupdict().items() if number and unit != "sign"}
    microseconds = int(parts.pop("seconds", Decimal(0)) * 1_000_000)
    try:
        length = dt.timedelta(microseconds=microseconds, **{unit: int(number) for unit, number in parts.items()})
        return -length if match["sign"] == "-" else length
    except OverflowError:
        raise ValueError("The duration is too long.") from None


def format_duration(value: dt.timedelta) -> str:
    """The inverse of `parse_duration`, to the microsecond; the largest unit is the day."""
    size = abs(value)
    minutes, seconds = divmod(size.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{size.microseconds:06}".rstrip("0") if size.microseconds else ""
    time = (
        f"{hours}H" * bool(hours) + f"{minutes}M" * bool(minutes) + f"{seconds}{fraction}S" * bool(seconds or fraction)
    )
    text = f"{size.days}D" * bool(size.days) + (f"T{time}" if time else "")
    return f"{'-' if value < dt.timedelta() else ''}P{text or 'T0S'}"


def _decode_bytes(value: Any) -> bytes:
    return base64.b64decode(value, validate=True)


def _decode_uuid(value: Any) -> uuid.UUID:
    if not isinstance(value, str):
        raise ValueError("not a UUID")
    return uuid.UUID(value)


def _decode_time(value: Any) -> dt.time:
    return _check_time(dt.time.fromisoformat(value))


def _decode_naive(value: Any) -> dt.datetime:
    return _check_naive(dt.datetime.fromisoformat(value))


def _decode_aware(value: Any) -> dt.datetime:
    return _check_aware(dt.datetime.fromisoformat(value))


def _decode_float(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("not a number")
    return check_float(float(value))


def _decode_decimal(value: Any) -> Decimal:
    if not isinstance(value, str):
        raise ValueError("not a decimal")
    try:
        return check_decimal(Decimal(value))
    except ArithmeticError:
        raise ValueError("not a decimal") from None


def _decode_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text")
    return check_text(value)


def _decode_bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("not a boolean")
    return value


_BIG_INT = custom_scalar(
    "BigInt",
    serialize=str,
    parse=_parse_big_int,
    description="A 64-bit integer, as a string, since JavaScript's numbers are exact to 53 bits only. A number is accepted too.",
)
_DURATION_SCALAR = custom_scalar(
    "Duration",
    serialize=format_duration,
    parse=parse_duration,
    description="A length of time as an ISO 8601 duration in days and smaller units, such as `P1DT2H30M`.",
)

ID = Scalar("ID", strawberry.ID, operators=EQUALITY, sortable=False)
INT = Scalar("Int", int, decode=_decode_int)
BIG_INT = Scalar(
    "BigInt", _BIG_INT.annotation, check=_decode_int, encode=str, decode=_decode_int, description=_BIG_INT.description
)
FLOAT = Scalar("Float", float, check=check_float, decode=_decode_float)
BOOLEAN = Scalar("Boolean", bool, operators=(Operator.EQ, Operator.NE, Operator.IS_NULL), decode=_decode_bool)
STRING = Scalar("String", str, operators=TEXT, check=check_text, decode=_decode_text)
DECIMAL = Scalar("Decimal", Decimal, check=check_decimal, encode=str, decode=_decode_decimal)
DATE = Scalar("Date", dt.date, encode=dt.date.isoformat, decode=dt.date.fromisoformat)
TIME = Scalar("Time", dt.time, check=_check_time, encode=dt.time.isoformat, decode=_decode_time)
DATETIME = Scalar("DateTime", dt.datetime, check=_check_naive, encode=dt.datetime.isoformat, decode=_decode_naive)
DATETIME_TZ = Scalar("DateTime", dt.datetime, check=_check_aware, encode=dt.datetime.isoformat, decode=_decode_aware)
DURATION = Scalar("Duration", _DURATION_SCALAR.annotation, encode=format_duration, decode=parse_duration)
UUID = Scalar("UUID", uuid.UUID, operators=COMPARISON, encode=str, decode=_decode_uuid)
UUID_TEXT = Scalar("UUID", uuid.UUID, check=str, encode=str, decode=lambda value: str(_decode_uuid(value)))
BYTES = Scalar(
    "Base64",
    strawberry.scalars.Base64,
    operators=EQUALITY,
    sortable=False,
    encode=lambda value: base64.b64encode(value).decode(),
    decode=_decode_bytes,
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


def _datetime_scalar(sql_type: TypeEngine[Any]) -> Scalar:
    return DATETIME_TZ if getattr(sql_type, "timezone", False) else DATETIME


_BY_TYPE: tuple[tuple[type[TypeEngine[Any]], Scalar | Callable[[TypeEngine[Any]], Scalar]], ...] = (
    (sa.Boolean, BOOLEAN),
    (sa.BigInteger, BIG_INT),
    (sa.Integer, INT),
    (sa.Float, _number_scalar),
    (sa.Numeric, _number_scalar),
    (sa.Date, DATE),
    (sa.Time, TIME),
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
