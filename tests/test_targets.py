"""What the command line can be given to serve: objects in modules, and databases by URL."""

import asyncio
import errno
import socket
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import DBAPIError

from gqlcrud import Api
from gqlcrud.catalog import LeftOut
from gqlcrud.targets import Target, TargetError, database_url, new_engine, read_target
from tests.databases import GUEST, Backend, PostgresServer, connected, run_apart
from tests.urls import make_tables, plain, shown

MODULE = """
from types import SimpleNamespace
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import create_async_engine
from gqlcrud import Api
from tests.shelf import Base

api = Api(Base, create_async_engine("sqlite+aiosqlite:///nowhere.sqlite"))
app = FastAPI()
holder = SimpleNamespace(inner=SimpleNamespace(api=api))
number = 7

async def asgi(scope, receive, send): ...

class Callable:
    async def __call__(self, scope, receive, send): ...

instance = Callable()

def factory():
    return app
"""
NOTES = "CREATE TABLE note (id INTEGER PRIMARY KEY, body VARCHAR(20) NOT NULL)"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory; what is imported from it is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "modules", {**sys.modules})
    return tmp_path


@pytest.fixture
def shop(folder: Path) -> Path:
    """A module `shop` in the working directory."""
    (folder / "shop.py").write_text(MODULE, "utf-8")
    return folder


def mistake(text: str, *, read_only: bool = False, schema: str | None = None, debug: bool = False) -> str:
    """What is said of a target that cannot be used."""
    with pytest.raises(TargetError) as caught:
        read_target(text, read_only=read_only, schema=schema, debug=debug)
    return str(caught.value)


def make_file(path: Path, *statements: str) -> Path:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    return path


# ---------- modules ----------


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("attribute", ["api", "holder.inner.api"])
def test_a_module_attribute_is_an_api(attribute: str) -> None:
    target = read_target(f"shop:{attribute}")

    assert isinstance(target.api, Api)
    assert [model.name for model in target.api.catalog.models] == ["Author", "Book", "OrderItem", "Tag"]
    assert target == Target(f"shop:{attribute}", target.api, None, (), None)


@pytest.mark.usefixtures("shop")
def test_a_module_attribute_is_an_app() -> None:
    target = read_target("shop:app")

    assert isinstance(target.app, FastAPI)
    assert target == Target("shop:app", None, target.app, (), None)


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("attribute", ["asgi", "instance"])
def test_a_coroutine_function_and_an_instance_called_like_one_are_apps(attribute: str) -> None:
    assert read_target(f"shop:{attribute}").app is getattr(sys.modules["shop"], attribute)


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("shop:number", "shop:number is 'int', neither an Api nor an ASGI app."),
        ("shop:factory", "shop:factory is 'function', neither an Api nor an ASGI app."),
        ("shop:Callable", "shop:Callable is 'type', neither an Api nor an ASGI app."),
        ("shop:holder", "shop:holder is 'SimpleNamespace', neither an Api nor an ASGI app."),
        ("shop:missing", "'shop' has no attribute 'missing'."),
        ("shop:holder.other.api", "'shop' has no attribute 'holder.other.api'."),
        ("shop:.", "'shop' has no attribute '.'."),
        ("shop:api:api", "'shop' has no attribute 'api:api'."),
    ],
)
@pytest.mark.usefixtures("shop")
def test_an_attribute_that_cannot_be_served_is_named(target: str, reason: str) -> None:
    assert mistake(target) == reason


@pytest.mark.parametrize("target", ["", "shop", "shop:", ":api", "shop.sqlite", "/shop.sqlite", ":memory:"])
def test_a_text_of_neither_form_is_told_both(target: str) -> None:
    assert mistake(target) == (
        f"{target!r} is no target. Give module:attribute (an Api or an app), or a database URL such as sqlite:///shop.db "
        "or postgresql://user@host/name."
    )


def test_a_missing_module_is_named_with_the_folder_it_was_looked_for_in(folder: Path) -> None:
    reason = f"'shoop' cannot be imported from {folder}: No module named 'shoop'."

    assert mistake("shoop:api") == reason


def test_a_module_that_a_module_misses_is_named(folder: Path) -> None:
    (folder / "lacking.py").write_text("import no_such_module_at_all", "utf-8")
    reason = f"'lacking' cannot be imported from {folder}: No module named 'no_such_module_at_all'."

    assert mistake("lacking:api") == reason


def test_a_module_that_fails_is_told_with_the_line_that_failed(folder: Path) -> None:
    (folder / "failing.py").write_text("def fail():\n    raise ValueError('no money')\n\nfail()\n", "utf-8")
    reason = f"'failing' fails while it is imported: ValueError: no money ({folder / 'failing.py'}:2)"

    assert mistake("failing:api") == reason


@pytest.mark.usefixtures("shop")
def test_options_of_databases_are_refused_for_modules() -> None:
    rest = "is for database URLs; an Api of your own says itself what it serves."

    assert mistake("shop:api", read_only=True) == f"--read-only {rest}"
    assert mistake("shop:api", schema="public") == f"--schema {rest}"
    assert mistake("shop:api", debug=True) == f"--debug {rest}"


# ---------- what a URL says ----------


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ("postgresql://me@host:5433/shop", "postgresql+asyncpg://me@host:5433/shop"),
        ("postgres://me@host/shop", "postgresql+asyncpg://me@host/shop"),
        ("POSTGRES://me@host/shop", "postgresql+asyncpg://me@host/shop"),
        ("postgresql+asyncpg://me@host/shop", "postgresql+asyncpg://me@host/shop"),
        ("postgresql:///shop?host=/tmp", "postgresql+asyncpg:///shop?host=%2Ftmp"),
        ("postgresql://me:p%40ss%2F%3A%C3%B6@[::1]/shop", "postgresql+asyncpg://me:p%40ss%2F%3A%C3%B6@[::1]/shop"),
        ("sqlite:///shop.db", "sqlite+aiosqlite:///shop.db"),
        ("sqlite+aiosqlite:///shop.db", "sqlite+aiosqlite:///shop.db"),
        ("SQLite:///./shop.db", "sqlite+aiosqlite:///./shop.db"),
    ],
)
def test_a_url_is_given_its_asynchronous_driver(folder: Path, given: str, understood: str) -> None:
    (folder / "shop.db").touch()

    assert database_url(given) == make_url(understood)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mysql://me:secret@host/shop", "gqlcrud serves PostgreSQL and SQLite, not 'mysql'."),
        ("file:///shop.db", "gqlcrud serves PostgreSQL and SQLite, not 'file'."),
        (
            "postgresql+psycopg://me:secret@host/shop",
            "gqlcrud uses the driver asyncpg, not 'psycopg'; leave the driver out of the URL.",
        ),
        (
            "sqlite+pysqlite:///shop.db",
            "gqlcrud uses the driver aiosqlite, not 'pysqlite'; leave the driver out of the URL.",
        ),
        (
            "postgresql://me:secret@host:port/shop",
            "postgresql://... is no database URL; it has the form postgresql://user:password@host:port/name.",
        ),
        ("://", "://... is no database URL; it has the form postgresql://user:password@host:port/name."),
        (
            "postgresql://me:sec@ret@host/shop",
            "In a database URL an '@' in a password is written as %40, a ':' as %3A and a '/' as %2F.",
        ),
        ("sqlite://", "Name the file of the SQLite database: sqlite:///path/to/file.db."),
        ("sqlite:///", "Name the file of the SQLite database: sqlite:///path/to/file.db."),
        ("sqlite:///missing.db", "There is no file 'missing.db'."),
        ("sqlite:///:memory:", "There is no file ':memory:'."),
        ("sqlite:///.", "There is no file '.'."),
        (
            "sqlite:///shop.db?shape=round",
            "The options of the database URL cannot be used: Query string argument(s) 'shape' are not accepted by the "
            "pysqlite driver and are being ignored; SQLite URI arguments require that 'uri=true' also be present in the URL.",
        ),
        (
            "postgresql://me@host/shop?connect_timeout=soon",
            "The options of the database URL cannot be used: could not convert string to float: 'soon'",
        ),
    ],
)
def test_a_url_that_names_no_database_is_refused_without_being_repeated(folder: Path, url: str, reason: str) -> None:
    (folder / "shop.db").touch()

    assert mistake(url) == reason


# ---------- files of SQLite ----------


@pytest.mark.parametrize("name", ["shop.db", "größe ü.sqlite", "a b#c%d.db", "100%41.db", "データ.db"])
@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("absolute", [False, True])
def test_a_file_of_any_name_is_read(folder: Path, name: str, read_only: bool, absolute: bool) -> None:
    path = make_file(folder / name, NOTES)
    before = sorted(each.name for each in folder.iterdir())

    url = URL.create("sqlite", database=str(path) if absolute else name)
    target = read_target(url.render_as_string(), read_only=read_only)

    assert target.api is not None
    assert ([model.name for model in target.api.catalog.models], target.api.title) == (["Note"], path.stem)
    assert target.name == f"sqlite:///{url.database}"
    assert sorted(each.name for each in folder.iterdir()) == before == [name]


def test_a_file_that_is_no_database_is_refused(folder: Path) -> None:
    (folder / "letter.txt").write_text("Dear reader, this is not a database. " * 40, "utf-8")

    assert mistake("sqlite:///letter.txt") == "sqlite:///letter.txt cannot be read: file is not a database"


def test_a_database_without_tables_is_refused(backend: Backend) -> None:
    url = make_tables(backend, "SELECT 1")
    if backend.name == "sqlite":
        Path(str(url.database)).touch()

    assert mistake(plain(url)) == f"{shown(url)} has no table with a primary key."
    backend.drop_database(url)


# ---------- schemas ----------


def test_a_schema_that_is_not_there_is_refused_with_those_that_are(backend: Backend) -> None:
    url = make_tables(backend, NOTES)
    present = "main" if backend.name == "sqlite" else "information_schema, public"

    assert mistake(plain(url), schema="attic") == f"{shown(url)} has no schema 'attic'; it has: {present}."
    backend.drop_database(url)


def test_another_schema_of_a_server_is_served(postgres_server: PostgresServer) -> None:
    url = make_tables(
        postgres_server,
        NOTES,
        'CREATE SCHEMA "Attic"',
        'CREATE SCHEMA "cellar"',
        'CREATE TABLE "Attic".box (id INTEGER PRIMARY KEY, note_id INTEGER REFERENCES note)',
    )
    target = read_target(plain(url), schema="Attic")

    assert target.api is not None
    assert [model.name for model in target.api.catalog.models] == ["Box"]
    assert target.left_out == (LeftOut("Attic.box.note_id", "refers to note, which is not among the models"),)
    assert (
        mistake(plain(url), schema="cellar") == f"{shown(url)} has no table with a primary key in the schema 'cellar'."
    )
    postgres_server.drop_database(url)


def test_what_is_left_out_is_told_with_its_reason(backend: Backend) -> None:
    schema, column_type = ("", "") if backend.name == "sqlite" else ("public.", "point")
    url = make_tables(
        backend,
        f"CREATE TABLE note (id INTEGER PRIMARY KEY, body VARCHAR(20), shape {column_type})",
        "CREATE TABLE scrap (body VARCHAR(20))",
        "CREATE VIEW short_note AS SELECT id FROM note",
    )
    target = read_target(plain(url))

    unknown = "type 'point' is not known to SQLAlchemy" if column_type else "no type is declared"
    assert target.left_out == (
        LeftOut(f"{schema}note.shape", unknown),
        LeftOut(f"{schema}scrap", "no primary key"),
        LeftOut(f"{schema}short_note", "view"),
    )
    backend.drop_database(url)


# ---------- servers ----------


@pytest.fixture
def guest_url(postgres_server: PostgresServer) -> Iterator[URL]:
    """A database with one table, and a role with a password that needs care in a URL."""
    url = make_tables(postgres_server, NOTES)
    password = "p@ss:w/ö%41 ?#"

    async def execute(*statements: str) -> None:
        async with connected(url) as connection:
            for statement in statements:
                await connection.execute(statement)

    run_apart(execute(f"CREATE ROLE {GUEST} LOGIN PASSWORD '{password}'", f"GRANT SELECT ON note TO {GUEST}"))
    yield url.set(username=GUEST, password=password)
    postgres_server.drop_database(url)

    async def clean() -> None:
        async with connected(postgres_server.url) as connection:
            await connection.execute(f"DROP ROLE {GUEST}")

    run_apart(clean())


def test_a_password_of_any_characters_is_understood_and_never_shown(guest_url: URL) -> None:
    target = read_target(plain(guest_url))

    assert target.api is not None
    assert [model.name for model in target.api.catalog.models] == ["Note"]
    assert target.name == shown(guest_url)
    assert f"//{GUEST}:***@" in target.name


def test_a_wrong_password_is_the_servers_complaint(guest_url: URL) -> None:
    url = guest_url.set(password="wrong")

    assert mistake(plain(url)) == f'{shown(url)} cannot be read: password authentication failed for user "{GUEST}"'


def test_a_missing_database_is_the_servers_complaint(postgres_server: PostgresServer) -> None:
    url = postgres_server.url.set(database="no_such_db")

    assert mistake(plain(url)) == f'{shown(url)} cannot be read: database "no_such_db" does not exist'


def test_options_of_the_servers_own_client_are_understood(postgres_server: PostgresServer) -> None:
    url = make_tables(postgres_server, NOTES)
    options = {
        "sslmode": "disable",
        "connect_timeout": "0",
        "application_name": "gqlcrud tests",
        "options": "-c work_mem=5MB",
        "statement_cache_size": "0",
        "prepared_statement_cache_size": "0",
    }
    engine = new_engine(url.update_query_dict(options), read_only=False)

    async def settings() -> list[str]:
        async with engine.connect() as connection:
            names = ("application_name", "work_mem")
            found = [str(await connection.scalar(text(f"SHOW {name}"))) for name in names]
        await engine.dispose()
        return found

    assert run_apart(settings()) == ["gqlcrud tests", "5MB"]
    postgres_server.drop_database(url)


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        (
            {"sslmode": "perhaps"},
            "`sslmode` parameter must be one of: disable, allow, prefer, require, verify-ca, verify-full",
        ),
        ({"colour": "red"}, "connect() got an unexpected keyword argument 'colour'"),
        ({"options": "-c work_mem=red"}, 'invalid value for parameter "work_mem": "red"'),
    ],
)
def test_an_option_that_the_driver_or_the_server_refuses_is_told(
    postgres_server: PostgresServer, option: dict[str, str], reason: str
) -> None:
    url = postgres_server.url.update_query_dict(option)

    assert mistake(plain(url)) == f"{shown(url)} cannot be read: {reason}"


def test_a_port_where_nothing_listens_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    url = f"postgresql://me@127.0.0.1:{port}/shop"

    assert mistake(url) == (
        f"{url} cannot be read: [Errno {errno.ECONNREFUSED}] Connect call failed ('127.0.0.1', {port})"
    )


@pytest.mark.parametrize("host", ["no-such-host.invalid", f"{'a' * 64}.invalid"])
def test_a_host_that_is_not_known_is_told(host: str) -> None:
    with pytest.raises((OSError, UnicodeError)) as caught:
        socket.getaddrinfo(host, 5432)

    assert mistake(f"postgresql://me@{host}/shop") == f"postgresql://me@{host}/shop cannot be read: {caught.value}"


def test_a_server_that_does_not_answer_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://me@127.0.0.1:{silent.getsockname()[1]}/shop"

        assert mistake(f"{url}?connect_timeout=0.2") == f"{url} cannot be read: it does not answer"


def test_a_server_of_another_kind_is_told() -> None:
    async def close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async def read() -> tuple[str, str]:
        async with await asyncio.start_server(close, "127.0.0.1", 0) as server:
            url = f"postgresql://me@127.0.0.1:{server.sockets[0].getsockname()[1]}/shop"
            return url, await asyncio.to_thread(mistake, f"{url}?sslmode=disable")

    url, reason = run_apart(read())
    assert reason == f"{url} cannot be read: connection was closed in the middle of operation"


# ---------- read only ----------


def test_a_database_opened_for_reading_refuses_every_write(backend: Backend) -> None:
    url = make_tables(backend, NOTES, "INSERT INTO note VALUES (1, 'kept')")
    engine = read_target(plain(url), read_only=True).engine
    assert engine is not None

    async def write(statement: str) -> str:
        try:
            async with engine.begin() as connection:
                await connection.execute(text(statement))
        except DBAPIError as error:
            return str(error.orig).rpartition(": ")[2]
        return "written"

    async def write_all() -> tuple[list[str], list[tuple[int, str]]]:
        statements = ("INSERT INTO note VALUES (2, 'x')", "DELETE FROM note", "CREATE TABLE other (id INTEGER)")
        refused = [await write(statement) for statement in statements]
        async with engine.connect() as connection:
            rows = [(row[0], row[1]) for row in await connection.execute(text("SELECT id, body FROM note"))]
        await engine.dispose()
        return refused, rows

    sqlite = ["attempt to write a readonly database"] * 3
    postgresql = [f"cannot execute {kind} in a read-only transaction" for kind in ("INSERT", "DELETE", "CREATE TABLE")]
    refused, rows = run_apart(write_all())
    assert refused == (sqlite if backend.name == "sqlite" else postgresql)
    assert rows == [(1, "kept")]
    backend.drop_database(url)
