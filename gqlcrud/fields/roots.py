"""The root fields that read: lists, records by key, nodes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeAlias

from strawberry.types import Info
from strawberry.types.arguments import StrawberryArgument

from gqlcrud.catalog import Model
from gqlcrud.context import ApiKey, Operation, running_operation
from gqlcrud.errors import ErrorCode, RequestError
from gqlcrud.execution import Connection, Record
from gqlcrud.fields.generated import GeneratedField
from gqlcrud.keys import decode_node_id
from gqlcrud.plan import PagePlan, RecordPlan
from gqlcrud.rendering import NotRendered, OpenSelection, RecordShape, Rendered
from gqlcrud.selection import RESOLVED, FieldInfo, Selection

Key: TypeAlias = tuple[Any, ...]
Node: TypeAlias = tuple[Model, Key]


class ReadField(GeneratedField, ABC):
    """A root field that reads. `render` gives what the response shows, where nothing has to be resolved below the field."""

    api: ApiKey

    @abstractmethod
    async def render(self, operation: Operation, info: FieldInfo) -> Rendered:
        """Raises NotRendered where graphql-core has to walk what is selected, or to tell of an error in it."""

    @abstractmethod
    async def walked(self, operation: Operation, info: FieldInfo) -> Any:
        """What graphql-core walks."""

    def get_result(self, source: Any, info: Info | None, args: list[Any], kwargs: Any) -> Awaitable[Any]:
        assert info is not None, "fields with arguments get an Info"
        return self._resolve(info._raw_info)

    async def _resolve(self, info: FieldInfo) -> Any:
        operation = running_operation(self.api)
        if operation.renders:
            with suppress(NotRendered):
                return await self.render(operation, info)
        return await self.walked(operation, info)


class PageField(ReadField):
    """A root field that lists the records of a model."""

    def __init__(self, api: ApiKey, model: Model, annotation: Any, arguments: Sequence[StrawberryArgument]) -> None:
        description = f"The {model.name} records that meet `where`, in the order of `orderBy`, then of the primary key."
        super().__init__(model.many, annotation, description, arguments)
        self.api = api
        self.model = model

    async def render(self, operation: Operation, info: FieldInfo) -> Rendered:
        selection = operation.selections.read(info)
        shape = operation.connection_shape(info, selection)
        if shape is None:
            raise OpenSelection
        return Rendered(await operation.renderer.page(self._plan(operation, info, selection), shape, RESOLVED))

    async def walked(self, operation: Operation, info: FieldInfo) -> Connection:
        plan = self._plan(operation, info, operation.selections.read(info))
        return Connection(await operation.reader.page(plan), RESOLVED)

    def _plan(self, operation: Operation, info: FieldInfo, selection: Selection) -> PagePlan:
        operation.planner.visibility.check_operation("list", self.model)
        return operation.bounded(id(info.field_nodes[0]), operation.planner.page(selection, self.model), at=info)


class RecordField(ReadField):
    """A root field that gives one record by a unique key."""

    def __init__(self, api: ApiKey, model: Model, annotation: Any, arguments: Sequence[StrawberryArgument]) -> None:
        description = f"The {model.name} that `by` names, or null if there is none."
        super().__init__(model.one, annotation, description, arguments)
        self.api = api
        self.model = model

    async def render(self, operation: Operation, info: FieldInfo) -> Rendered:
        selection = operation.selections.read(info)
        shape = operation.record_shape(info, selection)
        if shape is None:
            raise OpenSelection
        plan, values = self._plan(operation, info, selection)
        (rendered,) = await operation.renderer.records(plan, shape, RESOLVED, [values])
        return Rendered(rendered)

    async def walked(self, operation: Operation, info: FieldInfo) -> Record | None:
        plan, values = self._plan(operation, info, operation.selections.read(info))
        (found,) = await operation.reader.records(plan, [values])
        return found[RESOLVED] if found is not None else None

    def _plan(self, operation: Operation, info: FieldInfo, selection: Selection) -> tuple[RecordPlan, tuple[Any, ...]]:
        """The plan, and the key that is asked for."""
        operation.planner.visibility.check_operation("get", self.model)
        try:
            key, values = operation.planner.selector(selection.arguments["by"], self.model)
        except RequestError as error:
            raise error.below("by") from None
        plan = operation.planner.record(selection, self.model, key.columns)
        return operation.bounded(id(info.field_nodes[0]), plan, at=info), values


class NodesField(ReadField):
    """`node(id)` and `nodes(ids)`: records of any model by global id; null for an id that leads to none."""

    def __init__(self, api: ApiKey, name: str, annotation: Any, description: str, argument: StrawberryArgument) -> None:
        super().__init__(name, annotation, description, [argument])
        self.api = api
        self.many = name == "nodes"

    async def render(self, operation: Operation, info: FieldInfo) -> Rendered:
        nodes = self._nodes(operation, info)
        asked: list[tuple[Model, RecordPlan, RecordShape, list[Key]]] = []
        for model, keys in _by_model(nodes).items():
            selection = operation.selections.read(info, model.name)
            shape = operation.record_shape(info, selection, model.name)
            if shape is None:
                raise OpenSelection
            asked.append((model, self._plan(operation, info, selection, model, keys), shape, keys))
        found: dict[Node | None, Any] = {None: None}
        renderer = replace(operation.renderer, alone=operation.alone and len(asked) == 1)
        async with operation.connection.reading():
            for model, plan, shape, keys in asked:
                shown = await renderer.records(plan, shape, RESOLVED, keys)
                found |= {(model, key): each for key, each in zip(keys, shown, strict=True)}
        return Rendered(self._given([found[node] for node in nodes]))

    async def walked(self, operation: Operation, info: FieldInfo) -> Any:
        nodes = self._nodes(operation, info)
        found: dict[Node | None, Record | None] = {None: None}
        async with operation.connection.reading():
            for model, keys in _by_model(nodes).items():
                selection = operation.selections.read(info, model.name)
                plan = self._plan(operation, info, selection, model, keys)
                for key, views in zip(keys, await operation.reader.records(plan, keys), strict=True):
                    found[model, key] = views[RESOLVED] if views is not None else None
        return self._given([found[node] for node in nodes])

    def _plan(
        self, operation: Operation, info: FieldInfo, selection: Selection, model: Model, keys: Sequence[Key]
    ) -> RecordPlan:
        plan = operation.planner.record(selection, model, model.primary_key)
        return operation.bounded((id(info.field_nodes[0]), model.name), plan, len(keys), at=info)

    def _nodes(self, operation: Operation, info: FieldInfo) -> list[Node | None]:
        """What each id names, in their order."""
        arguments = operation.selections.read(info).arguments
        texts = arguments["ids"] if self.many else [arguments["id"]]
        maximum = operation.planner.limits.max_node_ids
        if len(texts) > maximum:
            raise RequestError(f"nodes takes at most {maximum} ids; these are {len(texts)}.", ErrorCode.LIMIT, ("ids",))
        nodes = [decode_node_id(text, operation.catalog) for text in texts]
        offers = operation.planner.visibility.offers
        return [node if node is not None and offers("get", node[0]) else None for node in nodes]

    def _given(self, records: list[Any]) -> Any:
        return records if self.many else records[0]


def _by_model(nodes: Sequence[Node | None]) -> dict[Model, list[Key]]:
    """Each key once: one statement reads those of a type."""
    found: dict[Model, dict[Key, None]] = {}
    for node in nodes:
        if node is not None:
            found.setdefault(node[0], {})[node[1]] = None
    return {model: list(keys) for model, keys in found.items()}
