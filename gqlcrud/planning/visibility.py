"""A model and a request's context in, the condition out that tells which of its records there are for the request.

Planning puts it wherever records of a model are reached: lists, single records, relation filters, counts, orders, and
what a write finds by a key or a relation. What the caller may do with columns and operations is told here, too.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, TypeAlias, TypeVar

from gqlcrud.catalog import Allowed, Catalog, Column, ColumnPath, Model, Relation
from gqlcrud.errors import ConfigurationError, ErrorCode, RequestError
from gqlcrud.observing import hide
from gqlcrud.options import Permission
from gqlcrud.plan import EVERY, NONE, Always, Condition, Opaque, Stated, conjunction, is_deleted, is_there
from gqlcrud.policies import Operation

T = TypeVar("T")
Action: TypeAlias = Literal["read", "create", "update", "update_check", "delete"]
Use: TypeAlias = Literal["read", "filter", "order", "write"]
"""What is done with a column."""

_NEEDED: Mapping[Action, Operation] = {"create": "create", "update": "update", "delete": "delete"}
_TOLD = {"read": "read", "filter": "filter by", "order": "order by", "write": "write"}


class DeletedRecords(Enum):
    """Whether records that are marked as deleted are left out, are among the others, or are all there is."""

    EXCLUDE = "EXCLUDE"
    INCLUDE = "INCLUDE"
    ONLY = "ONLY"


@dataclass(frozen=True, slots=True)
class Visibility:
    """What one request sees. context: what the application knows of the caller (`info.context`). trusted: the caller is
    code of the application's own, which has every permission. policed: whether policies hold for the caller. secured:
    whether the database has policies of its own."""

    context: Any = None
    trusted: bool = False
    policed: bool = True
    secured: bool = False
    _known: dict[object, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def asked_policies(self) -> int:
        """How often a policy has been asked for anything: what is planned meanwhile is for this caller alone."""
        return int(self._known.get("asked", 0))

    # ---------- records ----------

    def condition(self, model: Model, deleted: DeletedRecords = DeletedRecords.EXCLUDE) -> Condition:
        """What holds for the records of a model that there are."""
        rule = self.rule(model, "read")
        return rule if model.soft_deletion is None else conjunction([rule, self._undeleted(model, deleted)])

    def rule(self, model: Model, action: Action) -> Condition:
        """What holds for the records of a model with which the caller may do this."""
        policy = model.policy
        if policy is None or not self.policed:
            return EVERY
        operation: Operation | None = _NEEDED.get(action)
        if operation is not None and not self.offers(operation, model):
            return NONE
        return self._once(("rule", policy, action), lambda: _stated(policy.rule(action, self.context)))

    def _undeleted(self, model: Model, deleted: DeletedRecords) -> Condition:
        if model.soft_deletion is None or deleted is DeletedRecords.INCLUDE:
            return EVERY
        return is_deleted(model.soft_deletion) if deleted is DeletedRecords.ONLY else is_there(model.soft_deletion)

    def asked(self, model: Model, arguments: Mapping[str, Any]) -> Condition:
        """The same for a field with the argument `deleted`, if it has one; null is as if absent.

        Raises RequestError FORBIDDEN, with the path from the field, for a caller who may not see deleted records.
        """
        deletion = model.soft_deletion
        deleted = arguments.get("deleted") or DeletedRecords.EXCLUDE
        if deletion is None or deleted is DeletedRecords.EXCLUDE:
            return self.condition(model)
        if not self.allows(deletion.show_deleted):
            message = f"Deleted {model.name} records are not shown to you."
            raise RequestError(message, ErrorCode.FORBIDDEN, ("deleted",))
        return self.condition(model, deleted)

    def allows(self, permission: Permission) -> bool:
        """Raises ConfigurationError for a function that gives anything but True or False, such as a coroutine."""
        if self.trusted:
            return True
        allowed = permission if isinstance(permission, bool) else permission(self.context)
        if not isinstance(allowed, bool):
            raise ConfigurationError(
                f"SoftDelete takes functions that give True or False; {permission!r} gave {allowed!r}."
            )
        return allowed

    # ---------- columns and operations ----------

    def may(self, use: Use, column: Column, model: Model) -> bool:
        """Whether the caller may do this with a column. What is a part of ids is shown anyway, and so it may be named."""
        policy = model.policy
        if policy is None or not self.policed or (use != "write" and column in model.primary_key):
            return True  # whoever asks
        allowed: Allowed = self._once(("columns", policy, use), lambda: policy.columns(f"{use}_columns", self.context))
        return allowed.everything or allowed.holds(column.key)

    def check(self, use: Use, columns: Sequence[Column], model: Model) -> None:
        """Raises RequestError FORBIDDEN for columns with which the caller may not do this."""
        for column in columns:
            if not self.may(use, column, model):
                message = f"You may not {_TOLD[use]} {column.name if column.offered else 'this'} of {model.name}."
                raise RequestError(message, ErrorCode.FORBIDDEN)

    def check_relation(self, use: Use, relation: Relation, owner: Model, target: Model) -> None:
        """A relation is its foreign key: it tells which records have which values of it.

        Raises RequestError FORBIDDEN where the caller may not do this with the foreign key.
        """
        if relation.custom or relation.link is not None:
            return
        columns, model = (relation.local, owner) if relation.owns_key else (relation.remote, target)
        if not all(self.may(use, column, model) for column in columns):
            raise RequestError(f"You may not {_TOLD[use]} {relation.name} of {owner.name}.", ErrorCode.FORBIDDEN)

    def check_edges(self, use: Use, relation: Relation, columns: Sequence[Column], catalog: Catalog) -> None:
        """The same for columns of the table that links the records of a relation, if it is a model's."""
        entity = relation.link.entity if relation.link is not None else None
        model = catalog.by_entity.get(entity) if entity is not None else None
        for column in columns if model is not None else ():
            assert model is not None
            if not self.may(use, column, model):
                raise RequestError(f"You may not {_TOLD[use]} {column.name} of {model.name}.", ErrorCode.FORBIDDEN)

    def check_path(self, use: Use, path: ColumnPath, models: Sequence[Model]) -> None:
        """The same for a column and the relations that lead to it, from the first of the models."""
        for relation, owner, target in zip(path.relations, models, models[1:], strict=False):
            self.check_relation(use, relation, owner, target)
        self.check(use, [path.column], models[-1])

    def check_operation(self, operation: Operation, model: Model) -> None:
        """Raises RequestError FORBIDDEN for an operation that there is not for the caller."""
        if not self.offers(operation, model):
            raise RequestError(f"You may not {operation} {model.name} records.", ErrorCode.FORBIDDEN)

    def offers(self, operation: Operation, model: Model) -> bool:
        """Whether there is an operation for the caller."""
        policy = model.policy
        if policy is None or not self.policed:
            return True
        return operation in self._once(("operations", policy), lambda: policy.operations(self.context))

    def _once(self, name: object, make: Callable[[], T]) -> T:
        """What a policy says is asked for once in a request: it is the same all the way."""
        self._known["asked"] = self.asked_policies + 1
        if name not in self._known:
            self._known[name] = make()
        found: T = self._known[name]
        return found


def _stated(rule: Any) -> Condition:
    if isinstance(rule, bool):
        return Always(rule)
    clause, values = rule
    hide(values)
    return Stated(clause, tuple(map(_operand, values)))


def _operand(value: Any) -> Hashable:
    """A value as plans hold it: plans are compared."""
    held = tuple(value) if isinstance(value, list) else value
    try:
        hash(held)
    except TypeError:
        return Opaque(held)
    return held
