"""Every operator of every scalar, compared with Python; and what null means in a filter."""

import base64
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gqlcrud import Api
from gqlcrud.catalog import CatalogSettings, Column, mapped_classes, read_catalog
from gqlcrud.keys import encode_id
from gqlcrud.values import format_duration
from tests.databases import MakeEngine
from tests.running import ROOMY, save
from tests.wheres import COMPARISONS, Filter, compares, matches, negation, trees
from tests.zoo import Colour, Everything, Level, Scalars, Size

STORED: Mapping[str, Sequence[Any]] = {
    "integer": [-(2**31), -1, 0, 1, 2**31 - 1],
    "small_integer": [-(2**15), 0, 7, 2**15 - 1],
    "big_integer": [-(2**63), 0, 2**53 + 1, 2**63 - 1],
    "numeric": [Decimal(each) for each in ("-1.500", "0.000", "0.001", "0.100", "999999999.999")],
    "numeric_without_scale": [Decimal(each) for each in ("-2.5e-7", "0", "0.1", "1.50", "123456789012345", "1e30")],
    "numeric_as_float": [-1.5, 0.0, 0.001, 2.5],
    "float_": [-1e300, 0.0, 0.1, 5e-324, 1e300],
    "double": [-0.1, 0.1, 1.0, 1.7976931348623157e308],
    "string": ["", "A", "a", "ab", "é", "%"],
    "string_without_length": ["x", "X" * 300],
    "unicode": ["é", "é", "日本"],
    "text": ["a\nb", "\\", "'", '"'],
    "boolean": [True, False],
    "date_only": [date.min, date(2020, 2, 29), date.max],
    "time_only": [time.min, time(1, 2, 3), time(1, 2, 3, 4), time.max],
    "datetime_naive": [datetime.min, datetime(2020, 2, 29, 12), datetime(2020, 2, 29, 12, 0, 0, 1), datetime.max],
    "datetime_aware": [
        datetime(1, 1, 2, tzinfo=UTC),
        datetime(2020, 2, 29, 12, tzinfo=UTC),
        datetime(2020, 2, 29, 12, 0, 0, 999999, tzinfo=UTC),
        datetime(9999, 12, 30, tzinfo=UTC),
    ],
    "interval": [timedelta(days=-1, microseconds=1), timedelta(0), timedelta(microseconds=1), timedelta(days=700_000)],
    "uuid_value": [uuid.UUID(int=each) for each in (0, 1, 2**127, 2**128 - 1)],
    "uuid_as_string": [str(uuid.UUID(int=each)) for each in (0, 255, 2**128 - 1)],
    "binary": [b"", b"\x00", b"\xff\x00", b"abc"],
    "colour": list(Colour),
    "size": list(Size),
    "level": list(Level),
    "binding": ["paper-back", "e-book", "2nd hand"],
}
"""What stands in the rows, by attribute; besides None."""

FURTHER: Mapping[str, Sequence[Any]] = {
    "small_integer": [-(2**31), 40_000, 2**31 - 1],
    "numeric": [
        Decimal(each) for each in ("1.5000000000000000000001", "0.10000000000000000001", "1e20", "-1e900", "-0")
    ],
    "numeric_without_scale": [
        Decimal(each) for each in ("0.1000000000000000055", "0.09999999999999999999", "1e900", "-1e-900", "150e-2")
    ],
    "string": ["b" * 300, "\U0001f600"],
    "interval": [timedelta.max, timedelta.min, timedelta(hours=24)],
    "datetime_naive": [datetime(2020, 2, 29, 11, 59, 59, 999999)],
}
"""Operands that no row has, some of them out of the column's range."""

LABELS = {"paper-back": "paper_back", "e-book": "e_book", "2nd hand": "_2nd_hand"}
OFFSETS = [UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8))]
MODEL = read_catalog(mapped_classes(Scalars), CatalogSettings()).by_name["Everything"]
COLUMNS = [each for each in MODEL.columns if each.key in STORED]


def made_rows() -> list[dict[str, Any]]:
    """Each value of each column, and NULLs, in combinations that do not change."""
    random = Random(7)
    return [
        {"id": number, **{key: random.choice([None, *values, *values]) for key, values in STORED.items()}}
        for number in range(1, 31)
    ]


ROWS = made_rows()


@pytest.fixture(scope="module")
async def api(make_module_engine: MakeEngine) -> AsyncIterator[Api]:
    engine = await make_module_engine(Scalars.metadata)
    await save(engine, *(Everything(**row) for row in ROWS))
    yield Api(Scalars, engine, limits=ROOMY)


# ---------- operators ----------


def literal(column: Column, value: Any, offset: timezone) -> Any:
    """A value as a client writes it."""
    match value:
        case Colour() | Size() | Level():
            return value.name
        case bytes():
            return base64.b64encode(value).decode()
        case timedelta():
            return format_duration(value)
        case datetime() if value.tzinfo is not None:
            return value.astimezone(offset).isoformat()
        case datetime() | date() | time():
            return value.isoformat()
        case Decimal() | uuid.UUID():
            return str(value)
        case int() if column.scalar.name == "BigInt":
            return str(value)
        case _:
            return LABELS.get(value, value) if column.key == "binding" else value


def comparison(column: Column, operator: str, operand: Any, offset: timezone = UTC) -> Filter:
    """A filter of one operator; of several operands, a list, for `in` and `notIn`."""
    if isinstance(operand, list):
        given = [literal(column, each, offset) for each in operand]
    else:
        given = operand if operator == "isNull" else literal(column, operand, offset)
    return Filter({column.name: {operator: given}}, lambda row: compares(operator, row[column.key], operand))


def operands(column: Column, operator: str) -> list[Any]:
    """Each value that stands in the column or beside it; for lists none, one, and two of them."""
    values = [*STORED[column.key], *FURTHER.get(column.key, ())]
    match operator:
        case "isNull":
            return [True, False]
        case "in" | "notIn":
            return [[], *([each] for each in values), *map(list, pairwise(values)), values]
        case _:
            return values


def operators(column: Column) -> list[str]:
    return [each.value for each in column.operators if each.value in COMPARISONS or each.value == "isNull"]


LEAVES = {
    column.key: [comparison(column, name, each) for name in operators(column) for each in operands(column, name)]
    for column in COLUMNS
}


def ids(term: Filter) -> list[str]:
    """What the filter finds."""
    return [encode_id("Everything", MODEL.primary_key, [row["id"]]) for row in ROWS if term.holds(row)]


@pytest.mark.parametrize("key", LEAVES)
async def test_each_operand_of_each_operator_finds_what_it_finds_in_python(api: Api, key: str) -> None:
    """The negation finds all other rows, whatever is NULL."""
    terms = [each for leaf in LEAVES[key] for each in (leaf, negation(leaf))]
    assert await matches(api, "Everything", terms) == [ids(each) for each in terms]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    terms=st.lists(trees(st.sampled_from([each for some in LEAVES.values() for each in some])), min_size=4, max_size=8)
)
async def test_any_combination_finds_what_it_finds_in_python(api: Api, terms: list[Filter]) -> None:
    assert await matches(api, "Everything", terms) == [ids(each) for each in terms]


@pytest.mark.parametrize("offset", OFFSETS, ids=str)
@pytest.mark.parametrize("name", [each for each in COMPARISONS if each not in ("in", "notIn")])
async def test_times_are_compared_in_utc_whatever_their_offset(api: Api, name: str, offset: timezone) -> None:
    """A column that knows no time zone takes an operand with an offset by way of UTC, one without as it is."""
    moment = datetime(2020, 2, 29, 12, tzinfo=UTC)
    given, naive = moment.astimezone(offset).isoformat(), moment.replace(tzinfo=None)
    terms = [
        Filter({"datetimeAware": {name: given}}, lambda row: compares(name, row["datetime_aware"], moment)),
        Filter({"datetimeAware": {name: naive.isoformat()}}, lambda row: compares(name, row["datetime_aware"], moment)),
        Filter({"datetimeNaive": {name: given}}, lambda row: compares(name, row["datetime_naive"], naive)),
        Filter({"datetimeNaive": {name: naive.isoformat()}}, lambda row: compares(name, row["datetime_naive"], naive)),
    ]
    assert await matches(api, "Everything", terms) == [ids(each) for each in terms]


def test_each_operator_of_each_column_is_compared() -> None:
    """What is left over has tests of its own: texts, JSON."""
    compared = {"isNull", *COMPARISONS}
    operators = {each.value for column in MODEL.columns for each in column.operators}
    assert operators - compared == {
        *("contains", "startsWith", "endsWith", "iEq", "iContains", "iStartsWith", "iEndsWith"),
        *("hasKey", "at"),
    }
    assert {each.key for each in MODEL.columns} - STORED.keys() == {"id", "json", "json_none_as_null"}
