"""A user's own fields in, the same fields on a generated type out: mapped classes in annotations become generated types."""

from __future__ import annotations

import copy
import types
import typing
from collections.abc import Callable, Sequence
from enum import EnumMeta
from typing import Any

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.permission import BasePermission
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from gqlcrud.catalog import REQUIRES, DeclaredField, declared_fields
from gqlcrud.errors import ConfigurationError
from gqlcrud.types.registry import Registry


def field(
    *,
    requires: Sequence[str] = (),
    name: str | None = None,
    description: str | None = None,
    permission_classes: list[type[BasePermission]] | None = None,
) -> Callable[[Callable[..., Any]], Any]:
    """`strawberry.field` for a field of one's own on a generated type, or on Query. It decorates a method.

    requires: the attributes of the model that the resolver reads from `self`; they are fetched whenever the field is
    selected. A relation stands for the columns by which `load_relation` loads it. Not for fields of Query.
    name, description: by default those of the method, its name in camel case and its docstring.
    permission_classes: Strawberry's permissions, asked before the method is called.
    """
    if isinstance(requires, str):
        raise ConfigurationError(f"gqlcrud.field(requires={requires!r}) takes a list of names: [{requires!r}].")

    def decorate(resolver: Callable[..., Any]) -> Any:
        return strawberry.field(
            resolver,
            name=name,
            description=description,
            permission_classes=permission_classes,
            metadata={REQUIRES: tuple(requires)},
        )

    return decorate


def own_fields(fields: type, registry: Registry) -> list[StrawberryField]:
    """The Strawberry fields of a class, plain or decorated with `strawberry.type`, ready for a generated type."""
    return [_own_field(each, registry) for each in declared_fields(fields)]


def root_fields(fields: type, registry: Registry) -> list[StrawberryField]:
    """The same, ready for the type Query, whose fields have no record to require attributes of."""
    for each in declared_fields(fields):
        if each.field.metadata.get(REQUIRES):
            raise ConfigurationError(
                f"The root field {each.origin} requires attributes, but it stands on no record. Leave `requires` out, and "
                "load records by gqlcrud.load_record or gqlcrud.load_records."
            )
    return own_fields(fields, registry)


def _own_field(declared: DeclaredField, registry: Registry) -> StrawberryField:
    resolver = declared.field.base_resolver
    if resolver is None:
        raise ConfigurationError(f"{declared.origin} has no resolver; write it as a method with @gqlcrud.field().")
    own = copy.copy(declared.field)
    own.python_name = declared.attribute
    own.graphql_name = declared.name
    if not own.description and resolver.wrapped_func.__doc__:
        own.description = " ".join(resolver.wrapped_func.__doc__.split())
    annotation = declared.field.type_annotation or resolver.type_annotation
    if annotation is None:
        raise ConfigurationError(
            f"{declared.origin} has no return annotation; say what it gives: def {declared.attribute}(self) -> str."
        )
    own.type_annotation = _generated(annotation, f"The return annotation of {declared.origin}", registry)
    own.arguments = [_own_argument(each, declared.origin, registry) for each in declared.field.arguments]
    return own


def _own_argument(argument: StrawberryArgument, origin: str, registry: Registry) -> StrawberryArgument:
    own = copy.copy(argument)
    origin = f"The annotation of the argument {argument.python_name} of {origin}"
    own.type_annotation = _generated(argument.type_annotation, origin, registry)
    return own


def _generated(annotation: StrawberryAnnotation, origin: str, registry: Registry) -> StrawberryAnnotation:
    try:
        evaluated = annotation.evaluate()
    except NameError as error:
        raise ConfigurationError(
            f"{origin} cannot be read: {error}. Import what it names outside of `if TYPE_CHECKING`."
        ) from error
    return StrawberryAnnotation(with_generated_types(evaluated, registry))


def with_generated_types(annotation: Any, registry: Registry) -> Any:
    """`list[Book | None]` with the mapped class Book replaced by the type that is generated for it, and an Enum class of
    a column by its GraphQL enum."""
    if isinstance(annotation, type) and annotation in registry.catalog.by_entity:
        return registry.ref(registry.catalog.by_entity[annotation].name)
    if isinstance(annotation, EnumMeta) and annotation in registry.enums:
        return registry.enums[annotation]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if not arguments or origin is typing.Literal:
        return annotation
    if origin is typing.Annotated:
        return typing.Annotated[(with_generated_types(arguments[0], registry), *arguments[1:])]
    replaced = tuple(with_generated_types(each, registry) for each in arguments)
    if origin in (typing.Union, types.UnionType):
        return typing.Union[replaced]  # noqa: UP007  # of a tuple that is known at run time only
    return origin[replaced] if origin is not None else annotation
