"""Mapped classes in, a frozen catalog of models, columns, relations and keys out."""

from gqlcrud.catalog.model import (
    Bounds,
    Catalog,
    Column,
    InputSchema,
    Key,
    LeftOut,
    Link,
    Member,
    Model,
    Orphan,
    OwnField,
    Relation,
    SchemaField,
    Source,
)
from gqlcrud.catalog.own_fields import REQUIRES, DeclaredField, declared_fields
from gqlcrud.catalog.read import CatalogSettings, mapped_classes, read_catalog
from gqlcrud.catalog.rule import Comparison, Rule
from gqlcrud.catalog.rules import check_constraints, condition_text

__all__ = [
    "REQUIRES",
    "Bounds",
    "Catalog",
    "CatalogSettings",
    "Column",
    "Comparison",
    "DeclaredField",
    "InputSchema",
    "Key",
    "LeftOut",
    "Link",
    "Member",
    "Model",
    "Orphan",
    "OwnField",
    "Relation",
    "Rule",
    "SchemaField",
    "Source",
    "check_constraints",
    "condition_text",
    "declared_fields",
    "mapped_classes",
    "read_catalog",
]
