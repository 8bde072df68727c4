"""Mapped classes in, a frozen catalog of models, columns, relations and keys out."""

from gqlcrud.catalog.model import Catalog, Column, Key, LeftOut, Link, Member, Model, OwnField, Relation, Source
from gqlcrud.catalog.own_fields import REQUIRES, DeclaredField, declared_fields
from gqlcrud.catalog.read import CatalogSettings, mapped_classes, read_catalog

__all__ = [
    "REQUIRES",
    "Catalog",
    "CatalogSettings",
    "Column",
    "DeclaredField",
    "Key",
    "LeftOut",
    "Link",
    "Member",
    "Model",
    "OwnField",
    "Relation",
    "Source",
    "declared_fields",
    "mapped_classes",
    "read_catalog",
]
