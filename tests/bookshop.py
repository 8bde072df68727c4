"""The example app on a database of one's own."""

import importlib
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import ModuleType

import pytest
from sqlalchemy import URL


def import_app(url: URL) -> ModuleType:
    """`example.app` imported anew with this DATABASE_URL; the module that others import stays what it was."""
    known = sys.modules.pop("example.app", None)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))
            return importlib.import_module("example.app")
    finally:
        sys.modules.pop("example.app", None)
        if known is not None:
            sys.modules["example.app"] = known


@asynccontextmanager
async def running_app(url: URL) -> AsyncIterator[ModuleType]:
    """The module between the start and the end of its app: the tables are there and filled, the engine is open."""
    module = import_app(url)
    async with module.app.router.lifespan_context(module.app):
        yield module


def import_nightly(app: ModuleType) -> ModuleType:
    """`example.nightly` imported anew, for the app that is running."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "example.app", app)
        sys.modules.pop("example.nightly", None)
        return importlib.import_module("example.nightly")
