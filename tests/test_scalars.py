"""Scalars in requests and responses: one form on every database, every input form, and clean refusals."""

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from gqlcrud import Api
from tests.databases import MakeEngine
from tests.running import refused, run, save
from tests.zoo import Colour, Everything, Level, Scalars, Size

NOON = datetime(2020, 2, 29, 12, 0, 0, 1)
SHOWN: dict[str, list[tuple[Any, Any]]] = {
    "integer": [(0, 0), (-(2**31), -(2**31)), (2**31 - 1, 2**31 - 1)],
    "small_integer": [(-(2**15), -(2**15))],
    "big_integer": [(2**63 - 1, "9223372036854775807"), (-(2**63), "-9223372036854775808"), (0, "0")],
    "numeric": [(Decimal("1.5"), "1.500"), (Decimal("-0.001"), "-0.001"), (Decimal("999999999.999"), "999999999.999")],
    "numeric_without_scale": [
        (Decimal("1.50"), "1.5"),
        (Decimal("100"), "100"),
        (Decimal("-0.10"), "-0.1"),
        (Decimal("1e20"), "100000000000000000000"),
        (Decimal("1e30"), "1000000000000000000000000000000"),
        (Decimal("1e-7"), "1E-7"),
        (Decimal("123456789012345"), "123456789012345"),
        (Decimal("0.00"), "0"),
    ],
    "numeric_as_float": [(0.001, 0.001), (-2.5, -2.5)],
    "float_": [(0.1, 0.1), (1e300, 1e300), (5e-324, 5e-324), (-0.5, -0.5)],
    "double": [(1 / 3, 1 / 3)],
    "string": [("", ""), ('é\n\t"\\😀', 'é\n\t"\\😀')],
    "text": [("x" * 1000, "x" * 1000)],
    "boolean": [(True, True), (False, False)],
    "date_only": [(date(1, 1, 1), "0001-01-01"), (date.max, "9999-12-31")],
    "time_only": [(time(12), "12:00:00"), (time.max, "23:59:59.999999"), (time(0, 0, 0, 1), "00:00:00.000001")],
    "datetime_naive": [
        (NOON, "2020-02-29T12:00:00.000001"),
        (datetime(1, 1, 1), "0001-01-01T00:00:00"),
        (datetime.max, "9999-12-31T23:59:59.999999"),
    ],
    "datetime_aware": [
        (NOON.replace(tzinfo=UTC), "2020-02-29T12:00:00.000001+00:00"),
        (datetime(1970, 1, 1, tzinfo=UTC), "1970-01-01T00:00:00+00:00"),
    ],
    "interval": [
        (timedelta(), "PT0S"),
        (timedelta(days=-1, microseconds=1), "-PT23H59M59.999999S"),
        (timedelta(days=400, hours=25), "P401DT1H"),
        (timedelta(minutes=-90), "-PT1H30M"),
    ],
    "uuid_value": [(uuid.UUID(int=2**127), "80000000-0000-0000-0000-000000000000")],
    "uuid_as_string": [("00000000-0000-0000-0000-0000000000ff", "00000000-0000-0000-0000-0000000000ff")],
    "binary": [(b"", ""), (b"\xff\x00", "/wA=")],
    "json": [
        ({"b": [1, 2.5, None, True], "a": "é"}, {"b": [1, 2.5, None, True], "a": "é"}),
        (5, 5),
        ("x", "x"),
        ([], []),
    ],
    "json_none_as_null": [({}, {}), (None, None)],
    "colour": [(Colour.RED, "RED")],
    "size": [(Size.EXTRA_LARGE, "EXTRA_LARGE")],
    "level": [(Level.LOW, "LOW")],
    "binding": [("2nd hand", "_2nd_hand"), ("paper-back", "paper_back")],
}
"""By attribute: values as Python saves them, and as every response shows them."""


@pytest.fixture(scope="module")
async def api(make_module_engine: MakeEngine) -> AsyncIterator[Api]:
    engine = await make_module_engine(Scalars.metadata)
    for key, values in SHOWN.items():
        await save(engine, *(Everything(**{key: value}) for value, _ in values))
    yield Api(Scalars, engine)


def field_of(api: Api, key: str) -> str:
    return next(each.name for each in api.catalog.by_name["Everything"].columns if each.key == key)


@pytest.mark.parametrize("key", SHOWN)
async def test_a_value_is_shown_alike_by_every_database(api: Api, key: str) -> None:
    name = field_of(api, key)
    data = await run(
        api, f"query ($where: EverythingWhere) {{ everythings(where: $where) {{ nodes {{ {name} }} }} }}",
        where={name: {"isNull": False}},
    )  # fmt: skip
    expected = [shown for _, shown in SHOWN[key] if shown is not None]
    assert [node[name] for node in data["everythings"]["nodes"]] == expected
    assert [type(node[name]) for node in data["everythings"]["nodes"]] == [type(each) for each in expected]


@pytest.mark.parametrize("key", [key for key in SHOWN if not key.startswith("json")])
async def test_what_is_shown_is_what_a_filter_takes(api: Api, key: str) -> None:
    """A value of a response, given back as an operand, finds its record; so does it in a list."""
    name = field_of(api, key)
    for _, shown in SHOWN[key]:
        listed = {} if key == "boolean" else {"in": [shown]}
        data = await run(
            api,
            f"query ($where: EverythingWhere) {{ everythings(where: $where) {{ nodes {{ {name} }} }} }}",
            where={name: {"eq": shown, **listed}},
        )
        assert data["everythings"]["nodes"] == [{name: shown}]


async def test_a_column_without_a_value_is_null(api: Api) -> None:
    names = [each.name for each in api.catalog.by_name["Everything"].columns if each.key not in ("id", "integer")]
    data = await run(api, f"{{ everythings(where: {{integer: {{eq: 0}}}}) {{ nodes {{ {' '.join(names)} }} }} }}")
    assert data["everythings"]["nodes"] == [dict.fromkeys(names)]


# ---------- forms of input ----------

FORMS: dict[str, tuple[list[str], list[Any]]] = {
    "integer": (["0"], [0, 0.0]),
    "big_integer": (
        ["9223372036854775807", '"9223372036854775807"', '"+9223372036854775807"'],
        [2**63 - 1, str(2**63 - 1)],
    ),
    "numeric": (['"1.5"', '"1.500000"', "1.5", '"15e-1"', '" 1.5 "'], ["1.5", 1.5, "1.50"]),
    "float_": (["0.1", "1e-1"], [0.1]),
    "date_only": (['"9999-12-31"', '"99991231"'], ["9999-12-31"]),
    "time_only": (['"12:00"', '"12:00:00"', '"12:00:00.000"', '"12"'], ["12:00:00"]),
    "datetime_naive": (
        ['"2020-02-29T12:00:00.000001"', '"2020-02-29 12:00:00.000001"', '"2020-02-29T14:00:00.000001+02:00"'],
        ["2020-02-29T12:00:00.000001Z"],
    ),
    "datetime_aware": (
        ['"1970-01-01T00:00:00Z"', '"1970-01-01"', '"1970-01-01T00:00:00"', '"1969-12-31T16:00:00-08:00"'],
        ["1970-01-01T05:30:00+05:30"],
    ),
    "interval": (['"-PT90M"', '"-PT1H30M"', '"-PT5400S"'], ["-PT5400.000S"]),
    "uuid_value": (
        ['"80000000-0000-0000-0000-000000000000"', '"80000000000000000000000000000000"'],
        ["{80000000-0000-0000-0000-000000000000}", "80000000-0000-0000-0000-000000000000".upper()],
    ),
    "uuid_as_string": (['"000000000000000000000000000000FF"'], ["00000000-0000-0000-0000-0000000000FF"]),
    "binary": (['"/wA="'], ["/wA="]),
    "size": (["EXTRA_LARGE"], ["EXTRA_LARGE"]),
    "binding": (["_2nd_hand"], ["_2nd_hand"]),
}
"""By attribute: literals and values of variables that all mean one stored value."""


@pytest.mark.parametrize("key", FORMS)
async def test_each_form_of_a_value_finds_it(api: Api, key: str) -> None:
    name, (literals, variables) = field_of(api, key), FORMS[key]
    for literal in literals:
        data = await run(api, f"{{ everythings(where: {{{name}: {{eq: {literal}}}}}) {{ totalCount }} }}")
        assert data == {"everythings": {"totalCount": 1}}, literal
    query = "query ($where: EverythingWhere) { everythings(where: $where) { totalCount } }"
    for value in variables:
        assert await run(api, query, where={name: {"eq": value}}) == {"everythings": {"totalCount": 1}}, value


WRONG: dict[str, list[Any]] = {
    "integer": [2**31, -(2**31) - 1, "1", 1.5, True, float("nan"), 10**400, [1, 2]],
    "big_integer": [2**63, "9223372036854775808", "1.0", 1.5, True, "", "9" * 400, float("inf")],
    "numeric": ["", "x", "1,5", True, [1], {"a": 1}, "0x1"],
    "float_": ["0.1", True, float("nan"), float("inf"), 10**400],
    "string": [1, True, 1.5, ["a", "b"], {"a": "b"}],
    "boolean": [1, "true", 0.0],
    "date_only": [
        "",
        "2020-02-30",
        "2020-13-01",
        "10000-01-01",
        "0000-01-01",
        "today",
        20200101,
        "2020-01-01T00:00:00",
    ],
    "time_only": ["", "24:00:01", "12:60", "noon", 12],
    "datetime_naive": ["", "2020-02-30T00:00:00", "10000-01-01T00:00:00", "0000-01-01T00:00:00", "now", 0, "12:00"],
    "interval": ["", "P1M", "1 day", 5, "P1.5D", "P9999999999D", "-P999999999DT1S"],
    "uuid_value": ["", "x", 5, "80000000-0000-0000-0000-00000000000", "g" * 32],
    "uuid_as_string": ["", "x", 5],
    "binary": ["/w", "/wA", "_wA=", "é", 5, "a b="],
    "colour": ["red", "#f00", "", 1],
    "binding": ["2nd hand", "paper-back", 0],
}
"""By attribute: values that its scalar does not take."""


@pytest.mark.parametrize("key", WRONG)
async def test_a_value_of_another_kind_is_refused_before_any_column(api: Api, key: str) -> None:
    """As a mistake of the request, in words that name the scalar and nothing of Python."""
    name = field_of(api, key)
    column = next(each for each in api.catalog.by_name["Everything"].columns if each.key == key)
    query = (
        f"query ($value: {column.scalar.name}) {{ everythings(where: {{{name}: {{eq: $value}}}}) {{ totalCount }} }}"
    )
    for value in WRONG[key]:
        (error,) = await refused(api, query, value=value)
        assert error[0] == "BAD_USER_INPUT", value
        assert "$value" in error[1] and column.scalar.name in error[1]
        assert not any(word in error[1] for word in ("Traceback", "object at", "NoneType", "().", "'int' object"))


OUT_OF_RANGE: list[tuple[str, Any, str]] = [
    ("numeric", "NaN", "A decimal must be a finite number."),
    ("numeric", "sNaN", "A decimal must be a finite number."),
    ("numeric", "Infinity", "A decimal must be a finite number."),
    ("numeric", "1e1000000", "A decimal has at most 1000 digits."),
    ("numeric", "1" * 1001, "A decimal has at most 1000 digits."),
    ("string", "\x00", "A text cannot contain the NUL character."),
    ("string", "\ud800", "A text cannot contain lone surrogates."),
    ("time_only", "12:00:00+00:00", "A time of day is given without an offset."),
    ("datetime_naive", "0001-01-01T00:00:00+14:00", "The time is out of range in UTC."),
    ("datetime_aware", "9999-12-31T23:59:59-14:00", "The time is out of range in UTC."),
]


@pytest.mark.parametrize(("key", "value", "message"), OUT_OF_RANGE, ids=ascii)
async def test_a_value_that_no_column_holds_is_refused_with_its_path(
    api: Api, key: str, value: Any, message: str
) -> None:
    name = field_of(api, key)
    query = "query ($where: EverythingWhere) { everythings(where: $where) { totalCount } }"
    for operand, path in (({"eq": value}, ["eq"]), ({"notIn": [value]}, ["notIn", 0]), ({"gte": value}, ["gte"])):
        result = await api.execute(query, {"where": {name: operand}})
        assert [(each.message, each.extensions) for each in result.errors or ()] == [
            (message, {"code": "VALIDATION", "inputPath": ["where", name, *path]})
        ]


@pytest.mark.parametrize(
    ("name", "literal"),
    [
        ("integer", "2147483648"),
        ("integer", '"1"'),
        ("bigInteger", "9223372036854775808"),
        ("bigInteger", "1.5"),
        ("bigInteger", "9" * 5000),
        ("numeric", '"x"'),
        ("float", '"1"'),
        ("string", "1"),
        ("boolean", "1"),
        ("dateOnly", '"2020-02-30"'),
        ("datetimeAware", '"10000-01-01"'),
        ("interval", '"P1Y"'),
        ("uuidValue", '"x"'),
        ("binary", '"/w"'),
        ("colour", "BLUE"),
        ("colour", '"RED"'),
        ("binding", '"2nd hand"'),
    ],
)
async def test_a_wrong_literal_makes_the_document_invalid(api: Api, name: str, literal: str) -> None:
    (error,) = await refused(api, f"{{ everythings(where: {{{name}: {{eq: {literal}}}}}) {{ totalCount }} }}")
    assert error[0] == "GRAPHQL_VALIDATION_FAILED"
    assert "Traceback" not in error[1] and "object at" not in error[1]


async def test_a_number_beyond_all_floats_is_refused(api: Api) -> None:
    """A literal may be read as infinite."""
    for literal in ("1e400", "-1e400"):
        result = await api.execute(f"{{ everythings(where: {{double: {{gt: {literal}}}}}) {{ totalCount }} }}")
        assert [(each.message, each.extensions) for each in result.errors or ()] == [
            ("A float must be a finite number.", {"code": "VALIDATION", "inputPath": ["where", "double", "gt"]})
        ]
