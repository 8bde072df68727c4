"""Write plans in, rows written out, through SQLAlchemy's unit of work: synchronous, within a transaction that is open."""

from gqlcrud.unit_of_work.applying import RecordKey, apply_one
from gqlcrud.unit_of_work.saving import Saver

__all__ = ["RecordKey", "Saver", "apply_one"]
