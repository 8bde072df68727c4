"""The command `gqlcrud`, run as a person runs it: what it prints, how it ends, and that it is documented."""

import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import URL

from gqlcrud.cli import main
from gqlcrud.graphiql import is_built
from gqlcrud.targets import read_target
from tests.commands import ROOT, Finished, run_command, run_python, serving
from tests.databases import Backend, PostgresServer
from tests.test_targets import NOTES, make_file
from tests.urls import make_tables, plain, shown

SHOP = """
from contextlib import asynccontextmanager
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import create_async_engine
from gqlcrud import Api
from tests.shelf import Base

engine = create_async_engine("sqlite+aiosqlite:///shop.sqlite")
api = Api(Base, engine, title="Shop")

@asynccontextmanager
async def lifespan(app):
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield
    await engine.dispose()

app = FastAPI(lifespan=lifespan)
app.include_router(api.router(), prefix="/shop/api")

other = FastAPI(openapi_url=None)

@other.get("/")
def hello() -> str:
    return "hello"

@asynccontextmanager
async def no_start(app):
    raise RuntimeError("no money")
    yield

broke = FastAPI(lifespan=no_start)
"""
BUILT = [] if is_built() else ["GraphiQL is not built; build it with: python -m gqlcrud.graphiql.build"]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(SHOP, "utf-8")
    return tmp_path


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A database in a folder of its own."""
    rows = "INSERT INTO note VALUES (1, 'milk'), (2, 'bread')"
    return make_file(tmp_path / "notes.sqlite", NOTES, rows)


# ---------- serve ----------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_database_is_served_until_a_signal_ends_it_cleanly(backend: Backend, number: signal.Signals) -> None:
    url = make_tables(
        backend,
        "CREATE TABLE shelf (id INTEGER PRIMARY KEY, title VARCHAR(20))",
        "CREATE TABLE note (id INTEGER PRIMARY KEY, shelf_id INTEGER REFERENCES shelf, body VARCHAR(20))",
        "CREATE TABLE scrap (body VARCHAR(20))",
        "INSERT INTO shelf VALUES (7, 'shopping')",
        "INSERT INTO note VALUES (1, 7, 'milk'), (2, NULL, 'bread')",
    )
    schema = "" if backend.name == "sqlite" else "public."
    with serving(plain(url)) as server:
        answer = server.post("{ notes { nodes { body shelf { title } } } }")
        address, page = server.get("text/html", server.url.removesuffix("graphql"))
        ended = server.stop(number)

    assert server.lines == [
        f"Serving {shown(url)}",
        "2 models, 2 relations",
        "Left out:",
        f"  {schema}scrap: no primary key",
        *BUILT,
        f"GraphiQL: {server.url}",
    ]
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/graphql", server.url)
    notes = [{"body": "milk", "shelf": {"title": "shopping"}}, {"body": "bread", "shelf": None}]
    assert answer == {"data": {"notes": {"nodes": notes}}}
    assert (address, f"<title>{url.database and Path(url.database).stem}</title>" in page) == (server.url, True)
    assert ended == Finished(0, "", "")
    backend.drop_database(url)


def test_an_api_of_a_module_is_served(shop: Path) -> None:
    with serving("shop:api", folder=shop) as server:
        answer = server.post("{ __typename }")
        ended = server.stop(signal.SIGINT)

    assert server.lines == ["Serving shop:api", "4 models, 6 relations", *BUILT, f"GraphiQL: {server.url}"]
    assert (answer, ended) == ({"data": {"__typename": "Query"}}, Finished(0, "", ""))


def test_an_app_is_served_with_its_lifespan_where_it_has_the_api(shop: Path) -> None:
    with serving("shop:app", folder=shop) as server:
        answer = server.post("{ books { totalCount } }")
        ended = server.stop(signal.SIGTERM)

    assert server.lines == ["Serving shop:app", *BUILT, f"GraphiQL: {server.url}"]
    assert server.url.endswith("/shop/api")
    assert (answer, ended) == ({"data": {"books": {"totalCount": 0}}}, Finished(0, "", ""))


def test_an_app_without_an_api_is_served_too(shop: Path) -> None:
    with serving("shop:other", folder=shop) as server:
        answer = server.get("*/*")
        ended = server.stop(signal.SIGINT)

    assert server.lines == ["Serving shop:other", *BUILT, f"Listening on {server.url}"]
    assert (answer, ended) == ((server.url, '"hello"'), Finished(0, "", ""))


def test_an_app_that_fails_to_start_ends_the_command_with_its_error(shop: Path) -> None:
    ended = run_command("serve", "shop:broke", "--port", "0", folder=shop)

    assert ended.code == 3
    assert "RuntimeError: no money\n" in ended.complaint


def test_host_and_port_are_those_asked_for(notes: Path) -> None:
    with socket.create_server(("127.0.0.2", 0)) as free:
        port = free.getsockname()[1]
    with serving("sqlite:///notes.sqlite", "--host", "127.0.0.2", "--port", str(port), folder=notes.parent) as server:
        answer = server.post("{ notes { totalCount } }")

    assert (server.url, answer) == (f"http://127.0.0.2:{port}/graphql", {"data": {"notes": {"totalCount": 2}}})


def test_the_browser_is_opened_at_graphiql_and_answers_show_their_sql(
    notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = notes.parent / "seen"
    browser = notes.parent / "browser.py"
    browser.write_text(
        "import sys\nfrom pathlib import Path\nPath('part').write_text(sys.argv[1])\nPath('part').rename('seen')"
    )
    monkeypatch.setenv("BROWSER", f"{sys.executable} {browser} %s")
    with serving("sqlite:///notes.sqlite", "--debug", "--open", folder=notes.parent) as server:
        answer = server.post("{ notes { totalCount } }")
        waited = time.monotonic()
        while not seen.exists() and time.monotonic() - waited < 20:
            time.sleep(0.05)
        ended = server.stop(signal.SIGINT)

    assert [each["part"] for each in answer["extensions"]["gqlcrud"]["statements"]] == ["count"]
    assert seen.read_text() == server.url
    assert ended.code == 0
    assert ended.complaint.startswith("Api(debug=True): answers show statements with their values")


def test_reading_only_leaves_the_file_and_its_folder_alone(notes: Path) -> None:
    notes.chmod(0o444)
    before = notes.read_bytes()
    with serving("sqlite:///notes.sqlite", "--read-only", folder=notes.parent) as server:
        answer = server.post("{ notes { nodes { body } } }")
        folder = [each.name for each in notes.parent.iterdir()]

    assert answer == {"data": {"notes": {"nodes": [{"body": "milk"}, {"body": "bread"}]}}}
    assert (folder, notes.read_bytes()) == (["notes.sqlite"], before)


def test_another_schema_is_served(postgres_server: PostgresServer) -> None:
    url = make_tables(
        postgres_server,
        "CREATE SCHEMA attic",
        "CREATE TABLE attic.box (id INTEGER PRIMARY KEY)",
        "INSERT INTO attic.box VALUES (3)",
    )
    with serving(plain(url), "--schema", "attic") as server:
        answer = server.post("{ boxes { nodes { rowId } } }")

    assert server.lines[1:] == ["1 models, 0 relations", *BUILT, f"GraphiQL: {server.url}"]
    assert answer == {"data": {"boxes": {"nodes": [{"rowId": 3}]}}}
    postgres_server.drop_database(url)


# ---------- sdl ----------


def test_the_schema_of_an_api_is_printed(shop: Path) -> None:
    ended = run_command("sdl", "example.app:api")

    assert ended == Finished(0, (ROOT / "schema" / "bookshop.graphql").read_text("utf-8"), "")


def test_the_schema_of_a_database_is_printed(backend: Backend, capsys: pytest.CaptureFixture[str]) -> None:
    url = make_tables(backend, NOTES)
    target = read_target(plain(url))
    assert target.api is not None

    assert main(["sdl", plain(url)]) == 0
    assert capsys.readouterr() == (target.api.sdl(), "")
    assert "type Note implements Node {" in target.api.sdl()
    backend.drop_database(url)


def test_a_reader_of_the_schema_may_stop_early(notes: Path) -> None:
    command = f"{sys.executable} -m gqlcrud sdl sqlite:///{notes} | head -n 1"
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, timeout=30)

    assert (done.stdout, done.stderr) == ("directive @oneOf on INPUT_OBJECT\n", "")


def test_an_app_has_no_schema_to_print(shop: Path) -> None:
    ended = run_command("sdl", "shop:app", folder=shop)

    assert ended == Finished(2, "", "gqlcrud: shop:app is an app; name its Api to print the schema.\n")


# ---------- mistakes: one line on standard error, exit code 2 ----------


def test_a_mistake_in_a_process_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    ended = run_command("serve", "sqlite:///missing.sqlite", folder=tmp_path)

    assert ended == Finished(2, "", "gqlcrud: There is no file 'missing.sqlite'.\n")


def test_a_mistake_of_several_lines_is_told_in_one(tmp_path: Path) -> None:
    (tmp_path / "wordy.py").write_text("raise ValueError('one\\ntwo')", "utf-8")
    ended = run_command("sdl", "wordy:api", folder=tmp_path)
    reason = f"'wordy' fails while it is imported: ValueError: one two ({tmp_path / 'wordy.py'}:1)"

    assert ended == Finished(2, "", f"gqlcrud: {reason}\n")


def test_an_address_that_is_not_to_be_had_is_told(notes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        mistakes = {
            ("127.0.0.1", str(port)): "Address already in use",
            ("127.0.0.1", "65536"): "bind(): port must be 0-65535",
            ("192.0.2.1", "0"): "Cannot assign requested address",
        }
        for (host, asked), reason in mistakes.items():
            assert main(["serve", f"sqlite:///{notes}", "--host", host, "--port", asked]) == 2
            assert capsys.readouterr() == ("", f"gqlcrud: Cannot listen on {host}:{asked}: {reason}.\n")


def test_a_host_that_is_not_known_is_told(notes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    host = "no-such-host.invalid"
    with pytest.raises(OSError) as caught:
        socket.getaddrinfo(host, 0)

    assert main(["serve", f"sqlite:///{notes}", "--host", host, "--port", "0"]) == 2
    assert capsys.readouterr() == ("", f"gqlcrud: Cannot listen on {host}:0: {caught.value.strerror}.\n")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "gqlcrud: error: the following arguments are required: {serve,sdl,check,import,export,sync}"),
        (["serve"], "gqlcrud serve: error: the following arguments are required: target"),
        (["sdl"], "gqlcrud sdl: error: the following arguments are required: target"),
        (["serve", "x:y", "--port", "http"], "gqlcrud serve: error: argument --port: invalid int value: 'http'"),
        (["serve", "x:y", "--red"], "gqlcrud: error: unrecognized arguments: --red"),
        (["sdl", "x:y", "--port", "1"], "gqlcrud: error: unrecognized arguments: --port 1"),
    ],
)
def test_arguments_that_are_none_are_told_with_the_usage(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)

    output, told = capsys.readouterr()
    assert (caught.value.code, output, told.splitlines()[-1]) == (2, "", complaint)
    assert told.startswith("usage: gqlcrud")


WITHOUT = """
import sys

class Without:
    def __init__(self, name, finders):
        self.name, self.finders = name, finders

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == self.name:
            return None
        return next(filter(None, (finder.find_spec(name, path, target) for finder in self.finders)), None)

sys.meta_path[:] = [Without(sys.argv[1], list(sys.meta_path))]

from gqlcrud.cli import main
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize(
    ("missing", "url", "reason"),
    [
        (
            "aiosqlite",
            "sqlite:///notes.sqlite",
            "The driver aiosqlite is not installed: pip install 'gqlcrud[sqlite]'.",
        ),
        ("asyncpg", "postgresql:///notes", "The driver asyncpg is not installed: pip install 'gqlcrud[postgresql]'."),
        ("uvicorn", "sqlite:///notes.sqlite", "uvicorn is not installed: pip install 'gqlcrud[serve]'."),
    ],
)
def test_a_driver_or_server_that_is_not_installed_is_told(notes: Path, missing: str, url: str, reason: str) -> None:
    ended = run_python("-c", WITHOUT, missing, "serve", url, "--port", "0", folder=notes.parent)

    assert ended == Finished(2, "", f"gqlcrud: {reason}\n")


@pytest.mark.parametrize("present", ["aiosqlite", "asyncpg"])
def test_the_driver_of_the_other_database_is_not_needed(
    postgres_server: PostgresServer, notes: Path, present: str
) -> None:
    url = URL.create("sqlite", database=str(notes))
    missing = "asyncpg"
    if present == "asyncpg":
        url, missing = make_tables(postgres_server, NOTES), "aiosqlite"
    ended = run_python("-c", WITHOUT, missing, "sdl", plain(url))

    assert (ended.code, ended.complaint) == (0, "")
    assert "type Note implements Node {" in ended.output


# ---------- documentation ----------


PAGES = {"serve": "serving", "sdl": "serving", "check": "check", "import": "files", "export": "files", "sync": "files"}
"""Where each command is documented."""


def test_every_command_and_option_is_documented(capsys: pytest.CaptureFixture[str]) -> None:
    """On its page; what holds for every command about files is there too."""
    assert _words_of_help(capsys, r"^    (\w+) ") == PAGES.keys()
    for command, name in PAGES.items():
        page = (ROOT / "docs" / f"{name}.md").read_text("utf-8")
        options = _words_of_help(capsys, r"(--[\w-]+)", command) - {"--help"}

        assert [word for word in (f"gqlcrud {command}", *sorted(options)) if word not in page] == []


def _words_of_help(capsys: pytest.CaptureFixture[str], pattern: str, *command: str) -> set[str]:
    with pytest.raises(SystemExit):
        main([*command, "--help"])
    return set(re.findall(pattern, capsys.readouterr().out, re.MULTILINE))
