"""Spans and metrics, as the SDK of OpenTelemetry gets them."""

from collections.abc import Iterator
from typing import Any

import pytest
import strawberry
from opentelemetry import trace
from opentelemetry.metrics import _internal as metrics_module
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from gqlcrud import Api, Observability, connection
from tests import shelf
from tests.databases import MakeEngine, record_statements
from tests.running import save

BOOKS = (
    'query Shelf { authors(first: 2, where: {name: {startsWith: "Au"}}) { nodes { name books { nodes { title } } } } }'
)


@strawberry.type
class Own:
    @strawberry.field
    def divide(self) -> int | None:
        return 1 // 0

    @strawberry.field
    def inner(self) -> int:
        with trace.get_tracer("application").start_as_current_span("inner"):
            return 1

    @strawberry.field
    async def failing(self) -> int | None:
        async with connection(shelf.Tag) as own:
            await own.execute(text("SELECT nothing FROM nowhere"))
        return None


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncEngine:
    engine = await make_engine(shelf.Base.metadata)
    books = [shelf.Book(id=n, title=f"Book {n}", price=1, version=1) for n in (1, 2)]
    await save(engine, shelf.Author(id=1, name="Author", books=books), shelf.Tag(id=7, label="new"))
    return engine


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """What an application's provider exports."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    return exporter


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemoryMetricReader]:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    monkeypatch.setattr(metrics_module, "_METER_PROVIDER", provider)
    yield reader
    provider.shutdown()


def api_of(engine: AsyncEngine, **options: Any) -> Api:
    return Api(shelf.Base, engine, query=Own, observability=Observability(log=False, **options))


def by_name(spans: InMemorySpanExporter) -> list[tuple[str, SpanKind]]:
    """In the order in which they begin."""
    ordered = sorted(
        spans.get_finished_spans(), key=lambda span: (span.start_time or 0, span.kind is not SpanKind.SERVER)
    )
    return [(span.name, span.kind) for span in ordered]


def attributes_of(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


async def test_an_operation_makes_spans(engine: AsyncEngine, spans: InMemorySpanExporter) -> None:
    api = api_of(engine, spans=True)
    await api.execute(BOOKS)
    first = by_name(spans)
    spans.clear()

    await api.execute(BOOKS)

    known = [name for name, _ in by_name(spans)]
    assert first[:3] == [
        ("query", SpanKind.SERVER),
        ("gqlcrud.parse", SpanKind.INTERNAL),
        ("gqlcrud.validate", SpanKind.INTERNAL),
    ]
    assert known[:4] == ["query", "gqlcrud.plan", "SELECT author", "SELECT book"]
    assert set(known[4:]) == {"gqlcrud.render"}
    (operation,) = (span for span in spans.get_finished_spans() if span.name == "query")
    assert operation.context is not None
    for span in spans.get_finished_spans():
        assert span is operation or (span.parent is not None and span.parent.span_id == operation.context.span_id)
        assert span.start_time and span.end_time and operation.start_time and operation.end_time
        assert operation.start_time <= span.start_time <= span.end_time <= operation.end_time


async def test_spans_have_the_attributes_of_the_conventions(engine: AsyncEngine, spans: InMemorySpanExporter) -> None:
    with record_statements(engine) as recorded:
        await api_of(engine, spans=True).execute(BOOKS)

    found = {span.name: attributes_of(span) for span in spans.get_finished_spans()}
    identity = found["query"].pop("gqlcrud.request.id")
    assert len(identity) == 32
    assert found["query"] == {
        "graphql.operation.type": "query",
        "graphql.operation.name": "Shelf",
        "graphql.document": BOOKS.replace('"Au"', "?").replace("2", "?"),
        "gqlcrud.outcome": "ok",
        "gqlcrud.statements": 2,
        "gqlcrud.rows": 3,
    }
    assert found["SELECT author"] == {
        "db.system.name": engine.dialect.name,
        "db.operation.name": "SELECT",
        "db.collection.name": "author",
        "db.query.summary": "SELECT author",
        "db.query.text": recorded[0][0],
        "db.response.returned_rows": 1,
    }
    assert {span.name: span.kind for span in spans.get_finished_spans()}["SELECT author"] is SpanKind.CLIENT


async def test_values_are_told_where_they_are_asked_for(engine: AsyncEngine, spans: InMemorySpanExporter) -> None:
    with record_statements(engine) as recorded:
        await api_of(engine, spans=True, parameters=True).execute(BOOKS)

    (statement,) = (attributes_of(span) for span in spans.get_finished_spans() if span.name == "SELECT author")
    given = [statement[f"db.query.parameter.{place}"] for place in range(len(recorded[0][1]))]
    assert given == [str(value) for value in recorded[0][1]]


async def test_a_mutation_makes_spans_of_what_it_writes(engine: AsyncEngine, spans: InMemorySpanExporter) -> None:
    with record_statements(engine) as recorded:
        await api_of(engine, spans=True).execute("mutation { deleteTag(input: {by: {rowId: 7}}) { deletedId } }")

    names = [name for name, _ in by_name(spans)]
    statements = [span for span in spans.get_finished_spans() if span.kind is SpanKind.CLIENT]
    assert names[0] == "mutation"
    assert "DELETE tag" in names
    assert len(statements) == len(recorded)


async def test_spans_of_resolvers_stand_below_the_operation(engine: AsyncEngine, spans: InMemorySpanExporter) -> None:
    with trace.get_tracer("application").start_as_current_span("request"):
        await api_of(engine, spans=True).execute("{ inner }")

    parents = {span.name: span.parent and span.parent.span_id for span in spans.get_finished_spans()}
    ids = {span.name: span.context.span_id for span in spans.get_finished_spans() if span.context}
    assert (parents["inner"], parents["query"], parents["request"]) == (ids["query"], ids["request"], None)


@pytest.mark.parametrize(
    ("document", "name", "status", "error"),
    [
        ("{ divide }", "query", StatusCode.ERROR, "INTERNAL_ERROR"),
        ("query { nothing }", "query", StatusCode.UNSET, "GRAPHQL_VALIDATION_FAILED"),
        ("{", "GraphQL Operation", StatusCode.UNSET, "GRAPHQL_PARSE_FAILED"),
    ],
)
async def test_a_fault_is_an_error_and_a_mistake_is_none(
    engine: AsyncEngine, spans: InMemorySpanExporter, document: str, name: str, status: StatusCode, error: str
) -> None:
    await api_of(engine, spans=True).execute(document)

    (span,) = (each for each in spans.get_finished_spans() if each.kind is SpanKind.SERVER)
    assert (span.name, span.status.status_code, attributes_of(span)["error.type"]) == (name, status, error)
    assert span.events == ()


async def test_a_failed_statement_is_an_error(engine: AsyncEngine, spans: InMemorySpanExporter) -> None:
    await api_of(engine, spans=True).execute("{ failing }")

    (span,) = (each for each in spans.get_finished_spans() if each.kind is SpanKind.CLIENT)
    state = {"postgresql": "42P01"}.get(engine.dialect.name)
    assert span.status.status_code is StatusCode.ERROR
    assert attributes_of(span)["error.type"] in ("ProgrammingError", "OperationalError")
    assert attributes_of(span).get("db.response.status_code") == state


async def test_spans_are_no_metrics_and_metrics_no_spans(
    engine: AsyncEngine, spans: InMemorySpanExporter, measured: InMemoryMetricReader
) -> None:
    await api_of(engine, spans=True).execute("{ __typename }")
    assert (len(spans.get_finished_spans()) > 0, points(measured)) == (True, {})
    spans.clear()

    await api_of(engine, metrics=True).execute("{ __typename }")
    assert (spans.get_finished_spans(), "gqlcrud.operations" in points(measured)) == ((), True)


def points(reader: InMemoryMetricReader) -> dict[str, list[tuple[dict[str, Any], int]]]:
    """By metric: the attributes, and the sum of a counter or the count of a histogram."""
    data = reader.get_metrics_data()
    found = [
        metric
        for each in (data.resource_metrics if data else ())
        for scope in each.scope_metrics
        for metric in scope.metrics
    ]
    return {
        metric.name: [
            (dict(point.attributes or {}), getattr(point, "value", None) or getattr(point, "count", 0))
            for point in metric.data.data_points
        ]
        for metric in found
    }


async def test_operations_are_counted(engine: AsyncEngine, measured: InMemoryMetricReader) -> None:
    api = api_of(engine, metrics=True)
    for document in (BOOKS, BOOKS, "{ divide }"):
        await api.execute(document)

    found = points(measured)
    query, system = {"graphql.operation.type": "query"}, {"db.system.name": engine.dialect.name}
    select = {**system, "db.operation.name": "SELECT"}
    failed = {**query, "gqlcrud.outcome": "partial"}
    assert found["gqlcrud.operations"] == [
        ({**query, "gqlcrud.outcome": "ok"}, 2),
        ({**failed, "error.type": "INTERNAL_ERROR"}, 1),
    ]
    assert found["gqlcrud.operation.duration"] == [({**query, "gqlcrud.outcome": "ok"}, 2), (failed, 1)]
    assert found["gqlcrud.statements"] == [(query, 4)]
    assert found["gqlcrud.rows"] == [(query, 6)]
    assert ({"gqlcrud.cache": "document", "gqlcrud.hit": True}, 1) in found["gqlcrud.cache.lookups"]
    assert ({"gqlcrud.cache": "document", "gqlcrud.hit": False}, 2) in found["gqlcrud.cache.lookups"]
    assert found["db.client.operation.duration"] == [
        ({**select, "db.collection.name": name, "db.query.summary": f"SELECT {name}"}, 2) for name in ("author", "book")
    ]
