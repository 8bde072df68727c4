"""What a generated field shows of the value that it stands on, as values: the fields say it, shapes are made of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from gqlcrud.catalog import Column, Relation


@dataclass(frozen=True, slots=True)
class ShownColumn:
    """A column of the record, or of the edge; of a JSON column what stands at its argument `path`."""

    column: Column


@dataclass(frozen=True, slots=True)
class ShownId:
    """A global id of `type_name`, of columns of the record, or of the edge."""

    columns: tuple[Column, ...]
    type_name: str


@dataclass(frozen=True, slots=True)
class ShownRelation:
    relation: Relation


@dataclass(frozen=True, slots=True)
class ShownFacet:
    """A facet of a list, called `name` in its plan. target: the type whose global ids its values are, if any."""

    name: str
    column: Column
    target: str | None


class ShownPart(Enum):
    """A part of a connection, of an edge, or of a value of a facet."""

    NODES = "nodes"
    EDGES = "edges"
    PAGE_INFO = "pageInfo"
    TOTAL_COUNT = "totalCount"
    CURSOR = "cursor"
    NODE = "node"
    FACETS = "facets"
    VALUE = "value"
    COUNT = "count"


class ShownPayload(Enum):
    """A part of the payload of a mutation. RECORD and RECORDS are what was written, under the name of the model."""

    ERRORS = "errors"
    CLIENT_MUTATION_ID = "clientMutationId"
    DELETED_ID = "deletedId"
    DELETED_IDS = "deletedIds"
    AFFECTED_COUNT = "affectedCount"
    RECORD = "record"
    RECORDS = "records"


Shown: TypeAlias = ShownColumn | ShownId | ShownRelation | ShownFacet | ShownPart | ShownPayload
