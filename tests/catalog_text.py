"""A catalog as lines of text, so that a test states the whole of a model."""

from gqlcrud.catalog import Catalog, CatalogSettings, Column, Model, Relation, Source, mapped_classes, read_catalog


def catalog_of(source: object) -> Catalog:
    """The catalog of a base, a registry or a list of classes, without options."""
    return read_catalog(mapped_classes(source), CatalogSettings())


def columns(model: Model) -> list[str]:
    """`authorId: ID! of Author = author_id`, then what is unusual of the column."""
    return [f"{each.name}: {_type(each)} = {each.key}{_unusual(each)}" for each in model.columns]


def relations(model: Model) -> list[str]:
    """`books: [Book] = books by id -> author_id`, then the link table if there is one."""
    return [_relation(each) for each in model.relations]


def keys(model: Model) -> dict[str, str]:
    """The unique keys by name, each with its attributes; the primary key is first."""
    return {key.name: ", ".join(column.key for column in key.columns) for key in model.keys}


def _type(column: Column) -> str:
    null = "" if column.nullable else "!"
    return f"{column.scalar.name}{null}" if column.references is None else f"ID{null} of {column.references.__name__}"


def _unusual(column: Column) -> str:
    marks = {
        "expression": column.source is Source.EXPRESSION,
        "Python": column.source is Source.PYTHON,
        "deferred": column.deferred,
        "read only": column.read_only,
        "no filter": not column.operators,
        "no order": not column.sortable and column.references is None,
    }
    return "".join(f", {mark}" for mark, holds in marks.items() if holds)


def _relation(relation: Relation) -> str:
    target = relation.target.__name__
    kind = f"[{target}]" if relation.many else f"{target}{'' if relation.nullable else '!'}"
    local, remote = (", ".join(each.key for each in columns) for columns in (relation.local, relation.remote))
    text = f"{relation.name}: {kind} = {relation.key} by {local}"
    text += ", custom" if relation.custom else f" -> {remote}"
    if relation.link is not None:
        ends = " -> ".join(", ".join(keys) for keys in (relation.link.local, relation.link.remote))
        text += f" through {relation.link.table} ({ends})"
        text += "" if relation.link.unique else ", not unique"
    if relation.link is not None and relation.link.columns:
        edges = ", ".join(f"{each.name}: {_type(each)} = {each.key}" for each in relation.link.columns)
        text += f", {relation.link_name} has {edges}"
    return text + (", unique" if relation.unique else "")
