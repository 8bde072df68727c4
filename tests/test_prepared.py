"""Documents that were valid once are neither parsed nor validated again; nothing else of a request is kept."""

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
import strawberry
from graphql import FieldNode, GraphQLError, ValidationRule, build_schema, parse
from sqlalchemy import Boolean
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from strawberry.extensions import AddValidationRules, SchemaExtension

from gqlcrud import Api, ModelOptions, SoftDelete, document_limits, extension
from gqlcrud.prepared import PreparedDocuments
from tests.databases import MakeEngine
from tests.running import refused, run, save
from tests.shelf import Author, Base

# ---------- what is kept ----------

SCHEMA = build_schema("type Query { a: String }")
OTHER = build_schema("type Query { a: String }")
DOCUMENT = parse("{ a }")


def test_a_document_is_found_by_its_schema_and_text() -> None:
    documents = PreparedDocuments()
    documents.keep(SCHEMA, "{ a }", DOCUMENT, ())

    found = documents.find(SCHEMA, "{ a }")
    assert found is not None and found.document is DOCUMENT and found.rules == ()
    assert documents.find(SCHEMA, "{ a  }") is None
    assert documents.find(OTHER, "{ a }") is None


def test_what_was_used_last_is_kept_up_to_so_many_bytes() -> None:
    """Of UTF-8: these texts have 10 bytes and 4 characters each."""
    documents = PreparedDocuments(80)
    texts = [f"{'ä€ü'}{number}{'é'}" for number in range(9)]
    for text in texts[:8]:
        documents.keep(SCHEMA, text, DOCUMENT, ())
    assert documents.find(SCHEMA, texts[0]) is not None
    documents.keep(SCHEMA, texts[8], DOCUMENT, ())

    kept = [text for text in texts if documents.find(SCHEMA, text) is not None]
    assert (kept, documents.size) == ([texts[0], *texts[2:]], 80)


def test_a_long_document_drops_no_others() -> None:
    documents = PreparedDocuments(80)
    documents.keep(SCHEMA, "{ a }", DOCUMENT, ())
    documents.keep(SCHEMA, "{ aaaaaaaa }", DOCUMENT, ())
    documents.keep(SCHEMA, "é" * 6, DOCUMENT, ())

    assert documents.size == 5


def test_a_text_is_counted_once_and_may_be_no_unicode() -> None:
    documents = PreparedDocuments(80)
    for _ in range(20):
        documents.keep(SCHEMA, "\ud800", DOCUMENT, ())

    assert documents.size == 3


# ---------- in operations ----------


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncEngine:
    engine = await make_engine(Base.metadata)
    await save(engine, Author(id=1, name="Ada"), Author(id=2, name="Bob"))
    return engine


@pytest.fixture
def worked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What graphql-core is asked to do: to parse, to validate."""
    done: list[str] = []

    def watched(module: ModuleType, name: str) -> Any:
        original = getattr(module, name)

        def call(*arguments: Any, **named: Any) -> Any:
            done.append(name)
            return original(*arguments, **named)

        return call

    for module, name in ((document_limits, "parse"), (extension, "validate")):
        monkeypatch.setattr(module, name, watched(module, name))
    yield done


async def test_an_equal_text_is_neither_parsed_nor_validated_again(engine: AsyncEngine, worked: list[str]) -> None:
    """Whatever its variables are."""
    api = Api(Base, engine)
    query = "query ($id: Int!) { author(by: {rowId: $id}) { name } }"

    assert await run(api, query, id=1) == {"author": {"name": "Ada"}}
    assert await run(api, query, id=2) == {"author": {"name": "Bob"}}
    assert await run(api, query, id=3) == {"author": None}
    assert [code for code, _ in await refused(api, query)] == ["BAD_USER_INPUT"]
    assert worked == ["parse", "validate"]
    await run(api, query + " ", id=1)
    assert worked == ["parse", "validate"] * 2


@pytest.mark.parametrize("query", ["{ nofield }", "{", "{ authors(first: 1) { nodes { books } } }"])
async def test_what_is_not_valid_is_refused_each_time(engine: AsyncEngine, worked: list[str], query: str) -> None:
    api = Api(Base, engine)

    first = await refused(api, query)
    once = list(worked)
    assert await refused(api, query) == first
    assert worked == once * 2


async def test_several_operations_are_told_apart_each_time(engine: AsyncEngine, worked: list[str]) -> None:
    api = Api(Base, engine)
    query = "query A { authors { totalCount } } query B { authors(first: 1) { nodes { name } } }"

    for _ in range(2):
        assert [code for code, _ in await refused(api, query)] == ["OPERATION_RESOLUTION_FAILURE"]
        assert (await api.execute(query, operation_name="A")).data == {"authors": {"totalCount": 2}}
        assert (await api.execute(query, operation_name="B")).data == {"authors": {"nodes": [{"name": "Ada"}]}}
    assert worked.count("validate") == 1


async def test_schemas_do_not_share_documents(engine: AsyncEngine) -> None:
    """Of two APIs, or of one API in two schemas: what is valid in one may not be in the other."""
    api, without = Api(Base, engine), Api(Base, engine, models={Author: ModelOptions(exclude={"email"})})

    @strawberry.type
    class Query:
        one: int = 1

    own = strawberry.Schema(Query, extensions=[api.extension], config=api.schema.config)
    query = "{ authors { nodes { email } } }"

    for _ in range(2):
        assert await run(api, query) == {"authors": {"nodes": [{"email": None}, {"email": None}]}}
        assert [code for code, _ in await refused(without, query)] == ["GRAPHQL_VALIDATION_FAILED"]
        assert [error.message for error in (await own.execute(query)).errors or ()] == [
            "Cannot query field 'authors' on type 'Query'."
        ]


class NoNames(ValidationRule):
    def enter_field(self, node: FieldNode, *_: Any) -> None:
        if node.name.value == "name":
            self.report_error(GraphQLError("No names."))


class RulesOfTheCaller(SchemaExtension):
    """Rules of validation that depend on who asks."""

    async def on_operation(self) -> Any:
        if self.execution_context.context == "guest":
            self.execution_context.validation_rules += (NoNames,)
        yield


@pytest.mark.parametrize("extensions_first", [True, False])
async def test_rules_that_depend_on_the_caller_are_checked_each_time(
    engine: AsyncEngine, extensions_first: bool
) -> None:
    api = Api(Base, engine)
    extensions: list[type[SchemaExtension]] = [RulesOfTheCaller, api.extension]
    extensions.sort(key=lambda each: (each is RulesOfTheCaller) != extensions_first)
    schema = strawberry.Schema(api.query, types=api.types, extensions=extensions, config=api.schema.config)
    query = "{ author(by: {rowId: 1}) { name } }"

    for _ in range(2):
        result = await schema.execute(query, context_value="member")
        assert (result.data, result.errors) == ({"author": {"name": "Ada"}}, None)
        result = await schema.execute(query, context_value="guest")
        assert (result.data, [error.message for error in result.errors or ()]) == (None, ["No names."])


async def test_rules_of_a_schema_are_checked_once(engine: AsyncEngine, worked: list[str]) -> None:
    api = Api(Base, engine)
    rules: list[Any] = [api.extension, lambda: AddValidationRules([NoNames])]
    schema = strawberry.Schema(api.query, types=api.types, extensions=rules, config=api.schema.config)

    for _ in range(2):
        assert (await schema.execute("{ author(by: {rowId: 1}) { name } }")).errors
        assert not (await schema.execute("{ author(by: {rowId: 1}) { rowId } }")).errors
    assert worked.count("validate") == 3


# ---------- rights and contexts ----------


class Deletable(DeclarativeBase):
    pass


class Note(Deletable):
    __tablename__ = "prepared_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    gone: Mapped[bool] = mapped_column(Boolean, default=False)


async def test_rights_are_those_of_each_request(make_engine: MakeEngine) -> None:
    """The document is the same, and so is the text of its statement but for the condition."""
    engine = await make_engine(Deletable.metadata)
    await save(engine, Note(id=1), Note(id=2, gone=True))
    deletion = SoftDelete("gone", show_deleted=lambda context: context == "admin")
    api = Api(Deletable, engine, models={Note: ModelOptions(soft_delete=deletion)})
    query = "query ($deleted: DeletedRecords) { notes(deleted: $deleted) { nodes { rowId } } }"

    for _ in range(2):
        admin = await api.execute(query, {"deleted": "INCLUDE"}, context="admin")
        assert admin.data == {"notes": {"nodes": [{"rowId": 1}, {"rowId": 2}]}}
        guest = await api.execute(query, {"deleted": "INCLUDE"}, context="guest")
        assert guest.data is None and guest.errors
        assert (await api.execute(query, context="admin")).data == {"notes": {"nodes": [{"rowId": 1}]}}
        assert (await api.execute(query, context="guest")).data == {"notes": {"nodes": [{"rowId": 1}]}}
