"""The garbage collector waits while an Api is made, and is as it was before when it is made, or cannot be."""

import gc
from collections.abc import Iterator

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from gqlcrud import Api, ConfigurationError
from gqlcrud.uncollected import uncollected
from tests.shelf import Base


@pytest.fixture(autouse=True)
def collecting() -> Iterator[None]:
    gc.enable()
    yield
    gc.enable()


def test_it_waits_for_the_end_of_a_block() -> None:
    with uncollected():
        assert not gc.isenabled()
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_goes_on_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), uncollected():
        _ = 1 / 0
    assert gc.isenabled()


def test_where_it_is_off_it_stays_off() -> None:
    gc.disable()
    with uncollected():
        assert not gc.isenabled()
    assert not gc.isenabled()


def test_an_api_is_made_without_it() -> None:
    found: list[str] = []

    def note(phase: str, _: object) -> None:
        found.append(phase)

    engine = create_async_engine("sqlite+aiosqlite://")
    gc.callbacks.append(note)
    try:
        Api(Base, engine)
    finally:
        gc.callbacks.remove(note)

    assert len(found) <= len(["start", "stop"])  # of the one that is due when it goes on
    assert gc.isenabled()


def test_an_api_that_cannot_be_made_leaves_it_on() -> None:
    with pytest.raises(ConfigurationError):
        Api(Base, "sqlite://")  # type: ignore[arg-type]  # a text is no engine
    assert gc.isenabled()
