"""Write plans in, rows written out, through SQLAlchemy's unit of work: synchronous, within a transaction that is open."""

from gqlcrud.unit_of_work.apart import write_wholly
from gqlcrud.unit_of_work.applying import RecordKey, apply_one, create_shown, locate
from gqlcrud.unit_of_work.bulk import Written, apply_many
from gqlcrud.unit_of_work.lone_rows import LoneRow, lone_row
from gqlcrud.unit_of_work.plain_creates import is_told
from gqlcrud.unit_of_work.plain_rows import defaulted, insert_rows, is_deferrable, takes_rows
from gqlcrud.unit_of_work.record_hooks import RecordHooks
from gqlcrud.unit_of_work.saving import Saver

__all__ = [
    "LoneRow",
    "RecordHooks",
    "RecordKey",
    "Saver",
    "Written",
    "apply_many",
    "apply_one",
    "create_shown",
    "defaulted",
    "insert_rows",
    "is_deferrable",
    "is_told",
    "locate",
    "lone_row",
    "takes_rows",
    "write_wholly",
]
