"""Mapped classes in, a frozen catalog of models, columns, relations and keys out."""

from gqlcrud.catalog.model import (
    Bounds,
    Catalog,
    Column,
    Key,
    LeftOut,
    Link,
    LinkDeletion,
    Member,
    Model,
    Orphan,
    OwnField,
    PresetColumn,
    Relation,
    SoftDeletion,
    Source,
)
from gqlcrud.catalog.own_fields import REQUIRES, DeclaredField, declared_fields
from gqlcrud.catalog.read import CatalogSettings, mapped_classes, read_catalog

__all__ = [
    "REQUIRES",
    "Bounds",
    "Catalog",
    "CatalogSettings",
    "Column",
    "DeclaredField",
    "Key",
    "LeftOut",
    "Link",
    "LinkDeletion",
    "Member",
    "Model",
    "Orphan",
    "OwnField",
    "PresetColumn",
    "Relation",
    "SoftDeletion",
    "Source",
    "declared_fields",
    "mapped_classes",
    "read_catalog",
]
