"""The same reads and writes as the API's, for Python callers."""

from gqlcrud.crud.crud import Crud
from gqlcrud.crud.failures import Conflict, CrudError, Forbidden, Invalid, NotFound, Unavailable, crud_error
from gqlcrud.crud.pages import Page, Rows
from gqlcrud.crud.scope import python_catalog
from gqlcrud.crud.summary import FailedItem, Summary

__all__ = [
    "Conflict",
    "Crud",
    "CrudError",
    "FailedItem",
    "Forbidden",
    "Invalid",
    "NotFound",
    "Page",
    "Rows",
    "Summary",
    "Unavailable",
    "crud_error",
    "python_catalog",
]
