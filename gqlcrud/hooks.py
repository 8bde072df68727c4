"""What users let happen around writes: the hooks, and the values that hooks are given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, TypeAlias, assert_never

from sqlalchemy.ext.asyncio import AsyncSession

from gqlcrud.errors import ConfigurationError


class WriteKind(StrEnum):
    """What is done with a record."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Write:
    """One record that is about to be written, or has been.

    model: the mapped class. values: attribute -> the value that it is set to, foreign keys among them; none for a
    deletion. key: the primary key; None for a record that is not there yet. record: the mapped instance, as it is in the
    database; None for one that is not there yet. path: where the record stands in the input. plan: the
    `gqlcrud.write_plan.Save` that it is written by, with all that is nested in it; None for a deletion. context: that of
    the request, `info.context`. session: of the same transaction; a hook that is no coroutine uses its `sync_session`.
    """

    kind: WriteKind
    model: type
    values: Mapping[str, Any]
    key: tuple[Any, ...] | None = None
    record: Any = None
    path: tuple[str | int, ...] = ()
    plan: Any = field(default=None, repr=False)
    context: Any = field(default=None, repr=False)
    session: AsyncSession = field(kw_only=True, repr=False)

    def set(self, **values: Any) -> Write:
        """The same write with these values too, or in place of those it has: of any column, offered or not."""
        return replace(self, values={**self.values, **values})


@dataclass(frozen=True, slots=True)
class Committed:
    """Records of one model that were written in a transaction that is committed. keys: their primary keys."""

    kind: WriteKind
    model: type
    keys: tuple[tuple[Any, ...], ...]
    context: Any = field(default=None, repr=False)


BeforeHook: TypeAlias = Callable[[Write], "Write | Awaitable[Write | None] | None"]
AfterHook: TypeAlias = Callable[[Write], "Awaitable[None] | None"]
CommitHook: TypeAlias = Callable[[Committed], "Awaitable[None] | None"]


@dataclass(frozen=True, slots=True)
class Hooks:
    """What is called around writes, for the records of one model (`ModelOptions`) or of all (`Api`): functions or
    coroutines.

    before_*: before a record is written. What it returns is written; None is the write as it was given. after_*: when the
    record is written with all that is nested in it, in the same transaction. Both refuse by raising `WriteRefused`; then
    nothing of the mutation is written. after_commit: once for each model and kind, when all of it is committed.
    """

    before_create: BeforeHook | None = None
    before_update: BeforeHook | None = None
    before_delete: BeforeHook | None = None
    after_create: AfterHook | None = None
    after_update: AfterHook | None = None
    after_delete: AfterHook | None = None
    after_commit: CommitHook | None = None

    def __post_init__(self) -> None:
        for each in fields(self):
            hook = getattr(self, each.name)
            if hook is not None and not callable(hook):
                raise ConfigurationError(f"Hooks({each.name}={hook!r}) takes a function or a coroutine function.")

    def before(self, kind: WriteKind) -> BeforeHook | None:
        match kind:
            case WriteKind.CREATE:
                return self.before_create
            case WriteKind.UPDATE:
                return self.before_update
            case WriteKind.DELETE:
                return self.before_delete
            case _:
                assert_never(kind)

    def after(self, kind: WriteKind) -> AfterHook | None:
        match kind:
            case WriteKind.CREATE:
                return self.after_create
            case WriteKind.UPDATE:
                return self.after_update
            case WriteKind.DELETE:
                return self.after_delete
            case _:
                assert_never(kind)
