"""What the parts of the unit of work need of each other: records are saved, found, deleted and flushed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import Executable
from sqlalchemy.orm import Session

from gqlcrud.catalog import Catalog, Model, Relation
from gqlcrud.diagnosis.written_rows import WrittenRow
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

    def create(self, items: Sequence[New]) -> list[Instance]: ...

    def update(self, items: Sequence[tuple[Instance, Save]]) -> None: ...

    def delete(self, items: Iterable[tuple[Instance, Path]], model: Model, *, hard: bool = ...) -> None: ...

    def create_unless_there(self, items: Sequence[tuple[Named, New]], *, lock: bool = False) -> list[Instance]: ...

    def flush(self, rows: Iterable[WrittenRow]) -> None: ...

    def execute(
        self, statement: Executable, rows: Iterable[WrittenRow], parameters: Sequence[Mapping[str, Any]] = ...
    ) -> None: ...

    def key_of(self, instance: Instance, model: Model) -> tuple[Any, ...]: ...


def not_found(named: Named) -> UserError:
    return UserError(ErrorCode.NOT_FOUND, f"There is no {named.model.name} with this key.", named.path)


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


def assigned(save: Save) -> dict[str, Any]:
    """What the assignments of a record set, by attribute, before the database's types."""
    return {each.column.key: each.value for each in save.assignments}


def initial(item: New) -> dict[str, Any]:
    """What a new record is given, by its parent and by the input, which may not say otherwise."""
    chosen = assigned(item.save)
    for key in item.given.keys() & chosen.keys():
        if item.given[key] != chosen[key]:
            message = "This contradicts the record that the new one belongs to; leave it out."
            raise contradiction(message, (*item.save.path, *_field(key, item.save.model)))
    return {**item.given, **chosen}


def _field(key: str, model: Model) -> Path:
    """The GraphQL field of an attribute, where it has one."""
    return tuple(column.name for column in model.columns if column.key == key)
