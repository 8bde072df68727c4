"""The root fields that read: lists, records by key, nodes."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from strawberry.types import Info
from strawberry.types.arguments import StrawberryArgument

from gqlcrud.catalog import Model
from gqlcrud.context import ApiKey, Operation, running_operation
from gqlcrud.errors import ErrorCode, RequestError
from gqlcrud.execution import Connection, Record
from gqlcrud.fields.generated import GeneratedField
from gqlcrud.keys import decode_node_id
from gqlcrud.plan import RecordPlan
from gqlcrud.rendering import NotRendered, RecordShape, Rendered
from gqlcrud.selection import RESOLVED, read_selection


class PageField(GeneratedField):
    """A root field that lists the records of a model."""

    def __init__(self, api: ApiKey, model: Model, annotation: Any, arguments: Sequence[StrawberryArgument]) -> None:
        description = f"The {model.name} records that meet `where`, in the order of `orderBy`, then of the primary key."
        super().__init__(model.many, annotation, description, arguments)
        self.api = api
        self.model = model

    def get_result(self, source: Any, info: Info | None, args: list[Any], kwargs: Any) -> Awaitable[Any]:
        assert info is not None, "fields with arguments get an Info"
        return self._page(info)

    async def _page(self, info: Info) -> Connection | Rendered:
        operation = running_operation(self.api)
        operation.planner.visibility.check_operation("list", self.model)
        selection = operation.selections.read(info._raw_info)
        plan = operation.planner.page(selection, self.model)
        shape = operation.connection_shape(info._raw_info, selection)
        if shape is not None:
            with suppress(NotRendered):
                return Rendered(await operation.renderer.page(plan, shape, RESOLVED))
        return Connection(await operation.reader.page(plan), RESOLVED)


class RecordField(GeneratedField):
    """A root field that gives one record by a unique key."""

    def __init__(self, api: ApiKey, model: Model, annotation: Any, arguments: Sequence[StrawberryArgument]) -> None:
        description = f"The {model.name} that `by` names, or null if there is none."
        super().__init__(model.one, annotation, description, arguments)
        self.api = api
        self.model = model

    def get_result(self, source: Any, info: Info | None, args: list[Any], kwargs: Any) -> Awaitable[Any]:
        assert info is not None, "fields with arguments get an Info"
        return self._record(info)

    async def _record(self, info: Info) -> Record | Rendered | None:
        operation = running_operation(self.api)
        operation.planner.visibility.check_operation("get", self.model)
        selection = operation.selections.read(info._raw_info)
        try:
            key, values = operation.planner.selector(selection.arguments["by"], self.model)
        except RequestError as error:
            raise error.below("by") from None
        plan = operation.planner.record(selection, self.model, key.columns)
        shape = operation.record_shape(info._raw_info, selection)
        if shape is not None:
            with suppress(NotRendered):
                (rendered,) = await operation.renderer.records(plan, shape, RESOLVED, [values])
                return Rendered(rendered)
        (found,) = await operation.reader.records(plan, [values])
        return found[RESOLVED] if found is not None else None


class NodesField(GeneratedField):
    """`node(id)` and `nodes(ids)`: records of any model by global id; null for an id that leads to none."""

    def __init__(self, api: ApiKey, name: str, annotation: Any, description: str, argument: StrawberryArgument) -> None:
        super().__init__(name, annotation, description, [argument])
        self.api = api

    def get_result(self, source: Any, info: Info | None, args: list[Any], kwargs: Any) -> Awaitable[Any]:
        assert info is not None, "fields with arguments get an Info"
        return self._one(info, kwargs["id"]) if "id" in kwargs else self._many(info, kwargs["ids"])

    async def _one(self, info: Info, text: str) -> Record | Rendered | None:
        found = await self._many(info, [text])
        return Rendered(found.value[0]) if isinstance(found, Rendered) else found[0]

    async def _many(self, info: Info, texts: Sequence[str]) -> list[Record | None] | Rendered:
        """In the order of `texts`; one statement for each type among them."""
        operation = running_operation(self.api)
        maximum = operation.planner.limits.max_node_ids
        if len(texts) > maximum:
            raise RequestError(f"nodes takes at most {maximum} ids; these are {len(texts)}.", ErrorCode.LIMIT, ("ids",))
        nodes = [decode_node_id(text, operation.catalog) for text in texts]
        nodes = [node if node and operation.planner.visibility.offers("get", node[0]) else None for node in nodes]
        wanted: dict[Model, dict[tuple[Any, ...], None]] = {}
        for node in nodes:
            if node is not None:
                wanted.setdefault(node[0], {})[node[1]] = None
        found = await self._rendered(operation, info, wanted) if operation.renders else None
        if found is not None:
            return Rendered([None if node is None else found[node] for node in nodes])
        found = {}
        async with operation.connection.reading():
            for model, keys in wanted.items():
                plan = operation.planner.record(read_selection(info._raw_info, model.name), model, model.primary_key)
                records = await operation.reader.records(plan, list(keys))
                for each, views in zip(keys, records, strict=True):
                    found[model, each] = views[RESOLVED] if views is not None else None
        return [None if node is None else found[node] for node in nodes]

    async def _rendered(
        self, operation: Operation, info: Info, wanted: Mapping[Model, Mapping[tuple[Any, ...], None]]
    ) -> dict[tuple[Model, tuple[Any, ...]], Any] | None:
        """What is shown of each record; None if graphql-core has to walk those of any model, of which none is read then."""
        asked: list[tuple[Model, RecordPlan, RecordShape]] = []
        for model in wanted:
            selection = operation.selections.read(info._raw_info, model.name)
            shape = operation.record_shape(info._raw_info, selection, model.name)
            if shape is None:
                return None
            asked.append((model, operation.planner.record(selection, model, model.primary_key), shape))
        found: dict[tuple[Model, tuple[Any, ...]], Any] = {}
        try:
            async with operation.connection.reading():
                for model, plan, shape in asked:
                    keys = list(wanted[model])
                    shown = await operation.renderer.records(plan, shape, RESOLVED, keys)
                    found |= {(model, key): each for key, each in zip(keys, shown, strict=True)}
        except NotRendered:
            return None
        return found
