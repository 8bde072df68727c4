"""What a caller may not see shows nowhere: every response is the same as without it, and takes as many statements."""

import json
from random import Random
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from gqlcrud import Api
from gqlcrud.keys import encode_id
from tests import tenancy
from tests.databases import MakeEngine, record_statements
from tests.random_documents import Trees
from tests.random_documents import Writer as DocumentWriter
from tests.tenancy import Author, Base, Caller, fill

A = Caller("a")


@pytest.fixture(scope="module")
async def worlds(make_module_engine: MakeEngine) -> list[tuple[Api, AsyncEngine]]:
    """With the records of the other tenant, and without."""
    found = []
    for others in (True, False):
        engine: AsyncEngine = await make_module_engine(Base.metadata)
        await fill(engine, others=others)
        found.append((Api(Base, engine, models=tenancy.OPTIONS), engine))
    return found


def gid(api: Api, entity: type, key: int) -> str:
    model = api.catalog.model(entity)
    return encode_id(model.name, model.primary_key, (key,))


async def outcomes(
    worlds: list[tuple[Api, AsyncEngine]], query: str, context: Any = A, **variables: Any
) -> list[tuple[Any, list[Any], int]]:
    """In each world: the data, the errors, and how many statements that took."""
    found = []
    for api, engine in worlds:
        with record_statements(engine) as statements:
            result = await api.execute(query, variables, context=context)
        told = [(each.message, each.path, each.extensions) for each in result.errors or ()]
        found.append((result.data, told, len(statements)))
    return found


SEEN = {
    "list": "{ books(orderBy: [{title: ASC}]) { totalCount nodes { title } } }",
    "other_list": "{ authors { totalCount nodes { name email books { totalCount nodes { title } } } } }",
    "to_one": "{ books { nodes { title author { name } cover { colour } } } }",
    "nested": "{ books { nodes { reviews { totalCount nodes { text } } tags { totalCount nodes { label } } } } }",
    "deep": "{ tags(first: 20) { nodes { label books { nodes { title author { books { nodes { title } } } } } } } }",
    "node": '{ a: node(id: "Qm9vazoy") { id } b: node(id: "Qm9vazox") { id } }',
    "nodes": '{ nodes(ids: ["Qm9vazoy", "Qm9vazox", "QXV0aG9yOjI="]) { id ... on Book { title } } }',
    "by_id": '{ a: book(by: {id: "Qm9vazoy"}) { title } b: book(by: {id: "Qm9vazox"}) { title } }',
    "joined": (
        '{ book(by: {id: "Qm9vazo1"}) { title author { name books { totalCount } } cover { colour book { title } } } }'
    ),
    "joined_list_below": '{ book(by: {id: "Qm9vazoz"}) { cover { colour } author { name books { nodes { title } } } } }',
    "by_key": '{ author(by: {email: "bob@b"}) { name } }',
    "some": '{ books(where: {author: {is: {name: {eq: "Bob"}}}}) { nodes { title } } }',
    "is_null": "{ books(where: {author: {isNull: true}}) { nodes { title } } }",
    "is_not": '{ books(where: {author: {isNot: {name: {eq: "Ann"}}}}) { nodes { title } } }',
    "none": '{ books(where: {tags: {none: {label: {eq: "green"}}}}) { nodes { title } } }',
    "every": '{ books(where: {tags: {every: {label: {eq: "red"}}}}) { nodes { title } } }',
    "every_review": '{ books(where: {reviews: {every: {text: {eq: "good"}}}}) { nodes { title } } }',
    "count": "{ authors(where: {books: {count: {eq: 3}}}) { nodes { name } } }",
    "count_tags": "{ books(where: {tags: {count: {gt: 1}}}) { nodes { title } } }",
    "not": '{ books(where: {not: {author: {is: {name: {eq: "Ann"}}}}}) { nodes { title } } }',
    "order_to_one": "{ books(orderBy: [{author: {name: ASC}}, {title: ASC}]) { edges { cursor node { title } } } }",
    "order_count": "{ books(orderBy: [{tags: {count: DESC}}]) { edges { cursor node { title } } } }",
    "order_reviews": "{ books(orderBy: [{reviews: {count: DESC}}, {title: ASC}]) { edges { cursor } } }",
    "page": "{ books(first: 1) { pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }",
    "last": "{ books(last: 1) { nodes { title } pageInfo { hasNextPage hasPreviousPage } } }",
    "page_of_relation": "{ authors { nodes { books(first: 2) { pageInfo { hasNextPage } nodes { title } } } } }",
    "search": '{ books(search: "o") { totalCount nodes { title } } }',
    "search_path": '{ books(search: "Bob") { totalCount nodes { title } } }',
    "facets": "{ books { facets { state { value count } authorName { value count } } } }",
    "facets_of_tenants": "{ authors { facets { tenant { value count } } } }",
    "facets_of_relation": "{ authors { nodes { books { facets { state { value count } } } } } }",
}


@pytest.mark.parametrize("name", SEEN)
async def test_hidden_records_show_nowhere(worlds: list[tuple[Api, AsyncEngine]], name: str) -> None:
    """The second time the document is known, and answered in another way."""
    for _ in range(2):
        with_others, without = await outcomes(worlds, SEEN[name])

        assert with_others[:2] == without[:2]
        assert with_others[1] == []
        # the foreign key of a record that is seen is looked for, where it has one
        assert name == "joined" or with_others[2] == without[2]


async def test_a_foreign_key_to_a_hidden_record_is_shown_as_its_column_is(
    worlds: list[tuple[Api, AsyncEngine]],
) -> None:
    """The column belongs to a record that is seen; what it leads to is not there."""
    result = await worlds[0][0].execute('{ book(by: {id: "Qm9vazo1"}) { authorId author { name } } }', context=A)

    assert result.data == {"book": {"authorId": gid(worlds[0][0], Author, 2), "author": None}}


async def test_the_other_tenant_sees_the_others(worlds: list[tuple[Api, AsyncEngine]]) -> None:
    query = "{ books { totalCount nodes { title tags { nodes { label } } } } }"
    result = await worlds[0][0].execute(query, context=Caller("b"))

    assert result.data == {
        "books": {
            "totalCount": 2,
            "nodes": [
                {"title": "Two", "tags": {"nodes": [{"label": "green"}]}},
                {"title": "Four", "tags": {"nodes": [{"label": "green"}]}},
            ],
        }
    }


@pytest.mark.parametrize(
    ("query", "number"),
    [
        (
            "{ books { totalCount nodes { title author { name } tags { nodes { label } } reviews { nodes { text } } } } }",
            4,
        ),
        ('{ book(by: {id: "Qm9vazox"}) { title author { name } cover { colour } } }', 1),
    ],
    ids=["list", "record"],
)
async def test_a_policy_costs_no_statement(worlds: list[tuple[Api, AsyncEngine]], query: str, number: int) -> None:
    api, engine = worlds[0]
    for each in (api, Api(Base, engine)):
        assert (await each.execute(query, context=A)).errors is None
        with record_statements(engine) as statements:
            assert (await each.execute(query, context=A)).errors is None

        assert len(statements) == number


DOCUMENTS = 100


async def test_random_documents_find_nothing_that_is_hidden(make_engine: MakeEngine) -> None:
    """Whatever they select, filter and order by, and whichever ids they ask for."""
    worlds: list[tuple[Api, AsyncEngine]] = []
    for others in (True, False):
        engine = await make_engine(Base.metadata)
        await fill(engine, others=others, crossed=False)
        worlds.append((Api(Base, engine, models=tenancy.OPTIONS), engine))
    api = worlds[0][0]
    ids = {model.name: [gid(api, model.entity, key) for key in range(1, 6)] for model in api.catalog.models}
    schema, random = api.schema._schema, Random(1)
    trees = Trees(schema, random, ids)
    good = 0
    for _ in range(DOCUMENTS):
        text, variables = DocumentWriter(schema, random).document(trees.tree())
        answers = [await each.execute(text, variables, context=A) for each, _ in worlds]
        with_others, without = (
            (each.data, sorted((error.message, str(error.path)) for error in each.errors or ())) for each in answers
        )

        assert with_others == without, f"{text}\n{json.dumps(variables)}"
        good += not answers[0].errors
    assert good > DOCUMENTS / 3


# ---------- columns ----------

HIDDEN = {
    "read": ("{ books { nodes { cost } } }", ["books"], ["nodes", "cost"]),
    "read_nested": (
        "{ authors { nodes { books { nodes { x: cost } } } } }",
        ["authors"],
        ["nodes", "books", "nodes", "x"],
    ),
    "node": ('{ node(id: "Qm9vazoy") { ... on Book { cost } } }', ["node"], ["cost"]),
    "filter": ("{ books(where: {cost: {gt: 4}}) { nodes { title } } }", ["books"], ["where", "cost"]),
    "filter_related": (
        "{ authors(where: {books: {some: {cost: {isNull: true}}}}) { nodes { name } } }",
        ["authors"],
        ["where", "books", "some", "cost"],
    ),
    "order": ("{ books(orderBy: [{cost: ASC}]) { nodes { title } } }", ["books"], ["orderBy", 0]),
}


@pytest.mark.parametrize("name", HIDDEN)
async def test_a_hidden_column_is_forbidden_in_any_use(worlds: list[tuple[Api, AsyncEngine]], name: str) -> None:
    query, path, inner = HIDDEN[name]
    with_others, without = await outcomes(worlds, query)

    assert with_others == without
    assert [(each[1], each[2]) for each in with_others[1]] == [(path, {"code": "FORBIDDEN", "inputPath": inner})]
    assert with_others[2] == 0


async def test_staff_may_use_the_column(worlds: list[tuple[Api, AsyncEngine]]) -> None:
    query = "{ books(where: {cost: {gt: 4}}, orderBy: [{cost: DESC}]) { nodes { cost } } }"
    result = await worlds[0][0].execute(query, context=Caller("a", staff=True))

    assert result.data == {"books": {"nodes": [{"cost": 9}, {"cost": 5}]}}
