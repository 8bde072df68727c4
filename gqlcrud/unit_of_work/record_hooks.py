"""Records that are written in, the hooks of their models called; what a hook refuses becomes errors."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from gqlcrud.catalog import Model
from gqlcrud.errors import ConfigurationError, UserError, WriteError, WriteRefused
from gqlcrud.hooks import Committed, Hooks, Write, WriteKind
from gqlcrud.unit_of_work.finding import Instance, values_of
from gqlcrud.write_plan import Path, Save


@dataclass(frozen=True, slots=True)
class Subject:
    """A record around whose write hooks are called. record: None before it is made."""

    model: Model
    path: Path
    values: Mapping[str, Any] = field(default_factory=dict)
    record: Instance | None = None
    plan: Save | None = None


@dataclass(frozen=True, slots=True)
class RecordHooks:
    """Calls hooks within one transaction. wait: gives what an awaitable gives. written: what has been, in its order,
    of the models whose hooks wait for the commit."""

    context: Any
    session: AsyncSession
    wait: Callable[[Awaitable[Any]], Any]
    written: list[tuple[Model, WriteKind, tuple[Any, ...]]] = field(default_factory=list)

    def before(self, kind: WriteKind, subjects: Sequence[Subject]) -> list[dict[str, Any]]:
        """The values that each record is to have. Raises WriteError for all that are refused."""
        found: list[dict[str, Any]] = []
        errors: list[UserError] = []
        for subject in subjects:
            write = self._write(kind, subject)
            try:
                for hooks in subject.model.hooks:
                    write = self._changed(hooks, write, subject.model)
            except WriteRefused as error:
                errors += _placed(error, subject)
            found.append(dict(write.values))
        if errors:
            raise WriteError(errors)
        return found

    def after(self, kind: WriteKind, subjects: Sequence[Subject]) -> None:
        """Call the hooks for records that are written. Raises WriteError for all that are refused then."""
        errors: list[UserError] = []
        called = False
        for subject in subjects:
            write = self._write(kind, subject)
            assert write.key is not None, "what is written has a key"
            if any(hooks.after_commit is not None for hooks in subject.model.hooks):
                self.written.append((subject.model, kind, write.key))
            try:
                for hook in (hooks.after(kind) for hooks in subject.model.hooks):
                    if hook is not None:
                        called = True
                        self._result(hook(write))
            except WriteRefused as error:
                errors += _placed(error, subject)
        if errors:
            raise WriteError(errors)
        if called:
            self.session.sync_session.flush()

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What is written in the block is forgotten if the block fails."""
        before = len(self.written)
        try:
            yield
        except BaseException:
            del self.written[before:]
            raise

    def committed(self) -> list[tuple[Model, Committed]]:
        """What is told after the commit: once for each model and kind, in the order of their first records."""
        keys: dict[tuple[Model, WriteKind], dict[tuple[Any, ...], None]] = {}
        for model, kind, key in self.written:
            keys.setdefault((model, kind), {})[key] = None
        return [
            (model, Committed(kind, model.entity, tuple(found), self.context)) for (model, kind), found in keys.items()
        ]

    def _changed(self, hooks: Hooks, write: Write, model: Model) -> Write:
        hook = hooks.before(write.kind)
        changed = None if hook is None else self._result(hook(write))
        if changed is None:
            return write
        if not isinstance(changed, Write):
            raise ConfigurationError(
                f"The hook before_{write.kind} of {model.name} returned {changed!r}; it returns the write, as "
                "write.set(attribute=value) gives it, or None."
            )
        unknown = sorted(changed.values.keys() - model.stored.keys())
        if unknown:
            raise ConfigurationError(
                f"The hook before_{write.kind} of {model.name} sets {', '.join(map(repr, unknown))}, and the columns of "
                f"{model.entity.__name__} are: {', '.join(sorted(model.stored))}."
            )
        return replace(write, values=changed.values)

    def _write(self, kind: WriteKind, subject: Subject) -> Write:
        return Write(
            kind,
            subject.model.entity,
            subject.values,
            None if subject.record is None else values_of(subject.record, subject.model.primary_key),
            subject.record,
            subject.path,
            subject.plan,
            self.context,
            session=self.session,
        )

    def _result(self, result: Any) -> Any:
        return self.wait(result) if inspect.isawaitable(result) else result


def _placed(error: WriteRefused, subject: Subject) -> list[UserError]:
    """The refusal at its place in the input. Its path begins with an attribute, or the GraphQL field."""
    names = {column.key: column.name for column in subject.model.columns if column.offered}
    first, rest = error.path[:1], error.path[1:]
    return [
        replace(each, path=(*subject.path, *(names.get(str(step), step) for step in first), *rest))
        for each in error.errors
    ]
