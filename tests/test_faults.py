"""Faults: the client is told an id and nothing else, the log has the rest under that id. Mistakes of a client are not logged."""

import logging
import re
from typing import Any, ClassVar

import pytest
import strawberry
from graphql import GraphQLError
from sqlalchemy import Dialect, Enum, String, TypeDecorator, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from strawberry.permission import BasePermission
from strawberry.types import Info

from gqlcrud import Api, ModelOptions, connection, custom_scalar, field
from tests.databases import MakeEngine
from tests.serving import app_of, client_of, post

SECRET = "secret of /home/somebody"


class Base(DeclarativeBase):
    pass


class Unreadable(TypeDecorator[str]):
    """Raises for the value `bad`, in both directions."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value == "bad":
            raise ValueError(SECRET)
        return value

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return self.process_bind_param(value, dialect)


class Mark(TypeDecorator[str]):
    """A text with a scalar of the user's own."""

    impl = String
    cache_ok = True


class Thing(Base):
    """The rows 1 and 3 are in order; the row 2 holds what its columns cannot be."""

    __tablename__ = "thing"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str | None] = mapped_column(Enum("a", "b", native_enum=False))
    odd: Mapped[str | None] = mapped_column(Unreadable)
    mark: Mapped[str | None] = mapped_column(Mark)
    required: Mapped[int]

    @hybrid_property
    def computed(self) -> str:
        raise (AttributeError if self.id == 1 else RuntimeError)(SECRET)


class Missing(Base):
    """Its table is not there."""

    __tablename__ = "missing"

    id: Mapped[int] = mapped_column(primary_key=True)


class CodedError(Exception):
    """Looks like an error of GraphQL, and is none."""

    extensions: ClassVar = {"code": "SECRET", "detail": SECRET}
    message = SECRET


class UnprintableError(Exception):
    def __str__(self) -> str:
        raise ValueError(SECRET)


class Denied(BasePermission):
    message = "You may not see this."

    def has_permission(self, source: Any, info: Info, **_: Any) -> bool:
        if source is None:
            raise KeyError(SECRET)
        return False


class ThingFields:
    @field(requires=["id"])
    async def fails(self) -> int | None:
        raise LookupError(SECRET)

    @field(permission_classes=[Denied])
    def hidden(self) -> int | None:
        return 1


class Fields:
    @strawberry.field
    def sync(self) -> int | None:
        raise ZeroDivisionError(SECRET)

    @strawberry.field
    async def coded(self) -> int | None:
        raise CodedError

    @strawberry.field
    async def unprintable(self) -> int | None:
        raise UnprintableError

    @strawberry.field
    def out_of_range(self) -> int | None:
        return 2**40

    @strawberry.field
    def absent(self) -> int:
        return None  # type: ignore[return-value]  # the mistake that is tested

    @strawberry.field
    async def own_statement(self) -> int | None:
        async with connection(Thing) as own:
            await own.execute(text("SELECT secret FROM nowhere WHERE a = :a"), {"a": SECRET})
        return 1

    @field(permission_classes=[Denied])
    def guarded(self) -> int | None:
        return 1

    @strawberry.field
    def told(self) -> int | None:
        raise GraphQLError("This is for you.", extensions={"code": "MINE", "more": [1]})


def _serialize_mark(value: str) -> str:
    if value == "bad":
        raise ValueError(SECRET)
    return value


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncEngine:
    engine = await make_engine()
    async with engine.begin() as own:
        await own.execute(
            text("CREATE TABLE thing (id INTEGER, kind VARCHAR(9), odd VARCHAR(9), mark VARCHAR(9), required INTEGER)")
        )
        await own.execute(
            text("INSERT INTO thing VALUES (1, 'a', 'x', 'y', 1), (2, 'z', 'bad', 'bad', NULL), (3, 'b', 'x', 'y', 3)")
        )
    return engine


@pytest.fixture
def api(engine: AsyncEngine) -> Api:
    mark = custom_scalar("Mark", serialize=_serialize_mark, parse=str)
    options = ModelOptions(fields=ThingFields)
    return Api(Base, engine, models={Thing: options}, scalars={Mark: mark}, query=Fields)


ID = re.compile("[0-9a-f]{32}")


def with_known_ids(document: dict[str, Any]) -> dict[str, Any]:
    """The same document with the ids of its faults replaced by `id 1`, `id 2` ... in their order."""
    known: dict[str, str] = {}
    for error in document.get("errors", ()):
        identity = error["extensions"].get("id")
        if identity is not None:
            assert ID.fullmatch(identity)
            error["extensions"]["id"] = known.setdefault(identity, f"id {len(known) + 1}")
    return document


def fault(*path: str | int, number: int = 1) -> dict[str, Any]:
    return {
        "message": "An internal error occurred.",
        "path": list(path),
        "extensions": {"code": "INTERNAL_ERROR", "id": f"id {number}"},
    }


async def answer(api: Api, query: str) -> dict[str, Any]:
    """The document over HTTP, without the places in the query."""
    async with client_of(app_of(api)) as client:
        response = await post(client, query)
    assert response.status_code == 200
    document: dict[str, Any] = response.json()
    for error in document.get("errors", ()):
        error.pop("locations", None)
    return document


@pytest.mark.parametrize(
    ("query", "document", "logged"),
    [
        ("{ missings { totalCount } }", {"errors": [fault("missings")], "data": None}, "missing"),
        (
            "{ thing(by: {rowId: 2}) { odd } }",
            {"errors": [fault("thing")], "data": {"thing": None}},
            "ValueError: secret of",
        ),
        (
            '{ things(where: {odd: {eq: "bad"}}) { totalCount } }',
            {"errors": [fault("things")], "data": None},
            "ValueError: secret of",
        ),
        (
            "{ thing(by: {rowId: 2}) { kind } }",
            {"errors": [fault("thing")], "data": {"thing": None}},
            "LookupError: 'z'",
        ),
        (
            "{ thing(by: {rowId: 2}) { mark } }",
            {"errors": [fault("thing", "mark")], "data": {"thing": {"mark": None}}},
            "ValueError: secret of",
        ),
        (
            "{ thing(by: {rowId: 2}) { rowId required } }",
            {"errors": [fault("thing", "required")], "data": {"thing": None}},
            "Cannot return null for non-nullable field Thing.required.",
        ),
        (
            "{ thing(by: {rowId: 3}) { computed } }",
            {"errors": [fault("thing", "computed")], "data": {"thing": None}},
            "RuntimeError: secret of",
        ),
        (
            "{ thing(by: {rowId: 1}) { computed } }",
            {"errors": [fault("thing", "computed")], "data": {"thing": None}},
            "AttributeError: secret of",
        ),
        (
            "{ thing(by: {rowId: 1}) { odd fails } }",
            {"errors": [fault("thing", "fails")], "data": {"thing": {"odd": "x", "fails": None}}},
            "LookupError: secret of",
        ),
        ("{ sync }", {"errors": [fault("sync")], "data": {"sync": None}}, "ZeroDivisionError: secret of"),
        ("{ coded }", {"errors": [fault("coded")], "data": {"coded": None}}, "CodedError"),
        ("{ absent }", {"errors": [fault("absent")], "data": None}, "Cannot return null for non-nullable field"),
        ("{ ownStatement }", {"errors": [fault("ownStatement")], "data": {"ownStatement": None}}, "nowhere"),
        ("{ guarded }", {"errors": [fault("guarded")], "data": {"guarded": None}}, "KeyError: 'secret of"),
    ],
)
async def test_fault_is_an_id_for_the_client_and_a_traceback_in_the_log(
    api: Api, caplog: pytest.LogCaptureFixture, query: str, document: dict[str, Any], logged: str
) -> None:
    found = await answer(api, query)

    (record,) = caplog.records
    identity = found["errors"][0]["extensions"]["id"]
    place = ".".join(map(str, found["errors"][0]["path"]))
    assert (record.name, record.levelno) == ("gqlcrud", logging.ERROR)
    assert record.getMessage() == f"Fault {identity} at {place}"
    assert "Traceback (most recent call last):" in caplog.text
    assert logged in caplog.text
    assert with_known_ids(found) == document


async def test_fault_of_the_operation_as_a_whole(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    """graphql-core asks an error for its text, and this one has none: nothing of the operation can be told."""
    async with client_of(app_of(api)) as client:
        response = await post(client, "{ unprintable }")
        legacy = await post(client, "{ unprintable }", "application/json")

    expected = {
        "errors": [{"message": "An internal error occurred.", "extensions": {"code": "INTERNAL_ERROR", "id": "id 1"}}]
    }
    assert (response.status_code, with_known_ids(response.json())) == (500, expected)
    assert (legacy.status_code, with_known_ids(legacy.json())) == (200, expected)
    assert [ID.sub("id", each.getMessage()) for each in caplog.records] == ["Fault id at the operation as a whole"] * 2


async def test_one_exception_is_one_fault_however_many_fields_it_fails(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    """Two aliases wait for one statement."""
    found = await answer(api, "{ things(first: 2) { nodes { rowId a: odd b: odd } } }")
    assert with_known_ids(found) == {"errors": [fault("things")], "data": None}
    assert len(caplog.records) == 1
    caplog.clear()

    query = "{ thing(by: {rowId: 1}) { fails } sync again: sync }"
    assert with_known_ids(await answer(api, query)) == {
        "errors": [fault("sync"), fault("again", number=2), fault("thing", "fails", number=3)],
        "data": {"thing": {"fails": None}, "sync": None, "again": None},
    }
    assert len(caplog.records) == 3


async def test_what_a_resolver_says_to_the_client_is_told(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    query = "{ told thing(by: {rowId: 1}) { hidden } outOfRange }"
    assert await answer(api, query) == {
        "errors": [
            {"message": "This is for you.", "path": ["told"], "extensions": {"code": "MINE", "more": [1]}},
            {
                "message": "Int cannot represent non 32-bit signed integer value: 1099511627776",
                "path": ["outOfRange"],
                "extensions": {"code": "VALIDATION"},
            },
            {"message": "You may not see this.", "path": ["thing", "hidden"], "extensions": {"code": "VALIDATION"}},
        ],
        "data": {"told": None, "thing": {"hidden": None}, "outOfRange": None},
    }
    assert caplog.records == []


async def test_faults_are_masked_in_a_schema_of_ones_own(
    api: Api, engine: AsyncEngine, caplog: pytest.LogCaptureFixture
) -> None:
    schema = strawberry.Schema(query=api.query, extensions=[api.extension])

    result = await schema.execute("{ missings { totalCount } told }")

    assert [(each.message, each.path) for each in result.errors or ()] == [
        ("This is for you.", ["told"]),
        ("An internal error occurred.", ["missings"]),
    ]
    assert len([each for each in caplog.records if each.name == "gqlcrud"]) == 1


@pytest.mark.parametrize(
    "query",
    [
        "{",
        "",
        "{ nofield }",
        "{ things(first: -1) { totalCount } }",
        "{ things(first: 501) { totalCount } }",
        '{ things(after: "x") { totalCount } }',
        '{ thing(by: {id: "x"}) { odd } }',
        '{ things(where: {rowId: {eq: "x"}}) { totalCount } }',
        "{ things(where: {rowId: {eq: null}}) { totalCount } }",
        '{ things(where: {odd: {eq: "a\\u0000b"}}) { totalCount } }',
        "query A { __typename } query B { __typename }",
        "mutation { nofield }",
        'mutation { deleteThing(input: {by: {id: "x"}}) { bookEdge { cursor } } }',
        "subscription { __typename }",
        "query($v: Int!) { things(first: $v) { totalCount } }",
        "{a" * 1000,
        "{ things(first: " + "9" * 5000 + ") { totalCount } }",
    ],
)
async def test_mistakes_of_a_client_are_not_logged(api: Api, caplog: pytest.LogCaptureFixture, query: str) -> None:
    caplog.set_level(logging.DEBUG, "gqlcrud")
    async with client_of(app_of(api)) as client:
        response = await post(client, query)

    assert [error["extensions"]["code"] for error in response.json()["errors"]]
    assert [each.getMessage() for each in caplog.records if each.name in ("gqlcrud", "strawberry.execution")] == []
