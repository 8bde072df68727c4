"""A field of a generated type: what Strawberry asks of it, and what it says of itself to the renderer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from gqlcrud.rendering import Shown


class GeneratedField(StrawberryField):
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
        super().__init__(
            python_name=python_name or name,
            graphql_name=name,
            type_annotation=StrawberryAnnotation(annotation),
            description=description,
        )
        self.arguments = list(arguments)
        self.shows = shows

    @property
    def is_basic_field(self) -> bool:
        return False
