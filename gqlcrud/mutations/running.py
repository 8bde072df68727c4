"""A write and what its payload shows in, the payload out: both in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gqlcrud.bulk_plan import DeleteMany, WriteMany
from gqlcrud.catalog import Model
from gqlcrud.context import Operation
from gqlcrud.errors import UserError, WriteError
from gqlcrud.execution import Reader, Transaction
from gqlcrud.mutations.payloads import Payload, PayloadReader, deleted_payload, told_columns
from gqlcrud.mutations.presets import presets_of
from gqlcrud.observing import timed
from gqlcrud.plan import PayloadPlan
from gqlcrud.planning import plan_payload
from gqlcrud.rendering import PayloadShape
from gqlcrud.selection import Selection
from gqlcrud.unit_of_work import apply_many, apply_one, as_rows, create_shown, locate
from gqlcrud.write_plan import CreateOne, DeleteOne, RestoreOne, UpdateOne, UpsertOne, WriteOne
from gqlcrud.write_planning import Presets, WritePlanner

PlanWrite = Callable[[WritePlanner, Mapping[str, Any], Model], WriteOne | WriteMany]


@dataclass(frozen=True, slots=True)
class Mutation:
    """What a root field writes. plan: of its input; shown: the payload's fields that hold records; listed: whether those
    are lists."""

    model: Model
    plan: PlanWrite
    shown: tuple[str, ...]
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """A root field that is planned. plan: None if its input is refused, for the `errors`. shape: of the payload, if it is to
    be rendered."""

    mutation: Mutation
    plan: WriteOne | WriteMany | None
    errors: tuple[UserError, ...]
    shown: PayloadPlan
    client_id: str | None
    shape: PayloadShape | None = None

    def failure(self, errors: Sequence[UserError]) -> Payload:
        """The payload where nothing was written. The same may be wrong with many records at one place of the input."""
        lists: dict[str, list[object]] = {name: [] for name, _ in self.shown.records} if self.mutation.listed else {}
        return Payload(tuple(dict.fromkeys(errors)), self.client_id, lists)


@timed("plan")
def prepare(operation: Operation, presets: Presets, mutation: Mutation, selection: Selection) -> Prepared:
    """Raises RequestError for a selection that cannot be read."""
    value = selection.arguments["input"]
    client_id = value.get("clientMutationId")
    shown = plan_payload(operation.planner, selection, mutation.model, mutation.shown)
    items = max((len(each) for each in value.values() if isinstance(each, list)), default=1)
    for name, record in shown.records:
        operation.bounded(object(), record, items if mutation.listed else 1, at=name)
    for name, edge in shown.edges:
        operation.bounded(object(), edge, at=name)
    try:
        plan = mutation.plan(WritePlanner(operation.planner, presets), value, mutation.model)
    except WriteError as error:
        return Prepared(mutation, None, error.errors, shown, client_id)
    return Prepared(mutation, plan, (), shown, client_id)


async def run_mutation(
    operation: Operation, mutation: Mutation, selection: Selection, shape: PayloadShape | None = None
) -> Payload:
    """The payload, its records rendered if there is a shape.

    Raises RequestError for a selection that cannot be read, before anything is written, and NotRendered for a record that
    graphql-core has to tell of; nothing is written then either.
    """
    prepared = replace(prepare(operation, await presets_of(operation), mutation, selection), shape=shape)
    if prepared.plan is None:
        return prepared.failure(prepared.errors)
    payload = await _written_alone(operation, prepared)
    if payload is not None:
        return payload
    try:
        return await operation.write(lambda transaction: write(transaction, prepared))
    except WriteError as error:
        return prepared.failure(error.errors)


async def _written_alone(operation: Operation, prepared: Prepared) -> Payload | None:
    """The payload of a new record that is rows, with all that is nested in it, and nothing else; None of all others."""
    plan, shown = prepared.plan, prepared.shown
    if not isinstance(plan, CreateOne) or prepared.shape is None or not operation.writes_alone:
        return None
    columns = told_columns(shown, plan.save)
    rows = as_rows(plan, columns, operation.writer.source.database, operation.writer.rules)
    if rows is None:
        return None

    async def show(reader: Reader) -> Payload:
        payloads = PayloadReader(reader, shown, prepared.shape)
        return await payloads.read(rows.key, prepared.client_id, rows.told if columns else None)

    return await operation.write_alone(rows, show)


async def write(transaction: Transaction, prepared: Prepared) -> Payload:
    """Raises WriteError, which undoes the transaction."""
    plan, client_id = prepared.plan, prepared.client_id
    assert plan is not None, "what is refused is not written"
    payloads = PayloadReader(transaction.reader(), prepared.shown, prepared.shape)
    if isinstance(plan, CreateOne | UpdateOne | UpsertOne | DeleteOne | RestoreOne):
        return await write_one(transaction, plan, payloads, client_id)
    written = await transaction.apply(lambda saver: apply_many(saver, plan, told=bool(prepared.shown.records)))
    if isinstance(plan, DeleteMany):
        return deleted_payload(prepared.shown, written, client_id)
    return await payloads.read_many(written, client_id)


async def write_one(
    transaction: Transaction, plan: WriteOne, payloads: PayloadReader, client_id: str | None
) -> Payload:
    """What is deleted is read before it is gone."""
    if isinstance(plan, DeleteOne):
        key = await transaction.apply(lambda saver: locate(saver, plan))
        payload = await payloads.read(key, client_id)
        await transaction.apply(lambda saver: apply_one(saver, plan))
        return payload
    if isinstance(plan, CreateOne):
        columns = told_columns(payloads.plan, plan.save)
        key, told = await transaction.apply(lambda saver: create_shown(saver, plan, columns))
        return await payloads.read(key, client_id, told)
    key = await transaction.apply(lambda saver: apply_one(saver, plan))
    return await payloads.read(key, client_id)
