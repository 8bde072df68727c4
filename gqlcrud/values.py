"""Single values: those that can be bound, and those that a text of a client, a cursor or an id stands for.

What is refused is a ValueError with a sentence for the client.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import math
import re
import uuid
from decimal import Context, Decimal
from typing import Any


def decode_int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("not an integer")
    if isinstance(value, str) and len(value) > 20:
        raise ValueError("not a 64-bit integer")
    number = int(value)
    if not -(2**63) <= number < 2**63:
        raise ValueError("not a 64-bit integer")
    return number


def parse_big_int(value: Any) -> int:
    try:
        return decode_int(value)
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


def is_deeper(document: Any, limit: int) -> bool:
    """Whether mappings and lists of a JSON document stand more than `limit` deep in each other."""
    level: list[Any] = [document] if isinstance(document, dict | list) else []
    for _ in range(limit):
        if not level:
            return False
        level = [
            each
            for one in level
            for each in (one.values() if isinstance(one, dict) else one)
            if isinstance(each, (dict, list))  # a union takes twice the time
        ]
    return bool(level)


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


def has_room(precision: int, scale: int, value: Decimal) -> bool:
    """Whether a NUMERIC(precision, scale) holds the value, once it is rounded to the scale."""
    whole = precision - scale
    if not value or value.adjusted() >= whole:
        return not value
    if value.adjusted() < whole - 1:  # rounded it has a digit more at most
        return True
    # that of the context, 28 digits, is no limit for a column
    return abs(value.quantize(Decimal(1).scaleb(-scale), context=Context(prec=precision + 1))) < Decimal(10) ** whole


def check_naive(value: dt.datetime) -> dt.datetime:
    """An offset is taken off by way of UTC: the column knows no time zone."""
    return value if value.tzinfo is None else _to_utc(value).replace(tzinfo=None)


def check_aware(value: dt.datetime) -> dt.datetime:
    """A time without an offset is UTC, as everywhere in the API."""
    return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else _to_utc(value)


def _to_utc(value: dt.datetime) -> dt.datetime:
    try:
        return value.astimezone(dt.UTC)
    except OverflowError:
        raise ValueError("The time is out of range in UTC.") from None


def check_offset_time(value: dt.time) -> dt.time:
    """A time of day without an offset is UTC."""
    return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value


def check_time(value: dt.time) -> dt.time:
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


def decode_bytes(value: Any) -> bytes:
    return base64.b64decode(value, validate=True)


def parse_bytes(value: Any) -> bytes:
    try:
        return base64.b64decode(value.encode("ascii"), validate=True)
    except (AttributeError, UnicodeEncodeError, binascii.Error):
        raise ValueError(f"Base64 cannot represent {str(value)[:40]!r}: give a text in standard base64.") from None


def decode_uuid(value: Any) -> uuid.UUID:
    if not isinstance(value, str):
        raise ValueError("not a UUID")
    return uuid.UUID(value)


def decode_time(value: Any) -> dt.time:
    return check_time(dt.time.fromisoformat(value))


def decode_offset_time(value: Any) -> dt.time:
    return check_offset_time(dt.time.fromisoformat(value))


def decode_naive(value: Any) -> dt.datetime:
    return check_naive(dt.datetime.fromisoformat(value))


def decode_aware(value: Any) -> dt.datetime:
    return check_aware(dt.datetime.fromisoformat(value))


def decode_float(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("not a number")
    return check_float(float(value))


def decode_decimal(value: Any) -> Decimal:
    if not isinstance(value, str):
        raise ValueError("not a decimal")
    try:
        return check_decimal(Decimal(value))
    except ArithmeticError:
        raise ValueError("not a decimal") from None


def decode_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text")
    return check_text(value)


def decode_bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("not a boolean")
    return value


_INFINITE = frozenset({"infinity", "-infinity"})
_STORED_DATE = r"(?P<year>\d{4}|[1-9]\d{4,6})(?P<day>-\d\d-\d\d)"
_STORED_TIME = r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{0,5}[1-9])?"
_LATEST_TIME = "24:00:00"
_ERA = "(?P<era> BC)?"


def check_stored_date(value: Any) -> str:
    """A date as PostgreSQL writes it in JSON: `2020-02-29`, `10000-01-01`, `0044-03-15 BC`, `infinity`."""
    return _check_stored(value, f"{_STORED_DATE}{_ERA}")


def check_stored_datetime(value: Any) -> str:
    """A timestamp as PostgreSQL writes it in JSON: `2020-02-29T01:02:03.5`, `0044-03-15T00:00:00 BC`."""
    return _check_stored(value, f"{_STORED_DATE}T{_STORED_TIME}{_ERA}")


def check_stored_time(value: Any) -> str:
    """A time of day as PostgreSQL writes it, which has one more at the end of the day."""
    if isinstance(value, str) and (value == _LATEST_TIME or re.fullmatch(_STORED_TIME, value, re.ASCII)):
        return value
    raise ValueError("not a time of PostgreSQL")


def check_stored_offset_time(value: Any) -> str:
    """A time of day with an offset as PostgreSQL writes it: `01:02:03+00`, `01:02:03-04:30:15`."""
    offset = re.search(r"[+-](?:0\d|1[0-5])(?::[0-5]\d){0,2}\Z", value, re.ASCII) if isinstance(value, str) else None
    if offset is None:
        raise ValueError("not a time with an offset of PostgreSQL")
    check_stored_time(value[: offset.start()])
    return str(value)


def _check_stored(value: Any, pattern: str) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text")
    if value in _INFINITE:
        return value
    found = re.fullmatch(pattern, value, re.ASCII)
    if found is None:
        raise ValueError("not a date of PostgreSQL")
    # years that Python does not have stand for a leap year here: PostgreSQL knows the others
    known = found["era"] is None and len(found["year"]) == 4
    dt.date.fromisoformat(f"{found['year'] if known else 2000}{found['day']}")
    return value
