"""The fields of mutations, payloads and their errors."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Any

from strawberry.types import Info
from strawberry.types.arguments import StrawberryArgument

from gqlcrud.context import ApiKey, Operation, running_operation
from gqlcrud.errors import UserError
from gqlcrud.execution import Record
from gqlcrud.fields import GeneratedField
from gqlcrud.mutations.payloads import Payload
from gqlcrud.mutations.running import Mutation, run_mutation
from gqlcrud.observing import Purpose, running_for
from gqlcrud.selection import RESOLVED, read_selection


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

    def get_result(self, source: Any, info: Info | None, args: list[Any], kwargs: Any) -> Awaitable[Payload]:
        assert info is not None, "fields with arguments get an Info"
        return self._written(running_operation(self.api), info)

    async def _written(self, operation: Operation, info: Info) -> Payload:
        key = str(info._raw_info.path.key)
        if operation.outcomes is None:
            with running_for(Purpose("write", (key,))):
                return await run_mutation(operation, self.mutation, read_selection(info._raw_info))
        outcome = operation.outcomes[key]
        if isinstance(outcome, Exception):
            raise outcome
        assert isinstance(outcome, Payload), "what a document gives"
        return outcome


class PayloadField(GeneratedField):
    """What a payload shows of the written records."""

    def __init__(
        self, name: str, annotation: Any, description: str, arguments: Sequence[StrawberryArgument] = ()
    ) -> None:
        super().__init__(name, annotation, description, arguments)

    @property
    def is_basic_field(self) -> bool:
        return self.graphql_name in _OWN_OF_PAYLOADS

    def get_result(self, source: Payload, info: Info | None, args: list[Any], kwargs: Any) -> Any:
        match self.graphql_name:
            case "errors":
                return source.errors
            case "clientMutationId":
                return source.client_mutation_id
            case "deletedId":
                return source.ids[0] if source.ids else None
            case "deletedIds":
                return source.ids
            case "affectedCount":
                return source.count
            case _:
                assert info is not None, "what may stand in a payload several times gets an Info"
                return source.fields.get(str(info._raw_info.path.key))


_OWN_OF_PAYLOADS = {"errors", "clientMutationId", "deletedId", "deletedIds", "affectedCount"}
"""What a payload has once, under whichever alias it is asked for."""


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
