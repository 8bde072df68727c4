"""A selection over generated types in, what the response shows of it out; None where a field of the user's own stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import GraphQLObjectType, GraphQLSchema, get_named_type, is_non_null_type
from strawberry.schema.schema_converter import GraphQLCoreConverter

from gqlcrud.catalog import Column
from gqlcrud.options import Limits
from gqlcrud.rendering.leaves import Leaf, leaf
from gqlcrud.rendering.shown import ShownColumn, ShownFacet, ShownId, ShownPart, ShownRelation
from gqlcrud.selection import Selection


@dataclass(frozen=True, slots=True, eq=False)
class Typename:
    key: str
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class LeafShape:
    """A column of the record, or of the edge; `path` leads into its JSON value."""

    key: str
    column: Column
    leaf: Leaf
    path: list[str] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class IdShape:
    """A global id of `type_name`, of the values of `columns`."""

    key: str
    columns: tuple[Column, ...]
    type_name: str
    nullable: bool


@dataclass(frozen=True, slots=True, eq=False)
class OneShape:
    """A record that a relation leads to."""

    key: str
    record: RecordShape
    nullable: bool


@dataclass(frozen=True, slots=True, eq=False)
class ManyShape:
    """A connection that a relation leads to."""

    key: str
    connection: ConnectionShape


RecordPart: TypeAlias = Typename | LeafShape | IdShape | OneShape | ManyShape


@dataclass(frozen=True, slots=True, eq=False)
class RecordShape:
    """What is shown of a record, in the order of the response. forks: whether records of one statement lead to those of
    several, here or further down, which may ask for the same then."""

    parts: tuple[RecordPart, ...]
    forks: bool


@dataclass(frozen=True, slots=True, eq=False)
class NodesShape:
    key: str
    record: RecordShape


@dataclass(frozen=True, slots=True, eq=False)
class CursorShape:
    key: str


@dataclass(frozen=True, slots=True, eq=False)
class EdgesShape:
    """Edges: cursors, records, columns of the link."""

    key: str
    parts: tuple[Typename | CursorShape | NodesShape | LeafShape | IdShape, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PageInfoShape:
    """parts: response key and field of PageInfo."""

    key: str
    parts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, eq=False)
class TotalShape:
    key: str


@dataclass(frozen=True, slots=True, eq=False)
class FacetShape:
    """A facet of a page: at most `limit` of its values. parts: what is shown of each; a `Leaf` for the value itself, which is
    a global id if `shown` has a target, and None for the count."""

    key: str
    shown: ShownFacet
    limit: int
    parts: tuple[Typename | tuple[str, Leaf | None], ...]


@dataclass(frozen=True, slots=True, eq=False)
class FacetsShape:
    key: str
    parts: tuple[Typename | FacetShape, ...]


ConnectionPart: TypeAlias = Typename | NodesShape | EdgesShape | PageInfoShape | TotalShape | FacetsShape


@dataclass(frozen=True, slots=True, eq=False)
class ConnectionShape:
    """What is shown of a page, in the order of the response. forks: as of a record."""

    parts: tuple[ConnectionPart, ...]
    forks: bool


class OpenShapeError(Exception):
    """A field of the user's own stands in the selection."""


SHAPING = ("path", "limit")
"""Arguments that shapes are made of: those of JSON columns and of facets."""


def record_shape(selection: Selection, schema: GraphQLSchema, type_name: str, limits: Limits) -> RecordShape | None:
    """What a selection shows of the records of an object type; None if graphql-core has to walk them."""
    try:
        return ShapeReader(schema, limits).record(selection.children, type_name)
    except OpenShapeError:
        return None


def connection_shape(
    selection: Selection, schema: GraphQLSchema, type_name: str, limits: Limits
) -> ConnectionShape | None:
    """What a selection shows of a connection type; None if graphql-core has to walk it."""
    try:
        return ShapeReader(schema, limits).connection(selection.children, type_name)
    except OpenShapeError:
        return None


@dataclass(frozen=True, slots=True)
class ShapeReader:
    """Reads the shapes of the object types of a schema. Raises OpenShapeError where graphql-core has to walk them."""

    schema: GraphQLSchema
    limits: Limits

    def record(self, selections: Iterable[Selection], type_name: str) -> RecordShape:
        named = self.object(type_name)
        parts = tuple(self._record_part(each, named) for each in selections)
        ones = [part.record.forks for part in parts if isinstance(part, OneShape)]
        manies = [part.connection.forks for part in parts if isinstance(part, ManyShape)]
        return RecordShape(parts, len(ones) + len(manies) > 1 or any(ones) or any(manies))

    def _record_part(self, selection: Selection, owner: GraphQLObjectType) -> RecordPart:
        if selection.name == "__typename":
            return Typename(selection.key, owner.name)
        output, shown = self.field(selection.name, owner)
        inner = get_named_type(output).name
        match shown:
            case ShownRelation(relation) if relation.many:
                return ManyShape(selection.key, self.connection(selection.children, inner))
            case ShownRelation():
                return OneShape(selection.key, self.record(selection.children, inner), not is_non_null_type(output))
            case ShownId(columns, name):
                return IdShape(selection.key, columns, name, not is_non_null_type(output))
            case ShownColumn(column):
                return LeafShape(selection.key, column, leaf(output), selection.arguments.get("path"))
            case _:
                raise OpenShapeError

    def connection(self, selections: Iterable[Selection], type_name: str) -> ConnectionShape:
        named = self.object(type_name)
        parts = tuple(self._connection_part(each, named) for each in selections)
        records = [part.record.forks for part in parts if isinstance(part, NodesShape)]
        edges = [edge for part in parts if isinstance(part, EdgesShape) for edge in part.parts]
        records += [edge.record.forks for edge in edges if isinstance(edge, NodesShape)]
        return ConnectionShape(parts, len(records) > 1 or any(records))

    def _connection_part(self, selection: Selection, owner: GraphQLObjectType) -> ConnectionPart:
        if selection.name == "__typename":
            return Typename(selection.key, owner.name)
        output, shown = self.field(selection.name, owner)
        inner = get_named_type(output).name
        match shown:
            case ShownPart.NODES:
                return NodesShape(selection.key, self.record(selection.children, inner))
            case ShownPart.EDGES:
                edge = self.object(inner)
                return EdgesShape(selection.key, tuple(self._edge_part(each, edge) for each in selection.children))
            case ShownPart.PAGE_INFO:
                return PageInfoShape(selection.key, tuple((each.key, each.name) for each in selection.children))
            case ShownPart.TOTAL_COUNT:
                return TotalShape(selection.key)
            case ShownPart.FACETS:
                facets = self.object(inner)
                return FacetsShape(selection.key, tuple(self._facet(each, facets) for each in selection.children))
            case _:
                raise OpenShapeError

    def _facet(self, selection: Selection, owner: GraphQLObjectType) -> Typename | FacetShape:
        if selection.name == "__typename":
            return Typename(selection.key, owner.name)
        output, shown = self.field(selection.name, owner)
        if not isinstance(shown, ShownFacet):
            raise OpenShapeError
        value = self.object(get_named_type(output).name)
        parts = tuple(self._facet_part(each, value) for each in selection.children)
        return FacetShape(selection.key, shown, self.limits.facet_limit(selection.arguments.get("limit")), parts)

    def _facet_part(self, selection: Selection, owner: GraphQLObjectType) -> Typename | tuple[str, Leaf | None]:
        if selection.name == "__typename":
            return Typename(selection.key, owner.name)
        output, shown = self.field(selection.name, owner)
        match shown:
            case ShownPart.VALUE:
                return selection.key, leaf(output)
            case ShownPart.COUNT:
                return selection.key, None
            case _:
                raise OpenShapeError

    def _edge_part(
        self, selection: Selection, owner: GraphQLObjectType
    ) -> Typename | CursorShape | NodesShape | LeafShape | IdShape:
        if selection.name == "__typename":
            return Typename(selection.key, owner.name)
        output, shown = self.field(selection.name, owner)
        match shown:
            case ShownPart.CURSOR:
                return CursorShape(selection.key)
            case ShownPart.NODE:
                return NodesShape(selection.key, self.record(selection.children, get_named_type(output).name))
            case ShownColumn(column):
                return LeafShape(selection.key, column, leaf(output))
            case ShownId(columns, name):
                return IdShape(selection.key, columns, name, not is_non_null_type(output))
            case _:
                raise OpenShapeError

    def object(self, name: str) -> GraphQLObjectType:
        named = self.schema.type_map[name]
        if not isinstance(named, GraphQLObjectType):
            raise OpenShapeError
        return named

    def field(self, name: str, owner: GraphQLObjectType) -> tuple[Any, Any]:
        """The type of a field, and what it shows. A field extension of the user's own may change that."""
        field = owner.fields[name]
        definition: Any = (field.extensions or {}).get(GraphQLCoreConverter.DEFINITION_BACKREF)
        if getattr(definition, "extensions", None):
            raise OpenShapeError
        return field.type, getattr(definition, "shows", None)
