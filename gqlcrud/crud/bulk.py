"""Bulk writes of one model: rows in, batch by batch, a `Summary` out."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncSession

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
from gqlcrud.crud.failures import told_in_python
from gqlcrud.crud.reads import M
from gqlcrud.crud.scope import Session
from gqlcrud.crud.summary import Summary, Tally
from gqlcrud.crud.writes import Writes
from gqlcrud.execution import resolve_presets
from gqlcrud.planning import Planner
from gqlcrud.progress import ProgressOption
from gqlcrud.write_planning import Presets

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
            await session.commit()
        return summary
