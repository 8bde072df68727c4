"""A write and what its payload shows in, the payload out: both in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gqlcrud.bulk_plan import DeleteMany, WriteMany
from gqlcrud.catalog import Model
from gqlcrud.context import Operation
from gqlcrud.errors import WriteError
from gqlcrud.execution import Transaction
from gqlcrud.mutations.payloads import Payload, deleted_payload, read_many, read_payload
from gqlcrud.plan import PayloadPlan
from gqlcrud.planning import plan_payload
from gqlcrud.selection import Selection
from gqlcrud.unit_of_work import apply_many, apply_one, locate
from gqlcrud.write_plan import CreateOne, DeleteOne, UpdateOne, UpsertOne, WriteOne
from gqlcrud.write_planning import WritePlanner

PlanWrite = Callable[[WritePlanner, Mapping[str, Any], Model], WriteOne | WriteMany]


@dataclass(frozen=True, slots=True)
class Mutation:
    """What a root field writes. plan: of its input; shown: the payload's fields that hold records; listed: whether those
    are lists."""

    model: Model
    plan: PlanWrite
    shown: tuple[str, ...]
    listed: bool = False


async def run_mutation(operation: Operation, mutation: Mutation, selection: Selection) -> Payload:
    """Raises RequestError for a selection that cannot be read, before anything is written."""
    value = selection.arguments["input"]
    client_id = value.get("clientMutationId")
    shown = plan_payload(operation.planner, selection, mutation.model, mutation.shown)
    try:
        plan = mutation.plan(WritePlanner(operation.planner), value, mutation.model)
        return await operation.write(lambda transaction: _write(transaction, plan, shown, client_id))
    except WriteError as error:
        # the same may be wrong with many records at one place of the input
        errors = tuple(dict.fromkeys(error.errors))
        return Payload(errors, client_id, {name: [] for name, _ in shown.records} if mutation.listed else {})


async def _write(
    transaction: Transaction, plan: WriteOne | WriteMany, shown: PayloadPlan, client_id: str | None
) -> Payload:
    if isinstance(plan, CreateOne | UpdateOne | UpsertOne | DeleteOne):
        return await write_one(transaction, plan, shown, client_id)
    written = await transaction.apply(lambda saver: apply_many(saver, plan))
    if isinstance(plan, DeleteMany):
        return deleted_payload(shown, written, client_id)
    return await read_many(transaction.reader(), shown, written, client_id)


async def write_one(transaction: Transaction, plan: WriteOne, shown: PayloadPlan, client_id: str | None) -> Payload:
    """What is deleted is read before it is gone."""
    if isinstance(plan, DeleteOne):
        key = await transaction.apply(lambda saver: locate(saver, plan))
        payload = await read_payload(transaction.reader(), shown, key, client_id)
        await transaction.apply(lambda saver: apply_one(saver, plan))
        return payload
    key = await transaction.apply(lambda saver: apply_one(saver, plan))
    return await read_payload(transaction.reader(), shown, key, client_id)
