"""A class with fields of the user's own in, what each requires of the model out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Mapper
from strawberry.types.base import get_object_definition
from strawberry.types.field import StrawberryField

from gqlcrud.catalog.column import Column
from gqlcrud.catalog.column_reader import ColumnReader
from gqlcrud.catalog.columns import hidden_column
from gqlcrud.catalog.model import OwnField, Relation
from gqlcrud.errors import ConfigurationError
from gqlcrud.naming import camel_name

REQUIRES = "gqlcrud.requires"
"""Where a field of the user's own keeps the attributes that it requires, in Strawberry's metadata."""


@dataclass(frozen=True, slots=True)
class DeclaredField:
    """A Strawberry field in a class of the user's. name: in GraphQL; attribute: in the class; origin: for errors."""

    name: str
    attribute: str
    origin: str
    field: StrawberryField


def declared_fields(fields: type) -> list[DeclaredField]:
    """The Strawberry fields of a class and its bases; the class is plain, or a `strawberry.type`."""
    definition = get_object_definition(fields)
    found: dict[str, StrawberryField] = {}
    if definition is not None:
        found = {each.python_name: each for each in definition.fields}
    else:
        for cls in reversed(fields.__mro__):
            found |= {name: value for name, value in vars(cls).items() if isinstance(value, StrawberryField)}
    return [
        DeclaredField(each.graphql_name or camel_name(name), name, f"{fields.__name__}.{name}", each)
        for name, each in found.items()
    ]


def own_fields(
    mapper: Mapper[Any], reader: ColumnReader, columns: Sequence[Column], relations: Sequence[Relation]
) -> tuple[OwnField, ...]:
    """The fields that `ModelOptions(fields=...)` adds. Raises ConfigurationError if they require what there is not."""
    fields = reader.options.fields
    if fields is None:
        return ()
    declared: list[Column | Relation] = [*relations, *columns]
    by_key = {member.key: member for member in declared}
    found: list[OwnField] = []
    for each in declared_fields(fields):
        keys = each.field.metadata.get(REQUIRES, ())
        unknown = [key for key in keys if key not in by_key and key not in mapper.column_attrs]
        if unknown:
            known = sorted({*by_key, *mapper.column_attrs.keys()})
            raise ConfigurationError(
                f"The field {each.origin} requires {', '.join(map(repr, unknown))}, which {reader.model} does not have. "
                f"It can require: {', '.join(known)}."
            )
        requires = tuple(by_key.get(key) or hidden_column(mapper, key, reader) for key in keys)
        found.append(OwnField(each.name, each.origin, requires))
    return tuple(found)
