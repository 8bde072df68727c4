"""Documents that touch everything an Api offers: every field, every filter, every order of every model."""

from collections.abc import Iterator

from gqlcrud.catalog import Catalog, Column, Model, Relation


def overviews(catalog: Catalog) -> Iterator[str]:
    """For each model a document with all of its fields and relations."""
    for model in catalog.models:
        fields = " ".join([*_columns(model), *_relations(catalog, model)])
        yield f"{{ {model.many} {{ totalCount nodes {{ id __typename {fields} }} edges {{ cursor }} }} }}"


def lists(catalog: Catalog) -> Iterator[str]:
    """Documents with every filter and every order of every model, some at a time."""
    for model in catalog.models:
        arguments = [f"where: {{{each}}}" for each in _filters(model)]
        arguments += [f"orderBy: [{{{each}}}]" for each in _orders(catalog, model)]
        for start in range(0, len(arguments), 20):
            fields = [
                f"f{place}: {model.many}({each}) {{ totalCount edges {{ cursor node {{ id }} }} }}"
                for place, each in enumerate(arguments[start : start + 20])
            ]
            yield f"{{ {' '.join(fields)} }}"


def _columns(model: Model) -> list[str]:
    return [column.name for column in model.columns if column.offered]


def _relations(catalog: Catalog, model: Model) -> list[str]:
    found: list[str] = []
    for relation in model.relations:
        columns = " ".join(_columns(catalog.model(relation.target)))
        if not relation.many:
            found.append(f"{relation.name} {{ id {columns} }}")
            continue
        edges = " ".join(_edge_columns(relation))
        found.append(
            f"{relation.name}(first: 2) {{ totalCount nodes {{ id {columns} }} edges {{ cursor {edges} }} "
            "pageInfo { hasNextPage hasPreviousPage } }"
        )
    return found


def _edge_columns(relation: Relation) -> list[str]:
    return [column.name for column in relation.link.columns] if relation.link is not None else []


def _filters(model: Model) -> Iterator[str]:
    yield "id: {isNull: false}"
    for column in model.columns:
        if column.filterable:
            yield f"{column.name}: {{isNull: true}}"
    for relation in model.relations:
        if relation.many:
            yield f"{relation.name}: {{some: {{id: {{isNull: false}}}}, every: {{}}, count: {{gte: 1}}}}"
            yield f"{relation.name}: {{none: {{}}}}"
        else:
            yield f"{relation.name}: {{is: {{id: {{isNull: false}}}}}}"
            yield f"{relation.name}: {{isNull: true}}"


def _orders(catalog: Catalog, model: Model) -> Iterator[str]:
    for column in model.columns:
        if _sortable(column):
            yield f"{column.name}: DESC"
    for relation in model.relations:
        if relation.many:
            yield f"{relation.name}: {{count: ASC}}"
            continue
        target = next((each for each in catalog.model(relation.target).columns if _sortable(each)), None)
        if target is not None:
            yield f"{relation.name}: {{{target.name}: ASC}}"


def _sortable(column: Column) -> bool:
    return column.offered and column.sortable and column.references is None
