"""What clients may ask of a list in, a FastAPI dependency out that reads it from the query string."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.security import APIKeyQuery
from pydantic import AfterValidator, BaseModel, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from gqlcrud.catalog.searching import is_countable
from gqlcrud.errors import ConfigurationError
from gqlcrud.rest.filters import Filters, filter_parameters
from gqlcrud.rest.offered import Attribute, Offered
from gqlcrud.rest.params import Filter, ListParams, Paging

MAX_TERMS = 30
MAX_SEARCH = 1000
MAX_OFFSET = 2**31 - 1


@dataclass(frozen=True, slots=True)
class ListOptions:
    """What clients may ask of a list, as `Crud.params` explains it."""

    filters: Filters = None
    sort: Sequence[Attribute] | None = None
    default_sort: str | Sequence[str] = ()
    default_limit: int = 20
    max_limit: int = 100
    paging: Paging = "cursor"
    total: bool | None = None
    search: bool | None = None
    facets: Sequence[Attribute] | None = None
    strict: bool = True


@dataclass(frozen=True, slots=True)
class _Parameter:
    """A query parameter. argument: as the dependency is given it, since a name with a dot is none of Python's."""

    argument: str
    name: str
    kind: Any
    default: Any
    description: str

    def signature(self) -> inspect.Parameter:
        query = Query(alias=self.name, title=self.name, description=self.description)
        return inspect.Parameter(
            self.argument, inspect.Parameter.KEYWORD_ONLY, default=self.default, annotation=Annotated[self.kind, query]
        )


class ListDependency:
    """Reads `ListParams` from a request; `Depends(...)` takes it. Its signature tells FastAPI the parameters.

    Raises ConfigurationError for options that do not fit the model.
    """

    def __init__(self, offered: Offered, options: ListOptions) -> None:
        _check(options)
        self._options = options
        self._default_sort = _default_sort(options, offered)
        self._ranks = offered.model.search is not None and offered.model.search.text is not None
        self._filters = {
            f"filter_{place}": each for place, each in enumerate(filter_parameters(options.filters, offered))
        }
        parameters = [
            _Parameter(argument, each.name, each.kind, None, each.description)
            for argument, each in self._filters.items()
        ]
        parameters += [*_search(options, offered), *_sort(options, offered), *_facets(options, offered)]
        parameters += _page(options)
        request = inspect.Parameter("request", inspect.Parameter.KEYWORD_ONLY, annotation=Request)
        self.__signature__ = inspect.Signature([request, *(each.signature() for each in parameters)])

    async def __call__(self, *, request: Request, **given: Any) -> ListParams:
        if self._options.strict:
            _refuse_unknown(request)
        page = {name: value for name, value in given.items() if name not in self._filters}
        _refuse_two_places(page)
        filters = tuple(
            Filter(each.name, each.place, value)
            for argument, each in self._filters.items()
            if (value := given[argument]) is not None
        )
        return ListParams(
            filters=filters,
            order_by=tuple(page.get("sort") or self._order(page.get("search"))),
            search=page.get("search"),
            search_fields=tuple(page.get("search_fields") or ()),
            facets=tuple(dict.fromkeys(page.get("facet") or ())),
            limit=page["limit"],
            after=page.get("after"),
            before=page.get("before"),
            offset=page.get("offset") or 0,
            paging=self._options.paging,
            total=page.get("total", self._options.total is True),
        )

    def _order(self, search: str | None) -> tuple[str, ...]:
        """The order where a client gives none: what a full text search finds is ranked."""
        return () if search and self._ranks else self._default_sort


def _check(options: ListOptions) -> None:
    if options.paging not in ("cursor", "offset", "both"):
        raise ConfigurationError(f"paging is 'cursor', 'offset' or 'both', not {options.paging!r}.")
    if not 1 <= options.default_limit <= options.max_limit:
        raise ConfigurationError(
            f"default_limit={options.default_limit} is no number from 1 to max_limit={options.max_limit}."
        )


# ---------- order ----------


def _terms(options: ListOptions, offered: Offered) -> list[str]:
    """What clients may order by."""
    if options.sort is None:
        return [each.name for each in offered.own() if offered.sortable(each)]
    paths = [offered.path(each) for each in options.sort]
    for path in paths:
        if not offered.sortable(path):
            raise ConfigurationError(f"{path.name!r} cannot be ordered by; leave it out of sort=[...].")
    return [each.name for each in paths]


def _default_sort(options: ListOptions, offered: Offered) -> tuple[str, ...]:
    """The order where a client gives none, which need not be one that a client could give."""
    terms = (options.default_sort,) if isinstance(options.default_sort, str) else tuple(options.default_sort)
    for term in terms:
        offered.path(term.removeprefix("-").partition(" ")[0])
    return terms


def _sort(options: ListOptions, offered: Offered) -> Iterator[_Parameter]:
    names = _terms(options, offered)
    if not names:
        return
    known = [term for name in names for term in (name, f"-{name}")]

    def read(texts: list[str]) -> list[str]:
        terms = [term for text in texts for term in text.split(",")]
        for term in terms:
            if term not in known:
                message = (
                    f"{term!r} is nothing to sort by. There are, each with a minus for descending: {', '.join(names)}."
                )
                raise PydanticCustomError("value", "{reason}", {"reason": message})
        return terms

    item = Annotated[str, WithJsonSchema({"type": "string", "enum": known})]
    kind = Annotated[list[item], Field(max_length=MAX_TERMS), AfterValidator(read)]
    text = "The order, most important first; a minus is for descending. Repeat the parameter, or put commas between."
    yield _Parameter("sort", "sort", kind, None, text)


def _one_of(names: Sequence[str]) -> Any:
    """Names that the parameter may have, repeated."""

    def read(text: str) -> str:
        if text not in names:
            raise PydanticCustomError("value", "{reason}", {"reason": f"The value is one of: {', '.join(names)}."})
        return text

    item: Any = Annotated[str, AfterValidator(read), WithJsonSchema({"type": "string", "enum": list(names)})]
    return Annotated[tuple[item, ...], Field(max_length=MAX_TERMS)]


# ---------- searches and facets ----------


def _search(options: ListOptions, offered: Offered) -> Iterator[_Parameter]:
    search = offered.model.search
    if options.search and search is None:
        raise ConfigurationError(
            f"search=True needs texts to search: ModelOptions(searchable=[...]) of {offered.model.entity.__name__}."
        )
    if options.search is False or search is None:
        return
    names = [each.name for each in search.fields]
    text = Annotated[str, Field(max_length=MAX_SEARCH)]
    yield _Parameter("search", "search", text, None, f"Words, or phrases in quotation marks: in {', '.join(names)}.")
    if search.has_choice:
        yield _Parameter(
            "search_fields", "search_fields", _one_of(names), None, "Where to search; repeat the parameter."
        )


def _facets(options: ListOptions, offered: Offered) -> Iterator[_Parameter]:
    if options.facets is None:
        names = [each.name for each in offered.model.facets]
    else:
        paths = [offered.path(each) for each in options.facets]
        for path in paths:
            if path.column is None or not is_countable(path.column):
                raise ConfigurationError(
                    f"The values of {path.name!r} cannot be counted; leave it out of facets=[...]."
                )
        names = [each.name for each in paths]
    if names:
        text = "Values to count, each with how many records have it; repeat the parameter."
        yield _Parameter("facet", "facet", _one_of(names), None, text)


# ---------- pages ----------


def _page(options: ListOptions) -> Iterator[_Parameter]:
    limit = Annotated[int, Field(ge=1, le=options.max_limit)]
    yield _Parameter("limit", "limit", limit, options.default_limit, "How many records a page has at most.")
    if options.paging != "offset":
        yield _Parameter("after", "after", str, None, "The `next_cursor` of a page: the page after it.")
        yield _Parameter("before", "before", str, None, "The `previous_cursor` of a page: the page before it.")
    if options.paging != "cursor":
        offset = Annotated[int, Field(ge=0, le=MAX_OFFSET)]
        yield _Parameter("offset", "offset", offset, 0, "How many records to pass over.")
    if options.total is None:
        yield _Parameter("total", "total", bool, False, "Whether to count the records of all pages.")


def _refuse_two_places(page: dict[str, Any]) -> None:
    given = [name for name in ("after", "before", "offset") if page.get(name)]
    if len(given) > 1:
        message = f"Give one of {' and '.join(given)}: each says where the page is."
        raise _refusal(given[1], message, page[given[1]])


def _refuse_unknown(request: Request) -> None:
    """Refuses parameters that neither the list nor the rest of the endpoint has: a filter with a typing error would show
    records that were not asked for."""
    dependant = _endpoint(request)
    known = set() if dependant is None else set(_names(dependant))
    for name, value in request.query_params.multi_items():
        if known and name not in known:
            raise _refusal(name, f"There is no parameter {name!r}. There are: {', '.join(sorted(known))}.", value)


def _endpoint(request: Request) -> Dependant | None:
    """What the endpoint depends on, with what the routers that include it add: newer FastAPIs keep that beside the route."""
    included = request.scope.get("fastapi", {}).get("effective_route_context")
    dependant = getattr(included, "dependant", None) or getattr(request.scope.get("route"), "dependant", None)
    return dependant if isinstance(dependant, Dependant) else None


def _names(dependant: Dependant) -> Iterator[str]:
    """The query parameters of an endpoint and of all that it depends on; a Pydantic model stands for its fields."""
    for each in dependant.query_params:
        yield each.alias
        model = each.field_info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            yield from (info.alias or name for name, info in model.model_fields.items())
    for inner in dependant.dependencies:
        if isinstance(inner.call, APIKeyQuery):
            yield inner.call.model.name
        yield from _names(inner)


def _refusal(name: str, message: str, value: Any) -> RequestValidationError:
    return RequestValidationError([{"type": "value", "loc": ("query", name), "msg": message, "input": value}])
