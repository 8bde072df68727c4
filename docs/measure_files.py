"""The figures of docs/files.md: a million rows imported and exported, in seconds and in megabytes of memory.

python docs/measure_files.py [rows] [postgresql://...]
"""

from __future__ import annotations

import asyncio
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from gqlcrud.targets import database_url, new_engine

ROWS = 1_000_000
TABLES = (
    "DROP TABLE IF EXISTS item",
    "DROP TABLE IF EXISTS maker",
    "CREATE TABLE maker (id INTEGER NOT NULL PRIMARY KEY, code VARCHAR(10) NOT NULL UNIQUE)",
    "CREATE TABLE item (id BIGINT NOT NULL PRIMARY KEY, sku VARCHAR(20) NOT NULL UNIQUE, name VARCHAR(80) NOT NULL, "
    "price NUMERIC(10, 2) NOT NULL, stock INTEGER, added_on DATE, maker_id INTEGER REFERENCES maker)",
)
MAKERS = 500


async def prepare(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        for statement in TABLES:
            await connection.execute(text(statement))
        rows = [{"id": number, "code": f"m{number}"} for number in range(MAKERS)]
        await connection.execute(text("INSERT INTO maker VALUES (:id, :code)"), rows)
    await engine.dispose()


def write_rows(path: Path, rows: int) -> None:
    with path.open("w") as file:
        file.write("id,sku,name,price,stock,added_on,maker.code\n")
        for number in range(1, rows + 1):
            day = f"20{number % 25:02}-{number % 12 + 1:02}-{number % 28 + 1:02}"
            file.write(
                f"{number},S{number},Item number {number},{number % 1000}.50,{number % 7},{day},m{number % MAKERS}\n"
            )


def measured(*arguments: str) -> tuple[float, float]:
    """Seconds, and the most memory of the process in megabytes."""
    command = [sys.executable, "-m", "gqlcrud", *arguments]
    begun = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        complaint = process.stderr.read()
        _, status, usage = _wait(process.pid)
        process.returncode = status
    assert status == 0, complaint
    return time.monotonic() - begun, usage.ru_maxrss / 1024


def _wait(pid: int) -> tuple[int, int, resource.struct_rusage]:
    import os

    return os.wait4(pid, 0)


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "items.csv")
        write_rows(file, rows)
        database = Path(folder, "items.sqlite")
        database.touch()
        targets = {"SQLite": f"sqlite:///{database}"} | ({"PostgreSQL": sys.argv[2]} if len(sys.argv) > 2 else {})
        print("| database | work | seconds | rows per second | megabytes |\n|---|---|---|---|---|")
        for name, target in targets.items():
            asyncio.run(prepare(new_engine(database_url(target), read_only=False)))
            out = str(Path(folder, "out.csv"))
            works = {
                "import, one transaction": ("import", target, "Item", str(file)),
                "export": ("export", target, "Item", "-o", out),
                "sync, nothing to do": ("sync", target, "Item", str(file), "--key", "sku"),
                "export with `maker.code`": ("export", target, "Item", "--fields", "id,sku,maker.code", "-o", out),
            }
            for work, arguments in works.items():
                seconds, memory = measured(*arguments)
                print(f"| {name} | {work} | {seconds:,.0f} | {rows / seconds:,.0f} | {memory:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
