"""`gqlcrud import`, `export` and `sync`, run as a person or a job runs them: what they tell, and how they end."""

import gzip
import os
import pty
import shlex
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import URL

from gqlcrud.cli import main
from gqlcrud.commands.running import resume_command
from tests.commands import ROOT, Finished, run_command
from tests.databases import Backend
from tests.urls import make_tables, plain

SHOP = """
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import create_async_engine
from gqlcrud import Api
from tests.file_models import MODELS, Base

engine = create_async_engine("sqlite+aiosqlite:///shop.sqlite")
api = Api(Base, engine, models=MODELS)
app = FastAPI()
app.include_router(api.router(), prefix="/graphql")
outer = FastAPI()
outer.mount("/inner", app)
both = FastAPI()
both.include_router(api.router(), prefix="/a")
both.include_router(Api(Base, engine).router(), prefix="/b")

async def session():
    yield None

given = Api(Base, session)
"""
MAKE = """
import asyncio, shop
from tests.file_models import Base

async def make():
    async with shop.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    await shop.engine.dispose()

asyncio.run(make())
"""
TABLES = (
    "CREATE TABLE author (id INTEGER PRIMARY KEY, email VARCHAR(20) NOT NULL UNIQUE)",
    "CREATE TABLE book (id INTEGER PRIMARY KEY, isbn VARCHAR(20) NOT NULL UNIQUE, title VARCHAR(20), "
    "author_id INTEGER REFERENCES author)",
    "INSERT INTO author VALUES (1, 'jane@x.org')",
)
BOOKS = "id,isbn,title,author.email\n1,1,Emma,jane@x.org\n2,2,War,\n"
WRONG = "id,isbn,title,author.email\n1,1,Emma,jane@x.org\n2,2,War,leo@x.org\n3,3,Pride,\n"


@pytest.fixture
def database(backend: Backend) -> URL:
    return make_tables(backend, *TABLES)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(SHOP, "utf-8")
    return tmp_path


def run(*arguments: str | Path, capsys: pytest.CaptureFixture[str]) -> Finished:
    """In this process."""
    code = main([str(each) for each in arguments])
    output, complaint = capsys.readouterr()
    return Finished(code, output, complaint)


def write(folder: Path, text: str, name: str = "books.csv") -> Path:
    (folder / name).write_text(text)
    return folder / name


def without_time(text: str) -> list[str]:
    """The lines, without how long it took, and without progress."""
    lines = [line for line in text.splitlines() if "/s," not in line]
    return [line.partition(" in ")[0] + line.partition(" s")[2] if " rows in " in line else line for line in lines]


# ---------- databases ----------


def test_a_file_is_imported_and_exported(database: URL, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target, path = plain(database), write(tmp_path, BOOKS)
    done = run("import", target, "Book", path, capsys=capsys)
    assert (done.code, done.output, without_time(done.complaint)) == (
        0,
        "",
        ["Book: 2 rows: 2 inserted, 0 updated, 0 unchanged, 0 rejected."],
    )

    fields = ["--fields", "id,isbn,title,author.email", "-o", str(tmp_path / "out.csv")]
    done = run("export", target, "Book", *fields, capsys=capsys)
    assert (done.code, done.output, done.complaint.splitlines()[-1][:21]) == (0, "", "Book: 2 rows written ")
    assert (tmp_path / "out.csv").read_text() == BOOKS

    where = ["--where", '{"title": {"starts_with": "E"}}', "--format", "jsonl", "-o", str(tmp_path / "out.txt.gz")]
    run("export", target, "Book", *where, capsys=capsys)
    assert gzip.decompress((tmp_path / "out.txt.gz").read_bytes()).decode() == (
        '{"id": 1, "isbn": "1", "title": "Emma", "author_id": 1}\n'
    )


def test_an_import_that_is_refused_writes_nothing(
    database: URL, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target, path, rejects = plain(database), write(tmp_path, WRONG), tmp_path / "rejects.csv"
    done = run("import", target, "Book", path, capsys=capsys)
    assert (done.code, without_time(done.complaint)) == (
        3,
        [
            "line 3: author.email: There is no Author with email 'leo@x.org'. (NOT_FOUND)",
            "Rows were rejected. Nothing was written.",
        ],
    )

    done = run(
        *("import", target, "Book", path, "--on-error", "continue", "--rejects", rejects, "--quiet"), capsys=capsys
    )
    assert (done.code, done.complaint) == (
        1,
        "line 3: author.email: There is no Author with email 'leo@x.org'. (NOT_FOUND)\n",
    )
    assert rejects.read_text().splitlines()[0] == "line,code,path,reason,id,isbn,title,author.email"
    done = run("export", target, "Book", "--fields", "isbn", "-o", tmp_path / "out.csv", capsys=capsys)
    assert (tmp_path / "out.csv").read_text() == "isbn\n1\n3\n"


def test_many_rejected_rows_are_told_by_their_number(
    database: URL, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, "isbn,author_id\n" + "x,y\n" * 30)
    done = run("import", plain(database), "Book", path, "--on-error=continue", capsys=capsys)
    lines = without_time(done.complaint)

    assert (done.code, len(lines)) == (1, 22)
    assert lines[19:] == [
        "line 21: author_id: An integer is needed, not 'y'. (VALIDATION)",
        "... and 10 more rejected rows.",
        "Book: 30 rows: 0 inserted, 0 updated, 0 unchanged, 30 rejected.",
    ]


def test_a_file_is_synced(database: URL, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = plain(database)
    run("import", target, "Book", write(tmp_path, BOOKS), capsys=capsys)
    path = write(tmp_path, "id;isbn;title\n1;1;Emma\n3;3;Pride\n", "new.csv")
    options = ["sync", target, "Book", str(path), "--key", "isbn", "--delete-missing"]
    expected = "Book: 2 rows: 1 created, 0 updated, 1 unchanged, 1 deleted, 0 rejected."

    done = run(*options, "--dry-run", capsys=capsys)
    assert (done.code, without_time(done.complaint)) == (0, [f"{expected} Dry run: nothing was kept."])
    done = run(*options, capsys=capsys)
    assert (done.code, without_time(done.complaint)) == (0, [expected])
    done = run(*options, capsys=capsys)
    assert without_time(done.complaint) == ["Book: 2 rows: 0 created, 0 updated, 2 unchanged, 0 deleted, 0 rejected."]

    done = run("sync", target, "Book", write(tmp_path, "isbn\n", "none.csv"), *options[4:], capsys=capsys)
    assert done == Finished(
        2, "", "gqlcrud: The file has no rows; that all records are to be deleted is said by --allow-empty.\n"
    )
    done = run("sync", target, "Book", tmp_path / "none.csv", *options[4:], "--allow-empty", capsys=capsys)
    assert without_time(done.complaint) == ["Book: 0 rows: 0 created, 0 updated, 0 unchanged, 2 deleted, 0 rejected."]


def test_options_of_reading(database: URL, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("id|Nr|Titel|Notiz\n1|1|Ärger|x\n2|2|-|y\n".encode("cp1252"))
    options = [
        "--map",
        "Nr=isbn",
        "--map",
        "Titel=title",
        "--ignore-unknown",
        "--delimiter",
        "|",
        "--encoding",
        "cp1252",
    ]
    done = run(
        *("import", plain(database), "Book", path, *options, "--format", "csv", "--null", "-", "--upsert-on", "isbn"),
        *("--batch-size", "1", "--quiet"),
        capsys=capsys,
    )
    assert done == Finished(0, "", "")

    done = run("export", plain(database), "Book", "--fields", "isbn,title", "-o", tmp_path / "b.csv", capsys=capsys)
    assert (tmp_path / "b.csv").read_text("utf-8") == "isbn,title\n1,Ärger\n2,\n"


# ---------- mistakes ----------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["import", "URL", "Buch", "a.csv"], "URL has no model 'Buch'. It has: Author, Book."),
        (["import", "URL", "Book", "missing.csv"], "missing.csv cannot be read: No such file or directory."),
        (
            ["import", "URL", "Book", "a.txt"],
            "a.txt has no suffix that tells the format; give it: csv, json or jsonl (--format).",
        ),
        (
            ["import", "URL", "Book", "a.csv", "--upsert-on", "title"],
            "title is no unique key of Book. It has: id; isbn.",
        ),
        (["import", "URL", "Book", "a.csv"], "line 1: The file is empty: there is no header."),
        (["export", "URL", "Book", "--where", "{"], "--where is no JSON: Expecting property name"),
        (["export", "URL", "Book", "--where", "[]"], '--where is an object of JSON, such as {"price": {"lt": 20}}.'),
        (["export", "URL", "Book", "--where", '{"titel": 1}'], "Book has no attribute 'titel'."),
        (["export", "URL", "Book", "--fields", "author"], "author cannot be exported: It leads to other records;"),
        (
            ["export", "URL", "Book", "-o", "missing/a.csv"],
            "missing/a.csv cannot be written: No such file or directory.",
        ),
    ],
)
def test_a_mistake_is_told_in_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    backend: Backend,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "", "a.csv")
    url = plain(make_tables(backend, *TABLES))
    done = run(*[url if each == "URL" else each for each in arguments], capsys=capsys)

    assert (done.code, done.output, done.complaint.count("\n")) == (2, "", 1)
    assert message.partition("URL")[2] in done.complaint


@pytest.mark.parametrize(
    "arguments",
    [
        ["import", "x:y", "Book"],
        ["sync", "x:y", "Book", "a.csv"],
        ["import", "x:y", "Book", "a.csv", "--map", "isbn"],
        ["import", "x:y", "Book", "a.csv", "--on-error", "ignore"],
        ["export", "x:y", "Book", "--format", "xml"],
    ],
)
def test_a_wrong_command_line_is_told_with_the_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(arguments)

    assert (raised.value.code, capsys.readouterr().err.startswith(f"usage: gqlcrud {arguments[0]} ")) == (2, True)


# ---------- modules ----------


@pytest.mark.parametrize("name", ["api", "app", "outer"])
def test_an_api_or_an_app_that_serves_one_is_a_target(shop: Path, name: str) -> None:
    """Soft deletion holds as the Api says."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{shop}"}
    subprocess.run([sys.executable, "-c", MAKE], cwd=shop, env=environment, check=True)
    write(shop, "shop,sku,name\nA,1,pear\nA,2,plum\n", "a.csv")
    write(shop, "shop,sku,name\nA,2,plum\n", "b.csv")

    first = run_command("import", f"shop:{name}", "Product", "a.csv", folder=shop)
    second = run_command(
        "sync", f"shop:{name}", "Product", "b.csv", "--key", "shop,sku", "--delete-missing", folder=shop
    )
    third = run_command("export", f"shop:{name}", "Product", "--fields", "sku", folder=shop)

    assert [first.code, second.code, third.code] == [0, 0, 0]
    assert without_time(second.complaint) == [
        "Product: 1 rows: 0 created, 0 updated, 1 unchanged, 1 deleted, 0 rejected."
    ]
    assert third.output == "sku\n2\n"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("both", "shop:both is an app that serves 2 Apis; name the Api itself."),
        (
            "given",
            "shop:given is given its sessions request by request; name an Api that has an engine or an "
            "async_sessionmaker, or the database itself.",
        ),
    ],
)
def test_a_target_without_one_database_is_refused(shop: Path, name: str, message: str) -> None:
    done = run_command("export", f"shop:{name}", "Product", folder=shop)

    assert done == Finished(2, "", f"gqlcrud: {message}\n")


# ---------- streams and signals ----------


def process(*arguments: str, stderr: int = subprocess.PIPE) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "gqlcrud", *arguments],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )


def test_one_database_is_piped_into_another(backend: Backend, tmp_path: Path) -> None:
    one, other = (make_tables(backend, *TABLES) for _ in range(2))
    with process("import", plain(one), "Book", "-", "--format", "csv") as reader:
        _, complaint = reader.communicate(BOOKS, timeout=60)
    assert (reader.returncode, without_time(complaint)[-1][:12]) == (0, "Book: 2 rows")

    with process("export", plain(one), "Book") as writer:
        text, _ = writer.communicate(timeout=60)
    with process("import", plain(other), "Book", "-", "--format", "csv", "--quiet") as reader:
        _, complaint = reader.communicate(text, timeout=60)
    with process("export", plain(other), "Book", "--quiet") as writer:
        again, silence = writer.communicate(timeout=60)

    assert (reader.returncode, complaint, silence) == (0, "", "")
    assert again == text == "id,isbn,title,author_id\n1,1,Emma,1\n2,2,War,\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_an_import_which_says_how_to_go_on(
    backend: Backend, tmp_path: Path, number: signal.Signals
) -> None:
    """It waits for a pipe; what has been read in whole batches is written."""
    target = plain(make_tables(backend, *TABLES))
    rejects = str(tmp_path / "rejects.csv")
    options = ["-", "--format", "csv", "--on-error=continue", "--batch-size", "2", "--rejects", rejects, "--quiet"]
    with process("import", target, "Book", *options, "--start-at", "2") as reader:
        assert reader.stdin is not None and reader.stderr is not None
        reader.stdin.write("id,isbn,title\n1,1,a\nx,9,b\n3,3,c\n")
        reader.stdin.flush()
        first = reader.stderr.readline()  # the first batch is through
        reader.send_signal(number)
        output, complaint = reader.communicate(timeout=60)

    command = shlex.join(["gqlcrud", "import", target, "Book", *options, "--start-at", "4"])
    assert (first, output) == ("line 3: id: An integer is needed, not 'x'. (VALIDATION)\n", "")
    assert (reader.returncode, complaint) == (
        130,
        f"Interrupted. Stopped at line 4; what stands before it is done. To go on:\n  {command}\n",
    )
    with process(*shlex.split(command)[1:]) as reader:
        reader.communicate("id,isbn,title\n1,1,a\nx,9,b\n3,3,c\n4,4,d\n", timeout=60)
    with process("export", target, "Book", "--fields", "id", "--quiet") as writer:
        assert (writer.communicate(timeout=60)[0], reader.returncode) == ("id\n1\n3\n4\n", 0)


def test_an_error_of_the_program_is_not_told_as_rejected_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    database = write(tmp_path, "", "a.sqlite")
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE book (id INTEGER PRIMARY KEY)")
    connection.close()
    monkeypatch.setattr("gqlcrud.commands.running.export_file", fail)
    before = signal.getsignal(signal.SIGTERM)
    try:
        done = run("export", f"sqlite:///{database}", "Book", capsys=capsys)
    finally:
        signal.signal(signal.SIGTERM, before)

    assert (done.code, done.complaint.splitlines()[-1]) == (70, "ZeroDivisionError")


def test_the_command_to_go_on_repeats_no_password() -> None:
    given = ["import", "postgresql://me:s3cret@host/db?password=x&a=b", "Book", "my books.csv", "--start-at", "7"]

    assert resume_command(given, 20) == (
        "gqlcrud import 'postgresql://me:***@host/db?password=***&a=b' Book 'my books.csv' --start-at 20"
    )
    assert resume_command(["import", "--start-at=7", "sqlite:///a.db", "B", "-"], 9) == (
        "gqlcrud import sqlite:///a.db B - --start-at 9"
    )


def test_somebody_who_looks_sees_a_bar(tmp_path: Path, backend: Backend) -> None:
    path = write(tmp_path, "id,isbn\n" + "".join(f"{i},{i}\n" for i in range(100)))
    primary, terminal = pty.openpty()
    with process(
        "import", plain(make_tables(backend, *TABLES)), "Book", str(path), "--batch-size", "50", stderr=terminal
    ) as done:
        done.communicate(timeout=60)
    os.close(terminal)
    seen = os.read(primary, 100_000).decode()
    os.close(primary)

    assert (done.returncode, "[##############################] 100% 100 of 100 rows" in seen) == (0, True)
