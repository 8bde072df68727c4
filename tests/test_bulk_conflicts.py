"""onConflict and upsertBooks: records of which some are there already."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from gqlcrud import Api
from tests import bulk_models, shelf
from tests.bulk_models import heard
from tests.databases import MakeEngine, record_statements
from tests.running import run

CREATE = """
    mutation ($data: [BookCreate!]!, $conflict: BookOnConflict, $onError: OnError) {
      createBooks(input: {data: $data, onConflict: $conflict, onError: $onError}) {
        books { isbn title price version }
        affectedCount
        errors { code path message }
      }
    }
"""
UPSERT = """
    mutation ($data: [BookCreate!]!, $update: [BookColumn!], $onError: OnError) {
      upsertBooks(input: {on: ISBN, data: $data, update: $update, onError: $onError}) {
        books { isbn title price version author { name } tags { nodes { label } } }
        affectedCount
        errors { code path message }
      }
    }
"""


@pytest.fixture
async def api(make_engine: MakeEngine) -> Api:
    """Two books, A and B."""
    api = Api(shelf.Base, await make_engine(shelf.Base.metadata))
    await run(api, CREATE, data=[book("A"), book("B")])
    return api


@pytest.fixture
async def odd(make_engine: MakeEngine) -> Api:
    return Api(bulk_models.Base, await make_engine(bulk_models.Base.metadata))


@pytest.fixture(autouse=True)
def nothing_heard() -> Iterator[None]:
    heard.clear()
    yield


def book(isbn: str, title: str = "old", price: str = "1.00", **values: Any) -> dict[str, Any]:
    return {"isbn": isbn, "title": title, "price": price, **values}


def rows(found: dict[str, Any]) -> list[list[Any]]:
    return [list(each.values()) for each in found["books"]]


async def test_nothing_is_done_to_records_that_are_there(api: Api) -> None:
    """They are given nevertheless, so that a client has the ids of all that it named."""
    data = await run(api, CREATE, data=[book("C", "new"), book("A", "new")], conflict={"on": "ISBN", "update": []})

    assert rows(data["createBooks"]) == [["C", "new", "1.00", 1], ["A", "old", "1.00", 1]]
    assert (data["createBooks"]["affectedCount"], data["createBooks"]["errors"]) == (1, [])


async def test_records_that_are_there_take_the_columns_that_are_named(api: Api) -> None:
    data = await run(
        api, CREATE, data=[book("C", "new", "2"), book("A", "new", "2")], conflict={"on": "ISBN", "update": ["PRICE"]}
    )

    assert rows(data["createBooks"]) == [["C", "new", "2.00", 1], ["A", "old", "2.00", 2]]
    assert (data["createBooks"]["affectedCount"], data["createBooks"]["errors"]) == (2, [])


async def test_only_records_that_meet_the_condition_are_changed(api: Api) -> None:
    await run(api, CREATE, data=[book("C", price="9.00")])
    data = await run(
        api,
        CREATE,
        data=[book("A", price="5"), book("C", price="5"), book("D", price="5")],
        conflict={"on": "ISBN", "update": ["PRICE"], "if": {"price": {"lt": "5"}}},
    )

    assert rows(data["createBooks"]) == [["A", "old", "5.00", 2], ["C", "old", "9.00", 1], ["D", "old", "5.00", 1]]
    assert data["createBooks"]["affectedCount"] == 2


async def test_the_condition_may_follow_relations(api: Api) -> None:
    await run(api, CREATE, data=[book("C", author={"create": {"name": "Ann"}})])
    data = await run(
        api,
        CREATE,
        data=[book("A", price="5"), book("C", price="5")],
        conflict={"on": "ISBN", "update": ["PRICE"], "if": {"author": {"is": {"name": {"eq": "Ann"}}}}},
    )

    assert rows(data["createBooks"]) == [["A", "old", "1.00", 1], ["C", "old", "5.00", 2]]


async def test_upsert_takes_all_that_an_item_gives(api: Api) -> None:
    """What an item leaves out stays as it is."""
    data = await run(
        api,
        "mutation { upsertTags(input: {on: LABEL, data: []}) { tags { label } affectedCount errors { message } } }",
    )
    assert data["upsertTags"] == {"tags": [], "affectedCount": 0, "errors": []}

    await run(api, UPSERT, data=[book("A", meta={"a": 1})])
    data = await run(api, UPSERT, data=[book("B", "new"), book("A", "new"), book("C", "new")])
    metas = await run(api, "{ books(orderBy: [{isbn: ASC}]) { nodes { meta version } } }")

    assert [each[:2] for each in rows(data["upsertBooks"])] == [["B", "new"], ["A", "new"], ["C", "new"]]
    assert data["upsertBooks"]["affectedCount"] == 3
    assert metas["books"]["nodes"] == [
        {"meta": {"a": 1}, "version": 3},
        {"meta": None, "version": 2},
        {"meta": None, "version": 1},
    ]


async def test_columns_that_follow_every_change_do(odd: Api) -> None:
    text = """mutation ($update: [ItemColumn!]) { upsertItems(input: {on: CODE, data: [{code: "a", stock: 3}], update: $update})
      { items { stock touched version } affectedCount errors { message } } }"""
    made = await run(odd, text)
    changed = await run(odd, text, update=["STOCK"])
    left = await run(odd, text, update=["NOTE"])

    assert [each["upsertItems"] for each in (made, changed, left)] == [
        {"items": [{"stock": 3, "touched": 0, "version": 1}], "affectedCount": 1, "errors": []},
        {"items": [{"stock": 3, "touched": 7, "version": 2}], "affectedCount": 1, "errors": []},
        {"items": [{"stock": 3, "touched": 7, "version": 2}], "affectedCount": 0, "errors": []},
    ]


async def test_nested_records_belong_to_those_that_are_made(api: Api) -> None:
    """A record that is there takes columns alone, and the to-one relations that set them."""
    nested: dict[str, Any] = {"author": {"create": {"name": "Ann"}}, "tags": {"create": [{"node": {"label": "t"}}]}}
    data = await run(api, UPSERT, data=[book("A", "new"), book("C", "new", **nested)])
    assert data["upsertBooks"] == {
        "books": [
            {"isbn": "A", "title": "new", "price": "1.00", "version": 2, "author": None, "tags": {"nodes": []}},
            {
                "isbn": "C",
                "title": "new",
                "price": "1.00",
                "version": 1,
                "author": {"name": "Ann"},
                "tags": {"nodes": [{"label": "t"}]},
            },
        ],
        "affectedCount": 2,
        "errors": [],
    }

    connect: dict[str, Any] = {"author": {"connect": {"rowId": 1}}, "tags": {"create": [{"node": {"label": "u"}}]}}
    data = await run(api, UPSERT, data=[book("B", "newer", **connect)], update=["AUTHOR_ID"])
    assert data["upsertBooks"]["books"] == [
        {
            "isbn": "B",
            "title": "old",
            "price": "1.00",
            "version": 2,
            "author": {"name": "Ann"},
            "tags": {"nodes": []},
        }
    ]


async def test_composite_keys_are_found(api: Api) -> None:
    text = """mutation ($data: [OrderItemCreate!]!) { upsertOrderItems(input: {on: ORDER_NO_LINE_NO, data: $data}) {
      orderItems { orderNo lineNo quantity } affectedCount errors { message } } }"""
    await run(api, text, data=[{"orderNo": 1, "lineNo": 1, "quantity": 1}])
    data = await run(
        api, text, data=[{"orderNo": 1, "lineNo": 2, "quantity": 2}, {"orderNo": 1, "lineNo": 1, "quantity": 3}]
    )

    assert data["upsertOrderItems"] == {
        "orderItems": [{"orderNo": 1, "lineNo": 2, "quantity": 2}, {"orderNo": 1, "lineNo": 1, "quantity": 3}],
        "affectedCount": 2,
        "errors": [],
    }


async def test_events_fire_for_both(odd: Api) -> None:
    text = """mutation ($data: [HeardCreate!]!) { upsertHeards(input: {on: NAME, data: $data, update: [LOG]})
      { heards { name log } affectedCount errors { message } } }"""
    await run(odd, text, data=[{"name": "a"}])
    heard.clear()
    data = await run(odd, text, data=[{"name": "a", "log": "x"}, {"name": "b"}])

    assert data["upsertHeards"] == {
        "heards": [{"name": "a", "log": "updated"}, {"name": "b", "log": "inserted"}],
        "affectedCount": 2,
        "errors": [],
    }
    assert sorted(heard) == [("insert", "b"), ("update", "a")]


async def test_records_of_several_tables_are_found(odd: Api) -> None:
    text = """mutation ($data: [CatCreate!]!) { upsertCats(input: {on: NAME, data: $data})
      { cats { name lives } affectedCount errors { message } } }"""
    await run(odd, text, data=[{"name": "a"}])
    data = await run(odd, text, data=[{"name": "a", "lives": 2}, {"name": "b"}])

    assert data["upsertCats"] == {
        "cats": [{"name": "a", "lives": 2}, {"name": "b", "lives": 9}],
        "affectedCount": 2,
        "errors": [],
    }


async def test_the_same_key_twice_is_refused(api: Api) -> None:
    data = await run(api, UPSERT, data=[book("A"), book("C"), book("A")])
    apart = await run(api, UPSERT, data=[book("A"), book("C"), book("A")], onError="CONTINUE")

    error = {
        "code": "CONFLICTING_OPERATIONS",
        "path": ["input", "data", "2"],
        "message": "The same Book is named by item 0 already.",
    }
    assert data["upsertBooks"] == {"books": [], "affectedCount": 0, "errors": [error]}
    assert [each and each["isbn"] for each in apart["upsertBooks"]["books"]] == ["A", "C", None]
    assert (apart["upsertBooks"]["affectedCount"], apart["upsertBooks"]["errors"]) == (2, [error])


async def test_every_item_needs_the_key(api: Api) -> None:
    data = await run(api, CREATE, data=[{"title": "x", "price": "1"}], conflict={"on": "ISBN", "update": []})

    assert data["createBooks"]["errors"] == [
        {
            "code": "VALIDATION",
            "path": ["input", "data", "0", "isbn"],
            "message": "isbn is part of the key to upsert by, so it needs a value.",
        }
    ]


async def test_a_null_condition_is_refused(api: Api) -> None:
    data = await run(api, CREATE, data=[book("A")], conflict={"on": "ISBN", "update": ["PRICE"], "if": None})

    assert data["createBooks"]["errors"] == [
        {
            "code": "VALIDATION",
            "path": ["input", "onConflict", "if"],
            "message": "if cannot be null; leave it out.",
        }
    ]


async def test_other_constraints_are_told_with_the_item(odd: Api) -> None:
    text = """mutation ($data: [ItemCreate!]!, $onError: OnError) {
      upsertItems(input: {on: CODE, data: $data, onError: $onError}) {
        items { code } affectedCount errors { code path } } }"""
    data = [{"code": "a", "stock": 1}, {"code": "b", "stock": -1}, {"code": "c", "stock": 1}]
    refused = await run(odd, text, data=data)
    apart = await run(odd, text, data=data, onError="CONTINUE")

    errors = [{"code": "CHECK", "path": ["input", "data", "1", "stock"]}]
    assert refused["upsertItems"] == {"items": [], "affectedCount": 0, "errors": errors}
    assert apart["upsertItems"] == {"items": [{"code": "a"}, None, {"code": "c"}], "affectedCount": 2, "errors": errors}


async def test_200_records_take_as_many_statements_as_2(make_engine: MakeEngine) -> None:
    engine = await make_engine(shelf.Base.metadata)
    api = Api(shelf.Base, engine)
    counts = []
    for count in (2, 200, 200):
        with record_statements(engine) as statements:
            data = await run(
                api,
                CREATE,
                data=[book(str(n)) for n in range(count)],
                conflict={"on": "ISBN", "update": ["TITLE"]},
            )
        counts.append(len([sql for sql, _ in statements if not sql.startswith("BEGIN")]))
        assert data["createBooks"]["affectedCount"] == count

    assert counts == [3, 3, 3]


@pytest.mark.parametrize("nested", [False, True])
async def test_requests_at_the_same_time_make_each_record_once(make_engine: MakeEngine, nested: bool) -> None:
    api = Api(shelf.Base, await make_engine(shelf.Base.metadata))
    more: dict[str, Any] = {"author": {"create": {"name": "Ann"}}} if nested else {}
    data = [book(str(n), **more) for n in range(10)]
    found = await asyncio.gather(*(run(api, UPSERT, data=data) for _ in range(4)))
    total = await run(api, "{ books { totalCount } }")

    assert [each["upsertBooks"]["errors"] for each in found] == [[], [], [], []]
    assert [each["upsertBooks"]["affectedCount"] for each in found] == [10, 10, 10, 10]
    assert total == {"books": {"totalCount": 10}}
