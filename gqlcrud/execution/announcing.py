"""What is committed in, the hooks of its models called; one that fails is logged, as the write stands."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.util import await_only

from gqlcrud.catalog import Model
from gqlcrud.hooks import Committed

logger = logging.getLogger("gqlcrud")

Events: TypeAlias = Sequence[tuple[Model, Committed]]


async def announce(events: Events) -> None:
    """Call `after_commit` for each event, one after the other."""
    for model, each in events:
        for hook in (hooks.after_commit for hooks in model.hooks):
            if hook is None:
                continue
            try:
                result = hook(each)
                if inspect.isawaitable(result):
                    await result
            except Exception as error:  # whatever a hook raises, the write stands, and others are to hear of it
                logger.error("The hook after_commit of %s failed.", model.name, exc_info=error)


def announce_with(session: AsyncSession, events: Events) -> None:
    """Call `after_commit` when the application commits the transaction of its session; never, if it rolls back."""
    if any(hooks.after_commit is not None for model, _ in events for hooks in model.hooks):
        sync = session.sync_session
        pending: _Pending = sync.info.get(_PENDING) or _Pending(sync)
        pending.add(events)


_PENDING = "gqlcrud_pending"


@dataclass(slots=True)
class _Pending:
    """What waits for the commit of a session, with the savepoints that it was written in."""

    session: Session
    events: list[tuple[Events, frozenset[SessionTransaction]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.session.info[_PENDING] = self
        event.listen(self.session, "after_commit", self._committed)
        event.listen(self.session, "after_soft_rollback", self._rolled_back)

    def add(self, events: Events) -> None:
        within: set[SessionTransaction] = set()
        transaction = self.session.get_nested_transaction() or self.session.get_transaction()
        while transaction is not None:
            within.add(transaction)
            transaction = transaction.parent
        self.events.append((events, frozenset(within)))

    def _committed(self, session: Any) -> None:
        """A savepoint that is released is no commit."""
        if not session.in_nested_transaction():
            for events, _ in self._taken():
                await_only(announce(events))

    def _rolled_back(self, session: Any, transaction: SessionTransaction) -> None:
        self.events = [each for each in self.events if transaction not in each[1]]

    def _taken(self) -> list[tuple[Events, frozenset[SessionTransaction]]]:
        taken, self.events = self.events, []
        return taken
