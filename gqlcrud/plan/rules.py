"""What a caller may write, as conditions on records."""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias

from gqlcrud.catalog import Model
from gqlcrud.plan.conditions import EVERY, Condition

WriteAction: TypeAlias = Literal["create", "update", "update_check", "delete"]


class WriteRules(Protocol):
    """What a caller may write. secured: whether the database has rules of its own, by which a DELETE may leave records."""

    @property
    def secured(self) -> bool: ...

    def rule(self, model: Model, action: WriteAction) -> Condition:
        """What holds for the records of a model with which the caller may do this: before it for `update` and `delete`,
        after it for `create` and `update_check`."""


class Unruled:
    """Everything may be written."""

    secured = False

    def rule(self, model: Model, action: WriteAction) -> Condition:
        return EVERY
