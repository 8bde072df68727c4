"""The keys of written records in, what a payload shows of them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gqlcrud.catalog import Column
from gqlcrud.errors import UserError
from gqlcrud.execution import Edge, Reader, Record, record_class, related_of
from gqlcrud.keys import encode_id
from gqlcrud.plan import Always, KeyIn, PagePlan, PayloadPlan, RecordPlan, conjunction
from gqlcrud.unit_of_work import RecordKey, Written, is_told
from gqlcrud.write_plan import Save


@dataclass(frozen=True, slots=True)
class Payload:
    """What a mutation field gives.

    fields: what it shows of the written records, by response key. ids: their global ids. count: how many were written,
    of a bulk write.
    """

    errors: Sequence[UserError] = ()
    client_mutation_id: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    ids: Sequence[str] = ()
    count: int = 0


async def read_payload(
    reader: Reader,
    plan: PayloadPlan,
    key: RecordKey,
    client_mutation_id: str | None,
    told: Mapping[str, Any] | None = None,
) -> Payload:
    """The payload of a field that writes one record. told: its attributes, where the statement that wrote it has told all
    that is shown of it."""
    fields: dict[str, Any] = {}
    for name, record in plan.records:
        if told is not None:
            fields[name] = await _told(reader, record, told, name)
        else:
            fields[name] = await _record(reader, record, key, name)
    for name, edge in plan.edges:
        fields[name] = await _edge(reader, edge, key, name)
    return Payload((), client_mutation_id, fields, [encode_id(plan.model.name, plan.model.primary_key, key)])


async def read_many(reader: Reader, plan: PayloadPlan, written: Written, client_mutation_id: str | None) -> Payload:
    """The payload of a field that makes or changes many records: one statement for each relation field, as everywhere."""
    keys = [key for key in written.keys if key is not None]
    fields: dict[str, Any] = {}
    for name, record in plan.records:
        found = iter(await reader.records(record, keys) if keys else [])
        shown = [next(found) if key is not None else None for key in written.keys]
        fields[name] = [each[name] if each is not None else None for each in shown]
    return Payload(written.errors, client_mutation_id, fields, count=written.count)


def deleted_payload(plan: PayloadPlan, written: Written, client_mutation_id: str | None) -> Payload:
    """The payload of a field that deletes many records."""
    model = plan.model
    ids = [encode_id(model.name, model.primary_key, key) for key in written.keys if key is not None]
    return Payload(written.errors, client_mutation_id, ids=ids, count=written.count)


def told_columns(plan: PayloadPlan, save: Save) -> tuple[Column, ...]:
    """What the INSERT of a record can tell of what is shown, all of it or nothing: columns that are read as they are
    stored, of a record that nothing is written after, and that every caller sees."""
    if save.to_many or plan.edges or not all(each.relation.owns_key for each in save.to_one):
        return ()
    columns = tuple(dict.fromkeys(column for _, record in plan.records for column in record.columns))
    seen = all(record.where == Always(True) for _, record in plan.records)
    return columns if seen and all(map(is_told, columns)) else ()


async def _told(reader: Reader, plan: RecordPlan, told: Mapping[str, Any], name: str) -> Record:
    """The record of values that are known, and what its relations lead to."""
    make = record_class(plan.model, plan.columns)
    record = make((*(told[column.key] for column in plan.columns), {}))
    view = next(view for view in plan.views if view.path == (name,))
    for field_name, child in view.children:
        key = tuple(told[column.key] for column in child.relation.local)
        if isinstance(child.plan, PagePlan):
            related_of(record)[field_name] = await reader.related_page(child.plan, key)
        else:
            (found,) = await reader.records(child.plan, [key]) if None not in key else (None,)
            related_of(record)[field_name] = None if found is None else found[field_name]
    return record


async def _record(reader: Reader, plan: RecordPlan, key: RecordKey, name: str) -> Record | None:
    (found,) = await reader.records(plan, [key])
    return found[name] if found is not None else None


async def _edge(reader: Reader, plan: PagePlan, key: RecordKey, name: str) -> Edge | None:
    where = conjunction([plan.where, KeyIn(plan.model.primary_key, (key,))])
    page = await reader.page(replace(plan, where=where))
    return Edge(page, 0, (name, name)) if page.count else None
