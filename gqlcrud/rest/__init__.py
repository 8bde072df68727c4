"""Lists over REST: parameters of a query string in, what is asked of a list out; and pages as responses."""

from gqlcrud.rest.dependency import ListDependency, ListOptions
from gqlcrud.rest.filters import Filters
from gqlcrud.rest.offered import Attribute, Offered
from gqlcrud.rest.pages import FacetValue, PageResponse
from gqlcrud.rest.params import Filter, ListParams, Paging

__all__ = [
    "Attribute",
    "FacetValue",
    "Filter",
    "Filters",
    "ListDependency",
    "ListOptions",
    "ListParams",
    "Offered",
    "PageResponse",
    "Paging",
]
