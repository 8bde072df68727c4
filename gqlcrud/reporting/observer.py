"""Operations in, the same operations out, observed: the one place where an `Observation` begins, ends, and is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLSchema
from strawberry.types import ExecutionResult

from gqlcrud.observability import Observability, read_request_id
from gqlcrud.observing import RUNNING, Observation, identified, request_id
from gqlcrud.options import Limits
from gqlcrud.prepared import PreparedDocuments
from gqlcrud.reporting.asked import KEY, Asked, read_asked
from gqlcrud.reporting.cost import shown_cost
from gqlcrud.reporting.debug import debug_report, debugged_errors
from gqlcrud.reporting.explain import explained
from gqlcrud.reporting.logs import log_operation
from gqlcrud.reporting.summary import OperationSummary, Outcome, summarize


@dataclass(frozen=True, slots=True)
class Observer:
    """Observes the operations of one API. debug: whether answers show what there was to see."""

    options: Observability | None
    debug: bool
    limits: Limits
    schema: GraphQLSchema
    documents: PreparedDocuments
    telemetry: Any = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "telemetry", _telemetry(self.options))

    @property
    def always(self) -> bool:
        """Whether it observes whatever a request says."""
        return self.options is not None or self.debug

    def observes(self, extensions: Mapping[str, Any] | None) -> bool:
        """extensions: of the request, which may ask for something that has to be observed."""
        return self.always or (extensions is not None and KEY in extensions)

    def is_observing(self) -> bool:
        """Whether the operation that runs here is one that it observes: a resolver may run those of other APIs."""
        observation = RUNNING.get()
        return observation is not None and observation.owner is self

    async def run(
        self,
        work: Callable[[], Awaitable[ExecutionResult]],
        operation_name: str | None,
        extensions: Mapping[str, Any] | None,
    ) -> ExecutionResult:
        """The result of `work`, with what was asked for in its extensions. Raises RequestError for what the request asks."""
        asked = read_asked(extensions or {})
        with identified(read_request_id(request_id()) if self.always else None) as identity:
            observation = Observation(identity, self)
            telemetry = self.telemetry
            with telemetry.operation(observation) if telemetry is not None else nullcontext() as span:
                token = RUNNING.set(observation)
                result: ExecutionResult | None = None
                outcome: Outcome = "error"
                try:
                    result = await work()
                except asyncio.CancelledError:
                    outcome = "cancelled"
                    raise
                finally:
                    RUNNING.reset(token)
                    summary = self._end(observation, operation_name, result, outcome)
                    if telemetry is not None:
                        telemetry.tell(span, observation, summary)
            await self._show(result, observation, summary, operation_name, asked)
            observation.forget()
            return result

    def _end(
        self, observation: Observation, operation_name: str | None, result: ExecutionResult | None, outcome: Outcome
    ) -> OperationSummary:
        """outcome: where there is no result."""
        observation.nanoseconds = observation.now()
        observation.direct = observation.document is None and bool(observation.plans)
        if observation.document is None and observation.text:
            known = self.documents.find(self.schema, observation.text)
            observation.document = known.document if known is not None else None
        summary = summarize(observation, operation_name, result, outcome)
        if self.options is not None:
            log_operation(self.options, summary, observation)
        return summary

    async def _show(
        self,
        result: ExecutionResult,
        observation: Observation,
        summary: OperationSummary,
        operation_name: str | None,
        asked: Asked,
    ) -> None:
        """Put into the result what the client is shown."""
        shown: dict[str, Any] = {}
        if self.debug:
            steps = None
            if asked.explain and observation.source is not None:
                timeout = self.limits.statement_timeout
                steps = await explained(observation.statements, observation.source, timeout)
            shown = debug_report(observation, summary, steps)
            if result.errors:
                result.errors = debugged_errors(result.errors, observation)
        if self.debug or asked.cost:
            shown["cost"] = shown_cost(observation, operation_name, self.limits)
        if shown:
            result.extensions = {**(result.extensions or {}), KEY: shown}


def _telemetry(options: Observability | None) -> Any:
    """What tells OpenTelemetry, where it is wanted: it is an extra, and takes its time to import."""
    if options is None or not (options.spans or options.metrics):
        return None
    from gqlcrud.reporting.telemetry import Telemetry

    return Telemetry(options)
