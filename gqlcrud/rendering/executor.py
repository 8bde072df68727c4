"""graphql-core's executor, which passes on what is rendered already as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext


@dataclass(frozen=True, slots=True, eq=False)
class Rendered:
    """A value of the response: completed, checked against its type."""

    value: Any


class RenderingExecutor(StrawberryGraphQLCoreExecutionContext):
    """Completes what resolvers give, unless it is `Rendered`."""

    def complete_value(
        self, return_type: Any, field_details_list: Any, info: Any, path: Any, result: Any, position_context: Any
    ) -> Any:
        if type(result) is Rendered:
            return result.value
        return super().complete_value(return_type, field_details_list, info, path, result, position_context)
