"""Bulk writes keep the rules of single ones: hooks, presets, schemas, listeners, inheritance, types of columns."""

import datetime as dt
import uuid
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, field_validator
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncEngine

from gqlcrud import (
    Committed,
    Crud,
    CrudError,
    Forbidden,
    Hooks,
    Invalid,
    ModelOptions,
    Preset,
    SoftDelete,
    Write,
    WriteRefused,
)
from tests import bulk_models, zoo
from tests.bulk_models import heard
from tests.bulk_shop import Base, Book, Comment, Folder, Note, books, stored
from tests.databases import Backend, MakeEngine
from tests.test_crud_bulk_inserts import figures, told


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncEngine:
    return await make_engine(Base.metadata)


@pytest.fixture
async def odd(make_engine: MakeEngine) -> AsyncIterator[AsyncEngine]:
    heard.clear()
    yield await make_engine(bulk_models.Base.metadata)
    heard.clear()


# ---------- hooks ----------


async def test_hooks_are_called_for_each_record(engine: AsyncEngine) -> None:
    committed: list[tuple[str, tuple[Any, ...]]] = []

    async def name(write: Write) -> Write:
        if write.values["title"] == "Book 3":
            raise WriteRefused("Not this one.", path=("title",))
        return write.set(title=write.values["title"].upper())

    def changed(write: Write) -> Write:
        return write.set(pages=write.values.get("pages", 0) + 1)

    def tell(event: Committed) -> None:
        committed.append((event.kind.value, tuple(event.keys)))

    crud = Crud(Book, hooks=Hooks(before_create=name, before_update=changed, after_commit=tell))

    made = await crud.insert_multi(engine, books(5), batch_size=2, on_error="continue")
    assert (
        made.inserted,
        [(each.index, each.errors[0].code.value, each.errors[0].path) for each in made.failed_items],
    ) == (
        4,
        [(3, "FORBIDDEN", (3, "title"))],
    )
    update = await crud.update_multi(engine, [{"isbn": "i0", "pages": 5}, {"isbn": "i1", "pages": 100}], by=["isbn"])
    gone = await crud.delete_multi(engine, Book.isbn == "i4")

    assert (figures(update), gone.hard_deleted) == ({"requested": 2, "updated": 1, "unchanged": 1}, 1)
    assert sorted(await stored(engine, Book, "isbn", "title", "pages")) == [
        ("i0", "BOOK 0", 6),
        ("i1", "BOOK 1", 100),
        ("i2", "BOOK 2", 100),
    ]
    assert [kind for kind, _ in committed] == ["create", "create", "create", "update", "delete"]
    assert [len(keys) for _, keys in committed] == [2, 1, 1, 1, 1]


async def test_a_hook_that_refuses_undoes_all(engine: AsyncEngine) -> None:
    def refuse(write: Write) -> None:
        if write.values["title"] == "Book 3":
            raise WriteRefused("Not this one.")

    with pytest.raises(Forbidden) as caught:
        await Crud(Book, hooks=Hooks(before_create=refuse)).insert_multi(engine, books(5), batch_size=2)

    assert told(caught.value) == [("FORBIDDEN", (3,))]
    assert await stored(engine, Book, "isbn") == []


# ---------- presets ----------


async def test_presets_are_set_of_every_record(engine: AsyncEngine) -> None:
    presets = {"owner": Preset(lambda context: context["user"], on={"create", "update"})}
    crud = Crud(Note, models={Note: ModelOptions(presets=presets)})

    await crud.with_context({"user": "ann"}).insert_multi(engine, [{"slug": "a"}, {"slug": "b"}])
    summary = await crud.with_context({"user": "bob"}).update_multi(
        engine, [{"slug": "a", "text": "x"}, {"slug": "b", "text": None}], by=["slug"]
    )  # fmt: skip
    upsert = await crud.with_context({"user": "cid"}).upsert_multi(
        engine, [{"slug": "a", "text": "x"}, {"slug": "b", "text": "y"}, {"slug": "c", "text": "z"}], on=["slug"]
    )  # fmt: skip

    assert figures(summary) == {"requested": 2, "updated": 1, "unchanged": 1}
    assert figures(upsert) == {"requested": 3, "inserted": 1, "updated": 1, "unchanged": 1}
    assert await stored(engine, Note, "slug", "text", "owner") == [
        ("a", "x", "bob"),
        ("b", "y", "cid"),
        ("c", "z", "cid"),
    ]


async def test_a_preset_that_refuses_ends_the_work_before_it_begins(engine: AsyncEngine) -> None:
    def nobody(_: Any) -> Any:
        raise WriteRefused("Log in.")

    asked: list[int] = []

    def rows() -> Iterator[dict[str, Any]]:
        asked.append(1)
        yield {"slug": "a"}

    crud = Crud(Note, models={Note: ModelOptions(presets={"owner": nobody})})

    with pytest.raises(Forbidden, match="Log in"):
        await crud.insert_multi(engine, rows(), on_error="continue")

    assert asked == []


# ---------- schemas ----------


class NoteValues(BaseModel):
    slug: str = Field(min_length=2)
    text: str | None = None

    @field_validator("slug")
    @classmethod
    def small(cls, value: str) -> str:
        return value.lower()


async def test_values_pass_through_schemas(engine: AsyncEngine) -> None:
    crud = Crud(Note, models={Note: ModelOptions(create_schema=NoteValues, update_schema=NoteValues)})
    rows = [{"slug": "AB"}, {"slug": "x"}, {"slug": "CD", "text": "t"}]

    with pytest.raises(Invalid) as caught:
        await crud.insert_multi(engine, rows)
    assert told(caught.value) == [("VALIDATION", (1, "slug"))]

    summary = await crud.insert_multi(engine, rows, on_error="continue")
    assert (summary.inserted, summary.failed) == (2, 1)
    update = await crud.update_multi(
        engine, [{"id": 1, "slug": "EF"}, {"id": 2, "text": "t"}, {"id": 3, "slug": "?"}], on_error="continue"
    )
    assert (update.updated, update.unchanged, update.failed) == (1, 1, 1)
    assert await stored(engine, Note, "slug", "text") == [("ef", None), ("cd", "t")]


# ---------- what a mapped class asks for ----------


async def test_listeners_hear_of_every_record(odd: AsyncEngine) -> None:
    crud = Crud(bulk_models.Heard)

    await crud.insert_multi(odd, [{"name": "a"}, {"name": "b"}])
    await crud.upsert_multi(odd, [{"name": "a", "log": "x"}, {"name": "c"}], on=["name"])
    await crud.update_multi(odd, [{"id": 2, "name": "bb"}])
    await crud.delete_multi(odd, name="a")

    assert heard == [
        ("insert", "a"),
        ("insert", "b"),
        ("insert", "c"),
        ("update", "a"),
        ("update", "bb"),
        ("delete", "a"),
    ]
    assert sorted(await stored(odd, bulk_models.Heard, "name", "log")) == [("bb", "updated"), ("c", "inserted")]


async def test_validators_of_the_class_are_told_at_their_rows(odd: AsyncEngine) -> None:
    summary = await Crud(bulk_models.Checked).insert_multi(
        odd, [{"name": "a"}, {"name": "bad"}, {"name": "b"}], on_error="continue"
    )  # fmt: skip

    assert [(each.index, each.errors[0].message, each.errors[0].path) for each in summary.failed_items] == [
        (1, "This name is bad.", (1, "name"))
    ]
    assert await stored(odd, bulk_models.Checked, "name") == [("A",), ("B",)]


async def test_classes_make_their_own_values(odd: AsyncEngine) -> None:
    await Crud(bulk_models.Made).insert_multi(odd, [{"name": "A"}])
    await Crud(bulk_models.Data).insert_multi(odd, [{"name": "A"}])
    await Crud(bulk_models.Token).insert_multi(odd, [{"name": "A"}, {"name": "B"}])
    await Crud(bulk_models.Cat).insert_multi(odd, [{"name": "Tom"}, {"name": "Kit", "lives": 7}])

    assert await stored(odd, bulk_models.Made, "name", "slug") == [("A", "a")]
    assert await stored(odd, bulk_models.Data, "name", "kind") == [("A", "plain")]
    assert len({key for (key,) in await stored(odd, bulk_models.Token, "id")}) == 2
    assert await stored(odd, bulk_models.Cat, "name", "lives", "kind") == [("Tom", 9, "cat"), ("Kit", 7, "cat")]


async def test_versions_are_counted(odd: AsyncEngine) -> None:
    crud = Crud(bulk_models.Item)

    await crud.insert_multi(odd, [{"code": "a"}, {"code": "b"}])
    await crud.insert_multi(odd, [{"code": "c"}], copy=True)
    await crud.update_multi(odd, [{"id": 1, "stock": 6}, {"id": 2, "stock": 5}])
    await crud.upsert_multi(odd, [{"code": "a", "stock": 7}, {"code": "c", "stock": 8}, {"code": "d"}], on=["code"])

    assert sorted(await stored(odd, bulk_models.Item, "code", "stock", "version", "touched", "note", "place")) == [
        ("a", 7, 3, 7, "made by Python", "nowhere"),
        ("b", 5, 1, 0, "made by Python", "nowhere"),
        ("c", 8, 2, 7, "made by Python", "nowhere"),
        ("d", 5, 1, 0, "made by Python", "nowhere"),
    ]


async def test_what_belongs_to_a_record_goes_with_it(odd: AsyncEngine) -> None:
    rows = [{"name": name, "leaves": {"create": [{}, {}]}, "birds": {"create": [{}]}} for name in "abc"]
    await Crud(bulk_models.Tree).insert_multi(odd, rows)

    await Crud(bulk_models.Tree).delete_multi(odd, bulk_models.Tree.id < 3)

    assert await stored(odd, bulk_models.Leaf, "tree_id") == [(3,), (3,)]
    assert await stored(odd, bulk_models.Bird, "tree_id") == [(None,), (None,), (3,)]


@pytest.mark.parametrize("copy", [False, True], ids=["insert", "copy"])
async def test_classes_that_share_a_table_are_told_apart(make_engine: MakeEngine, copy: bool) -> None:
    engine = await make_engine(zoo.SingleTable.metadata)

    await Crud(zoo.Owl).insert_multi(engine, [{"name": "Hoo"}, {"name": "Boo", "wing_span": 5}], copy=copy)
    await Crud(zoo.Animal).insert_multi(engine, [{"name": "Ant"}], copy=copy)

    assert sorted(await stored(engine, zoo.Animal, "name", "kind")) == [
        ("Ant", "animal"),
        ("Boo", "owl"),
        ("Hoo", "owl"),
    ]


async def test_rows_may_refer_to_rows_before_them(engine: AsyncEngine) -> None:
    rows = [
        {"id": 1, "name": "a", "size": 1},
        {"id": 2, "name": "b", "parent_id": 1},
        {"id": 3, "name": "c", "parent_id": 2, "size": 1},
        {"id": 4, "name": "d"},
    ]

    await Crud(Folder).insert_multi(engine, rows)

    assert await stored(engine, Folder, "id", "size", "parent_id") == [(1, 1, None), (2, 0, 1), (3, 1, 2), (4, 0, None)]


async def test_foreign_keys_lead_to_records_that_are_there(engine: AsyncEngine) -> None:
    """One to a record that is marked as deleted leads to none."""
    models: dict[type, ModelOptions] = {Note: ModelOptions(soft_delete=SoftDelete("deleted_at"))}
    notes, comments = Crud(Note, models=models), Crud(Comment, models=models)
    await notes.insert_multi(engine, [{"slug": "a"}, {"slug": "b"}])
    await notes.delete_multi(engine, slug="b")
    rows = [{"text": "x", "note_id": 1}, {"text": "y", "note_id": 2}, {"text": "z"}]

    made = await comments.insert_multi(engine, rows, on_error="continue")
    changed = await comments.update_multi(engine, [{"id": 1, "note_id": 2}], on_error="continue")
    with pytest.raises(Invalid) as caught:
        await comments.upsert_multi(engine, [{"id": 1, "text": "x", "note_id": 2}], on=["id"])

    assert [(each.index, each.errors[0].code.value, each.errors[0].path) for each in made.failed_items] == [
        (1, "FOREIGN_KEY", (1, "note_id"))
    ]
    assert [each.errors[0].path for each in changed.failed_items] == [(0, "note_id")]
    assert told(caught.value) == [("FOREIGN_KEY", (0, "note_id"))]
    assert await stored(engine, Comment, "text", "note_id") == [("x", 1), ("z", None)]


# ---------- types of columns ----------


async def test_every_type_is_stored_as_a_single_write_stores_it(make_engine: MakeEngine) -> None:
    await _compare(await make_engine(zoo.Scalars.metadata), [ROW, {**ROW, "string": None}, {}], copy=False)


async def test_copy_stores_every_type_alike(make_engine: MakeEngine) -> None:
    await _compare(await make_engine(zoo.Scalars.metadata), [ROW, {**ROW, "string": None}], copy=True)


async def test_types_of_the_application_are_stored_alike(make_engine: MakeEngine) -> None:
    engine = await make_engine(zoo.Custom.metadata)
    rows: list[dict[str, Any]] = [
        {"email": "A@X.ORG", "document": {"a": [1, True]}, "counter": 5},
        {"email": "B@X.ORG", "document": None, "counter": 2**40},
    ]
    for copy in (False, True):
        await Crud(zoo.Customized).insert_multi(engine, rows, copy=copy)
        assert await stored(engine, zoo.Customized, "email", "document", "counter") == [
            ("a@x.org", {"a": [1, True]}, 5),
            ("b@x.org", None, 2**40),
        ]
        await Crud(zoo.Customized).delete_multi(engine, all_rows=True)


async def test_types_of_postgresql_are_stored_alike(backend: Backend, make_engine: MakeEngine) -> None:
    if backend.name == "postgresql":
        engine = await make_engine(zoo.PgOnly.metadata)
        row = {"integers": [1, None, 2], "strings": ["a"], "moods": ["happy"], "document": {"a": 1}, "postcode": "12345",
               "uuids": [uuid.UUID(int=1)]}  # fmt: skip
        for copy in (False, True):
            summary = await Crud(zoo.Lists).insert_multi(
                engine, [row, {**row, "integers": None}, {**row, "postcode": "1"}], copy=copy, on_error="continue"
            )  # fmt: skip
            assert [(each.index, each.errors[0].code.value) for each in summary.failed_items] == [(2, "CHECK")]
        assert (
            await stored(engine, zoo.Lists, "integers", "strings", "moods", "document", "postcode", "uuids")
            == [
                ([1, None, 2], ["a"], ["happy"], {"a": 1}, "12345", [uuid.UUID(int=1)]),
                (None, ["a"], ["happy"], {"a": 1}, "12345", [uuid.UUID(int=1)]),
            ]
            * 2
        )


ROW: dict[str, Any] = {
    "integer": 1,
    "small_integer": 2,
    "big_integer": 2**60,
    "numeric": Decimal("1.5"),
    "numeric_without_scale": Decimal("1.25"),
    "numeric_as_float": 1.5,
    "float_": 1.5,
    "double": 2.5,
    "string": "a",
    "string_without_length": "b",
    "unicode": "ü",
    "text": "t",
    "boolean": True,
    "date_only": dt.date(2020, 1, 2),
    "time_only": dt.time(1, 2, 3),
    "datetime_naive": dt.datetime(2020, 1, 2, 3, 4, 5),
    "datetime_aware": dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=dt.UTC),
    "interval": dt.timedelta(hours=2),
    "uuid_value": uuid.UUID(int=5),
    "uuid_as_string": str(uuid.UUID(int=6)),
    "binary": b"ab",
    "json": {"a": 1},
    "json_none_as_null": [1],
    "colour": zoo.Colour.RED,
    "size": zoo.Size.EXTRA_LARGE,
    "level": zoo.Level.LOW,
    "binding": "2nd hand",
}
ODD = st.sampled_from(
    [None, 0, -1, 2**31, 2**63, 1.5, float("nan"), float("inf"), Decimal("NaN"), Decimal("1e-2000"), Decimal(10) ** 9,
     "", "x" * 51, "a\x00", "\ud800", "RED", "s", "#f00", "12.5", "2020-01-02", "P1D", True, [], {}, [1, "a"], b"",
     dt.date(1, 1, 1), dt.datetime(2020, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=5))), dt.time(1, tzinfo=dt.UTC),
     uuid.UUID(int=1), dt.timedelta(1), {"a": float("nan")}, {"a": "\x00"}, zoo.Level.HIGH]
)  # fmt: skip
VALUES = st.fixed_dictionaries({}, optional={name: st.just(value) | ODD for name, value in ROW.items()})


@pytest.fixture(scope="module")
async def everything(make_module_engine: MakeEngine) -> AsyncEngine:
    return await make_module_engine(zoo.Scalars.metadata)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(VALUES, min_size=1, max_size=4))
async def test_generated_rows_are_stored_or_refused_as_single_writes(everything: AsyncEngine, rows: Any) -> None:
    async with everything.begin() as connection:
        await connection.execute(delete(zoo.Everything))
    await _compare(everything, rows, copy=False)


async def _compare(engine: AsyncEngine, rows: list[dict[str, Any]], *, copy: bool) -> None:
    """Rows are written together, then one by one: the same is stored, and the same refused. Of a value of another kind a
    single write tells before it looks at the others."""
    crud = Crud(zoo.Everything)
    names = [column.key for column in zoo.Everything.__mapper__.column_attrs if column.key != "id"]
    summary = await crud.insert_multi(engine, rows, on_error="continue", copy=copy)
    together = await stored(engine, zoo.Everything, *names)
    async with engine.begin() as connection:
        await connection.execute(delete(zoo.Everything))
    refused: dict[int, Any] = {}
    for index, row in enumerate(rows):
        try:
            await crud.create(engine, row)
        except CrudError as error:
            refused[index] = {(each.code, each.message, each.path) for each in error.errors}
    one_by_one = await stored(engine, zoo.Everything, *names)
    failed = {
        item.index: {(each.code, each.message, each.path[1:]) for each in item.errors} for item in summary.failed_items
    }

    assert failed.keys() == refused.keys()
    assert [index for index, errors in refused.items() if not errors <= failed[index]] == []
    assert sorted(map(repr, together)) == sorted(map(repr, one_by_one))
