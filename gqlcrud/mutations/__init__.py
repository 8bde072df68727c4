"""Mutation fields: what each writes, and what its payload gives."""

from gqlcrud.mutations.documents import Document, failed, prepare_document, run_document, undone, write_document
from gqlcrud.mutations.fields import ErrorField, PayloadField, QueryField, StaleField, WriteField
from gqlcrud.mutations.payloads import Payload
from gqlcrud.mutations.running import Mutation

__all__ = [
    "Document",
    "ErrorField",
    "Mutation",
    "Payload",
    "PayloadField",
    "QueryField",
    "StaleField",
    "WriteField",
    "failed",
    "prepare_document",
    "run_document",
    "undone",
    "write_document",
]
