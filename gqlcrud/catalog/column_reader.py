"""One column, expression or property of a class in, its `Column` out: its name, scalar, operators and description."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import NullType, TypeEngine

from gqlcrud.catalog.annotations import AnnotationReader
from gqlcrud.catalog.column import Column, Source
from gqlcrud.catalog.enums import EnumTypes
from gqlcrud.catalog.model import LeftOut
from gqlcrud.catalog.rules import read_rules
from gqlcrud.catalog.stored_values import bounds_of, is_computable, is_computed, is_generated, is_nullable, needs_value
from gqlcrud.errors import ConfigurationError
from gqlcrud.naming import camel_name, member_name
from gqlcrud.options import ModelOptions
from gqlcrud.scalars import (
    OPT_IN,
    STRING,
    TEXT,
    Operator,
    Scalar,
    array_scalar,
    scalar_for,
    wrapped_type,
)

_NO_NOUN = re.compile(r"^(is|has|can|was|with)_|_(at|on|by|in|to|from)$")


@dataclass(frozen=True, slots=True)
class ColumnReader:
    """Reads the columns of one class; `left_out` collects what `skip_unknown` passes over.

    owner: the name of its GraphQL type. model: the name of the class itself, for what the developer reads. python_names:
    attributes are called as in Python.
    """

    owner: str
    model: str
    options: ModelOptions
    scalars: Mapping[Any, Scalar]
    enums: EnumTypes
    skip_unknown: bool
    left_out: list[LeftOut]
    python_names: bool = False

    def column_name(self, key: str) -> str:
        """What clients call a column."""
        return key if self.python_names else self.options.rename.get(key) or member_name(key)

    def relation_name(self, key: str) -> str:
        """What clients call a relation, or a further field of an input."""
        return key if self.python_names else self.options.rename.get(key) or camel_name(key)

    def offers(self, key: str) -> bool:
        """Whether the API offers an attribute. Private ones are left out unless an option names them."""
        options = self.options
        if options.is_vector(key):
            return False
        wanted = key in options.include if options.include is not None else _is_public(key) or key in options.rename
        return wanted and key not in options.exclude

    def stored(
        self,
        key: str,
        column: sa.Column[Any],
        description: str | None,
        *,
        deferred: bool = False,
        managed: bool = False,
        filled: sa.Column[Any] | None = None,
        changeable: bool = False,
        source: Source = Source.STORED,
    ) -> Column | None:
        """A column of a table. `managed`: SQLAlchemy sets it, as it does a version or a discriminator. `filled`: the
        column that says where values come from, if it is not this one.

        Raises ConfigurationError for a type without a scalar, unless those are skipped.
        """
        scalar = self._scalar(key, column.type)
        if scalar is None:
            return None
        found = self._column(
            key,
            column.type,
            scalar,
            nullable=is_nullable(column),
            description=description or _stored_description(self.owner, key, column),
            source=source,
            deferred=deferred,
            read_only=managed or is_computed(column),
            changeable=changeable and is_computable(column.type, scalar),
        )
        origin = column if filled is None else filled
        return replace(
            found,
            generated=is_generated(origin),
            required=not found.read_only and needs_value(origin),
            bounds=bounds_of(column.type),
            rules=read_rules(column),
        )

    def expression(
        self, key: str, expression: sa.ColumnElement[Any], annotation: object, doc: str | None
    ) -> Column | None:
        """A SQL expression that the class maps; an annotation says what a type without a scalar cannot."""
        annotated, nullable = self.annotated(key, annotation)
        scalar = self._known_scalar(key, expression.type) or annotated
        if scalar is None:
            self._refuse(key, expression.type)
            return None
        description = doc or f"Computed by the database for each {self.owner}."
        return self._column(
            key,
            expression.type,
            scalar,
            nullable=nullable,
            description=description,
            source=Source.EXPRESSION,
            read_only=True,
        )

    def python(self, key: str, annotation: object, doc: str | None) -> Column | None:
        """A hybrid without a SQL form: a field that cannot be filtered or ordered by. Its type is the annotation's."""
        annotated, nullable = self.annotated(key, annotation)
        scalar = self.options.scalars.get(key) or annotated
        if scalar is None:
            if self.skip_unknown:
                self.left_out.append(LeftOut(f"{self.model}.{key}", "a hybrid property without a type"))
                return None
            raise ConfigurationError(
                f"{self.model}.{key} is a hybrid property without a SQL expression, and what it returns has no GraphQL "
                f"scalar. Annotate it, as in `def {key}(self) -> str`; or give it a scalar: "
                f"ModelOptions(scalars={{{key!r}: gqlcrud.custom_scalar(...)}}); or leave it out: "
                f"ModelOptions(exclude={{{key!r}}})."
            )
        scalar = replace(scalar, operators=(), sortable=False)
        description = doc or f"Computed from the other fields of {self.owner}; cannot be filtered or ordered by."
        return self._column(
            key, NullType(), scalar, nullable=nullable, description=description, source=Source.PYTHON, read_only=True
        )

    def synonym(self, key: str, target: Column, doc: str | None, *, read_only: bool) -> Column:
        """Another name for a column: what the options say of either name holds for it. Where both are offered, it is
        `read_only`: a write gives a value once."""
        found = self._column(
            key,
            target.sql_type,
            target.scalar,
            nullable=target.nullable,
            description=doc or f"The same as `{target.name}`.",
            source=target.source,
            deferred=target.deferred,
            read_only=read_only or target.read_only,
            filterable=bool(target.operators),
            sortable=target.sortable,
        )
        required = target.required and not found.read_only
        return replace(found, generated=target.generated, required=required, bounds=target.bounds, rules=target.rules)

    def hidden(self, key: str, column: Any) -> Column:
        """A stored column that the API does not offer but a relation, the global id or a field of the user's needs."""
        scalar = self._known_scalar(key, column.type) or STRING
        read_only = self.options.forbids_writes(key)
        nullable = is_nullable(column)
        return Column(key, key, scalar, column.type, nullable, "", sortable=False, read_only=read_only, offered=False)

    def _scalar(self, key: str, sql_type: TypeEngine[Any]) -> Scalar | None:
        try:
            scalar = self._known_scalar(key, sql_type)
        except ConfigurationError as error:
            if not self.skip_unknown:
                raise
            self.left_out.append(LeftOut(f"{self.model}.{key}", str(error)))
            return None
        if scalar is None:
            self._refuse(key, sql_type)
        return scalar

    def _known_scalar(self, key: str, sql_type: TypeEngine[Any]) -> Scalar | None:
        if key in self.options.scalars:
            return self.options.scalars[key]
        known = None if isinstance(sql_type, NullType) else scalar_for(sql_type, self.scalars)
        return self._enum(key, sql_type) or known

    def _enum(self, key: str, sql_type: TypeEngine[Any]) -> Scalar | None:
        if sql_type in self.scalars or {*type(sql_type).__mro__} & self.scalars.keys():
            return None
        if isinstance(sql_type, sa.Enum):
            return self.enums.scalar(sql_type, self.owner, key)
        if isinstance(sql_type, sa.ARRAY) and sql_type.dimensions in (None, 1):
            item = self._enum(key, sql_type.item_type)
            return None if item is None else array_scalar(item)
        wrapped = wrapped_type(sql_type)
        return None if wrapped is None else self._enum(key, wrapped)

    def annotated(self, key: str, annotation: object) -> tuple[Scalar | None, bool]:
        """The scalar that an annotation of an attribute means, if there is one, and whether null is possible."""

        def enum_scalar(kind: type[enum.Enum]) -> Scalar:
            return self.enums.scalar(sa.Enum(kind), self.owner, key)

        return AnnotationReader(self.scalars, enum_scalar).read(annotation)

    def _refuse(self, key: str, sql_type: TypeEngine[Any]) -> None:
        if not self.skip_unknown:
            raise ConfigurationError(
                f"{self.model}.{key} has the type {sql_type!r}, which has no GraphQL scalar. Give it one: "
                f"ModelOptions(scalars={{{key!r}: gqlcrud.custom_scalar(...)}}), or for every column of this type "
                f"Api(scalars={{{type(sql_type).__name__}: ...}}); or leave it out: ModelOptions(exclude={{{key!r}}})."
            )
        self.left_out.append(
            LeftOut(f"{self.model}.{key}", f"the type {type(sql_type).__name__} has no GraphQL scalar")
        )

    def _column(
        self,
        key: str,
        sql_type: TypeEngine[Any],
        scalar: Scalar,
        *,
        nullable: bool,
        description: str,
        source: Source,
        deferred: bool = False,
        read_only: bool = False,
        filterable: bool = True,
        sortable: bool = True,
        changeable: bool = False,
    ) -> Column:
        options = self.options
        read_only = read_only or options.forbids_writes(key)
        return Column(
            key=key,
            name=self.column_name(key),
            scalar=scalar,
            sql_type=sql_type,
            nullable=nullable,
            description=description,
            source=source,
            operators=self._operators(key, scalar) if filterable and key not in options.hide_from_where else (),
            sortable=sortable and scalar.sortable and key not in options.hide_from_order,
            deferred=deferred,
            read_only=read_only,
            changeable=changeable and not read_only,
        )

    def _operators(self, key: str, scalar: Scalar) -> tuple[Operator, ...]:
        further = self.options.operators.get(key, ())
        if further and scalar.operators != TEXT:
            raise ConfigurationError(
                f"ModelOptions(operators={{{key!r}: ...}}) of {self.model}: {', '.join(map(repr, sorted(further)))} "
                f"is for texts; the type of {key} is {scalar.name}."
            )
        for name in further:
            if name not in OPT_IN:
                raise ConfigurationError(
                    f"ModelOptions(operators={{{key!r}: ...}}) of {self.model} names {name!r}; there are: {', '.join(OPT_IN)}."
                )
        return (*scalar.operators, *(operator for name in OPT_IN if name in further for operator in OPT_IN[name]))


def _is_public(key: str) -> bool:
    return not key.startswith("_")


def _stored_description(owner: str, key: str, column: sa.Column[Any]) -> str:
    words = key.strip("_").replace("_", " ")
    if column.primary_key:
        return (
            f"Part of the primary key of {owner}."
            if len(column.table.primary_key) > 1
            else f"The primary key of {owner}."
        )
    if _NO_NOUN.search(key):
        words = f'"{words}"'
    return f"The {words} of the {owner}{'; may be null' if column.nullable else ''}."
