"""Columns of values as the response has them: what is made of all at once is what graphql-core makes of each."""

import datetime as dt
import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from graphql import GraphQLFloat, GraphQLInt, GraphQLNonNull, GraphQLOutputType, GraphQLScalarType
from strawberry.scalars import JSON
from strawberry.schema.types.scalar import DEFAULT_SCALAR_REGISTRY

from gqlcrud.rendering import texts
from gqlcrud.rendering.dicts import dicts
from gqlcrud.rendering.leaves import NotRendered, leaf
from gqlcrud.statements.unreadable import Unreadable

HALF_PAST = dt.timezone(dt.timedelta(hours=5, minutes=30))
ODD_OFFSET = dt.timezone(dt.timedelta(hours=1, seconds=7))
COLUMNS: dict[str, tuple[object, Sequence[Any], Sequence[Any]]] = {
    "dates": (
        dt.date,
        [dt.date(1, 1, 1), dt.date(999, 12, 31), None, dt.date.max],
        ["0001-01-01", "0999-12-31", None, "9999-12-31"],
    ),
    "datetimes": (
        dt.datetime,
        [dt.datetime.min, dt.datetime(987, 6, 5, 4, 3, 2, 1), dt.datetime(2020, 2, 29, 12, 30, 0, 100000, fold=1)],
        ["0001-01-01T00:00:00", "0987-06-05T04:03:02.000001", "2020-02-29T12:30:00.100000"],
    ),
    "datetimes in UTC": (
        dt.datetime,
        [dt.datetime(2020, 1, 2, tzinfo=dt.UTC), None, dt.datetime.max.replace(tzinfo=dt.UTC)],
        ["2020-01-02T00:00:00+00:00", None, "9999-12-31T23:59:59.999999+00:00"],
    ),
    "datetimes of other zones": (
        dt.datetime,
        [dt.datetime(2020, 1, 2, tzinfo=HALF_PAST), dt.datetime(2020, 1, 2, tzinfo=ODD_OFFSET)],
        ["2020-01-02T00:00:00+05:30", "2020-01-02T00:00:00+01:00:07"],
    ),
    "times": (
        dt.time,
        [dt.time(1, 2), dt.time(1, 2, 3, 4), dt.time(1, 2, tzinfo=dt.UTC)],
        ["01:02:00", "01:02:03.000004", "01:02:00+00:00"],
    ),
    "decimals": (
        Decimal,
        [Decimal("1E-7"), Decimal("0.10"), Decimal("1E+3"), None, Decimal("-0")],
        ["1E-7", "0.10", "1E+3", None, "-0"],
    ),
    "UUIDs": (
        uuid.UUID,
        [uuid.UUID(int=0), uuid.UUID("F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6")],
        ["00000000-0000-0000-0000-000000000000", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"],
    ),
    "JSON": (JSON, [{"a": [1]}, None, "x"], [{"a": [1]}, None, "x"]),
}


def scalar(kind: object) -> GraphQLScalarType:
    definition = DEFAULT_SCALAR_REGISTRY[kind]
    return GraphQLScalarType(definition.name, serialize=definition.serialize)


@pytest.mark.parametrize("installed", [True, False], ids=["orjson", "without orjson"])
@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_becomes_what_each_of_its_values_becomes(
    name: str, installed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not installed:
        monkeypatch.setattr(texts, "orjson", None)
    kind, values, expected = COLUMNS[name]
    coerce = scalar(kind).coerce_output_value

    found = leaf(scalar(kind)).values(values)

    assert list(found) == expected == [None if value is None else coerce(value) for value in values]


def test_values_of_several_types_are_made_one_by_one() -> None:
    values = [dt.date(2020, 1, 2), dt.datetime(2020, 1, 2)]

    assert leaf(scalar(dt.datetime)).values(values) == ["2020-01-02", "2020-01-02T00:00:00"]


def test_a_scalar_of_the_applications_own_is_asked_though_it_has_a_known_name() -> None:
    own = GraphQLScalarType("Date", serialize=lambda value: value.year)

    assert leaf(own).values([dt.date(2020, 1, 2), None]) == [2020, None]


REFUSED: dict[str, tuple[GraphQLOutputType, Any]] = {
    "null": (GraphQLNonNull(scalar(dt.date)), None),
    "null of JSON": (GraphQLNonNull(scalar(JSON)), None),
    "unreadable": (scalar(JSON), Unreadable("x")),
    "long integer": (GraphQLInt, 2**31),
    "infinity": (GraphQLFloat, float("inf")),
    "text for a date": (scalar(dt.date), "2020-01-02"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_value_that_cannot_be_shown_is_left_to_graphql_core(name: str) -> None:
    output, value = REFUSED[name]

    with pytest.raises(NotRendered):
        leaf(output).values([value])


@pytest.mark.parametrize("width", range(15))
def test_a_row_of_any_width_is_a_dict(width: int) -> None:
    """Dicts of many keys are made in another way."""
    keys = tuple(f"key{place}" for place in range(width))
    columns = [[f"a{place}", f"b{place}"] for place in range(width)]

    assert [list(each.items()) for each in dicts(keys, columns, 2)] == [
        [(f"key{place}", f"{row}{place}") for place in range(width)] for row in "ab"
    ]
