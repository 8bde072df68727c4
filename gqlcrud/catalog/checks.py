"""What users say in options in, a ConfigurationError out where it cannot be meant: every name must exist."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy.orm import Mapper
from sqlalchemy.types import TypeEngine

from gqlcrud.catalog.model import Model
from gqlcrud.errors import ConfigurationError
from gqlcrud.hooks import Hooks
from gqlcrud.naming import RESERVED_FIELDS, RESERVED_TYPES, Names
from gqlcrud.options import FullText, Limits, ModelOptions, Preset, SoftDelete
from gqlcrud.scalars import Scalar


def check_options(options: Mapping[type, ModelOptions], classes: Collection[type], limits: Limits) -> None:
    """The classes that the options are for, and the kinds of their values."""
    for entity, each in options.items():
        name = getattr(entity, "__name__", repr(entity))
        if entity not in classes:
            known = ", ".join(sorted(cls.__name__ for cls in classes))
            raise ConfigurationError(f"models={{{name}: ...}} is for no model of this Api. Its models are: {known}.")
        if not isinstance(each, ModelOptions):
            raise ConfigurationError(f"models={{{name}: ...}} takes ModelOptions(...), not {each!r}.")
        if each.hooks is not None and not isinstance(each.hooks, Hooks):
            raise ConfigurationError(f"ModelOptions(hooks=...) of {name} takes gqlcrud.Hooks(...), not {each.hooks!r}.")
        if each.fields is not None and not isinstance(each.fields, type):
            raise ConfigurationError(f"ModelOptions(fields=...) of {name} takes a class, not {each.fields!r}.")
        if each.full_text is not None and not isinstance(each.full_text, FullText):
            raise ConfigurationError(
                f"ModelOptions(full_text=...) of {name} takes gqlcrud.FullText('english', ...), not {each.full_text!r}."
            )
        check_soft_delete(name, each.soft_delete)
        check_presets(name, each.presets)
        for option, names in _attributes(each).items():
            if isinstance(names, str):
                raise ConfigurationError(
                    f"ModelOptions({option}={names!r}) of {name} takes a collection of names: {{{names!r}}}."
                )
        check_scalars(f"ModelOptions(scalars=...) of {name}", each.scalars)
        check_page_sizes(name, each, limits)


def check_page_sizes(name: str, options: ModelOptions, limits: Limits) -> None:
    """A page has records, and the size that nobody asks for is not larger than what anybody may ask for."""
    for option, value in (("page_size", options.page_size), ("max_page_size", options.max_page_size)):
        if value is not None and value < 1:
            raise ConfigurationError(f"ModelOptions({option}={value}) of {name} takes a number from 1.")
    maximum = options.max_page_size or limits.max_page_size
    if options.page_size is not None and options.page_size > maximum:
        where = "ModelOptions" if options.max_page_size else "Limits"
        raise ConfigurationError(
            f"ModelOptions(page_size={options.page_size}) of {name} is larger than the largest page: "
            f"{where}(max_page_size={maximum})."
        )


def check_soft_delete(name: str, soft_delete: SoftDelete | None) -> None:
    """Plans are made without waiting, so who may do something is known without waiting."""
    if soft_delete is None:
        return
    option = f"ModelOptions(soft_delete=...) of {name}"
    if not isinstance(soft_delete, SoftDelete):
        raise ConfigurationError(f"{option} takes gqlcrud.SoftDelete('deleted_at', ...), not {soft_delete!r}.")
    permissions = {"show_deleted": soft_delete.show_deleted, "hard_delete": soft_delete.hard_delete}
    for permission, value in permissions.items():
        if not isinstance(value, bool) and (not callable(value) or inspect.iscoroutinefunction(value)):
            raise ConfigurationError(
                f"{option} has {permission}={value!r}; it takes True, False, or a function of the request's context that "
                "gives either and is not async. What has to be waited for is done where the context is made."
            )


def check_presets(name: str, presets: Mapping[str, Any]) -> None:
    for key, preset in presets.items():
        option = f"ModelOptions(presets={{{key!r}: ...}}) of {name}"
        if not callable(preset.value if isinstance(preset, Preset) else preset):
            raise ConfigurationError(f"{option} takes a function of the request's context, not {preset!r}.")
        if isinstance(preset, Preset) and (isinstance(preset.on, str) or not set(preset.on) <= {"create", "update"}):
            raise ConfigurationError(f"{option} has on={preset.on!r}; it takes {{'create'}}, {{'update'}} or both.")
        if isinstance(preset, Preset) and not preset.on:
            raise ConfigurationError(f"{option} is never set; say on={{'create'}}, {{'update'}} or both.")


def check_scalars(option: str, scalars: Mapping[Any, Scalar]) -> None:
    for key, scalar in scalars.items():
        if not isinstance(scalar, Scalar):
            name = repr(key) if isinstance(key, str) else getattr(key, "__name__", repr(key))
            raise ConfigurationError(
                f"{option} gives {name} {scalar!r}; it takes a gqlcrud.Scalar, such as gqlcrud.custom_scalar(...) makes."
            )


def check_scalar_types(scalars: Mapping[Any, Scalar]) -> None:
    """The keys of `Api(scalars=...)`: SQLAlchemy types, or Python types that annotations name."""
    check_scalars("Api(scalars=...)", scalars)
    for key in scalars:
        if not isinstance(key, type | TypeEngine):
            raise ConfigurationError(f"Api(scalars=...) takes types as keys, such as {{MyType: ...}}, not {key!r}.")


def check_attributes(mapper: Mapper[Any], options: ModelOptions, further: Collection[str]) -> None:
    """Every attribute that an option names must exist, else a misspelt `exclude` would publish what it should hide.

    `further` are the attributes that the API adds: relations that skip over an association object.
    """
    own = {str(key) for key in mapper.all_orm_descriptors.keys()}  # noqa: SIM118
    known = own | {prop.key for prop in mapper.attrs} | set(further)
    relations = {*mapper.relationships.keys(), *further}
    for option, attributes in _attributes(options).items():
        unknown = sorted(set(attributes) - known)
        if option in ("operators", "scalars", "enum_names", "soft_delete", "presets") and not relations.isdisjoint(
            attributes
        ):
            raise ConfigurationError(
                f"ModelOptions({option}=...) of {mapper.class_.__name__} names "
                f"{', '.join(map(repr, sorted(relations & set(attributes))))}, which leads to other records; "
                f"{option} is for columns."
            )
        if unknown:
            raise ConfigurationError(
                f"ModelOptions({option}=...) of {mapper.class_.__name__} names {', '.join(map(repr, unknown))}, "
                f"which the class does not have. Its attributes are: {', '.join(sorted(known))}."
            )


def _attributes(options: ModelOptions) -> dict[str, Collection[str]]:
    """The options that name attributes."""
    return {
        "include": options.include or (),
        "exclude": options.exclude,
        "rename": options.rename,
        "read_only": () if isinstance(options.read_only, bool) else options.read_only,
        "hide_from_where": options.hide_from_where,
        "hide_from_order": options.hide_from_order,
        "operators": options.operators,
        "scalars": options.scalars,
        "enum_names": options.enum_names,
        "soft_delete": () if options.soft_delete is None else (options.soft_delete.column,),
        "presets": options.presets,
    }


def check_names(models: Iterable[Model]) -> None:
    """No two models of one type name or root field, and none called like something that every schema has."""
    types = Names("the schema", dict(RESERVED_TYPES))
    roots = Names("the type Query", dict(RESERVED_FIELDS))
    for model in models:
        name = model.entity.__name__
        remedy = f"Name the model otherwise: models={{{name}: ModelOptions(name='...')}}."
        types.take(model.name, model.origin, remedy)
        remedy = f"Name the fields otherwise: models={{{name}: ModelOptions(name='...', plural='...')}}."
        roots.take(model.one, f"one record of {model.origin}", remedy)
        roots.take(model.many, f"the list of {model.origin}", remedy)
