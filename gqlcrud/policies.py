"""What a user may say about who may do what with the records of a model; frozen values, checked by the catalog."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, TypeAlias

from sqlalchemy import SQLColumnExpression

Condition: TypeAlias = bool | SQLColumnExpression[bool]
"""Every record, none, or those for which an expression over the mapped class holds."""
Rule: TypeAlias = Condition | Callable[[Any], Condition] | Callable[[Any, Any], Condition]
"""A condition, or a function of the request's context, or of that and the mapped class, that gives it."""
Operation: TypeAlias = Literal["get", "list", "create", "update", "delete", "restore", "bulk"]
"""What can be done with a model.

get: the root fields that give one record. list: the one that lists them. create, update, delete, restore: wherever it is
done, in nested inputs too. bulk: the root fields that write many records.
"""
OPERATIONS: tuple[Operation, ...] = ("get", "list", "create", "update", "delete", "restore", "bulk")
RULES = ("read", "create", "update", "update_check", "delete")
COLUMN_RULES = ("read_columns", "filter_columns", "order_columns", "write_columns")


@dataclass(frozen=True, slots=True, init=False)
class AllBut:
    """Every column but these, by attribute: `AllBut("cost", Book.notes)`."""

    attributes: tuple[Any, ...]

    def __init__(self, *attributes: Any) -> None:
        object.__setattr__(self, "attributes", attributes)


Columns: TypeAlias = bool | AllBut | Collection[Any]
"""All columns, none, all but some, or those whose attributes (`Book.title`, `"title"`) are given."""
ColumnRule: TypeAlias = Columns | Callable[[Any], Columns]
OperationRule: TypeAlias = Collection[Operation] | Callable[[Any], Collection[Operation]]


@dataclass(frozen=True, slots=True)
class Policy:
    """What a caller may do with the records of a model, said by the context of the request.

    read: which records there are for the caller. Any other is as if it were not in the database.
    create: what must hold of a record that was made, once all of the write is done. update: which records may be changed,
    and what must hold of them then; update_check: what must hold of them then, if it is something else. delete: which may
    be deleted.
    read_columns: what may be read; filter_columns: what may be filtered, searched and counted by, those that may be read if
    it is not said; order_columns: what may be ordered by, those that may be filtered by if it is not said. write_columns:
    what may be given a value. A relation stands for its foreign key. The primary key is always read, as a part of the id.
    operations: what may be done at all.

    None leaves it to `Api(policy=...)`, and if that says nothing either, everything is allowed. Functions are called once
    for each request that needs them, and must not be async.
    """

    read: Rule | None = None
    create: Rule | None = None
    update: Rule | None = None
    update_check: Rule | None = None
    delete: Rule | None = None
    read_columns: ColumnRule | None = None
    filter_columns: ColumnRule | None = None
    order_columns: ColumnRule | None = None
    write_columns: ColumnRule | None = None
    operations: OperationRule | None = None

    def over(self, default: Policy | None) -> Policy:
        """This policy, with what `default` says where it says nothing itself.

        What follows from another rule follows from the one that is said nearest: an `update` of its own is not bound by the
        `update_check` of the default.
        """
        if default is None:
            return self
        found = {each.name: getattr(default, each.name) for each in fields(self) if getattr(self, each.name) is None}
        for rule, followed in (("update_check", "update"), ("filter_columns", "read_columns")):
            if getattr(self, followed) is not None:
                found.pop(rule, None)
        if self.read_columns is not None or self.filter_columns is not None:
            found.pop("order_columns", None)
        return replace(self, **found)


@dataclass(frozen=True, slots=True)
class RowLevelSecurity:
    """PostgreSQL's row-level security: what each transaction is told of the caller, before any other statement of it.

    role: the role that statements run as, by `SET LOCAL ROLE`: a name, or a function of the request's context; None is that
    of the connection. settings: a function of the context that gives what `current_setting(...)` reads in the policies of
    the database, by names with a dot: `{"request.jwt.claims": {"sub": "..."}}`. A mapping or a list becomes JSON, None the
    empty text. Neither is async. Reads run in transactions then.
    """

    role: str | Callable[[Any], str | None] | None = None
    settings: Callable[[Any], Mapping[str, Any]] | None = None
