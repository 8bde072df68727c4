"""The schemas kept in `schema/` are those that the example and the sample database give."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from example.app import api
from gqlcrud.cli import main
from tests.pages import ROOT

STALE = "schema/{} is stale: run `make schema`, and look at what changes for clients."


def kept(name: str) -> str:
    return Path(ROOT, "schema", name).read_text("utf-8")


def test_the_schema_of_the_bookshop_is_kept() -> None:
    assert kept("bookshop.graphql") == api.sdl(), STALE.format("bookshop.graphql")


def test_the_schema_of_the_chinook_database_is_kept(chinook_sqlite: URL, capsys: pytest.CaptureFixture[str]) -> None:
    """As the command line prints it for a database that it is given."""
    assert main(["sdl", f"sqlite:///{chinook_sqlite.database}"]) == 0

    assert capsys.readouterr().out == kept("chinook.graphql"), STALE.format("chinook.graphql")
