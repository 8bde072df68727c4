"""A model and a request's context in, the condition out that tells which of its records there are for the request.

Planning puts it wherever records of a model are reached: lists, single records, relation filters, counts, orders, and
what a write finds by a key or a relation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from gqlcrud.catalog import Model
from gqlcrud.errors import ConfigurationError, ErrorCode, RequestError
from gqlcrud.options import Permission
from gqlcrud.plan import Always, Condition, is_deleted, is_there


class DeletedRecords(Enum):
    """Whether records that are marked as deleted are left out, are among the others, or are all there is."""

    EXCLUDE = "EXCLUDE"
    INCLUDE = "INCLUDE"
    ONLY = "ONLY"


@dataclass(frozen=True, slots=True)
class Visibility:
    """What one request sees. context: what the application knows of the caller (`info.context`). trusted: the caller is
    code of the application's own, which has every permission."""

    context: Any = None
    trusted: bool = False

    def condition(self, model: Model, deleted: DeletedRecords = DeletedRecords.EXCLUDE) -> Condition:
        """What holds for the records of a model that there are."""
        if model.soft_deletion is None or deleted is DeletedRecords.INCLUDE:
            return Always(True)
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
