"""An observation in, what a developer is shown of it out: `extensions.gqlcrud` of an answer, and more of its errors.

docs/observability.md says what each key means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import GraphQLError

from gqlcrud.observing import Observation, SeenStatement
from gqlcrud.reporting.explain import LARGE, Step
from gqlcrud.reporting.plan_tree import PlanNode, paths_of, plan_tree, shown_tree
from gqlcrud.reporting.shown import shown_exception, shown_parameters
from gqlcrud.reporting.summary import OperationSummary, milliseconds

REPEATED = 5
"""How often one statement runs in an operation until it looks as if a resolver ran it for each record."""
VERSION = 1
"""Of the shape."""

Steps = Mapping[str, list[Step] | None]


def debug_report(observation: Observation, summary: OperationSummary, steps: Steps | None) -> dict[str, Any]:
    """steps: how the database runs the statements, by their texts; None where nobody asked."""
    tree = plan_tree(observation)
    statements = [_statement(observation, tree, place, steps) for place in range(len(observation.statements))]
    return {
        "version": VERSION,
        "requestId": summary.request_id,
        "operation": {"name": summary.name, "type": summary.type},
        "outcome": summary.outcome,
        "milliseconds": _milliseconds(observation),
        "rows": summary.rows,
        "caches": {
            "document": observation.known,
            "direct": summary.direct,
            "plans": {"kept": observation.plans_found, "made": observation.plans_made},
            "statements": {
                "kept": sum(each.kept for each in observation.statements),
                "made": sum(not each.kept for each in observation.statements),
            },
        },
        "statements": statements,
        "plan": shown_tree(tree),
        "warnings": [*_repeated(observation), *_scans(observation, steps or {})],
    }


def debugged_errors(errors: Sequence[GraphQLError], observation: Observation) -> list[GraphQLError]:
    """The same errors, with what raised them: copies, since the errors may be kept."""
    return [_debugged(error, observation) for error in errors]


def _debugged(error: GraphQLError, observation: Observation) -> GraphQLError:
    extensions = error.extensions or {}
    origin: BaseException | None = observation.faults.get(str(extensions.get("id"))) or error.original_error
    while isinstance(origin, GraphQLError) and origin.original_error is not None:
        origin = origin.original_error
    if origin is None or isinstance(origin, GraphQLError):
        return error
    shown = GraphQLError(
        error.message,
        error.nodes,
        error.source,
        error.positions,
        error.path,
        extensions={**extensions, "debug": shown_exception(origin, observation.hidden)},
    )
    shown.locations = error.locations
    return shown


def _milliseconds(observation: Observation) -> dict[str, float | None]:
    """Of the whole and of its parts; None for a part that there was not, or that cannot be told from the rest."""
    found: dict[str, float | None] = {"total": milliseconds(observation.nanoseconds)}
    for name in ("parse", "validate", "plan"):
        spent = observation.spent(name)
        found[name] = None if spent is None else milliseconds(spent)
    found["execute"] = milliseconds(sum(each.nanoseconds for each in observation.statements))
    rendered = observation.spent("render")
    found["render"] = None if rendered is None else milliseconds(rendered)
    return found


def _statement(observation: Observation, tree: list[PlanNode], place: int, steps: Steps | None) -> dict[str, Any]:
    seen = observation.statements[place]
    purpose = seen.purpose
    plan = purpose.plan if purpose is not None else None
    paths = paths_of(tree, place)
    return {
        "index": place,
        "sql": seen.sql,
        "parameters": shown_parameters(seen, observation.hidden),
        "parameterSets": seen.sets,
        "rows": seen.rows,
        "milliseconds": milliseconds(seen.nanoseconds),
        "started": milliseconds(seen.began),
        "part": purpose.part if purpose is not None else "own",
        "model": plan.model.name if plan is not None else None,
        "paths": paths,
        "kept": seen.kept,
        "driver": seen.by_driver,
        "error": type(seen.error).__name__ if seen.error is not None else None,
        "explain": _explain(observation, seen, steps),
    }


def _explain(observation: Observation, seen: SeenStatement, steps: Steps | None) -> list[dict[str, Any]] | None:
    found = steps.get(seen.sql) if steps is not None else None
    return None if found is None else [step.shown(observation.hidden) for step in found]


def _repeated(observation: Observation) -> list[dict[str, Any]]:
    by_text: dict[str, list[int]] = {}
    for place, seen in enumerate(observation.statements):
        by_text.setdefault(seen.sql, []).append(place)
    return [
        {
            "code": "REPEATED_STATEMENT",
            "message": f"One statement ran {len(places)} times. If a resolver runs it for each record, let it load the "
            "records by gqlcrud.load_record or load_relation, which read for all of them at once.",
            "statements": places,
        }
        for places in by_text.values()
        if len(places) >= REPEATED
    ]


def _scans(observation: Observation, steps: Steps) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for place, seen in enumerate(observation.statements):
        for root in steps.get(seen.sql) or ():
            for step in root.all():
                if step.scanned is not None and step.size is not None and step.size >= LARGE:
                    message = f"{step.scanned} is read row by row, and has about {step.size:,} rows: an index may help."
                    found.append({"code": "SEQUENTIAL_SCAN", "message": message, "statements": [place]})
    return found
