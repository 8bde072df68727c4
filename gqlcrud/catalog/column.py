"""Columns of the catalog, and what values for them pass through, as frozen values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from pydantic import BaseModel
from sqlalchemy.types import TypeEngine

from gqlcrud.catalog.rule import Rule
from gqlcrud.scalars import Operator, Scalar


class Source(Enum):
    """Where a column's values come from.

    STORED: a column of the table. EXPRESSION: SQL, from a `column_property` or a `hybrid_property`.
    PYTHON: a `hybrid_property` that has no SQL form; it is computed from the other columns.
    LINK: a column of the table that links two models many-to-many.
    """

    STORED = "stored"
    EXPRESSION = "expression"
    PYTHON = "python"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Bounds:
    """The size of values that a column takes: texts of `length` characters, decimals of `precision` digits of which
    `scale` stand after the point. None is no bound."""

    length: int | None = None
    precision: int | None = None
    scale: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column of a model, or of a link table.

    key: attribute of the mapped class (of the link table's column, for LINK). name: GraphQL field.
    references: the class whose global id a foreign key holds; the GraphQL type is then ID.
    offered: False for a column that is fetched for a relation's sake and shown nowhere.
    read_only: never set by a client. generated: the database numbers it, so that no client needs to.
    required: a new record has to be given a value, since there is no default and NULL is not allowed.
    changeable: whether the database can make its next value of the one it has (`ops`): a number, JSON or an array that
    clients may set, and that neither names a record nor counts its versions.
    bounds, rules: what is known of the values that the database takes.
    """

    key: str
    name: str
    scalar: Scalar
    sql_type: TypeEngine[Any]
    nullable: bool
    description: str
    source: Source = Source.STORED
    references: type | None = None
    operators: tuple[Operator, ...] = ()
    sortable: bool = True
    deferred: bool = False
    read_only: bool = False
    offered: bool = True
    generated: bool = False
    required: bool = False
    bounds: Bounds = field(default_factory=lambda: Bounds())
    changeable: bool = False
    rules: tuple[Rule, ...] = ()

    @property
    def filterable(self) -> bool:
        return self.offered and bool(self.operators)

    @property
    def writable(self) -> bool:
        """Whether a client may give a value."""
        return self.offered and not self.read_only and self.source in (Source.STORED, Source.LINK)

    def __repr__(self) -> str:
        return f"Column({self.key})"


@dataclass(frozen=True, slots=True, eq=False)
class SchemaField:
    """A field of a Pydantic model that an input passes through.

    attribute: of the Pydantic model. key: under which it takes a value, its alias if it has one. name: GraphQL field.
    column: that its value is for; None for a virtual field, which has a `scalar` and a `description` of its own.
    needed: a value has to be given. nullable: it may be None.
    """

    attribute: str
    key: str
    name: str
    column: Column | None
    scalar: Scalar
    needed: bool
    nullable: bool
    description: str


@dataclass(frozen=True, slots=True, eq=False)
class InputSchema:
    """A Pydantic model that the values of a record pass through before they are written.

    schema: the model, in which a field that an input may leave out has a default. places: what it may call a field in
    an error -> the field. partial: it is for patches, so that only what is given counts. exclusive: columns that it has
    no field for are no part of the input.
    """

    schema: type[BaseModel]
    fields: tuple[SchemaField, ...]
    places: Mapping[str, SchemaField]
    partial: bool
    exclusive: bool

    @property
    def virtual(self) -> tuple[SchemaField, ...]:
        return tuple(each for each in self.fields if each.column is None)

    def field_of(self, column: Column) -> SchemaField | None:
        return next((each for each in self.fields if each.column is not None and each.column.key == column.key), None)

    def offers(self, column: Column) -> bool:
        """Whether the column is a part of the input, as far as the Pydantic model says."""
        return not self.exclusive or self.field_of(column) is not None

    def needs(self, column: Column) -> bool:
        """Whether the input has to give the column a value; the Pydantic model may give it one itself."""
        field = self.field_of(column)
        return column.required if field is None else field.needed

    def requires(self, column: Column) -> bool:
        """Whether the input has to give the column a value that is not null."""
        field = self.field_of(column)
        return self.needs(column) and (field is None or not field.nullable)


@dataclass(frozen=True, slots=True, eq=False)
class PresetColumn:
    """A column that the API sets to what `value` gives for the request's context, when a record is made or changed."""

    column: Column
    value: Callable[[Any], Any]
    on_create: bool
    on_update: bool
