"""The options of a command on files in; the work done, what became of it on standard error, an exit code out."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import shlex
import signal
import sys
import traceback
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from gqlcrud.api import Api
from gqlcrud.crud import Crud, CrudError
from gqlcrud.errors import GqlcrudError
from gqlcrud.files import (
    FileError,
    ImportAborted,
    ImportSummary,
    Rejected,
    StoppedAt,
    SyncSummary,
    export_file,
    import_file,
    stopped_by_signals,
    sync_file,
)
from gqlcrud.progress import ProgressOption
from gqlcrud.targets import Target, TargetError, served_api

T = TypeVar("T")
ALL_WELL, SOME_REJECTED, MISTAKE, ABORTED, BROKEN, INTERRUPTED = 0, 1, 2, 3, 70, 130


def run_import(target: Target, options: argparse.Namespace) -> int:
    """Exit code 0, 1 if rows were left out, 2, 3 if nothing was written, 130 if it ended early."""
    with stopped_by_signals() as stopping:

        def work(crud: Crud[Any]) -> Coroutine[Any, Any, ImportSummary]:
            return import_file(
                crud,
                None,
                options.file,
                upsert_on=options.upsert_on,
                start_at=options.start_at,
                stopping=stopping,
                **_reading(options),
            )

        return _told(lambda: _finished(_run(target, options, work), options))


def run_sync(target: Target, options: argparse.Namespace) -> int:
    """The same codes."""
    with stopped_by_signals() as stopping:

        def work(crud: Crud[Any]) -> Coroutine[Any, Any, SyncSummary]:
            return sync_file(
                crud,
                None,
                options.file,
                key=options.key,
                delete_missing=options.delete_missing,
                allow_empty=options.allow_empty,
                stopping=stopping,
                **_reading(options),
            )

        return _told(lambda: _finished(_run(target, options, work), options))


def run_export(target: Target, options: argparse.Namespace) -> int:
    """Exit code 0, 2, 3 if the records cannot be read, 130."""

    def work(crud: Crud[Any]) -> Coroutine[Any, Any, Any]:
        return export_file(
            crud,
            None,
            options.output,
            where=_where(options.where),
            fields=options.fields,
            format=options.format or ("csv" if options.output == "-" else None),
            batch_size=options.batch_size,
            null=options.null,
            progress=_progress(options),
        )

    def done() -> int:
        # what is half written is removed, as after Ctrl-C
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        summary = _run(target, options, work)
        if not options.quiet:
            _say(str(summary))
        return ALL_WELL

    return _told(done)


# ---------- parts ----------


def _run(target: Target, options: argparse.Namespace, work: Callable[[Crud[Any]], Coroutine[Any, Any, T]]) -> T:
    """Raises TargetError for a model that is not there, and for an Api without a database."""
    api = served_api(target)
    crud: Crud[Any] = Crud(_entity(api, options.model, target.name), api=api)
    engine = _engine(api, target.name)

    async def run() -> T:
        try:
            return await work(crud)
        finally:
            await engine.dispose()

    return asyncio.run(run())


def _entity(api: Api, name: str, target: str) -> type:
    """A model by the name of its class, or by its name in the API."""
    models = api.catalog.models
    for model in models:
        if name in (model.entity.__name__, model.name):
            return model.entity
    known = ", ".join(sorted(model.entity.__name__ for model in models))
    raise TargetError(f"{target} has no model {name!r}. It has: {known}.")


def _engine(api: Api, target: str) -> AsyncEngine:
    database: Any = api.database
    if isinstance(database, async_sessionmaker):
        database = database.kw.get("bind")
    if isinstance(database, AsyncEngine):
        return database
    raise TargetError(
        f"{target} is given its sessions request by request; name an Api that has an engine or an async_sessionmaker, or "
        "the database itself."
    )


def _reading(options: argparse.Namespace) -> dict[str, Any]:
    return {
        "format": options.format,
        "columns": dict(options.map),
        "batch_size": options.batch_size,
        "on_error": options.on_error,
        "dry_run": options.dry_run,
        "rejects": options.rejects,
        "delimiter": options.delimiter,
        "encoding": options.encoding,
        "null": options.null,
        "ignore_unknown": options.ignore_unknown,
        "progress": _progress(options),
        "on_rejected": _say_rejected,
    }


def _progress(options: argparse.Namespace) -> ProgressOption:
    return not options.quiet


def _where(text: str | None) -> Any:
    if text is None:
        return None
    try:
        where = json.loads(text)
    except ValueError as error:
        raise FileError(f"--where is no JSON: {error}.") from error
    if not isinstance(where, dict):
        raise FileError('--where is an object of JSON, such as {"price": {"lt": 20}}.')
    return where


# ---------- what is told ----------


def _told(work: Callable[[], int]) -> int:
    """Mistakes and failures as lines on standard error, and as exit codes."""
    try:
        return work()
    except ImportAborted as error:
        _say_more(error.summary)
        _say(str(error))
        return INTERRUPTED if error.interrupted else ABORTED
    except FileError as error:
        place = "" if error.line is None else f"line {error.line}: "
        raise TargetError(f"{place}{error}") from error
    except CrudError as error:
        _say(str(error))
        return MISTAKE if error.status == 422 else ABORTED
    except KeyboardInterrupt:
        _say("Interrupted.")
        return INTERRUPTED
    except GqlcrudError as error:
        _say(str(error))
        return MISTAKE
    except (TargetError, BrokenPipeError):
        raise
    except Exception:
        # Python's own exit code for this is 1, which means rejected rows here
        traceback.print_exc()
        return BROKEN


def _finished(summary: ImportSummary | SyncSummary, options: argparse.Namespace) -> int:
    _say_more(summary)
    if summary.left_out and not options.quiet:
        _say(f"Not taken from the file: {', '.join(summary.left_out)}.")
    if not options.quiet:
        _say(str(summary))
    stopped = summary.stopped if isinstance(summary, ImportSummary) else None
    if stopped is not None:
        _say_resume(stopped, options)
        return MISTAKE if stopped.cause == "file" else INTERRUPTED
    return SOME_REJECTED if summary.rejected else ALL_WELL


def _say_rejected(rejected: Rejected) -> None:
    _say(str(rejected))


def _say_more(summary: ImportSummary | SyncSummary) -> None:
    more = summary.rejected - len(summary.first_rejected)
    if more > 0:
        _say(f"... and {more:,} more rejected rows.")


def _say_resume(stopped: StoppedAt, options: argparse.Namespace) -> None:
    _say(f"{stopped.reason} Stopped at {stopped.unit} {stopped.line}; what stands before it is done. To go on:")
    _say(f"  {resume_command(options.given, stopped.line)}")


def resume_command(given: list[str], line: int) -> str:
    """The command line that goes on from a line. A password in it is not repeated."""
    words: list[str] = []
    skip = False
    for word in given:
        if skip or word.startswith("--start-at="):
            skip = False
        elif word == "--start-at":
            skip = True
        else:
            words.append(_without_password(word))
    return shlex.join(["gqlcrud", *words, "--start-at", str(line)])


def _without_password(word: str) -> str:
    hidden = re.sub(r"(?<=://)([^:/@?]*):[^@/]*@", r"\1:***@", word)
    return re.sub(r"(?<=[?&]password=)[^&]*", "***", hidden)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
