"""What an Api shows to whom, as frozen values: models, columns, operations, switches. No policy is asked for anything."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Right(Enum):
    """Who may do something. ASKED: a function says it of each request."""

    EVERYBODY = "everybody"
    ASKED = "function"
    NOBODY = "nobody"


class Extent(Enum):
    """With which records something may be done. CONDITION: one that is the same for all callers."""

    ALL = "all"
    CONDITION = "condition"
    ASKED = "function"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Member:
    """A column or a relation of a model. key: the attribute of the class. kind: its type, `[Book]` of a list of records."""

    key: str
    name: str
    kind: str
    read: Right
    filter: Right
    order: Right
    write: Right


@dataclass(frozen=True, slots=True)
class ExposedModel:
    """What there is of one model.

    entity: the name of its class. fields: its root fields that read. operations: those that there are, with who has them.
    policy: whether anything says who may read or write its records. reads, creates, updates, deletes: which records; NONE
    where nobody has the operation. search, facets, own_fields: by their GraphQL names.
    """

    entity: str
    name: str
    fields: tuple[str, ...]
    policy: bool
    operations: tuple[tuple[str, Right], ...]
    reads: Extent
    creates: Extent
    updates: Extent
    deletes: Extent
    members: tuple[Member, ...]
    search: tuple[str, ...]
    facets: tuple[str, ...]
    own_fields: tuple[str, ...]
    deleted_shown: Right | None = None
    hard_delete: Right | None = None


@dataclass(frozen=True, slots=True)
class Exposure:
    """What there is of an Api. queries, mutations: root fields of the user's own, which no policy holds for.

    switches: what is on and off, in words, by name. limits: by name, None for no bound.
    """

    database: str
    models: tuple[ExposedModel, ...]
    queries: tuple[str, ...]
    mutations: tuple[str, ...]
    switches: tuple[tuple[str, str], ...]
    limits: tuple[tuple[str, float | None], ...]
