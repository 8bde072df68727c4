"""Plans in, records and pages out. The only place that awaits the database."""

from gqlcrud.execution.access import Sources, database_sources, session_sources
from gqlcrud.execution.answers import Answers
from gqlcrud.execution.connection import OperationConnection
from gqlcrud.execution.cuts import Cut, PageRows
from gqlcrud.execution.lone_writes import LoneWriter
from gqlcrud.execution.presets import resolve_presets
from gqlcrud.execution.reader import Reader
from gqlcrud.execution.records import (
    Connection,
    Edge,
    FacetCount,
    Page,
    Record,
    model_of,
    python_value,
    record_class,
    related_of,
)
from gqlcrud.execution.sources import ConnectionSource, engine_source, session_source, sessionmaker_source
from gqlcrud.execution.transactions import (
    TransactionSource,
    engine_transactions,
    session_transactions,
    sessionmaker_transactions,
)
from gqlcrud.execution.watching import prepare_sqlite
from gqlcrud.execution.writing import Held, Transaction, Writer

__all__ = [
    "Answers",
    "Connection",
    "ConnectionSource",
    "Cut",
    "Edge",
    "FacetCount",
    "Held",
    "LoneWriter",
    "OperationConnection",
    "Page",
    "PageRows",
    "Reader",
    "Record",
    "Sources",
    "Transaction",
    "TransactionSource",
    "Writer",
    "database_sources",
    "engine_source",
    "engine_transactions",
    "model_of",
    "prepare_sqlite",
    "python_value",
    "record_class",
    "related_of",
    "resolve_presets",
    "session_source",
    "session_sources",
    "session_transactions",
    "sessionmaker_source",
    "sessionmaker_transactions",
]
