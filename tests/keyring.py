"""A model for each kind of key, and one that refers to it and has it as a part of its own key; and ids, forged ones too."""

import base64
import enum
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import (
    CHAR,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Double,
    Enum,
    ForeignKey,
    Integer,
    Interval,
    LargeBinary,
    Numeric,
    SmallInteger,
    String,
    Time,
    Uuid,
)
from sqlalchemy.orm import DeclarativeBase, mapped_column, relationship
from sqlalchemy.types import TypeEngine

from gqlcrud.catalog import CatalogSettings, mapped_classes, read_catalog


class Base(DeclarativeBase):
    pass


class Hue(enum.Enum):
    RED = "r"
    DARK_RED = "dr"


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of key columns: values that rows have, values of any kind, and how a client writes one."""

    sql_type: TypeEngine[Any]
    values: Sequence[Any]
    any: st.SearchStrategy[Any]
    literal: Any = str


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
MOMENTS = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29))
LABELS = {"2nd": "_2nd", "a b": "a_b", "plain": "plain"}

KINDS: Mapping[str, Kind] = {
    "Integral": Kind(Integer(), [0, -1, 2**31 - 1], st.integers(-(2**31), 2**31 - 1), int),
    "Small": Kind(SmallInteger(), [0, 2**15 - 1], st.integers(-(2**15), 2**15 - 1), int),
    "Big": Kind(BigInteger(), [0, -(2**63), 2**53 + 1], st.integers(-(2**63), 2**63 - 1)),
    "Textual": Kind(
        String(30), ["", "a:b", '"', "é ß", "[", '["a"]', "[1]", "1", "日本\n", "\\", "[,]", "null", "😀"], TEXT
    ),
    "Padded": Kind(CHAR(3), ["abc", "xyz"], st.text("ab", min_size=3, max_size=3)),
    "Unique": Kind(Uuid(), [uuid.UUID(int=0), uuid.UUID(int=2**127 + 1)], st.uuids()),
    "UniqueText": Kind(Uuid(as_uuid=False), [str(uuid.UUID(int=7))], st.uuids().map(str)),
    "Dated": Kind(Date(), [date.min, date(2020, 2, 29), date.max], st.dates(), date.isoformat),
    "Timed": Kind(Time(), [time.min, time(1, 2, 3), time(1, 2, 3, 4)], st.times(), time.isoformat),
    "Naive": Kind(DateTime(), [datetime.min, datetime(2020, 1, 1, 1, 2, 3, 4)], st.datetimes(), datetime.isoformat),
    "Aware": Kind(
        DateTime(timezone=True),
        [datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, 1, 2, 3, 4, tzinfo=UTC)],
        MOMENTS.map(lambda value: value.replace(tzinfo=UTC)),
        datetime.isoformat,
    ),
    "Scaled": Kind(Numeric(10, 2), [Decimal("1.50"), Decimal("-0.01")], st.decimals(-1000, 1000, places=2)),
    "Free": Kind(
        Numeric(), [Decimal("1.5"), Decimal("1e-7"), Decimal(10**20)], st.decimals(-1000, 1000, allow_nan=False)
    ),
    "Floating": Kind(Double(), [0.1, -1e300, 5e-324], st.floats(allow_nan=False, allow_infinity=False), float),
    "Logical": Kind(Boolean(), [True, False], st.booleans(), bool),
    "Lasting": Kind(Interval(), [timedelta(0), timedelta(days=-1, microseconds=1)], st.timedeltas()),
    "Binary": Kind(LargeBinary(), [b"", b"\x00\xff", b"abc"], st.binary(max_size=20)),
    "Hued": Kind(Enum(Hue, name="key_hue"), list(Hue), st.sampled_from(Hue), lambda value: value.name),
    "Labelled": Kind(Enum(*LABELS, name="key_label"), list(LABELS), st.sampled_from(sorted(LABELS)), LABELS.get),
}


def _declare(name: str, kind: Kind) -> tuple[Any, Any]:
    """`<Name>` with the key `key`, and `<Name>Part` with the key (`key`, `number`) and a foreign key `whole_key`."""
    table = f"key_{name.lower()}"
    whole: Any = type(
        name,
        (Base,),
        {"__tablename__": table, "key": mapped_column(kind.sql_type, primary_key=True, autoincrement=False)},
    )
    part: Any = type(
        f"{name}Part",
        (Base,),
        {
            "__tablename__": f"{table}_part",
            "key": mapped_column(kind.sql_type, primary_key=True, autoincrement=False),
            "number": mapped_column(Integer, primary_key=True, autoincrement=False),
            "whole_key": mapped_column(kind.sql_type, ForeignKey(f"{table}.key")),
            "whole": relationship(whole, backref="parts"),
        },
    )
    return whole, part


MODELS: Mapping[str, tuple[Any, Any]] = {name: _declare(name, kind) for name, kind in KINDS.items()}
Base.registry.configure()
CATALOG = read_catalog(mapped_classes(Base), CatalogSettings())


def plain(text: str) -> str:
    """What stands in a global id."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()


def made(text: str) -> str:
    """A global id of one's own making."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def parts() -> st.SearchStrategy[str]:
    """What somebody might write behind the type: JSON of all kinds, numbers without measure, other people's keys."""
    odd = [
        "nan",
        "Infinity",
        "1e999",
        "9" * 5000,
        "[" * 3000,
        "[null]",
        "[[]]",
        "[{}]",
        "[true]",
        "[1,2,3]",
        "{}",
        "null",
    ]
    odd += ["0001-01-01T00:00:00+14:00", "2020-01-01T00:00:00+05:00", "2020-W01-1", "-P999999999DT1S", "P999999999D"]
    odd += [
        "[1.5]",
        "[NaN]",
        "[1e400]",
        '["\\ud800"]',
        '["\\u0000"]',
        "\x00",
        "\u0661",
        " 1",
        "1_0",
        "1.504",
        "AA==",
        "AA",
    ]
    json = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda each: st.lists(each, max_size=3),
    )
    return st.sampled_from(odd) | st.text(max_size=12) | json.map(repr) | st.lists(json, max_size=3).map(str)


def junk() -> st.SearchStrategy[str]:
    """Texts in the place of ids: some of the right form, some of none."""
    names = st.sampled_from([*sorted(CATALOG.by_name), "Nothing", ""])
    formed = st.builds(lambda name, rest: f"{name}:{rest}", names, parts())
    return st.one_of(
        st.text(max_size=20),
        formed.map(lambda text: text.encode("utf-8", "replace")).map(lambda each: base64.b64encode(each).decode()),
        formed.map(lambda text: base64.urlsafe_b64encode(text.encode("utf-8", "replace")).decode().rstrip("=")),
    )
