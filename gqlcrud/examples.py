"""The catalog in, queries to begin with out: each runs as it is, whatever the models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gqlcrud.catalog import Catalog, Column, Model, Relation, Source
from gqlcrud.graphiql import Example
from gqlcrud.scalars import Operator

_COUNTED = 8
"""How many models the example that counts records names at most."""


def example_queries(catalog: Catalog) -> list[Example]:
    """For the first look, the best first: related records, conditions and orders, pages, counts. None without a model."""
    if not catalog.models:
        return []
    model = _richest(catalog)
    return [
        Example(f"{model.many}, with what belongs to them", _related(catalog)),
        *_selected(model),
        Example(f"{model.many}, page by page", _pages(model), '{\n  "after": null\n}'),
        Example("How many records there are", _counts(catalog)),
    ]


def _related(catalog: Catalog) -> str:
    """The first records of the model with the most relations, one list and one record that belong to each."""
    model = _richest(catalog)
    lines = [
        "# Ctrl+Enter, or the button beside this text, runs the query.",
        "{",
        f"  {model.many}(first: 5) {{",
        "    totalCount",
        "    nodes {",
    ]
    lines += [f"      {name}" for name in _columns(model)]
    for many in (False, True):
        relation = next((each for each in model.relations if each.many is many), None)
        if relation is not None:
            lines += _relation(catalog, relation)
    return _text([*lines, "    }", *_page_info(), "  }", "}"])


def _richest(catalog: Catalog) -> Model:
    return max(catalog.models, key=lambda each: len(each.relations))


def _selected(model: Model) -> Iterator[Example]:
    """Records that have a value, in its order, if clients may filter and order by a column."""
    column = next((each for each in _shown(model) if Operator.IS_NULL in each.operators and each.sortable), None)
    if column is None:
        return
    lines = [
        f"query Selected {{\n  {model.many}(",
        "    first: 10",
        f"    where: {{{column.name}: {{isNull: false}}}}",
        f"    orderBy: [{{{column.name}: ASC}}]",
        "  ) {",
        "    nodes {",
        *(f"      {name}" for name in dict.fromkeys([column.name, *_columns(model)])),
        "    }",
    ]
    yield Example(f"{model.many}, by a condition and in order", _text([*lines, "  }", "}"]))


def _pages(model: Model) -> str:
    columns = [f"      {name}" for name in _columns(model)]
    return _text(
        [
            "# For the next page put the endCursor of the answer into the variable `after`.",
            "query Page($after: String) {",
            f"  {model.many}(first: 5, after: $after) {{",
            *("    nodes {", *columns, "    }"),
            *_page_info(),
            *("  }", "}"),
        ]
    )


def _counts(catalog: Catalog) -> str:
    counts = [f"  {model.many} {{\n    totalCount\n  }}" for model in catalog.models[:_COUNTED]]
    return _text(["query Counts {", *counts, "}"])


def _page_info() -> list[str]:
    return ["    pageInfo {", "      hasNextPage", "      endCursor", "    }"]


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"


def _relation(catalog: Catalog, relation: Relation) -> list[str]:
    columns = _columns(catalog.model(relation.target))
    if not relation.many:
        return [f"      {relation.name} {{", *(f"        {name}" for name in columns), "      }"]
    nodes = [f"          {name}" for name in columns]
    return [f"      {relation.name}(first: 3) {{", "        nodes {", *nodes, "        }", "      }"]


def _columns(model: Model) -> list[str]:
    """Up to three columns that say something to a reader: texts first; the id where there are none."""
    return [each.name for each in _shown(model)] or ["id"]


def _shown(model: Model) -> list[Column]:
    shown = [each for each in model.columns if each.offered and each.source is Source.STORED and _is_plain(each)]
    texts = [each for each in shown if each.scalar.name == "String"][:2]
    others = [each for each in shown if each.scalar.name != "String"]
    return texts + others[: 3 - len(texts)]


def _is_plain(column: Column) -> bool:
    return column.references is None and not column.deferred and column.scalar.name not in {"JSON", "Base64"}
