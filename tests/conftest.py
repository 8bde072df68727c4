"""Fixtures: databases on both backends, and the sample databases."""

import gc
import inspect
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL

from tests.browsing import what_is_missing
from tests.databases import (
    Backend,
    MakeEngine,
    PostgresServer,
    SqliteFolder,
    engine_maker,
    run_apart,
    running_postgres,
)
from tests.golden import CheckGolden, golden_checker
from tests.samples import load_chinook, load_pagila, sample, sample_path

_MISSING = [name for name in ("chinook", "pagila") if not sample_path(name).exists()]
_NO_BROWSER = what_is_missing()
collect_ignore = [f"test_{name}.py" for name in _MISSING] + (["test_browser.py"] if _NO_BROWSER else [])


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regenerate", action="store_true", help="write the expected texts in files anew")


def pytest_report_header() -> list[str]:
    """One line for each file of tests that stands aside for want of a sample database or a browser."""
    told = [f"test_{name}.py stands aside: there is no {sample_path(name)} (set GQLCRUD_SAMPLES)" for name in _MISSING]
    return told + ([f"test_browser.py stands aside: {_NO_BROWSER}"] if _NO_BROWSER else [])


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector: pytest.Module | pytest.Class, name: str, obj: Any) -> None:
    """Async tests run by anyio without being marked."""
    test = getattr(getattr(obj, "hypothesis", None), "inner_test", obj)
    if collector.istestfunction(obj, name) and inspect.iscoroutinefunction(test):
        pytest.mark.anyio(obj)


@pytest.fixture(scope="session", autouse=True)
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module", autouse=True)
def left_alone() -> Iterator[None]:
    """What a module leaves behind in caches, types and documents, is looked at by the garbage collector once: to look again
    at that of all modules takes more time than their tests."""
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture
def check_golden(request: pytest.FixtureRequest) -> CheckGolden:
    return golden_checker(regenerate=bool(request.config.getoption("regenerate")))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Backend:
    """SQLite, then PostgreSQL. The server is started when the first test needs it."""
    if request.param == "sqlite":
        return SqliteFolder(tmp_path_factory.mktemp("sqlite"))
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server


@pytest.fixture
async def make_engine(backend: Backend) -> AsyncIterator[MakeEngine]:
    """`await make_engine(metadata)`: an engine on a fresh database with these tables; gone after the test."""
    async with engine_maker(backend) as make:
        yield make


@pytest.fixture(scope="module")
async def make_module_engine(backend: Backend) -> AsyncIterator[MakeEngine]:
    """The same, for the length of a module."""
    async with engine_maker(backend) as make:
        yield make


@pytest.fixture(scope="session")
def chinook_sqlite(tmp_path_factory: pytest.TempPathFactory) -> URL:
    """A copy of the file, shared by all tests: for reading only."""
    copy: Path = tmp_path_factory.mktemp("chinook") / "chinook.sqlite"
    shutil.copyfile(sample("chinook/Chinook_Sqlite.sqlite"), copy)
    return URL.create("sqlite+aiosqlite", database=str(copy))


@pytest.fixture(scope="session")
def chinook_postgresql(postgres_server: PostgresServer) -> Iterator[URL]:
    """Shared by all tests: for reading only."""
    yield from _loaded(postgres_server, "chinook", load_chinook)


@pytest.fixture(scope="session")
def pagila_postgresql(postgres_server: PostgresServer) -> Iterator[URL]:
    """Shared by all tests: for reading only."""
    yield from _loaded(postgres_server, "pagila", load_pagila)


def _loaded(server: PostgresServer, name: str, load: Callable[[URL], Coroutine[Any, Any, None]]) -> Iterator[URL]:
    sample(name)
    url = server.create_database(name)
    try:
        run_apart(load(url))
        yield url
    finally:
        server.drop_database(url)
