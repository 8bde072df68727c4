"""The fields of mutations, payloads and their errors."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from strawberry.types import Info
from strawberry.types.arguments import StrawberryArgument

from gqlcrud.arguments import has_variable
from gqlcrud.context import ApiKey, Operation, running_operation
from gqlcrud.errors import UserError
from gqlcrud.execution import Record
from gqlcrud.fields import GeneratedField
from gqlcrud.holding import Holding
from gqlcrud.mutations.payloads import Payload
from gqlcrud.mutations.running import Mutation, run_mutation
from gqlcrud.observing import Purpose, running_for
from gqlcrud.rendering import NotRendered, OpenSelection, Rendered, ShownPayload, render_payload
from gqlcrud.selection import RESOLVED, FieldInfo, Selection, read_selection


class WriteField(GeneratedField):
    """A root field that writes."""

    def __init__(
        self,
        api: ApiKey,
        name: str,
        mutation: Mutation,
        annotation: Any,
        description: str,
        argument: StrawberryArgument,
    ) -> None:
        super().__init__(name, annotation, description, [argument])
        self.api = api
        self.mutation = mutation

    def get_result(self, source: Any, info: Info | None, args: list[Any], kwargs: Any) -> Awaitable[Any]:
        assert info is not None, "fields with arguments get an Info"
        return self._resolve(running_operation(self.api), info._raw_info, str(info._raw_info.path.key))

    async def _resolve(self, operation: Operation, info: FieldInfo, key: str) -> Payload | Rendered:
        outcome = operation.outcomes.get(key) if operation.outcomes is not None else None
        if isinstance(outcome, Exception):
            raise outcome
        if isinstance(outcome, Payload):
            return outcome
        if operation.renders:
            with suppress(NotRendered):
                return await self.render(operation, info)
        with _writing(info):
            return await run_mutation(operation, self.mutation, _selection(operation, info))

    async def render(self, operation: Operation, info: FieldInfo) -> Payload | Rendered:
        """What the response shows; of a payload with errors its records, the rest of which graphql-core walks.

        Raises NotRendered where nothing is written yet, or no more, and graphql-core has to walk all.
        """
        selection = _selection(operation, info)
        shape = operation.payload_shape(info, selection)
        if shape is None:
            raise OpenSelection
        with _writing(info):
            payload = await run_mutation(operation, self.mutation, selection, shape)
        if payload.errors:
            return replace(payload, fields={name: Rendered(value) for name, value in payload.fields.items()})
        return Rendered(render_payload(shape, payload))


def _writing(info: FieldInfo) -> Holding[Purpose | None]:
    """Whatever is run in the block is to write the field."""
    node = info.field_nodes[0]
    return running_for(Purpose("write", ((node.alias or node.name).value,)))


def _selection(operation: Operation, info: FieldInfo) -> Selection:
    """The selection of the field. What is written is made anew for each request, since hooks may change it in place."""
    constant = not any(has_variable(each.value) for each in info.field_nodes[0].arguments or ())
    return read_selection(info) if constant else operation.selections.read(info)


class PayloadField(GeneratedField):
    """What a payload shows of the written records. shows: which part of it this is; None of an edge."""

    def __init__(
        self,
        name: str,
        annotation: Any,
        description: str,
        shows: ShownPayload | None = None,
        arguments: Sequence[StrawberryArgument] = (),
    ) -> None:
        super().__init__(name, annotation, description, arguments)
        self.shows = shows

    @property
    def is_basic_field(self) -> bool:
        return self.shows not in _BY_KEY

    def get_result(self, source: Payload, info: Info | None, args: list[Any], kwargs: Any) -> Any:
        match self.shows:
            case ShownPayload.ERRORS:
                return source.errors
            case ShownPayload.CLIENT_MUTATION_ID:
                return source.client_mutation_id
            case ShownPayload.DELETED_ID:
                return source.ids[0] if source.ids else None
            case ShownPayload.DELETED_IDS:
                return source.ids
            case ShownPayload.AFFECTED_COUNT:
                return source.count
            case _:
                assert info is not None, "what may stand in a payload several times gets an Info"
                return source.fields.get(str(info._raw_info.path.key))


_BY_KEY = (None, ShownPayload.RECORD, ShownPayload.RECORDS)
"""What may stand in a payload several times, each time another selection: edges, which none of `ShownPayload` are, and
records."""


class QueryField(GeneratedField):
    """The query root, for what a client reads after a write."""

    @property
    def is_basic_field(self) -> bool:
        return True

    def get_result(self, source: Payload, info: Info | None, args: list[Any], kwargs: Any) -> Any:
        return _ROOT


_ROOT = object()
"""What the fields of Query stand on; none of them looks at it."""


class ErrorField(GeneratedField):
    """`code`, `message`, `path` or `fields` of an error."""

    @property
    def is_basic_field(self) -> bool:
        return True

    def get_result(self, source: UserError, info: Info | None, args: list[Any], kwargs: Any) -> Any:
        match self.graphql_name:
            case "code":
                return source.code
            case "message":
                return source.message
            case "path":
                return [str(each) for each in source.path]
            case _:
                return source.fields


class StaleField(GeneratedField):
    """`current` of an error: the record as it is, read when it is selected."""

    def __init__(self, api: ApiKey, annotation: Any, description: str) -> None:
        super().__init__("current", annotation, description)
        self.api = api

    def get_result(self, source: UserError, info: Info | None, args: list[Any], kwargs: Any) -> Awaitable[Any]:
        assert info is not None, "it is resolved with an Info"
        return self._current(source, info)

    async def _current(self, source: UserError, info: Info) -> Record | None:
        if source.current is None:
            return None
        model, key = source.current
        operation = running_operation(self.api)
        plan = operation.planner.record(read_selection(info._raw_info, model.name), model, model.primary_key)
        (found,) = await operation.reader.records(plan, [key])
        return found[RESOLVED] if found is not None else None
