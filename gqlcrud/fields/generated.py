"""Fields of generated types: what Strawberry asks of them, and what they say of themselves to the renderer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.base import StrawberryObjectDefinition, StrawberryType
from strawberry.types.field import StrawberryField
from strawberry.types.lazy_type import LazyType

from gqlcrud.rendering import Shown


def resolved(annotation: Any) -> Any:
    """The type that Strawberry reads from an annotation; what is such a type already, or leads to one, is not read."""
    return annotation if isinstance(annotation, StrawberryType | LazyType) else _read(annotation)


@lru_cache(maxsize=256)
def _read(annotation: Any) -> Any:
    """Hundreds of fields have the type of one scalar."""
    return StrawberryAnnotation(annotation).resolve()


class TypedField(StrawberryField):
    """A field of a type that is known when it is made.

    Strawberry asks for the type of a field six times while it builds a schema, and looks at the annotation each time.
    """

    def __init__(self, name: str, annotation: Any, description: str, *, python_name: str | None = None) -> None:
        self._resolved = resolved(annotation)
        super().__init__(
            python_name=python_name or name,
            graphql_name=name,
            type_annotation=StrawberryAnnotation(self._resolved),
            description=description,
        )

    def resolve_type(self, *, type_definition: StrawberryObjectDefinition | None = None) -> Any:
        return self._resolved


class GeneratedField(TypedField):
    """A field of ours. One without arguments is resolved from its source alone, without an `Info`.

    shows: what it shows of the value that it stands on, for what is rendered without being resolved; None if that has to
    be asked of the field.
    """

    def __init__(
        self,
        name: str,
        annotation: Any,
        description: str,
        arguments: Sequence[StrawberryArgument] = (),
        *,
        python_name: str | None = None,
        shows: Shown | None = None,
    ) -> None:
        super().__init__(name, annotation, description, python_name=python_name)
        self.arguments = list(arguments)
        self.shows = shows

    @property
    def is_basic_field(self) -> bool:
        return False
