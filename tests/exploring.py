"""Documents that touch everything an Api offers: every field, every filter, every order of every model."""

from collections.abc import Iterator

from gqlcrud.catalog import Catalog, Column, Model, Relation


def documents(catalog: Catalog) -> Iterator[str]:
    """One document for each field, filter and order, and one for each model with all of its fields."""
    for model in catalog.models:
        fields = [*_columns(model), *_relations(catalog, model)]
        yield f"{{ {model.many} {{ totalCount nodes {{ id __typename {' '.join(fields)} }} edges {{ cursor }} }} }}"
        for where in _filters(model):
            yield f"{{ {model.many}(where: {{{where}}}) {{ totalCount nodes {{ id }} }} }}"
        for order in _orders(catalog, model):
            yield f"{{ {model.many}(orderBy: [{{{order}}}]) {{ edges {{ cursor node {{ id }} }} }} }}"


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
