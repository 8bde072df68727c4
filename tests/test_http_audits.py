"""The server audits of the npm package graphql-http, version 1.23, by their ids; its own run gives the same."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from gqlcrud import Api
from gqlcrud.http import RefusalStatus
from tests.serving import GRAPHQL, PATH, app_of, client_of, unused_engine
from tests.shelf import Base

TYPENAME = {"query": "{ __typename }"}
NAMED = {"query": "query Type($name: String!) { __type(name: $name) { name } }", "variables": {"name": "sometype"}}
COERCION = {"query": "query CoerceFailure($id: ID!) { __typename }", "variables": {"id": None}}
NOT_JSON = b'{ "not a JSON'
BOTH = ("application/json", GRAPHQL)


@dataclass(frozen=True, slots=True)
class Audit:
    """ids: of the audits that the request is sent for, with the Accept of each. status: that of the answer; 422 stands for
    what older drafts, and so the audits, have 400 for. data: whether the answer has it."""

    ids: tuple[str, ...]
    body: object
    status: int
    accepts: tuple[str | None, ...] = (None,)
    data: bool = False
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    method: str = "POST"


WRONG_TYPES: dict[str, list[object]] = {
    "LKJ query": [{"obj": "ect"}, 0, False, ["array"]],
    "6C0 operationName": [{"obj": "ect"}, 0, False, ["array"]],
    "476 variables": ["string", 0, False, ["array"]],
    "58B extensions": ["string", 0, False, ["array"]],
}
UTF8 = {"content-type": "application/json; charset=utf-8"}

AUDITS = [
    Audit(("80D8", "82A3", "78D5", "2C94", "03D4"), TYPENAME, 200, data=True),
    Audit(("22EB", "34A2"), TYPENAME, 200, (GRAPHQL,), data=True),
    Audit(("4655", "13EE"), TYPENAME, 200, ("application/json",), data=True),
    Audit(("47DE",), TYPENAME, 200, ("*/*",), data=True),
    Audit(("BF61",), {"query": '{ __type(name: "Run🏃Swim🏊") { name } }'}, 200, data=True, headers=UTF8),
    Audit(("5A70",), TYPENAME, 200, data=True, method="GET"),
    Audit(("9C48",), {"query": "mutation { __typename }"}, 405, (GRAPHQL,), method="GET"),
    Audit(("9ABE",), TYPENAME, 415, headers={}),
    Audit(("A5BF",), b"", 400),
    Audit(("423L",), {"notquery": "{ __typename }"}, 422, (GRAPHQL,)),
    *(
        Audit((f"{name.split()[0]}{place}",), {**TYPENAME, name.split()[1]: value}, 422)
        for name, values in WRONG_TYPES.items()
        for place, value in enumerate(values)
    ),
    Audit(
        ("8161", "B8B3"), {"query": "query Query { __typename }", "operationName": "Query"}, 200, BOTH[::-1], data=True
    ),
    Audit(("94B0", "0220"), {**TYPENAME, "variables": None}, 200, BOTH[::-1], data=True),
    Audit(("94B1", "0221"), {**TYPENAME, "operationName": None}, 200, BOTH[::-1], data=True),
    Audit(("94B2", "0222"), {**TYPENAME, "extensions": None}, 200, BOTH[::-1], data=True),
    Audit(("2EA1", "28B9"), NAMED, 200, BOTH[::-1], data=True),
    Audit(("D6D5", "6A70"), {**NAMED, "variables": '{"name": "sometype"}'}, 200, BOTH[::-1], data=True, method="GET"),
    Audit(("428F", "1B7A"), {**TYPENAME, "extensions": {"some": "value"}}, 200, BOTH[::-1], data=True),
    Audit(("B6DC", "BCF8"), NOT_JSON, 400, ("application/json",)),
    Audit(("B7N8",), NOT_JSON, 400, (GRAPHQL,)),
    Audit(("8764", "3E3A"), {"qeury": "{ __typename }"}, 422, (GRAPHQL,)),
    Audit(("572B",), {"query": "{"}, 200, ("application/json",)),
    Audit(("FDE2",), {"query": "{ nosuchfield }"}, 200, ("application/json",)),
    Audit(("7B9B",), COERCION, 200, ("application/json",)),
    Audit(("865D", "556A", "D586"), {"query": "{"}, 400, (GRAPHQL,)),
    Audit(("51FE", "74FF", "5E5B"), {"query": "{ 8f31403dfe404bccbb0e835f2629c6a7 }"}, 400, (GRAPHQL,)),
    Audit(("86EE",), COERCION, 422, (GRAPHQL,)),
]


@pytest.fixture(scope="module", params=[422, 400])
def refusal_status(request: pytest.FixtureRequest) -> RefusalStatus:
    status: RefusalStatus = request.param
    return status


@pytest.fixture
async def client(refusal_status: RefusalStatus) -> AsyncIterator[httpx.AsyncClient]:
    """The mutations are there for a mutation to be refused."""
    async with client_of(app_of(Api(Base, unused_engine()), refusal_status=refusal_status)) as client:
        yield client


@pytest.mark.parametrize("audit", AUDITS, ids=lambda audit: " ".join(audit.ids))
async def test_the_audit_passes(client: httpx.AsyncClient, audit: Audit, refusal_status: RefusalStatus) -> None:
    for accept in audit.accepts:
        headers = {**audit.headers, **({} if accept is None else {"accept": accept})}
        sent: dict[str, Any] = {"params": audit.body} if audit.method == "GET" else _body(audit.body)
        response = await client.request(audit.method, PATH, **sent, headers=headers)

        expected = refusal_status if audit.status == 422 else audit.status
        media_type = GRAPHQL if accept == GRAPHQL else "application/json"
        assert (response.status_code, response.headers["content-type"]) == (expected, f"{media_type}; charset=utf-8")
        document = response.json()
        assert ("data" in document, "errors" in document) == (audit.data, not audit.data)


def _body(body: object) -> dict[str, Any]:
    """httpx adds a media type of its own to what it encodes."""
    return {"content": body if isinstance(body, bytes) else httpx.Request("POST", "http://test", json=body).content}


def test_there_are_as_many_audits_as_in_the_package() -> None:
    assert len({each for audit in AUDITS for each in audit.ids}) == 61
