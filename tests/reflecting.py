"""What the tests of reflection share: a database from statements, and models printed as plain values."""

from typing import Any

from sqlalchemy import inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import Mapper, configure_mappers

from gqlcrud.reflect import Reflection, reflect_models
from tests.databases import MakeEngine

PLAYLISTS = (
    "CREATE TABLE playlist (id INTEGER PRIMARY KEY)",
    "CREATE TABLE track (id INTEGER PRIMARY KEY)",
)


async def read(make_engine: MakeEngine, *statements: str, schema: str | None = None) -> tuple[AsyncEngine, Reflection]:
    """Runs the statements in an empty database and reflects it."""
    engine = await make_engine()
    async with engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    reflection = await reflect(engine, schema)
    configure_mappers()
    return engine, reflection


async def reflect(engine: AsyncEngine, schema: str | None = None) -> Reflection:
    async with engine.connect() as connection:
        return await connection.run_sync(reflect_models, schema=schema)


def link(name: str, *more: str) -> str:
    lines = [
        "playlist_id INTEGER REFERENCES playlist",
        "track_id INTEGER REFERENCES track",
        *more,
        "PRIMARY KEY (playlist_id, track_id)",
    ]
    return f"CREATE TABLE {name} ({', '.join(lines)})"


def mapper(model: type) -> Mapper[Any]:
    found: object = inspect(model)
    assert isinstance(found, Mapper)
    return found


def columns(reflection: Reflection) -> dict[str, dict[str, str]]:
    """For each class its attributes with the columns behind them."""
    return {
        model.__name__: {item.key: item.columns[0].name for item in mapper(model).column_attrs}
        for model in reflection.models
    }


def relations(reflection: Reflection) -> dict[str, dict[str, str]]:
    """For each class its relations with their targets, in brackets if there are many."""
    found: dict[str, dict[str, str]] = {
        model.__name__: {
            item.key: f"[{item.mapper.class_.__name__}]" if item.uselist else item.mapper.class_.__name__
            for item in sorted(mapper(model).relationships, key=lambda item: item.key)
        }
        for model in reflection.models
    }
    assert reflection.relations == sum(map(len, found.values()))
    return found


def models(reflection: Reflection) -> dict[str, Any]:
    return {model.__name__: model for model in reflection.models}


def make(model: Any, **values: Any) -> Any:
    instance = model()
    for name, value in values.items():
        setattr(instance, name, value)
    return instance
