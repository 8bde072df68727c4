"""The classes of a registry in, the `Catalog` out; every mistake in models and options is found here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.orm import Mapper, class_mapper, registry
from sqlalchemy.orm.exc import UnmappedClassError

from gqlcrud.catalog.assemble import assemble_model
from gqlcrud.catalog.associations import derived_relations
from gqlcrud.catalog.columns import ColumnReader, read_columns
from gqlcrud.catalog.enums import EnumTypes
from gqlcrud.catalog.foreign_keys import primary_key, with_global_ids, with_known_columns
from gqlcrud.catalog.model import Catalog, Column, LeftOut, Model, Relation
from gqlcrud.catalog.relations import RelationReader
from gqlcrud.errors import ConfigurationError
from gqlcrud.naming import Names, link_type_name
from gqlcrud.options import Limits, ModelOptions
from gqlcrud.scalars import Scalar


@dataclass(frozen=True, slots=True)
class CatalogSettings:
    """What `read_catalog` is told beside the classes.

    skip_unknown: leave out columns of types without a scalar, instead of refusing them.
    enforced_foreign_keys: False where the database may hold foreign keys that point at nothing.
    """

    options: Mapping[type, ModelOptions] = field(default_factory=dict)
    scalars: Mapping[Any, Scalar] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    skip_unknown: bool = False
    enforced_foreign_keys: bool = True


def mapped_classes(source: object) -> tuple[type, ...]:
    """The classes of a declarative base, a registry, a SQLModel base, or an iterable of mapped classes."""
    found = getattr(source, "registry", None) or getattr(source, "_sa_registry", None) or source
    if isinstance(found, registry):
        found.configure()
        classes = [mapper.class_ for mapper in found.mappers]
    elif isinstance(found, Iterable):
        classes = list(found)
    else:
        raise ConfigurationError(
            f"Api takes a declarative base, a registry or a list of mapped classes, not {source!r}."
        )
    if not classes:
        raise ConfigurationError(
            f"{source!r} has no mapped classes; import the modules that define them before the Api is made."
        )
    return tuple(sorted(classes, key=lambda each: (each.__name__, each.__module__)))


def read_catalog(classes: Iterable[type], settings: CatalogSettings) -> Catalog:
    """Read everything that the API is made of. Raises ConfigurationError for what it cannot offer."""
    classes = tuple(classes)
    mappers = {entity: _mapper(entity) for entity in classes}
    for entity in settings.options:
        if entity not in mappers:
            raise ConfigurationError(f"models={{{entity!r}: ...}} is not one of the classes that this Api offers.")
    left_out: list[LeftOut] = []
    enums = EnumTypes()
    names = {entity: settings.options.get(entity, ModelOptions()).name or entity.__name__ for entity in classes}
    readers = {
        entity: ColumnReader(
            names[entity],
            settings.options.get(entity, ModelOptions()),
            settings.scalars,
            enums,
            settings.skip_unknown,
            left_out,
        )
        for entity in classes
    }
    for entity, mapper in mappers.items():
        _check_option_names(mapper, readers[entity].options)
    columns = {entity: read_columns(mapper, readers[entity]) for entity, mapper in mappers.items()}
    relations = _read_relations(mappers, readers, columns, settings)
    columns = {
        entity: with_global_ids(mapper, columns[entity], relations[entity], mappers, names)
        for entity, mapper in mappers.items()
    }
    relations = {entity: with_known_columns(each, columns) for entity, each in relations.items()}
    models = [
        assemble_model(mapper, readers[entity], columns[entity], relations[entity], settings.limits)
        for entity, mapper in mappers.items()
    ]
    models.sort(key=lambda model: model.name)
    _check_type_names(models)
    return Catalog(
        models=tuple(models),
        left_out=tuple(left_out),
        by_entity={model.entity: model for model in models},
        by_name={model.name: model for model in models},
    )


def _mapper(entity: type) -> Mapper[Any]:
    try:
        return class_mapper(entity)
    except UnmappedClassError:
        raise ConfigurationError(f"{entity!r} is not a mapped class.") from None


def _check_option_names(mapper: Mapper[Any], options: ModelOptions) -> None:
    """Every attribute that an option names must exist, else a misspelt `exclude` would publish what it should hide."""
    known = {str(key) for key in mapper.all_orm_descriptors.keys()} | {prop.key for prop in mapper.attrs}  # noqa: SIM118
    named = {
        "include": options.include or (),
        "exclude": options.exclude,
        "hide_from_where": options.hide_from_where,
        "hide_from_order": options.hide_from_order,
        "operators": options.operators,
        "scalars": options.scalars,
        "enum_names": options.enum_names,
        "read_only": () if isinstance(options.read_only, bool) else options.read_only,
    }
    for option, attributes in named.items():
        if isinstance(attributes, str):
            raise ConfigurationError(
                f"ModelOptions({option}={attributes!r}) takes a collection of names: {{{attributes!r}}}."
            )
        unknown = sorted(set(attributes) - known)
        if unknown:
            raise ConfigurationError(
                f"ModelOptions({option}=...) of {mapper.class_.__name__} names {', '.join(map(repr, unknown))}, "
                f"which the class does not have. Its attributes are: {', '.join(sorted(known))}."
            )


def _read_relations(
    mappers: Mapping[type, Mapper[Any]],
    readers: Mapping[type, ColumnReader],
    columns: Mapping[type, list[Column]],
    settings: CatalogSettings,
) -> dict[type, list[Relation]]:
    by_key = {entity: {column.key: column for column in each} for entity, each in columns.items()}
    relations: dict[type, list[Relation]] = {}
    for entity, mapper in mappers.items():
        reader = RelationReader(mapper, readers[entity], by_key, settings.enforced_foreign_keys)
        options = readers[entity].options
        relations[entity] = [
            reader.read(prop)
            for prop in mapper.relationships
            if prop.mapper.class_ in mappers
            and not prop.key.startswith("_")
            and (options.include is None or prop.key in options.include)
            and prop.key not in options.exclude
        ]
    for entity, mapper in mappers.items():
        if readers[entity].options.through:
            key = primary_key(mapper, by_key[entity])
            for derived in derived_relations(mapper, relations[entity], readers, key):
                if _is_new(derived, relations[derived.owner], columns[derived.owner], readers[derived.owner].options):
                    relations[derived.owner].append(derived)
    return {entity: _named_links(readers[entity].owner, each, readers) for entity, each in relations.items()}


def _is_new(derived: Relation, relations: list[Relation], columns: list[Column], options: ModelOptions) -> bool:
    taken = {each.name for each in relations} | {each.name for each in columns}
    linked = any(
        each.link and derived.link and each.link.table is derived.link.table and each.target is derived.target
        for each in relations
    )
    offered = options.include is None and derived.key not in options.exclude
    return offered and not linked and derived.name not in taken


def _named_links(owner: str, relations: list[Relation], readers: Mapping[type, ColumnReader]) -> list[Relation]:
    types = {reader.owner for reader in readers.values()}
    return [
        replace(each, link_name=link_type_name(owner, each.key, types)) if each.link and each.link.columns else each
        for each in relations
    ]


def _check_type_names(models: list[Model]) -> None:
    types = Names("the schema")
    roots = Names("the type Query")
    roots.take("node", "the root field node", "")
    roots.take("nodes", "the root field nodes", "")
    for model in models:
        origin = f"the class {model.entity.__module__}.{model.entity.__qualname__}"
        types.take(
            model.name, origin, f"Name one of them: models={{{model.entity.__name__}: ModelOptions(name='...')}}."
        )
        remedy = f"Name one of them: models={{{model.entity.__name__}: ModelOptions(name='...', plural='...')}}."
        roots.take(model.one, f"{origin} (one record)", remedy)
        roots.take(model.many, f"{origin} (all records)", remedy)
