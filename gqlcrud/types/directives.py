"""The directives of the generated API."""

from __future__ import annotations

from graphql import DirectiveLocation
from strawberry.directive import StrawberryDirective, StrawberryDirectiveResolver


def _atomic() -> None:
    """It stands on operations, where Strawberry calls no resolver."""


ATOMIC: StrawberryDirective[None] = StrawberryDirective(
    python_name="atomic",
    graphql_name="atomic",
    resolver=StrawberryDirectiveResolver(_atomic),
    locations=[DirectiveLocation.MUTATION],
    description="Write all fields of the mutation in one transaction: if one of them fails, none is written.",
)
