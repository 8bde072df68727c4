"""The fields of records: columns, global ids, relations. Strawberry calls `get_result`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from strawberry.types import Info
from strawberry.types.arguments import StrawberryArgument

from gqlcrud.catalog import Column, Model, Relation
from gqlcrud.context import ApiKey, running_operation
from gqlcrud.execution import Connection, Record, python_value, related_of
from gqlcrud.fields.generated import GeneratedField
from gqlcrud.keys import encode_id
from gqlcrud.plan import PagePlan
from gqlcrud.rendering import ShownColumn, ShownId, ShownRelation
from gqlcrud.selection import RESOLVED
from gqlcrud.statements import value_at


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
