"""A GraphQL API from SQLAlchemy models or an existing database."""

from gqlcrud.api import Api
from gqlcrud.errors import ConfigurationError, ErrorCode, GqlcrudError, RequestError
from gqlcrud.loading import connection, load_record, load_records, load_relation
from gqlcrud.options import Limits, ModelOptions, Preset, SoftDelete
from gqlcrud.scalars import Operator, Scalar, custom_scalar
from gqlcrud.types import field

__all__ = [
    "Api",
    "ConfigurationError",
    "ErrorCode",
    "GqlcrudError",
    "Limits",
    "ModelOptions",
    "Operator",
    "Preset",
    "RequestError",
    "Scalar",
    "SoftDelete",
    "connection",
    "custom_scalar",
    "field",
    "load_record",
    "load_records",
    "load_relation",
]
