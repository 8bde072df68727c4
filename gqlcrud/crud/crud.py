"""`Crud`: a mapped class in, all that can be read and written of it out, for Python callers."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self, get_args, get_origin

from gqlcrud.crud.bulk import BulkWrites
from gqlcrud.crud.counts import M
from gqlcrud.crud.reads import Reads
from gqlcrud.crud.scope import OwnApi, Scope, mapper_of, read_scope, settings_of
from gqlcrud.errors import ConfigurationError
from gqlcrud.hooks import Hooks
from gqlcrud.options import ModelOptions
from gqlcrud.scalars import Scalar


class Crud(BulkWrites[M]):
    """Reads and writes of one mapped class, by the same plans, statements and rules as those of the API.

    entity: the class; left out in a subclass, `class Books(Crud[Book])`, which says it. api: whose options, hooks,
    presets and database hold. Without one, models, scalars and hooks are said here as `Api` takes them; they are for the
    classes of the entity's registry.

    Names are those of Python everywhere, and foreign keys are plain values. What an option keeps from clients (`exclude`,
    `read_only`, `hide_from_where`, page sizes) does not bind code of the application's own; what says how records are
    written does: `soft_delete`, `presets`, schemas, hooks. Permissions hold for a `with_context`.

    Raises ConfigurationError for whatever `Api` would refuse, at once with an Api, else when it is first used: other
    classes of the registry may not be there before.
    """

    def __init__(
        self,
        entity: type[M] | None = None,
        *,
        api: OwnApi | None = None,
        models: Mapping[type, ModelOptions] | None = None,
        scalars: Mapping[Any, Scalar] | None = None,
        hooks: Hooks | None = None,
    ) -> None:
        self.entity: type[M] = _declared(type(self)) if entity is None else entity
        mapper_of(self.entity)
        settings = settings_of(models, scalars, hooks)
        if api is not None and settings is not None:
            raise ConfigurationError("Crud(..., api=api) has the models, scalars and hooks of the Api; say them there.")
        self._api, self._settings = api, settings
        self._read: Scope | None = read_scope(self.entity, api, None) if api is not None else None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.entity.__name__})"

    @property
    def scope(self) -> Scope:
        """The catalog, the model and the database that the calls have in common."""
        if self._read is None:
            self._read = read_scope(self.entity, self._api, self._settings)
        return self._read

    def with_context(self, context: Any) -> Self:
        """The same for one request: presets, hooks and permissions see `context`, as they see `info.context`."""
        bound = copy.copy(self)
        bound._read = replace(self.scope, context=context, bound=True)
        return bound


def _declared(cls: type) -> Any:
    """The class that a subclass of `Crud` is for: the argument of the nearest class above that is a `Crud` of something."""
    for each in cls.__mro__:
        for above in getattr(each, "__orig_bases__", ()):
            origin = get_origin(above)
            found = [argument for argument in get_args(above) if isinstance(argument, type)]
            if found and isinstance(origin, type) and issubclass(origin, Reads):
                return found[0]
    raise ConfigurationError("Crud needs a mapped class: Crud(Book), or class Books(Crud[Book]): ...")
