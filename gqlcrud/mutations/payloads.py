"""The keys of written records in, what a payload shows of them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gqlcrud.catalog import Column
from gqlcrud.errors import UserError
from gqlcrud.execution import Edge, Reader, record_class, related_of
from gqlcrud.keys import encode_id
from gqlcrud.plan import Always, KeyIn, PagePlan, PayloadPlan, RecordPlan, conjunction
from gqlcrud.rendering import PayloadShape, Renderer, ShownPayload
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


@dataclass(frozen=True, slots=True)
class PayloadReader:
    """Reads what a payload shows of written records: records for graphql-core to walk, or with a shape what the response
    shows of them."""

    reader: Reader
    plan: PayloadPlan
    shape: PayloadShape | None = None

    async def read(
        self, key: RecordKey, client_mutation_id: str | None, told: Mapping[str, Any] | None = None
    ) -> Payload:
        """The payload of a field that writes one record. told: its attributes, where the statement that wrote it has told all
        that is shown of it. Raises NotRendered where a shape does not fit."""
        fields: dict[str, Any] = {}
        for name, record in self.plan.records:
            if told is not None:
                fields[name] = await self._told(record, told, name)
            else:
                (fields[name],) = await self._records(record, [key], name)
        for name, edge in self.plan.edges:
            fields[name] = await self._edge(edge, key, name)
        model = self.plan.model
        ids = [encode_id(model.name, model.primary_key, key)] if self._shows_ids else []
        return Payload((), client_mutation_id, fields, ids)

    async def read_many(self, written: Written, client_mutation_id: str | None) -> Payload:
        """The payload of a field that makes or changes many records: one statement for each relation field, as everywhere."""
        keys = [key for key in written.keys if key is not None]
        fields: dict[str, Any] = {}
        for name, record in self.plan.records:
            found = iter(await self._records(record, keys, name) if keys else [])
            fields[name] = [next(found) if key is not None else None for key in written.keys]
        return Payload(written.errors, client_mutation_id, fields, count=written.count)

    @property
    def _shows_ids(self) -> bool:
        shape = self.shape
        return shape is None or any(
            part[1] is ShownPayload.DELETED_ID for part in shape.parts if isinstance(part, tuple)
        )

    @property
    def _renderer(self) -> Renderer:
        """Nothing reads beside it where the payload shows records once."""
        return Renderer(self.reader, alone=len(self.plan.records) == 1 and not self.plan.edges)

    async def _records(self, plan: RecordPlan, keys: Sequence[RecordKey], name: str) -> list[Any]:
        if self.shape is not None:
            return list(await self._renderer.records(plan, self.shape.records[name], name, keys))
        return [each[name] if each is not None else None for each in await self.reader.records(plan, keys)]

    async def _told(self, plan: RecordPlan, told: Mapping[str, Any], name: str) -> Any:
        """The record of values that are known, and what its relations lead to."""
        if self.shape is not None:
            return await self._renderer.known(plan, self.shape.records[name], name, told)
        make = record_class(plan.model, plan.columns)
        record = make((*(told[column.key] for column in plan.columns), {}))
        view = next(view for view in plan.views if view.path == (name,))
        for field_name, child in view.children:
            key = tuple(told[column.key] for column in child.relation.local)
            if isinstance(child.plan, PagePlan):
                related_of(record)[field_name] = await self.reader.related_page(child.plan, key)
            else:
                (found,) = await self.reader.records(child.plan, [key]) if None not in key else (None,)
                related_of(record)[field_name] = None if found is None else found[field_name]
        return record

    async def _edge(self, plan: PagePlan, key: RecordKey, name: str) -> Edge | None:
        where = conjunction([plan.where, KeyIn(plan.model.primary_key, (key,))])
        page = await self.reader.page(replace(plan, where=where))
        return Edge(page, 0, (name, name)) if page.count else None


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
