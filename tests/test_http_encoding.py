"""Answers as JSON: the same with orjson, where it is installed, and with the standard library."""

import dataclasses
import datetime as dt
import json
import re
from typing import Any

import pytest
from strawberry.types import ExecutionResult

from gqlcrud import http
from gqlcrud.http import answer
from gqlcrud.media_types import GRAPHQL_RESPONSE


@dataclasses.dataclass
class Point:
    x: int = 1


class Text(str):
    """A text of the user's own."""


def deep(levels: int) -> Any:
    return [deep(levels - 1)] if levels else 1


VALUES: list[Any] = [
    {"a": [1, -(2**63), 2**63 - 1, 0.5, 1e22, 1e-7, True, None, 'é\U0001d4b3\u2028"\\\n\x00'], "b": {}},
    [2**64, -(2**70)],
    [float("nan"), float("inf"), -float("inf"), 0.0],
    "a\ud800b",
    {"\udfff": 1},
    deep(300),
    Text("own"),
    (1, 2),
    {1: "a"},
    Point(),
    dt.date(2025, 1, 1),
    object(),
]


def encoded(value: Any) -> Any:
    """The document; the id of a fault is another one each time."""
    body = answer(ExecutionResult({"value": value}, None), GRAPHQL_RESPONSE).body
    return json.loads(re.sub(rb"[0-9a-f]{32}", b"id", body))


@pytest.mark.parametrize("place", range(len(VALUES)))
def test_both_ways_give_one_document(place: int, monkeypatch: pytest.MonkeyPatch) -> None:
    quickly = encoded(VALUES[place])
    monkeypatch.setattr(http, "orjson", None)

    assert quickly == encoded(VALUES[place])


def test_what_is_no_json_is_a_fault_and_what_json_lacks_is_null() -> None:
    fault = {"message": "An internal error occurred.", "extensions": {"code": "INTERNAL_ERROR", "id": "id"}}

    assert encoded(VALUES[2]) == {"data": {"value": [None, None, None, 0.0]}}
    assert encoded("a\ud800b") == {"data": {"value": "a\ufffdb"}}
    assert [encoded(value) for value in VALUES[-3:]] == [{"errors": [fault], "data": None}] * 3
