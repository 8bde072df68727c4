"""A GraphQL API from SQLAlchemy models or an existing database."""

from gqlcrud.api import Api
from gqlcrud.crud import Conflict, Crud, CrudError, FailedItem, Forbidden, Invalid, NotFound, Summary, Unavailable
from gqlcrud.errors import ConfigurationError, ErrorCode, GqlcrudError, RequestError, WriteRefused
from gqlcrud.hooks import Committed, Hooks, Write, WriteKind
from gqlcrud.http_errors import ErrorResponse, error_responses, install_error_handlers
from gqlcrud.idempotency import Idempotency, idempotency_table
from gqlcrud.loading import connection, load_record, load_records, load_relation, transaction
from gqlcrud.observability import Observability
from gqlcrud.observing import request_id
from gqlcrud.options import FullText, Limits, ModelOptions, Preset, SoftDelete
from gqlcrud.persisted import MemoryDocuments, PersistedDocuments
from gqlcrud.policies import AllBut, Policy, RowLevelSecurity
from gqlcrud.progress import Progress
from gqlcrud.rest import FacetValue, ListParams, PageResponse
from gqlcrud.scalars import Operator, Scalar, custom_scalar
from gqlcrud.statements import read_json
from gqlcrud.types import field

__all__ = [
    "AllBut",
    "Api",
    "Committed",
    "ConfigurationError",
    "Conflict",
    "Crud",
    "CrudError",
    "ErrorCode",
    "ErrorResponse",
    "FacetValue",
    "FailedItem",
    "Forbidden",
    "FullText",
    "GqlcrudError",
    "Hooks",
    "Idempotency",
    "Invalid",
    "Limits",
    "ListParams",
    "MemoryDocuments",
    "ModelOptions",
    "NotFound",
    "Observability",
    "Operator",
    "PageResponse",
    "PersistedDocuments",
    "Policy",
    "Preset",
    "Progress",
    "RequestError",
    "RowLevelSecurity",
    "Scalar",
    "SoftDelete",
    "Summary",
    "Unavailable",
    "Write",
    "WriteKind",
    "WriteRefused",
    "connection",
    "custom_scalar",
    "error_responses",
    "field",
    "idempotency_table",
    "install_error_handlers",
    "load_record",
    "load_records",
    "load_relation",
    "read_json",
    "request_id",
    "transaction",
]
