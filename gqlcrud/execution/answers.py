"""Idempotency keys in, the answers that are kept for them out, in the transaction that writes what they answer."""

from __future__ import annotations

from dataclasses import dataclass

from gqlcrud.errors import ErrorCode, RequestError
from gqlcrud.execution.writing import Transaction
from gqlcrud.idempotency import (
    AnswerKey,
    Idempotency,
    claim_statement,
    current_time,
    find_statement,
    keep_statement,
    sweep_statement,
)


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers that are kept in one table."""

    idempotency: Idempotency

    async def claim(self, transaction: Transaction, key: AnswerKey) -> str | None:
        """Take a key for this transaction, which may have to wait for another one; the answer if there is one already.

        Expired answers are deleted along with it, some at a time. Raises RequestError if the key is that of another
        request.
        """
        table, ttl, now = self.idempotency.table, self.idempotency.ttl, current_time()
        connection = await transaction.session.connection()
        claimed = await connection.execute(claim_statement(table, key, now, ttl, connection.dialect.name))
        if claimed.first() is not None:
            await connection.execute(sweep_statement(table, now, ttl))
            return None
        fingerprint, response = (await connection.execute(find_statement(table, key))).one()
        if fingerprint != key.fingerprint:
            message = "This idempotency key was used for another request; take a new one for each."
            raise RequestError(message, ErrorCode.IDEMPOTENCY_KEY_REUSED)
        assert isinstance(response, str), "it is committed together with its response"
        return response

    async def keep(self, transaction: Transaction, key: AnswerKey, response: str) -> None:
        """Keep the response to the request whose key the transaction has taken."""
        connection = await transaction.session.connection()
        await connection.execute(keep_statement(self.idempotency.table, key, response))
