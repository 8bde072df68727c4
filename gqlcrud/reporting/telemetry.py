"""Operations in, spans and metrics of OpenTelemetry out, through its API alone.

Source: the semantic conventions for GraphQL servers, and for database clients.
https://opentelemetry.io/docs/specs/semconv/graphql/graphql-spans/
https://opentelemetry.io/docs/specs/semconv/database/database-spans/
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from opentelemetry import metrics, trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from gqlcrud.document_limits import without_values
from gqlcrud.errors import ErrorCode
from gqlcrud.observability import Observability
from gqlcrud.observing import Observation, SeenStatement
from gqlcrud.reporting.shown import shown_parameters
from gqlcrud.reporting.summary import OperationSummary
from gqlcrud.statements import Database

_SERVER_FAULTS = {ErrorCode.INTERNAL_ERROR.value, ErrorCode.UNAVAILABLE.value, ErrorCode.TIMEOUT.value}
_WRITTEN = re.compile(r'(INSERT INTO|UPDATE|DELETE FROM) (?:"?\w+"?\.)?"?(\w+)"?', re.IGNORECASE)
_SECONDS = 1_000_000_000


class Telemetry:
    """Tells the providers that the application has set, at the time of each operation."""

    def __init__(self, options: Observability) -> None:
        self.options = options
        self._tracer = trace.get_tracer("gqlcrud")
        meter = metrics.get_meter("gqlcrud")
        self._operations = meter.create_counter("gqlcrud.operations", "{operation}", "Operations by outcome and code.")
        self._duration = meter.create_histogram("gqlcrud.operation.duration", "s", "How long operations take.")
        self._statements = meter.create_counter("gqlcrud.statements", "{statement}", "Statements that were run.")
        self._rows = meter.create_counter("gqlcrud.rows", "{row}", "Rows that were read and written.")
        self._lookups = meter.create_counter("gqlcrud.cache.lookups", "{lookup}", "What was kept, and what was not.")
        self._database = meter.create_histogram("db.client.operation.duration", "s", "How long statements take.")

    @contextmanager
    def operation(self, observation: Observation) -> Iterator[Span | None]:
        """The span of an operation, which is the current one in the block; the block ends it."""
        if not self.options.spans:
            yield None
            return
        name = "GraphQL Operation"
        with self._tracer.start_as_current_span(
            name, kind=SpanKind.SERVER, start_time=observation.began_at, end_on_exit=False, record_exception=False
        ) as span:
            yield span

    def tell(self, span: Span | None, observation: Observation, summary: OperationSummary) -> None:
        """What an operation was, once it is done."""
        system = _system(observation)
        if span is not None:
            if span.is_recording():
                self._tell_span(span, observation, summary, system)
            span.end(observation.began_at + observation.nanoseconds)
        if self.options.metrics:
            self._tell_metrics(observation, summary, system)

    # ---------- spans ----------

    def _tell_span(self, span: Span, observation: Observation, summary: OperationSummary, system: str) -> None:
        if summary.type is not None:
            span.update_name(summary.type)
            span.set_attribute("graphql.operation.type", summary.type)
        if summary.name is not None:
            span.set_attribute("graphql.operation.name", summary.name)
        if observation.text:
            span.set_attribute("graphql.document", without_values(observation.text))
        if summary.request_id is not None:
            span.set_attribute("gqlcrud.request.id", summary.request_id)
        span.set_attribute("gqlcrud.outcome", summary.outcome)
        span.set_attribute("gqlcrud.statements", summary.statements)
        span.set_attribute("gqlcrud.rows", summary.rows)
        if summary.codes:
            span.set_attribute("gqlcrud.codes", list(summary.codes))
            span.set_attribute("error.type", summary.codes[0])
        if summary.outcome == "cancelled":
            span.set_attribute("error.type", "cancelled")
        if summary.outcome == "cancelled" or not _SERVER_FAULTS.isdisjoint(summary.codes):
            span.set_status(Status(StatusCode.ERROR))
        inside = trace.set_span_in_context(span)
        for phase in observation.phases:
            begin = observation.began_at + phase.began
            child = self._tracer.start_span(f"gqlcrud.{phase.name}", inside, start_time=begin)
            child.end(begin + phase.nanoseconds)
        for seen in observation.statements:
            self._tell_statement(inside, observation, seen, system)

    def _tell_statement(self, inside: Any, observation: Observation, seen: SeenStatement, system: str) -> None:
        begin = observation.began_at + seen.began
        attributes = _database_attributes(seen, system)
        attributes["db.query.text"] = seen.sql
        if seen.rows is not None:
            attributes["db.response.returned_rows"] = seen.rows
        if seen.sets > 1:
            attributes["db.operation.batch.size"] = seen.sets
        if self.options.parameters:
            for place, value in enumerate(shown_parameters(seen, observation.hidden)):
                attributes[f"db.query.parameter.{place}"] = str(value)
        summary = attributes.get("db.query.summary", system)
        child = self._tracer.start_span(
            str(summary), inside, kind=SpanKind.CLIENT, attributes=attributes, start_time=begin
        )
        if seen.error is not None:
            child.set_status(Status(StatusCode.ERROR))
        child.end(begin + seen.nanoseconds)

    # ---------- metrics ----------

    def _tell_metrics(self, observation: Observation, summary: OperationSummary, system: str) -> None:
        kind = {} if summary.type is None else {"graphql.operation.type": summary.type}
        attributes = {**kind, "gqlcrud.outcome": summary.outcome}
        for code in summary.codes or ("",):
            self._operations.add(1, {**attributes, "error.type": code} if code else attributes)
        self._duration.record(observation.nanoseconds / _SECONDS, attributes)
        self._statements.add(summary.statements, kind)
        self._rows.add(summary.rows, kind)
        self._tell_lookup("document", observation.known, 1)
        self._tell_lookup("plan", True, observation.plans_found)
        self._tell_lookup("plan", False, observation.plans_made)
        for seen in observation.statements:
            self._tell_lookup("statement", seen.kept, 1)
            self._database.record(seen.nanoseconds / _SECONDS, _database_attributes(seen, system))

    def _tell_lookup(self, cache: str, hit: bool, count: int) -> None:
        if count:
            self._lookups.add(count, {"gqlcrud.cache": cache, "gqlcrud.hit": hit})


def _system(observation: Observation) -> str:
    source = observation.source
    return "postgresql" if source is not None and source.database is Database.POSTGRESQL else "sqlite"


def _database_attributes(seen: SeenStatement, system: str) -> dict[str, Any]:
    operation, collection = _summary(seen)
    attributes: dict[str, Any] = {"db.system.name": system, "db.operation.name": operation}
    if collection is not None:
        attributes["db.collection.name"] = collection
    attributes["db.query.summary"] = operation if collection is None else f"{operation} {collection}"
    if seen.error is not None:
        attributes.update(_error_attributes(seen.error))
    return attributes


def _summary(seen: SeenStatement) -> tuple[str, str | None]:
    """What a statement does, and the table that it is about, as far as that is plain."""
    plan = seen.purpose.plan if seen.purpose is not None else None
    return _operation(seen.sql) if plan is None else ("SELECT", _table(plan.model.entity))


@functools.lru_cache(maxsize=1024)
def _table(entity: type) -> str:
    table: Any = sa.inspect(entity).local_table
    return str(table.description)


@functools.lru_cache(maxsize=1024)
def _operation(sql: str) -> tuple[str, str | None]:
    written = _WRITTEN.match(sql)
    if written is not None:
        return written[1].split()[0].upper(), written[2]
    return (sql.split(None, 1) or [""])[0].upper(), None


def _error_attributes(error: BaseException) -> Mapping[str, str]:
    """`error.type`, and the SQLSTATE of PostgreSQL."""
    state = getattr(getattr(error, "orig", error), "sqlstate", None) or getattr(error, "sqlstate", None)
    found = {"error.type": type(error).__name__}
    if state is not None:
        found["db.response.status_code"] = str(state)
    return found
