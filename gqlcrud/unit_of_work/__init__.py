"""Plans of writes in, rows of the database out; what the database refuses becomes errors for the client."""

from gqlcrud.unit_of_work.diagnosis import diagnose
from gqlcrud.unit_of_work.violations import Violation, ViolationKind, is_transient, read_violation
from gqlcrud.unit_of_work.written_rows import WrittenRow

__all__ = ["Violation", "ViolationKind", "WrittenRow", "diagnose", "is_transient", "read_violation"]
