"""Values as texts of CSV and as values of JSON: each kind of column, both ways, and what is refused."""

import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Any

import pytest

from gqlcrud.crud import Crud
from gqlcrud.files.texts import json_writer, read_json, read_text, text_writer
from gqlcrud.scalars import Scalar, array_scalar, custom_scalar
from tests.zoo import Colour, Everything, Level, Size

COLUMNS = Crud(Everything).scope.model.stored
UTC = dt.UTC


def scalar(name: str) -> Scalar:
    return COLUMNS[name].scalar


def plain(value: Any) -> Any:
    """A member that stands for a plain text of an Enum without a class, as that text."""
    return value.value if isinstance(value, enum.Enum) and type(value).__module__ != "tests.zoo" else value


CASES: list[tuple[str, Any, str, Any]] = [
    ("integer", -5, "-5", -5),
    ("big_integer", 2**63 - 1, "9223372036854775807", 2**63 - 1),
    ("numeric", Decimal("10.500"), "10.500", "10.500"),
    ("numeric_without_scale", Decimal("1E+3"), "1E+3", "1E+3"),
    ("double", 0.1, "0.1", 0.1),
    ("double", -1e300, "-1e+300", -1e300),
    ("string", "", "", ""),
    ("string", " true ", " true ", " true "),
    ("boolean", True, "true", True),
    ("boolean", False, "false", False),
    ("date_only", dt.date(2024, 2, 29), "2024-02-29", "2024-02-29"),
    ("time_only", dt.time(23, 59, 59, 5), "23:59:59.000005", "23:59:59.000005"),
    ("datetime_naive", dt.datetime(2024, 2, 29, 1), "2024-02-29T01:00:00", "2024-02-29T01:00:00"),
    (
        "datetime_aware",
        dt.datetime(2024, 2, 29, 1, tzinfo=UTC),
        "2024-02-29T01:00:00+00:00",
        "2024-02-29T01:00:00+00:00",
    ),
    ("interval", dt.timedelta(days=1, seconds=1), "P1DT1S", "P1DT1S"),
    ("uuid_value", uuid.UUID(int=7), "00000000-0000-0000-0000-000000000007", "00000000-0000-0000-0000-000000000007"),
    ("uuid_as_string", str(uuid.UUID(int=7)), "00000000-0000-0000-0000-000000000007", str(uuid.UUID(int=7))),
    ("binary", b"\x00\xff", "AP8=", "AP8="),
    ("json", {"a": [1, 2.5, None, "ä"]}, '{"a": [1, 2.5, null, "ä"]}', {"a": [1, 2.5, None, "ä"]}),
    ("json", "text", '"text"', "text"),
    ("colour", Colour.RED, "#f00", "#f00"),
    ("size", Size.EXTRA_LARGE, "x-l", "x-l"),
    ("level", Level.HIGH, "HIGH", "HIGH"),
    ("binding", "2nd hand", "2nd hand", "2nd hand"),
]


@pytest.mark.parametrize(("name", "value", "text", "document"), CASES, ids=lambda each: str(each)[:20])
def test_a_value_is_written_and_read_the_same(name: str, value: Any, text: str, document: Any) -> None:
    kind = scalar(name)

    assert (text_writer(kind)(value), json_writer(kind)(value)) == (text, document)
    assert (plain(read_text(kind, text)), plain(read_json(kind, document))) == (value, value)


def test_null_is_no_text() -> None:
    assert {text_writer(column.scalar)(None) for column in COLUMNS.values()} == {None}
    assert {json_writer(column.scalar)(None) for column in COLUMNS.values()} == {None}
    assert {read_json(column.scalar, None) for column in COLUMNS.values()} == {None}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("integer", " +7 ", 7),
        *(("boolean", text, True) for text in ("1", "TRUE", "yes", " Yes")),
        *(("boolean", text, False) for text in ("0", "False", "no")),
        ("double", "1e3", 1000.0),
        ("double", ".5", 0.5),
        ("datetime_naive", "2024-02-29 01:00", dt.datetime(2024, 2, 29, 1)),
        ("datetime_aware", "2024-02-29T01:00+01:00", dt.datetime(2024, 2, 29, tzinfo=UTC)),
        ("datetime_aware", "2024-02-29", dt.datetime(2024, 2, 29, tzinfo=UTC)),
        ("colour", "GREEN", Colour.GREEN),
        ("level", "2", Level.HIGH),
        ("json", " [1.5]", [1.5]),
    ],
)
def test_other_texts_for_a_value_are_taken_too(name: str, text: str, value: Any) -> None:
    assert read_text(scalar(name), text) == value


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("integer", "1.0", "An integer is needed, not '1.0'."),
        ("integer", "1_000", "An integer is needed, not '1_000'."),
        ("integer", "\u0661", "An integer is needed, not '\u0661'."),
        ("integer", "2147483648", "An integer of 32 bits is needed."),
        ("big_integer", "1" * 41, f"An integer is needed, not '{'1' * 12}...{'1' * 13}'."),
        ("double", "nan", "A number is needed, not 'nan'."),
        ("numeric", "1,5", "A decimal is needed, not '1,5'."),
        ("boolean", "on", "true or false (1 or 0, yes or no) is needed, not 'on'."),
        ("date_only", "29.2.2024", "A date is needed, not '29.2.2024'."),
        ("uuid_value", "7", "A UUID is needed, not '7'."),
        ("binary", "%", "Bytes is needed, not '%'."),
        ("json", "{", "A value in JSON is needed, not '{'."),
        ("colour", "blue", "'blue' is none of '#f00', '#0f0'."),
    ],
)
def test_a_text_that_is_no_value_is_refused(name: str, text: str, message: str) -> None:
    with pytest.raises(ValueError) as raised:
        read_text(scalar(name), text)

    assert str(raised.value) == message


def test_numbers_of_json_keep_their_digits_where_the_column_has_them() -> None:
    digits = Decimal("12345678901234567890.123456789")

    assert read_json(scalar("numeric_without_scale"), digits) == digits
    assert (read_json(scalar("double"), Decimal("0.1")), type(read_json(scalar("double"), Decimal("0.1")))) == (
        0.1,
        float,
    )
    assert repr(read_json(scalar("json"), {"a": [Decimal("0.1")]})) == "{'a': [0.1]}"
    with pytest.raises(ValueError, match=r"^An integer is needed, not 1\.5\.$"):
        read_json(scalar("integer"), Decimal("1.5"))


def test_lists_are_arrays_of_json() -> None:
    dates = array_scalar(scalar("date_only"))

    assert text_writer(dates)([dt.date(2024, 1, 2), None]) == '["2024-01-02", null]'
    assert read_text(dates, '["2024-01-02", null]') == [dt.date(2024, 1, 2), None]
    assert read_text(array_scalar(scalar("numeric_without_scale")), "[0.10]") == [Decimal("0.10")]
    with pytest.raises(ValueError, match=r"^A list is needed, not 'x'\.$"):
        read_text(dates, '"x"')


def test_a_scalar_of_the_applications_own_reads_what_it_writes() -> None:
    def parse(value: Any) -> complex:
        return complex(*value)

    point = custom_scalar("Point", serialize=lambda value: [value.real, value.imag], parse=parse)
    code = custom_scalar("Code", serialize=lambda value: f"<{value}>", parse=lambda text: text[1:-1])

    assert text_writer(point)(1 + 2j) == "[1.0, 2.0]"
    assert (read_text(point, "[1.0, 2.0]"), read_json(point, [Decimal("1.5"), 2])) == (1 + 2j, 1.5 + 2j)
    assert (text_writer(code)("x"), read_text(code, "<x>"), read_json(code, "<x>")) == ("<x>", "x", "x")
    with pytest.raises(ValueError, match=r"^Point cannot be 'x': complex\(\) arg is a malformed string"):
        read_text(point, "x")


def test_a_float_that_is_no_number_is_written_as_a_text() -> None:
    """PostgreSQL can hold it; JSON cannot, and it is not taken back."""
    assert json_writer(scalar("double"))(float("inf")) == "inf"
