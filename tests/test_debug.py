"""`Api(debug=True)`: what an answer shows of its operation, and what it never does."""

import asyncio
import json
import logging
import re
from typing import Any

import pytest
import strawberry
from sqlalchemy import MetaData, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from strawberry.types import ExecutionResult, Info

from gqlcrud import (
    Api,
    ConfigurationError,
    Idempotency,
    ModelOptions,
    Observability,
    RowLevelSecurity,
    connection,
    field,
    idempotency_table,
)
from gqlcrud.http import GRAPHQL_RESPONSE, answer
from gqlcrud.observing import RUNNING
from tests import shelf, tenancy
from tests.databases import MakeEngine, PostgresServer, engine_maker, record_statements
from tests.pages import ROOT, read_blocks
from tests.running import save
from tests.serving import unused_engine

SHELF = (
    "query Shelf { authors(first: 2) { totalCount nodes { name books { nodes { title } } } } tags { nodes { label } } }"
)


EXPLAIN = {"gqlcrud": {"explain": True}}
SECRET = "hush"


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncEngine:
    """Two authors with two books each; a tag."""
    engine = await make_engine(shelf.Base.metadata)
    authors: list[Any] = []
    for n in (1, 2):
        books = [shelf.Book(id=n * 10 + m, title=f"Book {n}.{m}", price=1, version=1) for m in (1, 2)]
        authors.append(shelf.Author(id=n, name=f"Author {n}", books=books))
    await save(engine, *authors, shelf.Tag(id=7, label="new"))
    return engine


def shown(result: ExecutionResult) -> Any:
    """`extensions.gqlcrud`, as it goes over HTTP."""
    return json.loads(answer(result, GRAPHQL_RESPONSE).body)["extensions"]["gqlcrud"]


def told(report: Any) -> list[tuple[str, list[list[str]], int | None]]:
    """What each statement is for, and its rows."""
    return [(each["part"], each["paths"], each["rows"]) for each in report["statements"]]


def without_times(report: Any) -> Any:
    """The report without what differs from run to run, and between databases."""
    hidden = ("milliseconds", "started", "sql", "parameters", "requestId")
    if isinstance(report, dict):
        return {key: without_times(value) for key, value in report.items() if key not in hidden}
    return [without_times(each) for each in report] if isinstance(report, list) else report


async def test_an_answer_shows_its_statements_as_the_engine_has_them(engine: AsyncEngine) -> None:
    api = Api(shelf.Base, engine, debug=True)
    for _ in range(2):  # by graphql-core, then without it
        with record_statements(engine) as recorded:
            report = shown(await api.execute(SHELF))

        assert [each["sql"] for each in report["statements"]] == [sql for sql, _ in recorded]
        assert [each["parameters"] for each in report["statements"]] == [list(values) for _, values in recorded]


async def test_statements_that_the_driver_runs_are_the_same(engine: AsyncEngine) -> None:
    api = Api(shelf.Base, engine, debug=True)
    with record_statements(engine) as recorded:
        await api.execute(SHELF)

    report = shown(await api.execute(SHELF))

    assert [each["driver"] for each in report["statements"]] == [True] * len(recorded)
    assert [each["sql"] for each in report["statements"]] == [sql for sql, _ in recorded]
    assert [each["parameters"] for each in report["statements"]] == [list(values) for _, values in recorded]


async def test_the_whole_report(engine: AsyncEngine) -> None:
    api = Api(shelf.Base, engine, debug=True)
    await api.execute(SHELF)

    report = shown(await api.execute(SHELF))

    def statement(index: int, part: str, model: str, path: list[str], rows: int) -> dict[str, Any]:
        return {
            **{"index": index, "parameterSets": 1, "rows": rows, "part": part, "model": model, "paths": [path]},
            **{"kept": True, "driver": True, "error": None, "explain": None},
        }

    def page(path: list[str], model: str, columns: list[str], rows: int, limit: int, statements: list[int]) -> Any:
        relation = path[-1] if len(path) > 1 else None
        return {
            **{"path": path, "kind": "page", "model": model, "relation": relation, "columns": columns},
            **{"filtered": False, "order": ["rowId"], "limit": limit, "rows": rows, "statements": statements},
        }

    books = {**page(["authors", "nodes", "books"], "Book", ["title"], 50, 50, [3]), "children": []}
    assert without_times(report) == {
        "version": 1,
        "operation": {"name": "Shelf", "type": "query"},
        "outcome": "ok",
        "rows": 8,
        "caches": {
            "document": True,
            "direct": True,
            "plans": {"kept": 2, "made": 0},
            "statements": {"kept": 4, "made": 0},
        },
        "statements": [
            statement(0, "rows", "Author", ["authors"], 2),
            statement(1, "count", "Author", ["authors"], 1),
            statement(2, "rows", "Tag", ["tags"], 1),
            statement(3, "rows", "Book", ["authors", "nodes", "books"], 4),
        ],
        "plan": [
            {**page(["authors"], "Author", ["rowId", "name"], 102, 2, [0, 1]), "children": [books]},
            {**page(["tags"], "Tag", ["label"], 50, 50, [2]), "children": []},
        ],
        "warnings": [],
        "cost": {
            "rows": {"used": 152, "limit": 500_000},
            "fields": {"used": 10, "limit": 5000},
            "rootFields": {"used": 2, "limit": 20},
            "nesting": {"used": 5, "limit": 100},
            "tokens": {"used": 31, "limit": 5000},
            "aliases": {"used": 0, "limit": 100},
            "directives": {"used": 0, "limit": 50},
        },
    }
    assert report["milliseconds"].keys() == {"total", "parse", "validate", "plan", "execute", "render"}
    assert report["milliseconds"]["parse"] is report["milliseconds"]["validate"] is None
    assert report["milliseconds"]["total"] > report["milliseconds"]["execute"] > 0
    assert re.fullmatch("[0-9a-f]{32}", report["requestId"])


async def test_a_document_that_is_not_known_is_parsed_and_validated(engine: AsyncEngine) -> None:
    report = shown(await Api(shelf.Base, engine, debug=True).execute(SHELF))

    assert report["caches"]["document"] is report["caches"]["direct"] is False
    assert min(report["milliseconds"].values()) > 0


async def test_a_mutation_shows_what_it_writes_and_what_its_payload_reads(engine: AsyncEngine) -> None:
    api = Api(shelf.Base, engine, debug=True)
    document = """mutation {
        one: updateBook(input: {by: {rowId: 11}, patch: {title: "Other"}}) { book { title author { name } } }
        two: deleteTag(input: {by: {rowId: 7}}) { tag { label } }
    }"""
    with record_statements(engine) as recorded:
        result = await api.execute(document)

    report = shown(result)
    assert result.errors is None
    assert [each["sql"] for each in report["statements"]] == [sql for sql, _ in recorded]
    assert {each["part"] for each in report["statements"]} == {"write", "rows"}
    assert [(node["path"], node["kind"], [child["path"] for child in node["children"]]) for node in report["plan"]] == [
        (["one"], "write", [["one", "book"]]),
        (["two"], "write", [["two", "tag"]]),
    ]
    written = [each for each in report["statements"] if each["sql"].startswith(("UPDATE", "DELETE FROM tag"))]
    assert [each["paths"] for each in written] == [[["one"]], [["two"]]]
    assert report["plan"][0]["children"][0]["children"][0]["path"] == ["one", "book", "author"]


async def test_a_record_that_is_written_without_a_session_shows_it(engine: AsyncEngine) -> None:
    """On PostgreSQL the driver writes a new record that is one row, once the document is known."""
    api = Api(shelf.Base, engine, debug=True)
    document = (
        "mutation M($l: String!) { new: createTag(input: {data: {label: $l}}) { tag { label books { totalCount } } } }"
    )
    await api.execute(document, {"l": "one"})

    result = await api.execute(document, {"l": "two"})

    report = shown(result)
    inserts = [each for each in report["statements"] if each["sql"].startswith("INSERT")]
    assert result.errors is None
    assert report["caches"]["direct"] is True
    assert [(each["part"], each["paths"], each["parameters"], each["driver"]) for each in inserts] == [
        ("write", [["new"]], ["two"], engine.dialect.name == "postgresql")
    ]
    assert [path for each in report["statements"] for path in each["paths"]][-1] == ["new", "tag", "books"]


async def test_a_mutation_that_is_written_as_a_whole_shows_its_fields(engine: AsyncEngine) -> None:
    api = Api(shelf.Base, engine, debug=True)
    document = "mutation @atomic { one: deleteTag(input: {by: {rowId: 7}}) { tag { label } } }"
    with record_statements(engine) as recorded:
        result = await api.execute(document)

    report = shown(result)
    assert len(report["statements"]) == len(recorded)
    assert {tuple(path) for each in report["statements"] for path in each["paths"]} == {("one",), ("one", "tag")}


class AuthorFields:
    """A field whose resolver asks for each record by itself."""

    @field(requires=["id"])
    async def shout(self, info: Info) -> str:
        async with connection(shelf.Author) as own:
            return str((await own.execute(text(f"SELECT upper(name) FROM author WHERE id = {self.id}"))).scalar())  # type: ignore[attr-defined]

    @field(requires=["id"])
    async def whisper(self, info: Info) -> str:
        async with info.context() as session:
            statement = text("SELECT lower(name) FROM author WHERE id = :id")
            return str((await session.execute(statement, {"id": self.id})).scalar())  # type: ignore[attr-defined]


async def test_statements_of_resolvers_are_seen_and_warned_of(engine: AsyncEngine) -> None:
    await save(engine, *(shelf.Author(id=n, name=f"Author {n}") for n in range(3, 6)))
    options = {shelf.Author: ModelOptions(fields=AuthorFields)}
    api = Api(shelf.Base, engine, debug=True, models=options)

    report = shown(await api.execute("{ authors { nodes { whisper shout } } }", context=async_sessionmaker(engine)))

    assert sorted(told(report), key=str) == sorted(
        [("rows", [["authors"]], 5), *[("own", [], each["rows"]) for each in report["statements"][1:]]], key=str
    )
    assert len(report["statements"]) == 11
    assert [(each["code"], len(each["statements"])) for each in report["warnings"]] == [("REPEATED_STATEMENT", 5)]


async def test_a_session_of_the_applications_is_seen(engine: AsyncEngine) -> None:
    api = Api(shelf.Base, lambda: None, debug=True)
    async with AsyncSession(engine) as session:
        report = shown(await api.execute("{ tags { nodes { label } } }", session=session))

    assert ("rows", [["tags"]], 1) in told(report)


async def test_operations_at_the_same_time_do_not_mix(engine: AsyncEngine) -> None:
    api = Api(shelf.Base, engine, debug=True)
    names = ("authors", "books", "tags", "authors", "books", "tags")

    results = await asyncio.gather(*(api.execute(f"{{ {name} {{ nodes {{ id }} }} }}") for name in names))

    assert [told(shown(result)) for result in results] == [
        [("rows", [[name]], {"authors": 2, "books": 4, "tags": 1}[name])] for name in names
    ]


async def test_what_goes_on_after_an_operation_is_none_of_it(engine: AsyncEngine) -> None:
    later: list[asyncio.Task[None]] = []
    observations: list[Any] = []

    async def read() -> None:
        await asyncio.sleep(0.01)
        async with engine.connect() as own:
            await own.execute(text("SELECT 1"))

    @strawberry.type
    class Starting:
        @strawberry.field
        async def start(self) -> bool:
            observations.append(RUNNING.get())
            later.append(asyncio.ensure_future(read()))
            return True

    await Api(shelf.Base, engine, query=Starting, debug=True).execute("{ start tags { nodes { label } } }")
    await asyncio.gather(*later)

    assert [(each.statements, each.plans, each.document) for each in observations] == [([], {}, None)]


async def test_an_operation_that_a_resolver_runs_is_one_of_its_own(engine: AsyncEngine) -> None:
    other = Api(shelf.Base, engine)

    @strawberry.type
    class Outer:
        @strawberry.field
        async def inner(self) -> int:
            return len((await other.execute("{ authors { nodes { name } } }")).data["authors"]["nodes"])  # type: ignore[index]

    report = shown(await Api(shelf.Base, engine, query=Outer, debug=True).execute("{ tags { nodes { label } } inner }"))

    assert [node["path"] for node in report["plan"]] == [["tags"]]
    assert told(report) == [("rows", [["tags"]], 1)]


def shape(value: Any) -> Any:
    """The keys of a document, at every depth but that of trees; of a list those of all that stands in it."""
    if isinstance(value, dict):
        return {key: {} if key in ("cost", "children") else shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return {key: each for item in value for key, each in (shape(item) or {}).items()}
    return {}


async def test_the_page_shows_the_shape_as_it_is(engine: AsyncEngine) -> None:
    (block,) = (each for each in read_blocks(ROOT / "docs" / "observability.md") if each.kind == "json shape")
    api = Api(shelf.Base, engine, debug=True)
    document = "{ authors(first: 2) { nodes { name books { nodes { title } } } } }"

    report = shown(await api.execute(document, extensions=EXPLAIN))

    paged = json.loads(block.text)["extensions"]["gqlcrud"]
    assert paged["warnings"][0].keys() == {"code", "message", "statements"}
    assert shape({**paged, "warnings": []}) == shape(report)


# ---------- errors ----------


@strawberry.type
class Failing:
    @strawberry.field
    def divide(self) -> int:
        return 1 // 0

    @strawberry.field
    async def query(self) -> int:
        async with connection(shelf.Tag) as own:
            await own.execute(text("SELECT nothing FROM nowhere WHERE :secret = 1"), {"secret": SECRET})
        return 1


async def test_an_error_shows_what_raised_it(engine: AsyncEngine) -> None:
    api = Api(shelf.Base, engine, debug=True, query=Failing)

    result = await api.execute("{ divide }")

    (error,) = result.errors or ()
    extensions = error.formatted["extensions"]
    assert extensions.keys() == {"code", "id", "debug"}
    assert {key: extensions["debug"][key] for key in ("exception", "message")} == {
        "exception": "ZeroDivisionError",
        "message": "integer division or modulo by zero",
    }
    assert "return 1 // 0" in extensions["debug"]["traceback"][-1]
    assert error.message == "An internal error occurred."
    assert shown(result)["outcome"] == "partial" if result.data else "error"


async def test_a_failed_statement_shows_no_values_of_parameters(engine: AsyncEngine) -> None:
    api = Api(shelf.Base, engine, debug=True, query=Failing)

    result = await api.execute("{ query }")

    (error,) = result.errors or ()
    assert SECRET not in json.dumps(error.formatted)
    assert [each["error"] is None for each in shown(result)["statements"]] == [False]


async def test_a_refused_request_shows_no_traceback_of_nothing(engine: AsyncEngine) -> None:
    api = Api(shelf.Base, engine, debug=True)

    result = await api.execute("{ nothing }")

    (error,) = result.errors or ()
    assert error.extensions == {"code": "GRAPHQL_VALIDATION_FAILED"}
    assert shown(result)["outcome"] == "error"


async def test_a_kept_answer_keeps_nothing_of_it(engine: AsyncEngine) -> None:
    """An answer that is kept while debugging goes to whoever repeats the request later."""
    metadata = MetaData()
    idempotency = Idempotency(idempotency_table(metadata))
    async with engine.begin() as own:
        await own.run_sync(metadata.create_all)
    document = "mutation { deleteTag(input: {by: {rowId: 7}}) { tag { label } } }"
    first = await Api(shelf.Base, engine, debug=True, idempotency=idempotency).execute(document, idempotency_key="k")
    later = await Api(shelf.Base, engine, idempotency=idempotency).execute(document, idempotency_key="k")

    assert shown(first)["statements"]
    assert json.loads(answer(later, GRAPHQL_RESPONSE).body) == {"data": {"deleteTag": {"tag": {"label": "new"}}}}


# ---------- what is never shown ----------


async def test_what_policies_compare_with_is_hidden(make_engine: MakeEngine) -> None:
    engine = await make_engine(tenancy.Base.metadata)
    await save(engine, tenancy.Book(id=1, tenant="north", title="One"), tenancy.Book(id=2, tenant="south", title="Two"))
    api = Api(tenancy.Base, engine, models=tenancy.OPTIONS, debug=True)
    reading = '{ books(where: {title: {startsWith: "O"}}) { totalCount nodes { title author { name } } } }'
    writing = 'mutation { updateBook(input: {by: {rowId: 1}, patch: {title: "Other"}}) { book { title } } }'

    for document in (reading, writing):
        result = await api.execute(document, context=tenancy.Caller("north"), extensions=EXPLAIN)

        report = shown(result)
        assert result.errors is None
        assert "north" not in json.dumps(report)
        assert any("(hidden)" in each["parameters"] for each in report["statements"])
        assert any(each["explain"] for each in report["statements"])


async def test_what_the_database_is_told_of_the_caller_is_hidden(postgres_server: PostgresServer) -> None:
    """On PostgreSQL alone: SQLite is told nothing."""
    async with engine_maker(postgres_server) as make:
        engine = await make(shelf.Base.metadata)
        await save(engine, shelf.Tag(id=7, label="new"))
        security = RowLevelSecurity(settings=lambda context: {"app.token": context})
        api = Api(shelf.Base, engine, row_level_security=security, debug=True)

        report = shown(await api.execute("{ tags { nodes { label } } }", context="sesame", extensions=EXPLAIN))

        assert told(report) == [("session", [], 1), ("rows", [["tags"]], 1)]
        assert "sesame" not in json.dumps(report)
        assert report["statements"][1]["explain"] is not None


async def test_without_debug_there_is_nothing_of_it(engine: AsyncEngine) -> None:
    asked = {"gqlcrud": {"explain": True}}
    for options in ({}, {"observability": Observability(slow=0)}):
        api = Api(shelf.Base, engine, query=Failing, **options)  # type: ignore[arg-type]
        for document in (SHELF, SHELF, "{ divide }", "{ nothing }"):
            result = await api.execute(document, extensions=asked)

            assert not result.extensions
            assert all("debug" not in (error.extensions or {}) for error in result.errors or ())


def test_debug_is_no_permission(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ConfigurationError, match=re.escape("takes True or False")):
        Api(shelf.Base, unused_engine(), debug=lambda context: True)  # type: ignore[arg-type]
    assert caplog.records == []


def test_its_start_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    Api(shelf.Base, unused_engine(), debug=True)

    assert [(each.name, each.levelno) for each in caplog.records] == [("gqlcrud", logging.WARNING)]


# ---------- EXPLAIN ----------


def labels(steps: list[Any]) -> list[str]:
    return [label for step in steps for label in [step["label"], *labels(step["children"])]]


async def test_statements_are_explained_on_demand(engine: AsyncEngine) -> None:
    api = Api(shelf.Base, engine, debug=True)
    with record_statements(engine) as recorded:
        report = shown(await api.execute("{ tag(by: {rowId: 7}) { label } }", extensions=EXPLAIN))

    (statement,) = report["statements"]
    assert [sql.partition(" ")[0] for sql, _ in recorded][:2] == ["SELECT", "EXPLAIN"]
    assert any(re.search(r"tag", label) for label in labels(statement["explain"]))
    assert statement["explain"][0].keys() == {"label", "rows", "cost", "condition", "children"}


async def test_what_is_written_is_explained_and_not_written_again(engine: AsyncEngine) -> None:
    api = Api(shelf.Base, engine, debug=True)

    result = await api.execute(
        'mutation { createTag(input: {data: {label: "once"}}) { tag { label } } }', extensions=EXPLAIN
    )

    inserts = [each for each in shown(result)["statements"] if each["sql"].startswith("INSERT")]
    async with engine.connect() as own:
        count = (await own.execute(text("SELECT count(*) FROM tag WHERE label = 'once'"))).scalar()
    assert (len(inserts), count) == (1, 1)
    assert inserts[0]["explain"] is not None


async def test_a_large_table_that_is_read_row_by_row_is_warned_of(engine: AsyncEngine) -> None:
    numbers = "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 12000) "
    async with engine.begin() as own:
        await own.execute(text(f"INSERT INTO tag (id, label) {numbers} SELECT i, 'tag ' || i FROM n"))
        await own.execute(text("ANALYZE"))
    api = Api(shelf.Base, engine, debug=True)
    document = '{ tags(where: {label: {endsWith: "99"}}) { nodes { label } } tag(by: {rowId: 7}) { label } }'

    report = shown(await api.execute(document, extensions=EXPLAIN))

    (page,) = (each["index"] for each in report["statements"] if each["paths"] == [["tags"]])
    assert [(each["code"], each["statements"]) for each in report["warnings"]] == [("SEQUENTIAL_SCAN", [page])]
