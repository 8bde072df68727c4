"""Idempotency keys: the table of answers in the user's database, and what is asked of it. It awaits nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from gqlcrud.errors import ConfigurationError

MAX_KEY = 255
"""Characters of a key, and of what tells the callers apart."""

_COLUMNS = ("caller", "key", "fingerprint", "response", "created_at")
_SWEPT = 100


def idempotency_table(
    metadata: sa.MetaData, name: str = "gqlcrud_idempotency", *, schema: str | None = None
) -> sa.Table:
    """The table that keeps answers, for `create_all` and alembic to make.

    caller, key: whose request it is, and which. fingerprint: of the whole request. response: the first answer, as JSON
    that is read exactly as it was written; NULL while the transaction runs that answers, for nobody else to see.
    """
    return sa.Table(
        name,
        metadata,
        sa.Column("caller", sa.String(MAX_KEY), primary_key=True),
        sa.Column("key", sa.String(MAX_KEY), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("response", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, index=True),
        schema=schema,
    )


def _everyone(context: Any) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Idempotency:
    """Answers a request that is repeated with its key as it was answered first, and writes nothing.

    table: made by `idempotency_table`. ttl: how long an answer is kept; after that the key is free again.
    caller: from `info.context` to a text that tells callers apart, such as the id of a user; by default all are one.
    client_mutation_id: whether `clientMutationId` is the key of a request that has no other.

    Raises ConfigurationError for another table, and for a time that is not positive.
    """

    table: sa.Table
    ttl: timedelta = timedelta(days=1)
    caller: Callable[[Any], str] = _everyone
    client_mutation_id: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.table, sa.Table) or set(self.table.columns.keys()) != set(_COLUMNS):
            raise ConfigurationError(
                f"Idempotency takes the table that idempotency_table(metadata) makes, not {self.table!r}."
            )
        if self.ttl <= timedelta(0):
            raise ConfigurationError(f"Idempotency(ttl={self.ttl!r}) takes a time longer than none.")


@dataclass(frozen=True, slots=True)
class AnswerKey:
    """One request of one caller. Two requests are the same if all three are equal."""

    caller: str
    key: str
    fingerprint: str


def fingerprint(query: str, operation_name: str | None, variables: Mapping[str, Any]) -> str:
    """Equal for equal requests; the order of variables does not matter, the text of the document does."""
    text = json.dumps([query, operation_name, variables], sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()


def claim_statement(table: sa.Table, answer: AnswerKey, now: datetime, ttl: timedelta, dialect: str) -> sa.Executable:
    """Take a key that is free or whose answer has expired; no row comes back if another request has it.

    Whoever takes a key that another transaction is about to take waits for its end.
    """
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(table).values(
        caller=answer.caller, key=answer.key, fingerprint=answer.fingerprint, created_at=now
    )
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[table.c.caller, table.c.key],
        set_={"fingerprint": new.fingerprint, "created_at": new.created_at, "response": None},
        where=table.c.created_at < now - ttl,
    ).returning(table.c.key)


def find_statement(table: sa.Table, answer: AnswerKey) -> sa.Select[Any]:
    """The fingerprint and the response that are kept for a key."""
    return sa.select(table.c.fingerprint, table.c.response).where(*_is_of(table, answer))


def keep_statement(table: sa.Table, answer: AnswerKey, response: str) -> sa.Executable:
    """Keep the response to a request whose key is taken."""
    return sa.update(table).where(*_is_of(table, answer)).values(response=response)


def sweep_statement(table: sa.Table, now: datetime, ttl: timedelta) -> sa.Executable:
    """Delete some of the answers that have expired; those that others are deleting are left to them."""
    keys = sa.select(table.c.caller, table.c.key).where(table.c.created_at < now - ttl).limit(_SWEPT)
    old = keys.with_for_update(skip_locked=True)
    return sa.delete(table).where(sa.tuple_(table.c.caller, table.c.key).in_(old))


def current_time() -> datetime:
    return datetime.now(UTC)


def _is_of(table: sa.Table, answer: AnswerKey) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return table.c.caller == answer.caller, table.c.key == answer.key


def check_key(key: str | None, idempotency: Idempotency | None) -> None:
    """Raises ConfigurationError for a key that the caller of an `Api` cannot give."""
    if key is not None and idempotency is None:
        raise ConfigurationError(
            "An idempotency key needs a table that keeps the answers: "
            "Api(..., idempotency=Idempotency(idempotency_table(metadata)))."
        )
    if key is not None and not 0 < len(key) <= MAX_KEY:
        raise ConfigurationError(f"An idempotency key has 1 to {MAX_KEY} characters, not {len(key)}.")
