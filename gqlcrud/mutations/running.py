"""A write and what its payload shows in, the payload out: both in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gqlcrud.catalog import Model
from gqlcrud.context import Operation
from gqlcrud.errors import WriteError
from gqlcrud.execution import Transaction
from gqlcrud.mutations.payloads import Payload, read_payload
from gqlcrud.mutations.presets import presets_of
from gqlcrud.plan import PayloadPlan
from gqlcrud.planning import plan_payload
from gqlcrud.selection import Selection
from gqlcrud.unit_of_work import apply_one, locate
from gqlcrud.write_plan import DeleteOne, WriteOne
from gqlcrud.write_planning import WritePlanner

PlanWrite = Callable[[WritePlanner, Mapping[str, Any], Model], WriteOne]


@dataclass(frozen=True, slots=True)
class Mutation:
    """What a root field writes. plan: of its input; shown: the payload's fields that hold records."""

    model: Model
    plan: PlanWrite
    shown: tuple[str, ...]


async def run_mutation(operation: Operation, mutation: Mutation, selection: Selection) -> Payload:
    """Raises RequestError for a selection that cannot be read, before anything is written."""
    value = selection.arguments["input"]
    client_id = value.get("clientMutationId")
    shown = plan_payload(operation.planner, selection, mutation.model, mutation.shown)
    try:
        planner = WritePlanner(operation.planner, await presets_of(operation))
        plan = mutation.plan(planner, value, mutation.model)
        return await operation.write(lambda transaction: write_one(transaction, plan, shown, client_id))
    except WriteError as error:
        return Payload(error.errors, client_id)


async def write_one(transaction: Transaction, plan: WriteOne, shown: PayloadPlan, client_id: str | None) -> Payload:
    """What is deleted is read before it is gone."""
    if isinstance(plan, DeleteOne):
        key = await transaction.apply(lambda saver: locate(saver, plan))
        payload = await read_payload(transaction.reader(), shown, key, client_id)
        await transaction.apply(lambda saver: apply_one(saver, plan))
        return payload
    key = await transaction.apply(lambda saver: apply_one(saver, plan))
    return await read_payload(transaction.reader(), shown, key, client_id)
