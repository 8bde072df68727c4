"""The catalog: what the mapped classes say, as frozen values. Nothing after the catalog looks at a mapper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from sqlalchemy import FromClause

from gqlcrud.catalog.column import Column, InputSchema, PresetColumn
from gqlcrud.catalog.policy import ModelPolicy
from gqlcrud.errors import ConfigurationError
from gqlcrud.hooks import Hooks
from gqlcrud.naming import path_name
from gqlcrud.options import Permission
from gqlcrud.scalars import BOOLEAN


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """Columns that together identify one record. name: its field in the unique selector (`BookBy`)."""

    name: str
    columns: tuple[Column, ...]

    @property
    def selectable(self) -> bool:
        """Whether clients may name a record by it: they may filter by all of its columns."""
        return all(column.filterable for column in self.columns)


class Orphan(Enum):
    """What becomes of a record that is taken out of a relation: its foreign key is set to NULL, it is deleted, or it
    may not be taken out."""

    NULLIFY = "nullify"
    DELETE = "delete"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, eq=False)
class SoftDeletion:
    """How a deleted record of a model is told from one that is there.

    column: a time or a date, NULL of a record that is there; or a flag that is `alive` then, or NULL.
    cascades: relations of the class, offered or not, whose records are marked along with a record.
    show_deleted: who may read deleted records; hard_delete: who may delete records wholly.
    """

    column: Column
    alive: bool
    show_deleted: Permission
    hard_delete: Permission
    cascades: tuple[Relation, ...] = ()

    @property
    def is_flag(self) -> bool:
        return self.column.scalar is BOOLEAN


@dataclass(frozen=True, slots=True)
class LinkDeletion:
    """The column of a link table that tells deleted links, by its key; `alive` as of a flag, None for a time."""

    key: str
    alive: bool | None


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """The table between two models.

    local: its column keys that equal the owner's `Relation.local`; remote: those that equal `Relation.remote`.
    unique: no pair of records is linked twice; exact: a constraint on just these columns says so.
    columns: what else the table holds, shown on the edge.
    entity: the class that the table is mapped to as well, if there is one. deletion: how the records of that class are
    marked as deleted: one that is links nothing.
    """

    table: FromClause
    local: tuple[str, ...]
    remote: tuple[str, ...]
    unique: bool
    exact: bool = False
    columns: tuple[Column, ...] = ()
    entity: type | None = None
    deletion: LinkDeletion | None = None


@dataclass(frozen=True, slots=True)
class OrderedBy:
    """One term of a relation's own order: a column of the target, or of the link."""

    column: Column
    descending: bool
    nulls_first: bool


@dataclass(frozen=True, slots=True, eq=False)
class Relation:
    """A relation from `owner` to `target`.

    local: columns of the owner whose values are the key that records are loaded by.
    remote: columns of the target (through `link`, if there is one) that equal `local`, one by one.
    custom: the join is not a plain comparison of columns; `local` is the owner's primary key then,
    `remote` is empty, and SQLAlchemy's attribute `key` gives the condition.
    unique: a constraint says that at most one record of the target belongs to a key.
    link_name: for links with columns of their own, what connection, edge and order types are named after.
    order: of its list, where a request gives none.
    writable: whether a write may change what it leads to. owns_key: `local` is the foreign key, else `remote` is, or the
    link holds it. late: the key is set after all else (`post_update`). orphan: what becomes of a record that is taken
    out. assured: the database refuses a key of `remote` that no record of another table has, and says so at once.
    """

    key: str
    name: str
    owner: type
    target: type
    many: bool
    nullable: bool
    description: str
    local: tuple[Column, ...]
    remote: tuple[Column, ...]
    link: Link | None = None
    custom: bool = False
    unique: bool = False
    link_name: str | None = None
    filterable: bool = True
    sortable: bool = True
    order: tuple[OrderedBy, ...] = ()
    writable: bool = False
    owns_key: bool = False
    late: bool = False
    orphan: Orphan = Orphan.REFUSE
    assured: bool = False

    def __repr__(self) -> str:
        return f"Relation({self.owner.__name__}.{self.key})"


@dataclass(frozen=True, slots=True)
class ColumnPath:
    """A column of a model, or of the records that relations lead to from it, one after the other."""

    relations: tuple[Relation, ...]
    column: Column

    @property
    def name(self) -> str:
        """`title`, `author.name`."""
        return ".".join([*(each.name for each in self.relations), self.column.name])

    @property
    def field(self) -> str:
        """The GraphQL field: `title`, `authorName`."""
        return path_name(self.name)


@dataclass(frozen=True, slots=True, eq=False)
class TextSearch:
    """The full text search of PostgreSQL. language: its text search configuration. vector: a `tsvector` column; None: the
    texts of the fields that are searched, columns of the model itself."""

    language: str
    vector: Column | None


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """What `search` looks into. text: how it does, if not word by word."""

    fields: tuple[ColumnPath, ...]
    text: TextSearch | None = None

    @property
    def has_choice(self) -> bool:
        """Whether a request may name some of the fields; a vector does not tell its texts apart."""
        return len(self.fields) > 1 and (self.text is None or self.text.vector is None)


@dataclass(frozen=True, slots=True)
class OwnField:
    """A field that the user adds to a generated type.

    origin: where it is written. requires: the attributes that its resolver reads.
    """

    name: str
    origin: str
    requires: tuple[Column | Relation, ...]


Member: TypeAlias = Column | Relation | OwnField


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """One mapped class. name: GraphQL type; one, many: the root fields; keys: the primary key first.

    version: the column that counts the changes of a record, for optimistic locking. read_only: no write is offered.
    global_id: whether clients know records by global ids, as `id`; False where names are those of Python's attributes.
    soft_deletion: how records are marked as deleted; None if they are deleted. presets: the columns that the API sets.
    stored: every column of its tables by attribute, those that the API does not offer among them.
    create_schema, update_schema: what the values of new records, and of patches, pass through. hooks: those of all
    models, then its own.
    search: what a search looks into, if there is one. facets: the columns whose values lists count. policy: what callers may
    do; None if everybody may do everything.
    """

    entity: type
    name: str
    one: str
    many: str
    description: str
    columns: tuple[Column, ...]
    relations: tuple[Relation, ...]
    keys: tuple[Key, ...]
    own_fields: tuple[OwnField, ...]
    fields_class: type | None
    page_size: int
    max_page_size: int
    version: Column | None = None
    read_only: bool = False
    global_id: bool = True
    soft_deletion: SoftDeletion | None = None
    presets: tuple[PresetColumn, ...] = ()
    members: Mapping[str, Member] = field(default_factory=dict)
    stored: Mapping[str, Column] = field(default_factory=dict)
    create_schema: InputSchema | None = None
    update_schema: InputSchema | None = None
    hooks: tuple[Hooks, ...] = ()
    search: Search | None = None
    facets: tuple[ColumnPath, ...] = ()
    policy: ModelPolicy | None = None

    @property
    def primary_key(self) -> tuple[Column, ...]:
        return self.keys[0].columns

    @property
    def origin(self) -> str:
        """The class, as errors name it."""
        return f"the class {self.entity.__module__}.{self.entity.__qualname__}"

    def __repr__(self) -> str:
        return f"Model({self.name})"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that the API does not offer, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Catalog:
    """All models of one API, by type name in alphabetical order, and what was left out."""

    models: tuple[Model, ...]
    left_out: tuple[LeftOut, ...]
    by_entity: Mapping[type, Model]
    by_name: Mapping[str, Model]

    def model(self, entity: type) -> Model:
        """The model of a mapped class. Raises ConfigurationError if it is none of this API's."""
        model = self.by_entity.get(entity)
        if model is None:
            known = ", ".join(sorted(each.__name__ for each in self.by_entity))
            raise ConfigurationError(f"{entity!r} is not a model of this API. Its models are: {known}.")
        return model
