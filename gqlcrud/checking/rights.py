"""A model in, who may do what with its records and columns out, as far as its policy says it without a request."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from gqlcrud.catalog import Column, Model, Relation
from gqlcrud.checking.exposure import Extent, Right
from gqlcrud.options import Permission
from gqlcrud.policies import RULES, AllBut, Operation
from gqlcrud.types.writable import has_create, has_patch


def has_policy(model: Model) -> bool:
    """Whether anything says who may read or write records of the model; columns alone do not."""
    policy = model.policy
    return policy is not None and any(getattr(policy.policy, name) is not None for name in (*RULES, "operations"))


def offered_operations(model: Model) -> tuple[Operation, ...]:
    """Those that the schema has for a model."""
    found: list[Operation] = ["get", "list"]
    if has_create(model):
        found.append("create")
    if has_patch(model):
        found.append("update")
    if not model.read_only:
        found.append("delete")
        if model.soft_deletion is not None:
            found.append("restore")
        found.append("bulk")
    return tuple(found)


def operation_right(model: Model, operation: Operation) -> Right:
    given: Any = None if model.policy is None else model.policy.policy.operations
    if callable(given):
        return Right.ASKED
    return Right.EVERYBODY if given is None or operation in given else Right.NOBODY


def extent(model: Model, action: str) -> Extent:
    """With which records an action of `RULES` may be done."""
    given: Any = None if model.policy is None else model.policy.said(action)[0]
    if given is None or given is True:
        return Extent.ALL
    if given is False:
        return Extent.NONE
    is_condition = isinstance(given, sa.ColumnElement) or hasattr(given, "__clause_element__")
    return Extent.CONDITION if is_condition else Extent.ASKED


def written_extent(model: Model, operation: Operation) -> Extent:
    """The same, NONE if there is no such operation for anybody."""
    if operation not in offered_operations(model) or operation_right(model, operation) is Right.NOBODY:
        return Extent.NONE
    found = extent(model, operation)
    asked = found is Extent.ALL and operation_right(model, operation) is Right.ASKED
    return Extent.ASKED if asked else found


def column_right(model: Model, use: str, column: Column) -> Right:
    """What the policy says of a column. use: read, filter, order or write."""
    policy = model.policy
    if policy is None or (use != "write" and column in model.primary_key):
        return Right.EVERYBODY
    given, said = policy.said(f"{use}_columns")
    if given is None:
        return Right.EVERYBODY
    if callable(given) and not isinstance(given, AllBut):
        return Right.ASKED
    return Right.EVERYBODY if policy.allowed(said, given).holds(column.key) else Right.NOBODY


def is_decided(model: Model, column: Column) -> bool:
    """Whether a policy names the column among those that may be read."""
    given: Any = None if model.policy is None else model.policy.policy.read_columns
    if given is None or isinstance(given, bool | AllBut) or callable(given):
        return False
    return column_right(model, "read", column) is Right.EVERYBODY


def relation_right(relation: Relation, owner: Model, target: Model, use: str) -> Right:
    """A relation is its foreign key."""
    if relation.custom or relation.link is not None:
        return Right.EVERYBODY
    columns, model = (relation.local, owner) if relation.owns_key else (relation.remote, target)
    rights = {column_right(model, use, column) for column in columns}
    if Right.NOBODY in rights:
        return Right.NOBODY
    return Right.ASKED if Right.ASKED in rights else Right.EVERYBODY


def permission_right(permission: Permission) -> Right:
    if isinstance(permission, bool):
        return Right.EVERYBODY if permission else Right.NOBODY
    return Right.ASKED
