"""The catalog in, Strawberry types out."""

from gqlcrud.types.directives import ATOMIC
from gqlcrud.types.extend import field
from gqlcrud.types.payloads import ERROR_TYPES
from gqlcrud.types.registry import Registry
from gqlcrud.types.roots import declare_types, mutation_type, query_type
from gqlcrud.types.scalars import SCALARS

__all__ = ["ATOMIC", "ERROR_TYPES", "SCALARS", "Registry", "declare_types", "field", "mutation_type", "query_type"]
