"""Scalars of the user's own: by type, by instance of a type, by attribute; with operators of their own."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, time, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import ARRAY, JSON, Dialect, Integer, String, Time, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from gqlcrud import Api, ModelOptions, Operator, custom_scalar
from tests.databases import MakeEngine
from tests.running import refused, run, save


@dataclass(frozen=True, slots=True)
class Metres:
    value: int


class Length(TypeDecorator[Metres]):
    """Kept as centimetres."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: Metres | None, dialect: Dialect) -> int | None:
        return None if value is None else value.value * 100

    def process_result_value(self, value: int | None, dialect: Dialect) -> Metres | None:
        return None if value is None else Metres(value // 100)


class Words(TypeDecorator[list[str]]):
    """A list, which Python cannot hash, in a text."""

    impl = String(100)
    cache_ok = True

    def process_bind_param(self, value: list[str] | None, dialect: Dialect) -> str | None:
        return None if value is None else " ".join(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> list[str] | None:
        return None if value is None else value.split()


class Own(DeclarativeBase):
    pass


CODE = String(5)


class Road(Own):
    __tablename__ = "road"

    length: Mapped[Metres] = mapped_column(Length, primary_key=True, autoincrement=False)
    width: Mapped[Metres | None] = mapped_column(Length)
    names: Mapped[list[str] | None] = mapped_column(Words)
    code: Mapped[str | None] = mapped_column(CODE)
    plate: Mapped[str | None] = mapped_column(String(9))
    signs: Mapped[list[str] | None] = mapped_column(ARRAY(CODE).with_variant(JSON(none_as_null=True), "sqlite"))
    opens: Mapped[time | None] = mapped_column(Time(timezone=True))


def parse_metres(value: Any) -> Metres:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("A length is a whole number of metres.")
    return Metres(value)


def parse_code(value: Any) -> str:
    text: str = value.removeprefix("#")  # an AttributeError for what is no text
    return text.upper()


LENGTH = custom_scalar(
    "Length",
    serialize=lambda value: value.value,
    parse=parse_metres,
    operators=(Operator.EQ, Operator.NE, Operator.GT, Operator.LT, Operator.IN, Operator.NOT_IN, Operator.IS_NULL),
)
WORDS = custom_scalar("Words", serialize=list, parse=list, sortable=False)
CODED = custom_scalar("Code", serialize=lambda value: f"#{value}", parse=parse_code)
PLATE = custom_scalar("Plate", serialize=str, parse=str, operators=(Operator.EQ, Operator.STARTS_WITH), sortable=False)


@pytest.fixture(scope="module")
async def own(make_module_engine: MakeEngine) -> AsyncIterator[Api]:
    """A scalar by the class of a type, one by an instance of it, one by attribute."""
    engine = await make_module_engine(Own.metadata)
    noon = time(12, tzinfo=UTC)
    await save(
        engine,
        Road(
            length=Metres(5), width=Metres(2), names=["a", "b"], code="AB", plate="x1", signs=["AB", "CD"], opens=noon
        ),
        Road(length=Metres(50), names=[], plate="y1", signs=[]),
    )
    scalars: dict[Any, Any] = {Length: LENGTH, Words: WORDS, CODE: CODED}
    yield Api(Own, engine, scalars=scalars, models={Road: ModelOptions(scalars={"plate": PLATE})})


async def test_scalars_of_ones_own_are_shown_as_they_serialize(own: Api) -> None:
    data = await run(own, "{ roads { nodes { id length width names code plate signs opens } } }")
    one, other = data["roads"]["nodes"]
    assert one == {
        "id": "Um9hZDpbNV0",
        "length": 5,
        "width": 2,
        "names": ["a", "b"],
        "code": "#AB",
        "plate": "x1",
        "signs": ["#AB", "#CD"],
        "opens": "12:00:00+00:00",
    }
    assert other == {**dict.fromkeys(one), "id": "Um9hZDpbNTBd", "length": 50, "names": [], "plate": "y1", "signs": []}


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"length": {"eq": 5}}, [5]),
        ({"length": {"gt": 5}}, [50]),
        ({"length": {"in": [50, 51]}}, [50]),
        ({"width": {"notIn": [1]}}, [5]),
        ({"not": {"width": {"eq": 2}}}, [50]),
        ({"width": {"isNull": True}}, [50]),
        ({"names": {"eq": ["a", "b"]}}, [5]),
        ({"names": {"ne": ["a", "b"]}}, [50]),
        ({"names": {"in": [[], ["c"]]}}, [50]),
        ({"or": [{"names": {"eq": []}}, {"names": {"eq": ["a", "b"]}}]}, [5, 50]),
        ({"code": {"eq": "#ab"}}, [5]),
        ({"code": {"in": ["ab", "xy"]}}, [5]),
        ({"plate": {"startsWith": "y"}}, [50]),
        ({"signs": {"has": "#cd"}}, [5]),
        ({"signs": {"hasAny": ["cd", "ef"]}}, [5]),
        ({"signs": {"eq": []}}, [50]),
        ({"id": {"eq": "Um9hZDpbNV0"}}, [5]),
        ({"opens": {"eq": "12:00:00"}}, [5]),
        ({"opens": {"lt": "13:00:00+00:00"}}, [5]),
    ],
    ids=str,
)
async def test_scalars_of_ones_own_have_the_operators_they_name(own: Api, where: Any, expected: list[int]) -> None:
    data = await run(own, "query ($where: RoadWhere) { roads(where: $where) { nodes { length } } }", where=where)
    assert [node["length"] for node in data["roads"]["nodes"]] == expected


async def test_scalars_of_ones_own_have_no_other_operators(own: Api) -> None:
    names = ("Length", "Words", "Plate", "CodeList")
    types = [f'{name}: __type(name: "{name}Filter") {{ inputFields {{ name }} }}' for name in names]
    data = await run(own, f"{{ {' '.join(types)} }}")
    assert {name: [each["name"] for each in found["inputFields"]] for name, found in data.items()} == {
        "Length": ["eq", "ne", "gt", "lt", "in", "notIn", "isNull"],
        "Words": ["eq", "ne", "in", "notIn", "isNull"],
        "Plate": ["eq", "startsWith"],
        "CodeList": ["eq", "ne", "isNull", "has", "hasAny", "hasAll", "isEmpty"],
    }


async def test_a_key_of_ones_own_scalar_is_found_by_id_and_by_value(own: Api) -> None:
    data = await run(
        own,
        """query ($after: String) {
          node(id: "Um9hZDpbNTBd") { id } byId: road(by: {id: "Um9hZDpbNV0"}) { length }
          byKey: road(by: {length: 50}) { length } none: road(by: {length: 6}) { length }
          tampered: nodes(ids: ["Um9hZDo1", "Um9hZDpbdHJ1ZV0", "Um9hZDpbIjUiXQ"]) { id }
          roads(first: 1, after: $after, orderBy: [{length: DESC}]) { nodes { length } pageInfo { endCursor } }
        }""",
    )
    cursor = data["roads"]["pageInfo"].pop("endCursor")
    assert data == {
        "node": {"id": "Um9hZDpbNTBd"},
        "byId": {"length": 5},
        "byKey": {"length": 50},
        "none": None,
        "tampered": [None, None, None],
        "roads": {"nodes": [{"length": 50}], "pageInfo": {}},
    }
    query = "query ($after: String) { roads(first: 1, after: $after, orderBy: [{length: DESC}]) { nodes { length } } }"
    assert await run(own, query, after=cursor) == {"roads": {"nodes": [{"length": 5}]}}


async def test_what_a_scalar_of_ones_own_refuses_is_told_in_its_words(own: Api) -> None:
    query = "query ($length: Length) { roads(where: {length: {eq: $length}}) { totalCount } }"
    for value in ("5", 1.5, True, [1]):
        (error,) = await refused(own, query, length=value)
        assert error[0] == "BAD_USER_INPUT"
        assert "A length is a whole number of metres." in error[1]
    (error,) = await refused(own, '{ roads(where: {length: {eq: "5"}}) { totalCount } }')
    assert error[0] == "GRAPHQL_VALIDATION_FAILED"
    assert "A length is a whole number of metres." in error[1]


async def test_any_exception_of_a_parser_is_a_mistake_of_the_client(own: Api) -> None:
    """`parse` should raise ValueError; one that forgets a kind of input does not bring the request down."""
    (error,) = await refused(own, "query ($code: Code) { roads(where: {code: {eq: $code}}) { totalCount } }", code=5)
    assert error[0] == "BAD_USER_INPUT"


async def test_times_of_day_with_a_time_zone_are_shown_in_utc(own: Api, make_engine: MakeEngine) -> None:
    engine = await make_engine(Own.metadata)
    await save(engine, Road(length=Metres(1), opens=time(12, tzinfo=UTC)))
    api = Api(Own, engine, scalars={Length: LENGTH, Words: WORDS})
    offset = time(14, tzinfo=timezone(timedelta(hours=2)))
    query = "query ($opens: Time) { roads(where: {opens: {gte: $opens}}) { nodes { opens } } }"
    for given in ("12:00:00", "12:00:00+00:00", "11:59:59.999999Z"):
        assert await run(api, query, opens=given) == {"roads": {"nodes": [{"opens": "12:00:00+00:00"}]}}
    assert await run(api, query, opens=offset.replace(hour=15).isoformat()) == {"roads": {"nodes": []}}
