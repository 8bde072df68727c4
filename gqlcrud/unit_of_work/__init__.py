"""Write plans in, rows written out, through SQLAlchemy's unit of work: synchronous, within a transaction that is open.

What the database refuses becomes errors for the client.
"""

from gqlcrud.unit_of_work.applying import RecordKey, apply_one, locate
from gqlcrud.unit_of_work.bulk import Written, apply_many
from gqlcrud.unit_of_work.diagnosis import diagnose
from gqlcrud.unit_of_work.record_hooks import RecordHooks
from gqlcrud.unit_of_work.saving import Saver
from gqlcrud.unit_of_work.violations import UnseenRecordError, Violation, ViolationKind, is_transient, read_violation
from gqlcrud.unit_of_work.written_rows import WrittenRow

__all__ = [
    "RecordHooks",
    "RecordKey",
    "Saver",
    "UnseenRecordError",
    "Violation",
    "ViolationKind",
    "Written",
    "WrittenRow",
    "apply_many",
    "apply_one",
    "diagnose",
    "is_transient",
    "locate",
    "read_violation",
]
