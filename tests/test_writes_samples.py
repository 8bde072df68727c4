"""Sample databases that others made, and every section of the zoo, with what writes add to their schemas."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import create_async_engine

from example.models import Base as Bookshop
from gqlcrud import Api
from tests import market, tangle, zoo
from tests.databases import PostgresServer
from tests.samples import load_chinook, sample
from tests.urls import target_at
from tests.writing import failed, written
from tests.zoo_rows import SECTIONS

MODELS: dict[str, Any] = {name: base for name, (base, _) in SECTIONS.items()}
MODELS |= {"bookshop": Bookshop, "market": market.Base, "tangle": tangle.Base, "postgresql": zoo.PgOnly}


@pytest.mark.parametrize("name", MODELS)
def test_every_model_can_be_written(name: str) -> None:
    """No two inputs, enums or payloads have one name, and none is empty."""
    api = Api(MODELS[name], create_async_engine("sqlite+aiosqlite://"), skip_unknown=True)
    mutation = api.schema._schema.mutation_type

    assert mutation is not None
    assert [model.name for model in api.catalog.models if f"create{model.name}" not in mutation.fields] == [
        model.name for model in api.catalog.models if model.read_only
    ]


@pytest.fixture(params=["sqlite", "postgresql"])
async def chinook(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Api]:
    """A copy of Chinook of one's own."""
    if request.param == "sqlite":
        copy = tmp_path / "chinook.sqlite"
        shutil.copyfile(sample("chinook/Chinook_Sqlite.sqlite"), copy)
        url = URL.create("sqlite+aiosqlite", database=str(copy))
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        sample("chinook")
        url = server.create_database("chinook")
        await load_chinook(url)
    target = await target_at(url)
    assert target.api is not None and target.engine is not None
    yield target.api
    await target.engine.dispose()
    if request.param == "postgresql":
        server.drop_database(url)


async def test_chinook_is_written(chinook: Api) -> None:
    tracks = """{create: [{name: "One", milliseconds: 1, unitPrice: "0.99", mediaType: {connect: {mediaTypeId: 1}},
                           genre: {connect: {genreId: 1}}, playlists: {connect: [{playlistId: 1}]}}]}"""
    shown = "artist { name albums { nodes { title tracks { nodes { name playlists { nodes { name } } } } } } }"
    made = await written(
        chinook,
        "createArtist",
        f'{{data: {{name: "New", albums: {{create: [{{title: "First", tracks: {tracks}}}]}}}}}}',
        shown,
    )
    changed = await written(
        chinook,
        "updateEmployee",
        '{by: {employeeId: 2}, patch: {title: "Boss", employeesByReportsTo: {disconnect: [{employeeId: 3}]}}}',
        "employee { title employeesByReportsTo { totalCount } }",
    )
    refused = await failed(chinook, "deleteArtist", "{by: {artistId: 1}}")
    album = await failed(chinook, "createAlbum", '{data: {title: "x"}}')

    playlists = {"nodes": [{"name": "Music"}]}
    albums = {"nodes": [{"title": "First", "tracks": {"nodes": [{"name": "One", "playlists": playlists}]}}]}
    assert made == {"artist": {"name": "New", "albums": albums}}
    assert changed == {"employee": {"title": "Boss", "employeesByReportsTo": {"totalCount": 2}}}
    assert [(code, path) for code, _, path in refused] == [("FOREIGN_KEY", "by")]
    assert album == [("REQUIRED_RELATION", "Album needs its artist: give artist or artistId.", "data.artist")]


async def test_chinook_is_emptied_from_its_leaves(chinook: Api) -> None:
    """Lines of an invoice go with `deleteWhere`, then the invoice."""
    lines = "{by: {invoiceId: 1}, patch: {invoiceLines: {deleteWhere: {}}}}"
    await written(chinook, "updateInvoice", lines)
    gone = await written(chinook, "deleteInvoice", "{by: {invoiceId: 1}}", "invoice { customer { firstName } }")
    playlist = await written(
        chinook, "deletePlaylist", "{by: {playlistId: 1}}", "playlist { name tracks { totalCount } }"
    )

    assert gone == {"invoice": {"customer": {"firstName": "Leonie"}}}
    assert playlist["playlist"]["name"] == "Music"


async def test_pagila_can_be_written(pagila_postgresql: URL) -> None:
    """It is shared by all tests, so a write is refused at its end."""
    target = await target_at(pagila_postgresql)
    assert target.api is not None and target.engine is not None
    films = '{create: [{node: {title: "New", language: {connect: {languageId: 1}}, specialFeatures: ["x"]}}]}'
    actor = f'{{data: {{firstName: "A", lastName: "B", films: {films}, filmActors: {{create: [{{filmId: "RmlsbTox"}}, '
    errors = await failed(target.api, "createActor", actor + '{filmId: "RmlsbTozMDAwMA"}]}}}')
    await target.engine.dispose()

    assert errors == [("FOREIGN_KEY", "There is no Film with this id.", "data.filmActors.create.1.filmId")]
