"""Files of rows in and out: import, export and sync of the records of one model."""

from gqlcrud.files.batches import BATCH
from gqlcrud.files.exporting import export_file
from gqlcrud.files.failures import FileError, Rejected
from gqlcrud.files.importing import import_file
from gqlcrud.files.stopping import Stopping, stopped_by_signals
from gqlcrud.files.summaries import ExportSummary, ImportAborted, ImportSummary, StoppedAt, SyncSummary
from gqlcrud.files.syncing import sync_file

__all__ = [
    "BATCH",
    "ExportSummary",
    "FileError",
    "ImportAborted",
    "ImportSummary",
    "Rejected",
    "StoppedAt",
    "Stopping",
    "SyncSummary",
    "export_file",
    "import_file",
    "stopped_by_signals",
    "sync_file",
]
