"""Write plans in, rows written out, through SQLAlchemy's unit of work: synchronous, within a transaction that is open."""

from gqlcrud.unit_of_work.applying import RecordKey, apply_one, locate
from gqlcrud.unit_of_work.bulk import Written, apply_many
from gqlcrud.unit_of_work.record_hooks import RecordHooks
from gqlcrud.unit_of_work.saving import Saver

__all__ = ["RecordHooks", "RecordKey", "Saver", "Written", "apply_many", "apply_one", "locate"]
