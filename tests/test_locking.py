"""Optimistic locking, and what happens to writes that others are in the way of."""

from typing import Any

import pytest

from gqlcrud import Api
from tests import shelf
from tests.databases import MakeEngine
from tests.running import run, save


@pytest.fixture
async def api(make_engine: MakeEngine) -> Api:
    engine = await make_engine(shelf.Base.metadata)
    jane = shelf.Author(name="Jane", email="j@x")
    await save(
        engine,
        shelf.Book(isbn="1", title="Emma", price=3, author=jane),
        shelf.Book(isbn="2", title="Persuasion", price=4, author=jane),
    )
    return Api(shelf.Base, engine)


ERRORS = "errors { code message path ... on StaleError { current { ... on Book { title version } } } }"
STALE = "This Book has been changed since it was read."


def stale(title: str, version: int, *path: str) -> dict[str, Any]:
    return {
        "code": "STALE",
        "message": STALE,
        "path": ["input", *path],
        "current": {"title": title, "version": version},
    }


# ---------- version ----------


async def test_a_write_with_the_version_that_is_there_counts_it_up(api: Api) -> None:
    data = await run(
        api,
        f"""mutation {{
          a: updateBook(input: {{by: {{isbn: "1"}}, patch: {{title: "E"}}, version: 1}}) {{ book {{ version }} {ERRORS} }}
          b: updateBook(input: {{by: {{isbn: "1"}}, patch: {{title: "F"}}, version: 2}}) {{ book {{ version }} {ERRORS} }}
          c: updateBook(input: {{by: {{isbn: "1"}}, patch: {{title: "G"}}}}) {{ book {{ version }} {ERRORS} }}
          d: updateBook(input: {{by: {{isbn: "1"}}, patch: {{title: "H"}}, version: null}}) {{ book {{ version }} {ERRORS} }}
        }}""",
    )

    assert data == {name: {"book": {"version": place}, "errors": []} for place, name in enumerate("abcd", 2)}


async def test_a_write_with_another_version_is_stale_and_shows_the_record_as_it_is(api: Api) -> None:
    data = await run(
        api,
        f"""mutation {{
          update: updateBook(input: {{by: {{isbn: "1"}}, patch: {{title: "E"}}, version: 7}}) {{ book {{ title }} {ERRORS} }}
          delete: deleteBook(input: {{by: {{isbn: "1"}}, version: 7}}) {{ deletedId {ERRORS} query {{ books {{ totalCount }} }} }}
        }}""",
    )

    assert data == {
        "update": {"book": None, "errors": [stale("Emma", 1, "by")]},
        "delete": {"deletedId": None, "errors": [stale("Emma", 1, "by")], "query": {"books": {"totalCount": 2}}},
    }


async def test_a_nested_update_has_a_version_of_its_own(api: Api) -> None:
    query = f"""mutation ($version: Int!) {{
      updateAuthor(input: {{by: {{email: "j@x"}}, patch: {{name: "JA", books: {{
        update: [{{by: {{isbn: "2"}}, patch: {{title: "P"}}, version: $version}}]}}}}}}) {{ author {{ name }} {ERRORS} }} }}"""

    missed = await run(api, query, version=4)
    met = await run(api, query, version=1)

    path = ("patch", "books", "update", "0", "by")
    assert missed == {"updateAuthor": {"author": None, "errors": [stale("Persuasion", 1, *path)]}}
    assert met == {"updateAuthor": {"author": {"name": "JA"}, "errors": []}}
    assert await run(api, "{ authors { nodes { name books { nodes { title version } } } } }") == {
        "authors": {
            "nodes": [
                {"name": "JA", "books": {"nodes": [{"title": "Emma", "version": 1}, {"title": "P", "version": 2}]}}
            ]
        }
    }


async def test_a_record_that_is_gone_is_not_stale(api: Api) -> None:
    data = await run(
        api,
        f"""mutation {{
          update: updateBook(input: {{by: {{rowId: 9}}, patch: {{title: "E"}}, version: 1}}) {{ {ERRORS} }}
          delete: deleteBook(input: {{by: {{rowId: 9}}, version: 1}}) {{ {ERRORS} }}
        }}""",
    )

    gone = [{"code": "NOT_FOUND", "message": "There is no Book with this key.", "path": ["input", "by"]}]
    assert data == {"update": {"errors": gone}, "delete": {"errors": gone}}


# ---------- if ----------


async def test_a_write_can_depend_on_what_the_record_is(api: Api) -> None:
    """`if` is told about the record as it is in the database, with its relations."""
    condition = '{price: {lt: "4"}, author: {is: {name: {eq: "Jane"}}}}'
    data = await run(
        api,
        f"""mutation {{
          met: updateBook(input: {{by: {{rowId: 1}}, patch: {{title: "E"}}, if: {condition}}}) {{ book {{ title }} {ERRORS} }}
          missed: updateBook(input: {{by: {{rowId: 2}}, patch: {{title: "P"}}, if: {condition}}}) {{ book {{ title }} {ERRORS} }}
          upsert: upsertBook(input: {{on: ISBN, create: {{isbn: "2", title: "X", price: 1}}, update: {{title: "P"}},
            if: {condition}}}) {{ book {{ title }} {ERRORS} }}
          delete: deleteBook(input: {{by: {{rowId: 2}}, if: {condition}}}) {{ deletedId {ERRORS} }}
        }}""",
    )

    assert data == {
        "met": {"book": {"title": "E"}, "errors": []},
        "missed": {"book": None, "errors": [stale("Persuasion", 1, "by")]},
        "upsert": {"book": None, "errors": [stale("Persuasion", 1, "create")]},
        "delete": {"deletedId": None, "errors": [stale("Persuasion", 1, "by")]},
    }


async def test_a_condition_that_is_null_is_refused(api: Api) -> None:
    """A variable that a client forgot would make the write depend on nothing."""
    data = await run(
        api,
        f"""mutation {{ updateBook(input: {{by: {{rowId: 1}}, patch: {{title: "E"}}, if: null}}) {{ {ERRORS} }} }}""",
    )

    error = {"code": "VALIDATION", "message": "if cannot be null; leave it out.", "path": ["input", "if"]}
    assert data == {"updateBook": {"errors": [error]}}


# ---------- what else is in the way ----------


async def test_what_is_made_where_it_is_not_there_may_break_another_constraint(api: Api) -> None:
    """The record is not there by the key that names it; another key of it is taken."""
    data = await run(
        api,
        """mutation {
          connect: updateAuthor(input: {by: {email: "j@x"}, patch: {books: {connectOrCreate: [
            {by: {rowId: 7}, create: {title: "Emma", price: 1, isbn: "1"}}]}}}) { author { name } errors { code path } }
          upsert: upsertTag(input: {on: LABEL, create: {label: "a", books: {create: [
            {node: {title: "Emma", price: 1, isbn: "1"}}]}}}) { tag { label } errors { code path } }
        }""",
    )

    taken = ["books", "connectOrCreate", "0", "create", "isbn"]
    assert data == {
        "connect": {"author": None, "errors": [{"code": "UNIQUE", "path": ["input", "patch", *taken]}]},
        "upsert": {
            "tag": None,
            "errors": [{"code": "UNIQUE", "path": ["input", "create", "books", "create", "0", "node", "isbn"]}],
        },
    }
