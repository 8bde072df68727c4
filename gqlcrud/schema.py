"""Root types and an extension in, Strawberry's schema out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.directive import StrawberryDirective
from strawberry.exceptions import StrawberryException
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig

from gqlcrud.errors import ConfigurationError
from gqlcrud.rendering import RenderingExecutor


class _Schema(strawberry.Schema):
    """Strawberry's schema, which leaves logging to `faults`: a client's mistake is not an error of the server."""

    def get_extensions(self, sync: bool = False) -> list[SchemaExtension]:
        """Strawberry's extension for directives looks for them at every field; ours stand on operations alone."""
        return [each() for each in self.extensions if isinstance(each, type)]

    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        """Log nothing here."""


def build_schema(
    query: type,
    mutation: type | None,
    types: Sequence[type],
    extension: type[SchemaExtension],
    directives: Sequence[StrawberryDirective[Any]],
    scalars: Mapping[Any, Any],
) -> strawberry.Schema:
    """Raises ConfigurationError for types that make no schema together."""
    try:
        return _Schema(
            query,
            mutation,
            types=types,
            extensions=[extension],
            directives=directives,
            execution_context_class=RenderingExecutor,
            config=StrawberryConfig(disable_field_suggestions=False, scalar_map=dict(scalars)),
        )
    except (StrawberryException, TypeError, ValueError) as error:
        raise ConfigurationError(f"The schema cannot be built: {error}") from error
