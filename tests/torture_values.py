"""What a client may send in the place of a value of each GraphQL type, well formed or not."""

# ruff: noqa: RUF001 - digits and letters of other scripts are what is tested.

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

NAN, INFINITY = float("nan"), float("inf")
DIGITS = 10**4999
"""Of more digits than Python tells of an integer."""


def nested(depth: int, *, keys: bool) -> Any:
    """A JSON value so deep."""
    value: Any = "x"
    for _ in range(depth):
        value = {"k": value} if keys else [value]
    return value


def closed(text: str | bytes) -> str:
    """As the text of an id or a cursor goes to clients."""
    content = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


REFUSED_TEXTS = ["\x00", "a\x00b", "\ud800", "\udfff!", "a\ud83d"]
"""Texts that no database holds."""
TEXTS = [
    *(
        "",
        " ",
        "'",
        '"',
        "''; DROP TABLE crate; --",
        "\\",
        "\\'",
        "%",
        "_",
        "%_\\",
        "(",
        "[",
        "*",
        "(a+)+$",
        "$1",
        "?",
    ),
    *(":name", "%(x)s", "{{7*7}}", "${x}", "null", "NaN", "\r\n", "\t", "\x7f\x01\x1b", "\u2028", "\ufeff", "\uffff"),
    *("שלום\u202eabc", "عَرَبِيّ", "ﷺ", "e\u0301", "é", "\u0301", "👨\u200d👩\u200d👧", "\U0010ffff", "ß", "İ", "ſ", "K"),
]
"""Texts that are what they are."""

VALUES: Mapping[str, Sequence[Any]] = {
    "String": [*TEXTS, *REFUSED_TEXTS, "x" * 5000, "é" * 3000, 1, True, None, [], {}, 1.5, DIGITS],
    "Int": [
        *(0, -1, 1.0, 2**31 - 1, -(2**31), 2**31, 2**63, 10**400, DIGITS, 1.5, 1e308, NAN, INFINITY, "1", "x", True),
        *(None, [], {}),
    ],
    "Float": [0, -0.0, 1e308, -1e308, 5e-324, 1e39, NAN, INFINITY, 10**400, DIGITS, 2**63, "1", None, True, [], {}],
    "BigInt": [
        *(0, 2**63 - 1, -(2**63), 2**63, "9223372036854775807", "9223372036854775808", "9" * 5000, DIGITS, " 1", "1_0"),
        *("١٢", "", "NaN", 1.0, NAN, None, True, [], {}),
    ],
    "Decimal": [
        *("0", "-0", "1e1000000", "-1e1000000", "1e-1000000", "1e999999999999999999", "NaN", "sNaN", "-sNaN123"),
        *("Infinity", "-Infinity", "9" * 1000, "9" * 1001, "0." + "3" * 999, "1e1000", "1e-1000", "1e400", "1_0"),
        *(" 1 ", "١٢", "0x10", "", "x", "\ud800", 1.5, NAN, INFINITY, 10**400, DIGITS, True, None, [], {}),
    ],
    "Boolean": [True, False, 0, 1, "true", "\x00", None, [], {}],
    "Date": [
        *("0001-01-01", "9999-12-31", "0000-01-01", "10000-01-01", "-0001-01-01", "2020-02-30", "2020-1-1", "20200101"),
        *("2020-W01-1", "infinity", "\x00", "٢٠٢٠-٠١-٠١", "", "\ud800", 1, DIGITS, None, [], {}),
    ],
    "Time": [
        *("00:00", "23:59:59.999999", "24:00", "23:59:60", "12:00+02:00", "12:00:00-23:59", "12:00Z", "T12:00", "12"),
        *("12:00:00.1234567", "", "\ud800", 1, DIGITS, None, [], {}),
    ],
    "DateTime": [
        *("0001-01-01T00:00:00", "9999-12-31T23:59:59.999999", "0001-01-01T00:00:00+14:00", "10000-01-01T00:00:00"),
        *(
            "9999-12-31T23:59:59.999999-12:00",
            "0001-01-01T00:00:00+23:59:59.999999",
            "2020-01-01T24:00:00",
            "2020-01-01",
        ),
        *("2020-01-01T00:00:00.123456789Z", "infinity", "\x00", "", "\ud800", 1, DIGITS, None, [], {}),
    ],
    "Duration": [
        *(
            "P1D",
            "-P999999999D",
            "P999999999DT23H59M59.999999S",
            "P1000000000D",
            f"P{'9' * 60}D",
            "PT0.0000001S",
            "P1Y",
        ),
        *("P١D", "", "\x00", "\ud800", 1, DIGITS, None, [], {}),
    ],
    "UUID": [
        *("0" * 32, "f" * 32, f"{{{'f' * 32}}}", f"urn:uuid:{'f' * 32}", "f" * 33, "٠" * 32, "", "x", "\x00", "\ud800"),
        *(1, DIGITS, None, [], {}),
    ],
    "Base64": ["", "AA==", "AAAA" * 5000, "A", "A===", "_-8=", "\x00", "é", "\ud800", 1, DIGITS, None, [], {}],
    "JSON": [
        *(None, 0, 1, True, "", "\x00", "\ud800", "a\\u0000", {"\x00": 1}, {"\ud800": 1}, {"": {"": ""}}, [], {}, [[]]),
        *(NAN, INFINITY, 10**400, DIGITS, -(10**40), 1e308, 5e-324, 2**63, {"a": [1, {"b": None}]}, "'\"\\", "e\u0301"),
        *("שלום\u202e", {"__proto__": 1}, {"a": NAN}, nested(90, keys=False), nested(90, keys=True)),
        *(nested(900, keys=False), nested(900, keys=True), nested(100_000, keys=False), nested(100_000, keys=True)),
    ],
    "ID": [
        *(
            "",
            "x",
            "\x00",
            "\ud800",
            "é",
            closed(""),
            closed(":"),
            closed("Crate"),
            closed("Crate:"),
            closed("Crate:1"),
        ),
        *(
            closed("Crate:1") + "==",
            closed("Crate:1\x00"),
            closed("Crate:01"),
            closed("Crate: 1"),
            closed("Crate:1_0"),
        ),
        *(closed("Crate:" + "9" * 30), closed("Crate:" + "9" * 5000), closed("Crate:[1]"), closed("Crate:-1")),
        *(closed("Label:a"), closed("Label:"), closed("Label:\x00"), closed(b"Label:\xff"), closed("Label:\ud800")),
        *(closed('Label:["\\ud800"]'), closed('Stamp:["de",1]'), closed('Stamp:["de",99999999999]')),
        *(closed('Stamp:["\\u0000",1]'), closed('Stamp:["\\ud800",1]'), closed('Stamp:["long country",1]')),
        *(closed("Stamp:[null,null]"), closed("Stamp:" + "[" * 1000), closed("Stamp:" + "[" * 3000 + "]" * 3000)),
        *(closed("Stamp:[1e999,NaN]"), closed(f'Stamp:["a",{"1" * 4900}]'), closed("Nothing:1"), closed("__proto__:1")),
        *("A" * 10_000, 1, 2**70, DIGITS, 1.5, True, None, [], {}),
    ],
    "cursor": [
        *("", "x", "\x00", "\ud800", closed("[]"), closed("[1]"), closed("null"), closed("[" * 5000), closed('["x"]')),
        *(
            closed('["\\ud800",1]'),
            closed("Crate:1"),
            closed(json.dumps(["x", 1])),
            closed(b"\xff"),
            "A" * 10_000,
            1,
            [],
        ),
    ],
    "enum": [
        "RED",
        "GREEN",
        "red",
        "ASC",
        "TEXT",
        "RED ",
        "",
        "\x00",
        "\ud800",
        "__proto__",
        0,
        1,
        True,
        DIGITS,
        None,
        [],
        {},
    ],
}
"""By the name of a scalar; `cursor` for a String that is one, `enum` for any enum."""
