"""Mutations in three databases: walked by graphql-core, rendered, and known, so that its executor is not asked. Each gives the
same answers, and leaves the same records."""

from collections.abc import Mapping
from copy import copy
from typing import Any

import pytest
import sqlalchemy as sa
import strawberry
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from gqlcrud import Api, Hooks, ModelOptions, Write
from gqlcrud.direct import DirectAnswers
from gqlcrud.rendering import NotRendered, Renderer
from tests import shelf
from tests.databases import MakeEngine
from tests.running import save

BOOK = """id title price publishedAt meta version
  author { name books { totalCount nodes { title } } } tags { nodes { label } }"""
ERRORS = "errors { __typename code message path ... on UniqueError { fields } ... on StaleError { current { id } } }"
CREATE = f"""mutation($data: BookCreate!) {{ createBook(input: {{data: $data, clientMutationId: "c"}}) {{
  {ERRORS} clientMutationId book {{ {BOOK} }} }} }}"""
PATCH = f"""mutation($id: Int!, $patch: BookPatch!) {{
  made: updateBook(input: {{by: {{rowId: $id}}, patch: $patch, version: 1}}) {{
    {ERRORS} first: book {{ {BOOK} }} second: book {{ title }} }} }}"""
MANY = f"""mutation($data: [BookCreate!]!, $on: OnError!) {{ createBooks(input: {{data: $data, onError: $on}}) {{
  __typename affectedCount {ERRORS} books {{ {BOOK} }} }} }}"""
DELETE = f"""mutation($id: Int!) {{ deleteBook(input: {{by: {{rowId: $id}}}}) {{
  deletedId {ERRORS} book {{ {BOOK} }} }} }}"""
TAG = "createTag(input: {data: {label: $t}})"
NEW = {"title": "N", "price": "2.50", "isbn": "n"}

MUTATIONS: Mapping[str, list[tuple[str, dict[str, Any]]]] = {
    "create": [
        (CREATE, {"data": {**NEW, "meta": {"a": [1, None]}, "author": {"connect": {"rowId": 1}}}}),
        (CREATE, {"data": NEW}),
        (CREATE, {"data": {**NEW, "isbn": "o", "author": {"connect": {"rowId": 99}}}}),
        (
            CREATE,
            {"data": {**NEW, "isbn": "p", "tags": {"create": [{"label": "new"}], "connect": [{"by": {"rowId": 1}}]}}},
        ),
        (CREATE, {"data": {"title": "no price"}}),
        ('mutation { createAuthor(input: {data: {name: "L", email: null}}) { author { id name email } } }', {}),
    ],
    "update": [
        (PATCH, {"id": 1, "patch": {"title": "changed"}}),
        (PATCH, {"id": 1, "patch": {"title": "stale"}}),
        (PATCH, {"id": 99, "patch": {"title": "none"}}),
        (PATCH, {"id": 2, "patch": {"isbn": "one"}}),
    ],
    "upsert": [
        (
            "mutation($t: String!) { upsertTag(input: {on: LABEL, create: {label: $t}}) { tag { rowId label } } }",
            {"t": label},
        )
        for label in ("a", "z")
    ],
    "many": [
        (MANY, {"data": [NEW, {**NEW, "isbn": "o"}], "on": "ABORT"}),
        (MANY, {"data": [{**NEW, "isbn": "p"}, NEW], "on": "ABORT"}),
        (MANY, {"data": [{**NEW, "isbn": "q"}, NEW], "on": "CONTINUE"}),
        (MANY, {"data": [], "on": "ABORT"}),
    ],
    "delete": [
        (DELETE, {"id": 2}),
        (DELETE, {"id": 2}),
        ('mutation { deleteBooks(input: {where: {isbn: {eq: "one"}}}) { deletedIds affectedCount } }', {}),
    ],
    "open": [
        (f"mutation($t: String!) {{ {TAG} {{ tag {{ label }} query {{ tags {{ totalCount }} }} }} }}", {"t": "q"}),
        (f"mutation($t: String!) {{ {TAG} {{ tagEdge {{ cursor node {{ label }} }} }} }}", {"t": "r"}),
        (f"mutation($t: String!) {{ a: {TAG} {{ tag {{ label }} }} b: {TAG} {{ errors {{ code }} }} }}", {"t": "s"}),
    ],
}
"""Mutations of a kind, in order, each with its variables."""


async def filled(make_engine: MakeEngine) -> AsyncEngine:
    """Author 1 with books 1 and 2, tag 1."""
    engine = await make_engine(shelf.Base.metadata)
    books = [shelf.Book(id=key, title=isbn, price=1, isbn=isbn, version=1) for key, isbn in ((1, "one"), (2, "two"))]
    await save(engine, shelf.Author(name="A", books=books[:1]), books[1], shelf.Tag(label="a", books=books[1:]))
    async with engine.begin() as connection:  # so that new books have the same keys after what is rolled back
        if engine.dialect.name == "postgresql":
            await connection.execute(sa.text("SELECT setval('book_id_seq', 100)"))
    return engine


async def rows_of(engine: AsyncEngine) -> dict[str, int]:
    async with engine.connect() as connection:
        found = {}
        for table in shelf.Base.metadata.sorted_tables:
            found[table.name] = len((await connection.execute(sa.select(table))).all())
        return found


async def warm_up(api: Api, engine: AsyncEngine, text: str, variables: dict[str, Any]) -> None:
    """The document is known then, and nothing written."""
    async with AsyncSession(engine) as session:
        await session.connection()
        await api.execute(text, variables, session=session)
        await session.rollback()


def told(result: Any) -> tuple[Any, Any]:
    return result.data, [each.formatted for each in result.errors or ()]


def without_keys(value: Any) -> Any:
    """What is told without the keys of new records, which a sequence counts on even for what is rolled back."""
    if isinstance(value, dict):
        hidden = {"id", "rowId", "deletedId", "cursor"}
        return {name: "..." if name in hidden and each else without_keys(each) for name, each in value.items()}
    return [without_keys(each) for each in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize("name", MUTATIONS)
async def test_mutations_are_answered_alike(
    make_engine: MakeEngine, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines = [await filled(make_engine) for _ in range(3)]
    apis = [Api(shelf.Base, engine) for engine in engines]
    apis[0].schema = copy(apis[0].schema)
    apis[0].schema.execution_context_class = StrawberryGraphQLCoreExecutionContext
    answered = await counted(monkeypatch)

    for text, variables in MUTATIONS[name]:
        await warm_up(apis[2], engines[2], text, variables)
        walked, rendered = [told(await api.schema.execute(text, variables)) for api in apis[:2]]
        direct = told(await apis[2].execute(text, variables))
        assert without_keys(walked) == without_keys(rendered) == without_keys(direct), (text, variables)
        assert walked[1] == rendered[1] == direct[1]
        failed = (
            "errors" in text and walked[0] and any(each["errors"] for each in walked[0].values() if "errors" in each)
        )
        assert answered[-1] is (name != "open" and not failed and not walked[1]), text
        assert await rows_of(engines[0]) == await rows_of(engines[1]) == await rows_of(engines[2])


async def counted(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each operation was answered without graphql-core's executor, in their order."""
    answered: list[bool] = []
    answer = DirectAnswers.answer

    async def recorded(*given: Any, **options: Any) -> Any:
        result = await answer(*given, **options)
        answered.append(isinstance(result, strawberry.types.ExecutionResult))
        return result

    monkeypatch.setattr(DirectAnswers, "answer", recorded)
    return answered


async def test_what_failed_is_written_once(make_engine: MakeEngine) -> None:
    """Its errors are graphql-core's to tell, which does not write it again."""
    engine, seen = await filled(make_engine), []

    def see(write: Write) -> None:
        seen.append(write.values["title"])

    api = Api(shelf.Base, engine, models={shelf.Book: ModelOptions(hooks=Hooks(before_create=see))})
    for _ in range(3):
        result = await api.execute(CREATE, {"data": {**NEW, "isbn": "one"}})
        assert result.data is not None
        assert [each["code"] for each in result.data["createBook"]["errors"]] == ["UNIQUE"]

    assert seen == ["N", "N", "N"]


async def test_known_mutation_is_refused_where_mutations_are(make_engine: MakeEngine) -> None:
    engine = await filled(make_engine)
    api = Api(shelf.Base, engine)
    text = 'mutation { createTag(input: {data: {label: "x"}}) { tag { label } } }'
    await warm_up(api, engine, text, {})

    result = await api.execute(text, allow_mutations=False)

    assert [each.message for each in result.errors or ()] == ["A mutation is sent with POST."]
    assert (await rows_of(engine))["tag"] == 1


async def test_value_that_cannot_be_shown_undoes_the_write(
    make_engine: MakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """graphql-core tells of it then, and writes it: once in all."""
    engine = await filled(make_engine)
    api = Api(shelf.Base, engine)
    text = 'mutation { createTag(input: {data: {label: "x"}}) { tag { label books { totalCount } } } }'
    await warm_up(api, engine, text, {})

    async def fail(*_: object) -> None:
        raise NotRendered

    monkeypatch.setattr(Renderer, "_view", fail)
    result = await api.execute(text)

    assert told(result) == ({"createTag": {"tag": {"label": "x", "books": {"totalCount": 0}}}}, [])
    assert (await rows_of(engine))["tag"] == 2
