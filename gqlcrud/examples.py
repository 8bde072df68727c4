"""The catalog in, a query to begin with out: it runs as it is, whatever the models."""

from __future__ import annotations

from gqlcrud.catalog import Catalog, Column, Model, Relation, Source


def example_query(catalog: Catalog) -> str:
    """The first records of the model with the most relations, one list and one record that belong to each."""
    model = max(catalog.models, key=lambda each: len(each.relations))
    lines = [
        "# Press the button above, or Ctrl+Enter, to run this query.",
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
    lines += ["    }", "    pageInfo {", "      hasNextPage", "      endCursor", "    }", "  }", "}"]
    return "\n".join(lines) + "\n"


def _relation(catalog: Catalog, relation: Relation) -> list[str]:
    columns = _columns(catalog.model(relation.target))
    if not relation.many:
        return [f"      {relation.name} {{", *(f"        {name}" for name in columns), "      }"]
    nodes = [f"          {name}" for name in columns]
    return [f"      {relation.name}(first: 3) {{", "        nodes {", *nodes, "        }", "      }"]


def _columns(model: Model) -> list[str]:
    """Up to three columns that say something to a reader: texts first; the id where there are none."""
    shown = [each for each in model.columns if each.offered and each.source is Source.STORED and _is_plain(each)]
    texts = [each.name for each in shown if each.scalar.name == "String"]
    others = [each.name for each in shown if each.scalar.name != "String"]
    return (texts[:2] + others[: 3 - len(texts[:2])]) or ["id"]


def _is_plain(column: Column) -> bool:
    return column.references is None and not column.deferred and column.scalar.name not in {"JSON", "Base64"}
