"""The Strawberry types of one API by name; types refer to each other by reference, so that cycles need no order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import EnumMeta
from typing import Any

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.relay import PageInfo
from strawberry.schema_directives import OneOf
from strawberry.types.arguments import InputContext, StrawberryArgument
from strawberry.types.base import StrawberryList, StrawberryObjectDefinition, StrawberryOptional
from strawberry.types.enum import EnumValue, StrawberryEnumDefinition
from strawberry.types.field import StrawberryField
from strawberry.types.lazy_type import LazyType
from strawberry.types.scalar import ScalarWrapper

from gqlcrud.catalog import Catalog
from gqlcrud.fields import TypedField, resolved
from gqlcrud.naming import Names
from gqlcrud.plan import Sort
from gqlcrud.planning import DeletedRecords
from gqlcrud.scalars import BIG_INT, BYTES, DURATION, JSON, Scalar


@dataclass(frozen=True)
class TypeRef(LazyType[Any, Any]):
    """A generated type by name, looked up when the schema is built."""

    lookup: Callable[[str], type] | None = field(default=None, compare=False)

    def resolve_type(self) -> type[Any]:
        assert self.lookup is not None, "a reference is made by its registry"
        return self.lookup(self.type_name)


@dataclass(frozen=True, slots=True)
class Registry:
    """The generated types of one API. Making two of one name is a ConfigurationError that names both origins.

    scalars: the enums, and the scalars of the user's own, by name.
    """

    catalog: Catalog
    types: dict[str, type] = field(default_factory=dict)
    names: Names = field(default_factory=lambda: Names("the schema"))
    scalars: dict[str, Any] = field(default_factory=dict)
    _refs: dict[str, TypeRef] = field(default_factory=dict)

    def ref(self, name: str) -> TypeRef:
        """A reference to a type that is, or will be, made."""
        found = self._refs.get(name)
        if found is None:
            found = self._refs[name] = TypeRef(name, __name__, None, self.types.__getitem__)
        return found

    def use(self, name: str, cls: type) -> None:
        """Let references to `name` lead to another class, as a schema of the user's own has it."""
        self.types[name] = cls

    def object(
        self,
        name: str,
        origin: str,
        fields: Sequence[StrawberryField],
        description: str,
        *,
        interfaces: Sequence[type] = (),
        is_type_of: Callable[[Any, Any], bool] | None = None,
    ) -> type:
        """Make an object type."""
        cls = self._class(name, origin)
        return _define(cls, name, fields, description, interfaces=interfaces, is_type_of=is_type_of)

    def interface(self, name: str, origin: str, fields: Sequence[StrawberryField], description: str) -> type:
        """Make an interface; its types say themselves which values are theirs."""
        return _define(self._class(name, origin), name, fields, description, is_interface=True)

    def input(
        self,
        name: str,
        origin: str,
        fields: Sequence[StrawberryField],
        description: str,
        *,
        one_of: bool = False,
        remedy: str | None = None,
    ) -> type:
        """Make an input type, whose values reach the planner as graphql-core coerced them.

        Of a `one_of` input exactly one field is given.
        """
        cls = self._class(name, origin, remedy)
        return _define(cls, name, fields, description, directives=[OneOf()] if one_of else [], from_input=_as_it_is)

    def has(self, name: str, origin: str) -> bool:
        """Whether a name is taken, by this origin."""
        return self.names.origins.get(name) == origin

    @property
    def enums(self) -> dict[EnumMeta, StrawberryEnumDefinition]:
        """The GraphQL enums by Python class."""
        found = [each for each in self.scalars.values() if isinstance(each, StrawberryEnumDefinition)]
        return {each.wrapped_cls: each for each in found}

    def scalar(self, scalar: Scalar, origin: str) -> None:
        """Take the name of an enum, or of a scalar of the user's own, for the column `origin`."""
        annotation = scalar.annotation
        if isinstance(annotation, StrawberryEnumDefinition):
            kind = "enum"
            remedy = "Name one of them otherwise: @strawberry.enum(name='...') on a Python enum, Enum(..., name='...')."
        elif isinstance(annotation, ScalarWrapper) and not any(annotation is each.annotation for each in _SCALARS):
            kind, remedy = "scalar", "Give columns that share a name one scalar, or name one of the scalars otherwise."
        else:
            return
        if self.scalars.get(scalar.name) is not annotation:
            self.names.take(scalar.name, f"the {kind} of {origin}", remedy)
            self.scalars[scalar.name] = annotation

    def _class(self, name: str, origin: str, remedy: str | None = None) -> type:
        self.names.take(name, origin, remedy or "Give a model another name: ModelOptions(name='...').")
        cls = type(name, (), {"__doc__": None})
        self.types[name] = cls
        return cls


def _as_it_is(_: type, value: Mapping[str, Any], __: InputContext) -> Mapping[str, Any]:
    return value


def _define(
    cls: type,
    name: str,
    fields: Sequence[StrawberryField],
    description: str,
    *,
    interfaces: Sequence[type] = (),
    directives: Sequence[object] = (),
    is_type_of: Callable[[Any, Any], bool] | None = None,
    from_input: Callable[[type, Mapping[str, Any], InputContext], Any] | None = None,
    is_interface: bool = False,
) -> type:
    """Give a class its definition, as Strawberry's own integrations do (`StrawberryObjectDefinition.from_input`)."""
    for each in fields:
        each.origin = cls
    definition = StrawberryObjectDefinition(
        name=name,
        is_input=from_input is not None,
        is_interface=is_interface,
        origin=cls,
        description=description,
        interfaces=[each.__strawberry_definition__ for each in interfaces],  # type: ignore[attr-defined]  # Strawberry's
        extend=False,
        directives=tuple(directives),
        is_type_of=is_type_of,
        resolve_type=None,
        fields=list(fields),
        from_input=from_input,
    )
    cls.__strawberry_definition__ = definition  # type: ignore[attr-defined]  # where Strawberry looks for it
    return cls


def input_field(name: str, annotation: Any, description: str) -> StrawberryField:
    """A field of an input type, by its GraphQL name, without a default."""
    return TypedField(name, annotation, description)


def argument(name: str, annotation: Any, description: str) -> StrawberryArgument:
    """An argument of a field, by its GraphQL name, without a default."""
    return StrawberryArgument(name, name, StrawberryAnnotation(annotation), description=description)


def optional(annotation: Any) -> StrawberryOptional:
    return StrawberryOptional(of_type=resolved(annotation))


def list_of(annotation: Any) -> StrawberryList:
    return StrawberryList(of_type=resolved(annotation))


_SORT_DESCRIPTIONS = {
    Sort.ASC: "Smallest first, nulls last.",
    Sort.DESC: "Largest first, nulls first.",
    Sort.ASC_NULLS_FIRST: "Smallest first, nulls before all others.",
    Sort.ASC_NULLS_LAST: "Smallest first, nulls after all others.",
    Sort.DESC_NULLS_FIRST: "Largest first, nulls before all others.",
    Sort.DESC_NULLS_LAST: "Largest first, nulls after all others.",
}

SORT = StrawberryEnumDefinition(
    wrapped_cls=Sort,
    name="Sort",
    values=[EnumValue(sort.name, sort.value, description=text) for sort, text in _SORT_DESCRIPTIONS.items()],
    description="A direction to order by, and where nulls stand; unless it says so, null counts as the largest value.",
)

_DELETED_DESCRIPTIONS = {
    DeletedRecords.EXCLUDE: "Records that are not deleted.",
    DeletedRecords.INCLUDE: "All records, the deleted ones among them.",
    DeletedRecords.ONLY: "Deleted records.",
}

DELETED_RECORDS = StrawberryEnumDefinition(
    wrapped_cls=DeletedRecords,
    name="DeletedRecords",
    values=[EnumValue(each.name, each.value, description=text) for each, text in _DELETED_DESCRIPTIONS.items()],
    description="Which records are meant of those that are kept, marked as deleted, when they are deleted.",
)

ID = strawberry.ID
PAGE_INFO = PageInfo
_SCALARS = (BIG_INT, BYTES, DURATION, JSON)
