"""The fields of generated types: what each gives for the value it stands on. Strawberry calls `get_result`."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from strawberry.annotation import StrawberryAnnotation
from strawberry.relay import PageInfo
from strawberry.types import Info
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from gqlcrud.catalog import Column, Model, Relation
from gqlcrud.context import ApiKey, Operation, running_operation
from gqlcrud.errors import ErrorCode, RequestError
from gqlcrud.execution import Connection, Edge, Record, python_value, related_of
from gqlcrud.keys import decode_node_id, encode_id
from gqlcrud.plan import PagePlan, RecordPlan
from gqlcrud.rendering import NotRendered, RecordShape, Rendered, Shown, ShownColumn, ShownId, ShownPart, ShownRelation
from gqlcrud.selection import RESOLVED, read_selection
from gqlcrud.statements import value_at
from gqlcrud.statements.unreadable import readable


class GeneratedField(StrawberryField):
    """A field of ours. One without arguments is resolved from its source alone, without an `Info`.

    shows: what it shows of the value that it stands on, for what is rendered without being resolved; None if that has to
    be asked of the field.
    """

    def __init__(
        self,
        name: str,
        annotation: Any,
        description: str,
        arguments: Sequence[StrawberryArgument] = (),
        *,
        python_name: str | None = None,
        shows: Shown | None = None,
    ) -> None:
        super().__init__(
            python_name=python_name or name,
            graphql_name=name,
            type_annotation=StrawberryAnnotation(annotation),
            description=description,
        )
        self.arguments = list(arguments)
        self.shows = shows

    @property
    def is_basic_field(self) -> bool:
        return False


class ColumnField(GeneratedField):
    """A column: the attribute of the record, or of a mapped instance that a user's resolver gave."""

    def __init__(self, column: Column, annotation: Any) -> None:
        super().__init__(column.name, annotation, column.description, python_name=column.key, shows=ShownColumn(column))

    @property
    def is_basic_field(self) -> bool:
        return True


class IdField(GeneratedField):
    """The global id of a record, or of the record that a foreign key points at."""

    def __init__(
        self, name: str, annotation: Any, description: str, columns: tuple[Column, ...], type_name: str
    ) -> None:
        super().__init__(name, annotation, description, shows=ShownId(columns, type_name))
        self.columns = columns
        self.type_name = type_name

    @property
    def is_basic_field(self) -> bool:
        return True

    def get_result(self, source: Any, info: Info | None, args: list[Any], kwargs: Any) -> Any:
        values = [getattr(source, column.key) for column in self.columns]
        return None if None in values else encode_id(self.type_name, self.columns, values)


class PythonField(GeneratedField):
    """A hybrid property without a SQL form."""

    def __init__(self, column: Column, annotation: Any, model: Model) -> None:
        super().__init__(column.name, annotation, column.description)
        self.column = column
        self.model = model

    @property
    def is_basic_field(self) -> bool:
        return True

    def get_result(self, source: Any, info: Info | None, args: list[Any], kwargs: Any) -> Any:
        return python_value(source, self.column, self.model)


class JsonField(GeneratedField):
    """A JSON column, or what stands at a path in it."""

    def __init__(self, column: Column, annotation: Any, arguments: Sequence[StrawberryArgument]) -> None:
        super().__init__(column.name, annotation, column.description, arguments, shows=ShownColumn(column))
        self.column = column

    def get_result(self, source: Any, info: Info | None, args: list[Any], kwargs: Any) -> Any:
        value = getattr(source, self.column.key)
        path = kwargs.get("path")
        return value if path is None else value_at(value, path)


class RelationField(GeneratedField):
    """A relation. Its records were loaded with their parents, where the parents were planned; else they are loaded
    here, together with those of all parents that are resolved at the same time."""

    def __init__(
        self, api: ApiKey, relation: Relation, annotation: Any, arguments: Sequence[StrawberryArgument]
    ) -> None:
        super().__init__(relation.name, annotation, relation.description, arguments, shows=ShownRelation(relation))
        self.api = api
        self.relation = relation

    def get_result(self, source: Any, info: Info | None, args: list[Any], kwargs: Any) -> Any:
        assert info is not None, "fields with arguments get an Info"
        key = info._raw_info.path.key
        if isinstance(source, Record) and key in (related := related_of(source)):
            value = related[key]
            return Connection(value, str(key)) if self.relation.many else value
        return self._load(source, info)

    async def _load(self, source: Any, info: Info) -> Any:
        operation = running_operation(self.api)
        plan = operation.relation_plan(info._raw_info, self.relation)
        values = tuple(getattr(source, column.key) for column in self.relation.local)
        if isinstance(plan, PagePlan):
            return Connection(await operation.reader.related_page(plan, values), RESOLVED)
        if None in values:
            return None
        (found,) = await operation.reader.records(plan, [values])
        return found[RESOLVED] if found is not None else None


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
        selection = read_selection(info._raw_info)
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
        selection = read_selection(info._raw_info)
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
            selection = read_selection(info._raw_info, model.name)
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


class ConnectionField(GeneratedField):
    """`nodes`, `edges`, `pageInfo`, `totalCount` or `facets` of a connection."""

    def __init__(self, name: str, annotation: Any, description: str) -> None:
        shown = ShownPart(name) if name in _SHOWN_PARTS else None
        super().__init__(name, annotation, description, shows=shown)

    def get_result(self, source: Connection, info: Info | None, args: list[Any], kwargs: Any) -> Any:
        assert info is not None, "connection fields get an Info"
        page, key = source.page, str(info._raw_info.path.key)
        match self.graphql_name:
            case "nodes":
                return page.records[(source.key, key)]
            case "edges":
                return [Edge(page, index, (source.key, key)) for index in range(page.count)]
            case "totalCount":
                return page.total_count
            case "facets":
                return page
            case _:
                return PageInfo(
                    has_next_page=page.has_next_page,
                    has_previous_page=page.has_previous_page,
                    start_cursor=page.cursors[0] if page.cursors else None,
                    end_cursor=page.cursors[-1] if page.cursors else None,
                )


_SHOWN_PARTS = {each.value for each in ShownPart}


class NodeField(GeneratedField):
    """`node` of an edge."""

    def __init__(self, name: str, annotation: Any, description: str) -> None:
        super().__init__(name, annotation, description, shows=ShownPart.NODE)

    def get_result(self, source: Edge, info: Info | None, args: list[Any], kwargs: Any) -> Any:
        assert info is not None, "edge fields get an Info"
        return source.page.records[(*source.path, str(info._raw_info.path.key))][source.index]


class CursorField(GeneratedField):
    """`cursor` of an edge."""

    def __init__(self, name: str, annotation: Any, description: str) -> None:
        super().__init__(name, annotation, description, shows=ShownPart.CURSOR)

    @property
    def is_basic_field(self) -> bool:
        return True

    def get_result(self, source: Edge, info: Info | None, args: list[Any], kwargs: Any) -> Any:
        return source.page.cursors[source.index]


class EdgeColumnField(GeneratedField):
    """A column of the link table, on the edge; a foreign key is the global id of a `target`."""

    def __init__(self, column: Column, annotation: Any, target: str | None) -> None:
        shown = ShownColumn(column) if target is None else ShownId((column,), target)
        super().__init__(column.name, annotation, column.description, shows=shown)
        self.column = column
        self.target = target

    @property
    def is_basic_field(self) -> bool:
        return True

    def get_result(self, source: Edge, info: Info | None, args: list[Any], kwargs: Any) -> Any:
        value = readable(source.page.edges[source.index][self.column.key])
        return value if value is None or self.target is None else encode_id(self.target, [self.column], [value])
