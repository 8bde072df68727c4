"""`mutation @atomic`: all root fields are written in one transaction, or none is."""

import asyncio
from typing import Any

import pytest
import strawberry
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from gqlcrud import Api
from tests.databases import Backend, MakeEngine, record_statements
from tests.pools import small_pool, taken, until
from tests.running import refused, run, save
from tests.shelf import Author, Base
from tests.test_transactions import Deferred, counts_ends
from tests.test_write_outages import make_slow

ROLLED_BACK = {
    "code": "ROLLED_BACK",
    "message": "Another field of the document failed, so nothing of it is written.",
    "path": [],
}
ERRORS = "errors { code message path }"


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncEngine:
    return await make_engine(Base.metadata)


def create(name: str, email: str, more: str = "") -> str:
    return (
        f'createAuthor(input: {{data: {{name: "{name}", email: "{email}"}}}}) {{ author {{ name }} {ERRORS} {more} }}'
    )


TAKEN = {
    "code": "UNIQUE",
    "message": "Another Author in this input has the email 'x'.",
    "path": ["input", "data", "email"],
}
EMPTY = {"authors": {"totalCount": 0}}


async def test_fields_are_written_in_order_in_one_transaction(engine: AsyncEngine) -> None:
    """Each payload is read when its field is written; `query` is read when all are committed."""
    ends = counts_ends(engine)
    read = "query { authors { totalCount } }"
    document = f"""mutation @atomic {{
      a: {create("Ada", "x", read)}
      updateAuthor(input: {{by: {{email: "x"}}, patch: {{name: "Ada L."}}}}) {{ author {{ name }} {ERRORS} }}
      b: {create("Bob", "y", read)}
    }}"""

    assert await run(Api(Base, engine), document) == {
        "a": {"author": {"name": "Ada"}, "errors": [], "query": {"authors": {"totalCount": 2}}},
        "updateAuthor": {"author": {"name": "Ada L."}, "errors": []},
        "b": {"author": {"name": "Bob"}, "errors": [], "query": {"authors": {"totalCount": 2}}},
    }
    assert ends.count("commit") == 1


@pytest.mark.parametrize("failing", [0, 1, 2])
async def test_field_that_fails_undoes_all(engine: AsyncEngine, failing: int) -> None:
    """It tells why; the others are null, and say that they are rolled back."""
    await save(engine, Author(name="There", email="x"))
    fields = [create("N", "x" if place == failing else f"free {place}") for place in range(3)]
    document = "mutation @atomic { " + " ".join(f"f{place}: {field}" for place, field in enumerate(fields)) + " }"

    data = await run(Api(Base, engine), document)

    there = {"code": "UNIQUE", "message": "Another Author has the email 'x'.", "path": ["input", "data", "email"]}
    assert data == {
        f"f{place}": {"author": None, "errors": [there if place == failing else ROLLED_BACK]} for place in range(3)
    }
    assert await run(Api(Base, engine), "{ authors { totalCount } }") == {"authors": {"totalCount": 1}}
    assert taken(engine) == 0


async def test_refused_inputs_are_all_told_and_nothing_is_asked_of_the_database(engine: AsyncEngine) -> None:
    document = f"""mutation @atomic {{
      a: updateAuthor(input: {{by: {{rowId: 1}}, if: null, clientMutationId: "one"}}) {{ {ERRORS} clientMutationId }}
      b: createAuthor(input: {{data: {{name: "B"}}, clientMutationId: "two"}}) {{ author {{ name }} {ERRORS} clientMutationId }}
      c: updateAuthor(input: {{by: {{rowId: 2}}, if: null}}) {{ {ERRORS} }}
    }}"""
    null_if = {"code": "VALIDATION", "message": "if cannot be null; leave it out.", "path": ["input", "if"]}

    with record_statements(engine) as statements:
        data = await run(Api(Base, engine), document)

    assert data == {
        "a": {"errors": [null_if], "clientMutationId": "one"},
        "b": {"author": None, "errors": [ROLLED_BACK], "clientMutationId": "two"},
        "c": {"errors": [null_if]},
    }
    assert statements == []


async def test_missing_record_is_told_at_its_field(engine: AsyncEngine) -> None:
    document = f"""mutation @atomic {{ a: {create("Ada", "x")}
      deleteAuthor(input: {{by: {{rowId: 7}}}}) {{ deletedId author {{ name }} {ERRORS} }} }}"""

    assert await run(Api(Base, engine), document) == {
        "a": {"author": None, "errors": [ROLLED_BACK]},
        "deleteAuthor": {
            "deletedId": None,
            "author": None,
            "errors": [{"code": "NOT_FOUND", "message": "There is no Author with this key.", "path": ["input", "by"]}],
        },
    }


async def test_what_is_deleted_is_shown_as_it_was(engine: AsyncEngine) -> None:
    await save(engine, Author(id=1, name="Ada"))
    document = f"""mutation @atomic {{
      updateAuthor(input: {{by: {{rowId: 1}}, patch: {{name: "A."}}}}) {{ {ERRORS} }}
      deleteAuthor(input: {{by: {{rowId: 1}}}}) {{ author {{ name books {{ totalCount }} }} {ERRORS} }} }}"""

    assert await run(Api(Base, engine), document) == {
        "updateAuthor": {"errors": []},
        "deleteAuthor": {"author": {"name": "A.", "books": {"totalCount": 0}}, "errors": []},
    }


async def test_fields_of_one_response_key_are_one_field(engine: AsyncEngine) -> None:
    """Fragments are merged, and what is skipped is not written."""
    document = """mutation M($no: Boolean!, $data: AuthorCreate!) @atomic {
      ...Names
      createAuthor(input: {data: $data}) { author { email } }
      skipped: createAuthor(input: {data: $data}) @skip(if: true) { errors { code } }
      excluded: createAuthor(input: {data: $data}) @include(if: $no) { errors { code } }
      ... on Mutation @include(if: $no) { deleteAuthor(input: {by: {rowId: 1}}) { errors { code } } }
      __typename
    }
    fragment Names on Mutation { createAuthor(input: {data: $data}) { author { name } errors { code } } }"""

    data = await run(Api(Base, engine), document, no=False, data={"name": "Ada", "email": "x"})

    assert data == {
        "createAuthor": {"author": {"name": "Ada", "email": "x"}, "errors": []},
        "__typename": "Mutation",
    }
    assert await run(Api(Base, engine), "{ authors { totalCount } }") == {"authors": {"totalCount": 1}}


async def test_selection_that_cannot_be_read_is_told_before_anything_is_written(engine: AsyncEngine) -> None:
    document = f"""mutation @atomic {{ a: {create("Ada", "x")}
      b: createAuthor(input: {{data: {{name: "B"}}}}) {{ author {{ books(first: -1) {{ totalCount }} }} }} }}"""
    result = await Api(Base, engine).execute(document)

    assert result.data is None
    assert [(each.path, each.message) for each in result.errors or ()] == [(["b"], "first cannot be negative.")]
    assert await run(Api(Base, engine), "{ authors { totalCount } }") == EMPTY


async def test_variables_that_are_wrong_are_refused_as_ever(engine: AsyncEngine) -> None:
    document = "mutation ($data: AuthorCreate!) @atomic { createAuthor(input: {data: $data}) { errors { code } } }"

    assert {code for code, _ in await refused(Api(Base, engine), document, data={"nonsense": 1})} == {"BAD_USER_INPUT"}


async def test_own_field_cannot_take_part(engine: AsyncEngine) -> None:
    """Nothing runs, wherever it stands: it could not be undone."""
    ran: list[str] = []

    class Mutations:
        @strawberry.mutation
        def own(self) -> str:
            ran.append("own")
            return "done"

    api = Api(Base, engine, mutation=Mutations)
    message = "own cannot be undone, so it cannot stand in a mutation that is written as a whole."

    for fields in (
        f"own {create('Ada', 'x')}",
        f"{create('Ada', 'x')} own",
        f"{create('Ada', 'x')} ... {{ other: own }}",
    ):
        assert await refused(api, f"mutation @atomic {{ {fields} }}") == [("VALIDATION", message)]
    assert ran == []
    assert await run(api, "{ authors { totalCount } }") == EMPTY
    skipped = f"mutation @atomic {{ {create('Ada', 'x')} own @skip(if: true) }}"
    assert await run(api, skipped) == {"createAuthor": {"author": {"name": "Ada"}, "errors": []}}


async def test_directive_stands_on_mutations_alone(engine: AsyncEngine) -> None:
    api = Api(Base, engine)

    assert "directive @atomic on MUTATION" in api.sdl()
    assert await refused(api, "query @atomic { authors { totalCount } }") == [
        ("GRAPHQL_VALIDATION_FAILED", "Directive '@atomic' may not be used on query.")
    ]
    result = await api.execute(f"mutation @atomic {{ {create('A', 'x')} }}", allow_mutations=False)
    assert [each.message for each in result.errors or ()] == ["A mutation is sent with POST."]


async def test_schema_of_ones_own_takes_the_directive(engine: AsyncEngine) -> None:
    api = Api(Base, engine)
    assert api.mutation is not None
    schema = strawberry.Schema(
        api.query, api.mutation, types=api.types, extensions=[api.extension], directives=api.directives
    )

    result = await schema.execute(f"mutation @atomic {{ a: {create('A', 'x')} b: {create('B', 'x')} }}")

    assert result.data == {
        "a": {"author": None, "errors": [ROLLED_BACK]},
        "b": {"author": None, "errors": [TAKEN]},
    }


# ---------- sessions, connections ----------


async def test_session_of_the_application_is_joined(engine: AsyncEngine) -> None:
    api = Api(Base, engine)
    async with small_pool(engine) as pool, AsyncSession(pool) as session:
        await api.execute(f"mutation @atomic {{ a: {create('A', 'x')} b: {create('B', 'y')} }}", session=session)
        assert await run(api, "{ authors { totalCount } }") == {"authors": {"totalCount": 2}}
        await session.rollback()

        session.add(Author(name="Own"))
        await api.execute(f"mutation @atomic {{ a: {create('C', 'c')} b: {create('D', 'c')} }}", session=session)
        await api.execute(f"mutation @atomic {{ {create('E', 'e')} }}", session=session)
        await session.commit()

    assert await run(api, "{ authors(orderBy: [{name: ASC}]) { nodes { name } } }") == {
        "authors": {"nodes": [{"name": name} for name in ("A", "B", "E", "Own")]}
    }


async def test_fault_in_one_field_undoes_all(engine: AsyncEngine) -> None:
    api = Api(Base, engine)

    @event.listens_for(Author, "before_insert")
    def before_insert(_mapper: Any, _connection: Any, target: Author) -> None:
        if target.name == "fault":
            raise RuntimeError("a mistake of the application")

    try:
        document = f"mutation @atomic {{ a: {create('A', 'x')} b: {create('fault', 'y')} }}"
        result = await api.execute(document)
    finally:
        event.remove(Author, "before_insert", before_insert)

    assert (result.data, [(each.extensions or {})["code"] for each in result.errors or ()]) == (
        None,
        ["INTERNAL_ERROR"],
    )
    assert await run(api, "{ authors { totalCount } }") == EMPTY


async def test_document_that_is_cancelled_leaves_nothing(engine: AsyncEngine, backend: Backend) -> None:
    await make_slow(engine, backend)
    async with small_pool(engine) as pool:
        slow = 'createBook(input: {data: {title: "B", price: "1"}}) { errors { code } }'
        writing = asyncio.ensure_future(Api(Base, pool).execute(f"mutation @atomic {{ {create('A', 'x')} {slow} }}"))
        await until(pool, 1)
        await asyncio.sleep(0.2)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing

        assert taken(pool) == 0
        assert await run(Api(Base, pool), "{ authors { totalCount } }") == EMPTY


# ---------- constraints that are checked at the end ----------


def room(number: int, following: int) -> str:
    return (
        f"r{number}: createRoom(input: {{data: {{number: {number}, nextNumber: {following}}}}}) "
        f"{{ room {{ number }} {ERRORS} }}"
    )


async def test_constraint_that_fails_at_the_commit_is_told_at_its_field(make_engine: MakeEngine) -> None:
    engine = await make_engine(Deferred.metadata)
    api = Api(Deferred, engine)

    assert await run(api, f"mutation @atomic {{ {room(1, 2)} {room(2, 7)} {room(3, 1)} }}") == {
        "r1": {"room": None, "errors": [ROLLED_BACK]},
        "r2": {
            "room": None,
            "errors": [
                {
                    "code": "FOREIGN_KEY",
                    "message": "There is no Room with this number.",
                    "path": ["input", "data", "nextNumber"],
                }
            ],
        },
        "r3": {"room": None, "errors": [ROLLED_BACK]},
    }
    assert await run(api, f"mutation @atomic {{ {room(1, 2)} {room(2, 1)} }}") == {
        "r1": {"room": {"number": 1}, "errors": []},
        "r2": {"room": {"number": 2}, "errors": []},
    }


WRONG_ROOM = "INSERT INTO room (id, number, next_number) VALUES (99, 99, 98);"
TRIGGERS = {
    "sqlite": [f"CREATE TRIGGER t AFTER INSERT ON room WHEN NEW.number = 1 BEGIN {WRONG_ROOM} END"],
    "postgresql": [
        f"CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {WRONG_ROOM} RETURN NULL; END $$",
        "CREATE TRIGGER t AFTER INSERT ON room FOR EACH ROW WHEN (NEW.number = 1) EXECUTE FUNCTION t()",
    ],
}


async def test_failure_at_the_commit_that_cannot_be_placed_is_told_by_all(
    make_engine: MakeEngine, backend: Backend
) -> None:
    """What a trigger writes is nothing that the client has written."""
    engine = await make_engine(Deferred.metadata)
    async with engine.begin() as connection:
        for statement in TRIGGERS[backend.name]:
            await connection.execute(text(statement))

    data = await run(Api(Deferred, engine), f"mutation @atomic {{ {room(1, 2)} {room(2, 1)} }}")

    unplaced = {
        "code": "FOREIGN_KEY",
        "message": "A record that is referred to does not exist.",
        "path": [],
    }
    assert data == {f"r{number}": {"room": None, "errors": [unplaced]} for number in (1, 2)}
