"""createBooks: many records in one mutation, by one statement where nothing asks for more."""

from collections.abc import Iterator
from typing import Any

import pytest

from gqlcrud import Api, Limits, ModelOptions
from tests import bulk_models, shelf, zoo
from tests.bulk_models import heard
from tests.databases import MakeEngine, record_statements
from tests.running import run

MANY = 200

CREATE_BOOKS = """
    mutation ($data: [BookCreate!]!, $onError: OnError) {
      createBooks(input: {data: $data, onError: $onError, clientMutationId: "m"}) {
        books { title isbn version }
        affectedCount
        errors { code path message }
        clientMutationId
      }
    }
"""


@pytest.fixture
async def api(make_engine: MakeEngine) -> Api:
    return Api(shelf.Base, await make_engine(shelf.Base.metadata))


@pytest.fixture
async def odd(make_engine: MakeEngine) -> Api:
    return Api(bulk_models.Base, await make_engine(bulk_models.Base.metadata))


@pytest.fixture(autouse=True)
def nothing_heard() -> Iterator[None]:
    heard.clear()
    yield


def books(count: int, start: int = 0) -> list[dict[str, Any]]:
    return [{"title": f"Book {n}", "price": "1.50", "isbn": str(n)} for n in range(start, start + count)]


async def test_records_are_made_in_the_order_of_the_input(api: Api) -> None:
    data = await run(api, CREATE_BOOKS, data=[{"title": "B", "price": "2"}, {"title": "A", "price": "1", "isbn": "1"}])

    assert data["createBooks"] == {
        "books": [{"title": "B", "isbn": None, "version": 1}, {"title": "A", "isbn": "1", "version": 1}],
        "affectedCount": 2,
        "errors": [],
        "clientMutationId": "m",
    }


async def test_no_records_are_made_of_nothing(api: Api) -> None:
    data = await run(api, CREATE_BOOKS, data=[])

    assert data["createBooks"] == {"books": [], "affectedCount": 0, "errors": [], "clientMutationId": "m"}


async def test_200_records_take_as_many_statements_as_2(make_engine: MakeEngine) -> None:
    engine = await make_engine(shelf.Base.metadata)
    api = Api(shelf.Base, engine)
    counts = []
    for count, start in ((2, 0), (MANY, 2)):
        with record_statements(engine) as statements:
            data = await run(api, CREATE_BOOKS, data=books(count, start))
        counts.append(len([sql for sql, _ in statements if not sql.startswith("BEGIN")]))
        assert data["createBooks"]["affectedCount"] == count

    assert counts == [2, 2]


async def test_10000_records_are_made_and_read_in_one_mutation(make_engine: MakeEngine) -> None:
    engine = await make_engine(shelf.Base.metadata)
    api = Api(shelf.Base, engine)
    with record_statements(engine) as statements:
        data = await run(api, CREATE_BOOKS, data=books(10_000))

    found = data["createBooks"]
    assert (found["affectedCount"], found["errors"]) == (10_000, [])
    assert [each["isbn"] for each in found["books"]] == [str(n) for n in range(10_000)]
    assert len([sql for sql, _ in statements if sql.startswith("SELECT")]) == 1


async def test_records_with_the_same_fields_are_what_each_would_be_alone(make_engine: MakeEngine) -> None:
    """With presets, foreign keys as ids, values for some, and one that is wrong among them."""

    def inputs(author: str) -> list[dict[str, Any]]:
        shapes: list[dict[str, Any]] = [
            {"title": "T", "price": "1.5"},
            {"price": "2.25", "title": "U", "publishedAt": None},
            {"title": "V", "price": "3", "meta": {"a": 1}, "authorId": author},
            {"title": "W", "price": "4", "author": {"connect": {"rowId": 1}}},
        ]
        return [{**shapes[n % 4], "isbn": f"{author}{n}"} for n in range(16)]

    api = Api(
        shelf.Base,
        await make_engine(shelf.Base.metadata),
        models={shelf.Book: ModelOptions(presets={"title": lambda _: "preset"})},
    )
    made = await run(api, 'mutation { createAuthor(input: {data: {name: "A"}}) { author { id } } }')
    author = made["createAuthor"]["author"]["id"]
    shown = "title price publishedAt meta author { name }"
    many = f"""mutation($data: [BookCreate!]!) {{ createBooks(input: {{data: $data}}) {{
      books {{ {shown} }} errors {{ path }} }} }}"""
    one = f"mutation($data: BookCreate!) {{ createBook(input: {{data: $data}}) {{ book {{ {shown} }} }} }}"
    given = [{name: value for name, value in each.items() if name != "title"} for each in inputs(author)]

    together = await run(api, many, data=given)
    alone = [(await run(api, one, data={**each, "isbn": f"{n}"}))["createBook"]["book"] for n, each in enumerate(given)]

    assert together["createBooks"] == {"books": alone, "errors": []}
    assert {each["title"] for each in alone} == {"preset"}
    wrong = [{**each, "isbn": f"w{n}"} for n, each in enumerate(given)]
    wrong[13]["price"] = "123456789012"
    refused = await run(api, many, data=wrong)
    assert refused["createBooks"] == {"books": [], "errors": [{"path": ["input", "data", "13", "price"]}]}


async def test_more_records_than_the_limit_are_refused(make_engine: MakeEngine) -> None:
    api = Api(shelf.Base, await make_engine(shelf.Base.metadata), limits=Limits(max_affected=2))
    data = await run(api, CREATE_BOOKS, data=books(3))

    assert data["createBooks"] == {
        "books": [],
        "affectedCount": 0,
        "errors": [
            {
                "code": "LIMIT",
                "path": ["input", "data"],
                "message": "A mutation writes at most 2 records; these are 3.",
            }
        ],
        "clientMutationId": "m",
    }


async def test_only_nested_records_count_against_the_limit_of_nested_ones(make_engine: MakeEngine) -> None:
    api = Api(shelf.Base, await make_engine(shelf.Base.metadata), limits=Limits(max_write_items=2))
    nested = {"title": "A", "price": "1", "tags": {"create": [{"node": {"label": str(n)}} for n in range(3)]}}
    flat = await run(api, CREATE_BOOKS, data=books(5))
    deep = await run(api, CREATE_BOOKS, data=[nested], onError="CONTINUE")

    assert flat["createBooks"]["affectedCount"] == 5
    assert deep["createBooks"]["errors"] == [
        {
            "code": "LIMIT",
            "path": ["input", "data", "0", "tags", "create", "2", "node"],
            "message": "A mutation names at most 2 records.",
        }
    ]


async def test_every_sort_of_default_applies(odd: Api) -> None:
    data = await run(
        odd,
        """mutation { createItems(input: {data: [
          {code: "a"}, {code: "b", stock: 1, note: null}, {code: "c"}, {code: "d", place: null}
        ]}) { items { code stock note place touched version } errors { message } } }""",
    )

    assert data["createItems"]["errors"] == []
    assert [list(each.values()) for each in data["createItems"]["items"]] == [
        ["a", 5, "made by Python", "nowhere", 0, 1],
        ["b", 1, None, "nowhere", 0, 1],
        ["c", 5, "made by Python", "nowhere", 0, 1],
        ["d", 5, "made by Python", None, 0, 1],
    ]


async def test_keys_that_python_makes_are_in_order(odd: Api) -> None:
    data = await run(
        odd,
        """mutation ($data: [TokenCreate!]!) { createTokens(input: {data: $data}) {
          tokens { name } errors { message } } }""",
        data=[{"name": str(n)} for n in range(MANY)],
    )

    assert data["createTokens"] == {"tokens": [{"name": str(n)} for n in range(MANY)], "errors": []}


async def test_composite_keys_are_made_and_read(api: Api) -> None:
    data = await run(
        api,
        """mutation { createOrderItems(input: {data: [
          {orderNo: 2, lineNo: 1, quantity: 1}, {orderNo: 1, lineNo: 2, quantity: 2}
        ]}) { orderItems { orderNo lineNo quantity } affectedCount errors { message } } }""",
    )

    assert data["createOrderItems"] == {
        "orderItems": [{"orderNo": 2, "lineNo": 1, "quantity": 1}, {"orderNo": 1, "lineNo": 2, "quantity": 2}],
        "affectedCount": 2,
        "errors": [],
    }


async def test_nested_records_are_made_with_their_parents(api: Api) -> None:
    data = await run(
        api,
        """mutation { createAuthors(input: {data: [
          {name: "A", books: {create: [{title: "A1", price: "1", tags: {create: [{node: {label: "t"}, edge: {weight: 2}}]}}]}},
          {name: "B"},
          {name: "C", books: {create: [{title: "C1", price: "1"}, {title: "C2", price: "1"}]}}
        ]}) {
          authors { name books(orderBy: [{title: ASC}]) { nodes { title tags { edges { weight node { label } } } } } }
          errors { message }
        } }""",
    )

    assert data["createAuthors"] == {
        "authors": [
            {
                "name": "A",
                "books": {"nodes": [{"title": "A1", "tags": {"edges": [{"weight": 2, "node": {"label": "t"}}]}}]},
            },
            {"name": "B", "books": {"nodes": []}},
            {"name": "C", "books": {"nodes": [{"title": title, "tags": {"edges": []}} for title in ("C1", "C2")]}},
        ],
        "errors": [],
    }


async def test_events_of_the_mapper_fire(odd: Api) -> None:
    data = await run(
        odd,
        'mutation { createHeards(input: {data: [{name: "a"}, {name: "b"}]}) { heards { log } errors { message } } }',
    )

    assert data["createHeards"] == {"heards": [{"log": "inserted"}, {"log": "inserted"}], "errors": []}
    assert heard == [("insert", "a"), ("insert", "b")]


async def test_validators_and_constructors_are_called(odd: Api) -> None:
    data = await run(
        odd,
        """mutation {
          checked: createCheckeds(input: {data: [{name: "a"}, {name: "b"}]}) { checkeds { name } errors { message } }
          refused: createCheckeds(input: {data: [{name: "a"}, {name: "bad"}]}) {
            affectedCount errors { code message path } }
          made: createMades(input: {data: [{name: "A"}]}) { mades { slug } errors { message } }
          data: createDataList(input: {data: [{name: "A"}, {name: "B", kind: "odd"}]}) { dataList { kind } errors { message } }
        }""",
    )

    assert data == {
        "checked": {"checkeds": [{"name": "A"}, {"name": "B"}], "errors": []},
        "refused": {
            "affectedCount": 0,
            "errors": [{"code": "VALIDATION", "message": "This name is bad.", "path": ["input", "data", "1", "name"]}],
        },
        "made": {"mades": [{"slug": "a"}], "errors": []},
        "data": {"dataList": [{"kind": "plain"}, {"kind": "odd"}], "errors": []},
    }


async def test_records_of_several_tables_are_made(odd: Api) -> None:
    data = await run(
        odd,
        """mutation { createCats(input: {data: [{name: "a"}, {name: "b", lives: 3}]}) {
          cats { name lives } errors { message } query { animals { totalCount } } } }""",
    )

    assert data["createCats"] == {
        "cats": [{"name": "a", "lives": 9}, {"name": "b", "lives": 3}],
        "errors": [],
        "query": {"animals": {"totalCount": 2}},
    }


async def test_all_offenders_are_told_and_nothing_is_written(api: Api) -> None:
    await run(api, CREATE_BOOKS, data=books(3))
    data = await run(api, CREATE_BOOKS, data=[*books(2, 10), *books(2), *books(1, 10)])

    assert data["createBooks"] == {
        "books": [],
        "affectedCount": 0,
        "errors": [
            {"code": "UNIQUE", "path": ["input", "data", "2", "isbn"], "message": "Another Book has the isbn '0'."},
            {"code": "UNIQUE", "path": ["input", "data", "3", "isbn"], "message": "Another Book has the isbn '1'."},
            {
                "code": "UNIQUE",
                "path": ["input", "data", "4", "isbn"],
                "message": "Another Book in this input has the isbn '10'.",
            },
        ],
        "clientMutationId": "m",
    }
    assert (await run(api, "{ books { totalCount } }")) == {"books": {"totalCount": 3}}


async def test_an_item_that_fails_leaves_the_others_alone(api: Api) -> None:
    await run(api, CREATE_BOOKS, data=books(1))
    rows = [
        {"title": "good", "price": "1", "isbn": "a"},
        {"title": "taken", "price": "1", "isbn": "0"},
        {"title": "x" * 201, "price": "1"},
        {"title": "nobody's", "price": "1", "authorId": "QXV0aG9yOjk5"},
        {"title": "good too", "price": "1", "isbn": "b", "tags": {"create": [{"node": {"label": "t"}}]}},
        {"title": "not connected", "price": "1", "author": {"connect": {"rowId": 7}}},
    ]
    data = await run(api, CREATE_BOOKS, data=rows, onError="CONTINUE")

    assert data["createBooks"] == {
        "books": [
            {"title": "good", "isbn": "a", "version": 1},
            None,
            None,
            None,
            {"title": "good too", "isbn": "b", "version": 1},
            None,
        ],
        "affectedCount": 2,
        "errors": [
            {"code": "UNIQUE", "path": ["input", "data", "1", "isbn"], "message": "Another Book has the isbn '0'."},
            {
                "code": "VALIDATION",
                "path": ["input", "data", "2", "title"],
                "message": "title has at most 200 characters; this text has 201.",
            },
            {
                "code": "FOREIGN_KEY",
                "path": ["input", "data", "3", "authorId"],
                "message": "There is no Author with this id.",
            },
            {
                "code": "NOT_FOUND",
                "path": ["input", "data", "5", "author", "connect"],
                "message": "There is no Author with this key.",
            },
        ],
        "clientMutationId": "m",
    }
    assert (await run(api, "{ books { totalCount } tags { totalCount } }")) == {
        "books": {"totalCount": 3},
        "tags": {"totalCount": 1},
    }


async def test_items_that_all_go_well_share_one_savepoint(make_engine: MakeEngine) -> None:
    engine = await make_engine(shelf.Base.metadata)
    api = Api(shelf.Base, engine)
    with record_statements(engine) as statements:
        await run(api, CREATE_BOOKS, data=books(MANY), onError="CONTINUE")

    kinds = [sql.partition(" ")[0] for sql, _ in statements]
    assert [kind for kind in kinds if kind != "BEGIN"] == ["SAVEPOINT", "INSERT", "RELEASE", "SELECT"]


async def test_everything_may_fail(api: Api) -> None:
    await run(api, CREATE_BOOKS, data=books(5))
    data = await run(api, CREATE_BOOKS, data=books(5), onError="CONTINUE")

    assert (data["createBooks"]["books"], data["createBooks"]["affectedCount"]) == ([None] * 5, 0)
    assert [error["path"][2] for error in data["createBooks"]["errors"]] == ["0", "1", "2", "3", "4"]


async def test_a_mistake_in_one_item_refuses_all_before_any_statement(make_engine: MakeEngine) -> None:
    engine = await make_engine(shelf.Base.metadata)
    api = Api(shelf.Base, engine)
    with record_statements(engine) as statements:
        data = await run(
            api,
            'mutation { createBooks(input: {data: [{title: "a", price: "1"}, {title: "b", price: "1", author: null}]}) '
            "{ errors { path } } }",
        )

    assert data["createBooks"]["errors"] == [{"path": ["input", "data", "1", "author"]}]
    assert statements == []


async def test_a_class_with_a_proxy_of_a_proxy_is_written(make_engine: MakeEngine) -> None:
    """SQLAlchemy's bulk INSERT fails at it."""
    api = Api(zoo.ManyToMany, await make_engine(zoo.ManyToMany.metadata))
    data = await run(api, 'mutation { createPlaylists(input: {data: [{name: "a"}]}) { playlists { name } } }')

    assert data["createPlaylists"] == {"playlists": [{"name": "a"}]}
