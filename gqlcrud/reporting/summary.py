"""An observation and the result of its operation in, what is told of both in a few words out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from graphql import DocumentNode, get_operation_ast
from strawberry.types import ExecutionResult

from gqlcrud.observing import Observation

Outcome = Literal["ok", "partial", "error", "cancelled"]


@dataclass(frozen=True, slots=True)
class OperationSummary:
    """One operation, done.

    name, type: None where the document is not valid, or the operation not there. outcome: "partial" is data with errors.
    codes: of its errors, each once. rows: read and written. direct: whether it was answered without graphql-core's executor.
    milliseconds: of the whole.
    """

    name: str | None
    type: str | None
    outcome: Outcome
    codes: tuple[str, ...]
    statements: int
    rows: int
    milliseconds: float
    direct: bool
    request_id: str | None


def summarize(
    observation: Observation, operation_name: str | None, result: ExecutionResult | None, outcome: Outcome
) -> OperationSummary:
    """result: None where the operation was cancelled, or failed as no request makes it fail; `outcome` says which."""
    name, kind = operation_of(observation.document, operation_name)
    errors = (result.errors or ()) if result is not None else ()
    codes = dict.fromkeys(str((error.extensions or {}).get("code", "")) for error in errors)
    if result is not None:
        outcome = "ok" if not errors else "error" if result.data is None else "partial"
    return OperationSummary(
        name,
        kind,
        outcome,
        tuple(code for code in codes if code),
        len(observation.statements),
        sum(each.rows or 0 for each in observation.statements),
        milliseconds(observation.nanoseconds),
        observation.direct,
        observation.request_id,
    )


def operation_of(document: object, operation_name: str | None) -> tuple[str | None, str | None]:
    """The name and the type of the operation that runs, as far as there is one."""
    operation = get_operation_ast(document, operation_name) if isinstance(document, DocumentNode) else None
    if operation is None:
        return None, None
    return (operation.name.value if operation.name is not None else None), operation.operation.value


def milliseconds(nanoseconds: int) -> float:
    """To a thousandth."""
    return round(nanoseconds / 1_000_000, 3)
