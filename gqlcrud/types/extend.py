"""A user's own fields in, the same fields on a generated type out: mapped classes in annotations become generated types."""

from __future__ import annotations

import copy
import types
import typing
from collections.abc import Callable, Sequence
from typing import Any

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.permission import BasePermission
from strawberry.types.base import get_object_definition
from strawberry.types.field import StrawberryField

from gqlcrud.catalog import REQUIRES
from gqlcrud.errors import ConfigurationError
from gqlcrud.types.registry import Registry


def field(
    *,
    requires: Sequence[str] = (),
    name: str | None = None,
    description: str | None = None,
    permission_classes: list[type[BasePermission]] | None = None,
) -> Callable[[Callable[..., Any]], Any]:
    """`strawberry.field` for a field of one's own on a generated type.

    requires: the attributes of the model that the resolver reads from `self`; they are fetched whenever the field is
    selected. A relation stands for the columns by which `load_relation` loads it.
    """

    def decorate(resolver: Callable[..., Any]) -> Any:
        return strawberry.field(
            resolver,
            name=name,
            description=description,
            permission_classes=permission_classes,
            metadata={REQUIRES: tuple(requires)},
        )

    return decorate


def own_fields(fields: type | None, registry: Registry) -> list[StrawberryField]:
    """The Strawberry fields of a class, plain or decorated with `strawberry.type`, ready for a generated type."""
    if fields is None:
        return []
    definition = get_object_definition(fields)
    found = (
        definition.fields
        if definition is not None
        else [each for each in vars(fields).values() if isinstance(each, StrawberryField)]
    )
    return [_own_field(fields, each, registry) for each in found]


def _own_field(fields: type, each: StrawberryField, registry: Registry) -> StrawberryField:
    if each.base_resolver is None:
        raise ConfigurationError(
            f"{fields.__name__}.{each.name} has no resolver; write it as a method with @gqlcrud.field()."
        )
    own = copy.copy(each)
    own.python_name = each.python_name
    if not own.description and each.base_resolver.wrapped_func.__doc__:
        own.description = " ".join(each.base_resolver.wrapped_func.__doc__.split())
    annotation = each.type_annotation or each.base_resolver.type_annotation
    if annotation is None:
        raise ConfigurationError(f"{fields.__name__}.{each.name} has no return annotation; say what it gives.")
    try:
        evaluated = annotation.evaluate()
    except NameError as error:
        raise ConfigurationError(
            f"The return annotation of {fields.__name__}.{each.name} cannot be read: {error}."
        ) from error
    own.type_annotation = StrawberryAnnotation(with_generated_types(evaluated, registry))
    return own


def with_generated_types(annotation: Any, registry: Registry) -> Any:
    """`list[Book | None]` with the mapped class Book replaced by the type that is generated for it."""
    if isinstance(annotation, type) and annotation in registry.catalog.by_entity:
        return registry.ref(registry.catalog.by_entity[annotation].name)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if not arguments or origin is typing.Literal:
        return annotation
    if origin is typing.Annotated:
        return typing.Annotated[(with_generated_types(arguments[0], registry), *arguments[1:])]
    replaced = tuple(with_generated_types(each, registry) for each in arguments)
    if origin in (typing.Union, types.UnionType):
        return typing.Union[replaced]  # noqa: UP007  # of a tuple that is known at run time only
    return origin[replaced] if origin is not None else annotation
