"""A database that others made: all of its tables exported, emptied, and imported again."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, delete
from sqlalchemy.orm import class_mapper

from gqlcrud.files import export_file, import_file
from tests.databases import Backend
from tests.samples import load_chinook, sample
from tests.urls import target_at


@pytest.fixture
async def chinook(backend: Backend, tmp_path: Path) -> URL:
    """A copy of one's own."""
    if backend.name == "sqlite":
        shutil.copyfile(sample("chinook/Chinook_Sqlite.sqlite"), tmp_path / "chinook.sqlite")
        return URL.create("sqlite+aiosqlite", database=str(tmp_path / "chinook.sqlite"))
    sample("chinook")
    url = backend.create_database("chinook")
    await load_chinook(url)
    return url


@pytest.mark.parametrize("suffix", ["csv", "jsonl.gz"])
async def test_chinook_goes_there_and_back(chinook: URL, tmp_path: Path, suffix: str) -> None:
    target = await target_at(chinook)
    api, engine = target.api, target.engine
    assert api is not None and engine is not None
    tables: Any = {class_mapper(model.entity).local_table: model.entity for model in api.catalog.models}
    ordered = next(iter(tables)).metadata.sorted_tables
    entities = [tables[table] for table in ordered if table in tables]

    rows = {
        each: (await export_file(api.crud(each), None, tmp_path / f"{each.__name__}.{suffix}")).rows
        for each in entities
    }
    async with engine.begin() as connection:
        for table in reversed(ordered):
            await connection.execute(delete(table))
    inserted = {
        each: (await import_file(api.crud(each), None, tmp_path / f"{each.__name__}.{suffix}")).inserted
        for each in entities
    }
    for each in entities:
        await export_file(api.crud(each), None, tmp_path / f"again.{suffix}")
        assert (tmp_path / f"again.{suffix}").read_bytes() == (tmp_path / f"{each.__name__}.{suffix}").read_bytes()
    await engine.dispose()

    assert inserted == rows
    assert sum(rows.values()) == 6892
