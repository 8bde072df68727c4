"""Mutation fields: what each writes, and what its payload gives."""

from gqlcrud.mutations.fields import ErrorField, PayloadField, QueryField, StaleField, WriteField
from gqlcrud.mutations.payloads import Payload

__all__ = ["ErrorField", "Payload", "PayloadField", "QueryField", "StaleField", "WriteField"]
