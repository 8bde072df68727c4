"""Write plans in, rows written out, through SQLAlchemy's unit of work: synchronous, within a transaction that is open."""

from gqlcrud.unit_of_work.apart import write_wholly
from gqlcrud.unit_of_work.applying import RecordKey, apply_one, create_shown, locate
from gqlcrud.unit_of_work.bulk import Written, apply_many
from gqlcrud.unit_of_work.lone_rows import as_rows
from gqlcrud.unit_of_work.lone_steps import LoneRows, SessionNeededError
from gqlcrud.unit_of_work.plain_creates import is_told
from gqlcrud.unit_of_work.plain_rows import defaulted, insert_rows, is_deferrable, takes_rows
from gqlcrud.unit_of_work.record_hooks import RecordHooks
from gqlcrud.unit_of_work.saving import Saver

__all__ = [
    "LoneRows",
    "RecordHooks",
    "RecordKey",
    "Saver",
    "SessionNeededError",
    "Written",
    "apply_many",
    "apply_one",
    "as_rows",
    "create_shown",
    "defaulted",
    "insert_rows",
    "is_deferrable",
    "is_told",
    "locate",
    "takes_rows",
    "write_wholly",
]
