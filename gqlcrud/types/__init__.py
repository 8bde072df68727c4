"""The catalog in, Strawberry types out."""

from gqlcrud.types.extend import field
from gqlcrud.types.registry import Registry
from gqlcrud.types.roots import declare_types, query_type
from gqlcrud.types.scalars import SCALARS

__all__ = ["SCALARS", "Registry", "declare_types", "field", "query_type"]
