"""What logs are told of operations, and the ids of requests."""

import asyncio
import logging
from typing import Any

import pytest
import strawberry
from sqlalchemy.ext.asyncio import AsyncEngine

from gqlcrud import Api, ConfigurationError, Observability, request_id
from tests import shelf
from tests.databases import MakeEngine
from tests.running import save
from tests.serving import PATH, app_of, client_of, unused_engine

FIELDS = ("operation_name", "operation_type", "outcome", "codes", "statements", "rows", "request_id")
TAGS = "query Tags { tags { nodes { label } } }"


@strawberry.type
class Own:
    @strawberry.field
    def divide(self) -> int | None:
        return 1 // 0

    @strawberry.field
    def id_of_request(self) -> str | None:
        return request_id()


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncEngine:
    engine = await make_engine(shelf.Base.metadata)
    await save(engine, shelf.Tag(id=7, label="new"), shelf.Tag(id=8, label="old"))
    return engine


def told(caplog: pytest.LogCaptureFixture, logger: str = "gqlcrud.operations") -> list[tuple[Any, ...]]:
    """The fields of the records of a logger, all but the id of the request."""
    return [tuple(getattr(each, name) for name in FIELDS[:-1]) for each in caplog.records if each.name == logger]


async def test_each_operation_makes_a_record(engine: AsyncEngine, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "gqlcrud.operations")
    api = Api(shelf.Base, engine, query=Own, observability=Observability())
    for document in (
        TAGS,
        TAGS,
        "mutation { deleteTag(input: {by: {rowId: 8}}) { deletedId } }",
        "{ divide tags { totalCount } }",
        "query Odd { nothing }",
        "{",
    ):
        await api.execute(document)

    ok, reading, writing, partial, invalid, unreadable = told(caplog)
    assert ok == reading == ("Tags", "query", "ok", [], 1, 2)
    assert writing[:4] == (None, "mutation", "ok", [])
    assert writing[4] >= 2
    assert partial == (None, "query", "partial", ["INTERNAL_ERROR"], 1, 1)
    assert invalid == ("Odd", "query", "error", ["GRAPHQL_VALIDATION_FAILED"], 0, 0)
    assert unreadable == (None, None, "error", ["GRAPHQL_PARSE_FAILED"], 0, 0)


async def test_the_message_of_a_record_tells_it_all(engine: AsyncEngine, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "gqlcrud.operations")

    await Api(shelf.Base, engine, observability=Observability()).execute(TAGS)

    (record,) = (each for each in caplog.records if each.name == "gqlcrud.operations")
    told_ms = f"{record.milliseconds:.1f}"  # type: ignore[attr-defined]
    assert record.getMessage() == f"query Tags: ok, 1 statement, 2 rows, {told_ms} ms"


async def test_a_slow_operation_tells_its_statements(engine: AsyncEngine, caplog: pytest.LogCaptureFixture) -> None:
    document = 'query Slow { tags(where: {label: {eq: "new"}}) { nodes { label } } }'
    for options, expected in (
        (Observability(log=False, slow=0), [{"sql", "rows", "milliseconds"}]),
        (Observability(log=False, slow=0, parameters=True), [{"sql", "rows", "milliseconds", "parameters"}]),
        (Observability(log=False, slow=60), []),
    ):
        caplog.clear()
        await Api(shelf.Base, engine, observability=options).execute(document)

        records = [each for each in caplog.records if each.name == "gqlcrud.slow"]
        statements = [each for record in records for each in record.sql]  # type: ignore[attr-defined]
        assert [set(each) for each in statements] == expected
        assert all("new" not in each["sql"] and each["rows"] == 1 for each in statements)
        assert all("new" in each["parameters"] for each in statements if "parameters" in each)
        assert [each.levelno for each in caplog.records] == [logging.WARNING] * len(expected)


async def test_nothing_is_told_unless_it_is_asked_for(engine: AsyncEngine, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "gqlcrud")
    for api in (Api(shelf.Base, engine), Api(shelf.Base, engine, observability=Observability(log=False))):
        result = await api.execute(TAGS)

        assert not result.extensions
    assert caplog.records == []


async def test_an_operation_that_is_cancelled_makes_a_record(
    engine: AsyncEngine, caplog: pytest.LogCaptureFixture
) -> None:
    @strawberry.type
    class Waiting:
        @strawberry.field
        async def wait(self) -> int:
            await asyncio.sleep(60)
            return 1

    caplog.set_level(logging.INFO, "gqlcrud.operations")
    api = Api(shelf.Base, engine, query=Waiting, observability=Observability())
    task = asyncio.ensure_future(api.execute("query Wait { wait }"))
    await asyncio.sleep(0.05)

    task.cancel()
    await asyncio.wait([task])

    assert task.cancelled()
    assert told(caplog) == [("Wait", "query", "cancelled", [], 0, 0)]


# ---------- ids of requests ----------


def served(**options: Any) -> Api:
    return Api(shelf.Base, unused_engine(), query=Own, observability=Observability(**options))


@pytest.mark.parametrize("given", ["7f3c", "a/b:c=d@e.f-g+h_i", "x" * 128])
async def test_a_request_keeps_the_id_that_it_comes_with(given: str) -> None:
    async with client_of(app_of(served())) as client:
        response = await client.post(PATH, json={"query": "{ idOfRequest }"}, headers={"x-request-id": given})

    assert response.headers["x-request-id"] == given
    assert response.json() == {"data": {"idOfRequest": given}}


@pytest.mark.parametrize("given", [None, "", "a b", 'a"b', "<x>", "-x", "x" * 129], ids=repr)
async def test_a_request_gets_an_id_of_its_own_otherwise(given: str | None) -> None:
    headers = {} if given is None else {"x-request-id": given}
    async with client_of(app_of(served())) as client:
        response = await client.post(PATH, json={"query": "{ idOfRequest }"}, headers=headers)

    identity = response.headers["x-request-id"]
    assert len(identity) == 32
    assert response.json() == {"data": {"idOfRequest": identity}}


async def test_the_header_may_have_another_name_or_none() -> None:
    for name, answered in (("X-Correlation-ID", True), (None, False)):
        async with client_of(app_of(served(request_id_header=name))) as client:
            response = await client.post(PATH, json={"query": "{ __typename }"}, headers={"X-Correlation-ID": "7"})

        assert (response.headers.get("X-Correlation-ID") == "7", "x-request-id" in response.headers) == (
            answered,
            False,
        )


async def test_a_refused_request_has_an_id() -> None:
    async with client_of(app_of(served())) as client:
        response = await client.post(PATH, content=b"{", headers={"content-type": "application/json"})

    assert (response.status_code, len(response.headers["x-request-id"])) == (400, 32)


async def test_a_fault_is_logged_with_the_id_of_its_request(caplog: pytest.LogCaptureFixture) -> None:
    async with client_of(app_of(served())) as client:
        response = await client.post(PATH, json={"query": "{ divide }"}, headers={"x-request-id": "7f3c"})

    (record,) = (each for each in caplog.records if each.name == "gqlcrud")
    assert (record.request_id, record.fault_id) == (  # type: ignore[attr-defined]
        "7f3c",
        response.json()["errors"][0]["extensions"]["id"],
    )


async def test_without_it_there_are_no_ids() -> None:
    async with client_of(app_of(Api(shelf.Base, unused_engine(), query=Own))) as client:
        response = await client.post(PATH, json={"query": "{ idOfRequest }"}, headers={"x-request-id": "7f3c"})

    assert "x-request-id" not in response.headers
    assert response.json() == {"data": {"idOfRequest": None}}
    assert request_id() is None


# ---------- options ----------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"slow": -1}, r"slow=-1\) takes seconds"),
        ({"slow": True}, r"slow=True\) takes seconds"),
        ({"slow": "1"}, r"slow='1'\) takes seconds"),
        ({"request_id_header": "X Request"}, "takes the name of a header"),
        ({"request_id_header": ""}, "takes the name of a header"),
    ],
    ids=str,
)
def test_an_option_that_means_nothing_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Observability(**options)


def test_what_is_no_observability_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"takes gqlcrud.Observability"):
        Api(shelf.Base, unused_engine(), observability=True)  # type: ignore[arg-type]


def test_opentelemetry_is_asked_for_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gqlcrud.observability.find_spec", lambda name: None)
    for options in ({"spans": True}, {"metrics": True}):
        with pytest.raises(ConfigurationError, match=r"pip install 'gqlcrud\[opentelemetry\]'"):
            Observability(**options)
    assert Observability() == Observability(log=True)
