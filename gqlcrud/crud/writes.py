"""Writes of single records of one model: planned as the API's are, applied by the same unit of work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar, overload

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from gqlcrud.catalog import Key as UniqueKey
from gqlcrud.crud.conditions import Where, plan_where
from gqlcrud.crud.counts import M
from gqlcrud.crud.failures import Conflict, Invalid, commit_session, told_in_python
from gqlcrud.crud.inputs import given_mapping
from gqlcrud.crud.members import key_of, listed_by_ids, named_key
from gqlcrud.crud.planning import Planning
from gqlcrud.crud.reads import Key, Names, Reads
from gqlcrud.crud.scope import Session
from gqlcrud.errors import ErrorCode, RequestError, UserError, WriteError
from gqlcrud.execution import Transaction, resolve_presets
from gqlcrud.planning import DeletedRecords, Planner
from gqlcrud.selection import RESOLVED, Selection
from gqlcrud.unit_of_work import apply_one
from gqlcrud.write_plan import CreateOne, DeleteOne, Guard, Named, Path, RestoreOne, UpdateOne, UpsertOne, WriteOne
from gqlcrud.write_planning import check_version

S = TypeVar("S", bound=BaseModel)
ATTEMPTS = 3
"""How often `get_or_create` looks for a record that somebody else makes or deletes meanwhile."""

Plan = Callable[[Planning], WriteOne]
Data = Mapping[str, Any] | BaseModel | Any
"""The values of a record: a mapping, a Pydantic model (the fields that were set), or a dataclass."""


class Writes(Reads[M]):
    """What is written of single records.

    With an AsyncSession the write is a part of its transaction, in a savepoint, so that one that fails leaves the rest
    intact; `commit=True` commits the transaction. With an engine each call is a transaction of its own. Whatever fails
    raises a CrudError, with all that is wrong with the input, and nothing is written.
    """

    # ---------- new records ----------

    @overload
    async def create(self, session: Session, data: Data, *, select: type[S], commit: bool = ...) -> S: ...
    @overload
    async def create(self, session: Session, data: Data, *, select: Names, commit: bool = ...) -> dict[str, Any]: ...
    @overload
    async def create(self, session: Session, data: Data, *, select: None = None, commit: bool = ...) -> M: ...
    async def create(self, session: Session, data: Data, *, select: Any = None, commit: bool = False) -> Any:
        """Make a record, with what is nested in it, and give it as it is in the database."""

        def plan(planning: Planning) -> WriteOne:
            data_input = planning.inputs.create(data, self.scope.model, ())
            planning.check_given()
            return CreateOne(planning.saves.create(data_input, self.scope.model, ()))

        return await self._written(session, plan, select, commit=commit)

    @overload
    async def get_or_create(
        self, session: Session, data: Data, *, on: Names, select: type[S], commit: bool = ...
    ) -> tuple[S, bool]: ...
    @overload
    async def get_or_create(
        self, session: Session, data: Data, *, on: Names, select: Names, commit: bool = ...
    ) -> tuple[dict[str, Any], bool]: ...
    @overload
    async def get_or_create(
        self, session: Session, data: Data, *, on: Names, select: None = None, commit: bool = ...
    ) -> tuple[M, bool]: ...
    async def get_or_create(
        self, session: Session, data: Data, *, on: Names, select: Any = None, commit: bool = False
    ) -> tuple[Any, bool]:
        """The record of the unique key `on`, whose values stand in `data`, and whether it was made from them.

        Of callers at the same time one makes it, and the others get it.
        """
        key = await self._key_in(data, on)
        for attempt in range(ATTEMPTS):
            found = await self.get_or_none(session, key, select=select)
            if found is not None:
                return found, False
            try:
                return await self.create(session, data, select=select, commit=commit), True
            except Conflict as error:
                taken = {each.fields for each in error.errors if each.code is ErrorCode.UNIQUE}
                if attempt == ATTEMPTS - 1 or not any(key.keys() == set(fields) for fields in taken):
                    raise
        raise AssertionError("the last attempt gives a record or raises")

    @overload
    async def upsert(
        self, session: Session, data: Data, *, on: Names, update: Data | None = ..., select: type[S], commit: bool = ...
    ) -> S: ...
    @overload
    async def upsert(
        self, session: Session, data: Data, *, on: Names, update: Data | None = ..., select: Names, commit: bool = ...
    ) -> dict[str, Any]: ...
    @overload
    async def upsert(
        self,
        session: Session,
        data: Data,
        *,
        on: Names,
        update: Data | None = ...,
        select: None = None,
        commit: bool = ...,
    ) -> M: ...
    async def upsert(
        self,
        session: Session,
        data: Data,
        *,
        on: Names,
        update: Data | None = None,
        select: Any = None,
        commit: bool = False,
    ) -> Any:
        """Make the record, or change the one that has the values of `data` for the unique key `on`.

        update: what a record that is there gets; without it, all columns and lists of ids of `data` that are no part of a
        key. Of callers at the same time one makes it, and the others change it.
        """

        def plan(planning: Planning) -> WriteOne:
            model = self.scope.model
            key = self._key_of(on)
            values = planning.inputs.create(data, model, ())
            place: Path = () if update is None else ("update",)
            if update is None:
                planning.check_given()  # what is wrong with the values is told once
            changes = planning.inputs.patch(self._changes(data, key) if update is None else update, model, place)
            planning.check_given()
            save = planning.saves.create(values, model, ())
            target = planning.saves.named_by(save, key)
            return UpsertOne(target, save, planning.saves.update(changes, model, place))

        return await self._written(session, plan, select, commit=commit)

    # ---------- records that are there ----------

    @overload
    async def update(
        self, session: Session, key: Key, data: Data | None = ..., *, ops: Mapping[str, Any] | None = ...,
        version: int | None = ..., only_if: Where = ..., select: type[S], commit: bool = ...,
    ) -> S: ...  # fmt: skip
    @overload
    async def update(
        self, session: Session, key: Key, data: Data | None = ..., *, ops: Mapping[str, Any] | None = ...,
        version: int | None = ..., only_if: Where = ..., select: Names, commit: bool = ...,
    ) -> dict[str, Any]: ...  # fmt: skip
    @overload
    async def update(
        self, session: Session, key: Key, data: Data | None = ..., *, ops: Mapping[str, Any] | None = ...,
        version: int | None = ..., only_if: Where = ..., select: None = None, commit: bool = ...,
    ) -> M: ...  # fmt: skip
    async def update(
        self, session: Session, key: Key, data: Data | None = None, *, ops: Mapping[str, Any] | None = None,
        version: int | None = None, only_if: Where = None, select: Any = None, commit: bool = False,
    ) -> Any:  # fmt: skip
        """Change a record: what `data` leaves out stays as it is, None empties a column.

        ops: operators on the values that columns have, such as `{"stock": {"decrement": 1}}`. version: what its
        `version_id_col` must be; only_if: what must hold of it: a `Conflict` (STALE) otherwise. Raises NotFound.
        """

        def plan(planning: Planning) -> WriteOne:
            model = self.scope.model
            values = planning.inputs.patch({} if data is None else data, model, ())
            changes = planning.inputs.ops(ops, model, ("ops",))
            planning.check_given()
            save = planning.saves.update(values, model, (), ops=changes, ops_path=("ops",))
            return UpdateOne(self._named(planning, key), save, self._guard(planning, version, only_if))

        return await self._written(session, plan, select, commit=commit)

    async def delete(
        self, session: Session, key: Key, *, version: int | None = None, only_if: Where = None, commit: bool = False
    ) -> None:
        """Delete a record; where the model says so, mark it as deleted. See `update` for the rest. Raises NotFound."""
        await self._deleted(session, key, version, only_if, hard=False, commit=commit)

    async def hard_delete(
        self, session: Session, key: Key, *, version: int | None = None, only_if: Where = None, commit: bool = False
    ) -> None:
        """Delete a record for good, one that is marked as deleted too. Raises NotFound."""
        await self._deleted(session, key, version, only_if, hard=True, commit=commit)

    @overload
    async def restore(self, session: Session, key: Key, *, select: type[S], commit: bool = ...) -> S: ...
    @overload
    async def restore(self, session: Session, key: Key, *, select: Names, commit: bool = ...) -> dict[str, Any]: ...
    @overload
    async def restore(self, session: Session, key: Key, *, select: None = None, commit: bool = ...) -> M: ...
    async def restore(self, session: Session, key: Key, *, select: Any = None, commit: bool = False) -> Any:
        """Take back the deletion of a record that is marked as deleted. Raises NotFound for any other."""

        def plan(planning: Planning) -> WriteOne:
            if self.scope.model.soft_deletion is None:
                raise RequestError(f"A {self.name} is not marked as deleted, so none can be restored.")
            planning.planner.visibility.check_operation("restore", self.scope.model)
            return RestoreOne(self._named(planning, key, DeletedRecords.ONLY))

        return await self._written(session, plan, select, commit=commit)

    # ---------- parts ----------

    async def _deleted(
        self, session: Session, key: Key, version: int | None, only_if: Where, *, hard: bool, commit: bool
    ) -> None:
        def plan(planning: Planning) -> WriteOne:
            deletion = self.scope.model.soft_deletion
            if hard and deletion is not None and not planning.planner.visibility.allows(deletion.hard_delete):
                message = f"You may not delete a {self.name} for good."
                raise RequestError(message, ErrorCode.FORBIDDEN)
            deleted = DeletedRecords.INCLUDE if hard else DeletedRecords.EXCLUDE
            return DeleteOne(self._named(planning, key, deleted), self._guard(planning, version, only_if), hard)

        async def work(transaction: Transaction, planned: WriteOne, _: Planner) -> None:
            await transaction.apply(lambda saver: apply_one(saver, planned))

        await self._run(session, plan, work, commit=commit)

    async def _written(self, session: Session, plan: Plan, select: Any, *, commit: bool) -> Any:
        """Write, and read in the same transaction what was written, be it marked as deleted."""
        model = self.scope.model
        shape = self._shape(select)

        async def work(transaction: Transaction, planned: WriteOne, planner: Planner) -> Any:
            key = await transaction.apply(lambda saver: apply_one(saver, planned))
            shown = planner.record(Selection(RESOLVED, model.one, {}, shape.selections), model, model.primary_key)
            shown = replace(shown, where=planner.visible(model, DeletedRecords.INCLUDE))
            (views,) = await transaction.reader().records(shown, [key])
            return None if views is None else shape.build([views[RESOLVED]])[0]

        return await self._run(session, plan, work, commit=commit)

    async def _run(self, session: Session, plan: Plan, work: Callable[..., Any], *, commit: bool) -> Any:
        with told_in_python():
            planner, writer = self.scope.writer(session)
            planning = Planning.of(planner, await resolve_presets(self.scope.catalog, self.scope.context))
        with told_in_python(places=planning.inputs.places):
            planned = planning.checked(plan(planning))
            result = await writer.run(lambda transaction: work(transaction, planned, planner))
        if commit and isinstance(session, AsyncSession):
            await commit_session(session)
        return result

    def _named(self, planning: Planning, key: Key, deleted: DeletedRecords = DeletedRecords.EXCLUDE) -> Named:
        model = self.scope.model
        found, values = named_key(model, key)
        return Named(model, found, values, (), planning.planner.visible(model, deleted))

    def _guard(self, planning: Planning, version: int | None, only_if: Where) -> Guard:
        if version is not None and self.scope.model.version is None:
            message = f"{self.name} has no version; only_if= says what must hold of it."
            raise RequestError(message, path=("version",))
        check_version(version, self.scope.model, ("version",), planning.planner, planning.problems)
        try:
            return Guard(version, plan_where(planning.planner, self.scope.model, only_if))
        except RequestError as error:
            raise error.below("only_if") from None

    def _key_of(self, on: Names) -> UniqueKey:
        try:
            return key_of(self.scope.model, on)
        except RequestError as error:
            raise error.below("on") from None

    async def _key_in(self, data: Data, on: Names) -> dict[str, Any]:
        """The values of a unique key that a new record of `data` has."""
        model = self.scope.model
        with told_in_python():
            names = [column.key for column in self._key_of(on).columns]
            values = given_mapping(data, model)
            key = {name: values.get(name) for name in names}
            if any(each.column.key in key for each in model.presets):
                presets = await resolve_presets(self.scope.catalog, self.scope.context)
                assigned = {each.column.key: each.value for each in presets.assignments(model, "create")}
                key |= {name: value for name, value in assigned.items() if name in key}
        missing = [name for name in names if key[name] is None]
        if missing:
            message = "{} is part of the key, so it needs a value."
            raise Invalid([UserError(ErrorCode.VALIDATION, message.format(name), (name,)) for name in missing])
        return key

    def _changes(self, data: Data, key: UniqueKey) -> dict[str, Any]:
        """What a record that is there gets of the values of a new one."""
        model = self.scope.model
        keys = {column.key for column in (*key.columns, *model.primary_key)}
        values = {name: value for name, value in given_mapping(data, model).items() if name not in keys}
        for name in values:
            if name in {each.key for each in model.relations}:
                message = f"Nothing says what becomes of {name} where the record is there already: give update=."
                raise WriteError([UserError(ErrorCode.VALIDATION, message, (name,))])
        return {name: value for name, value in values.items() if name in model.stored or listed_by_ids(model, name)}
