"""The fields of facets: what each gives for a page, or for one value of a facet. Strawberry calls `get_result`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from strawberry.types import Info
from strawberry.types.arguments import StrawberryArgument

from gqlcrud.catalog import Column
from gqlcrud.context import ApiKey, running_operation
from gqlcrud.execution import FacetCount, Page
from gqlcrud.fields import GeneratedField
from gqlcrud.keys import encode_id
from gqlcrud.rendering import ShownFacet, ShownPart
from gqlcrud.statements.unreadable import readable


class FacetField(GeneratedField):
    """A facet of a list: its values and their counts. Those of a foreign key are global ids of a `target`.

    The page has as many values as any selection of the facet asks for; each shows its own.
    """

    def __init__(
        self,
        api: ApiKey,
        column: Column,
        name: str,
        annotation: Any,
        description: str,
        arguments: Sequence[StrawberryArgument],
        target: str | None,
    ) -> None:
        super().__init__(name, annotation, description, arguments, shows=ShownFacet(name, column, target))
        self.api = api
        self.column = column
        self.target = target

    def get_result(self, source: Page, info: Info | None, args: list[Any], kwargs: Any) -> list[FacetCount]:
        assert self.graphql_name is not None, "generated fields have a name"
        limit = running_operation(self.api).planner.limits.facet_limit(kwargs.get("limit"))
        counts = list(source.facets[self.graphql_name][:limit])
        if self.target is None:
            return counts
        return [
            each if each.value is None else FacetCount(encode_id(self.target, [self.column], [each.value]), each.count)
            for each in counts
        ]


class FacetValueField(GeneratedField):
    """A value of a facet."""

    def __init__(self, name: str, annotation: Any, description: str) -> None:
        super().__init__(name, annotation, description, shows=ShownPart.VALUE)

    @property
    def is_basic_field(self) -> bool:
        return True

    def get_result(self, source: FacetCount, info: Info | None, args: list[Any], kwargs: Any) -> Any:
        return readable(source.value)


class CountField(GeneratedField):
    """How many records have a value of a facet."""

    def __init__(self, name: str, annotation: Any, description: str) -> None:
        super().__init__(name, annotation, description, shows=ShownPart.COUNT)

    @property
    def is_basic_field(self) -> bool:
        return True
