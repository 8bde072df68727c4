"""Single values: written and read back exactly, and what no database holds refused with a sentence."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gqlcrud import scalars
from gqlcrud.scalars import Scalar, array_scalar
from gqlcrud.values import (
    check_decimal,
    check_float,
    check_naive,
    check_offset_time,
    check_pattern,
    check_text,
    check_time,
    format_duration,
    parse_big_int,
    parse_bytes,
    parse_duration,
)
from tests.keyring import TEXT

OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@settings(max_examples=300)
@given(st.timedeltas())
def test_a_duration_is_read_back(length: timedelta) -> None:
    text = format_duration(length)
    assert parse_duration(text) == length
    assert re.fullmatch(r"-?P(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d{1,6})?S)?)?", text)


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(), "PT0S"),
        (timedelta(days=1, hours=2, minutes=30), "P1DT2H30M"),
        (timedelta(weeks=2), "P14D"),
        (timedelta(microseconds=1), "PT0.000001S"),
        (timedelta(milliseconds=-1500), "-PT1.5S"),
        (timedelta(days=-1, hours=1), "-PT23H"),
        (timedelta.max, "P999999999DT23H59M59.999999S"),
        (timedelta.min, "-P999999999D"),
    ],
)
def test_a_duration_has_one_form(length: timedelta, text: str) -> None:
    assert (format_duration(length), parse_duration(text)) == (text, length)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("P2W", timedelta(weeks=2)),
        ("+P1W1DT1H", timedelta(days=8, hours=1)),
        ("PT36H", timedelta(hours=36)),
        ("PT90M", timedelta(minutes=90)),
        ("PT0.5S", timedelta(milliseconds=500)),
        ("-P0D", timedelta()),
    ],
)
def test_a_duration_may_be_written_otherwise(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


BAD_DURATIONS = [
    "",
    "P",
    "PT",
    "P1",
    "1D",
    "P1DT",
    "P1Y",
    "P1M",
    "PT1H30",
    "P-1D",
    "P1.5D",
    "PT1.0000001S",
    "p1d",
    "P1D\n",
]


@pytest.mark.parametrize("value", [*BAD_DURATIONS, 5, None, True, ["P1D"], "P" + "1" * 70 + "D"])
def test_what_is_no_duration_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^Duration cannot represent .{0,45}: give an ISO 8601 duration"):
        parse_duration(value)


@pytest.mark.parametrize("text", ["P1000000000D", "-P999999999DT1S", "P99999999999999999999999999999999999999D"])
def test_a_duration_beyond_all_measure_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^The duration is too long\.$"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, 0), ("0", 0), ("-9223372036854775808", -(2**63)), (2**63 - 1, 2**63 - 1), ("+5", 5), ("007", 7)],
)
def test_a_big_integer_is_a_number_or_a_text(value: Any, expected: int) -> None:
    assert parse_big_int(value) == expected


@pytest.mark.parametrize(
    "value", [2**63, -(2**63) - 1, "9" * 5000, "", "1.0", 1.0, True, None, [1], "0x1", "1e3", float("nan")]
)
def test_what_is_no_big_integer_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^BigInt cannot represent .{0,45}: give a 64-bit integer"):
        parse_big_int(value)


def test_bytes_are_standard_base64() -> None:
    assert (parse_bytes("/+8="), parse_bytes("")) == (b"\xff\xef", b"")
    for value in ("_-8=", "/+8", "/+8==", "a b=", "é", "\ud800", 5, None, b"AA==", "AA==AA=="):
        with pytest.raises(ValueError, match=r"^Base64 cannot represent .{0,45}: give a text in standard base64\.$"):
            parse_bytes(value)


REFUSED: list[tuple[Callable[[Any], Any], Any, str]] = [
    (check_text, "a\x00", "A text cannot contain the NUL character."),
    (check_text, "\ud800", "A text cannot contain lone surrogates."),
    (check_text, "\udfff😀", "A text cannot contain lone surrogates."),
    (check_pattern, "\\", "A pattern cannot end in a single backslash; two of them stand for one."),
    (check_pattern, "a\\\\\\", "A pattern cannot end in a single backslash; two of them stand for one."),
    (check_pattern, "\x00", "A text cannot contain the NUL character."),
    (check_float, float("nan"), "A float must be a finite number."),
    (check_float, float("-inf"), "A float must be a finite number."),
    (check_decimal, Decimal("NaN"), "A decimal must be a finite number."),
    (check_decimal, Decimal("sNaN"), "A decimal must be a finite number."),
    (check_decimal, Decimal("-Infinity"), "A decimal must be a finite number."),
    (check_decimal, Decimal("1e1001"), "A decimal has at most 1000 digits."),
    (check_decimal, Decimal("1e1000000"), "A decimal has at most 1000 digits."),
    (check_decimal, Decimal("1e-1000000"), "A decimal has at most 1000 digits."),
    (check_decimal, Decimal("1" * 1001), "A decimal has at most 1000 digits."),
    (check_time, time(tzinfo=UTC), "A time of day is given without an offset."),
    (check_naive, datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))), "The time is out of range in UTC."),
    (check_naive, datetime.min.replace(tzinfo=timezone(timedelta(hours=1))), "The time is out of range in UTC."),
]


@pytest.mark.parametrize(("check", "value", "message"), REFUSED)
def test_what_no_database_holds_is_refused(check: Callable[[Any], Any], value: Any, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        check(value)
    assert str(caught.value) == message


@given(TEXT, st.floats(allow_nan=False, allow_infinity=False), st.decimals(allow_nan=False, allow_infinity=False))
def test_what_passes_is_unchanged(text: str, number: float, amount: Decimal) -> None:
    assert (check_text(text), check_float(number)) == (text, number)
    if abs(amount.adjusted()) <= 1000:
        assert check_decimal(amount) == amount
    assert check_pattern("\\\\") == "\\\\"


@given(st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29)), OFFSETS)
def test_a_moment_is_told_in_utc(moment: datetime, offset: timezone) -> None:
    """A time without an offset is UTC where there must be one."""
    aware = moment.replace(tzinfo=offset)
    assert scalars.DATETIME_TZ.check(aware) == aware and scalars.DATETIME_TZ.check(aware).tzinfo is UTC
    assert scalars.DATETIME_TZ.check(moment) == moment.replace(tzinfo=UTC)
    assert scalars.DATETIME.check(aware) == aware.astimezone(UTC).replace(tzinfo=None)
    assert scalars.DATETIME.check(moment) == moment


def test_a_time_of_day_with_a_time_zone_is_utc_without_one() -> None:
    assert check_offset_time(time(12)) == time(12, tzinfo=UTC)
    offset = timezone(timedelta(hours=2))
    assert check_offset_time(time(12, tzinfo=offset)).tzinfo is offset
    assert scalars.TIME_TZ.decode("12:00:00+02:00") == time(12, tzinfo=offset)


# ---------- cursors and ids ----------

VALUES: list[tuple[Scalar, st.SearchStrategy[Any]]] = [
    (scalars.INT, st.integers(-(2**31), 2**31 - 1)),
    (scalars.BIG_INT, st.integers(-(2**63), 2**63 - 1)),
    (scalars.FLOAT, st.floats(allow_nan=False, allow_infinity=False)),
    (
        scalars.DECIMAL,
        st.decimals(allow_nan=False, allow_infinity=False, min_value=Decimal("-1e30"), max_value=Decimal("1e30")),
    ),
    (scalars.BOOLEAN, st.booleans()),
    (scalars.STRING, TEXT),
    (scalars.DATE, st.dates()),
    (scalars.TIME, st.times()),
    (scalars.DATETIME, st.datetimes()),
    (scalars.DATETIME_TZ, st.datetimes(timezones=st.just(UTC))),
    (scalars.DURATION, st.timedeltas()),
    (scalars.UUID, st.uuids()),
    (scalars.UUID_TEXT, st.uuids().map(str)),
    (scalars.BYTES, st.binary()),
]


@settings(max_examples=400)
@given(st.sampled_from(VALUES).flatmap(lambda each: st.tuples(st.just(each[0]), each[1])))
def test_a_value_is_read_back_from_a_cursor(drawn: tuple[Scalar, Any]) -> None:
    scalar, value = drawn
    encoded = scalar.encode(value)
    assert isinstance(encoded, str | int | float | bool)
    assert scalar.decode(encoded) == value


@given(
    st.sampled_from(VALUES),
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.lists(st.just(1)),
)
def test_what_is_no_value_is_a_value_or_type_error(known: tuple[Scalar, Any], value: Any) -> None:
    scalar, _ = known
    try:
        found = scalar.decode(value)
    except (ValueError, TypeError):
        return
    assert scalar.decode(scalar.encode(found)) == found


def test_the_items_of_a_list_are_checked_and_null_is_one() -> None:
    scalar = array_scalar(scalars.STRING)
    assert scalar.check(["a", None]) == ("a", None)
    with pytest.raises(ValueError, match="NUL"):
        scalar.check(["a", "\x00"])
    assert array_scalar(scalars.DATETIME_TZ).check([datetime(2020, 1, 1)]) == (datetime(2020, 1, 1, tzinfo=UTC),)
    assert array_scalar(scalars.DATE).check([date.max]) == (date.max,)
