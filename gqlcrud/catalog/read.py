"""The classes of a registry in, the `Catalog` out; every mistake in models and options is found here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Mapper, class_mapper, registry
from sqlalchemy.orm.exc import UnmappedClassError

from gqlcrud.catalog.assemble import assemble_model
from gqlcrud.catalog.associations import derived_relations
from gqlcrud.catalog.checks import check_attributes, check_names, check_options, check_scalar_types
from gqlcrud.catalog.column import Column
from gqlcrud.catalog.column_reader import ColumnReader
from gqlcrud.catalog.columns import read_columns
from gqlcrud.catalog.edges import EdgeReader, is_same_link
from gqlcrud.catalog.enums import EnumTypes
from gqlcrud.catalog.foreign_keys import KeyTargets, primary_key, with_global_ids, with_known_columns
from gqlcrud.catalog.model import Catalog, LeftOut, Model, Relation
from gqlcrud.catalog.policy_reader import PolicyReader
from gqlcrud.catalog.presets import read_presets
from gqlcrud.catalog.python_names import python_options
from gqlcrud.catalog.relation_order import own_order
from gqlcrud.catalog.relations import RelationReader
from gqlcrud.catalog.searching import with_searches
from gqlcrud.catalog.soft_deletion import DeletionReader
from gqlcrud.errors import ConfigurationError
from gqlcrud.hooks import Hooks
from gqlcrud.options import Limits, ModelOptions
from gqlcrud.policies import Policy
from gqlcrud.scalars import Scalar


@dataclass(frozen=True, slots=True)
class CatalogSettings:
    """What `read_catalog` is told beside the classes.

    skip_unknown: leave out columns of types without a scalar, and give enums other names where theirs are taken, instead
    of refusing them.
    enforced_foreign_keys: False where the database may hold foreign keys that point at nothing.
    read_only: no model is written, whatever its options say.
    hooks: what is called around writes of all models. policy: what holds for models whose own says nothing else.
    python_names: for callers in Python instead of clients: see `catalog.python_names`.
    """

    options: Mapping[type, ModelOptions] = field(default_factory=dict)
    scalars: Mapping[Any, Scalar] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    skip_unknown: bool = False
    enforced_foreign_keys: bool = True
    read_only: bool = False
    hooks: Hooks | None = None
    policy: Policy | None = None
    python_names: bool = False


def mapped_classes(source: object) -> tuple[type, ...]:
    """The classes of a declarative base, a registry, a SQLModel base, or an iterable of mapped classes."""
    found = getattr(source, "registry", None) or getattr(source, "_sa_registry", None) or source
    if isinstance(source, type) and sa.inspect(source, raiseerr=False) is not None:
        raise ConfigurationError(
            f"Api takes a declarative base, a registry or a list of mapped classes; {source.__name__} is one mapped "
            f"class. Write [{source.__name__}] to offer it alone."
        )
    if isinstance(found, registry):
        found.configure()
        classes = [mapper.class_ for mapper in found.mappers]
    elif isinstance(found, Iterable) and not isinstance(found, str):
        classes = list(found)
    else:
        raise ConfigurationError(
            f"Api takes a declarative base, a registry or a list of mapped classes, not {source!r}."
        )
    if not classes:
        raise ConfigurationError(
            f"{source!r} has no mapped classes; import the modules that define them before the Api is made."
        )
    mappers = {entity: _mapper(entity) for entity in classes}
    return tuple(sorted(mappers, key=lambda each: (each.__name__, each.__module__)))


def read_catalog(classes: Iterable[type], settings: CatalogSettings) -> Catalog:
    """Read everything that the API is made of. Raises ConfigurationError for what it cannot offer."""
    mappers = {entity: _mapper(entity) for entity in classes}
    check_options(settings.options, mappers, settings.limits)
    check_scalar_types(settings.scalars)
    left_out: list[LeftOut] = []
    readers = _readers(mappers, settings, left_out)
    targets = KeyTargets(mappers, {entity: reader.owner for entity, reader in readers.items()})
    columns = {entity: read_columns(mapper, readers[entity]) for entity, mapper in _bases_first(mappers)}
    relations = _read_relations(mappers, readers, columns, settings)
    if not settings.python_names:
        columns = {
            entity: with_global_ids(mapper, columns[entity], relations[entity], targets)
            for entity, mapper in mappers.items()
        }
    relations = _complete(relations, columns, EdgeReader(readers, columns, targets), mappers)
    reader = DeletionReader(mappers, readers, columns)
    deletions = reader.read()
    models: list[Model] = []
    for entity, mapper in mappers.items():
        for relation in relations[entity]:
            reader.check_custom(relation, deletions)
        model = assemble_model(
            mapper,
            readers[entity],
            columns[entity],
            [reader.relation(each, deletions) for each in relations[entity]],
            settings.limits,
        )
        presets = read_presets(mapper, readers[entity], columns[entity])
        models.append(replace(model, soft_deletion=deletions.get(entity), presets=presets))
    if settings.read_only:
        models = [replace(model, read_only=True) for model in models]
    models = [replace(model, hooks=(*filter(None, [settings.hooks]), *model.hooks)) for model in models]
    searched = with_searches(models, {entity: reader.options for entity, reader in readers.items()})
    models = PolicyReader(settings.options, settings.policy).read(searched)
    models.sort(key=lambda model: model.name)
    if not settings.python_names:
        check_names(models)
    return Catalog(
        models=tuple(models),
        left_out=tuple(left_out),
        by_entity={model.entity: model for model in models},
        by_name={model.name: model for model in models},
    )


def _mapper(entity: type) -> Mapper[Any]:
    try:
        return class_mapper(entity)
    except (UnmappedClassError, ArgumentError):
        raise ConfigurationError(
            f"{entity!r} is not a mapped class. Api takes a declarative base, a registry or a list of mapped classes."
        ) from None


def _bases_first(mappers: Mapping[type, Mapper[Any]]) -> list[tuple[type, Mapper[Any]]]:
    """Base classes before those that inherit from them: what they share is named after the base class."""
    return sorted(mappers.items(), key=lambda item: len(list(item[1].iterate_to_root())))


def _readers(
    mappers: Mapping[type, Mapper[Any]], settings: CatalogSettings, left_out: list[LeftOut]
) -> dict[type, ColumnReader]:
    options = {entity: _options(mapper, settings) for entity, mapper in mappers.items()}
    names = {entity: options[entity].name or entity.__name__ for entity in mappers}
    enums = EnumTypes(frozenset(names.values()), settings.skip_unknown)
    for entity, mapper in mappers.items():
        for attribute, values in options[entity].enum_names.items():
            if attribute in mapper.column_attrs:
                sql_type = mapper.column_attrs[attribute].columns[0].type
                enums.name_values(sql_type, f"{entity.__name__}.{attribute}", values)
    return {
        entity: ColumnReader(
            names[entity],
            entity.__name__,
            _writable(mapper, options[entity]),
            settings.scalars,
            enums,
            settings.skip_unknown,
            left_out,
            settings.python_names,
        )
        for entity, mapper in mappers.items()
    }


def _options(mapper: Mapper[Any], settings: CatalogSettings) -> ModelOptions:
    """The options of a class, with what it inherits of them."""
    options = settings.options.get(mapper.class_, ModelOptions())
    for base in mapper.iterate_to_root():
        if base is not mapper and base.class_ in settings.options:
            options = options.inherited(settings.options[base.class_])
    return python_options(options) if settings.python_names else options


def _writable(mapper: Mapper[Any], options: ModelOptions) -> ModelOptions:
    """What is mapped to a SELECT has no table to write to."""
    return options if isinstance(mapper.local_table, sa.Table | sa.Join) else replace(options, read_only=True)


def _read_relations(
    mappers: Mapping[type, Mapper[Any]],
    readers: Mapping[type, ColumnReader],
    columns: Mapping[type, list[Column]],
    settings: CatalogSettings,
) -> dict[type, list[Relation]]:
    """The relations of each class, those that skip over an association object last."""
    by_key = {entity: {column.key: column for column in each} for entity, each in columns.items()}
    mapped: dict[type, list[Relation]] = {}
    for entity, mapper in mappers.items():
        reader = RelationReader(mapper, readers, by_key, settings.enforced_foreign_keys)
        mapped[entity] = [reader.read(prop) for prop in mapper.relationships if prop.mapper.class_ in mappers]
    derived: dict[type, list[Relation]] = {entity: [] for entity in mappers}
    for entity, mapper in mappers.items():
        if readers[entity].options.through:
            key = primary_key(mapper, by_key[entity], readers[entity])
            offered = [each for each in mapped[entity] if readers[entity].offers(each.key)]
            for relation in derived_relations(mapper, offered, readers, key):
                derived[relation.owner].append(relation)
    for entity, mapper in mappers.items():
        check_attributes(mapper, readers[entity].options, [each.key for each in derived[entity]])
    return {entity: _offered(mapped[entity], derived[entity], columns[entity], readers[entity]) for entity in mappers}


def _complete(
    relations: Mapping[type, Sequence[Relation]],
    columns: Mapping[type, Sequence[Column]],
    edges: EdgeReader,
    mappers: Mapping[type, Mapper[Any]],
) -> dict[type, list[Relation]]:
    """The relations with what is known once all columns are: those of their edges, and those they are ordered by."""
    complete: dict[type, list[Relation]] = {}
    for entity, each in relations.items():
        found = [edges.with_edges(relation) for relation in with_known_columns(each, columns)]
        complete[entity] = [
            replace(relation, order=own_order(relation, mappers[entity], columns[relation.target]))
            for relation in found
        ]
    return complete


def _offered(
    mapped: Sequence[Relation], derived: Iterable[Relation], columns: Iterable[Column], reader: ColumnReader
) -> list[Relation]:
    """A derived relation gives way to a member of its name, and to a mapped one through the same table."""
    relations = [each for each in mapped if reader.offers(each.key)]
    taken = {each.name for each in relations} | {each.name for each in columns}
    for each in derived:
        known = any(is_same_link(each.link, other.link) for other in mapped)
        if reader.offers(each.key) and not known and each.name not in taken:
            relations.append(each)
            taken.add(each.name)
    return relations
