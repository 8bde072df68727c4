"""What the inputs of one relation name in, a `WriteError` out for records that are missing or named against each other.

Unlike what planning refuses, it takes the records themselves to see: two keys may name the same one.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence

from gqlcrud.diagnosis.assumptions import not_found
from gqlcrud.errors import ErrorCode, UserError, WriteError
from gqlcrud.unit_of_work.finding import Instance, identity
from gqlcrud.write_plan import Named, ToMany


def check_claims(inputs: Sequence[ToMany], found: Mapping[Hashable, Instance], *, shared: bool) -> None:
    """`inputs`: of one relation, one for each parent. shared: a record may belong to several parents."""
    errors = [not_found(named) for many in inputs for named in _needed(many) if identity(named) not in found]
    for many in inputs:
        errors += _repeated(many.named, found, "The same {} is named twice in one relation.")
    if not errors and len(inputs) > 1:
        errors += _deleted(inputs, found)
        if not shared:
            claimed = [named for many in inputs for named in _claimed(many)]
            errors += _repeated(claimed, found, "The same {} is connected to two records, and can belong to one only.")
    if errors:
        raise WriteError(errors)


def _needed(many: ToMany) -> Iterator[Named]:
    """The records without which the operations of a relation cannot be done."""
    yield from many.delete
    yield from (each.target for each in (*(many.members or ()), *many.connect))
    yield from (each.target for each in many.update)


def _claimed(many: ToMany) -> Iterator[Named]:
    """The records that are to belong to the parent then."""
    yield from (each.target for each in (*(many.members or ()), *many.connect))
    yield from (each.target for each in many.connect_or_create)


def _repeated(names: Sequence[Named], found: Mapping[Hashable, Instance], message: str) -> list[UserError]:
    first: dict[Hashable, Named] = {}
    return [
        UserError(ErrorCode.CONFLICTING_OPERATIONS, message.format(named.model.name), named.path)
        for named in names
        if first.setdefault(_record(named, found), named) is not named
    ]


def _deleted(inputs: Sequence[ToMany], found: Mapping[Hashable, Instance]) -> list[UserError]:
    """What one parent deletes, and another one names for anything else."""
    gone = {_record(named, found): many for many in inputs for named in many.delete}
    message = "This record is deleted by another operation."
    return [
        UserError(ErrorCode.CONFLICTING_OPERATIONS, message, named.path)
        for many in inputs
        for named in many.named
        if gone.get(_record(named, found), many) is not many and named not in many.delete
    ]


def _record(named: Named, found: Mapping[Hashable, Instance]) -> Hashable:
    """The same for all names of one record."""
    instance = found.get(identity(named))
    return identity(named) if instance is None else id(instance)
