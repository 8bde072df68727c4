"""The same reads and writes as the API's, for Python callers."""

from gqlcrud.crud.failures import Conflict, CrudError, Forbidden, Invalid, NotFound, Unavailable
from gqlcrud.crud.pages import Page, Rows

__all__ = ["Conflict", "CrudError", "Forbidden", "Invalid", "NotFound", "Page", "Rows", "Unavailable"]
