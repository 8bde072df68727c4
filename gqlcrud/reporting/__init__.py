"""Observations of operations in; log records, spans, metrics and extensions of answers out."""

from gqlcrud.reporting.observer import Observer
from gqlcrud.reporting.operations import ObservedOperation

__all__ = ["ObservedOperation", "Observer"]
