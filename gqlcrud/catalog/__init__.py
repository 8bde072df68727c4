"""Mapped classes in, a frozen catalog of models, columns, relations and keys out."""

from gqlcrud.catalog.clauses import Clause
from gqlcrud.catalog.column import Bounds, Column, InputSchema, PresetColumn, SchemaField, Source
from gqlcrud.catalog.model import (
    Catalog,
    ColumnPath,
    Key,
    LeftOut,
    Link,
    LinkDeletion,
    Member,
    Model,
    OrderedBy,
    Orphan,
    OwnField,
    Relation,
    Search,
    SoftDeletion,
    TextSearch,
)
from gqlcrud.catalog.own_fields import REQUIRES, DeclaredField, declared_fields
from gqlcrud.catalog.policy import Allowed, ModelPolicy
from gqlcrud.catalog.read import CatalogSettings, mapped_classes, read_catalog
from gqlcrud.catalog.rule import Comparison, Rule
from gqlcrud.catalog.rules import check_constraints, condition_text
from gqlcrud.catalog.sizes import is_small, is_text

__all__ = [
    "REQUIRES",
    "Allowed",
    "Bounds",
    "Catalog",
    "CatalogSettings",
    "Clause",
    "Column",
    "ColumnPath",
    "Comparison",
    "DeclaredField",
    "InputSchema",
    "Key",
    "LeftOut",
    "Link",
    "LinkDeletion",
    "Member",
    "Model",
    "ModelPolicy",
    "OrderedBy",
    "Orphan",
    "OwnField",
    "PresetColumn",
    "Relation",
    "Rule",
    "SchemaField",
    "Search",
    "SoftDeletion",
    "Source",
    "TextSearch",
    "check_constraints",
    "condition_text",
    "declared_fields",
    "is_small",
    "is_text",
    "mapped_classes",
    "read_catalog",
]
