"""Values that the request gives to records: no client sets them, and no record goes without them."""

from datetime import datetime
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict
from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from gqlcrud import Api, ConfigurationError, ErrorCode, ModelOptions, Preset, RequestError, SoftDelete
from gqlcrud.errors import UserError, WriteError
from tests.databases import MakeEngine
from tests.running import save


class Base(DeclarativeBase):
    pass


class Tenant(Base):
    __tablename__ = "tenant"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))

    projects: Mapped[list["Project"]] = relationship(back_populates="tenant")


class Project(Base):
    __tablename__ = "project"
    __table_args__ = (UniqueConstraint("tenant_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    code: Mapped[str] = mapped_column(String(50))
    created_by: Mapped[str] = mapped_column(String(50))
    updated_by: Mapped[str | None] = mapped_column(String(50))
    size: Mapped[int | None]

    tenant: Mapped["Tenant"] = relationship(back_populates="projects")
    tasks: Mapped[list["Task"]] = relationship(back_populates="project")


class Task(Base):
    __tablename__ = "task"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50), unique=True)
    created_by: Mapped[str] = mapped_column(String(50))
    updated_by: Mapped[str | None] = mapped_column(String(50))
    done_at: Mapped[datetime | None]
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id"))

    project: Mapped["Project | None"] = relationship(back_populates="tasks")


calls: list[str] = []


def tenant(context: Any) -> int:
    calls.append("tenant")
    return int(context["tenant"])


async def user(context: Any) -> str:
    """Asynchronous, as one that asks a session store is."""
    calls.append("user")
    if context.get("user") is None:
        raise RequestError("Sign in first.", ErrorCode.FORBIDDEN)
    if context["user"] == "locked":
        raise WriteError([UserError(ErrorCode.FORBIDDEN, "This account is locked.", ("input",))])
    return str(context["user"])


OFFLINE = create_async_engine("sqlite+aiosqlite://")
BOTH = Preset(user, on={"create", "update"})
OPTIONS = {
    Project: ModelOptions(presets={"tenant_id": tenant, "created_by": user, "updated_by": BOTH}),
    Task: ModelOptions(presets={"created_by": user, "updated_by": Preset(user, on={"update"})}),
}
ADA = {"tenant": 1, "user": "ada"}
BOB = {"tenant": 2, "user": "bob"}


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncEngine:
    engine: AsyncEngine = await make_engine(Base.metadata)
    await save(engine, Tenant(name="one"))
    await save(engine, Tenant(name="two"))
    calls.clear()
    return engine


@pytest.fixture
def api(engine: AsyncEngine) -> Api:
    return Api(Base, engine, models=OPTIONS)


async def answer(api: Api, query: str, context: object) -> dict[str, Any]:
    result = await api.execute(query, context=context)
    assert result.errors is None, [(each.message, each.original_error) for each in result.errors]
    assert result.data is not None
    return result.data


PROJECT = "project { code createdBy updatedBy tenant { name } tasks { nodes { name createdBy updatedBy } } }"
STATE = f"{{ projects {{ nodes {PROJECT.removeprefix('project ')} }} }}"


async def test_a_preset_is_no_field_of_any_input(api: Api) -> None:
    sdl = api.sdl()

    assert sdl.partition("input ProjectCreate {")[2].partition("\n}")[0].count(": ") == 3
    assert "tenant" not in sdl.partition("input ProjectCreate {")[2].partition("\n}")[0].lower()
    assert "tenant" not in sdl.partition("input ProjectPatch {")[2].partition("\n}")[0].lower()
    assert "projects" not in sdl.partition("input TenantPatch {")[2].partition("\n}")[0]
    assert "createdBy: String!" in sdl


async def test_every_new_record_has_what_the_request_gives(api: Api) -> None:
    data = await answer(
        api,
        f"""mutation {{ createProject(input: {{data: {{code: "a", tasks: {{
          create: [{{name: "x"}}], connectOrCreate: [{{by: {{name: "y"}}, create: {{name: "y"}}}}]}}}}}}) {{
          {PROJECT} errors {{ code message path }} }} }}""",
        ADA,
    )

    tasks = [{"name": name, "createdBy": "ada", "updatedBy": None} for name in ("y", "x")]
    assert data["createProject"] == {
        "project": {
            "code": "a",
            "createdBy": "ada",
            "updatedBy": "ada",
            "tenant": {"name": "one"},
            "tasks": {"nodes": tasks},
        },
        "errors": [],
    }


async def test_an_update_sets_what_is_preset_on_update(api: Api) -> None:
    """Nothing of what is preset on create: the record stays whose it is."""
    await answer(
        api,
        'mutation { createProject(input: {data: {code: "a", tasks: {create: [{name: "x"}]}}}) { errors { code } } }',
        ADA,
    )
    data = await answer(
        api,
        f"""mutation {{ updateProject(input: {{by: {{rowId: 1}}, patch: {{code: "b", tasks: {{
          update: [{{by: {{name: "x"}}, patch: {{name: "z"}}}}],
          upsert: [{{by: {{name: "n"}}, create: {{name: "n"}}, update: {{}}}}]}}}}}}) {{ {PROJECT} errors {{ code }} }} }}""",
        BOB,
    )

    assert data["updateProject"] == {
        "project": {
            "code": "b",
            "createdBy": "ada",
            "updatedBy": "bob",
            "tenant": {"name": "one"},
            "tasks": {
                "nodes": [
                    {"name": "z", "createdBy": "ada", "updatedBy": "bob"},
                    {"name": "n", "createdBy": "bob", "updatedBy": None},
                ]
            },
        },
        "errors": [],
    }


async def test_an_update_without_a_change_sets_nothing(api: Api) -> None:
    await answer(api, 'mutation { createProject(input: {data: {code: "a"}}) { errors { code } } }', ADA)
    data = await answer(
        api,
        "mutation { updateProject(input: {by: {rowId: 1}, patch: {}}) { project { updatedBy } errors { code } } }",
        BOB,
    )

    assert data["updateProject"] == {"project": {"updatedBy": "ada"}, "errors": []}


async def test_a_record_is_upserted_by_a_key_that_the_request_is_part_of(api: Api) -> None:
    """Each tenant has a project of this code."""
    query = """mutation { upsertProject(input: {on: TENANT_ID_CODE, create: {code: "a"}, update: {code: "a"}}) {
      project { tenant { name } createdBy updatedBy } errors { code message } query { projects { totalCount } } } }"""

    found = [(await answer(api, query, context))["upsertProject"] for context in (ADA, BOB, {**ADA, "user": "eve"})]

    assert found == [
        {
            "project": {"tenant": {"name": name}, "createdBy": made, "updatedBy": changed},
            "errors": [],
            "query": {"projects": {"totalCount": total}},
        }
        for name, made, changed, total in (("one", "ada", "ada", 1), ("two", "bob", "bob", 2), ("one", "ada", "eve", 2))
    ]


async def test_a_key_cannot_say_otherwise_than_the_request(api: Api) -> None:
    data = await answer(
        api,
        """mutation { createTask(input: {data: {name: "x", project: {connectOrCreate: {
          by: {tenantIdCode: {tenantId: "VGVuYW50OjI", code: "a"}}, create: {code: "a"}}}}}) {
          errors { code message path } } }""",
        ADA,
    )

    assert data["createTask"]["errors"] == [
        {
            "code": "VALIDATION",
            "message": "tenantId contradicts the key that the record is named by.",
            "path": ["input", "data", "project", "connectOrCreate", "create", "tenantId"],
        }
    ]


async def test_each_function_is_called_once_for_a_request_that_writes(api: Api) -> None:
    await answer(api, "{ projects { totalCount } }", ADA)
    read = list(calls)
    await answer(
        api,
        """mutation {
          a: createProject(input: {data: {code: "a", tasks: {create: [{name: "x"}, {name: "y"}]}}}) { errors { code } }
          b: createTask(input: {data: {name: "z"}}) { errors { code } }
        }""",
        ADA,
    )

    assert (read, sorted(calls)) == ([], ["tenant", "user"])


@pytest.mark.parametrize(
    ("who", "message", "path"),
    [(None, "Sign in first.", ["input", "data"]), ("locked", "This account is locked.", ["input"])],
)
async def test_a_preset_can_refuse_a_write(api: Api, who: str | None, message: str, path: list[str]) -> None:
    """Those that do not need it go on."""
    data = await answer(
        api,
        """mutation {
          task: createTask(input: {data: {name: "x"}}) { task { name } errors { code message path } }
          tenant: createTenant(input: {data: {name: "three"}}) { tenant { name } errors { code } }
        }""",
        {"tenant": 1, "user": who},
    )

    assert data["task"]["task"] is None
    assert {"code": "FORBIDDEN", "message": message, "path": path} in data["task"]["errors"]
    assert data["tenant"] == {"tenant": {"name": "three"}, "errors": []}


async def test_any_other_failure_of_a_preset_is_a_fault(api: Api) -> None:
    """Its text is none of the client's business."""
    result = await api.execute(
        """mutation {
          createProject(input: {data: {code: "a"}}) { errors { message } }
          createTenant(input: {data: {name: "three"}}) { tenant { name } }
        }""",
        context={"user": "ada", "tenant": "secret"},
    )

    assert result.errors is not None
    assert [(each.path, (each.extensions or {})["code"]) for each in result.errors] == [
        (["createProject"], "INTERNAL_ERROR")
    ]
    assert "secret" not in result.errors[0].message


async def test_a_preset_may_be_no_field_of_the_api_at_all(engine: AsyncEngine) -> None:
    options = {**OPTIONS, Task: ModelOptions(presets={"created_by": user}, exclude={"created_by"})}
    api = Api(Base, engine, models=options)

    data = await answer(
        api, 'mutation { createTask(input: {data: {name: "x"}}) { task { name } errors { code } } }', ADA
    )
    async with engine.connect() as connection:
        stored = (await connection.exec_driver_sql("SELECT created_by FROM task")).scalar()

    assert data["createTask"] == {"task": {"name": "x"}, "errors": []}
    assert "createdBy" not in api.sdl().partition("type Task implements")[2].partition("\n}")[0]
    assert stored == "ada"


# ---------- many records at once ----------


async def test_new_records_of_a_bulk_write_have_what_the_request_gives(api: Api) -> None:
    query = f"""mutation {{ createProjects(input: {{data: [{{code: "a"}}, {{code: "b", tasks: {{create: [{{name: "x"}}]}}}}]}}) {{
      projects {{ {PROJECT.removeprefix("project { ").removesuffix(" }")} }} errors {{ code message path }} }} }}"""
    data = await answer(api, query, ADA)

    assert data["createProjects"] == {
        "projects": [
            {
                "code": code,
                "createdBy": "ada",
                "updatedBy": "ada",
                "tenant": {"name": "one"},
                "tasks": {"nodes": [{"name": name, "createdBy": "ada", "updatedBy": None} for name in names]},
            }
            for code, names in (("a", []), ("b", ["x"]))
        ],
        "errors": [],
    }


@pytest.mark.parametrize(
    "write",
    [
        'upsertTasks(input: {on: NAME, data: [{name: "x", doneAt: "2024-01-01T00:00:00"}, {name: "y"}]})',
        """createTasks(input: {onConflict: {on: NAME, update: [DONE_AT]},
          data: [{name: "x", doneAt: "2024-01-01T00:00:00"}, {name: "y"}]})""",
    ],
)
async def test_a_record_that_takes_values_of_a_new_one_gets_what_is_preset_on_update(api: Api, write: str) -> None:
    """Nothing of what is preset on create: the record stays whose it is."""
    await answer(api, 'mutation { createTask(input: {data: {name: "x"}}) { errors { code } } }', ADA)
    name = write.partition("(")[0]
    data = await answer(
        api,
        f"mutation {{ {write} {{ tasks {{ name createdBy updatedBy doneAt }} affectedCount errors {{ code message }} }} }}",
        BOB,
    )

    assert data[name] == {
        "tasks": [
            {"name": "x", "createdBy": "ada", "updatedBy": "bob", "doneAt": "2024-01-01T00:00:00"},
            {"name": "y", "createdBy": "bob", "updatedBy": None, "doneAt": None},
        ],
        "affectedCount": 2,
        "errors": [],
    }


async def test_a_record_that_takes_nothing_of_a_new_one_stays_as_it_is(api: Api) -> None:
    await answer(api, 'mutation { createTask(input: {data: {name: "x"}}) { errors { code } } }', ADA)
    data = await answer(
        api,
        """mutation {
          a: upsertTasks(input: {on: NAME, data: [{name: "x"}]}) { tasks { createdBy updatedBy } affectedCount }
          b: createTasks(input: {onConflict: {on: NAME, update: []}, data: [{name: "x"}]}) {
            tasks { createdBy updatedBy } affectedCount }
        }""",
        BOB,
    )

    kept = {"tasks": [{"createdBy": "ada", "updatedBy": None}], "affectedCount": 0}
    assert data == {"a": kept, "b": kept}


async def test_records_are_upserted_by_a_key_that_the_request_is_part_of(make_engine: MakeEngine) -> None:
    """By one statement, where what is preset on update is preset on create as well."""
    engine = await make_engine(Base.metadata)
    await save(engine, Tenant(name="one"))
    await save(engine, Tenant(name="two"))
    api = Api(Base, engine, models=OPTIONS)
    query = """mutation { upsertProjects(input: {on: TENANT_ID_CODE, data: [{code: "a", size: 1}, {code: "b", size: 2}]}) {
      projects { rowId tenant { name } createdBy updatedBy } affectedCount errors { code message } } }"""

    found = [(await answer(api, query, context))["upsertProjects"] for context in (ADA, BOB, {**ADA, "user": "eve"})]

    assert found == [
        {
            "projects": [
                {"rowId": first + place, "tenant": {"name": name}, "createdBy": made, "updatedBy": changed}
                for place in range(2)
            ],
            "affectedCount": 2,
            "errors": [],
        }
        for first, name, made, changed in ((1, "one", "ada", "ada"), (3, "two", "bob", "bob"), (1, "one", "ada", "eve"))
    ]


async def test_changes_of_many_records_set_what_is_preset_on_update(api: Api) -> None:
    await answer(
        api, 'mutation { createTasks(input: {data: [{name: "x"}, {name: "y"}, {name: "z"}]}) { errors { code } } }', ADA
    )
    data = await answer(
        api,
        """mutation {
          updateTasks(input: {where: {name: {eq: "x"}}, patch: {doneAt: "2024-01-01T00:00:00"}}) {
            tasks { createdBy updatedBy } affectedCount }
          updateEachTask(input: {items: [{by: {name: "y"}, patch: {name: "w"}}, {by: {name: "z"}, patch: {}}]}) {
            tasks { name createdBy updatedBy } affectedCount }
        }""",
        BOB,
    )

    assert data == {
        "updateTasks": {"tasks": [{"createdBy": "ada", "updatedBy": "bob"}], "affectedCount": 1},
        "updateEachTask": {
            "tasks": [
                {"name": "w", "createdBy": "ada", "updatedBy": "bob"},
                {"name": "z", "createdBy": "ada", "updatedBy": None},
            ],
            "affectedCount": 1,
        },
    }


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (None, [("Sign in first.", ["input", "data", str(place)]) for place in range(2)]),
        ("locked", [("This account is locked.", ["input"])]),
    ],
)
@pytest.mark.parametrize("policy", ["ABORT", "CONTINUE"])
async def test_a_preset_can_refuse_a_bulk_write(
    api: Api, who: str | None, expected: list[tuple[str, list[str]]], policy: str
) -> None:
    data = await answer(
        api,
        f"""mutation {{ createTasks(input: {{onError: {policy}, data: [{{name: "x"}}, {{name: "y"}}]}}) {{
          affectedCount errors {{ message path }} query {{ tasks {{ totalCount }} }} }} }}""",
        {"tenant": 1, "user": who},
    )

    assert data["createTasks"]["affectedCount"] == 0
    assert data["createTasks"]["query"] == {"tasks": {"totalCount": 0}}
    assert {(each["message"], tuple(each["path"])) for each in data["createTasks"]["errors"]} == {
        (message, tuple(path)) for message, path in expected
    }


# ---------- documents, and schemas ----------


async def test_a_document_that_is_written_as_a_whole_is_given_the_same(api: Api) -> None:
    data = await answer(
        api,
        """mutation @atomic {
          a: createTask(input: {data: {name: "x"}}) { task { createdBy } }
          b: createTasks(input: {data: [{name: "y"}]}) { tasks { createdBy } }
        }""",
        ADA,
    )

    assert data == {"a": {"task": {"createdBy": "ada"}}, "b": {"tasks": [{"createdBy": "ada"}]}}
    assert sorted(calls) == ["tenant", "user"]


async def test_any_other_failure_of_a_preset_undoes_a_document(api: Api) -> None:
    result = await api.execute(
        """mutation @atomic {
          createProject(input: {data: {code: "a"}}) { errors { message } }
          createTenant(input: {data: {name: "three"}}) { tenant { name } errors { code } }
        }""",
        context={"user": "ada", "tenant": "secret"},
    )

    assert result.errors is not None
    assert [(each.path, (each.extensions or {})["code"]) for each in result.errors] == [
        (["createProject"], "INTERNAL_ERROR")
    ]
    assert await answer(api, "{ tenants { totalCount } }", ADA) == {"tenants": {"totalCount": 2}}


class TaskCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    created_by: str = "nobody"


async def test_a_schema_need_not_know_of_presets(engine: AsyncEngine) -> None:
    """What it says of them counts for nothing."""
    options = {
        **OPTIONS,
        Task: ModelOptions(presets={"created_by": user}, create_schema=TaskCreate),
        Project: ModelOptions(presets=OPTIONS[Project].presets, create_schema=ProjectCreate),
    }
    api = Api(Base, engine, models=options)

    data = await answer(
        api,
        """mutation {
          createTask(input: {data: {name: "x"}}) { task { createdBy } errors { code message } }
          createProjects(input: {data: [{code: "a"}]}) { projects { code createdBy } errors { code message } }
        }""",
        ADA,
    )

    assert data == {
        "createTask": {"task": {"createdBy": "ada"}, "errors": []},
        "createProjects": {"projects": [{"code": "a", "createdBy": "ada"}], "errors": []},
    }


class ProjectCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: str


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"presets": {"createdBy": user}}, "names 'createdBy', which the class does not have"),
        ({"presets": {"project": user}}, "which leads to other records; presets is for columns"),
        ({"presets": {"created_by": "ada"}}, "takes a function of the request's context, not 'ada'"),
        ({"presets": {"created_by": Preset(user, on="create")}}, "takes {'create'}, {'update'} or both"),  # type: ignore[arg-type]
        ({"presets": {"created_by": Preset(user, on=())}}, "is never set"),
        (
            {"presets": {"created_by": Preset(user, on={"update"})}},
            "is set on update alone, and the column cannot be NULL",
        ),
        ({"presets": {"id": Preset(user, on={"update"})}}, "would change the primary key"),
        (
            {"presets": {"done_at": user}, "soft_delete": SoftDelete("done_at")},
            "names a column that something else sets already",
        ),
    ],
)
def test_presets_that_cannot_be_are_refused_at_the_start(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Api(Base, OFFLINE, models={Task: ModelOptions(**options)})
