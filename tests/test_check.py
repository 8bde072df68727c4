"""`gqlcrud check` tells what an Api exposes to whom, and warns about what is dangerous, each under a code of its own."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from sqlalchemy import URL, MetaData, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

import gqlcrud
from example.app import api as bookshop
from gqlcrud import (
    AllBut,
    Api,
    Idempotency,
    Limits,
    ModelOptions,
    PersistedDocuments,
    Policy,
    RowLevelSecurity,
    SoftDelete,
    idempotency_table,
)
from gqlcrud.checking import Hazard, make_report, report_document, report_text
from gqlcrud.cli import main
from gqlcrud.targets import Target, served_api, served_graphiql
from tests.checked import ACCOUNTS, NOTES, Account, Base, Note, engine, guarded_api, open_api, signed_in
from tests.databases import Backend, PostgresServer, run_apart
from tests.golden import CheckGolden
from tests.urls import make_tables, plain


class Own:
    @gqlcrud.field()
    def weather(self) -> str:
        return "rain"


class OwnMutation:
    @gqlcrud.field()
    def rain(self) -> str:
        return "it rains"


SAFE: dict[str, Any] = {"introspection": False}
MODELS = {Account: ModelOptions(policy=ACCOUNTS), Note: ModelOptions(policy=NOTES)}


def found(api: Api, graphiql: bool | None = None) -> list[tuple[str, str]]:
    """The code and the place of each warning."""
    return [(each.hazard.value, each.place) for each in make_report("it", api, graphiql).findings]


# ---------- what is told ----------


@pytest.mark.parametrize(("name", "api", "graphiql"), [("open", open_api, True), ("guarded", guarded_api, None)])
def test_a_report_tells_people_and_programs_the_same(
    check_golden: CheckGolden, name: str, api: Api, graphiql: bool | None
) -> None:
    report = make_report(f"checked:{name}", api, graphiql)

    check_golden(f"checks/{name}.txt", report_text(report))
    check_golden(f"checks/{name}.json", json.dumps(report_document(report), indent=2) + "\n")


def test_a_report_is_the_same_every_time() -> None:
    assert report_text(make_report("it", open_api, True)) == report_text(make_report("it", open_api, True))


def test_resolvers_of_ones_own_are_told() -> None:
    api = Api(
        [Account, Note], engine(), query=Own, mutation=OwnMutation, persisted=PersistedDocuments(trusted={"a": "{a}"})
    )
    lines = report_text(make_report("it", api, None)).splitlines()

    assert [line.split(maxsplit=2)[2] for line in lines if line.startswith(("  own queries", "  own mutations"))] == [
        "weather",
        "rain",
    ]
    assert "  persisted documents  trusted ones alone run" in lines


@pytest.mark.parametrize(
    "given",
    [{"policy": Policy(read_columns=AllBut("account_id"))}, {"exclude": {"account_id"}}],
    ids=["policy", "excluded"],
)
def test_a_relation_is_read_by_who_reads_its_foreign_key(given: dict[str, Any]) -> None:
    """Unless the column is no part of the API, which says nothing of the relation."""
    sessions = async_sessionmaker(engine())
    document = report_document(make_report("it", Api(Base, sessions, models={Note: ModelOptions(**given)}), None))
    members = {each["key"]: each["read"] for model in document["models"] for each in model["members"]}

    expected = "nobody" if "policy" in given else "everybody"
    assert (document["database"], members.get("account_id")) == ("SQLite", "nobody" if "policy" in given else None)
    assert (members["account"], members["notes"]) == (expected, expected)


# ---------- what is warned about ----------


def options(**policy: Any) -> dict[type, ModelOptions]:
    """Accounts under another policy than one without fault."""
    return {**MODELS, Account: ModelOptions(policy=Policy(**policy))}


def notes(**given: Any) -> dict[type, ModelOptions]:
    return {**MODELS, Note: ModelOptions(policy=NOTES, **given)}


WRITE = {"create": False, "update": False, "delete": False}
WARNED: dict[str, tuple[Callable[[], Api], list[tuple[str, str]]]] = {
    "nothing": (lambda: Api(Base, engine(), models=MODELS, **SAFE), []),
    "no policy": (
        lambda: Api([Note], engine(), **SAFE),
        [("no-policy", "Note")],
    ),
    "columns alone": (
        lambda: Api([Note], engine(), models={Note: ModelOptions(policy=Policy(read_columns=AllBut("title")))}, **SAFE),
        [("no-policy", "Note")],
    ),
    "policy of the api": (
        lambda: Api([Note], engine(), policy=Policy(operations=lambda caller: {"get"}), **SAFE),
        [],
    ),
    "open write": (
        lambda: Api([Note], engine(), policy=Policy(read=True, delete=False), **SAFE),
        [("open-write", "Note")],
    ),
    "open create": (
        lambda: Api([Note], engine(), policy=Policy(read=lambda caller: Note.account_id == caller), **SAFE),
        [("open-write", "Note")],
    ),
    "said to be open": (
        lambda: Api([Note], engine(), policy=Policy(read=True, create=True, update=True, delete=True), **SAFE),
        [],
    ),
    "secret": (
        lambda: Api(Base, engine(), models=options(read=True, **WRITE), **SAFE),
        [("secret-column", "Account.password_hash"), ("secret-column", "Account.ssn")],
    ),
    "secret by a function": (
        lambda: Api(Base, engine(), models=options(read=True, **WRITE, read_columns=lambda caller: {"email"}), **SAFE),
        [],
    ),
    "secret on purpose": (
        lambda: Api(Base, engine(), models=options(read=True, **WRITE, read_columns={"email", "ssn"}), **SAFE),
        [],
    ),
    "guessable": (
        lambda: Api(
            Base,
            engine(),
            models=options(read=True, **WRITE, read_columns={"email"}, filter_columns={"email", "ssn"}),
            **SAFE,
        ),
        [("guessable-column", "Account.ssn")],
    ),
    "privileges": (
        lambda: Api(
            Base, engine(), models=options(read=False, create=signed_in, delete=False, read_columns={"email"}), **SAFE
        ),
        [("privilege-column", "Account.is_admin"), ("privilege-column", "Account.role")],
    ),
    "deleted": (
        lambda: Api(Base, engine(), models=notes(soft_delete=SoftDelete("deleted_at", show_deleted=True)), **SAFE),
        [("deleted-shown", "Note")],
    ),
    "for good": (
        lambda: Api(Base, engine(), models=notes(soft_delete=SoftDelete("deleted_at", hard_delete=True)), **SAFE),
        [("hard-delete", "Note")],
    ),
    "cascade": (
        lambda: Api(
            Base,
            engine(),
            models={
                Account: ModelOptions(policy=Policy(read=False, create=False, update=False, read_columns={"email"})),
                Note: ModelOptions(policy=Policy(read=True, **WRITE)),
            },
            **SAFE,
        ),
        [("cascade-delete", "Account.notes")],
    ),
    "regex": (
        lambda: Api(Base, engine(), models=notes(operators={"title": {"regex"}}), **SAFE),
        [("regex", "Note.title")],
    ),
    "introspection": (lambda: Api(Base, engine(), models=MODELS), [("introspection", "Api")]),
    "debug": (lambda: Api(Base, engine(), models=MODELS, debug=True, **SAFE), [("debug", "Api")]),
    "suggestions": (
        lambda: Api(Base, engine(), models=MODELS, introspection=signed_in, suggestions=True),
        [("suggestions", "Api")],
    ),
    "timeouts": (
        lambda: Api(Base, engine(), models=MODELS, limits=Limits(statement_timeout=None, request_timeout=None), **SAFE),
        [("no-statement-timeout", "Limits"), ("no-request-timeout", "Limits")],
    ),
    "limits": (
        lambda: Api(
            Base, engine(), models=notes(max_page_size=5001), limits=Limits(max_depth=121, max_page_size=5000), **SAFE
        ),
        [("high-limit", "Limits.max_depth"), ("high-limit", "Note.max_page_size")],
    ),
    "idempotency": (
        lambda: Api(Base, engine(), models=MODELS, idempotency=Idempotency(idempotency_table(MetaData())), **SAFE),
        [("idempotency-caller", "Idempotency")],
    ),
    "idempotency of callers": (
        lambda: Api(
            Base, engine(), models=MODELS, idempotency=Idempotency(idempotency_table(MetaData()), caller=str), **SAFE
        ),
        [],
    ),
}


@pytest.mark.parametrize("name", WARNED)
def test_what_is_dangerous_is_warned_about(name: str) -> None:
    make, expected = WARNED[name]

    assert found(make()) == expected


def test_the_example_exposes_nothing_by_accident() -> None:
    """A demonstration has GraphiQL, and shows its schema."""
    assert found(bookshop, True) == [("introspection", "Api"), ("graphiql", "Api.router")]


@pytest.mark.parametrize("graphiql", [True, False])
def test_graphiql_is_warned_about_where_an_app_serves_it(graphiql: bool) -> None:
    app, inner = FastAPI(), APIRouter()
    inner.include_router(guarded_api.router(graphiql=graphiql), prefix="/graphql")
    app.include_router(inner)
    target = Target("it", None, app)

    assert served_graphiql(target) is graphiql
    assert found(served_api(target), served_graphiql(target)) == ([("graphiql", "Api.router")] if graphiql else [])


# ---------- the database ----------

TABLES = (
    "CREATE TABLE account (id INTEGER PRIMARY KEY, email TEXT)",
    "CREATE TABLE note (id INTEGER PRIMARY KEY, title TEXT)",
)
SECURED = (*TABLES, "ALTER TABLE note ENABLE ROW LEVEL SECURITY")


@pytest.fixture
def secured(postgres_server: PostgresServer) -> Iterator[URL]:
    """A database with row-level security on its notes, and a role for which it holds."""
    url = make_tables(postgres_server, *SECURED, "CREATE ROLE checked_reader LOGIN")
    yield url
    run_apart(execute(url, "DROP ROLE checked_reader"))
    postgres_server.drop_database(url)


async def execute(url: URL, statement: str) -> None:
    made = create_async_engine(url)
    async with made.begin() as connection:
        await connection.execute(text(statement))
    await made.dispose()


ROLES: dict[str, tuple[RowLevelSecurity | None, list[tuple[str, str]]]] = {
    "connection": (None, [("superuser", "the database"), ("row-security-bypassed", "Note")]),
    "role": (RowLevelSecurity(role="checked_reader"), [("row-security-missing", "Account")]),
    "superuser": (
        RowLevelSecurity(role="postgres"),
        [("superuser", "the database"), ("row-security-bypassed", "Note"), ("row-security-missing", "Account")],
    ),
    "function": (RowLevelSecurity(role=lambda context: "checked_reader"), [("row-security-missing", "Account")]),
    "settings": (
        RowLevelSecurity(settings=lambda context: {"app.user": "1"}),
        [("superuser", "the database"), ("row-security-bypassed", "Note"), ("row-security-missing", "Account")],
    ),
}


@pytest.mark.parametrize("name", ROLES)
def test_what_postgresql_says_of_its_roles_is_warned_about(secured: URL, name: str) -> None:
    security, expected = ROLES[name]
    told = found(Api(Base, create_async_engine(secured), row_level_security=security, **SAFE))
    policies = [("no-policy", "Account")] if security is None else []

    assert [each for each in told if each[0] not in ("secret-column", "privilege-column")] == [*policies, *expected]


def test_row_level_security_that_nobody_uses_is_warned_about(secured: URL) -> None:
    """The role of the connection is one that the policies hold for, and the same for all callers."""
    api = Api(Base, create_async_engine(secured.set(username="checked_reader")), models=MODELS, **SAFE)

    assert found(api) == [("row-security-unused", "Note")]


def test_a_timeout_of_the_database_is_one(postgres_server: PostgresServer) -> None:
    url = make_tables(postgres_server, *TABLES)
    patient = create_async_engine(url, connect_args={"server_settings": {"statement_timeout": "5000"}})
    limits = Limits(statement_timeout=None)

    codes = [code for code, _ in found(Api(Base, patient, models=MODELS, limits=limits, **SAFE))]
    assert codes == ["superuser"]
    postgres_server.drop_database(url)


def unreachable() -> Api:
    nowhere = create_async_engine("postgresql+asyncpg://shop@127.0.0.1:1/shop")
    return Api(Base, nowhere, models=MODELS, **SAFE)


async def session() -> AsyncSession:
    raise AssertionError("nobody asks for it")


NOTED: dict[str, tuple[Callable[[], Api], str]] = {
    "unreachable": (unreachable, "The database was not asked: ConnectionRefusedError."),
    "sessions": (
        lambda: Api(Base, session, models=MODELS, **SAFE),
        "The database was not asked: sessions are given request by request.",
    ),
}


@pytest.mark.parametrize("name", NOTED)
def test_a_database_that_cannot_be_asked_is_no_obstacle(name: str) -> None:
    make, note = NOTED[name]
    report = make_report("it", make(), None)

    assert (report.notes, report.findings) == ((note,), ())


def test_a_role_that_is_none_is_told(postgres_server: PostgresServer) -> None:
    url = make_tables(postgres_server, *TABLES)
    api = Api(Base, create_async_engine(url), row_level_security=RowLevelSecurity(role="nobody_at_all"), **SAFE)

    assert make_report("it", api, None).notes == (
        "The database was not asked: it has no role of the name that RowLevelSecurity gives.",
    )
    postgres_server.drop_database(url)


# ---------- the command ----------


def test_the_command_ends_as_it_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    ignored = [
        f"--ignore={each}" for each in ("no-policy:Account", "secret-column", "privilege-column", "no-policy:Note")
    ]

    assert main(["check", "tests.checked:open_api"]) == 0
    assert main(["check", "tests.checked:open_api", "--strict"]) == 1
    assert main(["check", "tests.checked:guarded_api", "--strict"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "0 warnings"
    assert main(["check", "tests.checked:open_api", "--strict", *ignored]) == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert main(["check", "tests.checked:open_api", "--strict", "--ignore", "regexp"]) == 2
    assert last == "10 warnings, 5 ignored"
    assert capsys.readouterr().err == (
        "gqlcrud: --ignore regexp is no warning; they are: " + ", ".join(each.value for each in Hazard) + ".\n"
    )


def test_the_command_tells_programs_of_a_database(backend: Backend, capsys: pytest.CaptureFixture[str]) -> None:
    url = make_tables(backend, "CREATE TABLE note (id INTEGER PRIMARY KEY, title TEXT, api_key TEXT)")

    assert main(["check", plain(url), "--json", "--read-only"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(each["code"], each["place"]) for each in told["warnings"]] == [
        ("no-policy", "Note"),
        ("secret-column", "Note.api_key"),
        ("introspection", "Api"),
        ("graphiql", "Api.router"),
        *([("superuser", "the database")] if backend.name == "postgresql" else []),
    ]
    assert told["models"][0]["operations"] == {"get": "everybody", "list": "everybody"}
    backend.drop_database(url)
