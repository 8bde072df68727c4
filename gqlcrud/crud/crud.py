"""`Crud`: a mapped class in, all that can be read and written of it out, for Python callers."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Self, get_args, get_origin, overload

from gqlcrud.crud.bulk import BulkWrites
from gqlcrud.crud.conditions import Where
from gqlcrud.crud.counts import M
from gqlcrud.crud.lists import asked_by, asked_of, list_query, page_response
from gqlcrud.crud.queries import Deleted
from gqlcrud.crud.reads import Names, Reads, S
from gqlcrud.crud.scope import OwnApi, Scope, Session, clients_catalog, mapper_of, read_scope, settings_of
from gqlcrud.errors import ConfigurationError
from gqlcrud.hooks import Hooks
from gqlcrud.options import ModelOptions
from gqlcrud.rest import (
    Attribute,
    Filters,
    ListDependency,
    ListOptions,
    ListParams,
    Offered,
    PageResponse,
    Paging,
)
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

    def with_context(self, context: Any, *, policies: bool = False) -> Self:
        """The same for one request: presets, hooks and permissions see `context`, as they see `info.context`.

        policies: whether the policies hold, as they do for clients. Without them code of the application's own sees and
        writes every record.
        """
        bound = copy.copy(self)
        bound._read = replace(self.scope, context=context, bound=True, policed=policies)
        return bound

    # ---------- lists over REST ----------

    def params(
        self,
        filters: Filters = None,
        *,
        sort: Sequence[Attribute] | None = None,
        default_sort: str | Sequence[str] = (),
        default_limit: int = 20,
        max_limit: int = 100,
        paging: Paging = "cursor",
        total: bool | None = None,
        search: bool | None = None,
        facets: Sequence[Attribute] | None = None,
        strict: bool = True,
    ) -> ListDependency:
        """A FastAPI dependency that reads `ListParams` from a query string: `Depends(books.params())`.

        filters: attributes and paths, or a mapping of them to their operators; None: every column of the model. sort: what
        clients may order by; None: every column. default_sort: the order without theirs. paging: by cursors, by counting,
        or as clients like. total: whether records are counted; None: if clients ask for it. search: whether clients may
        search; None: if the model is `searchable`. facets: what clients may count; None: the facets of the model. strict:
        whether parameters that the endpoint does not have are refused.

        Nothing that options of the model keep from clients becomes a parameter: naming it raises ConfigurationError, as
        does all else that does not fit.
        """
        clients = clients_catalog(self.scope, self._api, self._settings)
        options = ListOptions(
            filters, sort, default_sort, default_limit, max_limit, paging, total, search, facets, strict
        )
        return ListDependency(Offered(self.scope.model, self.scope.catalog, clients), options)

    @overload
    async def list(
        self, session: Session, params: ListParams, where: Where = ..., *, select: type[S], deleted: Deleted = ...,
        **equal: Any,
    ) -> PageResponse[S]: ...  # fmt: skip
    @overload
    async def list(
        self, session: Session, params: ListParams, where: Where = ..., *, select: Names, deleted: Deleted = ...,
        **equal: Any,
    ) -> PageResponse[dict[str, Any]]: ...  # fmt: skip
    async def list(
        self, session: Session, params: ListParams, where: Where = None, *, select: Any, deleted: Deleted = "exclude",
        **equal: Any,
    ) -> Any:  # fmt: skip
        """The page that a client asks for with `params`, of the records that meet the conditions of the endpoint as well.

        Raises `Invalid` with the query parameter of a mistake in its path: `("query", "after")`.
        """
        with asked_by(params):
            query = list_query(params, where, equal, deleted)
            page = await self._page(session, query, select, total=params.total, further=asked_of(params))
        return page_response(page, params, select)


def _declared(cls: type) -> Any:
    """The class that a subclass of `Crud` is for: the argument of the nearest class above that is a `Crud` of something."""
    for each in cls.__mro__:
        for above in getattr(each, "__orig_bases__", ()):
            origin = get_origin(above)
            found = [argument for argument in get_args(above) if isinstance(argument, type)]
            if found and isinstance(origin, type) and issubclass(origin, Reads):
                return found[0]
    raise ConfigurationError("Crud needs a mapped class: Crud(Book), or class Books(Crud[Book]): ...")
