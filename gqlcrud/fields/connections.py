"""The fields of connections and edges."""

from __future__ import annotations

from typing import Any

from strawberry.relay import PageInfo
from strawberry.types import Info

from gqlcrud.catalog import Column
from gqlcrud.execution import Connection, Edge
from gqlcrud.fields.generated import GeneratedField
from gqlcrud.keys import encode_id
from gqlcrud.rendering import ShownColumn, ShownId, ShownPart
from gqlcrud.statements.unreadable import readable


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


_SHOWN_PARTS = {"nodes", "edges", "pageInfo", "totalCount", "facets"}


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
