"""Documents that are named: registered by their hashes, or trusted and none beside them."""

import hashlib
import json
from typing import Any

import httpx
import pytest
import strawberry

from gqlcrud import Api, ConfigurationError, MemoryDocuments, PersistedDocuments
from tests.serving import GRAPHQL, PATH, app_of, client_of, refusal, send, unused_engine
from tests.shelf import Base

QUERY = "query($number: Int!) { number(number: $number) }"
NOT_FOUND = (422, refusal("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND"))
NOT_SUPPORTED = (422, refusal("PersistedQueryNotSupported", "PERSISTED_QUERY_NOT_SUPPORTED"))
NOT_TRUSTED = (422, refusal("This document is not one of those that may run.", "DOCUMENT_NOT_TRUSTED"))
SEVEN = (200, {"data": {"number": 7}})


class Fields:
    @strawberry.field
    def number(self, number: int) -> int:
        return number


class Changes:
    @strawberry.mutation
    def change(self) -> int:
        return 1


def api_of(**options: Any) -> Api:
    persisted = PersistedDocuments(**options) if options else None
    return Api(Base, unused_engine(), query=Fields, mutation=Changes, read_only=True, persisted=persisted)


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def named(text: str, **other: Any) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": hash_of(text)} | other}


async def get(client: httpx.AsyncClient, **parameters: Any) -> tuple[int, Any]:
    texts = {name: each if isinstance(each, str) else json.dumps(each) for name, each in parameters.items()}
    response = await client.get(PATH, params=texts, headers={"accept": GRAPHQL})
    return response.status_code, response.json()


# ---------- automatic ----------


async def test_a_document_is_registered_by_its_hash() -> None:
    """From then on its hash is enough, over GET too; in capital letters it is the same."""
    async with client_of(app_of(api_of(automatic=MemoryDocuments()))) as client:
        hashed = {"variables": {"number": 7}, "extensions": named(QUERY)}
        assert await send(client, hashed) == NOT_FOUND
        assert await get(client, **hashed) == NOT_FOUND
        assert await send(client, {**hashed, "query": QUERY}) == SEVEN
        assert await send(client, hashed) == SEVEN
        assert await get(client, **hashed) == SEVEN
        assert await send(client, {**hashed, "extensions": named(QUERY, sha256Hash=hash_of(QUERY).upper())}) == SEVEN


async def test_a_document_is_registered_over_get() -> None:
    async with client_of(app_of(api_of(automatic=MemoryDocuments()))) as client:
        assert await get(client, query=QUERY, variables={"number": 7}, extensions=named(QUERY)) == SEVEN
        assert await get(client, variables={"number": 7}, extensions=named(QUERY)) == SEVEN


async def test_a_document_without_a_hash_is_neither_refused_nor_kept() -> None:
    store = MemoryDocuments()
    async with client_of(app_of(api_of(automatic=store))) as client:
        assert await send(client, {"query": QUERY, "variables": {"number": 7}}) == SEVEN

    assert await store.get(hash_of(QUERY)) is None


@pytest.mark.parametrize("query", ["{", "{ nofield }", "mutation { change } query { number }", ""])
async def test_what_is_not_valid_is_not_kept(query: str) -> None:
    store = MemoryDocuments()
    async with client_of(app_of(api_of(automatic=store))) as client:
        status, _ = await send(client, {"query": query, "extensions": named(query)})

    assert (status >= 400, await store.get(hash_of(query))) == (True, None)


async def test_a_hash_is_that_of_its_document() -> None:
    async with client_of(app_of(api_of(automatic=MemoryDocuments()))) as client:
        assert await send(client, {"query": QUERY, "extensions": named("{ other }")}) == (
            400,
            refusal("The document is not the one of its sha256Hash."),
        )
        assert await send(client, {"extensions": named("{ other }")}) == NOT_FOUND


@pytest.mark.parametrize(
    "given", [{"version": 2}, {"version": "1"}, {"sha256Hash": None}, {"sha256Hash": 7}, {"version": None}]
)
async def test_another_protocol_is_refused(given: dict[str, Any]) -> None:
    async with client_of(app_of(api_of(automatic=MemoryDocuments()))) as client:
        assert await send(client, {"query": QUERY, "extensions": named(QUERY, **given)}) == (
            400,
            refusal("persistedQuery has version 1 and a sha256Hash."),
        )


async def test_a_mutation_that_is_known_is_sent_with_post() -> None:
    mutation = "mutation { change }"
    async with client_of(app_of(api_of(automatic=MemoryDocuments()))) as client:
        known = {"extensions": named(mutation)}
        assert await send(client, {**known, "query": mutation}) == (200, {"data": {"change": 1}})
        assert await send(client, known) == (200, {"data": {"change": 1}})
        assert (await get(client, **known))[0] == 405


@pytest.mark.parametrize("body", [{"extensions": named(QUERY)}, {"documentId": "a"}])
async def test_an_api_that_knows_no_names_says_so(body: dict[str, Any]) -> None:
    """With the document there is nothing to ask for."""
    async with client_of(app_of(api_of())) as client:
        assert await send(client, body) == NOT_SUPPORTED
        assert await send(client, {**body, "query": QUERY, "variables": {"number": 7}}) == SEVEN


async def test_ids_are_for_documents_that_are_trusted() -> None:
    async with client_of(app_of(api_of(automatic=MemoryDocuments()))) as client:
        assert await send(client, {"documentId": "a"}) == NOT_SUPPORTED


# ---------- trusted ----------


class Listed:
    """A store that cannot be written to."""

    async def get(self, key: str) -> str | None:
        return {"seven": QUERY, hash_of(QUERY): QUERY}.get(key)

    async def put(self, key: str, text: str) -> None:
        raise AssertionError


@pytest.mark.parametrize("trusted", [{"seven": QUERY, hash_of(QUERY): QUERY}, Listed()], ids=["mapping", "store"])
async def test_only_trusted_documents_run(trusted: Any) -> None:
    variables = {"number": 7}
    async with client_of(app_of(api_of(trusted=trusted))) as client:
        for _ in range(3):
            assert await send(client, {"documentId": "seven", "variables": variables}) == SEVEN
        assert await get(client, documentId="seven", variables=variables) == SEVEN
        assert await send(client, {"extensions": named(QUERY), "variables": variables}) == SEVEN
        assert await send(client, {"query": QUERY, "variables": variables}) == SEVEN
        assert await send(client, {"query": QUERY, "documentId": "seven", "variables": variables}) == SEVEN
        assert await send(client, {"documentId": "eight"}) == NOT_FOUND
        assert await send(client, {"query": "{ __typename }"}) == NOT_TRUSTED
        assert await send(client, {"query": "{ __typename }", "documentId": "seven"}) == NOT_TRUSTED
        assert await send(client, {"query": "{ __typename }", "extensions": named("{ __typename }")}) == NOT_TRUSTED
        assert await send(client, {"query": QUERY + " ", "variables": variables}) == NOT_TRUSTED
        assert await send(client, {"query": "{"}) == NOT_TRUSTED


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"documentId": 7}, "documentId is a string, or null."),
        ({"documentId": ""}, "A GraphQL request has the key query, and it is a string."),
        ({"documentId": "a", "query": 7}, "A GraphQL request has the key query, and it is a string."),
        ({"extensions": {"persistedQuery": None}}, "A GraphQL request has the key query, and it is a string."),
    ],
)
async def test_a_request_names_one_document_or_has_it(body: dict[str, Any], message: str) -> None:
    async with client_of(app_of(api_of(trusted={}))) as client:
        assert await send(client, body) == (422, refusal(message))


# ---------- the store and the option ----------


async def test_what_was_used_last_is_kept_up_to_so_many_bytes() -> None:
    store = MemoryDocuments(80)
    for number in range(8):
        await store.put(f"key{number}", f"{number}12345678é"[:-2] + "é")
    assert await store.get("key0") is not None
    await store.put("key8", "123456789é"[:-2] + "é")
    await store.put("long", "12345678901")

    kept = [number for number in range(9) if await store.get(f"key{number}") is not None]
    assert (kept, await store.get("long")) == ([0, 2, 3, 4, 5, 6, 7, 8], None)


@pytest.mark.parametrize("options", [{}, {"automatic": MemoryDocuments(), "trusted": {}}])
def test_documents_are_persisted_in_one_way(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="takes either automatic=MemoryDocuments"):
        PersistedDocuments(**options)
