"""Plans in, records and pages out. The only place that awaits the database."""

from gqlcrud.execution.connection import (
    ConnectionSource,
    OperationConnection,
    engine_source,
    session_source,
    sessionmaker_source,
)
from gqlcrud.execution.reader import Reader
from gqlcrud.execution.records import Connection, Edge, Page, Record, model_of, python_value, related_of

__all__ = [
    "Connection",
    "ConnectionSource",
    "Edge",
    "OperationConnection",
    "Page",
    "Reader",
    "Record",
    "engine_source",
    "model_of",
    "python_value",
    "related_of",
    "session_source",
    "sessionmaker_source",
]
