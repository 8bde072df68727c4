"""Plans in, records and pages out. The only place that awaits the database."""

from gqlcrud.execution.connection import (
    ConnectionSource,
    OperationConnection,
    engine_source,
    session_source,
    sessionmaker_source,
)
from gqlcrud.execution.reader import Reader
from gqlcrud.execution.records import Connection, Edge, Page, Record, python_value

__all__ = [
    "Connection",
    "ConnectionSource",
    "Edge",
    "OperationConnection",
    "Page",
    "Reader",
    "Record",
    "engine_source",
    "python_value",
    "session_source",
    "sessionmaker_source",
]
