"""Parents and children in, what ties them to each other written: a foreign key of the child, or a link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from gqlcrud.catalog import Orphan, Relation
from gqlcrud.errors import ErrorCode, UserError, WriteError
from gqlcrud.unit_of_work.finding import Instance, values_of
from gqlcrud.unit_of_work.saver import RecordSaver
from gqlcrud.write_plan import Assignment, Named, Path, Save


@dataclass(frozen=True, slots=True)
class Pair:
    """A parent and a child of one relation, and the place in the input that names the child.

    assumed: the child, if it is taken to be there.
    """

    parent: Instance
    child: Instance
    path: Path
    edge: tuple[Assignment, ...] = ()
    assumed: Named | None = None


class Ties(Protocol):
    """How the records of one relation are tied."""

    def given(self, parent: Instance, path: Path) -> Mapping[str, Any]:
        """The attributes that tie a new child, at `path`, to its parent."""

    def tied(self, pairs: Sequence[Pair]) -> list[bool]:
        """Which of the pairs are tied."""

    def tie(self, pairs: Sequence[Pair], *, fresh: bool) -> None:
        """Tie pairs, or give those that are tied the values of their edge. fresh: nothing ties them yet."""

    def untie(self, pairs: Sequence[Pair]) -> None:
        """Take children from parents that they are tied to; they are deleted if the mapping says so."""

    def cut(self, pairs: Sequence[Pair]) -> None:
        """Remove what ties children that are to be deleted."""


@dataclass(frozen=True, slots=True)
class KeyTies:
    """The child has a foreign key. Taken away, it loses the key or is deleted, as the mapping says."""

    saver: RecordSaver
    relation: Relation

    def given(self, parent: Instance, path: Path) -> Mapping[str, Any]:
        keys = values_of(parent, self.relation.local)
        if None in keys:
            names = " and ".join(column.name for column in self.relation.local)
            message = f"{self.relation.name} takes no records while {names} is null."
            raise WriteError([UserError(ErrorCode.VALIDATION, message, path)])
        return dict(zip((column.key for column in self.relation.remote), keys, strict=True))

    def tied(self, pairs: Sequence[Pair]) -> list[bool]:
        local, remote = self.relation.local, self.relation.remote
        keys = [(values_of(pair.child, remote), values_of(pair.parent, local)) for pair in pairs]
        return [one == other and None not in one for one, other in keys]

    def tie(self, pairs: Sequence[Pair], *, fresh: bool) -> None:
        self._set([(pair, self.given(pair.parent, pair.path)) for pair in pairs])

    def untie(self, pairs: Sequence[Pair]) -> None:
        model = self.saver.catalog.model(self.relation.target)
        match self.relation.orphan:
            case Orphan.DELETE:
                self.saver.delete([(pair.child, pair.path) for pair in pairs], model)
            case Orphan.NULLIFY:
                cleared = {column.key: None for column in self.relation.remote if column.nullable}
                self._set([(pair, cleared) for pair in pairs])
            case _ if pairs:
                owner = self.saver.catalog.model(self.relation.owner).name
                message = f"{model.name} cannot be without its {owner}: delete it, or give it to another one."
                raise WriteError([UserError(ErrorCode.REQUIRED_RELATION, message, pair.path) for pair in pairs])

    def cut(self, pairs: Sequence[Pair]) -> None:
        """The key goes with the child."""

    def _set(self, items: Sequence[tuple[Pair, Mapping[str, Any]]]) -> None:
        """Update the children whose keys change."""
        model = self.saver.catalog.model(self.relation.target)
        saves = [
            (
                pair.child,
                Save(model, pair.path, tuple(Assignment(model.stored[key], each) for key, each in values.items())),
            )
            for pair, values in items
            if any(getattr(pair.child, key) != value for key, value in values.items())
        ]
        if saves:
            self.saver.update(saves)
