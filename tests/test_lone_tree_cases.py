"""A new record with new records and links in it, written by the driver itself on PostgreSQL: what is, what is not, and what is
told of it. SQLite has a session for every write."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import ColumnElement, event, text
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
from sqlalchemy.orm import Session

from gqlcrud import Api, Hooks, Limits, ModelOptions, Policy
from gqlcrud.execution.driver import Driver
from tests.databases import Backend, MakeEngine
from tests.plantation import CREATE, FOREIGN, Base, Tag, Tree, refill, stored, tried, watched
from tests.pools import small_pool, taken
from tests.running import ROOMY, run

TWO = {"name": "New", "trees": {"create": [{"label": "x"}, {"label": "y"}]}}


@pytest.fixture(scope="module")
async def plantation(make_module_engine: MakeEngine) -> AsyncIterator[AsyncEngine]:
    yield await make_module_engine(Base.metadata)


@pytest.fixture(scope="module")
def api(plantation: AsyncEngine) -> Api:
    return Api(Base, plantation, limits=ROOMY)


@pytest.fixture
async def engine(plantation: AsyncEngine, backend: Backend) -> AsyncEngine:
    await refill(plantation, backend)
    return plantation


# ---------- what is written alone, and what is not ----------


def tree(**values: Any) -> dict[str, Any]:
    return {"trees": {"create": [{"label": "w"}, {"label": "x", **values}]}}


ALONE = {
    "connected": tree(tags={"connect": [{"rowId": 1}, {"rowId": 2}]}),
    "links": tree(tags={"create": [{"label": "p"}, {"label": "q"}]}),
    "bare links": tree(pests={"connect": [{"by": {"rowId": 1}}]}),
    "target": {"owner": {"create": {"name": "Bo"}}},
    "partner": {"fence": {"create": {"height": 1.5, "posts": {"create": [{"number": 2}, {"number": 1}]}}}},
    "two levels": tree(seedlings={"create": [{"label": "s", "grove": {"connect": {"rowId": 1}}}]}),
    "key of the database": {"paths": {"create": [{}, {}]}},
    "key given": tree(badge=1, nests={"create": [{}]}),
    "json": tree(extra=None, memo={"a": [1]}),
    "one": {"signs": {"create": [{"motto": "no"}]}},
}
"""Beside the name of a new grove, what makes rows of it."""

MORE = {
    "another key": tree(tags={"connect": [{"label": "a"}]}),
    "edge": tree(pests={"connect": [{"by": {"rowId": 1}, "edge": {"foundIn": "May"}}]}),
    "edge of a new one": tree(pests={"create": [{"node": {"name": "Fly"}, "edge": {"foundIn": "May"}}]}),
    "link with a default": tree(marks={"connect": [{"by": {"rowId": 1}}]}),
    "value that is SQL": tree(memo=None),
    "either": {"owner": {"connectOrCreate": {"by": {"name": "Cy"}, "create": {"name": "Cy"}}}},
    "child that is there": {"trees": {"connect": [{"rowId": 1}]}},
    "partner that is there": {"fence": {"connect": {"rowId": "4c8b0aa0-4d4c-4d8a-8a56-34cb9e2a8f57"}}},
    "cut type": {"signs": {"create": [{"motto": "no"}, {"motto": "go"}]}},
    "number of the database": {"stones": {"create": [{}, {}]}},
}
"""What takes a session."""


@pytest.mark.parametrize("name", ALONE)
async def test_rows_are_written_alone(api: Api, engine: AsyncEngine, backend: Backend, name: str) -> None:
    with watched() as alone:
        data = await run(api, CREATE, data={"name": "New", **ALONE[name]})

    assert (data["createGrove"]["errors"], data["createGrove"]["grove"]["name"]) == ([], "New")
    assert alone == tried(backend, True)


@pytest.mark.parametrize("name", MORE)
async def test_whatever_is_more_takes_a_session(api: Api, engine: AsyncEngine, name: str) -> None:
    with watched() as alone:
        await run(api, CREATE, data={"name": "New", **MORE[name]})

    assert alone == []


async def test_whole_of_a_record_is_told(api: Api, engine: AsyncEngine, backend: Backend) -> None:
    one = {"label": "x", "kind": "ELM", "price": "1.239", "extra": [1, [2]], "planted": "2024-05-01T10:00:00+02:00"}
    data = {
        "name": "New",
        "owner": {"create": {"name": "Bo"}},
        "fence": {"create": {"height": 1.5, "posts": {"create": [{"number": 2}, {"number": 1}]}}},
        "trees": {"create": [{"label": "y"}, {**one, "tags": {"connect": [{"rowId": 2}], "create": [{"label": "c"}]}}]},
        "signs": {"create": [{"motto": "no"}]},
    }
    with watched() as alone:
        found = await run(api, CREATE, data=data)

    plain = {"badge": None, "height": None, "leaves": 7, "origin": None, "seedlings": {"nodes": []}}
    plain |= {"pests": {"edges": []}}
    first = {"rowId": 1, "label": "y", "kind": "OAK", "price": "1.50", "planted": None, "extra": None}
    second = {"rowId": 2, "label": "x", "kind": "ELM", "price": "1.24", "planted": "2024-05-01T08:00:00+00:00"}
    tags = [{"rowId": 2, "label": "b"}, {"rowId": 3, "label": "c"}]
    assert found["createGrove"] == {
        "grove": {
            **{"rowId": 2, "name": "New", "code": 5, "owner": {"rowId": 2, "name": "Bo"}},
            "fence": {"height": 1.5, "posts": {"nodes": [{"number": 1}, {"number": 2}]}},
            "trees": {
                "nodes": [
                    {**plain, **first, "tags": {"nodes": []}},
                    {**plain, **second, "extra": [1, [2]], "tags": {"nodes": tags}},
                ]
            },
            "signs": {"nodes": [{"motto": "NO"}]},
        },
        "errors": [],
    }
    assert alone == tried(backend, True)


# ---------- what is refused ----------

REFUSED: dict[str, tuple[dict[str, Any], str, list[str]]] = {
    "connect": ({"tags": {"connect": [{"rowId": 1}, {"rowId": 9}]}}, "NOT_FOUND", ["tags", "connect", "1"]),
    "unique": ({"badge": 1, "tags": {"create": [{"label": "a"}]}}, "UNIQUE", ["tags", "create", "0", "label"]),
    "deferred": ({"origin": FOREIGN}, "FOREIGN_KEY", ["origin"]),
    "target": (
        {"seedlings": {"create": [{"label": "s", "grove": {"connect": {"rowId": 9}}}]}},
        "NOT_FOUND",
        ["seedlings", "create", "0", "grove", "connect"],
    ),
    "no key": ({"nests": {"create": [{}]}}, "VALIDATION", ["nests", "create", "0"]),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_refused_is_told_as_ever(api: Api, engine: AsyncEngine, backend: Backend, name: str) -> None:
    values, code, path = REFUSED[name]
    before = await stored(engine)
    with watched() as alone:
        found = await run(api, CREATE, data={"name": "New", **tree(**values)})

    errors = [(each["code"], each["path"]) for each in found["createGrove"]["errors"]]
    assert errors == [(code, ["input", "data", "trees", "create", "1", *path])]
    assert await stored(engine) == before
    assert alone == tried(backend, False)


async def test_what_only_the_database_knows_is_told_as_ever(make_engine: MakeEngine, backend: Backend) -> None:
    """A column that is not null, a row that a trigger passes over."""
    if backend.name == "sqlite":
        return
    engine = await make_engine(Base.metadata)
    await refill(engine, backend)
    async with engine.begin() as connection:
        await connection.execute(text("ALTER TABLE tree ALTER height SET NOT NULL"))
        body = "BEGIN IF NEW.name = 'gone' THEN RETURN NULL; END IF; RETURN NEW; END"
        await connection.execute(text(f"CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$"))
        await connection.execute(
            text("CREATE TRIGGER pass BEFORE INSERT ON owner FOR EACH ROW EXECUTE FUNCTION pass()")
        )
    for more in (tree(height=1.5), {"owner": {"create": {"name": "gone"}}}):
        results = []
        for source in (engine, async_sessionmaker(engine)):
            with watched() as alone:
                result = await Api(Base, source).execute(CREATE, {"data": {"name": "New", **more}})
            results.append((result.data, [(each.extensions or {})["code"] for each in result.errors or ()]))
            assert alone == ([False] if source is engine else [])
        assert results[0] == results[1]
    assert [len(rows) for rows in (await stored(engine)).values()][:2] == [1, 1]


# ---------- how many statements ----------


@contextmanager
def fetched() -> Iterator[list[str]]:
    """The texts of what the driver runs."""
    found: list[str] = []
    fetch = Driver.fetch

    async def recorded(self: Driver, connection: Any, statement: Any, values: Any, timeout: float | None = None) -> Any:
        found.append(" ".join(statement.text.split()))
        return await fetch(self, connection, statement, values, timeout)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Driver, "fetch", recorded)
        yield found


async def test_level_is_one_statement(api: Api, engine: AsyncEngine, backend: Backend) -> None:
    document = "mutation($data: GroveCreate!) { createGrove(input: {data: $data}) { grove { name } } }"
    runs = []
    for count in (2, 100):
        trees = []
        for n in range(count):
            tags = {"connect": [{"rowId": 1}, {"rowId": 2}], "create": [{"label": f"{count}.{n}"}]}
            seedling = {"label": f"{count}.{n}", "grove": {"connect": {"rowId": 1}}}
            trees.append({"label": str(n), "tags": tags, "seedlings": {"create": [seedling]}})
        with fetched() as texts:
            await run(api, document, data={"name": f"New {count}", "code": count, "trees": {"create": trees}})
        runs.append(texts)

    assert runs[0] == runs[1]
    assert [" ".join(each.split()[:3]) for each in runs[0]] == (
        [
            *("INSERT INTO grove", "INSERT INTO tree", "INSERT INTO tree", "INSERT INTO tree_tag", "INSERT INTO tag"),
            *("INSERT INTO tree_tag", "SELECT 1, grove_1.name"),
        ]
        if backend.name == "postgresql"
        else []
    )
    assert runs[0][-2:-1] == (
        [
            "INSERT INTO tree_tag (tree_id, tag_id) SELECT anon_1.rows0, anon_1.rows1 FROM unnest($1::BIGINT[], "
            "$2::BIGINT[]) WITH ORDINALITY AS anon_1(rows0, rows1, place) ORDER BY anon_1.place "
            "ON CONFLICT (tree_id, tag_id) DO NOTHING"
        ]
        if backend.name == "postgresql"
        else []
    )


# ---------- whoever is to be told ----------


async def test_whoever_listens_is_told(api: Api, engine: AsyncEngine) -> None:
    """To the engine, a session, or any class of which records are made."""
    heard: list[str] = []
    targets: list[tuple[Any, str]] = [(engine.sync_engine, "commit"), (Session, "after_commit")]
    targets += [(Tree, "after_insert"), (Tag.label, "set")]
    with watched() as alone:
        for number, (target, name) in enumerate(targets):

            def hear(*_: object, name: str = name) -> None:
                heard.append(name)

            event.listen(target, name, hear)
            try:
                more = {"trees": {"create": [{"label": "x", "tags": {"create": [{"label": f"t{number}"}]}}]}}
                await run(api, CREATE, data={"name": f"New {number}", "code": 10 + number, **more})
            finally:
                event.remove(target, name, hear)
    assert (heard, alone) == (["commit", "after_commit", "after_insert", "set"], [])


async def test_hooks_and_policies_of_what_is_nested(engine: AsyncEngine) -> None:
    called: list[str] = []

    def other(_: object) -> ColumnElement[bool]:
        return Tree.label != "x"

    options: list[dict[str, Any]] = [
        {"models": {Tag: ModelOptions(hooks=Hooks(before_create=lambda *_: called.append("hook")))}},
        {"models": {Tree: ModelOptions(policy=Policy(create=other))}},
        {"models": {Tree: ModelOptions(policy=Policy(update_check=other))}},
    ]
    codes = []
    with watched() as alone:
        for number, each in enumerate(options):
            more = {"trees": {"create": [{"label": "x", "tags": {"create": [{"label": f"t{number}"}]}}]}}
            data = {"name": f"New {number}", "code": 10 + number, **more}
            found = await run(Api(Base, engine, **each), CREATE, data=data)
            codes.append([error["code"] for error in found["createGrove"]["errors"]])

    assert (called, codes, alone) == (["hook"], [[], ["FORBIDDEN"], ["FORBIDDEN"]], [])


# ---------- in the middle ----------


async def test_client_that_leaves_in_the_middle(engine: AsyncEngine, backend: Backend) -> None:
    """The grove is written, and its trees wait."""
    if backend.name == "sqlite":
        return
    async with small_pool(engine) as pool:
        api = Api(Base, pool)
        async with engine.begin() as other:
            await other.execute(text("LOCK TABLE tree"))
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await api.execute(CREATE, {"data": TWO})
            assert taken(pool) == 0
        assert len((await stored(engine))["grove"]) == 1
        assert (await run(api, CREATE, data=TWO))["createGrove"]["errors"] == []


async def test_tree_that_takes_too_long(engine: AsyncEngine, backend: Backend) -> None:
    if backend.name == "sqlite":
        return
    api = Api(Base, engine, limits=Limits(statement_timeout=0.3))
    async with engine.begin() as other:
        await other.execute(text("LOCK TABLE tree"))
        result = await api.execute(CREATE, {"data": TWO})

    assert [(each.extensions or {})["code"] for each in result.errors or ()] == ["TIMEOUT"]
    assert len((await stored(engine))["grove"]) == 1
    assert (await run(api, CREATE, data=TWO))["createGrove"]["errors"] == []


async def test_connection_that_is_lost_in_the_middle(engine: AsyncEngine, backend: Backend) -> None:
    """It is written once by another one, or not at all, and told so."""
    if backend.name == "sqlite":
        return
    async with small_pool(engine) as pool:
        api = Api(Base, pool)
        async with engine.begin() as other:
            await other.execute(text("LOCK TABLE tree"))
            running = asyncio.ensure_future(api.execute(CREATE, {"data": TWO}))
            waiting = "FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            async with asyncio.timeout(10):
                while not (await other.execute(text(f"SELECT pg_terminate_backend(pid) {waiting}"))).all():
                    await other.execute(text("SELECT pg_stat_clear_snapshot()"))
                    await asyncio.sleep(0.01)
        result = await running
        codes = [(each.extensions or {})["code"] for each in result.errors or ()]
        assert codes in ([], ["UNAVAILABLE"])
        assert len((await stored(engine))["grove"]) == (1 if codes else 2)
        assert taken(pool) == 0
