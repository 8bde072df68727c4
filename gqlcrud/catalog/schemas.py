"""The Pydantic models of `ModelOptions` in, `InputSchema`s out; what cannot be meant is a ConfigurationError."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, Any

import sqlalchemy as sa
from pydantic import AliasChoices, AnyUrl, BaseModel, EmailStr, Field, RootModel, SecretBytes, SecretStr, create_model
from pydantic.fields import FieldInfo

from gqlcrud.catalog.column import Column, InputSchema, SchemaField
from gqlcrud.catalog.column_reader import ColumnReader
from gqlcrud.catalog.model import Model, Relation
from gqlcrud.errors import ConfigurationError
from gqlcrud.naming import Names

TO_COLUMNS = "to_columns"
"""The method of a Pydantic model that gives further columns their values."""

_POSSIBLE = (
    "str, int, float, bool, Decimal, datetime, date, time, timedelta, UUID, bytes, dict, SecretStr, an Enum, a list of one "
    "of these, or one of these or None"
)


def with_schemas(model: Model, reader: ColumnReader) -> Model:
    """The model with what its options say that values pass through. Raises ConfigurationError."""
    create, update = reader.options.create_schema, reader.options.update_schema
    return replace(
        model,
        create_schema=None if create is None else _Reading(model, reader, "create_schema", create).read(),
        update_schema=None if update is None else _Reading(model, reader, "update_schema", update).read(),
    )


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads the schema of one option."""

    model: Model
    reader: ColumnReader
    option: str
    schema: type[BaseModel]

    @property
    def origin(self) -> str:
        return (
            f"ModelOptions({self.option}={getattr(self.schema, '__name__', repr(self.schema))}) of {self.reader.model}"
        )

    @property
    def partial(self) -> bool:
        return self.option == "update_schema"

    def read(self) -> InputSchema:
        self._check_class()
        fields = {name: self._field(name, info) for name, info in self.schema.model_fields.items()}
        self._check_names(fields.values())
        left_out = [name for name, each in fields.items() if each.needed and self._may_be_left_out(each)]
        found = InputSchema(
            schema=self._with_defaults(left_out),
            fields=tuple(fields.values()),
            places={place: each for name, each in fields.items() for place in (name, *self._aliases(name))},
            partial=self.partial,
            exclusive=self.schema.model_config.get("extra") == "forbid",
        )
        self._check_required(found)
        return found

    # ---------- fields ----------

    def _info(self, name: str) -> FieldInfo:
        return self.schema.model_fields[name]

    def _aliases(self, name: str) -> list[str]:
        """The names under which a field takes a value beside its own, the first one first."""
        info = self._info(name)
        alias = info.validation_alias if info.validation_alias is not None else info.alias
        choices = alias.choices if isinstance(alias, AliasChoices) else [] if alias is None else [alias]
        names = [each for each in choices if isinstance(each, str)]
        if len(names) < len(choices):
            raise ConfigurationError(
                f"{self.origin}: {name} takes its value from a path; give it an alias that is one name."
            )
        return names

    def _field(self, name: str, info: FieldInfo) -> SchemaField:
        aliases = self._aliases(name)
        names = (name, *aliases)
        column = next((self.model.stored[each] for each in names if each in self.model.stored), None)
        key = aliases[0] if aliases else name
        nullable = _takes_none(info.annotation)
        if column is None:
            return self._virtual(name, key, info, nullable=nullable)
        if info.is_required() and not self._is_given(column):
            raise ConfigurationError(
                f"{self.origin}: {name} is required, and clients cannot give {self.reader.model}.{column.key} a value. Give "
                f"it a default, or return the value from a method {TO_COLUMNS}(self)."
            )
        return SchemaField(
            name, key, column.name, column, column.scalar, info.is_required(), nullable, column.description
        )

    def _is_given(self, column: Column) -> bool:
        """Whether clients may give the column a value in the input; in a patch nothing has to be given."""
        return self.partial or (column.writable and not (column in self.model.primary_key and column.generated))

    def _virtual(self, name: str, key: str, info: FieldInfo, *, nullable: bool) -> SchemaField:
        for relation in self.model.relations:
            if name == relation.key:
                raise ConfigurationError(
                    f"{self.origin}: {name} leads to other records, and a schema is for columns. Records of "
                    f"{relation.target.__name__} pass through the schemas of their own ModelOptions."
                )
        scalar, _ = self.reader.annotated(name, _plain(info.annotation))
        if scalar is None:
            raise ConfigurationError(
                f"{self.origin}: {name} is no column of {self.reader.model}, so it is a further field of the input, and "
                f"{info.annotation!r} has no GraphQL type. It can be {_POSSIBLE}. If a column is meant, the field, or its "
                f"alias, has the name of the attribute: {', '.join(sorted(self.model.stored))}."
            )
        words = name.strip("_").replace("_", " ")
        text = info.description or f'"{words}": a value that is not stored as it is.'
        return SchemaField(name, key, self.reader.relation_name(key), None, scalar, info.is_required(), nullable, text)

    def _may_be_left_out(self, field: SchemaField) -> bool:
        """A patch leaves out what it does not change, and a foreign key may be set by a relation."""
        column = field.column
        if column is None:
            return False
        stored: Any = sa.inspect(self.model.entity).column_attrs[column.key].columns[0]
        keys = {each.key for relation in self.model.relations if relation.owns_key for each in relation.local}
        return self.partial or bool(stored.foreign_keys) or column.key in keys

    def _with_defaults(self, names: Iterable[str]) -> type[BaseModel]:
        """The Pydantic model in which these fields are None where nothing is given. None itself is as good as before."""
        unset: Any = Field(default=None, validate_default=False)
        fields: dict[str, Any] = {
            name: (Annotated[self._info(name).annotation, self._info(name)], unset) for name in names
        }
        if not fields:
            return self.schema
        return create_model(self.schema.__name__, __base__=self.schema, __module__=self.schema.__module__, **fields)

    # ---------- checks ----------

    def _check_class(self) -> None:
        if not (isinstance(self.schema, type) and issubclass(self.schema, BaseModel)):
            raise ConfigurationError(f"{self.origin} takes a Pydantic model: a subclass of pydantic.BaseModel.")
        if issubclass(self.schema, RootModel):
            raise ConfigurationError(f"{self.origin} is a RootModel; it takes a Pydantic model with fields.")
        if sa.inspect(self.schema, raiseerr=False) is not None:
            raise ConfigurationError(
                f"{self.origin} is a mapped class, which checks nothing; give it a Pydantic model that is no table."
            )
        if self.model.read_only:
            raise ConfigurationError(f"{self.origin} is for writes, and ModelOptions(read_only=True) allows none.")

    def _check_names(self, fields: Iterable[SchemaField]) -> None:
        names = Names(f"the inputs of {self.model.name}")
        members: list[Column | Relation] = [*self.model.columns, *self.model.relations]
        for member in members:
            if member.writable:
                kind = "relation" if isinstance(member, Relation) else "column"
                names.take(member.name, f"the {kind} {self.reader.model}.{member.key}", "")
        columns: dict[str, str] = {}
        for field in fields:
            remedy = "Give the field another name, or an alias."
            if field.column is None:
                names.take(field.name, f"the field {self.schema.__name__}.{field.attribute}", remedy)
            elif (other := columns.setdefault(field.column.key, field.attribute)) != field.attribute:
                raise ConfigurationError(
                    f"{self.origin}: {other} and {field.attribute} are both for {self.reader.model}.{field.column.key}."
                )

    def _check_required(self, found: InputSchema) -> None:
        """Nothing that a new record needs may be out of reach; what `to_columns` gives is not known beforehand."""
        if found.partial or not found.exclusive or hasattr(self.schema, TO_COLUMNS):
            return
        related = {each for relation in self.model.relations if relation.writable for each in relation.local}
        for column in self.model.columns:
            if column.required and column not in related and found.field_of(column) is None:
                raise ConfigurationError(
                    f"{self.origin} has extra='forbid' and no field {column.key}, which a new {self.model.name} needs. Add "
                    f"the field, or return the value from a method {TO_COLUMNS}(self)."
                )


def _takes_none(annotation: Any) -> bool:
    if typing.get_origin(annotation) is Annotated:
        return _takes_none(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return any(_takes_none(each) for each in typing.get_args(annotation))
    return annotation in (None, type(None), Any)


def _plain(annotation: Any) -> Any:
    """The annotation with Pydantic's own kinds of text as texts."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return _plain(arguments[0])
    if origin in (typing.Union, types.UnionType):
        return typing.Union[tuple(map(_plain, arguments))]  # noqa: UP007  # of a tuple that is known at run time only
    if origin in (list, set, frozenset) or (origin is tuple and arguments[1:] == (...,)):
        return list[_plain(arguments[0])]  # type: ignore[misc]  # of a type that is known at run time only
    if origin is typing.Literal:
        kinds = {type(each) for each in arguments}
        return kinds.pop() if len(kinds) == 1 else annotation
    if isinstance(annotation, type) and origin is None:
        texts = (SecretStr, EmailStr, AnyUrl)
        return str if issubclass(annotation, texts) else bytes if issubclass(annotation, SecretBytes) else annotation
    return annotation
