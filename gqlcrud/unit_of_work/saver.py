"""What the parts of the unit of work need of each other: records are saved, found, deleted and flushed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import Executable
from sqlalchemy.orm import Session

from gqlcrud.catalog import Catalog, Column, Model, Relation
from gqlcrud.diagnosis.assumptions import not_found
from gqlcrud.diagnosis.written_rows import WrittenBatch, WrittenRow
from gqlcrud.errors import ErrorCode, UserError, WriteError
from gqlcrud.statements import Database
from gqlcrud.unit_of_work.finding import Finder, Instance, identity
from gqlcrud.unit_of_work.record_hooks import RecordHooks
from gqlcrud.write_plan import Named, Path, Save


@dataclass(frozen=True, slots=True)
class New:
    """A record to be made. given: attributes that its parent sets."""

    save: Save
    given: Mapping[str, Any] = field(default_factory=dict)


class RecordSaver(Protocol):
    """Writes records within one transaction."""

    session: Session
    catalog: Catalog
    database: Database
    finder: Finder
    hooks: RecordHooks
    holds_keys: bool
    writing: list[WrittenRow]
    written: list[WrittenRow | WrittenBatch]

    def create(self, items: Sequence[New], *, bulk: bool = ..., shown: Sequence[Column] = ...) -> list[Instance]: ...

    def update(self, items: Sequence[tuple[Instance, Save]]) -> None: ...

    def delete(self, items: Iterable[tuple[Instance, Path]], model: Model, *, hard: bool = ...) -> None: ...

    def create_unless_there(self, items: Sequence[tuple[Named, New]], *, lock: bool = False) -> list[Instance]: ...

    def flush(self, rows: Iterable[WrittenRow]) -> None: ...

    def execute(
        self, statement: Executable, rows: Iterable[WrittenRow], parameters: Sequence[Mapping[str, Any]] = ...
    ) -> None: ...

    def key_of(self, instance: Instance, model: Model) -> tuple[Any, ...]: ...


def nothing_there(relation: Relation, path: Path) -> UserError:
    return UserError(ErrorCode.NOT_FOUND, f"There is no record in {relation.name}.", path)


def required(model: Model, relation: Relation, path: Path) -> UserError:
    """A record that may not be without the other end of a relation."""
    return UserError(ErrorCode.REQUIRED_RELATION, f"{model.name} cannot be without its {relation.name}.", path)


def contradiction(message: str, path: Path) -> WriteError:
    """Two parts of an input say different things of one column."""
    return WriteError([UserError(ErrorCode.VALIDATION, message, path)])


def connected(finder: Finder, wanted: Sequence[Named]) -> list[Instance]:
    """The records that are named, in their order. Raises WriteError for all that are missing."""
    found = finder.named(wanted)
    missing = [not_found(named) for named in wanted if identity(named) not in found]
    if missing:
        raise WriteError(missing)
    return [found[identity(named)] for named in wanted]
