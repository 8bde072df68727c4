"""The options of a model in, those that hold for callers in Python out.

Code of the application's own calls attributes by their names, gives foreign keys as values, and may do what clients may
not: set what they do not set, read what they do not see. What says how records are written holds for it as well:
schemas, presets, hooks, soft deletion.
"""

from __future__ import annotations

from dataclasses import replace

from gqlcrud.options import ModelOptions


def python_options(options: ModelOptions) -> ModelOptions:
    """The options without those that bind clients alone, and without what GraphQL shows besides."""
    return replace(
        options,
        include=None,
        exclude=(),
        rename={},
        read_only=False,
        hide_from_where=(),
        hide_from_order=(),
        page_size=None,
        max_page_size=None,
        fields=None,
    )
