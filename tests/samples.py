"""The sample databases, loaded from the folder GQLCRUD_SAMPLES (default: ../shared/data beside the repository).

`python -m tests.samples PATH` prints where a sample file is.
"""

import io
import os
import re
import sys
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.databases import connected


def sample_path(path: str) -> Path:
    """Where a sample file is, if it is anywhere."""
    default = Path(__file__).parent.parent / ".." / "shared" / "data"
    return Path(os.environ.get("GQLCRUD_SAMPLES") or default).resolve() / path


def sample(path: str) -> Path:
    """The path of a sample file; skips the test where the samples are missing."""
    found = sample_path(path)
    if not found.exists():
        pytest.skip(f"sample data is missing: {found} (set GQLCRUD_SAMPLES to its folder)")
    return found


async def load_chinook(url: URL) -> None:
    script = sample("chinook/Chinook_PostgreSql_SerialPKs.sql").read_text("utf-8")
    script = re.sub(r"^(DROP DATABASE|CREATE DATABASE|\\c ).*$", "", script, flags=re.MULTILINE)
    async with connected(url) as connection:
        await connection.execute(script)


async def load_pagila(url: URL) -> None:
    """Needs a superuser, since the script turns triggers off. Everything belongs to the one who loads it."""
    schema = sample("pagila/pagila-schema.sql").read_text("utf-8")
    data = sample("pagila/pagila-data.sql").read_text("utf-8")
    copy = re.compile(r"^COPY (\w+)\.(\w+) \(([^)\n]+)\) FROM stdin;\n(.*?)^\\\.$", re.MULTILINE | re.DOTALL)
    # re.split gives what stands between the blocks, and the four groups of each block.
    first, *blocks = copy.split(data)
    async with connected(url) as connection:
        await connection.execute(re.sub(r"^ALTER .* OWNER TO postgres;$", "", schema, flags=re.MULTILINE))
        await connection.execute(first)
        for schema_name, table, columns, rows, rest in zip(*[iter(blocks)] * 5, strict=True):
            await connection.copy_to_table(
                table,
                schema_name=schema_name,
                columns=columns.split(", "),
                source=io.BytesIO(rows.encode()),
                format="text",
            )
            await connection.execute(rest)


if __name__ == "__main__":
    path = sample_path(sys.argv[1])
    print(path) if path.exists() else sys.exit(f"sample data is missing: {path} (set GQLCRUD_SAMPLES to its folder)")
