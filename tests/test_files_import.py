"""Files imported: what becomes of rows and cells, related records, refusals, dry runs and interruptions."""

import asyncio
import gzip
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from gqlcrud.crud import Crud
from gqlcrud.files import FileError, ImportAborted, ImportSummary, StoppedAt, Stopping, import_file
from gqlcrud.progress import Progress
from tests.databases import MakeEngine, record_statements
from tests.file_models import Base, Book, authors, books, categories, fill_authors, products, stored, told, written


@pytest.fixture
async def engine(make_engine: MakeEngine) -> AsyncEngine:
    engine = await make_engine(Base.metadata)
    await fill_authors(engine)
    return engine


def counts(summary: ImportSummary) -> tuple[int, int, int, int, int]:
    """Rows, inserted, updated, unchanged, rejected."""
    return summary.rows, summary.inserted, summary.updated, summary.unchanged, summary.rejected


# ---------- rows ----------


async def test_rows_of_csv_become_records(engine: AsyncEngine, tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "books.csv",
        'isbn,title,subtitle,price,stock,author_id\n1,Emma,,10.50,,1\n2,"War, and peace","",1e1,7,\n3,,x,0,7,2\n',
    )
    summary = await import_file(books, engine, path)

    assert sorted(await stored(books, engine, "isbn", "title", "subtitle", "price", "stock", "author_id")) == [
        ("1", "Emma", None, Decimal("10.5"), 5, 1),
        ("2", "War, and peace", "", 10, 7, None),
        ("3", "", "x", 0, 7, 2),
    ]
    assert (counts(summary), summary.model, summary.stopped) == ((3, 3, 0, 0, 0), "Book", None)
    assert str(summary).startswith("Book: 3 rows in 0.")
    assert str(summary).endswith(" s: 3 inserted, 0 updated, 0 unchanged, 0 rejected.")


async def test_the_text_of_null_can_be_said(engine: AsyncEngine, tmp_path: Path) -> None:
    """Then an empty cell is an empty text, and no value of anything else."""
    path = written(tmp_path, "books.csv", 'isbn,title,subtitle,price\n1,"\\N",,1\n')
    with pytest.raises(ImportAborted) as raised:
        await import_file(books, engine, path, null="\\N")
    assert told(raised.value.summary.first_rejected) == ["line 2: title: title cannot be null. (VALIDATION)"]

    path = written(tmp_path, "books.csv", "isbn,title,subtitle,price,author_id\n1,a,,1,\\N\n2,b,\\N,1,\n")
    await import_file(books, engine, path, null="\\N")
    assert await stored(books, engine, "subtitle", "author_id") == [("", None), (None, None)]

    path = written(tmp_path, "more.csv", 'isbn,title,subtitle,price\n3,a,"",1\n')
    await import_file(books, engine, path, null="")
    assert await stored(books, engine, "subtitle") == [("",), (None,), (None,)]


@pytest.mark.parametrize("suffix", ["json", "jsonl", "json.gz"])
async def test_objects_of_json_become_records(engine: AsyncEngine, tmp_path: Path, suffix: str) -> None:
    items = [
        '{"isbn": "1", "title": "Emma", "price": 10.50, "author": {"email": "jane@x.org"}}',
        '{"isbn": "2", "title": "War", "price": "3.10", "author": {"create": {"first_name": "A", "last_name": "B"}}}',
        '{"isbn": "3", "title": "None", "price": 1, "stock": 2, "author": null, "subtitle": null}',
        '{"isbn": "4", "title": "Two", "price": 1, "author.first_name": "Leo", "author.last_name": "Tolstoy"}',
    ]
    text = "\n".join(items) if suffix == "jsonl" else f"[{','.join(items)}]"
    path = tmp_path / f"books.{suffix}"
    path.write_bytes(gzip.compress(text.encode()) if suffix.endswith("gz") else text.encode())
    summary = await import_file(books, engine, str(path))

    assert await stored(books, engine, "isbn", "price", "stock", "author_id") == [
        ("1", Decimal("10.5"), 5, 1),
        ("2", Decimal("3.1"), 5, 3),
        ("3", 1, 2, None),
        ("4", 1, 5, 2),
    ]
    assert counts(summary) == (4, 4, 0, 0, 0)


async def test_a_row_may_nest_what_crud_takes(engine: AsyncEngine, tmp_path: Path) -> None:
    """Lists of primary keys as well."""
    path = written(
        tmp_path,
        "authors.jsonl",
        '{"first_name": "E", "last_name": "B", "books": {"create": [{"isbn": "7", "title": "x", "price": 2.5}]}}\n',
    )
    await import_file(authors, engine, path)
    path = written(tmp_path, "more.jsonl", '{"first_name": "C", "last_name": "D", "book_ids": [1]}\n')
    await import_file(authors, engine, path)

    assert await stored(books, engine, "isbn", "price", "author_id") == [("7", Decimal("2.5"), 4)]


async def test_records_that_are_there_are_changed_by_a_unique_key(engine: AsyncEngine, tmp_path: Path) -> None:
    await import_file(books, engine, written(tmp_path, "a.csv", "isbn,title,price\n1,Emma,1\n2,War,2\n"))
    path = written(tmp_path, "b.csv", "isbn,title,price\n2,Peace,3\n3,Pride,4\n")
    summary = await import_file(books, engine, path, upsert_on=["isbn"])

    assert await stored(books, engine, "id", "isbn", "title", "price") == [
        *((1, "1", "Emma", 1), (2, "2", "Peace", 3)),
        (3, "3", "Pride", 4),
    ]
    assert counts(summary) == (2, 1, 1, 0, 0)


async def test_a_key_that_rows_are_found_by_has_to_be_one(engine: AsyncEngine, tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "title,price\na,1\n")
    with pytest.raises(FileError, match=r"^title is no unique key of Book\. It has: id; isbn\.$"):
        await import_file(books, engine, path, upsert_on=["title"])
    with pytest.raises(FileError, match=r"^The file has no column 'isbn', by which records are found\.$"):
        await import_file(books, engine, path, upsert_on=["isbn"])


# ---------- headers ----------


@pytest.mark.parametrize(
    ("header", "columns", "message"),
    [
        (
            "isbn,writer",
            {},
            "Book has nothing called 'writer' to be read from a file. It has: id, isbn, title, subtitle, price, stock, "
            "author_id, category_id, created_at, author.id, author.first_name, author.last_name, author.email, "
            "category.id, category.name. Name the columns with --map column=field, or leave them out with "
            "--ignore-unknown.",
        ),
        ("isbn,title,isbn", {}, "The header has 'isbn' twice."),
        ("isbn,code", {"code": "isbn"}, "The header has 'isbn' twice."),
        ("isbn", {"code": "isbn"}, "The file has no column 'code', which --map names. It has: isbn."),
        (
            "isbn,author.first_name",
            {},
            "author.first_name is no unique key. These are: author.id; author.first_name, author.last_name; author.email.",
        ),
        ("author_id,author.email", {}, "author.email and author_id say the same thing: leave out one of them."),
    ],
)
async def test_a_header_that_cannot_be_meant_is_refused_before_anything_is_written(
    engine: AsyncEngine, tmp_path: Path, header: str, columns: dict[str, str], message: str
) -> None:
    with record_statements(engine) as statements, pytest.raises(FileError) as raised:
        await import_file(books, engine, written(tmp_path, "a.csv", f"{header}\n1,2\n"), columns=columns)

    assert (str(raised.value), raised.value.line, statements) == (message, 1, [])


async def test_unknown_columns_may_be_left_out_and_columns_renamed(engine: AsyncEngine, tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "ISBN;Titel;note;price;Autor\n1;Emma;x;1;jane@x.org\n")
    columns = {"ISBN": "isbn", "Titel": "title", "Autor": "author.email"}
    summary = await import_file(books, engine, path, columns=columns, ignore_unknown=True)

    assert await stored(books, engine, "isbn", "title", "author_id") == [("1", "Emma", 1)]
    assert summary.left_out == ("note",)


async def test_unknown_names_of_json_are_refused_row_by_row(engine: AsyncEngine, tmp_path: Path) -> None:
    text = '{"isbn": "1", "t": "Emma", "price": 1, "x": 2}\n{"isbn": "2", "t": "War", "price": 1}\n'
    path = written(tmp_path, "a.jsonl", text)
    summary = await import_file(books, engine, path, columns={"t": "title"}, on_error="continue")
    assert (counts(summary), told(summary.first_rejected)[0][:64]) == (
        (2, 1, 0, 0, 1),
        "line 1: x: Book has nothing of this name to be read from a file.",
    )

    summary = await import_file(books, engine, path, columns={"t": "title"}, ignore_unknown=True, upsert_on=["isbn"])
    assert (summary.inserted, summary.left_out) == (1, ("x",))


async def test_what_no_caller_sets_is_left_out(engine: AsyncEngine, tmp_path: Path) -> None:
    """As an export of other columns has it."""
    path = written(tmp_path, "a.csv", "shop,sku,deleted_at\nA,1,2024-01-01\n")
    summary = await import_file(products, engine, path)

    assert (summary.left_out, await stored(products, engine, "shop", "sku")) == (("deleted_at",), [("A", 1)])


# ---------- related records ----------


async def test_related_records_are_found_by_their_keys_in_one_statement(engine: AsyncEngine, tmp_path: Path) -> None:
    lines = [f"{i},t,1,{('jane@x.org', '')[i % 2]},Leo,Tolstoy" for i in range(50)]
    path = written(tmp_path, "a.csv", "isbn,title,price,author.email\n" + "\n".join(x.rsplit(",", 2)[0] for x in lines))
    with record_statements(engine) as statements:
        await import_file(books, engine, path)

    assert await stored(books, engine, "author_id") == [(1,), (None,)] * 25
    assert sum("FROM author" in sql for sql, _ in statements) == 1

    path = written(tmp_path, "b.csv", "isbn,title,price,author.last_name,author.first_name\n60,t,1,Tolstoy,Leo\n")
    await import_file(books, engine, path)
    assert (await stored(books, engine, "author_id"))[-1] == (2,)


async def test_a_related_record_that_is_not_there_rejects_the_row(engine: AsyncEngine, tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "a.csv",
        "isbn,title,price,author.first_name,author.last_name\n1,a,1,Leo,Tolstoy\n2,b,1,Leo,Lenin\n3,c,1,Leo,\n4,d,1,,\n",
    )
    summary = await import_file(books, engine, path, on_error="continue")

    assert told(summary.first_rejected) == [
        "line 3: author.first_name: There is no Author with first_name 'Leo', last_name 'Lenin'. (NOT_FOUND)",
        "line 4: author.last_name: The other columns of the key have values, so this one needs one. (VALIDATION)",
    ]
    assert await stored(books, engine, "isbn", "author_id") == [("1", 2), ("4", None)]


async def test_a_row_may_refer_to_an_earlier_one_of_the_same_file(engine: AsyncEngine, tmp_path: Path) -> None:
    text = "name,parent.name\nroot,\na,root\nb,root\nc,a\nd,missing\n"
    summary = await import_file(categories, engine, written(tmp_path, "a.csv", text), on_error="continue")

    assert await stored(categories, engine, "name", "parent.name") == [
        *(("root", None), ("a", {"name": "root"}), ("b", {"name": "root"}), ("c", {"name": "a"})),
    ]
    assert told(summary.first_rejected) == [
        "line 6: parent.name: There is no Category with name 'missing'. (NOT_FOUND)"
    ]


# ---------- refusals ----------

BROKEN = (
    "isbn,title,price,stock,author.email\n"
    "1,Emma,1,1,\n"
    "2,War,x,1,\n"  # no decimal
    "1,Twice,1,1,\n"  # the unique key is taken
    "3,Short\n"  # ragged
    f"4,{'t' * 51},1,1,\n"  # too long
    "5,Check,1,1000,\n"  # a CHECK
    "6,Good,1,1,jane@x.org\n"
    '"7","Two\nlines",1,1,nobody\n'
    ",,1,1,\n"
)
REASONS = [
    "line 3: price: A decimal is needed, not 'x'. (VALIDATION)",
    "line 4: isbn: Another Book in this input has the isbn '1'. (UNIQUE)",
    "line 5: The row has 2 cells, the header has 5. (VALIDATION)",
    "line 6: title: title has at most 50 characters; this text has 51. (VALIDATION)",
    "line 7: The check stock does not hold. (CHECK)",
    "line 9: author.email: There is no Author with email 'nobody'. (NOT_FOUND)",
]


async def test_rows_that_cannot_be_written_are_left_out_and_told(engine: AsyncEngine, tmp_path: Path) -> None:
    heard: list[str] = []
    summary = await import_file(
        books,
        engine,
        written(tmp_path, "a.csv", BROKEN),
        on_error="continue",
        rejects=str(tmp_path / "rejects.csv"),
        on_rejected=lambda each: heard.append(str(each)),
    )

    assert told(summary.first_rejected) == REASONS
    assert heard == told(summary.first_rejected)
    assert counts(summary) == (9, 3, 0, 0, 6)
    assert await stored(books, engine, "isbn", "title", "author_id") == [
        ("1", "Emma", None),
        ("6", "Good", 1),
        ("", "", None),
    ]
    assert (tmp_path / "rejects.csv").read_text() == (
        "line,code,path,reason,isbn,title,price,stock,author.email\n"
        "3,VALIDATION,price,\"A decimal is needed, not 'x'.\",2,War,x,1,\n"
        "4,UNIQUE,isbn,Another Book in this input has the isbn '1'.,1,Twice,1,1,\n"
        '5,VALIDATION,,"The row has 2 cells, the header has 5.",3,Short\n'
        f"6,VALIDATION,title,title has at most 50 characters; this text has 51.,4,{'t' * 51},1,1,\n"
        "7,CHECK,,The check stock does not hold.,5,Check,1,1000,\n"
        "9,NOT_FOUND,author.email,There is no Author with email 'nobody'.,7,\"Two\nlines\",1,1,nobody\n"
    )


async def test_rejected_rows_can_be_corrected_and_imported_again(engine: AsyncEngine, tmp_path: Path) -> None:
    first, second = str(tmp_path / "first.csv"), str(tmp_path / "second.csv")
    await import_file(books, engine, written(tmp_path, "a.csv", BROKEN), on_error="continue", rejects=first)
    text = Path(first).read_text().replace("War,x", "War,2").replace("nobody", "jane@x.org")
    Path(first).write_text(text)
    summary = await import_file(books, engine, first, on_error="continue", rejects=second)

    assert counts(summary) == (6, 2, 0, 0, 4)
    assert [line.partition(",")[0] for line in Path(second).read_text().splitlines()] == ["line", "3", "4", "5", "6"]
    assert Path(second).read_text().splitlines()[0] == "line,code,path,reason,isbn,title,price,stock,author.email"


async def test_rejected_rows_of_json_can_be_imported_again(engine: AsyncEngine, tmp_path: Path) -> None:
    text = '[{"isbn": "1", "title": "Emma", "price": 12345678901.10}, {"isbn": "2", "title": "War", "price": 1}, 7]'
    rejects = tmp_path / "rejects.csv.gz"
    path = written(tmp_path, "a.json", text)
    summary = await import_file(books, engine, path, on_error="continue", rejects=str(rejects))
    assert (counts(summary), [each.line for each in summary.first_rejected]) == ((3, 1, 0, 0, 2), [1, 3])

    content = gzip.decompress(rejects.read_bytes()).decode()
    assert '"{""isbn"": ""1"", ""title"": ""Emma"", ""price"": 12345678901.10}"' in content
    again = written(tmp_path, "again.csv", content.replace("12345678901.10", "5.25"))
    summary = await import_file(books, engine, again, on_error="continue")
    assert (counts(summary), told(summary.first_rejected)) == (
        (2, 1, 0, 0, 1),
        ['line 3: The row is no object, such as {"title": "Emma"}. (VALIDATION)'],
    )
    assert await stored(books, engine, "isbn", "price") == [("2", 1), ("1", Decimal("5.25"))]


@pytest.mark.parametrize("size", [1, 4, 1000])
async def test_a_row_that_cannot_be_written_undoes_everything(engine: AsyncEngine, tmp_path: Path, size: int) -> None:
    rejects = tmp_path / "rejects.csv"
    with pytest.raises(ImportAborted) as raised:
        await import_file(
            books, engine, written(tmp_path, "a.csv", BROKEN), batch_size=size, rejects=str(rejects), upsert_on=["isbn"]
        )

    summary = raised.value.summary
    assert (str(raised.value), summary.inserted) == ("Rows were rejected. Nothing was written.", 0)
    assert told(summary.first_rejected)[0] == REASONS[0]
    assert await stored(books, engine, "id") == []
    assert len(rejects.read_text().splitlines()) == summary.rejected + 1 + (size == 1000)


async def test_bytes_that_are_no_text_stay_what_they_were(engine: AsyncEngine, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.csv"
    path = written(tmp_path, "a.csv", b"isbn,title,price\n1,Caf\xe9,1\n2,Tea,1\n")
    await import_file(books, engine, path, on_error="continue", rejects=str(rejects))
    assert (
        rejects.read_bytes()
        .splitlines()[1]
        .endswith(b',"Line 2 is not UTF-8, from byte 6 on (--encoding).",1,Caf\xe9,1')
    )

    await import_file(books, engine, str(rejects), encoding="cp1252")
    assert await stored(books, engine, "title") == [("Tea",), ("Café",)]


async def test_a_dry_run_does_everything_and_keeps_nothing(engine: AsyncEngine, tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", BROKEN)
    summary = await import_file(books, engine, path, dry_run=True, on_error="continue")
    with pytest.raises(ImportAborted):
        await import_file(books, engine, path, dry_run=True)

    assert (counts(summary), summary.dry_run) == ((9, 3, 0, 0, 6), True)
    assert str(summary).endswith("3 inserted, 0 updated, 0 unchanged, 6 rejected. Dry run: nothing was kept.")
    assert await stored(books, engine, "id") == []


# ---------- sessions ----------


async def test_a_session_is_joined_and_never_committed(engine: AsyncEngine, tmp_path: Path) -> None:
    good = written(tmp_path, "a.csv", "isbn,title,price\n1,Emma,1\n")
    async with AsyncSession(engine) as session:
        await books.create(session, {"isbn": "0", "title": "mine", "price": 1})
        await import_file(books, session, good)
        with pytest.raises(ImportAborted):
            await import_file(books, session, written(tmp_path, "b.csv", "isbn,title,price\n5,x,1\n1,Twice,1\n"))
        await import_file(books, session, written(tmp_path, "c.csv", "isbn,title,price\n8,x,1\n"), dry_run=True)
        inside = [row["isbn"] for row in await books.get_multi(session, select=["isbn"])]
        await session.rollback()

    assert (inside, await stored(books, engine, "isbn")) == (["0", "1"], [])


async def test_a_sessionmaker_serves_as_well(engine: AsyncEngine, tmp_path: Path) -> None:
    maker = async_sessionmaker(engine)
    summary = await import_file(books, maker, written(tmp_path, "a.csv", "isbn,title,price\n1,Emma,1\n"))

    assert (summary.inserted, await stored(books, engine, "isbn")) == (1, [("1",)])


# ---------- interruptions ----------

MANY = "isbn,title,price\n" + "".join(f"{i},t{i},1\n" for i in range(10))


class StopsAfter(Stopping):
    """Is asked to stop when so many rows are done."""

    def __init__(self, rows: int) -> None:
        super().__init__()
        self.rows = rows

    def __call__(self, progress: Progress) -> None:
        if progress.done >= self.rows and not self.asked:
            self.ask()


async def test_an_interrupted_import_goes_on_where_it_stopped(engine: AsyncEngine, tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", MANY.replace("t3,1", "t3,x").replace("t8,1", "t8,x"))
    rejects = tmp_path / "rejects.csv"
    stop = StopsAfter(4)
    first = await import_file(
        books,
        engine,
        path,
        on_error="continue",
        batch_size=2,
        stopping=stop,
        progress=stop,
        rejects=str(rejects),
    )
    assert (counts(first), first.stopped) == ((4, 3, 0, 0, 1), StoppedAt(6, "line", "interrupted", "Interrupted."))

    rest = await import_file(books, engine, path, on_error="continue", start_at=6, rejects=str(rejects))
    assert (counts(rest), rest.stopped) == ((6, 5, 0, 0, 1), None)
    assert [isbn for (isbn,) in await stored(books, engine, "isbn")] == [*"012", *"4567", "9"]
    assert [line.split(",")[0] for line in rejects.read_text().splitlines()] == ["line", "5", "10"]


async def test_an_array_goes_on_at_an_item(engine: AsyncEngine, tmp_path: Path) -> None:
    items = ",".join(f'{{"isbn": "{i}", "title": "t", "price": 1}}' for i in range(5))
    path = written(tmp_path, "a.json", f"[{items}]")
    stop = StopsAfter(2)
    options: dict[str, Any] = {"on_error": "continue", "batch_size": 2}
    first = await import_file(books, engine, path, stopping=stop, progress=stop, **options)
    assert first.stopped == StoppedAt(3, "item", "interrupted", "Interrupted.")

    await import_file(books, engine, path, start_at=3, **options)
    assert await stored(books, engine, "isbn") == [("0",), ("1",), ("2",), ("3",), ("4",)]


@pytest.mark.parametrize("on_error", ["abort", "continue"])
async def test_an_interrupted_import_of_all_or_nothing_writes_nothing(
    engine: AsyncEngine, tmp_path: Path, on_error: Any
) -> None:
    stop = StopsAfter(4)
    with pytest.raises(ImportAborted, match=r"^Interrupted\. Nothing was written\.$") as raised:
        await import_file(
            books,
            engine,
            written(tmp_path, "a.csv", MANY),
            batch_size=2,
            stopping=stop,
            progress=stop,
            on_error=on_error,
            dry_run=on_error == "continue",
        )

    assert (raised.value.interrupted, await stored(books, engine, "id")) == (True, [])


async def test_a_pipe_that_says_nothing_can_be_left(engine: AsyncEngine, tmp_path: Path) -> None:
    """The signal comes while the file is being read."""
    stop = Stopping()
    with pytest.raises(Exception, match=r"^Interrupted\.$"), stop.reading():
        stop.ask()
    with pytest.raises(KeyboardInterrupt):
        stop.ask()


async def test_a_database_that_is_lost_is_told_with_the_line(engine: AsyncEngine, tmp_path: Path) -> None:
    lost: Crud[Book] = Crud(Book)
    left = [2]
    write = type(lost).insert_multi

    async def insert_multi(self: Any, *arguments: Any, **options: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise ConnectionResetError
        return await write(self, *arguments, **options)

    class Losing(Crud[Book]):
        pass

    Losing.insert_multi = insert_multi  # type: ignore[method-assign]
    path = written(tmp_path, "a.csv", MANY)
    reason = "The database does not answer, or has broken off (ConnectionResetError)."
    summary = await import_file(Losing(), engine, path, on_error="continue", batch_size=3)
    assert (counts(summary), summary.stopped) == ((6, 6, 0, 0, 0), StoppedAt(8, "line", "database", reason))

    left[0] = 2
    with pytest.raises(ImportAborted) as raised:
        await import_file(Losing(), engine, written(tmp_path, "b.csv", MANY.replace("\n", "\n1")[:-1]), batch_size=3)
    assert str(raised.value) == f"{reason} Nothing was written."
    assert len(await stored(books, engine, "id")) == 6


async def test_a_file_that_breaks_off_is_told_with_what_is_done(engine: AsyncEngine, tmp_path: Path) -> None:
    path = written(tmp_path, "a.json", '[{"isbn": "1", "title": "t", "price": 1}, {"isbn": "2", "ti')
    summary = await import_file(books, engine, path, on_error="continue", batch_size=1)
    assert (counts(summary), summary.stopped) == (
        (1, 1, 0, 0, 0),
        StoppedAt(2, "item", "file", "The item is no JSON: Unterminated string starting at (character 15)."),
    )

    with pytest.raises(FileError, match="The item is no JSON"):
        await import_file(books, engine, path, batch_size=1, upsert_on=["isbn"])
    assert await stored(books, engine, "isbn") == [("1",)]


@pytest.mark.parametrize("on_error", ["abort", "continue"])
async def test_a_file_that_is_none_from_its_beginning_is_refused(
    engine: AsyncEngine, tmp_path: Path, on_error: Any
) -> None:
    with pytest.raises(FileError, match=r"^The file is no array of JSON"):
        await import_file(books, engine, written(tmp_path, "a.json", "{}"), on_error=on_error)


async def test_a_file_is_not_read_and_written_at_once(engine: AsyncEngine, tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", MANY)
    with pytest.raises(
        FileError, match=r"a\.csv is read and cannot be written at the same time; give --rejects another"
    ):
        await import_file(books, engine, path, rejects=f"{tmp_path}/./a.csv")

    assert Path(path).read_text() == MANY


# ---------- size ----------


async def test_progress_tells_how_many_rows_there_will_be(engine: AsyncEngine, tmp_path: Path) -> None:
    heard: list[tuple[int, int | None, int]] = []
    await import_file(
        books,
        engine,
        written(tmp_path, "a.csv", MANY),
        batch_size=4,
        progress=lambda each: heard.append((each.done, each.total, each.failed)),
    )

    assert heard == [(4, 8, 0), (8, 10, 0), (10, 10, 0)]


@pytest.mark.parametrize("size", [0, -1])
async def test_a_batch_has_rows(engine: AsyncEngine, tmp_path: Path, size: int) -> None:
    with pytest.raises(FileError, match=rf"^A batch has at least one row, not {size}\.$"):
        await import_file(books, engine, written(tmp_path, "a.csv", MANY), batch_size=size)


async def test_standard_input_is_a_file(engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as end:
        end.write(MANY.encode())
    with os.fdopen(reading) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        summary = await asyncio.wait_for(import_file(books, engine, "-", format="csv"), 30)

    assert counts(summary) == (10, 10, 0, 0, 0)
