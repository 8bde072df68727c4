"""updateBooks, updateEachBook and deleteBooks: records that are there, changed or deleted in one mutation."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from gqlcrud import Api, Limits
from tests import bulk_models, shelf, zoo
from tests.bulk_models import heard
from tests.databases import MakeEngine, record_statements
from tests.running import refused, run, save

UPDATE = """
    mutation ($where: BookWhere!, $patch: BookPatch, $max: Int, $all: Boolean) {
      updateBooks(input: {where: $where, patch: $patch, maxAffected: $max, allRows: $all}) {
        books { title version }
        affectedCount
        errors { code path message }
      }
    }
"""
UPDATE_EACH = """
    mutation ($items: [BookUpdateItem!]!, $onError: OnError) {
      updateEachBook(input: {items: $items, onError: $onError}) {
        books { title price version }
        affectedCount
        errors { code path message ... on StaleError { current { ... on Book { version } } } }
      }
    }
"""
DELETE = """
    mutation ($where: BookWhere!, $max: Int, $all: Boolean) {
      deleteBooks(input: {where: $where, maxAffected: $max, allRows: $all}) {
        deletedIds
        affectedCount
        errors { code path message }
        query { books(orderBy: [{title: ASC}]) { nodes { title } } }
      }
    }
"""


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncEngine:
    """Books A to D, of which B has a tag and an order item, and an author's are A and B."""
    engine = await make_engine(shelf.Base.metadata)
    author = shelf.Author(id=1, name="Ann")
    books = {
        title: shelf.Book(id=n, title=title, isbn=title.lower(), price=n) for n, title in enumerate("ABCD", start=1)
    }
    author.books = [books["A"], books["B"]]
    books["B"].tags = [shelf.Tag(id=1, label="t")]
    books["B"].order_items = [shelf.OrderItem(order_no=1, line_no=1, quantity=1)]
    await save(engine, author, *books.values())
    return engine


@pytest.fixture
def api(engine: AsyncEngine) -> Api:
    return Api(shelf.Base, engine)


@pytest.fixture
async def odd(make_engine: MakeEngine) -> Api:
    return Api(bulk_models.Base, await make_engine(bulk_models.Base.metadata))


@pytest.fixture(autouse=True)
def nothing_heard() -> Iterator[None]:
    heard.clear()
    yield


async def titles(api: Api) -> list[str]:
    found = await run(api, "{ books(orderBy: [{rowId: ASC}]) { nodes { title } } }")
    return [each["title"] for each in found["books"]["nodes"]]


# ---------- one change of many ----------


async def test_every_record_that_meets_the_condition_is_changed(api: Api) -> None:
    data = await run(api, UPDATE, where={"price": {"gte": "2", "lt": "4"}}, patch={"title": "new"})

    assert data["updateBooks"] == {
        "books": [{"title": "new", "version": 2}, {"title": "new", "version": 2}],
        "affectedCount": 2,
        "errors": [],
    }
    assert await titles(api) == ["A", "new", "new", "D"]


async def test_the_condition_may_follow_relations(api: Api) -> None:
    data = await run(api, UPDATE, where={"author": {"is": {"name": {"eq": "Ann"}}}}, patch={"title": "Ann's"})

    assert data["updateBooks"]["affectedCount"] == 2
    assert await titles(api) == ["Ann's", "Ann's", "C", "D"]


async def test_relations_of_many_records_are_changed(api: Api) -> None:
    patch = {"author": {"connect": {"rowId": 1}}, "tags": {"connect": [{"by": {"label": "t"}}]}}
    data = await run(api, UPDATE, where={"title": {"in": ["C", "D"]}}, patch=patch)
    found = await run(api, "{ books(orderBy: [{rowId: ASC}]) { nodes { author { name } tags { nodes { label } } } } }")

    assert (data["updateBooks"]["affectedCount"], data["updateBooks"]["errors"]) == (2, [])
    ann = {"name": "Ann"}
    assert found["books"]["nodes"] == [
        {"author": ann, "tags": {"nodes": []}},
        *({"author": ann, "tags": {"nodes": [{"label": "t"}]}} for _ in range(3)),
    ]


ALWAYS: list[dict[str, Any]] = [{}, {"and": []}, {"and": [{}, {}]}, {"or": [{}]}, {"id": {}}, {"not": {"or": []}}]


@pytest.mark.parametrize("where", [*ALWAYS, {"tags": {"every": {}}}])
async def test_a_condition_that_is_always_true_is_refused(api: Api, where: dict[str, Any]) -> None:
    """Of a peer, `update` without a filter and `delete(filter: {})` take the whole table."""
    changed = await run(api, UPDATE, where=where, patch={"title": "x"})
    deleted = await run(api, DELETE, where=where)

    error = {
        "code": "VALIDATION",
        "path": ["input", "where"],
        "message": "This is true of every Book. Narrow it down, or say `allRows: true`.",
    }
    assert changed["updateBooks"] == {"books": [], "affectedCount": 0, "errors": [error]}
    assert (deleted["deleteBooks"]["deletedIds"], deleted["deleteBooks"]["errors"]) == ([], [error])
    assert await titles(api) == ["A", "B", "C", "D"]


async def test_no_condition_at_all_is_no_request(api: Api) -> None:
    for text in (
        "mutation { deleteBooks(input: {where: null}) { affectedCount } }",
        "mutation { deleteBooks(input: {}) { affectedCount } }",
        'mutation { updateBooks(input: {where: null, patch: {title: "x"}}) { affectedCount } }',
        "mutation ($where: BookWhere!) { deleteBooks(input: {where: $where}) { affectedCount } }",
    ):
        ((code, _),) = await refused(api, text)
        assert code in ("GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT")

    data = await run(api, DELETE, where={"title": None})
    assert data["deleteBooks"]["errors"] == [
        {
            "code": "VALIDATION",
            "path": ["input", "where", "title"],
            "message": "title cannot be null; leave it out, or use isNull.",
        }
    ]
    assert await titles(api) == ["A", "B", "C", "D"]


async def test_all_rows_are_changed_if_the_client_says_so(api: Api) -> None:
    data = await run(api, UPDATE, where={}, patch={"title": "x"}, all=True)

    assert data["updateBooks"]["affectedCount"] == 4
    assert await titles(api) == ["x", "x", "x", "x"]


async def test_a_condition_that_is_never_true_changes_nothing(api: Api, engine: AsyncEngine) -> None:
    with record_statements(engine) as statements:
        data = await run(api, UPDATE, where={"or": []}, patch={"title": "x"})

    assert data["updateBooks"] == {"books": [], "affectedCount": 0, "errors": []}
    assert [sql for sql, _ in statements if not sql.startswith("BEGIN")] == []


async def test_an_empty_patch_changes_nothing(api: Api) -> None:
    data = await run(api, UPDATE, where={"title": {"eq": "A"}}, patch={})

    assert data["updateBooks"] == {"books": [{"title": "A", "version": 1}], "affectedCount": 0, "errors": []}


async def test_more_records_than_expected_are_left_alone(api: Api) -> None:
    where = {"price": {"gte": "1"}}
    exact = await run(api, UPDATE, where=where, patch={"title": "x"}, max=4)
    more = await run(api, UPDATE, where=where, patch={"title": "y"}, max=3)
    none = await run(api, DELETE, where=where, max=0)
    wrong = await run(api, DELETE, where=where, max=-1)
    beyond = await run(api, DELETE, where=where, max=10_001)

    assert exact["updateBooks"]["affectedCount"] == 4
    path = ["input", "maxAffected"]
    assert more["updateBooks"] == {
        "books": [],
        "affectedCount": 0,
        "errors": [{"code": "LIMIT", "path": path, "message": "These are more than 3 Book records."}],
    }
    assert [each["deleteBooks"]["errors"] for each in (none, wrong, beyond)] == [
        [{"code": "LIMIT", "path": path, "message": "These are more than 0 Book records."}],
        [{"code": "VALIDATION", "path": path, "message": "maxAffected is a number from 0."}],
        [{"code": "LIMIT", "path": path, "message": "maxAffected is at most 10000."}],
    ]
    assert await titles(api) == ["x", "x", "x", "x"]


async def test_the_api_has_a_maximum_of_its_own(engine: AsyncEngine) -> None:
    api = Api(shelf.Base, engine, limits=Limits(max_affected=3))
    data = await run(api, DELETE, where={}, all=True)

    assert data["deleteBooks"]["errors"] == [
        {"code": "LIMIT", "path": ["input", "where"], "message": "These are more than 3 Book records."}
    ]
    assert await titles(api) == ["A", "B", "C", "D"]


async def test_a_broken_constraint_is_told_once_at_its_field(api: Api) -> None:
    taken = await run(api, UPDATE, where={"title": {"in": ["A", "B"]}}, patch={"isbn": "d"})
    nobody = await run(api, UPDATE, where={}, patch={"authorId": "QXV0aG9yOjk5"}, all=True)

    assert taken["updateBooks"]["errors"] == [
        {"code": "UNIQUE", "path": ["input", "patch", "isbn"], "message": "Another Book has the isbn 'd'."}
    ]
    assert nobody["updateBooks"]["errors"] == [
        {"code": "FOREIGN_KEY", "path": ["input", "patch", "authorId"], "message": "There is no Author with this id."}
    ]
    assert await titles(api) == ["A", "B", "C", "D"]


async def test_columns_that_follow_every_change_do(odd: Api) -> None:
    await run(odd, 'mutation { createItems(input: {data: [{code: "a"}, {code: "b"}]}) { affectedCount } }')
    data = await run(
        odd,
        """mutation { many: updateItems(input: {where: {code: {eq: "a"}}, patch: {stock: 1}}) {
            items { stock touched version } }
          each: updateEachItem(input: {items: [{by: {code: "b"}, patch: {note: "n"}}]}) {
            items { stock note touched version } } }""",
    )

    assert data == {
        "many": {"items": [{"stock": 1, "touched": 7, "version": 2}]},
        "each": {"items": [{"stock": 5, "note": "n", "touched": 7, "version": 2}]},
    }


async def test_events_and_validators_of_the_mapper_run(odd: Api) -> None:
    data = await run(
        odd,
        """mutation {
          a: createHeards(input: {data: [{name: "a"}, {name: "b"}]}) { affectedCount }
          b: updateHeards(input: {where: {name: {eq: "a"}}, patch: {name: "c"}}) { heards { name log } }
          c: updateEachHeard(input: {items: [{by: {name: "b"}, patch: {name: "d"}}]}) { heards { name log } }
          d: deleteHeards(input: {where: {}, allRows: true}) { affectedCount }
          e: createCheckeds(input: {data: [{name: "x"}]}) { affectedCount }
          f: updateCheckeds(input: {where: {}, allRows: true, patch: {name: "y"}}) { checkeds { name } }
          g: updateCheckeds(input: {where: {}, allRows: true, patch: {name: "bad"}}) { errors { code path message } }
        }""",
    )

    assert data == {
        "a": {"affectedCount": 2},
        "b": {"heards": [{"name": "c", "log": "updated"}]},
        "c": {"heards": [{"name": "d", "log": "updated"}]},
        "d": {"affectedCount": 2},
        "e": {"affectedCount": 1},
        "f": {"checkeds": [{"name": "Y"}]},
        "g": {"errors": [{"code": "VALIDATION", "path": ["input", "patch", "name"], "message": "This name is bad."}]},
    }
    assert heard == [
        *(("insert", name) for name in "ab"),
        *(("update", name) for name in "cd"),
        *(("delete", name) for name in "cd"),
    ]


# ---------- a change of each ----------


async def test_each_record_is_changed_in_its_own_way(api: Api) -> None:
    items = [
        {"by": {"isbn": "d"}, "patch": {"title": "D2"}, "version": 1},
        {"by": {"rowId": 1}, "patch": {"price": "7", "author": {"disconnect": True}}},
        {"by": {"isbn": "c"}},
    ]
    data = await run(api, UPDATE_EACH, items=items)

    assert data["updateEachBook"] == {
        "books": [
            {"title": "D2", "price": "4.00", "version": 2},
            {"title": "A", "price": "7.00", "version": 2},
            {"title": "C", "price": "3.00", "version": 1},
        ],
        "affectedCount": 2,
        "errors": [],
    }


WRONG = [
    {"by": {"isbn": "a"}, "patch": {"title": "x"}},
    {"by": {"isbn": "nowhere"}, "patch": {"title": "x"}},
    {"by": {"isbn": "b"}, "patch": {"title": "x"}, "version": 9},
    {"by": {"rowId": 1}, "patch": {"title": "y"}},
]
WRONG_ERRORS = [
    {
        "code": "NOT_FOUND",
        "path": ["input", "items", "1", "by"],
        "message": "There is no Book with this key.",
    },
    {
        "code": "STALE",
        "path": ["input", "items", "2", "by"],
        "message": "This Book has been changed since it was read.",
        "current": {"version": 1},
    },
    {
        "code": "CONFLICTING_OPERATIONS",
        "path": ["input", "items", "3", "by"],
        "message": "The same Book is named by item 0 already.",
    },
]


async def test_everything_that_is_wrong_is_told_and_nothing_is_changed(api: Api) -> None:
    data = await run(api, UPDATE_EACH, items=WRONG)

    assert data["updateEachBook"] == {"books": [], "affectedCount": 0, "errors": WRONG_ERRORS}
    assert await titles(api) == ["A", "B", "C", "D"]


async def test_an_item_that_fails_leaves_the_others_alone(api: Api) -> None:
    clash = [{"by": {"isbn": "c"}, "patch": {"isbn": "d"}}, {"by": {"isbn": "c"}, "patch": {"title": "twice"}}]
    data = await run(api, UPDATE_EACH, items=[*WRONG, *clash], onError="CONTINUE")

    assert data["updateEachBook"] == {
        "books": [{"title": "x", "price": "1.00", "version": 2}, None, None, None, None, None],
        "affectedCount": 1,
        "errors": [
            *WRONG_ERRORS,
            {
                "code": "UNIQUE",
                "path": ["input", "items", "4", "patch", "isbn"],
                "message": "Another Book has the isbn 'd'.",
            },
            {
                "code": "CONFLICTING_OPERATIONS",
                "path": ["input", "items", "5", "by"],
                "message": "The same Book is named by item 4 already.",
            },
        ],
    }
    assert await titles(api) == ["x", "B", "C", "D"]


# ---------- deletions ----------


async def test_records_are_deleted_with_their_links(api: Api) -> None:
    """An order item loses its book, as the mapper says."""
    data = await run(api, DELETE, where={"title": {"in": ["B", "C"]}})
    items = await run(api, "{ orderItems { nodes { book { title } } } tags { nodes { books { totalCount } } } }")

    assert data["deleteBooks"] == {
        "deletedIds": ["Qm9vazoy", "Qm9vazoz"],
        "affectedCount": 2,
        "errors": [],
        "query": {"books": {"nodes": [{"title": "A"}, {"title": "D"}]}},
    }
    assert items == {"orderItems": {"nodes": [{"book": None}]}, "tags": {"nodes": [{"books": {"totalCount": 0}}]}}


async def test_composite_keys_are_deleted(api: Api) -> None:
    data = await run(
        api,
        "mutation { deleteOrderItems(input: {where: {orderNo: {eq: 1}}}) { deletedIds affectedCount errors { message } } }",
    )

    assert data["deleteOrderItems"] == {"deletedIds": ["T3JkZXJJdGVtOlsxLDFd"], "affectedCount": 1, "errors": []}


async def test_what_belongs_to_a_record_goes_with_it(make_engine: MakeEngine) -> None:
    engine = await make_engine(bulk_models.Base.metadata)
    api = Api(bulk_models.Base, engine)
    await save(
        engine,
        *(
            bulk_models.Tree(name=str(n), leaves=[bulk_models.Leaf(), bulk_models.Leaf()], birds=[bulk_models.Bird()])
            for n in range(3)
        ),
    )
    data = await run(
        api,
        """mutation { deleteTrees(input: {where: {name: {in: ["0", "1"]}}}) { affectedCount errors { message }
          query { trees { totalCount } leafs: leaves { totalCount } birds { nodes { tree { name } } } } } }""",
    )

    assert data["deleteTrees"] == {
        "affectedCount": 2,
        "errors": [],
        "query": {
            "trees": {"totalCount": 1},
            "leafs": {"totalCount": 2},
            "birds": {"nodes": [{"tree": None}, {"tree": None}, {"tree": {"name": "2"}}]},
        },
    }


# ---------- statements ----------


async def test_200_records_take_as_many_statements_as_2(make_engine: MakeEngine) -> None:
    """Select and lock, write, and read what the payload shows."""
    engine = await make_engine(shelf.Base.metadata)
    await save(engine, *(shelf.Book(id=n, title="x", isbn=str(n), price=1) for n in range(1, 203)))
    await save(engine, *(shelf.OrderItem(order_no=n, line_no=1, quantity=1) for n in range(1, 203)))
    api = Api(shelf.Base, engine)
    counts = []
    for numbers in (range(1, 3), range(3, 203)):
        items = [{"by": {"rowId": n}, "patch": {"title": f"Book {n}"}} for n in numbers]
        keys = list(numbers)
        with record_statements(engine) as statements:
            data = [
                await run(api, UPDATE, where={"rowId": {"in": keys}}, patch={"price": "2"}),
                await run(api, UPDATE_EACH, items=items),
                await run(
                    api,
                    "mutation ($keys: [Int!]) { deleteOrderItems(input: {where: {orderNo: {in: $keys}}}) { affectedCount } }",
                    keys=keys,
                ),
            ]
        counts.append(len([sql for sql, _ in statements if not sql.startswith("BEGIN")]))
        assert [found["affectedCount"] for each in data for found in each.values()] == [len(keys)] * 3

    assert counts == [3 + 3 + 2, 3 + 3 + 2]


async def test_an_item_that_cannot_be_computed_leaves_the_others_alone(api: Api) -> None:
    items = [{"by": {"rowId": n}, "ops": {"price": {"multiply": factor}}} for n, factor in enumerate(("2", "1e9"), 1)]
    data = await run(api, UPDATE_EACH, items=items, onError="CONTINUE")

    assert data["updateEachBook"]["books"] == [{"title": "A", "price": "2.00", "version": 2}, None]
    assert [(each["code"], each["path"]) for each in data["updateEachBook"]["errors"]] == [
        ("VALIDATION", ["input", "items", "1", "ops"])
    ]


async def test_what_cannot_be_computed_for_many_is_told_at_the_operators(api: Api) -> None:
    data = await run(
        api,
        """mutation { updateBooks(input: {where: {price: {lt: 3}}, ops: {price: {multiply: "1e9"}}}) {
             affectedCount errors { code path } } }""",
    )

    assert data["updateBooks"] == {"affectedCount": 0, "errors": [{"code": "VALIDATION", "path": ["input", "ops"]}]}


@pytest.mark.parametrize("keys", [[1, 2], [3]])
async def test_records_that_refer_to_each_other_in_a_circle_are_not_deleted(
    make_engine: MakeEngine, keys: list[int]
) -> None:
    engine = await make_engine(zoo.Composites.metadata)
    await save(engine, *(zoo.Folder(tenant_id=1, folder_id=n, name="x") for n in (1, 2, 3)))
    async with engine.begin() as connection:
        for n, parent in ((1, 2), (2, 1), (3, 3)):
            await connection.execute(sa.text(f"UPDATE folder SET parent_id = {parent} WHERE folder_id = {n}"))
    query = """
        mutation ($where: FolderWhere!) {
          deleteFolders(input: {where: $where}) { affectedCount errors { code message path } }
        }
    """
    data = await run(Api(zoo.Composites, engine), query, where={"folderId": {"in": keys}})

    message = "What is to be deleted refers to itself in a circle; take a record out of it first."
    assert data["deleteFolders"] == {
        "affectedCount": 0,
        "errors": [{"code": "FOREIGN_KEY", "message": message, "path": ["input", "where"]}],
    }
