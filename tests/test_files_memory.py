"""Memory stays flat, whatever the size of a file: batches are held, not files."""

import gc
import json
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gqlcrud.files import export_file, import_file, sync_file
from gqlcrud.files.sources import Reading, open_source
from tests.databases import MakeEngine
from tests.file_models import Base, books

ROWS = 50_000
WRITTEN = 20_000
"""Rows that go to a database, where tracing takes longer."""
MEGABYTE = 1 << 20


@contextmanager
def at_most(megabytes: int) -> Iterator[None]:
    """Fails if the block holds more than this at once; all rows of the file take several times as much.

    What other tests have left is kept out of the garbage collector's sight: it waits the longer the more it has seen.
    """
    gc.collect()
    gc.freeze()
    gc.collect()
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.unfreeze()
    assert peak <= megabytes * MEGABYTE, f"{peak / MEGABYTE:.1f} MB"


def row(number: int) -> dict[str, object]:
    return {"id": number, "isbn": f"isbn {number}", "title": f"title {number}", "price": "1.50", "stock": 1}


def written(folder: Path, name: str, rows: int = ROWS) -> str:
    with (folder / name).open("w") as file:
        if name.endswith("csv"):
            file.write("id,isbn,title,price,stock\n")
            file.writelines(",".join(map(str, row(number).values())) + "\n" for number in range(1, rows + 1))
        else:
            between = "\n" if name.endswith("jsonl") else ","
            text = between.join(json.dumps(row(number)) for number in range(1, rows + 1))
            file.write(text if name.endswith("jsonl") else f"[{text}]")
    return str(folder / name)


@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.jsonl"])
def test_a_file_is_read_row_by_row(name: str, tmp_path: Path) -> None:
    """An array in one line as well."""
    path, scope = written(tmp_path, name), books.scope
    with at_most(2), open_source(path, scope.model, scope.catalog, Reading()) as source:
        assert sum(1 for each in source.rows if source.read(each)) == ROWS


async def test_imports_exports_and_syncs_hold_one_batch(make_engine: MakeEngine, tmp_path: Path) -> None:
    engine = await make_engine(Base.metadata)
    path, out = written(tmp_path, "a.csv", WRITTEN), tmp_path / "out.csv"
    fields = ["id", "isbn", "title", "price", "stock"]
    small = written(tmp_path, "b.csv", 10)
    await import_file(books, engine, small, dry_run=True)  # what is imported and compiled once
    with at_most(12):
        imported = await import_file(books, engine, path, batch_size=500)
    with at_most(12):
        exported = await export_file(books, engine, out, fields=fields, batch_size=500)
    with at_most(12):
        synced = await sync_file(books, engine, path, key=["isbn"], delete_missing=True, batch_size=500)

    assert (imported.inserted, exported.rows, synced.unchanged, synced.deleted) == (WRITTEN, WRITTEN, WRITTEN, 0)
    assert out.read_text() == Path(path).read_text()
