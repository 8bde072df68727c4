"""PostgreSQL's own policies: each transaction is told who asks, and by which role; nothing of it outlives the transaction."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import ForeignKey, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from gqlcrud import Api, ConfigurationError, Crud, Forbidden, NotFound, RowLevelSecurity
from tests.databases import PostgresServer, record_statements
from tests.running import save

OWNER = "(current_setting('request.jwt.claims', true)::json ->> 'sub')"
POLICIES = f"""
    CREATE ROLE member NOLOGIN;
    CREATE ROLE visitor NOLOGIN;
    GRANT SELECT, INSERT, UPDATE, DELETE ON note, folder, comment TO member;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO member;
    GRANT SELECT ON note TO visitor;
    ALTER TABLE note ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON note TO member USING (owner = {OWNER}) WITH CHECK (owner = {OWNER});
    CREATE POLICY shown ON note FOR SELECT TO visitor USING (public);
"""


class Base(DeclarativeBase):
    pass


class Folder(Base):
    __tablename__ = "folder"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]

    notes: Mapped[list["Note"]] = relationship(back_populates="folder")


class Note(Base):
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str]
    text: Mapped[str]
    public: Mapped[bool] = mapped_column(default=False)
    folder_id: Mapped[int | None] = mapped_column(ForeignKey("folder.id"))

    folder: Mapped[Folder | None] = relationship(back_populates="notes")


class Comment(Base):
    __tablename__ = "comment"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    note_id: Mapped[int] = mapped_column(ForeignKey("note.id"))

    note: Mapped[Note] = relationship()


@dataclass(frozen=True)
class Caller:
    user: str | None


def role_of(context: Caller) -> str:
    return "member" if context.user else "visitor"


def claims_of(context: Caller) -> dict[str, Any]:
    return {"request.jwt.claims": {"sub": context.user, "role": role_of(context)}}


SECURITY = RowLevelSecurity(role=role_of, settings=claims_of)
ANN, BOB, NOBODY = Caller("ann"), Caller("bob"), Caller(None)


@pytest.fixture(scope="module")
async def engine(postgres_server: PostgresServer) -> AsyncIterator[AsyncEngine]:
    url = postgres_server.create_database("secured")
    made = create_async_engine(url, pool_size=1, max_overflow=0)
    async with made.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        for statement in POLICIES.strip().split(";")[:-1]:
            await connection.execute(text(statement))
    inbox = Folder(name="inbox")
    await save(
        made,
        Note(owner="ann", text="a1", folder=inbox),
        Note(owner="bob", text="b1", folder=inbox, public=True),
        Note(owner="bob", text="b2"),
    )
    yield made
    async with made.begin() as connection:
        for role in ("member", "visitor"):
            await connection.execute(text(f"DROP OWNED BY {role}"))
            await connection.execute(text(f"DROP ROLE {role}"))
    await made.dispose()
    postgres_server.drop_database(url)


@pytest.fixture(scope="module")
def api(engine: AsyncEngine) -> Api:
    return Api(Base, engine, row_level_security=SECURITY)


READ = "{ folders { nodes { notes { totalCount nodes { text } } } } notes { totalCount nodes { text } } }"


async def test_a_caller_reads_what_the_database_lets_them(api: Api, engine: AsyncEngine) -> None:
    """One connection serves both, one after the other."""
    found = []
    for caller in (ANN, BOB):
        result = await api.execute(READ, context=caller)
        assert result.errors is None and result.data is not None
        folder = result.data["folders"]["nodes"][0]["notes"]
        found.append(([each["text"] for each in result.data["notes"]["nodes"]], folder["totalCount"]))

    assert found == [(["a1"], 1), (["b1", "b2"], 1)]


async def test_a_role_without_rights_is_told_that_it_may_not(api: Api) -> None:
    result = await api.execute("{ notes { nodes { text } } }", context=NOBODY)
    refused = await api.execute("{ folders { nodes { name } } }", context=NOBODY)

    assert result.data == {"notes": {"nodes": [{"text": "b1"}]}}
    assert [(each.message, each.extensions) for each in refused.errors or ()] == [
        ("You may not do this.", {"code": "FORBIDDEN"})
    ]


async def test_values_are_parameters_and_hold_for_the_transaction(api: Api, engine: AsyncEngine) -> None:
    caller = Caller("o'neil'; DROP TABLE note; --")
    with record_statements(engine) as statements:
        result = await api.execute("{ notes { nodes { text } } }", context=caller)
    async with engine.connect() as connection:
        after = (
            await connection.execute(text("SELECT current_user, current_setting('request.jwt.claims', true)"))
        ).one()

    assert result.data == {"notes": {"nodes": []}}
    assert (len(statements), "o'neil" in statements[0][0]) == (2, False)
    assert json.loads(statements[0][1][1]) == {"sub": caller.user, "role": "member"}
    assert tuple(after) == ("postgres", "")


async def test_writes_are_checked_by_the_database(api: Api) -> None:
    create = """mutation($owner: String!) { createNote(input: {data: {owner: $owner, text: "new"}})
        { note { text owner } errors { code message path } } }"""
    refused = await api.execute(create, {"owner": "bob"}, context=ANN)
    made = await api.execute(create, {"owner": "ann"}, context=ANN)
    mine = await api.execute("{ notes { nodes { text } } }", context=ANN)

    assert refused.data == {
        "createNote": {
            "note": None,
            "errors": [{"code": "FORBIDDEN", "message": "You may not write this.", "path": ["input", "data"]}],
        }
    }
    assert made.data == {"createNote": {"note": {"text": "new", "owner": "ann"}, "errors": []}}
    assert mine.data == {"notes": {"nodes": [{"text": "a1"}, {"text": "new"}]}}


async def test_items_that_the_database_refuses_leave_the_others_alone(api: Api) -> None:
    query = """mutation { createNotes(input: {onError: CONTINUE, data: [{owner: "bob", text: "1"}, {owner: "ann", text: "2"}]})
        { notes { text } errors { code path } } }"""
    result = await api.execute(query, context=BOB)

    assert result.data == {
        "createNotes": {
            "notes": [{"text": "1"}, None],
            "errors": [{"code": "FORBIDDEN", "path": ["input", "data", "1"]}],
        }
    }


@pytest.mark.parametrize(
    ("given", "errors"),
    [
        ('note: {connect: {id: "Tm90ZToz"}}', [{"code": "NOT_FOUND", "path": ["input", "data", "note", "connect"]}]),
        ('noteId: "Tm90ZToz"', [{"code": "FOREIGN_KEY", "path": ["input", "data", "noteId"]}]),
        ('noteId: "Tm90ZTox"', []),
    ],
    ids=["connect", "key", "own"],
)
async def test_nothing_is_connected_to_what_the_database_hides(
    api: Api, given: str, errors: list[dict[str, Any]]
) -> None:
    """Foreign keys of PostgreSQL lead to every record, whatever its policies say."""
    query = f'mutation {{ createComment(input: {{data: {{text: "x", {given}}}}}) {{ errors {{ code path }} }} }}'
    result = await api.execute(query, context=ANN)

    assert result.data == {"createComment": {"errors": errors}}


async def test_what_the_database_hides_is_not_found(api: Api) -> None:
    query = 'mutation { updateNote(input: {by: {id: "Tm90ZToz"}, patch: {text: "x"}}) { errors { code path } } }'
    result = await api.execute(query, context=ANN)

    assert result.data == {"updateNote": {"errors": [{"code": "NOT_FOUND", "path": ["input", "by"]}]}}


async def test_a_session_of_the_application_is_itself_again(api: Api, engine: AsyncEngine) -> None:
    who = text("SELECT current_user, current_setting('request.jwt.claims', true)")
    async with AsyncSession(engine) as session:
        await session.execute(text("SELECT set_config('request.jwt.claims', 'mine', true)"))
        read = await api.execute("{ notes { nodes { text } } }", context=BOB, session=session)
        after_read = tuple((await session.execute(who)).one())
        refused = await api.execute("{ folders { nodes { name } } }", context=NOBODY, session=session)
        after_error = tuple((await session.execute(who)).one())
        query = (
            'mutation { createNote(input: {data: {owner: "bob", text: "joined"}}) { note { text } errors { code } } }'
        )
        written = await api.execute(query, context=BOB, session=session)
        after_write = tuple((await session.execute(who)).one())
        await session.rollback()

    assert read.errors is None and written.errors is None and refused.errors is not None
    assert written.data == {"createNote": {"note": {"text": "joined"}, "errors": []}}
    assert [after_read, after_error, after_write] == [("postgres", "mine")] * 3


async def test_sessions_of_a_maker_are_told_too(engine: AsyncEngine) -> None:
    api = Api(Base, async_sessionmaker(engine), row_level_security=SECURITY)
    result = await api.execute("{ notes { totalCount } }", context=NOBODY)

    assert result.data == {"notes": {"totalCount": 1}}


async def test_a_crud_is_under_the_policies_of_the_database_if_it_says_so(api: Api) -> None:
    notes = Crud(Note, api=api)
    bound = notes.with_context(ANN, policies=True)

    assert {each.owner for each in await notes.get_multi(None)} == {"ann", "bob"}
    assert {each.owner for each in await bound.get_multi(None)} == {"ann"}
    with pytest.raises(Forbidden):
        await bound.create(None, {"owner": "bob", "text": "x"})
    with pytest.raises(NotFound):
        await bound.update(None, 3, {"text": "x"})


async def test_an_engine_without_transactions_is_refused(engine: AsyncEngine) -> None:
    api = Api(Base, engine.execution_options(isolation_level="AUTOCOMMIT"), row_level_security=SECURITY)
    result = await api.execute("{ notes { totalCount } }", context=NOBODY)

    assert [(each.extensions or {})["code"] for each in result.errors or ()] == ["INTERNAL_ERROR"]


async def test_a_role_that_the_user_cannot_take_is_a_mistake_of_the_application(engine: AsyncEngine) -> None:
    api = Api(Base, engine, row_level_security=RowLevelSecurity(role="nobody_is"))
    result = await api.execute("{ notes { totalCount } }", context=NOBODY)

    assert [(each.extensions or {})["code"] for each in result.errors or ()] == ["INTERNAL_ERROR"]


@pytest.mark.filterwarnings("ignore:DELETE statement on table")
@pytest.mark.parametrize(
    "mutation",
    ['deleteNote(input: {by: {id: "Tm90ZToy"}})', 'deleteNotes(input: {where: {text: {eq: "b1"}}})'],
    ids=["one", "many"],
)
async def test_a_record_that_the_database_keeps_is_not_told_to_be_deleted(
    api: Api, engine: AsyncEngine, mutation: str
) -> None:
    async with engine.begin() as connection:
        await connection.execute(
            text("CREATE POLICY kept ON note AS RESTRICTIVE FOR DELETE TO member USING (NOT public)")
        )
    try:
        result = await api.execute(f"mutation {{ {mutation} {{ errors {{ code message }} }} }}", context=BOB)
    finally:
        async with engine.begin() as connection:
            await connection.execute(text("DROP POLICY kept ON note"))

    assert result.errors is None and result.data is not None
    (payload,) = result.data.values()
    assert payload == {"errors": [{"code": "FORBIDDEN", "message": "You may not delete this Note."}]}


def test_sqlite_has_no_row_level_security() -> None:
    with pytest.raises(ConfigurationError) as error:
        Api(Base, create_async_engine("sqlite+aiosqlite://"), row_level_security=SECURITY)

    assert str(error.value) == (
        "Api(row_level_security=...) is for PostgreSQL. On SQLite say what callers may see by policies: "
        "Api(..., policy=Policy(read=...))."
    )


@pytest.mark.parametrize(
    ("security", "message"),
    [
        (RowLevelSecurity(role=lambda _: 3), "RowLevelSecurity(role=...) gave 3"),  # type: ignore[arg-type, return-value]
        (RowLevelSecurity(settings=lambda _: "x"), "RowLevelSecurity(settings=...) gave 'x'"),  # type: ignore[arg-type, return-value]
        (RowLevelSecurity(settings=lambda _: {"role": "postgres"}), "RowLevelSecurity(settings=...) gave 'role'"),
    ],
    ids=["role", "settings", "name"],
)
async def test_what_the_database_cannot_be_told_is_a_mistake(
    engine: AsyncEngine, security: RowLevelSecurity, message: str
) -> None:
    api = Api(Base, engine, row_level_security=security)

    with pytest.raises(ConfigurationError) as error:
        api.new_operation(ANN)
    assert str(error.value).startswith(message)
