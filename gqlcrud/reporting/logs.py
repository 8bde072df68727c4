"""Summaries of operations in, records of `logging` out."""

from __future__ import annotations

import logging

from gqlcrud.observability import Observability
from gqlcrud.observing import Observation
from gqlcrud.reporting.shown import shown_parameters
from gqlcrud.reporting.summary import OperationSummary, milliseconds

operations = logging.getLogger("gqlcrud.operations")
slow = logging.getLogger("gqlcrud.slow")


def log_operation(options: Observability, summary: OperationSummary, observation: Observation) -> None:
    """One record for each operation, and one more of a slow one, with fields for whoever formats them."""
    fields = {
        "operation_name": summary.name,
        "operation_type": summary.type,
        "outcome": summary.outcome,
        "codes": list(summary.codes),
        "statements": summary.statements,
        "rows": summary.rows,
        "milliseconds": summary.milliseconds,
        "request_id": summary.request_id,
    }
    if options.log and operations.isEnabledFor(logging.INFO):
        operations.info(_sentence(summary), extra=fields)
    if options.slow is not None and summary.milliseconds >= options.slow * 1000 and slow.isEnabledFor(logging.WARNING):
        told = {**fields, "sql": [_statement(options, observation, place) for place in range(summary.statements)]}
        slow.warning("Slow: %s", _sentence(summary), extra=told)


def _sentence(summary: OperationSummary) -> str:
    """`query Shelf: ok, 2 statements, 50 rows, 3.1 ms`"""
    name = " ".join(each for each in (summary.type or "operation", summary.name) if each)
    outcome = " ".join([summary.outcome, *summary.codes])
    counts = f"{_counted(summary.statements, 'statement')}, {_counted(summary.rows, 'row')}"
    return f"{name}: {outcome}, {counts}, {summary.milliseconds:.1f} ms"


def _counted(count: int, name: str) -> str:
    return f"{count} {name}" if count == 1 else f"{count} {name}s"


def _statement(options: Observability, observation: Observation, place: int) -> dict[str, object]:
    seen = observation.statements[place]
    told: dict[str, object] = {
        "sql": seen.sql,
        "rows": seen.rows,
        "milliseconds": milliseconds(seen.nanoseconds),
    }
    if options.parameters:
        told["parameters"] = shown_parameters(seen, observation.hidden)
    return told
