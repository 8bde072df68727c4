"""A mutation with an idempotency key: a request that is repeated gets the first answer, and writes nothing."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import strawberry
from fastapi import Request
from sqlalchemy import MetaData, Table, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from gqlcrud import Api, ConfigurationError, Idempotency, connection, idempotency_table
from tests.databases import Backend, MakeEngine
from tests.pools import pooled, small_pool, taken, until
from tests.running import save
from tests.serving import GRAPHQL, PATH, app_of, client_of
from tests.shelf import Author, Base
from tests.test_transactions import WING, Deferred, Room, Wing
from tests.test_write_outages import make_fast, make_slow

METADATA = MetaData()
TABLE = idempotency_table(METADATA)
KEPT = Idempotency(TABLE)

CREATE = """mutation ($name: String!, $email: String) {
  createAuthor(input: {data: {name: $name, email: $email}}) {
    author { id name } errors { code path } query { authors { totalCount } }
  }
}"""
REUSED = ("IDEMPOTENCY_KEY_REUSED", "This idempotency key was used for another request; take a new one for each.")


def answer(name: str, number: int = 1, total: int = 1) -> dict[str, Any]:
    identity = {1: "QXV0aG9yOjE", 2: "QXV0aG9yOjI"}[number]
    return {
        "createAuthor": {
            "author": {"id": identity, "name": name},
            "errors": [],
            "query": {"authors": {"totalCount": total}},
        }
    }


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncIterator[AsyncEngine]:
    """One connection is to be had: what the answer shows is read on that of the transaction."""
    engine = await make_engine(Base.metadata)
    async with engine.begin() as own:
        await own.run_sync(METADATA.create_all)
    async with small_pool(engine) as pool:
        yield pool


async def count(engine: AsyncEngine, what: Any) -> int:
    async with AsyncSession(engine) as session:
        return int(await session.scalar(select(func.count()).select_from(what)) or 0)


async def ask(api: Api, document: str, key: str | None, **options: Any) -> tuple[Any, list[tuple[str, str]]]:
    """The data of an operation, and its errors as (code, message)."""
    variables = options.pop("variables", {"name": "Ada"})
    result = await api.execute(document, variables, idempotency_key=key, **options)
    return result.data, [(str((each.extensions or {})["code"]), each.message) for each in result.errors or ()]


# ---------- repeated requests ----------


@pytest.mark.parametrize("source", [lambda engine: engine, async_sessionmaker], ids=["engine", "sessionmaker"])
async def test_repeated_request_gets_the_first_answer(engine: AsyncEngine, source: Any) -> None:
    """As it was then, whatever has been written since."""
    api = Api(Base, source(engine), idempotency=KEPT)

    assert await ask(api, CREATE, "k") == (answer("Ada"), [])
    await save(engine, Author(name="Bob"))
    assert await ask(api, CREATE, "k") == (answer("Ada"), [])
    assert (await ask(api, CREATE, "other"))[0]["createAuthor"]["query"] == {"authors": {"totalCount": 3}}
    assert (await count(engine, TABLE), taken(engine)) == (2, 0)


async def test_request_without_a_key_is_written_each_time(engine: AsyncEngine) -> None:
    api = Api(Base, engine, idempotency=KEPT)
    for total in (1, 2):
        assert await ask(api, CREATE, None) == (answer("Ada", total, total), [])

    assert await count(engine, TABLE) == 0


async def test_order_of_variables_does_not_matter(engine: AsyncEngine) -> None:
    api = Api(Base, engine, idempotency=KEPT)

    first = await ask(api, CREATE, "k", variables={"name": "Ada", "email": "x"})
    assert await ask(api, CREATE, "k", variables={"email": "x", "name": "Ada"}) == first
    assert await count(engine, Author) == 1


async def test_key_of_another_request_is_refused(engine: AsyncEngine) -> None:
    """Other variables, another document, another operation of it: nothing is written."""
    api = Api(Base, engine, idempotency=KEPT)
    two = "mutation A { a: __typename } mutation B { b: __typename }"
    await ask(api, CREATE, "k")
    await ask(api, two, "two", operation_name="A")

    assert await ask(api, CREATE, "k", variables={"name": "Bob"}) == (None, [REUSED])
    assert await ask(api, CREATE + " ", "k") == (None, [REUSED])
    assert await ask(api, two, "two", operation_name="B") == (None, [REUSED])
    assert await count(engine, Author) == 1


async def test_failure_is_kept_as_well(engine: AsyncEngine) -> None:
    """The answer that a client got stays true, though the request would succeed by now."""
    await save(engine, Author(id=7, name="There", email="x"))
    api = Api(Base, engine, idempotency=KEPT)
    variables = {"name": "Ada", "email": "x"}
    failed = {
        "createAuthor": {
            "author": None,
            "errors": [{"code": "UNIQUE", "path": ["input", "data", "email"]}],
            "query": {"authors": {"totalCount": 1}},
        }
    }

    assert await ask(api, CREATE, "k", variables=variables) == (failed, [])
    async with engine.begin() as own:
        await own.execute(text("DELETE FROM author"))
    assert await ask(api, CREATE, "k", variables=variables) == (failed, [])
    assert await ask(api, CREATE, "k", variables={"name": "Ada", "email": "y"}) == (None, [REUSED])


async def test_input_that_is_refused_is_kept_as_well(engine: AsyncEngine) -> None:
    api = Api(Base, engine, idempotency=KEPT)
    document = "mutation { updateAuthor(input: {by: {rowId: 1}, if: null}) { errors { code path } } }"
    refusal = {"updateAuthor": {"errors": [{"code": "VALIDATION", "path": ["input", "if"]}]}}

    assert await ask(api, document, "k", variables={}) == (refusal, [])
    assert await ask(api, document, "k", variables={}) == (refusal, [])
    assert await ask(api, CREATE, "k") == (None, [REUSED])


async def test_errors_of_what_is_read_are_kept_with_their_places(engine: AsyncEngine) -> None:
    api = Api(Base, engine, idempotency=KEPT)
    document = """mutation { createAuthor(input: {data: {name: "Ada"}}) { author { name } errors { code }
      query { author(by: {rowId: 1}) { books(first: -1) { totalCount } } } } }"""

    first = await api.execute(document, idempotency_key="k")
    again = await api.execute(document, idempotency_key="k")

    assert first.data == {"createAuthor": {"author": {"name": "Ada"}, "errors": [], "query": {"author": None}}}
    assert [each.formatted for each in first.errors or ()] == [
        {
            "message": "first cannot be negative.",
            "locations": [{"line": 2, "column": 15}],
            "path": ["createAuthor", "query", "author"],
            "extensions": {"code": "VALIDATION", "inputPath": ["books", "first"]},
        }
    ]
    assert (again.data, [each.formatted for each in again.errors or ()]) == (
        first.data,
        [each.formatted for each in first.errors or ()],
    )
    assert await count(engine, Author) == 1


async def test_document_with_a_key_is_written_as_a_whole(engine: AsyncEngine) -> None:
    """One answer holds what all its fields have done, so one transaction has to have them all."""
    api = Api(Base, engine, idempotency=KEPT)
    document = """mutation { a: createAuthor(input: {data: {name: "A", email: "x"}}) { author { name } errors { code } }
      b: createAuthor(input: {data: {name: "B", email: "x"}}) { author { name } errors { code } } }"""
    undone = {
        "a": {"author": None, "errors": [{"code": "ROLLED_BACK"}]},
        "b": {"author": None, "errors": [{"code": "UNIQUE"}]},
    }

    for _ in range(2):
        assert await ask(api, document, "k", variables={}) == (undone, [])
    assert await count(engine, Author) == 0


async def test_own_field_cannot_be_repeated(engine: AsyncEngine) -> None:
    class Mutations:
        @strawberry.mutation
        def own(self) -> str:
            return "done"

    api = Api(Base, engine, mutation=Mutations, idempotency=KEPT)

    assert await ask(api, "mutation { own }", None, variables={}) == ({"own": "done"}, [])
    message = "own cannot be undone, so it cannot stand in a mutation that is written as a whole."
    assert await ask(api, "mutation { own }", "k", variables={}) == (None, [("VALIDATION", message)])


async def test_query_does_not_regard_a_key(engine: AsyncEngine) -> None:
    api = Api(Base, engine, idempotency=KEPT)

    for total in (0, 1):
        assert await ask(api, "{ authors { totalCount } }", "k", variables={}) == (
            {"authors": {"totalCount": total}},
            [],
        )
        await save(engine, Author(name="A"))
    assert await count(engine, TABLE) == 0


# ---------- faults ----------


async def test_fault_is_not_kept_and_undoes_what_is_written(engine: AsyncEngine) -> None:
    """The request can be repeated: it was not done."""
    broken = [True]

    class Queries:
        @strawberry.field
        def fragile(self) -> int | None:
            if broken:
                raise RuntimeError("a mistake of the application")
            return 1

    api = Api(Base, engine, query=Queries, idempotency=KEPT)
    document = 'mutation { createAuthor(input: {data: {name: "Ada"}}) { author { name } query { fragile } } }'

    assert await ask(api, document, "k", variables={}) == (None, [("INTERNAL_ERROR", "An internal error occurred.")])
    assert (await count(engine, Author), await count(engine, TABLE), taken(engine)) == (0, 0, 0)
    broken.clear()
    done = {"createAuthor": {"author": {"name": "Ada"}, "query": {"fragile": 1}}}
    assert await ask(api, document, "k", variables={}) == (done, [])


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
async def test_timeout_is_not_kept(engine: AsyncEngine, backend: Backend) -> None:
    document = """mutation { createAuthor(input: {data: {name: "A", books: {create: [{title: "B", price: "1"}]}}}) {
      author { name } } }"""
    await make_slow(engine, backend)
    async with small_pool(engine, connect_args={"server_settings": {"statement_timeout": "100"}}) as hasty:
        late = await ask(Api(Base, hasty, idempotency=KEPT), document, "k", variables={})
    await make_fast(engine, backend)

    assert late == (None, [("TIMEOUT", "The database ended the statement: it took too long.")])
    done = ({"createAuthor": {"author": {"name": "A"}}}, [])
    assert await ask(Api(Base, engine, idempotency=KEPT), document, "k", variables={}) == done


async def test_answer_that_is_no_json_is_a_fault(engine: AsyncEngine) -> None:
    class Queries:
        @strawberry.field
        def odd(self) -> strawberry.scalars.JSON:
            return object()  # type: ignore[return-value]  # the mistake that is tested

    api = Api(Base, engine, query=Queries, idempotency=KEPT)
    document = 'mutation { createAuthor(input: {data: {name: "Ada"}}) { query { odd } } }'

    assert await ask(api, document, "k", variables={}) == (None, [("INTERNAL_ERROR", "An internal error occurred.")])
    assert await count(engine, Author) == 0


async def test_request_that_is_cancelled_can_be_repeated(engine: AsyncEngine, backend: Backend) -> None:
    await make_slow(engine, backend)
    api = Api(Base, engine, idempotency=KEPT)
    document = """mutation { createAuthor(input: {data: {name: "A", books: {create: [{title: "B", price: "1"}]}}}) {
      errors { code } } }"""
    writing = asyncio.ensure_future(ask(api, document, "k", variables={}))
    await until(engine, 1)
    await asyncio.sleep(0.2)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing

    assert (taken(engine), await count(engine, Author), await count(engine, TABLE)) == (0, 0, 0)
    await make_fast(engine, backend)
    assert await ask(api, document, "k", variables={}) == ({"createAuthor": {"errors": []}}, [])


async def test_request_that_is_cancelled_while_it_is_answered_can_be_repeated(engine: AsyncEngine) -> None:
    started = asyncio.Event()

    class Queries:
        @strawberry.field
        async def slow(self) -> int:
            started.set()
            await asyncio.sleep(0 if quick else 30)
            return 1

    quick: list[bool] = []
    api = Api(Base, engine, query=Queries, idempotency=KEPT)
    document = 'mutation { createAuthor(input: {data: {name: "Ada"}}) { author { name } query { slow } } }'
    writing = asyncio.ensure_future(ask(api, document, "k", variables={}))
    await started.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing

    assert (taken(engine), await count(engine, Author), await count(engine, TABLE)) == (0, 0, 0)
    quick.append(True)
    done = {"createAuthor": {"author": {"name": "Ada"}, "query": {"slow": 1}}}
    assert await ask(api, document, "k", variables={}) == (done, [])


async def test_statement_that_fails_in_the_answer_leaves_the_rest(engine: AsyncEngine) -> None:
    class Queries:
        @strawberry.field
        async def broken(self) -> int | None:
            try:
                async with connection(Author) as own:
                    await own.execute(text("SELECT nonsense FROM nowhere"))
            except Exception:
                return 7
            return None

    api = Api(Base, engine, query=Queries, idempotency=KEPT)
    document = """mutation { createAuthor(input: {data: {name: "Ada"}}) { author { name }
      query { broken authors { totalCount } } } }"""
    done = {"createAuthor": {"author": {"name": "Ada"}, "query": {"broken": 7, "authors": {"totalCount": 1}}}}

    for _ in range(2):
        assert await ask(api, document, "k", variables={}) == (done, [])


async def test_deferred_constraint_undoes_what_has_a_key(make_engine: MakeEngine, backend: Backend) -> None:
    """PostgreSQL checks it before the answer is made; SQLite when it is committed, too late for the payload."""
    engine = await make_engine(Deferred.metadata)
    async with engine.begin() as own:
        await own.run_sync(METADATA.create_all)
    api = Api(Deferred, engine, idempotency=KEPT)
    document = WING % "{number: 1, nextNumber: 7}"
    path = ["input", "data", "rooms", "create", "0", "nextNumber"]
    error = {"code": "FOREIGN_KEY", "message": "There is no Room with this number.", "path": path}

    found = await ask(api, document, "k", variables={})

    assert (
        found
        == {
            "postgresql": ({"createWing": {"wing": None, "errors": [error]}}, []),
            "sqlite": (None, [("FOREIGN_KEY", "There is no Room with this number.")]),
        }[backend.name]
    )
    assert (await count(engine, Wing), await count(engine, Room)) == (0, 0)


# ---------- callers, expiry ----------


async def test_callers_have_keys_of_their_own(engine: AsyncEngine) -> None:
    """None learns what another one has written."""
    api = Api(Base, engine, idempotency=Idempotency(TABLE, caller=lambda context: str(context["user"])))

    assert await ask(api, CREATE, "k", context={"user": "ada"}) == (answer("Ada"), [])
    assert await ask(api, CREATE, "k", context={"user": "bob"}) == (answer("Ada", 2, 2), [])
    assert await ask(api, CREATE, "k", context={"user": "ada"}) == (answer("Ada"), [])


async def age(engine: AsyncEngine, days: int) -> None:
    async with engine.begin() as own:
        await own.execute(update(TABLE).values(created_at=datetime.now(UTC) - timedelta(days=days)))


async def test_answer_expires(engine: AsyncEngine) -> None:
    """The key is free again then, and other answers that have expired are deleted."""
    api = Api(Base, engine, idempotency=Idempotency(TABLE, ttl=timedelta(days=2)))
    await ask(api, CREATE, "k")
    await ask(api, CREATE, "old")
    await age(engine, 1)
    assert await ask(api, CREATE, "k") == (answer("Ada"), [])

    await age(engine, 3)
    data, errors = await ask(api, CREATE, "k", variables={"name": "Later"})

    assert (data["createAuthor"]["author"]["name"], errors) == ("Later", [])
    assert await count(engine, TABLE) == 1


# ---------- the same request twice at a time ----------


async def test_duplicates_at_the_same_time_are_written_once(engine: AsyncEngine, backend: Backend) -> None:
    """They wait for the first one and get its answer."""
    number = {"postgresql": 20, "sqlite": 10}[backend.name]
    async with pooled(engine, pool_size=10, pool_timeout=30) as pool:
        api = Api(Base, pool, idempotency=KEPT)

        answers = await asyncio.gather(*(ask(api, CREATE, "k") for _ in range(number)))

    assert answers == [(answer("Ada"), [])] * number
    assert await count(engine, Author) == 1


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
async def test_duplicates_in_snapshots_are_written_once(engine: AsyncEngine) -> None:
    async with pooled(engine, pool_size=10) as pool:
        maker = async_sessionmaker(pool.execution_options(isolation_level="SERIALIZABLE"))
        api = Api(Base, maker, idempotency=KEPT)
        answers = await asyncio.gather(*(ask(api, CREATE, "k") for _ in range(3)))

    assert answers == [(answer("Ada"), [])] * 3
    assert await count(engine, Author) == 1


# ---------- sessions of the application ----------


async def test_key_is_kept_with_what_the_application_commits(engine: AsyncEngine) -> None:
    api = Api(Base, engine, idempotency=KEPT)
    async with AsyncSession(engine) as session:
        session.add(Author(id=7, name="Own"))
        data, _ = await ask(api, CREATE, "k", session=session)
        assert data["createAuthor"]["query"] == {"authors": {"totalCount": 2}}
        await session.rollback()
    assert (await count(engine, Author), await count(engine, TABLE)) == (0, 0)

    async with AsyncSession(engine) as session:
        assert (await ask(api, CREATE, "k", session=session))[1] == []
        assert not session.in_transaction()
    assert (await count(engine, Author), await count(engine, TABLE)) == (1, 1)


# ---------- where the key comes from ----------


async def test_header_is_the_key(engine: AsyncEngine) -> None:
    async def context(request: Request) -> dict[str, str]:
        return {"user": request.headers.get("x-user", "")}

    api = Api(Base, engine, idempotency=Idempotency(TABLE, caller=lambda given: str(given["user"])))
    body = {"query": CREATE, "variables": {"name": "Ada"}}
    async with client_of(app_of(api, context=context)) as client:
        headers = {"accept": GRAPHQL, "idempotency-key": "k"}
        answers = [await client.post(PATH, json=body, headers=headers) for _ in range(2)]
        reused = await client.post(PATH, json={**body, "variables": {"name": "Bob"}}, headers=headers)
        empty = await client.post(PATH, json=body, headers={**headers, "idempotency-key": ""})
        long = await client.post(PATH, json=body, headers={**headers, "idempotency-key": "k" * 256})
        plain = await client.post(PATH, json=body, headers={"accept": GRAPHQL})

    assert [(each.status_code, each.json()) for each in answers] == [(200, {"data": answer("Ada")})] * 2
    assert (reused.status_code, reused.json()) == (
        422,
        {"errors": [{"message": REUSED[1], "extensions": {"code": REUSED[0]}}]},
    )
    message = "Idempotency-Key has 1 to 255 characters."
    assert [(each.status_code, each.json()["errors"][0]["message"]) for each in (empty, long)] == [(400, message)] * 2
    assert plain.json() == {"data": answer("Ada", 2, 2)}


async def test_header_means_nothing_where_nothing_is_kept(engine: AsyncEngine) -> None:
    async with client_of(app_of(Api(Base, engine))) as client:
        body = {"query": CREATE, "variables": {"name": "Ada"}}
        for total in (1, 2):
            response = await client.post(PATH, json=body, headers={"idempotency-key": "k"})
            assert response.json() == {"data": answer("Ada", total, total)}


async def test_client_mutation_ids_are_the_key_by_option(engine: AsyncEngine) -> None:
    """Those of all fields together; a field without one makes a request without a key."""
    api = Api(Base, engine, idempotency=Idempotency(TABLE, client_mutation_id=True))

    def document(*ids: str | None) -> str:
        fields = [
            f'f{place}: createAuthor(input: {{data: {{name: "A"}}, clientMutationId: {json.dumps(each)}}}) {{ clientMutationId }}'
            for place, each in enumerate(ids)
        ]
        return f"mutation {{ {' '.join(fields)} __typename }}"

    for _ in range(2):
        data = {"f0": {"clientMutationId": "1"}, "f1": {"clientMutationId": "2"}, "__typename": "Mutation"}
        assert await ask(api, document("1", "2"), None, variables={}) == (data, [])
    assert await count(engine, Author) == 2
    for _ in range(2):
        await ask(api, document("1", None), None, variables={})
    assert await count(engine, Author) == 6
    assert (await ask(Api(Base, engine, idempotency=KEPT), document("1", "2"), None, variables={}))[1] == []
    assert await count(engine, Author) == 8


# ---------- mistakes of the developer ----------


async def test_key_without_a_table_is_a_mistake(engine: AsyncEngine) -> None:
    with pytest.raises(ConfigurationError) as raised:
        await Api(Base, engine).execute(CREATE, idempotency_key="k")

    assert str(raised.value) == (
        "An idempotency key needs a table that keeps the answers: "
        "Api(..., idempotency=Idempotency(idempotency_table(metadata)))."
    )


@pytest.mark.parametrize("key", ["", "k" * 256])
async def test_key_of_no_length_is_a_mistake(engine: AsyncEngine, key: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        await Api(Base, engine, idempotency=KEPT).execute(CREATE, idempotency_key=key)

    assert str(raised.value) == f"An idempotency key has 1 to 255 characters, not {len(key)}."


def test_other_tables_and_no_time_are_refused() -> None:
    other = Table("other", MetaData())
    with pytest.raises(ConfigurationError) as raised:
        Idempotency(other)
    assert str(raised.value) == f"Idempotency takes the table that idempotency_table(metadata) makes, not {other!r}."

    with pytest.raises(ConfigurationError) as raised:
        Idempotency(TABLE, ttl=timedelta(0))
    assert str(raised.value) == "Idempotency(ttl=datetime.timedelta(0)) takes a time longer than none."


def test_table_is_one_of_the_applications_and_no_model() -> None:
    metadata = MetaData()
    table = idempotency_table(metadata, "answers", schema="app")

    assert metadata.tables == {"app.answers": table}
    assert [column.name for column in table.primary_key] == ["caller", "key"]
