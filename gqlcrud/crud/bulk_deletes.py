"""Keys of records, or a condition, in; what deletes them batch by batch out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gqlcrud.catalog import Key, Model
from gqlcrud.crud.bulk_running import Batch, Source
from gqlcrud.crud.conditions import Where, plan_equal, plan_where
from gqlcrud.crud.members import named_key
from gqlcrud.crud.summary import Counts
from gqlcrud.errors import ErrorCode, RequestError, UserError
from gqlcrud.execution import Transaction, Writer
from gqlcrud.plan import Always, Condition, Expression, conjunction
from gqlcrud.planning import DeletedRecords, Planner
from gqlcrud.statements.bulk import chosen_statement
from gqlcrud.unit_of_work import RecordKey, Saver
from gqlcrud.unit_of_work.row_changes import delete_held, hold
from gqlcrud.write_planning import Problems


@dataclass(slots=True)
class DeleteJob:
    """Deletes batches of keys, of those records for which `where` holds. hard: for good."""

    planner: Planner
    model: Model
    where: Condition
    hard: bool

    @property
    def among(self) -> Condition:
        """What holds for the records that may be deleted: for good, those that are marked already too."""
        deleted = DeletedRecords.INCLUDE if self.hard else DeletedRecords.EXCLUDE
        return conjunction([self.planner.visible(self.model, deleted), self.where])

    def plan(self, batch: Batch) -> tuple[Callable[[Saver], Counts], Sequence[UserError]]:
        problems = Problems()
        named: dict[Key, list[tuple[int, tuple[Any, ...]]]] = {}
        for place, item in zip(batch.places, batch.items, strict=True):
            try:
                key, values = named_key(self.model, item)
                named.setdefault(key, []).append((place, values))
            except RequestError as error:
                problems.keep(error, (place,))
        return (lambda saver: self._delete(saver, named)), problems.found

    def _delete(self, saver: Saver, named: dict[Key, list[tuple[int, tuple[Any, ...]]]]) -> Counts:
        going: dict[RecordKey, int] = {}
        for key, members in named.items():
            held = hold(saver, self.model, key, [values for _, values in members], (), self.among, deleted=True)
            for number, each in held.items():
                going.setdefault(each.key, members[number][0])
        if going:
            delete_held(saver, self.model, [(place, key) for key, place in going.items()], hard=self.hard)
        missing = sum(map(len, named.values())) - len(going)
        if self.model.soft_deletion is not None and not self.hard:
            return Counts(soft_deleted=len(going), not_found=missing)
        return Counts(hard_deleted=len(going), not_found=missing)


def deletable(
    planner: Planner, model: Model, where: Where, equal: Mapping[str, Any], *, hard: bool, everything: bool
) -> Condition:
    """The meaning of the conditions. Raises RequestError for none, unless `everything` may be meant, and for what the
    caller may not delete."""
    deletion = model.soft_deletion
    if hard and deletion is not None and not planner.visibility.allows(deletion.hard_delete):
        raise RequestError(f"You may not delete a {model.name} for good.", ErrorCode.FORBIDDEN)
    try:
        condition = plan_where(planner, model, where)
    except RequestError as error:
        raise error.below("where") from None
    condition = conjunction([condition, plan_equal(planner, model, equal)])
    if condition == Always(True) and not everything:
        message = f"This is true of every {model.name}. Narrow it down, or say all_rows=True."
        raise RequestError(message, path=("where",))
    return condition


def permitted(planner: Planner, model: Model, where: Condition) -> Condition:
    """The records that meet a condition, of those that the caller may delete: no others are meant by it."""
    return conjunction([where, planner.visibility.rule(model, "delete")])


def records_where(writer: Writer, model: Model, where: Condition, size: int) -> Source:
    """The primary keys of the records for which a condition holds, in batches, in their order.

    A batch is looked for when the one before is deleted, from where that ended: those that could not be deleted are not
    met again.
    """

    async def batches(transaction: Transaction | None) -> AsyncGenerator[Batch, None]:
        start, condition = 0, where
        while True:
            read = _reading(model, condition, size)
            found = await (transaction.apply(read) if transaction else writer.run(lambda each: each.apply(read)))  # noqa: B023  # at once
            if found:
                yield Batch(range(start, start + len(found)), found)
            if len(found) < size:
                return
            start += size
            condition = conjunction([where, _after(model, found[-1])])

    return batches


def _reading(model: Model, where: Condition, size: int) -> Callable[[Saver], list[RecordKey]]:
    def read(saver: Saver) -> list[RecordKey]:
        statement = chosen_statement(model, where, size, saver.database, whole=False)
        return [tuple(row) for row in saver.session.execute(statement)]

    return read


def _after(model: Model, key: RecordKey) -> Condition:
    """What holds for the records whose primary keys come after one."""
    columns = [getattr(model.entity, column.key) for column in model.primary_key]
    if len(columns) == 1:
        return Expression(columns[0] > key[0])
    values = [sa.literal(value, column.type) for column, value in zip(columns, key, strict=True)]
    return Expression(sa.tuple_(*columns) > sa.tuple_(*values))
