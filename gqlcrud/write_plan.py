"""What is to be written, as frozen values: they know neither GraphQL nor SQL.

Write planning makes them from inputs; the unit of work applies them. A `path` leads from the root field to the place
in the input that a value came from, so that an error of the database can be told there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeAlias

from gqlcrud.catalog import Column, Key, Model, Relation
from gqlcrud.plan import Always, Condition

Path: TypeAlias = tuple[str | int, ...]


class ChangeOperator(Enum):
    """What is done to the value that a column has.

    INCREMENT to DIVIDE: numbers. MERGE to PREPEND: JSON; APPEND, PREPEND, REMOVE: arrays.
    """

    INCREMENT = "increment"
    DECREMENT = "decrement"
    MULTIPLY = "multiply"
    DIVIDE = "divide"
    MERGE = "merge"
    SET = "set"
    DELETE = "delete"
    APPEND = "append"
    PREPEND = "prepend"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Assignment:
    """A column is set to a value of Python, as an attribute of the mapped class takes it; None is NULL.

    by_default: whether a Pydantic model fills in what the input leaves out.
    """

    column: Column
    value: Any
    by_default: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """A column is set to what an operator makes of the value that it has.

    operand: a number, or a JSON value; None for DELETE. Of an array: a tuple of the items to add, or the item to REMOVE.
    steps: the path inside a JSON value, for SET, DELETE, APPEND and PREPEND. Several changes of one column follow one
    another.
    """

    column: Column
    operator: ChangeOperator
    operand: Any
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Named:
    """One record, named by a unique key: one value for each of its columns.

    among: what holds for the records that there are; any other is not there.
    """

    model: Model
    key: Key
    values: tuple[Any, ...]
    path: Path
    among: Condition = field(default_factory=lambda: Always(True))


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key that is given by its values, to a record for which `among` holds: nothing else is referred to.

    local: of the record; remote: of the `target`. column: the field that an error is told of, at `path`.
    """

    target: Model
    local: tuple[Column, ...]
    remote: tuple[Column, ...]
    among: Condition
    column: Column
    path: Path


@dataclass(frozen=True, slots=True)
class Save:
    """The values of one record and of what belongs to it: to-one targets first, then itself, then to-many ones.

    path: the place of the values in the input; ops_path: that of the changes. references: what the foreign keys among its
    values must lead to, where not every record will do.
    """

    model: Model
    path: Path
    assignments: tuple[Assignment, ...] = ()
    changes: tuple[Change, ...] = ()
    to_one: tuple[ToOne, ...] = ()
    to_many: tuple[ToMany, ...] = ()
    ops_path: Path = ()
    references: tuple[Reference, ...] = ()

    @property
    def place(self) -> Path:
        """Where the record stands in the input: at its values, or at its changes if that is all there is."""
        return self.path if self.assignments or not self.changes else self.ops_path

    @property
    def is_empty(self) -> bool:
        return not (self.assignments or self.changes or self.to_one or self.to_many)


# ---------- operations of relations ----------


@dataclass(frozen=True, slots=True)
class Connect:
    """A record that is there already is linked. edge: values of the link table's columns."""

    target: Named
    edge: tuple[Assignment, ...] = ()


@dataclass(frozen=True, slots=True)
class Create:
    """A record is made, and linked."""

    save: Save
    edge: tuple[Assignment, ...] = ()


@dataclass(frozen=True, slots=True)
class ConnectOrCreate:
    """The record is linked if it is there, else made: `save` holds the key's values too."""

    target: Named
    save: Save
    edge: tuple[Assignment, ...] = ()


@dataclass(frozen=True, slots=True)
class UpdateTarget:
    """The record that a to-one relation leads to is changed; it is NOT_FOUND if there is none."""

    save: Save


@dataclass(frozen=True, slots=True)
class UpsertTarget:
    """The record that a to-one relation leads to is changed by `update`, or made by `create` if there is none."""

    create: Save
    update: Save


@dataclass(frozen=True, slots=True)
class Disconnect:
    """A to-one relation leads to nothing then; nothing to do if it does already."""

    path: Path


@dataclass(frozen=True, slots=True)
class DeleteTarget:
    """The record that a to-one relation leads to is deleted; it is NOT_FOUND if there is none."""

    path: Path


ToOneOperation: TypeAlias = Connect | Create | ConnectOrCreate | UpdateTarget | UpsertTarget | Disconnect | DeleteTarget


@dataclass(frozen=True, slots=True)
class ToOne:
    """What is done to the target of a to-one relation. among: what holds for the records that there are of it."""

    relation: Relation
    operation: ToOneOperation
    path: Path
    among: Condition = field(default_factory=lambda: Always(True))


@dataclass(frozen=True, slots=True)
class UpdateChild:
    """One child of the parent is changed. version: what its `version_id_col` must be."""

    target: Named
    save: Save
    edge: tuple[Assignment, ...] = ()
    version: int | None = None


@dataclass(frozen=True, slots=True)
class UpdateChildren:
    """Every child of the parent for which `where` holds is changed."""

    where: Condition
    save: Save


@dataclass(frozen=True, slots=True)
class UpsertChild:
    """The child of this key is changed by `update`, or made by `create` if the parent has none."""

    target: Named
    create: Save
    update: Save
    edge: tuple[Assignment, ...] = ()


@dataclass(frozen=True, slots=True)
class ToMany:
    """What is done to the children of a to-many relation, in the order of these fields.

    members: what the relation holds before anything is created (`set`); None leaves the others in it.
    among: what holds for the children that there are; `delete_where` and `update_where` say it too. referred: the
    records that foreign keys of edges lead to, where not every record will do.
    """

    relation: Relation
    path: Path
    delete: tuple[Named, ...] = ()
    delete_where: Condition | None = None
    members: tuple[Connect, ...] | None = None
    disconnect: tuple[Named, ...] = ()
    update_where: tuple[UpdateChildren, ...] = ()
    update: tuple[UpdateChild, ...] = ()
    upsert: tuple[UpsertChild, ...] = ()
    connect: tuple[Connect, ...] = ()
    connect_or_create: tuple[ConnectOrCreate, ...] = ()
    create: tuple[Create, ...] = ()
    among: Condition = field(default_factory=lambda: Always(True))
    referred: tuple[Named, ...] = ()

    @property
    def named(self) -> tuple[Named, ...]:
        """Every record that an operation names."""
        changed = [each.target for each in self.update] + [each.target for each in self.upsert]
        linked = [each.target for each in (*(self.members or ()), *self.connect)]
        return (*self.delete, *self.disconnect, *changed, *linked, *(each.target for each in self.connect_or_create))


# ---------- root operations ----------


@dataclass(frozen=True, slots=True)
class Guard:
    """What must hold of a record for it to be changed; else it is STALE.

    version: what its `version_id_col` must be; condition: `if`. Each with the place that an error is told at.
    """

    version: int | None = None
    condition: Condition = field(default_factory=lambda: Always(True))
    path: Path = ()

    @property
    def is_open(self) -> bool:
        return self.version is None and self.condition == Always(True)


@dataclass(frozen=True, slots=True)
class CreateOne:
    save: Save


@dataclass(frozen=True, slots=True)
class UpdateOne:
    target: Named
    save: Save
    guard: Guard = field(default_factory=Guard)


@dataclass(frozen=True, slots=True)
class UpsertOne:
    """`target` is named by the values of `create`."""

    target: Named
    create: Save
    update: Save
    guard: Guard = field(default_factory=Guard)


@dataclass(frozen=True, slots=True)
class DeleteOne:
    """hard: the record goes out of the database, even where records are marked as deleted."""

    target: Named
    guard: Guard = field(default_factory=Guard)
    hard: bool = False


@dataclass(frozen=True, slots=True)
class RestoreOne:
    """A record that is marked as deleted is there again."""

    target: Named


WriteOne: TypeAlias = CreateOne | UpdateOne | UpsertOne | DeleteOne | RestoreOne
