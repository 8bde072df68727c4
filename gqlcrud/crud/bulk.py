"""Bulk writes of one model: rows in, batch by batch, a `Summary` out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from gqlcrud.catalog import Column, Model
from gqlcrud.crud.bulk_deletes import DeleteJob, deletable, permitted, records_where
from gqlcrud.crud.bulk_inserts import InsertJob, NewRecords
from gqlcrud.crud.bulk_running import (
    BATCH,
    KEPT_FAILURES,
    BulkRun,
    Job,
    OnError,
    OnFailure,
    Options,
    Rows,
    Source,
    batches_of,
    total_of,
)
from gqlcrud.crud.bulk_updates import UpdateJob
from gqlcrud.crud.bulk_upserts import UpsertJob
from gqlcrud.crud.conditions import Where
from gqlcrud.crud.counts import M
from gqlcrud.crud.failures import commit_session, told_in_python
from gqlcrud.crud.members import column_of, unique_key
from gqlcrud.crud.reads import Names
from gqlcrud.crud.scope import Session
from gqlcrud.crud.summary import Summary, Tally
from gqlcrud.crud.writes import Writes
from gqlcrud.errors import RequestError
from gqlcrud.execution import resolve_presets
from gqlcrud.planning import Planner
from gqlcrud.progress import ProgressOption
from gqlcrud.write_planning import Presets

OnMissing: TypeAlias = Literal["count", "error"]
PlanJob = Callable[[Planner, Presets], Job]


class BulkWrites(Writes[M]):
    """What is written of many records.

    Rows are mappings, Pydantic models or dataclasses, in any iterable or async iterable; they are asked for batch by
    batch. `on_error="abort"`: all is one transaction, and the first batch that fails rolls it back and raises a CrudError
    with all that is wrong in it, the index of the row first in each path. `"continue"`: with an engine each batch is
    committed, with an AsyncSession each is a savepoint in its transaction, and rows that fail are left out, and told in
    the summary. `commit=True` commits an AsyncSession at the end. batch_size: rows that are written together.
    progress: a function of `Progress`, or True for a bar. on_failure: is called with each `FailedItem`; the summary keeps
    the first `keep_failures` of them.
    """

    async def insert_multi(
        self, session: Session, rows: Rows, *, batch_size: int | None = None, on_error: OnError = "abort",
        progress: ProgressOption = None, on_failure: OnFailure | None = None, keep_failures: int = KEPT_FAILURES,
        copy: bool = False, commit: bool = False,
    ) -> Summary:  # fmt: skip
        """Make records. copy: by COPY on PostgreSQL, for rows that are values and nothing else."""
        options = Options(batch_size, on_error, progress, on_failure, keep_failures)

        def plan(planner: Planner, presets: Presets) -> Job:
            return InsertJob(NewRecords.of(planner, presets, self.scope.model), copy)

        return await self._bulk(session, rows, plan, options, commit=commit)

    async def update_multi(
        self, session: Session, rows: Rows, *, by: Names | None = None, on_missing: OnMissing = "count",
        batch_size: int | None = None, on_error: OnError = "abort", progress: ProgressOption = None,
        on_failure: OnFailure | None = None, keep_failures: int = KEPT_FAILURES, commit: bool = False,
    ) -> Summary:  # fmt: skip
        """Change records, each by what its row gives beside the key: what a row leaves out stays as it is.

        by: the attributes of the unique key that rows hold; without it the primary key. on_missing: a record that is not
        there is counted as `not_found`, or with "error" it is a failure.
        """
        options = Options(batch_size, on_error, progress, on_failure, keep_failures)

        def plan(planner: Planner, presets: Presets) -> Job:
            if on_missing not in ("count", "error"):
                raise RequestError(f'on_missing is "count" or "error", not {on_missing!r}.', path=("on_missing",))
            model = self.scope.model
            key = model.keys[0] if by is None else unique_key(model, by, "by")
            return UpdateJob.of(planner, presets, model, key, refuse_missing=on_missing == "error")

        return await self._bulk(session, rows, plan, options, commit=commit)

    async def upsert_multi(
        self, session: Session, rows: Rows, *, on: Names, update: Names | None = None, batch_size: int | None = None,
        on_error: OnError = "abort", progress: ProgressOption = None, on_failure: OnFailure | None = None,
        keep_failures: int = KEPT_FAILURES, commit: bool = False,
    ) -> Summary:  # fmt: skip
        """Make the records that are not there, and change those that have the values of a row for the unique key `on`.

        update: the attributes that a record which is there takes from its row; without it all that the row gives, [] for
        none. Of callers at the same time one makes a record, and the others change it.
        """
        options = Options(batch_size, on_error, progress, on_failure, keep_failures)

        def plan(planner: Planner, presets: Presets) -> Job:
            model = self.scope.model
            key = unique_key(model, on, "on")
            columns = None if update is None else _columns(model, update, "update")
            return UpsertJob.of(NewRecords.of(planner, presets, model), key, columns)

        return await self._bulk(session, rows, plan, options, commit=commit)

    async def delete_multi(
        self, session: Session, where: Where = None, *, keys: Rows | None = None, hard: bool = False,
        all_rows: bool = False, batch_size: int | None = None, on_error: OnError = "abort",
        progress: ProgressOption = None, on_failure: OnFailure | None = None, keep_failures: int = KEPT_FAILURES,
        commit: bool = False, **equal: Any,
    ) -> Summary:  # fmt: skip
        """Delete the records that meet the conditions, as `get_multi` takes them, or that have the keys.

        Where the model says so they are marked as deleted, unless it is `hard`. keys: as `get` takes them; with conditions
        as well, only those are deleted that meet them. all_rows: has to be said where every record is meant.
        """
        options = Options(batch_size, on_error, progress, on_failure, keep_failures)
        size = batch_size or BATCH
        with told_in_python(record=1):
            planner, writer = self.scope.writer(session)
            model = self.scope.model
            condition = deletable(planner, model, where, equal, hard=hard, everything=all_rows or keys is not None)
            job = DeleteJob(planner, model, condition, hard)
            among = permitted(planner, model, job.among)
            source = records_where(writer, model, among, size) if keys is None else batches_of(keys, size)
            return await self._run_bulk(session, source, lambda *_: job, options, total_of(keys), commit=commit)

    # ---------- parts ----------

    async def _bulk(self, session: Session, rows: Rows, plan: PlanJob, options: Options, *, commit: bool) -> Summary:
        with told_in_python(record=1):
            source = batches_of(rows, options.batch_size or BATCH)
            return await self._run_bulk(session, source, plan, options, total_of(rows), commit=commit)

    async def _run_bulk(
        self, session: Session, source: Source, plan: PlanJob, options: Options, total: int | None, *, commit: bool
    ) -> Summary:
        options.check()
        planner, writer = self.scope.writer(session)
        presets = await resolve_presets(self.scope.catalog, self.scope.context)
        tally = Tally(self.scope.model, options.keep_failures)
        summary = await BulkRun(writer, plan(planner, presets), options, tally, total).run(source)
        if commit and isinstance(session, AsyncSession):
            await commit_session(session)
        return summary


def _columns(model: Model, names: Names, argument: str) -> tuple[Column, ...]:
    """Raises RequestError for names that are no columns."""
    try:
        return tuple(column_of(model, name) for name in ([names] if isinstance(names, str) else names))
    except RequestError as error:
        raise error.below(argument) from None
