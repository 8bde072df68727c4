"""Plans in, SQLAlchemy Core statements out. Pure: no connection, no GraphQL."""

from gqlcrud.statements.dialect import SQLITE_FUNCTIONS, Database, database_of
from gqlcrud.statements.documents import value_at
from gqlcrud.statements.entities import entity_statement
from gqlcrud.statements.facets import facet_statement
from gqlcrud.statements.finding import FindStatement, children_statement, named_statement
from gqlcrud.statements.joins import can_be_one, key_parameters, keys_of
from gqlcrud.statements.json_texts import read_json
from gqlcrud.statements.pages import (
    SUMMARY,
    Around,
    PageStatement,
    fetch_limit,
    is_backward,
    page_statement,
    summary_statement,
)
from gqlcrud.statements.preparing import prepared_page, prepared_records
from gqlcrud.statements.records import record_statement

__all__ = [
    "SQLITE_FUNCTIONS",
    "SUMMARY",
    "Around",
    "Database",
    "FindStatement",
    "PageStatement",
    "can_be_one",
    "children_statement",
    "database_of",
    "entity_statement",
    "facet_statement",
    "fetch_limit",
    "is_backward",
    "key_parameters",
    "keys_of",
    "named_statement",
    "page_statement",
    "prepared_page",
    "prepared_records",
    "read_json",
    "record_statement",
    "summary_statement",
    "value_at",
]
