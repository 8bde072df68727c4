"""Mutation fields: what each writes, and what its payload gives."""

from gqlcrud.mutations.documents import prepare_document, run_document
from gqlcrud.mutations.fields import ErrorField, PayloadField, QueryField, StaleField, WriteField
from gqlcrud.mutations.once import Once
from gqlcrud.mutations.payloads import Payload
from gqlcrud.mutations.running import Mutation

__all__ = [
    "ErrorField",
    "Mutation",
    "Once",
    "Payload",
    "PayloadField",
    "QueryField",
    "StaleField",
    "WriteField",
    "prepare_document",
    "run_document",
]
