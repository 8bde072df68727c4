"""The selection of a payload in, its shape out; that, and what was written, in, what the response shows of it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from graphql import GraphQLSchema, get_named_type

from gqlcrud.options import Limits
from gqlcrud.rendering.shapes import OpenShapeError, RecordShape, ShapeReader, Typename
from gqlcrud.rendering.shown import ShownPayload
from gqlcrud.selection import Selection


@dataclass(frozen=True, slots=True, eq=False)
class PayloadShape:
    """What is shown of a payload, in the order of the response. records: the shapes of the records in it, by response key."""

    parts: tuple[Typename | tuple[str, ShownPayload], ...]
    records: Mapping[str, RecordShape]


class WrittenPayload(Protocol):
    """What a mutation field gives, without errors."""

    @property
    def client_mutation_id(self) -> str | None: ...
    @property
    def fields(self) -> Mapping[str, Any]: ...
    @property
    def ids(self) -> Sequence[str]: ...
    @property
    def count(self) -> int: ...


def payload_shape(selection: Selection, schema: GraphQLSchema, type_name: str, limits: Limits) -> PayloadShape | None:
    """What a selection shows of a payload type; None if graphql-core has to walk it."""
    reader = ShapeReader(schema, limits)
    parts: list[Typename | tuple[str, ShownPayload]] = []
    records: dict[str, RecordShape] = {}
    try:
        owner = reader.object(type_name)
        for each in selection.children:
            if each.name == "__typename":
                parts.append(Typename(each.key, type_name))
                continue
            output, shown = reader.field(each.name, owner)
            if not isinstance(shown, ShownPayload):
                return None
            parts.append((each.key, shown))
            if shown in (ShownPayload.RECORD, ShownPayload.RECORDS):
                records[each.key] = reader.record(each.children, get_named_type(output).name)
    except OpenShapeError:
        return None
    return PayloadShape(tuple(parts), records)


def render_payload(shape: PayloadShape, payload: WrittenPayload) -> dict[str, Any]:
    """The payload as the response has it. Its records are rendered already."""
    return {
        key: value
        for part in shape.parts
        for key, value in [(part.key, part.name) if isinstance(part, Typename) else (part[0], _value(*part, payload))]
    }


def _value(key: str, shown: ShownPayload, payload: WrittenPayload) -> Any:
    match shown:
        case ShownPayload.RECORD | ShownPayload.RECORDS:
            return payload.fields.get(key)
        case ShownPayload.ERRORS:
            return []
        case ShownPayload.CLIENT_MUTATION_ID:
            return payload.client_mutation_id
        case ShownPayload.DELETED_ID:
            return payload.ids[0] if payload.ids else None
        case ShownPayload.DELETED_IDS:
            return list(payload.ids)
        case ShownPayload.AFFECTED_COUNT:
            return payload.count
