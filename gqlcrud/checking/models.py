"""The models of an Api in, what is dangerous about each of them out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapper

from gqlcrud.catalog import Catalog, Model
from gqlcrud.checking.exposure import Extent, Right
from gqlcrud.checking.hazards import Finding, Hazard
from gqlcrud.checking.names import looks_privileged, looks_secret
from gqlcrud.checking.rights import (
    column_right,
    extent,
    has_policy,
    is_decided,
    offered_operations,
    operation_right,
    written_extent,
)
from gqlcrud.policies import Operation
from gqlcrud.scalars import Operator
from gqlcrud.types.writable import created_columns, patched_columns

_PATTERNS = {Operator.REGEX, Operator.I_REGEX}


def model_findings(model: Model, catalog: Catalog, *, secured: bool) -> Iterator[Finding]:
    """secured: whether the database may have a policy for its table."""
    if not secured:
        yield from _records(model)
    yield from _columns(model)
    yield from _deletions(model, catalog)


def _records(model: Model) -> Iterator[Finding]:
    name = model.entity.__name__
    writes = len(offered_operations(model)) > 2
    if not has_policy(model):
        yield Finding(
            Hazard.NO_POLICY,
            name,
            f"Everybody who reaches the endpoint reads {'and writes ' if writes else ''}all records.",
            "ModelOptions(policy=Policy(read=..., create=..., update=..., delete=...)) for the model, Api(..., policy=...) "
            "for all models; Policy(read=True) where everybody may read.",
        )
        return
    open_ones = [each for each in ("create", "update", "delete") if _is_open(model, each)]
    if open_ones:
        yield Finding(
            Hazard.OPEN_WRITE,
            name,
            f"The policy does not say who may {', '.join(open_ones)}: everybody may.",
            f"Policy({', '.join(f'{each}=...' for each in open_ones)}), False for nobody and True for everybody.",
        )


def _is_open(model: Model, operation: Any) -> bool:
    """Whether everybody may write, and nobody says so. Who reads few records changes those few."""
    given: Any = model.policy.said(operation)[0] if model.policy is not None else None
    narrow = operation != "create" and extent(model, "read") is not Extent.ALL
    return given is None and not narrow and written_extent(model, operation) is Extent.ALL


def _columns(model: Model) -> Iterator[Finding]:
    written = [*created_columns(model), *patched_columns(model)]
    changes = {written_extent(model, each) for each in _WRITES} != {Extent.NONE}
    for column in (each for each in model.columns if each.offered):
        place = f"{model.entity.__name__}.{column.key}"
        read = column_right(model, "read", column)
        if looks_secret(column) and read is Right.EVERYBODY and not is_decided(model, column):
            yield Finding(
                Hazard.SECRET_COLUMN,
                place,
                "It has the name of a secret, and whoever reads the record reads it.",
                "ModelOptions(exclude={...}) to leave it out, or Policy(read_columns=AllBut(...)).",
            )
        uses = {"filter": column.filterable, "order": column.sortable}
        guessed = [use for use in uses if uses[use] and column_right(model, use, column) is Right.EVERYBODY]
        if read is Right.NOBODY and guessed:
            yield Finding(
                Hazard.GUESSABLE_COLUMN,
                place,
                f"Nobody reads it, and everybody may {' and '.join(guessed)} by it, which tells what it is.",
                f"Policy({', '.join(f'{use}_columns=AllBut(...)' for use in guessed)}).",
            )
        decided = column_right(model, "write", column) is not Right.EVERYBODY
        if changes and column in written and not decided and looks_privileged(column, tuple(model.stored.values())):
            yield Finding(
                Hazard.PRIVILEGE_COLUMN,
                place,
                "It may say what an account is allowed to, and whoever writes the record gives it a value.",
                "ModelOptions(read_only={...}), or Policy(write_columns=...).",
            )
        if (
            column.filterable
            and _PATTERNS & set(column.operators)
            and column_right(model, "filter", column) is not Right.NOBODY
        ):
            yield Finding(
                Hazard.REGEX,
                place,
                "Clients give regular expressions, some of which keep the database busy until the statement times out.",
                'ModelOptions(operators={...: {"like"}}), or the other operators of texts.',
            )


_WRITES: tuple[Operation, ...] = ("create", "update")


def _deletions(model: Model, catalog: Catalog) -> Iterator[Finding]:
    name, deletion = model.entity.__name__, model.soft_deletion
    if deletion is not None and deletion.show_deleted is True:
        yield Finding(
            Hazard.DELETED_SHOWN,
            name,
            "Everybody may read records that are marked as deleted.",
            "SoftDelete(show_deleted=...), a function of the context.",
        )
    if deletion is not None and deletion.hard_delete is True and written_extent(model, "delete") is not Extent.NONE:
        yield Finding(
            Hazard.HARD_DELETE,
            name,
            "Whoever may delete a record may do so for good.",
            "SoftDelete(hard_delete=...), a function of the context.",
        )
    if written_extent(model, "delete") is Extent.NONE:
        return
    mapper: Mapper[Any] = sa.inspect(model.entity)
    for relation in mapper.relationships:
        target = catalog.by_entity.get(relation.mapper.class_)
        if target is not None and relation.cascade.delete and _keeps(target):
            yield Finding(
                Hazard.CASCADE_DELETE,
                f"{name}.{relation.key}",
                f"Nobody may delete {target.name} records, and they are deleted along with this one.",
                "Policy(delete=False) for this model too, or a relationship without the cascade.",
            )


def _keeps(model: Model) -> bool:
    """Whether nobody may delete its records."""
    return extent(model, "delete") is Extent.NONE or operation_right(model, "delete") is Right.NOBODY
