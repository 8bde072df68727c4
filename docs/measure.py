"""Prints the figures of `docs/architecture.md`: python docs/measure.py

Times are those of the machine that it runs on; the rest is the same everywhere. `GQLCRUD_SAMPLES` names the folder of
the database that is served; without it that figure is left out.
"""

import asyncio
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from sqlalchemy import Boolean, DateTime, ForeignKey, Integer, Numeric, String, event, insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, mapped_column, relationship

from example.models import Base
from example.seed import seed
from gqlcrud import Api
from tests.databases import running_postgres

DOCUMENTS = (
    "{ books { nodes { title } } }",
    "{ books { totalCount } }",
    "{ books { totalCount nodes { title } } }",
    "{ books { nodes { title author { fullName } } } }",
    "{ books { nodes { author { fullName } translator { fullName } reviews { nodes { customer { name } } } } } }",
    "{ authors { nodes { books { totalCount nodes { title publisher { name } } } } } }",
    "{ books { nodes { tags { edges { weight node { label } } } } } genres { nodes { books { nodes { title } } } } }",
    '{ nodes(ids: ["Qm9vazox", "Qm9vazoy", "QXV0aG9yOjE"]) { id } }',
)
ROOT = Path(__file__).parent.parent
UNBUFFERED = {**os.environ, "PYTHONUNBUFFERED": "1"}
CHINOOK = "chinook/Chinook_Sqlite.sqlite"
IMPORTED = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"
COMPILED = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""The environment of a Python that keeps what it compiles, as an installed package is compiled."""


async def count_statements(engine: AsyncEngine, document: str) -> int:
    """How many statements a document takes on the bookshop."""
    count = 0

    def record(*_: object) -> None:
        nonlocal count
        count += 1

    event.listen(engine.sync_engine, "before_cursor_execute", record)
    result = await Api(Base, engine).execute(document)
    event.remove(engine.sync_engine, "before_cursor_execute", record)
    assert result.errors is None, result.errors
    return count


async def statements(folder: Path) -> dict[str, int]:
    engine = create_async_engine(f"sqlite+aiosqlite:///{folder / 'bookshop.sqlite'}")
    try:
        await seed(engine)
        return {document: await count_statements(engine, document) for document in DOCUMENTS}
    finally:
        await engine.dispose()


def generated_models(count: int) -> list[type[DeclarativeBase]]:
    """Models with twelve columns each, and three relations: to two others, and one back. Three models at least."""

    class Generated(DeclarativeBase):
        pass

    text = String(80)
    kinds: tuple[Any, ...] = (Integer, text, text, text, Integer, Numeric(10, 2), DateTime, Boolean, text)
    classes = []
    for number in range(count):
        following, other = (number + 1) % count, (number + 2) % count
        next_id, other_id = (mapped_column(ForeignKey(f"thing_{each}.id")) for each in (following, other))
        members: dict[str, object] = {f"column_{place}": mapped_column(kind) for place, kind in enumerate(kinds)}
        members |= {
            "__tablename__": f"thing_{number}",
            "id": mapped_column(Integer, primary_key=True),
            "next_id": next_id,
            "next": relationship(f"Thing{following}", foreign_keys=next_id, backref="previous"),
            "other_id": other_id,
            "other": relationship(f"Thing{other}", foreign_keys=other_id),
        }
        classes.append(type(f"Thing{number}", (Generated,), members))
    Generated.registry.configure()
    return classes


def startup(models: int) -> float:
    """Seconds from mapped classes to a schema that answers."""
    classes = generated_models(models)
    begin = time.perf_counter()
    Api(classes, create_async_engine("sqlite+aiosqlite://"))
    return time.perf_counter() - begin


def import_time(module: str) -> float:
    """Seconds that a fresh Python takes to import a module."""
    code = IMPORTED.format(module)
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=COMPILED)
    return float(found.stdout)


BULK_ROWS = 10_000
CREATE = """mutation ($data: [Thing0Create!]!) {
  createThing0s(input: {data: $data}) { affectedCount errors { message } }
}"""


async def bulk(url: Any) -> tuple[float, float]:
    """Seconds that a plain bulk insert of SQLAlchemy and a bulk mutation take for equal rows, one after the other."""
    models = generated_models(3)
    thing = models[0]
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(thing.metadata.create_all)
        texts = ("column_1", "column_2", "column_3")
        values = {"column_0": 1, **dict.fromkeys(texts, "some text of a column"), "column_4": 2, "column_7": True}
        rows = [{**values, "column_1": f"row {number}"} for number in range(BULK_ROWS)]
        data = [{key.replace("_", ""): value for key, value in row.items()} for row in rows]
        api = Api(models, engine)
        best = [float("inf"), float("inf")]
        for _ in range(5):
            begin = time.perf_counter()
            async with AsyncSession(engine) as session, session.begin():
                await session.execute(insert(thing), rows)
            middle = time.perf_counter()
            result = await api.execute(CREATE, {"data": data})
            end = time.perf_counter()
            assert result.data == {"createThing0s": {"affectedCount": BULK_ROWS, "errors": []}}, result
            best = [min(best[0], middle - begin), min(best[1], end - middle)]
        return best[0], best[1]
    finally:
        await engine.dispose()


def serving_time(target: str) -> float:
    """Seconds until `gqlcrud serve` prints the address at which it serves a target."""
    begin = time.perf_counter()
    command = [sys.executable, "-m", "gqlcrud", "serve", target, "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=UNBUFFERED) as process:
        try:
            assert process.stdout is not None
            while "http://" not in (line := process.stdout.readline()):
                assert line, "it ended before it served anything"
            return time.perf_counter() - begin
        finally:
            process.kill()


def sdl_sizes() -> dict[str, tuple[int, int]]:
    """Characters of the schema for each model, with the descriptions and without."""
    engine = create_async_engine("sqlite+aiosqlite://")
    sizes = {}
    for name, models in (("the bookshop", Base), ("50 generated models", generated_models(50))):
        api = Api(models, engine)
        bare = re.sub(r'\s*"""(?:.|\n)*?"""', "", api.sdl())
        count = len(api.catalog.models)
        sizes[name] = len(api.sdl()) // count, len(bare) // count
    return sizes


def main() -> None:
    print("| document | statements |\n|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for document, count in asyncio.run(statements(Path(folder))).items():
            print(f"| `{document}` | {count} |")
        print("\n| database | bulk insert of SQLAlchemy | createBooks | ratio |\n|---|---|---|---|")
        with running_postgres() as server:
            urls = {"SQLite": f"sqlite+aiosqlite:///{folder}/bulk.sqlite", "PostgreSQL": server.create_database()}
            for name, url in urls.items():
                plain, ours = asyncio.run(bulk(url))
                print(f"| {name} | {plain:.2f} | {ours:.2f} | {ours / plain:.1f} |")
    print("\n| step | seconds |\n|---|---|")
    for module in ("sqlalchemy.ext.asyncio", "strawberry", "fastapi", "gqlcrud"):
        print(f"| import {module} | {min(import_time(module) for _ in range(5)):.2f} |")
    for models, times in ((10, 5), (50, 5), (300, 2)):
        print(f"| Api over {models} generated models | {min(startup(models) for _ in range(times)):.2f} |")
    if "GQLCRUD_SAMPLES" in os.environ:
        target = f"sqlite:///{Path(os.environ['GQLCRUD_SAMPLES'], CHINOOK)}"
        print(f"| gqlcrud serve sqlite:///{Path(CHINOOK).name} | {min(serving_time(target) for _ in range(5)):.2f} |")
    print("\n| schema | characters for each model | without descriptions |\n|---|---|---|")
    for name, (full, bare) in sdl_sizes().items():
        print(f"| {name} | {full:,} | {bare:,} |")


if __name__ == "__main__":
    main()
