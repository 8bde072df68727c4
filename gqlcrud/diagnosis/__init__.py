"""What the database refuses in, errors for the client out, each at its place in the input."""

from gqlcrud.diagnosis.diagnose import diagnose
from gqlcrud.diagnosis.misfits import uncomputable
from gqlcrud.diagnosis.permitted import denied
from gqlcrud.diagnosis.violations import (
    UnseenRecordError,
    Violation,
    ViolationKind,
    is_computation,
    is_denied,
    is_transient,
    read_violation,
)
from gqlcrud.diagnosis.written_rows import WrittenBatch, WrittenRow, each_row

__all__ = [
    "UnseenRecordError",
    "Violation",
    "ViolationKind",
    "WrittenBatch",
    "WrittenRow",
    "denied",
    "diagnose",
    "each_row",
    "is_computation",
    "is_denied",
    "is_transient",
    "read_violation",
    "uncomputable",
]
