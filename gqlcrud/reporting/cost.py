"""An observation in, what its operation counts for beside the limits out."""

from __future__ import annotations

from typing import Any

from graphql import DocumentNode

from gqlcrud.document_limits import DocumentSize, document_size
from gqlcrud.observing import Observation
from gqlcrud.options import Limits


def shown_cost(observation: Observation, operation_name: str | None, limits: Limits) -> dict[str, dict[str, int]]:
    """By what is counted: `used`, and the `limit` that it may reach. rows: the records that the operation reads at most, as
    far as it was planned. A document that cannot be parsed counts for nothing."""
    size = DocumentSize()
    if isinstance(observation.document, DocumentNode):
        size = document_size(observation.text, observation.document, operation_name)
    roots = limits.max_root_mutations if size.mutates else limits.max_root_fields
    counted: dict[str, tuple[Any, int]] = {
        "rows": (sum(each.rows for each in observation.plans.values()), limits.max_rows),
        "fields": (size.fields, limits.max_fields),
        "rootFields": (size.root_fields, roots),
        "nesting": (size.nesting, limits.max_nesting),
        "tokens": (size.tokens, limits.max_tokens),
        "aliases": (size.aliases, limits.max_aliases),
        "directives": (size.directives, limits.max_directives),
    }
    return {name: {"used": used, "limit": limit} for name, (used, limit) in counted.items()}
