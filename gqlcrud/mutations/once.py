"""A mutation with an idempotency key in, its first answer out, whether it is written now or has been before.

The answer is kept in the transaction that writes: the one is never there without the other. It holds what is shown of
all root fields, so one transaction has all of them, and stays open until the answer is made; all that the answer shows
is read in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gqlcrud.context import Operation
from gqlcrud.errors import ErrorCode, RequestError
from gqlcrud.execution import Answers, Held, Transaction
from gqlcrud.idempotency import AnswerKey
from gqlcrud.mutations.documents import Document, Outcome, failed, undone, write_document
from gqlcrud.mutations.payloads import Payload
from gqlcrud.observing import Purpose, running_for


@dataclass(slots=True)
class Once:
    """One mutation that is written at most once.

    stored: the answer, if the request has been answered before. Else there are outcomes for all root fields.
    """

    operation: Operation
    document: Document
    answers: Answers
    key: AnswerKey
    stored: str | None = None
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    _held: Held[dict[str, Payload] | str] | None = None

    async def begin(self) -> None:
        """Find the answer, or write the document in a transaction that stays open.

        What is refused before any SQL, and what failed and is undone, has no transaction any more.
        Raises RequestError if the key is that of another request.
        """
        if self.document.refused:
            self.outcomes = undone(self.document, self.document.refused)
            return

        async def work(transaction: Transaction) -> dict[str, Payload] | str:
            stored = await self.answers.claim(transaction, self.key)
            return stored if stored is not None else await write_document(transaction, self.document)

        await self.operation.connection.close()
        try:
            with running_for(Purpose("write")):
                held = await self.operation.writer.hold(work)
        except Exception as error:  # it is for the fields to raise, where graphql-core expects it
            if isinstance(error, RequestError) and error.code is ErrorCode.IDEMPOTENCY_KEY_REUSED:
                raise
            self.outcomes = failed(self.document, error)
            return
        if isinstance(held.result, str):
            self.stored = held.result
            await held.roll_back()
            return
        self._held, self.outcomes = held, held.result
        self.operation.read_in(held.transaction)

    async def finish(self, response: str) -> str:
        """Keep the response, and commit it together with what is written. What is given is the response that is kept,
        which is an earlier one if the same request was answered meanwhile.

        Raises GqlcrudError if it cannot be committed; nothing is written then.
        """
        with running_for(Purpose("write")):
            return await self._finish(response)

    async def _finish(self, response: str) -> str:
        if self._held is None:
            return await self.operation.writer.run(lambda transaction: self._keep_failure(transaction, response))
        await self.operation.connection.close()
        try:
            await self.answers.keep(self._held.transaction, self.key, response)
        except BaseException:
            await self.abandon()
            raise
        await self._held.commit()
        return response

    async def abandon(self) -> None:
        """Undo what is written."""
        await self.operation.connection.close()
        if self._held is not None:
            await self._held.roll_back()

    async def _keep_failure(self, transaction: Transaction, response: str) -> str:
        stored = await self.answers.claim(transaction, self.key)
        if stored is None:
            await self.answers.keep(transaction, self.key, response)
        return stored if stored is not None else response
