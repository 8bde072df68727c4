"""Files exported: fields, conditions, formats; and what is exported is imported as it was, on either database."""

import datetime as dt
import gzip
import json
import uuid
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncEngine

from gqlcrud.crud import Crud, Invalid
from gqlcrud.files import FileError, export_file, import_file
from gqlcrud.progress import Progress
from tests.databases import Backend, MakeEngine, PostgresServer, engine_maker, record_statements
from tests.file_models import Author, Base, Book, authors, books, categories, fill_authors, products, stored, written
from tests.zoo import Colour, Everything, Level, Lists, PgOnly, Scalars, Size


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncEngine:
    engine = await make_engine(Base.metadata)
    await fill_authors(engine)
    created = dt.datetime(2024, 1, 2, 3)
    shared = {"price": Decimal("1.50"), "stock": 1, "created_at": created, "category_id": None}
    rows = [
        {"id": 1, "isbn": "1", "title": "Emma", "subtitle": None, "author_id": 1, **shared},
        {"id": 2, "isbn": "2", "title": "", "subtitle": "", "author_id": None, **shared},
        {"id": 3, "isbn": "3", "title": 'a "b",\nc', "subtitle": "=1+1", "author_id": 1, **shared},
    ]
    async with engine.begin() as connection:
        await connection.execute(insert(Book), rows)
    return engine


async def exported(crud: Crud[Any], engine: AsyncEngine, folder: Path, name: str = "a.csv", **options: Any) -> str:
    await export_file(crud, engine, folder / name, **options)
    content = (folder / name).read_bytes()
    return (gzip.decompress(content) if name.endswith(".gz") else content).decode()


# ---------- what is written ----------


async def test_every_column_that_an_import_takes_is_written(engine: AsyncEngine, tmp_path: Path) -> None:
    assert await exported(books, engine, tmp_path) == (
        "id,isbn,title,subtitle,price,stock,author_id,category_id,created_at\n"
        "1,1,Emma,,1.50,1,1,,2024-01-02T03:00:00\n"
        '2,2,"","",1.50,1,,,2024-01-02T03:00:00\n'
        '3,3,"a ""b"",\nc",=1+1,1.50,1,1,,2024-01-02T03:00:00\n'
    )
    assert await exported(products, engine, tmp_path, "b.csv.gz") == "id,shop,sku,name,price\n"


async def test_fields_lead_to_related_records(engine: AsyncEngine, tmp_path: Path) -> None:
    fields = ["title", "author.email", "author.books.isbn", "author.id"]

    assert await exported(books, engine, tmp_path, fields=fields, where={"stock": {"gte": 1}, "id": {"lt": 3}}) == (
        'title,author.email,author.books.isbn,author.id\nEmma,jane@x.org,"[""1"", ""3""]",1\n"",,null,\n'
    )
    assert json.loads(await exported(books, engine, tmp_path, "a.json", fields=fields, where={"id": [1, 2]})) == [
        {"title": "Emma", "author": {"email": "jane@x.org", "books": [{"isbn": "1"}, {"isbn": "3"}], "id": 1}},
        {"title": "", "author": None},
    ]
    assert await exported(books, engine, tmp_path, "a.jsonl", fields=["id", "price"]) == (
        '{"id": 1, "price": "1.50"}\n{"id": 2, "price": "1.50"}\n{"id": 3, "price": "1.50"}\n'
    )
    assert await exported(authors, engine, tmp_path, fields=["email", "books.title"], where={"id": 2}) == (
        "email,books.title\n,[]\n"
    )


async def test_a_file_without_rows_is_one_of_its_format(engine: AsyncEngine, tmp_path: Path) -> None:
    assert await exported(categories, engine, tmp_path) == "id,name,parent_id\n"
    assert json.loads(await exported(categories, engine, tmp_path, "a.json")) == []
    assert await exported(categories, engine, tmp_path, "a.jsonl") == ""


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (["titel"], "titel cannot be exported: Book has no attribute 'titel'. It has: "),
        (["title.x"], "title.x cannot be exported: title is a column and leads to nothing else."),
        (
            ["author"],
            "author cannot be exported: It leads to other records; name a column of them: author.id, author.first_name, ",
        ),
    ],
)
async def test_fields_that_are_none_are_refused_before_a_file_is_made(
    engine: AsyncEngine, tmp_path: Path, fields: list[str], message: str
) -> None:
    with pytest.raises(FileError) as raised:
        await exported(books, engine, tmp_path, fields=fields)

    assert (str(raised.value)[: len(message)], list(tmp_path.iterdir())) == (message, [])


async def test_a_condition_that_is_none_leaves_no_file(engine: AsyncEngine, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"^Book has no attribute 'titel'\."):
        await exported(books, engine, tmp_path, where={"titel": 1})

    assert list(tmp_path.iterdir()) == []


async def test_the_text_of_null_must_be_no_value(engine: AsyncEngine, tmp_path: Path) -> None:
    fields = ["id", "subtitle"]

    assert await exported(books, engine, tmp_path, fields=fields, null="-") == 'id,subtitle\n1,-\n2,""\n3,=1+1\n'
    with pytest.raises(
        FileError, match=r"^A value of subtitle is '=1\+1', which stands for NULL: choose another --null\.$"
    ):
        await exported(books, engine, tmp_path, fields=fields, null="=1+1")


async def test_pages_cost_a_statement_for_each_relation(engine: AsyncEngine, tmp_path: Path) -> None:
    """However many records there are; and progress is told of their number."""
    heard: list[Progress] = []
    with record_statements(engine) as statements:
        await exported(books, engine, tmp_path, fields=["title", "author.email"], batch_size=2)
    summary = await export_file(
        books, engine, str(tmp_path / "b.csv"), where={"id": {"gt": 1}}, batch_size=1, progress=heard.append
    )

    assert sum("author_1.email" in sql for sql, _ in statements) == 2
    assert ((summary.model, summary.rows), [(each.done, each.total) for each in heard]) == (
        ("Book", 2),
        [(1, 2), (2, 2), (2, 2)],
    )
    assert str(summary).startswith("Book: 2 rows written in ")


async def test_a_batch_has_rows(engine: AsyncEngine, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"^A batch has at least one row, not 0\.$"):
        await exported(books, engine, tmp_path, batch_size=0)


# ---------- there and back ----------

aware = st.datetimes(timezones=st.just(dt.UTC))
letters = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
documents = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.sampled_from([0.5, -1e300, 0.1]) | letters,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(letters, inner, max_size=2),
    max_leaves=4,
)
COLUMNS: dict[str, st.SearchStrategy[Any]] = {
    "integer": st.integers(-(2**31), 2**31 - 1),
    "small_integer": st.integers(-(2**15), 2**15 - 1),
    "big_integer": st.integers(-(2**63), 2**63 - 1),
    "numeric": st.decimals(-(10**8), 10**8, places=3),
    "numeric_without_scale": st.decimals(-(10**5), 10**5, places=4),
    "numeric_as_float": st.integers(-1000, 1000).map(float),
    "float_": st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False).map(lambda each: each + 0.0),
    "double": st.sampled_from([0.1, -1e300, 5e-324, 1e22]),
    "string": letters,
    "string_without_length": st.sampled_from(
        ["", " ", "NULL", "null", "\\N", '""', "\r\n", "\ufeff", "a;b\tc,d", "'", "=1"]
    ),
    "unicode": letters,
    "text": letters,
    "boolean": st.booleans(),
    "date_only": st.dates(dt.date(1, 1, 2), dt.date(9999, 12, 30)),
    "time_only": st.times(),
    "datetime_naive": st.datetimes(dt.datetime(2, 1, 1), dt.datetime(9998, 1, 1)),
    "datetime_aware": st.datetimes(dt.datetime(2, 1, 1), dt.datetime(9998, 1, 1), timezones=st.just(dt.UTC)),
    "interval": st.timedeltas(dt.timedelta(-10000), dt.timedelta(10000)),
    "uuid_value": st.uuids(),
    "uuid_as_string": st.uuids().map(str),
    "binary": st.binary(max_size=8),
    "json": documents,
    "json_none_as_null": documents,
    "colour": st.sampled_from(Colour),
    "size": st.sampled_from(Size),
    "level": st.sampled_from(Level),
    "binding": st.sampled_from(["paper-back", "e-book", "2nd hand"]),
}


@pytest.fixture(scope="module")
async def everything(make_module_engine: MakeEngine) -> AsyncIterator[AsyncEngine]:
    yield await make_module_engine(Scalars.metadata)


def test_all_columns_are_tried() -> None:
    assert {"id", *COLUMNS} == {column.key for column in Crud(Everything).scope.model.columns}


@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.jsonl.gz"])
@given(st.lists(st.fixed_dictionaries({key: st.none() | each for key, each in COLUMNS.items()}), max_size=3))
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
async def test_what_is_exported_is_imported_as_it_was(
    name: str, everything: AsyncEngine, tmp_path: Path, rows: list[dict[str, Any]]
) -> None:
    crud = Crud(Everything)
    async with everything.begin() as connection:
        await connection.execute(delete(Everything))
        if rows:
            await connection.execute(insert(Everything), [{"id": i, **row} for i, row in enumerate(rows)])
    before = await crud.get_multi(everything, limit=None)
    first = await exported(crud, everything, tmp_path, name)
    async with everything.begin() as connection:
        await connection.execute(delete(Everything))
    summary = await import_file(crud, everything, str(tmp_path / name))
    after = await crud.get_multi(everything, limit=None)

    assert summary.inserted == len(rows)
    assert [tuple(each) for each in after] == [tuple(each) for each in before]
    assert await exported(crud, everything, tmp_path, name) == first


async def test_arrays_go_there_and_back(postgres_server: PostgresServer, tmp_path: Path) -> None:
    crud = Crud(Lists)
    row = {
        "id": 1,
        "integers": [1, None],
        "strings": ["a,b", "", "NULL", None],
        "uuids": [uuid.UUID(int=7)],
        "moods": ["so-so", None],
        "document": {"a": [0.5]},
        "postcode": "01234",
    }
    async with engine_maker(postgres_server) as make:
        engine = await make(PgOnly.metadata)
        async with engine.begin() as connection:
            await connection.execute(insert(Lists), [row, {**dict.fromkeys(row), "id": 2, "strings": []}])
        before = await crud.get_multi(engine)
        text = await exported(crud, engine, tmp_path)
        async with engine.begin() as connection:
            await connection.execute(delete(Lists))
        await import_file(crud, engine, str(tmp_path / "a.csv"))
        after = await crud.get_multi(engine)

    assert [tuple(each) for each in after] == [tuple(each) for each in before]
    assert text.splitlines()[1] == (
        '1,"[1, null]","[""a,b"", """", ""NULL"", null]","[""00000000-0000-0000-0000-000000000007""]",'
        '"[""so-so"", null]","{""a"": [0.5]}",01234'
    )


async def test_relations_by_their_keys_go_there_and_back(engine: AsyncEngine, tmp_path: Path) -> None:
    """Into a database where the numbers are others."""
    fields = ["isbn", "title", "price", "author.email"]
    text = await exported(books, engine, tmp_path, "a.jsonl", fields=fields)
    async with engine.begin() as connection:
        await connection.execute(delete(Book))
        await connection.execute(delete(Author))
    await authors.create(engine, {"id": 70, "first_name": "J", "last_name": "A", "email": "jane@x.org"})
    await import_file(books, engine, written(tmp_path, "b.jsonl", text))

    assert await stored(books, engine, "isbn", "author_id") == [("1", 70), ("2", None), ("3", 70)]


async def test_what_cannot_be_read_leaves_no_file(make_engine: MakeEngine, backend: Backend, tmp_path: Path) -> None:
    engine = await make_engine(Base.metadata)
    await engine.dispose()
    async with engine.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE book")
    with pytest.raises(Exception, match="book"):
        await exported(books, engine, tmp_path)

    assert list(tmp_path.iterdir()) == []
