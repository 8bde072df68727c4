"""What can be dangerous about an Api: a code for each, which stays, and what is found in one, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Hazard(Enum):
    """A kind of danger, by the code that `--ignore` takes."""

    NO_POLICY = "no-policy"
    OPEN_WRITE = "open-write"
    SECRET_COLUMN = "secret-column"
    GUESSABLE_COLUMN = "guessable-column"
    PRIVILEGE_COLUMN = "privilege-column"
    DELETED_SHOWN = "deleted-shown"
    HARD_DELETE = "hard-delete"
    CASCADE_DELETE = "cascade-delete"
    REGEX = "regex"
    INTROSPECTION = "introspection"
    SUGGESTIONS = "suggestions"
    GRAPHIQL = "graphiql"
    DEBUG = "debug"
    STATEMENT_TIMEOUT = "no-statement-timeout"
    REQUEST_TIMEOUT = "no-request-timeout"
    HIGH_LIMIT = "high-limit"
    IDEMPOTENCY_CALLER = "idempotency-caller"
    SUPERUSER = "superuser"
    ROW_SECURITY_UNUSED = "row-security-unused"
    ROW_SECURITY_BYPASSED = "row-security-bypassed"
    ROW_SECURITY_MISSING = "row-security-missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something dangerous. place: where it is said, or is not: `Book`, `Book.cost`, `Limits`. instead: what to write."""

    hazard: Hazard
    place: str
    message: str
    instead: str
